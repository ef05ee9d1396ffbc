/* sq4.h: codes of four bits a component, for neighbors that lie beside a list.
 *
 *   row[i]  ~  mean[i] + scale * (code[i] - 7.5)          code 0..15
 *
 * One scale for all, chosen for the least squared error. Dot products with a query are those of
 * integers (kernels.h, sq4_dots); what they lack to a distance is one number a query, and for L2
 * one a row:
 *
 *   l2sq      |q - m|^2 + |r - m|^2 - 2 (q - m)(r - m)
 *   cosine    1 - q m - q (r - m)                  rows and query of unit length
 *   dot           - q m - q (r - m)
 *
 * with m the mean. So an estimate is in the units of the ABI's distances and may be compared with
 * them. */
#ifndef ARB_VECTORS_SQ4_H
#define ARB_VECTORS_SQ4_H

#include "vectors/casts.h"
#include "vectors/rows.h"

typedef struct arb_sq4_grid {
    arb_row_form form;
    uint32_t steps; /* of 32 components, as the kernel counts: zeros behind dim */
    float scale;
    float noise;  /* what a component loses, in parts of the distance to a near row */
    float mean[]; /* dim of them */
} arb_sq4_grid;

/* A query beside a grid: distance = constant + bias of the row + factor * sum of products. */
typedef struct arb_sq4_query {
    const int8_t *code;
    float factor;
    float constant;
} arb_sq4_query;

/* Steps of a row of so many components. */
static inline uint32_t arb_sq4_steps(uint32_t dim)
{
    return (dim + 31) / 32;
}

/* Bytes of a row's code. */
static inline size_t arb_sq4_bytes(uint32_t steps)
{
    return (size_t)16 * steps;
}

/* Fits a grid to a sample of rows 0..count-1. *out is NULL with ARB_OK where no grid tells near
 * rows apart well enough. Ends with free(). */
arb_status arb_sq4_grid_create(const arb_row_form *form, const arb_rows *rows, uint32_t count,
                               arb_sq4_grid **out);

/* The code of a row: byte 16 * s + j holds component 32 * s + j in its low nibble, 32 * s + 16 + j
 * in its high one. Returns the row's bias. */
float arb_sq4_encode(const arb_sq4_grid *grid, const void *row, uint8_t *code);

/* Writes the query's 32 * steps bytes to `code`, which the result points to. */
arb_sq4_query arb_sq4_query_of(const arb_sq4_grid *grid, const void *row, uint8_t *code);

#endif
