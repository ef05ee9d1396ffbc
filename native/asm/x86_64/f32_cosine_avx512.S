/* arb_f32_cosine_avx512: 1 - cosine similarity of a query and a row of float32.
 *
 *     float arb_f32_cosine_avx512(const void *query, const void *row, size_t dim);
 *
 * Computes    1 - sum qr / (sqrt(sum qq) * sqrt(sum rr))
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi query, rsi row, rdx dim in elements (0 is allowed)
 * Out         xmm0
 * Registers   zmm0-zmm3 sums of qr, zmm4-zmm7 of qq, zmm8-zmm11 of rr; zmm12, zmm13 elements
 *             of query and row; k1 the mask of the tail; rax scratch
 * Reads       exactly 4 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        4 x 16 elements of each vector, each 16 into its own FP32 sums: 4 chains hide
 *             the latency of FMA
 */
#include "asm/arb_asm.h"

/* 16 elements at byte `at` of both vectors into the three sums. */
.macro STEP qr, qq, rr, q, r, at
        vmovups       \q, [rdi + \at]
        vmovups       \r, [rsi + \at]
        vfmadd231ps   \qr, \q, \r
        vfmadd231ps   \qq, \q, \q
        vfmadd231ps   \rr, \r, \r
.endm

ARB_FUNCTION arb_f32_cosine_avx512
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        vpxor         xmm\n, xmm\n, xmm\n
        .endr
        cmp           rdx, 64
        jb            .Lsteps
        .balign 32
.Lblock: /* 64 elements */
        STEP          zmm0, zmm4, zmm8, zmm12, zmm13, 0
        STEP          zmm1, zmm5, zmm9, zmm12, zmm13, 64
        STEP          zmm2, zmm6, zmm10, zmm12, zmm13, 128
        STEP          zmm3, zmm7, zmm11, zmm12, zmm13, 192
        add           rdi, 256
        add           rsi, 256
        sub           rdx, 64
        cmp           rdx, 64
        jae           .Lblock
.Lsteps: /* fewer than 64 are left: 16 at a time */
        cmp           rdx, 16
        jb            .Ltail
        STEP          zmm0, zmm4, zmm8, zmm12, zmm13, 0
        add           rdi, 64
        add           rsi, 64
        sub           rdx, 16
        jmp           .Lsteps
.Ltail: /* 0..15 are left; what the mask leaves out reads as zero and is not touched */
        test          edx, edx
        jz            .Lmerge
        mov           eax, -1
        bzhi          eax, eax, edx
        kmovw         k1, eax
        vmovups       zmm12{k1}{z}, [rdi]
        vmovups       zmm13{k1}{z}, [rsi]
        vfmadd231ps   zmm0, zmm12, zmm13
        vfmadd231ps   zmm4, zmm12, zmm12
        vfmadd231ps   zmm8, zmm13, zmm13
.Lmerge:
        vaddps        zmm0, zmm0, zmm1
        vaddps        zmm2, zmm2, zmm3
        vaddps        zmm0, zmm0, zmm2
        vaddps        zmm4, zmm4, zmm5
        vaddps        zmm6, zmm6, zmm7
        vaddps        zmm4, zmm4, zmm6
        vaddps        zmm8, zmm8, zmm9
        vaddps        zmm10, zmm10, zmm11
        vaddps        zmm8, zmm8, zmm10
        /* fold the three sums side by side: qr, qq, rr and a repeat of rr in one register */
        vextractf64x4 ymm12, zmm0, 1
        vaddps        ymm0, ymm0, ymm12
        vextractf64x4 ymm12, zmm4, 1
        vaddps        ymm4, ymm4, ymm12
        vextractf64x4 ymm12, zmm8, 1
        vaddps        ymm8, ymm8, ymm12
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
ARB_END arb_f32_cosine_avx512

ARB_FILE_END
