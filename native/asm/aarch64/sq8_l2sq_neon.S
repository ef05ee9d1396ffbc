/* arb_sq8_l2sq_neon: squared L2 distance of two vectors of SQ8 codes.
 *
 *   float arb_sq8_l2sq_neon(const void *query, const void *row, size_t dim);
 *
 * Exact in int32 for dim <= 8192, then converted. A square of bytes fills 16 bits, so each is widened
 * before it meets another.
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 query, x1 row (both uint8), x2 dim
 * out        s0
 * registers  v0, v1 query, v4, v5 row, then differences; v2, v3, v6, v7 squares; v16-v19 sums. No
 *            stack, nothing callee-saved.
 * reads      dim bytes at query and at row, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

ARB_FUNCTION arb_sq8_l2sq_neon
    movi    v16.4s, #0
    movi    v17.4s, #0
    movi    v18.4s, #0
    movi    v19.4s, #0
    subs    x2, x2, #32
    b.lo    .Lsixteens

    /* 32 elements a turn */
.Lblock:
    ldp     q0, q1, [x0], #32
    ldp     q4, q5, [x1], #32
    uabd    v4.16b, v4.16b, v0.16b
    umull   v2.8h, v4.8b, v4.8b
    umull2  v6.8h, v4.16b, v4.16b
    uadalp  v16.4s, v2.8h
    uadalp  v17.4s, v6.8h
    uabd    v5.16b, v5.16b, v1.16b
    umull   v3.8h, v5.8b, v5.8b
    umull2  v7.8h, v5.16b, v5.16b
    uadalp  v18.4s, v3.8h
    uadalp  v19.4s, v7.8h
    subs    x2, x2, #32
    b.hs    .Lblock

.Lsixteens:                                 /* 0..31 are left */
    adds    x2, x2, #32 - 16
    b.lo    .Ltail
.Lload:
    ldr     q0, [x0], #16
    ldr     q4, [x1], #16
.Lsum_sixteen:
    uabd    v4.16b, v4.16b, v0.16b
    umull   v2.8h, v4.8b, v4.8b
    umull2  v6.8h, v4.16b, v4.16b
    uadalp  v16.4s, v2.8h
    uadalp  v17.4s, v6.8h
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
ARB_END arb_sq8_l2sq_neon
ARB_FILE_END
