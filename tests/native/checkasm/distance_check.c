#include <math.h>
#include <signal.h>

#include "checkasm/distance_oracle.h"
#include "checkasm/generated_catalog.h"

/* How the vectors of a case lie between their guard pages. */
typedef enum placement_kind { FLUSH_WITH_END, FLUSH_WITH_START, AT_OFFSET } placement_kind;

typedef struct vector_placement {
    placement_kind kind;
    size_t offset; /* of the query; the rows' differ from it and from one another */
} vector_placement;

static guarded memories[VECTORS_OF_CASE];
static case_operands the_operands;

static void create_memories(void)
{
    for (int vector = 0; vector < VECTORS_OF_CASE && !memories[vector].start; vector++) {
        memories[vector] = guarded_create(LENGTH_MAX * sizeof(float));
    }
}

static uint8_t *place(int vector, vector_placement placement, size_t size)
{
    guarded *memory = &memories[vector];
    uint8_t *at = memory->start;
    if (placement.kind == FLUSH_WITH_END) {
        at = memory->end - size;
    } else if (placement.kind == AT_OFFSET) {
        /* odd strides: as the query's offset runs through 0..63, so does each row's */
        at += (placement.offset * (2 * (size_t)vector + 1) + 5 * (size_t)vector) % 64;
    }
    return guarded_place(memory, at, the_operands.bytes[vector], size);
}

int checked(checked_call *call, kernel_report *report, const char *what, size_t length)
{
    const void *address = NULL;
    report->calls++;
    call->vectors = arb_vectors();
    int signal_number = guarded_call(call, &address);
    if (signal_number != 0) {
        report_fault(report, "length %zu, %s: signal %d at address %p", length, what, signal_number,
                     address);
        return 0;
    }
    uint64_t broken = call->broken;
    if (broken) {
        report_fault(report, "length %zu, %s: calling convention broken:%s%s%s%s%s", length, what,
                     broken & BROKEN_CALLEE_SAVED ? " callee-saved register" : "",
                     broken & BROKEN_STACK ? " stack" : "",
                     broken & BROKEN_FLOAT_CONTROL ? " floating-point control" : "",
                     broken & BROKEN_DIRECTION ? " direction flag" : "",
                     broken & BROKEN_UPPER_HALVES ? " upper halves (no vzeroupper)" : "");
        return 0;
    }
    return 1;
}

/* One call on the_operands, as they are placed. */
static void check_call(const kernel_entry *kernel, vector_placement placement, const char *what,
                       kernel_report *report)
{
    size_t length = the_operands.length;
    size_t size = length * arb_type_size(kernel->type);
    const uint8_t *query = place(0, placement, size);
    const void *rows[4];
    int row_count = kernel->shape == SHAPE_FOUR ? 4 : 1;
    for (int row = 0; row < row_count; row++) {
        rows[row] = place(1 + row, placement, size);
    }
    float found[6] = {NAN, NAN, NAN, NAN, NAN, -77.0f}; /* one before, four results, one behind */
    checked_call call = {.function = arb_function_of(kernel, length),
                         .args = {(uintptr_t)query, (uintptr_t)rows[0], length, 0}};
    if (kernel->shape == SHAPE_FOUR) {
        call.args[1] = (uintptr_t)rows;
        call.args[3] = (uintptr_t)(found + 1);
    }
    if (!checked(&call, report, what, length)) {
        return;
    }
    if (kernel->shape == SHAPE_ONE) {
        found[1] = call.result;
    }
    if (!isnan(found[0]) || found[5] != -77.0f) {
        report_fault(report, "length %zu, %s: wrote beside its four results", length, what);
    }
    for (int row = 0; row < row_count; row++) {
        expected_distance wanted = expect(&the_operands, kernel, row);
        if (!meets(wanted, found[1 + row])) {
            report_fault(report, "length %zu, %s, offset %zu, row %d: %.9g, wanted %.9g +- %.3g",
                         length, what, placement.offset, row, (double)found[1 + row], wanted.value,
                         wanted.tolerance);
        }
    }
}

static void check_guards(const kernel_entry *kernel, kernel_report *report)
{
    check_call(kernel, (vector_placement){FLUSH_WITH_END, 0}, "flush with a guard page behind",
               report);
    check_call(kernel, (vector_placement){FLUSH_WITH_START, 0}, "flush with a guard page before",
               report);
}

static void check_length(const kernel_entry *kernel, size_t length, test_effort effort,
                         kernel_report *report)
{
    for (data_kind kind = 0; kind < DATA_KINDS; kind++) {
        if (operands_make_sense(kernel, kind)) {
            operands_fill(&the_operands, kernel, length, kind);
            check_guards(kernel, report);
        }
    }
    operands_fill(&the_operands, kernel, length, DATA_UNIFORM);
    size_t step = effort == FULL ? 1 : 13;
    for (size_t offset = effort == FULL ? 0 : length % step; offset < 64; offset += step) {
        check_call(kernel, (vector_placement){AT_OFFSET, offset}, "at an offset", report);
    }
}

/* Special values at a position: the result must be what the definition gives, so an infinity or a
 * NaN anywhere shows, which also proves that every component is read; a zero vector is a defined
 * case. */
#define SPECIALS 6
static const double special_values[SPECIALS] = {NAN, INFINITY, -INFINITY, 0.0, -0.0, 1.5};
static const double special_codes[SPECIALS] = {0, 255, 128, 127, 1, 254};
static const double special_signed_codes[SPECIALS] = {0, -127, 127, -1, 1, -126};

static void check_special_at(const kernel_entry *kernel, size_t position, kernel_report *report)
{
    const double *specials = kernel->type == TYPE_sq8 ? special_codes : special_values;
    const double *of_query = kernel->type == TYPE_sq8 && kernel->metric == ARB_METRIC_DOT
                                 ? special_signed_codes
                                 : specials;
    int row = 1 + (int)(position % (kernel->shape == SHAPE_FOUR ? 4 : 1));
    double row_value = operands_get(&the_operands, kernel, row, position);
    double query_value = operands_get(&the_operands, kernel, 0, position);
    for (size_t i = 0; i < SPECIALS; i++) {
        operands_set(&the_operands, kernel, row, position, specials[i]);
        check_call(kernel, (vector_placement){AT_OFFSET, position % 64}, "special value in a row",
                   report);
        operands_set(&the_operands, kernel, 0, position, of_query[i]);
        check_call(kernel, (vector_placement){AT_OFFSET, 0}, "special value in both", report);
        operands_set(&the_operands, kernel, row, position, row_value);
        check_call(kernel, (vector_placement){AT_OFFSET, 0}, "special value in the query", report);
        operands_set(&the_operands, kernel, 0, position, query_value);
    }
}

static void check_specials(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    static const size_t lengths[] = {1,  2,  7,  8,  9,   15,  16,  17, 31,
                                     33, 63, 65, 97, 127, 128, 130, 897};
    size_t count = sizeof lengths / sizeof lengths[0];
    for (size_t i = effort == FULL ? 0 : count - 4; i < count; i++) {
        operands_fill(&the_operands, kernel, lengths[i], DATA_UNIFORM);
        size_t step = effort == FULL && lengths[i] <= LENGTH_DENSE_MAX ? 1 : 11;
        for (size_t position = 0; position < lengths[i]; position += step) {
            check_special_at(kernel, position, report);
        }
        check_special_at(kernel, lengths[i] - 1, report);
        for (size_t position = 0; position < lengths[i]; position++) {
            operands_set(&the_operands, kernel, 1, position, 0);
        }
        check_guards(kernel, report); /* a zero row: cosine is NaN */
    }
}

/* FLT_MAX is left in float32 sums: the result is infinite, not garbage. */
static void check_overflow(const kernel_entry *kernel, kernel_report *report)
{
    if (kernel->type != TYPE_f32 || kernel->metric == ARB_METRIC_COSINE) {
        return;
    }
    operands_fill(&the_operands, kernel, 100, DATA_UNIFORM);
    operands_set(&the_operands, kernel, 0, 40, 3e19);
    for (int row = 1; row <= 4; row++) {
        operands_set(&the_operands, kernel, row, 40, -3e19);
    }
    check_guards(kernel, report);
}

void check_distance(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    create_memories();
    size_t shortest = arb_has_function_for(kernel, 0) ? 0 : 1;
    for (size_t length = shortest; length <= LENGTH_DENSE_MAX; length++) {
        check_length(kernel, length, effort, report);
    }
    for (size_t i = 0; i < LONG_LENGTHS; i++) {
        check_length(kernel, long_lengths[i], effort, report);
    }
    check_specials(kernel, effort, report);
    check_overflow(kernel, report);
}
