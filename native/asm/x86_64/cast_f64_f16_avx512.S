/* arb_cast_f64_f16_avx512: float64 to FP16, correctly rounded.
 *
 *     void arb_cast_f64_f16_avx512(const double *src, uint16_t *dst, size_t n);
 *
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi src, rsi dst, rdx n elements (0 is allowed)
 * Registers   zmm0 the elements, zmm1 scratch, zmm4 the mask of the low 29 bits of each; rax
 *             scratch; k1 the mask of the tail
 * Reads       exactly 8 * n bytes of src
 * Writes      exactly 2 * n bytes of dst; both at any alignment, not overlapping
 * Loop        8 elements; the rest by mask
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
        vpandq        \t, \x, \low
        vpaddq        \t, \t, \low
        vporq         \t, \t, \x
        vpandnq       \x, \low, \t
.endm

ARB_FUNCTION arb_cast_f64_f16_avx512
        mov           eax, 0x1fffffff
        vpbroadcastq  zmm4, rax
        cmp           rdx, 8
        jb            .Ltail
        .balign 32
.Lblock: /* 8 elements */
        vmovupd       zmm0, [rdi]
        ROUND_TO_ODD  zmm0, zmm1, zmm4
        vcvtpd2ps     ymm0, zmm0
        vcvtps2ph     [rsi], ymm0, 0
        add           rdi, 64
        add           rsi, 16
        sub           rdx, 8
        cmp           rdx, 8
        jae           .Lblock
.Ltail: /* 0..7 are left */
        test          edx, edx
        jz            .Ldone
        mov           eax, -1
        bzhi          eax, eax, edx
        kmovw         k1, eax
        vmovupd       zmm0{k1}{z}, [rdi]
        ROUND_TO_ODD  zmm0, zmm1, zmm4
        vcvtpd2ps     ymm0, zmm0
        vcvtps2ph     xmm0, ymm0, 0
        vmovdqu16     [rsi]{k1}, xmm0
.Ldone:
        vzeroupper
        ret
ARB_END arb_cast_f64_f16_avx512

ARB_FILE_END
