/* The distances in portable C: what every assembly kernel is held against, and the set "ref" for a
 * CPU without any of ours. Sums are float, in order, so that they read like the definition. */
#include <math.h>

#include "kernels/half.h"
#include "kernels/kernel_list.h"

static inline float load_f16(const void *vector, size_t i)
{
    uint16_t half;
    memcpy(&half, (const uint8_t *)vector + i * sizeof half, sizeof half);
    return arb_f16_to_f32(half);
}

/* by memcpy: kernels take any alignment */
static inline float load_f32(const void *vector, size_t i)
{
    float value;
    memcpy(&value, (const uint8_t *)vector + i * sizeof value, sizeof value);
    return value;
}

/* Two roots rather than one of qq * rr: the product of two small or large norms leaves float's
 * range long before the norms do. */
static inline float cosine_distance(float dot, float qq, float rr)
{
    return 1.0f - dot / (sqrtf(qq) * sqrtf(rr));
}

#define REFERENCE_DISTANCES(family, load)                                                          \
    float arb_##family##_l2sq_ref(const void *query, const void *row, size_t dim)                  \
    {                                                                                              \
        float sum = 0;                                                                             \
        for (size_t i = 0; i < dim; i++) {                                                         \
            float difference = load(query, i) - load(row, i);                                      \
            sum += difference * difference;                                                        \
        }                                                                                          \
        return sum;                                                                                \
    }                                                                                              \
    float arb_##family##_dot_ref(const void *query, const void *row, size_t dim)                   \
    {                                                                                              \
        float sum = 0;                                                                             \
        for (size_t i = 0; i < dim; i++) {                                                         \
            sum += load(query, i) * load(row, i);                                                  \
        }                                                                                          \
        return sum;                                                                                \
    }                                                                                              \
    float arb_##family##_cosine_ref(const void *query, const void *row, size_t dim)                \
    {                                                                                              \
        float dot = 0, qq = 0, rr = 0;                                                             \
        for (size_t i = 0; i < dim; i++) {                                                         \
            float q = load(query, i), r = load(row, i);                                            \
            dot += q * r;                                                                          \
            qq += q * q;                                                                           \
            rr += r * r;                                                                           \
        }                                                                                          \
        return cosine_distance(dot, qq, rr);                                                       \
    }

#define REFERENCE_X4(family, op)                                                                   \
    void arb_##family##_##op##_x4_ref(const void *query, const void *const rows[4], size_t dim,    \
                                      float out[4])                                                \
    {                                                                                              \
        for (int i = 0; i < 4; i++) {                                                              \
            out[i] = arb_##family##_##op##_ref(query, rows[i], dim);                               \
        }                                                                                          \
    }

REFERENCE_DISTANCES(f16, load_f16)
REFERENCE_X4(f16, l2sq)
REFERENCE_X4(f16, dot)
REFERENCE_X4(f16, cosine)

REFERENCE_DISTANCES(f32, load_f32)
REFERENCE_X4(f32, l2sq)
REFERENCE_X4(f32, dot)
REFERENCE_X4(f32, cosine)
