/* arb_f16_cosine_x4_neon: 1 - dot / (sqrt(qq) * sqrt(rr)) of a query and four rows of halves,
 * widened and summed in FP32. The query is loaded and widened, and its norm summed, once for the
 * four.
 *
 *   void arb_f16_cosine_x4_neon(const void *query, const void *const rows[4], size_t dim,
 *                               float out[4]);
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 query, x1 rows, x2 dim, x3 out (NaN where a row is zero: 0/0)
 * registers  x4-x7 the rows; v0 query halves, v1-v4 row halves, v5-v6 query widened, v16-v22 and v7
 *            rows widened; v24-v27 sums of q*r, v28-v31 of r*r, row by row, v23 of q*q. No stack,
 *            nothing callee-saved.
 * reads      2 * dim bytes at query and at each row, 32 at rows, no byte beside; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

ARB_FUNCTION arb_f16_cosine_x4_neon
    ldp     x4, x5, [x1]
    ldp     x6, x7, [x1, #16]
    movi    v23.4s, #0
    movi    v24.4s, #0
    movi    v25.4s, #0
    movi    v26.4s, #0
    movi    v27.4s, #0
    movi    v28.4s, #0
    movi    v29.4s, #0
    movi    v30.4s, #0
    movi    v31.4s, #0
    subs    x2, x2, #8
    b.lo    .Ltail

    /* 8 elements of each row a turn: 18 multiply-adds into nine sums, the low halves' nine first,
     * so that a sum is touched again only after eight others. */
.Lload:
    ldr     q0, [x0], #16
    ldr     q1, [x4], #16
    ldr     q2, [x5], #16
    ldr     q3, [x6], #16
    ldr     q4, [x7], #16
.Lsum_block:
    fcvtl   v5.4s, v0.4h
    fcvtl2  v6.4s, v0.8h
    fcvtl   v16.4s, v1.4h
    fcvtl2  v17.4s, v1.8h
    fcvtl   v18.4s, v2.4h
    fcvtl2  v19.4s, v2.8h
    fcvtl   v20.4s, v3.4h
    fcvtl2  v21.4s, v3.8h
    fcvtl   v22.4s, v4.4h
    fcvtl2  v7.4s, v4.8h
    fmla    v23.4s, v5.4s, v5.4s
    fmla    v24.4s, v5.4s, v16.4s
    fmla    v25.4s, v5.4s, v18.4s
    fmla    v26.4s, v5.4s, v20.4s
    fmla    v27.4s, v5.4s, v22.4s
    fmla    v28.4s, v16.4s, v16.4s
    fmla    v29.4s, v18.4s, v18.4s
    fmla    v30.4s, v20.4s, v20.4s
    fmla    v31.4s, v22.4s, v22.4s
    fmla    v23.4s, v6.4s, v6.4s
    fmla    v24.4s, v6.4s, v17.4s
    fmla    v25.4s, v6.4s, v19.4s
    fmla    v26.4s, v6.4s, v21.4s
    fmla    v27.4s, v6.4s, v7.4s
    fmla    v28.4s, v17.4s, v17.4s
    fmla    v29.4s, v19.4s, v19.4s
    fmla    v30.4s, v21.4s, v21.4s
    fmla    v31.4s, v7.4s, v7.4s
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
    faddp   v24.4s, v24.4s, v25.4s
    faddp   v26.4s, v26.4s, v27.4s
    faddp   v28.4s, v28.4s, v29.4s
    faddp   v30.4s, v30.4s, v31.4s
    faddp   v23.4s, v23.4s, v23.4s
    faddp   v24.4s, v24.4s, v26.4s          /* lane i: q . row i */
    faddp   v28.4s, v28.4s, v30.4s          /* lane i: row i . row i */
    faddp   v23.4s, v23.4s, v23.4s          /* every lane: q . q */
    fsqrt   v28.4s, v28.4s
    fsqrt   v23.4s, v23.4s
    fmul    v28.4s, v28.4s, v23.4s          /* two roots: qq * rr may leave float's range */
    fdiv    v24.4s, v24.4s, v28.4s
    fmov    v0.4s, #1.0
    fsub    v24.4s, v0.4s, v24.4s
    str     q24, [x3]
    ret
ARB_END arb_f16_cosine_x4_neon
ARB_FILE_END
