/* arb_bits_popcount_avx2: how many bits of a bitset are set.
 *
 *     uint64_t arb_bits_popcount_avx2(const uint64_t *a, size_t words);
 *
 * CPU         AVX2
 * In          rdi a, rsi words (0 is allowed)
 * Out         rax
 * Registers   ymm0, ymm1 sums by 64-bit lane; ymm2-ymm5 words, nibbles, counts; ymm13 zeros; ymm14 the
 *             count of each nibble, twice; ymm15 0x0f in each byte; eax scratch
 * Reads       exactly 8 * words bytes of a, at any alignment
 * Loop        8 words: a look-up of each nibble (VPSHUFB), the counts of a byte added, the bytes of a
 *             lane by VPSADBW. The method is of Mula, Kurz and Lemire, "Faster population counts using
 *             AVX2 instructions" (2018). The rest by mask
 */
#include "asm/arb_asm.h"

/* 4 words at byte `at` into the sum. */
.macro STEP sum, x, t, at
        vmovdqu       \x, [rdi + \at]
        vpsrlw        \t, \x, 4
        vpand         \x, \x, ymm15
        vpand         \t, \t, ymm15
        vpshufb       \x, ymm14, \x
        vpshufb       \t, ymm14, \t
        vpaddb        \x, \x, \t
        vpsadbw       \x, \x, ymm13
        vpaddq        \sum, \sum, \x
.endm

ARB_FUNCTION arb_bits_popcount_avx2
        mov           eax, 0x0f0f0f0f
        vmovd         xmm15, eax
        vpbroadcastd  ymm15, xmm15
        vbroadcasti128 ymm14, xmmword ptr [rip + .Lcounts]
        vpxor         xmm13, xmm13, xmm13
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        cmp           rsi, 8
        jb            .Lfour
        .balign 32
.Lblock: /* 8 words */
        STEP          ymm0, ymm2, ymm3, 0
        STEP          ymm1, ymm4, ymm5, 32
        add           rdi, 64
        sub           rsi, 8
        cmp           rsi, 8
        jae           .Lblock
.Lfour: /* fewer than 8 are left */
        cmp           rsi, 4
        jb            .Ltail
        STEP          ymm0, ymm2, ymm3, 0
        add           rdi, 32
        sub           rsi, 4
.Ltail: /* 0..3 are left: as many by mask; what it leaves out reads as zero and is not touched */
        vmovq         xmm5, rsi
        vpbroadcastq  ymm5, xmm5
        vpcmpgtq      ymm5, ymm5, [rip + .Llanes]
        vpmaskmovq    ymm2, ymm5, [rdi]
        vpsrlw        ymm3, ymm2, 4
        vpand         ymm2, ymm2, ymm15
        vpand         ymm3, ymm3, ymm15
        vpshufb       ymm2, ymm14, ymm2
        vpshufb       ymm3, ymm14, ymm3
        vpaddb        ymm2, ymm2, ymm3
        vpsadbw       ymm2, ymm2, ymm13
        vpaddq        ymm1, ymm1, ymm2
        vpaddq        ymm0, ymm0, ymm1
        vextracti128  xmm1, ymm0, 1
        vpaddq        xmm0, xmm0, xmm1
        vpunpckhqdq   xmm1, xmm0, xmm0
        vpaddq        xmm0, xmm0, xmm1
        vmovq         rax, xmm0
        vzeroupper
        ret
ARB_END arb_bits_popcount_avx2

        .section .rodata
        .balign 32
.Llanes:
        .quad   0, 1, 2, 3
.Lcounts:
        .byte   0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4

ARB_FILE_END
