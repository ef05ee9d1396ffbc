/* arb_f32_l2sq_x4_neon: squared Euclidean distances of a query and four rows of floats. The query
 * is loaded once for the four.
 *
 *   void arb_f32_l2sq_x4_neon(const void *query, const void *const rows[4], size_t dim,
 *                             float out[4]);
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 query, x1 rows, x2 dim, x3 out
 * registers  x4-x7 the rows; v0-v1 query, v2-v7 and v16-v17 rows, two vectors each; v18-v25 their
 *            sums. No stack, nothing callee-saved.
 * reads      4 * dim bytes at query and at each row, 32 at rows, no byte beside; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

ARB_FUNCTION arb_f32_l2sq_x4_neon
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
    subs    x2, x2, #8
    b.lo    .Ltail

    /* 8 elements of each row a turn: eight sums, each touched once. */
.Lload:
    ldp     q0, q1, [x0], #32
    ldp     q2, q3, [x4], #32
    ldp     q4, q5, [x5], #32
    ldp     q6, q7, [x6], #32
    ldp     q16, q17, [x7], #32
.Lsum_block:
    fsub    v2.4s, v0.4s, v2.4s
    fsub    v3.4s, v1.4s, v3.4s
    fsub    v4.4s, v0.4s, v4.4s
    fsub    v5.4s, v1.4s, v5.4s
    fsub    v6.4s, v0.4s, v6.4s
    fsub    v7.4s, v1.4s, v7.4s
    fsub    v16.4s, v0.4s, v16.4s
    fsub    v17.4s, v1.4s, v17.4s
    fmla    v18.4s, v2.4s, v2.4s
    fmla    v19.4s, v3.4s, v3.4s
    fmla    v20.4s, v4.4s, v4.4s
    fmla    v21.4s, v5.4s, v5.4s
    fmla    v22.4s, v6.4s, v6.4s
    fmla    v23.4s, v7.4s, v7.4s
    fmla    v24.4s, v16.4s, v16.4s
    fmla    v25.4s, v17.4s, v17.4s
    subs    x2, x2, #8
    b.hs    .Lload

    /* 0..7 elements are left: they make one block more, zeros behind them. */
.Ltail:
    adds    x2, x2, #8
    b.eq    .Lreduce
    movi    v0.16b, #0
    movi    v2.16b, #0
    movi    v4.16b, #0
    movi    v6.16b, #0
    movi    v16.16b, #0
    tbz     x2, #2, .Lrest
    ldr     q0, [x0], #16
    ldr     q2, [x4], #16
    ldr     q4, [x5], #16
    ldr     q6, [x6], #16
    ldr     q16, [x7], #16
.Lrest:
    arb_load_tail_f32 1, x0, x2
    arb_load_tail_f32 3, x4, x2
    arb_load_tail_f32 5, x5, x2
    arb_load_tail_f32 7, x6, x2
    arb_load_tail_f32 17, x7, x2
    mov     x2, #0
    b       .Lsum_block

.Lreduce:
    fadd    v18.4s, v18.4s, v19.4s
    fadd    v20.4s, v20.4s, v21.4s
    fadd    v22.4s, v22.4s, v23.4s
    fadd    v24.4s, v24.4s, v25.4s
    faddp   v18.4s, v18.4s, v20.4s
    faddp   v22.4s, v22.4s, v24.4s
    faddp   v18.4s, v18.4s, v22.4s          /* lane i: row i */
    str     q18, [x3]
    ret
ARB_END arb_f32_l2sq_x4_neon
ARB_FILE_END
