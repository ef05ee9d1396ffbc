/* arb_fastscan_near_neon: sums of table entries for blocks of 32 rows, and which may be near.
 *
 *   void arb_fastscan_near_neon(const arb_fastscan_bound *bound, const uint8_t *blocks,
 *                               size_t count, float *least, uint32_t *near);
 *
 * least of each row: (constant + bias) - f * (factor * sum + shift), sum being that of the entries
 * that the row's codes choose, each operation rounded; bit r of a block's word: 0 where that of row
 * r is > farthest, else 1. kernels.h has the layout of blocks and tables. A code is the index of a
 * table that fills a register (TBL); the four entries of a piece, of at most 63 each, meet in a
 * byte before they are widened, and what is widened is only the upper bytes of two: the lower ones
 * are what is left of the pairs' sums (mod 65536) without 256 times the upper ones'. So sums are
 * exact to 65535.
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 bound: tables, pieces (1..2048), constant, factor, shift, farthest; x1 blocks, x2
 *            count (0 is allowed), x3 least, x4 near
 * out        32 * count floats at x3, count words at x4
 * registers  v0-v3 tables; v4-v7 codes, then entries; then v0-v7 sums of rows, four each; v16, v18
 *            sums of bytes taken in pairs, of rows 0..7 with 16..23 and 8..15 with 24..31; v17, v19
 *            of the upper byte of each; v20, v21 entries, terms; v26 a bit in each byte; v27-v30 the
 *            bound; v31 0x0f in each byte; x5 tables, x6 pieces, x7 codes, x8 tables and x9 pieces
 *            left, x10 scratch. No stack, nothing callee-saved.
 * reads      no byte beside 128 * pieces of tables and count blocks of 256 + 64 * pieces; any
 *            alignment
 */
#include "asm/arb_asm.h"

    /* The entries of four groups, by the codes of the first two and of the others, into the sums. */
.macro LOOK_UP first, last, all, upper
    and     v20.16b, \first\().16b, v31.16b
    and     v21.16b, \last\().16b, v31.16b
    ushr    \first\().16b, \first\().16b, #4
    ushr    \last\().16b, \last\().16b, #4
    tbl     v20.16b, {v0.16b}, v20.16b
    tbl     v21.16b, {v1.16b}, v21.16b
    tbl     \first\().16b, {v2.16b}, \first\().16b
    tbl     \last\().16b, {v3.16b}, \last\().16b
    add     v20.16b, v20.16b, v21.16b
    add     \first\().16b, \first\().16b, \last\().16b
    add     v20.16b, v20.16b, \first\().16b
    add     \all\().8h, \all\().8h, v20.8h
    usra    \upper\().8h, v20.8h, #8
.endm

    /* What four rows' sums tell, from `row` on: v\s becomes all ones where they are too far. */
.macro HOLD s, row
    scvtf   v\s\().4s, v\s\().4s
    ldr     q20, [x1, #128 + 4 * \row]
    ldr     q21, [x1, #4 * \row]
    fmul    v\s\().4s, v\s\().4s, v28.4s
    fadd    v\s\().4s, v\s\().4s, v29.4s
    fmul    v\s\().4s, v\s\().4s, v20.4s
    fadd    v21.4s, v21.4s, v27.4s
    fsub    v\s\().4s, v21.4s, v\s\().4s
    str     q\s, [x3, #4 * \row]
    fcmgt   v\s\().4s, v\s\().4s, v30.4s     /* not so with a NaN */
.endm

ARB_FUNCTION arb_fastscan_near_neon
    cbz     x2, .Ldone
    movi    v31.16b, #0x0f
    ldr     x10, =0x8040201008040201
    dup     v26.2d, x10
    add     x10, x0, #16
    ld4r    {v27.4s, v28.4s, v29.4s, v30.4s}, [x10]
    ldp     x5, x6, [x0]
.Lblock:
    add     x7, x1, #256
    mov     x8, x5
    mov     x9, x6
    movi    v16.8h, #0
    movi    v17.8h, #0
    movi    v18.8h, #0
    movi    v19.8h, #0
.Lpiece:
    ldp     q4, q5, [x7]
    ldp     q6, q7, [x7, #32]
    ldr     q0, [x8]
    ldr     q1, [x8, #32]
    ldr     q2, [x8, #64]
    ldr     q3, [x8, #96]
    add     x7, x7, #64
    add     x8, x8, #128
    LOOK_UP v4, v6, v16, v17
    LOOK_UP v5, v7, v18, v19
    subs    x9, x9, #1
    b.ne    .Lpiece
    shl     v20.8h, v17.8h, #8
    shl     v21.8h, v19.8h, #8
    sub     v16.8h, v16.8h, v20.8h
    sub     v18.8h, v18.8h, v21.8h
    uxtl    v0.4s, v16.4h
    uxtl2   v1.4s, v16.8h
    uxtl    v2.4s, v18.4h
    uxtl2   v3.4s, v18.8h
    uxtl    v4.4s, v17.4h
    uxtl2   v5.4s, v17.8h
    uxtl    v6.4s, v19.4h
    uxtl2   v7.4s, v19.8h
    HOLD    0, 0
    HOLD    1, 4
    HOLD    2, 8
    HOLD    3, 12
    HOLD    4, 16
    HOLD    5, 20
    HOLD    6, 24
    HOLD    7, 28
    /* a row's four bytes become one, and its bit there */
    uzp1    v0.8h, v0.8h, v1.8h
    uzp1    v2.8h, v2.8h, v3.8h
    uzp1    v4.8h, v4.8h, v5.8h
    uzp1    v6.8h, v6.8h, v7.8h
    uzp1    v0.16b, v0.16b, v2.16b
    uzp1    v4.16b, v4.16b, v6.16b
    bic     v0.16b, v26.16b, v0.16b
    bic     v4.16b, v26.16b, v4.16b
    addp    v0.16b, v0.16b, v4.16b
    addp    v0.16b, v0.16b, v0.16b
    addp    v0.16b, v0.16b, v0.16b
    str     s0, [x4], #4
    add     x3, x3, #128
    mov     x1, x7
    subs    x2, x2, #1
    b.ne    .Lblock
.Ldone:
    ret
ARB_END arb_fastscan_near_neon
ARB_FILE_END
