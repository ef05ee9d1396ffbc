/* storage.c: where the words live: segments of nodes and blocks of upper-level words. Both grow
 * under a mutex that only writers take, and never move. */
#include "graph/graph_internal.h"

#include <stdlib.h>

#include "vectors/error.h"
#include "vectors/pages.h"

#define BLOCK_WORDS 1024u

arb_status arb_graph_ensure_segment(arb_graph *graph, uint32_t node)
{
    uint32_t wanted = (node >> ARB_SEGMENT_SHIFT) + 1;
    if (atomic_load_explicit(&graph->segment_count, memory_order_acquire) >= wanted)
        return ARB_OK;
    arb_status status = ARB_OK;
    pthread_mutex_lock(&graph->grow_mutex);
    /* Every segment up to the wanted one exists: loops over nodes need no test for holes. */
    for (uint32_t i = graph->segment_count; i < wanted; i++) {
        arb_segment *segment = arb_pages_map(ARB_SEGMENT_BYTES);
        if (segment == NULL) {
            status = arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for the graph at node %u", node);
            break;
        }
        /* A search looks up words all over a segment: with small pages that is a page walk each. A
         * small graph keeps to small pages, so that it does not take 2 MiB for a few nodes. */
        if (i > 0)
            arb_pages_advise_huge(segment, ARB_SEGMENT_BYTES);
        if (i == 1)
            arb_pages_make_huge(graph->segments[0], ARB_SEGMENT_BYTES);
        atomic_store_explicit(&graph->segments[i], segment, memory_order_release);
        atomic_store_explicit(&graph->segment_count, i + 1, memory_order_release);
    }
    pthread_mutex_unlock(&graph->grow_mutex);
    return status;
}

arb_word *arb_graph_upper_words(arb_graph *graph, uint32_t level)
{
    pthread_mutex_lock(&graph->grow_mutex);
    arb_block *block = graph->blocks;
    if (block == NULL || block->used + level > BLOCK_WORDS) {
        size_t bytes = sizeof(arb_block) + BLOCK_WORDS * sizeof(arb_word);
        block = calloc(1, bytes);
        if (block != NULL) {
            block->next = graph->blocks;
            graph->blocks = block;
            atomic_fetch_add_explicit(&graph->upper_bytes, bytes, memory_order_relaxed);
        }
    }
    arb_word *words = NULL;
    if (block != NULL) {
        words = block->words + block->used;
        block->used += level;
    }
    pthread_mutex_unlock(&graph->grow_mutex);
    return words;
}

void arb_graph_set_linked(arb_graph *graph, uint32_t node)
{
    arb_segment *segment = arb_segment_of(graph, node);
    uint32_t at = node & ARB_SEGMENT_MASK;
    atomic_fetch_or_explicit(&segment->linked[at / 64], 1ull << (at % 64), memory_order_release);
}

uint64_t arb_graph_linked_word(const arb_graph *graph, uint32_t word)
{
    uint32_t count = atomic_load_explicit(&graph->segment_count, memory_order_acquire);
    uint32_t node = word * 64;
    if (node >> ARB_SEGMENT_SHIFT >= count)
        return 0;
    const arb_segment *segment = arb_segment_of(graph, node);
    return atomic_load_explicit(&segment->linked[(node & ARB_SEGMENT_MASK) / 64],
                                memory_order_acquire);
}

int arb_graph_is_linked(const arb_graph *graph, uint32_t node)
{
    return (int)(arb_graph_linked_word(graph, node / 64) >> (node % 64) & 1);
}
