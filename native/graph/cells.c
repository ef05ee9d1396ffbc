/* cells.c: how cells are made: k-means over codes, in the codes' own steps, since there the rows of
 * every metric lie on one grid. */
#include <stdlib.h>
#include <string.h>

#include "graph/cells_even.h"
#include "graph/cells_internal.h"
#include "vectors/error.h"

/* Rows a cell, on average. */
#define ROWS_A_CELL 128u
/* Rows are given to centres once for each of these: so many groups of centres are looked at. Rows
 * that go to a near centre instead of the nearest are what searches pay for: with four groups in
 * the end they look at a third more rows. */
static const uint32_t GROUPS_OF_ROUND[] = {2, 2, 8};
#define ROUNDS (sizeof GROUPS_OF_ROUND / sizeof GROUPS_OF_ROUND[0])
/* Rounds of moves that fill blocks, and how many times as far, squared, a row's new centre may be.
 */
#define MOVE_ROUNDS 3
#define MOVE_FARTHER 1.25f
/* Rows between two looks at whether the codes are still the same. */
#define ROWS_A_LOOK 1024u

/* Cells that are being made. */
typedef struct making {
    const arb_graph *graph;
    arb_searcher *searcher;
    arb_cells *cells;
    const arb_codes *codes; /* within the epoch */
    arb_centres *centres;   /* of the cells */
    uint32_t groups;        /* of them to look at for a row */
    uint32_t *members;      /* nodes, ascending */
    uint16_t *cell_of;      /* of each */
    uint32_t *sums;         /* of the codes of a cell's rows, by component */
    arb_cells_move *moves;
    uint32_t move_count;
    int32_t *room; /* see arb_cells_room */
} making;

static arb_status out_of_memory(uint32_t rows)
{
    return arb_fail(ARB_RESOURCE_EXHAUSTED, "cells: no memory for %u rows", rows);
}

/* Enters the epoch; 0, and outside, where the codes were replaced. */
static int enter(making *of)
{
    arb_epoch_enter(of->graph, of->searcher);
    of->codes = atomic_load_explicit(&of->graph->scorer->codes, memory_order_acquire);
    if (of->codes != NULL && of->codes->generation == of->cells->generation)
        return 1;
    arb_epoch_leave(of->searcher);
    return 0;
}

/* Within the epoch. */
static const uint8_t *code_of(const making *of, uint32_t member)
{
    return arb_row(of->codes->rows, of->members[member]);
}

typedef void (*row_fn)(making *of, uint32_t member);

/* Calls for each member, within the epoch; 0 where the codes were replaced meanwhile. */
static int each_member(making *of, row_fn call)
{
    uint32_t count = of->cells->count;
    for (uint32_t first = 0; first < count; first += ROWS_A_LOOK) {
        uint32_t end = count - first < ROWS_A_LOOK ? count : first + ROWS_A_LOOK;
        if (!enter(of))
            return 0;
        for (uint32_t member = first; member < end; member++) {
            if (member + 4 < end)
                arb_prefetch_row(of->codes->rows, of->members[member + 4]);
            call(of, member);
        }
        arb_epoch_leave(of->searcher);
    }
    return 1;
}

/* Members at even distances are the first centres. */
static int begin_centres(making *of)
{
    uint32_t count = of->centres->count;
    if (!enter(of))
        return 0;
    for (uint32_t centre = 0; centre < count; centre++) {
        uint32_t member = (uint32_t)((uint64_t)centre * of->cells->count / count);
        memcpy(arb_row_for_write(of->centres->rows, centre),
               arb_row(of->codes->rows, of->members[member]), of->centres->rows->stride);
    }
    arb_epoch_leave(of->searcher);
    return 1;
}

static void give_to_centre(making *of, uint32_t member)
{
    const uint8_t *code = code_of(of, member);
    float square;
    uint32_t cell = arb_centres_nearest(of->centres, code, of->groups, NULL, &square);
    size_t stride = of->centres->rows->stride;
    uint32_t *sums = of->sums + cell * stride;
    for (size_t i = 0; i < stride; i++)
        sums[i] += code[i];
    of->cell_of[member] = (uint16_t)cell;
    of->cells->sizes[cell]++;
}

/* Moves each centre to the mean of its rows; one that has none stays. */
static void move_centres(making *of)
{
    size_t stride = of->centres->rows->stride;
    for (uint32_t cell = 0; cell < of->centres->count; cell++) {
        uint32_t size = of->cells->sizes[cell];
        uint8_t *centre = arb_row_for_write(of->centres->rows, cell);
        for (size_t i = 0; size > 0 && i < stride; i++)
            centre[i] = (uint8_t)((of->sums[cell * stride + i] + size / 2) / size);
    }
}

static int find_centres(making *of)
{
    uint32_t count = of->centres->count;
    size_t sums = count * of->centres->rows->stride;
    if (!begin_centres(of))
        return 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        of->groups = GROUPS_OF_ROUND[round];
        memset(of->sums, 0, sums * sizeof *of->sums);
        memset(of->cells->sizes, 0, count * sizeof *of->cells->sizes);
        arb_centres_group(of->centres);
        if (!each_member(of, give_to_centre))
            return 0;
        move_centres(of);
    }
    arb_centres_group(of->centres);
    return 1;
}

static void price_move(making *of, uint32_t member)
{
    const uint8_t *code = code_of(of, member);
    uint32_t cell = of->cell_of[member];
    if (of->room[cell] >= 0)
        return;
    float there;
    float here = arb_centres_square(of->centres, code, cell);
    uint32_t to = arb_centres_nearest(of->centres, code, of->groups, of->room, &there);
    if (to != ARB_NO_CENTRE && there <= MOVE_FARTHER * here)
        of->moves[of->move_count++] =
            (arb_cells_move){.cost = there - here, .member = member, .to = (uint16_t)to};
}

/* Moves rows so that most cells fill their blocks. */
static int even_out(making *of)
{
    int current = 1;
    uint32_t made = 1;
    arb_cells_room(of->cells->sizes, of->centres->count, of->room);
    for (int round = 0; round < MOVE_ROUNDS && current && made > 0; round++) {
        of->move_count = 0;
        current = each_member(of, price_move);
        made = arb_cells_make_moves(of->moves, of->move_count, of->cell_of, of->cells->sizes,
                                    of->room);
    }
    return current;
}

/* Numbers the cells so that those of near centres follow each other. */
static arb_status lay_by_group(making *of)
{
    uint32_t count = of->centres->count;
    uint32_t *moved = malloc(2 * count * sizeof *moved);
    if (moved == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "cells: no memory for %u centres", count);
    uint32_t *sizes = moved + count;
    arb_status status = arb_centres_lay_by_group(of->centres, moved);
    for (uint32_t member = 0; status == ARB_OK && member < of->cells->count; member++)
        of->cell_of[member] = (uint16_t)moved[of->cell_of[member]];
    for (uint32_t cell = 0; status == ARB_OK && cell < count; cell++)
        sizes[moved[cell]] = of->cells->sizes[cell];
    if (status == ARB_OK)
        memcpy(of->cells->sizes, sizes, count * sizeof *sizes);
    free(moved);
    return status;
}

/* The mean of all rows. */
static void find_origin(const making *of, float *origin)
{
    const arb_rows *centres = of->centres->rows;
    uint32_t dim = of->codes->form.dim;
    memset(origin, 0, dim * sizeof *origin);
    for (uint32_t cell = 0; cell < of->centres->count; cell++) {
        const uint8_t *centre = arb_row(centres, cell);
        for (uint32_t i = 0; i < dim; i++)
            origin[i] += (float)of->cells->sizes[cell] * (float)centre[i];
    }
    for (uint32_t i = 0; i < dim; i++)
        origin[i] = of->codes->offset[i] + of->codes->scale * origin[i] / (float)of->cells->count;
}

/* Room for the blocks of each cell; *made is 0 where the codes were replaced. */
static arb_status reserve_blocks(making *of, int *made)
{
    arb_cells *cells = of->cells;
    float origin[ARB_DIM_MAX];
    uint32_t blocks = 0;
    for (uint32_t cell = 0; cell < cells->centres.count; cell++) {
        cells->first[cell] = blocks;
        blocks += (of->cells->sizes[cell] + ARB_FASTSCAN_ROWS - 1) / ARB_FASTSCAN_ROWS;
    }
    cells->first[cells->centres.count] = blocks;
    *made = enter(of);
    if (!*made)
        return ARB_OK;
    find_origin(of, origin);
    arb_epoch_leave(of->searcher);
    size_t places = (size_t)blocks * ARB_FASTSCAN_ROWS;
    cells->nodes = malloc(places * sizeof *cells->nodes);
    if (cells->nodes == NULL)
        return out_of_memory(cells->count);
    memset(cells->nodes, 0xff, places * sizeof *cells->nodes); /* ARB_CELLS_NO_NODE */
    memset(of->cells->sizes, 0, cells->centres.count * sizeof *of->cells->sizes);
    return arb_fastscan_create(&of->graph->scorer->form, origin, blocks, &cells->blocks);
}

/* Puts a member into its cell's next place; `sizes` says how many are there. */
static void lay_down(making *of, uint32_t member)
{
    arb_cells *cells = of->cells;
    const arb_scorer *scorer = of->graph->scorer;
    uint32_t cell = of->cell_of[member];
    uint32_t node = of->members[member];
    size_t place = (size_t)cells->first[cell] * ARB_FASTSCAN_ROWS + of->cells->sizes[cell]++;
    float centre[ARB_DIM_MAX];
    float values[ARB_DIM_MAX];
    scorer->form.kernels->sq8_decode(arb_row(of->centres->rows, cell), of->codes->offset,
                                     of->codes->scale, centre, scorer->form.dim);
    arb_row_values(&scorer->form, arb_row(scorer->rows, node), values);
    arb_fastscan_encode(cells->blocks, place, centre, values);
    cells->nodes[place] = node;
}

static int measure_centres(making *of)
{
    arb_cells *cells = of->cells;
    if (!enter(of))
        return 0;
    arb_centres_lengths(of->codes, of->centres->rows, of->centres->count, cells->centre_square);
    arb_centres_lengths(of->codes, of->centres->leaders, of->centres->group_count,
                        cells->leader_square);
    arb_epoch_leave(of->searcher);
    return 1;
}

/* The nodes that are not masked, and how many there are. */
static arb_status list_members(making *of, const arb_mask *mask, uint32_t end)
{
    arb_unscanned rows = {.graph = of->graph, .mask = mask, .end = end};
    uint32_t batch[ARB_SCAN_BATCH_MAX];
    uint32_t count = 0;
    uint32_t capacity = 0;
    uint32_t found;
    while ((found = arb_next_unscanned(&rows, ARB_SCAN_BATCH, batch)) > 0) {
        if (count + found > capacity) {
            capacity = capacity == 0 ? 16 * ARB_SCAN_BATCH_MAX : 2 * capacity;
            uint32_t *grown = realloc(of->members, capacity * sizeof *grown);
            if (grown == NULL)
                return out_of_memory(capacity);
            of->members = grown;
        }
        memcpy(of->members + count, batch, found * sizeof *batch);
        count += found;
    }
    of->cells->count = count;
    return ARB_OK;
}

/* Room for everything, once the number of members is known. */
static arb_status reserve(making *of)
{
    arb_cells *cells = of->cells;
    const arb_row_form *form = &of->graph->scorer->form;
    uint32_t count = cells->count;
    uint32_t cell_count = count / ROWS_A_CELL;
    cell_count = cell_count < ARB_CENTRES_MAX ? cell_count : ARB_CENTRES_MAX;
    arb_status status = arb_centres_create(form->kernels, form->dim, cell_count, of->centres);
    if (status != ARB_OK)
        return status;
    cells->first = calloc(cell_count + 1, sizeof *cells->first);
    cells->centre_square = calloc(cell_count, sizeof *cells->centre_square);
    cells->leader_square = calloc(of->centres->group_count, sizeof *cells->leader_square);
    of->cell_of = malloc(count * sizeof *of->cell_of);
    of->sums = malloc(cell_count * of->centres->rows->stride * sizeof *of->sums);
    of->cells->sizes = malloc(cell_count * sizeof *of->cells->sizes);
    of->moves = malloc(count * sizeof *of->moves);
    of->room = malloc(cell_count * sizeof *of->room);
    int all = cells->first != NULL && cells->centre_square != NULL &&
              cells->leader_square != NULL && of->cell_of != NULL && of->sums != NULL &&
              of->cells->sizes != NULL && of->moves != NULL && of->room != NULL;
    return all ? ARB_OK : out_of_memory(count);
}

/* *made is 0 where the codes were replaced meanwhile. */
static arb_status make(making *of, const arb_mask *mask, uint32_t end, int *made)
{
    *made = 0;
    arb_status status = reserve(of);
    if (status != ARB_OK)
        return status;
    if (!find_centres(of) || !even_out(of))
        return ARB_OK;
    status = lay_by_group(of);
    if (status == ARB_OK)
        status = reserve_blocks(of, made);
    if (status != ARB_OK || !*made)
        return status;
    *made = each_member(of, lay_down) && measure_centres(of);
    if (!*made)
        return ARB_OK;
    arb_fastscan_finish(of->cells->blocks);
    arb_slack_task task = {.cells = of->cells,
                           .graph = of->graph,
                           .searcher = of->searcher,
                           .deleted = mask->deleted,
                           .members = of->members,
                           .cell_of = of->cell_of,
                           .end = end};
    return arb_cells_measure(&task, made);
}

static void free_making(making *of)
{
    free(of->members);
    free(of->cell_of);
    free(of->sums);
    free(of->moves);
    free(of->room);
}

arb_status arb_cells_create(const arb_graph *graph, uint64_t generation, const arb_mask *mask,
                            uint32_t end, arb_cells **out)
{
    *out = NULL;
    arb_cells *cells = calloc(1, sizeof *cells);
    making of = {.graph = graph, .searcher = arb_searcher_acquire(graph), .cells = cells};
    arb_status status = ARB_OK;
    int made = 0;
    if (cells == NULL || of.searcher == NULL) {
        status = out_of_memory(0);
    } else {
        cells->generation = generation;
        of.centres = &cells->centres;
        status = list_members(&of, mask, end);
        if (status == ARB_OK && cells->count >= ARB_CELLS_ROWS_MIN)
            status = make(&of, mask, end, &made);
    }
    free_making(&of);
    if (of.searcher != NULL)
        arb_searcher_release(graph, of.searcher);
    if (made && status == ARB_OK)
        *out = cells;
    else
        arb_cells_destroy(cells);
    return status;
}

void arb_cells_destroy(arb_cells *cells)
{
    if (cells == NULL)
        return;
    arb_centres_free(&cells->centres);
    arb_fastscan_destroy(cells->blocks);
    free(cells->nodes);
    free(cells->first);
    free(cells->sizes);
    free(cells->centre_square);
    free(cells->leader_square);
    free(cells);
}

arb_cells_facts arb_cells_get_facts(const arb_cells *cells)
{
    const arb_centres *centres = &cells->centres;
    uint64_t of_centre = 3 * sizeof(uint32_t) + sizeof *cells->centre_square;
    uint64_t of_leader = sizeof(uint32_t) + sizeof *cells->leader_square;
    uint64_t places = (uint64_t)cells->first[centres->count] * ARB_FASTSCAN_ROWS;
    uint64_t bytes = sizeof *cells + places * sizeof *cells->nodes + cells->blocks->bytes +
                     centres->count * of_centre + centres->group_count * of_leader;
    return (arb_cells_facts){.rows = cells->count,
                             .cells = centres->count,
                             .generation = cells->generation,
                             .bytes = bytes + arb_rows_bytes(centres->rows) +
                                      arb_rows_bytes(centres->leaders),
                             .scanned = cells->scanned};
}
