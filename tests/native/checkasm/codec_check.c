#include <math.h>
#include <string.h>

#include "checkasm/checks.h"
#include "kernels/kernel_list.h"
#include "testing.h"

#define ELEMENT_SIZE_MAX sizeof(float)

static guarded source_memory, offset_memory, result_memory;

/* What goes into a call. A factor is inverse_scale of an encoder, scale of a decoder. */
typedef struct codec_case {
    size_t length;
    float factor;
    _Alignas(8) uint8_t source[LENGTH_MAX * ELEMENT_SIZE_MAX];
    float offset[LENGTH_MAX];
} codec_case;

static codec_case the_case;

/* Where source, offset and result of a call lie. */
typedef struct codec_places {
    uint8_t *source, *offset, *result;
} codec_places;

static void check_call(const kernel_entry *kernel, codec_places at, const char *what,
                       kernel_report *report)
{
    static uint8_t wanted[LENGTH_MAX * ELEMENT_SIZE_MAX];
    size_t length = the_case.length;
    size_t size = arb_type_size(kernel->to);
    guarded_place(&source_memory, at.source, the_case.source, length * arb_type_size(kernel->type));
    guarded_place(&offset_memory, at.offset, the_case.offset, length * sizeof(float));
    memset(wanted, 0xff, length * size);
    guarded_place(&result_memory, at.result, wanted, length * size);
    checked_call call = {
        .function = kernel->function,
        .args = {(uintptr_t)at.source, (uintptr_t)at.offset, (uintptr_t)at.result, length},
        .real = the_case.factor};
    if (!checked(&call, report, what, length)) {
        return;
    }
    ((arb_codec_fn)kernel->reference)(the_case.source, the_case.offset, the_case.factor, wanted,
                                      length);
    for (size_t i = 0; i < length; i++) {
        if (memcmp(at.result + i * size, wanted + i * size, size) != 0) {
            report_fault(report, "length %zu, %s: result %zu differs from the one wanted", length,
                         what, i);
            break;
        }
    }
    if (!guarded_untouched_around(&result_memory, at.result, length * size)) {
        report_fault(report, "length %zu, %s: wrote outside of the results", length, what);
    }
}

/* At one offset from the start of each memory, or flush with the end. */
static codec_places places_at(size_t source, size_t offset, size_t result)
{
    return (codec_places){source_memory.start + source, offset_memory.start + offset,
                          result_memory.start + result};
}

static codec_places places_at_end(const kernel_entry *kernel)
{
    size_t length = the_case.length;
    return (codec_places){source_memory.end - length * arb_type_size(kernel->type),
                          offset_memory.end - length * sizeof(float),
                          result_memory.end - length * arb_type_size(kernel->to)};
}

/* Components around offsets that differ from one another, so that some fall outside of the grid. */
static void fill_with_random(const kernel_entry *kernel, size_t length)
{
    uint64_t state = 0x51ed270b0a1f39c5ull + length;
    the_case.length = length;
    the_case.factor = kernel->shape == SHAPE_ENCODE ? 255 / 2.1f : 2.1f / 255;
    for (size_t i = 0; i < length; i++) {
        the_case.offset[i] = test_random_unit(&state) - 1;
        if (kernel->shape == SHAPE_ENCODE) {
            float value = the_case.offset[i] + 1.1f + 1.2f * test_random_unit(&state);
            memcpy(the_case.source + i * sizeof value, &value, sizeof value);
        } else {
            the_case.source[i] = (uint8_t)test_random(&state);
        }
    }
}

static void check_length(const kernel_entry *kernel, size_t length, test_effort effort,
                         kernel_report *report)
{
    fill_with_random(kernel, length);
    check_call(kernel, places_at_end(kernel), "flush with guard pages behind", report);
    check_call(kernel, places_at(0, 0, 0), "flush with guard pages before", report);
    for (size_t offset = 0; offset < 64; offset += effort == FULL ? 1 : 13) {
        check_call(kernel, places_at(offset, (5 * offset + 1) % 64, (3 * offset + length) % 64),
                   "at an offset", report);
    }
}

/* Each value at each lane of a vector, in whole blocks and in what is left of them. */
static void check_value(const kernel_entry *kernel, float value, float factor,
                        kernel_report *report)
{
    for (size_t length = 1; length <= 67; length += 11) {
        fill_with_random(kernel, length);
        the_case.factor = factor;
        for (size_t i = 0; i < length; i++) {
            the_case.offset[i] = i % 2 ? 0.0f : -0.0f;
            memcpy(the_case.source + i * sizeof value, &value, sizeof value);
        }
        check_call(kernel, places_at_end(kernel), "a special value", report);
    }
}

static void check_encoded_values(const kernel_entry *kernel, test_effort effort,
                                 kernel_report *report)
{
    static const float specials[] = {NAN,     -NAN,    INFINITY, -INFINITY, 3e38f,     -3e38f,
                                     0x1p31f, 0x1p32f, -0x1p31f, 255.5f,    254.5f,    255.49998f,
                                     0.5f,    -0.5f,   1.5f,     2.5f,      0x1p-149f, 0.49999997f};
    for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++) {
        check_value(kernel, specials[i], 1, report);
        check_value(kernel, specials[i], 3e38f, report);
        check_value(kernel, specials[i], 0, report); /* infinity times zero is NaN */
    }
    for (int half = -4; half < 2 * 256 + 4; half += effort == FULL ? 1 : 7) {
        check_value(kernel, (float)half / 2, 1, report);
        check_value(kernel, nextafterf((float)half / 2, INFINITY), 1, report);
        check_value(kernel, nextafterf((float)half / 2, -INFINITY), 1, report);
    }
}

/* Every code, with factors whose product with it must be rounded before the sum is. */
static void check_decoded_values(const kernel_entry *kernel, kernel_report *report)
{
    static const float factors[] = {0x1.555556p-7f, 0.1f, -0x1.fffffep3f, 1e30f, 0x1p-140f, 0};
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
        fill_with_random(kernel, 256);
        the_case.factor = factors[i];
        for (size_t code = 0; code < 256; code++) {
            the_case.source[code] = (uint8_t)code;
            the_case.offset[code] *= factors[i];
        }
        check_call(kernel, places_at_end(kernel), "every code", report);
    }
}

void check_codec(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    if (!source_memory.start) {
        source_memory = guarded_create(LENGTH_MAX * ELEMENT_SIZE_MAX);
        offset_memory = guarded_create(LENGTH_MAX * ELEMENT_SIZE_MAX);
        result_memory = guarded_create(LENGTH_MAX * ELEMENT_SIZE_MAX);
    }
    for (size_t length = 0; length <= LENGTH_DENSE_MAX; length++) {
        check_length(kernel, length, effort, report);
    }
    for (size_t i = 0; i < LONG_LENGTHS; i++) {
        check_length(kernel, long_lengths[i], effort, report);
    }
    if (kernel->shape == SHAPE_ENCODE) {
        check_encoded_values(kernel, effort, report);
    } else {
        check_decoded_values(kernel, report);
    }
}

/* ---- The reference against integer arithmetic ---- */

/* eighths / 8, rounded to nearest even and kept within 0..255 */
static int code_of_eighths(int eighths)
{
    if (eighths <= 0) {
        return 0;
    }
    int below = eighths / 8, rest = eighths % 8;
    int code = below + (rest > 4 || (rest == 4 && below % 2));
    return code < 255 ? code : 255;
}

void check_reference_codec(kernel_report *report)
{
    for (int eighths = -100; eighths < 2200; eighths++) {
        float offset = -3, value = offset + (float)eighths / 16;
        uint8_t code;
        arb_sq8_encode_ref(&value, &offset, 2, &code, 1);
        report->calls++;
        if (code != code_of_eighths(eighths)) {
            report_fault(report, "%d / 8 became code %d", eighths, code);
        }
    }
    for (int code = 0; code < 256; code++) {
        uint8_t from = (uint8_t)code, back;
        float offset = 7, value;
        arb_sq8_decode_ref(&from, &offset, 0.25f, &value, 1);
        arb_sq8_encode_ref(&value, &offset, 4, &back, 1);
        report->calls++;
        if (value != 7 + (float)code / 4 || back != code) {
            report_fault(report, "code %d became %g, and that code %d", code, (double)value, back);
        }
    }
}
