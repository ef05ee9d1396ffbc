/* arb_cast_f32_f16_neon: floats to halves, to nearest, ties to even; beyond 65504 to infinity.
 *
 *   void arb_cast_f32_f16_neon(const float *src, uint16_t *dst, size_t n);
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 src, x1 dst, x2 n
 * registers  v0-v3 floats, v4-v5 halves. No stack, nothing callee-saved.
 * reads      4 * n bytes at src, writes 2 * n at dst, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_cast_f32_f16_neon
    subs    x2, x2, #16
    b.lo    .Lfours

    /* 16 elements a turn. */
.Lsixteen:
    ldp     q2, q3, [x0, #32]
    ldp     q0, q1, [x0], #64
    fcvtn   v4.4h, v0.4s
    fcvtn   v5.4h, v2.4s
    fcvtn2  v4.8h, v1.4s
    fcvtn2  v5.8h, v3.4s
    stp     q4, q5, [x1], #32
    subs    x2, x2, #16
    b.hs    .Lsixteen

.Lfours:
    adds    x2, x2, #12                     /* left - 4 */
    b.mi    .Lsingles
.Lfour:
    ldr     q0, [x0], #16
    fcvtn   v4.4h, v0.4s
    str     d4, [x1], #8
    subs    x2, x2, #4
    b.hs    .Lfour

.Lsingles:
    adds    x2, x2, #4                      /* 0..3 are left */
    b.eq    .Ldone
.Lsingle:
    ldr     s0, [x0], #4
    fcvt    h0, s0
    str     h0, [x1], #2
    subs    x2, x2, #1
    b.ne    .Lsingle
.Ldone:
    ret
ARB_END arb_cast_f32_f16_neon
ARB_FILE_END
