/* arb_cast_f32_f16_avx2: float32 to FP16, correctly rounded.
 *
 *     void arb_cast_f32_f16_avx2(const float *src, uint16_t *dst, size_t n);
 *
 * CPU         AVX2, FMA, F16C
 * In          rdi src, rsi dst, rdx n elements (0 is allowed)
 * Registers   ymm0 the elements
 * Reads       exactly 4 * n bytes of src
 * Writes      exactly 2 * n bytes of dst; both at any alignment, not overlapping
 * Loop        8 elements; the rest one at a time
 * Rounding    to nearest, ties to even, given in the instruction: MXCSR has no say. Overflow
 *             gives infinity, a NaN keeps sign and top payload bits and becomes quiet
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_cast_f32_f16_avx2
        cmp           rdx, 8
        jb            .Ltail
        .balign 32
.Lblock: /* 8 elements */
        vmovups       ymm0, [rdi]
        vcvtps2ph     [rsi], ymm0, 0
        add           rdi, 32
        add           rsi, 16
        sub           rdx, 8
        cmp           rdx, 8
        jae           .Lblock
.Ltail: /* 0..7 are left */
        test          edx, edx
        jz            .Ldone
.Lone:
        vmovss        xmm0, dword ptr [rdi]
        vcvtps2ph     xmm0, xmm0, 0
        vpextrw       word ptr [rsi], xmm0, 0
        add           rdi, 4
        add           rsi, 2
        dec           edx
        jnz           .Lone
.Ldone:
        vzeroupper
        ret
ARB_END arb_cast_f32_f16_avx2

ARB_FILE_END
