/* When FP16 sums may be trusted: the proof behind arb_native_range_is_safe().
 *
 * A native kernel keeps each partial sum in an FP16 lane for at most ARB_NATIVE_TERMS_MAX terms
 * (the merging of lanes before a drain counted) and then adds it to an FP32 sum. So
 *
 *   overflow   no lane exceeds ARB_NATIVE_TERMS_MAX * (largest term); below FP16's largest value,
 *              65504, nothing can overflow. The largest term is (2 * abs_max)^2 for l2sq, abs_max^2
 *              for the sums of dot and cosine. Roundings upwards, at most 2^-11 each and fewer than
 *              16 in a chain, are allowed for by 1%.
 *   underflow  below 2^-14 a half loses bits: a rounding there is off by up to 2^-25. A lane's sum
 * is of the order of rms^2 and more, so rms^2 >= 2^-14 keeps that loss under 2^-11 of a typical
 * term: no worse than an ordinary FP16 rounding.
 */
#include <math.h>

#include "kernels/kernels.h"

#define F16_MAX 65504.0
#define F16_MIN_NORMAL 0x1p-14
#define ROUNDING_ALLOWANCE 1.01

int arb_native_range_is_safe(arb_metric metric, float abs_max, float rms, size_t dim)
{
    /* written so that a NaN is unsafe */
    if (!(abs_max >= 0 && abs_max <= F16_MAX / 2) || !(rms >= 0) || dim == 0) {
        return 0;
    }
    double largest_factor = metric == ARB_METRIC_L2 ? 2.0 * abs_max : abs_max;
    double terms = dim < ARB_NATIVE_TERMS_MAX ? (double)dim : ARB_NATIVE_TERMS_MAX;
    double largest_sum = terms * largest_factor * largest_factor * ROUNDING_ALLOWANCE;
    return largest_sum <= F16_MAX && (double)rms * rms >= F16_MIN_NORMAL;
}
