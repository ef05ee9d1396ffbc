/* arb_f32_cosine_avx2: 1 - cosine similarity of a query and a row of float32.
 *
 *     float arb_f32_cosine_avx2(const void *query, const void *row, size_t dim);
 *
 * Computes    1 - sum qr / (sqrt(sum qq) * sqrt(sum rr))
 * CPU         AVX2, FMA, F16C
 * In          rdi query, rsi row, rdx dim in elements (0 is allowed)
 * Out         xmm0
 * Registers   ymm0-ymm3 sums of qr, ymm4-ymm7 of qq, ymm8-ymm11 of rr; ymm12, ymm13 elements
 *             of query and row; ymm15 the mask of the tail; rax scratch
 * Reads       exactly 4 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        4 x 8 elements of each vector, each 8 into its own FP32 sums: 4 chains hide the
 *             latency of FMA
 */
#include "asm/arb_asm.h"

/* 8 elements at byte `at` of both vectors into the three sums. */
.macro STEP qr, qq, rr, q, r, at
        vmovups       \q, [rdi + \at]
        vmovups       \r, [rsi + \at]
        vfmadd231ps   \qr, \q, \r
        vfmadd231ps   \qq, \q, \q
        vfmadd231ps   \rr, \r, \r
.endm

ARB_FUNCTION arb_f32_cosine_avx2
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        vpxor         xmm\n, xmm\n, xmm\n
        .endr
        cmp           rdx, 32
        jb            .Lsteps
        .balign 32
.Lblock: /* 32 elements */
        STEP          ymm0, ymm4, ymm8, ymm12, ymm13, 0
        STEP          ymm1, ymm5, ymm9, ymm12, ymm13, 32
        STEP          ymm2, ymm6, ymm10, ymm12, ymm13, 64
        STEP          ymm3, ymm7, ymm11, ymm12, ymm13, 96
        add           rdi, 128
        add           rsi, 128
        sub           rdx, 32
        cmp           rdx, 32
        jae           .Lblock
.Lsteps: /* fewer than 32 are left: 8 at a time */
        cmp           rdx, 8
        jb            .Ltail
        STEP          ymm0, ymm4, ymm8, ymm12, ymm13, 0
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
        vmaskmovps    ymm12, ymm15, [rdi]
        vmaskmovps    ymm13, ymm15, [rsi]
        vfmadd231ps   ymm0, ymm12, ymm13
        vfmadd231ps   ymm4, ymm12, ymm12
        vfmadd231ps   ymm8, ymm13, ymm13
.Lmerge:
        vaddps        ymm0, ymm0, ymm1
        vaddps        ymm2, ymm2, ymm3
        vaddps        ymm0, ymm0, ymm2
        vaddps        ymm4, ymm4, ymm5
        vaddps        ymm6, ymm6, ymm7
        vaddps        ymm4, ymm4, ymm6
        vaddps        ymm8, ymm8, ymm9
        vaddps        ymm10, ymm10, ymm11
        vaddps        ymm8, ymm8, ymm10
        /* fold the three sums side by side: qr, qq, rr and a repeat of rr in one register */
        vhaddps       ymm0, ymm0, ymm4
        vhaddps       ymm8, ymm8, ymm8
        vhaddps       ymm0, ymm0, ymm8
        vextractf128  xmm12, ymm0, 1
        vaddps        xmm0, xmm0, xmm12
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
ARB_END arb_f32_cosine_avx2

        .section .rodata
        .balign 32
.Llanes:
        .long   0, 1, 2, 3, 4, 5, 6, 7

ARB_FILE_END
