#include "graph/rerank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/candidates.h"

/* Rows that are on their way while one is reranked. */
#define RERANK_AHEAD 4u

void arb_keep_unmasked(arb_searcher *searcher, const arb_mask *mask)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < searcher->found_count; i++) {
        uint64_t candidate = searcher->found[i];
        if (!arb_is_masked(mask, arb_candidate_node(candidate)))
            searcher->found[kept++] = candidate;
    }
    searcher->found_count = kept;
}

uint32_t arb_rerank_breadth(uint32_t k, uint32_t rerank)
{
    return rerank * (3 * k > k + 20 ? 3 * k : k + 20);
}

float arb_blur_at(const arb_graph *graph, const arb_query *query, float distance)
{
    return graph->scorer->form.metric == ARB_METRIC_L2 ? query->blur * sqrtf(distance)
                                                       : query->blur;
}

/* How many of the candidates found may be among the k nearest: those that the query's rounding may
 * have put behind the k-th. */
static uint32_t in_question(const arb_graph *graph, const arb_searcher *searcher,
                            const arb_query *query, uint32_t k, uint32_t most)
{
    most = query->rerank ? most : k;
    most = most < searcher->found_count ? most : searcher->found_count;
    if (most <= k || query->blur == INFINITY)
        return most;
    float last = arb_scored_distance(query, arb_candidate_distance(searcher->found[k - 1]));
    float blur = arb_blur_at(graph, query, last);
    uint32_t count = k;
    while (count < most && arb_scored_distance(query, arb_candidate_distance(
                                                          searcher->found[count])) <= last + blur)
        count++;
    return count;
}

void arb_rerank(const arb_graph *graph, const arb_searcher *searcher, const arb_query *query,
                uint32_t k, uint32_t most, arb_graph_query *answer)
{
    const arb_scorer *scorer = graph->scorer;
    uint32_t wanted = in_question(graph, searcher, query, k, most);
    /* The wide search's heap is free by now and lends its memory. */
    _Static_assert(sizeof(arb_hit) == sizeof(uint64_t), "a hit fits a heap entry");
    arb_hit *scored = (arb_hit *)searcher->results;
    for (uint32_t i = 0; i < wanted && i < RERANK_AHEAD; i++)
        arb_prefetch_row(scorer->rows, arb_candidate_node(searcher->found[i]));
    for (uint32_t i = 0; i < wanted; i++) {
        if (i + RERANK_AHEAD < wanted) {
            uint32_t ahead = arb_candidate_node(searcher->found[i + RERANK_AHEAD]);
            arb_prefetch_row(scorer->rows, ahead);
        }
        uint32_t node = arb_candidate_node(searcher->found[i]);
        scored[i].node = node;
        scored[i].distance = arb_exact_distance(scorer, query->row, node);
    }
    qsort(scored, wanted, sizeof *scored, arb_hit_compare);
    answer->count = wanted < k ? wanted : k;
    memcpy(answer->hits, scored, answer->count * sizeof *scored);
}
