/* arb_sq8_decode_avx2: SQ8 codes to floats.
 *
 *     void arb_sq8_decode_avx2(const uint8_t *src, const float *offset, float scale,
 *                              float *dst, size_t n);
 *
 * Computes    offset_i + scale * src_i, the product rounded and then the sum
 * CPU         AVX2
 * In          rdi src, rsi offset, xmm0 scale, rdx dst, rcx n elements (0 is allowed)
 * Registers   ymm0 scale in each lane; ymm1 the elements; eax scratch
 * Reads       exactly n bytes of src, 4 * n of offset
 * Writes      exactly 4 * n bytes of dst; all at any alignment, not overlapping
 * Loop        8 elements; the rest one at a time
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_sq8_decode_avx2
        vbroadcastss  ymm0, xmm0
        cmp           rcx, 8
        jb            .Ltail
        .balign 32
.Lblock: /* 8 elements */
        vpmovzxbd     ymm1, qword ptr [rdi]
        vcvtdq2ps     ymm1, ymm1
        vmulps        ymm1, ymm1, ymm0
        vaddps        ymm1, ymm1, [rsi]
        vmovups       [rdx], ymm1
        add           rdi, 8
        add           rsi, 32
        add           rdx, 32
        sub           rcx, 8
        cmp           rcx, 8
        jae           .Lblock
.Ltail: /* 0..7 are left */
        test          ecx, ecx
        jz            .Ldone
        vpxor         xmm1, xmm1, xmm1
.Lone:
        movzx         eax, byte ptr [rdi]
        vcvtsi2ss     xmm1, xmm1, eax
        vmulss        xmm1, xmm1, xmm0
        vaddss        xmm1, xmm1, dword ptr [rsi]
        vmovss        dword ptr [rdx], xmm1
        add           rdi, 1
        add           rsi, 4
        add           rdx, 4
        dec           ecx
        jnz           .Lone
.Ldone:
        vzeroupper
        ret
ARB_END arb_sq8_decode_avx2

ARB_FILE_END
