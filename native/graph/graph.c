/* graph.c: the life of a graph. */
#include <math.h>
#include <stdlib.h>

#include "graph/fused.h"
#include "vectors/error.h"
#include "vectors/pages.h"

static size_t segment_table_bytes(void)
{
    return ARB_SEGMENTS_MAX * sizeof(arb_segment *);
}

static arb_status check_parameters(uint32_t M, uint32_t ef_construction)
{
    if (M < ARB_M_MIN || M > ARB_M_MAX)
        return arb_fail(ARB_INVALID_ARGUMENT, "M: found %u, allowed %d..%d", M, ARB_M_MIN,
                        ARB_M_MAX);
    if (ef_construction < 1 || ef_construction > ARB_EF_MAX)
        return arb_fail(ARB_INVALID_ARGUMENT, "ef_construction: found %u, allowed 1..%d",
                        ef_construction, ARB_EF_MAX);
    return ARB_OK;
}

arb_status arb_graph_create(const arb_scorer *scorer, uint32_t M, uint32_t ef_construction,
                            uint64_t seed, arb_graph **out)
{
    arb_status status = check_parameters(M, ef_construction);
    if (status != ARB_OK)
        return status;
    arb_graph *graph = calloc(1, sizeof *graph);
    if (graph == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for a graph");
    graph->scorer = scorer;
    graph->M = M;
    graph->M0 = 2 * M;
    graph->tree_limit = M < 3 ? 3 : M;
    graph->ef_construction = ef_construction;
    graph->seed = seed;
    graph->level_scale = 1.0 / log(M);
    status = arb_slots_init(&graph->slots);
    if (status != ARB_OK) {
        free(graph);
        return status;
    }
    pthread_mutex_init(&graph->grow_mutex, NULL);
    pthread_mutex_init(&graph->freeze_mutex, NULL);
    graph->segments = arb_pages_map(segment_table_bytes());
    graph->pool = arb_pool_create();
    if (graph->segments == NULL || graph->pool == NULL) {
        arb_graph_destroy(graph);
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for the tables of a graph");
    }
    *out = graph;
    return ARB_OK;
}

void arb_graph_destroy(arb_graph *graph)
{
    if (graph == NULL)
        return;
    for (uint32_t i = 0; i < graph->segment_count; i++)
        arb_pages_unmap(graph->segments[i], ARB_SEGMENT_BYTES);
    if (graph->segments != NULL)
        arb_pages_unmap(graph->segments, segment_table_bytes());
    while (graph->blocks != NULL) {
        arb_block *next = graph->blocks->next;
        free(graph->blocks);
        graph->blocks = next;
    }
    arb_pages_unmap(graph->base, graph->base_bytes);
    arb_fused_destroy(atomic_load(&graph->fused));
    arb_slots_destroy(&graph->slots);
    arb_pool_destroy(graph->pool);
    pthread_mutex_destroy(&graph->grow_mutex);
    pthread_mutex_destroy(&graph->freeze_mutex);
    free(graph);
}

void arb_graph_set_fused(arb_graph *graph, int fuse)
{
    graph->fuse = fuse;
}

arb_status arb_graph_get_stats(const arb_graph *graph, arb_graph_stats *out)
{
    uint64_t entry = atomic_load_explicit(&graph->entry, memory_order_acquire);
    uint64_t nodes = atomic_load_explicit(&graph->node_end, memory_order_acquire);
    uint64_t node_bytes = sizeof(arb_segment) / ARB_SEGMENT_NODES;
    *out = (arb_graph_stats){
        .bytes = nodes * node_bytes +
                 atomic_load_explicit(&graph->upper_bytes, memory_order_relaxed) +
                 atomic_load_explicit(&graph->chunk_bytes, memory_order_relaxed) +
                 atomic_load_explicit(&graph->base_used, memory_order_relaxed),
        .overlay_lists = atomic_load_explicit(&graph->overlay_lists, memory_order_relaxed),
        .fused = atomic_load_explicit(&graph->fused, memory_order_relaxed) != NULL,
        .M = graph->M,
        .ef_construction = graph->ef_construction,
        .level_max = entry == 0 ? 0 : arb_entry_level(entry)};
    return ARB_OK;
}
