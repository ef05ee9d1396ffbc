/* arb_bits_popcount_avx512: how many bits of a bitset are set.
 *
 *     uint64_t arb_bits_popcount_avx512(const uint64_t *a, size_t words);
 *
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi a, rsi words (0 is allowed)
 * Out         rax
 * Registers   zmm0, zmm1 sums by 64-bit lane; zmm2-zmm5 words, nibbles, counts; zmm13 zeros; zmm14 the
 *             count of each nibble, four times; zmm15 0x0f in each byte; k1 the mask of the tail; eax
 *             scratch
 * Reads       exactly 8 * words bytes of a, at any alignment
 * Loop        16 words: a look-up of each nibble, as in bits_popcount_avx2.S. VPOPCNTQ would do it in
 *             one instruction, three times as fast in L1, and is not in every CPU of this set or of
 *             avx512vnni; from memory there is no difference
 */
#include "asm/arb_asm.h"

/* The 8 words in `x` into the sum. */
.macro SUM sum, x, t
        vpsrlw        \t, \x, 4
        vpandq        \x, \x, zmm15
        vpandq        \t, \t, zmm15
        vpshufb       \x, zmm14, \x
        vpshufb       \t, zmm14, \t
        vpaddb        \x, \x, \t
        vpsadbw       \x, \x, zmm13
        vpaddq        \sum, \sum, \x
.endm

ARB_FUNCTION arb_bits_popcount_avx512
        mov           eax, 0x0f0f0f0f
        vpbroadcastd  zmm15, eax
        vbroadcasti32x4 zmm14, xmmword ptr [rip + .Lcounts]
        vpxor         xmm13, xmm13, xmm13
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        cmp           rsi, 16
        jb            .Leight
        .balign 32
.Lblock: /* 16 words */
        vmovdqu64     zmm2, [rdi]
        vmovdqu64     zmm4, [rdi + 64]
        SUM           zmm0, zmm2, zmm3
        SUM           zmm1, zmm4, zmm5
        add           rdi, 128
        sub           rsi, 16
        cmp           rsi, 16
        jae           .Lblock
.Leight: /* fewer than 16 are left */
        cmp           rsi, 8
        jb            .Ltail
        vmovdqu64     zmm2, [rdi]
        SUM           zmm0, zmm2, zmm3
        add           rdi, 64
        sub           rsi, 8
.Ltail: /* 0..7 are left; what the mask leaves out reads as zero and is not touched */
        mov           eax, -1
        bzhi          eax, eax, esi
        kmovb         k1, eax
        vmovdqu64     zmm4{k1}{z}, [rdi]
        SUM           zmm1, zmm4, zmm5
        vpaddq        zmm0, zmm0, zmm1
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
