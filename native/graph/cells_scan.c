/* cells_scan.c: a search of cells; see cells.h. */
#include <math.h>

#include "graph/candidates.h"
#include "graph/cells_internal.h"
#include "graph/heap.h"
#include "graph/rerank.h"
#include "vectors/sample.h"

/* Rows after which the k-th is about where it will be in the end. */
#define ROWS_TO_SETTLE 256u
/* A group that is not opened costs more rows than a cell that is not looked at. */
#define LEADER_MISSES 0.25f

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
    if (cells->bits != NULL)
        out->codes.sq1 = cells->bits;
    else
        out->codes.rows = cells->codes;
    if (out->metric == ARB_METRIC_DOT) {
        float values[ARB_DIM_MAX];
        arb_row_values(&scorer->form, row, values);
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
    for (uint32_t done = 0; done < count; done += ARB_SCAN_BATCH) {
        uint32_t here = count - done < ARB_SCAN_BATCH ? count - done : ARB_SCAN_BATCH;
        for (uint32_t i = 0; i < here; i++)
            numbers[i] = first + done + i;
        arb_score(&coded, numbers, here, far + done);
        for (uint32_t i = done; i < done + here; i++)
            far[i] =
                centre_far(query, squares[first + i], arb_scored_distance(&query->codes, far[i]));
    }
}

/* The cells of the groups that are open, the nearest centre first; a cell's number is in the place
 * of a candidate's node. */
typedef struct cell_heap {
    const arb_cells_query *query;
    uint64_t *cells;
    uint32_t count;
    float leaders[ARB_CENTRE_GROUPS_MAX]; /* how far; INFINITY once the group is open */
    uint32_t unopened;
    uint64_t looked_at; /* centres and leaders */
} cell_heap;

static cell_heap begin_heap(const arb_cells_query *query, uint64_t *cells)
{
    const arb_cells *of = query->cells;
    uint32_t groups = of->centres.group_count;
    cell_heap heap = {.query = query, .cells = cells, .unopened = groups, .looked_at = groups};
    arb_cells_far(query, of->centres.leaders, of->leader_square, 0, groups, heap.leaders);
    return heap;
}

static void open_group(cell_heap *heap, uint32_t group)
{
    const arb_cells *of = heap->query->cells;
    uint32_t first = of->centres.group_first[group];
    uint32_t count = of->centres.group_first[group + 1] - first;
    float far[ARB_SCAN_BATCH];
    heap->leaders[group] = INFINITY;
    heap->unopened--;
    heap->looked_at += count;
    for (uint32_t done = 0; done < count; done += ARB_SCAN_BATCH) {
        uint32_t here = count - done < ARB_SCAN_BATCH ? count - done : ARB_SCAN_BATCH;
        arb_cells_far(heap->query, of->centres.rows, of->centre_square, first + done, here, far);
        for (uint32_t i = 0; i < here; i++)
            arb_heap_push(heap->cells, heap->count++, arb_candidate(far[i], first + done + i));
    }
}

/* 0 where all groups are open. */
static int open_nearest(cell_heap *heap)
{
    uint32_t groups = heap->query->cells->centres.group_count;
    uint32_t nearest = 0;
    for (uint32_t group = 1; group < groups; group++)
        nearest = heap->leaders[group] < heap->leaders[nearest] ? group : nearest;
    if (heap->unopened == 0)
        return 0;
    open_group(heap, nearest);
    return 1;
}

static void open_within(cell_heap *heap, float farthest)
{
    uint32_t groups = heap->query->cells->centres.group_count;
    for (uint32_t group = 0; group < groups; group++) {
        if (heap->leaders[group] < INFINITY && heap->leaders[group] <= farthest)
            open_group(heap, group);
    }
}

/* The rows that are next: what is left of the cell that was begun, then of the nearest ones. */
typedef struct cell_rows {
    cell_heap heap;
    uint32_t place;
    uint32_t end; /* of the cell that was begun */
} cell_rows;

/* About `wanted` of them, of cells whose centres are no farther than `farthest`. */
static uint32_t next_rows(cell_rows *of, uint32_t wanted, float farthest, uint32_t *places)
{
    cell_heap *heap = &of->heap;
    const uint32_t *first = heap->query->cells->first;
    uint32_t count = 0;
    while (count < wanted) {
        if (of->place == of->end) {
            if (heap->count == 0 || arb_candidate_distance(heap->cells[0]) > farthest)
                break;
            uint32_t cell = arb_candidate_node(arb_heap_pop(heap->cells, heap->count--));
            of->place = first[cell];
            of->end = first[cell + 1];
        }
        uint32_t left = of->end - of->place;
        uint32_t taken = left < wanted - count ? left : wanted - count;
        for (uint32_t i = 0; i < taken; i++)
            places[count + i] = of->place + i;
        of->place += taken;
        count += taken;
    }
    return count;
}

/* The nearest groups come first, until the k-th row is about where it will be in the end; then all
 * that may hold a nearer one. */
arb_cells_work arb_cells_walk(const arb_cells_query *query, arb_code_scan *scan, arb_slack slack)
{
    cell_rows rows = {.heap = begin_heap(query, scan->searcher->frontier)};
    arb_scan_batch batch;
    uint64_t scanned = 0;
    uint32_t size = scan->breadth < ARB_SCAN_BATCH ? scan->breadth : ARB_SCAN_BATCH;
    int settled = 0;
    for (;;) {
        float kth = arb_code_scan_kth(scan);
        float far = kth < INFINITY ? arb_cells_row_far(query, kth) : INFINITY;
        batch.count = next_rows(&rows, size, far + slack.centre, batch.places);
        if (!settled && far < INFINITY && (batch.count == 0 || scanned >= ROWS_TO_SETTLE)) {
            open_within(&rows.heap, far + slack.leader);
            settled = 1;
        } else if (batch.count == 0 && (settled || !open_nearest(&rows.heap))) {
            return (arb_cells_work){.rows = scanned, .centres = rows.heap.looked_at};
        }
        scanned += batch.count;
        if (batch.count > 0)
            arb_code_scan_offer(scan, &batch);
        size = 2 * size < ARB_SCAN_BATCH ? 2 * size : ARB_SCAN_BATCH;
    }
}

static float quantile(const float *sorted, uint32_t count, float target)
{
    if (count == 0)
        return 0;
    uint32_t at = (uint32_t)(target * (float)count);
    return sorted[at < count ? at : count - 1];
}

/* The fewer are wanted, the nearer is the k-th, and the more slack its cell needs. */
static float slack_of(const arb_slack_sample *sample, uint32_t k, float target)
{
    float all = quantile(sample->all, sample->all_count, target);
    float nearest = quantile(sample->nearest, sample->nearest_count, target);
    if (k >= ARB_SLACK_K || nearest < all)
        return all;
    return nearest + (all - nearest) * logf((float)k) / logf((float)ARB_SLACK_K);
}

static float leader_slack_of(const arb_slack_sample *sample, float target)
{
    return quantile(sample->leaders, sample->leader_count, 1 - LEADER_MISSES * (1 - target));
}

arb_slack arb_cells_slack(const arb_cells *cells, uint32_t k, float target)
{
    return (arb_slack){
        fmaxf(slack_of(&cells->own, k, target), slack_of(&cells->others, k, target)),
        fmaxf(leader_slack_of(&cells->own, target), leader_slack_of(&cells->others, target))};
}

arb_status arb_cells_scan(const arb_cells *cells, const arb_graph *graph, arb_searcher *searcher,
                          const arb_graph_options *options, float target, arb_graph_query *query,
                          arb_search_stats *stats, int *current)
{
    arb_status status = arb_code_scan_prepare(graph, searcher);
    if (status == ARB_OK)
        status = arb_heaps_grow(searcher, cells->centres.count, 1);
    if (status != ARB_OK)
        return status;
    arb_cells_query prepared;
    arb_epoch_enter(graph, searcher);
    *current = arb_cells_prepare(cells, graph, searcher, query->row, query->native, &prepared);
    if (*current) {
        arb_code_scan scan = arb_code_scan_begin(graph, searcher, &prepared.codes, options);
        arb_cells_scan_by(&scan, cells, options->mask->deleted);
        arb_slack slack = arb_cells_slack(cells, options->k, target);
        arb_cells_work work = arb_cells_walk(&prepared, &scan, slack);
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
