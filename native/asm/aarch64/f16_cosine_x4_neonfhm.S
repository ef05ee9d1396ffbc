/* arb_f16_cosine_x4_neonfhm: 1 - dot / (sqrt(qq) * sqrt(rr)) of a query and four rows of halves,
 * multiplied exactly into FP32 sums by FMLAL. The query is loaded, and its norm summed, once for
 * the four.
 *
 *   void arb_f16_cosine_x4_neonfhm(const void *query, const void *const rows[4], size_t dim,
 *                                  float out[4]);
 *
 * CPU        Advanced SIMD with FEAT_FHM (armv8.2-a+fp16fml)
 * in         x0 query, x1 rows, x2 dim, x3 out (NaN where a row is zero: 0/0)
 * registers  x4-x7 the rows; v0 query, v1-v4 rows; v16-v19 sums of q*r, v20-v23 of r*r, row by row,
 *            v24 of q*q. No stack, nothing callee-saved.
 * reads      2 * dim bytes at query and at each row, 32 at rows, no byte beside; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

    .arch armv8.2-a+fp16fml

ARB_FUNCTION arb_f16_cosine_x4_neonfhm
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
    subs    x2, x2, #8
    b.lo    .Ltail

    /* 8 elements of each row a turn: nine sums for the low halves, then the high ones into them,
     * so that a sum is touched again only after eight others. */
.Lload:
    ldr     q0, [x0], #16
    ldr     q1, [x4], #16
    ldr     q2, [x5], #16
    ldr     q3, [x6], #16
    ldr     q4, [x7], #16
.Lsum_block:
    fmlal   v24.4s, v0.4h, v0.4h
    fmlal   v16.4s, v0.4h, v1.4h
    fmlal   v17.4s, v0.4h, v2.4h
    fmlal   v18.4s, v0.4h, v3.4h
    fmlal   v19.4s, v0.4h, v4.4h
    fmlal   v20.4s, v1.4h, v1.4h
    fmlal   v21.4s, v2.4h, v2.4h
    fmlal   v22.4s, v3.4h, v3.4h
    fmlal   v23.4s, v4.4h, v4.4h
    fmlal2  v24.4s, v0.4h, v0.4h
    fmlal2  v16.4s, v0.4h, v1.4h
    fmlal2  v17.4s, v0.4h, v2.4h
    fmlal2  v18.4s, v0.4h, v3.4h
    fmlal2  v19.4s, v0.4h, v4.4h
    fmlal2  v20.4s, v1.4h, v1.4h
    fmlal2  v21.4s, v2.4h, v2.4h
    fmlal2  v22.4s, v3.4h, v3.4h
    fmlal2  v23.4s, v4.4h, v4.4h
    subs    x2, x2, #8
    b.hs    .Lload

    /* 0..7 elements are left: they make one block more, zeros behind them. */
.Ltail:
    adds    x2, x2, #8
    b.eq    .Lreduce
    arb_load_tail_f16 0, x0, x2
    arb_load_tail_f16 1, x4, x2
    arb_load_tail_f16 2, x5, x2
    arb_load_tail_f16 3, x6, x2
    arb_load_tail_f16 4, x7, x2
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
ARB_END arb_f16_cosine_x4_neonfhm
ARB_FILE_END
