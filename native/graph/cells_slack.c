/* cells_slack.c: how much slack a search of cells needs; see cells.h. Every query is answered from
 * all cells, which tells for each of its neighbors how much farther its cell's centre was. */
#include <math.h>
#include <stdlib.h>

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

/* Notes the slack of a row's cell and its group over a k-th row. */
static void note(const arb_cells_query *query, uint32_t cell, float kth, float *slack,
                 arb_slack_sample *sample)
{
    const arb_cells *cells = query->cells;
    uint32_t group = group_of(&cells->centres, cell);
    float leader;
    arb_cells_far(query, cells->centres.rows, cells->centre_square, cell, 1, slack);
    arb_cells_far(query, cells->centres.leaders, cells->leader_square, group, 1, &leader);
    *slack -= kth;
    sample->leaders[sample->leader_count++] = leader - kth;
}

/* What is needed for the nearest rows that were found, but the query's own. */
static void note_needed(const arb_slack_task *task, const arb_cells_query *query, uint32_t itself,
                        arb_slack_sample *sample)
{
    const arb_searcher *searcher = task->searcher;
    uint32_t cells[ARB_SLACK_K];
    float far[ARB_SLACK_K];
    uint32_t count = 0;
    for (uint32_t i = 0; i < searcher->found_count && count < ARB_SLACK_K; i++) {
        uint64_t candidate = searcher->found[i];
        if (arb_candidate_node(candidate) == itself)
            continue;
        float distance = arb_scored_distance(&query->codes, arb_candidate_distance(candidate));
        cells[count] = cell_of(task, arb_candidate_node(candidate));
        far[count++] = arb_cells_row_far(query, distance);
    }
    if (count == 0)
        return;
    sample->far[sample->nearest_count] = far[count - 1];
    note(query, cells[0], far[0], &sample->nearest[sample->nearest_count++], sample);
    for (uint32_t i = 0; i < count; i++)
        note(query, cells[i], far[count - 1], &sample->all[sample->all_count++], sample);
}

/* Answers a row as a query; returns how many rows and centres it looked at, 0 where the codes were
 * replaced. */
static uint64_t ask(const arb_slack_task *task, uint32_t node, const arb_slack *slack,
                    arb_slack_sample *sample)
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
        if (sample != NULL)
            note_needed(task, &query, node, sample);
    }
    arb_epoch_leave(task->searcher);
    return scanned;
}

/* The i-th query: one of the cells' rows, or of all. */
static uint32_t drawn(const arb_slack_task *task, uint32_t i, int own)
{
    uint32_t of = own ? task->cells->count : task->end;
    uint32_t at = (uint32_t)((2 * (uint64_t)i + 1) * of / (2 * ARB_SLACK_QUERIES));
    return own ? task->members[at] : at;
}

static void sort(arb_slack_sample *sample)
{
    qsort(sample->nearest, sample->nearest_count, sizeof(float), smaller_first);
    qsort(sample->all, sample->all_count, sizeof(float), smaller_first);
    qsort(sample->leaders, sample->leader_count, sizeof(float), smaller_first);
    qsort(sample->far, sample->nearest_count, sizeof(float), smaller_first);
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
    const arb_slack_sample *own = &cells->own;
    const arb_slack_sample *others = &cells->others;
    return (arb_slack){.own = slack_of(own, k, target),
                       .others = slack_of(others, k, target),
                       .own_far = quantile(own->far, own->nearest_count, 0.5f),
                       .others_far = quantile(others->far, others->nearest_count, 0.5f),
                       .leader =
                           fmaxf(leader_slack_of(own, target), leader_slack_of(others, target))};
}

arb_status arb_cells_measure(const arb_slack_task *task, int *current)
{
    arb_cells *cells = task->cells;
    arb_status status = arb_code_scan_prepare(task->graph, task->searcher);
    if (status == ARB_OK)
        status = arb_heaps_grow(task->searcher, cells->centres.count + 1, cells->centres.count);
    if (status != ARB_OK)
        return status;
    const arb_slack beyond_all = {.own = INFINITY, .others = INFINITY, .leader = INFINITY};
    uint32_t answered[2] = {0, 0};
    for (uint32_t i = 0; i < 2 * ARB_SLACK_QUERIES; i++) {
        int own = i % 2 == 0;
        arb_slack_sample *sample = own ? &cells->own : &cells->others;
        answered[own] += ask(task, drawn(task, i / 2, own), &beyond_all, sample) > 0;
    }
    /* a row far outside the grid has no code to ask by; of codes that were replaced none has */
    *current = 2 * answered[0] > ARB_SLACK_QUERIES && 2 * answered[1] > ARB_SLACK_QUERIES;
    if (!*current)
        return ARB_OK;
    sort(&cells->own);
    sort(&cells->others);
    arb_slack slack = arb_cells_slack(cells, ARB_SLACK_K, RECALL_SCANNED);
    uint64_t scanned = 0;
    for (uint32_t i = 0; i < 2 * ARB_SLACK_QUERIES; i++)
        scanned += ask(task, drawn(task, i / 2, i % 2 == 0), &slack, NULL);
    cells->scanned = (float)scanned / (float)(answered[0] + answered[1]) / (float)cells->count;
    return ARB_OK;
}
