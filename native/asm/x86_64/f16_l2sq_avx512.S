/* arb_f16_l2sq_avx512: squared L2 distance of a query and a row of FP16.
 *
 *     float arb_f16_l2sq_avx512(const void *query, const void *row, size_t dim);
 *
 * Computes    sum (q - r)^2
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi query, rsi row, rdx dim in elements (0 is allowed)
 * Out         xmm0
 * Registers   zmm0-zmm3 sums; zmm4, zmm5 elements of query and row; k1 the mask of the tail;
 *             rax scratch
 * Reads       exactly 2 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        4 x 16 elements of each vector, widened to FP32, each 16 into its own FP32 sum:
 *             4 chains hide the latency of FMA
 */
#include "asm/arb_asm.h"

/* 16 elements at byte `at` of both vectors into the sum. */
.macro STEP sum, q, r, at
        vcvtph2ps     \q, [rdi + \at]
        vcvtph2ps     \r, [rsi + \at]
        vsubps        \q, \q, \r
        vfmadd231ps   \sum, \q, \q
.endm

ARB_FUNCTION arb_f16_l2sq_avx512
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        cmp           rdx, 64
        jb            .Lsteps
        .balign 32
.Lblock: /* 64 elements */
        STEP          zmm0, zmm4, zmm5, 0
        STEP          zmm1, zmm4, zmm5, 32
        STEP          zmm2, zmm4, zmm5, 64
        STEP          zmm3, zmm4, zmm5, 96
        add           rdi, 128
        add           rsi, 128
        sub           rdx, 64
        cmp           rdx, 64
        jae           .Lblock
.Lsteps: /* fewer than 64 are left: 16 at a time */
        cmp           rdx, 16
        jb            .Ltail
        STEP          zmm0, zmm4, zmm5, 0
        add           rdi, 32
        add           rsi, 32
        sub           rdx, 16
        jmp           .Lsteps
.Ltail: /* 0..15 are left; what the mask leaves out reads as zero and is not touched */
        test          edx, edx
        jz            .Lmerge
        mov           eax, -1
        bzhi          eax, eax, edx
        kmovw         k1, eax
        vcvtph2ps     zmm4{k1}{z}, [rdi]
        vcvtph2ps     zmm5{k1}{z}, [rsi]
        vsubps        zmm4, zmm4, zmm5
        vfmadd231ps   zmm0, zmm4, zmm4
.Lmerge:
        vaddps        zmm0, zmm0, zmm1
        vaddps        zmm2, zmm2, zmm3
        vaddps        zmm0, zmm0, zmm2
        vextractf64x4 ymm1, zmm0, 1
        vaddps        ymm0, ymm0, ymm1
        vextractf128  xmm1, ymm0, 1
        vaddps        xmm0, xmm0, xmm1
        vmovhlps      xmm1, xmm0, xmm0
        vaddps        xmm0, xmm0, xmm1
        vmovshdup     xmm1, xmm0
        vaddss        xmm0, xmm0, xmm1
        vzeroupper
        ret
ARB_END arb_f16_l2sq_avx512

ARB_FILE_END
