/* arb_f16_dot_x4_neonfhm: dot products of a query and four rows of halves, multiplied exactly into
 * FP32 sums by FMLAL. The query is loaded once for the four.
 *
 *   void arb_f16_dot_x4_neonfhm(const void *query, const void *const rows[4], size_t dim,
 *                               float out[4]);
 *
 * CPU        Advanced SIMD with FEAT_FHM (armv8.2-a+fp16fml)
 * in         x0 query, x1 rows, x2 dim, x3 out
 * registers  x4-x7 the rows; v0-v1 query, v2-v7 and v16-v17 rows, two vectors each; v18-v21 sums of
 *            the low halves row by row, v22-v25 of the high ones. No stack, nothing callee-saved.
 * reads      2 * dim bytes at query and at each row, 32 at rows, no byte beside; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

    .arch armv8.2-a+fp16fml

ARB_FUNCTION arb_f16_dot_x4_neonfhm
    ldp     x4, x5, [x1]
    ldp     x6, x7, [x1, #16]
    movi    v18.4s, #0
    movi    v19.4s, #0
    movi    v20.4s, #0
    movi    v21.4s, #0
    movi    v22.4s, #0
    movi    v23.4s, #0
    movi    v24.4s, #0
    movi    v25.4s, #0
    subs    x2, x2, #16
    b.lo    .Ltail

    /* 16 elements of each row a turn: a sum is touched again only after seven others. */
.Lload:
    ldp     q0, q1, [x0], #32
    ldp     q2, q3, [x4], #32
    ldp     q4, q5, [x5], #32
    ldp     q6, q7, [x6], #32
    ldp     q16, q17, [x7], #32
.Lsum_block:
    fmlal   v18.4s, v0.4h, v2.4h
    fmlal   v19.4s, v0.4h, v4.4h
    fmlal   v20.4s, v0.4h, v6.4h
    fmlal   v21.4s, v0.4h, v16.4h
    fmlal2  v22.4s, v0.4h, v2.4h
    fmlal2  v23.4s, v0.4h, v4.4h
    fmlal2  v24.4s, v0.4h, v6.4h
    fmlal2  v25.4s, v0.4h, v16.4h
    fmlal   v18.4s, v1.4h, v3.4h
    fmlal   v19.4s, v1.4h, v5.4h
    fmlal   v20.4s, v1.4h, v7.4h
    fmlal   v21.4s, v1.4h, v17.4h
    fmlal2  v22.4s, v1.4h, v3.4h
    fmlal2  v23.4s, v1.4h, v5.4h
    fmlal2  v24.4s, v1.4h, v7.4h
    fmlal2  v25.4s, v1.4h, v17.4h
    subs    x2, x2, #16
    b.hs    .Lload

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
    fadd    v18.4s, v18.4s, v22.4s
    fadd    v19.4s, v19.4s, v23.4s
    fadd    v20.4s, v20.4s, v24.4s
    fadd    v21.4s, v21.4s, v25.4s
    faddp   v18.4s, v18.4s, v19.4s
    faddp   v20.4s, v20.4s, v21.4s
    faddp   v18.4s, v18.4s, v20.4s          /* lane i: row i */
    str     q18, [x3]
    ret
ARB_END arb_f16_dot_x4_neonfhm
ARB_FILE_END
