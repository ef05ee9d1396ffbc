/* arb_sq8_l2sq_x4_avx512vnni: squared L2 distances of SQ8 codes of one query and four rows.
 *
 *     void arb_sq8_l2sq_x4_avx512vnni(const void *query, const void *const rows[4],
 *                                     size_t dim, float out[4]);
 *
 * Computes    sum (q - r)^2 for each row, all uint8; exact in int32 for dim <= 8192, then converted
 * CPU         AVX-512 F, BW, DQ, VL; BMI2; AVX-512 VNNI
 * In          rdi query, rsi four row pointers, rdx dim in elements (0 is allowed), rcx out
 * Out         four floats at rcx
 * Registers   zmm0-zmm3 the rows' sums of d * (d - 128), zmm4-zmm7 of d; zmm8 query; zmm10-zmm13
 *             codes of the rows, then differences; zmm9, zmm14, zmm15, zmm18 scratch; zmm16 0x80,
 *             zmm17 0x01 in each byte; k1 the mask of the tail; r8-r11 rows, rax byte offset in
 *             every vector, rsi scratch
 * Reads       exactly dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        64 elements, the query loaded once for four rows. d = |q - r|, and
 *             d^2 = d * (d - 128) + 128 * d, as in sq8_l2sq_avx512vnni.S
 */
#include "asm/arb_asm.h"

/* 64 codes of a row, in `r`, into its sums. */
.macro SUM product, plain, r, t
        vpsubusb      \t, zmm8, \r
        vpsubusb      \r, \r, zmm8
        vporq         \r, \r, \t
        vpxorq        \t, \r, zmm16
        vpdpbusd      \product, \r, \t
        vpdpbusd      \plain, \r, zmm17
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
        SUM           zmm0, zmm4, zmm10, zmm9
        SUM           zmm1, zmm5, zmm11, zmm14
        SUM           zmm2, zmm6, zmm12, zmm15
        SUM           zmm3, zmm7, zmm13, zmm18
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
        vpslld        zmm4, zmm4, 7
        vpslld        zmm5, zmm5, 7
        vpslld        zmm6, zmm6, 7
        vpslld        zmm7, zmm7, 7
        vpaddd        zmm0, zmm0, zmm4
        vpaddd        zmm1, zmm1, zmm5
        vpaddd        zmm2, zmm2, zmm6
        vpaddd        zmm3, zmm3, zmm7
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
