/* arb_f16_cosine_neon: 1 - dot / (sqrt(qq) * sqrt(rr)) of two rows of halves, widened and summed
 * in FP32; the three sums in one pass.
 *
 *   float arb_f16_cosine_neon(const void *query, const void *row, size_t dim);
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 query, x1 row, x2 dim
 * out        s0 (NaN where a row is zero: 0/0)
 * registers  v0-v1 query halves, v2-v3 row halves, then the row widened in v0-v3; v4-v7 query
 *            widened; v16-v19 sums of q*r, v20-v21 of q*q, v22-v23 of r*r. No stack, nothing
 *            callee-saved.
 * reads      2 * dim bytes at query and at row, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

ARB_FUNCTION arb_f16_cosine_neon
    movi    v16.4s, #0
    movi    v17.4s, #0
    movi    v18.4s, #0
    movi    v19.4s, #0
    movi    v20.4s, #0
    movi    v21.4s, #0
    movi    v22.4s, #0
    movi    v23.4s, #0
    subs    x2, x2, #16
    b.lo    .Ltail

    /* 16 elements a turn: 12 multiply-adds for 8 conversions. */
.Lload:
    ldp     q0, q1, [x0], #32
    ldp     q2, q3, [x1], #32
.Lsum_block:
    fcvtl   v4.4s, v0.4h
    fcvtl2  v5.4s, v0.8h
    fcvtl   v6.4s, v1.4h
    fcvtl2  v7.4s, v1.8h
    fcvtl   v0.4s, v2.4h                    /* the query's halves are spent: room for the row */
    fcvtl2  v1.4s, v2.8h
    fcvtl   v2.4s, v3.4h
    fcvtl2  v3.4s, v3.8h
    fmla    v16.4s, v4.4s, v0.4s
    fmla    v17.4s, v5.4s, v1.4s
    fmla    v18.4s, v6.4s, v2.4s
    fmla    v19.4s, v7.4s, v3.4s
    fmla    v20.4s, v4.4s, v4.4s
    fmla    v21.4s, v5.4s, v5.4s
    fmla    v22.4s, v0.4s, v0.4s
    fmla    v23.4s, v1.4s, v1.4s
    fmla    v20.4s, v6.4s, v6.4s
    fmla    v21.4s, v7.4s, v7.4s
    fmla    v22.4s, v2.4s, v2.4s
    fmla    v23.4s, v3.4s, v3.4s
    subs    x2, x2, #16
    b.hs    .Lload

    /* 0..15 elements are left: they make one block more, zeros behind them. */
.Ltail:
    adds    x2, x2, #16
    b.eq    .Lreduce
    movi    v0.16b, #0
    movi    v2.16b, #0
    tbz     x2, #3, .Lrest
    ldr     q0, [x0], #16
    ldr     q2, [x1], #16
.Lrest:
    arb_load_tail_f16 1, x0, x2
    arb_load_tail_f16 3, x1, x2
    mov     x2, #0
    b       .Lsum_block

.Lreduce:
    fadd    v16.4s, v16.4s, v17.4s
    fadd    v18.4s, v18.4s, v19.4s
    fadd    v16.4s, v16.4s, v18.4s
    fadd    v20.4s, v20.4s, v21.4s
    fadd    v22.4s, v22.4s, v23.4s
    faddp   v16.4s, v16.4s, v16.4s
    faddp   v20.4s, v20.4s, v22.4s
    faddp   s0, v16.2s                      /* dot */
    faddp   v20.4s, v20.4s, v20.4s          /* lane 0 qq, lane 1 rr */
    fsqrt   v20.2s, v20.2s
    fmul    s20, s20, v20.s[1]              /* two roots: qq * rr may leave float's range */
    fdiv    s0, s0, s20
    fmov    s1, #1.0
    fsub    s0, s1, s0
    ret
ARB_END arb_f16_cosine_neon
ARB_FILE_END
