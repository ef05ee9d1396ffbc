/* arb_fastscan_near_avx512: sums of table entries for blocks of 32 rows, and which may be near.
 *
 *     void arb_fastscan_near_avx512(const arb_fastscan_bound *bound, const uint8_t *blocks,
 *                                   size_t count, float *least, uint32_t *near);
 *
 * Computes    least of each row: (constant + bias_step * b) - (f_first + f_step * c) * (factor *
 *             sum + shift), b and c being the row's bias and f codes and sum that of the entries
 *             that its other codes choose; bit r of a block's word: 0 where that of row r is >
 *             farthest, else 1. kernels.h has the layout of blocks and tables
 * CPU         AVX-512 F, BW, VL
 * In          rdi bound: tables, pieces (1..2048), constant, factor, shift, farthest, bias_step,
 *             f_first, f_step; rsi blocks, rdx count (0 is allowed), rcx least, r8 near
 * Out         32 * count floats at rcx, count words at r8
 * Registers   zmm0 sums of bytes taken in pairs, zmm1 of the upper byte of each; zmm2, zmm3 codes,
 *             then terms; zmm4-zmm7 tables, and the entries found there; zmm16 lower halves of
 *             codes; zmm24-zmm30 the bound; zmm31 0x0f in each byte; r9 tables, r10 bytes of a
 *             block's codes, r11 of those in whole pairs of pieces, rax offset in the codes; rsi
 *             the codes of a block, rdi what is asked for. No stack, nothing callee-saved
 * Reads       exactly 128 * pieces bytes of tables, count blocks of 64 + 64 * pieces; no byte
 *             beside them, at any alignment; asks for what is AHEAD, in the last block for nothing
 * Loop        a block; inside, two pieces: a code is the index of a table that fills 16 bytes of a
 *             register (VPSHUFB, as in Andre, Kermarrec, Le Scouarnec, "Cache locality is not
 *             enough", VLDB 2015). Four entries of at most 63 fit a byte, so they meet before they
 *             are widened, and what is widened is only the upper bytes: the lower ones are what is
 *             left of the pairs' sums (mod 65536) without 256 times the upper ones'
 * Exact       sums are, to 65535; what follows is rounded at each operation, in the order written
 *             above
 */
#include "asm/arb_asm.h"

.equ AHEAD, 768 /* bytes: more would be beyond the last block where blocks are short */

/* The entries for the codes of a piece, both groups in a byte: of the lower halves into low, of the
 * upper ones into the codes. */
.macro LOOK_UP codes, low, high, piece
        vmovdqu64     \codes, [rsi + rax + 64 * \piece]
        vmovdqu64     \low, [r9 + 2 * rax + 128 * \piece]
        vmovdqu64     \high, [r9 + 2 * rax + 128 * \piece + 64]
        vpandd        zmm16, \codes, zmm31
        vpsrlw        \codes, \codes, 4
        vpshufb       \low, \low, zmm16
        vpandd        \codes, \codes, zmm31
        vpshufb       \codes, \high, \codes
        vpaddb        \codes, \codes, \low
.endm

/* Adds the bytes, which are not more than 255, to the sums. */
.macro SUM bytes
        vpaddw        zmm0, zmm0, \bytes
        vpsrlw        \bytes, \bytes, 8
        vpaddw        zmm1, zmm1, \bytes
.endm

/* What 16 rows' sums tell, from `row` on. */
.macro HOLD sums, row, mask
        vpmovzxbd     zmm2, [rsi + \row - 64]
        vpmovzxbd     zmm3, [rsi + \row - 32]
        vcvtdq2ps     \sums, \sums
        vcvtdq2ps     zmm2, zmm2
        vcvtdq2ps     zmm3, zmm3
        vmulps        \sums, \sums, zmm28
        vmulps        zmm2, zmm2, zmm24
        vmulps        zmm3, zmm3, zmm26
        vaddps        \sums, \sums, zmm29
        vaddps        zmm2, zmm27, zmm2
        vaddps        zmm3, zmm25, zmm3
        vmulps        \sums, \sums, zmm3
        vsubps        \sums, zmm2, \sums
        vmovups       [rcx + 4 * \row], \sums
        vcmpps        \mask, \sums, zmm30, 0x1a /* not greater, or no number */
.endm

ARB_FUNCTION arb_fastscan_near_avx512
        test          rdx, rdx
        jz            .Ldone
        mov           eax, 0x0f0f0f0f
        vpbroadcastd  zmm31, eax
        vbroadcastss  zmm27, [rdi + 16]
        vbroadcastss  zmm28, [rdi + 20]
        vbroadcastss  zmm29, [rdi + 24]
        vbroadcastss  zmm30, [rdi + 28]
        vbroadcastss  zmm24, [rdi + 32]
        vbroadcastss  zmm25, [rdi + 36]
        vbroadcastss  zmm26, [rdi + 40]
        mov           r9, [rdi]
        mov           r10, [rdi + 8]
        shl           r10, 6
        mov           r11, r10
        and           r11, -128
        add           rsi, 64
.Lblock:
        lea           rdi, [rsi + AHEAD]
        cmp           rdx, 1
        cmove         rdi, rsi /* which is there or on its way */
        prefetcht0    [rdi - 64]
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        xor           eax, eax
        test          r11, r11
        jz            .Llast
        .balign 32
.Lpair: /* of pieces */
        LOOK_UP       zmm2, zmm4, zmm5, 0
        LOOK_UP       zmm3, zmm6, zmm7, 1
        prefetcht0    [rdi + rax]
        prefetcht0    [rdi + rax + 64]
        vpaddb        zmm2, zmm2, zmm3
        SUM           zmm2
        sub           rax, -128
        cmp           rax, r11
        jb            .Lpair
        cmp           rax, r10
        je            .Lsums
.Llast: /* of an odd number */
        LOOK_UP       zmm2, zmm4, zmm5, 0
        SUM           zmm2
.Lsums: /* of both halves of a register; then rows 0..15 in zmm0, 16..31 in zmm1 */
        vextracti64x4 ymm2, zmm0, 1
        vextracti64x4 ymm3, zmm1, 1
        vpaddw        ymm0, ymm0, ymm2
        vpaddw        ymm1, ymm1, ymm3
        vpsllw        ymm2, ymm1, 8
        vpsubw        ymm0, ymm0, ymm2
        vpmovzxwd     zmm0, ymm0
        vpmovzxwd     zmm1, ymm1
        HOLD          zmm0, 0, k1
        HOLD          zmm1, 16, k2
        kunpckwd      k1, k2, k1
        kmovd         [r8], k1
        lea           rsi, [rsi + r10 + 64]
        sub           rcx, -128
        add           r8, 4
        dec           rdx
        jnz           .Lblock
        vzeroupper
.Ldone:
        ret
ARB_END arb_fastscan_near_avx512

ARB_FILE_END
