/* candidates.h: a candidate is one 64-bit integer that sorts by distance, then by node.
 *
 *   63                       32 31                  1  0
 *  | distance, order preserved |        node         |flag|
 *
 * The flag is `expanded` in a search and the tree mark in a selection. Integer comparison makes the
 * order total and deterministic, and costs what a float comparison costs. */
#ifndef ARB_GRAPH_CANDIDATES_H
#define ARB_GRAPH_CANDIDATES_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define ARB_CANDIDATE_FLAG 1ull

static inline uint64_t arb_candidate(float distance, uint32_t node)
{
    uint32_t bits;
    if (distance != distance) /* an overflow in float32 data: as far as can be */
        distance = INFINITY;
    memcpy(&bits, &distance, sizeof bits);
    bits ^= (uint32_t)((int32_t)bits >> 31) | 0x80000000u;
    return ((uint64_t)bits << 32) | ((uint64_t)node << 1);
}

static inline uint32_t arb_candidate_node(uint64_t candidate)
{
    return (uint32_t)candidate >> 1;
}

static inline float arb_candidate_distance(uint64_t candidate)
{
    uint32_t bits = (uint32_t)(candidate >> 32);
    bits ^= (bits & 0x80000000u) ? 0x80000000u : 0xffffffffu;
    float distance;
    memcpy(&distance, &bits, sizeof distance);
    return distance;
}

/* Puts a candidate into the sorted array of `count` and returns its place; there is room. */
static inline uint32_t arb_candidates_insert(uint64_t *sorted, uint32_t count, uint64_t candidate)
{
    /* Where a candidate belongs is what no branch predictor can know: halves are taken by a mask.
     */
    uint32_t low = 0;
    for (uint32_t length = count; length > 0;) {
        uint32_t half = (length + 1) / 2;
        low += half & -(uint32_t)(sorted[low + half - 1] < candidate);
        length -= half;
    }
    memmove(sorted + low + 1, sorted + low, (count - low) * sizeof *sorted);
    sorted[low] = candidate;
    return low;
}

#endif
