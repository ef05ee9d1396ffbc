/* cells_scan.c: a search of cells; see cells.h. */
#include <math.h>

#include "graph/candidates.h"
#include "graph/cells_internal.h"
#include "graph/heap.h"
#include "graph/rerank.h"
#include "vectors/sample.h"

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

void arb_cells_far(const arb_cells_query *query, uint32_t first, uint32_t count, float *far)
{
    arb_query centres = query->codes;
    uint32_t numbers[ARB_SCAN_BATCH] = {0};
    centres.rows = query->cells->centres;
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = first + i;
    arb_score(&centres, numbers, count, far);
    for (uint32_t i = 0; i < count; i++)
        far[i] = centre_far(query, query->cells->length_square[first + i],
                            arb_scored_distance(&query->codes, far[i]));
}

/* The cells as a heap, the nearest centre first; a cell's number is in the place of a candidate's
 * node. */
static void order_cells(const arb_cells_query *query, uint64_t *heap)
{
    uint32_t all = query->cells->cell_count;
    float far[ARB_SCAN_BATCH];
    for (uint32_t first = 0; first < all; first += ARB_SCAN_BATCH) {
        uint32_t count = all - first < ARB_SCAN_BATCH ? all - first : ARB_SCAN_BATCH;
        arb_cells_far(query, first, count, far);
        for (uint32_t i = 0; i < count; i++)
            heap[first + i] = arb_candidate(far[i], first + i);
    }
    arb_heap_make(heap, all);
}

/* The rows that are next, about `wanted` of them: from the cell that was begun, and from those
 * whose centres are no farther than `farthest`. */
typedef struct cell_rows {
    const arb_cells *cells;
    uint64_t *heap;
    uint32_t left; /* in the heap */
    uint32_t place;
    uint32_t end; /* of the cell that was begun */
} cell_rows;

static uint32_t next_rows(cell_rows *of, uint32_t wanted, float farthest, uint32_t *places)
{
    uint32_t count = 0;
    while (count < wanted) {
        if (of->place == of->end) {
            if (of->left == 0 || arb_candidate_distance(of->heap[0]) > farthest)
                break;
            uint32_t cell = arb_candidate_node(arb_heap_pop(of->heap, of->left--));
            of->place = of->cells->first[cell];
            of->end = of->cells->first[cell + 1];
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

uint64_t arb_cells_walk(const arb_cells_query *query, arb_code_scan *scan, float slack)
{
    const arb_cells *cells = query->cells;
    uint64_t *heap = scan->searcher->frontier;
    order_cells(query, heap);
    cell_rows rows = {.cells = cells, .heap = heap, .left = cells->cell_count};
    arb_scan_batch batch;
    uint64_t scanned = 0;
    uint32_t size = scan->breadth < ARB_SCAN_BATCH ? scan->breadth : ARB_SCAN_BATCH;
    for (;;) {
        float farthest = arb_cells_row_far(query, arb_code_scan_kth(scan)) + slack;
        batch.count = next_rows(&rows, size, farthest, batch.places);
        if (batch.count == 0)
            return scanned;
        scanned += batch.count;
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

float arb_cells_slack(const arb_cells *cells, uint32_t k, float target)
{
    float own = slack_of(&cells->own, k, target);
    float others = slack_of(&cells->others, k, target);
    return own > others ? own : others;
}

arb_status arb_cells_scan(const arb_cells *cells, const arb_graph *graph, arb_searcher *searcher,
                          const arb_graph_options *options, float target, arb_graph_query *query,
                          arb_search_stats *stats, int *current)
{
    arb_status status = arb_code_scan_prepare(graph, searcher);
    if (status == ARB_OK)
        status = arb_heaps_grow(searcher, cells->cell_count, 1);
    if (status != ARB_OK)
        return status;
    arb_cells_query prepared;
    arb_epoch_enter(graph, searcher);
    *current = arb_cells_prepare(cells, graph, searcher, query->row, query->native, &prepared);
    if (*current) {
        arb_code_scan scan = arb_code_scan_begin(graph, searcher, &prepared.codes, options);
        arb_cells_scan_by(&scan, cells, options->mask->deleted);
        uint64_t scanned =
            arb_cells_walk(&prepared, &scan, arb_cells_slack(cells, options->k, target));
        if (stats != NULL)
            stats->tail_scanned += scanned + cells->cell_count;
    }
    arb_epoch_leave(searcher);
    if (!*current)
        return ARB_OK;
    arb_keep_unmasked(searcher, &(arb_mask){.deleted = options->mask->deleted});
    arb_rerank(graph, searcher, &prepared.codes, options->k, searcher->found_count, query);
    return ARB_OK;
}
