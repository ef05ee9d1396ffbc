/* arb_bits_or_neon: a | b of two bitsets.
 *
 *   void arb_bits_or_neon(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words);
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 dst (which may be a or b), x1 a, x2 b, x3 words
 * registers  x4, x5 one word; v0-v3 words of a, v4-v7 of b. No stack, nothing callee-saved.
 * reads      8 * words bytes at a and at b, writes as many at dst, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_bits_or_neon
    subs    x3, x3, #8
    b.lo    .Lsingles

    /* 8 words a turn, all read before the first is written */
.Leight:
    ldp     q2, q3, [x1, #32]
    ldp     q0, q1, [x1], #64
    ldp     q6, q7, [x2, #32]
    ldp     q4, q5, [x2], #64
    orr     v0.16b, v0.16b, v4.16b
    orr     v1.16b, v1.16b, v5.16b
    orr     v2.16b, v2.16b, v6.16b
    orr     v3.16b, v3.16b, v7.16b
    stp     q2, q3, [x0, #32]
    stp     q0, q1, [x0], #64
    subs    x3, x3, #8
    b.hs    .Leight

.Lsingles:
    adds    x3, x3, #8                      /* 0..7 are left */
    b.eq    .Ldone
.Lsingle:
    ldr     x4, [x1], #8
    ldr     x5, [x2], #8
    orr     x4, x4, x5
    str     x4, [x0], #8
    subs    x3, x3, #1
    b.ne    .Lsingle
.Ldone:
    ret
ARB_END arb_bits_or_neon
ARB_FILE_END
