#include "checkasm/distance_oracle.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/half.h"
#include "testing.h"

/* The query of a dot over codes is the one signed operand. */
static int is_signed_code(const kernel_entry *kernel, int vector)
{
    return kernel->metric == ARB_METRIC_DOT && vector == 0;
}

double operands_get(const case_operands *operands, const kernel_entry *kernel, int vector, size_t i)
{
    if (kernel->type == TYPE_sq8) {
        uint8_t code = operands->bytes[vector][i];
        return is_signed_code(kernel, vector) ? (int8_t)code : code;
    }
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
    if (kernel->type == TYPE_sq8) {
        operands->bytes[vector][i] = (uint8_t)(int)value;
    } else if (kernel->type == TYPE_f16) {
        uint16_t half = arb_f64_to_f16(value);
        memcpy(operands->bytes[vector] + i * sizeof half, &half, sizeof half);
    } else {
        float single = (float)value;
        memcpy(operands->bytes[vector] + i * sizeof single, &single, sizeof single);
    }
}

int operands_make_sense(const kernel_entry *kernel, data_kind kind)
{
    if (kernel->type == TYPE_sq8) {
        /* a query of dot is no row */
        return kind == DATA_UNIFORM || kind >= DATA_CODES_HIGH ||
               (kind == DATA_EQUAL_ROWS && kernel->metric == ARB_METRIC_L2);
    }
    /* FP16 sums, and FP32 sums of float32's subnormals, have nothing left of squares so small: a
     * lone subnormal component has norm 0 in sums that underflow */
    int can_sum_subnormals = kernel->type == TYPE_f16 && !arb_kernel_is_native(kernel);
    return kind < DATA_CODES_HIGH && (kind != DATA_SUBNORMAL || can_sum_subnormals);
}

/* Row 0 is what makes the sum as large as it can be, the other three try patterns. */
static double code_of_kind(const kernel_entry *kernel, data_kind kind, int vector, size_t i)
{
    int high = kind == DATA_CODES_HIGH;
    switch (vector) {
    case 0:
        return is_signed_code(kernel, 0) ? (high ? 127 : -127) : high ? 255 : 0;
    case 1:
        return kernel->metric == ARB_METRIC_L2 && high ? 0 : 255;
    case 2:
        return high ? 255 : 0;
    case 3:
        return i % 2 ? 255 : 0;
    default:
        return i % 3 ? 128 : 127;
    }
}

static double random_code(const kernel_entry *kernel, int vector, uint64_t *state)
{
    return is_signed_code(kernel, vector) ? (double)test_random_below(state, 255) - 127
                                          : (double)test_random_below(state, 256);
}

static void fill_codes(case_operands *operands, const kernel_entry *kernel, data_kind kind)
{
    uint64_t state = 0x9e3779b97f4a7c15ull + operands->length;
    for (int vector = 0; vector < VECTORS_OF_CASE; vector++) {
        for (size_t i = 0; i < operands->length; i++) {
            double value = kind >= DATA_CODES_HIGH ? code_of_kind(kernel, kind, vector, i)
                           : kind == DATA_EQUAL_ROWS && vector > 0
                               ? operands_get(operands, kernel, 0, i)
                               : random_code(kernel, vector, &state);
            operands_set(operands, kernel, vector, i, value);
        }
    }
}

void operands_fill(case_operands *operands, const kernel_entry *kernel, size_t length,
                   data_kind kind)
{
    uint64_t state = 0x9e3779b97f4a7c15ull + length;
    double smallest_normal = kernel->type == TYPE_f16 ? 0x1p-14 : FLT_MIN;
    operands->length = length;
    memset(operands->expected_known, 0, sizeof operands->expected_known);
    if (kernel->type == TYPE_sq8) {
        fill_codes(operands, kernel, kind);
        return;
    }
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
    if (kernel->type == TYPE_sq8) {
        /* exact in double as in int32; the one rounding is the conversion */
        double sum = kernel->metric == ARB_METRIC_L2 ? s.l2sq : s.dot;
        return (expected_distance){(double)(float)sum, 0};
    }
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
