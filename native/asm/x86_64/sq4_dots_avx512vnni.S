/* arb_sq4_dots_avx512vnni: dot products of an int8 query and groups of four rows of 4-bit codes.
 *
 *     void arb_sq4_dots_avx512vnni(const int8_t *query, const uint8_t *codes, size_t steps,
 *                                  size_t groups, float *out);
 *
 * Computes    sum q * c for each of 4 * groups rows, q in -127..127, c in 0..15; exact in int32,
 *             then converted. kernels.h has the layout of a group
 * CPU         AVX-512 F, BW; AVX-512 VNNI
 * In          rdi query, rsi codes, rdx steps of 32 elements (1..256), rcx groups (0 is allowed),
 *             r8 out
 * Out         4 * groups floats at r8
 * Registers   zmm0-zmm3 sums of the low nibbles' products, zmm4-zmm7 of the high ones', in which
 *             codes count 16 times; zmm8-zmm11 merging; zmm16, zmm17 query; zmm20, zmm21 codes; zmm29
 *             spreads four bytes of the query over a quarter each, zmm30, zmm31 nibbles; r9 bytes a
 *             group, r10 the fourth group, r11 bytes of the query, rax steps left
 * Reads       exactly 32 * steps bytes at query, 64 * steps * groups at codes, at any alignment
 * Loop        64 bytes of each of four groups: a lane is a row, so that nothing is summed across
 *             lanes but once at the end; the query is loaded once for sixteen rows
 */
#include "asm/arb_asm.h"

/* 32 elements of the query: a quarter of zmm16 has four low elements, of zmm17 four high ones. */
.macro QUERY
        vbroadcasti32x4 zmm16, [rdi]
        vbroadcasti32x4 zmm17, [rdi + 16]
        vpshufb       zmm16, zmm16, zmm29
        vpshufb       zmm17, zmm17, zmm29
.endm

/* 64 bytes of one group into its sums. */
.macro GROUP low, high, at:vararg
        vmovdqu64     zmm20, \at
        vpandd        zmm21, zmm20, zmm30
        vpandd        zmm20, zmm20, zmm31
        vpdpbusd      \low, zmm21, zmm16
        vpdpbusd      \high, zmm20, zmm17
.endm

/* low += high / 16, which leaves no rest. */
.macro MERGE_NIBBLES low, high
        vpsrad        \high, \high, 4
        vpaddd        \low, \low, \high
.endm

ARB_FUNCTION arb_sq4_dots_avx512vnni
        vmovdqu64     zmm29, [rip + .Lspread]
        mov           eax, 0x0f0f0f0f
        vpbroadcastd  zmm30, eax
        vpslld        zmm31, zmm30, 4
        mov           r9, rdx
        shl           r9, 6
        mov           r11, rdx
        shl           r11, 5
        sub           rcx, 4
        jb            .Ltwo
        .balign 32
.Lfour: /* four groups */
        lea           r10, [r9 + 2 * r9]
        add           r10, rsi
        mov           rax, rdx
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        vpxor         xmm4, xmm4, xmm4
        vpxor         xmm5, xmm5, xmm5
        vpxor         xmm6, xmm6, xmm6
        vpxor         xmm7, xmm7, xmm7
        .balign 32
.Lfour_step:
        QUERY
        GROUP         zmm0, zmm4, [rsi]
        GROUP         zmm1, zmm5, [rsi + r9]
        GROUP         zmm2, zmm6, [rsi + 2 * r9]
        GROUP         zmm3, zmm7, [r10]
        add           rdi, 32
        add           rsi, 64
        add           r10, 64
        dec           rax
        jnz           .Lfour_step
        sub           rdi, r11
        mov           rsi, r10
        MERGE_NIBBLES zmm0, zmm4
        MERGE_NIBBLES zmm1, zmm5
        MERGE_NIBBLES zmm2, zmm6
        MERGE_NIBBLES zmm3, zmm7
        /* the quarters of each become one: first two of two groups beside each other, then all */
        vshufi64x2    zmm8, zmm0, zmm1, 0x44
        vshufi64x2    zmm9, zmm0, zmm1, 0xee
        vshufi64x2    zmm10, zmm2, zmm3, 0x44
        vshufi64x2    zmm11, zmm2, zmm3, 0xee
        vpaddd        zmm8, zmm8, zmm9
        vpaddd        zmm10, zmm10, zmm11
        vshufi64x2    zmm9, zmm8, zmm10, 0x88
        vshufi64x2    zmm11, zmm8, zmm10, 0xdd
        vpaddd        zmm9, zmm9, zmm11
        vcvtdq2ps     zmm9, zmm9
        vmovups       [r8], zmm9
        add           r8, 64
        sub           rcx, 4
        jae           .Lfour
.Ltwo: /* 0..3 groups are left */
        add           rcx, 2
        jnc           .Lone
        mov           rax, rdx
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm4, xmm4, xmm4
        vpxor         xmm5, xmm5, xmm5
.Ltwo_step:
        QUERY
        GROUP         zmm0, zmm4, [rsi]
        GROUP         zmm1, zmm5, [rsi + r9]
        add           rdi, 32
        add           rsi, 64
        dec           rax
        jnz           .Ltwo_step
        sub           rdi, r11
        add           rsi, r9
        MERGE_NIBBLES zmm0, zmm4
        MERGE_NIBBLES zmm1, zmm5
        vshufi64x2    zmm8, zmm0, zmm1, 0x88
        vshufi64x2    zmm9, zmm0, zmm1, 0xdd
        vpaddd        zmm8, zmm8, zmm9
        vextracti64x4 ymm9, zmm8, 1
        vshufi32x4    ymm10, ymm8, ymm9, 0
        vshufi32x4    ymm11, ymm8, ymm9, 3
        vpaddd        ymm10, ymm10, ymm11
        vcvtdq2ps     ymm10, ymm10
        vmovups       [r8], ymm10
        add           r8, 32
        sub           rcx, 2
.Lone: /* rcx = -2: none is left, -1: one */
        add           rcx, 2
        jz            .Ldone
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm4, xmm4, xmm4
.Lone_step:
        QUERY
        GROUP         zmm0, zmm4, [rsi]
        add           rdi, 32
        add           rsi, 64
        dec           rdx
        jnz           .Lone_step
        MERGE_NIBBLES zmm0, zmm4
        vextracti64x4 ymm1, zmm0, 1
        vpaddd        ymm0, ymm0, ymm1
        vextracti128  xmm1, ymm0, 1
        vpaddd        xmm0, xmm0, xmm1
        vcvtdq2ps     xmm0, xmm0
        vmovups       [r8], xmm0
.Ldone:
        vzeroupper
        ret
ARB_END arb_sq4_dots_avx512vnni

        .section .rodata
        .balign 64
.Lspread:
        .irp quarter, 0, 4, 8, 12
        .rept 4
        .byte \quarter, \quarter + 1, \quarter + 2, \quarter + 3
        .endr
        .endr

ARB_FILE_END
