/* arb_sq8_encode_neon: floats to SQ8 codes.
 *
 *   void arb_sq8_encode_neon(const float *src, const float *offset, float inverse_scale,
 *                            uint8_t *dst, size_t n);
 *
 * (src_i - offset_i) * inverse_scale, rounded to nearest even, kept within 0..255; NaN gives 0.
 * FCVTNU rounds so and saturates at zero and at its top, whatever FPCR says, and makes a NaN zero;
 * narrowing saturates the rest.
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 src, x1 offset, s0 inverse_scale, x2 dst, x3 n
 * registers  w4 one code, w5 255; v1-v4 elements, v5-v7 and v16 offsets, v31 inverse_scale. No stack,
 *            nothing callee-saved.
 * reads      4 * n bytes at src and at offset, writes n at dst, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_sq8_encode_neon
    dup     v31.4s, v0.s[0]
    mov     w5, #255
    subs    x3, x3, #16
    b.lo    .Lsingles

    /* 16 elements a turn */
.Lsixteen:
    ldp     q3, q4, [x0, #32]
    ldp     q1, q2, [x0], #64
    ldp     q7, q16, [x1, #32]
    ldp     q5, q6, [x1], #64
    fsub    v1.4s, v1.4s, v5.4s
    fsub    v2.4s, v2.4s, v6.4s
    fsub    v3.4s, v3.4s, v7.4s
    fsub    v4.4s, v4.4s, v16.4s
    fmul    v1.4s, v1.4s, v31.4s
    fmul    v2.4s, v2.4s, v31.4s
    fmul    v3.4s, v3.4s, v31.4s
    fmul    v4.4s, v4.4s, v31.4s
    fcvtnu  v1.4s, v1.4s
    fcvtnu  v2.4s, v2.4s
    fcvtnu  v3.4s, v3.4s
    fcvtnu  v4.4s, v4.4s
    uqxtn   v1.4h, v1.4s
    uqxtn   v3.4h, v3.4s
    uqxtn2  v1.8h, v2.4s
    uqxtn2  v3.8h, v4.4s
    uqxtn   v1.8b, v1.8h
    uqxtn2  v1.16b, v3.8h
    str     q1, [x2], #16
    subs    x3, x3, #16
    b.hs    .Lsixteen

.Lsingles:
    adds    x3, x3, #16                     /* 0..15 are left */
    b.eq    .Ldone
.Lsingle:
    ldr     s1, [x0], #4
    ldr     s5, [x1], #4
    fsub    s1, s1, s5
    fmul    s1, s1, s31
    fcvtnu  w4, s1
    cmp     w4, w5
    csel    w4, w4, w5, lo
    strb    w4, [x2], #1
    subs    x3, x3, #1
    b.ne    .Lsingle
.Ldone:
    ret
ARB_END arb_sq8_encode_neon
ARB_FILE_END
