/* slots.c: memory of the overlay's neighbor lists.
 *
 * Slots come from chunks. Each searcher keeps some free slots of its own, and those that it
 * replaced and that readers may still hold; so publishing a list takes no lock. The store behind
 * them is asked once every ARB_SLOT_BATCH slots, under a mutex that only writers ever take. */
#include "graph/graph_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vectors/error.h"
#include "vectors/pages.h"

#define ARB_SLOT_BATCH 256u
#define FIRST_CHUNK_BYTES ((size_t)64 << 10)
#define CHUNK_BYTES ARB_HUGE_PAGE_BYTES

static uint32_t *next_free(const uint32_t *slot)
{
    uint32_t *next;
    memcpy(&next, slot, sizeof next);
    return next;
}

static void push_free(uint32_t **list, uint32_t *slot)
{
    memcpy(slot, list, sizeof *list);
    *list = slot;
}

static uint32_t *pop_free(uint32_t **list)
{
    uint32_t *slot = *list;
    *list = next_free(slot);
    return slot;
}

arb_status arb_slots_init(arb_slot_store *store)
{
    memset(store, 0, sizeof *store);
    if (pthread_mutex_init(&store->mutex, NULL) != 0)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no mutex for the slots of a graph");
    return ARB_OK;
}

void arb_slots_destroy(arb_slot_store *store)
{
    arb_slot_chunk *chunk = store->chunks;
    while (chunk != NULL) {
        arb_slot_chunk *next = chunk->next;
        arb_pages_unmap(chunk, chunk->bytes);
        chunk = next;
    }
    pthread_mutex_destroy(&store->mutex);
}

/* Called with the mutex held. The first chunk is small, so that a small graph stays small. */
static arb_slot_chunk *add_chunk(arb_graph *graph)
{
    arb_slot_store *store = &graph->slots;
    size_t slot_bytes = graph->M0 * sizeof(uint32_t);
    size_t bytes = store->chunks == NULL ? FIRST_CHUNK_BYTES : CHUNK_BYTES;
    arb_slot_chunk *chunk = arb_pages_map(bytes);
    if (chunk == NULL)
        return NULL;
    if (bytes >= ARB_HUGE_PAGE_BYTES)
        arb_pages_advise_huge(chunk, bytes);
    chunk->bytes = bytes;
    chunk->first = (uint32_t)((sizeof *chunk + slot_bytes - 1) / slot_bytes);
    chunk->count = (uint32_t)(bytes / slot_bytes) - chunk->first;
    chunk->next = store->chunks;
    store->chunks = chunk;
    atomic_fetch_add_explicit(&graph->chunk_bytes, bytes, memory_order_relaxed);
    return chunk;
}

static arb_slot_chunk *chunk_of(const uint32_t *slot)
{
    return (arb_slot_chunk *)((uintptr_t)slot & ~(uintptr_t)(ARB_HUGE_PAGE_BYTES - 1));
}

/* Called with the mutex held: moves up to `count` slots to the searcher. */
static arb_status refill(arb_graph *graph, arb_searcher *searcher, size_t count)
{
    arb_slot_store *store = &graph->slots;
    for (size_t i = 0; i < count; i++) {
        uint32_t *slot;
        if (store->free_slots != NULL) {
            slot = pop_free(&store->free_slots);
            store->free_count--;
        } else {
            arb_slot_chunk *chunk = store->chunks;
            if (chunk == NULL || chunk->used == chunk->count)
                chunk = add_chunk(graph);
            if (chunk == NULL)
                return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for neighbor lists");
            slot = (uint32_t *)chunk + (size_t)(chunk->first + chunk->used) * graph->M0;
            chunk->used++;
        }
        push_free(&searcher->free_slots, slot);
        searcher->free_count++;
    }
    return ARB_OK;
}

int arb_retired_has_room(const arb_searcher *searcher, size_t count)
{
    return searcher->retired_capacity - searcher->retired_count >= count;
}

arb_status arb_retired_reserve(arb_searcher *searcher, size_t count)
{
    if (arb_retired_has_room(searcher, count))
        return ARB_OK;
    size_t wanted = searcher->retired_count + count;
    size_t capacity = searcher->retired_capacity == 0 ? 256 : searcher->retired_capacity;
    while (capacity < wanted)
        capacity *= 2;
    arb_retired *ring = malloc(capacity * sizeof *ring);
    if (ring == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for retired neighbor lists");
    for (size_t i = 0; i < searcher->retired_count; i++) {
        size_t at = (searcher->retired_head + i) & (searcher->retired_capacity - 1);
        ring[i] = searcher->retired[at];
    }
    free(searcher->retired);
    searcher->retired = ring;
    searcher->retired_head = 0;
    searcher->retired_capacity = capacity;
    return ARB_OK;
}

arb_status arb_slots_reserve(arb_graph *graph, arb_searcher *searcher, size_t count)
{
    arb_status status = arb_retired_reserve(searcher, count);
    if (status != ARB_OK || searcher->free_count >= count)
        return status;
    arb_slots_collect(graph, searcher);
    if (searcher->free_count >= count)
        return ARB_OK;
    pthread_mutex_lock(&graph->slots.mutex);
    status = refill(graph, searcher, count - searcher->free_count + ARB_SLOT_BATCH);
    pthread_mutex_unlock(&graph->slots.mutex);
    return status;
}

uint32_t *arb_slot_take(arb_searcher *searcher)
{
    assert(searcher->free_count > 0);
    searcher->free_count--;
    return pop_free(&searcher->free_slots);
}

void arb_slot_give_back(arb_searcher *searcher, uint32_t *slot)
{
    push_free(&searcher->free_slots, slot);
    searcher->free_count++;
}

void arb_slot_retire(const arb_graph *graph, arb_searcher *searcher, uint32_t *slot)
{
    assert(searcher->retired_count < searcher->retired_capacity);
    size_t at =
        (searcher->retired_head + searcher->retired_count) & (searcher->retired_capacity - 1);
    searcher->retired[at] = (arb_retired){slot, atomic_load(&graph->pool->epoch)};
    searcher->retired_count++;
}

void arb_slots_collect(arb_graph *graph, arb_searcher *searcher)
{
    uint64_t epoch = atomic_load(&graph->pool->epoch);
    while (searcher->retired_count > 0) {
        const arb_retired *oldest = &searcher->retired[searcher->retired_head];
        if (oldest->epoch + ARB_GRACE_EPOCHS > epoch)
            break;
        arb_slot_give_back(searcher, oldest->slot);
        searcher->retired_head = (searcher->retired_head + 1) & (searcher->retired_capacity - 1);
        searcher->retired_count--;
    }
    if (searcher->free_count <= 4 * ARB_SLOT_BATCH)
        return;
    pthread_mutex_lock(&graph->slots.mutex);
    while (searcher->free_count > 2 * ARB_SLOT_BATCH) {
        push_free(&graph->slots.free_slots, arb_slot_take(searcher));
        graph->slots.free_count++;
    }
    pthread_mutex_unlock(&graph->slots.mutex);
}

/* Called with the mutex held. */
static void give_all_back(arb_graph *graph, arb_searcher *searcher)
{
    while (searcher->free_count > 0) {
        push_free(&graph->slots.free_slots, arb_slot_take(searcher));
        graph->slots.free_count++;
    }
}

/* Called with the mutex held: the free slots that lie in chunks with another slot in use. */
static void drop_slots_of_free_chunks(arb_slot_store *store)
{
    uint32_t *kept = NULL;
    size_t kept_count = 0;
    for (arb_slot_chunk *chunk = store->chunks; chunk != NULL; chunk = chunk->next)
        chunk->free = 0;
    for (uint32_t *slot = store->free_slots; slot != NULL; slot = next_free(slot))
        chunk_of(slot)->free++;
    while (store->free_slots != NULL) {
        uint32_t *slot = pop_free(&store->free_slots);
        if (chunk_of(slot)->free == chunk_of(slot)->used)
            continue;
        push_free(&kept, slot);
        kept_count++;
    }
    store->free_slots = kept;
    store->free_count = kept_count;
}

/* Searchers that nobody uses keep some free slots, each of which would hold a whole chunk. */
static void empty_idle_searchers(arb_graph *graph)
{
    arb_searcher *searcher = atomic_load_explicit(&graph->pool->searchers, memory_order_acquire);
    for (; searcher != NULL; searcher = searcher->next) {
        int idle = 0;
        if (!atomic_compare_exchange_strong_explicit(&searcher->busy, &idle, 1,
                                                     memory_order_acquire, memory_order_relaxed))
            continue;
        arb_slots_collect(graph, searcher);
        pthread_mutex_lock(&graph->slots.mutex);
        give_all_back(graph, searcher);
        pthread_mutex_unlock(&graph->slots.mutex);
        arb_searcher_release(graph, searcher);
    }
}

void arb_slots_trim(arb_graph *graph, arb_searcher *searcher)
{
    arb_slot_store *store = &graph->slots;
    empty_idle_searchers(graph);
    pthread_mutex_lock(&store->mutex);
    give_all_back(graph, searcher);
    drop_slots_of_free_chunks(store);
    arb_slot_chunk **link = &store->chunks;
    while (*link != NULL) {
        arb_slot_chunk *chunk = *link;
        if (chunk->used == 0 || chunk->free < chunk->used) {
            link = &chunk->next;
            continue;
        }
        *link = chunk->next;
        atomic_fetch_sub_explicit(&graph->chunk_bytes, chunk->bytes, memory_order_relaxed);
        arb_pages_unmap(chunk, chunk->bytes);
    }
    pthread_mutex_unlock(&store->mutex);
}
