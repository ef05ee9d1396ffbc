/* fastscan_test.c: what blocks of rows tell of distances, against its definition in double and
 * against the distances themselves, for every number of bits a component. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph_support.h"
#include "testing.h"
#include "vectors/fastscan.h"

#define ROWS 80u /* two blocks and a half */
#define BLOCKS 3u

/* Rows around a centre, a query, and the origin they share. */
typedef struct scene {
    arb_row_form form;
    arb_fastscan *fastscan;
    float rows[ROWS][ARB_DIM_MAX];
    float centre[ARB_DIM_MAX];
    float origin[ARB_DIM_MAX];
    float query[ARB_DIM_MAX];
    uint8_t *tables;
    arb_fastscan_query prepared;
} scene;

static double dot_of(const float *a, const float *b, uint32_t dim)
{
    double sum = 0;
    for (uint32_t i = 0; i < dim; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static void set_up(scene *s, arb_metric metric, uint32_t dim, uint64_t seed)
{
    uint64_t state = seed;
    s->form = (arb_row_form){
        .kernels = best_kernels(), .element = ARB_ELEMENT_F32, .metric = metric, .dim = dim};
    for (uint32_t i = 0; i < dim; i++) {
        s->origin[i] = test_random_unit(&state) / 4;
        s->centre[i] = s->origin[i] + test_random_unit(&state) / 2;
        s->query[i] = s->origin[i] + test_random_unit(&state);
        for (uint32_t row = 0; row < ROWS; row++) /* some components vary more */
            s->rows[row][i] = s->centre[i] + test_random_unit(&state) * (i % 3 == 0 ? 0.6f : 0.3f);
    }
    memcpy(s->rows[7], s->centre, dim * sizeof(float)); /* no deviation to code */
    CHECK_OK(arb_fastscan_create(&s->form, s->origin, BLOCKS, &s->fastscan));
    for (uint32_t row = 0; row < ROWS; row++)
        arb_fastscan_encode(s->fastscan, row, s->centre, s->rows[row]);
    s->tables = aligned_alloc(ARB_FASTSCAN_TABLES_BYTES, arb_fastscan_tables_bytes(dim));
    s->prepared = arb_fastscan_query_of(s->fastscan, s->query, s->tables);
}

static void tear_down(scene *s)
{
    arb_fastscan_destroy(s->fastscan);
    free(s->tables);
}

/* The distance by the metric, with rows taken as they are. */
static double distance(const scene *s, const float *row)
{
    uint32_t dim = s->form.dim;
    if (s->form.metric == ARB_METRIC_L2)
        return dot_of(s->query, s->query, dim) - 2 * dot_of(s->query, row, dim) +
               dot_of(row, row, dim);
    return (s->form.metric == ARB_METRIC_COSINE ? 1 : 0) - dot_of(s->query, row, dim);
}

/* What the block is to tell but for the rounding of tables, by the definition of the codes; *weight
 * is what a unit of d.v counts. */
static double defined(const scene *s, const float *row, double *weight)
{
    uint32_t dim = s->form.dim;
    uint32_t bits = s->fastscan->bits;
    double half = 1u << (bits - 1);
    double squares = 0;
    double along = 0; /* v.r */
    double seen = 0;  /* d.v */
    double rest = 0;  /* what no code estimates */
    for (uint32_t i = 0; i < dim; i++)
        squares += pow((double)row[i] - (double)s->centre[i], 2);
    double step = (bits == 4 ? 0.3352 : 0.9957) * sqrt(squares / dim);
    for (uint32_t i = 0; i < dim; i++) {
        double r = (double)row[i] - (double)s->centre[i];
        double d = (double)s->query[i] - (double)s->origin[i];
        double at = step > 0 ? floor(r / step) : 0;
        double v = 2 * fmax(-half, fmin(half - 1, at)) + 1;
        along += v * r;
        seen += d * v;
        rest += (double)s->origin[i] * r;
    }
    double f = along > 0 ? squares / along : 0;
    *weight = f;
    if (s->form.metric != ARB_METRIC_L2)
        return distance(s, s->centre) - rest - f * seen;
    *weight = 2 * f;
    double centre_rest = dot_of(s->centre, row, dim) - dot_of(s->centre, s->centre, dim);
    return distance(s, s->centre) + squares + 2 * (centre_rest - rest) - 2 * f * seen;
}

/* What the rounding of all entries adds up to at most, in d.v: half a unit each, and a unit is two
 * of d.v; and as much again for floats. */
static double rounding(const scene *s)
{
    double unit = (double)s->prepared.factor / (s->form.metric == ARB_METRIC_L2 ? 4 : 2);
    return 2.0 * unit * 4 * s->fastscan->pieces;
}

static void test_estimates(arb_metric metric, uint32_t dim)
{
    scene *s = malloc(sizeof *s);
    set_up(s, metric, dim, 1000 * dim + metric);
    float least[BLOCKS * ARB_FASTSCAN_ROWS];
    uint32_t near[BLOCKS];
    float constant = (float)distance(s, s->centre);
    float farthest = (float)distance(s, s->rows[3]);
    arb_fastscan_near(s->fastscan, &s->prepared, 0, BLOCKS, constant, 0, farthest, least, near);
    double bits_error = 0;
    double spread = 0;
    for (uint32_t place = 0; place < BLOCKS * ARB_FASTSCAN_ROWS; place++) {
        int is_near = near[place / ARB_FASTSCAN_ROWS] >> place % ARB_FASTSCAN_ROWS & 1;
        EXPECT(is_near == !(least[place] > farthest), "%u of %u: %g, farthest %g", place, dim,
               (double)least[place], (double)farthest);
        if (place >= ROWS) {
            EXPECT(least[place] == INFINITY, "no row at %u: %g", place, (double)least[place]);
            continue;
        }
        double weight;
        double wanted = defined(s, s->rows[place], &weight);
        double allowed = weight * rounding(s) + 1e-4 * (1 + fabs(wanted));
        EXPECT(fabs((double)least[place] - wanted) <= allowed, "%u of %u: %g for %g, allowed %g",
               place, dim, (double)least[place], wanted, allowed);
        EXPECT(fabsf(arb_fastscan_f(s->fastscan, place) -
                     (float)(metric == ARB_METRIC_L2 ? weight / 2 : weight)) <= 1e-4f * (float)dim,
               "f of %u", place);
        double actual = distance(s, s->rows[place]);
        bits_error += pow((double)least[place] - actual, 2);
        spread += pow(actual - (double)constant, 2);
    }
    /* one bit leaves three quarters of a deviation, two a third, four a tenth */
    double part = sqrt(bits_error / spread);
    double most = s->fastscan->bits == 1 ? 0.95 : s->fastscan->bits == 2 ? 0.5 : 0.25;
    EXPECT(part < most, "%u components of %u bits are off by %g", dim, s->fastscan->bits, part);
    tear_down(s);
    free(s);
}

/* A query at the origin: every entry is 0, and the tables tell nothing. */
static void test_query_at_origin(void)
{
    scene *s = malloc(sizeof *s);
    set_up(s, ARB_METRIC_L2, 100, 5);
    memcpy(s->query, s->origin, 100 * sizeof(float));
    s->prepared = arb_fastscan_query_of(s->fastscan, s->query, s->tables);
    float least[BLOCKS * ARB_FASTSCAN_ROWS];
    uint32_t near[BLOCKS];
    arb_fastscan_near(s->fastscan, &s->prepared, 0, BLOCKS, (float)distance(s, s->centre), 0,
                      INFINITY, least, near);
    for (uint32_t row = 0; row < ROWS; row++) {
        double actual = distance(s, s->rows[row]);
        EXPECT(fabs((double)least[row] - actual) < 1e-3 * (1 + actual), "%u: %g for %g", row,
               (double)least[row], actual);
    }
    tear_down(s);
    free(s);
}

/* Slack takes from a row's distance so many times its f. */
static void test_slack(void)
{
    scene *s = malloc(sizeof *s);
    set_up(s, ARB_METRIC_COSINE, 420, 6);
    float plain[BLOCKS * ARB_FASTSCAN_ROWS];
    float less[BLOCKS * ARB_FASTSCAN_ROWS];
    uint32_t near[BLOCKS];
    arb_fastscan_near(s->fastscan, &s->prepared, 0, BLOCKS, 1, 0, 1, plain, near);
    arb_fastscan_near(s->fastscan, &s->prepared, 0, BLOCKS, 1, 0.5f, 1, less, near);
    for (uint32_t row = 0; row < ROWS; row++) {
        float f = arb_fastscan_f(s->fastscan, row);
        EXPECT(fabsf(plain[row] - 0.5f * f - less[row]) < 1e-3f, "%u: %g, %g less", row,
               (double)plain[row], (double)less[row]);
    }
    tear_down(s);
    free(s);
}

int main(void)
{
    const uint32_t dims[] = {1, 3, 17, 63, 64, 65, 100, 192, 193, 384, 1000, 1536, 4099};
    for (int metric = 0; metric < ARB_METRICS; metric++) {
        for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
            test_estimates((arb_metric)metric, dims[i]);
    }
    test_query_at_origin();
    test_slack();
    return report("fastscan_test");
}
