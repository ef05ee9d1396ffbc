/* The range guard of FP16 arithmetic: what it lets through is right, what overflows it refuses.
 * Native kernels are run where the CPU executes them, whatever CPUID says. */
#include <math.h>

#include "checkasm/catalog.h"
#include "kernels/half.h"
#include "testing.h"

#define DIM_MAX 3072

static const arb_metric metrics[] = {ARB_METRIC_L2, ARB_METRIC_COSINE, ARB_METRIC_DOT};
static const char *const metric_names[] = {
    [ARB_METRIC_L2] = "l2sq", [ARB_METRIC_COSINE] = "cosine", [ARB_METRIC_DOT] = "dot"};

/* Whether this CPU executes the kernel with this function. */
static int executes(any_fn function)
{
    for (size_t i = 0; i < arb_catalog_count; i++) {
        if (arb_catalog[i].function == function) {
            kernel_availability found = arb_kernel_availability(&arb_catalog[i]);
            CHECK(found != BROKEN, "%s died", arb_catalog[i].name);
            return found != UNAVAILABLE;
        }
    }
    return 0;
}

/* ---- What is safe, in words of data ---- */

static void check_guard(void)
{
    /* a unit vector has components up to 1 and the root mean square 1 / sqrt(dim) */
    static const size_t dims[] = {384, 768, 1024, 1536, 3072, ARB_DIM_MAX};
    for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++) {
        float rms = 1 / sqrtf((float)dims[i]);
        for (int m = 0; m < 3; m++) {
            CHECK(arb_native_range_is_safe(metrics[m], 1, rms, dims[i]), "unit vectors, dim %zu",
                  dims[i]);
            CHECK(!arb_native_range_is_safe(metrics[m], 255, 147, dims[i]), "0..255, dim %zu",
                  dims[i]);
            CHECK(!arb_native_range_is_safe(metrics[m], 1e-3f, 5e-4f, dims[i]), "tiny, dim %zu",
                  dims[i]);
        }
    }
    CHECK(arb_native_range_is_safe(ARB_METRIC_L2, 1, 0.7f, 768), "zeros and ones");
    CHECK(arb_native_range_is_safe(ARB_METRIC_DOT, 40, 10, 768), "32 * 40^2 < 65504");
    CHECK(!arb_native_range_is_safe(ARB_METRIC_L2, 40, 10, 768), "32 * 80^2 > 65504");
    CHECK(!arb_native_range_is_safe(ARB_METRIC_L2, NAN, 1, 768), "NaN");
    CHECK(!arb_native_range_is_safe(ARB_METRIC_L2, 1, NAN, 768), "NaN");
    CHECK(!arb_native_range_is_safe(ARB_METRIC_L2, INFINITY, 1, 768), "infinite");
    CHECK(!arb_native_range_is_safe(ARB_METRIC_L2, -1, 1, 768), "negative");
    CHECK(!arb_native_range_is_safe(ARB_METRIC_L2, 1, 1, 0), "no components");
}

/* ---- The proof, tried: the worst data that the guard lets through ---- */

static float largest_safe_half(arb_metric metric, size_t dim)
{
    uint16_t safe = 0;
    for (uint16_t half = 1; half < 0x7c00; half++) {
        float value = arb_f16_to_f32(half);
        if (arb_native_range_is_safe(metric, value, fmaxf(value / 2, 1), dim)) {
            safe = half;
        }
    }
    return arb_f16_to_f32(safe);
}

static void fill(uint16_t *vector, size_t dim, float value)
{
    for (size_t i = 0; i < dim; i++) {
        vector[i] = arb_f32_to_f16(value);
    }
}

/* Both shapes must agree to within 1% of `magnitude`, the size of the terms' sum. */
static float native_distance(const arb_kernel_set *set, arb_metric metric, const void *query,
                             const void *row, size_t dim, double magnitude)
{
    float one = set->native[metric].one(query, row, dim);
    float four[4];
    const void *rows[4] = {row, row, row, row};
    set->native[metric].four(query, rows, dim, four);
    CHECK(isnan(one) == isnan(four[0]) && isinf(one) == isinf(four[0]) &&
              (!isfinite(one) || fabs((double)one - (double)four[3]) <= 0.01 * magnitude),
          "%s %s: one %g, four %g", set->name, metric_names[metric], (double)one, (double)four[0]);
    return one;
}

static void check_extremes(const arb_kernel_set *set, arb_metric metric)
{
    static uint16_t query[DIM_MAX], row[DIM_MAX];
    for (size_t dim = 1; dim <= DIM_MAX; dim = dim < 130 ? dim + 1 : dim * 2) {
        float largest = largest_safe_half(metric, dim);
        fill(query, dim, largest);
        fill(row, dim, -largest);
        double squares = (double)largest * (double)largest * (double)dim;
        double wanted = metric == ARB_METRIC_L2    ? 4 * squares
                        : metric == ARB_METRIC_DOT ? -squares
                                                   : 2;
        float found = native_distance(set, metric, query, row, dim, fabs(wanted));
        CHECK(fabs((double)found - wanted) <= 0.005 * fabs(wanted),
              "%s %s, dim %zu, +-%g: %g, wanted %g", set->name, metric_names[metric], dim,
              (double)largest, (double)found, wanted);
    }
    /* and the guard is needed: eight times the range overflows (FMLAL's sums alone do not) */
    float beyond = 8 * largest_safe_half(metric, DIM_MAX);
    fill(query, DIM_MAX, beyond);
    fill(row, DIM_MAX, -beyond);
    float found = native_distance(set, metric, query, row, DIM_MAX, 0);
    int sums_in_fp32 = strcmp(set->name, "neonfhm") == 0;
    CHECK(sums_in_fp32 || !isfinite(found), "%s %s at +-%g: %g", set->name, metric_names[metric],
          (double)beyond, (double)found);
}

/* ---- Accuracy on unit vectors, as embeddings are ---- */

static void fill_unit(uint16_t *vector, size_t dim, uint64_t *state)
{
    static float values[DIM_MAX];
    double squares = 0;
    for (size_t i = 0; i < dim; i++) {
        /* a sum of four uniforms: near enough to a normal distribution */
        values[i] = test_random_unit(state) + test_random_unit(state) + test_random_unit(state) +
                    test_random_unit(state);
        squares += (double)values[i] * (double)values[i];
    }
    for (size_t i = 0; i < dim; i++) {
        vector[i] = arb_f64_to_f16((double)values[i] / sqrt(squares));
    }
}

/* The distance in double. */
static double exact(arb_metric metric, const uint16_t *query, const uint16_t *row, size_t dim)
{
    double l2sq = 0, dot = 0, qq = 0, rr = 0;
    for (size_t i = 0; i < dim; i++) {
        double q = arb_f16_to_f32(query[i]), r = arb_f16_to_f32(row[i]);
        l2sq += (q - r) * (q - r);
        dot += q * r;
        qq += q * q;
        rr += r * r;
    }
    return metric == ARB_METRIC_L2    ? l2sq
           : metric == ARB_METRIC_DOT ? dot
                                      : 1 - dot / sqrt(qq * rr);
}

static void check_accuracy(const arb_kernel_set *set, arb_metric metric)
{
    static uint16_t query[DIM_MAX], row[DIM_MAX];
    static const size_t dims[] = {384, 768, 1024, 1536, 3072};
    for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++) {
        uint64_t state = 11 + dims[i];
        double worst = 0, sum = 0;
        for (int pair = 0; pair < 200; pair++) {
            fill_unit(query, dims[i], &state);
            fill_unit(row, dims[i], &state);
            double wanted = exact(metric, query, row, dims[i]);
            double found = native_distance(set, metric, query, row, dims[i], 1);
            /* a dot near zero is judged by the norms, which are 1 */
            double error = fabs(found - wanted) / (metric == ARB_METRIC_DOT ? 1 : wanted);
            worst = error > worst ? error : worst;
            sum += error;
        }
        printf("%-10s %-6s dim %4zu: relative error %.5f%% on average, %.5f%% at worst\n",
               set->name, metric_names[metric], dims[i], sum / 200 * 100, worst * 100);
        CHECK(worst < 0.005 && sum / 200 < 0.0005, "worst %g, average %g", worst, sum / 200);
    }
}

/* ---- Integers 0..255 at 1536-d ---- */

#define INTEGER_DIM 1536
#define INTEGER_ROWS 256
#define INTEGER_QUERIES 16

static uint16_t integer_rows[INTEGER_ROWS][INTEGER_DIM];
static uint16_t integer_queries[INTEGER_QUERIES][INTEGER_DIM];

static long integer_distance(const uint16_t *query, const uint16_t *row)
{
    long sum = 0;
    for (size_t i = 0; i < INTEGER_DIM; i++) {
        long difference = (long)arb_f16_to_f32(query[i]) - (long)arb_f16_to_f32(row[i]);
        sum += difference * difference;
    }
    return sum;
}

/* As an index picks it: native arithmetic where the set has it and the guard allows it. */
static arb_distance pick(const arb_kernel_set *set, arb_metric metric, float abs_max, float rms,
                         size_t dim)
{
    int native = set->native[metric].one && arb_native_range_is_safe(metric, abs_max, rms, dim);
    return native ? set->native[metric] : set->distance[ARB_ELEMENT_F16][metric];
}

static void check_integers(const arb_kernel_set *set)
{
    arb_distance picked = pick(set, ARB_METRIC_L2, 255, 147.2f, INTEGER_DIM);
    CHECK(picked.one == set->distance[ARB_ELEMENT_F16][ARB_METRIC_L2].one, "%s", set->name);
    for (int q = 0; q < INTEGER_QUERIES; q++) {
        int nearest = -1, nearest_found = -1;
        long smallest = 0;
        float smallest_found = INFINITY;
        for (int r = 0; r < INTEGER_ROWS; r++) {
            long distance = integer_distance(integer_queries[q], integer_rows[r]);
            float found = picked.one(integer_queries[q], integer_rows[r], INTEGER_DIM);
            CHECK(fabs((double)found - (double)distance) <= 1e-5 * (double)distance,
                  "%s: %f, wanted %ld", set->name, (double)found, distance);
            if (nearest < 0 || distance < smallest) {
                nearest = r, smallest = distance;
            }
            if (found < smallest_found) {
                nearest_found = r, smallest_found = found;
            }
        }
        CHECK(nearest == nearest_found, "%s, query %d: row %d, wanted %d", set->name, q,
              nearest_found, nearest);
    }
}

static void fill_integers(void)
{
    uint64_t state = 255;
    for (size_t i = 0; i < INTEGER_DIM; i++) {
        for (int r = 0; r < INTEGER_ROWS; r++) {
            integer_rows[r][i] = arb_f64_to_f16((double)test_random_below(&state, 256));
        }
        for (int q = 0; q < INTEGER_QUERIES; q++) {
            integer_queries[q][i] = arb_f64_to_f16((double)test_random_below(&state, 256));
        }
    }
}

/* Native sums of such data do overflow: without the guard the neighbors would be wrong. */
static void check_integers_overflow(const arb_kernel_set *set)
{
    float found =
        native_distance(set, ARB_METRIC_L2, integer_queries[0], integer_rows[0], INTEGER_DIM, 0);
    printf("%-10s l2sq of 0..255 integers, dim %d: native %g, exact %ld\n", set->name, INTEGER_DIM,
           (double)found, integer_distance(integer_queries[0], integer_rows[0]));
    CHECK(isinf(found) || strcmp(set->name, "neonfhm") == 0, "%s: %g", set->name, (double)found);
}

int main(void)
{
    check_guard();
    fill_integers();
    int natives = 0;
    for (int32_t i = 0; i < arb_kernel_set_count(); i++) {
        const arb_kernel_set *set = arb_kernel_set_at(i);
        if (!executes((any_fn)set->distance[ARB_ELEMENT_F16][ARB_METRIC_L2].one)) {
            printf("SKIPPED set %s: the CPU cannot execute it\n", set->name);
            continue;
        }
        check_integers(set);
        if (!set->native[ARB_METRIC_L2].one || !executes((any_fn)set->native[ARB_METRIC_L2].one)) {
            continue;
        }
        natives++;
        check_integers_overflow(set);
        for (int m = 0; m < 3; m++) {
            if (set->native[metrics[m]].one) {
                check_extremes(set, metrics[m]);
                check_accuracy(set, metrics[m]);
            }
        }
    }
    printf("passed: range guard; native arithmetic of %d sets tried%s\n", natives,
           natives ? "" : " (SKIPPED: the CPU has none)");
    return 0;
}
