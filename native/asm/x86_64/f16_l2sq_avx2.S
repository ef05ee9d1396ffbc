/* arb_f16_l2sq_avx2: squared L2 distance of a query and a row of FP16.
 *
 *     float arb_f16_l2sq_avx2(const void *query, const void *row, size_t dim);
 *
 * Computes    sum (q - r)^2
 * CPU         AVX2, FMA, F16C
 * In          rdi query, rsi row, rdx dim in elements (0 is allowed)
 * Out         xmm0
 * Registers   ymm0-ymm3 sums; ymm4, ymm5 elements of query and row; xmm15 the mask of the
 *             tail; rax scratch
 * Reads       exactly 2 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        4 x 8 elements of each vector, widened to FP32, each 8 into its own FP32 sum: 4
 *             chains hide the latency of FMA
 */
#include "asm/arb_asm.h"

/* 8 elements at byte `at` of both vectors into the sum. */
.macro STEP sum, q, r, at
        vcvtph2ps     \q, [rdi + \at]
        vcvtph2ps     \r, [rsi + \at]
        vsubps        \q, \q, \r
        vfmadd231ps   \sum, \q, \q
.endm

ARB_FUNCTION arb_f16_l2sq_avx2
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        cmp           rdx, 32
        jb            .Lsteps
        .balign 32
.Lblock: /* 32 elements */
        STEP          ymm0, ymm4, ymm5, 0
        STEP          ymm1, ymm4, ymm5, 16
        STEP          ymm2, ymm4, ymm5, 32
        STEP          ymm3, ymm4, ymm5, 48
        add           rdi, 64
        add           rsi, 64
        sub           rdx, 32
        cmp           rdx, 32
        jae           .Lblock
.Lsteps: /* fewer than 32 are left: 8 at a time */
        cmp           rdx, 8
        jb            .Ltail
        STEP          ymm0, ymm4, ymm5, 0
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
        vpmaskmovd    xmm4, xmm15, [rdi]
        vpmaskmovd    xmm5, xmm15, [rsi]
        test          edx, 1
        jz            .Lwiden
        vpinsrw       xmm4, xmm4, word ptr [rdi + 2*rdx - 2], 7
        vpinsrw       xmm5, xmm5, word ptr [rsi + 2*rdx - 2], 7
.Lwiden:
        vcvtph2ps     ymm4, xmm4
        vcvtph2ps     ymm5, xmm5
        vsubps        ymm4, ymm4, ymm5
        vfmadd231ps   ymm0, ymm4, ymm4
.Lmerge:
        vaddps        ymm0, ymm0, ymm1
        vaddps        ymm2, ymm2, ymm3
        vaddps        ymm0, ymm0, ymm2
        vextractf128  xmm1, ymm0, 1
        vaddps        xmm0, xmm0, xmm1
        vmovhlps      xmm1, xmm0, xmm0
        vaddps        xmm0, xmm0, xmm1
        vmovshdup     xmm1, xmm0
        vaddss        xmm0, xmm0, xmm1
        vzeroupper
        ret
ARB_END arb_f16_l2sq_avx2

        .section .rodata
        .balign 16
.Llanes:
        .long   0, 1, 2, 3

ARB_FILE_END
