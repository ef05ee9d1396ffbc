/* arb_f16_cosine_x4_neonfp16: 1 - dot / (sqrt(qq) * sqrt(rr)) of a query and four rows of halves
 * in FP16 arithmetic, drained into FP32. The query is loaded, and its norm summed, once for the
 * four.
 *
 *   void arb_f16_cosine_x4_neonfp16(const void *query, const void *const rows[4], size_t dim,
 *                                   float out[4]);
 *
 * CPU        Advanced SIMD with FEAT_FP16 (armv8.2-a+fp16)
 * in         x0 query, x1 rows, x2 dim, x3 out (NaN where a row is zero: 0/0)
 * sums       an FP16 lane takes at most 8 terms before it is drained (ARB_NATIVE_TERMS_MAX allows
 *            32); the range of the data must allow that (arb_native_range_is_safe). Each sum is off
 *            by at most 0.4% of its absolute terms: 2^-11 from each of 8 additions; the distance by
 *            some 3e-5 in practice.
 * registers  x1 blocks until the next drain (once the rows are read from it), x4-x7 the rows; v0
 *            query, v1-v4 rows; FP16 sums v16-v19 of q*r, v20-v23 of r*r, row by row, v24 of q*q;
 *            FP32 sums v25-v28, v29-v31 and v5, and v6 of the same; v0-v4 and v7 scratch of the
 *            drain. No stack, nothing callee-saved.
 * reads      2 * dim bytes at query and at each row, 32 at rows, no byte beside; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

    .arch armv8.2-a+fp16

ARB_FUNCTION arb_f16_cosine_x4_neonfp16
    ldp     x4, x5, [x1]
    ldp     x6, x7, [x1, #16]
    movi    v16.8h, #0
    movi    v17.8h, #0
    movi    v18.8h, #0
    movi    v19.8h, #0
    movi    v20.8h, #0
    movi    v21.8h, #0
    movi    v22.8h, #0
    movi    v23.8h, #0
    movi    v24.8h, #0
    movi    v25.4s, #0
    movi    v26.4s, #0
    movi    v27.4s, #0
    movi    v28.4s, #0
    movi    v29.4s, #0
    movi    v30.4s, #0
    movi    v31.4s, #0
    movi    v5.4s, #0
    movi    v6.4s, #0
    mov     x1, #8
    subs    x2, x2, #8
    b.lo    .Ltail

    /* 8 elements of each row a turn: nine sums, each touched once. */
.Lload:
    ldr     q0, [x0], #16
    ldr     q1, [x4], #16
    ldr     q2, [x5], #16
    ldr     q3, [x6], #16
    ldr     q4, [x7], #16
.Lsum_block:
    fmla    v24.8h, v0.8h, v0.8h
    fmla    v16.8h, v0.8h, v1.8h
    fmla    v17.8h, v0.8h, v2.8h
    fmla    v18.8h, v0.8h, v3.8h
    fmla    v19.8h, v0.8h, v4.8h
    fmla    v20.8h, v1.8h, v1.8h
    fmla    v21.8h, v2.8h, v2.8h
    fmla    v22.8h, v3.8h, v3.8h
    fmla    v23.8h, v4.8h, v4.8h
    sub     x1, x1, #1
    subs    x2, x2, #8
    ccmp    x1, #0, #4, hs                  /* while a whole block is left and no drain is due */
    b.ne    .Lload

    /* Every 8 blocks, and at the end: FP16 sums into FP32 sums, three at a time. */
    fcvtl   v0.4s, v16.4h
    fcvtl2  v1.4s, v16.8h
    fcvtl   v2.4s, v17.4h
    fcvtl2  v3.4s, v17.8h
    fcvtl   v4.4s, v18.4h
    fcvtl2  v7.4s, v18.8h
    fadd    v0.4s, v0.4s, v1.4s
    fadd    v2.4s, v2.4s, v3.4s
    fadd    v4.4s, v4.4s, v7.4s
    fadd    v25.4s, v25.4s, v0.4s
    fadd    v26.4s, v26.4s, v2.4s
    fadd    v27.4s, v27.4s, v4.4s
    fcvtl   v0.4s, v19.4h
    fcvtl2  v1.4s, v19.8h
    fcvtl   v2.4s, v20.4h
    fcvtl2  v3.4s, v20.8h
    fcvtl   v4.4s, v21.4h
    fcvtl2  v7.4s, v21.8h
    fadd    v0.4s, v0.4s, v1.4s
    fadd    v2.4s, v2.4s, v3.4s
    fadd    v4.4s, v4.4s, v7.4s
    fadd    v28.4s, v28.4s, v0.4s
    fadd    v29.4s, v29.4s, v2.4s
    fadd    v30.4s, v30.4s, v4.4s
    fcvtl   v0.4s, v22.4h
    fcvtl2  v1.4s, v22.8h
    fcvtl   v2.4s, v23.4h
    fcvtl2  v3.4s, v23.8h
    fcvtl   v4.4s, v24.4h
    fcvtl2  v7.4s, v24.8h
    fadd    v0.4s, v0.4s, v1.4s
    fadd    v2.4s, v2.4s, v3.4s
    fadd    v4.4s, v4.4s, v7.4s
    fadd    v31.4s, v31.4s, v0.4s
    fadd    v5.4s, v5.4s, v2.4s
    fadd    v6.4s, v6.4s, v4.4s
    movi    v16.8h, #0
    movi    v17.8h, #0
    movi    v18.8h, #0
    movi    v19.8h, #0
    movi    v20.8h, #0
    movi    v21.8h, #0
    movi    v22.8h, #0
    movi    v23.8h, #0
    movi    v24.8h, #0
    mov     x1, #8
    tbz     x2, #63, .Lload

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
    faddp   v25.4s, v25.4s, v26.4s
    faddp   v27.4s, v27.4s, v28.4s
    faddp   v29.4s, v29.4s, v30.4s
    faddp   v31.4s, v31.4s, v5.4s
    faddp   v6.4s, v6.4s, v6.4s
    faddp   v25.4s, v25.4s, v27.4s          /* lane i: q . row i */
    faddp   v29.4s, v29.4s, v31.4s          /* lane i: row i . row i */
    faddp   v6.4s, v6.4s, v6.4s             /* every lane: q . q */
    fsqrt   v29.4s, v29.4s
    fsqrt   v6.4s, v6.4s
    fmul    v29.4s, v29.4s, v6.4s           /* two roots: qq * rr may leave float's range */
    fdiv    v25.4s, v25.4s, v29.4s
    fmov    v0.4s, #1.0
    fsub    v25.4s, v0.4s, v25.4s
    str     q25, [x3]
    ret
ARB_END arb_f16_cosine_x4_neonfp16
ARB_FILE_END
