/* arb_sq8_l2sq_x4_avx512vnni: squared L2 distances of SQ8 codes of one query and four rows.
 *
 *     void arb_sq8_l2sq_x4_avx512vnni(const void *query, const void *const rows[4],
 *                                     size_t dim, float out[4]);
 *
 * Computes    sum (q - r)^2 for each row, all uint8; exact in int32 for dim <= 8192, then converted
 * CPU         AVX-512 F, BW, DQ, VL; BMI2; AVX-512 VNNI
 * In          rdi query, rsi four row pointers, rdx dim in elements (0 is allowed), rcx out
 * Out         four floats at rcx
 * Registers   zmm0-zmm3 the rows' sums of r * (r - 128), zmm4-zmm7 of r * (q - 128), zmm20-zmm23 of
 *             r; zmm24 sum of q * (q - 128), zmm25 of q; zmm8 query, zmm9 query - 128; zmm10-zmm13
 *             codes of the rows; zmm14, zmm15, zmm18, zmm19 the same less 128; zmm16 0x80, zmm17
 *             0x01 in each byte; k1 the mask of the tail; r8-r11 rows, rax byte offset in every
 *             vector, rsi scratch
 * Reads       exactly dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        64 elements, the query loaded and its own sums taken once for four rows. One side of
 *             VPDPBUSD is signed, so with r - 128 and q - 128 (the top bit flipped):
 *             sum (q - r)^2 = sum r * (r - 128) - 2 * sum r * (q - 128) - 128 * sum r
 *                           + sum q * (q - 128) + 128 * sum q
 *             Four instructions a row, where |q - r| takes six. Sums that wrap around on the way
 *             come back: the result fits
 */
#include "asm/arb_asm.h"

/* 64 codes of a row, in `r`, into its sums. */
.macro SUM own, mixed, plain, r, t
        vpxord        \t, \r, zmm16
        vpdpbusd      \mixed, \r, zmm9
        vpdpbusd      \plain, \r, zmm17
        vpdpbusd      \own, \r, \t
.endm

/* A row's sums into one. */
.macro JOIN own, mixed, plain
        vpslld        \mixed, \mixed, 1
        vpslld        \plain, \plain, 7
        vpsubd        \own, \own, \mixed
        vpsubd        \own, \own, \plain
        vpaddd        \own, \own, zmm24
.endm

ARB_FUNCTION arb_sq8_l2sq_x4_avx512vnni
        mov           r8, [rsi]
        mov           r9, [rsi + 8]
        mov           r10, [rsi + 16]
        mov           r11, [rsi + 24]
        mov           eax, 0x80808080
        vpbroadcastd  zmm16, eax
        mov           eax, 0x01010101
        vpbroadcastd  zmm17, eax
        xor           eax, eax
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        vpxor         xmm4, xmm4, xmm4
        vpxor         xmm5, xmm5, xmm5
        vpxor         xmm6, xmm6, xmm6
        vpxor         xmm7, xmm7, xmm7
        vpxord        xmm20, xmm20, xmm20
        vpxord        xmm21, xmm21, xmm21
        vpxord        xmm22, xmm22, xmm22
        vpxord        xmm23, xmm23, xmm23
        vpxord        xmm24, xmm24, xmm24
        vpxord        xmm25, xmm25, xmm25
        cmp           rdx, 64
        jb            .Ltail
        .balign 32
.Lblock: /* 64 elements of every vector */
        vmovdqu8      zmm8, [rdi + rax]
        vmovdqu8      zmm10, [r8 + rax]
        vmovdqu8      zmm11, [r9 + rax]
        vmovdqu8      zmm12, [r10 + rax]
        vmovdqu8      zmm13, [r11 + rax]
.Lsum_block:
        vpxord        zmm9, zmm8, zmm16
        vpdpbusd      zmm25, zmm8, zmm17
        vpdpbusd      zmm24, zmm8, zmm9
        SUM           zmm0, zmm4, zmm20, zmm10, zmm14
        SUM           zmm1, zmm5, zmm21, zmm11, zmm15
        SUM           zmm2, zmm6, zmm22, zmm12, zmm18
        SUM           zmm3, zmm7, zmm23, zmm13, zmm19
        add           rax, 64
        sub           rdx, 64
        cmp           rdx, 64
        jge           .Lblock
.Ltail: /* 1..63 that are left make one block more, zeros behind them: what the mask leaves out is
           not touched. After that block rdx is below zero */
        test          rdx, rdx
        jle           .Lmerge
        mov           rsi, -1
        bzhi          rsi, rsi, rdx
        kmovq         k1, rsi
        vmovdqu8      zmm8{k1}{z}, [rdi + rax]
        vmovdqu8      zmm10{k1}{z}, [r8 + rax]
        vmovdqu8      zmm11{k1}{z}, [r9 + rax]
        vmovdqu8      zmm12{k1}{z}, [r10 + rax]
        vmovdqu8      zmm13{k1}{z}, [r11 + rax]
        jmp           .Lsum_block
.Lmerge:
        vpslld        zmm25, zmm25, 7
        vpaddd        zmm24, zmm24, zmm25
        JOIN          zmm0, zmm4, zmm20
        JOIN          zmm1, zmm5, zmm21
        JOIN          zmm2, zmm6, zmm22
        JOIN          zmm3, zmm7, zmm23
        /* four horizontal sums at once: xmm0 = row 0, 1, 2, 3 */
        vextracti64x4 ymm4, zmm0, 1
        vpaddd        ymm0, ymm0, ymm4
        vextracti64x4 ymm5, zmm1, 1
        vpaddd        ymm1, ymm1, ymm5
        vextracti64x4 ymm6, zmm2, 1
        vpaddd        ymm2, ymm2, ymm6
        vextracti64x4 ymm7, zmm3, 1
        vpaddd        ymm3, ymm3, ymm7
        vphaddd       ymm0, ymm0, ymm1
        vphaddd       ymm2, ymm2, ymm3
        vphaddd       ymm0, ymm0, ymm2
        vextracti128  xmm4, ymm0, 1
        vpaddd        xmm0, xmm0, xmm4
        vcvtdq2ps     xmm0, xmm0
        vmovups       [rcx], xmm0
        vzeroupper
        ret
ARB_END arb_sq8_l2sq_x4_avx512vnni

ARB_FILE_END
