#include <math.h>
#include <string.h>

#include "checkasm/checks.h"
#include "testing.h"

#define PIECES_DENSE_MAX 13
#define PIECES_MAX (ARB_DIM_MAX / 4)
#define BLOCKS_MAX 9
#define BLOCKS_LONG_MAX 2 /* of the longest */
#define ROWS_MAX ((size_t)BLOCKS_MAX * ARB_FASTSCAN_ROWS)
#define TERMS_BYTES (2 * ARB_FASTSCAN_ROWS)
#define BLOCKS_BYTES_MAX (BLOCKS_LONG_MAX * (TERMS_BYTES + ARB_FASTSCAN_PIECE_BYTES * PIECES_MAX))
#define SUM_MAX 65535

static const size_t more_pieces[] = {24, 31, 48, 63, 64};

static guarded tables_memory, blocks_memory, least_memory, near_memory;

/* What goes into a call, as it is defined, and what shall come out. */
typedef struct fastscan_case {
    size_t pieces, blocks;
    uint8_t entries[4 * PIECES_MAX][16];
    uint8_t codes[ROWS_MAX][4 * PIECES_MAX];
    uint8_t bias[ROWS_MAX], f[ROWS_MAX];
    float constant, factor, shift, farthest, bias_step, f_first, f_step;
    float least[ROWS_MAX];
} fastscan_case;

static fastscan_case the_case;
static uint8_t tables[ARB_FASTSCAN_TABLES_BYTES * PIECES_MAX], packed[BLOCKS_BYTES_MAX];

static size_t rows_of_case(void)
{
    return ARB_FASTSCAN_ROWS * the_case.blocks;
}

/* By the words of kernels.h. */
static void bound_all(void)
{
    for (size_t row = 0; row < rows_of_case(); row++) {
        uint64_t sum = 0;
        for (size_t group = 0; group < 4 * the_case.pieces; group++) {
            sum += the_case.entries[group][the_case.codes[row][group]];
        }
        CHECK(sum <= SUM_MAX, "%llu is no sum that a kernel has to take", (unsigned long long)sum);
        float product = the_case.factor * (float)sum;
        float shifted = product + the_case.shift;
        float f_steps = the_case.f_step * (float)the_case.f[row];
        float f = the_case.f_first + f_steps;
        float off = f * shifted;
        float bias = the_case.bias_step * (float)the_case.bias[row];
        float base = the_case.constant + bias;
        the_case.least[row] = base - off;
    }
}

static void pack(void)
{
    static const size_t places[] = {0, 4, 2, 6}; /* of a group's first table */
    for (size_t group = 0; group < 4 * the_case.pieces; group++) {
        uint8_t *table = tables + group / 4 * ARB_FASTSCAN_TABLES_BYTES + 16 * places[group % 4];
        memcpy(table, the_case.entries[group], 16);
        memcpy(table + 16, the_case.entries[group], 16);
    }
    size_t block_bytes = TERMS_BYTES + ARB_FASTSCAN_PIECE_BYTES * the_case.pieces;
    for (size_t row = 0; row < rows_of_case(); row++) {
        uint8_t *block = packed + row / ARB_FASTSCAN_ROWS * block_bytes;
        size_t r = row % ARB_FASTSCAN_ROWS;
        block[r] = the_case.bias[row];
        block[ARB_FASTSCAN_ROWS + r] = the_case.f[row];
        for (size_t group = 0; group < 4 * the_case.pieces; group += 2) {
            const uint8_t *two = &the_case.codes[row][group];
            size_t byte = 32 * (group / 2) + (r < 16 ? 2 * r : 2 * (r - 16) + 1);
            block[TERMS_BYTES + byte] = (uint8_t)(two[0] | two[1] << 4);
        }
    }
}

/* The same float, or a NaN for a NaN, of whatever payload. */
static int same(float found, float wanted)
{
    return memcmp(&found, &wanted, sizeof found) == 0 || (found != found && wanted != wanted);
}

static void check_result(const uint8_t *least, const uint8_t *near, const char *what,
                         kernel_report *report)
{
    for (size_t block = 0; block < the_case.blocks; block++) {
        uint32_t found, wanted = 0;
        memcpy(&found, near + block * sizeof found, sizeof found);
        for (size_t r = 0; r < ARB_FASTSCAN_ROWS; r++) {
            size_t row = ARB_FASTSCAN_ROWS * block + r;
            float found_least;
            memcpy(&found_least, least + row * sizeof found_least, sizeof found_least);
            if (!same(found_least, the_case.least[row])) {
                report_fault(report, "length %zu, %zu blocks, %s: row %zu gives %.9g, wanted %.9g",
                             4 * the_case.pieces, the_case.blocks, what, row, (double)found_least,
                             (double)the_case.least[row]);
                return;
            }
            wanted |= (uint32_t) !(the_case.least[row] > the_case.farthest) << r;
        }
        if (found != wanted) {
            report_fault(report, "length %zu, %zu blocks, %s: block %zu gives %08x, wanted %08x",
                         4 * the_case.pieces, the_case.blocks, what, block, found, wanted);
            return;
        }
    }
}

/* The case has been packed. */
static void check_call(const kernel_entry *kernel, int at_end, size_t offset, const char *what,
                       kernel_report *report)
{
    static uint8_t poison[ROWS_MAX * sizeof(float)];
    memset(poison, 0xa5, sizeof poison);
    size_t length = 4 * the_case.pieces, tables_bytes = ARB_FASTSCAN_TABLES_BYTES * the_case.pieces;
    size_t bytes = the_case.blocks * (TERMS_BYTES + ARB_FASTSCAN_PIECE_BYTES * the_case.pieces);
    size_t least_bytes = rows_of_case() * sizeof(float);
    size_t near_bytes = the_case.blocks * sizeof(uint32_t);
    uint8_t *least = at_end ? least_memory.end - least_bytes : least_memory.start + offset / 4 * 4;
    uint8_t *near =
        at_end ? near_memory.end - near_bytes : near_memory.start + offset * 5 % 64 / 4 * 4;
    uint8_t *at = at_end ? tables_memory.end - tables_bytes : tables_memory.start + offset;
    uint8_t *blocks = at_end ? blocks_memory.end - bytes : blocks_memory.start + offset * 3 % 64;
    arb_fastscan_bound bound = {.tables = guarded_place(&tables_memory, at, tables, tables_bytes),
                                .pieces = the_case.pieces,
                                .constant = the_case.constant,
                                .factor = the_case.factor,
                                .shift = the_case.shift,
                                .farthest = the_case.farthest,
                                .bias_step = the_case.bias_step,
                                .f_first = the_case.f_first,
                                .f_step = the_case.f_step};
    guarded_place(&blocks_memory, blocks, packed, bytes);
    guarded_place(&least_memory, least, poison, least_bytes);
    guarded_place(&near_memory, near, poison, near_bytes);
    checked_call call = {
        .function = kernel->function,
        .args = {(uintptr_t)&bound, (uintptr_t)blocks, the_case.blocks, (uintptr_t)least},
        .not_fifth = ~(uint64_t)(uintptr_t)near};
    if (!checked(&call, report, what, length)) {
        return;
    }
    check_result(least, near, what, report);
    if (!guarded_untouched_around(&least_memory, least, least_bytes) ||
        !guarded_untouched_around(&near_memory, near, near_bytes)) {
        report_fault(report, "length %zu, %zu blocks, %s: wrote outside of the results", length,
                     the_case.blocks, what);
    }
}

static void check_ends(const kernel_entry *kernel, const char *what, kernel_report *report)
{
    bound_all();
    pack();
    check_call(kernel, 1, 0, what, report);
    check_call(kernel, 0, 0, what, report);
}

/* Entries are as large as they may be for so many pieces. */
static void fill_with_random(size_t pieces, size_t blocks)
{
    uint64_t state = 0x510e527fade682d1ull + pieces * 16 + blocks;
    size_t most = SUM_MAX / (4 * pieces);
    most = most < ARB_FASTSCAN_ENTRY_MAX ? most : ARB_FASTSCAN_ENTRY_MAX;
    the_case.pieces = pieces;
    the_case.blocks = blocks;
    the_case.constant = 0.5f + test_random_unit(&state);
    the_case.factor = 1e-3f * (1.5f + test_random_unit(&state));
    the_case.shift = 0.1f * test_random_unit(&state);
    the_case.bias_step = 2e-3f * (1.5f + test_random_unit(&state));
    the_case.f_first = 0.05f * (1.5f + test_random_unit(&state));
    the_case.f_step = 4e-4f * (1.5f + test_random_unit(&state));
    for (size_t group = 0; group < 4 * pieces; group++) {
        for (size_t code = 0; code < 16; code++) {
            the_case.entries[group][code] = (uint8_t)test_random_below(&state, most + 1);
        }
    }
    for (size_t row = 0; row < rows_of_case(); row++) {
        the_case.bias[row] = (uint8_t)test_random_below(&state, 256);
        the_case.f[row] = (uint8_t)test_random_below(&state, 256);
        for (size_t group = 0; group < 4 * pieces; group++) {
            the_case.codes[row][group] = (uint8_t)test_random_below(&state, 16);
        }
    }
    bound_all();
    size_t rows = rows_of_case();
    the_case.farthest = rows > 0 ? the_case.least[test_random_below(&state, rows)] : 0;
}

/* The sums of every row, of half of a block's or of every other reach `last` (with entries of at
 * most `entry`, but in the last group, so that it is not beyond 65535) while the others' are 0. */
static void check_largest(const kernel_entry *kernel, size_t pieces, uint8_t entry, uint8_t last,
                          kernel_report *report)
{
    fill_with_random(pieces, 1);
    size_t groups = 4 * pieces;
    memset(the_case.entries, entry, sizeof the_case.entries);
    memset(the_case.entries[groups - 1], last, sizeof the_case.entries[0]);
    check_ends(kernel, "the largest sums", report);
    for (size_t group = 0; group < groups; group++) {
        the_case.entries[group][0] = 0;
    }
    for (int pattern = 0; pattern < 4; pattern++) {
        for (size_t row = 0; row < ARB_FASTSCAN_ROWS; row++) {
            int is_large = (int)(pattern / 2 ? row : row / 16) % 2 == pattern % 2;
            memset(the_case.codes[row], is_large ? 15 : 0, groups);
        }
        check_ends(kernel, "the largest sums beside the smallest", report);
    }
}

static void check_size(const kernel_entry *kernel, size_t pieces, size_t blocks, test_effort effort,
                       kernel_report *report)
{
    fill_with_random(pieces, blocks);
    check_ends(kernel, "flush with guard pages", report);
    for (size_t offset = 1; offset < 64; offset += effort == FULL ? 1 : 31) {
        check_call(kernel, 0, offset, "at an offset", report);
    }
}

/* Each row's bound in turn is the farthest, or one float beyond it. */
static void check_ties(const kernel_entry *kernel, size_t pieces, size_t blocks,
                       kernel_report *report)
{
    fill_with_random(pieces, blocks);
    pack();
    for (size_t row = 0; row < rows_of_case(); row++) {
        the_case.farthest = the_case.least[row];
        check_call(kernel, 1, 0, "ties", report);
        the_case.farthest = nextafterf(the_case.least[row], -INFINITY);
        check_call(kernel, 1, 0, "ties", report);
    }
}

/* Of all entries one alone is not 0. */
static void check_entries(const kernel_entry *kernel, size_t pieces, test_effort effort,
                          kernel_report *report)
{
    fill_with_random(pieces, 2);
    memset(the_case.entries, 0, sizeof the_case.entries);
    for (size_t place = 0; place < 64 * pieces; place += effort == FULL ? 1 : 7) {
        uint8_t *entry = &the_case.entries[place / 16][place % 16];
        *entry = (uint8_t)(1 + place % ARB_FASTSCAN_ENTRY_MAX);
        check_ends(kernel, "an entry alone", report);
        *entry = 0;
    }
}

/* Of all codes of bias and f one alone is not 0: each row's in turn. */
static void check_terms(const kernel_entry *kernel, kernel_report *report)
{
    static const uint8_t codes[] = {1, 127, 128, 255};
    fill_with_random(2, 2);
    memset(the_case.bias, 0, sizeof the_case.bias);
    memset(the_case.f, 0, sizeof the_case.f);
    for (size_t place = 0; place < 2 * rows_of_case(); place++) {
        uint8_t *code = place % 2 == 0 ? &the_case.bias[place / 2] : &the_case.f[place / 2];
        for (size_t i = 0; i < sizeof codes; i++) {
            *code = codes[i];
            check_ends(kernel, "a term alone", report);
        }
        *code = 0;
    }
}

/* What is no number is near, wherever it comes from; infinities count as what they are. */
static void check_special(const kernel_entry *kernel, kernel_report *report)
{
    static const float values[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 3e38f, -3e38f, 1e-45f};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        float *const places[] = {&the_case.constant, &the_case.factor,    &the_case.shift,
                                 &the_case.farthest, &the_case.bias_step, &the_case.f_first,
                                 &the_case.f_step};
        for (size_t where = 0; where < sizeof places / sizeof places[0]; where++) {
            fill_with_random(3, 2);
            for (size_t row = 0; row < rows_of_case(); row += 3) { /* infinity times 0 is a NaN */
                the_case.bias[row] = where == 4 ? 0 : the_case.bias[row];
                the_case.f[row] = where == 6 ? 0 : the_case.f[row];
            }
            *places[where] = values[i];
            check_ends(kernel, "special values", report);
        }
    }
}

void check_fastscan(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    if (!tables_memory.start) {
        tables_memory = guarded_create(sizeof tables);
        blocks_memory = guarded_create(sizeof packed);
        least_memory = guarded_create(ROWS_MAX * sizeof(float));
        near_memory = guarded_create(BLOCKS_MAX * sizeof(uint32_t));
    }
    for (size_t pieces = 1; pieces <= PIECES_DENSE_MAX; pieces++) {
        for (size_t blocks = 0; blocks <= BLOCKS_MAX; blocks += effort == FULL ? 1 : 3) {
            check_size(kernel, pieces, blocks, effort, report);
        }
        check_largest(kernel, pieces, ARB_FASTSCAN_ENTRY_MAX, ARB_FASTSCAN_ENTRY_MAX, report);
    }
    for (size_t i = 0; i < sizeof more_pieces / sizeof more_pieces[0]; i++) {
        check_size(kernel, more_pieces[i], 1 + 2 * i, REDUCED, report);
        check_largest(kernel, more_pieces[i], ARB_FASTSCAN_ENTRY_MAX, 1, report);
    }
    /* the most pieces of the largest entries, one more, and the most of all: up to 65535 */
    check_largest(kernel, 260, ARB_FASTSCAN_ENTRY_MAX, ARB_FASTSCAN_ENTRY_MAX, report);
    check_largest(kernel, 298, 55, 30, report);
    check_largest(kernel, PIECES_MAX, 8, 7, report);
    check_size(kernel, PIECES_MAX - 1, BLOCKS_LONG_MAX, REDUCED, report);
    check_size(kernel, PIECES_MAX, BLOCKS_LONG_MAX, REDUCED, report);
    check_ties(kernel, 1, 2, report);
    check_ties(kernel, 6, 3, report);
    check_entries(kernel, 1, FULL, report);
    check_entries(kernel, 3, effort, report);
    check_terms(kernel, report);
    check_special(kernel, report);
}
