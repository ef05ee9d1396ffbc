/* fastscan_test.c: what blocks of rows tell of distances, against its definition in double and
 * against the distances themselves, for every number of bits a component; and the grids of bias
 * and f. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph_support.h"
#include "testing.h"
#include "vectors/fastscan.h"

#define ROWS 80u /* two blocks and a half */
#define BLOCKS 3u
#define AT_CENTRE 7u /* of rows of an even number of components */

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

/* What a row's place is to tell but for the rounding of tables and of terms to their grids, by the
 * definition of the codes: constant + bias - f * off. */
typedef struct estimate {
    double bias;
    double f;
    double off;
    double weight; /* what a unit of d.v counts */
} estimate;

static double dot_of(const float *a, const float *b, uint32_t dim)
{
    double sum = 0;
    for (uint32_t i = 0; i < dim; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* Writes so many rows from one on, each at the place of its number. */
static void lay_down(scene *s, uint32_t first, uint32_t count)
{
    CHECK_OK(arb_fastscan_create(&s->form, s->origin, BLOCKS, &s->fastscan));
    for (uint32_t row = first; row < first + count; row++)
        arb_fastscan_encode(s->fastscan, row, s->centre, s->rows[row]);
    arb_fastscan_finish(s->fastscan);
    s->prepared = arb_fastscan_query_of(s->fastscan, s->query, s->tables);
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
    if (dim % 2 == 0) /* no deviation to code, an f of 0; in the others the least is not 0 */
        memcpy(s->rows[AT_CENTRE], s->centre, dim * sizeof(float));
    s->tables = aligned_alloc(ARB_FASTSCAN_TABLES_BYTES, arb_fastscan_tables_bytes(dim));
    lay_down(s, 0, ROWS);
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

static estimate defined(const scene *s, const float *row)
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
    if (s->form.metric != ARB_METRIC_L2)
        return (estimate){.bias = -rest, .f = f, .off = seen, .weight = f};
    double centre_rest = dot_of(s->centre, row, dim) - dot_of(s->centre, s->centre, dim);
    return (estimate){
        .bias = squares + 2 * (centre_rest - rest), .f = f, .off = 2 * seen, .weight = 2 * f};
}

/* What the rounding of all entries adds up to at most, in d.v: half a unit each, and a unit is two
 * of d.v; and as much again for floats. */
static double rounding(const scene *s)
{
    double unit = (double)s->prepared.factor / (s->form.metric == ARB_METRIC_L2 ? 4 : 2);
    return 2.0 * unit * 4 * s->fastscan->pieces;
}

/* The codes of bias, or of f, of a block's rows. */
static uint8_t code_at(const scene *s, uint32_t place, uint32_t first)
{
    const uint8_t *block =
        s->fastscan->blocks + place / ARB_FASTSCAN_ROWS * s->fastscan->block_bytes;
    return block[first + place % ARB_FASTSCAN_ROWS];
}

static void expect_grid(const arb_fastscan_grid *grid, double least, double greatest,
                        const char *what, uint32_t dim)
{
    double allowed = 1e-5 * (greatest - least) + 1e-5 * (fabs(least) + fabs(greatest)) + 1e-6;
    double last = (double)grid->first + 255 * (double)grid->step;
    EXPECT(fabs((double)grid->first - least) <= allowed && fabs(last - greatest) <= allowed,
           "%u components: %s from %g to %g, wanted %g to %g", dim, what, (double)grid->first, last,
           least, greatest);
}

/* Grids reach from the least to the greatest of the rows that were written; each row has the next
 * of their values, below its bias and above its f. */
static void test_grids(arb_metric metric, uint32_t dim)
{
    scene *s = malloc(sizeof *s);
    set_up(s, metric, dim, 1000 * dim + metric);
    const arb_fastscan_grid *bias = &s->fastscan->bias;
    const arb_fastscan_grid *f = &s->fastscan->f;
    estimate least = {.bias = INFINITY, .f = INFINITY};
    estimate greatest = {.bias = -INFINITY, .f = -INFINITY};
    for (uint32_t row = 0; row < ROWS; row++) {
        estimate of = defined(s, s->rows[row]);
        least.bias = fmin(least.bias, of.bias);
        least.f = fmin(least.f, of.f);
        greatest.bias = fmax(greatest.bias, of.bias);
        greatest.f = fmax(greatest.f, of.f);
    }
    expect_grid(bias, least.bias, greatest.bias, "bias", dim);
    expect_grid(f, least.f, greatest.f, "f", dim);
    for (uint32_t place = 0; place < BLOCKS * ARB_FASTSCAN_ROWS; place++) {
        uint8_t bias_code = code_at(s, place, 0);
        if (place >= ROWS) {
            EXPECT(bias_code == 255, "no row at %u, whose bias has the code %u", place, bias_code);
            continue;
        }
        estimate of = defined(s, s->rows[place]);
        double bias_off = (double)bias->first + (double)bias->step * bias_code - of.bias;
        double f_off = (double)arb_fastscan_f(s->fastscan, place) - of.f;
        double bias_exact = 0.001 * (double)bias->step + 1e-6 * (1 + fabs(of.bias));
        double f_exact = 0.001 * (double)f->step + 1e-6 * (1 + of.f);
        EXPECT(bias_off >= -(double)bias->step - bias_exact && bias_off <= bias_exact,
               "%u components: the bias of %u, %g, is off by %g", dim, place, of.bias, bias_off);
        EXPECT(f_off >= -f_exact && f_off <= (double)f->step + f_exact,
               "%u components: the f of %u, %g, is off by %g", dim, place, of.f, f_off);
    }
    float f_there = arb_fastscan_f(s->fastscan, AT_CENTRE);
    EXPECT((f_there == 0) == (dim % 2 == 0), "%u components: f of %u is %g", dim, AT_CENTRE,
           (double)f_there);
    tear_down(s);
    free(s);
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
            continue;
        }
        estimate of = defined(s, s->rows[place]);
        double wanted = (double)constant + of.bias - of.f * of.off;
        double grids = (double)s->fastscan->bias.step + (double)s->fastscan->f.step * fabs(of.off);
        double allowed = of.weight * rounding(s) + grids + 1e-4 * (1 + fabs(wanted));
        EXPECT(fabs((double)least[place] - wanted) <= allowed, "%u of %u: %g for %g, allowed %g",
               place, dim, (double)least[place], wanted, allowed);
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
        double allowed = (double)s->fastscan->bias.step + 1e-3 * (1 + actual);
        EXPECT(fabs((double)least[row] - actual) < allowed, "%u: %g for %g", row,
               (double)least[row], actual);
    }
    tear_down(s);
    free(s);
}

/* A row alone, and none: grids of one value, or of nothing. */
static void test_few_rows(void)
{
    scene *s = malloc(sizeof *s);
    set_up(s, ARB_METRIC_L2, 100, 7);
    arb_fastscan_destroy(s->fastscan);
    lay_down(s, 40, 1);
    estimate of = defined(s, s->rows[40]);
    float least[BLOCKS * ARB_FASTSCAN_ROWS];
    uint32_t near[BLOCKS];
    float constant = (float)distance(s, s->centre);
    double wanted = (double)constant + of.bias - of.f * of.off;
    arb_fastscan_near(s->fastscan, &s->prepared, 0, BLOCKS, constant, 0, INFINITY, least, near);
    EXPECT(fabs((double)arb_fastscan_f(s->fastscan, 40) - of.f) < 1e-5 * of.f, "f of one row");
    EXPECT(fabs((double)least[40] - wanted) <= of.weight * rounding(s) + 1e-4 * (1 + fabs(wanted)),
           "one row: %g for %g", (double)least[40], wanted);
    for (uint32_t place = 0; place < BLOCKS * ARB_FASTSCAN_ROWS; place++)
        EXPECT(code_at(s, place, 0) == (place == 40 ? 0 : 255), "the code of %u is %u", place,
               code_at(s, place, 0));
    arb_fastscan_destroy(s->fastscan);
    lay_down(s, 0, 0);
    EXPECT(s->fastscan->bias.step == 0 && s->fastscan->f.step == 0, "steps of no rows");
    EXPECT(arb_fastscan_f(s->fastscan, 0) == 0, "f of no row");
    tear_down(s);
    free(s);
}

/* A row that no float can tell the length of keeps nobody else from a grid. */
static void test_overflow(void)
{
    scene *s = malloc(sizeof *s);
    set_up(s, ARB_METRIC_L2, 100, 8);
    arb_fastscan_grid bias = s->fastscan->bias;
    arb_fastscan_destroy(s->fastscan);
    for (uint32_t i = 0; i < 100; i++)
        s->rows[79][i] = i % 2 == 0 ? 3e38f : -3e38f;
    lay_down(s, 0, ROWS);
    double off = (double)s->fastscan->bias.step - (double)bias.step;
    EXPECT(fabs(off) < 0.2 * (double)bias.step, "a step of %g, wanted about %g",
           (double)s->fastscan->bias.step, (double)bias.step);
    tear_down(s);
    free(s);
}

/* Slack takes from a row's distance so many times its f. */
static void test_slack(void)
{
    scene *s = malloc(sizeof *s);
    set_up(s, ARB_METRIC_COSINE, 421, 6);
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
        for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
            test_grids((arb_metric)metric, dims[i]);
    }
    test_query_at_origin();
    test_few_rows();
    test_overflow();
    test_slack();
    return report("fastscan_test");
}
