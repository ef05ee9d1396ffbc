/* arb_sq4_dots_neondotprod: dot products of an int8 query and groups of four rows of 4-bit codes.
 *
 *   void arb_sq4_dots_neondotprod(const int8_t *query, const uint8_t *codes, size_t steps,
 *                                 size_t groups, float *out);
 *
 * sum q * c for each of 4 * groups rows, q in -127..127, c in 0..15 (so that SDOT may take it as
 * signed); exact in int32, then converted. kernels.h has the layout of a group. A lane is a row: SDOT
 * multiplies four bytes of each of four rows by the same four of the query.
 *
 * CPU        Advanced SIMD with FEAT_DotProd (armv8.2-a+dotprod)
 * in         x0 query, x1 codes, x2 steps of 32 elements (1..256), x3 groups (0 is allowed), x4 out
 * out        4 * groups floats at x4
 * registers  v0, v1 query; v4-v7 codes, then high nibbles; v16-v19 low nibbles; v20-v23 sums; v31 0x0f
 *            in each byte; x5 query, x6 steps left. No stack, nothing callee-saved.
 * reads      32 * steps bytes at query, 64 * steps * groups at codes, no byte beside them; any
 *            alignment
 */
#include "asm/arb_asm.h"

    .arch armv8.2-a+dotprod

ARB_FUNCTION arb_sq4_dots_neondotprod
    movi    v31.16b, #0x0f
    cbz     x3, .Ldone
.Lgroup:
    mov     x5, x0
    mov     x6, x2
    movi    v20.4s, #0
    movi    v21.4s, #0
    movi    v22.4s, #0
    movi    v23.4s, #0
.Lstep:                                     /* 64 bytes of the group */
    ldp     q0, q1, [x5], #32
    ldp     q6, q7, [x1, #32]
    ldp     q4, q5, [x1], #64
    and     v16.16b, v4.16b, v31.16b
    and     v17.16b, v5.16b, v31.16b
    and     v18.16b, v6.16b, v31.16b
    and     v19.16b, v7.16b, v31.16b
    ushr    v4.16b, v4.16b, #4
    ushr    v5.16b, v5.16b, #4
    ushr    v6.16b, v6.16b, #4
    ushr    v7.16b, v7.16b, #4
    sdot    v20.4s, v16.16b, v0.4b[0]
    sdot    v21.4s, v17.16b, v0.4b[1]
    sdot    v22.4s, v18.16b, v0.4b[2]
    sdot    v23.4s, v19.16b, v0.4b[3]
    sdot    v20.4s, v4.16b, v1.4b[0]
    sdot    v21.4s, v5.16b, v1.4b[1]
    sdot    v22.4s, v6.16b, v1.4b[2]
    sdot    v23.4s, v7.16b, v1.4b[3]
    subs    x6, x6, #1
    b.ne    .Lstep
    add     v20.4s, v20.4s, v21.4s
    add     v22.4s, v22.4s, v23.4s
    add     v20.4s, v20.4s, v22.4s
    scvtf   v20.4s, v20.4s
    str     q20, [x4], #16
    subs    x3, x3, #1
    b.ne    .Lgroup
.Ldone:
    ret
ARB_END arb_sq4_dots_neondotprod
ARB_FILE_END
