#include "vectors/casts.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "vectors/error.h"

#define F16_MAX 65504.0
/* The bits of the largest finite half and float, without their sign. */
#define F16_MAX_BITS 0x7bff
#define F32_MAX_BITS 0x7f7fffff

/* A float32 distance must stay finite: with both squared norms at most FLT_MAX / 4, the squared
 * distance is at most FLT_MAX. Halves are far inside (8192 * 65504^2 < 2^46). */
#define SQUARED_NORM_MAX (FLT_MAX / 4)
/* Under cosine the squared norm must also stay a normal float, or dividing by its root loses the
 * angle. The smallest half squared, 2^-48, is far inside. */
#define SQUARED_NORM_MIN_COSINE 0x1p-100f

size_t arb_value_size(arb_value_type type)
{
    static const uint8_t sizes[] = {
        [ARB_VALUE_F16] = 2, [ARB_VALUE_F32] = 4, [ARB_VALUE_F64] = 8,
        [ARB_VALUE_I8] = 1,  [ARB_VALUE_U8] = 1,
    };
    return sizes[type];
}

/* Component i of a row of any type, exactly: for messages and for the plain conversions. */
static double value_at(const arb_kernel_set *kernels, arb_value_type type, const void *src,
                       size_t i)
{
    const uint8_t *at = (const uint8_t *)src + i * arb_value_size(type);
    uint16_t half;
    float single;
    double full;
    switch (type) {
    case ARB_VALUE_F16:
        memcpy(&half, at, sizeof half);
        kernels->cast_f16_f32(&half, &single, 1);
        return single;
    case ARB_VALUE_F32:
        memcpy(&single, at, sizeof single);
        return single;
    case ARB_VALUE_F64:
        memcpy(&full, at, sizeof full);
        return full;
    case ARB_VALUE_I8:
        return *(const int8_t *)at;
    case ARB_VALUE_U8:
        return *at;
    }
    return NAN;
}

static void cast_to_f16(const arb_kernel_set *kernels, arb_value_type type, const void *src,
                        uint16_t *dst, size_t dim)
{
    switch (type) {
    case ARB_VALUE_F16:
        memcpy(dst, src, dim * sizeof *dst);
        break;
    case ARB_VALUE_F32:
        kernels->cast_f32_f16(src, dst, dim);
        break;
    case ARB_VALUE_F64:
        kernels->cast_f64_f16(src, dst, dim);
        break;
    case ARB_VALUE_I8:
        kernels->cast_i8_f16(src, dst, dim);
        break;
    case ARB_VALUE_U8:
        kernels->cast_u8_f16(src, dst, dim);
        break;
    }
}

static void cast_to_f32(const arb_kernel_set *kernels, arb_value_type type, const void *src,
                        float *dst, size_t dim)
{
    const uint8_t *bytes = src;
    switch (type) {
    case ARB_VALUE_F16:
        kernels->cast_f16_f32(src, dst, dim);
        break;
    case ARB_VALUE_F32:
        memcpy(dst, src, dim * sizeof *dst);
        break;
    case ARB_VALUE_F64:
        for (size_t i = 0; i < dim; i++) {
            double value;
            memcpy(&value, bytes + i * sizeof value, sizeof value);
            /* a double beyond float is undefined behaviour to convert, so it is made infinite first
             */
            dst[i] = fabs(value) > FLT_MAX ? (float)copysign(INFINITY, value) : (float)value;
        }
        break;
    case ARB_VALUE_I8:
        for (size_t i = 0; i < dim; i++) {
            dst[i] = (int8_t)bytes[i];
        }
        break;
    case ARB_VALUE_U8:
        for (size_t i = 0; i < dim; i++) {
            dst[i] = bytes[i];
        }
        break;
    }
}

int32_t arb_largest_magnitude(arb_element element, const void *row, size_t dim)
{
    if (element == ARB_ELEMENT_F16) {
        const uint16_t *bits = row;
        int16_t largest = 0;
        for (size_t i = 0; i < dim; i++) {
            int16_t magnitude = (int16_t)(bits[i] & 0x7fff);
            largest = magnitude > largest ? magnitude : largest;
        }
        return largest;
    }
    const float *values = row;
    int32_t largest = 0;
    for (size_t i = 0; i < dim; i++) {
        int32_t magnitude;
        memcpy(&magnitude, &values[i], sizeof magnitude);
        magnitude &= 0x7fffffff;
        largest = magnitude > largest ? magnitude : largest;
    }
    return largest;
}

/* "FIELD: row ROW", or FIELD alone where the caller names the row by itself. */
typedef struct row_place {
    char text[64];
} row_place;

static row_place place_of(const char *field, uint64_t row)
{
    row_place place;
    if (row == ARB_ROW_UNNAMED) {
        snprintf(place.text, sizeof place.text, "%s", field);
    } else {
        snprintf(place.text, sizeof place.text, "%s: row %llu", field, (unsigned long long)row);
    }
    return place;
}

/* Called where the stored row shows a suspect: the source tells whether it is one. (65,510 is
 * stored as 65,504, yet it is beyond what we say we take.) */
static arb_status check_source(const arb_row_form *form, arb_value_type type, const void *src,
                               const char *field, uint64_t row)
{
    int is_half = form->element == ARB_ELEMENT_F16;
    double limit = is_half ? F16_MAX : FLT_MAX;
    const char *sep = row == ARB_ROW_UNNAMED ? ": " : ", ";
    for (size_t i = 0; i < form->dim; i++) {
        double value = value_at(form->kernels, type, src, i);
        if (!isfinite(value)) {
            return arb_fail(ARB_INVALID_ARGUMENT,
                            "%s%scomponent %zu: found %s; allowed finite values",
                            place_of(field, row).text, sep, i,
                            isnan(value) ? "NaN" : (value > 0 ? "infinity" : "-infinity"));
        }
        if (fabs(value) > limit) {
            return arb_fail(ARB_INVALID_ARGUMENT,
                            "%s%scomponent %zu: found %.9g; allowed -%.9g..%.9g for %s",
                            place_of(field, row).text, sep, i, value, limit, limit,
                            is_half ? "float16" : "float32");
        }
    }
    return ARB_OK;
}

static arb_status check_norm(const arb_row_form *form, float squares, const char *field,
                             uint64_t row)
{
    if (squares > SQUARED_NORM_MAX) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: found squared norm %.9g; allowed at most %.9g, so that "
                        "float32 distances stay finite",
                        place_of(field, row).text, squares, SQUARED_NORM_MAX);
    }
    if (form->metric == ARB_METRIC_COSINE && squares < SQUARED_NORM_MIN_COSINE) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: found a zero vector (squared norm %.9g as stored); allowed "
                        "at least %.9g under cosine, which needs a direction",
                        place_of(field, row).text, squares, SQUARED_NORM_MIN_COSINE);
    }
    return ARB_OK;
}

arb_status arb_cast_row(const arb_row_form *form, arb_value_type type, const void *src, void *dst,
                        const char *field, uint64_t row, arb_row_facts *facts)
{
    const arb_kernel_set *kernels = form->kernels;
    int is_half = form->element == ARB_ELEMENT_F16;
    if (is_half) {
        cast_to_f16(kernels, type, src, dst, form->dim);
    } else {
        cast_to_f32(kernels, type, src, dst, form->dim);
    }
    int32_t largest = arb_largest_magnitude(form->element, dst, form->dim);
    if (largest >= (is_half ? F16_MAX_BITS : F32_MAX_BITS)) {
        arb_status status = check_source(form, type, src, field, row);
        if (status != ARB_OK) {
            return status;
        }
    }
    float squares = kernels->distance[form->element][ARB_METRIC_DOT].one(dst, dst, form->dim);
    arb_status status = check_norm(form, squares, field, row);
    if (status != ARB_OK) {
        return status;
    }
    if (is_half) {
        uint16_t half = (uint16_t)largest;
        kernels->cast_f16_f32(&half, &facts->abs_max, 1);
    } else {
        memcpy(&facts->abs_max, &largest, sizeof largest);
    }
    facts->rms = sqrtf(squares / (float)form->dim);
    return ARB_OK;
}
