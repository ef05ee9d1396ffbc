/* half.h: IEEE 754 binary16 in integer arithmetic: what the reference kernels and the tests mean by
 * a conversion, whatever the CPU has. Rounding is to nearest, ties to even; overflow gives
 * infinity; a NaN keeps its sign and its payload's top bits and becomes quiet. */
#ifndef ARB_KERNELS_HALF_H
#define ARB_KERNELS_HALF_H

#include <stdint.h>
#include <string.h>

static inline float arb_f16_to_f32(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = half >> 10 & 0x1fu;
    uint32_t fraction = half & 0x3ffu;
    uint32_t bits;
    if (exponent == 0x1f) {
        bits = sign | 0x7f800000u | fraction << 13 | (fraction ? 0x00400000u : 0);
    } else if (exponent != 0) {
        bits = sign | (exponent + 112) << 23 | fraction << 13;
    } else {
        /* zero or subnormal: fraction * 2^-24 is exact in float */
        float magnitude = (float)fraction * 0x1p-24f;
        memcpy(&bits, &magnitude, sizeof bits);
        bits |= sign;
    }
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Rounds significand * 2^exponent to a half. The significand has its top bit at position `top`
 * (which must be at least 11) and any bits below. */
static inline uint16_t arb_round_to_f16(uint64_t significand, int exponent, int top)
{
    int unit = exponent + top; /* the value lies in [2^unit, 2^(unit+1)) */
    if (unit > 15) {
        return 0x7c00;
    }
    /* a normal half keeps 11 bits of the significand; a subnormal one is counted in 2^-24 */
    int drop = unit >= -14 ? top - 10 : -24 - exponent;
    if (drop > top + 1) {
        return 0; /* below half of the smallest subnormal */
    }
    uint64_t kept = significand >> drop;
    uint64_t rest = significand & ((1ull << drop) - 1);
    uint64_t tie = 1ull << (drop - 1);
    if (rest > tie || (rest == tie && (kept & 1))) {
        kept++;
    }
    /* a carry out of the fraction runs into the exponent, up to infinity: what rounding means */
    return (uint16_t)(unit >= -14 ? kept + ((uint64_t)(unit + 14) << 10) : kept);
}

static inline uint16_t arb_f64_to_f16(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 48 & 0x8000u);
    int exponent = (int)(bits >> 52 & 0x7ff);
    uint64_t fraction = bits & 0xfffffffffffffull;
    if (exponent == 0x7ff) {
        return (uint16_t)(sign | 0x7c00u | (fraction ? 0x200u | (uint16_t)(fraction >> 42) : 0));
    }
    if (exponent == 0) {
        return sign; /* subnormal doubles lie far below the smallest half */
    }
    return sign | arb_round_to_f16(fraction | 1ull << 52, exponent - 1075, 52);
}

/* Every float is a double, so there is one rounding here. A signalling NaN is quieted on the way.
 */
static inline uint16_t arb_f32_to_f16(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return (uint16_t)((bits >> 16 & 0x8000u) | 0x7e00u | (bits >> 13 & 0x3ffu));
    }
    return arb_f64_to_f16((double)value);
}

#endif
