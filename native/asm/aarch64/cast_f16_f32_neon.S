/* arb_cast_f16_f32_neon: halves to floats, exactly.
 *
 *   void arb_cast_f16_f32_neon(const uint16_t *src, float *dst, size_t n);
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 src, x1 dst, x2 n
 * registers  v0-v1 halves, v2-v5 floats. No stack, nothing callee-saved.
 * reads      2 * n bytes at src, writes 4 * n at dst, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_cast_f16_f32_neon
    subs    x2, x2, #16
    b.lo    .Lfours

    /* 16 elements a turn. */
.Lsixteen:
    ldp     q0, q1, [x0], #32
    fcvtl   v2.4s, v0.4h
    fcvtl2  v3.4s, v0.8h
    fcvtl   v4.4s, v1.4h
    fcvtl2  v5.4s, v1.8h
    stp     q4, q5, [x1, #32]
    stp     q2, q3, [x1], #64
    subs    x2, x2, #16
    b.hs    .Lsixteen

.Lfours:
    adds    x2, x2, #12                     /* left - 4 */
    b.mi    .Lsingles
.Lfour:
    ldr     d0, [x0], #8
    fcvtl   v2.4s, v0.4h
    str     q2, [x1], #16
    subs    x2, x2, #4
    b.hs    .Lfour

.Lsingles:
    adds    x2, x2, #4                      /* 0..3 are left */
    b.eq    .Ldone
.Lsingle:
    ldr     h0, [x0], #2
    fcvt    s0, h0
    str     s0, [x1], #4
    subs    x2, x2, #1
    b.ne    .Lsingle
.Ldone:
    ret
ARB_END arb_cast_f16_f32_neon
ARB_FILE_END
