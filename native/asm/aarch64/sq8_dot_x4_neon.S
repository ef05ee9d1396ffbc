/* arb_sq8_dot_x4_neon: dot products of an int8 query and four rows of SQ8 codes. The query is loaded
 * and summed once for the four.
 *
 *   void arb_sq8_dot_x4_neon(const void *query, const void *const rows[4], size_t dim,
 *                            float out[4]);
 *
 * Exact in int32 for dim <= 8192, then converted; codes less 128 and the query within -127..127, as
 * in sq8_dot_neon.S.
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 query (int8, -127..127), x1 rows (uint8), x2 dim, x3 out
 * registers  x4-x7 the rows; v0 query, v1-v4 rows; v5-v7, v21, v22 halfway sums; v16-v19 sums of the
 *            rows, v20 of the query; v30 128 in each byte. No stack, nothing callee-saved.
 * reads      dim bytes at query and at each row, 32 at rows, no byte beside; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

ARB_FUNCTION arb_sq8_dot_x4_neon
    ldp     x4, x5, [x1]
    ldp     x6, x7, [x1, #16]
    movi    v16.4s, #0
    movi    v17.4s, #0
    movi    v18.4s, #0
    movi    v19.4s, #0
    movi    v20.4s, #0
    movi    v30.16b, #0x80
    subs    x2, x2, #16
    b.lo    .Ltail

    /* 16 elements of each row a turn */
.Lload:
    ldr     q0, [x0], #16
    ldr     q1, [x4], #16
    ldr     q2, [x5], #16
    ldr     q3, [x6], #16
    ldr     q4, [x7], #16
.Lsum_sixteen:
    eor     v1.16b, v1.16b, v30.16b
    eor     v2.16b, v2.16b, v30.16b
    eor     v3.16b, v3.16b, v30.16b
    eor     v4.16b, v4.16b, v30.16b
    smull   v5.8h, v1.8b, v0.8b
    smull   v6.8h, v2.8b, v0.8b
    smull   v7.8h, v3.8b, v0.8b
    smull   v21.8h, v4.8b, v0.8b
    saddlp  v22.8h, v0.16b
    smlal2  v5.8h, v1.16b, v0.16b
    smlal2  v6.8h, v2.16b, v0.16b
    smlal2  v7.8h, v3.16b, v0.16b
    smlal2  v21.8h, v4.16b, v0.16b
    sadalp  v20.4s, v22.8h
    sadalp  v16.4s, v5.8h
    sadalp  v17.4s, v6.8h
    sadalp  v18.4s, v7.8h
    sadalp  v19.4s, v21.8h
    subs    x2, x2, #16
    b.hs    .Lload

    /* 0..15 elements are left: they make sixteen once more, zeros behind them. */
.Ltail:
    adds    x2, x2, #16
    b.eq    .Lreduce
    arb_load_tail_u8 0, x0, x2
    arb_load_tail_u8 1, x4, x2
    arb_load_tail_u8 2, x5, x2
    arb_load_tail_u8 3, x6, x2
    arb_load_tail_u8 4, x7, x2
    mov     x2, #0
    b       .Lsum_sixteen

.Lreduce:
    addp    v16.4s, v16.4s, v17.4s
    addp    v18.4s, v18.4s, v19.4s
    addp    v16.4s, v16.4s, v18.4s          /* lane i: row i */
    addv    s20, v20.4s
    shl     v20.4s, v20.4s, #7
    dup     v20.4s, v20.s[0]
    add     v16.4s, v16.4s, v20.4s
    scvtf   v16.4s, v16.4s
    str     q16, [x3]
    ret
ARB_END arb_sq8_dot_x4_neon
ARB_FILE_END
