#include "vectors/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vectors/error.h"

#define NEAR 10u
#define PROBES 64u

void arb_row_widen(const arb_row_form *form, const void *row, float *out)
{
    if (form->element == ARB_ELEMENT_F16)
        form->kernels->cast_f16_f32(row, out, form->dim);
    else
        memcpy(out, row, form->dim * sizeof *out);
}

void arb_row_values(const arb_row_form *form, const void *row, float *out)
{
    arb_row_widen(form, row, out);
    if (form->metric != ARB_METRIC_COSINE)
        return;
    const arb_distance *dot = &form->kernels->distance[ARB_ELEMENT_F32][ARB_METRIC_DOT];
    float factor = 1.0f / sqrtf(dot->one(out, out, form->dim));
    for (uint32_t i = 0; i < form->dim; i++)
        out[i] *= factor;
}

float arb_largest_of(const float *values, size_t count)
{
    int32_t bits = arb_largest_magnitude(ARB_ELEMENT_F32, values, count);
    float largest;
    memcpy(&largest, &bits, sizeof largest);
    return largest;
}

uint32_t arb_sample_step(uint32_t count)
{
    return (count + ARB_SAMPLE_ROWS - 1) / ARB_SAMPLE_ROWS;
}

arb_status arb_sample_take(const arb_row_form *form, const arb_rows *rows, uint32_t count,
                           arb_sample *out)
{
    uint32_t step = arb_sample_step(count);
    out->count = 0;
    out->values = malloc(((size_t)count / step + 1) * form->dim * sizeof *out->values);
    if (out->values == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "codes: no memory for a sample of %u rows", count);
    for (uint64_t row = 0; row < count; row += step) {
        float *values = out->values + (size_t)out->count++ * form->dim;
        arb_row_values(form, arb_row(rows, (uint32_t)row), values);
    }
    return ARB_OK;
}

void arb_sample_centre(arb_sample *of, uint32_t dim, float *mean)
{
    for (uint32_t i = 0; i < dim; i++) {
        double sum = 0;
        for (uint32_t row = 0; row < of->count; row++)
            sum += of->values[(size_t)row * dim + i];
        mean[i] = (float)(sum / of->count);
    }
    for (uint32_t row = 0; row < of->count; row++) {
        for (uint32_t i = 0; i < dim; i++)
            of->values[(size_t)row * dim + i] -= mean[i];
    }
}

/* The distance of sampled row `at` to its NEAR-th neighbor in the sample. */
static double near_distance(const arb_row_form *form, const arb_sample *of, uint32_t at)
{
    const arb_distance *l2sq = &form->kernels->distance[ARB_ELEMENT_F32][ARB_METRIC_L2];
    const float *own = of->values + (size_t)at * form->dim;
    float nearest[NEAR];
    uint32_t count = 0;
    for (uint32_t row = 0; row < of->count; row++) {
        float distance = l2sq->one(own, of->values + (size_t)row * form->dim, form->dim);
        if (row == at || (count == NEAR && distance >= nearest[NEAR - 1]))
            continue;
        uint32_t place = count < NEAR ? count++ : NEAR - 1;
        for (; place > 0 && nearest[place - 1] > distance; place--)
            nearest[place] = nearest[place - 1];
        nearest[place] = distance;
    }
    return count == 0 ? 0 : sqrt((double)nearest[count - 1]);
}

double arb_sample_near(const arb_row_form *form, const arb_sample *of, double *squares)
{
    const arb_distance *dot = &form->kernels->distance[ARB_ELEMENT_F32][ARB_METRIC_DOT];
    uint32_t probes = of->count < PROBES ? of->count : PROBES;
    double near = 0;
    *squares = 0;
    for (uint32_t i = 0; i < probes; i++) {
        uint32_t at = i * (of->count / probes);
        const float *values = of->values + (size_t)at * form->dim;
        near += near_distance(form, of, at) / probes;
        *squares += dot->one(values, values, form->dim) / probes;
    }
    return near;
}
