/* search.c: searches of the whole graph, one or several at a time, and their final distances. */
#include <assert.h>
#include <math.h>

#include "graph/filtered_search.h"
#include "graph/fused.h"
#include "graph/rerank.h"
#include "graph/score.h"
#include "graph/walk.h"

/* Where estimates are noisy a search goes on for this part of ef more, and finds as much as one
 * over the rows: 100 components of words lose 0.4 points of recall@10 otherwise. */
#define NOISY_PART 12u
/* Matches that all lie far from the query are hard to find, and the breadth for a recall is that of
 * usual queries: so many times that breadth is searched with, and its work is so many times. */
#define OPPOSED_WIDER 2u
#define OPPOSED_WORK 4u

/* What all searches of a group have in common. */
typedef struct search {
    const arb_graph *graph;
    uint64_t entry;
    uint32_t ef;
    uint32_t k;
    const arb_mask *mask;
    const arb_gap *gap; /* NULL: walks end by ef */
    int through;        /* see arb_graph_options; the mask has a filter */
    const arb_first_try *first;
} search;

/* Over the codes beside the lists, if there are some. Returns 0 where the search is still to be
 * done, because there are none or because masked nodes left fewer than k. */
static int find_fused(const search *of, arb_searcher *searcher, arb_query *exact,
                      arb_status *status)
{
    const struct arb_fused *fused = atomic_load_explicit(&of->graph->fused, memory_order_acquire);
    uint32_t ef = of->ef;
    if (fused == NULL)
        return 0;
    if (fused->rerank > 1)
        ef += ef / NOISY_PART + 1;
    uint32_t breadth = arb_rerank_breadth(of->k, fused->rerank);
    breadth = breadth > ef ? breadth : ef;
    if (breadth > ARB_ARRAY_MAX)
        return 0;
    exact->rerank = fused->rerank;
    exact->blur = INFINITY;
    *status = arb_fused_search(of->graph, searcher, fused, exact, of->entry, ef, breadth, of->mask);
    if (*status == ARB_SEARCH_OVERFLOW) {
        *status = ARB_OK;
        return 0;
    }
    arb_keep_unmasked(searcher, of->mask);
    return *status != ARB_OK || searcher->found_count >= of->k || searcher->found_all;
}

/* A breadth for which an array is too slow: the walk only leads to where a wide search begins. */
static int walks_wide(const search *of)
{
    return of->ef > ARB_ARRAY_MAX;
}

/* With a gap, as far as it may lead. */
static uint32_t walk_ef(const search *of)
{
    if (of->gap == NULL || of->ef >= ARB_CONVERGE_EF_MAX)
        return of->ef;
    uint32_t wide = ARB_CONVERGE_WIDER * of->ef;
    return wide < ARB_CONVERGE_EF_MAX ? wide : ARB_CONVERGE_EF_MAX;
}

/* With a gap, when the query's search ends; of fixed breadth else. */
static arb_converge converge_of(const search *of, const arb_query *query, const arb_gap *gap)
{
    if (gap == NULL)
        return (arb_converge){0};
    return arb_converge_of(of->graph->scorer, query, of->k, *gap);
}

/* By the nodes that match, unless the walk was a first try and found enough. */
static arb_status search_through(const search *of, const arb_walk *walk, arb_query *query)
{
    arb_searcher *searcher = walk->searcher;
    uint32_t ef = of->ef;
    if (of->first != NULL) {
        if (walk->status == ARB_OK) {
            arb_keep_unmasked(searcher, of->mask);
            if (searcher->found_count >= of->k)
                return ARB_OK;
        }
        searcher->found_count = 0;
        if (arb_filtered_is_futile(of->mask, OPPOSED_WORK * of->ef))
            return ARB_OK;
        searcher->found[0] = walk->start;
        ef = OPPOSED_WIDER * of->ef;
    }
    arb_status status = arb_filtered_search(of->graph, searcher, query, ef, of->mask);
    arb_keep_unmasked(searcher, of->mask);
    return status;
}

/* Takes what a walk of the query found; where it is not enough, searches wide. */
static arb_status take_found(const search *of, const arb_walk *walk, arb_query *query)
{
    arb_searcher *searcher = walk->searcher;
    if (walk->status != ARB_OK && walk->status != ARB_SEARCH_OVERFLOW)
        return walk->status;
    if (of->through)
        return search_through(of, walk, query);
    if (walks_wide(of))
        return arb_search_wide(of->graph, searcher, walk->query, searcher->found[0], of->ef,
                               of->mask);
    arb_keep_unmasked(searcher, of->mask);
    if (walk->status == ARB_OK && (searcher->found_count >= of->k || searcher->found_all))
        return ARB_OK;
    return arb_search_wide(of->graph, searcher, walk->query, walk->start, of->ef, of->mask);
}

static arb_status prepare(const search *of, arb_searcher *searcher)
{
    uint32_t array_size = walks_wide(of) ? of->ef : 2 * ARB_ARRAY_MAX + of->graph->M0;
    arb_status status = arb_searcher_prepare(of->graph, searcher, array_size);
    if (status == ARB_OK)
        status = arb_heaps_grow(searcher, of->ef, ARB_RERANK_MAX * (3 * (size_t)of->k + 20));
    searcher->stats = (arb_search_stats){0};
    searcher->found_count = 0;
    return status;
}

/* Walks for the queries that are not answered over codes beside the lists. All searchers are inside
 * the graph. */
static arb_status find(const search *of, arb_searcher *const *searchers,
                       const arb_graph_query *queries, uint32_t count, arb_query *prepared)
{
    arb_walk walks[ARB_GROUP_MAX];
    arb_query *walked[ARB_GROUP_MAX];
    uint32_t walking = 0;
    arb_status status = ARB_OK;
    for (uint32_t i = 0; status == ARB_OK && i < count; i++) {
        const arb_scorer *scorer = of->graph->scorer;
        prepared[i] = arb_query_of(scorer, queries[i].row, queries[i].native);
        if (!of->through && find_fused(of, searchers[i], &prepared[i], &status))
            continue;
        prepared[i] = arb_traversal_query(scorer, searchers[i], queries[i].row, queries[i].native);
        walked[walking] = &prepared[i];
        walks[walking] = (arb_walk){
            .graph = of->graph, .searcher = searchers[i], .query = &prepared[i], .mask = of->mask};
        arb_walk *walk = &walks[walking++];
        /* to where another search begins */
        int leads_only = of->first == NULL && (of->through || walks_wide(of));
        if (leads_only) {
            arb_walk_from_entry(walk, of->entry, 1, 1);
        } else {
            walk->converge =
                converge_of(of, walk->query, of->first != NULL ? &of->first->gap : of->gap);
            walk->rows_most = of->first != NULL ? of->first->rows_most : 0;
            arb_walk_from_entry(walk, of->entry, 0, walk_ef(of));
        }
    }
    arb_walk_run(walks, walking);
    for (uint32_t i = 0; status == ARB_OK && i < walking; i++)
        status = take_found(of, &walks[i], walked[i]);
    return status;
}

arb_status arb_graph_search_group(const arb_graph *graph, arb_searcher *const *searchers,
                                  arb_graph_query *queries, uint32_t count,
                                  const arb_graph_options *options, arb_search_stats *stats)
{
    uint32_t k = options->k;
    assert(k > 0 && count <= ARB_GROUP_MAX);
    search of = {.graph = graph,
                 .ef = options->ef < k ? k : options->ef,
                 .k = k,
                 .mask = options->mask,
                 .gap = options->gap};
    of.through =
        options->through && of.mask != NULL && of.mask->matches != NULL && of.ef <= ARB_ARRAY_MAX;
    of.first = of.through ? options->first : NULL;
    if (of.through && arb_filtered_is_futile(of.mask, of.ef)) {
        for (uint32_t i = 0; i < count; i++)
            queries[i].count = 0;
        return ARB_OK;
    }
    arb_query prepared[ARB_GROUP_MAX];
    arb_status status = ARB_OK;
    for (uint32_t i = 0; status == ARB_OK && i < count; i++)
        status = prepare(&of, searchers[i]);
    if (status != ARB_OK)
        return status;
    for (uint32_t i = 0; i < count; i++)
        arb_epoch_enter(graph, searchers[i]);
    of.entry = atomic_load_explicit(&graph->entry, memory_order_acquire);
    if (of.entry != 0)
        status = find(&of, searchers, queries, count, prepared);
    for (uint32_t i = 0; i < count; i++)
        arb_epoch_leave(searchers[i]);
    for (uint32_t i = 0; status == ARB_OK && i < count; i++) {
        queries[i].count = 0;
        if (of.entry != 0)
            arb_rerank(graph, searchers[i], &prepared[i], k,
                       arb_rerank_breadth(k, prepared[i].rerank), &queries[i]);
        if (stats != NULL) {
            stats->visited += searchers[i]->stats.visited;
            stats->hops += searchers[i]->stats.hops;
        }
    }
    return status;
}

arb_status arb_graph_search(const arb_graph *graph, arb_searcher *searcher, const void *query,
                            int query_native, uint32_t ef, uint32_t k, const arb_mask *mask,
                            arb_hit *hits, uint32_t *count, arb_search_stats *stats)
{
    arb_graph_query one = {.row = query, .native = query_native, .hits = hits};
    arb_graph_options options = {.ef = ef, .k = k, .mask = mask};
    arb_status status = arb_graph_search_group(graph, &searcher, &one, 1, &options, stats);
    if (status == ARB_OK)
        *count = one.count;
    return status;
}
