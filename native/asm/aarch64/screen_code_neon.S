/* arb_screen_code_neon: a vector of floats to codes around 128 of its own scale, and what they
 * lose.
 *
 *   void arb_screen_code_neon(const float *src, size_t n, uint8_t *codes,
 *                             arb_screen_facts *facts);
 *
 * m = max |src_i|; scale = m / 127, or 0 where m < 2^-100; code_i = src_i * (127 / m) rounded to
 * nearest even, plus 128; square = sum src_i^2; error_square = sum (src_i - scale * (code_i -
 * 128))^2.
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 src, x1 n (1..8192), x2 codes, x3 facts: scale, square, error_square
 * registers  v0 largest magnitudes, later the scale; v1 its inverse; v2, v3 sums of squares, later
 *            of errors; v4-v7, v16, v17 elements, codes and errors; v18 128; x4 the element, x5
 *            elements left, w6, w7 scratch. No stack, nothing callee-saved.
 * reads      4 * n bytes at src; writes n codes at codes, rounded up to a multiple of four by 128s,
 *            and 12 bytes at facts, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_screen_code_neon
    movi    v0.4s, #0
    movi    v2.4s, #0
    movi    v3.4s, #0
    mov     x4, x0
    subs    x5, x1, #8
    b.lo    .Llook_tail
.Llook:                                     /* 8 elements */
    ldp     q4, q5, [x4], #32
    fmla    v2.4s, v4.4s, v4.4s
    fmla    v3.4s, v5.4s, v5.4s
    fabs    v4.4s, v4.4s
    fabs    v5.4s, v5.4s
    fmax    v4.4s, v4.4s, v5.4s
    fmax    v0.4s, v0.4s, v4.4s
    subs    x5, x5, #8
    b.hs    .Llook
.Llook_tail:
    adds    x5, x5, #8                      /* 0..7 are left */
    b.eq    .Llooked
.Llook_one:                                 /* the other lanes are zero */
    ldr     s4, [x4], #4
    fmla    v2.4s, v4.4s, v4.4s
    fabs    v4.4s, v4.4s
    fmax    v0.4s, v0.4s, v4.4s
    subs    x5, x5, #1
    b.ne    .Llook_one
.Llooked:
    fadd    v2.4s, v2.4s, v3.4s
    faddp   v2.4s, v2.4s, v2.4s
    faddp   s2, v2.2s
    str     s2, [x3, #4]
    fmaxv   s0, v0.4s
    mov     w6, #0x42fe0000                 /* 127.0 */
    fmov    s1, w6
    mov     w6, #0x0d800000                 /* 2^-100 */
    fmov    s2, w6
    movi    v3.4s, #0
    fcmp    s0, s2
    fdiv    s4, s0, s1
    fdiv    s5, s1, s0
    fcsel   s0, s4, s3, ge
    fcsel   s1, s5, s3, ge
    str     s0, [x3]
    dup     v0.4s, v0.s[0]
    dup     v1.4s, v1.s[0]
    movi    v18.4s, #128

    movi    v2.4s, #0
    subs    x5, x1, #8
    b.lo    .Lcode_tail
.Lcode:                                     /* 8 elements */
    ldp     q4, q5, [x0], #32
    fmul    v6.4s, v4.4s, v1.4s
    fmul    v7.4s, v5.4s, v1.4s
    fcvtns  v6.4s, v6.4s
    fcvtns  v7.4s, v7.4s
    scvtf   v16.4s, v6.4s
    scvtf   v17.4s, v7.4s
    fmls    v4.4s, v16.4s, v0.4s
    fmls    v5.4s, v17.4s, v0.4s
    fmla    v2.4s, v4.4s, v4.4s
    fmla    v3.4s, v5.4s, v5.4s
    add     v6.4s, v6.4s, v18.4s
    add     v7.4s, v7.4s, v18.4s
    xtn     v6.4h, v6.4s
    xtn2    v6.8h, v7.4s
    xtn     v6.8b, v6.8h
    str     d6, [x2], #8
    subs    x5, x5, #8
    b.hs    .Lcode
.Lcode_tail:
    adds    x5, x5, #8                      /* 0..7 are left */
    b.eq    .Lcoded
.Lcode_one:
    ldr     s4, [x0], #4
    fmul    s6, s4, s1
    fcvtns  w6, s6
    scvtf   s6, w6
    fmls    v4.4s, v6.4s, v0.4s             /* other lanes: zero less zero times the scale */
    fmla    v2.4s, v4.4s, v4.4s
    add     w6, w6, #128
    strb    w6, [x2], #1
    subs    x5, x5, #1
    b.ne    .Lcode_one
.Lcoded:
    fadd    v2.4s, v2.4s, v3.4s
    faddp   v2.4s, v2.4s, v2.4s
    faddp   s2, v2.2s
    str     s2, [x3, #8]
    mov     w7, #128
.Lpad:
    tst     x1, #3
    b.eq    .Ldone
    strb    w7, [x2], #1
    add     x1, x1, #1
    b       .Lpad
.Ldone:
    ret
ARB_END arb_screen_code_neon
ARB_FILE_END
