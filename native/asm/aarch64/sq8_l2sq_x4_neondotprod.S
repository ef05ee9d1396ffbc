/* arb_sq8_l2sq_x4_neondotprod: squared L2 distances of SQ8 codes of one query and four rows, by UDOT.
 * The query is loaded once for the four.
 *
 *   void arb_sq8_l2sq_x4_neondotprod(const void *query, const void *const rows[4], size_t dim,
 *                                    float out[4]);
 *
 * Exact in int32 for dim <= 8192, then converted.
 *
 * CPU        Advanced SIMD with FEAT_DotProd (armv8.2-a+dotprod)
 * in         x0 query, x1 rows (all uint8), x2 dim, x3 out
 * registers  x4-x7 the rows; v0 query, v1-v4 rows, then differences; v16-v19 sums. No stack, nothing
 *            callee-saved.
 * reads      dim bytes at query and at each row, 32 at rows, no byte beside; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

    .arch armv8.2-a+dotprod

ARB_FUNCTION arb_sq8_l2sq_x4_neondotprod
    ldp     x4, x5, [x1]
    ldp     x6, x7, [x1, #16]
    movi    v16.4s, #0
    movi    v17.4s, #0
    movi    v18.4s, #0
    movi    v19.4s, #0
    subs    x2, x2, #16
    b.lo    .Ltail

    /* 16 elements of each row a turn */
.Lload:
    ldr     q0, [x0], #16
    ldr     q1, [x4], #16
    ldr     q2, [x5], #16
    ldr     q3, [x6], #16
    ldr     q4, [x7], #16
.Lsum_sixteen:
    uabd    v1.16b, v1.16b, v0.16b
    uabd    v2.16b, v2.16b, v0.16b
    uabd    v3.16b, v3.16b, v0.16b
    uabd    v4.16b, v4.16b, v0.16b
    udot    v16.4s, v1.16b, v1.16b
    udot    v17.4s, v2.16b, v2.16b
    udot    v18.4s, v3.16b, v3.16b
    udot    v19.4s, v4.16b, v4.16b
    subs    x2, x2, #16
    b.hs    .Lload

    /* 0..15 elements are left: they make sixteen once more, zeros behind them. */
.Ltail:
    adds    x2, x2, #16
    b.eq    .Lreduce
    arb_load_tail_u8 0, x0, x2
    arb_load_tail_u8 1, x4, x2
    arb_load_tail_u8 2, x5, x2
    arb_load_tail_u8 3, x6, x2
    arb_load_tail_u8 4, x7, x2
    mov     x2, #0
    b       .Lsum_sixteen

.Lreduce:
    addp    v16.4s, v16.4s, v17.4s
    addp    v18.4s, v18.4s, v19.4s
    addp    v16.4s, v16.4s, v18.4s          /* lane i: row i */
    scvtf   v16.4s, v16.4s
    str     q16, [x3]
    ret
ARB_END arb_sq8_l2sq_x4_neondotprod
ARB_FILE_END
