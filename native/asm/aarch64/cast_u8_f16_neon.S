/* arb_cast_u8_f16_neon: uint8 to halves, exactly.
 *
 *   void arb_cast_u8_f16_neon(const uint8_t *src, uint16_t *dst, size_t n);
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 src, x1 dst, x2 n
 * registers  x3 one element; v0 bytes, v1-v2 and v16-v17 halves, v4-v7 words, then floats. No
 *            stack, nothing callee-saved.
 * reads      n bytes at src, writes 2 * n at dst, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_cast_u8_f16_neon
    subs    x2, x2, #16
    b.lo    .Lsingles

    /* 16 elements a turn, by way of 32 bits: UCVTF on halves would need FEAT_FP16. */
.Lsixteen:
    ldr     q0, [x0], #16
    uxtl    v1.8h, v0.8b
    uxtl2   v2.8h, v0.16b
    uxtl    v4.4s, v1.4h
    uxtl2   v5.4s, v1.8h
    uxtl    v6.4s, v2.4h
    uxtl2   v7.4s, v2.8h
    ucvtf   v4.4s, v4.4s
    ucvtf   v5.4s, v5.4s
    ucvtf   v6.4s, v6.4s
    ucvtf   v7.4s, v7.4s
    fcvtn   v16.4h, v4.4s
    fcvtn   v17.4h, v6.4s
    fcvtn2  v16.8h, v5.4s
    fcvtn2  v17.8h, v7.4s
    stp     q16, q17, [x1], #32
    subs    x2, x2, #16
    b.hs    .Lsixteen

.Lsingles:
    adds    x2, x2, #16                     /* 0..15 are left */
    b.eq    .Ldone
.Lsingle:
    ldrb    w3, [x0], #1
    ucvtf   s0, w3
    fcvt    h0, s0
    str     h0, [x1], #2
    subs    x2, x2, #1
    b.ne    .Lsingle
.Ldone:
    ret
ARB_END arb_cast_u8_f16_neon
ARB_FILE_END
