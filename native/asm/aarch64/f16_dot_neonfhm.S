/* arb_f16_dot_neonfhm: dot product of two rows of halves, multiplied exactly into FP32 sums by
 * FMLAL.
 *
 *   float arb_f16_dot_neonfhm(const void *query, const void *row, size_t dim);
 *
 * CPU        Advanced SIMD with FEAT_FHM (armv8.2-a+fp16fml)
 * in         x0 query, x1 row, x2 dim
 * out        s0
 * registers  v0-v3 query, v4-v7 row; v16-v19 sums of the low halves of each vector, v20-v23 of the
 *            high ones. No stack, nothing callee-saved.
 * reads      2 * dim bytes at query and at row, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

    .arch armv8.2-a+fp16fml

ARB_FUNCTION arb_f16_dot_neonfhm
    movi    v16.4s, #0
    movi    v17.4s, #0
    movi    v18.4s, #0
    movi    v19.4s, #0
    movi    v20.4s, #0
    movi    v21.4s, #0
    movi    v22.4s, #0
    movi    v23.4s, #0
    subs    x2, x2, #32
    b.lo    .Ltail

    /* 32 elements a turn. FMLAL takes lanes 0..3 of both vectors, FMLAL2 lanes 4..7, and rounds
     * once: the same sums as widening both, without four conversions a pair of vectors. */
.Lload:
    ldp     q2, q3, [x0, #32]
    ldp     q0, q1, [x0], #64
    ldp     q6, q7, [x1, #32]
    ldp     q4, q5, [x1], #64
.Lsum_block:
    fmlal   v16.4s, v0.4h, v4.4h
    fmlal   v17.4s, v1.4h, v5.4h
    fmlal   v18.4s, v2.4h, v6.4h
    fmlal   v19.4s, v3.4h, v7.4h
    fmlal2  v20.4s, v0.4h, v4.4h
    fmlal2  v21.4s, v1.4h, v5.4h
    fmlal2  v22.4s, v2.4h, v6.4h
    fmlal2  v23.4s, v3.4h, v7.4h
    subs    x2, x2, #32
    b.hs    .Lload

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
    fadd    v16.4s, v16.4s, v17.4s
    fadd    v18.4s, v18.4s, v19.4s
    fadd    v20.4s, v20.4s, v21.4s
    fadd    v22.4s, v22.4s, v23.4s
    fadd    v16.4s, v16.4s, v18.4s
    fadd    v20.4s, v20.4s, v22.4s
    fadd    v16.4s, v16.4s, v20.4s
    faddp   v16.4s, v16.4s, v16.4s
    faddp   s0, v16.2s
    ret
ARB_END arb_f16_dot_neonfhm
ARB_FILE_END
