/* arb_screen_code_avx512: a vector of floats to codes around 128 of its own scale, and what they
 * lose.
 *
 *     void arb_screen_code_avx512(const float *src, size_t n, uint8_t *codes,
 *                                 arb_screen_facts *facts);
 *
 * Computes    m = max |src_i|; scale = m / 127, or 0 where m < 2^-100; code_i = src_i * (127 / m)
 *             rounded to nearest even, plus 128; square = sum src_i^2; error_square = sum (src_i -
 *             scale * (code_i - 128))^2
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi src, rsi n (1..8192), rdx codes, rcx facts: scale, square, error_square
 * Registers   zmm0, zmm1 largest magnitudes, later scale and its inverse; zmm2, zmm3 sums of
 *             squares; zmm4, zmm5 of errors; zmm6-zmm9 elements and errors; zmm30 128; zmm31 all
 *             but signs; k1 elements of the tail, k2 its codes; k3 whether there is a scale; rax,
 *             r8, r9 scratch
 * Reads       exactly 4 * n bytes of src
 * Writes      n codes, rounded up to a multiple of four by 128s, and 12 bytes of facts; all at any
 *             alignment, not overlapping
 * Loop        2 x 16 elements, twice: for the largest, then for the codes. The tail goes first, by
 *             masks: what they leave out is zero, which changes no maximum and no sum
 */
#include "asm/arb_asm.h"

/* 16 elements into a maximum and a sum of squares. */
.macro LOOK value, largest, squares
        vpandd        zmm8, \value, zmm31
        vmaxps        \largest, \largest, zmm8
        vfmadd231ps   \squares, \value, \value
.endm

/* 16 elements into codes in `rounded`, and the sum of errors. */
.macro CODE value, rounded, back, errors
        vmulps        \rounded, \value, zmm1
        vcvtps2dq     \rounded, \rounded
        vcvtdq2ps     \back, \rounded
        vfnmadd213ps  \back, zmm0, \value
        vfmadd231ps   \errors, \back, \back
        vpaddd        \rounded, \rounded, zmm30
.endm

/* Into the lowest lane of xmm\v. */
.macro ACROSS op, v, scratch
        vextractf64x4 ymm\scratch, zmm\v, 1
        \op           ymm\v, ymm\v, ymm\scratch
        vextractf128  xmm\scratch, ymm\v, 1
        \op           xmm\v, xmm\v, xmm\scratch
        vpermilps     xmm\scratch, xmm\v, 0x4e
        \op           xmm\v, xmm\v, xmm\scratch
        vpermilps     xmm\scratch, xmm\v, 0xb1
        \op           xmm\v, xmm\v, xmm\scratch
.endm

ARB_FUNCTION arb_screen_code_avx512
        mov           eax, 0x7fffffff
        vpbroadcastd  zmm31, eax
        mov           eax, 128
        vpbroadcastd  zmm30, eax
        mov           eax, esi
        and           eax, 15
        mov           r8d, -1
        bzhi          r9d, r8d, eax
        kmovw         k1, r9d
        add           eax, 3
        and           eax, -4
        bzhi          r9d, r8d, eax
        kmovw         k2, r9d
        mov           r8, rsi
        and           r8, -16 /* elements before the tail */
        vmovups       zmm6{k1}{z}, [rdi + 4 * r8]
        vpandd        zmm0, zmm6, zmm31
        vmulps        zmm2, zmm6, zmm6
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm3, xmm3, xmm3
        xor           r9d, r9d
        test          r8, r8
        jz            .Llargest
        test          r8, 16
        jz            .Llook
        vmovups       zmm7, [rdi]
        LOOK          zmm7, zmm1, zmm3
        add           r9, 16
        cmp           r9, r8
        jae           .Llargest
        .balign 32
.Llook: /* 32 elements */
        vmovups       zmm6, [rdi + 4 * r9]
        vmovups       zmm7, [rdi + 4 * r9 + 64]
        LOOK          zmm6, zmm0, zmm2
        LOOK          zmm7, zmm1, zmm3
        add           r9, 32
        cmp           r9, r8
        jb            .Llook
.Llargest:
        vmaxps        zmm0, zmm0, zmm1
        vaddps        zmm2, zmm2, zmm3
        ACROSS        vmaxps, 0, 8
        ACROSS        vaddps, 2, 8
        vmovss        dword ptr [rcx + 4], xmm2
        mov           eax, 0x42fe0000 /* 127.0 */
        vmovd         xmm1, eax
        mov           eax, 0x0d800000 /* 2^-100 */
        vmovd         xmm2, eax
        vcmpss        k3, xmm0, xmm2, 5 /* not less than */
        vdivss        xmm3, xmm0, xmm1
        vdivss        xmm1, xmm1, xmm0
        vmovss        xmm0{k3}{z}, xmm3, xmm3
        vmovss        xmm1{k3}{z}, xmm1, xmm1
        vmovss        dword ptr [rcx], xmm0
        vbroadcastss  zmm0, xmm0
        vbroadcastss  zmm1, xmm1

        vmovups       zmm6{k1}{z}, [rdi + 4 * r8]
        vpxor         xmm4, xmm4, xmm4
        vpxor         xmm5, xmm5, xmm5
        CODE          zmm6, zmm7, zmm8, zmm4
        vpmovdb       [rdx + r8]{k2}, zmm7
        test          r8, r8
        jz            .Lerror
        xor           r9d, r9d
        test          r8, 16
        jz            .Lcode
        vmovups       zmm6, [rdi]
        CODE          zmm6, zmm7, zmm8, zmm5
        vpmovdb       [rdx], zmm7
        add           r9, 16
        cmp           r9, r8
        jae           .Lerror
        .balign 32
.Lcode: /* 32 elements */
        vmovups       zmm6, [rdi + 4 * r9]
        CODE          zmm6, zmm7, zmm8, zmm4
        vpmovdb       [rdx + r9], zmm7
        vmovups       zmm6, [rdi + 4 * r9 + 64]
        CODE          zmm6, zmm7, zmm9, zmm5
        vpmovdb       [rdx + r9 + 16], zmm7
        add           r9, 32
        cmp           r9, r8
        jb            .Lcode
.Lerror:
        vaddps        zmm4, zmm4, zmm5
        ACROSS        vaddps, 4, 8
        vmovss        dword ptr [rcx + 8], xmm4
        vzeroupper
        ret
ARB_END arb_screen_code_avx512

ARB_FILE_END
