#include "graph/recall_walk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/visit.h"
#include "graph/walk.h"
#include "vectors/error.h"

int arb_recall_compare_nodes(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* The first candidate that is not expanded; 0: there is none. */
static uint64_t nearest_unexpanded(arb_candidate_array *array)
{
    while (array->cursor < array->count && array->sorted[array->cursor] & ARB_CANDIDATE_FLAG)
        array->cursor++;
    return array->cursor < array->count ? array->sorted[array->cursor] : 0;
}

/* What it takes to expand it with the array as it is. */
static arb_recall_need need_of(const arb_blind_walk *walk, uint64_t candidate)
{
    const arb_candidate_array *array = &walk->array;
    float distance = arb_candidate_distance(candidate);
    arb_recall_need need = {.ef = (float)array->cursor + 1};
    for (uint32_t j = 0; j < ARB_RECALL_KS; j++) {
        const arb_converge *converge = &walk->converge[j];
        if (array->live < converge->k)
            continue;
        float kth = arb_candidate_distance(array->sorted[converge->kth]);
        need.gap[j] = arb_converge_needed(converge, kth, distance);
    }
    return need;
}

static arb_recall_need greater(arb_recall_need a, arb_recall_need b)
{
    for (uint32_t j = 0; j < ARB_RECALL_KS; j++)
        a.gap[j] = fmaxf(a.gap[j], b.gap[j]);
    a.ef = fmaxf(a.ef, b.ef);
    return a;
}

static void offer(arb_blind_walk *walk, const uint32_t *nodes, const float *distances,
                  uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = arb_array_offer(&walk->array, arb_candidate(distances[i], nodes[i]),
                                         ARB_RECALL_EF_MAX, walk->mask);
        for (uint32_t j = 0; place > 0 && j < ARB_RECALL_KS; j++)
            arb_converge_add(&walk->converge[j], &walk->array, place - 1, walk->mask);
    }
}

static uint32_t count_wanted(const arb_blind_walk *walk, const uint32_t *nodes, uint32_t count)
{
    uint32_t found = 0;
    for (uint32_t i = 0; walk->wanted != NULL && i < count; i++)
        found += bsearch(&nodes[i], walk->wanted->truth, walk->wanted->count, sizeof *nodes,
                         arb_recall_compare_nodes) != NULL;
    return found;
}

static arb_status note_step(arb_blind_walk *walk, arb_recall_need need)
{
    if (walk->step_count == walk->step_capacity) {
        uint32_t capacity = 2 * walk->step_capacity + 4096;
        arb_recall_need *steps = realloc(walk->steps, capacity * sizeof *steps);
        walk->steps = steps == NULL ? walk->steps : steps;
        uint32_t *ends = realloc(walk->step_end, capacity * sizeof *ends);
        walk->step_end = ends == NULL ? walk->step_end : ends;
        if (steps == NULL || ends == NULL)
            return arb_fail(ARB_RESOURCE_EXHAUSTED, "recall: no memory for %u steps", capacity);
        walk->step_capacity = capacity;
    }
    walk->steps[walk->step_count] = need;
    walk->step_end[walk->step_count++] = walk->searcher->visit_count;
    return ARB_OK;
}

/* Expands the candidate: its neighbors are scored, and offered once the next is picked. */
static arb_status expand(arb_blind_walk *walk, uint64_t candidate, arb_recall_need need)
{
    arb_searcher *searcher = walk->searcher;
    arb_status status = arb_visit_reserve(searcher, walk->graph->M0);
    if (status != ARB_OK)
        return status;
    arb_word *word = arb_word_at(walk->graph, arb_candidate_node(candidate), 0);
    walk->pending = arb_collect_fresh(searcher, atomic_load_explicit(word, memory_order_acquire));
    const uint32_t *fresh = searcher->visits + searcher->visit_count - walk->pending;
    arb_score(&walk->query, fresh, walk->pending, searcher->distances);
    walk->lacking -= count_wanted(walk, fresh, walk->pending);
    return note_step(walk, need);
}

/* On level 0, from where the levels above led. */
static arb_status go(arb_blind_walk *walk)
{
    arb_searcher *searcher = walk->searcher;
    arb_candidate_array *array = &walk->array;
    arb_status status = ARB_OK;
    while (status == ARB_OK && (walk->wanted == NULL || walk->lacking > 0) &&
           walk->need.gap[ARB_RECALL_USUAL] <= walk->reach) {
        uint64_t picked = nearest_unexpanded(array);
        if (picked == 0 && walk->pending == 0)
            break;
        arb_recall_need need = walk->need;
        if (picked != 0) {
            need = greater(need, need_of(walk, picked));
            array->sorted[array->cursor++] |= ARB_CANDIDATE_FLAG;
        }
        offer(walk, searcher->visits + searcher->visit_count - walk->pending, searcher->distances,
              walk->pending);
        walk->pending = 0;
        if (picked == 0)
            continue;
        uint64_t next = nearest_unexpanded(array);
        if (next == 0 || next > picked)
            walk->need = need;
        status = expand(walk, picked, need);
    }
    return status;
}

/* The levels above lead to the start of level 0; no row that serves is on any of them. */
static arb_status descend(arb_blind_walk *walk, uint64_t *start)
{
    const arb_graph *graph = walk->graph;
    arb_walk down = {.graph = graph, .searcher = walk->searcher, .query = &walk->query};
    uint64_t entry = atomic_load_explicit(&graph->entry, memory_order_acquire);
    arb_walk_from_entry(&down, entry, 1, 1);
    arb_walk_run(&down, 1);
    *start = walk->searcher->found[0] & ~ARB_CANDIDATE_FLAG;
    return down.status;
}

arb_status arb_blind_walk_run(arb_blind_walk *walk, const arb_recall_query *query)
{
    const arb_scorer *scorer = walk->graph->scorer;
    arb_searcher *searcher = walk->searcher;
    arb_recall_query sorted = *query;
    qsort(sorted.truth, sorted.count, sizeof *sorted.truth, arb_recall_compare_nodes);
    walk->wanted = sorted.count > 0 ? &sorted : NULL;
    walk->lacking = sorted.count;
    walk->need = (arb_recall_need){.ef = 0};
    walk->step_count = 0;
    walk->pending = 0;
    arb_status status =
        arb_searcher_prepare(walk->graph, searcher, 2 * ARB_ARRAY_MAX + walk->graph->M0);
    if (status != ARB_OK)
        return status;
    walk->query =
        arb_written_traversal_query(scorer, searcher, arb_row(scorer->rows, query->node), 1);
    uint64_t start;
    if ((status = descend(walk, &start)) != ARB_OK ||
        (status = arb_visit_reserve(searcher, 2)) != ARB_OK)
        return status;
    float distance = arb_candidate_distance(start);
    uint32_t node = arb_candidate_node(start);
    arb_visit(searcher, query->node);
    arb_visit(searcher, node);
    walk->array = (arb_candidate_array){.sorted = searcher->found};
    for (uint32_t j = 0; j < ARB_RECALL_KS; j++)
        walk->converge[j] =
            arb_converge_of(scorer, &walk->query, arb_recall_ks[j], (arb_gap){.norm = walk->norm});
    offer(walk, &node, &distance, 1);
    walk->lacking -= count_wanted(walk, &node, 1);
    return go(walk);
}

arb_recall_need arb_blind_walk_need(const arb_blind_walk *walk, uint32_t visit)
{
    const uint32_t *ends = walk->step_end;
    uint32_t low = 0, high = walk->step_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (ends[middle] > visit)
            high = middle;
        else
            low = middle + 1;
    }
    return walk->steps[low < walk->step_count ? low : walk->step_count - 1];
}
