/* cells_scan.c: a search of cells; see cells.h. */
#include <math.h>

#include "graph/candidates.h"
#include "graph/cells_list.h"
#include "graph/rerank.h"

/* Blocks that are looked at together; the codes of their rows are on their way while the next are.
 */
#define BLOCKS_AT_ONCE (ARB_SCAN_BATCH / ARB_FASTSCAN_ROWS)
/* Rows that are scored whatever their blocks say, to learn how far those are off: one in each
 * block, until there are so many. */
#define PROBES_ENOUGH 32u
/* Standard deviations that blocks may be off by; the breadth of the rerank makes up for those that
 * are off more. */
#define DEVIATIONS 2.5f
/* Rows in doubt that are kept, and that are scored together. */
#define DOUBTS_MAX 512u
#define DOUBTS_AT_ONCE 8u
/* Of the cell that comes next so much is asked for. */
#define BYTES_OF_NEXT_CELL 512u
/* Rows after which the k-th is about where it will be in the end. */
#define ROWS_TO_SETTLE 256u

int arb_cells_prepare(const arb_cells *cells, const arb_graph *graph, arb_searcher *searcher,
                      const void *row, int native, arb_cells_query *out)
{
    const arb_scorer *scorer = graph->scorer;
    const arb_codes *codes = atomic_load_explicit(&scorer->codes, memory_order_acquire);
    if (codes == NULL || codes->generation != cells->generation)
        return 0;
    *out = (arb_cells_query){.cells = cells,
                             .metric = scorer->form.metric,
                             .codes = arb_traversal_query(scorer, searcher, row, native)};
    /* they may have been replaced since, or the query may have no code */
    if (out->codes.rows != codes->rows)
        return 0;
    float values[ARB_DIM_MAX];
    arb_row_values(&scorer->form, row, values);
    out->blocks = arb_fastscan_query_of(cells->blocks, values, searcher->query_tables);
    if (out->metric == ARB_METRIC_DOT) {
        const arb_distance *dot = &scorer->form.kernels->distance[ARB_ELEMENT_F32][ARB_METRIC_DOT];
        out->length = sqrtf(dot->one(values, values, scorer->form.dim));
    }
    return 1;
}

float arb_cells_row_far(const arb_cells_query *query, float distance)
{
    if (query->metric == ARB_METRIC_DOT)
        return query->length > 0 ? distance / query->length : 0;
    /* rows of a cosine index are coded as unit vectors: |q - o|^2 = 2 (1 - q.o) */
    float square = query->metric == ARB_METRIC_COSINE ? 2 * distance : distance;
    return sqrtf(square > 0 ? square : 0);
}

/* The distance by the metric of a centre that is so far: see centre_far. */
static float centre_distance(const arb_cells_query *query, float length_square, float far)
{
    if (query->metric == ARB_METRIC_DOT)
        return far * query->length;
    if (query->metric == ARB_METRIC_COSINE)
        return (far * far + 1 - length_square) / 2;
    return far * far;
}

/* A centre of unit vectors is shorter than they are: |q - c|^2 = 1 + |c|^2 - 2 q.c. */
static float centre_far(const arb_cells_query *query, float length_square, float distance)
{
    if (query->metric == ARB_METRIC_COSINE)
        distance += (length_square - 1) / 2;
    return arb_cells_row_far(query, distance);
}

void arb_cells_far(const arb_cells_query *query, const arb_rows *centres, const float *squares,
                   uint32_t first, uint32_t count, float *far)
{
    arb_query coded = query->codes;
    uint32_t numbers[ARB_SCAN_BATCH] = {0};
    coded.rows = centres;
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = first + i;
    arb_score(&coded, numbers, count, far);
    for (uint32_t i = 0; i < count; i++)
        far[i] = centre_far(query, squares[first + i], arb_scored_distance(&query->codes, far[i]));
}

/* Rows that are scored together. */
typedef struct near_rows {
    uint32_t nodes[ARB_SCAN_BATCH];
    float least[ARB_SCAN_BATCH]; /* what their blocks told, with no slack, and */
    float f[ARB_SCAN_BATCH];     /* their f, 0 where the row is no probe */
    uint32_t count;
} near_rows;

/* Rows that are near only if their blocks are off: they wait until all cells were looked at, since
 * most of them are too far by then. */
typedef struct rows_in_doubt {
    uint32_t places[DOUBTS_MAX];
    float least[DOUBTS_MAX]; /* as near_rows has them */
    float f[DOUBTS_MAX];
    uint32_t count;
} rows_in_doubt;

/* Looking at blocks, in two steps: rows that may be near are asked for first, and scored while the
 * next are on their way. */
typedef struct block_scan {
    const arb_cells_query *query;
    arb_code_scan *scan;
    arb_deleted_bits deleted;
    near_rows *asked_for;
    near_rows *empty;
    rows_in_doubt *in_doubt;
    arb_bit_errors errors;
    float likely; /* what blocks are off by, */
    float slack;  /* and what they may be */
    float farthest;
    uint64_t rows; /* looked at */
} block_scan;

/* Scores what was asked for; what is asked for next goes where that was. */
static void score_asked_for(block_scan *of)
{
    near_rows *near = of->asked_for;
    const arb_query *codes = &of->query->codes;
    float scored[ARB_SCAN_BATCH];
    arb_score_fetched(codes, near->nodes, near->count, scored);
    for (uint32_t i = 0; i < near->count; i++) {
        if (near->f[i] > 0)
            arb_bit_errors_add(
                &of->errors, (near->least[i] - arb_scored_distance(codes, scored[i])) / near->f[i]);
    }
    of->likely = arb_bit_errors_off(&of->errors, 0);
    of->slack = arb_bit_errors_off(&of->errors, DEVIATIONS);
    arb_code_scan_keep(of->scan, near->nodes, scored, near->count);
    of->farthest = arb_code_scan_nth(of->scan, of->scan->ef);
    near->count = 0;
    of->asked_for = of->empty;
    of->empty = near;
}

/* f is 0 where the row is no probe. */
static void ask_for_row(block_scan *of, size_t place, float least, float f)
{
    near_rows *batch = of->empty;
    uint32_t node = of->query->cells->nodes[place];
    if (node == ARB_CELLS_NO_NODE || arb_is_deleted(of->deleted, node))
        return;
    arb_prefetch_row(of->query->codes.rows, node);
    batch->nodes[batch->count] = node;
    batch->least[batch->count] = least;
    batch->f[batch->count++] = f;
}

/* Scores those that may still be near. */
static void end_doubts(block_scan *of)
{
    const rows_in_doubt *rows = of->in_doubt;
    for (uint32_t i = 0; i < rows->count; i++) {
        if (rows->least[i] - rows->f[i] * of->slack <= of->farthest)
            ask_for_row(of, rows->places[i], rows->least[i], 0);
        if (of->empty->count >= DOUBTS_AT_ONCE)
            score_asked_for(of);
    }
    of->in_doubt->count = 0;
    score_asked_for(of);
    score_asked_for(of);
}

static void put_in_doubt(block_scan *of, size_t place, float least, float f)
{
    rows_in_doubt *rows = of->in_doubt;
    if (rows->count == DOUBTS_MAX)
        end_doubts(of);
    rows->places[rows->count] = (uint32_t)place;
    rows->least[rows->count] = least;
    rows->f[rows->count++] = f;
}

/* Asks for those rows of a block that `near` has bits of, which are near if blocks are off by no
 * more than `slack`. */
static void ask_for(block_scan *of, uint32_t block, uint32_t near, const float *least, float slack)
{
    size_t first = (size_t)block * ARB_FASTSCAN_ROWS;
    uint32_t probes = of->farthest == INFINITY           ? UINT32_MAX
                      : of->errors.count < PROBES_ENOUGH ? 1
                                                         : 0;
    for (near |= probes & 1; near != 0; near &= near - 1) {
        uint32_t row = (uint32_t)__builtin_ctz(near);
        float f = arb_fastscan_f(of->query->cells->blocks, first + row);
        float without_slack = least[row] + f * slack;
        if (probes >> row & 1)
            ask_for_row(of, first + row, without_slack, f);
        else if (without_slack - f * of->likely <= of->farthest)
            ask_for_row(of, first + row, without_slack, 0);
        else
            put_in_doubt(of, first + row, without_slack, f);
    }
}

/* Asks for the beginning of a cell; the kernel asks for what follows. */
static void ask_for_cell(const arb_cells *cells, uint32_t cell)
{
    uint32_t block = cells->first[cell];
    const uint8_t *blocks = cells->blocks->blocks + block * cells->blocks->block_bytes;
    for (uint32_t byte = 0; byte < BYTES_OF_NEXT_CELL; byte += 64)
        __builtin_prefetch(blocks + byte);
    __builtin_prefetch(cells->nodes + (size_t)block * ARB_FASTSCAN_ROWS);
}

static void look_at_cell(block_scan *of, uint64_t key)
{
    const arb_cells *cells = of->query->cells;
    uint32_t cell = arb_candidate_node(key);
    float constant =
        centre_distance(of->query, cells->centre_square[cell], arb_candidate_distance(key));
    uint32_t end = cells->first[cell + 1];
    of->rows += cells->sizes[cell];
    uint32_t count;
    for (uint32_t block = cells->first[cell]; block < end; block += count) {
        /* all rows of the first are scored, so one block is enough */
        uint32_t most = of->farthest < INFINITY ? BLOCKS_AT_ONCE : 1;
        count = end - block < most ? end - block : most;
        float least[ARB_SCAN_BATCH];
        uint32_t near[BLOCKS_AT_ONCE];
        arb_fastscan_near(cells->blocks, &of->query->blocks, block, count, constant, of->slack,
                          of->farthest, least, near);
        float slack = of->slack;
        for (uint32_t i = 0; i < count; i++)
            ask_for(of, block + i, near[i], least + i * ARB_FASTSCAN_ROWS, slack);
        score_asked_for(of);
        if (of->farthest == INFINITY)
            score_asked_for(of);
    }
}

/* The nearest groups come first, until the k-th row is about where it will be in the end; then all
 * that may hold a nearer one. */
arb_cells_work arb_cells_walk(const arb_cells_query *query, arb_code_scan *scan,
                              arb_deleted_bits deleted, const arb_slack *slack)
{
    arb_cell_list list = arb_cell_list_begin(query, scan->searcher);
    near_rows batches[2];
    rows_in_doubt in_doubt;
    batches[0].count = batches[1].count = in_doubt.count = 0;
    block_scan blocks = {.query = query,
                         .scan = scan,
                         .deleted = deleted,
                         .asked_for = &batches[0],
                         .empty = &batches[1],
                         .in_doubt = &in_doubt,
                         .farthest = INFINITY};
    int settled = 0;
    for (;;) {
        float kth = arb_code_scan_nth(scan, scan->k);
        float far = kth < INFINITY ? arb_cells_row_far(query, kth) : INFINITY;
        uint64_t key;
        int found = arb_cell_list_next(&list, far + arb_slack_centre(slack, far), &key);
        if (found) {
            if (list.next < list.count)
                ask_for_cell(query->cells, arb_candidate_node(list.sorted[list.next]));
            look_at_cell(&blocks, key);
        } else {
            if (settled) {
                end_doubts(&blocks);
                return (arb_cells_work){.rows = blocks.rows, .centres = list.looked_at};
            }
            score_asked_for(&blocks);
        }
        if (!settled && (!found || blocks.rows >= ROWS_TO_SETTLE)) {
            arb_cell_list_take_back(&list);
            kth = arb_code_scan_nth(scan, scan->k);
            if (kth < INFINITY) {
                far = arb_cells_row_far(query, kth);
                arb_cell_list_open_within(&list, far + slack->leader,
                                          far + arb_slack_centre(slack, far));
                settled = 1;
            } else {
                settled = !arb_cell_list_open_nearest(&list);
            }
            arb_cell_list_sort(&list);
        }
    }
}

arb_status arb_cells_scan(const arb_cells *cells, const arb_graph *graph, arb_searcher *searcher,
                          const arb_graph_options *options, float target, arb_graph_query *query,
                          arb_search_stats *stats, int *current)
{
    arb_status status = arb_code_scan_prepare(graph, searcher);
    if (status == ARB_OK)
        status = arb_heaps_grow(searcher, cells->centres.count + 1, cells->centres.count);
    if (status != ARB_OK)
        return status;
    arb_cells_query prepared;
    arb_epoch_enter(graph, searcher);
    *current = arb_cells_prepare(cells, graph, searcher, query->row, query->native, &prepared);
    if (*current) {
        arb_code_scan scan = arb_code_scan_begin(graph, searcher, &prepared.codes, options);
        arb_slack slack = arb_cells_slack(cells, options->k, target);
        arb_cells_work work = arb_cells_walk(&prepared, &scan, options->mask->deleted, &slack);
        if (stats != NULL)
            stats->tail_scanned += work.rows + work.centres;
    }
    arb_epoch_leave(searcher);
    if (!*current)
        return ARB_OK;
    arb_keep_unmasked(searcher, &(arb_mask){.deleted = options->mask->deleted});
    arb_rerank(graph, searcher, &prepared.codes, options->k, searcher->found_count, query);
    return ARB_OK;
}
