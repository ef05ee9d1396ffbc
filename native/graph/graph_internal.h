/* graph_internal.h: what the files of native/graph share. See README.md for a picture. */
#ifndef ARB_GRAPH_GRAPH_INTERNAL_H
#define ARB_GRAPH_GRAPH_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "graph/graph.h"
#include "vectors/pages.h"

#define ARB_SEGMENT_SHIFT 16u
#define ARB_SEGMENT_NODES (1u << ARB_SEGMENT_SHIFT)
#define ARB_SEGMENT_MASK (ARB_SEGMENT_NODES - 1)
#define ARB_SEGMENTS_MAX ((ARB_NODES_MAX >> ARB_SEGMENT_SHIFT) + 1)
#define ARB_LEVEL_LIMIT 31u /* levels 0..31: enough for 2^31 nodes with M = 2 */

/* A neighbor is a node number in 31 bits and the mark of a link that is never pruned: those of the
 * tree (links.c) on level 0, bridges (bridge.h) above. */
#define ARB_TREE_MARK 0x80000000u
#define ARB_NODE_MASK 0x7fffffffu
#define ARB_NO_NEIGHBOR 0xffffffffu /* fills a slot past its length */

/* ---- words: one 8-byte word a node and level ------------------------------------------------
 *
 *   63      57 56      48 47                                  2  1  0
 *  |generation|  length  |  address of the list (4-byte aligned) |0 |overlay|
 *
 * 0 means: no list (the node is not in the graph). A reader loads the word once with acquire and
 * reads `length` neighbors at the address; neither changes until the reader leaves its epoch. The
 * generation is that of the codes behind the list, 0 where there are none (fused.h). */
#define ARB_WORD_OVERLAY 1ull
#define ARB_WORD_ADDRESS_MASK 0x0000fffffffffffcull
#define ARB_WORD_LENGTH_SHIFT 48
#define ARB_WORD_LENGTH_MASK 0x1ffull

typedef _Atomic uint64_t arb_word;

static inline const uint32_t *arb_word_list(uint64_t word)
{
    return (const uint32_t *)(uintptr_t)(word & ARB_WORD_ADDRESS_MASK);
}

static inline uint32_t arb_word_length(uint64_t word)
{
    return (uint32_t)((word >> ARB_WORD_LENGTH_SHIFT) & ARB_WORD_LENGTH_MASK);
}

static inline uint64_t arb_word_pack(const uint32_t *list, uint32_t length, uint64_t overlay)
{
    return (uint64_t)(uintptr_t)list | ((uint64_t)length << ARB_WORD_LENGTH_SHIFT) | overlay;
}

/* What the graph knows of ARB_SEGMENT_NODES nodes. Segments are mapped lazily and never move. */
typedef struct arb_segment {
    arb_word level0[ARB_SEGMENT_NODES];
    arb_word *upper[ARB_SEGMENT_NODES]; /* words of levels 1..level; NULL for level 0 */
    _Atomic uint64_t linked[ARB_SEGMENT_NODES / 64];
    uint8_t level[ARB_SEGMENT_NODES];
} arb_segment;

/* What a segment is mapped with: a huge page needs all of its 2 MiB mapped, used or not. */
#define ARB_SEGMENT_BYTES                                                                          \
    ((sizeof(arb_segment) + ARB_HUGE_PAGE_BYTES - 1) / ARB_HUGE_PAGE_BYTES * ARB_HUGE_PAGE_BYTES)

/* ---- slots: fixed-capacity neighbor lists of the overlay -------------------------------------
 * A slot holds M0 neighbors; a free one's first 8 bytes link it to the next free one. The chunk's
 * head lies at the start of its memory, which is aligned to ARB_HUGE_PAGE_BYTES: a slot's address
 * gives its chunk. */
typedef struct arb_slot_chunk {
    struct arb_slot_chunk *next;
    size_t bytes;
    uint32_t first; /* slots that the head takes up */
    uint32_t used;  /* slots handed out so far, from the front */
    uint32_t count;
    uint32_t free; /* scratch of arb_slots_trim */
} arb_slot_chunk;

typedef struct arb_slot_store {
    pthread_mutex_t mutex; /* writers only, once every ARB_SLOT_BATCH slots */
    arb_slot_chunk *chunks;
    uint32_t *free_slots;
    size_t free_count;
} arb_slot_store;

/* A slot that readers may still see until the epoch has moved on by ARB_GRACE_EPOCHS. */
typedef struct arb_retired {
    uint32_t *slot;
    uint64_t epoch;
} arb_retired;

/* Blocks of upper-level words; freed with the graph. */
typedef struct arb_block {
    struct arb_block *next;
    size_t used;
    arb_word words[];
} arb_block;

/* The searchers of a graph and the epoch that they announce. */
typedef struct arb_pool {
    _Alignas(64) _Atomic uint64_t epoch; /* from 1 */
    _Alignas(64) _Atomic(arb_searcher *) searchers;
} arb_pool;

struct arb_graph {
    const arb_scorer *scorer;
    uint32_t M;
    uint32_t M0;         /* 2M: most neighbors on level 0 */
    uint32_t tree_limit; /* most tree links of one node */
    uint32_t ef_construction;
    uint64_t seed;
    double level_scale; /* 1 / ln(M) */

    _Atomic(arb_segment *) *segments; /* ARB_SEGMENTS_MAX pointers */
    _Atomic uint32_t segment_count;   /* segments 0..count-1 exist */
    _Atomic uint32_t node_end;        /* 1 + the highest node inserted so far */
    _Atomic uint64_t entry;           /* arb_entry_pack(); 0 while the graph is empty */
    _Atomic uint64_t bridge_turn;     /* see arb_bridge_some */

    arb_pool *pool;
    arb_slot_store slots;
    pthread_mutex_t grow_mutex; /* segments and blocks */
    arb_block *blocks;

    pthread_mutex_t freeze_mutex;
    uint8_t *base; /* the base that freeze made; NULL if none or mapped */
    size_t base_bytes;
    _Atomic uint64_t base_used;        /* bytes of the current base, mapped or not */
    int fuse;                          /* freeze puts codes beside the lists */
    _Atomic int base_fuse;             /* `fuse` when the current base was made */
    _Atomic(struct arb_fused *) fused; /* of the current base; NULL: it has no codes */
    _Atomic uint64_t upper_bytes;      /* upper-level words */
    _Atomic uint64_t overlay_lists;    /* lists of all levels that lie in the overlay */
    _Atomic uint64_t chunk_bytes;
};

struct arb_searcher {
    _Alignas(64) _Atomic uint64_t epoch; /* 0: not inside the graph */
    _Atomic int busy;
    arb_searcher *next;

    /* The visited set: a bit a node, and the nodes in the order of their visits. */
    uint64_t *visited;
    size_t visited_bytes;
    uint32_t visited_nodes;
    uint32_t *visits;
    uint32_t visit_count;
    uint32_t visit_capacity;

    /* Candidates, nearest first (candidates.h). */
    uint64_t *found;
    uint32_t found_count;
    int found_all; /* found holds every node that could be reached */
    uint32_t found_capacity;

    /* The wide search's two heaps. */
    uint64_t *frontier;
    size_t frontier_capacity;
    uint64_t *results;
    size_t results_capacity;

    uint64_t *words; /* the caller's: see arb_searcher_words */
    size_t words_capacity;

    uint8_t *query_code;   /* see arb_traversal_query */
    uint8_t *query_tables; /* see arb_cells_prepare */

    /* Scratch of one expansion or selection: 2 * M0 + 2 entries each. */
    uint32_t *fresh;
    uint32_t *near; /* those whose rows are looked at */
    float *distances;
    const void **fresh_bits; /* where the bits of the fresh lie */
    const void **near_rows;  /* where the rows of the near lie */

    /* What an insert is going to publish: M0 neighbors a level. */
    uint32_t *selected;
    uint32_t *selected_count;
    uint64_t *pruning; /* candidates of a selection */
    const void **chosen_rows;

    /* Overlay slots at hand and slots waiting for their grace period (a ring). */
    uint32_t *free_slots;
    size_t free_count;
    arb_retired *retired;
    size_t retired_head;
    size_t retired_count;
    size_t retired_capacity; /* a power of two */

    arb_search_stats stats;
};

static inline uint64_t arb_entry_pack(uint32_t node, uint32_t level)
{
    return ((uint64_t)(level + 1) << 32) | node;
}

static inline uint32_t arb_entry_node(uint64_t entry)
{
    return (uint32_t)entry;
}

static inline uint32_t arb_entry_level(uint64_t entry)
{
    return (uint32_t)(entry >> 32) - 1;
}

static inline arb_segment *arb_segment_of(const arb_graph *graph, uint32_t node)
{
    return atomic_load_explicit(&graph->segments[node >> ARB_SEGMENT_SHIFT], memory_order_acquire);
}

/* The word of a node on a level that the node has; the node's segment exists. */
static inline arb_word *arb_word_at(const arb_graph *graph, uint32_t node, uint32_t level)
{
    arb_segment *segment = arb_segment_of(graph, node);
    if (level == 0)
        return &segment->level0[node & ARB_SEGMENT_MASK];
    return &segment->upper[node & ARB_SEGMENT_MASK][level - 1];
}

static inline uint32_t arb_level_of(const arb_graph *graph, uint32_t node)
{
    return arb_segment_of(graph, node)->level[node & ARB_SEGMENT_MASK];
}

static inline uint32_t arb_level_capacity(const arb_graph *graph, uint32_t level)
{
    return level == 0 ? graph->M0 : graph->M;
}

/* Most marked links of one node on a level: of the tree on level 0, bridges above (bridge.h). */
static inline uint32_t arb_mark_limit(const arb_graph *graph, uint32_t level)
{
    return level == 0 ? graph->tree_limit : graph->M / 2;
}

/* ---- storage.c: segments, upper-level words ---- */
arb_status arb_graph_ensure_segment(arb_graph *graph, uint32_t node);
/* Zeroed words of levels 1..level, NULL without memory. They live as long as the graph. */
arb_word *arb_graph_upper_words(arb_graph *graph, uint32_t level);
void arb_graph_set_linked(arb_graph *graph, uint32_t node);
/* Bits of nodes 64 * word .. 64 * word + 63: linked. */
uint64_t arb_graph_linked_word(const arb_graph *graph, uint32_t word);

/* ---- slots.c ---- */
/* Makes sure that the searcher has `count` free slots at hand. */
arb_status arb_slots_reserve(arb_graph *graph, arb_searcher *searcher, size_t count);
uint32_t *arb_slot_take(arb_searcher *searcher);
/* The slot was never published: it is free at once. */
void arb_slot_give_back(arb_searcher *searcher, uint32_t *slot);
/* The slot was published and then replaced: it is free after a grace period. Room for the record
 * was made by arb_slots_reserve. */
void arb_slot_retire(const arb_graph *graph, arb_searcher *searcher, uint32_t *slot);
/* Moves slots whose grace period is over to the free ones, and a surplus back to the store. */
void arb_slots_collect(arb_graph *graph, arb_searcher *searcher);
/* Room for `count` slots to retire beside those that wait. */
arb_status arb_retired_reserve(arb_searcher *searcher, size_t count);
int arb_retired_has_room(const arb_searcher *searcher, size_t count);
/* Gives memory back to the system: chunks of which every slot is free. */
void arb_slots_trim(arb_graph *graph, arb_searcher *searcher);
arb_status arb_slots_init(arb_slot_store *store);
void arb_slots_destroy(arb_slot_store *store);

/* ---- epoch.c ---- */
#define ARB_GRACE_EPOCHS 3u
arb_pool *arb_pool_create(void);
void arb_pool_destroy(arb_pool *pool);
/* Enters and leaves the graph: between the two, no list that the searcher can see is reused. */
void arb_epoch_enter(const arb_graph *graph, arb_searcher *searcher);
void arb_epoch_leave(arb_searcher *searcher);
/* Moves the epoch on if every searcher inside the graph has announced the current one. */
void arb_epoch_try_advance(const arb_graph *graph);

/* ---- searcher.c: scratch memory ---- */
/* Room for `capacity` candidates, all current nodes in the visited set. */
arb_status arb_searcher_prepare(const arb_graph *graph, arb_searcher *searcher, uint32_t capacity);
void arb_searcher_free(arb_searcher *searcher);
arb_status arb_visits_grow(arb_searcher *searcher);
arb_status arb_heaps_grow(arb_searcher *searcher, size_t frontier, size_t results);
void arb_visited_clear(arb_searcher *searcher);

/* ---- walk.c, search_wide.c ---- */
#define ARB_SEARCH_OVERFLOW ((arb_status)-1) /* the candidate array is full of masked nodes */
struct arb_query;
/* A walk on level 0 with two heaps instead of one array, for breadths or numbers of masked nodes
 * for which an array is too slow. Leaves the live ones only. */
arb_status arb_search_wide(const arb_graph *graph, arb_searcher *searcher,
                           const struct arb_query *query, uint64_t start, uint32_t ef,
                           const arb_mask *mask);

/* ---- insert.c ---- */
/* The level that a node gets when it is linked. */
uint32_t arb_level_drawn(const arb_graph *graph, uint32_t node);

/* ---- select.c ---- */
/* Malkov's Algorithm 4: chooses up to `most` of `candidates` (nearest first) as neighbors of one
 * node. Entries of `candidates` carry the tree mark in the low bit; those are always chosen. The
 * chosen come out nearest first, with the mark in ARB_TREE_MARK. */
uint32_t arb_select_neighbors(const arb_graph *graph, arb_searcher *searcher,
                              const uint64_t *candidates, uint32_t count, uint32_t most,
                              uint32_t *chosen);

#endif
