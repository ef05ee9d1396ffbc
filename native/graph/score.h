/* score.h: distances as the traversal orders by: smaller is nearer. */
#ifndef ARB_GRAPH_SCORE_H
#define ARB_GRAPH_SCORE_H

#include "graph/graph_internal.h"

#define ARB_RERANK_MAX 2u

/* A query and the kernels of its traversal, looked up once. Its distances order rows; what they
 * are in is the kernel's own business: compare them with distances of the same query only. */
typedef struct arb_query {
    const void *row;      /* as given: a row in the element type */
    const void *vector;   /* what the kernel takes: the row, or its code */
    const arb_rows *rows; /* what it is compared with: rows, or their codes */
    uint32_t dim;         /* for the kernel: that of the rows; of codes their stride */
    arb_distance kernel;
    int negated; /* the kernel's dot product grows with nearness */
    /* The kernel rounds, and final distances are computed anew: 1 for max(3k, k+20) rows at most, 2
     * for twice as many, up to ARB_RERANK_MAX. 0: it does not. */
    uint32_t rerank;
    float blur; /* see arb_codes_query; INFINITY: not known */
    /* The distance is zero + unit times what this query orders by. */
    float zero;
    float unit;
    /* Over codes only: */
    const arb_sq1 *sq1; /* where they have bits, which bound the distance from below */
    arb_sq1_query bits;
} arb_query;

/* Compares with rows. native = 0 keeps to the FP32-accumulating kernels; a row of the index may
 * pass 1. */
arb_query arb_query_of(const arb_scorer *scorer, const void *row, int native);

/* Compares with codes where there are some, else with rows. The caller is inside the graph's epoch
 * and stays there while the query is used. */
arb_query arb_traversal_query(const arb_scorer *scorer, arb_searcher *searcher, const void *row,
                              int native);

/* The same by the set's own kernels, whatever was generated. */
arb_query arb_written_traversal_query(const arb_scorer *scorer, arb_searcher *searcher,
                                      const void *row, int native);

/* Distances from the query to `count` nodes whose rows are on their way. */
void arb_score_fetched(const arb_query *query, const uint32_t *nodes, uint32_t count,
                       float *distances);

/* The same for rows that arb_fetch_rows asked for. `rows` and `distances` have room for
 * ARB_SCORE_PAD more, which are written. */
#define ARB_SCORE_PAD 2u
void arb_score_rows(const arb_query *query, const void **rows, uint32_t count, float *distances);

/* The same; rows are prefetched some way ahead. */
void arb_score(const arb_query *query, const uint32_t *nodes, uint32_t count, float *distances);

/* Into the second-level cache: more lines can be on their way there than to the first, which has a
 * dozen buffers for two or three rows' worth. */
static inline void arb_prefetch_row(const arb_rows *rows, uint32_t node)
{
    const char *row = arb_row(rows, node);
    for (size_t offset = 0; offset < rows->stride; offset += ARB_ROW_ALIGNMENT)
        __builtin_prefetch(row + offset, 0, 2);
}

/* Asks for `count` rows in the same way and tells where they lie, so that whoever reads them need
 * not find them once more. */
static inline void arb_fetch_rows(const arb_rows *rows, const uint32_t *nodes, uint32_t count,
                                  const void **fetched)
{
    /* none of it changes here, which a compiler cannot know */
    uint8_t *const *slabs = rows->slabs;
    size_t stride = rows->stride;
    uint32_t shift = rows->slab_shift;
    uint32_t mask = rows->slab_mask;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *row = slabs[nodes[i] >> shift] + (size_t)(nodes[i] & mask) * stride;
        fetched[i] = row;
        for (size_t offset = 0; offset < stride; offset += ARB_ROW_ALIGNMENT)
            __builtin_prefetch(row + offset, 0, 2);
    }
}

/* The distance that one of the query's stands for, where it is known: see zero and unit. */
static inline float arb_scored_distance(const arb_query *query, float scored)
{
    return query->zero + query->unit * scored;
}

static inline float arb_score_one(const arb_query *query, uint32_t node)
{
    float distance = query->kernel.one(query->vector, arb_row(query->rows, node), query->dim);
    return query->negated ? -distance : distance;
}

#endif
