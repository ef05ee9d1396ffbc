/* arb_f32_l2sq_neon: squared Euclidean distance of two rows of floats.
 *
 *   float arb_f32_l2sq_neon(const void *query, const void *row, size_t dim);
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 query, x1 row, x2 dim
 * out        s0
 * registers  v0-v3 query, v4-v7 row, v16-v19 sums. No stack, nothing callee-saved.
 * reads      4 * dim bytes at query and at row, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

ARB_FUNCTION arb_f32_l2sq_neon
    movi    v16.4s, #0
    movi    v17.4s, #0
    movi    v18.4s, #0
    movi    v19.4s, #0
    subs    x2, x2, #16
    b.lo    .Ltail

    /* 16 elements a turn: loads set the pace, two vectors for each subtraction and multiply-add. */
.Lload:
    ldp     q2, q3, [x0, #32]
    ldp     q0, q1, [x0], #64
    ldp     q6, q7, [x1, #32]
    ldp     q4, q5, [x1], #64
.Lsum_block:
    fsub    v0.4s, v0.4s, v4.4s
    fsub    v1.4s, v1.4s, v5.4s
    fsub    v2.4s, v2.4s, v6.4s
    fsub    v3.4s, v3.4s, v7.4s
    fmla    v16.4s, v0.4s, v0.4s
    fmla    v17.4s, v1.4s, v1.4s
    fmla    v18.4s, v2.4s, v2.4s
    fmla    v19.4s, v3.4s, v3.4s
    subs    x2, x2, #16
    b.hs    .Lload

    /* 0..15 elements are left: they make one block more, zeros behind them. */
.Ltail:
    adds    x2, x2, #16
    b.eq    .Lreduce
    movi    v0.16b, #0
    movi    v1.16b, #0
    movi    v2.16b, #0
    movi    v4.16b, #0
    movi    v5.16b, #0
    movi    v6.16b, #0
    tbz     x2, #3, .Lfour
    ldp     q0, q1, [x0], #32
    ldp     q4, q5, [x1], #32
.Lfour:
    tbz     x2, #2, .Lrest
    ldr     q2, [x0], #16
    ldr     q6, [x1], #16
.Lrest:
    arb_load_tail_f32 3, x0, x2
    arb_load_tail_f32 7, x1, x2
    mov     x2, #0
    b       .Lsum_block

.Lreduce:
    fadd    v16.4s, v16.4s, v17.4s
    fadd    v18.4s, v18.4s, v19.4s
    fadd    v16.4s, v16.4s, v18.4s
    faddp   v16.4s, v16.4s, v16.4s
    faddp   s0, v16.2s
    ret
ARB_END arb_f32_l2sq_neon
ARB_FILE_END
