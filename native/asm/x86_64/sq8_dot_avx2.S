/* arb_sq8_dot_avx2: dot product of an int8 query and a row of SQ8 codes.
 *
 *     float arb_sq8_dot_avx2(const void *query, const void *row, size_t dim);
 *
 * Computes    sum q * r, q int8, r uint8; exact in int32 for dim <= 8192, then converted
 * CPU         AVX2
 * In          rdi query, rsi row, rdx dim in elements (0 is allowed)
 * Out         xmm0
 * Registers   ymm0-ymm3 sums; ymm4, ymm6 low and top bits of the row, then products; ymm5 query;
 *             ymm14 1 in each word, ymm15 0x7f in each byte; eax scratch
 * Reads       exactly dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        2 x 32 elements. VPMADDUBSW adds two products of bytes into a word and saturates, and
 *             2 * 255 * 127 is too much for a word: so the row's low seven bits and its top bit are
 *             multiplied apart, |sum| <= 2 * 127 * 128 and 2 * 128 * 128, which fit (-2^15 does).
 *             Widening all bytes to words instead would be bound by the one shuffle port
 */
#include "asm/arb_asm.h"
#include "asm/x86_64/tail.inc"

/* 32 elements, the row's in ymm4 and the query's in ymm5, into both sums. */
.macro SUM low, top
        vpand         ymm6, ymm4, ymm15
        vpandn        ymm4, ymm15, ymm4
        vpmaddubsw    ymm6, ymm6, ymm5
        vpmaddubsw    ymm4, ymm4, ymm5
        vpmaddwd      ymm6, ymm6, ymm14
        vpmaddwd      ymm4, ymm4, ymm14
        vpaddd        \low, \low, ymm6
        vpaddd        \top, \top, ymm4
.endm

/* 32 elements at byte `at` of both vectors into the sums. */
.macro STEP low, top, at
        vmovdqu       ymm4, [rsi + \at]
        vmovdqu       ymm5, [rdi + \at]
        SUM           \low, \top
.endm

ARB_FUNCTION arb_sq8_dot_avx2
        mov           eax, 0x7f7f7f7f
        vmovd         xmm15, eax
        vpbroadcastd  ymm15, xmm15
        mov           eax, 0x00010001
        vmovd         xmm14, eax
        vpbroadcastd  ymm14, xmm14
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        cmp           rdx, 64
        jb            .Lsingle
        .balign 32
.Lblock: /* 64 elements */
        STEP          ymm0, ymm1, 0
        STEP          ymm2, ymm3, 32
        add           rdi, 64
        add           rsi, 64
        sub           rdx, 64
        cmp           rdx, 64
        jae           .Lblock
.Lsingle: /* fewer than 64 are left */
        cmp           rdx, 32
        jb            .Ltail
        STEP          ymm0, ymm1, 0
        add           rdi, 32
        add           rsi, 32
        sub           rdx, 32
.Ltail: /* 0..31 are left */
        test          edx, edx
        jz            .Lmerge
        arb_load_tail_u8 4, rsi, edx
        arb_load_tail_u8 5, rdi, edx
        SUM           ymm2, ymm3
.Lmerge:
        vpaddd        ymm0, ymm0, ymm1
        vpaddd        ymm2, ymm2, ymm3
        vpaddd        ymm0, ymm0, ymm2
        vextracti128  xmm1, ymm0, 1
        vpaddd        xmm0, xmm0, xmm1
        vpshufd       xmm1, xmm0, 0x4e
        vpaddd        xmm0, xmm0, xmm1
        vpshufd       xmm1, xmm0, 0xb1
        vpaddd        xmm0, xmm0, xmm1
        vcvtdq2ps     xmm0, xmm0
        vzeroupper
        ret
ARB_END arb_sq8_dot_avx2

ARB_FILE_END
