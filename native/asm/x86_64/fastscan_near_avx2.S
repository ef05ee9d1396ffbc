/* arb_fastscan_near_avx2: sums of table entries for blocks of 32 rows, and which may be near.
 *
 *     void arb_fastscan_near_avx2(const arb_fastscan_bound *bound, const uint8_t *blocks,
 *                                 size_t count, float *least, uint32_t *near);
 *
 * Computes    least of each row: (constant + bias_step * b) - (f_first + f_step * c) * (factor *
 *             sum + shift), b and c being the row's bias and f codes and sum that of the entries
 *             that its other codes choose; bit r of a block's word: 0 where that of row r is >
 *             farthest, else 1. kernels.h has the layout of blocks and tables
 * CPU         AVX2
 * In          rdi bound: tables, pieces (1..2048), constant, factor, shift, farthest, bias_step,
 *             f_first, f_step; rsi blocks, rdx count (0 is allowed), rcx least, r8 near
 * Out         32 * count floats at rcx, count words at r8
 * Registers   ymm0 sums of bytes taken in pairs, ymm1 of the upper byte of each; ymm2, ymm3 codes;
 *             ymm4, ymm5 tables, and the entries found there; ymm10 lower halves of codes; ymm2,
 *             ymm3, ymm6 then terms; ymm7-ymm9, ymm11-ymm14 the bound; ymm15 0x0f in each byte;
 *             r9 tables, r10 bytes of a block's codes, rax offset in the codes, bits of rows, r11
 *             those of a block; rsi the codes of a block, rdi what is asked for. No stack, nothing
 *             callee-saved
 * Reads       exactly 128 * pieces bytes of tables, count blocks of 64 + 64 * pieces; no byte
 *             beside them, at any alignment; asks for what is AHEAD, in the last block for nothing
 * Loop        a block; inside, a piece: as arb_fastscan_near_avx512 has it, but that the groups
 *             whose entries meet in a byte are all of one piece
 * Exact       sums are, to 65535; what follows is rounded at each operation, in the order written
 *             above
 */
#include "asm/arb_asm.h"

.equ AHEAD, 768 /* bytes: more would be beyond the last block where blocks are short */

/* The entries for half the codes of a piece, both groups in a byte: of the lower halves into low,
 * of the upper ones into the codes. */
.macro LOOK_UP codes, low, high, half
        vmovdqu       \codes, [rsi + rax + 32 * \half]
        vmovdqu       \low, [r9 + 2 * rax + 32 * \half]
        vmovdqu       \high, [r9 + 2 * rax + 32 * \half + 64]
        vpand         ymm10, \codes, ymm15
        vpsrlw        \codes, \codes, 4
        vpshufb       \low, \low, ymm10
        vpand         \codes, \codes, ymm15
        vpshufb       \codes, \high, \codes
        vpaddb        \codes, \codes, \low
.endm

/* What 8 rows' sums tell, from `row` on; their bits into eax. */
.macro HOLD words, row
        vpmovzxwd     ymm2, \words
        vpmovzxbd     ymm3, [rsi + \row - 64]
        vpmovzxbd     ymm6, [rsi + \row - 32]
        vcvtdq2ps     ymm2, ymm2
        vcvtdq2ps     ymm3, ymm3
        vcvtdq2ps     ymm6, ymm6
        vmulps        ymm2, ymm2, ymm12
        vmulps        ymm3, ymm3, ymm7
        vmulps        ymm6, ymm6, ymm9
        vaddps        ymm2, ymm2, ymm13
        vaddps        ymm3, ymm11, ymm3
        vaddps        ymm6, ymm8, ymm6
        vmulps        ymm2, ymm2, ymm6
        vsubps        ymm2, ymm3, ymm2
        vmovups       [rcx + 4 * \row], ymm2
        vcmpps        ymm2, ymm2, ymm14, 0x1a /* not greater, or no number */
        vmovmskps     eax, ymm2
.endm

ARB_FUNCTION arb_fastscan_near_avx2
        test          rdx, rdx
        jz            .Ldone
        mov           eax, 0x0f0f0f0f
        vmovd         xmm15, eax
        vpbroadcastd  ymm15, xmm15
        vbroadcastss  ymm11, [rdi + 16]
        vbroadcastss  ymm12, [rdi + 20]
        vbroadcastss  ymm13, [rdi + 24]
        vbroadcastss  ymm14, [rdi + 28]
        vbroadcastss  ymm7, [rdi + 32]
        vbroadcastss  ymm8, [rdi + 36]
        vbroadcastss  ymm9, [rdi + 40]
        mov           r9, [rdi]
        mov           r10, [rdi + 8]
        shl           r10, 6
        add           rsi, 64
.Lblock:
        lea           rdi, [rsi + AHEAD]
        cmp           rdx, 1
        cmove         rdi, rsi /* which is there or on its way */
        prefetcht0    [rdi - 64]
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        xor           eax, eax
        .balign 32
.Lpiece:
        LOOK_UP       ymm2, ymm4, ymm5, 0
        LOOK_UP       ymm3, ymm4, ymm5, 1
        prefetcht0    [rdi + rax]
        vpaddb        ymm2, ymm2, ymm3 /* not more than 255 */
        vpaddw        ymm0, ymm0, ymm2
        vpsrlw        ymm2, ymm2, 8
        vpaddw        ymm1, ymm1, ymm2
        add           rax, 64
        cmp           rax, r10
        jb            .Lpiece
        /* then rows 0..15 in ymm0, 16..31 in ymm1 */
        vpsllw        ymm2, ymm1, 8
        vpsubw        ymm0, ymm0, ymm2
        vextracti128  xmm4, ymm0, 1
        vextracti128  xmm5, ymm1, 1
        HOLD          xmm5, 24
        mov           r11d, eax
        HOLD          xmm1, 16
        shl           r11d, 8
        or            r11d, eax
        HOLD          xmm4, 8
        shl           r11d, 8
        or            r11d, eax
        HOLD          xmm0, 0
        shl           r11d, 8
        or            r11d, eax
        mov           [r8], r11d
        lea           rsi, [rsi + r10 + 64]
        sub           rcx, -128
        add           r8, 4
        dec           rdx
        jnz           .Lblock
        vzeroupper
.Ldone:
        ret
ARB_END arb_fastscan_near_avx2

ARB_FILE_END
