/* arb_f16_cosine_avx512: 1 - cosine similarity of a query and a row of FP16.
 *
 *     float arb_f16_cosine_avx512(const void *query, const void *row, size_t dim);
 *
 * Computes    1 - sum qr / (sqrt(sum qq) * sqrt(sum rr))
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi query, rsi row, rdx dim in elements (0 is allowed)
 * Out         xmm0
 * Registers   zmm0-zmm1 sums of qr, zmm2-zmm3 of qq, zmm4-zmm5 of rr; zmm6, zmm7 elements of
 *             query and row; k1 the mask of the tail; rax scratch
 * Reads       exactly 2 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        2 x 16 elements of each vector, widened to FP32, each 16 into its own FP32 sums:
 *             2 chains hide the latency of FMA
 */
#include "asm/arb_asm.h"

/* 16 elements at byte `at` of both vectors into the three sums. */
.macro STEP qr, qq, rr, q, r, at
        vcvtph2ps     \q, [rdi + \at]
        vcvtph2ps     \r, [rsi + \at]
        vfmadd231ps   \qr, \q, \r
        vfmadd231ps   \qq, \q, \q
        vfmadd231ps   \rr, \r, \r
.endm

ARB_FUNCTION arb_f16_cosine_avx512
        .irp n, 0, 1, 2, 3, 4, 5
        vpxor         xmm\n, xmm\n, xmm\n
        .endr
        cmp           rdx, 32
        jb            .Lsteps
        .balign 32
.Lblock: /* 32 elements */
        STEP          zmm0, zmm2, zmm4, zmm6, zmm7, 0
        STEP          zmm1, zmm3, zmm5, zmm6, zmm7, 32
        add           rdi, 64
        add           rsi, 64
        sub           rdx, 32
        cmp           rdx, 32
        jae           .Lblock
.Lsteps: /* fewer than 32 are left: 16 at a time */
        cmp           rdx, 16
        jb            .Ltail
        STEP          zmm0, zmm2, zmm4, zmm6, zmm7, 0
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
        vcvtph2ps     zmm6{k1}{z}, [rdi]
        vcvtph2ps     zmm7{k1}{z}, [rsi]
        vfmadd231ps   zmm0, zmm6, zmm7
        vfmadd231ps   zmm2, zmm6, zmm6
        vfmadd231ps   zmm4, zmm7, zmm7
.Lmerge:
        vaddps        zmm0, zmm0, zmm1
        vaddps        zmm2, zmm2, zmm3
        vaddps        zmm4, zmm4, zmm5
        /* fold the three sums side by side: qr, qq, rr and a repeat of rr in one register */
        vextractf64x4 ymm6, zmm0, 1
        vaddps        ymm0, ymm0, ymm6
        vextractf64x4 ymm6, zmm2, 1
        vaddps        ymm2, ymm2, ymm6
        vextractf64x4 ymm6, zmm4, 1
        vaddps        ymm4, ymm4, ymm6
        vhaddps       ymm0, ymm0, ymm2
        vhaddps       ymm4, ymm4, ymm4
        vhaddps       ymm0, ymm0, ymm4
        vextractf128  xmm6, ymm0, 1
        vaddps        xmm0, xmm0, xmm6
        vmovshdup     xmm1, xmm0
        vmovhlps      xmm2, xmm2, xmm0
        /* 1 - dot / (sqrt(qq) * sqrt(rr)) */
        vsqrtss       xmm1, xmm1, xmm1
        vsqrtss       xmm2, xmm2, xmm2
        vmulss        xmm1, xmm1, xmm2
        vdivss        xmm0, xmm0, xmm1
        mov           eax, 0x3f800000
        vmovd         xmm1, eax
        vsubss        xmm0, xmm1, xmm0
        vzeroupper
        ret
ARB_END arb_f16_cosine_avx512

ARB_FILE_END
