/* arb_fastscan_near_neon: sums of table entries for blocks of 32 rows, and which may be near.
 *
 *   void arb_fastscan_near_neon(const arb_fastscan_bound *bound, const uint8_t *blocks,
 *                               size_t count, float *least, uint32_t *near);
 *
 * least of each row: (constant + bias_step * b) - (f_first + f_step * c) * (factor * sum + shift),
 * b and c being the row's bias and f codes and sum that of the entries that its other codes choose,
 * each operation rounded; bit r of a block's word: 0 where that of row r is > farthest, else 1.
 * kernels.h has the layout of blocks and tables. A code is the index of a table that fills a
 * register (TBL); the four entries of a piece, of at most 63 each, meet in a byte before they are
 * widened, and what is widened is only the upper bytes of two: the lower ones are what is left of
 * the pairs' sums (mod 65536) without 256 times the upper ones'. So sums are exact to 65535.
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 bound: tables, pieces (1..2048), constant, factor, shift, farthest, bias_step,
 *            f_first, f_step; x1 blocks, x2 count (0 is allowed), x3 least, x4 near
 * out        32 * count floats at x3, count words at x4
 * registers  v0-v3 tables; v4-v7 codes, then entries; then v0-v7 sums of rows, four each; v16, v18
 *            sums of bytes taken in pairs, of rows 0..7 with 16..23 and 8..15 with 24..31; v17, v19
 *            of the upper byte of each; v20, v21 entries; v16-v21 then terms; v22-v24, v27-v30 the
 *            bound; v26 a bit in each byte; v31 0x0f in each byte; x5 tables, x6 pieces, x7 codes,
 *            x8 tables and x9 pieces left, x10 scratch. No stack, nothing callee-saved.
 * reads      no byte beside 128 * pieces of tables and count blocks of 64 + 64 * pieces; any
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

    /* What four rows' sums tell, with their terms' codes, from `row` on: v\s becomes all ones
     * where they are too far. */
.macro HOLD s, row, bias, f
    scvtf   v\s\().4s, v\s\().4s
    scvtf   \bias\().4s, \bias\().4s
    scvtf   \f\().4s, \f\().4s
    fmul    v\s\().4s, v\s\().4s, v28.4s
    fmul    \bias\().4s, \bias\().4s, v22.4s
    fmul    \f\().4s, \f\().4s, v24.4s
    fadd    v\s\().4s, v\s\().4s, v29.4s
    fadd    \bias\().4s, v27.4s, \bias\().4s
    fadd    \f\().4s, v23.4s, \f\().4s
    fmul    v\s\().4s, v\s\().4s, \f\().4s
    fsub    v\s\().4s, \bias\().4s, v\s\().4s
    str     q\s, [x3, #4 * (\row)]
    fcmgt   v\s\().4s, v\s\().4s, v30.4s     /* not so with a NaN */
.endm

    /* The same of eight rows, whose codes it widens. */
.macro HOLD_TWO s, t, row
    ldr     d16, [x1, #\row]
    ldr     d17, [x1, #32 + \row]
    uxtl    v16.8h, v16.8b
    uxtl    v17.8h, v17.8b
    uxtl    v18.4s, v16.4h
    uxtl    v19.4s, v17.4h
    uxtl2   v20.4s, v16.8h
    uxtl2   v21.4s, v17.8h
    HOLD    \s, \row, v18, v19
    HOLD    \t, \row + 4, v20, v21
.endm

ARB_FUNCTION arb_fastscan_near_neon
    cbz     x2, .Ldone
    movi    v31.16b, #0x0f
    ldr     x10, =0x8040201008040201
    dup     v26.2d, x10
    add     x10, x0, #16
    ld4r    {v27.4s, v28.4s, v29.4s, v30.4s}, [x10], #16
    ld3r    {v22.4s, v23.4s, v24.4s}, [x10]
    ldp     x5, x6, [x0]
.Lblock:
    add     x7, x1, #64
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
    HOLD_TWO 0, 1, 0
    HOLD_TWO 2, 3, 8
    HOLD_TWO 4, 5, 16
    HOLD_TWO 6, 7, 24
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
