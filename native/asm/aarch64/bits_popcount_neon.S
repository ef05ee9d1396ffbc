/* arb_bits_popcount_neon: how many bits of a bitset are set.
 *
 *   uint64_t arb_bits_popcount_neon(const uint64_t *a, size_t words);
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 a, x1 words
 * out        x0
 * registers  x2 one count; v0-v3 words, then counts; v16 sum by 64-bit lane. No stack, nothing
 *            callee-saved.
 * reads      8 * words bytes at a, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"

ARB_FUNCTION arb_bits_popcount_neon
    movi    v16.2d, #0
    subs    x1, x1, #8
    b.lo    .Lsingles

    /* 8 words a turn. CNT counts each byte, at most 8; four of these and their pairs stay far below
     * what a byte and a halfword hold. */
.Leight:
    ldp     q2, q3, [x0, #32]
    ldp     q0, q1, [x0], #64
    cnt     v0.16b, v0.16b
    cnt     v1.16b, v1.16b
    cnt     v2.16b, v2.16b
    cnt     v3.16b, v3.16b
    add     v0.16b, v0.16b, v1.16b
    add     v2.16b, v2.16b, v3.16b
    add     v0.16b, v0.16b, v2.16b
    uaddlp  v0.8h, v0.16b
    uaddlp  v0.4s, v0.8h
    uadalp  v16.2d, v0.4s
    subs    x1, x1, #8
    b.hs    .Leight

.Lsingles:
    adds    x1, x1, #8                      /* 0..7 are left */
    b.eq    .Lreduce
.Lsingle:
    ldr     d0, [x0], #8
    cnt     v0.16b, v0.16b                  /* the upper half is zero */
    uaddlp  v0.8h, v0.16b
    uaddlp  v0.4s, v0.8h
    uadalp  v16.2d, v0.4s
    subs    x1, x1, #1
    b.ne    .Lsingle
.Lreduce:
    addp    d0, v16.2d
    fmov    x0, d0
    ret
ARB_END arb_bits_popcount_neon
ARB_FILE_END
