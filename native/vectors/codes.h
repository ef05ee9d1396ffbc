/* codes.h: a second, shorter form of the rows, for traversal: one byte a component (SQ8).
 *
 *   row[i]  ~  offset[i] + scale * code[i]          code 0..255
 *
 * One scale for all, a per-dimension offset: the grid is centred on the mean of the rows, so that
 * its 256 steps are spent on how rows differ. A constant shift of all rows changes no L2 distance
 * and adds the same to every dot product of a query, so traversal needs neither offset nor scale:
 * the kernels' integer sums order the rows.
 *
 *   l2sq     sum (a - c)^2 with the query on the same grid
 *   dot      sum  z * c    with the query quantised by itself, z in -127..127; rows of a cosine
 *                          index are coded as unit vectors, so this orders by cosine as well
 *
 * Codes are written beside their rows and never change; a better grid means new codes for all. */
#ifndef ARB_VECTORS_CODES_H
#define ARB_VECTORS_CODES_H

#include "vectors/casts.h"
#include "vectors/rows.h"
#include "vectors/sq1.h"

typedef struct arb_codes {
    arb_row_form form;     /* of the rows that these are the codes of */
    const arb_rows *coded; /* those rows */
    arb_rows *rows;        /* the codes, one byte a component */
    arb_sq1 *sq1;          /* a bit a component, looked at first; NULL: it would not pay */
    float *offset;         /* dim of them */
    float scale;
    float error;  /* what rows lose of their squared distance from the mean; the sample's average */
    float noise;  /* what a component of a code is off by, and */
    float spread; /* how far rows are from the mean: root mean squares of the sample */
    uint64_t generation; /* which ones these are of those that the rows have had, from 1 */
} arb_codes;

/* Whether codes of such rows are read faster than the rows: they must save cache lines. */
int arb_codes_are_shorter(const arb_row_form *form);

/* Makes a grid from a sample of rows 0..count-1 (sample.h) and codes all of them. *out is NULL with
 * ARB_OK where no grid is good enough for the rows (codes.c says what that means): then traversal
 * does better on the rows. form and rows outlive the codes. */
arb_status arb_codes_create(const arb_row_form *form, const arb_rows *rows, uint32_t count,
                            arb_codes **out);
void arb_codes_destroy(arb_codes *codes);

/* Bytes of the codes of a row. */
size_t arb_codes_row_bytes(const arb_codes *codes);

/* A grid as floats, for a file: scale, error, noise, spread, slack of the bits (-1: there are
 * none), then dim offsets and dim components of the bits' centre. On the same grid rows get the
 * same codes, so that an opened index answers as the saved one did. */
#define ARB_GRID_FLOATS(dim) (2 * (size_t)(dim) + 5)
void arb_codes_write_grid(const arb_codes *codes, float *grid);

/* Codes rows 0..count-1 on a grid that was written. ARB_CORRUPT if it cannot be one. */
arb_status arb_codes_open(const arb_row_form *form, const arb_rows *rows, uint32_t count,
                          const float *grid, arb_codes **out);

/* Codes rows first..first+count-1, which nobody reads yet. One caller at a time. */
arb_status arb_codes_append(arb_codes *codes, uint32_t first, uint32_t count);

/* The error, as in codes->error, of rows 0..count-1 (of a sample of them) on this grid. */
float arb_codes_measure(const arb_codes *codes, uint32_t count);

/* A query as the codes' kernels take it. */
typedef struct arb_codes_query {
    const uint8_t *code; /* codes->rows->stride bytes, zeros behind dim */
    /* The distance that what the sq8 kernel of the metric gives stands for: zero + unit * given
     * under L2, zero - unit * given otherwise. */
    float zero;
    float unit;
    /* Rows whose distances so given are this far apart are hardly ever the other way round; under
     * L2, this times the square root of the nearer one's distance. */
    float blur;
    arb_sq1_query sq1; /* where the codes have bits */
} arb_codes_query;

/* Room for the codes of a query. */
size_t arb_codes_query_bytes(uint32_t dim);

/* query is a row; its codes go to `room`. 0 where it has none: an L2 query so far outside the grid
 * that moving it to the edge would change which rows are near; a dot query of zeros. */
int arb_codes_prepare(const arb_codes *codes, const void *query, uint8_t *room,
                      arb_codes_query *out);

/* A vector quantised by itself: values[i] ~ scale * z, z int8 in -127..127, written to
 * code[0..dim), and zeros up to a multiple of four. Returns the scale; 0 where all values are next
 * to nothing (ARB_SCREEN_LARGEST_MIN), and the code is zeros. */
float arb_codes_quantise(const arb_row_form *form, const float *values, uint8_t *code);

#endif
