#include "graph/cells_list.h"

#include <math.h>
#include <string.h>

#include "graph/candidates.h"

/* Cells are looked at in the order of so many steps of how far their centres are. */
#define BUCKETS 32u

arb_cell_list arb_cell_list_begin(const arb_cells_query *query, arb_searcher *searcher)
{
    const arb_cells *of = query->cells;
    uint32_t groups = of->centres.group_count;
    arb_cell_list list = {.query = query,
                          .keys = searcher->frontier,
                          .sorted = searcher->results,
                          .looked_at = groups};
    arb_cells_far(query, of->centres.leaders, of->leader_square, 0, groups, list.leaders);
    return list;
}

/* Notes the cells of a group whose centres are no farther than that. */
static void open_group(arb_cell_list *list, uint32_t group, float farthest)
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

int arb_cell_list_open_nearest(arb_cell_list *list)
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

void arb_cell_list_open_within(arb_cell_list *list, float leader_farthest, float farthest)
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

void arb_cell_list_sort(arb_cell_list *list)
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

void arb_cell_list_take_back(arb_cell_list *list)
{
    uint32_t left = list->count - list->next;
    memcpy(list->keys, list->sorted + list->next, left * sizeof *list->keys);
    list->count = left;
    list->next = 0;
}

int arb_cell_list_next(arb_cell_list *list, float farthest, uint64_t *key)
{
    while (list->next < list->count) {
        *key = list->sorted[list->next++];
        if (arb_candidate_distance(*key) <= farthest)
            return 1;
    }
    return 0;
}
