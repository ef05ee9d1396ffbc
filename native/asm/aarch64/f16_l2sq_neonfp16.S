/* arb_f16_l2sq_neonfp16: squared Euclidean distance of two rows of halves in FP16 arithmetic,
 * drained into FP32.
 *
 *   float arb_f16_l2sq_neonfp16(const void *query, const void *row, size_t dim);
 *
 * CPU        Advanced SIMD with FEAT_FP16 (armv8.2-a+fp16)
 * in         x0 query, x1 row, x2 dim
 * out        s0
 * sums       an FP16 lane takes at most 8 terms before it is drained (ARB_NATIVE_TERMS_MAX allows
 *            32); the range of the data must allow that (arb_native_range_is_safe). Within 0.5% of
 *            the true distance: 2^-10 of a term from its rounded difference, 2^-11 from each of 8
 *            additions; some 0.01% in practice.
 * registers  x4 blocks until the next drain; v0-v3 query, v4-v7 row; v16-v19 FP16 sums, v20-v23
 *            FP32 sums; v0-v7 scratch of the drain. No stack, nothing callee-saved.
 * reads      2 * dim bytes at query and at row, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

    .arch armv8.2-a+fp16

ARB_FUNCTION arb_f16_l2sq_neonfp16
    movi    v16.8h, #0
    movi    v17.8h, #0
    movi    v18.8h, #0
    movi    v19.8h, #0
    movi    v20.4s, #0
    movi    v21.4s, #0
    movi    v22.4s, #0
    movi    v23.4s, #0
    mov     x4, #8
    subs    x2, x2, #32
    b.lo    .Ltail

    /* 32 elements a turn, 8 to a vector: no conversion on the way. */
.Lload:
    ldp     q2, q3, [x0, #32]
    ldp     q0, q1, [x0], #64
    ldp     q6, q7, [x1, #32]
    ldp     q4, q5, [x1], #64
.Lsum_block:
    fsub    v0.8h, v0.8h, v4.8h
    fsub    v1.8h, v1.8h, v5.8h
    fsub    v2.8h, v2.8h, v6.8h
    fsub    v3.8h, v3.8h, v7.8h
    fmla    v16.8h, v0.8h, v0.8h
    fmla    v17.8h, v1.8h, v1.8h
    fmla    v18.8h, v2.8h, v2.8h
    fmla    v19.8h, v3.8h, v3.8h
    sub     x4, x4, #1
    subs    x2, x2, #32
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
    fadd    v20.4s, v20.4s, v0.4s
    fadd    v21.4s, v21.4s, v1.4s
    fadd    v22.4s, v22.4s, v2.4s
    fadd    v23.4s, v23.4s, v3.4s
    fadd    v20.4s, v20.4s, v4.4s
    fadd    v21.4s, v21.4s, v5.4s
    fadd    v22.4s, v22.4s, v6.4s
    fadd    v23.4s, v23.4s, v7.4s
    movi    v16.8h, #0
    movi    v17.8h, #0
    movi    v18.8h, #0
    movi    v19.8h, #0
    mov     x4, #8
    tbz     x2, #63, .Lload

    /* 0..31 elements are left: they make one block more, zeros behind them. */
.Ltail:
    adds    x2, x2, #32
    b.eq    .Lreduce
    movi    v0.16b, #0
    movi    v1.16b, #0
    movi    v2.16b, #0
    movi    v4.16b, #0
    movi    v5.16b, #0
    movi    v6.16b, #0
    tbz     x2, #4, .Leight
    ldp     q0, q1, [x0], #32
    ldp     q4, q5, [x1], #32
.Leight:
    tbz     x2, #3, .Lrest
    ldr     q2, [x0], #16
    ldr     q6, [x1], #16
.Lrest:
    arb_load_tail_f16 3, x0, x2
    arb_load_tail_f16 7, x1, x2
    mov     x2, #0
    b       .Lsum_block

.Lreduce:
    fadd    v20.4s, v20.4s, v21.4s
    fadd    v22.4s, v22.4s, v23.4s
    fadd    v20.4s, v20.4s, v22.4s
    faddp   v20.4s, v20.4s, v20.4s
    faddp   s0, v20.2s
    ret
ARB_END arb_f16_l2sq_neonfp16
ARB_FILE_END
