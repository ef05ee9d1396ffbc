/* arb_f16_cosine_x4_avx512fp16: 1 - cosine similarity of one query and four rows of FP16.
 *
 *     void arb_f16_cosine_x4_avx512fp16(const void *query, const void *const rows[4],
 *                                       size_t dim, float out[4]);
 *
 * Computes    1 - sum qr / (sqrt(sum qq) * sqrt(sum rr)) for each row
 * CPU         AVX512-FP16; AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi query, rsi four row pointers, rdx dim in elements (0 is allowed), rcx out
 * Out         four floats at rcx
 * Registers   zmm0-zmm3 FP16 sums of qr, zmm4-zmm7 of rr, one a row, zmm8 of qq; zmm9-zmm12,
 *             zmm13-zmm16, zmm17 the second sums of the same; zmm18-zmm21, zmm22-zmm25, zmm26
 *             FP32 sums of qr, rr, qq; zmm27 halves of the query, zmm28-zmm31 of the rows; k1
 *             the mask of the tail; r8-r11 rows, rax byte offset in every vector, rsi blocks
 *             until the drain, then scratch
 * Reads       exactly 2 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        2 x 32 halves, computed without widening; the query is loaded and squared once
 *             for four rows; every 6 blocks (384 halves) and at the end the FP16 sums are
 *             drained: merged, folded to 16 lanes and widened into the FP32 sums
 * Range       an FP16 lane holds the sum of at most 24 terms (ARB_NATIVE_TERMS_MAX allows 32):
 *             6 blocks, 2 sums merged, 2 halves of the register folded; see
 *             native/kernels/native_range.c
 * Accuracy    products are exact inside FMA; a term passes at most 8 FP16 additions: each sum
 *             is within 8 * 2^-11 = 0.39% of the sum of its absolute terms, so the distance is
 *             within 0.008 of the true one in the worst case (it lies between 0 and 2), some
 *             0.0002 in practice. Terms below 2^-14 lose at most 2^-25 each besides.
 */
#include "asm/arb_asm.h"

/* 32 halves of a row into its two sums. */
.macro ROW qr, rr, row, q, r, at
        vmovdqu16     \r, [\row + rax + \at]
        vfmadd231ph   \qr, \q, \r
        vfmadd231ph   \rr, \r, \r
.endm

/* Merges two FP16 sums, folds the upper half onto the lower, adds it, widened, to an FP32 sum. */
.macro DRAIN wide, sum0, sum1
        vaddph        zmm\sum0, zmm\sum0, zmm\sum1
        vextractf64x4 ymm\sum1, zmm\sum0, 1
        vaddph        ymm\sum0, ymm\sum0, ymm\sum1
        vcvtph2ps     zmm\sum1, ymm\sum0
        vaddps        zmm\wide, zmm\wide, zmm\sum1
.endm

.macro DRAIN_ALL
        DRAIN         18, 0, 9
        DRAIN         19, 1, 10
        DRAIN         20, 2, 11
        DRAIN         21, 3, 12
        DRAIN         22, 4, 13
        DRAIN         23, 5, 14
        DRAIN         24, 6, 15
        DRAIN         25, 7, 16
        DRAIN         26, 8, 17
.endm

ARB_FUNCTION arb_f16_cosine_x4_avx512fp16
        mov           r8, [rsi]
        mov           r9, [rsi + 8]
        mov           r10, [rsi + 16]
        mov           r11, [rsi + 24]
        xor           eax, eax
        .irp n, 18, 19, 20, 21, 22, 23, 24, 25, 26
        vpxord        xmm\n, xmm\n, xmm\n
        .endr
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
        vpxord        xmm\n, xmm\n, xmm\n
        .endr
        test          rdx, rdx
        jz            .Lreduce
        mov           esi, 6
        .balign 32
.Lblock: /* 64 halves, as long as that leaves at least one for the tail */
        cmp           rdx, 64
        jbe           .Ltail
        vmovdqu16     zmm27, [rdi + rax]
        vfmadd231ph   zmm8, zmm27, zmm27
        ROW           zmm0, zmm4, r8, zmm27, zmm28, 0
        ROW           zmm1, zmm5, r9, zmm27, zmm29, 0
        ROW           zmm2, zmm6, r10, zmm27, zmm30, 0
        ROW           zmm3, zmm7, r11, zmm27, zmm31, 0
        vmovdqu16     zmm27, [rdi + rax + 64]
        vfmadd231ph   zmm17, zmm27, zmm27
        ROW           zmm9, zmm13, r8, zmm27, zmm28, 64
        ROW           zmm10, zmm14, r9, zmm27, zmm29, 64
        ROW           zmm11, zmm15, r10, zmm27, zmm30, 64
        ROW           zmm12, zmm16, r11, zmm27, zmm31, 64
        add           rax, 128
        sub           rdx, 64
        dec           esi
        jnz           .Lblock
        DRAIN_ALL
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
        vpxord        xmm\n, xmm\n, xmm\n
        .endr
        mov           esi, 6
        jmp           .Lblock
.Ltail: /* 1..64 are left: one more term at most for each lane of each sum */
        cmp           edx, 32
        jbe           .Llast
        vmovdqu16     zmm27, [rdi + rax]
        vfmadd231ph   zmm8, zmm27, zmm27
        ROW           zmm0, zmm4, r8, zmm27, zmm28, 0
        ROW           zmm1, zmm5, r9, zmm27, zmm29, 0
        ROW           zmm2, zmm6, r10, zmm27, zmm30, 0
        ROW           zmm3, zmm7, r11, zmm27, zmm31, 0
        add           rax, 64
        sub           edx, 32
.Llast: /* 1..32 are left; what the mask leaves out reads as zero and is not touched */
        mov           esi, -1
        bzhi          esi, esi, edx
        kmovd         k1, esi
        vmovdqu16     zmm27{k1}{z}, [rdi + rax]
        vmovdqu16     zmm28{k1}{z}, [r8 + rax]
        vmovdqu16     zmm29{k1}{z}, [r9 + rax]
        vmovdqu16     zmm30{k1}{z}, [r10 + rax]
        vmovdqu16     zmm31{k1}{z}, [r11 + rax]
        vfmadd231ph   zmm17, zmm27, zmm27
        vfmadd231ph   zmm9, zmm27, zmm28
        vfmadd231ph   zmm13, zmm28, zmm28
        vfmadd231ph   zmm10, zmm27, zmm29
        vfmadd231ph   zmm14, zmm29, zmm29
        vfmadd231ph   zmm11, zmm27, zmm30
        vfmadd231ph   zmm15, zmm30, zmm30
        vfmadd231ph   zmm12, zmm27, zmm31
        vfmadd231ph   zmm16, zmm31, zmm31
        DRAIN_ALL
.Lreduce: /* the FP32 sums to 8 lanes, into registers that VEX instructions reach */
        vextractf64x4 ymm0, zmm18, 1
        vaddps        ymm0, ymm0, ymm18
        vextractf64x4 ymm1, zmm19, 1
        vaddps        ymm1, ymm1, ymm19
        vextractf64x4 ymm2, zmm20, 1
        vaddps        ymm2, ymm2, ymm20
        vextractf64x4 ymm3, zmm21, 1
        vaddps        ymm3, ymm3, ymm21
        vextractf64x4 ymm4, zmm22, 1
        vaddps        ymm4, ymm4, ymm22
        vextractf64x4 ymm5, zmm23, 1
        vaddps        ymm5, ymm5, ymm23
        vextractf64x4 ymm6, zmm24, 1
        vaddps        ymm6, ymm6, ymm24
        vextractf64x4 ymm7, zmm25, 1
        vaddps        ymm7, ymm7, ymm25
        vextractf64x4 ymm8, zmm26, 1
        vaddps        ymm8, ymm8, ymm26
        /* four horizontal sums at once: xmm0 = row 0, 1, 2, 3 */
        vhaddps       ymm0, ymm0, ymm1
        vhaddps       ymm2, ymm2, ymm3
        vhaddps       ymm0, ymm0, ymm2
        vextractf128  xmm9, ymm0, 1
        vaddps        xmm0, xmm0, xmm9
        /* the same of rr into xmm4; qq into every lane of xmm8 */
        vhaddps       ymm4, ymm4, ymm5
        vhaddps       ymm6, ymm6, ymm7
        vhaddps       ymm4, ymm4, ymm6
        vextractf128  xmm9, ymm4, 1
        vaddps        xmm4, xmm4, xmm9
        vextractf128  xmm9, ymm8, 1
        vaddps        xmm8, xmm8, xmm9
        vhaddps       xmm8, xmm8, xmm8
        vhaddps       xmm8, xmm8, xmm8
        /* 1 - qr / (sqrt(qq) * sqrt(rr)) */
        vsqrtps       xmm4, xmm4
        vsqrtps       xmm8, xmm8
        vmulps        xmm4, xmm4, xmm8
        vdivps        xmm0, xmm0, xmm4
        mov           eax, 0x3f800000
        vmovd         xmm1, eax
        vbroadcastss  xmm1, xmm1
        vsubps        xmm0, xmm1, xmm0
        vmovups       [rcx], xmm0
        vzeroupper
        ret
ARB_END arb_f16_cosine_x4_avx512fp16

ARB_FILE_END
