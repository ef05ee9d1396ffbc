/* arb_f32_cosine_x4_avx512: 1 - cosine similarity of one query and four rows of float32.
 *
 *     void arb_f32_cosine_x4_avx512(const void *query, const void *const rows[4],
 *                                   size_t dim, float out[4]);
 *
 * Computes    1 - sum qr / (sqrt(sum qq) * sqrt(sum rr)) for each row
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi query, rsi four row pointers, rdx dim in elements (0 is allowed), rcx out
 * Out         four floats at rcx
 * Registers   zmm0-zmm3 sums of qr, zmm4-zmm7 of rr, zmm8 of qq; zmm9 query; zmm10-zmm13
 *             elements of the rows; k1 the mask of the tail; r8-r11 rows, rax byte offset in
 *             every vector, rsi scratch
 * Reads       exactly 4 * dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        16 elements: the query is loaded and squared once for four rows; nine chains
 *             hide the latency of FMA
 */
#include "asm/arb_asm.h"

/* 16 elements of a row into its two sums. */
.macro ROW qr, rr, row, q, r, at
        vmovups       \r, [\row + rax + \at]
        vfmadd231ps   \qr, \q, \r
        vfmadd231ps   \rr, \r, \r
.endm

ARB_FUNCTION arb_f32_cosine_x4_avx512
        mov           r8, [rsi]
        mov           r9, [rsi + 8]
        mov           r10, [rsi + 16]
        mov           r11, [rsi + 24]
        xor           eax, eax
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8
        vpxor         xmm\n, xmm\n, xmm\n
        .endr
        cmp           rdx, 16
        jb            .Ltail
        .balign 32
.Lblock: /* 16 elements of every vector */
        vmovups       zmm9, [rdi + rax]
        vfmadd231ps   zmm8, zmm9, zmm9
        ROW           zmm0, zmm4, r8, zmm9, zmm10, 0
        ROW           zmm1, zmm5, r9, zmm9, zmm11, 0
        ROW           zmm2, zmm6, r10, zmm9, zmm12, 0
        ROW           zmm3, zmm7, r11, zmm9, zmm13, 0
        add           rax, 64
        sub           rdx, 16
        cmp           rdx, 16
        jae           .Lblock
.Ltail: /* 0..15 are left; what the mask leaves out reads as zero and is not touched */
        test          edx, edx
        jz            .Lmerge
        mov           esi, -1
        bzhi          esi, esi, edx
        kmovw         k1, esi
        vmovups       zmm9{k1}{z}, [rdi + rax]
        vmovups       zmm10{k1}{z}, [r8 + rax]
        vmovups       zmm11{k1}{z}, [r9 + rax]
        vmovups       zmm12{k1}{z}, [r10 + rax]
        vmovups       zmm13{k1}{z}, [r11 + rax]
        vfmadd231ps   zmm0, zmm9, zmm10
        vfmadd231ps   zmm4, zmm10, zmm10
        vfmadd231ps   zmm1, zmm9, zmm11
        vfmadd231ps   zmm5, zmm11, zmm11
        vfmadd231ps   zmm2, zmm9, zmm12
        vfmadd231ps   zmm6, zmm12, zmm12
        vfmadd231ps   zmm3, zmm9, zmm13
        vfmadd231ps   zmm7, zmm13, zmm13
        vfmadd231ps   zmm8, zmm9, zmm9
.Lmerge:
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
        /* the same of rr into xmm4; qq into every lane of xmm8 */
        vextractf64x4 ymm9, zmm4, 1
        vaddps        ymm4, ymm4, ymm9
        vextractf64x4 ymm9, zmm5, 1
        vaddps        ymm5, ymm5, ymm9
        vextractf64x4 ymm9, zmm6, 1
        vaddps        ymm6, ymm6, ymm9
        vextractf64x4 ymm9, zmm7, 1
        vaddps        ymm7, ymm7, ymm9
        vhaddps       ymm4, ymm4, ymm5
        vhaddps       ymm6, ymm6, ymm7
        vhaddps       ymm4, ymm4, ymm6
        vextractf128  xmm9, ymm4, 1
        vaddps        xmm4, xmm4, xmm9
        vextractf64x4 ymm9, zmm8, 1
        vaddps        ymm8, ymm8, ymm9
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
ARB_END arb_f32_cosine_x4_avx512

ARB_FILE_END
