#include <stdlib.h>
#include <string.h>

#include "checkasm/checks.h"
#include "testing.h"

#define COUNT_DENSE_MAX 40
#define COUNT_MAX 520
#define NEW_MAX 33
#define ROOM_MAX (COUNT_MAX + NEW_MAX + ARB_KEYS_INSERT_PAD)

static const size_t long_counts[] = {63, 64, 65, 127, 200, 511, 512};

static guarded sorted_memory, keys_memory;

typedef struct keys_case {
    size_t count, n;
    uint64_t sorted[COUNT_MAX], keys[NEW_MAX];
    uint64_t wanted[COUNT_MAX + NEW_MAX];
} keys_case;

static keys_case the_case;

static int ascending(const void *left, const void *right)
{
    const uint64_t *a = left;
    const uint64_t *b = right;
    return (*a > *b) - (*a < *b);
}

/* Keys below `limit`, so that some are equal where it is low; 0: any. */
static void fill_with_random(size_t count, size_t n, uint32_t limit)
{
    uint64_t state = 0xa54ff53a5f1d36f1ull + count * 64 + n + limit;
    the_case.count = count;
    the_case.n = n;
    for (size_t i = 0; i < count + n; i++) {
        uint64_t key = limit > 0 ? test_random_below(&state, limit) : test_random(&state);
        *(i < count ? &the_case.sorted[i] : &the_case.keys[i - count]) = key;
    }
}

static void sort_wanted(void)
{
    qsort(the_case.sorted, the_case.count, sizeof the_case.sorted[0], ascending);
    memcpy(the_case.wanted, the_case.sorted, the_case.count * sizeof the_case.wanted[0]);
    memcpy(the_case.wanted + the_case.count, the_case.keys, the_case.n * sizeof the_case.wanted[0]);
    qsort(the_case.wanted, the_case.count + the_case.n, sizeof the_case.wanted[0], ascending);
}

static void check_call(const kernel_entry *kernel, int at_end, size_t offset, const char *what,
                       kernel_report *report)
{
    static uint64_t placed[ROOM_MAX];
    size_t size = the_case.count * sizeof(uint64_t), added = the_case.n * sizeof(uint64_t);
    size_t room = size + added + ARB_KEYS_INSERT_PAD * sizeof(uint64_t);
    uint8_t *sorted = at_end ? sorted_memory.end - room : sorted_memory.start + offset;
    uint8_t *keys = at_end ? keys_memory.end - added : keys_memory.start + 3 * offset % 64;
    memset(placed, 0xa5, room);
    memcpy(placed, the_case.sorted, size);
    guarded_place(&sorted_memory, sorted, placed, room);
    guarded_place(&keys_memory, keys, the_case.keys, added);
    checked_call call = {.function = kernel->function,
                         .args = {(uintptr_t)sorted, the_case.count, (uintptr_t)keys, the_case.n}};
    if (!checked(&call, report, what, the_case.count)) {
        return;
    }
    if (memcmp(sorted, the_case.wanted, size + added) != 0) {
        report_fault(report, "length %zu, %zu keys, %s: keys differ from those wanted",
                     the_case.count, the_case.n, what);
    }
    if (!guarded_untouched_around(&sorted_memory, sorted, room)) {
        report_fault(report, "length %zu, %zu keys, %s: wrote outside of the result",
                     the_case.count, the_case.n, what);
    }
}

static void check_size(const kernel_entry *kernel, size_t count, size_t n, test_effort effort,
                       kernel_report *report)
{
    fill_with_random(count, n, 0);
    sort_wanted();
    check_call(kernel, 1, 0, "flush with guard pages behind", report);
    for (size_t offset = 0; offset < 64; offset += effort == FULL ? 1 : 13) {
        check_call(kernel, 0, offset, "at an offset", report);
    }
    fill_with_random(count, n, 5);
    sort_wanted();
    check_call(kernel, 1, 0, "equal keys", report);
}

/* One key that belongs to each place in turn, the ends of all numbers among them. */
static void check_places(const kernel_entry *kernel, size_t count, kernel_report *report)
{
    for (size_t place = 0; place <= count; place++) {
        the_case.count = count;
        the_case.n = 1;
        for (size_t i = 0; i < count; i++) {
            the_case.sorted[i] = (i + 1) << 32;
        }
        the_case.keys[0] = (uint64_t)place << 32 | 1;
        sort_wanted();
        check_call(kernel, 1, 0, "each place", report);
    }
    the_case.keys[0] = UINT64_MAX;
    sort_wanted();
    check_call(kernel, 1, 0, "the largest key", report);
    the_case.keys[0] = 0;
    sort_wanted();
    check_call(kernel, 1, 0, "the smallest key", report);
}

void check_keys(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    if (!sorted_memory.start) {
        sorted_memory = guarded_create(ROOM_MAX * sizeof(uint64_t));
        keys_memory = guarded_create(NEW_MAX * sizeof(uint64_t));
    }
    for (size_t count = 0; count <= COUNT_DENSE_MAX; count++) {
        for (size_t n = 0; n <= 9; n++) {
            check_size(kernel, count, n, effort, report);
        }
        check_places(kernel, count, report);
    }
    for (size_t i = 0; i < sizeof long_counts / sizeof long_counts[0]; i++) {
        check_size(kernel, long_counts[i], NEW_MAX - i, effort, report);
        check_places(kernel, long_counts[i], report);
    }
}
