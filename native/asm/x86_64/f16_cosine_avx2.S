/* arb_f16_cosine_avx2: 1 - cosine similarity of a query and a row of FP16.
 *
 *     float arb_f16_cosine_avx2(const void *query, const void *row, size_t dim);
 *
 * Computes    1 - sum qr / (sqrt(sum qq) * sqrt(sum rr))
 * CPU         AVX2, FMA, F16C
 * In          rdi query, rsi row, rdx dim in elements (0 is allowed)
 * Out         xmm0
 * Registers   ymm0-ymm1 sums of qr, ymm2-ymm3 of qq, ymm4-ymm5 of rr; ymm6, ymm7 elements of
 *             query and row; xmm15 the mask of the tail; rax scratch
 * Reads       exactly 2 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        2 x 8 elements of each vector, widened to FP32, each 8 into its own FP32 sums: 2
 *             chains hide the latency of FMA
 */
#include "asm/arb_asm.h"

/* 8 elements at byte `at` of both vectors into the three sums. */
.macro STEP qr, qq, rr, q, r, at
        vcvtph2ps     \q, [rdi + \at]
        vcvtph2ps     \r, [rsi + \at]
        vfmadd231ps   \qr, \q, \r
        vfmadd231ps   \qq, \q, \q
        vfmadd231ps   \rr, \r, \r
.endm

ARB_FUNCTION arb_f16_cosine_avx2
        .irp n, 0, 1, 2, 3, 4, 5
        vpxor         xmm\n, xmm\n, xmm\n
        .endr
        cmp           rdx, 16
        jb            .Lsteps
        .balign 32
.Lblock: /* 16 elements */
        STEP          ymm0, ymm2, ymm4, ymm6, ymm7, 0
        STEP          ymm1, ymm3, ymm5, ymm6, ymm7, 16
        add           rdi, 32
        add           rsi, 32
        sub           rdx, 16
        cmp           rdx, 16
        jae           .Lblock
.Lsteps: /* fewer than 16 are left: 8 at a time */
        cmp           rdx, 8
        jb            .Ltail
        STEP          ymm0, ymm2, ymm4, ymm6, ymm7, 0
        add           rdi, 16
        add           rsi, 16
        sub           rdx, 8
        jmp           .Lsteps
.Ltail: /* 0..7 are left; what the mask leaves out reads as zero and is not touched */
        test          edx, edx
        jz            .Lmerge
        /* pairs by a masked load, an odd last half into lane 7, which the pairs leave free */
        mov           eax, edx
        shr           eax, 1
        vmovd         xmm15, eax
        vpbroadcastd  xmm15, xmm15
        vpcmpgtd      xmm15, xmm15, xmmword ptr [rip + .Llanes]
        vpmaskmovd    xmm6, xmm15, [rdi]
        vpmaskmovd    xmm7, xmm15, [rsi]
        test          edx, 1
        jz            .Lwiden
        vpinsrw       xmm6, xmm6, word ptr [rdi + 2*rdx - 2], 7
        vpinsrw       xmm7, xmm7, word ptr [rsi + 2*rdx - 2], 7
.Lwiden:
        vcvtph2ps     ymm6, xmm6
        vcvtph2ps     ymm7, xmm7
        vfmadd231ps   ymm0, ymm6, ymm7
        vfmadd231ps   ymm2, ymm6, ymm6
        vfmadd231ps   ymm4, ymm7, ymm7
.Lmerge:
        vaddps        ymm0, ymm0, ymm1
        vaddps        ymm2, ymm2, ymm3
        vaddps        ymm4, ymm4, ymm5
        /* fold the three sums side by side: qr, qq, rr and a repeat of rr in one register */
        vhaddps       ymm0, ymm0, ymm2
        vhaddps       ymm4, ymm4, ymm4
        vhaddps       ymm0, ymm0, ymm4
        vextractf128  xmm6, ymm0, 1
        vaddps        xmm0, xmm0, xmm6
        vmovshdup     xmm1, xmm0
        vmovhlps      xmm2, xmm2, xmm0
        /* 1 - dot / (sqrt(qq) * sqrt(rr)) */
        vsqrtss       xmm1, xmm1, xmm1
        vsqrtss       xmm2, xmm2, xmm2
        vmulss        xmm1, xmm1, xmm2
        vdivss        xmm0, xmm0, xmm1
        mov           eax, 0x3f800000
        vmovd         xmm1, eax
        vsubss        xmm0, xmm1, xmm0
        vzeroupper
        ret
ARB_END arb_f16_cosine_avx2

        .section .rodata
        .balign 16
.Llanes:
        .long   0, 1, 2, 3

ARB_FILE_END
