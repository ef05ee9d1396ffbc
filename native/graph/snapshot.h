/* snapshot.h: the graph in a file. Little endian; every section starts at a multiple of 8 bytes.
 *
 *   header            arb_snapshot_header
 *   level             uint8[nodes]                level of each node
 *   linked            uint64[(nodes + 63) / 64]   bit = 1: the node is in the graph
 *   offsets           uint64[lists + 1]           where each list starts in neighbors; the last is
 *                                                 the number of neighbors
 *   neighbors         uint32[neighbors]           with ARB_TREE_MARK
 *
 * Lists are those of level 0 of all nodes in order, then those of levels 1..level of each node in
 * order. Used in place: neighbors is the CSR base of the opened graph. */
#ifndef ARB_GRAPH_SNAPSHOT_H
#define ARB_GRAPH_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#define ARB_SNAPSHOT_MAGIC 0x3147425241ull /* "ARBG1" */

typedef struct arb_snapshot_header {
    uint64_t magic;
    uint64_t nodes;
    uint64_t lists;
    uint64_t neighbors;
    uint64_t entry; /* as graph->entry; 0: no node is linked */
    uint64_t seed;
    uint32_t M;
    uint32_t ef_construction;
    uint64_t zero; /* to 64 bytes */
} arb_snapshot_header;

static inline size_t arb_snapshot_align(size_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

#endif
