/* arb_cast_f16_f32_avx512: FP16 to float32, exact; a signalling NaN becomes quiet.
 *
 *     void arb_cast_f16_f32_avx512(const uint16_t *src, float *dst, size_t n);
 *
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi src, rsi dst, rdx n elements (0 is allowed)
 * Registers   zmm0 the elements; k1 the mask of the tail; rax scratch
 * Reads       exactly 2 * n bytes of src
 * Writes      exactly 4 * n bytes of dst; both at any alignment, not overlapping
 * Loop        16 elements; the rest by mask
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_cast_f16_f32_avx512
        cmp           rdx, 16
        jb            .Ltail
        .balign 32
.Lblock: /* 16 elements */
        vcvtph2ps     zmm0, [rdi]
        vmovups       [rsi], zmm0
        add           rdi, 32
        add           rsi, 64
        sub           rdx, 16
        cmp           rdx, 16
        jae           .Lblock
.Ltail: /* 0..15 are left */
        test          edx, edx
        jz            .Ldone
        mov           eax, -1
        bzhi          eax, eax, edx
        kmovw         k1, eax
        vcvtph2ps     zmm0{k1}{z}, [rdi]
        vmovups       [rsi]{k1}, zmm0
.Ldone:
        vzeroupper
        ret
ARB_END arb_cast_f16_f32_avx512

ARB_FILE_END
