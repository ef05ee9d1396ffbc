/* arb_sq8_dot_neon: dot product of an int8 query and a row of SQ8 codes.
 *
 *   float arb_sq8_dot_neon(const void *query, const void *row, size_t dim);
 *
 * Exact in int32 for dim <= 8192, then converted. SMULL wants both sides signed: the row's codes are
 * taken less 128 (the top bit flipped), and 128 times the sum of the query is added in the end. Two
 * products meet in 16 bits before they are widened: 2 * 128 * 127 fits, and a query of -128 would
 * not, which is why its range is -127..127.
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 query (int8, -127..127), x1 row (uint8), x2 dim
 * out        s0
 * registers  v0, v1 query, v4, v5 row; v2, v3, v6, v7 halfway sums; v16, v17 sums of products, v20,
 *            v21 sums of the query; v30 128 in each byte. No stack, nothing callee-saved.
 * reads      dim bytes at query and at row, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

ARB_FUNCTION arb_sq8_dot_neon
    movi    v16.4s, #0
    movi    v17.4s, #0
    movi    v20.4s, #0
    movi    v21.4s, #0
    movi    v30.16b, #0x80
    subs    x2, x2, #32
    b.lo    .Lsixteens

    /* 32 elements a turn */
.Lblock:
    ldp     q0, q1, [x0], #32
    ldp     q4, q5, [x1], #32
    eor     v4.16b, v4.16b, v30.16b
    smull   v2.8h, v4.8b, v0.8b
    smlal2  v2.8h, v4.16b, v0.16b
    saddlp  v6.8h, v0.16b
    sadalp  v16.4s, v2.8h
    sadalp  v20.4s, v6.8h
    eor     v5.16b, v5.16b, v30.16b
    smull   v3.8h, v5.8b, v1.8b
    smlal2  v3.8h, v5.16b, v1.16b
    saddlp  v7.8h, v1.16b
    sadalp  v17.4s, v3.8h
    sadalp  v21.4s, v7.8h
    subs    x2, x2, #32
    b.hs    .Lblock

.Lsixteens:                                 /* 0..31 are left */
    adds    x2, x2, #32 - 16
    b.lo    .Ltail
.Lload:
    ldr     q0, [x0], #16
    ldr     q4, [x1], #16
.Lsum_sixteen:
    eor     v4.16b, v4.16b, v30.16b
    smull   v2.8h, v4.8b, v0.8b
    smlal2  v2.8h, v4.16b, v0.16b
    saddlp  v6.8h, v0.16b
    sadalp  v16.4s, v2.8h
    sadalp  v20.4s, v6.8h
    subs    x2, x2, #16
    b.hs    .Lload

    /* 0..15 elements are left: they make sixteen once more, zeros behind them. */
.Ltail:
    adds    x2, x2, #16
    b.eq    .Lreduce
    arb_load_tail_u8 0, x0, x2
    arb_load_tail_u8 4, x1, x2
    mov     x2, #0
    b       .Lsum_sixteen

.Lreduce:
    add     v16.4s, v16.4s, v17.4s
    add     v20.4s, v20.4s, v21.4s
    shl     v20.4s, v20.4s, #7
    add     v16.4s, v16.4s, v20.4s
    addv    s0, v16.4s
    scvtf   s0, s0
    ret
ARB_END arb_sq8_dot_neon
ARB_FILE_END
