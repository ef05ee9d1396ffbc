/* sample.h: rows as floats, and a sample of them that a grid of codes is fitted to. */
#ifndef ARB_VECTORS_SAMPLE_H
#define ARB_VECTORS_SAMPLE_H

#include "vectors/casts.h"
#include "vectors/rows.h"

/* Rows of a sample, at most. */
#define ARB_SAMPLE_ROWS 4096u

/* Every step-th row, as floats one behind the other; the caller frees `values`. */
typedef struct arb_sample {
    float *values;
    uint32_t count;
} arb_sample;

/* So many rows lie between two of a sample. */
uint32_t arb_sample_step(uint32_t count);

/* A row as dim floats. */
void arb_row_widen(const arb_row_form *form, const void *row, float *out);

/* The vector whose code a row gets: the row, of unit length under cosine. */
void arb_row_values(const arb_row_form *form, const void *row, float *out);

/* The largest magnitude among the values. */
float arb_largest_of(const float *values, size_t count);

/* Of rows 0..count-1, as arb_row_values gives them. */
arb_status arb_sample_take(const arb_row_form *form, const arb_rows *rows, uint32_t count,
                           arb_sample *out);

/* Leaves the rows' deviations from their mean, which goes to mean[0..dim). */
void arb_sample_centre(arb_sample *of, uint32_t dim, float *mean);

/* The distance from a row of the sample to a near one in it, and in *squares its squared length:
 * averages. Near is the tenth neighbor. All rows lie closer together than a sample of them, so this
 * is about twice too far. */
double arb_sample_near(const arb_row_form *form, const arb_sample *of, double *squares);

#endif
