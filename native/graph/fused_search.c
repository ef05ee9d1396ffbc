/* fused_search.c: search over the codes beside the lists. What it costs is waiting for blocks, so
 * it asks early: a candidate's word when it comes in, its block a step before it is scored; and it
 * expands two candidates a step, so that two blocks are under way at a time. The second one is
 * seldom in vain: it would have been among the next. */
#include "graph/candidate_array.h"
#include "graph/fused.h"
#include "graph/visit.h"

#define BEAM 2u

typedef struct fused_search {
    const arb_graph *graph;
    arb_searcher *searcher;
    const struct arb_fused *fused;
    arb_query exact;
    arb_sq4_query query;
    uint32_t ef;
    uint32_t breadth;
    const arb_mask *mask;
    arb_candidate_array array;
} fused_search;

static int has_codes(const fused_search *search, uint64_t word)
{
    return arb_word_generation(word) == search->fused->generation;
}

static void prefetch_block(const fused_search *search, uint64_t word)
{
    const char *block = (const char *)arb_word_list(word);
    uint32_t length = arb_word_length(word);
    size_t bytes = has_codes(search, word)
                       ? arb_fused_block_bytes(length, search->fused->grid->steps)
                       : length * sizeof(uint32_t);
    for (size_t offset = 0; offset < bytes; offset += 64)
        __builtin_prefetch(block + offset);
}

/* Distances from the query to the neighbors of one list: by their codes beside it, else by their
 * rows. */
static void score_list(const fused_search *search, uint64_t word)
{
    arb_searcher *searcher = search->searcher;
    const uint32_t *list = arb_word_list(word);
    uint32_t length = arb_word_length(word);
    float *distances = searcher->distances;
    searcher->stats.visited += length;
    for (uint32_t i = 0; i < length; i++)
        searcher->fresh[i] = list[i] & ARB_NODE_MASK;
    if (!has_codes(search, word)) {
        arb_score(&search->exact, searcher->fresh, length, distances);
        return;
    }
    const float *bias = (const float *)(list + arb_fused_padded(length));
    const uint8_t *codes = (const uint8_t *)list + arb_fused_codes_at(length);
    search->fused->grid->form.kernels->sq4_dots(search->query.code, codes,
                                                search->fused->grid->steps,
                                                arb_fused_padded(length) / 4, distances);
    float factor = search->query.factor;
    float constant = search->query.constant;
    for (uint32_t i = 0; i < length; i++)
        distances[i] = constant + bias[i] + factor * distances[i];
}

/* Greedy descent to level 0. */
static uint64_t descend(const fused_search *search, uint64_t entry)
{
    arb_searcher *searcher = search->searcher;
    uint32_t node = arb_entry_node(entry);
    uint64_t best = arb_candidate(arb_score_one(&search->exact, node), node);
    searcher->stats.visited++;
    for (uint32_t level = arb_entry_level(entry); level > 0; level--) {
        uint64_t from = 0;
        while (from != best) {
            from = best;
            uint64_t word = atomic_load_explicit(
                arb_word_at(search->graph, arb_candidate_node(from), level), memory_order_acquire);
            prefetch_block(search, word);
            score_list(search, word);
            for (uint32_t i = 0; i < arb_word_length(word); i++) {
                uint64_t candidate = arb_candidate(searcher->distances[i], searcher->fresh[i]);
                best = candidate < best ? candidate : best;
            }
        }
    }
    return best;
}

/* What is nearer than the last of a full array, and was not met before, comes in. */
static void offer_list(fused_search *search, uint32_t length)
{
    arb_searcher *searcher = search->searcher;
    arb_candidate_array *array = &search->array;
    float bound = INFINITY;
    if (array->live >= search->breadth && array->count > 0)
        bound = arb_candidate_distance(array->sorted[array->count - 1]);
    uint32_t near[ARB_WORD_LENGTH_MASK + 1];
    uint32_t count = 0;
    for (uint32_t i = 0; i < length; i++) {
        near[count] = i;
        count += !(searcher->distances[i] > bound); /* without a branch: few are, none foreseen */
    }
    array->dropped |= count < length;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t node = searcher->fresh[near[i]];
        if (!arb_visit(searcher, node))
            continue;
        __builtin_prefetch((const void *)arb_word_at(search->graph, node, 0));
        arb_array_offer(array, arb_candidate(searcher->distances[near[i]], node), search->breadth,
                        search->mask);
    }
}

/* Marks the nearest unexpanded candidates, a beam of them at most, and asks for their blocks. Those
 * behind the ef-th live one are kept for reranking only. */
static uint32_t take_beam(fused_search *search, uint64_t *words)
{
    arb_candidate_array *array = &search->array;
    uint32_t end = search->ef + (array->count - array->live);
    uint32_t taken = 0;
    end = end < array->count ? end : array->count;
    for (uint32_t i = array->cursor; i < end && taken < BEAM; i++) {
        if (taken == 0)
            array->cursor = i;
        if (array->sorted[i] & ARB_CANDIDATE_FLAG)
            continue;
        uint32_t node = arb_candidate_node(array->sorted[i]);
        words[taken] =
            atomic_load_explicit(arb_word_at(search->graph, node, 0), memory_order_acquire);
        prefetch_block(search, words[taken++]);
        array->sorted[i] |= ARB_CANDIDATE_FLAG;
    }
    return taken;
}

static int all_expanded(const arb_candidate_array *array)
{
    for (uint32_t i = 0; i < array->count; i++) {
        if (!(array->sorted[i] & ARB_CANDIDATE_FLAG))
            return 0;
    }
    return 1;
}

static arb_status search_level_0(fused_search *search, uint64_t start)
{
    arb_searcher *searcher = search->searcher;
    arb_candidate_array *array = &search->array;
    uint32_t M0 = search->graph->M0;
    arb_status status = arb_visit_reserve(searcher, 1);
    if (status == ARB_OK) {
        arb_visit(searcher, arb_candidate_node(start));
        arb_array_offer(array, start & ~ARB_CANDIDATE_FLAG, search->breadth, search->mask);
    }
    while (status == ARB_OK) {
        if (array->count + BEAM * M0 > searcher->found_capacity)
            return ARB_SEARCH_OVERFLOW;
        status = arb_visit_reserve(searcher, BEAM * M0);
        if (status != ARB_OK)
            break;
        uint64_t words[BEAM];
        uint32_t taken = take_beam(search, words);
        if (taken == 0)
            break;
        searcher->stats.hops += taken;
        for (uint32_t i = 0; i < taken; i++) {
            score_list(search, words[i]);
            offer_list(search, arb_word_length(words[i]));
        }
    }
    return status;
}

arb_status arb_fused_search(const arb_graph *graph, arb_searcher *searcher,
                            const struct arb_fused *fused, const arb_query *exact, uint64_t entry,
                            uint32_t ef, uint32_t breadth, const arb_mask *mask)
{
    fused_search search = {
        .graph = graph,
        .searcher = searcher,
        .fused = fused,
        .exact = *exact,
        .query = arb_sq4_query_of(fused->grid, exact->row, searcher->query_code),
        .ef = ef,
        .breadth = breadth,
        .mask = mask,
        .array = {.sorted = searcher->found},
    };
    arb_status status = search_level_0(&search, descend(&search, entry));
    searcher->found_count = search.array.count;
    searcher->found_all = !search.array.dropped && all_expanded(&search.array);
    arb_visited_clear(searcher);
    return status;
}
