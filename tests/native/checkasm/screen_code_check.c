#include <math.h>
#include <string.h>

#include "checkasm/checks.h"
#include "testing.h"

static guarded source_memory, codes_memory, facts_memory;

static struct {
    size_t length;
    float source[LENGTH_MAX];
} the_case;

static size_t padded(size_t length)
{
    return (length + 3) / 4 * 4;
}

/* By the words of kernels.h: the roundings of scale and codes are defined, those of sums are not.
 */
static const char *wrong(const uint8_t *codes, const arb_screen_facts *facts)
{
    float largest = 0;
    double square = 0, error_square = 0, slack = 0;
    for (size_t i = 0; i < the_case.length; i++) {
        largest = fmaxf(largest, fabsf(the_case.source[i]));
    }
    int has_scale = largest >= ARB_SCREEN_LARGEST_MIN;
    float scale = has_scale ? largest / 127 : 0;
    float inverse = has_scale ? 127 / largest : 0;
    for (size_t i = 0; i < padded(the_case.length); i++) {
        float value = i < the_case.length ? the_case.source[i] : 0;
        float code = rintf(value * inverse);
        if (codes[i] != (uint8_t)((int)code + 128)) {
            return i < the_case.length ? "a code" : "the padding";
        }
        double error = (double)value - (double)scale * (double)code;
        square += (double)value * (double)value;
        error_square += error * error;
        /* an error may be rounded after its product was */
        slack += 2 * fabs(error) * fabs((double)value) * 0x1p-23;
    }
    double roundings = (double)the_case.length * 0x1p-23 + 0x1p-22, tiny = 0x1p-120;
    if (facts->scale != scale) {
        return "the scale";
    }
    if (!(fabs((double)facts->square - square) <= roundings * square + tiny)) {
        return "the square";
    }
    if (!(fabs((double)facts->error_square - error_square) <=
          roundings * error_square + slack + tiny)) {
        return "the square of the error";
    }
    return NULL;
}

static void check_call(const kernel_entry *kernel, uint8_t *source, uint8_t *codes, uint8_t *facts,
                       const char *what, kernel_report *report)
{
    static uint8_t poison[LENGTH_MAX];
    size_t length = the_case.length;
    memset(poison, 0xff, sizeof poison);
    guarded_place(&source_memory, source, the_case.source, length * sizeof(float));
    guarded_place(&codes_memory, codes, poison, padded(length));
    guarded_place(&facts_memory, facts, poison, sizeof(arb_screen_facts));
    checked_call call = {.function = kernel->function,
                         .args = {(uintptr_t)source, length, (uintptr_t)codes, (uintptr_t)facts}};
    if (!checked(&call, report, what, length)) {
        return;
    }
    arb_screen_facts found;
    memcpy(&found, facts, sizeof found);
    const char *fault = wrong(codes, &found);
    if (fault) {
        report_fault(report, "length %zu, %s: %s is not the one wanted", length, what, fault);
    }
    if (!guarded_untouched_around(&codes_memory, codes, padded(length)) ||
        !guarded_untouched_around(&facts_memory, facts, sizeof found)) {
        report_fault(report, "length %zu, %s: wrote outside of the results", length, what);
    }
}

static void check_ends(const kernel_entry *kernel, const char *what, kernel_report *report)
{
    check_call(kernel, source_memory.end - the_case.length * sizeof(float),
               codes_memory.end - padded(the_case.length),
               facts_memory.end - sizeof(arb_screen_facts), what, report);
    check_call(kernel, source_memory.start, codes_memory.start, facts_memory.start, what, report);
}

static void fill_with_random(size_t length)
{
    uint64_t state = 0x9b05688c2b3e6c1full + length;
    the_case.length = length;
    for (size_t i = 0; i < length; i++) {
        the_case.source[i] = test_random_unit(&state);
    }
}

static void check_length(const kernel_entry *kernel, size_t length, test_effort effort,
                         kernel_report *report)
{
    fill_with_random(length);
    check_ends(kernel, "flush with guard pages", report);
    for (size_t offset = 0; offset < 64; offset += effort == FULL ? 1 : 13) {
        check_call(kernel, source_memory.start + offset, codes_memory.start + 3 * offset % 64,
                   facts_memory.start + (5 * offset + length) % 64, "at an offset", report);
    }
}

/* The largest at each place, of either sign. */
static void check_largest(const kernel_entry *kernel, size_t length, kernel_report *report)
{
    for (size_t i = 0; i < length; i++) {
        fill_with_random(length);
        the_case.source[i] = i % 2 ? 1.7f : -1.7f;
        check_ends(kernel, "the largest", report);
    }
}

/* With a largest of 127 every half is a tie. */
static void check_ties(const kernel_entry *kernel, size_t length, kernel_report *report)
{
    fill_with_random(length);
    for (size_t i = 0; i < length; i++) {
        the_case.source[i] = (float)(i % 127) + 0.5f;
        the_case.source[i] *= i % 2 ? 1.0f : -1.0f;
    }
    the_case.source[length / 2] = 127;
    check_ends(kernel, "ties", report);
}

static void check_magnitude(const kernel_entry *kernel, float factor, kernel_report *report)
{
    for (size_t length = 1; length <= 67; length += 11) {
        fill_with_random(length);
        for (size_t i = 0; i < length; i++) {
            the_case.source[i] *= factor;
        }
        check_ends(kernel, "of another magnitude", report);
    }
}

void check_screen_code(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    if (!source_memory.start) {
        source_memory = guarded_create(LENGTH_MAX * sizeof(float));
        codes_memory = guarded_create(LENGTH_MAX);
        facts_memory = guarded_create(sizeof(arb_screen_facts));
    }
    for (size_t length = 1; length <= LENGTH_DENSE_MAX; length++) {
        check_length(kernel, length, effort, report);
    }
    for (size_t i = 0; i < LONG_LENGTHS; i++) {
        check_length(kernel, long_lengths[i], REDUCED, report);
    }
    for (size_t length = 1; length <= 67; length += 11) {
        check_largest(kernel, length, report);
        check_ties(kernel, length, report);
    }
    check_magnitude(kernel, 0, report);
    check_magnitude(kernel, 0x1p-101f, report);
    check_magnitude(kernel, 0x1p-90f, report);
    check_magnitude(kernel, 0x1p-140f, report);
    check_magnitude(kernel, 0x1p50f, report);
}
