/* validate.c: counts what must not be: for tests, for opened files, for an operator in doubt. It
 * may run beside inserts and searches and then judges each list as it is when read. */
#include <stdlib.h>

#include "graph/graph_internal.h"
#include "vectors/error.h"
#include "vectors/pages.h"

typedef struct validation {
    const arb_graph *graph;
    arb_searcher *searcher;
    uint32_t known; /* nodes for which there are segments */
    arb_index_report report;
} validation;

static int by_value(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

/* A slot of the overlay is filled up with ARB_NO_NEIGHBOR, so its true length can be seen; a list
 * of the base must lie in it. */
static int length_disagrees(const validation *check, uint64_t word, uint32_t capacity)
{
    const arb_graph *graph = check->graph;
    const uint32_t *list = arb_word_list(word);
    uint32_t length = arb_word_length(word);
    for (uint32_t i = 0; i < length && i < capacity; i++) {
        if (list[i] == ARB_NO_NEIGHBOR)
            return 1;
    }
    if (word & ARB_WORD_OVERLAY) {
        for (uint32_t i = length; i < graph->M0; i++) {
            if (list[i] != ARB_NO_NEIGHBOR)
                return 1;
        }
    }
    return 0;
}

static void check_neighbor(validation *check, uint32_t node, uint32_t level, uint32_t neighbor)
{
    arb_index_report *report = &check->report;
    if (neighbor >= check->known ||
        atomic_load_explicit(arb_word_at(check->graph, neighbor, 0), memory_order_acquire) == 0 ||
        arb_level_of(check->graph, neighbor) < level)
        report->out_of_bounds++;
    else if (neighbor == node)
        report->self_links++;
}

static void check_list(validation *check, uint32_t node, uint32_t level)
{
    const arb_graph *graph = check->graph;
    arb_index_report *report = &check->report;
    uint64_t word = atomic_load_explicit(arb_word_at(graph, node, level), memory_order_acquire);
    uint32_t capacity = arb_level_capacity(graph, level);
    uint32_t length = arb_word_length(word);
    if (length > capacity) {
        report->overfull_lists++;
        length = capacity;
    }
    if (word == 0 || length_disagrees(check, word, capacity))
        report->count_mismatches++;
    uint32_t *sorted = check->searcher->fresh;
    for (uint32_t i = 0; i < length; i++) {
        sorted[i] = arb_word_list(word)[i] & ARB_NODE_MASK;
        check_neighbor(check, node, level, sorted[i]);
    }
    report->edges += length;
    qsort(sorted, length, sizeof *sorted, by_value);
    for (uint32_t i = 1; i < length; i++)
        report->duplicate_links += sorted[i] == sorted[i - 1];
}

/* Breadth-first over level 0 from the entry point; `queue` has room for every known node. */
static void count_unreachable(validation *check, uint64_t *seen, uint32_t *queue)
{
    const arb_graph *graph = check->graph;
    uint64_t entry = atomic_load_explicit(&graph->entry, memory_order_acquire);
    uint32_t head = 0;
    uint32_t tail = 0;
    if (entry != 0 && arb_entry_node(entry) < check->known) {
        seen[arb_entry_node(entry) / 64] |= 1ull << (arb_entry_node(entry) % 64);
        queue[tail++] = arb_entry_node(entry);
    }
    while (head < tail) {
        uint32_t node = queue[head++];
        arb_epoch_enter(graph, check->searcher);
        uint64_t word = atomic_load_explicit(arb_word_at(graph, node, 0), memory_order_acquire);
        for (uint32_t i = 0; i < arb_word_length(word) && i < graph->M0; i++) {
            uint32_t neighbor = arb_word_list(word)[i] & ARB_NODE_MASK;
            if (neighbor >= check->known || (seen[neighbor / 64] >> (neighbor % 64)) & 1)
                continue;
            seen[neighbor / 64] |= 1ull << (neighbor % 64);
            queue[tail++] = neighbor;
        }
        arb_epoch_leave(check->searcher);
    }
}

arb_status arb_graph_validate(const arb_graph *graph, uint32_t nodes, arb_index_report *out)
{
    uint32_t segments = atomic_load_explicit(&graph->segment_count, memory_order_acquire);
    uint64_t known = (uint64_t)segments << ARB_SEGMENT_SHIFT;
    validation check = {.graph = graph};
    check.known = known < ARB_NODES_MAX ? (uint32_t)known : ARB_NODES_MAX;
    check.searcher = arb_searcher_acquire(graph);
    size_t bits = (size_t)known / 8 + 8;
    uint64_t *seen = arb_pages_map(bits);
    uint64_t *judged = arb_pages_map(bits);
    uint32_t *queue = arb_pages_map(((size_t)known + 1) * sizeof *queue);
    arb_status status = ARB_OK;
    if (check.searcher == NULL || seen == NULL || judged == NULL || queue == NULL) {
        status = arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory to validate a graph");
        goto done;
    }
    uint32_t end = nodes < check.known ? nodes : check.known;
    uint32_t linked = 0;
    for (uint32_t node = 0; node < end; node++) {
        if (!arb_graph_is_linked(graph, node))
            continue;
        linked++;
        judged[node / 64] |= 1ull << (node % 64);
        arb_epoch_enter(graph, check.searcher);
        for (uint32_t level = 0; level <= arb_level_of(graph, node); level++)
            check_list(&check, node, level);
        arb_epoch_leave(check.searcher);
    }
    check.report.nodes = linked;
    count_unreachable(&check, seen, queue);
    /* Only what was linked before the walk began must have been reached by it. */
    for (uint32_t i = 0; i < end / 64 + 1; i++)
        check.report.unreachable += (uint64_t)__builtin_popcountll(judged[i] & ~seen[i]);
    *out = check.report;
done:
    arb_pages_unmap(queue, ((size_t)known + 1) * sizeof *queue);
    arb_pages_unmap(judged, bits);
    arb_pages_unmap(seen, bits);
    if (check.searcher != NULL)
        arb_searcher_release(graph, check.searcher);
    return status;
}
