/* freeze.c: packs every list into a new CSR base, level 0 first, in node order, while inserts and
 * searches go on. Each list is copied and its word swapped to the copy; where a writer changed the
 * list in between, the swap fails and the writer's list stays in the overlay, so no change is lost.
 */
#include "graph/bridge.h"
#include "graph/fused.h"

#include <assert.h>
#include <string.h>

#include "vectors/error.h"
#include "vectors/pages.h"

/* Nodes packed between entering and leaving the epoch: a copied slot must not be reused before its
 * word is swapped, and writers must not be kept from their old slots for long. */
#define PACK_NODES 256u
#define PACK_LISTS ((size_t)PACK_NODES * ARB_LEVEL_LIMIT)

typedef struct packing {
    arb_graph *graph;
    arb_searcher *searcher;
    uint8_t *base;
    size_t capacity; /* bytes */
    size_t used;
    struct arb_fused *fused; /* NULL: bare lists */
    arb_fused_codes codes;   /* what goes beside them */
} packing;

static size_t bytes_of(const packing *pack, uint32_t length)
{
    return pack->fused == NULL ? length * sizeof(uint32_t)
                               : arb_fused_block_bytes(length, pack->fused->grid->steps);
}

static void pack_list(packing *pack, uint32_t node, uint32_t level)
{
    arb_word *word = arb_word_at(pack->graph, node, level);
    uint64_t seen = atomic_load_explicit(word, memory_order_acquire);
    uint32_t length = arb_word_length(seen);
    size_t bytes = bytes_of(pack, length);
    assert(pack->used + bytes <= pack->capacity);
    uint32_t *list = (uint32_t *)(void *)(pack->base + pack->used);
    memcpy(list, arb_word_list(seen), length * sizeof *list);
    uint64_t packed = arb_word_pack(list, length, 0);
    if (pack->fused != NULL) {
        arb_fused_fill(&pack->codes, list, length);
        packed |= (uint64_t)pack->fused->generation << ARB_WORD_GENERATION_SHIFT;
    }
    if (!atomic_compare_exchange_strong_explicit(word, &seen, packed, memory_order_acq_rel,
                                                 memory_order_relaxed))
        return;
    pack->used += bytes;
    if (seen & ARB_WORD_OVERLAY) {
        arb_slot_retire(pack->graph, pack->searcher, (uint32_t *)(uintptr_t)arb_word_list(seen));
        atomic_fetch_sub_explicit(&pack->graph->overlay_lists, 1, memory_order_relaxed);
    }
}

/* Levels first_level..last_level of the linked nodes below end. A node that an insert has in hand
 * is not linked yet: its lists are left to it. */
static void pack_levels(packing *pack, uint32_t end, uint32_t first_level, uint32_t last_level)
{
    arb_graph *graph = pack->graph;
    for (uint32_t first = 0; first < end; first += PACK_NODES) {
        uint32_t stop = end - first < PACK_NODES ? end : first + PACK_NODES;
        if (!arb_retired_has_room(pack->searcher, PACK_LISTS)) {
            arb_graph_wait_grace(graph);
            arb_slots_collect(graph, pack->searcher);
        }
        arb_epoch_enter(graph, pack->searcher);
        for (uint32_t node = first; node < stop; node++) {
            if (!arb_graph_is_linked(graph, node))
                continue;
            uint32_t top = arb_level_of(graph, node);
            for (uint32_t level = first_level; level <= last_level && level <= top; level++)
                pack_list(pack, node, level);
        }
        arb_epoch_leave(pack->searcher);
        arb_epoch_try_advance(graph);
        arb_slots_collect(graph, pack->searcher);
    }
}

/* Bytes that the lists of nodes below end can take at most, those included that are linked before
 * they are packed. Only what is used is ever touched. */
static size_t most_bytes(const packing *pack, uint32_t end)
{
    const arb_graph *graph = pack->graph;
    size_t bytes = (size_t)end * bytes_of(pack, graph->M0) + sizeof(uint32_t);
    for (uint32_t node = 0; node < end; node++) {
        uint32_t level = arb_graph_is_linked(graph, node) ? arb_level_of(graph, node)
                                                          : arb_level_drawn(graph, node);
        bytes += level * bytes_of(pack, graph->M);
    }
    return bytes;
}

/* Once no word names the old base and nobody reads it any more, it goes; and so do the chunks of
 * which all slots are free now. */
static void replace_base(packing *pack)
{
    arb_graph *graph = pack->graph;
    struct arb_fused *old =
        atomic_exchange_explicit(&graph->fused, pack->fused, memory_order_acq_rel);
    arb_graph_wait_grace(graph);
    arb_fused_destroy(old);
    arb_pages_unmap(graph->base, graph->base_bytes);
    graph->base = pack->base;
    graph->base_bytes = arb_pages_trim(pack->base, pack->capacity, pack->used);
    atomic_store_explicit(&graph->base_used, pack->used, memory_order_relaxed);
    atomic_store_explicit(&graph->base_fuse, graph->fuse, memory_order_relaxed);
    arb_slots_collect(graph, pack->searcher);
    arb_slots_trim(graph, pack->searcher);
}

static arb_status prepare(packing *pack, uint32_t end)
{
    arb_graph *graph = pack->graph;
    arb_status status = arb_retired_reserve(pack->searcher, 2 * PACK_LISTS);
    if (status == ARB_OK && graph->fuse)
        status = arb_fused_create(graph, end, &pack->fused, &pack->codes);
    if (status != ARB_OK)
        return status;
    pack->capacity = most_bytes(pack, end);
    pack->base = arb_pages_map(pack->capacity);
    if (pack->base == NULL) {
        arb_fused_destroy(pack->fused);
        arb_fused_codes_free(&pack->codes);
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for a base of up to %zu bytes",
                        pack->capacity);
    }
    if (pack->capacity > ARB_HUGE_PAGE_BYTES)
        arb_pages_advise_huge(pack->base, pack->capacity);
    return ARB_OK;
}

static arb_status freeze(arb_graph *graph, arb_searcher *searcher)
{
    (void)arb_bridge_all(graph, searcher); /* without memory for all there are fewer */
    uint32_t end = atomic_load_explicit(&graph->node_end, memory_order_acquire);
    packing pack = {.graph = graph, .searcher = searcher};
    arb_status status = prepare(&pack, end);
    if (status != ARB_OK)
        return status;
    /* From here on nothing can fail: words that name the new base cannot be taken back. */
    pack_levels(&pack, end, 0, 0);
    pack_levels(&pack, end, 1, ARB_LEVEL_LIMIT);
    replace_base(&pack);
    arb_fused_codes_free(&pack.codes);
    return ARB_OK;
}

arb_status arb_graph_freeze(arb_graph *graph)
{
    if (atomic_load_explicit(&graph->overlay_lists, memory_order_relaxed) == 0 &&
        atomic_load_explicit(&graph->base_fuse, memory_order_relaxed) == graph->fuse)
        return ARB_OK;
    arb_searcher *searcher = arb_searcher_acquire(graph);
    if (searcher == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory to freeze a graph");
    pthread_mutex_lock(&graph->freeze_mutex); /* one freeze at a time; nobody else takes it */
    arb_status status = freeze(graph, searcher);
    pthread_mutex_unlock(&graph->freeze_mutex);
    arb_searcher_release(graph, searcher);
    return status;
}
