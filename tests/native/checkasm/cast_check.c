#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checkasm/checks.h"
#include "kernels/half.h"
#include "kernels/kernel_list.h"
#include "testing.h"

typedef void (*cast_fn)(const void *src, void *dst, size_t n);

#define VALUE_SIZE_MAX 8

static guarded source_memory, result_memory;

/* ---- Lengths, offsets, guard pages ---- */

static void check_call(const kernel_entry *kernel, size_t length, const uint8_t *values,
                       uint8_t *source_at, uint8_t *result_at, const char *what,
                       kernel_report *report)
{
    static uint8_t wanted[LENGTH_MAX * VALUE_SIZE_MAX];
    size_t result_size = length * arb_type_size(kernel->to);
    guarded_place(&source_memory, source_at, values, length * arb_type_size(kernel->type));
    memset(wanted, 0xff, result_size);
    guarded_place(&result_memory, result_at, wanted, result_size);
    checked_call call = {.function = kernel->function,
                         .args = {(uintptr_t)source_at, (uintptr_t)result_at, length, 0}};
    if (!checked(&call, report, what, length)) {
        return;
    }
    ((cast_fn)kernel->reference)(values, wanted, length);
    if (memcmp(result_at, wanted, result_size) != 0) {
        report_fault(report, "length %zu, %s: results differ from those wanted", length, what);
    }
    if (!guarded_untouched_around(&result_memory, result_at, result_size)) {
        report_fault(report, "length %zu, %s: wrote outside of the results", length, what);
    }
}

/* Bit patterns of every kind, many of them small enough for a half. */
static void fill_with_random(element_type type, uint8_t *values, size_t count)
{
    uint64_t state = 88172645463325252ull + count;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = test_random(&state);
        if (type == TYPE_f64) {
            double value = ldexp((double)(int64_t)bits, -63 + (int)(i % 48) - 28);
            memcpy(values + i * sizeof value, &value, sizeof value);
        } else if (type == TYPE_f32) {
            float value = ldexpf((float)(int64_t)bits, -63 + (int)(i % 48) - 28);
            memcpy(values + i * sizeof value, &value, sizeof value);
        } else {
            memcpy(values + i * arb_type_size(type), &bits, arb_type_size(type));
        }
    }
}

static void check_length(const kernel_entry *kernel, size_t length, test_effort effort,
                         kernel_report *report)
{
    static uint8_t values[LENGTH_MAX * VALUE_SIZE_MAX];
    size_t source_size = length * arb_type_size(kernel->type);
    size_t result_size = length * arb_type_size(kernel->to);
    fill_with_random(kernel->type, values, length);
    check_call(kernel, length, values, source_memory.end - source_size,
               result_memory.end - result_size, "flush with guard pages behind", report);
    check_call(kernel, length, values, source_memory.start, result_memory.start,
               "flush with guard pages before", report);
    for (size_t offset = 0; offset < 64; offset += effort == FULL ? 1 : 13) {
        check_call(kernel, length, values, source_memory.start + offset,
                   result_memory.start + (3 * offset + length) % 64, "at an offset", report);
    }
}

/* ---- Values ---- */

/* A block of source values and what to do when it is full. */
typedef struct value_block {
    const kernel_entry *kernel;
    kernel_report *report;
    size_t count;
    union {
        double f64[1024];
        float f32[1024];
        uint8_t bytes[1024 * VALUE_SIZE_MAX];
    } values;
} value_block;

static void flush_block(value_block *block)
{
    uint8_t wanted[1024 * VALUE_SIZE_MAX], found[1024 * VALUE_SIZE_MAX];
    size_t size = arb_type_size(block->kernel->to);
    ((cast_fn)block->kernel->function)(block->values.bytes, found, block->count);
    ((cast_fn)block->kernel->reference)(block->values.bytes, wanted, block->count);
    block->report->calls++;
    for (size_t i = 0; i < block->count; i++) {
        if (memcmp(found + i * size, wanted + i * size, size) != 0) {
            uint64_t from = 0, got = 0, want = 0;
            size_t source_size = arb_type_size(block->kernel->type);
            memcpy(&from, block->values.bytes + i * source_size, source_size);
            memcpy(&got, found + i * size, size);
            memcpy(&want, wanted + i * size, size);
            report_fault(block->report, "%#llx became %#llx, wanted %#llx",
                         (unsigned long long)from, (unsigned long long)got,
                         (unsigned long long)want);
        }
    }
    block->count = 0;
}

static void add_value(value_block *block, double value)
{
    if (block->count == 1024) {
        flush_block(block);
    }
    if (block->kernel->type == TYPE_f64) {
        block->values.f64[block->count++] = value;
    } else {
        block->values.f32[block->count++] = (float)value;
    }
}

/* Calls visit with every value at which a rounding to half can go wrong, of either sign: each half,
 * the tie above it, and their neighbours at the distances where a float ends and where a double
 * ends. A tie that is off by less than a float can tell is what double rounding gets wrong. */
static void visit_near_ties(test_effort effort, void (*visit)(void *context, double value),
                            void *context)
{
    static const double distances[] = {0,        0x1p-53,  -0x1p-53, 0x1p-52,           -0x1p-52,
                                       0x1p-40,  -0x1p-40, 0x1p-25,  -0x1p-25,          0x1p-24,
                                       -0x1p-24, 0x1p-23,  -0x1p-23, 0x1p-24 + 0x1p-50, 0x1p-12};
    /* 31744 = 0x7c00 is a multiple of 8: the overflow is visited in either case */
    for (uint32_t half = 0; half <= 0x7c00; half += effort == FULL ? 1 : 8) {
        double value = arb_f16_to_f32((uint16_t)half);
        /* infinity's place in the sequence: what 65504 would be followed by */
        value = half == 0x7c00 ? 65536.0 : value;
        double next = half >= 0x7bff ? value + 32 : (double)arb_f16_to_f32((uint16_t)(half + 1));
        double points[] = {value, (value + next) / 2};
        for (int point = 0; point < 2; point++) {
            for (size_t i = 0; i < sizeof distances / sizeof distances[0]; i++) {
                double near = points[point] + points[point] * distances[i];
                visit(context, near);
                visit(context, -near);
            }
        }
    }
}

static void visit_special_values(void (*visit)(void *context, double value), void *context)
{
    static const double values[] = {
        0.0,      INFINITY, FLT_MAX,   FLT_MIN,  DBL_MAX,        DBL_MIN,
        0x1p-149, 0x1p-150, 0x1p-1074, 0x1p-126, 0x1p-25,        0x1p-26,
        65519.99, 65520.0,  1e300,     0x1p128,  0x1.ffffffp127, 0x1.fffffefffffffp127};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        visit(context, values[i]);
        visit(context, -values[i]);
    }
    /* NaN: quiet and signalling, payload at the top, below half's room, below float's room */
    static const uint64_t nans[] = {0x7ff8000000000000, 0x7ff0000000000001, 0x7ff4000000000000,
                                    0x7ff8020000000000, 0x7ff0000010000000, 0xfff0000000000001,
                                    0xffffffffffffffff, 0x7ffabcdef0123456};
    for (size_t i = 0; i < sizeof nans / sizeof nans[0]; i++) {
        double value;
        memcpy(&value, &nans[i], sizeof value);
        visit(context, value);
    }
}

static void visit_into_block(void *context, double value)
{
    add_value(context, value);
}

static void check_values(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    static value_block block;
    block = (value_block){.kernel = kernel, .report = report};
    if (kernel->type == TYPE_f32 || kernel->type == TYPE_f64) {
        visit_near_ties(effort, visit_into_block, &block);
        visit_special_values(visit_into_block, &block);
        uint64_t state = 1;
        for (long i = effort == FULL ? 0 : 990000; i < 1000000; i++) {
            add_value(&block, ldexp((double)(int64_t)test_random(&state), (int)(i % 50) - 63 - 30));
        }
        flush_block(&block);
        return;
    }
    /* every value there is */
    size_t size = arb_type_size(kernel->type);
    for (uint32_t value = 0; value < (size == 2 ? 65536u : 256u); value++) {
        if (block.count == 1024) {
            flush_block(&block);
        }
        memcpy(block.values.bytes + block.count++ * size, &value, size);
    }
    flush_block(&block);
}

void check_cast(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    if (!source_memory.start) {
        source_memory = guarded_create(LENGTH_MAX * VALUE_SIZE_MAX);
        result_memory = guarded_create(LENGTH_MAX * VALUE_SIZE_MAX);
    }
    for (size_t length = 0; length <= LENGTH_DENSE_MAX; length++) {
        check_length(kernel, length, effort, report);
    }
    for (size_t i = 0; i < LONG_LENGTHS; i++) {
        check_length(kernel, long_lengths[i], effort, report);
    }
    check_values(kernel, effort, report);
}

/* ---- The reference against the compiler's conversions ---- */

static int same_half(uint16_t bits, _Float16 wanted)
{
    uint16_t wanted_bits;
    memcpy(&wanted_bits, &wanted, sizeof wanted_bits);
    int is_nan = (bits & 0x7fff) > 0x7c00, wanted_is_nan = (wanted_bits & 0x7fff) > 0x7c00;
    return is_nan || wanted_is_nan ? is_nan == wanted_is_nan : bits == wanted_bits;
}

static void visit_against_compiler(void *context, double value)
{
    kernel_report *report = context;
    report->calls++;
    if (!same_half(arb_f64_to_f16(value), (_Float16)value)) {
        report_fault(report, "double %a became half %#x", value, (unsigned)arb_f64_to_f16(value));
    }
    float single = (float)value;
    if (!same_half(arb_f32_to_f16(single), (_Float16)single)) {
        report_fault(report, "float %a became half %#x", (double)single,
                     (unsigned)arb_f32_to_f16(single));
    }
}

void check_reference_casts(test_effort effort, kernel_report *report)
{
    for (uint32_t bits = 0; bits < 65536; bits++) {
        uint16_t half = (uint16_t)bits;
        _Float16 value;
        memcpy(&value, &half, sizeof value);
        float found = arb_f16_to_f32(half), wanted = (float)value;
        report->calls++;
        if (isnan(wanted)
                ? !isnan(found)
                : memcmp(&found, &wanted, sizeof found) != 0 || arb_f32_to_f16(found) != half) {
            report_fault(report, "half %#x became %a", bits, (double)found);
        }
    }
    visit_near_ties(effort, visit_against_compiler, report);
    visit_special_values(visit_against_compiler, report);
}
