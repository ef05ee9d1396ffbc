#include "index/ids.h"

#include <stdlib.h>

#include "vectors/error.h"
#include "vectors/pages.h"

#define CAPACITY_MIN 1024u
#define BY_NODE_BYTES ((size_t)ARB_NODES_MAX * sizeof(int64_t))

struct arb_id_table {
    arb_id_table *next_retired;
    uint64_t capacity; /* slots, a power of two */
    uint64_t used;     /* writer only */
    _Atomic uint64_t slots[];
};

/* The finaliser of MurmurHash3 (Austin Appleby, public domain), upper half: sequential ids spread.
 */
static uint32_t hash_of(int64_t id)
{
    uint64_t x = (uint64_t)id;
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdull;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ull;
    x ^= x >> 33;
    return (uint32_t)(x >> 32);
}

static uint32_t slot_hash(uint64_t slot)
{
    return (uint32_t)(slot >> 32);
}

static uint32_t slot_node(uint64_t slot)
{
    return (uint32_t)slot - 1;
}

static uint64_t slot_of(uint32_t hash, uint32_t node)
{
    return (uint64_t)hash << 32 | (node + 1u);
}

static arb_id_table *table_create(uint64_t capacity)
{
    arb_id_table *table = calloc(1, sizeof *table + capacity * sizeof table->slots[0]);
    if (table == NULL) {
        arb_fail(ARB_RESOURCE_EXHAUSTED, "ids: no memory for a table of %llu slots",
                 (unsigned long long)capacity);
        return NULL;
    }
    table->capacity = capacity;
    return table;
}

/* The slot that holds `id`, or the empty one where it belongs. A table is never more than 3/4
 * full, so the walk ends. */
static _Atomic uint64_t *probe(const arb_ids *ids, arb_id_table *table, int64_t id, uint32_t hash,
                               uint64_t *found)
{
    uint64_t mask = table->capacity - 1;
    for (uint64_t i = hash & mask;; i = (i + 1) & mask) {
        uint64_t slot = atomic_load_explicit(&table->slots[i], memory_order_acquire);
        if (slot == 0 || (slot_hash(slot) == hash && arb_id_of(ids, slot_node(slot)) == id)) {
            *found = slot;
            return &table->slots[i];
        }
    }
}

/* Frees retired tables if no reader is inside. A reader that comes later loads the new table: its
 * increment and its load come after our store and our load in the one order of seq_cst operations.
 */
static void free_retired(arb_ids *ids)
{
    if (atomic_load(&ids->readers) != 0) {
        return;
    }
    while (ids->retired != NULL) {
        arb_id_table *next = ids->retired->next_retired;
        free(ids->retired);
        ids->retired = next;
    }
}

static arb_status grow(arb_ids *ids, uint64_t capacity, arb_deleted_bits deleted)
{
    arb_id_table *old = atomic_load_explicit(&ids->table, memory_order_relaxed);
    arb_id_table *table = table_create(capacity);
    if (table == NULL) {
        return ARB_RESOURCE_EXHAUSTED;
    }
    uint64_t mask = capacity - 1;
    for (uint64_t i = 0; i < old->capacity; i++) {
        uint64_t slot = atomic_load_explicit(&old->slots[i], memory_order_relaxed);
        if (slot == 0 || arb_is_deleted(deleted, slot_node(slot))) {
            continue;
        }
        uint64_t at = slot_hash(slot) & mask;
        while (atomic_load_explicit(&table->slots[at], memory_order_relaxed) != 0) {
            at = (at + 1) & mask;
        }
        atomic_store_explicit(&table->slots[at], slot, memory_order_relaxed);
        table->used++;
    }
    atomic_store(&ids->table, table);
    old->next_retired = ids->retired;
    ids->retired = old;
    return ARB_OK;
}

arb_status arb_ids_create(arb_ids *ids)
{
    int64_t *by_node = arb_pages_map(BY_NODE_BYTES);
    if (by_node == NULL) {
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "ids: cannot reserve %zu bytes of addresses",
                        BY_NODE_BYTES);
    }
    arb_id_table *table = table_create(CAPACITY_MIN);
    if (table == NULL) {
        arb_pages_unmap(by_node, BY_NODE_BYTES);
        return ARB_RESOURCE_EXHAUSTED;
    }
    ids->by_node = by_node;
    ids->retired = NULL;
    atomic_init(&ids->readers, 0);
    atomic_init(&ids->table, table);
    return ARB_OK;
}

void arb_ids_destroy(arb_ids *ids)
{
    free_retired(ids);
    free(atomic_load(&ids->table));
    arb_pages_unmap(ids->by_node, BY_NODE_BYTES);
}

arb_status arb_ids_reserve(arb_ids *ids, uint32_t count, arb_deleted_bits deleted)
{
    free_retired(ids);
    const arb_id_table *table = atomic_load_explicit(&ids->table, memory_order_relaxed);
    uint64_t capacity = table->capacity;
    while ((table->used + count) * 4 > capacity * 3) {
        capacity *= 2;
    }
    return capacity == table->capacity ? ARB_OK : grow(ids, capacity, deleted);
}

uint32_t arb_ids_put(arb_ids *ids, int64_t id, uint32_t node)
{
    arb_id_table *table = atomic_load_explicit(&ids->table, memory_order_relaxed);
    ids->by_node[node] = id;
    uint32_t hash = hash_of(id);
    uint64_t found;
    _Atomic uint64_t *slot = probe(ids, table, id, hash, &found);
    atomic_store_explicit(slot, slot_of(hash, node), memory_order_release);
    if (found == 0) {
        table->used++;
        return ARB_NO_NODE;
    }
    return slot_node(found);
}

uint32_t arb_ids_find(const arb_ids *ids, int64_t id)
{
    /* the count of readers is bookkeeping, not part of what `const` promises */
    _Atomic uint32_t *readers = (_Atomic uint32_t *)&ids->readers;
    atomic_fetch_add(readers, 1);
    arb_id_table *table = atomic_load(&((arb_ids *)ids)->table);
    uint64_t found;
    probe(ids, table, id, hash_of(id), &found);
    atomic_fetch_sub(readers, 1);
    return found == 0 ? ARB_NO_NODE : slot_node(found);
}

uint64_t arb_ids_bytes(const arb_ids *ids, uint64_t nodes)
{
    _Atomic uint32_t *readers = (_Atomic uint32_t *)&ids->readers;
    atomic_fetch_add(readers, 1);
    const arb_id_table *table = atomic_load(&((arb_ids *)ids)->table);
    uint64_t slots = table->capacity;
    atomic_fetch_sub(readers, 1);
    return nodes * sizeof(int64_t) + slots * sizeof(uint64_t);
}
