#include <string.h>

#include "checkasm/checks.h"
#include "testing.h"

#define STEPS_DENSE_MAX 12
#define STEPS_MAX (ARB_DIM_MAX / 32)
#define GROUPS_MAX 9
#define CODES_MAX ((size_t)64 * STEPS_MAX * GROUPS_MAX)

static guarded query_memory, codes_memory, result_memory;

/* What goes into a call: rows of codes as they are defined, and packed as a kernel takes them. */
typedef struct dots_case {
    size_t steps, groups;
    int8_t query[ARB_DIM_MAX];
    uint8_t codes[4 * GROUPS_MAX][ARB_DIM_MAX];
    uint8_t packed[CODES_MAX];
} dots_case;

static dots_case the_case;

/* By the words of kernels.h, element after element. */
static void pack(void)
{
    memset(the_case.packed, 0, sizeof the_case.packed);
    for (size_t row = 0; row < 4 * the_case.groups; row++) {
        for (size_t i = 0; i < 32 * the_case.steps; i++) {
            size_t byte =
                row / 4 * 64 * the_case.steps + i / 32 * 64 + i % 16 / 4 * 16 + row % 4 * 4 + i % 4;
            int code = the_case.codes[row][i] << (i % 32 < 16 ? 0 : 4);
            the_case.packed[byte] = (uint8_t)(the_case.packed[byte] | code);
        }
    }
}

static float wanted_sum(size_t row)
{
    int64_t sum = 0;
    for (size_t i = 0; i < 32 * the_case.steps; i++) {
        sum += the_case.query[i] * the_case.codes[row][i];
    }
    return (float)sum;
}

static void check_call(const kernel_entry *kernel, uint8_t *query, uint8_t *codes, uint8_t *result,
                       const char *what, kernel_report *report)
{
    static uint8_t poison[4 * GROUPS_MAX * sizeof(float)];
    size_t rows = 4 * the_case.groups;
    size_t length = 32 * the_case.steps;
    memset(poison, 0xff, sizeof poison);
    guarded_place(&query_memory, query, the_case.query, length);
    guarded_place(&codes_memory, codes, the_case.packed, rows * length / 2);
    guarded_place(&result_memory, result, poison, rows * sizeof(float));
    checked_call call = {
        .function = kernel->function,
        .args = {(uintptr_t)query, (uintptr_t)codes, the_case.steps, the_case.groups},
        .not_fifth = ~(uint64_t)(uintptr_t)result};
    if (!checked(&call, report, what, length)) {
        return;
    }
    for (size_t row = 0; row < rows; row++) {
        float found;
        memcpy(&found, result + row * sizeof found, sizeof found);
        if (found != wanted_sum(row)) {
            report_fault(report, "length %zu, %zu groups, %s: row %zu gives %.9g, wanted %.9g",
                         length, the_case.groups, what, row, (double)found,
                         (double)wanted_sum(row));
            break;
        }
    }
    if (!guarded_untouched_around(&result_memory, result, rows * sizeof(float))) {
        report_fault(report, "length %zu, %zu groups, %s: wrote outside of the results", length,
                     the_case.groups, what);
    }
}

static void check_ends(const kernel_entry *kernel, const char *what, kernel_report *report)
{
    size_t rows = 4 * the_case.groups;
    size_t length = 32 * the_case.steps;
    pack();
    check_call(kernel, query_memory.end - length, codes_memory.end - rows * length / 2,
               result_memory.end - rows * sizeof(float), what, report);
    check_call(kernel, query_memory.start, codes_memory.start, result_memory.start, what, report);
}

static void fill_with_random(size_t steps, size_t groups)
{
    uint64_t state = 0xbb67ae8584caa73bull + steps * 16 + groups;
    the_case.steps = steps;
    the_case.groups = groups;
    for (size_t i = 0; i < 32 * steps; i++) {
        the_case.query[i] = (int8_t)((int)test_random_below(&state, 255) - 127);
        for (size_t row = 0; row < 4 * groups; row++) {
            the_case.codes[row][i] = (uint8_t)test_random_below(&state, 16);
        }
    }
}

static void fill_with(int8_t query, uint8_t code)
{
    memset(the_case.query, query, sizeof the_case.query);
    memset(the_case.codes, code, sizeof the_case.codes);
}

static void check_size(const kernel_entry *kernel, size_t steps, size_t groups, size_t stride,
                       kernel_report *report)
{
    fill_with_random(steps, groups);
    check_ends(kernel, "flush with guard pages", report);
    for (size_t offset = 0; offset < 64; offset += stride) {
        check_call(kernel, query_memory.start + offset, codes_memory.start + 3 * offset % 64,
                   result_memory.start + (5 * offset + groups) % 64, "at an offset", report);
    }
    /* no sum of a few products may saturate on the way */
    fill_with(127, 15);
    check_ends(kernel, "the largest sum", report);
    fill_with(-127, 15);
    check_ends(kernel, "the smallest sum", report);
}

void check_dots(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    if (!query_memory.start) {
        query_memory = guarded_create(ARB_DIM_MAX);
        codes_memory = guarded_create(CODES_MAX);
        result_memory = guarded_create(4 * GROUPS_MAX * sizeof(float));
    }
    for (size_t steps = 1; steps <= STEPS_DENSE_MAX; steps++) {
        for (size_t groups = 0; groups <= GROUPS_MAX; groups++) {
            check_size(kernel, steps, groups, effort == FULL ? 7 : 31, report);
        }
    }
    for (size_t groups = 1; groups <= GROUPS_MAX; groups += 4) {
        check_size(kernel, STEPS_MAX, groups, 64, report);
    }
}
