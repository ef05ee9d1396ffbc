/* recall_walk.h: a walk that is blind to one node and notes what each step needs; see recall.h. */
#ifndef ARB_GRAPH_RECALL_WALK_H
#define ARB_GRAPH_RECALL_WALK_H

#include "graph/converge.h"
#include "graph/recall_sample.h"

/* The breadth that such walks go on to. */
#define ARB_RECALL_EF_MAX 1024u

/* What a walk needs to come to one of its expansions. */
typedef struct arb_recall_need {
    float gap[ARB_RECALL_KS];
    float ef;
} arb_recall_need;

/* One walk after the other. Like walk.c it picks a candidate before it knows what the last
 * expansion brings: the extra ones are a tenth of a short walk's, and what they find counts. A pick
 * that turns out not to have been the nearest is one that a walk with a smaller gap leaves out and
 * is none the worse for: what it brings needs its gap, what comes later does not. */
typedef struct arb_blind_walk {
    const arb_graph *graph; /* this and the next three are the caller's to set */
    const arb_mask *mask;
    arb_searcher *searcher;
    float norm;
    float reach; /* the caller's: walks end once the usual k's gap must be larger */
    arb_query query;
    arb_candidate_array array; /* what was found */
    arb_converge converge[ARB_RECALL_KS];
    arb_recall_need need; /* so far */
    uint32_t pending;     /* last of the visits: scored and not offered yet */
    arb_recall_need
        *steps; /* an expansion each, and the visits made by its end: the caller frees */
    uint32_t *step_end;
    uint32_t step_count;
    uint32_t step_capacity;
    const arb_recall_query *wanted; /* sorted by node; NULL: whatever there is */
    uint32_t lacking;               /* of wanted */
} arb_blind_walk;

/* Walks for the query's row until all its truth, if it is not empty, is found, nothing nearer is
 * left, or it would reach too far. The searcher is inside the graph's epoch; its visits, of which
 * the first is the row itself, are left to be looked at and cleared. */
arb_status arb_blind_walk_run(arb_blind_walk *walk, const arb_recall_query *query);

/* What the visit of this number, at least 1, needed. */
arb_recall_need arb_blind_walk_need(const arb_blind_walk *walk, uint32_t visit);

/* For qsort and bsearch. */
int arb_recall_compare_nodes(const void *left, const void *right);

#endif
