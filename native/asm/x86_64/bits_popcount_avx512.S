/* arb_bits_popcount_avx512: how many bits of a bitset are set.
 *
 *     uint64_t arb_bits_popcount_avx512(const uint64_t *a, size_t words);
 *
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi a, rsi words (0 is allowed)
 * Out         rax
 * Registers   zmm0 bits of weight 1, zmm1 of weight 2, zmm2 of weight 4; zmm3-zmm9 words and carries,
 *             zmm16-zmm19 words; zmm10 sum of the bits of weight 8, zmm11 of the others, by 64-bit
 *             lane; zmm12 scratch; zmm13 zeros; zmm14 the count of each nibble, four times; zmm15
 *             0x0f in each byte; k1 the mask of the tail; eax scratch
 * Reads       exactly 8 * words bytes of a, at any alignment
 * Loop        64 words: carry-save adders, of two VPTERNLOG each, keep the bits of weight 1, 2 and 4
 *             for the next turn and leave one vector in eight to be counted by a look-up of nibbles
 *             (Mula, Kurz and Lemire, "Faster population counts using AVX2 instructions", 2018).
 *             VPOPCNTQ would count a vector in one instruction instead of three, a fifth faster on
 *             long bitsets, and is not in every CPU of this set or of avx512vnni
 */
#include "asm/arb_asm.h"

/* Adds the bits of b and c to those of `low`, whose carries go to `high`. */
.macro SAVE high, low, b, c
        vmovdqa64     \high, \low
        vpternlogd    \high, \b, \c, 0xe8 /* majority */
        vpternlogd    \low, \b, \c, 0x96  /* parity */
.endm

/* The bits of each lane of `x` into x. */
.macro COUNT x
        vpsrlw        zmm12, \x, 4
        vpandq        \x, \x, zmm15
        vpandq        zmm12, zmm12, zmm15
        vpshufb       \x, zmm14, \x
        vpshufb       zmm12, zmm14, zmm12
        vpaddb        \x, \x, zmm12
        vpsadbw       \x, \x, zmm13
.endm

ARB_FUNCTION arb_bits_popcount_avx512
        mov           eax, 0x0f0f0f0f
        vpbroadcastd  zmm15, eax
        vbroadcasti32x4 zmm14, xmmword ptr [rip + .Lcounts]
        vpxor         xmm13, xmm13, xmm13
        vpxor         xmm11, xmm11, xmm11
        cmp           rsi, 64
        jb            .Leights
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm10, xmm10, xmm10
        .balign 32
.Lblock: /* 64 words */
        vmovdqu64     zmm3, [rdi]
        vmovdqu64     zmm16, [rdi + 64]
        vmovdqu64     zmm4, [rdi + 128]
        vmovdqu64     zmm17, [rdi + 192]
        vmovdqu64     zmm5, [rdi + 256]
        vmovdqu64     zmm18, [rdi + 320]
        vmovdqu64     zmm6, [rdi + 384]
        vmovdqu64     zmm19, [rdi + 448]
        SAVE          zmm7, zmm0, zmm3, zmm16
        SAVE          zmm8, zmm0, zmm4, zmm17
        SAVE          zmm9, zmm1, zmm7, zmm8
        SAVE          zmm7, zmm0, zmm5, zmm18
        SAVE          zmm8, zmm0, zmm6, zmm19
        SAVE          zmm3, zmm1, zmm7, zmm8
        SAVE          zmm4, zmm2, zmm9, zmm3
        COUNT         zmm4
        vpaddq        zmm10, zmm10, zmm4
        add           rdi, 512
        sub           rsi, 64
        cmp           rsi, 64
        jae           .Lblock
        /* what the adders still hold, by weight */
        COUNT         zmm0
        COUNT         zmm1
        COUNT         zmm2
        vpsllq        zmm1, zmm1, 1
        vpsllq        zmm2, zmm2, 2
        vpsllq        zmm10, zmm10, 3
        vpaddq        zmm11, zmm0, zmm1
        vpaddq        zmm10, zmm10, zmm2
        vpaddq        zmm11, zmm11, zmm10
.Leights: /* fewer than 64 are left: 8 at a time */
        cmp           rsi, 8
        jb            .Ltail
        vmovdqu64     zmm3, [rdi]
        COUNT         zmm3
        vpaddq        zmm11, zmm11, zmm3
        add           rdi, 64
        sub           rsi, 8
        jmp           .Leights
.Ltail: /* 0..7 are left; what the mask leaves out reads as zero and is not touched */
        mov           eax, -1
        bzhi          eax, eax, esi
        kmovb         k1, eax
        vmovdqu64     zmm3{k1}{z}, [rdi]
        COUNT         zmm3
        vpaddq        zmm0, zmm11, zmm3
        vextracti64x4 ymm1, zmm0, 1
        vpaddq        ymm0, ymm0, ymm1
        vextracti128  xmm1, ymm0, 1
        vpaddq        xmm0, xmm0, xmm1
        vpunpckhqdq   xmm1, xmm0, xmm0
        vpaddq        xmm0, xmm0, xmm1
        vmovq         rax, xmm0
        vzeroupper
        ret
ARB_END arb_bits_popcount_avx512

        .section .rodata
        .balign 16
.Lcounts:
        .byte   0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4

ARB_FILE_END
