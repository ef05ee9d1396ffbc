/* code_scan.h: what scans over codes have in common. Rows come in batches: bits tell of most that
 * they are too far (sq1.h), codes order the others, the rows decide among the best. It costs a
 * cache line a row where an exact scan reads all of it, and may miss a row that an exact scan
 * finds, as a search of the graph may.
 *
 * How far bits are off it learns anew, from some of the rows (bit_errors.h). */
#ifndef ARB_GRAPH_CODE_SCAN_H
#define ARB_GRAPH_CODE_SCAN_H

#include "graph/bit_errors.h"
#include "graph/exact.h"
#include "graph/score.h"

typedef struct arb_code_scan {
    const arb_graph *graph;
    arb_searcher *searcher;
    arb_query *query;
    uint32_t k;
    uint32_t ef;      /* rows farther than the ef-th candidate are of no use */
    uint32_t breadth; /* candidates to keep in any case, for the rerank */
    float limit;      /* and all that the codes' noise may have put behind the ef-th */
    arb_bit_errors errors;
    float shift; /* of the query, if bits were never off */
} arb_code_scan;

/* A batch of rows, of which scored ones are moved to the front. */
typedef struct arb_scan_batch {
    uint32_t nodes[ARB_SCAN_BATCH_MAX];
    uint32_t count;
    uint32_t probes[64]; /* those that are learned from */
    uint32_t probe_count;
} arb_scan_batch;

/* Room for candidates; nothing is found yet. */
arb_status arb_code_scan_prepare(const arb_graph *graph, arb_searcher *searcher);

/* A scan for a query that arb_traversal_query prepared with this searcher. */
arb_code_scan arb_code_scan_begin(const arb_graph *graph, arb_searcher *searcher, arb_query *query,
                                  const arb_graph_options *options);

/* Scores a batch and keeps the nearest of it as candidates. */
void arb_code_scan_offer(arb_code_scan *scan, arb_scan_batch *batch);

/* Keeps the nearest of rows that were scored. */
void arb_code_scan_keep(arb_code_scan *scan, const uint32_t *nodes, const float *scored,
                        uint32_t count);

/* The distance of the n-th candidate by the codes, n > 0; INFINITY while there are fewer. */
float arb_code_scan_nth(const arb_code_scan *scan, uint32_t n);

#endif
