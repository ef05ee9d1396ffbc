/* arb_f32_cosine_x4_avx2: 1 - cosine similarity of one query and four rows of float32.
 *
 *     void arb_f32_cosine_x4_avx2(const void *query, const void *const rows[4],
 *                                 size_t dim, float out[4]);
 *
 * Computes    1 - sum qr / (sqrt(sum qq) * sqrt(sum rr)) for each row
 * CPU         AVX2, FMA, F16C
 * In          rdi query, rsi four row pointers, rdx dim in elements (0 is allowed), rcx out
 * Out         four floats at rcx
 * Registers   ymm0-ymm3 sums of qr, ymm4-ymm7 of rr, ymm8 of qq; ymm9 query; ymm10-ymm13
 *             elements of the rows; ymm15 the mask of the tail; r8-r11 rows, rax byte offset
 *             in every vector, rsi scratch
 * Reads       exactly 4 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        8 elements: the query is loaded and squared once for four rows; nine chains hide
 *             the latency of FMA
 */
#include "asm/arb_asm.h"

/* 8 elements of a row into its two sums. */
.macro ROW qr, rr, row, q, r, at
        vmovups       \r, [\row + rax + \at]
        vfmadd231ps   \qr, \q, \r
        vfmadd231ps   \rr, \r, \r
.endm

ARB_FUNCTION arb_f32_cosine_x4_avx2
        mov           r8, [rsi]
        mov           r9, [rsi + 8]
        mov           r10, [rsi + 16]
        mov           r11, [rsi + 24]
        xor           eax, eax
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8
        vpxor         xmm\n, xmm\n, xmm\n
        .endr
        cmp           rdx, 8
        jb            .Ltail
        .balign 32
.Lblock: /* 8 elements of every vector */
        vmovups       ymm9, [rdi + rax]
        vfmadd231ps   ymm8, ymm9, ymm9
        ROW           ymm0, ymm4, r8, ymm9, ymm10, 0
        ROW           ymm1, ymm5, r9, ymm9, ymm11, 0
        ROW           ymm2, ymm6, r10, ymm9, ymm12, 0
        ROW           ymm3, ymm7, r11, ymm9, ymm13, 0
        add           rax, 32
        sub           rdx, 8
        cmp           rdx, 8
        jae           .Lblock
.Ltail: /* 0..7 are left; what the mask leaves out reads as zero and is not touched */
        test          edx, edx
        jz            .Lmerge
        vmovd         xmm15, edx
        vpbroadcastd  ymm15, xmm15
        vpcmpgtd      ymm15, ymm15, ymmword ptr [rip + .Llanes]
        vmaskmovps    ymm9, ymm15, [rdi + rax]
        vmaskmovps    ymm10, ymm15, [r8 + rax]
        vmaskmovps    ymm11, ymm15, [r9 + rax]
        vmaskmovps    ymm12, ymm15, [r10 + rax]
        vmaskmovps    ymm13, ymm15, [r11 + rax]
        vfmadd231ps   ymm0, ymm9, ymm10
        vfmadd231ps   ymm4, ymm10, ymm10
        vfmadd231ps   ymm1, ymm9, ymm11
        vfmadd231ps   ymm5, ymm11, ymm11
        vfmadd231ps   ymm2, ymm9, ymm12
        vfmadd231ps   ymm6, ymm12, ymm12
        vfmadd231ps   ymm3, ymm9, ymm13
        vfmadd231ps   ymm7, ymm13, ymm13
        vfmadd231ps   ymm8, ymm9, ymm9
.Lmerge:
        /* four horizontal sums at once: xmm0 = row 0, 1, 2, 3 */
        vhaddps       ymm0, ymm0, ymm1
        vhaddps       ymm2, ymm2, ymm3
        vhaddps       ymm0, ymm0, ymm2
        vextractf128  xmm9, ymm0, 1
        vaddps        xmm0, xmm0, xmm9
        /* the same of rr into xmm4; qq into every lane of xmm8 */
        vhaddps       ymm4, ymm4, ymm5
        vhaddps       ymm6, ymm6, ymm7
        vhaddps       ymm4, ymm4, ymm6
        vextractf128  xmm9, ymm4, 1
        vaddps        xmm4, xmm4, xmm9
        vextractf128  xmm9, ymm8, 1
        vaddps        xmm8, xmm8, xmm9
        vhaddps       xmm8, xmm8, xmm8
        vhaddps       xmm8, xmm8, xmm8
        /* 1 - qr / (sqrt(qq) * sqrt(rr)) */
        vsqrtps       xmm4, xmm4
        vsqrtps       xmm8, xmm8
        vmulps        xmm4, xmm4, xmm8
        vdivps        xmm0, xmm0, xmm4
        mov           eax, 0x3f800000
        vmovd         xmm1, eax
        vbroadcastss  xmm1, xmm1
        vsubps        xmm0, xmm1, xmm0
        vmovups       [rcx], xmm0
        vzeroupper
        ret
ARB_END arb_f32_cosine_x4_avx2

        .section .rodata
        .balign 32
.Llanes:
        .long   0, 1, 2, 3, 4, 5, 6, 7

ARB_FILE_END
