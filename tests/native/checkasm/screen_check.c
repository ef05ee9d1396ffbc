#include <math.h>
#include <string.h>

#include "checkasm/checks.h"
#include "testing.h"

#define STEPS_DENSE_MAX 12
#define STEPS_MAX (ARB_DIM_MAX / 4)
#define ROWS_MAX 14
#define LANES ARB_SCREEN_LANES
#define PANEL_BYTES_MAX (sizeof(arb_screen_panel) + (size_t)ARB_SCREEN_STEP_BYTES * STEPS_MAX)
#define ROWS_BYTES_MAX (ROWS_MAX * (sizeof(arb_screen_row) + 4 * (size_t)STEPS_MAX))

static guarded panel_memory, rows_memory, result_memory;

/* What goes into a call, as it is defined and as a kernel takes it. */
typedef struct screen_case {
    size_t steps, rows;
    int8_t queries[LANES][ARB_DIM_MAX];
    uint8_t codes[ROWS_MAX][ARB_DIM_MAX];
    float query_scale[LANES], limit[LANES], row_scale[ROWS_MAX], slack[ROWS_MAX];
    float estimate[ROWS_MAX][LANES]; /* what is compared with the limits */
    uint8_t panel[PANEL_BYTES_MAX];
    uint8_t packed[ROWS_BYTES_MAX];
} screen_case;

static screen_case the_case;

/* By the words of kernels.h, element after element. */
static void estimate_all(void)
{
    for (size_t row = 0; row < the_case.rows; row++) {
        for (size_t lane = 0; lane < LANES; lane++) {
            int64_t sum = 0;
            for (size_t i = 0; i < 4 * the_case.steps; i++) {
                sum += the_case.queries[lane][i] * (the_case.codes[row][i] - 128);
            }
            the_case.estimate[row][lane] = fmaf(the_case.query_scale[lane] * (float)sum,
                                                the_case.row_scale[row], the_case.slack[row]);
        }
    }
}

static void pack(void)
{
    size_t steps = the_case.steps;
    for (size_t lane = 0; lane < LANES; lane++) {
        int32_t start = 0;
        for (size_t i = 0; i < 4 * steps; i++) {
            int8_t element = the_case.queries[lane][i];
            start -= 128 * element;
            the_case.panel[sizeof(arb_screen_panel) + i / 4 * ARB_SCREEN_STEP_BYTES + 4 * lane +
                           i % 4] = (uint8_t)element;
        }
        memcpy(the_case.panel + offsetof(arb_screen_panel, start) + 4 * lane, &start, 4);
        memcpy(the_case.panel + offsetof(arb_screen_panel, scale) + 4 * lane,
               &the_case.query_scale[lane], 4);
        memcpy(the_case.panel + offsetof(arb_screen_panel, limit) + 4 * lane, &the_case.limit[lane],
               4);
    }
    for (size_t row = 0; row < the_case.rows; row++) {
        uint8_t *packed = the_case.packed + row * arb_screen_row_bytes(steps);
        memcpy(packed + offsetof(arb_screen_row, scale), &the_case.row_scale[row], 4);
        memcpy(packed + offsetof(arb_screen_row, slack), &the_case.slack[row], 4);
        memcpy(packed + offsetof(arb_screen_row, codes), the_case.codes[row], 4 * steps);
    }
}

static void check_call(const kernel_entry *kernel, uint8_t *panel, uint8_t *rows, uint8_t *result,
                       const char *what, kernel_report *report)
{
    static uint8_t poison[ROWS_MAX * sizeof(uint64_t)];
    size_t steps = the_case.steps, count = the_case.rows;
    memset(poison, 0xff, sizeof poison);
    guarded_place(&panel_memory, panel, the_case.panel, arb_screen_panel_bytes(steps));
    guarded_place(&rows_memory, rows, the_case.packed, count * arb_screen_row_bytes(steps));
    guarded_place(&result_memory, result, poison, count * sizeof(uint64_t));
    checked_call call = {.function = kernel->function,
                         .args = {(uintptr_t)panel, (uintptr_t)rows, steps, count},
                         .not_fifth = ~(uint64_t)(uintptr_t)result};
    if (!checked(&call, report, what, 4 * steps)) {
        return;
    }
    for (size_t row = 0; row < count; row++) {
        uint64_t found, wanted = 0;
        memcpy(&found, result + row * sizeof found, sizeof found);
        for (size_t lane = 0; lane < LANES; lane++) {
            wanted |= (uint64_t) !(the_case.estimate[row][lane] < the_case.limit[lane]) << lane;
        }
        if (found != wanted) {
            report_fault(report, "length %zu, %zu rows, %s: row %zu gives %016llx, wanted %016llx",
                         4 * steps, count, what, row, (unsigned long long)found,
                         (unsigned long long)wanted);
            break;
        }
    }
    if (!guarded_untouched_around(&result_memory, result, count * sizeof(uint64_t))) {
        report_fault(report, "length %zu, %zu rows, %s: wrote outside of the results", 4 * steps,
                     count, what);
    }
}

static void check_ends(const kernel_entry *kernel, const char *what, kernel_report *report)
{
    pack();
    check_call(kernel, panel_memory.end - arb_screen_panel_bytes(the_case.steps),
               rows_memory.end - the_case.rows * arb_screen_row_bytes(the_case.steps),
               result_memory.end - the_case.rows * sizeof(uint64_t), what, report);
    check_call(kernel, panel_memory.start, rows_memory.start, result_memory.start, what, report);
}

/* Limits at the estimates of some row, and at the floats on both sides of them: a sum that is one
 * off, or one more rounding, turns a bit. */
static void set_limits(size_t shift)
{
    for (size_t lane = 0; lane < LANES; lane++) {
        float estimate =
            the_case.estimate[(lane + shift) % (the_case.rows ? the_case.rows : 1)][lane];
        the_case.limit[lane] = (lane + shift) % 3 == 0   ? estimate
                               : (lane + shift) % 3 == 1 ? nextafterf(estimate, INFINITY)
                                                         : nextafterf(estimate, -INFINITY);
    }
}

static void fill_with_random(size_t steps, size_t rows)
{
    uint64_t state = 0x3c6ef372fe94f82bull + steps * 16 + rows;
    the_case.steps = steps;
    the_case.rows = rows;
    for (size_t lane = 0; lane < LANES; lane++) {
        the_case.query_scale[lane] = 1e-3f * (1.5f + test_random_unit(&state));
        for (size_t i = 0; i < 4 * steps; i++) {
            the_case.queries[lane][i] = (int8_t)((int)test_random_below(&state, 255) - 127);
        }
    }
    for (size_t row = 0; row < rows; row++) {
        the_case.row_scale[row] = 1e-3f * (1.5f + test_random_unit(&state));
        the_case.slack[row] = 0.1f * test_random_unit(&state);
        for (size_t i = 0; i < 4 * steps; i++) {
            the_case.codes[row][i] = (uint8_t)test_random_below(&state, 256);
        }
    }
    estimate_all();
    set_limits(0);
}

static void check_size(const kernel_entry *kernel, size_t steps, size_t rows, size_t stride,
                       kernel_report *report)
{
    fill_with_random(steps, rows);
    for (size_t shift = 0; shift < 3; shift++) {
        set_limits(shift);
        check_ends(kernel, "flush with guard pages", report);
    }
    for (size_t offset = 0; offset < 64; offset += stride) {
        check_call(kernel, panel_memory.start + offset, rows_memory.start + 3 * offset % 64,
                   result_memory.start + (5 * offset + rows) % 64, "at an offset", report);
    }
}

/* No sum may saturate on the way, and none is exact as a float. */
static void check_largest(const kernel_entry *kernel, size_t steps, size_t rows, int8_t element,
                          uint8_t code, kernel_report *report)
{
    fill_with_random(steps, rows);
    memset(the_case.queries, element, sizeof the_case.queries);
    memset(the_case.codes, code, sizeof the_case.codes);
    estimate_all();
    set_limits(1);
    check_ends(kernel, "the largest sums", report);
}

/* What is no number passes, wherever it comes from; infinities count as what they are. */
static void check_special(const kernel_entry *kernel, kernel_report *report)
{
    static const float values[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 3e38f, 1e-45f};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        for (int where = 0; where < 4; where++) {
            fill_with_random(3, ROWS_MAX);
            for (size_t lane = 0; lane < LANES; lane += 3) {
                float *place = where == 0 ? &the_case.query_scale[lane] : &the_case.limit[lane];
                *place = where < 2 ? values[i] : *place;
            }
            for (size_t row = 0; row < ROWS_MAX; row += 3) {
                float *place = where == 2 ? &the_case.row_scale[row] : &the_case.slack[row];
                *place = where >= 2 ? values[i] : *place;
            }
            estimate_all();
            check_ends(kernel, "special values", report);
        }
    }
}

void check_screen(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    if (!panel_memory.start) {
        panel_memory = guarded_create(PANEL_BYTES_MAX);
        rows_memory = guarded_create(ROWS_BYTES_MAX);
        result_memory = guarded_create(ROWS_MAX * sizeof(uint64_t));
    }
    for (size_t steps = 1; steps <= STEPS_DENSE_MAX; steps++) {
        for (size_t rows = 0; rows <= ROWS_MAX; rows++) {
            check_size(kernel, steps, rows, effort == FULL ? 7 : 31, report);
        }
    }
    static const size_t long_steps[] = {96, 384, STEPS_MAX};
    for (size_t i = 0; i < sizeof long_steps / sizeof long_steps[0]; i++) {
        for (size_t rows = 1; rows <= ROWS_MAX; rows += effort == FULL ? 4 : 10) {
            check_size(kernel, long_steps[i], rows, 64, report);
        }
    }
    for (size_t rows = 1; rows <= 7; rows += 6) {
        check_largest(kernel, STEPS_MAX, rows, 127, 255, report);
        check_largest(kernel, STEPS_MAX, rows, -127, 255, report);
        check_largest(kernel, STEPS_MAX, rows, 127, 0, report);
        check_largest(kernel, STEPS_MAX, rows, -127, 0, report);
    }
    check_special(kernel, report);
}
