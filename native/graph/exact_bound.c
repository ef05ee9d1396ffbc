#include "graph/exact_bound.h"

#include <math.h>

#define UNIT 0x1p-24 /* of a rounding in FP32 */
/* A few of them: those of the kernel, and of what is computed here and rounded to float. */
#define ROUNDINGS (16 * UNIT)

/* Squares between these neither overflow nor lose components to underflow that would matter. */
#define SQUARE_MIN 1e-20f
#define SQUARE_MAX 1e30f

arb_exact_bound arb_exact_bound_of(arb_metric metric, uint32_t dim)
{
    return (arb_exact_bound){.metric = metric, .rounding = 2 * (dim + 8) * UNIT};
}

static int is_bounded(const arb_screen_facts *facts)
{
    return facts->square > SQUARE_MIN && facts->square < SQUARE_MAX;
}

static double norm_of(const arb_exact_bound *bound, const arb_screen_facts *facts)
{
    return sqrt((double)facts->square) * (1 + bound->rounding);
}

/* The errors of components were rounded before they were squared: by 2^-24 of what was taken off.
 */
static double error_of(const arb_exact_bound *bound, const arb_screen_facts *facts)
{
    return sqrt((double)facts->error_square) * (1 + bound->rounding) +
           4 * UNIT * norm_of(bound, facts);
}

arb_bound_query arb_bound_add_query(arb_exact_bound *bound, const arb_screen_facts *facts)
{
    if (!is_bounded(facts))
        return (arb_bound_query){.bounded = 0};
    double norm = sqrt((double)facts->square);
    double reach = norm_of(bound, facts), error = error_of(bound, facts);
    double scale = (double)facts->scale;
    if (bound->metric != ARB_METRIC_L2) { /* divided by the norm, which is itself off a little */
        reach = 1 + 2 * bound->rounding;
        error = error / norm * (1 + bound->rounding);
        scale /= norm;
    }
    bound->largest_norm = fmax(bound->largest_norm, reach);
    bound->largest_error = fmax(bound->largest_error, error);
    return (arb_bound_query){
        .square = (double)facts->square, .norm = norm, .scale = (float)scale, .bounded = 1};
}

float arb_bound_limit(const arb_exact_bound *bound, const arb_bound_query *query, float worst)
{
    if (!query->bounded || !(fabsf(worst) < SQUARE_MAX))
        return -INFINITY;
    double least, size;
    switch (bound->metric) {
    case ARB_METRIC_COSINE:
        least = 1 - (double)worst;
        size = 1 + fabs((double)worst);
        break;
    case ARB_METRIC_DOT:
        least = -(double)worst / query->norm;
        size = fabs(least) * (1 + bound->rounding / ROUNDINGS);
        break;
    case ARB_METRIC_L2:
        size = query->square + (double)worst;
        least = (query->square * (1 - bound->rounding) - (double)worst * (1 + bound->rounding)) / 2;
        break;
    default:
        return -INFINITY;
    }
    return (float)(least - ROUNDINGS * size);
}

void arb_bound_row(const arb_exact_bound *bound, const arb_screen_facts *facts, arb_screen_row *row)
{
    if (!is_bounded(facts)) {
        row->scale = 0;
        row->slack = INFINITY;
        return;
    }
    double norm = norm_of(bound, facts), error = error_of(bound, facts);
    double square = (double)facts->square, scale = (double)facts->scale;
    if (bound->metric == ARB_METRIC_COSINE) {
        double exact = sqrt(square);
        error = error / exact * (1 + bound->rounding);
        norm = 1 + 2 * bound->rounding;
        scale /= exact;
    }
    double coded = norm + error; /* |r'| at most */
    double slack = bound->largest_error * coded + bound->largest_norm * error +
                   ROUNDINGS * (bound->largest_norm + bound->largest_error) * coded;
    if (bound->metric == ARB_METRIC_L2)
        slack += ROUNDINGS * square - square / 2 * (1 - bound->rounding);
    else /* what the reported dot product, and under cosine its norms, are off by */
        slack += 3 * bound->rounding * norm;
    row->scale = (float)scale;
    row->slack = (float)slack;
}
