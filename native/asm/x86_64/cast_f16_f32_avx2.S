/* arb_cast_f16_f32_avx2: FP16 to float32, exact; a signalling NaN becomes quiet.
 *
 *     void arb_cast_f16_f32_avx2(const uint16_t *src, float *dst, size_t n);
 *
 * CPU         AVX2, FMA, F16C
 * In          rdi src, rsi dst, rdx n elements (0 is allowed)
 * Registers   ymm0 the elements; rax scratch
 * Reads       exactly 2 * n bytes of src
 * Writes      exactly 4 * n bytes of dst; both at any alignment, not overlapping
 * Loop        8 elements; the rest one at a time
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_cast_f16_f32_avx2
        cmp           rdx, 8
        jb            .Ltail
        .balign 32
.Lblock: /* 8 elements */
        vcvtph2ps     ymm0, [rdi]
        vmovups       [rsi], ymm0
        add           rdi, 16
        add           rsi, 32
        sub           rdx, 8
        cmp           rdx, 8
        jae           .Lblock
.Ltail: /* 0..7 are left */
        test          edx, edx
        jz            .Ldone
.Lone:
        movzx         eax, word ptr [rdi]
        vmovd         xmm0, eax
        vcvtph2ps     xmm0, xmm0
        vmovss        dword ptr [rsi], xmm0
        add           rdi, 2
        add           rsi, 4
        dec           edx
        jnz           .Lone
.Ldone:
        vzeroupper
        ret
ARB_END arb_cast_f16_f32_avx2

ARB_FILE_END
