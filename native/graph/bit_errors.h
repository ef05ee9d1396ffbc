/* bit_errors.h: how far the distances that bits stand for (sq1.h, fastscan.h) are off, learned from
 * the rows that a search scores anyway.
 *
 * What was measured when the bits were made holds for near pairs, which a search of the graph
 * meets. Rows that match a filter may all be far from the query, and their bits off the same way.
 */
#ifndef ARB_GRAPH_BIT_ERRORS_H
#define ARB_GRAPH_BIT_ERRORS_H

#include <math.h>

#include "graph/score.h"

/* By how much distances of bits were too large, in units of a row's f. */
typedef struct arb_bit_errors {
    uint32_t count;
    float sum;
    float squares;
} arb_bit_errors;

static inline void arb_bit_errors_add(arb_bit_errors *errors, float error)
{
    errors->count++;
    errors->sum += error;
    errors->squares += error * error;
}

/* What bits may be off by if so many standard deviations of what was learned are allowed for. */
static inline float arb_bit_errors_off(const arb_bit_errors *errors, float deviations)
{
    if (errors->count == 0)
        return 0;
    float mean = errors->sum / (float)errors->count;
    float variance = errors->squares / (float)errors->count - mean * mean;
    float off = mean + deviations * sqrtf(variance > 0 ? variance : 0);
    return off > 0 ? off : 0;
}

/* Allows a query's bits to be off by so many standard deviations of what was learned; shift is that
 * of the query if bits were never off. */
static inline void arb_bit_errors_allow(const arb_bit_errors *errors, float deviations, float shift,
                                        arb_query *query)
{
    if (errors->count > 0)
        query->bits.shift = shift + arb_bit_errors_off(errors, deviations);
}

/* Learns from a row whose distance by the query is known; shift as above. */
static inline void arb_bit_errors_learn(arb_bit_errors *errors, const arb_query *query, float shift,
                                        uint32_t node, float scored)
{
    const arb_sq1 *sq1 = query->sq1;
    const uint8_t *code = arb_row(sq1->rows, node);
    const uint8_t *const codes[4] = {code, code, code, code};
    const arb_sq1_terms *terms =
        (const arb_sq1_terms *)(const void *)(code + 8 * (size_t)sq1->steps);
    if (!(terms->f > 0))
        return; /* a row at the centre: its bits are never off */
    arb_sq1_query bits = query->bits;
    bits.shift = shift;
    float dots[4];
    sq1->form.kernels->sq1_dot_x4(bits.code, codes, sq1->steps, dots);
    float least = arb_sq1_at_least(sq1, &bits, code, dots[0]);
    arb_bit_errors_add(errors, (least - arb_scored_distance(query, scored)) / terms->f);
}

#endif
