/* arb_screen_avx2: which rows of int8 codes may be near which of 64 queries.
 *
 *     void arb_screen_avx2(const arb_screen_panel *panel, const arb_screen_row *rows, size_t steps,
 *                          size_t count, uint64_t *passed);
 *
 * Computes    for each row r and lane l, S = sum z * (c - 128) over 4 * steps elements, z of the
 *             lane, c of the row, exact in int32 for steps <= 2048; then bit l of passed[r] =
 *             !(fma(scale_l * (float)S, scale_r, slack_r) < limit_l), 1 for NaN
 * CPU         AVX2, FMA
 * In          rdi panel (at 0 int32 start[64], at 256 float scale[64], at 512 float limit[64], at
 *             768 four bytes of each lane a step), rsi rows (float scale, float slack, 4 * steps
 *             codes each, one behind the other), rdx steps (1..2048), rcx count (0 is allowed), r8
 *             passed
 * Registers   ymm0-ymm7 sums: ymm(2 * row + v) is eight lanes; ymm8-ymm11 the panel's even and odd
 *             elements as words; ymm12, ymm13 even and odd codes of a row, later its scale and
 *             slack; ymm14 products; ymm15 even bytes; r9 bytes a row, rsi codes of the first row
 *             of four, r10 of the fourth, rax the panel's step, r11 steps left
 * Reads       768 + 256 * steps bytes at panel, count * (8 + 4 * steps) at rows, at any alignment
 * Writes      8 * count bytes at passed
 * Loop        four elements of four rows and 16 lanes, in words: products of bytes would not fit
 *             the pairs of VPMADDUBSW. Sums begin at start, where 128 times each lane's elements is
 *             taken off. A lane is a query, so that nothing is summed across lanes
 */
#include "asm/arb_asm.h"

/* 16 lanes of a step: even elements to ymm8 and ymm10, odd ones to ymm9 and ymm11. */
.macro STEP_OF_PANEL
        vmovdqu       ymm9, [rax]
        vmovdqu       ymm11, [rax + 32]
        vpsllw        ymm8, ymm9, 8
        vpsllw        ymm10, ymm11, 8
        vpsraw        ymm8, ymm8, 8
        vpsraw        ymm9, ymm9, 8
        vpsraw        ymm10, ymm10, 8
        vpsraw        ymm11, ymm11, 8
.endm

/* Four codes of a row against it. */
.macro ROW s0, s1, at:vararg
        vpbroadcastd  ymm13, \at
        vpand         ymm12, ymm13, ymm15
        vpsrlw        ymm13, ymm13, 8
        vpmaddwd      ymm14, ymm12, ymm8
        vpaddd        \s0, \s0, ymm14
        vpmaddwd      ymm12, ymm12, ymm10
        vpaddd        \s1, \s1, ymm12
        vpmaddwd      ymm14, ymm13, ymm9
        vpaddd        \s0, \s0, ymm14
        vpmaddwd      ymm13, ymm13, ymm11
        vpaddd        \s1, \s1, ymm13
.endm

/* Eight sums of a row, those of half `half` of lane block `block`, into bits of `bits`. */
.macro JUDGE sum, block, half, bits
        vcvtdq2ps     \sum, \sum
        vmulps        \sum, \sum, [rdi + 256 + 64 * \block + 32 * \half]
        vfmadd213ps   \sum, ymm12, ymm13
        vcmpps        \sum, \sum, [rdi + 512 + 64 * \block + 32 * \half], 5 /* not less than */
        vmovmskps     \bits, \sum
.endm

/* 16 bits of row `row` of the four, whose codes are at `codes`. */
.macro PASS row, s0, s1, block, codes:vararg
        vbroadcastss  ymm12, [\codes - 8]
        vbroadcastss  ymm13, [\codes - 4]
        JUDGE         \s0, \block, 0, eax
        JUDGE         \s1, \block, 1, r11d
        shl           r11d, 8
        or            eax, r11d
        mov           word ptr [r8 + 8 * \row + 2 * \block], ax
.endm

ARB_FUNCTION arb_screen_avx2
        mov           eax, 0x00ff00ff
        vmovd         xmm15, eax
        vpbroadcastd  ymm15, xmm15
        lea           r9, [4 * rdx + 8]
        add           rsi, 8
        sub           rcx, 4
        jb            .Lsingles
.Lfour: /* rows */
        lea           r10, [r9 + 2 * r9]
        add           r10, rsi
        .irp block, 0, 1, 2, 3
        .irp v, 0, 2, 4, 6
        vmovdqu       ymm\v, [rdi + 64 * \block]
        .endr
        .irp v, 1, 3, 5, 7
        vmovdqu       ymm\v, [rdi + 64 * \block + 32]
        .endr
        lea           rax, [rdi + 768 + 64 * \block]
        mov           r11, rdx
        .balign 32
.Lfour_step\block:
        STEP_OF_PANEL
        ROW           ymm0, ymm1, [rsi]
        ROW           ymm2, ymm3, [rsi + r9]
        ROW           ymm4, ymm5, [rsi + 2 * r9]
        ROW           ymm6, ymm7, [r10]
        add           rax, 256
        add           rsi, 4
        add           r10, 4
        dec           r11
        jnz           .Lfour_step\block
        lea           rax, [r9 - 8] /* back to the first codes */
        sub           rsi, rax
        sub           r10, rax
        PASS          0, ymm0, ymm1, \block, rsi
        PASS          1, ymm2, ymm3, \block, rsi + r9
        PASS          2, ymm4, ymm5, \block, rsi + 2 * r9
        PASS          3, ymm6, ymm7, \block, r10
        .endr
        lea           rsi, [r10 + r9]
        add           r8, 32
        sub           rcx, 4
        jae           .Lfour
.Lsingles: /* rcx + 4 rows are left, fewer than four */
        add           rcx, 4
        jz            .Ldone
.Lone:
        .irp block, 0, 1, 2, 3
        vmovdqu       ymm0, [rdi + 64 * \block]
        vmovdqu       ymm1, [rdi + 64 * \block + 32]
        lea           rax, [rdi + 768 + 64 * \block]
        xor           r11d, r11d
.Lone_step\block:
        STEP_OF_PANEL
        ROW           ymm0, ymm1, [rsi + 4 * r11]
        add           rax, 256
        inc           r11
        cmp           r11, rdx
        jb            .Lone_step\block
        PASS          0, ymm0, ymm1, \block, rsi
        .endr
        add           rsi, r9
        add           r8, 8
        dec           rcx
        jnz           .Lone
.Ldone:
        vzeroupper
        ret
ARB_END arb_screen_avx2

ARB_FILE_END
