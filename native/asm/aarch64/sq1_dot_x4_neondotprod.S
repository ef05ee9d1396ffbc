/* arb_sq1_dot_x4_neondotprod: dot products of an int8 query and four rows of 1-bit codes.
 *
 *   void arb_sq1_dot_x4_neondotprod(const int8_t *query, const uint8_t *const rows[4],
 *                                   size_t steps, float out[4]);
 *
 * For each row the sum of the query's elements whose bits are set, q in -127..127; exact in int32,
 * then converted. kernels.h has the order of the bits. 8 bytes of a row are broadcast to two
 * halves, of which each keeps another bit of each byte; CMTST makes -1 of it, and SDOT subtracts
 * the elements of the query, whose 8 x 8 bytes are transposed once for four rows.
 *
 * CPU        Advanced SIMD with FEAT_DotProd (armv8.2-a+dotprod)
 * in         x0 query, x1 four row pointers, x2 steps of 64 elements (1..128), x3 out
 * out        four floats at x3
 * registers  v0-v3 query; v4-v7 the same transposed: elements 8 * j + b, b = 0 and 1, 2 and 3, 4
 *            and 5, 6 and 7; v16-v19 those bits of a byte; v20-v23 sums of the rows; v24 codes of a
 *            row, v25-v28 its bits; x4-x7 rows. No stack, nothing callee-saved.
 * reads      64 * steps bytes at query, 8 * steps of each row, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/sq1_dot_x4.inc"

    .arch armv8.2-a+dotprod

    /* 8 bytes of a row into its sum. */
.macro ROW sum, row
    ld1r    {v24.2d}, [\row], #8
    cmtst   v25.16b, v24.16b, v16.16b
    cmtst   v26.16b, v24.16b, v17.16b
    cmtst   v27.16b, v24.16b, v18.16b
    cmtst   v28.16b, v24.16b, v19.16b
    sdot    \sum\().4s, v25.16b, v4.16b
    sdot    \sum\().4s, v26.16b, v5.16b
    sdot    \sum\().4s, v27.16b, v6.16b
    sdot    \sum\().4s, v28.16b, v7.16b
.endm

ARB_FUNCTION arb_sq1_dot_x4_neondotprod
    sq1_begin
.Lstep:                                     /* 64 elements of every vector */
    sq1_query
    ROW     v20, x4
    ROW     v21, x5
    ROW     v22, x6
    ROW     v23, x7
    subs    x2, x2, #1
    b.ne    .Lstep
    addp    v20.4s, v20.4s, v21.4s
    addp    v22.4s, v22.4s, v23.4s
    addp    v20.4s, v20.4s, v22.4s
    neg     v20.4s, v20.4s
    scvtf   v20.4s, v20.4s
    str     q20, [x3]
    ret
ARB_END arb_sq1_dot_x4_neondotprod
ARB_FILE_END
