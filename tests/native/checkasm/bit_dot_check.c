#include <math.h>
#include <string.h>

#include "checkasm/checks.h"
#include "testing.h"

#define STEPS_DENSE_MAX 40
#define STEPS_MAX (ARB_DIM_MAX / 64)

static guarded query_memory, row_memory[4];

/* What goes into a call: the rows' bits are packed as a kernel takes them. */
typedef struct bit_dot_case {
    size_t steps;
    int8_t query[ARB_DIM_MAX];
    uint8_t rows[4][ARB_DIM_MAX / 8];
} bit_dot_case;

static bit_dot_case the_case;

/* By the words of kernels.h, byte after byte. */
static float wanted_sum(int row)
{
    int64_t sum = 0;
    for (size_t j = 0; j < 8 * the_case.steps; j++) {
        for (size_t b = 0; b < 8; b++) {
            if (the_case.rows[row][j] & (1u << b)) {
                sum += the_case.query[8 * j + b];
            }
        }
    }
    return (float)sum;
}

static void check_call(const kernel_entry *kernel, const uint8_t *query,
                       const uint8_t *const rows[4], const char *what, kernel_report *report)
{
    size_t length = 64 * the_case.steps;
    float found[6] = {NAN, NAN, NAN, NAN, NAN, -77.0f}; /* one before, four results, one behind */
    checked_call call = {
        .function = kernel->function,
        .args = {(uintptr_t)query, (uintptr_t)rows, the_case.steps, (uintptr_t)(found + 1)}};
    if (!checked(&call, report, what, length)) {
        return;
    }
    if (!isnan(found[0]) || found[5] != -77.0f) {
        report_fault(report, "length %zu, %s: wrote beside its four results", length, what);
    }
    for (int row = 0; row < 4; row++) {
        float wanted = wanted_sum(row);
        if (found[1 + row] != wanted) {
            report_fault(report, "length %zu, %s: row %d gives %.9g, wanted %.9g", length, what,
                         row, (double)found[1 + row], (double)wanted);
            return;
        }
    }
}

/* The operands flush with the guard pages behind them, then with those before. */
static void check_ends(const kernel_entry *kernel, const char *what, kernel_report *report)
{
    size_t length = 64 * the_case.steps;
    const uint8_t *ends[4], *starts[4];
    uint8_t *query = query_memory.end - length;
    guarded_place(&query_memory, query, the_case.query, length);
    for (int row = 0; row < 4; row++) {
        ends[row] = guarded_place(&row_memory[row], row_memory[row].end - length / 8,
                                  the_case.rows[row], length / 8);
    }
    check_call(kernel, query, ends, what, report);
    guarded_place(&query_memory, query_memory.start, the_case.query, length);
    for (int row = 0; row < 4; row++) {
        starts[row] =
            guarded_place(&row_memory[row], row_memory[row].start, the_case.rows[row], length / 8);
    }
    check_call(kernel, query_memory.start, starts, what, report);
}

static void check_offset(const kernel_entry *kernel, size_t offset, kernel_report *report)
{
    size_t length = 64 * the_case.steps;
    const uint8_t *rows[4];
    uint8_t *query = query_memory.start + offset;
    guarded_place(&query_memory, query, the_case.query, length);
    for (size_t row = 0; row < 4; row++) {
        /* odd strides: as the query's offset runs through 0..63, so does each row's */
        uint8_t *at = row_memory[row].start + (offset * (2 * row + 3) + 5 * row) % 64;
        rows[row] = guarded_place(&row_memory[row], at, the_case.rows[row], length / 8);
    }
    check_call(kernel, query, rows, "at an offset", report);
}

static void fill_with_random(size_t steps)
{
    uint64_t state = 0x3c6ef372fe94f82bull + steps;
    the_case.steps = steps;
    for (size_t i = 0; i < 64 * steps; i++) {
        the_case.query[i] = (int8_t)((int)test_random_below(&state, 255) - 127);
    }
    for (int row = 0; row < 4; row++) {
        for (size_t j = 0; j < 8 * steps; j++) {
            the_case.rows[row][j] = (uint8_t)test_random_below(&state, 256);
        }
    }
}

/* Even rows get `bits` in each byte, odd ones their complement. */
static void fill_with(int8_t query, uint8_t bits)
{
    memset(the_case.query, query, sizeof the_case.query);
    for (int row = 0; row < 4; row++) {
        memset(the_case.rows[row], row % 2 ? ~bits : bits, sizeof the_case.rows[row]);
    }
}

/* One bit a row, each in its own place, of a query whose elements differ. */
static void check_single_bits(const kernel_entry *kernel, kernel_report *report)
{
    for (size_t i = 0; i < 64 * the_case.steps; i++) {
        the_case.query[i] = (int8_t)((int)(i % 127) + 1);
    }
    for (size_t i = 0; i < 64 * the_case.steps; i++) {
        memset(the_case.rows, 0, sizeof the_case.rows);
        for (size_t row = 0; row < 4; row++) {
            size_t bit = (i + 17 * row) % (64 * the_case.steps);
            the_case.rows[row][bit / 8] = (uint8_t)(1u << bit % 8);
        }
        check_offset(kernel, i % 64, report);
    }
}

static void check_steps(const kernel_entry *kernel, size_t steps, size_t stride,
                        kernel_report *report)
{
    fill_with_random(steps);
    check_ends(kernel, "flush with guard pages", report);
    for (size_t offset = 0; offset < 64; offset += stride) {
        check_offset(kernel, offset, report);
    }
    /* sums must not saturate on the way; rows of zeros stand beside rows of ones */
    fill_with(127, 0xff);
    check_ends(kernel, "the largest sum", report);
    fill_with(-127, 0xff);
    check_ends(kernel, "the smallest sum", report);
    for (uint8_t bit = 0; bit < 8; bit++) {
        fill_with(bit % 2 ? -127 : 127, (uint8_t)(1u << bit));
        check_ends(kernel, "one bit of each byte", report);
    }
}

void check_bit_dot(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    if (!query_memory.start) {
        query_memory = guarded_create(ARB_DIM_MAX);
        for (int row = 0; row < 4; row++) {
            row_memory[row] = guarded_create(ARB_DIM_MAX / 8);
        }
    }
    size_t stride = effort == FULL ? 1 : 13;
    for (size_t steps = 1; steps <= STEPS_DENSE_MAX; steps++) {
        check_steps(kernel, steps, stride, report);
    }
    check_steps(kernel, STEPS_MAX - 1, stride, report);
    check_steps(kernel, STEPS_MAX, stride, report);
    for (the_case.steps = 1; the_case.steps <= 3; the_case.steps++) {
        check_single_bits(kernel, report);
    }
}
