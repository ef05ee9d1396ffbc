/* cells_even.h: rows that go to another cell than the nearest, so that cells fill their blocks.
 *
 * A cell begins with a new block, and of the last block of each half is empty on average: with 128
 * rows a cell an eighth of what a scan reads. */
#ifndef ARB_GRAPH_CELLS_EVEN_H
#define ARB_GRAPH_CELLS_EVEN_H

#include <stdint.h>

/* A row that may go to another cell. */
typedef struct arb_cells_move {
    float cost; /* how much farther that cell's centre is, squared */
    uint32_t member;
    uint16_t to;
} arb_cells_move;

/* Which cells take rows to fill their last block (room > 0, so many), and which give those of
 * theirs away (room < 0): the fullest take, and as many as there are rows for. */
void arb_cells_room(const uint32_t *sizes, uint32_t cells, int32_t *room);

/* Makes the cheapest of the moves, whose order changes, as far as room goes: cell_of (by member),
 * sizes and room (by cell) follow. Returns how many. */
uint32_t arb_cells_make_moves(arb_cells_move *moves, uint32_t count, uint16_t *cell_of,
                              uint32_t *sizes, int32_t *room);

#endif
