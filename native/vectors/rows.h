/* rows.h: the vectors, one row a node.
 *
 *   slabs[0]   slabs[1]   ...            a slab is 2^slab_shift rows on huge pages,
 *   | row 0 |  | row n |                 a row is dim elements, padded with zeros to
 *   | row 1 |  | ...   |                 `stride` bytes, a multiple of 64
 *
 * A row never moves once it is written, so readers hold plain pointers. Slabs of an opened snapshot
 * point into the mapped file; later ones are anonymous memory. */
#ifndef ARB_VECTORS_ROWS_H
#define ARB_VECTORS_ROWS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "arbalest/arbalest.h"

#define ARB_SLAB_BYTES_MAX ((size_t)64 << 20)
#define ARB_ROW_ALIGNMENT 64u

typedef struct arb_rows {
    uint8_t **slabs; /* as many as the largest index needs; the table never moves */
    size_t stride;   /* bytes a row */
    uint32_t slab_shift;
    uint32_t slab_mask;
    uint32_t dim;
    uint32_t element_bytes;
    _Atomic uint32_t slab_count; /* slabs that exist */
    _Atomic uint32_t row_count;  /* rows reserved so far */
    const uint8_t *mapped;       /* rows of an opened snapshot, NULL if none; not owned */
    uint32_t mapped_slab_count;  /* leading slabs that lie in `mapped` */
    int first_slab_huge;         /* the first slab asked for huge pages already */
} arb_rows;

static inline const void *arb_row(const arb_rows *rows, uint32_t node)
{
    return rows->slabs[node >> rows->slab_shift] + (size_t)(node & rows->slab_mask) * rows->stride;
}

static inline uint32_t arb_element_size(arb_element element)
{
    return element == ARB_ELEMENT_F16 ? 2 : 4;
}

/* Bytes a row takes: dim elements padded to ARB_ROW_ALIGNMENT. */
size_t arb_row_stride(uint32_t dim, uint32_t element_bytes);

arb_status arb_rows_create(uint32_t dim, uint32_t element_bytes, arb_rows **out);

/* Rows 0..count-1 lie in `mapped` with this stride (whole slabs are used in place, the rest of the
 * last one is copied); resident copies them all to huge pages instead. `mapped` must outlive them,
 * unless resident. */
arb_status arb_rows_open(uint32_t dim, uint32_t element_bytes, const void *mapped, uint32_t count,
                         int resident, arb_rows **out);
void arb_rows_destroy(arb_rows *rows);

/* Makes room for rows first..first+count-1. One caller at a time; readers may run. On failure the
 * rows that were there stay usable. */
arb_status arb_rows_reserve(arb_rows *rows, uint32_t first, uint32_t count);

/* Where row `node` (reserved, not in the mapped slabs) is to be written; its padding is zero. */
void *arb_row_for_write(arb_rows *rows, uint32_t node);

/* Bytes of the reserved rows, mapped ones included. */
uint64_t arb_rows_bytes(const arb_rows *rows);

#endif
