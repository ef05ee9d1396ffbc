/* arb_cast_i8_f16_avx512: int8 to FP16, exact.
 *
 *     void arb_cast_i8_f16_avx512(const int8_t *src, uint16_t *dst, size_t n);
 *
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi src, rsi dst, rdx n elements (0 is allowed)
 * Registers   zmm0 the elements; k1 the mask of the tail; rax scratch
 * Reads       exactly 1 * n bytes of src
 * Writes      exactly 2 * n bytes of dst; both at any alignment, not overlapping
 * Loop        16 elements; the rest by mask
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_cast_i8_f16_avx512
        cmp           rdx, 16
        jb            .Ltail
        .balign 32
.Lblock: /* 16 elements */
        vpmovsxbd     zmm0, [rdi]
        vcvtdq2ps     zmm0, zmm0
        vcvtps2ph     [rsi], zmm0, 0
        add           rdi, 16
        add           rsi, 32
        sub           rdx, 16
        cmp           rdx, 16
        jae           .Lblock
.Ltail: /* 0..15 are left */
        test          edx, edx
        jz            .Ldone
        mov           eax, -1
        bzhi          eax, eax, edx
        kmovw         k1, eax
        vpmovsxbd     zmm0{k1}{z}, [rdi]
        vcvtdq2ps     zmm0, zmm0
        vcvtps2ph     ymm0, zmm0, 0
        vmovdqu16     [rsi]{k1}, ymm0
.Ldone:
        vzeroupper
        ret
ARB_END arb_cast_i8_f16_avx512

ARB_FILE_END
