/* arb_f32_dot_x4_avx512: dot product of one query and four rows of float32.
 *
 *     void arb_f32_dot_x4_avx512(const void *query, const void *const rows[4],
 *                                size_t dim, float out[4]);
 *
 * Computes    sum q * r for each row
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi query, rsi four row pointers, rdx dim in elements (0 is allowed), rcx out
 * Out         four floats at rcx
 * Registers   zmm0-zmm3 sums of the rows, zmm4-zmm7 their second sums; zmm8 query; zmm10-zmm13
 *             elements of the rows; k1 the mask of the tail; r8-r11 rows, rax byte offset in
 *             every vector, rsi scratch
 * Reads       exactly 4 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        2 x 16 elements: the query is loaded once for four rows; eight chains hide the
 *             latency of FMA
 */
#include "asm/arb_asm.h"

/* 16 elements of a row into its sum. */
.macro ROW sum, row, q, at
        vfmadd231ps   \sum, \q, [\row + rax + \at]
.endm

ARB_FUNCTION arb_f32_dot_x4_avx512
        mov           r8, [rsi]
        mov           r9, [rsi + 8]
        mov           r10, [rsi + 16]
        mov           r11, [rsi + 24]
        xor           eax, eax
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7
        vpxor         xmm\n, xmm\n, xmm\n
        .endr
        cmp           rdx, 32
        jb            .Lsteps
        .balign 32
.Lblock: /* 32 elements of every vector */
        vmovups       zmm8, [rdi + rax]
        ROW           zmm0, r8, zmm8, 0
        ROW           zmm1, r9, zmm8, 0
        ROW           zmm2, r10, zmm8, 0
        ROW           zmm3, r11, zmm8, 0
        vmovups       zmm8, [rdi + rax + 64]
        ROW           zmm4, r8, zmm8, 64
        ROW           zmm5, r9, zmm8, 64
        ROW           zmm6, r10, zmm8, 64
        ROW           zmm7, r11, zmm8, 64
        add           rax, 128
        sub           rdx, 32
        cmp           rdx, 32
        jae           .Lblock
.Lsteps: /* fewer than 32 are left */
        cmp           rdx, 16
        jb            .Ltail
        vmovups       zmm8, [rdi + rax]
        ROW           zmm0, r8, zmm8, 0
        ROW           zmm1, r9, zmm8, 0
        ROW           zmm2, r10, zmm8, 0
        ROW           zmm3, r11, zmm8, 0
        add           rax, 64
        sub           rdx, 16
.Ltail: /* 0..15 are left; what the mask leaves out reads as zero and is not touched */
        test          edx, edx
        jz            .Lmerge
        mov           esi, -1
        bzhi          esi, esi, edx
        kmovw         k1, esi
        vmovups       zmm8{k1}{z}, [rdi + rax]
        vmovups       zmm10{k1}{z}, [r8 + rax]
        vmovups       zmm11{k1}{z}, [r9 + rax]
        vmovups       zmm12{k1}{z}, [r10 + rax]
        vmovups       zmm13{k1}{z}, [r11 + rax]
        vfmadd231ps   zmm0, zmm8, zmm10
        vfmadd231ps   zmm1, zmm8, zmm11
        vfmadd231ps   zmm2, zmm8, zmm12
        vfmadd231ps   zmm3, zmm8, zmm13
.Lmerge:
        vaddps        zmm0, zmm0, zmm4
        vaddps        zmm1, zmm1, zmm5
        vaddps        zmm2, zmm2, zmm6
        vaddps        zmm3, zmm3, zmm7
        /* four horizontal sums at once: xmm0 = row 0, 1, 2, 3 */
        vextractf64x4 ymm9, zmm0, 1
        vaddps        ymm0, ymm0, ymm9
        vextractf64x4 ymm9, zmm1, 1
        vaddps        ymm1, ymm1, ymm9
        vextractf64x4 ymm9, zmm2, 1
        vaddps        ymm2, ymm2, ymm9
        vextractf64x4 ymm9, zmm3, 1
        vaddps        ymm3, ymm3, ymm9
        vhaddps       ymm0, ymm0, ymm1
        vhaddps       ymm2, ymm2, ymm3
        vhaddps       ymm0, ymm0, ymm2
        vextractf128  xmm9, ymm0, 1
        vaddps        xmm0, xmm0, xmm9
        vmovups       [rcx], xmm0
        vzeroupper
        ret
ARB_END arb_f32_dot_x4_avx512

ARB_FILE_END
