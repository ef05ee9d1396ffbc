/* arb_cast_f64_f16_avx2: float64 to FP16, correctly rounded.
 *
 *     void arb_cast_f64_f16_avx2(const double *src, uint16_t *dst, size_t n);
 *
 * CPU         AVX2, FMA, F16C
 * In          rdi src, rsi dst, rdx n elements (0 is allowed)
 * Registers   ymm0 the elements, ymm1 scratch, ymm4 the mask of the low 29 bits of each; rax
 *             scratch
 * Reads       exactly 8 * n bytes of src
 * Writes      exactly 2 * n bytes of dst; both at any alignment, not overlapping
 * Loop        4 elements; the rest one at a time
 * Rounding    once, to nearest, ties to even. Two roundings (double to float to half) would be
 *             wrong where the first lands on a tie of the second, so the first step rounds to
 *             odd: the low 29 bits of the double, which a float has no room for, are folded
 *             into its last bit, set where any of them is set. The float is then exact, tells
 *             a tie from what is just beside it, and the second step decides on what it sees
 *             (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
 *             Beyond float: too large gives infinity, too small gives zero, as the half would
 *             be
 */
#include "asm/arb_asm.h"

/* Rounds doubles to odd at the precision of float: with low = 2^29 - 1 in each lane,
 * (x & low) + low carries into bit 29 exactly when x has a low bit set. */
.macro ROUND_TO_ODD x, t, low
        vpand         \t, \x, \low
        vpaddq        \t, \t, \low
        vpor          \t, \t, \x
        vpandn        \x, \low, \t
.endm

ARB_FUNCTION arb_cast_f64_f16_avx2
        mov           eax, 0x1fffffff
        vmovq         xmm4, rax
        vpbroadcastq  ymm4, xmm4
        cmp           rdx, 4
        jb            .Ltail
        .balign 32
.Lblock: /* 4 elements */
        vmovupd       ymm0, [rdi]
        ROUND_TO_ODD  ymm0, ymm1, ymm4
        vcvtpd2ps     xmm0, ymm0
        vcvtps2ph     [rsi], xmm0, 0
        add           rdi, 32
        add           rsi, 8
        sub           rdx, 4
        cmp           rdx, 4
        jae           .Lblock
.Ltail: /* 0..3 are left */
        test          edx, edx
        jz            .Ldone
.Lone:
        vmovsd        xmm0, qword ptr [rdi]
        ROUND_TO_ODD  xmm0, xmm1, xmm4
        vcvtpd2ps     xmm0, xmm0
        vcvtps2ph     xmm0, xmm0, 0
        vpextrw       word ptr [rsi], xmm0, 0
        add           rdi, 8
        add           rsi, 2
        dec           edx
        jnz           .Lone
.Ldone:
        vzeroupper
        ret
ARB_END arb_cast_f64_f16_avx2

ARB_FILE_END
