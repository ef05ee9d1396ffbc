/* arb_sq8_dot_x4_avx512vnni: dot products of an int8 query and four rows of SQ8 codes.
 *
 *     void arb_sq8_dot_x4_avx512vnni(const void *query, const void *const rows[4],
 *                                    size_t dim, float out[4]);
 *
 * Computes    sum q * r for each row, q int8, r uint8; exact in int32 for dim <= 8192, then converted
 * CPU         AVX-512 F, BW, DQ, VL; BMI2; AVX-512 VNNI
 * In          rdi query, rsi four row pointers, rdx dim in elements (0 is allowed), rcx out
 * Out         four floats at rcx
 * Registers   zmm0-zmm3 sums of the rows; zmm4-zmm7 their sums over every other block; zmm8, zmm9
 *             query; zmm10-zmm13 codes of the rows; k1 the mask of the tail; r8-r11 rows, rax byte
 *             offset in every vector, rsi scratch
 * Reads       exactly dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        2 x 64 elements: the query is loaded once for four rows; eight chains of VPDPBUSD,
 *             whose latency is 5 cycles
 */
#include "asm/arb_asm.h"

/* 64 elements of each row into the sums. */
.macro ROWS sum0, sum1, sum2, sum3, q, at
        vmovdqu8      zmm10, [r8 + rax + \at]
        vmovdqu8      zmm11, [r9 + rax + \at]
        vmovdqu8      zmm12, [r10 + rax + \at]
        vmovdqu8      zmm13, [r11 + rax + \at]
        vpdpbusd      \sum0, zmm10, \q
        vpdpbusd      \sum1, zmm11, \q
        vpdpbusd      \sum2, zmm12, \q
        vpdpbusd      \sum3, zmm13, \q
.endm

ARB_FUNCTION arb_sq8_dot_x4_avx512vnni
        mov           r8, [rsi]
        mov           r9, [rsi + 8]
        mov           r10, [rsi + 16]
        mov           r11, [rsi + 24]
        xor           eax, eax
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        vpxor         xmm4, xmm4, xmm4
        vpxor         xmm5, xmm5, xmm5
        vpxor         xmm6, xmm6, xmm6
        vpxor         xmm7, xmm7, xmm7
        cmp           rdx, 128
        jb            .Lsingle
        .balign 32
.Lblock: /* 128 elements of every vector */
        vmovdqu8      zmm8, [rdi + rax]
        ROWS          zmm0, zmm1, zmm2, zmm3, zmm8, 0
        vmovdqu8      zmm9, [rdi + rax + 64]
        ROWS          zmm4, zmm5, zmm6, zmm7, zmm9, 64
        add           rax, 128
        sub           rdx, 128
        cmp           rdx, 128
        jae           .Lblock
.Lsingle: /* fewer than 128 are left */
        cmp           rdx, 64
        jb            .Ltail
        vmovdqu8      zmm8, [rdi + rax]
        ROWS          zmm0, zmm1, zmm2, zmm3, zmm8, 0
        add           rax, 64
        sub           rdx, 64
.Ltail: /* 0..63 are left; what the mask leaves out reads as zero and is not touched */
        test          edx, edx
        jz            .Lmerge
        mov           rsi, -1
        bzhi          rsi, rsi, rdx
        kmovq         k1, rsi
        vmovdqu8      zmm8{k1}{z}, [rdi + rax]
        vmovdqu8      zmm10{k1}{z}, [r8 + rax]
        vmovdqu8      zmm11{k1}{z}, [r9 + rax]
        vmovdqu8      zmm12{k1}{z}, [r10 + rax]
        vmovdqu8      zmm13{k1}{z}, [r11 + rax]
        vpdpbusd      zmm4, zmm10, zmm8
        vpdpbusd      zmm5, zmm11, zmm8
        vpdpbusd      zmm6, zmm12, zmm8
        vpdpbusd      zmm7, zmm13, zmm8
.Lmerge:
        vpaddd        zmm0, zmm0, zmm4
        vpaddd        zmm1, zmm1, zmm5
        vpaddd        zmm2, zmm2, zmm6
        vpaddd        zmm3, zmm3, zmm7
        /* four horizontal sums at once: xmm0 = row 0, 1, 2, 3 */
        vextracti64x4 ymm4, zmm0, 1
        vpaddd        ymm0, ymm0, ymm4
        vextracti64x4 ymm5, zmm1, 1
        vpaddd        ymm1, ymm1, ymm5
        vextracti64x4 ymm6, zmm2, 1
        vpaddd        ymm2, ymm2, ymm6
        vextracti64x4 ymm7, zmm3, 1
        vpaddd        ymm3, ymm3, ymm7
        vphaddd       ymm0, ymm0, ymm1
        vphaddd       ymm2, ymm2, ymm3
        vphaddd       ymm0, ymm0, ymm2
        vextracti128  xmm4, ymm0, 1
        vpaddd        xmm0, xmm0, xmm4
        vcvtdq2ps     xmm0, xmm0
        vmovups       [rcx], xmm0
        vzeroupper
        ret
ARB_END arb_sq8_dot_x4_avx512vnni

ARB_FILE_END
