/* arb_screen_neondotprod: which rows of int8 codes may be near which of 64 queries.
 *
 *   void arb_screen_neondotprod(const arb_screen_panel *panel, const arb_screen_row *rows,
 *                               size_t steps, size_t count, uint64_t *passed);
 *
 * For each row r and lane l, S = sum z * (c - 128) over 4 * steps elements, z of the lane, c of the
 * row, exact in int32 for steps <= 2048; then bit l of passed[r] =
 * !(fma(scale_l * (float)S, scale_r, slack_r) < limit_l), 1 for NaN. A lane is a query, so that
 * nothing is summed across lanes; four rows meet 16 lanes at a time. SDOT takes
 * a code for c - 128 once its highest bit is flipped.
 *
 * CPU        Advanced SIMD with FEAT_DotProd (armv8.2-a+dotprod)
 * in         x0 panel (at 256 float scale[64], at 512 float limit[64], at 768 four bytes of each
 *            lane a step), x1 rows (float scale, float slack, 4 * steps codes each, one behind the
 *            other), x2 steps (1..2048), x3 count (0 is allowed), x4 passed
 * registers  v0-v3 the panel's step; v4-v6 four codes of a row in each lane; v7 0x80 in each
 *            byte; the others are in screen_neon.inc. No stack, nothing
 *            callee-saved.
 * reads      768 + 256 * steps bytes at panel, count * (8 + 4 * steps) at rows, and writes 8 *
 *            count at passed, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/screen_neon.inc"

    .arch armv8.2-a+dotprod

.macro ARB_SCREEN_ROW v, s0, s1, s2, s3, codes
    ld1r    {v\v\().4s}, [\codes], #4
    eor     v\v\().16b, v\v\().16b, v7.16b
    sdot    v\s0\().4s, v0.16b, v\v\().16b
    sdot    v\s1\().4s, v1.16b, v\v\().16b
    sdot    v\s2\().4s, v2.16b, v\v\().16b
    sdot    v\s3\().4s, v3.16b, v\v\().16b
.endm

ARB_FUNCTION arb_screen_neondotprod
    arb_screen
    ret
ARB_END arb_screen_neondotprod
ARB_FILE_END
