/* arb_sq4_dots_avx2: dot products of an int8 query and groups of four rows of 4-bit codes.
 *
 *     void arb_sq4_dots_avx2(const int8_t *query, const uint8_t *codes, size_t steps,
 *                            size_t groups, float *out);
 *
 * Computes    sum q * c for each of 4 * groups rows, q in -127..127, c in 0..15; exact in int32,
 *             then converted. kernels.h has the layout of a group
 * CPU         AVX2
 * In          rdi query, rsi codes, rdx steps of 32 elements (1..256), rcx groups (0 is allowed),
 *             r8 out
 * Out         4 * groups floats at r8
 * Registers   ymm0, ymm1 sums; ymm2, ymm3 spread four bytes of the query over a half each; ymm4-ymm7
 *             codes, then products; ymm8-ymm13 query; ymm14 nibbles, ymm15 1 in each word; r9 bytes a
 *             group, r11 bytes of the query, rax steps left
 * Reads       exactly 32 * steps bytes at query, 64 * steps * groups at codes, at any alignment
 * Loop        64 bytes of each of two groups: a lane is a row. Eight products of at most 15 * 127
 *             meet in a word before it is widened: 15240 fits
 */
#include "asm/arb_asm.h"

/* 32 elements of the query, four to a half: ymm10, ymm11 the low ones, ymm12, ymm13 the high ones. */
.macro QUERY
        vbroadcasti128 ymm8, [rdi]
        vbroadcasti128 ymm9, [rdi + 16]
        vpshufb       ymm10, ymm8, ymm2
        vpshufb       ymm11, ymm8, ymm3
        vpshufb       ymm12, ymm9, ymm2
        vpshufb       ymm13, ymm9, ymm3
.endm

/* The products of 32 bytes, as words in `sum`; ymm6 is scratch. */
.macro HALF sum, low, high, at:vararg
        vmovdqu       ymm6, \at
        vpand         \sum, ymm6, ymm14
        vpsrlw        ymm6, ymm6, 4
        vpand         ymm6, ymm6, ymm14
        vpmaddubsw    \sum, \sum, \low
        vpmaddubsw    ymm6, ymm6, \high
        vpaddw        \sum, \sum, ymm6
.endm

/* 64 bytes of one group into its sum. */
.macro GROUP sum, at:vararg
        HALF          ymm4, ymm10, ymm12, [\at]
        HALF          ymm5, ymm11, ymm13, [\at + 32]
        vpaddw        ymm4, ymm4, ymm5
        vpmaddwd      ymm4, ymm4, ymm15
        vpaddd        \sum, \sum, ymm4
.endm

ARB_FUNCTION arb_sq4_dots_avx2
        vmovdqu       ymm2, [rip + .Lspread]
        vmovdqu       ymm3, [rip + .Lspread + 32]
        mov           eax, 0x0f0f0f0f
        vmovd         xmm14, eax
        vpbroadcastd  ymm14, xmm14
        mov           eax, 0x00010001
        vmovd         xmm15, eax
        vpbroadcastd  ymm15, xmm15
        mov           r9, rdx
        shl           r9, 6
        mov           r11, rdx
        shl           r11, 5
        sub           rcx, 2
        jb            .Lone
        .balign 32
.Ltwo: /* two groups */
        mov           rax, rdx
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        .balign 32
.Ltwo_step:
        QUERY
        GROUP         ymm0, rsi
        GROUP         ymm1, rsi + r9
        add           rdi, 32
        add           rsi, 64
        dec           rax
        jnz           .Ltwo_step
        sub           rdi, r11
        add           rsi, r9
        vperm2i128    ymm4, ymm0, ymm1, 0x20
        vperm2i128    ymm5, ymm0, ymm1, 0x31
        vpaddd        ymm4, ymm4, ymm5
        vcvtdq2ps     ymm4, ymm4
        vmovups       [r8], ymm4
        add           r8, 32
        sub           rcx, 2
        jae           .Ltwo
.Lone: /* rcx = -2: none is left, -1: one */
        add           rcx, 2
        jz            .Ldone
        vpxor         xmm0, xmm0, xmm0
.Lone_step:
        QUERY
        GROUP         ymm0, rsi
        add           rdi, 32
        add           rsi, 64
        dec           rdx
        jnz           .Lone_step
        vextracti128  xmm1, ymm0, 1
        vpaddd        xmm0, xmm0, xmm1
        vcvtdq2ps     xmm0, xmm0
        vmovups       [r8], xmm0
.Ldone:
        vzeroupper
        ret
ARB_END arb_sq4_dots_avx2

        .section .rodata
        .balign 32
.Lspread:
        .irp quarter, 0, 4, 8, 12
        .rept 4
        .byte \quarter, \quarter + 1, \quarter + 2, \quarter + 3
        .endr
        .endr

ARB_FILE_END
