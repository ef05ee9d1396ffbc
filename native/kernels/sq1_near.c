/* sq1_near.c: sq1_near for the instruction sets that have no kernel of it in assembly: what it adds
 * to four rows' sums, in C around their kernel of sq1_dot_x4. */
#include <string.h>

#include "kernels/kernel_list.h"

typedef void (*dot_x4_fn)(const int8_t *query, const uint8_t *const rows[4], size_t steps,
                          float out[4]);

/* Of four rows, the first `count` count. */
static inline uint64_t near_of_four(const arb_sq1_bound *bound, const uint8_t *const rows[4],
                                    size_t count, dot_x4_fn dot_x4)
{
    float dots[4];
    uint64_t near = 0;
    dot_x4(bound->query, rows, bound->steps, dots);
    for (size_t i = 0; i < count; i++) {
        float terms[2]; /* bias, f */
        memcpy(terms, rows[i] + 8 * bound->steps, sizeof terms);
        float least =
            bound->constant + terms[0] - terms[1] * (bound->factor * dots[i] + bound->shift);
        near |= (uint64_t) !(least > bound->farthest) << i;
    }
    return near;
}

static inline void ask_for(const uint8_t *row, size_t steps)
{
    for (size_t offset = 0; offset <= 8 * steps; offset += 64) {
        __builtin_prefetch(row + offset);
    }
}

static inline void near_of(const arb_sq1_bound *bound, const uint8_t *const *rows, size_t count,
                           uint64_t *near, dot_x4_fn dot_x4)
{
    size_t i = 0;
    uint64_t word = 0;
    for (; i + 4 <= count; i += 4) {
        for (size_t j = i + ARB_SQ1_NEAR_AHEAD; j < i + ARB_SQ1_NEAR_AHEAD + 4 && j < count; j++) {
            ask_for(rows[j], bound->steps);
        }
        word |= near_of_four(bound, rows + i, 4, dot_x4) << i % 64;
        if (i % 64 == 60) {
            *near++ = word;
            word = 0;
        }
    }
    if (i < count) {
        /* the last group is filled up with what does not count */
        const uint8_t *last[4] = {rows[i], rows[i], rows[i], rows[i]};
        memcpy(last, rows + i, (count - i) * sizeof *rows);
        word |= near_of_four(bound, last, count - i, dot_x4) << i % 64;
    }
    if (count % 64 != 0) {
        *near = word;
    }
}

#define NEAR(isa)                                                                                  \
    ARB_SIGNATURE_sq1_near(arb_sq1_near_##isa)                                                     \
    {                                                                                              \
        near_of(bound, rows, count, near, arb_sq1_dot_x4_##isa);                                   \
    }

#if defined(ARB_ARCH_x86_64)
NEAR(avx2)
#elif defined(ARB_ARCH_aarch64)
NEAR(neon)
NEAR(neondotprod)
#endif
