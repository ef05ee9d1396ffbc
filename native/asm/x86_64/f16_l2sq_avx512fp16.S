/* arb_f16_l2sq_avx512fp16: squared L2 distance of a query and a row of FP16.
 *
 *     float arb_f16_l2sq_avx512fp16(const void *query, const void *row, size_t dim);
 *
 * Computes    sum (q - r)^2
 * CPU         AVX512-FP16; AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi query, rsi row, rdx dim in elements (0 is allowed)
 * Out         xmm0
 * Registers   zmm0-zmm3 FP16 sums; zmm4, zmm5 halves of query and row; zmm16 FP32 sum; k1 the
 *             mask of the tail; rcx blocks until the drain; rax scratch
 * Reads       exactly 2 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        4 x 32 halves of each vector, computed without widening, each 32 into its own
 *             FP16 sum; every 6 blocks (768 halves) and at the end the sums are drained:
 *             merged and widened into the FP32 sum
 * Range       an FP16 lane holds the sum of at most 24 terms (ARB_NATIVE_TERMS_MAX allows 32):
 *             6 blocks, 4 sums merged; see native/kernels/native_range.c
 * Accuracy    the result is within 0.5% of the true distance: a difference is rounded once
 *             (2^-11, so 2^-10 of its square), a term then passes at most 8 FP16 additions
 *             (2^-11 each): 0.49% in the worst case, some 0.01% in practice. Terms below 2^-14
 *             lose at most 2^-25 each besides.
 */
#include "asm/arb_asm.h"

/* 32 halves at byte `at` of both vectors into the sum. */
.macro STEP sum, q, at
        vmovdqu16     \q, [rdi + \at]
        vsubph        \q, \q, [rsi + \at]
        vfmadd231ph   \sum, \q, \q
.endm

/* Merges four FP16 sums into the first and adds it, widened, to an FP32 sum. */
.macro DRAIN wide, sum0, sum1, sum2, sum3
        vaddph        zmm\sum0, zmm\sum0, zmm\sum1
        vaddph        zmm\sum2, zmm\sum2, zmm\sum3
        vaddph        zmm\sum0, zmm\sum0, zmm\sum2
        vextractf64x4 ymm\sum1, zmm\sum0, 1
        vcvtph2ps     zmm\sum2, ymm\sum0
        vcvtph2ps     zmm\sum3, ymm\sum1
        vaddps        zmm\wide, zmm\wide, zmm\sum2
        vaddps        zmm\wide, zmm\wide, zmm\sum3
.endm

ARB_FUNCTION arb_f16_l2sq_avx512fp16
        vpxord        xmm16, xmm16, xmm16
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        test          rdx, rdx
        jz            .Lreduce
        mov           ecx, 6
        .balign 32
.Lblock: /* 128 halves, as long as that leaves at least one for the tail */
        cmp           rdx, 128
        jbe           .Ltail
        STEP          zmm0, zmm4, 0
        STEP          zmm1, zmm4, 64
        STEP          zmm2, zmm4, 128
        STEP          zmm3, zmm4, 192
        add           rdi, 256
        add           rsi, 256
        sub           rdx, 128
        dec           ecx
        jnz           .Lblock
        DRAIN         16, 0, 1, 2, 3
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        mov           ecx, 6
        jmp           .Lblock
.Ltail: /* 1..128 are left: one more term at most for each lane of each sum */
        cmp           edx, 32
        jbe           .Llast
        STEP          zmm0, zmm4, 0
        add           rdi, 64
        add           rsi, 64
        sub           edx, 32
        cmp           edx, 32
        jbe           .Llast
        STEP          zmm1, zmm4, 0
        add           rdi, 64
        add           rsi, 64
        sub           edx, 32
        cmp           edx, 32
        jbe           .Llast
        STEP          zmm2, zmm4, 0
        add           rdi, 64
        add           rsi, 64
        sub           edx, 32
.Llast: /* 1..32 are left; what the mask leaves out reads as zero and is not touched */
        mov           eax, -1
        bzhi          eax, eax, edx
        kmovd         k1, eax
        vmovdqu16     zmm4{k1}{z}, [rdi]
        vmovdqu16     zmm5{k1}{z}, [rsi]
        vsubph        zmm4, zmm4, zmm5
        vfmadd231ph   zmm3, zmm4, zmm4
        DRAIN         16, 0, 1, 2, 3
.Lreduce:
        vextractf64x4 ymm1, zmm16, 1
        vaddps        ymm0, ymm1, ymm16
        vextractf128  xmm1, ymm0, 1
        vaddps        xmm0, xmm0, xmm1
        vmovhlps      xmm1, xmm0, xmm0
        vaddps        xmm0, xmm0, xmm1
        vmovshdup     xmm1, xmm0
        vaddss        xmm0, xmm0, xmm1
        vzeroupper
        ret
ARB_END arb_f16_l2sq_avx512fp16

ARB_FILE_END
