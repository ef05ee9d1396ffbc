/* cells_slack.c: how much slack a search of cells needs; see cells.h. Every query is answered from
 * all cells, which tells for each of its neighbors how much farther its cell's centre was. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/candidates.h"
#include "graph/cells_internal.h"

/* A group that is not opened costs more rows than a cell that is not looked at. */
#define LEADER_MISSES 0.25f

/* What `scanned` is measured for. */
#define RECALL_SCANNED 0.99f

static int smaller_first(const void *left, const void *right)
{
    const float *a = left;
    const float *b = right;
    return (*a > *b) - (*a < *b);
}

static uint32_t cell_of(const arb_slack_task *task, uint32_t node)
{
    uint32_t low = 0;
    uint32_t high = task->cells->count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (task->members[middle] < node)
            low = middle + 1;
        else
            high = middle;
    }
    return task->cell_of[low];
}

static uint32_t group_of(const arb_centres *centres, uint32_t cell)
{
    uint32_t group = 0;
    while (centres->group_first[group + 1] <= cell)
        group++;
    return group;
}

/* What one query needs. */
typedef struct needed {
    float far; /* of the k-th row */
    uint32_t count;
    float nearest;
    float all[ARB_SLACK_K];
} needed;

/* How much farther than a k-th row the centre of a row's cell is; notes the same of its leader. */
static float needed_for(const arb_cells_query *query, uint32_t cell, float kth,
                        arb_slack_sample *sample)
{
    const arb_cells *cells = query->cells;
    uint32_t group = group_of(&cells->centres, cell);
    float centre;
    float leader;
    arb_cells_far(query, cells->centres.rows, cells->centre_square, cell, 1, &centre);
    arb_cells_far(query, cells->centres.leaders, cells->leader_square, group, 1, &leader);
    sample->leaders[sample->leader_count++] = leader - kth;
    return centre - kth;
}

/* What the nearest rows need that were found, but the query's own. */
static needed note_needed(const arb_slack_task *task, const arb_cells_query *query, uint32_t itself)
{
    const arb_searcher *searcher = task->searcher;
    arb_slack_sample *sample = &task->cells->slack;
    uint32_t cells[ARB_SLACK_K];
    float far[ARB_SLACK_K];
    needed of = {.count = 0};
    for (uint32_t i = 0; i < searcher->found_count && of.count < ARB_SLACK_K; i++) {
        uint64_t candidate = searcher->found[i];
        if (arb_candidate_node(candidate) == itself)
            continue;
        float distance = arb_scored_distance(&query->codes, arb_candidate_distance(candidate));
        cells[of.count] = cell_of(task, arb_candidate_node(candidate));
        far[of.count++] = arb_cells_row_far(query, distance);
    }
    if (of.count == 0)
        return of;
    of.far = far[of.count - 1];
    of.nearest = needed_for(query, cells[0], far[0], sample);
    for (uint32_t i = 0; i < of.count; i++)
        of.all[i] = needed_for(query, cells[i], of.far, sample);
    return of;
}

/* Answers a row as a query, and notes what it needs unless that is NULL; returns how many rows and
 * centres it looked at, 0 where the codes were replaced. */
static uint64_t ask(const arb_slack_task *task, uint32_t node, const arb_slack *slack, needed *need)
{
    const arb_graph *graph = task->graph;
    arb_graph_options options = {.k = ARB_SLACK_K + 1, .ef = ARB_SLACK_K + 1};
    arb_cells_query query;
    uint64_t scanned = 0;
    task->searcher->found_count = 0;
    arb_epoch_enter(graph, task->searcher);
    if (arb_cells_prepare(task->cells, graph, task->searcher, arb_row(graph->scorer->rows, node), 1,
                          &query)) {
        arb_code_scan scan = arb_code_scan_begin(graph, task->searcher, &query.codes, &options);
        arb_cells_work work = arb_cells_walk(&query, &scan, task->deleted, slack);
        scanned = work.rows + work.centres;
        if (need != NULL)
            *need = note_needed(task, &query, node);
    }
    arb_epoch_leave(task->searcher);
    return scanned;
}

/* The i-th query: one of the cells' rows, or of all. */
static uint32_t drawn(const arb_slack_task *task, uint32_t i)
{
    int own = i % 2 == 0;
    uint32_t of = own ? task->cells->count : task->end;
    uint32_t at = (uint32_t)((i / 2 * 2 + 1) * (uint64_t)of / ARB_SLACK_QUERIES);
    return own ? task->members[at] : at;
}

static int nearer_first(const void *left, const void *right)
{
    return smaller_first(&((const needed *)left)->far, &((const needed *)right)->far);
}

/* Deals what was needed to the bands. */
static void fill_bands(arb_slack_sample *sample, needed *needs, uint32_t count)
{
    qsort(needs, count, sizeof *needs, nearer_first);
    for (uint32_t b = 0; b < ARB_SLACK_BANDS; b++) {
        arb_slack_band *band = &sample->bands[b];
        uint32_t first = count * b / ARB_SLACK_BANDS;
        uint32_t end = count * (b + 1) / ARB_SLACK_BANDS;
        band->far = needs[(first + end) / 2].far;
        for (uint32_t i = first; i < end; i++) {
            if (needs[i].count > 0)
                band->nearest[band->nearest_count++] = needs[i].nearest;
            memcpy(band->all + band->all_count, needs[i].all, needs[i].count * sizeof(float));
            band->all_count += needs[i].count;
        }
        qsort(band->nearest, band->nearest_count, sizeof(float), smaller_first);
        qsort(band->all, band->all_count, sizeof(float), smaller_first);
    }
    qsort(sample->leaders, sample->leader_count, sizeof(float), smaller_first);
}

static float quantile(const float *sorted, uint32_t count, float target)
{
    if (count == 0)
        return 0;
    uint32_t at = (uint32_t)(target * (float)count);
    return sorted[at < count ? at : count - 1];
}

/* The fewer are wanted, the nearer is the k-th, and the more slack its cell needs. */
static float slack_of(const arb_slack_band *band, uint32_t k, float target)
{
    float all = quantile(band->all, band->all_count, target);
    float nearest = quantile(band->nearest, band->nearest_count, target);
    if (k >= ARB_SLACK_K || nearest < all)
        return all;
    return nearest + (all - nearest) * logf((float)k) / logf((float)ARB_SLACK_K);
}

arb_slack arb_cells_slack(const arb_cells *cells, uint32_t k, float target)
{
    const arb_slack_sample *sample = &cells->slack;
    arb_slack slack = {.leader = quantile(sample->leaders, sample->leader_count,
                                          1 - LEADER_MISSES * (1 - target))};
    for (uint32_t band = 0; band < ARB_SLACK_BANDS; band++) {
        slack.far[band] = sample->bands[band].far;
        slack.centre[band] = slack_of(&sample->bands[band], k, target);
        /* a k-th row that turns out nearer must not bring back cells that were passed over */
        if (band > 0)
            slack.centre[band] = fmaxf(
                slack.centre[band], slack.centre[band - 1] + slack.far[band - 1] - slack.far[band]);
    }
    return slack;
}

/* Asks all queries; returns how many rows and centres they looked at, and *answered of them. */
static uint64_t ask_all(const arb_slack_task *task, const arb_slack *slack, needed *needs,
                        uint32_t *answered)
{
    uint64_t scanned = 0;
    *answered = 0;
    for (uint32_t i = 0; i < ARB_SLACK_QUERIES; i++) {
        uint64_t of_query =
            ask(task, drawn(task, i), slack, needs == NULL ? NULL : needs + *answered);
        scanned += of_query;
        *answered += of_query > 0;
    }
    return scanned;
}

arb_status arb_cells_measure(const arb_slack_task *task, int *current)
{
    arb_cells *cells = task->cells;
    arb_status status = arb_code_scan_prepare(task->graph, task->searcher);
    if (status == ARB_OK)
        status = arb_heaps_grow(task->searcher, cells->centres.count + 1, cells->centres.count);
    if (status != ARB_OK)
        return status;
    arb_slack slack = {.leader = INFINITY};
    for (uint32_t band = 0; band < ARB_SLACK_BANDS; band++)
        slack.centre[band] = INFINITY;
    needed needs[ARB_SLACK_QUERIES];
    uint32_t answered;
    ask_all(task, &slack, needs, &answered);
    /* a row far outside the grid has no code to ask by; of codes that were replaced none has */
    *current = 2 * answered > ARB_SLACK_QUERIES;
    if (!*current)
        return ARB_OK;
    fill_bands(&cells->slack, needs, answered);
    slack = arb_cells_slack(cells, ARB_SLACK_K, RECALL_SCANNED);
    uint64_t scanned = ask_all(task, &slack, NULL, &answered);
    cells->scanned = (float)scanned / (float)answered / (float)cells->count;
    return ARB_OK;
}
