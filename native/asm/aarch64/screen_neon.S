/* arb_screen_neon: which rows of int8 codes may be near which of 64 queries.
 *
 *   void arb_screen_neon(const arb_screen_panel *panel, const arb_screen_row *rows,
 *                        size_t steps, size_t count, uint64_t *passed);
 *
 * For each row r and lane l, S = sum z * (c - 128) over 4 * steps elements, z of the lane, c of the
 * row, exact in int32 for steps <= 2048; then bit l of passed[r] = !(fma(scale_l * (float)S,
 * scale_r, slack_r) < limit_l), 1 for NaN. A lane is a query, so that nothing is summed across
 * lanes; four rows meet 16 lanes at a time. Two products of a byte and of c - 128, which a flip of
 * its highest bit makes of a code, fit into 16 bits together.
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 panel (at 256 float scale[64], at 512 float limit[64], at 768 four bytes of each
 *            lane a step), x1 rows (float scale, float slack, 4 * steps codes each, one behind the
 *            other), x2 steps (1..2048), x3 count (0 is allowed), x4 passed
 * registers  v0-v3 the panel's step; v4 four codes of a row in each lane; v5, v6 products; v7 0x80
 *            in each byte; the others are in screen_neon.inc. No stack, nothing
 *            callee-saved.
 * reads      768 + 256 * steps bytes at panel, count * (8 + 4 * steps) at rows, and writes 8 *
 *            count at passed, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/screen_neon.inc"

.macro ARB_SCREEN_PRODUCTS step, sum
    smull   v5.8h, v\step\().8b, v4.8b
    smull2  v6.8h, v\step\().16b, v4.16b
    addp    v5.8h, v5.8h, v6.8h
    sadalp  v\sum\().4s, v5.8h
.endm

.macro ARB_SCREEN_ROW v, s0, s1, s2, s3, codes
    ld1r    {v4.4s}, [\codes], #4
    eor     v4.16b, v4.16b, v7.16b
    ARB_SCREEN_PRODUCTS 0, \s0
    ARB_SCREEN_PRODUCTS 1, \s1
    ARB_SCREEN_PRODUCTS 2, \s2
    ARB_SCREEN_PRODUCTS 3, \s3
.endm

ARB_FUNCTION arb_screen_neon
    arb_screen
    ret
ARB_END arb_screen_neon
ARB_FILE_END
