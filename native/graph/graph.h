/* graph.h: the HNSW graph over rows (Malkov & Yashunin, "Efficient and robust approximate nearest
 * neighbor search using Hierarchical Navigable Small World graphs", 2016).
 *
 * Inserts and searches run at the same time on any threads; neither takes a lock that the other
 * waits for. Every thread inside the graph works through an arb_searcher: its scratch memory and
 * its epoch. */
#ifndef ARB_GRAPH_GRAPH_H
#define ARB_GRAPH_GRAPH_H

#include <stdio.h>

#include "arbalest/arbalest.h"
#include "kernels/generated.h"
#include "vectors/codes.h"

typedef struct arb_graph arb_graph;
typedef struct arb_searcher arb_searcher;

/* How distances are computed: fixed for the life of the graph but for what the index switches as
 * rows come in: `native` goes off when a row arrives that FP16 sums cannot bear, `codes` come with
 * enough rows to make a grid from and are replaced by better ones, `generated` comes and goes with
 * calibrations. Whoever replaces one of these keeps the old one until arb_graph_wait_grace() has
 * returned. */
typedef struct arb_scorer {
    const arb_rows *rows;
    arb_row_form form;  /* of the rows */
    _Atomic int native; /* traversal may use kernels->native; returned distances never do */
    _Atomic(const arb_codes *) codes; /* traversal goes over these; NULL: over the rows */
    /* Traversal runs this in the place of the kernel and at the dimension that it was made for;
     * NULL or made for others: the set's own. */
    _Atomic(const arb_generated *) generated;
} arb_scorer;

typedef struct arb_hit {
    float distance; /* as the ABI gives it: squared L2, 1 - cosine, -dot; summed in FP32 */
    uint32_t node;
} arb_hit;

/* For qsort: nearest first, ties by node. */
int arb_hit_compare(const void *left, const void *right);

/* Deleted rows: one bit a node, 1 = deleted. Words are reserved for every node the graph can hold.
 */
typedef const _Atomic uint64_t *arb_deleted_bits;

/* deleted may be NULL: nothing is. Acquire: whoever sees a row deleted because its id got a new row
 * also sees that new row published. */
static inline int arb_is_deleted(arb_deleted_bits deleted, uint32_t node)
{
    return deleted != NULL &&
           ((atomic_load_explicit(&deleted[node / 64], memory_order_acquire) >> (node % 64)) & 1);
}

/* Rows that a search must not return: the deleted and, where there is a filter, those that do not
 * match it. Bits of `matches` do not change during a search; those of `deleted` may, and are looked
 * at in any case. */
typedef struct arb_mask {
    arb_deleted_bits deleted; /* NULL: nothing is */
    const uint64_t *matches;  /* one bit a node, 1 = matches, 0 behind `end`; NULL: all match */
    uint32_t end;             /* nodes from here on do not match */
    uint64_t count;           /* about how many match; ARB_MASK_UNCOUNTED: no search gives up */
} arb_mask;

#define ARB_MASK_UNCOUNTED UINT64_MAX

/* Whether the node's row matches the mask's filter, deleted or not. */
static inline int arb_matches(const arb_mask *mask, uint32_t node)
{
    return mask->matches == NULL ||
           (node < mask->end && (mask->matches[node / 64] >> (node % 64) & 1));
}

/* mask may be NULL: nothing is masked. */
static inline int arb_is_masked(const arb_mask *mask, uint32_t node)
{
    return mask != NULL && (!arb_matches(mask, node) || arb_is_deleted(mask->deleted, node));
}

arb_status arb_graph_create(const arb_scorer *scorer, uint32_t M, uint32_t ef_construction,
                            uint64_t seed, arb_graph **out);
void arb_graph_destroy(arb_graph *graph);

/* A searcher serves one thread at a time; the graph keeps a pool. acquire never waits for another
 * thread's work; NULL only without memory. */
arb_searcher *arb_searcher_acquire(const arb_graph *graph);
void arb_searcher_release(const arb_graph *graph, arb_searcher *searcher);

/* Memory for `count` words (at least one) that the caller may use until it releases the searcher or
 * asks again; undefined at first. The graph leaves it alone. NULL without memory. */
uint64_t *arb_searcher_words(arb_searcher *searcher, size_t count);

/* Links a node whose row is written. Any number of threads, different nodes. */
arb_status arb_graph_insert(arb_graph *graph, arb_searcher *searcher, uint32_t node);

/* Whether the node was linked (its insert has returned). Safe beside inserts. */
int arb_graph_is_linked(const arb_graph *graph, uint32_t node);

/* The k nearest linked nodes that are not masked; query is one row in the element type.
 * query_native = 0 keeps the traversal from native FP16 arithmetic: for a query outside the range
 * that it is safe for. hits has room for k and comes back nearest first; count < k only when fewer
 * linked rows are not masked. The search goes on past ef until it has k hits. stats (may be NULL)
 * are added to.
 *
 * A node may be found a moment before arb_graph_is_linked() says so. To miss none and return none
 * twice, scan the rows that are not linked first, search the graph afterwards, and drop the
 * duplicates. */
arb_status arb_graph_search(const arb_graph *graph, arb_searcher *searcher, const void *query,
                            int query_native, uint32_t ef, uint32_t k, const arb_mask *mask,
                            arb_hit *hits, uint32_t *count, arb_search_stats *stats);

/* A query of a group, and its answer. */
typedef struct arb_graph_query {
    const void *row;
    int native;
    arb_hit *hits;
    uint32_t count;
} arb_graph_query;

/* So many queries take turns at most; more would only push each other's rows out of the cache. */
#define ARB_GROUP_MAX 4u

/* When a search ends before ef: see converge.h. */
typedef struct arb_gap {
    float gap;  /* at least 0 */
    float norm; /* of a usual row; dot products only */
    float rise; /* a gap of gap + rise * ln(r / k) where the k-th that may be returned is the r-th
                 * of all; 0: the same wherever it is */
    float rank_most; /* no r beyond this counts */
} arb_gap;

/* The first try of a search by the nodes that match: as without a filter, past all nodes, ended by
 * a gap. */
typedef struct arb_first_try {
    arb_gap gap;
    uint32_t rows_most; /* once it has looked at so many it gives up */
} arb_first_try;

/* What all queries of a group ask for. */
typedef struct arb_graph_options {
    uint32_t ef; /* with a gap: for the part of a search that knows none, fused or very wide */
    uint32_t k;
    const arb_mask *mask; /* may be NULL */
    const arb_gap *gap;   /* may be NULL */
    /* 1: by the nodes that match, past the others (filtered_search.h). Hits may then be fewer than
     * k although more nodes match: it is for the caller to scan them. */
    int through;
    const arb_first_try *first; /* of such a search; may be NULL */
} arb_graph_options;

/* The same for several queries at once, each with a searcher of its own: one thread answers them
 * step by step in turn, so that the memory that one waits for comes in while the others are looked
 * at. After a failure no answer is of use. */
arb_status arb_graph_search_group(const arb_graph *graph, arb_searcher *const *searchers,
                                  arb_graph_query *queries, uint32_t count,
                                  const arb_graph_options *options, arb_search_stats *stats);

/* Whether freezes to come put four-bit codes of the neighbors beside each list, over which searches
 * then go (fused.h). Called before the graph is used by any other thread. */
void arb_graph_set_fused(arb_graph *graph, int fuse);

/* Packs all lists anew, and fuses them if asked to and the rows have codes that are good enough. */
arb_status arb_graph_freeze(arb_graph *graph);

/* What a calibration measured: times of the set's own kernel over times of the generated one, taken
 * in pairs. */
typedef struct arb_generated_timing {
    float median;
    float median_at_least; /* the lower end of its 95% confidence interval */
} arb_generated_timing;

/* The traversal's distance generated for the scorer's job as it is now, and how many times as long
 * the set's own kernel takes for the same: measured on rows 0..rows-1 (at least one, all written),
 * drawn at random and prefetched as a search does it, for a few milliseconds. NULL where nothing
 * can be generated. The caller destroys it. Searches and inserts may run: they disturb the
 * measurement alone. */
arb_generated *arb_graph_calibrate(const arb_graph *graph, uint32_t rows,
                                   arb_generated_timing *timing);

/* Returns when whatever was unpublished before the call can be seen by no search and no insert. */
void arb_graph_wait_grace(const arb_graph *graph);

/* Counts faults over nodes 0..nodes-1; unlinked nodes are skipped. */
arb_status arb_graph_validate(const arb_graph *graph, uint32_t nodes, arb_index_report *out);

/* Serialised form of the graph over nodes 0..nodes-1 (links to later nodes are left out): `write`
 * is called with consecutive pieces. Inserts and searches may run. */
typedef arb_status (*arb_write_fn)(void *context, const void *bytes, size_t size);
arb_status arb_graph_write(const arb_graph *graph, uint32_t nodes, arb_write_fn write,
                           void *context);
/* The CSR base is used in place: `mapped` must outlive the graph. Bounds are checked. */
arb_status arb_graph_open(const arb_scorer *scorer, const void *mapped, size_t size, uint32_t nodes,
                          arb_graph **out);

typedef struct arb_graph_stats {
    uint64_t bytes;
    uint64_t overlay_lists;
    int fused; /* the base has codes beside its lists */
    uint32_t M;
    uint32_t ef_construction;
    uint32_t level_max;
} arb_graph_stats;
arb_status arb_graph_get_stats(const arb_graph *graph, arb_graph_stats *out);

/* The distance of the ABI between a query and a row, summed in FP32. */
float arb_exact_distance(const arb_scorer *scorer, const void *query, uint32_t node);

/* The k nearest of nodes first..end-1 that are not masked, linked or not, by their codes and then
 * by their rows: of the options, ef is how many candidates are kept. Costs far less a node than
 * arb_exact_scan and may miss what that finds; hits are fewer than k only when fewer nodes are not
 * masked, or are deleted meanwhile. Breadths beyond ARB_CODE_SCAN_MAX are for arb_exact_scan. */
#define ARB_CODE_SCAN_MAX 4096u
arb_status arb_scan_codes(const arb_graph *graph, arb_searcher *searcher, uint32_t first,
                          uint32_t end, const arb_graph_options *options, arb_graph_query *query,
                          arb_search_stats *stats);

/* Keeps the k nearest nodes of first..end-1 that are not masked in hits (a max-heap or sorted array
 * of *count hits that the call extends), four rows a kernel call: for exact search and for rows not
 * linked yet. Nodes for which skip_linked is 1 and the graph has a link are passed over. */
void arb_exact_scan(const arb_scorer *scorer, const arb_graph *graph, const void *query,
                    uint32_t first, uint32_t end, int skip_linked, const arb_mask *mask, uint32_t k,
                    arb_hit *hits, uint32_t *count, arb_search_stats *stats);

#endif
