/* arb_screen_avx512vnni: which rows of int8 codes may be near which of 64 queries.
 *
 *     void arb_screen_avx512vnni(const arb_screen_panel *panel, const arb_screen_row *rows,
 *                                size_t steps, size_t count, uint64_t *passed);
 *
 * Computes    for each row r and lane l, S = sum z * (c - 128) over 4 * steps elements, z of the
 *             lane, c of the row, exact in int32 for steps <= 2048; then bit l of passed[r] =
 *             !(fma(scale_l * (float)S, scale_r, slack_r) < limit_l), 1 for NaN
 * CPU         AVX-512 F, BW, DQ, VL; AVX-512 VNNI
 * In          rdi panel (at 0 int32 start[64], at 256 float scale[64], at 512 float limit[64], at
 *             768 four bytes of each lane a step), rsi rows (float scale, float slack, 4 * steps
 *             codes each, one behind the other), rdx steps (1..2048), rcx count (0 is allowed), r8
 *             passed
 * Registers   zmm0-zmm23 sums: zmm(4 * row + v) is lanes 16 * v to 16 * v + 15; zmm24-zmm27 the
 *             panel's step, later scales and limits; zmm28-zmm31 four codes of a row in each lane,
 *             later its scale and slack; k1-k4 lanes; r9 bytes a row, rsi codes of the first row of
 *             six, r10 of the fourth, rax the panel's step, r11 steps left
 * Reads       768 + 256 * steps bytes at panel, count * (8 + 4 * steps) at rows, at any alignment
 * Writes      8 * count bytes at passed
 * Loop        four elements of six rows and 64 lanes: 10 loads for 24 VPDPBUSD, which so many
 *             chains keep both ports busy with. VPDPBUSD takes codes for unsigned: sums begin at
 *             start, where 128 times each lane's elements is taken off. A lane is a query, so that
 *             nothing is summed across lanes
 */
#include "asm/arb_asm.h"

/* Four codes of a row against the step in zmm24-zmm27. */
.macro ROW s0, s1, s2, s3, codes, at:vararg
        vpbroadcastd  \codes, \at
        vpdpbusd      \s0, \codes, zmm24
        vpdpbusd      \s1, \codes, zmm25
        vpdpbusd      \s2, \codes, zmm26
        vpdpbusd      \s3, \codes, zmm27
.endm

.macro STEP_OF_PANEL
        vmovdqu64     zmm24, [rax]
        vmovdqu64     zmm25, [rax + 64]
        vmovdqu64     zmm26, [rax + 128]
        vmovdqu64     zmm27, [rax + 192]
.endm

/* 16 sums of a row; zmm28 is its scale, zmm29 its slack. */
.macro JUDGE sum, v, mask
        vcvtdq2ps     \sum, \sum
        vmulps        \sum, \sum, [rdi + 256 + 64 * \v]
        vfmadd213ps   \sum, zmm28, zmm29
        vcmpps        \mask, \sum, [rdi + 512 + 64 * \v], 5 /* not less than */
        kmovw         [r8 + 2 * \v], \mask
.endm

/* The bits of a row whose codes are at `codes`. */
.macro PASS s0, s1, s2, s3, codes:vararg
        vbroadcastss  zmm28, [\codes - 8]
        vbroadcastss  zmm29, [\codes - 4]
        JUDGE         \s0, 0, k1
        JUDGE         \s1, 1, k2
        JUDGE         \s2, 2, k3
        JUDGE         \s3, 3, k4
        add           r8, 8
.endm

ARB_FUNCTION arb_screen_avx512vnni
        lea           r9, [4 * rdx + 8]
        add           rsi, 8
        sub           rcx, 6
        jb            .Lsingles
        .balign 32
.Lsix: /* rows */
        lea           r10, [r9 + 2 * r9]
        add           r10, rsi
        lea           rax, [rdi + 768]
        mov           r11, rdx
        .irp v, 0, 4, 8, 12, 16, 20
        vmovdqu64     zmm\v, [rdi]
        .endr
        .irp v, 1, 5, 9, 13, 17, 21
        vmovdqu64     zmm\v, [rdi + 64]
        .endr
        .irp v, 2, 6, 10, 14, 18, 22
        vmovdqu64     zmm\v, [rdi + 128]
        .endr
        .irp v, 3, 7, 11, 15, 19, 23
        vmovdqu64     zmm\v, [rdi + 192]
        .endr
        .balign 32
.Lsix_step:
        STEP_OF_PANEL
        ROW           zmm0, zmm1, zmm2, zmm3, zmm28, [rsi]
        ROW           zmm4, zmm5, zmm6, zmm7, zmm29, [rsi + r9]
        ROW           zmm8, zmm9, zmm10, zmm11, zmm30, [rsi + 2 * r9]
        ROW           zmm12, zmm13, zmm14, zmm15, zmm31, [r10]
        ROW           zmm16, zmm17, zmm18, zmm19, zmm28, [r10 + r9]
        ROW           zmm20, zmm21, zmm22, zmm23, zmm29, [r10 + 2 * r9]
        add           rax, 256
        add           rsi, 4
        add           r10, 4
        dec           r11
        jnz           .Lsix_step
        lea           rax, [r9 - 8] /* back to the first codes */
        sub           rsi, rax
        sub           r10, rax
        PASS          zmm0, zmm1, zmm2, zmm3, rsi
        PASS          zmm4, zmm5, zmm6, zmm7, rsi + r9
        PASS          zmm8, zmm9, zmm10, zmm11, rsi + 2 * r9
        PASS          zmm12, zmm13, zmm14, zmm15, r10
        PASS          zmm16, zmm17, zmm18, zmm19, r10 + r9
        PASS          zmm20, zmm21, zmm22, zmm23, r10 + 2 * r9
        lea           rax, [r9 + 2 * r9]
        lea           rsi, [r10 + rax]
        sub           rcx, 6
        jae           .Lsix
.Lsingles: /* rcx + 6 rows are left, fewer than six */
        add           rcx, 6
        jz            .Ldone
.Lone:
        lea           rax, [rdi + 768]
        xor           r11d, r11d
        vmovdqu64     zmm0, [rdi]
        vmovdqu64     zmm1, [rdi + 64]
        vmovdqu64     zmm2, [rdi + 128]
        vmovdqu64     zmm3, [rdi + 192]
.Lone_step:
        STEP_OF_PANEL
        ROW           zmm0, zmm1, zmm2, zmm3, zmm28, [rsi + 4 * r11]
        add           rax, 256
        inc           r11
        cmp           r11, rdx
        jb            .Lone_step
        PASS          zmm0, zmm1, zmm2, zmm3, rsi
        add           rsi, r9
        dec           rcx
        jnz           .Lone
.Ldone:
        vzeroupper
        ret
ARB_END arb_screen_avx512vnni

ARB_FILE_END
