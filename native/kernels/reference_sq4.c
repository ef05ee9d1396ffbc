/* Distances over 4-bit codes in portable C; kernels.h has the definition and the layout. */
#include <string.h>

#include "kernels/kernel_list.h"

void arb_sq4_dots_ref(const int8_t *query, const uint8_t *codes, size_t steps, size_t groups,
                      float *out)
{
    for (size_t row = 0; row < 4 * groups; row++) {
        const uint8_t *group = codes + row / 4 * 64 * steps;
        int32_t sum = 0;
        for (size_t i = 0; i < 16 * steps; i++) {
            const int8_t *q = query + i / 16 * 32 + i % 16;
            uint8_t pair = group[i / 4 * 16 + row % 4 * 4 + i % 4];
            sum += q[0] * (pair & 15) + q[16] * (pair >> 4);
        }
        float value = (float)sum;
        memcpy((uint8_t *)out + row * sizeof value, &value, sizeof value);
    }
}
