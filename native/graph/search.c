/* search.c: descent through the upper levels and best-first search of one level. */
#include <assert.h>
#include <stdlib.h>

#include "graph/candidate_array.h"
#include "graph/fused.h"
#include "graph/score.h"
#include "graph/visit.h"

/* Where estimates are noisy a search goes on for this part of ef more, and finds as much as one
 * over the rows: 100 components of words lose 0.4 points of recall@10 otherwise. */
#define NOISY_PART 12u
/* Rows that are on their way while one is reranked. */
#define RERANK_AHEAD 4u

uint64_t arb_descend(const arb_graph *graph, arb_searcher *searcher, const arb_query *query,
                     uint64_t entry, uint32_t target)
{
    uint32_t node = arb_entry_node(entry);
    uint64_t best = arb_candidate(arb_score_one(query, node), node);
    searcher->stats.visited++;
    for (uint32_t level = arb_entry_level(entry); level > target; level--) {
        uint64_t from = 0;
        while (from != best) {
            from = best;
            uint64_t word = atomic_load_explicit(
                arb_word_at(graph, arb_candidate_node(from), level), memory_order_acquire);
            const uint32_t *list = arb_word_list(word);
            uint32_t length = arb_word_length(word);
            for (uint32_t i = 0; i < length; i++)
                searcher->fresh[i] = list[i] & ARB_NODE_MASK;
            arb_score(query, searcher->fresh, length, searcher->distances);
            searcher->stats.visited += length;
            for (uint32_t i = 0; i < length; i++) {
                uint64_t candidate = arb_candidate(searcher->distances[i], searcher->fresh[i]);
                best = candidate < best ? candidate : best;
            }
        }
    }
    return best;
}

/* The next expansion would wait for two misses in a row, the word and then its list. The nearest
 * unexpanded candidate is a good guess at it: its word is asked for before the distances of this
 * expansion are computed, its list after them. */
static arb_word *guess_next(const arb_graph *graph, const arb_candidate_array *array,
                            uint32_t level)
{
    for (uint32_t i = array->cursor; i < array->count; i++) {
        if (array->sorted[i] & ARB_CANDIDATE_FLAG)
            continue;
        arb_word *word = arb_word_at(graph, arb_candidate_node(array->sorted[i]), level);
        __builtin_prefetch((const void *)word);
        return word;
    }
    return NULL;
}

static void prefetch_list(const arb_graph *graph, arb_word *word)
{
    if (word == NULL)
        return;
    const char *list =
        (const char *)arb_word_list(atomic_load_explicit(word, memory_order_acquire));
    for (size_t offset = 0; offset < graph->M0 * sizeof(uint32_t); offset += 64)
        __builtin_prefetch(list + offset);
}

arb_status arb_search_layer(const arb_graph *graph, arb_searcher *searcher, const arb_query *query,
                            uint32_t level, uint32_t ef, arb_deleted_bits deleted)
{
    arb_candidate_array array = {.sorted = searcher->found, .count = searcher->found_count};
    arb_status status = arb_visit_reserve(searcher, array.count);
    for (uint32_t i = 0; status == ARB_OK && i < array.count; i++) {
        uint32_t node = arb_candidate_node(array.sorted[i]);
        array.sorted[i] &= ~ARB_CANDIDATE_FLAG;
        array.live += !arb_is_deleted(deleted, node);
        arb_visit(searcher, node);
    }
    while (status == ARB_OK && array.cursor < array.count) {
        uint64_t nearest = array.sorted[array.cursor];
        if (nearest & ARB_CANDIDATE_FLAG) {
            array.cursor++;
            continue;
        }
        if (array.count + graph->M0 > searcher->found_capacity) {
            status = ARB_SEARCH_OVERFLOW;
            break;
        }
        array.sorted[array.cursor++] |= ARB_CANDIDATE_FLAG;
        status = arb_visit_reserve(searcher, graph->M0);
        if (status != ARB_OK)
            break;
        uint32_t count = arb_collect_fresh(graph, searcher, arb_candidate_node(nearest), level);
        arb_word *next = guess_next(graph, &array, level);
        arb_score(query, searcher->fresh, count, searcher->distances);
        prefetch_list(graph, next);
        searcher->stats.visited += count;
        searcher->stats.hops += level == 0;
        for (uint32_t i = 0; i < count; i++)
            arb_array_offer(&array, arb_candidate(searcher->distances[i], searcher->fresh[i]), ef,
                            deleted);
    }
    searcher->found_count = array.count;
    searcher->found_all = !array.dropped;
    arb_visited_clear(searcher);
    return status;
}

/* Drops the deleted from searcher->found. */
static void keep_live(arb_searcher *searcher, arb_deleted_bits deleted)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < searcher->found_count; i++) {
        uint64_t candidate = searcher->found[i];
        if (!arb_is_deleted(deleted, arb_candidate_node(candidate)))
            searcher->found[kept++] = candidate;
    }
    searcher->found_count = kept;
}

static arb_status find(const arb_graph *graph, arb_searcher *searcher, const arb_query *query,
                       uint64_t entry, uint32_t ef, uint32_t k, arb_deleted_bits deleted)
{
    uint64_t start = arb_descend(graph, searcher, query, entry, 0);
    if (ef <= ARB_ARRAY_MAX) {
        searcher->found[0] = start;
        searcher->found_count = 1;
        arb_status status = arb_search_layer(graph, searcher, query, 0, ef, deleted);
        if (status != ARB_OK && status != ARB_SEARCH_OVERFLOW)
            return status;
        keep_live(searcher, deleted);
        if (status == ARB_OK && (searcher->found_count >= k || searcher->found_all))
            return ARB_OK;
    }
    return arb_search_wide(graph, searcher, query, start, ef, deleted);
}

/* How many of the best are reranked where the traversal's distances are rounded. */
static uint32_t rerank_breadth(uint32_t k, uint32_t rerank)
{
    return rerank * (3 * k > k + 20 ? 3 * k : k + 20);
}

/* Over the codes beside the lists, if there are some. Returns 0 where the search is still to be
 * done, because there are none or because deleted nodes left fewer than k. */
static int find_fused(const arb_graph *graph, arb_searcher *searcher, arb_query *exact,
                      uint64_t entry, uint32_t ef, uint32_t k, arb_deleted_bits deleted,
                      arb_status *status)
{
    const struct arb_fused *fused = atomic_load_explicit(&graph->fused, memory_order_acquire);
    if (fused == NULL)
        return 0;
    if (fused->rerank > 1)
        ef += ef / NOISY_PART + 1;
    uint32_t breadth = rerank_breadth(k, fused->rerank);
    breadth = breadth > ef ? breadth : ef;
    if (breadth > ARB_ARRAY_MAX)
        return 0;
    exact->rerank = fused->rerank;
    *status = arb_fused_search(graph, searcher, fused, exact, entry, ef, breadth, deleted);
    if (*status == ARB_SEARCH_OVERFLOW) {
        *status = ARB_OK;
        return 0;
    }
    keep_live(searcher, deleted);
    return *status != ARB_OK || searcher->found_count >= k || searcher->found_all;
}

/* Final distances: always summed in FP32, by the kernel that exact search reports too. */
static arb_status rescore(const arb_graph *graph, arb_searcher *searcher, const arb_query *query,
                          uint32_t k, arb_hit *hits, uint32_t *count)
{
    uint32_t wanted = k;
    if (query->rerank) /* codes and FP16 sums may swap near ties across the k-th place */
        wanted = rerank_breadth(k, query->rerank);
    if (wanted > searcher->found_count)
        wanted = searcher->found_count;
    /* The wide search's heap is free by now and lends its memory. */
    _Static_assert(sizeof(arb_hit) == sizeof(uint64_t), "a hit fits a heap entry");
    arb_hit *scored = (arb_hit *)searcher->results;
    for (uint32_t i = 0; i < wanted && i < RERANK_AHEAD; i++)
        arb_prefetch_row(graph->scorer->rows, arb_candidate_node(searcher->found[i]));
    for (uint32_t i = 0; i < wanted; i++) {
        if (i + RERANK_AHEAD < wanted) {
            uint32_t ahead = arb_candidate_node(searcher->found[i + RERANK_AHEAD]);
            arb_prefetch_row(graph->scorer->rows, ahead);
        }
        uint32_t node = arb_candidate_node(searcher->found[i]);
        scored[i].node = node;
        scored[i].distance = arb_exact_distance(graph->scorer, query->row, node);
    }
    qsort(scored, wanted, sizeof *scored, arb_hit_compare);
    *count = wanted < k ? wanted : k;
    memcpy(hits, scored, *count * sizeof *hits);
    return ARB_OK;
}

arb_status arb_graph_search(const arb_graph *graph, arb_searcher *searcher, const void *query,
                            int query_native, uint32_t ef, uint32_t k, arb_deleted_bits deleted,
                            arb_hit *hits, uint32_t *count, arb_search_stats *stats)
{
    assert(k > 0);
    if (ef < k)
        ef = k;
    uint32_t array_size = ef <= ARB_ARRAY_MAX ? 2 * ARB_ARRAY_MAX + graph->M0 : ef;
    arb_status status = arb_searcher_prepare(graph, searcher, array_size);
    if (status == ARB_OK)
        status = arb_heaps_grow(searcher, ef, ARB_RERANK_MAX * (3 * (size_t)k + 20));
    if (status != ARB_OK)
        return status;
    searcher->stats = (arb_search_stats){0};
    searcher->found_count = 0;
    arb_epoch_enter(graph, searcher);
    uint64_t entry = atomic_load_explicit(&graph->entry, memory_order_acquire);
    arb_query prepared = arb_query_of(graph->scorer, query, query_native);
    if (entry != 0 && !find_fused(graph, searcher, &prepared, entry, ef, k, deleted, &status)) {
        prepared = arb_traversal_query(graph->scorer, searcher, query, query_native);
        status = find(graph, searcher, &prepared, entry, ef, k, deleted);
    }
    arb_epoch_leave(searcher);
    if (status == ARB_OK)
        status = rescore(graph, searcher, &prepared, k, hits, count);
    if (status == ARB_OK && stats != NULL) {
        stats->visited += searcher->stats.visited;
        stats->hops += searcher->stats.hops;
    }
    return status;
}
