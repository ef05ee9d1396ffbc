/* arb_screen_code_avx2: a vector of floats to codes around 128 of its own scale, and what they
 * lose.
 *
 *     void arb_screen_code_avx2(const float *src, size_t n, uint8_t *codes,
 *                               arb_screen_facts *facts);
 *
 * Computes    m = max |src_i|; scale = m / 127, or 0 where m < 2^-100; code_i = src_i * (127 / m)
 *             rounded to nearest even, plus 128; square = sum src_i^2; error_square = sum (src_i -
 *             scale * (code_i - 128))^2
 * CPU         AVX2, FMA
 * In          rdi src, rsi n (1..8192), rdx codes, rcx facts: scale, square, error_square
 * Registers   ymm0 largest magnitudes, later the scale; ymm1 all but signs, later the inverse
 *             scale; ymm2, ymm3 sums of squares, later of errors; ymm4-ymm6 elements and errors;
 *             ymm7 128; r8 elements in whole vectors, r9 the element, eax scratch
 * Reads       exactly 4 * n bytes of src
 * Writes      n codes, rounded up to a multiple of four by 128s, and 12 bytes of facts; all at any
 *             alignment, not overlapping
 * Loop        8 elements, the rest one at a time, twice: for the largest, then for the codes
 */
#include "asm/arb_asm.h"

/* Into the lowest lane of xmm\v. */
.macro ACROSS op, v, scratch
        vextractf128  xmm\scratch, ymm\v, 1
        \op           xmm\v, xmm\v, xmm\scratch
        vpermilps     xmm\scratch, xmm\v, 0x4e
        \op           xmm\v, xmm\v, xmm\scratch
        vpermilps     xmm\scratch, xmm\v, 0xb1
        \op           xmm\v, xmm\v, xmm\scratch
.endm

ARB_FUNCTION arb_screen_code_avx2
        mov           r8, rsi
        and           r8, -8
        mov           eax, 0x7fffffff
        vmovd         xmm1, eax
        vpbroadcastd  ymm1, xmm1
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        xor           r9d, r9d
        test          r8, r8
        jz            .Llook_one
        .balign 32
.Llook: /* 8 elements */
        vmovups       ymm4, [rdi + 4 * r9]
        vfmadd231ps   ymm2, ymm4, ymm4
        vpand         ymm4, ymm4, ymm1
        vmaxps        ymm0, ymm0, ymm4
        add           r9, 8
        cmp           r9, r8
        jb            .Llook
        jmp           .Llooked
.Llook_one: /* into the lowest lanes */
        vmovss        xmm4, dword ptr [rdi + 4 * r9]
        vfmadd231ss   xmm3, xmm4, xmm4
        vpand         xmm4, xmm4, xmm1
        vmaxps        ymm0, ymm0, ymm4
        inc           r9
.Llooked:
        cmp           r9, rsi
        jb            .Llook_one
        vaddps        ymm2, ymm2, ymm3
        ACROSS        vmaxps, 0, 4
        ACROSS        vaddps, 2, 4
        vmovss        dword ptr [rcx + 4], xmm2
        mov           eax, 0x42fe0000 /* 127.0 */
        vmovd         xmm1, eax
        mov           eax, 0x0d800000 /* 2^-100 */
        vmovd         xmm2, eax
        vcmpss        xmm2, xmm0, xmm2, 5 /* not less than */
        vdivss        xmm3, xmm0, xmm1
        vdivss        xmm1, xmm1, xmm0
        vpand         xmm0, xmm3, xmm2
        vpand         xmm1, xmm1, xmm2
        vmovss        dword ptr [rcx], xmm0
        vpbroadcastd  ymm0, xmm0
        vpbroadcastd  ymm1, xmm1
        mov           eax, 128
        vmovd         xmm7, eax
        vpbroadcastd  ymm7, xmm7

        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        xor           r9d, r9d
        test          r8, r8
        jz            .Lcode_one
        .balign 32
.Lcode: /* 8 elements */
        vmovups       ymm4, [rdi + 4 * r9]
        vmulps        ymm5, ymm4, ymm1
        vcvtps2dq     ymm5, ymm5
        vcvtdq2ps     ymm6, ymm5
        vfnmadd213ps  ymm6, ymm0, ymm4
        vfmadd231ps   ymm2, ymm6, ymm6
        vpaddd        ymm5, ymm5, ymm7
        vextracti128  xmm6, ymm5, 1
        vpackssdw     xmm5, xmm5, xmm6
        vpackuswb     xmm5, xmm5, xmm5
        vmovq         qword ptr [rdx + r9], xmm5
        add           r9, 8
        cmp           r9, r8
        jb            .Lcode
        jmp           .Lcoded
.Lcode_one:
        vmovss        xmm4, dword ptr [rdi + 4 * r9]
        vmulss        xmm5, xmm4, xmm1
        vcvtss2si     eax, xmm5
        vcvtsi2ss     xmm6, xmm5, eax
        vfnmadd213ss  xmm6, xmm0, xmm4
        vfmadd231ss   xmm3, xmm6, xmm6
        sub           eax, -128
        mov           byte ptr [rdx + r9], al
        inc           r9
.Lcoded:
        cmp           r9, rsi
        jb            .Lcode_one
        vaddps        ymm2, ymm2, ymm3
        ACROSS        vaddps, 2, 4
        vmovss        dword ptr [rcx + 8], xmm2
        jmp           .Lpad
.Lpad_one:
        mov           byte ptr [rdx + r9], 128
        inc           r9
.Lpad:
        test          r9, 3
        jnz           .Lpad_one
        vzeroupper
        ret
ARB_END arb_screen_code_avx2

ARB_FILE_END
