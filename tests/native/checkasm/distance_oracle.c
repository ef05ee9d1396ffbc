#include "checkasm/distance_oracle.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/half.h"
#include "testing.h"

double operands_get(const case_operands *operands, const kernel_entry *kernel, int vector, size_t i)
{
    if (kernel->type == TYPE_f16) {
        uint16_t half;
        memcpy(&half, operands->bytes[vector] + i * sizeof half, sizeof half);
        return arb_f16_to_f32(half);
    }
    float value;
    memcpy(&value, operands->bytes[vector] + i * sizeof value, sizeof value);
    return value;
}

void operands_set(case_operands *operands, const kernel_entry *kernel, int vector, size_t i,
                  double value)
{
    memset(operands->expected_known, 0, sizeof operands->expected_known);
    if (kernel->type == TYPE_f16) {
        uint16_t half = arb_f64_to_f16(value);
        memcpy(operands->bytes[vector] + i * sizeof half, &half, sizeof half);
    } else {
        float single = (float)value;
        memcpy(operands->bytes[vector] + i * sizeof single, &single, sizeof single);
    }
}

void operands_fill(case_operands *operands, const kernel_entry *kernel, size_t length,
                   data_kind kind)
{
    uint64_t state = 0x9e3779b97f4a7c15ull + length;
    double smallest_normal = kernel->type == TYPE_f16 ? 0x1p-14 : FLT_MIN;
    operands->length = length;
    memset(operands->expected_known, 0, sizeof operands->expected_known);
    for (int vector = 0; vector < VECTORS_OF_CASE; vector++) {
        for (size_t i = 0; i < length; i++) {
            double value = (double)(int64_t)test_random(&state) * 0x1p-63;
            if (kind == DATA_SUBNORMAL || (kind == DATA_SUBNORMAL_BESIDE && i % 2)) {
                value *= smallest_normal;
            }
            if (kind == DATA_EQUAL_ROWS && vector > 0) {
                value = operands_get(operands, kernel, 0, i);
            }
            operands_set(operands, kernel, vector, i, value);
        }
    }
}

/* A sum's value, and the sum of its absolute terms, which its rounding errors are relative to. */
typedef struct sums {
    double l2sq, dot, dot_absolute, qq, rr;
} sums;

static sums sum_up(const case_operands *operands, const kernel_entry *kernel, int row)
{
    sums s = {0};
    for (size_t i = 0; i < operands->length; i++) {
        double q = operands_get(operands, kernel, 0, i);
        double r = operands_get(operands, kernel, 1 + row, i);
        s.l2sq += (q - r) * (q - r);
        s.dot += q * r;
        s.dot_absolute += fabs(q * r);
        s.qq += q * q;
        s.rr += r * r;
    }
    return s;
}

/* The relative error of a sum of non-negative terms.
 *
 * FP32: two roundings a term and one an addition, 2^-24 each. In the worst case the additions'
 * errors grow with the length; they have random signs on our random data, so four times its root is
 * allowed: tight enough to miss a single component of 3072. (The data is the same in every run.)
 * Native: the worst case, as at the head of the native kernels (a rounded difference, 8 additions
 * of 2^-11), and FP32 sums on top of it. 2% on top for second-order terms. */
static double relative_bound(const case_operands *operands, const kernel_entry *kernel)
{
    double fp32 = (4 * sqrt((double)operands->length) + 3) * 0x1p-24;
    if (!arb_kernel_is_native(kernel)) {
        return fp32;
    }
    double difference = kernel->metric == ARB_METRIC_L2 ? 0x1p-10 : 0;
    double additions = strcmp(kernel->isa, "neonfhm") == 0 ? 0 : 8 * 0x1p-11;
    return fp32 + 1.02 * (difference + additions);
}

static expected_distance compute(const case_operands *operands, const kernel_entry *kernel, int row)
{
    sums s = sum_up(operands, kernel, row);
    double relative = relative_bound(operands, kernel);
    /* what each addition may lose where its result is subnormal */
    double underflow =
        (double)operands->length * (arb_kernel_is_native(kernel) ? 0x1p-24 : 0x1p-148);
    switch (kernel->metric) {
    case ARB_METRIC_L2:
        return (expected_distance){s.l2sq, relative * s.l2sq + underflow};
    case ARB_METRIC_DOT:
        return (expected_distance){s.dot, relative * s.dot_absolute + underflow};
    case ARB_METRIC_COSINE: {
        double norms = sqrt(s.qq) * sqrt(s.rr);
        /* the dot's own error over the norms, then the norms' error on the cosine; FP32 roundings
         * of the two roots, the product, the quotient and the difference */
        double of_dot = (relative * s.dot_absolute + underflow) / norms;
        double smaller = s.qq < s.rr ? s.qq : s.rr;
        double of_norms = relative + underflow / smaller;
        return (expected_distance){1 - s.dot / norms, of_dot + 1.02 * of_norms + 8 * 0x1p-24};
    }
    }
    return (expected_distance){NAN, 0};
}

expected_distance expect(case_operands *operands, const kernel_entry *kernel, int row)
{
    if (!operands->expected_known[row]) {
        operands->expected[row] = compute(operands, kernel, row);
        operands->expected_known[row] = 1;
    }
    return operands->expected[row];
}

int meets(expected_distance expectation, float found)
{
    if (isnan(expectation.value)) {
        return isnan(found);
    }
    if (fabs(expectation.value) > FLT_MAX) {
        return isinf(found) && !signbit(found) == !signbit(expectation.value);
    }
    return fabs((double)found - expectation.value) <= expectation.tolerance;
}
