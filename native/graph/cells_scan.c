/* cells_scan.c: a search of cells; see cells.h. */
#include <math.h>
#include <string.h>

#include "graph/candidates.h"
#include "graph/cells_internal.h"
#include "graph/rerank.h"
#include "vectors/sample.h"

/* Rows after which the k-th is about where it will be in the end. */
#define ROWS_TO_SETTLE 256u
/* Cells are looked at in the order of so many steps of how far their centres are. */
#define BUCKETS 32u
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
    uint32_t place;
    uint32_t end; /* of the cell that was begun */
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

/* About `wanted` rows: what is left of the cell that was begun, then those of cells whose centres
 * are no farther than `farthest`. */
static uint32_t next_rows(cell_list *list, uint32_t wanted, float farthest, uint32_t *places)
{
    const uint32_t *first = list->query->cells->first;
    uint32_t count = 0;
    while (count < wanted) {
        if (list->place == list->end) {
            while (list->next < list->count &&
                   arb_candidate_distance(list->sorted[list->next]) > farthest)
                list->next++;
            if (list->next == list->count)
                break;
            uint32_t cell = arb_candidate_node(list->sorted[list->next++]);
            list->place = first[cell];
            list->end = first[cell + 1];
        }
        uint32_t left = list->end - list->place;
        uint32_t taken = left < wanted - count ? left : wanted - count;
        for (uint32_t i = 0; i < taken; i++)
            places[count + i] = list->place + i;
        list->place += taken;
        count += taken;
    }
    return count;
}

/* The nearest groups come first, until the k-th row is about where it will be in the end; then all
 * that may hold a nearer one. */
arb_cells_work arb_cells_walk(const arb_cells_query *query, arb_code_scan *scan, arb_slack slack)
{
    cell_list list = begin_list(query, scan->searcher);
    arb_scan_batch batch;
    uint64_t scanned = 0;
    uint32_t size = scan->breadth < ARB_SCAN_BATCH ? scan->breadth : ARB_SCAN_BATCH;
    int settled = 0;
    for (;;) {
        float kth = arb_code_scan_kth(scan);
        float far = kth < INFINITY ? arb_cells_row_far(query, kth) : INFINITY;
        batch.count = next_rows(&list, size, far + slack.centre, batch.places);
        if (batch.count > 0) {
            scanned += batch.count;
            arb_code_scan_offer(scan, &batch);
            size = 2 * size < ARB_SCAN_BATCH ? 2 * size : ARB_SCAN_BATCH;
        } else if (settled) {
            return (arb_cells_work){.rows = scanned, .centres = list.looked_at};
        }
        if (!settled && (batch.count == 0 || scanned >= ROWS_TO_SETTLE)) {
            take_back(&list);
            kth = arb_code_scan_kth(scan);
            if (kth < INFINITY) {
                far = arb_cells_row_far(query, kth);
                open_within(&list, far + slack.leader, far + slack.centre);
                settled = 1;
            } else {
                settled = !open_nearest(&list);
            }
            sort_cells(&list);
        }
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
        status = arb_heaps_grow(searcher, cells->centres.count + 1, cells->centres.count);
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
