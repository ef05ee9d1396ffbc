/* converge.h: when a walk has found what it is after.
 *
 * With a fixed breadth ef a walk ends once its nearest candidate is farther than the ef-th best.
 * That spends as much on a query whose neighbors lie close together, ahead of all others, as on one
 * in a crowd. Al-Jazzazi et al., "Distance Adaptive Beam Search for Provably Accurate Graph-Based
 * Nearest Neighbor Search" (2025), end it by distance instead:
 *
 *   nearest candidate  >  d(k) + gap * d(k)         d(k): the k-th best that may be returned
 *
 * One number, which is measured for each index (recall.h). Beside it, patience (so many
 * expansions that did not improve the k best, as Teofili and Lin 2025 have it) was of little use
 * on the sets that were tried: bench/RESULTS.md. What is farther is no use as a candidate either:
 * so the array that holds them stays short, and bits and codes of most rows tell that they need no
 * second look.
 *
 * d(k) counts from zero, which cosine and L2 have. Of dot products it is taken from -|q| * norm,
 * the product with a row of usual length in the query's direction. */
#ifndef ARB_GRAPH_CONVERGE_H
#define ARB_GRAPH_CONVERGE_H

#include "graph/candidate_array.h"
#include "graph/score.h"

/* However far off the limit is, a walk holds no more candidates than so many times those of the
 * fixed breadth for the same recall, and no more than ARB_CONVERGE_EF_MAX unless that does. */
#define ARB_CONVERGE_WIDER 4u
#define ARB_CONVERGE_EF_MAX 2048u

/* Where fewer are asked for, d(k) is that of so many: the very nearest tells little about the rest.
 */
#define ARB_CONVERGE_K_MIN 10u

typedef struct arb_converge {
    uint32_t k;    /* as above, at least ARB_CONVERGE_K_MIN; 0: the breadth is fixed */
    uint32_t keep; /* at least k: so many are kept however far they are, to be reranked */
    arb_gap gap;
    float origin;   /* what to add to a scored distance to have it from zero */
    float floor;    /* d(k) is hardly told from zero below */
    uint32_t kth;   /* place of the k-th live candidate; of no meaning while there are fewer */
    uint64_t limit; /* no candidate beyond it is expanded */
} arb_converge;

/* For a query, with k and gap. */
arb_converge arb_converge_of(const arb_scorer *scorer, const arb_query *query, uint32_t k,
                             arb_gap gap);

/* Finds the k-th of an array that was filled otherwise; without a mask it stays where it is. */
void arb_converge_begin(arb_converge *converge, const arb_candidate_array *array,
                        const arb_mask *mask);

/* After a candidate came to `place`; array->live counts it if it is live. Of no use without a mask.
 */
void arb_converge_add(arb_converge *converge, const arb_candidate_array *array, uint32_t place,
                      const arb_mask *mask);

/* Moves the limit to the k-th as it is, and drops what lies beyond. */
void arb_converge_trim(arb_converge *converge, arb_candidate_array *array, const arb_mask *mask);

/* The gap with which a walk whose k-th best is that far still expands the candidate. */
static inline float arb_converge_needed(const arb_converge *converge, float kth, float candidate)
{
    float scale = kth + converge->origin;
    return (candidate - kth) / (scale > converge->floor ? scale : converge->floor);
}

/* What is farther is neither expanded nor returned. */
static inline uint64_t arb_converge_cutoff(const arb_converge *converge,
                                           const arb_candidate_array *array)
{
    if (array->live < converge->keep || array->count == 0)
        return UINT64_MAX;
    uint64_t last = array->sorted[array->count - 1];
    return array->live == converge->keep && last > converge->limit ? last : converge->limit;
}

#endif
