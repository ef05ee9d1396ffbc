/* Distances over 1-bit codes in portable C; kernels.h has the definition. */
#include "kernels/kernel_list.h"

void arb_sq1_dot_x4_ref(const int8_t *query, const uint8_t *const rows[4], size_t steps,
                        float out[4])
{
    for (int row = 0; row < 4; row++) {
        int32_t sum = 0;
        for (size_t i = 0; i < 64 * steps; i++) {
            sum += (rows[row][i / 8] >> i % 8 & 1) * query[i];
        }
        out[row] = (float)sum;
    }
}
