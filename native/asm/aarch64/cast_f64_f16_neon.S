/* arb_cast_f64_f16_neon: doubles to halves, rounded once: to nearest, ties to even; beyond 65504
 * to infinity.
 *
 *   void arb_cast_f64_f16_neon(const double *src, uint16_t *dst, size_t n);
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 src, x1 dst, x2 n
 * registers  v0-v3 doubles, v4-v5 floats, v6 halves. No stack, nothing callee-saved.
 * reads      8 * n bytes at src, writes 2 * n at dst, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_cast_f64_f16_neon
    subs    x2, x2, #8
    b.lo    .Lsingles

    /* 8 elements a turn, by way of float. Two roundings to nearest could turn a value just beside a
     * tie into the tie; FCVTXN rounds to odd, which keeps what lies beside a tie beside it, because
     * float has more than two bits to spare over half. */
.Leight:
    ldp     q2, q3, [x0, #32]
    ldp     q0, q1, [x0], #64
    fcvtxn  v4.2s, v0.2d
    fcvtxn  v5.2s, v2.2d
    fcvtxn2 v4.4s, v1.2d
    fcvtxn2 v5.4s, v3.2d
    fcvtn   v6.4h, v4.4s
    fcvtn2  v6.8h, v5.4s
    str     q6, [x1], #16
    subs    x2, x2, #8
    b.hs    .Leight

.Lsingles:
    adds    x2, x2, #8                      /* 0..7 are left */
    b.eq    .Ldone
.Lsingle:
    ldr     d0, [x0], #8
    fcvt    h0, d0                          /* one instruction, one rounding */
    str     h0, [x1], #2
    subs    x2, x2, #1
    b.ne    .Lsingle
.Ldone:
    ret
ARB_END arb_cast_f64_f16_neon
ARB_FILE_END
