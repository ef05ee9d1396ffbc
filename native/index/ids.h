/* ids.h: node -> id and id -> node.
 *
 * node -> id is an array that never moves. id -> node is an open-addressing table with one slot an
 * id ever seen; a slot packs 32 bits of the id's hash and node + 1:
 *
 *   | hash: 32 | node + 1: 32 |   0 = empty
 *
 * One writer at a time (the index's write mutex); readers take no lock. A replaced id's slot is
 * overwritten in place by one atomic store. A table that is full is copied into a bigger one; the
 * old one is freed once no reader can hold it. */
#ifndef ARB_INDEX_IDS_H
#define ARB_INDEX_IDS_H

#include <stdatomic.h>
#include <stdint.h>

#include "graph/graph.h"

#define ARB_NO_NODE UINT32_MAX

typedef struct arb_id_table arb_id_table;

typedef struct arb_ids {
    int64_t *by_node; /* reserved for ARB_NODES_MAX nodes; pages are touched as rows come */
    _Atomic(arb_id_table *) table;
    _Atomic uint32_t readers; /* inside arb_ids_find */
    arb_id_table *retired;    /* replaced by `table`, perhaps still read; a list */
} arb_ids;

arb_status arb_ids_create(arb_ids *ids);
void arb_ids_destroy(arb_ids *ids);

/* Makes room for `count` more ids, so that arb_ids_put cannot fail. Slots of deleted nodes are
 * dropped on the way. Writer only. */
arb_status arb_ids_reserve(arb_ids *ids, uint32_t count, arb_deleted_bits deleted);

/* Notes that `id` is now `node` and returns the node it was, or ARB_NO_NODE. Writer only. */
uint32_t arb_ids_put(arb_ids *ids, int64_t id, uint32_t node);

/* The node that `id` was last put to (perhaps deleted since), or ARB_NO_NODE. Any thread. */
uint32_t arb_ids_find(const arb_ids *ids, int64_t id);

static inline int64_t arb_id_of(const arb_ids *ids, uint32_t node)
{
    return ids->by_node[node];
}

/* Bytes in use with `nodes` rows. Any thread. */
uint64_t arb_ids_bytes(const arb_ids *ids, uint64_t nodes);

#endif
