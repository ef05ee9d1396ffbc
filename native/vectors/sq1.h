/* sq1.h: the shortest form of the rows, a bit a component: enough to tell most rows that a search
 * meets that they are too far, at a cache line a row.
 *
 * A row o is its deviation r from the centre c; its code is the signs of r. The mean length of a
 * component along those signs, f = r.r / sum |r_i|, makes f * sign(r) the estimate of r for dot
 * products with any q, and one that is right on average where the signs are as good as random: Gao
 * and Long, "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound for
 * Approximate Nearest Neighbor Search" (SIGMOD 2024), without its rotation. What an estimate is off
 * by goes with f * |q - c|; how far, in 9 of 10 near pairs, is measured on a sample: `slack`.
 *
 *   at least   constant + bias - f * (factor * dot + shift)
 *
 * with dot = the sum of the query's elements where the row's bits are set, is then a bound below
 * the distance that most near rows keep to. */
#ifndef ARB_VECTORS_SQ1_H
#define ARB_VECTORS_SQ1_H

#include "vectors/casts.h"
#include "vectors/rows.h"
#include "vectors/sample.h"

/* What lies behind the bits of a row. */
typedef struct arb_sq1_terms {
    float bias; /* L2: r.r; else -c.r */
    float f;
} arb_sq1_terms;

typedef struct arb_sq1 {
    arb_row_form form; /* of the rows that these are the codes of */
    arb_rows *rows;    /* 8 * steps bytes of bits and arb_sq1_terms a row */
    uint32_t steps;    /* 64 components each */
    float slack;
    float centre[]; /* dim of them */
} arb_sq1;

/* A query's side of the bound. */
typedef struct arb_sq1_query {
    const int8_t *code; /* 64 * steps */
    float constant;
    float factor;
    float shift;
    float slack; /* of the shift, what estimates may be off by */
} arb_sq1_query;

static inline uint32_t arb_sq1_steps(uint32_t dim)
{
    return (dim + 63) / 64;
}

/* Codes for rows like those of the sample, which is centred on `centre`; none are written yet. *out
 * is NULL with ARB_OK where so few rows could be told to be too far that reading their codes costs
 * more than it saves. */
arb_status arb_sq1_create(const arb_row_form *form, const arb_sample *centred, const float *centre,
                          arb_sq1 **out);
/* The same with a slack that was measured before. */
arb_status arb_sq1_open(const arb_row_form *form, float slack, const float *centre, arb_sq1 **out);
void arb_sq1_destroy(arb_sq1 *sq1);

/* Writes the code of row `node`, which is reserved in sq1->rows and nobody reads yet; values as
 * arb_row_values gives them. */
void arb_sq1_encode(arb_sq1 *sq1, uint32_t node, const float *values);

/* values as arb_row_values gives them of the query; its 64 * steps elements go to `code`. */
arb_sq1_query arb_sq1_query_of(const arb_sq1 *sq1, const float *values, int8_t *code);

static inline float arb_sq1_at_least(const arb_sq1 *sq1, const arb_sq1_query *query,
                                     const uint8_t *code, float dot)
{
    const arb_sq1_terms *terms =
        (const arb_sq1_terms *)(const void *)(code + 8 * (size_t)sq1->steps);
    return query->constant + terms->bias - terms->f * (query->factor * dot + query->shift);
}

/* Which of `count` rows that does not tell to be farther than `farthest`: bit i % 64 of near[i /
 * 64] is of nodes[i], and bits behind the last node's are 0. The first ARB_SQ1_NEAR_AHEAD rows are
 * on their way already; memory is asked for the others here. */
void arb_sq1_near(const arb_sq1 *sq1, const arb_sq1_query *query, const uint32_t *nodes,
                  uint32_t count, float farthest, uint64_t *near);

/* The same for rows that were found in sq1->rows and are all on their way. */
void arb_sq1_near_fetched(const arb_sq1 *sq1, const arb_sq1_query *query, const void *const *rows,
                          uint32_t count, float farthest, uint64_t *near);

#endif
