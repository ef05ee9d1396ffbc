/* exact_batch.h: exact search of many queries at once.
 *
 * A tile of queries is coded into panels of 64 (kernels.h). Then rows go by in blocks that stay in
 * the cache while all panels of the tile pass: coded, screened against each panel, and those few
 * pairs of a query and a row that the screening cannot rule out (exact_bound.h) are judged by
 * arb_exact_distance. So the answers are those of arb_exact_scan with each row's exact distance,
 * and memory is read once for all queries.
 *
 *              panels of a tile:  64 queries | 64 queries | ...
 *   rows   block of up to 96        bits         bits
 *          the next one             ...
 */
#ifndef ARB_GRAPH_EXACT_BATCH_H
#define ARB_GRAPH_EXACT_BATCH_H

#include "graph/graph.h"

/* Fewer queries are faster one by one. */
#define ARB_EXACT_BATCH_MIN 8u

/* A query of a batch, and its answer. */
typedef struct arb_exact_query {
    const void *row; /* in the element type */
    arb_hit *hits;   /* room for k; the *count hits of it are extended, as in arb_exact_scan */
    uint32_t count;
} arb_exact_query;

/* How many queries with k hits each a tile takes at most: at least 1. Their hits take some MiB, the
 * batch's own memory some hundred KiB. */
uint32_t arb_exact_batch_max(const arb_scorer *scorer, uint32_t k);

/* What arb_exact_scan does, for `count` queries of a tile (1..arb_exact_batch_max), all of which
 * have as many hits, and k > 0. Fails only without memory; hits are then of no use. */
arb_status arb_exact_scan_batch(const arb_scorer *scorer, const arb_graph *graph,
                                arb_exact_query *queries, uint32_t count, uint32_t first,
                                uint32_t end, const arb_mask *mask, uint32_t k,
                                arb_search_stats *stats);

#endif
