/* arb_bits_or_avx512: a | b of two bitsets.
 *
 *     void arb_bits_or_avx512(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words);
 *
 * CPU         AVX-512 F, BW, DQ, VL; BMI2
 * In          rdi dst (which may be a or b), rsi a, rdx b, rcx words (0 is allowed)
 * Registers   zmm0-zmm3 words; k1 the mask of the tail; eax scratch
 * Reads       exactly 8 * words bytes of a and of b
 * Writes      exactly 8 * words bytes of dst; all at any alignment
 * Loop        32 words, all read before the first is written; then 8, the last of them by mask
 */
#include "asm/arb_asm.h"
#include "asm/x86_64/bits_avx512.inc"

arb_bits_avx512 arb_bits_or_avx512, vporq, rsi, rdx

ARB_FILE_END
