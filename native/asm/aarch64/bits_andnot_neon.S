/* arb_bits_andnot_neon: a & ~b of two bitsets.
 *
 *   void arb_bits_andnot_neon(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words);
 *
 * CPU        Advanced SIMD (every armv8-a)
 * in         x0 dst (which may be a or b), x1 a, x2 b, x3 words
 * registers  x4, x5 one word; v0-v3 words of a, v4-v7 of b. No stack, nothing callee-saved.
 * reads      8 * words bytes at a and at b, writes as many at dst, no byte beside them; any alignment
 */
#include "asm/arb_asm.h"
#include "asm/aarch64/bits_neon.inc"

arb_bits_neon arb_bits_andnot_neon, bic

ARB_FILE_END
