/* arb_sq8_dot_avx512vnni: dot product of an int8 query and a row of SQ8 codes.
 *
 *     float arb_sq8_dot_avx512vnni(const void *query, const void *row, size_t dim);
 *
 * Computes    sum q * r, q int8, r uint8; exact in int32 for dim <= 8192, then converted
 * CPU         AVX-512 F, BW, DQ, VL; BMI2; AVX-512 VNNI
 * In          rdi query, rsi row, rdx dim in elements (0 is allowed)
 * Out         xmm0
 * Registers   zmm0-zmm3 sums; zmm4 codes of the row; zmm5 the query's tail; k1 the mask of the
 *             tail; rax scratch
 * Reads       exactly dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        4 x 64 elements, each 64 into its own sum: VPDPBUSD adds four products of bytes to an
 *             int32 lane without saturating on the way, its latency is 5 cycles, two start a cycle
 */
#include "asm/arb_asm.h"

/* 64 elements at byte `at` of both vectors into the sum. */
.macro STEP sum, at
        vmovdqu8      zmm4, [rsi + \at]
        vpdpbusd      \sum, zmm4, [rdi + \at]
.endm

ARB_FUNCTION arb_sq8_dot_avx512vnni
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        cmp           rdx, 256
        jb            .Lpair
        .balign 32
.Lblock: /* 256 elements */
        STEP          zmm0, 0
        STEP          zmm1, 64
        STEP          zmm2, 128
        STEP          zmm3, 192
        add           rdi, 256
        add           rsi, 256
        sub           rdx, 256
        cmp           rdx, 256
        jae           .Lblock
.Lpair: /* fewer than 256 are left */
        cmp           rdx, 128
        jb            .Lsingle
        STEP          zmm0, 0
        STEP          zmm1, 64
        add           rdi, 128
        add           rsi, 128
        sub           rdx, 128
.Lsingle:
        cmp           rdx, 64
        jb            .Ltail
        STEP          zmm2, 0
        add           rdi, 64
        add           rsi, 64
        sub           rdx, 64
.Ltail: /* 0..63 are left; what the mask leaves out reads as zero and is not touched */
        test          edx, edx
        jz            .Lmerge
        mov           rax, -1
        bzhi          rax, rax, rdx
        kmovq         k1, rax
        vmovdqu8      zmm4{k1}{z}, [rsi]
        vmovdqu8      zmm5{k1}{z}, [rdi]
        vpdpbusd      zmm3, zmm4, zmm5
.Lmerge:
        vpaddd        zmm0, zmm0, zmm1
        vpaddd        zmm2, zmm2, zmm3
        vpaddd        zmm0, zmm0, zmm2
        vextracti64x4 ymm1, zmm0, 1
        vpaddd        ymm0, ymm0, ymm1
        vextracti128  xmm1, ymm0, 1
        vpaddd        xmm0, xmm0, xmm1
        vpshufd       xmm1, xmm0, 0x4e
        vpaddd        xmm0, xmm0, xmm1
        vpshufd       xmm1, xmm0, 0xb1
        vpaddd        xmm0, xmm0, xmm1
        vcvtdq2ps     xmm0, xmm0
        vzeroupper
        ret
ARB_END arb_sq8_dot_avx512vnni

ARB_FILE_END
