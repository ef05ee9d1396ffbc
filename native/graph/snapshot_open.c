/* snapshot_open.c: a graph from a file, its lists used in place. The file may say anything:
 * whatever a search, an insert or a freeze will index by is checked first. */
#include <string.h>

#include "graph/graph_internal.h"
#include "graph/snapshot.h"
#include "vectors/error.h"

typedef struct opened {
    const arb_snapshot_header *header;
    const uint8_t *level;
    const uint64_t *linked;
    const uint64_t *offsets;
    const uint32_t *neighbors;
} opened;

static arb_status corrupt(const char *what, uint64_t found, uint64_t allowed)
{
    return arb_fail(ARB_CORRUPT, "graph: %s: found %llu, allowed up to %llu", what,
                    (unsigned long long)found, (unsigned long long)allowed);
}

static int is_linked(const opened *file, uint64_t node)
{
    return (int)((file->linked[node / 64] >> (node % 64)) & 1);
}

/* Cuts the bytes into sections; each must lie within what is there. */
static arb_status locate(const void *mapped, size_t size, uint32_t nodes, opened *file)
{
    const uint8_t *bytes = mapped;
    const arb_snapshot_header *header = mapped;
    if ((uintptr_t)mapped % 8 != 0)
        return arb_fail(ARB_INVALID_ARGUMENT, "graph: its bytes are not aligned to 8");
    if (size < sizeof *header)
        return corrupt("bytes wanted for the header", sizeof *header, size);
    if (header->magic != ARB_SNAPSHOT_MAGIC)
        return arb_fail(ARB_CORRUPT, "graph: magic: found %llx, allowed %llx",
                        (unsigned long long)header->magic, ARB_SNAPSHOT_MAGIC);
    if (header->nodes != nodes)
        return arb_fail(ARB_CORRUPT, "graph: nodes: found %llu, allowed %u",
                        (unsigned long long)header->nodes, nodes);
    if (nodes > ARB_NODES_MAX)
        return corrupt("nodes", nodes, ARB_NODES_MAX);
    uint64_t lists_max = (uint64_t)nodes * (ARB_LEVEL_LIMIT + 1);
    if (header->lists < nodes || header->lists > lists_max)
        return corrupt("lists", header->lists, lists_max);
    if (header->neighbors > size / sizeof(uint32_t))
        return corrupt("neighbors", header->neighbors, size / sizeof(uint32_t));
    size_t at = sizeof *header;
    file->header = header;
    file->level = bytes + at;
    at += arb_snapshot_align(nodes);
    file->linked = (const uint64_t *)(bytes + at);
    at += ((size_t)nodes + 63) / 64 * 8;
    file->offsets = (const uint64_t *)(bytes + at);
    at += (header->lists + 1) * sizeof(uint64_t);
    file->neighbors = (const uint32_t *)(bytes + at);
    at += arb_snapshot_align(header->neighbors * sizeof(uint32_t));
    return at > size ? corrupt("bytes wanted", at, size) : ARB_OK;
}

static arb_status check_nodes(const opened *file, uint32_t nodes)
{
    uint64_t lists = nodes;
    uint64_t linked = 0;
    for (uint32_t node = 0; node < nodes; node++) {
        if (file->level[node] > ARB_LEVEL_LIMIT)
            return corrupt("level", file->level[node], ARB_LEVEL_LIMIT);
        if (file->level[node] > 0 && !is_linked(file, node))
            return corrupt("level of a node that is not linked", file->level[node], 0);
        lists += file->level[node];
        linked += (uint64_t)is_linked(file, node);
    }
    if (lists != file->header->lists)
        return arb_fail(ARB_CORRUPT, "graph: lists: found %llu, its levels make %llu",
                        (unsigned long long)file->header->lists, (unsigned long long)lists);
    uint64_t entry = file->header->entry;
    if (entry == 0 && linked > 0)
        return arb_fail(ARB_CORRUPT, "graph: entry point: none for %llu linked nodes",
                        (unsigned long long)linked);
    if (entry != 0 &&
        (arb_entry_node(entry) >= nodes || !is_linked(file, arb_entry_node(entry)) ||
         entry != arb_entry_pack(arb_entry_node(entry), file->level[arb_entry_node(entry)])))
        return arb_fail(ARB_CORRUPT, "graph: entry point: %llx is not a linked node and its level",
                        (unsigned long long)entry);
    return ARB_OK;
}

static arb_status check_list(const opened *file, uint64_t list, uint32_t node, uint32_t level,
                             const arb_graph *graph)
{
    uint64_t start = file->offsets[list];
    uint64_t end = file->offsets[list + 1];
    uint32_t capacity = arb_level_capacity(graph, level);
    uint32_t marked = 0;
    if (end < start || end > file->header->neighbors)
        return corrupt("end of a list", end, file->header->neighbors);
    if (end - start > (is_linked(file, node) ? capacity : 0))
        return corrupt("neighbors in a list", end - start, capacity);
    for (uint64_t i = start; i < end; i++) {
        uint32_t neighbor = file->neighbors[i] & ARB_NODE_MASK;
        if (neighbor >= file->header->nodes || !is_linked(file, neighbor))
            return corrupt("neighbor", neighbor, file->header->nodes - 1);
        if (neighbor == node)
            return arb_fail(ARB_CORRUPT, "graph: node %u is its own neighbor", node);
        if (file->level[neighbor] < level)
            return corrupt("level of a list whose neighbor is lower", level, file->level[neighbor]);
        marked += file->neighbors[i] >> 31;
    }
    if (marked > arb_mark_limit(graph, level))
        return corrupt("marked links in a list", marked, arb_mark_limit(graph, level));
    return ARB_OK;
}

static uint64_t word_of(const opened *file, uint64_t list)
{
    return arb_word_pack(file->neighbors + file->offsets[list],
                         (uint32_t)(file->offsets[list + 1] - file->offsets[list]), 0);
}

static arb_status take_node(arb_graph *graph, const opened *file, uint32_t node, uint64_t *upper)
{
    arb_segment *segment = arb_segment_of(graph, node);
    uint32_t at = node & ARB_SEGMENT_MASK;
    uint32_t level = file->level[node];
    arb_status status = check_list(file, node, node, 0, graph);
    if (status != ARB_OK || !is_linked(file, node))
        return status;
    segment->level[at] = (uint8_t)level;
    if (level > 0) {
        segment->upper[at] = arb_graph_upper_words(graph, level);
        if (segment->upper[at] == NULL)
            return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for the upper levels");
    }
    atomic_store_explicit(&segment->level0[at], word_of(file, node), memory_order_release);
    for (uint32_t above = 1; above <= level; above++, (*upper)++) {
        status = check_list(file, *upper, node, above, graph);
        if (status != ARB_OK)
            return status;
        atomic_store_explicit(arb_word_at(graph, node, above), word_of(file, *upper),
                              memory_order_release);
    }
    arb_graph_set_linked(graph, node);
    return ARB_OK;
}

arb_status arb_graph_open(const arb_scorer *scorer, const void *mapped, size_t size, uint32_t nodes,
                          arb_graph **out)
{
    opened file = {0};
    arb_graph *graph = NULL;
    arb_status status = locate(mapped, size, nodes, &file);
    if (status == ARB_OK)
        status = check_nodes(&file, nodes);
    if (status != ARB_OK)
        return status;
    if (file.offsets[0] != 0)
        return corrupt("start of the first list", file.offsets[0], 0);
    status = arb_graph_create(scorer, file.header->M, file.header->ef_construction,
                              file.header->seed, &graph);
    if (status == ARB_INVALID_ARGUMENT) /* the file's fault, not the caller's */
        return ARB_CORRUPT;
    if (status == ARB_OK && nodes > 0)
        status = arb_graph_ensure_segment(graph, nodes - 1);
    uint64_t upper = nodes;
    for (uint32_t node = 0; status == ARB_OK && node < nodes; node++)
        status = take_node(graph, &file, node, &upper);
    if (status != ARB_OK) {
        arb_graph_destroy(graph);
        return status;
    }
    atomic_store_explicit(&graph->node_end, nodes, memory_order_release);
    atomic_store_explicit(&graph->base_used, file.header->neighbors * sizeof(uint32_t),
                          memory_order_relaxed);
    atomic_store_explicit(&graph->entry, file.header->entry, memory_order_release);
    *out = graph;
    return ARB_OK;
}
