/* arb_f16_l2sq_x4_avx512fp16: squared L2 distance of one query and four rows of FP16.
 *
 *     void arb_f16_l2sq_x4_avx512fp16(const void *query, const void *const rows[4],
 *                                     size_t dim, float out[4]);
 *
 * Computes    sum (q - r)^2 for each row
 * CPU         AVX512-FP16; AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi query, rsi four row pointers, rdx dim in elements (0 is allowed), rcx out
 * Out         four floats at rcx
 * Registers   zmm0-zmm3 FP16 sums of row 0, zmm4-zmm7 of row 1, zmm8-zmm11 of row 2,
 *             zmm12-zmm15 of row 3; zmm16 halves of the query, zmm17-zmm20 of the rows;
 *             zmm24-zmm27 FP32 sums of the rows; k1 the mask of the tail; r8-r11 rows, rax
 *             byte offset in every vector, rsi blocks until the drain, then scratch
 * Reads       exactly 2 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        4 x 32 halves, computed without widening; the query is loaded once for four
 *             rows, each row has an FP16 sum for each 32 of a block; every 6 blocks (768
 *             halves) and at the end the sums are drained: merged and widened into the FP32
 *             sum of the row
 * Range       an FP16 lane holds the sum of at most 24 terms (ARB_NATIVE_TERMS_MAX allows 32):
 *             6 blocks, 4 sums merged; see native/kernels/native_range.c
 * Accuracy    the result is within 0.5% of the true distance: a difference is rounded once
 *             (2^-11, so 2^-10 of its square), a term then passes at most 8 FP16 additions
 *             (2^-11 each): 0.49% in the worst case, some 0.01% in practice. Terms below 2^-14
 *             lose at most 2^-25 each besides.
 */
#include "asm/arb_asm.h"

/* 32 halves of a row into its sum. */
.macro ROW sum, row, q, r, at
        vsubph        \r, \q, [\row + rax + \at]
        vfmadd231ph   \sum, \r, \r
.endm

/* 32 halves at byte `at` of all vectors, into one sum of each row. */
.macro STEP sum0, sum1, sum2, sum3, at
        vmovdqu16     zmm16, [rdi + rax + \at]
        ROW           \sum0, r8, zmm16, zmm17, \at
        ROW           \sum1, r9, zmm16, zmm18, \at
        ROW           \sum2, r10, zmm16, zmm19, \at
        ROW           \sum3, r11, zmm16, zmm20, \at
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

ARB_FUNCTION arb_f16_l2sq_x4_avx512fp16
        mov           r8, [rsi]
        mov           r9, [rsi + 8]
        mov           r10, [rsi + 16]
        mov           r11, [rsi + 24]
        xor           eax, eax
        vpxord        xmm24, xmm24, xmm24
        vpxord        xmm25, xmm25, xmm25
        vpxord        xmm26, xmm26, xmm26
        vpxord        xmm27, xmm27, xmm27
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        vpxor         xmm\n, xmm\n, xmm\n
        .endr
        test          rdx, rdx
        jz            .Lreduce
        mov           esi, 6
        .balign 32
.Lblock: /* 128 halves, as long as that leaves at least one for the tail */
        cmp           rdx, 128
        jbe           .Ltail
        STEP          zmm0, zmm4, zmm8, zmm12, 0
        STEP          zmm1, zmm5, zmm9, zmm13, 64
        STEP          zmm2, zmm6, zmm10, zmm14, 128
        STEP          zmm3, zmm7, zmm11, zmm15, 192
        add           rax, 256
        sub           rdx, 128
        dec           esi
        jnz           .Lblock
        DRAIN         24, 0, 1, 2, 3
        DRAIN         25, 4, 5, 6, 7
        DRAIN         26, 8, 9, 10, 11
        DRAIN         27, 12, 13, 14, 15
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        vpxor         xmm\n, xmm\n, xmm\n
        .endr
        mov           esi, 6
        jmp           .Lblock
.Ltail: /* 1..128 are left: one more term at most for each lane of each sum */
        cmp           edx, 32
        jbe           .Llast
        STEP          zmm0, zmm4, zmm8, zmm12, 0
        add           rax, 64
        sub           edx, 32
        cmp           edx, 32
        jbe           .Llast
        STEP          zmm1, zmm5, zmm9, zmm13, 0
        add           rax, 64
        sub           edx, 32
        cmp           edx, 32
        jbe           .Llast
        STEP          zmm2, zmm6, zmm10, zmm14, 0
        add           rax, 64
        sub           edx, 32
.Llast: /* 1..32 are left; what the mask leaves out reads as zero and is not touched */
        mov           esi, -1
        bzhi          esi, esi, edx
        kmovd         k1, esi
        vmovdqu16     zmm16{k1}{z}, [rdi + rax]
        vmovdqu16     zmm17{k1}{z}, [r8 + rax]
        vmovdqu16     zmm18{k1}{z}, [r9 + rax]
        vmovdqu16     zmm19{k1}{z}, [r10 + rax]
        vmovdqu16     zmm20{k1}{z}, [r11 + rax]
        vsubph        zmm17, zmm16, zmm17
        vfmadd231ph   zmm3, zmm17, zmm17
        vsubph        zmm18, zmm16, zmm18
        vfmadd231ph   zmm7, zmm18, zmm18
        vsubph        zmm19, zmm16, zmm19
        vfmadd231ph   zmm11, zmm19, zmm19
        vsubph        zmm20, zmm16, zmm20
        vfmadd231ph   zmm15, zmm20, zmm20
        DRAIN         24, 0, 1, 2, 3
        DRAIN         25, 4, 5, 6, 7
        DRAIN         26, 8, 9, 10, 11
        DRAIN         27, 12, 13, 14, 15
.Lreduce: /* four horizontal sums at once: xmm0 = row 0, 1, 2, 3 */
        vextractf64x4 ymm0, zmm24, 1
        vaddps        ymm0, ymm0, ymm24
        vextractf64x4 ymm1, zmm25, 1
        vaddps        ymm1, ymm1, ymm25
        vextractf64x4 ymm2, zmm26, 1
        vaddps        ymm2, ymm2, ymm26
        vextractf64x4 ymm3, zmm27, 1
        vaddps        ymm3, ymm3, ymm27
        vhaddps       ymm0, ymm0, ymm1
        vhaddps       ymm2, ymm2, ymm3
        vhaddps       ymm0, ymm0, ymm2
        vextractf128  xmm9, ymm0, 1
        vaddps        xmm0, xmm0, xmm9
        vmovups       [rcx], xmm0
        vzeroupper
        ret
ARB_END arb_f16_l2sq_x4_avx512fp16

ARB_FILE_END
