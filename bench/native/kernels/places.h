/* places.h: rows that a kernel reads from L1, from L2 or from memory, and how fast this machine
 * loads from there when nothing is computed: the limit of every kernel. */
#ifndef ARB_BENCH_PLACES_H
#define ARB_BENCH_PLACES_H

#include <stddef.h>
#include <stdint.h>

typedef enum bench_place { PLACE_L1, PLACE_L2, PLACE_MEMORY } bench_place;
#define PLACES 3

/* "L1", "L2", "memory" */
const char *place_name(bench_place place);

/* The working set: half of the cache; for memory twice the last cache, within 256 MiB..1 GiB. */
size_t place_bytes(bench_place place);

/* Rows of `stride` bytes of a place, one behind the other, gone through again and again in order.
 * Their bytes are components of ordinary size whatever type they are taken for. */
typedef struct placed_rows {
    const uint8_t *base;
    size_t stride;
    size_t count; /* a multiple of 4; 0 where the place has no room for four rows */
    size_t next;
} placed_rows;

/* Continues where the last rows of this place ended, so that memory is not read twice. */
placed_rows place_rows(bench_place place, size_t stride);

/* To be called with what place_rows gave, when its rows have been read. */
void place_leave(bench_place place, const placed_rows *rows);

static inline const uint8_t *placed_row(placed_rows *rows)
{
    const uint8_t *row = rows->base + rows->next * rows->stride;
    rows->next = rows->next + 1 == rows->count ? 0 : rows->next + 1;
    return row;
}

/* GB/s of plain loads with the widest vectors, once through a part of the working set. */
double place_load_gb_per_s(bench_place place);

#endif
