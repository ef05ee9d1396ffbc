#include "checkasm/planted.h"

#include <string.h>

#include "kernels/half.h"
#include "kernels/kernel_list.h"

/* ---- Faults of memory and arithmetic, in C ---- */

static volatile uint16_t sink;

static void touch(const void *vector, size_t i)
{
    const volatile uint8_t *byte = (const volatile uint8_t *)vector + 2 * i;
    sink = *byte;
}

/* reads one half behind the row; its result is right */
static float reads_behind(const void *query, const void *row, size_t dim)
{
    touch(row, dim);
    return arb_f16_l2sq_ref(query, row, dim);
}

/* reads whole blocks of 8 halves of the query: runs over only where dim is ragged */
static float reads_whole_blocks(const void *query, const void *row, size_t dim)
{
    for (size_t i = 0; i < (dim + 7) / 8 * 8; i++) {
        touch(query, i);
    }
    return arb_f16_l2sq_ref(query, row, dim);
}

/* reads the half before the row, as a kernel that aligns its pointer down does */
static float reads_before(const void *query, const void *row, size_t dim)
{
    touch((const uint8_t *)row - 2, 0);
    return arb_f16_l2sq_ref(query, row, dim);
}

/* leaves the tail of fewer than 8 out */
static float forgets_tail(const void *query, const void *row, size_t dim)
{
    return arb_f16_l2sq_ref(query, row, dim / 8 * 8);
}

/* one element short of long vectors only, where it weighs least */
static float is_off_by_one(const void *query, const void *row, size_t dim)
{
    return arb_f16_l2sq_ref(query, row, dim > 1000 ? dim - 1 : dim);
}

/* sums in halves without draining: what a native kernel would give without care */
static float sums_in_halves(const void *query, const void *row, size_t dim)
{
    float sum = 0;
    for (size_t i = 0; i < dim; i++) {
        float one =
            arb_f16_l2sq_ref((const uint8_t *)query + 2 * i, (const uint8_t *)row + 2 * i, 1);
        sum = arb_f16_to_f32(arb_f32_to_f16(sum + one));
    }
    return sum;
}

/* takes a NaN for zero */
static float swallows_nan(const void *query, const void *row, size_t dim)
{
    float sum = arb_f16_l2sq_ref(query, row, dim);
    return sum == sum ? sum : 0;
}

/* results of rows 2 and 3 swapped */
static void swaps_rows(const void *query, const void *const rows[4], size_t dim, float out[4])
{
    const void *const swapped[4] = {rows[0], rows[1], rows[3], rows[2]};
    arb_f16_l2sq_x4_ref(query, swapped, dim, out);
}

/* writes a fifth result */
static void writes_five(const void *query, const void *const rows[4], size_t dim, float out[4])
{
    arb_f16_l2sq_x4_ref(query, rows, dim, out);
    float *volatile end = out; /* so that the compiler does not see the fault and refuse it */
    end += 4;
    *end = 0;
}

static void writes_behind(const float *src, uint16_t *dst, size_t n)
{
    arb_cast_f32_f16_ref(src, dst, n);
    uint16_t zero = 0;
    memcpy((uint8_t *)(uintptr_t)dst + 2 * n, &zero, sizeof zero);
}

/* double to float to half: wrong where the first rounding lands on a tie of the second */
static void rounds_twice(const double *src, uint16_t *dst, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double value;
        memcpy(&value, (const uint8_t *)src + i * sizeof value, sizeof value);
        uint16_t half = arb_f32_to_f16((float)value);
        memcpy((uint8_t *)dst + i * sizeof half, &half, sizeof half);
    }
}

/* ---- Faults of the calling convention, in assembly ---- */

float arb_planted_callee_saved(const void *query, const void *row, size_t dim);
float arb_planted_float_control(const void *query, const void *row, size_t dim);
float arb_planted_stack(const void *query, const void *row, size_t dim);
#if defined(ARB_ARCH_x86_64)
float arb_planted_direction(const void *query, const void *row, size_t dim);
float arb_planted_upper_halves(const void *query, const void *row, size_t dim);
#elif defined(ARB_ARCH_aarch64)
float arb_planted_callee_saved_vector(const void *query, const void *row, size_t dim);
#endif

#define PLANTED(function, isa, shape, from, to, reference, caught_by)                              \
    {                                                                                              \
        {#function, isa, shape, from, to, ARB_METRIC_L2, (any_fn)function, (any_fn)reference},     \
            caught_by                                                                              \
    }
#define PLANTED_ONE(function, caught_by)                                                           \
    PLANTED(function, "ref", SHAPE_ONE, TYPE_f16, TYPE_f16, arb_f16_l2sq_ref, caught_by)
#define PLANTED_FOUR(function, caught_by)                                                          \
    PLANTED(function, "ref", SHAPE_FOUR, TYPE_f16, TYPE_f16, arb_f16_l2sq_x4_ref, caught_by)

const planted_fault arb_planted[] = {
    PLANTED_ONE(reads_behind, "signal"),
    PLANTED_ONE(reads_whole_blocks, "signal"),
    PLANTED_ONE(reads_before, "signal"),
    PLANTED_ONE(forgets_tail, "wanted"),
    PLANTED_ONE(is_off_by_one, "wanted"),
    PLANTED_ONE(sums_in_halves, "wanted"),
    PLANTED_ONE(swallows_nan, "wanted nan"),
    PLANTED_FOUR(swaps_rows, "wanted"),
    PLANTED_FOUR(writes_five, "wrote beside"),
    PLANTED(writes_behind, "ref", SHAPE_CAST, TYPE_f32, TYPE_f16, arb_cast_f32_f16_ref, "signal"),
    PLANTED(rounds_twice, "ref", SHAPE_CAST, TYPE_f64, TYPE_f16, arb_cast_f64_f16_ref, "wanted"),
    PLANTED_ONE(arb_planted_callee_saved, "callee-saved register"),
    PLANTED_ONE(arb_planted_float_control, "floating-point control"),
    PLANTED_ONE(arb_planted_stack, "stack"),
#if defined(ARB_ARCH_x86_64)
    PLANTED_ONE(arb_planted_direction, "direction flag"),
    PLANTED(arb_planted_upper_halves, "avx2", SHAPE_ONE, TYPE_f16, TYPE_f16, arb_f16_l2sq_ref,
            "upper halves"),
#elif defined(ARB_ARCH_aarch64)
    PLANTED_ONE(arb_planted_callee_saved_vector, "callee-saved register"),
#endif
};
const size_t arb_planted_count = sizeof arb_planted / sizeof arb_planted[0];
