/* fastscan.h: rows laid together in blocks of 32, of which a kernel sums distances by looking up
 * tables: what scans of many rows read instead of their codes (Andre, Kermarrec and Le Scouarnec,
 * "Cache locality is not enough: High-Performance Nearest Neighbor Search with Product Quantization
 * Fast Scan", VLDB 2015).
 *
 * A row o belongs to a centre c near it; its code is that of its deviation r = o - c: one bit a
 * component, or two or four where a row has few, by signs and steps as Gao and others have it
 * ("Practical and Asymptotically Optimal Quantization of High-Dimensional Vectors in Euclidean
 * Space for Approximate Nearest Neighbor Search", SIGMOD 2025), without a rotation. With v what the
 * code stands for, f = r.r / v.r makes f * v the estimate of r for dot products, as in sq1.h. So
 * with d the query's deviation from an origin that all rows share, a distance is about
 *
 *   L2              |q - c|^2 + (r.r + 2 (c - origin).r) - 2 f (d.v)
 *   cosine, dot     1 or 0 - q.c - origin.r - f (d.v)
 *
 * of which the first term is the scan's to know, the second is the row's bias, and d.v a sum of
 * table entries: four bits of a code are looked up at once.
 *
 * Reading blocks is what scans take their time for, so bias and f are a byte each, of a grid that
 * all rows share: a step is far less than what signs leave open. A bias is rounded down, so that
 * this makes no row seem farther, and f up, so that a slack of so many f, which is what rows are
 * given for what their bits are off by, does not become less. A row far from all others makes the
 * steps wide. Grids need all rows: arb_fastscan_finish comes after the last of them, and before
 * anything that reads. */
#ifndef ARB_VECTORS_FASTSCAN_H
#define ARB_VECTORS_FASTSCAN_H

#include "vectors/casts.h"

/* The values first + step * code, for codes of a byte. */
typedef struct arb_fastscan_grid {
    float first;
    float step; /* 0 where all values are the same */
} arb_fastscan_grid;

typedef struct arb_fastscan {
    arb_row_form form; /* of the rows */
    uint32_t bits;     /* of a component */
    uint32_t pieces;
    size_t block_bytes;
    size_t bytes;
    uint8_t *blocks;
    arb_fastscan_grid bias;
    arb_fastscan_grid f;
    float (*terms)[2]; /* bias and f of each place; NULL once there are grids */
    float origin[];    /* dim of them */
} arb_fastscan;

/* A query's tables, and what turns a row's sum of their entries into its distance. */
typedef struct arb_fastscan_query {
    const uint8_t *tables;
    float factor;
    float shift;
} arb_fastscan_query;

/* Bytes of the tables for a query of `dim` components. */
size_t arb_fastscan_tables_bytes(uint32_t dim);

/* Room for so many blocks of rows. Values here and below are as arb_row_values gives them. */
arb_status arb_fastscan_create(const arb_row_form *form, const float *origin, uint32_t blocks,
                               arb_fastscan **out);
void arb_fastscan_destroy(arb_fastscan *fastscan);

/* Writes the row at a place, which is 32 * block + row, nearest to that centre; not after
 * arb_fastscan_finish. */
void arb_fastscan_encode(arb_fastscan *fastscan, size_t place, const float *centre,
                         const float *values);

/* Lays the grids over the rows that were written; to be called once. A place that was not written
 * has the largest bias code and stands for no row, though it may tell that it is near: who scans
 * has to know which places there are. */
void arb_fastscan_finish(arb_fastscan *fastscan);

/* The f that a place's row is estimated with: exactly 0 where the row lies on its centre, and only
 * there. */
static inline float arb_fastscan_f(const arb_fastscan *fastscan, size_t place)
{
    const uint8_t *block = fastscan->blocks + place / ARB_FASTSCAN_ROWS * fastscan->block_bytes;
    uint8_t code = block[ARB_FASTSCAN_ROWS + place % ARB_FASTSCAN_ROWS];
    return fastscan->f.first + fastscan->f.step * (float)code;
}

/* The tables go to a buffer of arb_fastscan_tables_bytes, which has to stay. */
arb_fastscan_query arb_fastscan_query_of(const arb_fastscan *fastscan, const float *values,
                                         uint8_t *tables);

/* The distances of the rows of `count` blocks that belong to one centre, whose own part in them is
 * `constant`, less `slack` times a row's f; bit r of near[b] tells whether row r of block b is then
 * not farther than `farthest`. */
static inline void arb_fastscan_near(const arb_fastscan *fastscan, const arb_fastscan_query *query,
                                     uint32_t block, uint32_t count, float constant, float slack,
                                     float farthest, float *least, uint32_t *near)
{
    arb_fastscan_bound bound = {.tables = query->tables,
                                .pieces = fastscan->pieces,
                                .constant = constant + fastscan->bias.first,
                                .factor = query->factor,
                                .shift = query->shift + slack,
                                .farthest = farthest,
                                .bias_step = fastscan->bias.step,
                                .f_first = fastscan->f.first,
                                .f_step = fastscan->f.step};
    fastscan->form.kernels->fastscan_near(&bound, fastscan->blocks + block * fastscan->block_bytes,
                                          count, least, near);
}

#endif
