/* searcher.c: the scratch memory of one thread inside the graph. It grows to what the graph and the
 * breadth need and is then used again and again: a warm search allocates nothing. */
#include "graph/graph_internal.h"

#include <stdlib.h>
#include <string.h>

#include "vectors/error.h"
#include "vectors/fastscan.h"
#include "vectors/pages.h"

void arb_searcher_free(arb_searcher *searcher)
{
    if (searcher == NULL)
        return;
    if (searcher->visited != NULL)
        arb_pages_unmap(searcher->visited, searcher->visited_bytes);
    free(searcher->visits);
    free(searcher->found);
    free(searcher->frontier);
    free(searcher->results);
    free(searcher->words);
    free(searcher->query_code);
    free(searcher->query_tables);
    free(searcher->fresh);
    free(searcher->near);
    free(searcher->distances);
    free(searcher->fresh_bits);
    free(searcher->near_rows);
    free(searcher->selected);
    free(searcher->selected_count);
    free(searcher->pruning);
    free(searcher->chosen_rows);
    free(searcher->retired);
    free(searcher);
}

static arb_searcher *create(const arb_graph *graph)
{
    arb_searcher *searcher = aligned_alloc(64, (sizeof(arb_searcher) + 63) / 64 * 64);
    if (searcher == NULL)
        return NULL;
    memset(searcher, 0, sizeof *searcher);
    atomic_init(&searcher->busy, 1);
    size_t scratch = 2 * (size_t)graph->M0 + 2;
    searcher->fresh = calloc(scratch, sizeof *searcher->fresh);
    searcher->near = calloc(scratch, sizeof *searcher->near);
    searcher->distances = calloc(scratch, sizeof *searcher->distances);
    searcher->fresh_bits = calloc(scratch, sizeof *searcher->fresh_bits);
    searcher->near_rows = calloc(scratch, sizeof *searcher->near_rows);
    searcher->pruning = calloc(scratch, sizeof *searcher->pruning);
    searcher->chosen_rows = calloc(scratch, sizeof *searcher->chosen_rows);
    searcher->selected =
        calloc((ARB_LEVEL_LIMIT + 1) * (size_t)graph->M0, sizeof *searcher->selected);
    searcher->selected_count = calloc(ARB_LEVEL_LIMIT + 1, sizeof *searcher->selected_count);
    searcher->query_code = calloc(1, arb_codes_query_bytes(graph->scorer->form.dim));
    searcher->query_tables = aligned_alloc(ARB_FASTSCAN_TABLES_BYTES,
                                           arb_fastscan_tables_bytes(graph->scorer->form.dim));
    if (searcher->query_code == NULL || searcher->query_tables == NULL || searcher->fresh == NULL ||
        searcher->near == NULL || searcher->distances == NULL || searcher->fresh_bits == NULL ||
        searcher->near_rows == NULL || searcher->pruning == NULL || searcher->chosen_rows == NULL ||
        searcher->selected == NULL || searcher->selected_count == NULL) {
        arb_searcher_free(searcher);
        return NULL;
    }
    return searcher;
}

arb_searcher *arb_searcher_acquire(const arb_graph *graph)
{
    arb_pool *pool = graph->pool;
    arb_searcher *head = atomic_load_explicit(&pool->searchers, memory_order_acquire);
    for (arb_searcher *searcher = head; searcher != NULL; searcher = searcher->next) {
        int idle = 0;
        if (atomic_load_explicit(&searcher->busy, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong_explicit(&searcher->busy, &idle, 1, memory_order_acquire,
                                                    memory_order_relaxed))
            return searcher;
    }
    /* All are busy: one more. The list only grows, so pushing needs no care for reuse. */
    arb_searcher *searcher = create(graph);
    if (searcher == NULL)
        return NULL;
    searcher->next = head;
    while (!atomic_compare_exchange_weak(&pool->searchers, &searcher->next, searcher))
        ;
    return searcher;
}

void arb_searcher_release(const arb_graph *graph, arb_searcher *searcher)
{
    (void)graph;
    atomic_store_explicit(&searcher->busy, 0, memory_order_release);
}

uint64_t *arb_searcher_words(arb_searcher *searcher, size_t count)
{
    if (count > searcher->words_capacity) {
        free(searcher->words);
        searcher->words = malloc(count * sizeof *searcher->words);
        searcher->words_capacity = searcher->words == NULL ? 0 : count;
    }
    return searcher->words;
}

arb_status arb_searcher_prepare(const arb_graph *graph, arb_searcher *searcher, uint32_t capacity)
{
    uint32_t segments = atomic_load_explicit(&graph->segment_count, memory_order_acquire);
    uint64_t nodes = (uint64_t)segments << ARB_SEGMENT_SHIFT;
    if (nodes > ARB_NODES_MAX)
        nodes = ARB_NODES_MAX;
    if (nodes > searcher->visited_nodes) {
        size_t bytes = ((size_t)nodes + 63) / 64 * sizeof(uint64_t);
        uint64_t *visited = arb_pages_map(bytes);
        if (visited == NULL)
            return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for a visited set of %llu nodes",
                            (unsigned long long)nodes);
        arb_pages_unmap(searcher->visited, searcher->visited_bytes);
        searcher->visited = visited;
        searcher->visited_bytes = bytes;
        searcher->visited_nodes = (uint32_t)nodes;
        searcher->visit_count = 0;
    }
    if (capacity > searcher->found_capacity) {
        /* on lines of their own, which keys_insert goes by */
        size_t room = ((size_t)capacity + ARB_KEYS_INSERT_PAD) * sizeof(uint64_t);
        uint64_t *found = aligned_alloc(64, (room + 63) / 64 * 64);
        if (found == NULL)
            return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for %u candidates", capacity);
        free(searcher->found);
        searcher->found = found;
        searcher->found_capacity = capacity;
    }
    return ARB_OK;
}

arb_status arb_visits_grow(arb_searcher *searcher)
{
    uint32_t capacity = searcher->visit_capacity == 0 ? 4096 : searcher->visit_capacity * 2;
    uint32_t *visits = realloc(searcher->visits, capacity * sizeof *visits);
    if (visits == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for a visited set");
    searcher->visits = visits;
    searcher->visit_capacity = capacity;
    return ARB_OK;
}

void arb_visited_clear(arb_searcher *searcher)
{
    for (uint32_t i = 0; i < searcher->visit_count; i++)
        searcher->visited[searcher->visits[i] / 64] = 0;
    searcher->visit_count = 0;
}

static arb_status grow_heap(uint64_t **heap, size_t *capacity, size_t wanted)
{
    if (wanted <= *capacity)
        return ARB_OK;
    size_t grown = *capacity == 0 ? 1024 : *capacity;
    while (grown < wanted)
        grown *= 2;
    uint64_t *memory = realloc(*heap, grown * sizeof *memory);
    if (memory == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for %zu candidates", grown);
    *heap = memory;
    *capacity = grown;
    return ARB_OK;
}

arb_status arb_heaps_grow(arb_searcher *searcher, size_t frontier, size_t results)
{
    arb_status status = grow_heap(&searcher->frontier, &searcher->frontier_capacity, frontier);
    if (status == ARB_OK)
        status = grow_heap(&searcher->results, &searcher->results_capacity, results);
    return status;
}
