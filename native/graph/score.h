/* score.h: distances as the traversal orders by: smaller is nearer. */
#ifndef ARB_GRAPH_SCORE_H
#define ARB_GRAPH_SCORE_H

#include "graph/graph_internal.h"

/* A query and the kernels of its traversal, looked up once. */
typedef struct arb_query {
    const void *vector;
    const arb_rows *rows;
    arb_distance kernel;
    int negated; /* the kernel's dot product grows with nearness */
    int rerank;  /* the kernel sums in FP16: final distances are computed anew */
} arb_query;

/* native = 0 keeps to the FP32-accumulating kernels; a row of the index may pass 1. */
arb_query arb_query_of(const arb_scorer *scorer, const void *vector, int native);

/* Distances from the query to `count` nodes; rows are prefetched some way ahead. */
void arb_score(const arb_query *query, const uint32_t *nodes, uint32_t count, float *distances);

static inline float arb_score_one(const arb_query *query, uint32_t node)
{
    float distance = query->kernel.one(query->vector, arb_row(query->rows, node), query->rows->dim);
    return query->negated ? -distance : distance;
}

#endif
