/* arb_f32_dot_x4_avx2: dot product of one query and four rows of float32.
 *
 *     void arb_f32_dot_x4_avx2(const void *query, const void *const rows[4],
 *                              size_t dim, float out[4]);
 *
 * Computes    sum q * r for each row
 * CPU         AVX2, FMA, F16C
 * In          rdi query, rsi four row pointers, rdx dim in elements (0 is allowed), rcx out
 * Out         four floats at rcx
 * Registers   ymm0-ymm3 sums of the rows, ymm4-ymm7 their second sums; ymm8 query; ymm10-ymm13
 *             elements of the rows; ymm15 the mask of the tail; r8-r11 rows, rax byte offset
 *             in every vector, rsi scratch
 * Reads       exactly 4 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        2 x 8 elements: the query is loaded once for four rows; eight chains hide the
 *             latency of FMA
 */
#include "asm/arb_asm.h"

/* 8 elements of a row into its sum. */
.macro ROW sum, row, q, at
        vfmadd231ps   \sum, \q, [\row + rax + \at]
.endm

ARB_FUNCTION arb_f32_dot_x4_avx2
        mov           r8, [rsi]
        mov           r9, [rsi + 8]
        mov           r10, [rsi + 16]
        mov           r11, [rsi + 24]
        xor           eax, eax
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7
        vpxor         xmm\n, xmm\n, xmm\n
        .endr
        cmp           rdx, 16
        jb            .Lsteps
        .balign 32
.Lblock: /* 16 elements of every vector */
        vmovups       ymm8, [rdi + rax]
        ROW           ymm0, r8, ymm8, 0
        ROW           ymm1, r9, ymm8, 0
        ROW           ymm2, r10, ymm8, 0
        ROW           ymm3, r11, ymm8, 0
        vmovups       ymm8, [rdi + rax + 32]
        ROW           ymm4, r8, ymm8, 32
        ROW           ymm5, r9, ymm8, 32
        ROW           ymm6, r10, ymm8, 32
        ROW           ymm7, r11, ymm8, 32
        add           rax, 64
        sub           rdx, 16
        cmp           rdx, 16
        jae           .Lblock
.Lsteps: /* fewer than 16 are left */
        cmp           rdx, 8
        jb            .Ltail
        vmovups       ymm8, [rdi + rax]
        ROW           ymm0, r8, ymm8, 0
        ROW           ymm1, r9, ymm8, 0
        ROW           ymm2, r10, ymm8, 0
        ROW           ymm3, r11, ymm8, 0
        add           rax, 32
        sub           rdx, 8
.Ltail: /* 0..7 are left; what the mask leaves out reads as zero and is not touched */
        test          edx, edx
        jz            .Lmerge
        vmovd         xmm15, edx
        vpbroadcastd  ymm15, xmm15
        vpcmpgtd      ymm15, ymm15, ymmword ptr [rip + .Llanes]
        vmaskmovps    ymm8, ymm15, [rdi + rax]
        vmaskmovps    ymm10, ymm15, [r8 + rax]
        vmaskmovps    ymm11, ymm15, [r9 + rax]
        vmaskmovps    ymm12, ymm15, [r10 + rax]
        vmaskmovps    ymm13, ymm15, [r11 + rax]
        vfmadd231ps   ymm0, ymm8, ymm10
        vfmadd231ps   ymm1, ymm8, ymm11
        vfmadd231ps   ymm2, ymm8, ymm12
        vfmadd231ps   ymm3, ymm8, ymm13
.Lmerge:
        vaddps        ymm0, ymm0, ymm4
        vaddps        ymm1, ymm1, ymm5
        vaddps        ymm2, ymm2, ymm6
        vaddps        ymm3, ymm3, ymm7
        /* four horizontal sums at once: xmm0 = row 0, 1, 2, 3 */
        vhaddps       ymm0, ymm0, ymm1
        vhaddps       ymm2, ymm2, ymm3
        vhaddps       ymm0, ymm0, ymm2
        vextractf128  xmm9, ymm0, 1
        vaddps        xmm0, xmm0, xmm9
        vmovups       [rcx], xmm0
        vzeroupper
        ret
ARB_END arb_f32_dot_x4_avx2

        .section .rodata
        .balign 32
.Llanes:
        .long   0, 1, 2, 3, 4, 5, 6, 7

ARB_FILE_END
