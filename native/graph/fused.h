/* fused.h: the frozen graph with the neighbors' codes beside each list, so that an expansion reads
 * one stream instead of a row a neighbor. In place of a bare list, the base holds a block:
 *
 *   neighbor  uint32[padded]     as in any list, length of them; the word points here
 *   bias      float[padded]      see sq4.h
 *   zeros to a multiple of 64
 *   codes     padded / 4 groups of 64 * steps bytes: see sq4_dots in kernels.h
 *
 * padded is the length rounded up to a multiple of 4; blocks start at multiples of 64. Whoever
 * wants the list alone reads it as ever. A word tells by its generation whether codes lie behind
 * its list and on which grid: 0 means none. Lists that changed since the freeze lie in the overlay
 * and have none; neither do, for a searcher that came before a freeze ended, those that it packed
 * already: such lists are scored by the rows.
 *
 * Estimates order the candidates, the rows decide among the best: as SymphonyQG does (Gou, Gao, Xu,
 * Long, "SymphonyQG: Towards Symphonious Integration of Quantization and Graph for Approximate
 * Nearest Neighbor Search", 2024), with four bits instead of one and one grid for all nodes, so
 * that a node has the same estimate whichever list it is met in. */
#ifndef ARB_GRAPH_FUSED_H
#define ARB_GRAPH_FUSED_H

#include "graph/graph_internal.h"
#include "graph/score.h"
#include "vectors/sq4.h"

#define ARB_WORD_GENERATION_SHIFT 57
#define ARB_GENERATION_MAX 127u

/* What the blocks of one freeze have in common. Published when all of them are. */
struct arb_fused {
    arb_sq4_grid *grid;
    uint32_t generation; /* 1..ARB_GENERATION_MAX */
    uint32_t rerank;     /* as arb_query has it */
};

static inline uint32_t arb_word_generation(uint64_t word)
{
    return (uint32_t)(word >> ARB_WORD_GENERATION_SHIFT);
}

static inline size_t arb_fused_padded(uint32_t length)
{
    return ((size_t)length + 3) / 4 * 4;
}

static inline size_t arb_fused_codes_at(uint32_t length)
{
    return (arb_fused_padded(length) * (sizeof(uint32_t) + sizeof(float)) + 63) / 64 * 64;
}

static inline size_t arb_fused_block_bytes(uint32_t length, uint32_t steps)
{
    return arb_fused_codes_at(length) + arb_fused_padded(length) * arb_sq4_bytes(steps);
}

/* ---- fused.c: writing blocks ---- */

/* Codes of nodes 0..end-1 while a freeze copies them beside lists. */
typedef struct arb_fused_codes {
    const arb_graph *graph;
    const arb_sq4_grid *grid;
    uint32_t end;
    uint8_t *codes; /* arb_sq4_bytes a node */
    float *bias;
    size_t bytes; /* of both */
} arb_fused_codes;

/* A grid for the rows below end and, if there is one that is good enough, their codes. *fused is
 * NULL with ARB_OK where there is none. */
arb_status arb_fused_create(const arb_graph *graph, uint32_t end, struct arb_fused **fused,
                            arb_fused_codes *codes);
void arb_fused_destroy(struct arb_fused *fused);
void arb_fused_codes_free(arb_fused_codes *codes);

/* Fills the block whose list is written. */
void arb_fused_fill(const arb_fused_codes *codes, uint32_t *block, uint32_t length);

/* ---- fused_search.c ---- */

/* The search of arb_graph_search over blocks: leaves the nearest live nodes by estimate in
 * searcher->found, `breadth` of them at most, the best ef expanded. ARB_SEARCH_OVERFLOW where
 * masked nodes are too many for it; found_all as a walk sets it. */
arb_status arb_fused_search(const arb_graph *graph, arb_searcher *searcher,
                            const struct arb_fused *fused, const arb_query *exact, uint64_t entry,
                            uint32_t ef, uint32_t breadth, const arb_mask *mask);

#endif
