/* arb_bits_andnot_avx512: a & ~b of two bitsets.
 *
 *     void arb_bits_andnot_avx512(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words);
 *
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi dst (which may be a or b), rsi a, rdx b, rcx words (0 is allowed)
 * Registers   zmm0-zmm3 words; k1 the mask of the tail; eax scratch
 * Reads       exactly 8 * words bytes of a and of b
 * Writes      exactly 8 * words bytes of dst; all at any alignment
 * Loop        32 words, all read before the first is written; then 8, the last of them by mask.
 *             VPANDNQ complements its first operand, which is b
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_bits_andnot_avx512
        cmp           rcx, 32
        jb            .Leights
        .balign 32
.Lblock: /* 32 words */
        vmovdqu64     zmm0, [rdx]
        vpandnq       zmm0, zmm0, [rsi]
        vmovdqu64     zmm1, [rdx + 64]
        vpandnq       zmm1, zmm1, [rsi + 64]
        vmovdqu64     zmm2, [rdx + 128]
        vpandnq       zmm2, zmm2, [rsi + 128]
        vmovdqu64     zmm3, [rdx + 192]
        vpandnq       zmm3, zmm3, [rsi + 192]
        vmovdqu64     [rdi], zmm0
        vmovdqu64     [rdi + 64], zmm1
        vmovdqu64     [rdi + 128], zmm2
        vmovdqu64     [rdi + 192], zmm3
        add           rdi, 256
        add           rsi, 256
        add           rdx, 256
        sub           rcx, 32
        cmp           rcx, 32
        jae           .Lblock
.Leights: /* fewer than 32 are left: 8 at a time */
        cmp           rcx, 8
        jb            .Ltail
        vmovdqu64     zmm0, [rdx]
        vpandnq       zmm0, zmm0, [rsi]
        vmovdqu64     [rdi], zmm0
        add           rdi, 64
        add           rsi, 64
        add           rdx, 64
        sub           rcx, 8
        jmp           .Leights
.Ltail: /* 0..7 are left; what the mask leaves out is not touched */
        test          ecx, ecx
        jz            .Ldone
        mov           eax, -1
        bzhi          eax, eax, ecx
        kmovb         k1, eax
        vmovdqu64     zmm0{k1}{z}, [rdx]
        vpandnq       zmm0{k1}{z}, zmm0, [rsi]
        vmovdqu64     [rdi]{k1}, zmm0
.Ldone:
        vzeroupper
        ret
ARB_END arb_bits_andnot_avx512

ARB_FILE_END
