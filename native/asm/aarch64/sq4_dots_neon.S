/* arb_sq4_dots_neon: dot products of an int8 query and groups of four rows of 4-bit codes.
 *
 *   void arb_sq4_dots_neon(const int8_t *query, const uint8_t *codes, size_t steps, size_t groups,
 *                          float *out);
 *
 * sum q * c for each of 4 * groups rows, q in -127..127, c in 0..15; exact in int32, then converted.
 * kernels.h has the layout of a group. Two products of at most 15 * 127 meet in 16 bits before they
 * are widened.
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 query, x1 codes, x2 steps of 32 elements (1..256), x3 groups (0 is allowed), x4 out
 * out        4 * groups floats at x4
 * registers  v0, v1 query; v2, v3 four bytes of it in each lane; v4-v7 codes; v16, v17 nibbles; v18,
 *            v19 halfway sums; v20, v21 two sums a row, rows 0 and 1, 2 and 3; v31 0x0f in each byte;
 *            x5 query, x6 steps left. No stack, nothing callee-saved.
 * reads      32 * steps bytes at query, 64 * steps * groups at codes, no byte beside them; any
 *            alignment
 */
#include "asm/arb_asm.h"

    /* 16 bytes of the group: four of each row, by bytes `quarter` of the query. */
.macro QUARTER codes, quarter
    dup     v2.4s, v0.s[\quarter]
    dup     v3.4s, v1.s[\quarter]
    and     v16.16b, \codes\().16b, v31.16b
    ushr    v17.16b, \codes\().16b, #4
    smull   v18.8h, v16.8b, v2.8b
    smull2  v19.8h, v16.16b, v2.16b
    smlal   v18.8h, v17.8b, v3.8b
    smlal2  v19.8h, v17.16b, v3.16b
    sadalp  v20.4s, v18.8h
    sadalp  v21.4s, v19.8h
.endm

ARB_FUNCTION arb_sq4_dots_neon
    movi    v31.16b, #0x0f
    cbz     x3, .Ldone
.Lgroup:
    mov     x5, x0
    mov     x6, x2
    movi    v20.4s, #0
    movi    v21.4s, #0
.Lstep:                                     /* 64 bytes of the group */
    ldp     q0, q1, [x5], #32
    ldp     q6, q7, [x1, #32]
    ldp     q4, q5, [x1], #64
    QUARTER v4, 0
    QUARTER v5, 1
    QUARTER v6, 2
    QUARTER v7, 3
    subs    x6, x6, #1
    b.ne    .Lstep
    addp    v20.4s, v20.4s, v21.4s
    scvtf   v20.4s, v20.4s
    str     q20, [x4], #16
    subs    x3, x3, #1
    b.ne    .Lgroup
.Ldone:
    ret
ARB_END arb_sq4_dots_neon
ARB_FILE_END
