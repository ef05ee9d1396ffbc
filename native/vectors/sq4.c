#include "vectors/sq4.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vectors/codes.h"
#include "vectors/error.h"
#include "vectors/sample.h"

#define CODE_MAX 15.0f
#define CENTRE (CODE_MAX / 2)

/* The grid's error moves the distance to a row by about a component's error either way. So much of
 * the distance to a near row leaves the nearest among those that are reranked; where near rows lie
 * closer together than that, sixteen steps are too few. */
#define NOISE_MAX 0.015f

/* Scales that are tried, in parts of the components' standard deviation: of a normal distribution
 * the best is 0.335; heavier tails want more, bounded ones less. */
static const float SCALES[] = {0.15f, 0.2f, 0.23f, 0.26f, 0.29f, 0.32f, 0.35f,
                               0.4f,  0.5f, 0.7f,  1.0f,  1.5f,  2.0f};

static inline float code_of(float deviation, float inverse)
{
    float code = deviation * inverse + (CENTRE + 0.5f);
    code = code > 0 ? code : 0;
    code = code < CODE_MAX ? code : CODE_MAX;
    return (float)(int32_t)code;
}

/* What a component loses, squared: the average over the sample. */
static double mean_error(const float *values, size_t count, float scale)
{
    float inverse = 1 / scale;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        float error = values[i] - (code_of(values[i], inverse) - CENTRE) * scale;
        sum += (double)error * (double)error;
    }
    return sum / (double)count;
}

/* The sample is centred. Returns 0 where no grid is good enough. */
static int fit(arb_sq4_grid *grid, const arb_sample *sample)
{
    double squares;
    double near = arb_sample_near(&grid->form, sample, &squares);
    double deviation = sqrt(squares / grid->form.dim);
    double least = DBL_MAX;
    for (size_t i = 0; i < sizeof SCALES / sizeof SCALES[0]; i++) {
        float scale = SCALES[i] * (float)deviation;
        if (!isfinite(1 / scale) || !isfinite(scale))
            return 0; /* no spread, or none that a float can divide by */
        double error = mean_error(sample->values, (size_t)sample->count * grid->form.dim, scale);
        if (error < least) {
            least = error;
            grid->scale = scale;
        }
    }
    grid->noise = near > 0 ? (float)(sqrt(least) / near) : INFINITY;
    return grid->noise <= NOISE_MAX;
}

arb_status arb_sq4_grid_create(const arb_row_form *form, const arb_rows *rows, uint32_t count,
                               arb_sq4_grid **out)
{
    *out = NULL;
    if (count == 0)
        return ARB_OK;
    arb_sq4_grid *grid = malloc(sizeof *grid + form->dim * sizeof grid->mean[0]);
    if (grid == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for a grid of %u components", form->dim);
    grid->form = *form;
    grid->steps = arb_sq4_steps(form->dim);
    arb_sample sample;
    arb_status status = arb_sample_take(form, rows, count, &sample);
    if (status != ARB_OK) {
        free(grid);
        return status;
    }
    arb_sample_centre(&sample, form->dim, grid->mean);
    if (fit(grid, &sample))
        *out = grid;
    else
        free(grid);
    free(sample.values);
    return ARB_OK;
}

float arb_sq4_encode(const arb_sq4_grid *grid, const void *row, uint8_t *code)
{
    uint32_t dim = grid->form.dim;
    float values[ARB_DIM_MAX];
    uint8_t codes[ARB_DIM_MAX];
    float inverse = 1 / grid->scale;
    float squares = 0;
    arb_row_values(&grid->form, row, values);
    for (uint32_t i = 0; i < dim; i++) {
        float deviation = values[i] - grid->mean[i];
        codes[i] = (uint8_t)code_of(deviation, inverse);
        squares += deviation * deviation;
    }
    memset(codes + dim, 0, 32 * (size_t)grid->steps - dim);
    for (uint32_t i = 0; i < 16 * grid->steps; i++) {
        const uint8_t *low = codes + i / 16 * 32 + i % 16;
        code[i] = (uint8_t)(low[0] | low[16] << 4);
    }
    return grid->form.metric == ARB_METRIC_L2 ? squares : 0;
}

arb_sq4_query arb_sq4_query_of(const arb_sq4_grid *grid, const void *row, uint8_t *code)
{
    const arb_row_form *form = &grid->form;
    float values[ARB_DIM_MAX];
    float constant = form->metric == ARB_METRIC_COSINE ? 1 : 0;
    arb_row_values(form, row, values);
    for (uint32_t i = 0; i < form->dim; i++) {
        if (form->metric == ARB_METRIC_L2) {
            values[i] -= grid->mean[i];
            constant += values[i] * values[i];
        } else {
            constant -= values[i] * grid->mean[i];
        }
    }
    float query_scale = arb_codes_quantise(form, values, code);
    memset(code + form->dim, 0, 32 * (size_t)grid->steps - form->dim);
    if (!(query_scale > 0))
        return (arb_sq4_query){.code = memset(code, 0, 32 * (size_t)grid->steps),
                               .constant = constant};
    float factor = query_scale * grid->scale * (form->metric == ARB_METRIC_L2 ? -2.0f : -1.0f);
    int32_t sum = 0;
    for (uint32_t i = 0; i < form->dim; i++)
        sum += (int8_t)code[i];
    return (arb_sq4_query){.code = (const int8_t *)code,
                           .factor = factor,
                           .constant = constant - factor * CENTRE * (float)sum};
}
