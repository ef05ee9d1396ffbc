/* cells_even_test.c: which cells take rows and which give them away, and that moves keep to it:
 * sizes set by hand, and drawn ones after all the moves that there could be. */
#include "graph/cells_even.h"
#include "testing.h"

#define CELLS 60u
#define ROWS_MAX (CELLS * 300u)

static void check_rooms(void)
{
    int32_t room[4];
    const uint32_t sizes[] = {40, 60, 33, 95}; /* 8, 28, 1 and 31 rows in their last blocks */
    arb_cells_room(sizes, 4, room);
    CHECK(room[0] == -8 && room[1] == 4 && room[2] == -1 && room[3] == 1, "%d %d %d %d", room[0],
          room[1], room[2], room[3]);
    const uint32_t alike[] = {16, 48, 80, 112}; /* two of them can be filled */
    arb_cells_room(alike, 4, room);
    CHECK(room[0] == 16 && room[1] == 16 && room[2] == -16 && room[3] == -16, "%d %d %d %d",
          room[0], room[1], room[2], room[3]);
    const uint32_t full[] = {32, 0, 64, 96};
    arb_cells_room(full, 4, room);
    CHECK(room[0] == 0 && room[1] == 0 && room[2] == 0 && room[3] == 0, "%d %d %d %d", room[0],
          room[1], room[2], room[3]);
    const uint32_t few[] = {8, 0, 0, 3}; /* no block could be filled */
    arb_cells_room(few, 4, room);
    CHECK(room[0] <= 0 && room[3] <= 0, "%d %d", room[0], room[3]);
}

static void check_cheapest_first(void)
{
    uint32_t sizes[] = {34, 63};
    uint16_t cell_of[] = {0, 0, 0};
    int32_t room[2];
    arb_cells_move moves[] = {{3, 0, 1}, {1, 1, 1}, {2, 2, 1}};
    arb_cells_room(sizes, 2, room);
    uint32_t made = arb_cells_make_moves(moves, 3, cell_of, sizes, room);
    CHECK(made == 1 && cell_of[0] == 0 && cell_of[1] == 1 && cell_of[2] == 0, "%u moves, %d %d %d",
          made, cell_of[0], cell_of[1], cell_of[2]);
    CHECK(sizes[0] == 33 && sizes[1] == 64 && room[0] == -1 && room[1] == 0, "%u %u, %d %d",
          sizes[0], sizes[1], room[0], room[1]);
}

/* With a move for every row and every cell that takes, only one block stays unfilled. */
static void check_drawn(uint64_t seed)
{
    static uint16_t cell_of[ROWS_MAX];
    uint32_t sizes[CELLS];
    int32_t room[CELLS];
    uint32_t rows = 0;
    for (uint32_t cell = 0; cell < CELLS; cell++) {
        sizes[cell] = (uint32_t)test_random_below(&seed, 300);
        for (uint32_t i = 0; i < sizes[cell]; i++)
            cell_of[rows++] = (uint16_t)cell;
    }
    arb_cells_room(sizes, CELLS, room);
    arb_cells_move *moves = malloc((size_t)rows * CELLS * sizeof *moves);
    CHECK(moves != NULL, "no memory");
    uint32_t count = 0;
    for (uint32_t row = 0; row < rows; row++) {
        for (uint32_t cell = 0; cell < CELLS; cell++) {
            float cost = test_random_unit(&seed);
            if (room[cell_of[row]] < 0 && room[cell] > 0)
                moves[count++] = (arb_cells_move){cost, row, (uint16_t)cell};
        }
    }
    arb_cells_make_moves(moves, count, cell_of, sizes, room);
    free(moves);
    uint32_t of_cell[CELLS] = {0};
    for (uint32_t row = 0; row < rows; row++)
        of_cell[cell_of[row]]++;
    uint32_t unfilled = 0;
    for (uint32_t cell = 0; cell < CELLS; cell++) {
        CHECK(of_cell[cell] == sizes[cell], "cell %u has %u rows, not %u", cell, of_cell[cell],
              sizes[cell]);
        unfilled += sizes[cell] % 32;
    }
    CHECK(unfilled == rows % 32, "%u rows in unfilled blocks, of %u", unfilled, rows);
}

int main(void)
{
    check_rooms();
    check_cheapest_first();
    for (uint64_t seed = 1; seed <= 8; seed++)
        check_drawn(seed);
    printf("cells_even_test: ok\n");
    return 0;
}
