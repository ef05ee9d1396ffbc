/* arb_sq8_l2sq_neondotprod: squared L2 distance of two vectors of SQ8 codes, by UDOT.
 *
 *   float arb_sq8_l2sq_neondotprod(const void *query, const void *row, size_t dim);
 *
 * Exact in int32 for dim <= 8192, then converted.
 *
 * CPU        Advanced SIMD with FEAT_DotProd (armv8.2-a+dotprod)
 * in         x0 query, x1 row (both uint8), x2 dim
 * out        s0
 * registers  v0-v3 query, v4-v7 row, then differences; v16-v19 sums. No stack, nothing callee-saved.
 * reads      dim bytes at query and at row, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

    .arch armv8.2-a+dotprod

ARB_FUNCTION arb_sq8_l2sq_neondotprod
    movi    v16.4s, #0
    movi    v17.4s, #0
    movi    v18.4s, #0
    movi    v19.4s, #0
    subs    x2, x2, #64
    b.lo    .Lsixteens

    /* 64 elements a turn */
.Lblock:
    ldp     q2, q3, [x0, #32]
    ldp     q0, q1, [x0], #64
    ldp     q6, q7, [x1, #32]
    ldp     q4, q5, [x1], #64
    uabd    v4.16b, v4.16b, v0.16b
    uabd    v5.16b, v5.16b, v1.16b
    uabd    v6.16b, v6.16b, v2.16b
    uabd    v7.16b, v7.16b, v3.16b
    udot    v16.4s, v4.16b, v4.16b
    udot    v17.4s, v5.16b, v5.16b
    udot    v18.4s, v6.16b, v6.16b
    udot    v19.4s, v7.16b, v7.16b
    subs    x2, x2, #64
    b.hs    .Lblock

.Lsixteens:                                 /* 0..63 are left */
    adds    x2, x2, #64 - 16
    b.lo    .Ltail
.Lload:
    ldr     q0, [x0], #16
    ldr     q4, [x1], #16
.Lsum_sixteen:
    uabd    v4.16b, v4.16b, v0.16b
    udot    v16.4s, v4.16b, v4.16b
    subs    x2, x2, #16
    b.hs    .Lload

    /* 0..15 elements are left: they make sixteen once more, zeros behind them. */
.Ltail:
    adds    x2, x2, #16
    b.eq    .Lreduce
    arb_load_tail_u8 0, x0, x2
    arb_load_tail_u8 4, x1, x2
    mov     x2, #0
    b       .Lsum_sixteen

.Lreduce:
    add     v16.4s, v16.4s, v17.4s
    add     v18.4s, v18.4s, v19.4s
    add     v16.4s, v16.4s, v18.4s
    addv    s0, v16.4s
    scvtf   s0, s0
    ret
ARB_END arb_sq8_l2sq_neondotprod
ARB_FILE_END
