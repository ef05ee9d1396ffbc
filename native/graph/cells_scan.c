/* cells_scan.c: a search of cells; see cells.h. */
#include <math.h>
#include <string.h>

#include "graph/candidates.h"
#include "graph/cells_internal.h"
#include "graph/rerank.h"
#include "vectors/sample.h"

/* Blocks that are looked at together; the codes of their rows are on their way while the next are.
 */
#define BLOCKS_AT_ONCE (ARB_SCAN_BATCH / ARB_FASTSCAN_ROWS)
/* Rows that are scored whatever their blocks say, to learn how far those are off: one in each
 * block, until there are so many. */
#define PROBES_ENOUGH 32u
/* Standard deviations that blocks may be off by; the breadth of the rerank makes up for those that
 * are off more. */
#define DEVIATIONS 2.0f
/* Of the cell that comes next so much is asked for. */
#define BYTES_OF_NEXT_CELL 512u
/* Rows after which the k-th is about where it will be in the end. */
#define ROWS_TO_SETTLE 256u
/* Cells are looked at in the order of so many steps of how far their centres are. */
#define BUCKETS 32u

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

/* The cells that are still to be looked at, about the nearest first: keys of how far their centres
 * are, with a cell's number in the place of a candidate's node. */
typedef struct cell_list {
    const arb_cells_query *query;
    uint64_t *keys;   /* of the groups that were opened, in any order */
    uint64_t *sorted; /* room for as many */
    uint32_t count;
    uint32_t next;                        /* in sorted */
    float leaders[ARB_CENTRE_GROUPS_MAX]; /* how far; INFINITY once the group is open */
    uint64_t looked_at;                   /* centres and leaders */
} cell_list;

static cell_list begin_list(const arb_cells_query *query, arb_searcher *searcher)
{
    const arb_cells *of = query->cells;
    uint32_t groups = of->centres.group_count;
    cell_list list = {.query = query,
                      .keys = searcher->frontier,
                      .sorted = searcher->results,
                      .looked_at = groups};
    arb_cells_far(query, of->centres.leaders, of->leader_square, 0, groups, list.leaders);
    return list;
}

/* Notes the cells of a group whose centres are no farther than that. */
static void open_group(cell_list *list, uint32_t group, float farthest)
{
    const arb_cells *of = list->query->cells;
    uint32_t first = of->centres.group_first[group];
    uint32_t count = of->centres.group_first[group + 1] - first;
    float far[ARB_SCAN_BATCH];
    list->leaders[group] = INFINITY;
    list->looked_at += count;
    for (uint32_t done = 0; done < count; done += ARB_SCAN_BATCH) {
        uint32_t here = count - done < ARB_SCAN_BATCH ? count - done : ARB_SCAN_BATCH;
        arb_cells_far(list->query, of->centres.rows, of->centre_square, first + done, here, far);
        for (uint32_t i = 0; i < here; i++) {
            list->keys[list->count] = arb_candidate(far[i], first + done + i);
            list->count += far[i] <= farthest;
        }
    }
}

/* Opens the nearest group; 0 where all are open. */
static int open_nearest(cell_list *list)
{
    uint32_t groups = list->query->cells->centres.group_count;
    uint32_t nearest = 0;
    for (uint32_t group = 1; group < groups; group++)
        nearest = list->leaders[group] < list->leaders[nearest] ? group : nearest;
    if (list->leaders[nearest] == INFINITY)
        return 0;
    open_group(list, nearest, INFINITY);
    return 1;
}

static void open_within(cell_list *list, float leader_farthest, float farthest)
{
    uint32_t groups = list->query->cells->centres.group_count;
    for (uint32_t group = 0; group < groups; group++) {
        if (list->leaders[group] < INFINITY && list->leaders[group] <= leader_farthest)
            open_group(list, group, farthest);
    }
}

static uint32_t bucket_of(uint64_t key, float least, float per_bucket)
{
    float at = (arb_candidate_distance(key) - least) * per_bucket;
    return at < BUCKETS - 1 ? (uint32_t)at : BUCKETS - 1;
}

/* Puts what was noted in order, as far as buckets do: a heap took a third of the search. */
static void sort_cells(cell_list *list)
{
    float least = INFINITY;
    float most = -INFINITY;
    for (uint32_t i = 0; i < list->count; i++) {
        float far = arb_candidate_distance(list->keys[i]);
        least = far < least ? far : least;
        most = far > most ? far : most;
    }
    float per_bucket = most > least ? BUCKETS / (most - least) : 0;
    uint32_t first[BUCKETS + 1] = {0};
    for (uint32_t i = 0; i < list->count; i++)
        first[bucket_of(list->keys[i], least, per_bucket) + 1]++;
    for (uint32_t bucket = 1; bucket < BUCKETS; bucket++)
        first[bucket] += first[bucket - 1];
    for (uint32_t i = 0; i < list->count; i++)
        list->sorted[first[bucket_of(list->keys[i], least, per_bucket)]++] = list->keys[i];
    list->next = 0;
}

/* What was not looked at yet is to be put in order with what is opened next. */
static void take_back(cell_list *list)
{
    uint32_t left = list->count - list->next;
    memcpy(list->keys, list->sorted + list->next, left * sizeof *list->keys);
    list->count = left;
    list->next = 0;
}

/* The next cell whose centre is no farther than that; 0 where there is none among the noted. */
static int next_cell(cell_list *list, float farthest, uint64_t *key)
{
    while (list->next < list->count) {
        *key = list->sorted[list->next++];
        if (arb_candidate_distance(*key) <= farthest)
            return 1;
    }
    return 0;
}

/* Rows that their blocks did not tell to be too far. */
typedef struct near_rows {
    uint32_t nodes[ARB_SCAN_BATCH];
    float least[ARB_SCAN_BATCH]; /* what their blocks told, with no slack, and */
    float f[ARB_SCAN_BATCH];     /* their f, 0 where the row is no probe */
    uint32_t count;
} near_rows;

/* Looking at blocks, in two steps: rows that may be near are asked for first, and scored while the
 * next are on their way. */
typedef struct block_scan {
    const arb_cells_query *query;
    arb_code_scan *scan;
    arb_deleted_bits deleted;
    near_rows batches[2];
    near_rows *asked_for;
    near_rows *empty;
    arb_bit_errors errors;
    float slack;
    float farthest;
    uint64_t rows; /* looked at */
} block_scan;

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
    of->slack = arb_bit_errors_off(&of->errors, DEVIATIONS);
    arb_code_scan_keep(of->scan, near->nodes, scored, near->count);
    of->farthest = arb_code_scan_nth(of->scan, of->scan->ef);
    near->count = 0;
}

/* Asks for those rows of a block that `near` has bits of. */
static void ask_for(block_scan *of, uint32_t block, uint32_t near, const float *least)
{
    const arb_cells *cells = of->query->cells;
    near_rows *batch = of->empty;
    size_t first = (size_t)block * ARB_FASTSCAN_ROWS;
    uint32_t probes = of->farthest == INFINITY           ? UINT32_MAX
                      : of->errors.count < PROBES_ENOUGH ? 1
                                                         : 0;
    for (near |= probes & 1; near != 0; near &= near - 1) {
        uint32_t row = (uint32_t)__builtin_ctz(near);
        uint32_t node = cells->nodes[first + row];
        if (node == ARB_CELLS_NO_NODE || arb_is_deleted(of->deleted, node))
            continue;
        float f = arb_fastscan_f(cells->blocks, first + row);
        arb_prefetch_row(of->query->codes.rows, node);
        batch->nodes[batch->count] = node;
        batch->least[batch->count] = least[row] + f * of->slack;
        batch->f[batch->count++] = probes >> row & 1 ? f : 0;
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
        for (uint32_t i = 0; i < count; i++)
            ask_for(of, block + i, near[i], least + i * ARB_FASTSCAN_ROWS);
        score_asked_for(of);
        near_rows *scored = of->asked_for;
        of->asked_for = of->empty;
        of->empty = scored;
        if (of->farthest == INFINITY)
            score_asked_for(of);
    }
}

/* The nearest groups come first, until the k-th row is about where it will be in the end; then all
 * that may hold a nearer one. */
arb_cells_work arb_cells_walk(const arb_cells_query *query, arb_code_scan *scan,
                              arb_deleted_bits deleted, const arb_slack *slack)
{
    cell_list list = begin_list(query, scan->searcher);
    block_scan blocks = {.query = query, .scan = scan, .deleted = deleted, .farthest = INFINITY};
    blocks.asked_for = &blocks.batches[0];
    blocks.empty = &blocks.batches[1];
    int settled = 0;
    for (;;) {
        float kth = arb_code_scan_nth(scan, scan->k);
        float far = kth < INFINITY ? arb_cells_row_far(query, kth) : INFINITY;
        uint64_t key;
        int found = next_cell(&list, far + arb_slack_centre(slack, far), &key);
        if (found) {
            if (list.next < list.count)
                ask_for_cell(query->cells, arb_candidate_node(list.sorted[list.next]));
            look_at_cell(&blocks, key);
        } else {
            score_asked_for(&blocks);
            if (settled)
                return (arb_cells_work){.rows = blocks.rows, .centres = list.looked_at};
        }
        if (!settled && (!found || blocks.rows >= ROWS_TO_SETTLE)) {
            take_back(&list);
            kth = arb_code_scan_nth(scan, scan->k);
            if (kth < INFINITY) {
                far = arb_cells_row_far(query, kth);
                open_within(&list, far + slack->leader, far + arb_slack_centre(slack, far));
                settled = 1;
            } else {
                settled = !open_nearest(&list);
            }
            sort_cells(&list);
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
