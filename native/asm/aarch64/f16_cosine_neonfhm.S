/* arb_f16_cosine_neonfhm: 1 - dot / (sqrt(qq) * sqrt(rr)) of two rows of halves, multiplied
 * exactly into FP32 sums by FMLAL; the three sums in one pass.
 *
 *   float arb_f16_cosine_neonfhm(const void *query, const void *row, size_t dim);
 *
 * CPU        Advanced SIMD with FEAT_FHM (armv8.2-a+fp16fml)
 * in         x0 query, x1 row, x2 dim
 * out        s0 (NaN where a row is zero: 0/0)
 * registers  v0-v1 query, v2-v3 row; v16-v19 sums of q*r, v20-v23 of q*q, v24-v27 of r*r, low and
 *            high halves of each vector apart. No stack, nothing callee-saved.
 * reads      2 * dim bytes at query and at row, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

    .arch armv8.2-a+fp16fml

ARB_FUNCTION arb_f16_cosine_neonfhm
    movi    v16.4s, #0
    movi    v17.4s, #0
    movi    v18.4s, #0
    movi    v19.4s, #0
    movi    v20.4s, #0
    movi    v21.4s, #0
    movi    v22.4s, #0
    movi    v23.4s, #0
    movi    v24.4s, #0
    movi    v25.4s, #0
    movi    v26.4s, #0
    movi    v27.4s, #0
    subs    x2, x2, #16
    b.lo    .Ltail

    /* 16 elements a turn: twelve sums, each touched once. */
.Lload:
    ldp     q0, q1, [x0], #32
    ldp     q2, q3, [x1], #32
.Lsum_block:
    fmlal   v16.4s, v0.4h, v2.4h
    fmlal   v17.4s, v1.4h, v3.4h
    fmlal2  v18.4s, v0.4h, v2.4h
    fmlal2  v19.4s, v1.4h, v3.4h
    fmlal   v20.4s, v0.4h, v0.4h
    fmlal   v21.4s, v1.4h, v1.4h
    fmlal2  v22.4s, v0.4h, v0.4h
    fmlal2  v23.4s, v1.4h, v1.4h
    fmlal   v24.4s, v2.4h, v2.4h
    fmlal   v25.4s, v3.4h, v3.4h
    fmlal2  v26.4s, v2.4h, v2.4h
    fmlal2  v27.4s, v3.4h, v3.4h
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
    fadd    v20.4s, v20.4s, v21.4s
    fadd    v22.4s, v22.4s, v23.4s
    fadd    v24.4s, v24.4s, v25.4s
    fadd    v26.4s, v26.4s, v27.4s
    fadd    v16.4s, v16.4s, v18.4s
    fadd    v20.4s, v20.4s, v22.4s
    fadd    v24.4s, v24.4s, v26.4s
    faddp   v16.4s, v16.4s, v16.4s
    faddp   v20.4s, v20.4s, v24.4s
    faddp   s0, v16.2s                      /* dot */
    faddp   v20.4s, v20.4s, v20.4s          /* lane 0 qq, lane 1 rr */
    fsqrt   v20.2s, v20.2s
    fmul    s20, s20, v20.s[1]              /* two roots: qq * rr may leave float's range */
    fdiv    s0, s0, s20
    fmov    s1, #1.0
    fsub    s0, s1, s0
    ret
ARB_END arb_f16_cosine_neonfhm
ARB_FILE_END
