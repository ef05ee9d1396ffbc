/* arb_sq8_decode_neon: SQ8 codes to floats.
 *
 *   void arb_sq8_decode_neon(const uint8_t *src, const float *offset, float scale,
 *                            float *dst, size_t n);
 *
 * offset_i + scale * src_i, the product rounded and then the sum (so no FMLA).
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 src, x1 offset, s0 scale, x2 dst, x3 n
 * registers  w4 one code; v1-v4 elements, v5-v7 and v16 offsets, v31 scale. No stack, nothing
 *            callee-saved.
 * reads      n bytes at src, 4 * n at offset, writes 4 * n at dst, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_sq8_decode_neon
    dup     v31.4s, v0.s[0]
    subs    x3, x3, #16
    b.lo    .Lsingles

    /* 16 elements a turn */
.Lsixteen:
    ldr     q1, [x0], #16
    ldp     q7, q16, [x1, #32]
    ldp     q5, q6, [x1], #64
    uxtl2   v3.8h, v1.16b
    uxtl    v1.8h, v1.8b
    uxtl2   v2.4s, v1.8h
    uxtl    v1.4s, v1.4h
    uxtl2   v4.4s, v3.8h
    uxtl    v3.4s, v3.4h
    ucvtf   v1.4s, v1.4s
    ucvtf   v2.4s, v2.4s
    ucvtf   v3.4s, v3.4s
    ucvtf   v4.4s, v4.4s
    fmul    v1.4s, v1.4s, v31.4s
    fmul    v2.4s, v2.4s, v31.4s
    fmul    v3.4s, v3.4s, v31.4s
    fmul    v4.4s, v4.4s, v31.4s
    fadd    v1.4s, v1.4s, v5.4s
    fadd    v2.4s, v2.4s, v6.4s
    fadd    v3.4s, v3.4s, v7.4s
    fadd    v4.4s, v4.4s, v16.4s
    stp     q3, q4, [x2, #32]
    stp     q1, q2, [x2], #64
    subs    x3, x3, #16
    b.hs    .Lsixteen

.Lsingles:
    adds    x3, x3, #16                     /* 0..15 are left */
    b.eq    .Ldone
.Lsingle:
    ldrb    w4, [x0], #1
    ldr     s5, [x1], #4
    ucvtf   s1, w4
    fmul    s1, s1, s31
    fadd    s1, s1, s5
    str     s1, [x2], #4
    subs    x3, x3, #1
    b.ne    .Lsingle
.Ldone:
    ret
ARB_END arb_sq8_decode_neon
ARB_FILE_END
