/* recall_lost.h: links that a row of the graph took from its neighbors, and that a query from
 * outside finds in place; see recall.h.
 *
 * A walk that is blind to a row r comes to its neighbors all the same, but their lists are not what
 * they would be without r. Two things are lost:
 *
 *   older nodes, that r linked to   A list that was full when r came was pruned to about half. Had
 *                                   it been another's turn, the list would be whole. What it lost
 *                                   mostly links to it still: the latest of those fill it up.
 *   newer nodes, that linked to r   They chose r rather than what lies behind it. They choose once
 *                                   more, without r and with its neighbors.
 *
 * Which is which, the order tells: nodes are numbered as they come, and links are appended until a
 * list is full, then sorted by distance. */
#ifndef ARB_GRAPH_RECALL_LOST_H
#define ARB_GRAPH_RECALL_LOST_H

#include "graph/graph_internal.h"
#include "graph/recall_sample.h"

/* Of pruned lists and the rows of the sample in them. */
typedef struct arb_lost_links {
    uint64_t *places; /* list << 32 | row, rising; `count` of them */
    uint32_t *links;  /* M0 a place: a ring of what links to the list's node and is not in it */
    uint32_t *ends;   /* a place: how many were put into its ring */
    uint32_t count;
} arb_lost_links;

/* Looks at all lists of nodes 0..rows-1 once. The caller is outside the graph, and releases *out in
 * any case. Inserts may run: what they change meanwhile is missed. */
arb_status arb_lost_links_find(const arb_graph *graph, arb_searcher *searcher, uint32_t rows,
                               const arb_recall_query *queries, uint32_t count,
                               arb_lost_links *out);
void arb_lost_links_release(arb_lost_links *lost);

/* Visits what the node's list, whose word is given, would have besides if `row` were not there, and
 * returns how many that are: the last of searcher->visits, which has room for M0. Nothing where the
 * row is not in the list. With those of the list itself they are no more than M0 + 1. The caller is
 * inside the graph's epoch. */
uint32_t arb_visit_lost(const arb_lost_links *lost, const arb_graph *graph, arb_searcher *searcher,
                        uint32_t node, uint64_t word, uint32_t row);

#endif
