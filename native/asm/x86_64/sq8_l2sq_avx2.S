/* arb_sq8_l2sq_avx2: squared L2 distance of two vectors of SQ8 codes.
 *
 *     float arb_sq8_l2sq_avx2(const void *query, const void *row, size_t dim);
 *
 * Computes    sum (q - r)^2, both uint8; exact in int32 for dim <= 8192, then converted
 * CPU         AVX2
 * In          rdi query, rsi row, rdx dim in elements (0 is allowed)
 * Out         xmm0
 * Registers   ymm0-ymm3 sums; ymm4-ymm6 codes, differences, squares; ymm15 0x00ff in each word; eax
 *             scratch
 * Reads       exactly dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        2 x 32 elements: |q - r| on bytes, then its even and odd bytes as words by mask and
 *             shift (no shuffle), squared and added in pairs into int32 by VPMADDWD
 */
#include "asm/arb_asm.h"
#include "asm/x86_64/tail.inc"

/* The codes in ymm4 and ymm5 into both sums. */
.macro SUM even, odd
        vpsubusb      ymm6, ymm4, ymm5
        vpsubusb      ymm5, ymm5, ymm4
        vpor          ymm4, ymm5, ymm6
        vpand         ymm5, ymm4, ymm15
        vpsrlw        ymm4, ymm4, 8
        vpmaddwd      ymm5, ymm5, ymm5
        vpmaddwd      ymm4, ymm4, ymm4
        vpaddd        \even, \even, ymm5
        vpaddd        \odd, \odd, ymm4
.endm

/* 32 elements at byte `at` of both vectors into the sums. */
.macro STEP even, odd, at
        vmovdqu       ymm4, [rdi + \at]
        vmovdqu       ymm5, [rsi + \at]
        SUM           \even, \odd
.endm

ARB_FUNCTION arb_sq8_l2sq_avx2
        mov           eax, 0x00ff00ff
        vmovd         xmm15, eax
        vpbroadcastd  ymm15, xmm15
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        cmp           rdx, 64
        jb            .Lsingle
        .balign 32
.Lblock: /* 64 elements */
        STEP          ymm0, ymm1, 0
        STEP          ymm2, ymm3, 32
        add           rdi, 64
        add           rsi, 64
        sub           rdx, 64
        cmp           rdx, 64
        jae           .Lblock
.Lsingle: /* fewer than 64 are left */
        cmp           rdx, 32
        jb            .Ltail
        STEP          ymm0, ymm1, 0
        add           rdi, 32
        add           rsi, 32
        sub           rdx, 32
.Ltail: /* 0..31 are left */
        test          edx, edx
        jz            .Lmerge
        arb_load_tail_u8 4, rdi, edx
        arb_load_tail_u8 5, rsi, edx
        SUM           ymm2, ymm3
.Lmerge:
        vpaddd        ymm0, ymm0, ymm1
        vpaddd        ymm2, ymm2, ymm3
        vpaddd        ymm0, ymm0, ymm2
        vextracti128  xmm1, ymm0, 1
        vpaddd        xmm0, xmm0, xmm1
        vpshufd       xmm1, xmm0, 0x4e
        vpaddd        xmm0, xmm0, xmm1
        vpshufd       xmm1, xmm0, 0xb1
        vpaddd        xmm0, xmm0, xmm1
        vcvtdq2ps     xmm0, xmm0
        vzeroupper
        ret
ARB_END arb_sq8_l2sq_avx2

ARB_FILE_END
