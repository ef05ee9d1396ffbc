/* arb_sq8_encode_avx2: floats to SQ8 codes.
 *
 *     void arb_sq8_encode_avx2(const float *src, const float *offset, float inverse_scale,
 *                              uint8_t *dst, size_t n);
 *
 * Computes    (src_i - offset_i) * inverse_scale, rounded to nearest even, kept within 0..255; NaN
 *             gives 0
 * CPU         AVX2
 * In          rdi src, rsi offset, xmm0 inverse_scale, rdx dst, rcx n elements (0 is allowed)
 * Registers   ymm0 inverse_scale, ymm1 0, ymm3 255 in each lane; ymm2 the elements; xmm4, eax scratch
 * Reads       exactly 4 * n bytes of src and of offset
 * Writes      exactly n bytes of dst; all at any alignment, not overlapping
 * Loop        8 elements; the rest one at a time. VMAXPS gives its second operand for a NaN
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_sq8_encode_avx2
        vbroadcastss  ymm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        mov           eax, 0x437f0000 /* 255.0 */
        vmovd         xmm3, eax
        vpbroadcastd  ymm3, xmm3
        cmp           rcx, 8
        jb            .Ltail
        .balign 32
.Lblock: /* 8 elements */
        vmovups       ymm2, [rdi]
        vsubps        ymm2, ymm2, [rsi]
        vmulps        ymm2, ymm2, ymm0
        vmaxps        ymm2, ymm2, ymm1
        vminps        ymm2, ymm2, ymm3
        vcvtps2dq     ymm2, ymm2
        vextracti128  xmm4, ymm2, 1
        vpackssdw     xmm2, xmm2, xmm4
        vpackuswb     xmm2, xmm2, xmm2
        vmovq         qword ptr [rdx], xmm2
        add           rdi, 32
        add           rsi, 32
        add           rdx, 8
        sub           rcx, 8
        cmp           rcx, 8
        jae           .Lblock
.Ltail: /* 0..7 are left */
        test          ecx, ecx
        jz            .Ldone
.Lone:
        vmovss        xmm2, dword ptr [rdi]
        vsubss        xmm2, xmm2, dword ptr [rsi]
        vmulss        xmm2, xmm2, xmm0
        vmaxss        xmm2, xmm2, xmm1
        vminss        xmm2, xmm2, xmm3
        vcvtss2si     eax, xmm2
        mov           byte ptr [rdx], al
        add           rdi, 4
        add           rsi, 4
        add           rdx, 1
        dec           ecx
        jnz           .Lone
.Ldone:
        vzeroupper
        ret
ARB_END arb_sq8_encode_avx2

ARB_FILE_END
