/* SQ8 codes in portable C: distances over them, and floats to codes and back. Sums are integers, so
 * that every kernel of a job gives the same result to the bit; kernels.h has the definitions. */
#include <math.h>
#include <string.h>

#include "kernels/kernel_list.h"

float arb_sq8_l2sq_ref(const void *query, const void *row, size_t dim)
{
    const uint8_t *q = query, *r = row;
    int32_t sum = 0;
    for (size_t i = 0; i < dim; i++) {
        int32_t difference = q[i] - r[i];
        sum += difference * difference;
    }
    return (float)sum;
}

float arb_sq8_dot_ref(const void *query, const void *row, size_t dim)
{
    const int8_t *q = query;
    const uint8_t *r = row;
    int32_t sum = 0;
    for (size_t i = 0; i < dim; i++) {
        sum += q[i] * r[i];
    }
    return (float)sum;
}

#define REFERENCE_X4(op)                                                                           \
    void arb_sq8_##op##_x4_ref(const void *query, const void *const rows[4], size_t dim,           \
                               float out[4])                                                       \
    {                                                                                              \
        for (int i = 0; i < 4; i++) {                                                              \
            out[i] = arb_sq8_##op##_ref(query, rows[i], dim);                                      \
        }                                                                                          \
    }

REFERENCE_X4(l2sq)
REFERENCE_X4(dot)

/* by memcpy: kernels take any alignment */
static inline float load(const float *vector, size_t i)
{
    float value;
    memcpy(&value, (const uint8_t *)vector + i * sizeof value, sizeof value);
    return value;
}

void arb_sq8_encode_ref(const float *src, const float *offset, float inverse_scale, uint8_t *dst,
                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float scaled = (load(src, i) - load(offset, i)) * inverse_scale;
        /* the comparison that a NaN fails comes first */
        float kept = scaled > 0 ? fminf(scaled, 255) : 0;
        dst[i] = (uint8_t)rintf(kept);
    }
}

void arb_sq8_decode_ref(const uint8_t *src, const float *offset, float scale, float *dst, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float value = load(offset, i) + scale * (float)src[i];
        memcpy((uint8_t *)dst + i * sizeof value, &value, sizeof value);
    }
}
