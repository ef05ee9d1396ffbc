/* arb_f16_dot_x4_neonfp16: dot products of a query and four rows of halves in FP16 arithmetic,
 * drained into FP32. The query is loaded once for the four.
 *
 *   void arb_f16_dot_x4_neonfp16(const void *query, const void *const rows[4], size_t dim,
 *                                float out[4]);
 *
 * CPU        Advanced SIMD with FEAT_FP16 (armv8.2-a+fp16)
 * in         x0 query, x1 rows, x2 dim, x3 out
 * sums       an FP16 lane takes at most 8 terms before it is drained (ARB_NATIVE_TERMS_MAX allows
 *            32); the range of the data must allow that (arb_native_range_is_safe). Off by at most
 *            0.4% of the sum of |q * r|: 2^-11 from each of 8 additions; some 0.003% in practice.
 * registers  x1 blocks until the next drain (once the rows are read from it), x4-x7 the rows; v0-v1
 *            query, v2-v7 and v16-v17 rows, two vectors each; v18-v25 their FP16 sums, v26-v29 FP32
 *            sums row by row; v0-v7 scratch of the drain. No stack, nothing callee-saved.
 * reads      2 * dim bytes at query and at each row, 32 at rows, no byte beside; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

    .arch armv8.2-a+fp16

ARB_FUNCTION arb_f16_dot_x4_neonfp16
    ldp     x4, x5, [x1]
    ldp     x6, x7, [x1, #16]
    movi    v18.8h, #0
    movi    v19.8h, #0
    movi    v20.8h, #0
    movi    v21.8h, #0
    movi    v22.8h, #0
    movi    v23.8h, #0
    movi    v24.8h, #0
    movi    v25.8h, #0
    movi    v26.4s, #0
    movi    v27.4s, #0
    movi    v28.4s, #0
    movi    v29.4s, #0
    mov     x1, #8
    subs    x2, x2, #16
    b.lo    .Ltail

    /* 16 elements of each row a turn: eight sums, each touched once. */
.Lload:
    ldp     q0, q1, [x0], #32
    ldp     q2, q3, [x4], #32
    ldp     q4, q5, [x5], #32
    ldp     q6, q7, [x6], #32
    ldp     q16, q17, [x7], #32
.Lsum_block:
    fmla    v18.8h, v0.8h, v2.8h
    fmla    v19.8h, v1.8h, v3.8h
    fmla    v20.8h, v0.8h, v4.8h
    fmla    v21.8h, v1.8h, v5.8h
    fmla    v22.8h, v0.8h, v6.8h
    fmla    v23.8h, v1.8h, v7.8h
    fmla    v24.8h, v0.8h, v16.8h
    fmla    v25.8h, v1.8h, v17.8h
    sub     x1, x1, #1
    subs    x2, x2, #16
    ccmp    x1, #0, #4, hs                  /* while a whole block is left and no drain is due */
    b.ne    .Lload

    /* Every 8 blocks, and at the end: FP16 sums into FP32 sums, first vectors, then second ones. */
    fcvtl   v0.4s, v18.4h
    fcvtl2  v1.4s, v18.8h
    fcvtl   v2.4s, v20.4h
    fcvtl2  v3.4s, v20.8h
    fcvtl   v4.4s, v22.4h
    fcvtl2  v5.4s, v22.8h
    fcvtl   v6.4s, v24.4h
    fcvtl2  v7.4s, v24.8h
    fadd    v0.4s, v0.4s, v1.4s
    fadd    v2.4s, v2.4s, v3.4s
    fadd    v4.4s, v4.4s, v5.4s
    fadd    v6.4s, v6.4s, v7.4s
    fadd    v26.4s, v26.4s, v0.4s
    fadd    v27.4s, v27.4s, v2.4s
    fadd    v28.4s, v28.4s, v4.4s
    fadd    v29.4s, v29.4s, v6.4s
    fcvtl   v0.4s, v19.4h
    fcvtl2  v1.4s, v19.8h
    fcvtl   v2.4s, v21.4h
    fcvtl2  v3.4s, v21.8h
    fcvtl   v4.4s, v23.4h
    fcvtl2  v5.4s, v23.8h
    fcvtl   v6.4s, v25.4h
    fcvtl2  v7.4s, v25.8h
    fadd    v0.4s, v0.4s, v1.4s
    fadd    v2.4s, v2.4s, v3.4s
    fadd    v4.4s, v4.4s, v5.4s
    fadd    v6.4s, v6.4s, v7.4s
    fadd    v26.4s, v26.4s, v0.4s
    fadd    v27.4s, v27.4s, v2.4s
    fadd    v28.4s, v28.4s, v4.4s
    fadd    v29.4s, v29.4s, v6.4s
    movi    v18.8h, #0
    movi    v19.8h, #0
    movi    v20.8h, #0
    movi    v21.8h, #0
    movi    v22.8h, #0
    movi    v23.8h, #0
    movi    v24.8h, #0
    movi    v25.8h, #0
    mov     x1, #8
    tbz     x2, #63, .Lload

    /* 0..15 elements are left: they make one block more, zeros behind them. */
.Ltail:
    adds    x2, x2, #16
    b.eq    .Lreduce
    movi    v0.16b, #0
    movi    v2.16b, #0
    movi    v4.16b, #0
    movi    v6.16b, #0
    movi    v16.16b, #0
    tbz     x2, #3, .Lrest
    ldr     q0, [x0], #16
    ldr     q2, [x4], #16
    ldr     q4, [x5], #16
    ldr     q6, [x6], #16
    ldr     q16, [x7], #16
.Lrest:
    arb_load_tail_f16 1, x0, x2
    arb_load_tail_f16 3, x4, x2
    arb_load_tail_f16 5, x5, x2
    arb_load_tail_f16 7, x6, x2
    arb_load_tail_f16 17, x7, x2
    mov     x2, #0
    b       .Lsum_block

.Lreduce:
    faddp   v26.4s, v26.4s, v27.4s
    faddp   v28.4s, v28.4s, v29.4s
    faddp   v26.4s, v26.4s, v28.4s          /* lane i: row i */
    str     q26, [x3]
    ret
ARB_END arb_f16_dot_x4_neonfp16
ARB_FILE_END
