/* arb_f16_l2sq_x4_avx2: squared L2 distance of one query and four rows of FP16.
 *
 *     void arb_f16_l2sq_x4_avx2(const void *query, const void *const rows[4],
 *                               size_t dim, float out[4]);
 *
 * Computes    sum (q - r)^2 for each row
 * CPU         AVX2, FMA, F16C
 * In          rdi query, rsi four row pointers, rdx dim in elements (0 is allowed), rcx out
 * Out         four floats at rcx
 * Registers   ymm0-ymm3 sums of the rows; ymm4 query; ymm10-ymm13 elements of the rows; xmm15
 *             the mask of the tail; r8-r11 rows, rax byte offset in every vector, rsi scratch
 * Reads       exactly 2 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        8 elements: the query is loaded and widened once for four rows; four chains of
 *             FMA, which widening keeps further apart than their latency
 */
#include "asm/arb_asm.h"

/* 8 elements of a row into its sum. */
.macro ROW sum, row, q, r, at
        vcvtph2ps     \r, [\row + rax + \at]
        vsubps        \r, \q, \r
        vfmadd231ps   \sum, \r, \r
.endm

ARB_FUNCTION arb_f16_l2sq_x4_avx2
        mov           r8, [rsi]
        mov           r9, [rsi + 8]
        mov           r10, [rsi + 16]
        mov           r11, [rsi + 24]
        xor           eax, eax
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        cmp           rdx, 8
        jb            .Ltail
        .balign 32
.Lblock: /* 8 elements of every vector */
        vcvtph2ps     ymm4, [rdi + rax]
        ROW           ymm0, r8, ymm4, ymm10, 0
        ROW           ymm1, r9, ymm4, ymm11, 0
        ROW           ymm2, r10, ymm4, ymm12, 0
        ROW           ymm3, r11, ymm4, ymm13, 0
        add           rax, 16
        sub           rdx, 8
        cmp           rdx, 8
        jae           .Lblock
.Ltail: /* 0..7 are left; what the mask leaves out reads as zero and is not touched */
        test          edx, edx
        jz            .Lmerge
        /* pairs by a masked load, an odd last half into lane 7, which the pairs leave free */
        mov           esi, edx
        shr           esi, 1
        vmovd         xmm15, esi
        vpbroadcastd  xmm15, xmm15
        vpcmpgtd      xmm15, xmm15, xmmword ptr [rip + .Llanes]
        vpmaskmovd    xmm4, xmm15, [rdi + rax]
        vpmaskmovd    xmm10, xmm15, [r8 + rax]
        vpmaskmovd    xmm11, xmm15, [r9 + rax]
        vpmaskmovd    xmm12, xmm15, [r10 + rax]
        vpmaskmovd    xmm13, xmm15, [r11 + rax]
        test          edx, 1
        jz            .Lwiden
        lea           rax, [rax + 2*rdx - 2]
        vpinsrw       xmm4, xmm4, word ptr [rdi + rax], 7
        vpinsrw       xmm10, xmm10, word ptr [r8 + rax], 7
        vpinsrw       xmm11, xmm11, word ptr [r9 + rax], 7
        vpinsrw       xmm12, xmm12, word ptr [r10 + rax], 7
        vpinsrw       xmm13, xmm13, word ptr [r11 + rax], 7
.Lwiden:
        vcvtph2ps     ymm4, xmm4
        vcvtph2ps     ymm10, xmm10
        vcvtph2ps     ymm11, xmm11
        vcvtph2ps     ymm12, xmm12
        vcvtph2ps     ymm13, xmm13
        vsubps        ymm10, ymm4, ymm10
        vfmadd231ps   ymm0, ymm10, ymm10
        vsubps        ymm11, ymm4, ymm11
        vfmadd231ps   ymm1, ymm11, ymm11
        vsubps        ymm12, ymm4, ymm12
        vfmadd231ps   ymm2, ymm12, ymm12
        vsubps        ymm13, ymm4, ymm13
        vfmadd231ps   ymm3, ymm13, ymm13
.Lmerge:
        /* four horizontal sums at once: xmm0 = row 0, 1, 2, 3 */
        vhaddps       ymm0, ymm0, ymm1
        vhaddps       ymm2, ymm2, ymm3
        vhaddps       ymm0, ymm0, ymm2
        vextractf128  xmm9, ymm0, 1
        vaddps        xmm0, xmm0, xmm9
        vmovups       [rcx], xmm0
        vzeroupper
        ret
ARB_END arb_f16_l2sq_x4_avx2

        .section .rodata
        .balign 16
.Llanes:
        .long   0, 1, 2, 3

ARB_FILE_END
