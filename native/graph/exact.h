/* exact.h: what scans of rows have in common: which rows are left, and the k nearest so far. */
#ifndef ARB_GRAPH_EXACT_H
#define ARB_GRAPH_EXACT_H

#include <math.h>

#include "graph/graph.h"

/* Nodes that are looked at between two looks at the bitsets: the wait for the first of their rows,
 * which nobody asked for ahead, is a small part of theirs. */
#define ARB_SCAN_BATCH 256u
/* The last word may bring 63 more, and is listed four at a time. */
#define ARB_SCAN_BATCH_MAX (ARB_SCAN_BATCH + 63 + 3)

/* The nodes that a scan still has to look at, a word of the bitsets at a time. */
typedef struct arb_unscanned {
    const arb_graph *graph;
    const arb_mask *mask; /* may be NULL */
    uint32_t first;
    uint32_t end;
    int skip_linked;
    uint64_t word; /* the next one; first / 64 to begin with */
} arb_unscanned;

/* About `batch` of them, at most ARB_SCAN_BATCH, and at most 63 more, ascending; 0 at the end.
 * nodes has room for ARB_SCAN_BATCH_MAX. */
uint32_t arb_next_unscanned(arb_unscanned *of, uint32_t batch, uint32_t *nodes);

/* Nearest first, ties by node. */
static inline int arb_is_nearer(arb_hit a, arb_hit b)
{
    return a.distance != b.distance ? a.distance < b.distance : a.node < b.node;
}

/* Makes a heap of hits, its top the farthest. */
void arb_hits_heapify(arb_hit *hits, uint32_t count);

/* Keeps the k nearest (k > 0) in a heap of *count hits. A distance that is no number, which float32
 * data can overflow to, counts as infinite. */
void arb_hits_offer(arb_hit *heap, uint32_t *count, uint32_t k, arb_hit hit);

#endif
