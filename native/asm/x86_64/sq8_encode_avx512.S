/* arb_sq8_encode_avx512: floats to SQ8 codes.
 *
 *     void arb_sq8_encode_avx512(const float *src, const float *offset, float inverse_scale,
 *                                uint8_t *dst, size_t n);
 *
 * Computes    (src_i - offset_i) * inverse_scale, rounded to nearest even, kept within 0..255; NaN
 *             gives 0
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi src, rsi offset, xmm0 inverse_scale, rdx dst, rcx n elements (0 is allowed)
 * Registers   zmm0 inverse_scale in each lane; zmm1 zeros; zmm2 the elements; k1 the mask of the tail;
 *             eax scratch
 * Reads       exactly 4 * n bytes of src and of offset
 * Writes      exactly n bytes of dst; all at any alignment, not overlapping
 * Loop        16 elements; the rest by mask. VMAXPS gives its second operand for a NaN; what is too
 *             large for an unsigned int becomes its largest value, and the narrowing saturates
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_sq8_encode_avx512
        vbroadcastss  zmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        cmp           rcx, 16
        jb            .Ltail
        .balign 32
.Lblock: /* 16 elements */
        vmovups       zmm2, [rdi]
        vsubps        zmm2, zmm2, [rsi]
        vmulps        zmm2, zmm2, zmm0
        vmaxps        zmm2, zmm2, zmm1
        vcvtps2udq    zmm2, zmm2
        vpmovusdb     xmm2, zmm2
        vmovdqu       [rdx], xmm2
        add           rdi, 64
        add           rsi, 64
        add           rdx, 16
        sub           rcx, 16
        cmp           rcx, 16
        jae           .Lblock
.Ltail: /* 0..15 are left */
        test          ecx, ecx
        jz            .Ldone
        mov           eax, -1
        bzhi          eax, eax, ecx
        kmovw         k1, eax
        vmovups       zmm2{k1}{z}, [rdi]
        vsubps        zmm2{k1}{z}, zmm2, [rsi]
        vmulps        zmm2, zmm2, zmm0
        vmaxps        zmm2, zmm2, zmm1
        vcvtps2udq    zmm2, zmm2
        vpmovusdb     xmm2, zmm2
        vmovdqu8      [rdx]{k1}, xmm2
.Ldone:
        vzeroupper
        ret
ARB_END arb_sq8_encode_avx512

ARB_FILE_END
