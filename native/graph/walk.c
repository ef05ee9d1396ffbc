#include "graph/walk.h"

#include <assert.h>

#include "graph/visit.h"

static uint32_t breadth(const arb_walk *walk)
{
    return walk->level > walk->bottom ? 1 : walk->ef;
}

/* Masked nodes lead the way on upper levels like others. */
static const arb_mask *mask_here(const arb_walk *walk)
{
    return walk->level > walk->bottom ? NULL : walk->mask;
}

static int converges(const arb_walk *walk)
{
    return walk->converge.k > 0 && walk->level == walk->bottom;
}

/* The nearest candidate that is not expanded becomes the next one to be. */
static void pick(arb_walk *walk)
{
    arb_candidate_array *array = &walk->array;
    walk->word = 0;
    while (array->cursor < array->count && array->sorted[array->cursor] & ARB_CANDIDATE_FLAG)
        array->cursor++;
    assert(array->cursor <= array->count);
    if (array->cursor == array->count ||
        (converges(walk) && array->sorted[array->cursor] > walk->converge.limit))
        return;
    uint32_t node = arb_candidate_node(array->sorted[array->cursor]);
    array->sorted[array->cursor++] |= ARB_CANDIDATE_FLAG;
    walk->word =
        atomic_load_explicit(arb_word_at(walk->graph, node, walk->level), memory_order_acquire);
    arb_prefetch_list(walk->word);
}

/* Begins a level with the candidates that are there. */
static void begin_level(arb_walk *walk, uint32_t level)
{
    arb_candidate_array *array = &walk->array;
    arb_searcher *searcher = walk->searcher;
    walk->level = level;
    array->live = 0;
    array->cursor = 0;
    array->dropped = 0;
    walk->start = array->sorted[0];
    walk->status = arb_visit_reserve(searcher, array->count);
    walk->done = walk->status != ARB_OK;
    for (uint32_t i = 0; !walk->done && i < array->count; i++) {
        uint32_t node = arb_candidate_node(array->sorted[i]);
        array->sorted[i] &= ~ARB_CANDIDATE_FLAG;
        array->live += !arb_is_masked(mask_here(walk), node);
        arb_visit(searcher, node);
    }
    if (converges(walk))
        arb_converge_begin(&walk->converge, array, walk->mask);
    if (!walk->done)
        pick(walk);
}

static void finish(arb_walk *walk, arb_status status)
{
    walk->status = status;
    walk->done = 1;
    walk->searcher->found_count = walk->array.count;
    walk->searcher->found_all = !walk->array.dropped;
    arb_visited_clear(walk->searcher);
}

static void next_level(arb_walk *walk)
{
    if (walk->level == walk->bottom) {
        finish(walk, ARB_OK);
        return;
    }
    arb_visited_clear(walk->searcher);
    walk->array.count = 1;
    begin_level(walk, walk->level - 1);
}

static void begin(arb_walk *walk, uint32_t level, uint32_t bottom, uint32_t ef)
{
    walk->bottom = bottom;
    walk->ef = ef;
    walk->array = (arb_candidate_array){.sorted = walk->searcher->found,
                                        .count = walk->searcher->found_count};
    walk->fresh_count = 0;
    walk->near_count = 0;
    begin_level(walk, level);
}

void arb_walk_from_found(arb_walk *walk, uint32_t level, uint32_t ef)
{
    begin(walk, level, level, ef);
}

void arb_walk_from_entry(arb_walk *walk, uint64_t entry, uint32_t bottom, uint32_t ef)
{
    arb_searcher *searcher = walk->searcher;
    uint32_t node = arb_entry_node(entry);
    searcher->found[0] = arb_candidate(arb_score_one(walk->query, node), node);
    searcher->found_count = 1;
    searcher->stats.visited++;
    begin(walk, arb_entry_level(entry), bottom, ef);
    if (!walk->done && bottom > walk->level)
        finish(walk, ARB_OK);
}

/* The nodes that the last look found. */
static const uint32_t *fresh_of(const arb_walk *walk)
{
    return walk->searcher->visits + walk->searcher->visit_count - walk->fresh_count;
}

static void look(arb_walk *walk)
{
    arb_searcher *searcher = walk->searcher;
    if (walk->word == 0)
        return;
    arb_status status = arb_visit_reserve(searcher, walk->graph->M0);
    if (status != ARB_OK) {
        finish(walk, status);
        return;
    }
    walk->fresh_count = arb_collect_fresh(searcher, walk->word);
    searcher->stats.visited += walk->fresh_count;
    searcher->stats.hops += walk->level == 0;
    const arb_sq1 *sq1 = walk->query->sq1;
    if (sq1 != NULL)
        arb_fetch_rows(sq1->rows, fresh_of(walk), walk->fresh_count, searcher->fresh_bits);
}

/* What is farther is not looked at; UINT64_MAX while everything is. */
static uint64_t cutoff(const arb_walk *walk)
{
    const arb_candidate_array *array = &walk->array;
    if (array->count == 0)
        return UINT64_MAX;
    if (array->live >= breadth(walk))
        return array->sorted[array->count - 1];
    return converges(walk) ? arb_converge_cutoff(&walk->converge, array) : UINT64_MAX;
}

/* Rows that were scored become candidates all at once, as they can while no node is masked. */
static void offer_all(arb_walk *walk)
{
    const arb_searcher *searcher = walk->searcher;
    arb_candidate_array *array = &walk->array;
    uint64_t farthest = cutoff(walk);
    uint64_t kept[ARB_WORD_LENGTH_MASK + 1];
    uint64_t nearest = UINT64_MAX;
    uint32_t count = 0;
    for (uint32_t i = 0; i < walk->near_count; i++) {
        kept[count] = arb_candidate(searcher->distances[i], searcher->near[i]);
        nearest = kept[count] < nearest ? kept[count] : nearest;
        count += kept[count] <= farthest;
    }
    array->dropped |= count < walk->near_count;
    for (uint32_t i = 0; walk->level == 0 && i < count; i++)
        __builtin_prefetch((const void *)arb_word_at(walk->graph, arb_candidate_node(kept[i]), 0));
    arb_array_offer_all(array, kept, count, nearest, breadth(walk),
                        walk->graph->scorer->form.kernels);
}

/* One by one, masked nodes among them. */
static void offer_each(arb_walk *walk)
{
    const arb_searcher *searcher = walk->searcher;
    arb_candidate_array *array = &walk->array;
    arb_converge *converge = converges(walk) ? &walk->converge : NULL;
    for (uint32_t i = 0; i < walk->near_count; i++) {
        uint32_t node = searcher->near[i];
        uint64_t candidate = arb_candidate(searcher->distances[i], node);
        if (converge != NULL && candidate > arb_converge_cutoff(converge, array)) {
            array->dropped = 1;
            continue;
        }
        uint32_t place = arb_array_offer(array, candidate, breadth(walk), walk->mask);
        if (place == 0)
            continue;
        if (walk->level == 0)
            __builtin_prefetch((const void *)arb_word_at(walk->graph, node, 0));
        if (converge != NULL)
            arb_converge_add(converge, array, place - 1, walk->mask);
    }
}

static void judge(arb_walk *walk)
{
    arb_searcher *searcher = walk->searcher;
    if (walk->array.count + walk->near_count > searcher->found_capacity ||
        (walk->rows_most > 0 && searcher->stats.visited > walk->rows_most)) {
        finish(walk, ARB_SEARCH_OVERFLOW);
        return;
    }
    arb_score_rows(walk->query, searcher->near_rows, walk->near_count, searcher->distances);
    if (mask_here(walk) == NULL)
        offer_all(walk);
    else
        offer_each(walk);
    if (converges(walk) && walk->near_count > 0)
        arb_converge_trim(&walk->converge, &walk->array, walk->mask);
    walk->near_count = 0;
}

/* Those of the fresh whose bits do not say that they are farther than that. */
static uint32_t keep_near(const arb_walk *walk, uint64_t farthest)
{
    const arb_query *query = walk->query;
    const uint32_t *fresh = fresh_of(walk);
    uint32_t *restrict near = walk->searcher->near;
    uint64_t words[ARB_WORD_LENGTH_MASK / 64 + 1];
    arb_sq1_near_fetched(query->sq1, &query->bits, walk->searcher->fresh_bits, walk->fresh_count,
                         arb_scored_distance(query, arb_candidate_distance(farthest)), words);
    uint32_t count = 0;
    for (uint32_t first = 0; first < walk->fresh_count; first += 64) {
        for (uint64_t word = words[first / 64]; word != 0; word &= word - 1)
            near[count++] = fresh[first + (uint32_t)__builtin_ctzll(word)];
    }
    return count;
}

static void aim(arb_walk *walk)
{
    arb_searcher *searcher = walk->searcher;
    pick(walk);
    uint64_t farthest = walk->query->sq1 == NULL ? UINT64_MAX : cutoff(walk);
    if (farthest != UINT64_MAX) {
        walk->near_count = keep_near(walk, farthest);
    } else {
        memcpy(searcher->near, fresh_of(walk), walk->fresh_count * sizeof *searcher->near);
        walk->near_count = walk->fresh_count;
    }
    walk->array.dropped |= walk->near_count < walk->fresh_count;
    walk->fresh_count = 0;
    arb_fetch_rows(walk->query->rows, searcher->near, walk->near_count, searcher->near_rows);
    if (walk->word == 0 && walk->near_count == 0)
        next_level(walk);
}

void arb_walk_run(arb_walk *walks, uint32_t count)
{
    static void (*const steps[])(arb_walk *) = {look, judge, aim};
    uint32_t going = 1;
    while (going > 0) {
        going = 0;
        for (size_t step = 0; step < sizeof steps / sizeof steps[0]; step++) {
            for (uint32_t i = 0; i < count; i++) {
                if (!walks[i].done)
                    steps[step](&walks[i]);
            }
        }
        for (uint32_t i = 0; i < count; i++)
            going += !walks[i].done;
    }
}
