/* The casts in portable C. src and dst may have any alignment (an Arrow buffer's offset decides),
 * so elements are moved by memcpy; they do not overlap. */
#include "kernels/half.h"
#include "kernels/kernel_list.h"

/* every int8 and uint8 is a half */
static inline uint16_t small_integer_to_f16(int value)
{
    return arb_f64_to_f16(value);
}

#define REFERENCE_CAST(from, to, From, To, convert)                                                \
    void arb_cast_##from##_##to##_ref(const From *src, To *dst, size_t n)                          \
    {                                                                                              \
        const uint8_t *in = (const uint8_t *)src;                                                  \
        uint8_t *out = (uint8_t *)dst;                                                             \
        for (size_t i = 0; i < n; i++) {                                                           \
            From value;                                                                            \
            memcpy(&value, in + i * sizeof value, sizeof value);                                   \
            To converted = convert(value);                                                         \
            memcpy(out + i * sizeof converted, &converted, sizeof converted);                      \
        }                                                                                          \
    }

REFERENCE_CAST(f32, f16, float, uint16_t, arb_f32_to_f16)
REFERENCE_CAST(f64, f16, double, uint16_t, arb_f64_to_f16)
REFERENCE_CAST(i8, f16, int8_t, uint16_t, small_integer_to_f16)
REFERENCE_CAST(u8, f16, uint8_t, uint16_t, small_integer_to_f16)
REFERENCE_CAST(f16, f32, uint16_t, float, arb_f16_to_f32)
