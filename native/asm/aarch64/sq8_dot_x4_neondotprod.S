/* arb_sq8_dot_x4_neondotprod: dot products of an int8 query and four rows of SQ8 codes, by SDOT. The
 * query is loaded and summed once for the four.
 *
 *   void arb_sq8_dot_x4_neondotprod(const void *query, const void *const rows[4], size_t dim,
 *                                   float out[4]);
 *
 * Exact in int32 for dim <= 8192, then converted; codes less 128, as in sq8_dot_neondotprod.S.
 *
 * CPU        Advanced SIMD with FEAT_DotProd (armv8.2-a+dotprod)
 * in         x0 query (int8), x1 rows (uint8), x2 dim, x3 out
 * registers  x4-x7 the rows; v0 query, v1-v4 rows; v16-v19 sums of the rows, v20 of the query; v30
 *            128, v31 1 in each byte. No stack, nothing callee-saved.
 * reads      dim bytes at query and at each row, 32 at rows, no byte beside; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/tail.inc"

    .arch armv8.2-a+dotprod

ARB_FUNCTION arb_sq8_dot_x4_neondotprod
    ldp     x4, x5, [x1]
    ldp     x6, x7, [x1, #16]
    movi    v16.4s, #0
    movi    v17.4s, #0
    movi    v18.4s, #0
    movi    v19.4s, #0
    movi    v20.4s, #0
    movi    v30.16b, #0x80
    movi    v31.16b, #1
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
    sdot    v16.4s, v1.16b, v0.16b
    sdot    v17.4s, v2.16b, v0.16b
    sdot    v18.4s, v3.16b, v0.16b
    sdot    v19.4s, v4.16b, v0.16b
    sdot    v20.4s, v0.16b, v31.16b
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
ARB_END arb_sq8_dot_x4_neondotprod
ARB_FILE_END
