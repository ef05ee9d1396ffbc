/* Distances over 1-bit codes in portable C; kernels.h has the definition. */
#include <string.h>

#include "kernels/kernel_list.h"

static float sum_of(const int8_t *query, const uint8_t *row, size_t steps)
{
    int32_t sum = 0;
    for (size_t i = 0; i < 64 * steps; i++) {
        sum += (row[i / 8] >> i % 8 & 1) * query[i];
    }
    return (float)sum;
}

void arb_sq1_dot_x4_ref(const int8_t *query, const uint8_t *const rows[4], size_t steps,
                        float out[4])
{
    for (int row = 0; row < 4; row++) {
        out[row] = sum_of(query, rows[row], steps);
    }
}

void arb_sq1_near_ref(const arb_sq1_bound *bound, const uint8_t *const *rows, size_t count,
                      uint64_t *near)
{
    memset(near, 0, (count + 63) / 64 * sizeof *near);
    for (size_t i = 0; i < count; i++) {
        struct {
            float bias, f;
        } terms;
        memcpy(&terms, rows[i] + 8 * bound->steps, sizeof terms);
        float dot = sum_of(bound->query, rows[i], bound->steps);
        float least = bound->constant + terms.bias - terms.f * (bound->factor * dot + bound->shift);
        near[i / 64] |= (uint64_t) !(least > bound->farthest) << i % 64;
    }
}
