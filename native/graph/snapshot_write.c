/* snapshot_write.c: the graph over the first nodes, while inserts and searches go on.
 *
 * The lists are copied first, a few nodes at a time, so that writing to a slow disk keeps no slot
 * from reuse. Links to nodes that are not in the file are left out. That may cut the tree (links.c)
 * where a node's parent came later in number than the node, which happens when several threads link
 * at once: the file keeps the largest piece, and the few nodes outside it are written as not
 * linked. Whoever opens the file links them again. */
#include <string.h>

#include "graph/graph_internal.h"
#include "graph/snapshot.h"
#include "vectors/error.h"
#include "vectors/pages.h"

#define COPY_NODES 256u

/* The copied lists and what is known of the nodes. */
typedef struct capture {
    const arb_graph *graph;
    uint32_t nodes;
    uint64_t *linked; /* bits */
    uint8_t *level;
    uint64_t *offsets; /* lists + 1 */
    uint64_t lists;
    uint32_t *neighbors;
    uint64_t count;
    uint32_t *piece; /* of the tree; 0: none */
    uint32_t *queue;
    size_t level_bytes, linked_bytes, offset_bytes, neighbor_bytes, node_bytes;
} capture;

static int bit_at(const uint64_t *bits, uint32_t at)
{
    return (int)((bits[at / 64] >> (at % 64)) & 1);
}

static void release(capture *c)
{
    arb_pages_unmap(c->level, c->level_bytes);
    arb_pages_unmap(c->linked, c->linked_bytes);
    arb_pages_unmap(c->offsets, c->offset_bytes);
    arb_pages_unmap(c->neighbors, c->neighbor_bytes);
    arb_pages_unmap(c->piece, c->node_bytes);
    arb_pages_unmap(c->queue, c->node_bytes);
}

/* Which nodes are linked is settled here; what is linked later is left out. */
static arb_status allocate(capture *c)
{
    const arb_graph *graph = c->graph;
    uint64_t upper = 0;
    c->level_bytes = arb_snapshot_align(c->nodes) + 8;
    c->linked_bytes = ((size_t)c->nodes + 63) / 64 * 8 + 8;
    c->node_bytes = ((size_t)c->nodes + 1) * sizeof(uint32_t);
    c->level = arb_pages_map(c->level_bytes);
    c->linked = arb_pages_map(c->linked_bytes);
    c->piece = arb_pages_map(c->node_bytes);
    c->queue = arb_pages_map(c->node_bytes);
    if (c->level == NULL || c->linked == NULL || c->piece == NULL || c->queue == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory to write %u nodes", c->nodes);
    for (uint32_t node = 0; node < c->nodes; node++) {
        if (!arb_graph_is_linked(graph, node))
            continue;
        c->linked[node / 64] |= 1ull << (node % 64);
        c->level[node] = (uint8_t)arb_level_of(graph, node);
        upper += c->level[node];
    }
    c->lists = c->nodes + upper;
    c->offset_bytes = (c->lists + 1) * sizeof(uint64_t);
    c->neighbor_bytes = ((size_t)c->nodes * graph->M0 + upper * graph->M + 1) * sizeof(uint32_t);
    c->offsets = arb_pages_map(c->offset_bytes);
    c->neighbors = arb_pages_map(c->neighbor_bytes); /* only what is used is touched */
    if (c->offsets == NULL || c->neighbors == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory to write %u nodes", c->nodes);
    return ARB_OK;
}

static void copy_list(capture *c, uint64_t list, uint32_t node, uint32_t level)
{
    uint64_t word = atomic_load_explicit(arb_word_at(c->graph, node, level), memory_order_acquire);
    for (uint32_t i = 0; i < arb_word_length(word); i++) {
        uint32_t neighbor = arb_word_list(word)[i];
        uint32_t number = neighbor & ARB_NODE_MASK;
        if (number < c->nodes && bit_at(c->linked, number))
            c->neighbors[c->count++] = neighbor;
    }
    c->offsets[list + 1] = c->count;
}

static void copy_lists(capture *c, arb_searcher *searcher)
{
    uint64_t upper = c->nodes;
    for (int above = 0; above < 2; above++) {
        for (uint32_t first = 0; first < c->nodes; first += COPY_NODES) {
            uint32_t stop = c->nodes - first < COPY_NODES ? c->nodes : first + COPY_NODES;
            arb_epoch_enter(c->graph, searcher);
            for (uint32_t node = first; node < stop; node++) {
                if (above) {
                    for (uint32_t level = 1; level <= c->level[node]; level++)
                        copy_list(c, upper++, node, level);
                } else if (bit_at(c->linked, node)) {
                    copy_list(c, node, node, 0);
                } else {
                    c->offsets[node + 1] = c->count;
                }
            }
            arb_epoch_leave(searcher);
        }
    }
}

/* Walks the marked links from `root`, numbering what it reaches; returns how many nodes that is. */
static uint32_t number_piece(capture *c, uint32_t root, uint32_t number)
{
    uint32_t head = 0;
    uint32_t tail = 0;
    c->piece[root] = number;
    c->queue[tail++] = root;
    while (head < tail) {
        uint32_t node = c->queue[head++];
        for (uint64_t i = c->offsets[node]; i < c->offsets[node + 1]; i++) {
            uint32_t neighbor = c->neighbors[i] & ARB_NODE_MASK;
            if (!(c->neighbors[i] & ARB_TREE_MARK) || c->piece[neighbor] != 0)
                continue;
            c->piece[neighbor] = number;
            c->queue[tail++] = neighbor;
        }
    }
    return tail;
}

/* Keeps the largest piece of the tree: others are no longer linked. Returns 1 if there were others.
 */
static int keep_largest_piece(capture *c)
{
    uint32_t pieces = 0;
    uint32_t largest = 0;
    uint32_t most = 0;
    for (uint32_t node = 0; node < c->nodes; node++) {
        if (!bit_at(c->linked, node) || c->piece[node] != 0)
            continue;
        uint32_t size = number_piece(c, node, ++pieces);
        if (size > most) {
            most = size;
            largest = pieces;
        }
    }
    for (uint32_t node = 0; node < c->nodes && pieces > 1; node++) {
        if (c->piece[node] != largest)
            c->linked[node / 64] &= ~(1ull << (node % 64));
    }
    return pieces > 1;
}

/* Takes out the lists of, and the links to, nodes that are no longer linked. */
static void compact(capture *c)
{
    uint64_t read = 0;
    uint64_t kept = 0;
    uint64_t kept_lists = 0;
    uint64_t list = 0;
    uint32_t node = 0;
    uint32_t level = 0;
    for (; list < c->lists; list++) {
        int linked = bit_at(c->linked, node);
        uint64_t end = c->offsets[list + 1];
        for (; read < end; read++) {
            if (linked && bit_at(c->linked, c->neighbors[read] & ARB_NODE_MASK))
                c->neighbors[kept++] = c->neighbors[read];
        }
        if (list < c->nodes || linked)
            c->offsets[++kept_lists] = kept;
        /* On to the next list: level 0 of all nodes, then levels 1..level of each. */
        if (list + 1 < c->nodes) {
            node++;
            continue;
        }
        if (list + 1 == c->nodes) {
            node = 0;
            level = 0;
        }
        while (node < c->nodes && level == c->level[node]) {
            node++;
            level = 0;
        }
        level++;
    }
    c->lists = kept_lists;
    c->count = kept;
    for (node = 0; node < c->nodes; node++) {
        if (!bit_at(c->linked, node))
            c->level[node] = 0;
    }
}

static uint64_t choose_entry(const capture *c)
{
    uint64_t entry = 0;
    for (uint32_t node = 0; node < c->nodes; node++) {
        if (bit_at(c->linked, node) && (entry == 0 || c->level[node] > arb_entry_level(entry)))
            entry = arb_entry_pack(node, c->level[node]);
    }
    return entry;
}

static arb_status write_all(const capture *c, arb_write_fn write, void *context)
{
    arb_snapshot_header header = {.magic = ARB_SNAPSHOT_MAGIC,
                                  .nodes = c->nodes,
                                  .lists = c->lists,
                                  .neighbors = c->count,
                                  .entry = choose_entry(c),
                                  .seed = c->graph->seed,
                                  .M = c->graph->M,
                                  .ef_construction = c->graph->ef_construction};
    struct {
        const void *bytes;
        size_t size;
    } pieces[] = {{&header, sizeof header},
                  {c->level, arb_snapshot_align(c->nodes)},
                  {c->linked, ((size_t)c->nodes + 63) / 64 * 8},
                  {c->offsets, (c->lists + 1) * sizeof(uint64_t)},
                  {c->neighbors, arb_snapshot_align(c->count * sizeof(uint32_t))}};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        if (pieces[i].size == 0)
            continue;
        arb_status status = write(context, pieces[i].bytes, pieces[i].size);
        if (status != ARB_OK)
            return status;
    }
    return ARB_OK;
}

arb_status arb_graph_write(const arb_graph *graph, uint32_t nodes, arb_write_fn write,
                           void *context)
{
    capture c = {.graph = graph, .nodes = nodes};
    arb_searcher *searcher = arb_searcher_acquire(graph);
    arb_status status = ARB_RESOURCE_EXHAUSTED;
    if (searcher == NULL) {
        arb_fail(status, "no memory to write a graph");
        goto done;
    }
    status = allocate(&c);
    if (status != ARB_OK)
        goto done;
    copy_lists(&c, searcher);
    if (keep_largest_piece(&c))
        compact(&c);
    if (c.count % 2 != 0) /* the padding; the compacted array may hold an old neighbor there */
        c.neighbors[c.count] = 0;
    status = write_all(&c, write, context);
done:
    release(&c);
    if (searcher != NULL)
        arb_searcher_release(graph, searcher);
    return status;
}
