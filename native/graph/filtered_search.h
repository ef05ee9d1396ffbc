/* filtered_search.h: search of level 0 over the nodes that match a filter. */
#ifndef ARB_GRAPH_FILTERED_SEARCH_H
#define ARB_GRAPH_FILTERED_SEARCH_H

#include "graph/graph_internal.h"
#include "graph/score.h"

/* Whether a scan of the matching rows would cost no more than such a search is likely to. */
int arb_filtered_is_futile(const arb_mask *mask, uint32_t ef);

/* Leaves the nearest matching nodes in searcher->found, ef of them at most; the mask has a filter.
 * searcher->found holds one node near the query to begin with, matching or not, and has room for
 * ef + 1. The query's bits are set to what is learned of them. Gives up, and leaves nothing, where
 * scanning the matching rows is the better way, or what it found cannot be all. */
arb_status arb_filtered_search(const arb_graph *graph, arb_searcher *searcher, arb_query *query,
                               uint32_t ef, const arb_mask *mask);

#endif
