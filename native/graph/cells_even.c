#include "graph/cells_even.h"

#include <stdlib.h>

#include "kernels/kernels.h"

void arb_cells_room(const uint32_t *sizes, uint32_t cells, int32_t *room)
{
    uint32_t with[ARB_FASTSCAN_ROWS] = {0}; /* cells whose last block has so many rows */
    uint64_t rows = 0;
    for (uint32_t cell = 0; cell < cells; cell++) {
        with[sizes[cell] % ARB_FASTSCAN_ROWS]++;
        rows += sizes[cell] % ARB_FASTSCAN_ROWS;
    }
    uint64_t filled = rows / ARB_FASTSCAN_ROWS; /* blocks */
    uint32_t least = ARB_FASTSCAN_ROWS;         /* rows in the last block of a cell that takes */
    while (least > 1 && filled >= with[least - 1])
        filled -= with[--least];
    for (uint32_t cell = 0; cell < cells; cell++) {
        uint32_t last = sizes[cell] % ARB_FASTSCAN_ROWS;
        int one_more = last + 1 == least && last > 0 && filled > 0;
        filled -= (uint64_t)one_more;
        int takes = last >= least || one_more;
        room[cell] = takes ? (int32_t)(ARB_FASTSCAN_ROWS - last) : -(int32_t)last;
    }
}

static int cheapest_first(const void *left, const void *right)
{
    const arb_cells_move *a = left;
    const arb_cells_move *b = right;
    return a->cost != b->cost ? (a->cost > b->cost) - (a->cost < b->cost)
                              : (a->member > b->member) - (a->member < b->member);
}

uint32_t arb_cells_make_moves(arb_cells_move *moves, uint32_t count, uint16_t *cell_of,
                              uint32_t *sizes, int32_t *room)
{
    uint32_t made = 0;
    qsort(moves, count, sizeof *moves, cheapest_first);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t to = moves[i].to;
        uint32_t from = cell_of[moves[i].member];
        if (room[from] >= 0 || room[to] <= 0)
            continue;
        room[from]++;
        room[to]--;
        sizes[from]--;
        sizes[to]++;
        cell_of[moves[i].member] = (uint16_t)to;
        made++;
    }
    return made;
}
