/* Screening in portable C; kernels.h has the definitions and the layouts. */
#include <math.h>
#include <string.h>

#include "kernels/kernel_list.h"

void arb_screen_code_ref(const float *src, size_t n, uint8_t *codes, arb_screen_facts *facts)
{
    const uint8_t *from = (const uint8_t *)src; /* by memcpy: kernels take any alignment */
    float largest = 0, square = 0, error_square = 0, value;
    for (size_t i = 0; i < n; i++) {
        memcpy(&value, from + i * sizeof value, sizeof value);
        largest = fmaxf(largest, fabsf(value));
        square += value * value;
    }
    int has_scale = largest >= ARB_SCREEN_LARGEST_MIN;
    float scale = has_scale ? largest / 127 : 0;
    float inverse = has_scale ? 127 / largest : 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(&value, from + i * sizeof value, sizeof value);
        float code = rintf(value * inverse);
        float error = value - scale * code;
        error_square += error * error;
        codes[i] = (uint8_t)((int)code + 128);
    }
    for (size_t i = n; i % 4 != 0; i++) {
        codes[i] = 128;
    }
    memcpy(facts, &(arb_screen_facts){scale, square, error_square}, sizeof *facts);
}

/* What each lane's estimate is compared with, and what it is made of. */
typedef struct lanes {
    int32_t sum[ARB_SCREEN_LANES];
    float scale[ARB_SCREEN_LANES];
    float limit[ARB_SCREEN_LANES];
} lanes;

static void sum_up(lanes *of, const int8_t *elements, const uint8_t *codes, size_t steps)
{
    memset(of->sum, 0, sizeof of->sum);
    for (size_t i = 0; i < 4 * steps; i++) {
        const int8_t *element = elements + i / 4 * ARB_SCREEN_STEP_BYTES + i % 4;
        for (size_t l = 0; l < ARB_SCREEN_LANES; l++) {
            of->sum[l] += element[4 * l] * (codes[i] - 128);
        }
    }
}

void arb_screen_ref(const arb_screen_panel *panel, const arb_screen_row *rows, size_t steps,
                    size_t count, uint64_t *passed)
{
    const uint8_t *from = (const uint8_t *)panel;
    const uint8_t *row = (const uint8_t *)rows;
    lanes of;
    memcpy(of.scale, from + offsetof(arb_screen_panel, scale), sizeof of.scale);
    memcpy(of.limit, from + offsetof(arb_screen_panel, limit), sizeof of.limit);
    for (size_t r = 0; r < count; r++, row += arb_screen_row_bytes(steps)) {
        float scale, slack;
        memcpy(&scale, row + offsetof(arb_screen_row, scale), sizeof scale);
        memcpy(&slack, row + offsetof(arb_screen_row, slack), sizeof slack);
        sum_up(&of, (const int8_t *)from + offsetof(arb_screen_panel, codes),
               row + offsetof(arb_screen_row, codes), steps);
        uint64_t bits = 0;
        for (size_t l = 0; l < ARB_SCREEN_LANES; l++) {
            float estimate = fmaf(of.scale[l] * (float)of.sum[l], scale, slack);
            bits |= (uint64_t) !(estimate < of.limit[l]) << l;
        }
        memcpy((uint8_t *)passed + r * sizeof bits, &bits, sizeof bits);
    }
}
