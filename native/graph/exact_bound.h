/* exact_bound.h: which rows the codes of a screening rule out, and why that is safe.
 *
 * A query q and a row r are coded by screen_code (kernels.h): q = q' + e, r = r' + f, where q' and
 * r' are what the codes stand for and |e|, |f| are known. The kernel knows q'r' exactly but for a
 * few roundings, and by Cauchy and Schwarz
 *
 *     |qr - q'r'| = |e r' + q f| <= |e| |r'| + |q| |f|
 *
 * A row is left out only where even with all of that in its favour it is farther than the k-th
 * nearest so far, as arb_exact_distance reports that: so whatever is left out is not among the
 * answers, and rows that are not left out are judged by arb_exact_distance itself.
 *
 *     dot      keeps a row where   q'r' + slack >= -worst
 *     cosine   the same of vectors divided by their norms, with 1 - worst
 *     l2       q'r' - |r|^2 / 2 + slack >= (|q|^2 - worst) / 2
 *
 * The kernel compares  scale_q * S * scale_r + slack_r  with limit_q, so the slack must be of the
 * row alone: |q| and |e| are taken from the worst query of a tile (dot and cosine: from queries
 * divided by their norms, so that |q| = 1).
 *
 * Roundings: sums of n terms in FP32 are off by a factor of at most 1 +- (n + 8) * 2^-24 whatever
 * their order; products of FP16 are exact and those of FP32 off by 2^-24 more. That bounds the
 * norms here, the error sums, and the reported distances, whose dot product is off by that much of
 * |q| |r|. The rest is a handful of roundings in the kernel. All are in the slack and the limits
 * with a factor of two or more to spare. */
#ifndef ARB_GRAPH_EXACT_BOUND_H
#define ARB_GRAPH_EXACT_BOUND_H

#include "arbalest/arbalest.h"
#include "kernels/kernels.h"

typedef struct arb_exact_bound {
    arb_metric metric;
    double rounding;      /* of a sum of dim terms */
    double largest_norm;  /* of the tile's queries, as far as the metric wants it */
    double largest_error; /* of their codes */
} arb_exact_bound;

/* A query of the tile. */
typedef struct arb_bound_query {
    double square;
    double norm;
    float scale; /* of its lane */
    int bounded; /* 0: so large or small that nothing is known, and its limit is always -INFINITY */
} arb_bound_query;

arb_exact_bound arb_exact_bound_of(arb_metric metric, uint32_t dim);

/* Takes a query into the bound; every query before the first row. */
arb_bound_query arb_bound_add_query(arb_exact_bound *bound, const arb_screen_facts *facts);

/* The limit of a query whose k-th nearest row has the distance `worst`. */
float arb_bound_limit(const arb_exact_bound *bound, const arb_bound_query *query, float worst);

/* Scale and slack of a row. */
void arb_bound_row(const arb_exact_bound *bound, const arb_screen_facts *facts,
                   arb_screen_row *row);

#endif
