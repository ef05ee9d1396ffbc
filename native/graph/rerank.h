/* rerank.h: from the candidates of a search, whose distances may be rounded, to its hits. */
#ifndef ARB_GRAPH_RERANK_H
#define ARB_GRAPH_RERANK_H

#include "graph/score.h"

/* How many of the best are reranked at most where the traversal's distances are rounded: rerank as
 * arb_query has it. */
uint32_t arb_rerank_breadth(uint32_t k, uint32_t rerank);

/* Drops the masked from searcher->found. */
void arb_keep_unmasked(arb_searcher *searcher, const arb_mask *mask);

/* How much farther than a row at this distance another may seem and still be nearer; see blur of
 * arb_query. */
float arb_blur_at(const arb_graph *graph, const arb_query *query, float distance);

/* The k nearest of searcher->found, which is sorted and holds no masked node, with their final
 * distances: always summed in FP32, by the kernel that exact search reports too. Of those that
 * rounding may have put behind the k-th, up to `most` candidates are looked at, for which the
 * searcher's results have room. */
void arb_rerank(const arb_graph *graph, const arb_searcher *searcher, const arb_query *query,
                uint32_t k, uint32_t most, arb_graph_query *answer);

#endif
