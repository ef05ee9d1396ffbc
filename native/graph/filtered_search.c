/* filtered_search.c: best-first search over the nodes that match a filter alone.
 *
 * Only they are scored and become candidates. Where few of a node's neighbors match, the others are
 * passed through: their matching neighbors count as the node's own, so that the nodes that match
 * hang together although the graph was built for all. That is the two-hop expansion of ACORN-1
 * (Patel, Kraft, Guestrin, Zaharia, "ACORN: Performant and Predicate-Agnostic Search Over Vector
 * Embeddings and Structured Data", 2024), which stops here, as there, when a node has as many
 * neighbors as it would have without a filter.
 *
 * Where the filter is opposed to the query, nothing around the query matches and nothing leads from
 * there to what does. So the search also begins at rows that match: the nearest of a sample. The
 * sample tells in the end whether the search got anywhere: where the rows it found are all there
 * are, the sample has its usual part of them and no more.
 *
 * Like fused_search.c it expands several candidates at a time, and asks for all that a step needs
 * before the first of it is looked at: lists, words and lists of those passed through, bits, codes.
 */
#include "graph/filtered_search.h"

#include <string.h>

#include "graph/bit_errors.h"
#include "graph/candidate_array.h"
#include "graph/visit.h"

#define BEAM 4u
/* One matching row in so many is drawn, within these bounds. */
#define SEED_PART 16u
#define SEEDS_MIN 32u
#define SEEDS_MAX 4096u
/* So many times its usual part, and so many more, is by chance. */
#define SEEDS_TIMES 2u
#define SEEDS_MORE 1u
/* Lists of passed nodes that are on their way while one is read. */
#define LISTS_AHEAD 8u
/* Standard deviations that bits may be off by; the breadth makes up for those that are off more. */
#define DEVIATIONS 2.0f
/* Rows from which that is learned: so many at first, then one in so many. */
#define LEARN_FIRST 64u
#define LEARN_STEP 32u

/* A search that has looked at so many rows and lists gives up: one part in so many of the rows that
 * match. A scan of all of them costs about as much as it has cost by then, and finds them. */
#define SCAN_PART 4u
/* What a search looks at: so many rows in any case, and so many for each candidate of its breadth.
 */
#define WORK_LEAST 400u
#define WORK_A_CANDIDATE 24u

/* Fresh nodes of a step: a candidate has as many as a list, and what is in the last list read. */
#define FRESH_MAX (BEAM * 2 * 2 * ARB_M_MAX)

typedef struct filtered_search {
    const arb_graph *graph;
    arb_searcher *searcher;
    arb_query *query;
    const arb_mask *mask;
    uint32_t end; /* nodes from here on do not match */
    uint32_t ef;
    arb_candidate_array array;
    arb_bit_errors errors;
    float shift;               /* of the query, if bits were never off */
    uint32_t considered;       /* rows so far */
    uint64_t last_seed;        /* the farthest that may be among the candidates */
    uint32_t lists;            /* read of nodes passed through, and */
    uint32_t listed;           /* fresh nodes in them */
    uint32_t fresh[FRESH_MAX]; /* of this step: matching, seen for the first time */
    uint32_t fresh_count;
} filtered_search;

static void prefetch_list(uint64_t word)
{
    const char *list = (const char *)arb_word_list(word);
    size_t bytes = arb_word_length(word) * sizeof(uint32_t);
    for (size_t offset = 0; offset < bytes; offset += 64)
        __builtin_prefetch(list + offset, 0, 2);
}

static uint64_t load_word(const filtered_search *search, uint32_t node)
{
    return atomic_load_explicit(arb_word_at(search->graph, node, 0), memory_order_acquire);
}

/* Visits the matching neighbors of a list that were not seen yet, for which room is there. Which
 * they are no branch predictor would find. */
static void collect_matching(filtered_search *search, uint64_t word)
{
    arb_searcher *searcher = search->searcher;
    const uint32_t *list = arb_word_list(word);
    uint32_t length = arb_word_length(word);
    const uint64_t *matches = search->mask->matches;
    uint64_t *restrict visited = searcher->visited;
    uint32_t *restrict fresh = searcher->visits + searcher->visit_count;
    uint32_t count = 0;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t neighbor = list[i] & ARB_NODE_MASK;
        if (neighbor >= search->end)
            continue;
        uint64_t seen = visited[neighbor / 64];
        uint64_t marked = seen | (matches[neighbor / 64] & 1ull << (neighbor % 64));
        visited[neighbor / 64] = marked;
        fresh[count] = neighbor;
        count += marked != seen;
    }
    searcher->visit_count += count;
    memcpy(search->fresh + search->fresh_count, fresh, count * sizeof *fresh);
    search->fresh_count += count;
}

/* The neighbors that do not match and were not passed through yet. */
static uint32_t collect_others(const filtered_search *search, uint64_t word, uint32_t *others)
{
    const arb_searcher *searcher = search->searcher;
    const uint32_t *list = arb_word_list(word);
    uint32_t length = arb_word_length(word);
    uint32_t count = 0;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t neighbor = list[i] & ARB_NODE_MASK;
        others[count] = neighbor;
        count += neighbor < searcher->visited_nodes &&
                 !(searcher->visited[neighbor / 64] >> (neighbor % 64) & 1);
    }
    return count;
}

/* Passes through nodes until there are `wanted` fresh ones. Their words are on their way. */
static arb_status pass_through(filtered_search *search, const uint32_t *others, uint32_t count,
                               uint32_t wanted)
{
    arb_searcher *searcher = search->searcher;
    uint64_t words[ARB_WORD_LENGTH_MASK + 1];
    uint32_t asked = 0;
    for (uint32_t i = 0; i < count && search->fresh_count < wanted; i++) {
        /* no more than will be read, as far as what the lists so far gave can tell */
        uint64_t lists =
            1 + (uint64_t)(wanted - search->fresh_count) * search->lists / (search->listed + 1);
        uint32_t ahead = lists < LISTS_AHEAD ? (uint32_t)lists : LISTS_AHEAD;
        for (; asked < count && asked < i + ahead; asked++) {
            words[asked] = load_word(search, others[asked]);
            prefetch_list(words[asked]);
        }
        arb_status status = arb_visit_reserve(searcher, search->graph->M0 + 1);
        if (status != ARB_OK)
            return status;
        arb_visit(searcher, others[i]);
        uint32_t before = search->fresh_count;
        collect_matching(search, words[i]);
        search->lists++;
        search->listed += search->fresh_count - before;
    }
    return ARB_OK;
}

/* Takes the nearest unexpanded candidates, whose lists are then on their way. */
static uint32_t take_beam(filtered_search *search, uint64_t *words)
{
    arb_candidate_array *array = &search->array;
    uint32_t taken = 0;
    for (; array->cursor < array->count && taken < BEAM; array->cursor++) {
        if (array->sorted[array->cursor] & ARB_CANDIDATE_FLAG)
            continue;
        words[taken] = load_word(search, arb_candidate_node(array->sorted[array->cursor]));
        prefetch_list(words[taken++]);
        array->sorted[array->cursor] |= ARB_CANDIDATE_FLAG;
    }
    return taken;
}

/* The nodes that match around some others, whose lists are on their way. */
static arb_status expand(filtered_search *search, const uint64_t *words, uint32_t count)
{
    arb_searcher *searcher = search->searcher;
    uint32_t M0 = search->graph->M0;
    uint32_t others[BEAM][ARB_WORD_LENGTH_MASK + 1];
    uint32_t other_counts[BEAM];
    uint32_t direct[BEAM];
    for (uint32_t i = 0; i < count; i++) {
        arb_status status = arb_visit_reserve(searcher, M0);
        if (status != ARB_OK)
            return status;
        direct[i] = search->fresh_count;
        collect_matching(search, words[i]);
        direct[i] = search->fresh_count - direct[i];
        other_counts[i] = 0;
        if (2 * direct[i] < M0)
            other_counts[i] = collect_others(search, words[i], others[i]);
        for (uint32_t j = 0; j < other_counts[i]; j++)
            __builtin_prefetch((const void *)arb_word_at(search->graph, others[i][j], 0));
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t wanted = search->fresh_count + M0 - direct[i];
        arb_status status = pass_through(search, others[i], other_counts[i], wanted);
        if (status != ARB_OK)
            return status;
    }
    searcher->stats.hops += count;
    return ARB_OK;
}

/* Of the fresh, those whose bits do not say that they are farther than all candidates; and some
 * probes, whose places among them are written to `probes`. Asks for their rows. */
static uint32_t keep_near(filtered_search *search, uint32_t *near, uint32_t *probes,
                          uint32_t *probe_count)
{
    const arb_query *query = search->query;
    const arb_candidate_array *array = &search->array;
    const uint32_t *fresh = search->fresh;
    uint32_t before = search->considered - search->fresh_count;
    uint64_t bits[(FRESH_MAX + 63) / 64];
    float farthest = INFINITY;
    if (array->live >= search->ef)
        farthest =
            arb_scored_distance(query, arb_candidate_distance(array->sorted[array->count - 1]));
    arb_sq1_near(query->sq1, &query->bits, fresh, search->fresh_count, farthest, bits);
    uint32_t count = 0;
    for (uint32_t i = 0; i < search->fresh_count; i++) {
        int probe = before + i < LEARN_FIRST || (before + i) % LEARN_STEP == 0;
        if (!probe && !(bits[i / 64] >> i % 64 & 1))
            continue;
        if (probe)
            probes[(*probe_count)++] = count;
        arb_prefetch_row(query->rows, fresh[i]);
        near[count++] = fresh[i];
    }
    return count;
}

/* Scores the fresh nodes and keeps the nearest as candidates. */
static void judge(filtered_search *search)
{
    uint32_t near[FRESH_MAX];
    float distances[FRESH_MAX];
    uint32_t count = search->fresh_count;
    search->searcher->stats.visited += count;
    search->considered += count;
    if (search->query->sq1 != NULL) {
        uint32_t probes[LEARN_FIRST + FRESH_MAX / LEARN_STEP + 1];
        uint32_t probe_count = 0;
        for (uint32_t i = 0; i < count; i++)
            arb_prefetch_row(search->query->sq1->rows, search->fresh[i]);
        count = keep_near(search, near, probes, &probe_count);
        arb_score_fetched(search->query, near, count, distances);
        for (uint32_t i = 0; i < probe_count; i++)
            arb_bit_errors_learn(&search->errors, search->query, search->shift, near[probes[i]],
                                 distances[probes[i]]);
        arb_bit_errors_allow(&search->errors, DEVIATIONS, search->shift, search->query);
    } else {
        memcpy(near, search->fresh, count * sizeof *near);
        arb_score(search->query, near, count, distances);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (arb_array_offer(&search->array, arb_candidate(distances[i], near[i]), search->ef, NULL))
            __builtin_prefetch((const void *)arb_word_at(search->graph, near[i], 0));
    }
    search->fresh_count = 0;
}

/* The nearest of a sample of the linked nodes that match, from all over the rows. */
static arb_status sow(filtered_search *search)
{
    arb_searcher *searcher = search->searcher;
    const arb_candidate_array *array = &search->array;
    uint64_t words = (search->end + 63) / 64;
    uint64_t seeds = search->mask->count / SEED_PART;
    seeds = seeds < SEEDS_MIN ? SEEDS_MIN : seeds > SEEDS_MAX ? SEEDS_MAX : seeds;
    for (uint64_t i = 0; i < seeds; i++) {
        uint64_t word = words * i / seeds;
        uint64_t last = words * (i + 1) / seeds;
        while (word < last && search->mask->matches[word] == 0)
            word++;
        if (word == last)
            continue;
        uint32_t bit = (uint32_t)__builtin_ctzll(search->mask->matches[word]);
        uint32_t node = (uint32_t)word * 64 + bit;
        if (node >= search->end || !arb_graph_is_linked(search->graph, node))
            continue;
        arb_status status = arb_visit_reserve(searcher, 1);
        if (status != ARB_OK)
            return status;
        if (arb_visit(searcher, node))
            search->fresh[search->fresh_count++] = node;
        if (search->fresh_count == FRESH_MAX)
            judge(search);
    }
    judge(search);
    uint64_t most =
        SEEDS_MORE + SEEDS_TIMES * (uint64_t)search->ef * search->considered / search->mask->count;
    int is_known = search->mask->count != ARB_MASK_UNCOUNTED;
    search->last_seed = is_known && most < array->count ? array->sorted[most] : UINT64_MAX;
    return ARB_OK;
}

/* Whether no more of the sample is among the candidates than chance has it. */
static int is_trusted(const filtered_search *search)
{
    const arb_candidate_array *array = &search->array;
    return array->count < search->ef || (array->sorted[array->count - 1] | ARB_CANDIDATE_FLAG) <
                                            (search->last_seed | ARB_CANDIDATE_FLAG);
}

int arb_filtered_is_futile(const arb_mask *mask, uint32_t ef)
{
    return WORK_LEAST + (uint64_t)WORK_A_CANDIDATE * ef > mask->count / SCAN_PART;
}

arb_status arb_filtered_search(const arb_graph *graph, arb_searcher *searcher, arb_query *query,
                               uint32_t ef, const arb_mask *mask)
{
    filtered_search search = {.graph = graph, .searcher = searcher, .query = query, .mask = mask};
    search.ef = ef;
    search.end = mask->end < searcher->visited_nodes ? mask->end : searcher->visited_nodes;
    search.array.sorted = searcher->found;
    search.shift = query->bits.shift - query->bits.slack;
    uint32_t start = arb_candidate_node(searcher->found[0]);
    uint64_t words[BEAM] = {load_word(&search, start)};
    arb_status status = sow(&search);
    if (status == ARB_OK && start < search.end && arb_matches(mask, start) &&
        arb_visit(searcher, start))
        search.fresh[search.fresh_count++] = start;
    for (uint32_t count = 1; status == ARB_OK && count > 0; count = take_beam(&search, words)) {
        status = expand(&search, words, count);
        if (status == ARB_OK)
            judge(&search);
        if (search.considered + search.lists > mask->count / SCAN_PART) {
            search.array.count = 0;
            break;
        }
    }
    if (!is_trusted(&search))
        search.array.count = 0;
    arb_visited_clear(searcher);
    searcher->found_count = search.array.count;
    searcher->found_all = 0;
    return status;
}
