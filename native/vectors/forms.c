#include "vectors/forms.h"

#include <string.h>

#define CODE_MAX 255.0f
#define FLOAT_MIN_NORMAL 0x1p-126f

size_t arb_form_component_bytes(arb_vector_form form)
{
    static const uint8_t bytes[] = {[ARB_FORM_F16] = 2, [ARB_FORM_F32] = 4, [ARB_FORM_SQ8] = 1};
    return bytes[form];
}

void arb_form_convert(const arb_kernel_set *kernels, arb_element element, const void *row,
                      size_t dim, arb_vector_form form, void *dst)
{
    if (form == ARB_FORM_F16 && element == ARB_ELEMENT_F32) {
        kernels->cast_f32_f16(row, dst, dim);
    } else if (form == ARB_FORM_F32 && element == ARB_ELEMENT_F16) {
        kernels->cast_f16_f32(row, dst, dim);
    } else {
        memcpy(dst, row, dim * arb_form_component_bytes(form));
    }
}

/* The least and greatest component of a row of finite halves. Their bits order as integers once
 * those behind a sign are turned over; compilers have minima of integers in vectors, of floats only
 * where told to forget NaN. */
static void range_of_halves(const uint16_t *row, size_t dim, uint16_t *min, uint16_t *max)
{
    int16_t least = INT16_MAX;
    int16_t greatest = INT16_MIN;
    for (size_t i = 0; i < dim; i++) {
        int16_t bits = (int16_t)row[i];
        int16_t ordered = (int16_t)(bits ^ ((bits >> 15) & 0x7fff));
        least = ordered < least ? ordered : least;
        greatest = ordered > greatest ? ordered : greatest;
    }
    *min = (uint16_t)(least ^ ((least >> 15) & 0x7fff));
    *max = (uint16_t)(greatest ^ ((greatest >> 15) & 0x7fff));
}

/* The same for floats. */
static void range_of_floats(const float *row, size_t dim, float *min, float *max)
{
    int32_t least = INT32_MAX;
    int32_t greatest = INT32_MIN;
    for (size_t i = 0; i < dim; i++) {
        int32_t bits;
        memcpy(&bits, &row[i], sizeof bits);
        int32_t ordered = bits ^ ((bits >> 31) & 0x7fffffff);
        least = ordered < least ? ordered : least;
        greatest = ordered > greatest ? ordered : greatest;
    }
    least ^= (least >> 31) & 0x7fffffff;
    greatest ^= (greatest >> 31) & 0x7fffffff;
    memcpy(min, &least, sizeof least);
    memcpy(max, &greatest, sizeof greatest);
}

void arb_form_encode_sq8(const arb_kernel_set *kernels, arb_element element, const void *row,
                         size_t dim, arb_form_scratch *scratch, uint8_t *codes, float *scale,
                         float *offset)
{
    const float *values = row;
    float max;
    if (element == ARB_ELEMENT_F16) {
        uint16_t ends[2];
        float wide[2];
        range_of_halves(row, dim, &ends[0], &ends[1]);
        kernels->cast_f16_f32(ends, wide, 2);
        *offset = wide[0];
        max = wide[1];
        kernels->cast_f16_f32(row, scratch->values, dim);
        values = scratch->values;
    } else {
        range_of_floats(values, dim, offset, &max);
    }
    float step = (max - *offset) / CODE_MAX;
    if (step < FLOAT_MIN_NORMAL) {
        step = 0; /* its inverse would not be finite; the whole range is below 2^-118 */
    }
    /* the kernel takes an offset a component */
    for (size_t i = 0; i < dim; i++) {
        scratch->offsets[i] = *offset;
    }
    kernels->sq8_encode(values, scratch->offsets, step > 0 ? 1 / step : 0, codes, dim);
    *scale = step;
}
