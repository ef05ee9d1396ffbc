/* recall.h: how wide to search for a recall that is wanted, measured on the graph itself.
 *
 * Rows of the graph serve as queries. One that a search may find is no likeness of a query from
 * outside: it lies at its own place, and its neighbors were chosen for it. So its walk is blind to
 * it, and the rows are drawn from the latest, which have had the least part in how the others are
 * linked. What is left of it, links that gave way to theirs, makes them a little harder than
 * queries: at 0.95 those find up to 0.4 points more (bench/RESULTS.md). Rows that come in order of
 * topic are measured on the last topics.
 *
 * Each true neighbor tells with which gap (converge.h), or breadth ef, a walk would have found it.
 * How many of all are found with some gap is the recall that it brings, so a quantile of the needs
 * answers every target at once. Most of the sample serves for up to ten results; a part of it, by
 * walks that go as far as any would, for a hundred.
 */
#ifndef ARB_GRAPH_RECALL_H
#define ARB_GRAPH_RECALL_H

#include "graph/graph.h"

/* Numbers of results that are measured; what lies between is interpolated. */
#define ARB_RECALL_KS 3u
#define ARB_RECALL_K_MAX 100u
#define ARB_RECALL_USUAL 1u /* the place of the k that most of the sample serve for */
/* Targets that are kept. */
#define ARB_RECALL_TARGETS 9u

extern const uint32_t arb_recall_ks[ARB_RECALL_KS];
extern const float arb_recall_targets[ARB_RECALL_TARGETS];

/* By number of results and target; both rising with the target. Targets beyond what the walks found
 * follow from those before. */
typedef struct arb_recall_table {
    float norm; /* of a usual row; 1 but for dot products */
    float gap[ARB_RECALL_KS][ARB_RECALL_TARGETS];
    float ef[ARB_RECALL_KS][ARB_RECALL_TARGETS];
} arb_recall_table;

/* Measures over rows 0..rows-1 as they are linked and live now. *sampled is the number of rows that
 * served as queries, at most ARB_RECALL_SAMPLE_MAX; 0, with *out untouched, where there are too
 * few, or where the rows got other codes meanwhile. Exact answers come from one scan of all rows
 * for as many of the sample as ARB_RECALL_SCAN_COMPONENTS allow, but ARB_RECALL_SCANS_MIN of them;
 * for the others what a walk finds stands for all there is, less the part that it missed for the
 * former. mask has no filter, or is NULL. Inserts and searches go on. It took 2% to 4% of the
 * processor time of the builds of 100,000 to 400,000 rows, half of it for the scan; recall at 0.95
 * is then known to 0.25 points (standard error, k = 10), at 0.99 to 0.1. */
#define ARB_RECALL_SAMPLE_MAX 2048u
#define ARB_RECALL_SAMPLE_MIN 128u
#define ARB_RECALL_DEEP_MAX 256u /* those that serve for a hundred results */
#define ARB_RECALL_SCAN_COMPONENTS (1ull << 37)
#define ARB_RECALL_SCANS_MIN 64u
arb_status arb_graph_measure_recall(const arb_graph *graph, uint32_t rows, const arb_mask *mask,
                                    arb_recall_table *out, uint32_t *sampled);

#endif
