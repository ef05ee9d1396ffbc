#include "vectors/codes.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vectors/error.h"
#include "vectors/sample.h"

#define STEPS 255.0f

/* The grid's error moves the distance d to a row by about sqrt(error of a component) either way. A
 * hundredth of the distance to a near row is below what tells the tenth neighbor from the thirtieth
 * in any data that a graph is of use for. */
#define NOISE_MAX 0.01

/* The part of a query's squared length that may lie outside the grid. */
#define OUTSIDE_MAX 1e-4f

/* Standard deviations that two distances are apart before their order is taken for the rows'. Rows
 * with a few large components, which the grid cuts off, are off by far more than most: 100
 * components of words lose 0.3 points of recall@10 at three, 0.1 at nine. */
#define DEVIATIONS 9.0f

/* Rows that tell nine ends of a grid apart. */
#define FIT_ROWS 512u

/* Stands in a file for the slack of bits that there are not. */
#define NO_BITS (-1.0f)

/* Where the grid may end, in parts of the largest deviation from the mean: a few far components are
 * better cut off than paid for by all others. */
static const float CLIPS[] = {1.0f, 0.85f, 0.7f, 0.6f, 0.5f, 0.4f, 0.3f, 0.2f, 0.1f};

int arb_codes_are_shorter(const arb_row_form *form)
{
    return arb_row_stride(form->dim, 1) <
           arb_row_stride(form->dim, arb_element_size(form->element));
}

/* How much of one row's deviation from the mean the grid -end..end loses, squared. */
static double row_error(const float *values, uint32_t dim, float end)
{
    float scale = 2 * end / STEPS;
    float inverse = 1 / scale;
    double errors = 0;
    double squares = 0;
    for (uint32_t i = 0; i < dim; i++) {
        float code = rintf((values[i] + end) * inverse);
        code = fminf(fmaxf(code, 0), STEPS);
        float error = values[i] - (code * scale - end);
        errors += (double)error * error;
        squares += (double)values[i] * values[i];
    }
    return squares > 0 ? errors / squares : 0;
}

/* Rows count alike, long or short: a grid that is spent on a few long ones serves nobody. */
static double grid_error(const arb_sample *of, uint32_t rows, uint32_t dim, float end)
{
    double sum = 0;
    size_t step = of->count / rows;
    for (size_t i = 0; i < rows; i++)
        sum += row_error(of->values + i * step * dim, dim, end);
    return sum / rows;
}

/* Whole numbers that 256 steps can hold (pixels, counts) are kept as they are: the least of them,
 * or NAN where the sample is not of that kind. Looked at before the mean is taken away. */
static float least_whole(const arb_sample *of, uint32_t dim)
{
    float least = FLT_MAX;
    float most = -FLT_MAX;
    for (size_t i = 0; i < (size_t)of->count * dim; i++) {
        float value = of->values[i];
        if (value != rintf(value))
            return NAN;
        least = fminf(least, value);
        most = fmaxf(most, value);
    }
    if (least >= 0 && most <= STEPS)
        least = 0; /* bytes: rows to come may be anywhere in 0..255 */
    return most - least <= STEPS ? least : NAN;
}

/* The grid with the least error over the sample, which is left centred on `centre`. Rows that are
 * all the same have none. */
static void fit(arb_codes *codes, arb_sample *of, float *centre)
{
    uint32_t dim = codes->form.dim;
    float whole = least_whole(of, dim);
    arb_sample_centre(of, dim, centre);
    float largest = arb_largest_of(of->values, (size_t)of->count * dim);
    codes->error = INFINITY;
    if (!isfinite(STEPS / largest)) /* no spread, or none that a float can divide by */
        return;
    if (!isnan(whole)) {
        codes->scale = 1;
        codes->error = 0;
        for (uint32_t i = 0; i < dim; i++)
            codes->offset[i] = whole;
        return;
    }
    uint32_t rows = of->count < FIT_ROWS ? of->count : FIT_ROWS;
    float end = largest;
    double least = DBL_MAX;
    for (size_t i = 0; i < sizeof CLIPS / sizeof CLIPS[0]; i++) {
        double error = grid_error(of, rows, dim, largest * CLIPS[i]);
        if (error < least) {
            least = error;
            end = largest * CLIPS[i];
        }
    }
    codes->scale = 2 * end / STEPS;
    codes->error = (float)least;
    for (uint32_t i = 0; i < dim; i++)
        codes->offset[i] = centre[i] - end;
}

/* Whether the grid tells near rows from those a little farther away; sets noise and spread. */
static int is_good(arb_codes *codes, const arb_sample *of)
{
    if (!isfinite(codes->error))
        return 0;
    double squares;
    double near = arb_sample_near(&codes->form, of, &squares);
    double component_error = codes->error * squares / codes->form.dim;
    codes->noise = (float)sqrt(component_error);
    codes->spread = (float)sqrt(squares);
    return sqrt(component_error) <= NOISE_MAX * near;
}

arb_status arb_codes_append(arb_codes *codes, uint32_t first, uint32_t count)
{
    arb_status status = arb_rows_reserve(codes->rows, first, count);
    if (status == ARB_OK && codes->sq1 != NULL)
        status = arb_rows_reserve(codes->sq1->rows, first, count);
    if (status != ARB_OK)
        return status;
    const arb_row_form *form = &codes->form;
    float values[ARB_DIM_MAX];
    float inverse = 1 / codes->scale;
    for (uint32_t i = 0; i < count; i++) {
        arb_row_values(form, arb_row(codes->coded, first + i), values);
        form->kernels->sq8_encode(values, codes->offset, inverse,
                                  arb_row_for_write(codes->rows, first + i), form->dim);
        if (codes->sq1 != NULL)
            arb_sq1_encode(codes->sq1, first + i, values);
    }
    return ARB_OK;
}

/* Codes without a grid and without rows. */
static arb_status create_empty(const arb_row_form *form, const arb_rows *rows, arb_codes **out)
{
    arb_codes *codes = calloc(1, sizeof *codes);
    float *offset = calloc(form->dim, sizeof *offset);
    if (codes == NULL || offset == NULL) {
        free(codes);
        free(offset);
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "codes: no memory for %u offsets", form->dim);
    }
    *codes = (arb_codes){.form = *form, .coded = rows, .offset = offset};
    *out = codes;
    return ARB_OK;
}

static arb_status code_all(arb_codes *codes, uint32_t count)
{
    arb_status status = arb_rows_create(codes->form.dim, 1, &codes->rows);
    return status == ARB_OK ? arb_codes_append(codes, 0, count) : status;
}

/* Fits the grid and codes the rows; leaves codes->rows NULL where no grid is good enough. */
static arb_status fit_and_code(arb_codes *codes, uint32_t count)
{
    arb_sample rows;
    arb_status status = arb_sample_take(&codes->form, codes->coded, count, &rows);
    if (status != ARB_OK)
        return status;
    float centre[ARB_DIM_MAX];
    fit(codes, &rows, centre);
    int good = is_good(codes, &rows);
    if (good)
        status = arb_sq1_create(&codes->form, &rows, centre, &codes->sq1);
    free(rows.values);
    return good && status == ARB_OK ? code_all(codes, count) : status;
}

arb_status arb_codes_create(const arb_row_form *form, const arb_rows *rows, uint32_t count,
                            arb_codes **out)
{
    *out = NULL;
    if (count == 0)
        return ARB_OK;
    arb_codes *codes = NULL;
    arb_status status = create_empty(form, rows, &codes);
    if (status != ARB_OK)
        return status;
    status = fit_and_code(codes, count);
    if (status != ARB_OK || codes->rows == NULL) {
        arb_codes_destroy(codes);
        return status;
    }
    *out = codes;
    return ARB_OK;
}

void arb_codes_write_grid(const arb_codes *codes, float *grid)
{
    uint32_t dim = codes->form.dim;
    grid[0] = codes->scale;
    grid[1] = codes->error;
    grid[2] = codes->noise;
    grid[3] = codes->spread;
    grid[4] = codes->sq1 == NULL ? NO_BITS : codes->sq1->slack;
    memcpy(grid + 5, codes->offset, dim * sizeof *grid);
    for (uint32_t i = 0; i < dim; i++)
        grid[5 + dim + i] = codes->sq1 == NULL ? 0 : codes->sq1->centre[i];
}

/* Codes that have a grid and no rows. */
static arb_status read_grid(const arb_row_form *form, const arb_rows *rows, const float *grid,
                            arb_codes **out)
{
    uint32_t dim = form->dim;
    arb_codes *codes = NULL;
    arb_status status = create_empty(form, rows, &codes);
    if (status != ARB_OK)
        return status;
    codes->scale = grid[0];
    codes->error = grid[1];
    codes->noise = grid[2];
    codes->spread = grid[3];
    memcpy(codes->offset, grid + 5, dim * sizeof *grid);
    if (grid[4] != NO_BITS)
        status = arb_sq1_open(form, grid[4], grid + 5 + dim, &codes->sq1);
    if (status == ARB_OK)
        *out = codes;
    else
        arb_codes_destroy(codes);
    return status;
}

arb_status arb_codes_open(const arb_row_form *form, const arb_rows *rows, uint32_t count,
                          const float *grid, arb_codes **out)
{
    for (size_t i = 0; i < ARB_GRID_FLOATS(form->dim); i++) {
        if (!isfinite(grid[i]) || (i == 0 && !(isfinite(1 / grid[0]) && grid[0] > 0)))
            return arb_fail(ARB_CORRUPT, "codes: value %zu of the grid: found %g; allowed %s", i,
                            (double)grid[i], i == 0 ? "positive numbers" : "finite numbers");
    }
    arb_codes *codes = NULL;
    arb_status status = read_grid(form, rows, grid, &codes);
    if (status != ARB_OK)
        return status;
    status = code_all(codes, count);
    if (status != ARB_OK) {
        arb_codes_destroy(codes);
        return status;
    }
    *out = codes;
    return ARB_OK;
}

void arb_codes_destroy(arb_codes *codes)
{
    if (codes == NULL)
        return;
    arb_rows_destroy(codes->rows);
    arb_sq1_destroy(codes->sq1);
    free(codes->offset);
    free(codes);
}

size_t arb_codes_row_bytes(const arb_codes *codes)
{
    return codes->rows->stride + (codes->sq1 == NULL ? 0 : codes->sq1->rows->stride);
}

float arb_codes_measure(const arb_codes *codes, uint32_t count)
{
    uint32_t dim = codes->form.dim;
    float end = codes->scale * (STEPS / 2);
    float values[ARB_DIM_MAX];
    double sum = 0;
    uint32_t rows = 0;
    for (uint64_t row = 0; row < count; row += arb_sample_step(count), rows++) {
        arb_row_values(&codes->form, arb_row(codes->coded, (uint32_t)row), values);
        for (uint32_t i = 0; i < dim; i++)
            values[i] -= codes->offset[i] + end;
        sum += row_error(values, dim, end);
    }
    return (float)(sum / rows);
}

/* On the rows' grid; whether nearly all of it lies inside. */
static int query_on_grid(const arb_codes *codes, const float *query, uint8_t *code)
{
    const arb_row_form *form = &codes->form;
    form->kernels->sq8_encode(query, codes->offset, 1 / codes->scale, code, form->dim);
    float low = -0.5f * codes->scale;
    float high = (STEPS + 0.5f) * codes->scale;
    float outside = 0;
    float squares = 0;
    for (uint32_t i = 0; i < form->dim; i++) {
        float value = query[i] - codes->offset[i];
        float beyond = value > high ? value - high : value < low ? low - value : 0;
        float deviation = value - codes->scale * (STEPS / 2);
        outside += beyond * beyond;
        squares += deviation * deviation;
    }
    return outside <= OUTSIDE_MAX * squares;
}

/* A screening's code is 128 + z; with the top bit turned that is z in two's complement. */
float arb_codes_quantise(const arb_row_form *form, const float *values, uint8_t *code)
{
    arb_screen_facts facts;
    form->kernels->screen_code(values, form->dim, code, &facts);
    for (uint32_t i = 0; i < (form->dim + 3) / 4 * 4; i++)
        code[i] ^= 0x80;
    return facts.scale;
}

size_t arb_codes_query_bytes(uint32_t dim)
{
    return arb_row_stride(dim, 1) + 64 * (size_t)arb_sq1_steps(dim);
}

/* What tells two rows apart is off by the noise of each along the query (under L2: along the way to
 * it), and for a query quantised by itself by the query's noise along the way from one to the
 * other. */
static float blur(const arb_codes *codes, float query_length, float query_scale)
{
    float noise = codes->noise * (float)M_SQRT2;
    if (codes->form.metric == ARB_METRIC_L2)
        return DEVIATIONS * 2 * noise;
    float query_noise = query_scale / sqrtf(12) * (float)M_SQRT2;
    return DEVIATIONS * hypotf(noise * query_length, query_noise * codes->spread);
}

int arb_codes_prepare(const arb_codes *codes, const void *query, uint8_t *room,
                      arb_codes_query *out)
{
    const arb_row_form *form = &codes->form;
    const arb_distance *dot = &form->kernels->distance[ARB_ELEMENT_F32][ARB_METRIC_DOT];
    float values[ARB_DIM_MAX];
    size_t stride = codes->rows->stride;
    memset(room + form->dim, 0, stride - form->dim);
    arb_row_values(form, query, values);
    *out = (arb_codes_query){.code = room, .unit = codes->scale * codes->scale};
    if (form->metric == ARB_METRIC_L2) {
        if (!query_on_grid(codes, values, room))
            return 0;
        out->blur = blur(codes, 0, 0);
    } else {
        float query_scale = arb_codes_quantise(form, values, room);
        out->unit = codes->scale * query_scale;
        out->blur = blur(codes, sqrtf(dot->one(values, values, form->dim)), query_scale);
        out->zero = (form->metric == ARB_METRIC_COSINE ? 1.0f : 0.0f) -
                    dot->one(values, codes->offset, form->dim);
        if (!(out->unit > 0))
            return 0;
    }
    if (codes->sq1 != NULL)
        out->sq1 = arb_sq1_query_of(codes->sq1, values, (int8_t *)room + stride);
    return 1;
}
