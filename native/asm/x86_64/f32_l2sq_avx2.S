/* arb_f32_l2sq_avx2: squared L2 distance of a query and a row of float32.
 *
 *     float arb_f32_l2sq_avx2(const void *query, const void *row, size_t dim);
 *
 * Computes    sum (q - r)^2
 * CPU         AVX2, FMA, F16C
 * In          rdi query, rsi row, rdx dim in elements (0 is allowed)
 * Out         xmm0
 * Registers   ymm0-ymm3 sums; ymm4, ymm5 elements of query and row; ymm15 the mask of the
 *             tail; rax scratch
 * Reads       exactly 4 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        4 x 8 elements of each vector, each 8 into its own FP32 sum: 4 chains hide the
 *             latency of FMA
 */
#include "asm/arb_asm.h"

/* 8 elements at byte `at` of both vectors into the sum. */
.macro STEP sum, q, r, at
        vmovups       \q, [rdi + \at]
        vsubps        \q, \q, [rsi + \at]
        vfmadd231ps   \sum, \q, \q
.endm

ARB_FUNCTION arb_f32_l2sq_avx2
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        cmp           rdx, 32
        jb            .Lsteps
        .balign 32
.Lblock: /* 32 elements */
        STEP          ymm0, ymm4, ymm5, 0
        STEP          ymm1, ymm4, ymm5, 32
        STEP          ymm2, ymm4, ymm5, 64
        STEP          ymm3, ymm4, ymm5, 96
        add           rdi, 128
        add           rsi, 128
        sub           rdx, 32
        cmp           rdx, 32
        jae           .Lblock
.Lsteps: /* fewer than 32 are left: 8 at a time */
        cmp           rdx, 8
        jb            .Ltail
        STEP          ymm0, ymm4, ymm5, 0
        add           rdi, 32
        add           rsi, 32
        sub           rdx, 8
        jmp           .Lsteps
.Ltail: /* 0..7 are left; what the mask leaves out reads as zero and is not touched */
        test          edx, edx
        jz            .Lmerge
        vmovd         xmm15, edx
        vpbroadcastd  ymm15, xmm15
        vpcmpgtd      ymm15, ymm15, ymmword ptr [rip + .Llanes]
        vmaskmovps    ymm4, ymm15, [rdi]
        vmaskmovps    ymm5, ymm15, [rsi]
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
ARB_END arb_f32_l2sq_avx2

        .section .rodata
        .balign 32
.Llanes:
        .long   0, 1, 2, 3, 4, 5, 6, 7

ARB_FILE_END
