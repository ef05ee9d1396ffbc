/* walk.h: best-first search, cut where it would wait for memory.
 *
 * An expansion needs three things that lie anywhere, each found by the one before: the node's list,
 * the neighbors' bits (sq1.h), the codes of those that the bits do not tell to be too far. A walk
 * asks for one and goes on with what it asked for before: in each round
 *
 *   look    reads the list of the node that was picked, asks for the bits of its neighbors
 *   judge   scores the rows that were asked for in the last round; the nearer ones become
 * candidates aim     picks the nearest candidate, asks for its list; holds the neighbors' bits
 * against the farthest candidate, asks for the rows of those that may be nearer
 *
 * so a pick does not know yet what the last expansion brings. That costs a few expansions in a
 * hundred, which are not in vain: they are of the next best. Walks of several queries take turns, a
 * step each, and one's wait is the others' work. */
#ifndef ARB_GRAPH_WALK_H
#define ARB_GRAPH_WALK_H

#include "graph/candidate_array.h"
#include "graph/converge.h"
#include "graph/graph_internal.h"
#include "graph/score.h"

typedef struct arb_walk {
    const arb_graph *graph;
    arb_searcher *searcher; /* takes the candidates: found, found_count, found_all */
    const arb_query *query;
    const arb_mask *mask;
    uint32_t bottom;       /* the last level */
    uint32_t ef;           /* the breadth there; 1 above */
    arb_converge converge; /* whether it may end there before */
    uint64_t rows_most;    /* what it may look at; 0: any number */
    uint32_t level;
    uint64_t start; /* the candidate that the bottom level began with */
    arb_candidate_array array;
    uint64_t word;        /* of the node that was picked; 0: none */
    uint32_t fresh_count; /* the last of searcher->visits: neighbors whose bits were asked for */
    uint32_t near_count;  /* of searcher->near: nodes whose rows were asked for */
    int done;
    arb_status status; /* once done; ARB_SEARCH_OVERFLOW: masked nodes fill the array, or rows_most
                        * were looked at */
} arb_walk;

/* From the entry point down to level `bottom`, which is searched with breadth ef; with `bottom`
 * above the entry's level the entry alone is scored. Fields graph, searcher, query and mask are
 * set, and converge if the walk is to end by it. */
void arb_walk_from_entry(arb_walk *walk, uint64_t entry, uint32_t bottom, uint32_t ef);

/* On one level from the candidates in searcher->found, which are scored and sorted. */
void arb_walk_from_found(arb_walk *walk, uint32_t level, uint32_t ef);

/* All of them to their ends. */
void arb_walk_run(arb_walk *walks, uint32_t count);

#endif
