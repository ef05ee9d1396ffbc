/* candidate_array.h: the candidates of one search: a sorted array in which the expanded ones are
 * flagged, instead of the two heaps of the paper. */
#ifndef ARB_GRAPH_CANDIDATE_ARRAY_H
#define ARB_GRAPH_CANDIDATE_ARRAY_H

#include "graph/candidates.h"
#include "graph/graph.h"

/* Past this many candidates an insertion into a sorted array costs more than one into a heap. */
#define ARB_ARRAY_MAX 4096u

/* `live` of the candidates are not masked; the array ends with the ef-th live one once there are
 * that many. Rows that are deleted meanwhile make `live` an over-estimate; the
 * caller looks at the bits again and searches wide if they cost it too many. */
typedef struct arb_candidate_array {
    uint64_t *sorted;
    uint32_t count;
    uint32_t live;
    uint32_t cursor; /* no candidate before it is unexpanded; at most count */
    int dropped;     /* a candidate was left out: the array is not all that can be reached */
} arb_candidate_array;

static inline void arb_array_trim(arb_candidate_array *array, uint32_t ef, const arb_mask *mask)
{
    array->dropped = 1;
    while (array->live > ef && array->count > 0) {
        array->count--;
        if (!arb_is_masked(mask, arb_candidate_node(array->sorted[array->count])))
            array->live--;
    }
    while (array->count > 0 &&
           arb_is_masked(mask, arb_candidate_node(array->sorted[array->count - 1])))
        array->count--;
    array->cursor = array->cursor < array->count ? array->cursor : array->count;
}

/* Returns 0 if the candidate is farther than all of a full array, else 1 + the place it came to. */
static inline uint32_t arb_array_offer(arb_candidate_array *array, uint64_t candidate, uint32_t ef,
                                       const arb_mask *mask)
{
    if (array->live >= ef && array->count > 0 && candidate > array->sorted[array->count - 1]) {
        array->dropped = 1;
        return 0;
    }
    uint32_t place = arb_candidates_insert(array->sorted, array->count, candidate);
    array->count++;
    if (place < array->cursor)
        array->cursor = place;
    if (arb_is_masked(mask, arb_candidate_node(candidate)))
        return place + 1;
    array->live++;
    if (array->live > ef) {
        if (mask == NULL) {
            array->dropped = 1;
            array->count--;
            array->live--;
        } else {
            arb_array_trim(array, ef, mask);
        }
    }
    return place + 1;
}

/* Offers `count` candidates at once, which is as if one came after the other; `nearest` is the
 * least of them. None of them is masked, nor of those in the array, which has room for all and
 * ARB_KEYS_INSERT_PAD more. */
static inline void arb_array_offer_all(arb_candidate_array *array, const uint64_t *candidates,
                                       uint32_t count, uint64_t nearest, uint32_t ef,
                                       const arb_kernel_set *kernels)
{
    kernels->keys_insert(array->sorted, array->count, candidates, count);
    array->count += count;
    while (array->cursor > 0 && array->sorted[array->cursor - 1] >= nearest)
        array->cursor--;
    if (array->count > ef) {
        array->count = ef;
        array->dropped = 1;
    }
    array->cursor = array->cursor < array->count ? array->cursor : array->count;
    array->live = array->count;
}

#endif
