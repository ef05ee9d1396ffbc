/* arb_cast_i8_f16_avx2: int8 to FP16, exact.
 *
 *     void arb_cast_i8_f16_avx2(const int8_t *src, uint16_t *dst, size_t n);
 *
 * CPU         AVX2, FMA, F16C
 * In          rdi src, rsi dst, rdx n elements (0 is allowed)
 * Registers   ymm0 the elements; rax scratch
 * Reads       exactly 1 * n bytes of src
 * Writes      exactly 2 * n bytes of dst; both at any alignment, not overlapping
 * Loop        8 elements; the rest one at a time
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_cast_i8_f16_avx2
        cmp           rdx, 8
        jb            .Ltail
        .balign 32
.Lblock: /* 8 elements */
        vpmovsxbd     ymm0, [rdi]
        vcvtdq2ps     ymm0, ymm0
        vcvtps2ph     [rsi], ymm0, 0
        add           rdi, 8
        add           rsi, 16
        sub           rdx, 8
        cmp           rdx, 8
        jae           .Lblock
.Ltail: /* 0..7 are left */
        test          edx, edx
        jz            .Ldone
.Lone:
        movsx         eax, byte ptr [rdi]
        vmovd         xmm0, eax
        vcvtdq2ps     xmm0, xmm0
        vcvtps2ph     xmm0, xmm0, 0
        vpextrw       word ptr [rsi], xmm0, 0
        add           rdi, 1
        add           rsi, 2
        dec           edx
        jnz           .Lone
.Ldone:
        vzeroupper
        ret
ARB_END arb_cast_i8_f16_avx2

ARB_FILE_END
