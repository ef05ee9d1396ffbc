/* arb_f32_cosine_x4_neon: 1 - dot / (sqrt(qq) * sqrt(rr)) of a query and four rows of floats. The
 * query is loaded, and its norm summed, once for the four.
 *
 *   void arb_f32_cosine_x4_neon(const void *query, const void *const rows[4], size_t dim,
 *                               float out[4]);
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 query, x1 rows, x2 dim, x3 out (NaN where a row is zero: 0/0)
 * registers  x4-x7 the rows; v0 query, v1-v4 rows; v16-v19 sums of q*r, v20-v23 of r*r, row by row,
 *            v24 of q*q. No stack, nothing callee-saved.
 * reads      4 * dim bytes at query and at each row, 32 at rows, no byte beside; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

ARB_FUNCTION arb_f32_cosine_x4_neon
    ldp     x4, x5, [x1]
    ldp     x6, x7, [x1, #16]
    movi    v16.4s, #0
    movi    v17.4s, #0
    movi    v18.4s, #0
    movi    v19.4s, #0
    movi    v20.4s, #0
    movi    v21.4s, #0
    movi    v22.4s, #0
    movi    v23.4s, #0
    movi    v24.4s, #0
    subs    x2, x2, #4
    b.lo    .Ltail

    /* 4 elements of each row a turn: nine sums, each touched once. */
.Lload:
    ldr     q0, [x0], #16
    ldr     q1, [x4], #16
    ldr     q2, [x5], #16
    ldr     q3, [x6], #16
    ldr     q4, [x7], #16
.Lsum_block:
    fmla    v24.4s, v0.4s, v0.4s
    fmla    v16.4s, v0.4s, v1.4s
    fmla    v17.4s, v0.4s, v2.4s
    fmla    v18.4s, v0.4s, v3.4s
    fmla    v19.4s, v0.4s, v4.4s
    fmla    v20.4s, v1.4s, v1.4s
    fmla    v21.4s, v2.4s, v2.4s
    fmla    v22.4s, v3.4s, v3.4s
    fmla    v23.4s, v4.4s, v4.4s
    subs    x2, x2, #4
    b.hs    .Lload

    /* 0..3 elements are left: they make one block more, zeros behind them. */
.Ltail:
    adds    x2, x2, #4
    b.eq    .Lreduce
    arb_load_tail_f32 0, x0, x2
    arb_load_tail_f32 1, x4, x2
    arb_load_tail_f32 2, x5, x2
    arb_load_tail_f32 3, x6, x2
    arb_load_tail_f32 4, x7, x2
    mov     x2, #0
    b       .Lsum_block

.Lreduce:
    faddp   v16.4s, v16.4s, v17.4s
    faddp   v18.4s, v18.4s, v19.4s
    faddp   v20.4s, v20.4s, v21.4s
    faddp   v22.4s, v22.4s, v23.4s
    faddp   v24.4s, v24.4s, v24.4s
    faddp   v16.4s, v16.4s, v18.4s          /* lane i: q . row i */
    faddp   v20.4s, v20.4s, v22.4s          /* lane i: row i . row i */
    faddp   v24.4s, v24.4s, v24.4s          /* every lane: q . q */
    fsqrt   v20.4s, v20.4s
    fsqrt   v24.4s, v24.4s
    fmul    v20.4s, v20.4s, v24.4s          /* two roots: qq * rr may leave float's range */
    fdiv    v16.4s, v16.4s, v20.4s
    fmov    v0.4s, #1.0
    fsub    v16.4s, v0.4s, v16.4s
    str     q16, [x3]
    ret
ARB_END arb_f32_cosine_x4_neon
ARB_FILE_END
