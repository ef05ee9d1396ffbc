#include <math.h>
#include <string.h>

#include "checkasm/checks.h"
#include "testing.h"

#define STEPS_DENSE_MAX 40
#define STEPS_MAX (ARB_DIM_MAX / 64)
#define ROWS_MAX 130
/* Rows whose ends are guard pages; the others lie in one block, one behind the other. */
#define GUARDED_ROWS 4
#define ROW_BYTES_MAX (ARB_DIM_MAX / 8 + 2 * sizeof(float))
#define WORDS_MAX ((ROWS_MAX + 63) / 64)

static guarded query_memory, pointer_memory, result_memory, row_memory[GUARDED_ROWS];
static uint8_t block[ROWS_MAX * (ROW_BYTES_MAX + 1)];

typedef struct near_case {
    size_t steps, rows;
    int8_t query[ARB_DIM_MAX];
    uint8_t bits[ROWS_MAX][ARB_DIM_MAX / 8];
    float bias[ROWS_MAX], f[ROWS_MAX];
    float constant, factor, shift, farthest;
    float least[ROWS_MAX]; /* what is compared with the farthest */
} near_case;

static near_case the_case;

/* By the words of kernels.h. */
static void bound_all(void)
{
    for (size_t row = 0; row < the_case.rows; row++) {
        int64_t sum = 0;
        for (size_t i = 0; i < 64 * the_case.steps; i++) {
            if (the_case.bits[row][i / 8] & (1u << i % 8)) {
                sum += the_case.query[i];
            }
        }
        float product = the_case.factor * (float)sum;
        float shifted = product + the_case.shift;
        float off = the_case.f[row] * shifted;
        float base = the_case.constant + the_case.bias[row];
        the_case.least[row] = base - off;
    }
}

static size_t row_bytes(void)
{
    return 8 * the_case.steps + 2 * sizeof(float);
}

static void pack(size_t row, uint8_t *packed)
{
    memcpy(packed, the_case.bits[row], 8 * the_case.steps);
    memcpy(packed + 8 * the_case.steps, &the_case.bias[row], sizeof(float));
    memcpy(packed + 8 * the_case.steps + sizeof(float), &the_case.f[row], sizeof(float));
}

/* Places the rows, of which the last ones are guarded: a kernel that takes a group for full reads
 * there. Rows in the block lie at every alignment, since row_bytes() + 1 is odd. */
static void place_rows(const uint8_t **rows, int at_end, size_t offset)
{
    uint8_t packed[ROW_BYTES_MAX];
    for (size_t row = 0; row < the_case.rows; row++) {
        pack(row, packed);
        size_t behind = the_case.rows - 1 - row;
        if (behind >= GUARDED_ROWS) {
            rows[row] = memcpy(block + row * (row_bytes() + 1), packed, row_bytes());
            continue;
        }
        guarded *memory = &row_memory[behind];
        uint8_t *at = at_end ? memory->end - row_bytes() : memory->start + (offset * 3 + behind);
        rows[row] = guarded_place(memory, at, packed, row_bytes());
    }
}

static void check_result(const uint8_t *result, const char *what, kernel_report *report)
{
    for (size_t word = 0; word < (the_case.rows + 63) / 64; word++) {
        uint64_t found, wanted = 0;
        memcpy(&found, result + word * sizeof found, sizeof found);
        for (size_t row = 64 * word; row < the_case.rows && row < 64 * word + 64; row++) {
            wanted |= (uint64_t) !(the_case.least[row] > the_case.farthest) << row % 64;
        }
        if (found != wanted) {
            report_fault(report, "length %zu, %zu rows, %s: word %zu gives %016llx, wanted %016llx",
                         64 * the_case.steps, the_case.rows, what, word, (unsigned long long)found,
                         (unsigned long long)wanted);
            return;
        }
    }
}

static void check_call(const kernel_entry *kernel, int at_end, size_t offset, const char *what,
                       kernel_report *report)
{
    static uint8_t poison[WORDS_MAX * sizeof(uint64_t)];
    const uint8_t *rows[ROWS_MAX];
    size_t length = 64 * the_case.steps, count = the_case.rows;
    size_t result_bytes = (count + 63) / 64 * sizeof(uint64_t);
    memset(poison, 0xa5, sizeof poison);
    uint8_t *query = at_end ? query_memory.end - length : query_memory.start + offset;
    uint8_t *pointers = at_end ? pointer_memory.end - count * sizeof *rows : pointer_memory.start;
    uint8_t *result = at_end ? result_memory.end - result_bytes : result_memory.start;
    guarded_place(&query_memory, query, the_case.query, length);
    place_rows(rows, at_end, offset);
    guarded_place(&pointer_memory, pointers, rows, count * sizeof *rows);
    guarded_place(&result_memory, result, poison, result_bytes);
    arb_sq1_bound bound = {.query = (const int8_t *)query,
                           .steps = the_case.steps,
                           .constant = the_case.constant,
                           .factor = the_case.factor,
                           .shift = the_case.shift,
                           .farthest = the_case.farthest};
    checked_call call = {
        .function = kernel->function,
        .args = {(uintptr_t)&bound, (uintptr_t)pointers, count, (uintptr_t)result}};
    if (!checked(&call, report, what, length)) {
        return;
    }
    check_result(result, what, report);
    if (!guarded_untouched_around(&result_memory, result, result_bytes)) {
        report_fault(report, "length %zu, %zu rows, %s: wrote outside of the result", length, count,
                     what);
    }
}

static void check_ends(const kernel_entry *kernel, const char *what, kernel_report *report)
{
    check_call(kernel, 1, 0, what, report);
    check_call(kernel, 0, 0, what, report);
}

static void fill_with_random(size_t steps, size_t rows)
{
    uint64_t state = 0x3c6ef372fe94f82bull + steps * 256 + rows;
    the_case.steps = steps;
    the_case.rows = rows;
    the_case.constant = 0.5f + test_random_unit(&state);
    the_case.factor = 1e-3f * (1.5f + test_random_unit(&state));
    the_case.shift = 0.1f * test_random_unit(&state);
    for (size_t i = 0; i < 64 * steps; i++) {
        the_case.query[i] = (int8_t)((int)test_random_below(&state, 255) - 127);
    }
    for (size_t row = 0; row < rows; row++) {
        the_case.bias[row] = 0.5f * test_random_unit(&state);
        the_case.f[row] = 0.1f * (1.5f + test_random_unit(&state));
        for (size_t j = 0; j < 8 * steps; j++) {
            the_case.bits[row][j] = (uint8_t)test_random_below(&state, 256);
        }
    }
    bound_all();
    the_case.farthest = rows > 0 ? the_case.least[test_random_below(&state, (uint32_t)rows)] : 0;
}

/* The farthest at a row's bound, which is not beyond it, and at the floats on both sides: a sum
 * that is one off, or another rounding, turns a bit. */
static void check_size(const kernel_entry *kernel, size_t steps, size_t rows, kernel_report *report)
{
    fill_with_random(steps, rows);
    float at = the_case.farthest;
    check_ends(kernel, "flush with guard pages", report);
    the_case.farthest = nextafterf(at, -INFINITY);
    check_call(kernel, 1, 0, "one float beyond the farthest", report);
    the_case.farthest = nextafterf(at, INFINITY);
    check_call(kernel, 1, 0, "one float before the farthest", report);
}

/* Each row's bound in turn is the farthest. */
static void check_ties(const kernel_entry *kernel, size_t steps, size_t rows, kernel_report *report)
{
    fill_with_random(steps, rows);
    for (size_t row = 0; row < rows; row++) {
        the_case.farthest = the_case.least[row];
        check_call(kernel, 0, row % 64, "ties", report);
        the_case.farthest = nextafterf(the_case.least[row], -INFINITY);
        check_call(kernel, 0, row % 64, "ties", report);
    }
}

/* Even rows get `bits` in each byte, odd ones their complement: no sum may saturate on the way. */
static void check_largest(const kernel_entry *kernel, int8_t element, uint8_t bits,
                          kernel_report *report)
{
    fill_with_random(STEPS_MAX, 7);
    memset(the_case.query, element, sizeof the_case.query);
    for (size_t row = 0; row < the_case.rows; row++) {
        memset(the_case.bits[row], row % 2 ? ~bits : bits, sizeof the_case.bits[row]);
    }
    bound_all();
    for (size_t row = 0; row < 2; row++) {
        the_case.farthest = the_case.least[row];
        check_ends(kernel, "the largest sums", report);
        the_case.farthest = nextafterf(the_case.least[row], -INFINITY);
        check_ends(kernel, "the largest sums", report);
    }
}

/* What is no number is near, wherever it comes from; infinities count as what they are. */
static void check_special(const kernel_entry *kernel, kernel_report *report)
{
    static const float values[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 3e38f, -3e38f, 1e-45f};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        for (size_t where = 0; where < 6; where++) {
            fill_with_random(3, 9);
            float *const single[] = {&the_case.constant, &the_case.factor, &the_case.shift,
                                     &the_case.farthest};
            for (size_t row = 0; row < the_case.rows; row += 3) {
                float *place = where < 4    ? single[where]
                               : where == 4 ? &the_case.bias[row]
                                            : &the_case.f[row];
                *place = values[i];
            }
            bound_all();
            check_ends(kernel, "special values", report);
        }
    }
}

static void create_memory(void)
{
    query_memory = guarded_create(ARB_DIM_MAX);
    pointer_memory = guarded_create(ROWS_MAX * sizeof(void *));
    result_memory = guarded_create(WORDS_MAX * sizeof(uint64_t));
    for (size_t row = 0; row < GUARDED_ROWS; row++) {
        row_memory[row] = guarded_create(ROW_BYTES_MAX + 256);
    }
}

void check_bit_near(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    if (!query_memory.start) {
        create_memory();
    }
    for (size_t rows = 0; rows <= ROWS_MAX; rows++) {
        check_size(kernel, 1 + rows % 7, rows, report);
    }
    for (size_t steps = 1; steps <= STEPS_DENSE_MAX; steps++) {
        for (size_t rows = 1; rows <= 9; rows += effort == FULL ? 1 : 4) {
            check_size(kernel, steps, rows, report);
        }
    }
    for (size_t steps = STEPS_MAX - 1; steps <= STEPS_MAX; steps++) {
        check_size(kernel, steps, 7, report);
        check_size(kernel, steps, effort == FULL ? 70 : 34, report);
    }
    check_ties(kernel, 2, ROWS_MAX, report);
    check_ties(kernel, 6, 67, report);
    for (int8_t sign = -1; sign <= 1; sign += 2) {
        check_largest(kernel, (int8_t)(sign * 127), 0xff, report);
        check_largest(kernel, (int8_t)(sign * 127), 0x80, report);
    }
    check_special(kernel, report);
}
