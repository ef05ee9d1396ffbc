/* arb_sq8_dot_x4_avx2: dot products of an int8 query and four rows of SQ8 codes.
 *
 *     void arb_sq8_dot_x4_avx2(const void *query, const void *const rows[4],
 *                              size_t dim, float out[4]);
 *
 * Computes    sum q * r for each row, q int8, r uint8; exact in int32 for dim <= 8192, then converted
 * CPU         AVX2
 * In          rdi query, rsi four row pointers, rdx dim in elements (0 is allowed), rcx out
 * Out         four floats at rcx
 * Registers   ymm0-ymm3 sums of the rows; ymm5 query; ymm10-ymm13 codes of the rows, then products;
 *             ymm6-ymm9 their low bits, then products; ymm14 1 in each word, ymm15 0x7f in each byte;
 *             r8-r11 rows, rax byte offset in every vector
 * Reads       exactly dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        32 elements, the query loaded once for four rows; the row's low seven bits and its top
 *             bit are multiplied apart so that VPMADDUBSW cannot saturate, as in sq8_dot_avx2.S
 */
#include "asm/arb_asm.h"
#include "asm/x86_64/tail.inc"

/* 32 codes of a row, in `r`, into its sum. */
.macro SUM sum, r, low
        vpand         \low, \r, ymm15
        vpandn        \r, ymm15, \r
        vpmaddubsw    \low, \low, ymm5
        vpmaddubsw    \r, \r, ymm5
        vpmaddwd      \low, \low, ymm14
        vpmaddwd      \r, \r, ymm14
        vpaddd        \sum, \sum, \low
        vpaddd        \sum, \sum, \r
.endm

ARB_FUNCTION arb_sq8_dot_x4_avx2
        mov           r8, [rsi]
        mov           r9, [rsi + 8]
        mov           r10, [rsi + 16]
        mov           r11, [rsi + 24]
        mov           eax, 0x7f7f7f7f
        vmovd         xmm15, eax
        vpbroadcastd  ymm15, xmm15
        mov           eax, 0x00010001
        vmovd         xmm14, eax
        vpbroadcastd  ymm14, xmm14
        xor           eax, eax
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        cmp           rdx, 32
        jb            .Ltail
        .balign 32
.Lblock: /* 32 elements of every vector */
        vmovdqu       ymm5, [rdi + rax]
        vmovdqu       ymm10, [r8 + rax]
        vmovdqu       ymm11, [r9 + rax]
        vmovdqu       ymm12, [r10 + rax]
        vmovdqu       ymm13, [r11 + rax]
.Lsum_block:
        SUM           ymm0, ymm10, ymm6
        SUM           ymm1, ymm11, ymm7
        SUM           ymm2, ymm12, ymm8
        SUM           ymm3, ymm13, ymm9
        add           rax, 32
        sub           rdx, 32
        cmp           rdx, 32
        jge           .Lblock
.Ltail: /* 1..31 that are left make one block more, zeros behind them; after it rdx is below zero */
        test          rdx, rdx
        jle           .Lmerge
        add           rdi, rax
        add           r8, rax
        add           r9, rax
        add           r10, rax
        add           r11, rax
        arb_load_tail_u8 5, rdi, edx
        arb_load_tail_u8 10, r8, edx
        arb_load_tail_u8 11, r9, edx
        arb_load_tail_u8 12, r10, edx
        arb_load_tail_u8 13, r11, edx
        jmp           .Lsum_block
.Lmerge:
        /* four horizontal sums at once: xmm0 = row 0, 1, 2, 3 */
        vphaddd       ymm0, ymm0, ymm1
        vphaddd       ymm2, ymm2, ymm3
        vphaddd       ymm0, ymm0, ymm2
        vextracti128  xmm1, ymm0, 1
        vpaddd        xmm0, xmm0, xmm1
        vcvtdq2ps     xmm0, xmm0
        vmovups       [rcx], xmm0
        vzeroupper
        ret
ARB_END arb_sq8_dot_x4_avx2

ARB_FILE_END
