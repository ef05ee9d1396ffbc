#include <string.h>

#include "checkasm/checks.h"
#include "testing.h"

static guarded a_memory, b_memory, result_memory;
static uint64_t a_words[LENGTH_MAX], b_words[LENGTH_MAX];

/* Where the operands lie and where the result goes: beside them, or in the place of one. */
typedef struct bits_places {
    uint8_t *a, *b, *result;
} bits_places;

/* One bit after the other, unlike any kernel. */
static uint64_t count_bits(const uint64_t *words, size_t length)
{
    uint64_t count = 0;
    for (size_t i = 0; i < length; i++) {
        for (uint64_t rest = words[i]; rest != 0; rest &= rest - 1) {
            count++;
        }
    }
    return count;
}

static void check_combination(const kernel_entry *kernel, size_t length, bits_places at,
                              const char *what, kernel_report *report)
{
    static uint64_t wanted[LENGTH_MAX];
    size_t size = length * sizeof(uint64_t);
    const guarded *result_in = &result_memory;
    if (at.result == at.a || at.result == at.b) {
        result_in = at.result == at.a ? &a_memory : &b_memory;
    } else {
        memset(wanted, 0xff, size);
        guarded_place(&result_memory, at.result, wanted, size);
    }
    guarded_place(&a_memory, at.a, a_words, size);
    guarded_place(&b_memory, at.b, b_words, size);
    checked_call call = {.function = kernel->function,
                         .args = {(uintptr_t)at.result, (uintptr_t)at.a, (uintptr_t)at.b, length}};
    if (!checked(&call, report, what, length)) {
        return;
    }
    ((arb_bits_fn)kernel->reference)(wanted, a_words, b_words, length);
    if (memcmp(at.result, wanted, size) != 0) {
        report_fault(report, "length %zu, %s: words differ from those wanted", length, what);
    }
    if (!guarded_untouched_around(result_in, at.result, size)) {
        report_fault(report, "length %zu, %s: wrote outside of the result", length, what);
    }
}

static void check_count(const kernel_entry *kernel, size_t length, uint64_t wanted, uint8_t *at,
                        const char *what, kernel_report *report)
{
    guarded_place(&a_memory, at, a_words, length * sizeof(uint64_t));
    checked_call call = {.function = kernel->function, .args = {(uintptr_t)at, length, 0, 0}};
    if (checked(&call, report, what, length) && call.integer != wanted) {
        report_fault(report, "length %zu, %s: %llu bits, wanted %llu", length, what,
                     (unsigned long long)call.integer, (unsigned long long)wanted);
    }
}

static void check_popcount(const kernel_entry *kernel, size_t length, size_t step,
                           kernel_report *report)
{
    size_t size = length * sizeof(uint64_t);
    uint64_t wanted = count_bits(a_words, length);
    check_count(kernel, length, wanted, a_memory.end - size, "flush with a guard page behind",
                report);
    for (size_t offset = 0; offset < 64; offset += step) {
        check_count(kernel, length, wanted, a_memory.start + offset, "at an offset", report);
    }
}

static void check_operation(const kernel_entry *kernel, size_t length, size_t step,
                            kernel_report *report)
{
    size_t size = length * sizeof(uint64_t);
    bits_places at = {a_memory.end - size, b_memory.end - size, result_memory.end - size};
    check_combination(kernel, length, at, "flush with guard pages behind", report);
    at.result = at.a;
    check_combination(kernel, length, at, "into the first operand", report);
    at.result = at.b;
    check_combination(kernel, length, at, "into the second operand", report);
    for (size_t offset = 0; offset < 64; offset += step) {
        at = (bits_places){a_memory.start + offset, b_memory.start + 3 * offset % 64,
                           result_memory.start + (5 * offset + length) % 64};
        check_combination(kernel, length, at, "at an offset", report);
    }
}

static void check_length(const kernel_entry *kernel, size_t length, test_effort effort,
                         kernel_report *report)
{
    uint64_t state = 0x6a09e667f3bcc909ull + length;
    for (size_t i = 0; i < length; i++) {
        a_words[i] = test_random(&state);
        b_words[i] = test_random(&state);
    }
    size_t step = effort == FULL ? 1 : 13;
    if (kernel->shape == SHAPE_BITS) {
        check_operation(kernel, length, step, report);
        return;
    }
    check_popcount(kernel, length, step, report);
    /* as many bits as there can be: the counts of bytes must not wrap */
    memset(a_words, 0xff, length * sizeof a_words[0]);
    check_popcount(kernel, length, 64, report);
}

void check_bits(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    if (!a_memory.start) {
        a_memory = guarded_create(LENGTH_MAX * sizeof(uint64_t));
        b_memory = guarded_create(LENGTH_MAX * sizeof(uint64_t));
        result_memory = guarded_create(LENGTH_MAX * sizeof(uint64_t));
    }
    for (size_t length = 0; length <= LENGTH_DENSE_MAX; length++) {
        check_length(kernel, length, effort, report);
    }
    for (size_t i = 0; i < LONG_LENGTHS; i++) {
        check_length(kernel, long_lengths[i], effort, report);
    }
}
