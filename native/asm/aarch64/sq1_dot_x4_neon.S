/* arb_sq1_dot_x4_neon: dot products of an int8 query and four rows of 1-bit codes.
 *
 *   void arb_sq1_dot_x4_neon(const int8_t *query, const uint8_t *const rows[4], size_t steps,
 *                            float out[4]);
 *
 * For each row the sum of the query's elements whose bits are set, q in -127..127; exact in int32,
 * then converted. kernels.h has the order of the bits. 8 bytes of a row are broadcast to two
 * halves, of which each keeps another bit of each byte; CMTST makes a mask of it for the elements
 * of the query, whose 8 x 8 bytes are transposed once for four rows. SADALP adds two of at most 127
 * to a halfword, four times a step: in 32 steps at most 32 * 8 * 127 = 32512 < 2^15, then it is
 * drained into 32 bits.
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 query, x1 four row pointers, x2 steps of 64 elements (1..128), x3 out
 * out        four floats at x3
 * registers  v0-v3 query, then bits of a row; v4-v7 the query transposed: elements 8 * j + b, b = 0
 *            and 1, 2 and 3, 4 and 5, 6 and 7; v16-v19 those bits of a byte; v20-v23 sums of the
 *            rows in 32 bits, v24-v27 in 16; v28 codes of a row; x1 steps before the next draining;
 *            x4-x7 rows. No stack, nothing callee-saved.
 * reads      64 * steps bytes at query, 8 * steps of each row, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/sq1_dot_x4.inc"

    /* 8 bytes of a row into its sum. */
.macro ROW sum, row
    ld1r    {v28.2d}, [\row], #8
    cmtst   v0.16b, v28.16b, v16.16b
    cmtst   v1.16b, v28.16b, v17.16b
    cmtst   v2.16b, v28.16b, v18.16b
    cmtst   v3.16b, v28.16b, v19.16b
    and     v0.16b, v0.16b, v4.16b
    and     v1.16b, v1.16b, v5.16b
    and     v2.16b, v2.16b, v6.16b
    and     v3.16b, v3.16b, v7.16b
    sadalp  \sum\().8h, v0.16b
    sadalp  \sum\().8h, v1.16b
    sadalp  \sum\().8h, v2.16b
    sadalp  \sum\().8h, v3.16b
.endm

ARB_FUNCTION arb_sq1_dot_x4_neon
    sq1_begin
.Lhalves:                                   /* at most 32 steps, in 16 bits */
    mov     x1, #32
    cmp     x2, x1
    csel    x1, x2, x1, lo
    sub     x2, x2, x1
    movi    v24.8h, #0
    movi    v25.8h, #0
    movi    v26.8h, #0
    movi    v27.8h, #0
.Lstep:                                     /* 64 elements of every vector */
    sq1_query
    ROW     v24, x4
    ROW     v25, x5
    ROW     v26, x6
    ROW     v27, x7
    subs    x1, x1, #1
    b.ne    .Lstep
    sadalp  v20.4s, v24.8h
    sadalp  v21.4s, v25.8h
    sadalp  v22.4s, v26.8h
    sadalp  v23.4s, v27.8h
    cbnz    x2, .Lhalves
    addp    v20.4s, v20.4s, v21.4s
    addp    v22.4s, v22.4s, v23.4s
    addp    v20.4s, v20.4s, v22.4s
    scvtf   v20.4s, v20.4s
    str     q20, [x3]
    ret
ARB_END arb_sq1_dot_x4_neon
ARB_FILE_END
