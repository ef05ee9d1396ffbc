/* arb_sq8_decode_avx512: SQ8 codes to floats.
 *
 *     void arb_sq8_decode_avx512(const uint8_t *src, const float *offset, float scale,
 *                                float *dst, size_t n);
 *
 * Computes    offset_i + scale * src_i, the product rounded and then the sum
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi src, rsi offset, xmm0 scale, rdx dst, rcx n elements (0 is allowed)
 * Registers   zmm0 scale in each lane; zmm1 the elements; k1 the mask of the tail; eax scratch
 * Reads       exactly n bytes of src, 4 * n of offset
 * Writes      exactly 4 * n bytes of dst; all at any alignment, not overlapping
 * Loop        16 elements; the rest by mask
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_sq8_decode_avx512
        vbroadcastss  zmm0, xmm0
        cmp           rcx, 16
        jb            .Ltail
        .balign 32
.Lblock: /* 16 elements */
        vpmovzxbd     zmm1, [rdi]
        vcvtdq2ps     zmm1, zmm1
        vmulps        zmm1, zmm1, zmm0
        vaddps        zmm1, zmm1, [rsi]
        vmovups       [rdx], zmm1
        add           rdi, 16
        add           rsi, 64
        add           rdx, 64
        sub           rcx, 16
        cmp           rcx, 16
        jae           .Lblock
.Ltail: /* 0..15 are left */
        test          ecx, ecx
        jz            .Ldone
        mov           eax, -1
        bzhi          eax, eax, ecx
        kmovw         k1, eax
        vpmovzxbd     zmm1{k1}{z}, [rdi]
        vcvtdq2ps     zmm1, zmm1
        vmulps        zmm1, zmm1, zmm0
        vaddps        zmm1{k1}{z}, zmm1, [rsi]
        vmovups       [rdx]{k1}, zmm1
.Ldone:
        vzeroupper
        ret
ARB_END arb_sq8_decode_avx512

ARB_FILE_END
