/* arb_f16_cosine_neonfp16: 1 - dot / (sqrt(qq) * sqrt(rr)) of two rows of halves in FP16
 * arithmetic, drained into FP32; the three sums in one pass.
 *
 *   float arb_f16_cosine_neonfp16(const void *query, const void *row, size_t dim);
 *
 * CPU        Advanced SIMD with FEAT_FP16 (armv8.2-a+fp16)
 * in         x0 query, x1 row, x2 dim
 * out        s0 (NaN where a row is zero: 0/0)
 * sums       an FP16 lane takes at most 8 terms before it is drained (ARB_NATIVE_TERMS_MAX allows
 *            32); the range of the data must allow that (arb_native_range_is_safe). Each sum is off
 *            by at most 0.4% of its absolute terms: 2^-11 from each of 8 additions; the distance by
 *            some 3e-5 in practice.
 * registers  x4 blocks until the next drain; v0-v1 query, v2-v3 row; FP16 sums v16-v17 of q*r,
 *            v18-v19 of q*q, v20-v21 of r*r; FP32 sums v22-v23, v24-v25, v26-v27 of the same; v0-v7
 *            and v28-v31 scratch of the drain. No stack, nothing callee-saved.
 * reads      2 * dim bytes at query and at row, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

    .arch armv8.2-a+fp16

ARB_FUNCTION arb_f16_cosine_neonfp16
    movi    v16.8h, #0
    movi    v17.8h, #0
    movi    v18.8h, #0
    movi    v19.8h, #0
    movi    v20.8h, #0
    movi    v21.8h, #0
    movi    v22.4s, #0
    movi    v23.4s, #0
    movi    v24.4s, #0
    movi    v25.4s, #0
    movi    v26.4s, #0
    movi    v27.4s, #0
    mov     x4, #8
    subs    x2, x2, #16
    b.lo    .Ltail

    /* 16 elements a turn. */
.Lload:
    ldp     q0, q1, [x0], #32
    ldp     q2, q3, [x1], #32
.Lsum_block:
    fmla    v16.8h, v0.8h, v2.8h
    fmla    v17.8h, v1.8h, v3.8h
    fmla    v18.8h, v0.8h, v0.8h
    fmla    v19.8h, v1.8h, v1.8h
    fmla    v20.8h, v2.8h, v2.8h
    fmla    v21.8h, v3.8h, v3.8h
    sub     x4, x4, #1
    subs    x2, x2, #16
    ccmp    x4, #0, #4, hs                  /* while a whole block is left and no drain is due */
    b.ne    .Lload

    /* Every 8 blocks, and at the end: FP16 sums into FP32 sums. */
    fcvtl   v0.4s, v16.4h
    fcvtl2  v1.4s, v16.8h
    fcvtl   v2.4s, v17.4h
    fcvtl2  v3.4s, v17.8h
    fcvtl   v4.4s, v18.4h
    fcvtl2  v5.4s, v18.8h
    fcvtl   v6.4s, v19.4h
    fcvtl2  v7.4s, v19.8h
    fcvtl   v28.4s, v20.4h
    fcvtl2  v29.4s, v20.8h
    fcvtl   v30.4s, v21.4h
    fcvtl2  v31.4s, v21.8h
    fadd    v22.4s, v22.4s, v0.4s
    fadd    v23.4s, v23.4s, v1.4s
    fadd    v24.4s, v24.4s, v4.4s
    fadd    v25.4s, v25.4s, v5.4s
    fadd    v26.4s, v26.4s, v28.4s
    fadd    v27.4s, v27.4s, v29.4s
    fadd    v22.4s, v22.4s, v2.4s
    fadd    v23.4s, v23.4s, v3.4s
    fadd    v24.4s, v24.4s, v6.4s
    fadd    v25.4s, v25.4s, v7.4s
    fadd    v26.4s, v26.4s, v30.4s
    fadd    v27.4s, v27.4s, v31.4s
    movi    v16.8h, #0
    movi    v17.8h, #0
    movi    v18.8h, #0
    movi    v19.8h, #0
    movi    v20.8h, #0
    movi    v21.8h, #0
    mov     x4, #8
    tbz     x2, #63, .Lload

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
    fadd    v22.4s, v22.4s, v23.4s
    fadd    v24.4s, v24.4s, v25.4s
    fadd    v26.4s, v26.4s, v27.4s
    faddp   v22.4s, v22.4s, v22.4s
    faddp   v24.4s, v24.4s, v26.4s
    faddp   s0, v22.2s                      /* dot */
    faddp   v24.4s, v24.4s, v24.4s          /* lane 0 qq, lane 1 rr */
    fsqrt   v24.2s, v24.2s
    fmul    s24, s24, v24.s[1]              /* two roots: qq * rr may leave float's range */
    fdiv    s0, s0, s24
    fmov    s1, #1.0
    fsub    s0, s1, s0
    ret
ARB_END arb_f16_cosine_neonfp16
ARB_FILE_END
