/* arb_bits_or_avx2: a | b of two bitsets.
 *
 *     void arb_bits_or_avx2(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words);
 *
 * CPU         AVX2
 * In          rdi dst (which may be a or b), rsi a, rdx b, rcx words (0 is allowed)
 * Registers   ymm0-ymm3 words; rax one word
 * Reads       exactly 8 * words bytes of a and of b
 * Writes      exactly 8 * words bytes of dst; all at any alignment
 * Loop        16 words, all read before the first is written; the rest one at a time
 */
#include "asm/arb_asm.h"
#include "asm/x86_64/bits_avx2.inc"

.macro ONE_WORD with
        or            rax, [\with]
.endm

arb_bits_avx2 arb_bits_or_avx2, vpor, rsi, rdx

ARB_FILE_END
