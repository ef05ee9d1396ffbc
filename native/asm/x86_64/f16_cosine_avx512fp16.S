/* arb_f16_cosine_avx512fp16: 1 - cosine similarity of a query and a row of FP16.
 *
 *     float arb_f16_cosine_avx512fp16(const void *query, const void *row, size_t dim);
 *
 * Computes    1 - sum qr / (sqrt(sum qq) * sqrt(sum rr))
 * CPU         AVX512-FP16; AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi query, rsi row, rdx dim in elements (0 is allowed)
 * Out         xmm0
 * Registers   zmm0-zmm3 FP16 sums of qr, zmm4-zmm7 of qq, zmm8-zmm11 of rr; zmm12, zmm13
 *             halves of query and row; zmm16, zmm17, zmm18 FP32 sums of qr, qq, rr; k1 the
 *             mask of the tail; rcx blocks until the drain; rax scratch
 * Reads       exactly 2 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        4 x 32 halves of each vector, computed without widening, each 32 into its own
 *             FP16 sum; every 6 blocks (768 halves) and at the end the sums are drained:
 *             merged and widened into the FP32 sum
 * Range       an FP16 lane holds the sum of at most 24 terms (ARB_NATIVE_TERMS_MAX allows 32):
 *             6 blocks, 4 sums merged; see native/kernels/native_range.c
 * Accuracy    products are exact inside FMA; a term passes at most 8 FP16 additions: each sum
 *             is within 8 * 2^-11 = 0.39% of the sum of its absolute terms, so the distance is
 *             within 0.008 of the true one in the worst case (it lies between 0 and 2), some
 *             0.0002 in practice. Terms below 2^-14 lose at most 2^-25 each besides.
 */
#include "asm/arb_asm.h"

/* 32 halves at byte `at` of both vectors into the three sums. */
.macro STEP qr, qq, rr, q, r, at
        vmovdqu16     \q, [rdi + \at]
        vmovdqu16     \r, [rsi + \at]
        vfmadd231ph   \qr, \q, \r
        vfmadd231ph   \qq, \q, \q
        vfmadd231ph   \rr, \r, \r
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

ARB_FUNCTION arb_f16_cosine_avx512fp16
        vpxord        xmm16, xmm16, xmm16
        vpxord        xmm17, xmm17, xmm17
        vpxord        xmm18, xmm18, xmm18
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        vpxor         xmm\n, xmm\n, xmm\n
        .endr
        test          rdx, rdx
        jz            .Lreduce
        mov           ecx, 6
        .balign 32
.Lblock: /* 128 halves, as long as that leaves at least one for the tail */
        cmp           rdx, 128
        jbe           .Ltail
        STEP          zmm0, zmm4, zmm8, zmm12, zmm13, 0
        STEP          zmm1, zmm5, zmm9, zmm12, zmm13, 64
        STEP          zmm2, zmm6, zmm10, zmm12, zmm13, 128
        STEP          zmm3, zmm7, zmm11, zmm12, zmm13, 192
        add           rdi, 256
        add           rsi, 256
        sub           rdx, 128
        dec           ecx
        jnz           .Lblock
        DRAIN         16, 0, 1, 2, 3
        DRAIN         17, 4, 5, 6, 7
        DRAIN         18, 8, 9, 10, 11
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        vpxor         xmm\n, xmm\n, xmm\n
        .endr
        mov           ecx, 6
        jmp           .Lblock
.Ltail: /* 1..128 are left: one more term at most for each lane of each sum */
        cmp           edx, 32
        jbe           .Llast
        STEP          zmm0, zmm4, zmm8, zmm12, zmm13, 0
        add           rdi, 64
        add           rsi, 64
        sub           edx, 32
        cmp           edx, 32
        jbe           .Llast
        STEP          zmm1, zmm5, zmm9, zmm12, zmm13, 0
        add           rdi, 64
        add           rsi, 64
        sub           edx, 32
        cmp           edx, 32
        jbe           .Llast
        STEP          zmm2, zmm6, zmm10, zmm12, zmm13, 0
        add           rdi, 64
        add           rsi, 64
        sub           edx, 32
.Llast: /* 1..32 are left; what the mask leaves out reads as zero and is not touched */
        mov           eax, -1
        bzhi          eax, eax, edx
        kmovd         k1, eax
        vmovdqu16     zmm12{k1}{z}, [rdi]
        vmovdqu16     zmm13{k1}{z}, [rsi]
        vfmadd231ph   zmm3, zmm12, zmm13
        vfmadd231ph   zmm7, zmm12, zmm12
        vfmadd231ph   zmm11, zmm13, zmm13
        DRAIN         16, 0, 1, 2, 3
        DRAIN         17, 4, 5, 6, 7
        DRAIN         18, 8, 9, 10, 11
.Lreduce:
        /* fold the three sums side by side: qr, qq, rr and a repeat of rr in one register */
        vextractf64x4 ymm0, zmm16, 1
        vaddps        ymm0, ymm0, ymm16
        vextractf64x4 ymm1, zmm17, 1
        vaddps        ymm1, ymm1, ymm17
        vextractf64x4 ymm2, zmm18, 1
        vaddps        ymm2, ymm2, ymm18
        vhaddps       ymm0, ymm0, ymm1
        vhaddps       ymm2, ymm2, ymm2
        vhaddps       ymm0, ymm0, ymm2
        vextractf128  xmm3, ymm0, 1
        vaddps        xmm0, xmm0, xmm3
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
ARB_END arb_f16_cosine_avx512fp16

ARB_FILE_END
