#include "vectors/sq1.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vectors/codes.h"
#include "vectors/error.h"

/* Calibration takes this many rows of the sample as queries. The nearest NEAR of each say how far
 * estimates are off; those up to AROUND, which a search meets about as often, how many of them a
 * search that wants the NEAR nearest would pass over. */
#define PROBES 32u
#define NEAR 16u
#define AROUND 256u
/* So many near pairs in a hundred keep to the bound. With 95 a search takes up to 6% longer and
 * finds no more; with 85 it loses up to 0.2 points of recall. */
#define KEPT 90u

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static arb_status create_empty(const arb_row_form *form, const float *centre, arb_sq1 **out)
{
    uint32_t steps = arb_sq1_steps(form->dim);
    arb_sq1 *sq1 = malloc(sizeof *sq1 + form->dim * sizeof sq1->centre[0]);
    if (sq1 == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "codes: no memory for %u components", form->dim);
    *sq1 = (arb_sq1){.form = *form, .steps = steps};
    memcpy(sq1->centre, centre, form->dim * sizeof *centre);
    arb_status status = arb_rows_create(8 * steps + (uint32_t)sizeof(arb_sq1_terms), 1, &sq1->rows);
    if (status != ARB_OK) {
        free(sq1);
        return status;
    }
    *out = sq1;
    return ARB_OK;
}

arb_status arb_sq1_open(const arb_row_form *form, float slack, const float *centre, arb_sq1 **out)
{
    arb_status status = create_empty(form, centre, out);
    if (status == ARB_OK)
        (*out)->slack = slack;
    return status;
}

void arb_sq1_destroy(arb_sq1 *sq1)
{
    if (sq1 == NULL)
        return;
    arb_rows_destroy(sq1->rows);
    free(sq1);
}

static float dot_of(const arb_row_form *form, const float *a, const float *b)
{
    return form->kernels->distance[ARB_ELEMENT_F32][ARB_METRIC_DOT].one(a, b, form->dim);
}

/* In lanes, which a compiler may keep in one register. */
static float sum_of_magnitudes(const float *values, uint32_t dim)
{
    float lanes[8] = {0};
    uint32_t i = 0;
    for (; i + 8 <= dim; i += 8) {
        for (uint32_t lane = 0; lane < 8; lane++)
            lanes[lane] += fabsf(values[i + lane]);
    }
    for (; i < dim; i++)
        lanes[i % 8] += fabsf(values[i]);
    return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) +
           ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

/* Bits and f of a deviation whose squared length is `squares`. */
static float sign_code(const float *deviation, uint32_t dim, float squares, uint8_t *bits)
{
    float magnitudes = sum_of_magnitudes(deviation, dim);
    for (uint32_t i = 0; i < dim; i += 8) {
        uint32_t byte = 0;
        for (uint32_t j = i; j < i + 8 && j < dim; j++)
            byte |= (uint32_t)(deviation[j] > 0) << (j - i);
        bits[i / 8] = (uint8_t)byte;
    }
    return magnitudes > 0 ? squares / magnitudes : 0;
}

void arb_sq1_encode(arb_sq1 *sq1, uint32_t node, const float *values)
{
    const arb_row_form *form = &sq1->form;
    uint8_t *code = arb_row_for_write(sq1->rows, node);
    float deviation[ARB_DIM_MAX];
    for (uint32_t i = 0; i < form->dim; i++)
        deviation[i] = values[i] - sq1->centre[i];
    float squares = dot_of(form, deviation, deviation);
    arb_sq1_terms terms = {
        .bias = form->metric == ARB_METRIC_L2 ? squares : -dot_of(form, deviation, sq1->centre),
        .f = sign_code(deviation, form->dim, squares, code)};
    memcpy(code + 8 * (size_t)sq1->steps, &terms, sizeof terms);
}

/* The query's deviation quantised by itself. Returns the scale, and the sum of the elements. */
static float quantise(const arb_sq1 *sq1, const float *deviation, int8_t *code, int32_t *sum)
{
    uint32_t dim = sq1->form.dim;
    uint32_t padded = 64 * sq1->steps;
    float scale = arb_codes_quantise(&sq1->form, deviation, (uint8_t *)code);
    if (!(scale > 0)) {
        memset(code, 0, padded);
        return 0;
    }
    memset(code + dim, 0, padded - dim);
    int32_t total = 0;
    for (uint32_t i = 0; i < dim; i++)
        total += code[i];
    *sum = total;
    return scale;
}

arb_sq1_query arb_sq1_query_of(const arb_sq1 *sq1, const float *values, int8_t *code)
{
    const arb_row_form *form = &sq1->form;
    float deviation[ARB_DIM_MAX];
    for (uint32_t i = 0; i < form->dim; i++)
        deviation[i] = values[i] - sq1->centre[i];
    float squares = dot_of(form, deviation, deviation);
    int32_t sum = 0;
    float scale = quantise(sq1, deviation, code, &sum);
    /* |q - o|^2 has q.r twice; 1 - q.o and -q.o have it once. */
    float times = form->metric == ARB_METRIC_L2 ? 2 : 1;
    arb_sq1_query query = {.code = code,
                           .constant = squares,
                           .factor = times * scale * 2,
                           .slack = times * sq1->slack * sqrtf(squares)};
    query.shift = query.slack - times * scale * (float)sum;
    if (form->metric != ARB_METRIC_L2)
        query.constant =
            (form->metric == ARB_METRIC_COSINE ? 1.0f : 0.0f) - dot_of(form, values, sq1->centre);
    return query;
}

/* Rows that a kernel is given at a time, a multiple of 64: a scan's batch. */
#define ROWS_A_CALL 320u

static arb_sq1_bound bound_of(const arb_sq1 *sq1, const arb_sq1_query *query, float farthest)
{
    return (arb_sq1_bound){.query = query->code,
                           .steps = sq1->steps,
                           .constant = query->constant,
                           .factor = query->factor,
                           .shift = query->shift,
                           .farthest = farthest};
}

void arb_sq1_near(const arb_sq1 *sq1, const arb_sq1_query *query, const uint32_t *nodes,
                  uint32_t count, float farthest, uint64_t *near)
{
    const uint8_t *rows[ROWS_A_CALL];
    arb_sq1_bound bound = bound_of(sq1, query, farthest);
    for (uint32_t first = 0; first < count; first += ROWS_A_CALL) {
        uint32_t here = lesser(count - first, ROWS_A_CALL);
        for (uint32_t i = 0; i < here; i++) {
            rows[i] = arb_row(sq1->rows, nodes[first + i]);
            if (first > 0 && i < ARB_SQ1_NEAR_AHEAD)
                __builtin_prefetch(rows[i]);
        }
        sq1->form.kernels->sq1_near(&bound, rows, here, near + first / 64);
    }
}

void arb_sq1_near_fetched(const arb_sq1 *sq1, const arb_sq1_query *query, const void *const *rows,
                          uint32_t count, float farthest, uint64_t *near)
{
    arb_sq1_bound bound = bound_of(sq1, query, farthest);
    sq1->form.kernels->sq1_near(&bound, (const uint8_t *const *)rows, count, near);
}

/* ---- calibration ---- */

/* A row of the sample as a probe sees it. */
typedef struct sighting {
    float distance; /* squared, exact */
    uint32_t row;
    float error;  /* of the estimated dot product: by so much it is too small */
    float length; /* f * |q|: what slack is in */
} sighting;

static int nearer_first(const void *left, const void *right)
{
    const sighting *a = left;
    const sighting *b = right;
    return (a->distance > b->distance) - (a->distance < b->distance);
}

static int less_first(const void *left, const void *right)
{
    const float *a = left;
    const float *b = right;
    return (*a > *b) - (*a < *b);
}

typedef struct calibration {
    const arb_sq1 *sq1;
    const arb_sample *sample;
    sighting *seen; /* AROUND a probe, the nearest first */
    uint32_t probes;
    uint32_t around; /* of AROUND, those that are there */
    /* of one probe: */
    const float *probe;
    float length; /* |q| */
    int8_t *code; /* its elements, scale * code, and their sum */
    float scale;
    int32_t sum;
    sighting *all;
} calibration;

static const float *sampled(const calibration *c, uint32_t at)
{
    return c->sample->values + (size_t)at * c->sq1->form.dim;
}

/* By how much the estimate of a row's dot product with the probe is too small. */
static void estimate(const calibration *c, sighting *of)
{
    const arb_row_form *form = &c->sq1->form;
    const float *row = sampled(c, of->row);
    uint8_t code[ARB_DIM_MAX / 8] = {0};
    const uint8_t *const rows[4] = {code, code, code, code};
    float dots[4];
    float f = sign_code(row, form->dim, dot_of(form, row, row), code);
    form->kernels->sq1_dot_x4(c->code, rows, c->sq1->steps, dots);
    of->error = dot_of(form, c->probe, row) - f * c->scale * (2 * dots[0] - (float)c->sum);
    of->length = f * c->length;
}

/* The nearest rows of the sample to one of it, without itself. */
static void look_around(calibration *c, uint32_t probe, sighting *seen)
{
    const arb_row_form *form = &c->sq1->form;
    const arb_distance *l2sq = &form->kernels->distance[ARB_ELEMENT_F32][ARB_METRIC_L2];
    uint32_t count = 0;
    c->probe = sampled(c, probe);
    c->length = sqrtf(dot_of(form, c->probe, c->probe));
    c->sum = 0;
    c->scale = quantise(c->sq1, c->probe, c->code, &c->sum);
    for (uint32_t row = 0; row < c->sample->count; row++) {
        if (row == probe)
            continue;
        c->all[count++] =
            (sighting){.distance = l2sq->one(c->probe, sampled(c, row), form->dim), .row = row};
    }
    qsort(c->all, count, sizeof *c->all, nearer_first);
    for (uint32_t i = 0; i < c->around; i++) {
        seen[i] = c->all[i];
        estimate(c, &seen[i]);
    }
}

/* The slack that so many near rows keep to. */
static float measure_slack(const calibration *c)
{
    float errors[PROBES * NEAR];
    uint32_t count = 0;
    for (uint32_t probe = 0; probe < c->probes; probe++) {
        for (uint32_t i = 0; i < lesser(c->around, NEAR); i++) {
            const sighting *near = &c->seen[probe * AROUND + i];
            if (near->length > 0)
                errors[count++] = near->error / near->length;
        }
    }
    if (count == 0)
        return 0;
    qsort(errors, count, sizeof *errors, less_first);
    return errors[count * KEPT / 100];
}

/* The part of the rows around a probe that a search passes over once it has its nearest. */
static float measure_gain(const calibration *c, float slack)
{
    uint32_t passed = 0;
    uint32_t all = 0;
    for (uint32_t probe = 0; probe < c->probes; probe++) {
        const sighting *seen = c->seen + (size_t)probe * AROUND;
        for (uint32_t i = NEAR; i < c->around; i++, all++) {
            /* |q - o|^2 holds q.r twice */
            float least = seen[i].distance + 2 * (seen[i].error - slack * seen[i].length);
            passed += least > seen[NEAR - 1].distance;
        }
    }
    return all == 0 ? 0 : (float)passed / (float)all;
}

/* Whether a code saves more cache lines of longer codes than it takes itself, its arithmetic
 * counted as much as its lines. */
static int pays(const arb_sq1 *sq1, float gain)
{
    return gain * (float)arb_row_stride(sq1->form.dim, 1) > 2 * (float)sq1->rows->stride;
}

static arb_status calibrate(arb_sq1 *sq1, const arb_sample *centred, int *good)
{
    uint32_t count = centred->count;
    calibration c = {.sq1 = sq1,
                     .sample = centred,
                     .code = malloc(64 * (size_t)sq1->steps),
                     .all = malloc(count * sizeof *c.all),
                     .seen = malloc((size_t)PROBES * AROUND * sizeof *c.seen),
                     .probes = lesser(PROBES, count),
                     .around = lesser(AROUND, count - 1)};
    arb_status status = ARB_OK;
    if (c.code == NULL || c.all == NULL || c.seen == NULL) {
        status = arb_fail(ARB_RESOURCE_EXHAUSTED, "codes: no memory to look at %u rows", count);
    } else {
        for (uint32_t i = 0; i < c.probes; i++)
            look_around(&c, i * (count / c.probes), c.seen + (size_t)i * AROUND);
        sq1->slack = measure_slack(&c);
        *good = pays(sq1, measure_gain(&c, sq1->slack));
    }
    free(c.code);
    free(c.all);
    free(c.seen);
    return status;
}

arb_status arb_sq1_create(const arb_row_form *form, const arb_sample *centred, const float *centre,
                          arb_sq1 **out)
{
    arb_sq1 *sq1 = NULL;
    *out = NULL;
    arb_status status = create_empty(form, centre, &sq1);
    if (status != ARB_OK)
        return status;
    int good = 0;
    status = calibrate(sq1, centred, &good);
    if (good)
        *out = sq1;
    else
        arb_sq1_destroy(sq1);
    return status;
}
