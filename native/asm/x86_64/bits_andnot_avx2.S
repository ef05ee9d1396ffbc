/* arb_bits_andnot_avx2: a & ~b of two bitsets.
 *
 *     void arb_bits_andnot_avx2(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words);
 *
 * CPU         AVX2
 * In          rdi dst (which may be a or b), rsi a, rdx b, rcx words (0 is allowed)
 * Registers   ymm0-ymm3 words; rax one word
 * Reads       exactly 8 * words bytes of a and of b
 * Writes      exactly 8 * words bytes of dst; all at any alignment
 * Loop        16 words, all read before the first is written; the rest one at a time.
 *             VPANDN complements its first operand, which is b
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_bits_andnot_avx2
        cmp           rcx, 16
        jb            .Ltail
        .balign 32
.Lblock: /* 16 words */
        vmovdqu       ymm0, [rdx]
        vpandn        ymm0, ymm0, [rsi]
        vmovdqu       ymm1, [rdx + 32]
        vpandn        ymm1, ymm1, [rsi + 32]
        vmovdqu       ymm2, [rdx + 64]
        vpandn        ymm2, ymm2, [rsi + 64]
        vmovdqu       ymm3, [rdx + 96]
        vpandn        ymm3, ymm3, [rsi + 96]
        vmovdqu       [rdi], ymm0
        vmovdqu       [rdi + 32], ymm1
        vmovdqu       [rdi + 64], ymm2
        vmovdqu       [rdi + 96], ymm3
        add           rdi, 128
        add           rsi, 128
        add           rdx, 128
        sub           rcx, 16
        cmp           rcx, 16
        jae           .Lblock
.Ltail: /* 0..15 are left */
        test          ecx, ecx
        jz            .Ldone
.Lone:
        mov           rax, [rdx]
        not           rax
        and           rax, [rsi]
        mov           [rdi], rax
        add           rdi, 8
        add           rsi, 8
        add           rdx, 8
        dec           ecx
        jnz           .Lone
.Ldone:
        vzeroupper
        ret
ARB_END arb_bits_andnot_avx2

ARB_FILE_END
