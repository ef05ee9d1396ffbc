/* Bitsets in portable C. Words are moved by memcpy: kernels take any alignment. */
#include <string.h>

#include "kernels/kernel_list.h"

static inline uint64_t load(const uint64_t *words, size_t i)
{
    uint64_t word;
    memcpy(&word, (const uint8_t *)words + i * sizeof word, sizeof word);
    return word;
}

#define REFERENCE_BITS(op, expression)                                                             \
    void arb_bits_##op##_ref(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words)    \
    {                                                                                              \
        for (size_t i = 0; i < words; i++) {                                                       \
            uint64_t x = load(a, i), y = load(b, i);                                               \
            uint64_t word = (expression);                                                          \
            memcpy((uint8_t *)dst + i * sizeof word, &word, sizeof word);                          \
        }                                                                                          \
    }

REFERENCE_BITS(and, x &y)
REFERENCE_BITS(or, x | y)
REFERENCE_BITS(andnot, x & ~y)

uint64_t arb_bits_popcount_ref(const uint64_t *a, size_t words)
{
    uint64_t count = 0;
    for (size_t i = 0; i < words; i++) {
        count += (uint64_t)__builtin_popcountll(load(a, i));
    }
    return count;
}
