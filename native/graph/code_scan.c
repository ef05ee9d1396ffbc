#include "graph/code_scan.h"

#include <math.h>

#include "graph/candidates.h"
#include "graph/rerank.h"

/* One row in so many is scored whatever its bits say; once so many were, no more: a probe costs as
 * much as the bits of ten rows. */
#define PROBE_STEP 32u
#define PROBES_ENOUGH 128u
/* Standard deviations that bits may be off by; the breadth of the rerank makes up for those that
 * are off more. */
#define DEVIATIONS 2.0f

float arb_code_scan_nth(const arb_code_scan *scan, uint32_t n)
{
    const arb_searcher *searcher = scan->searcher;
    if (searcher->found_count < n)
        return INFINITY;
    return arb_scored_distance(scan->query, arb_candidate_distance(searcher->found[n - 1]));
}

/* Keeps the rows whose bits do not say that they are too far, and the probes, and asks for their
 * codes. */
static void keep_near(const arb_code_scan *scan, arb_scan_batch *batch)
{
    const arb_query *query = scan->query;
    uint64_t near[(ARB_SCAN_BATCH_MAX + 63) / 64];
    uint32_t *nodes = batch->nodes;
    uint32_t count = batch->count;
    for (uint32_t i = 0; i < count && i < ARB_SQ1_NEAR_AHEAD; i++)
        arb_prefetch_row(query->sq1->rows, nodes[i]);
    arb_sq1_near(query->sq1, &query->bits, nodes, count, arb_code_scan_nth(scan, scan->ef), near);
    uint32_t probed = scan->errors.count < PROBES_ENOUGH ? count : 0;
    for (uint32_t i = 0; i < probed; i += PROBE_STEP)
        near[i / 64] |= 1ull << i % 64;
    batch->count = 0;
    for (uint32_t first = 0; first < count; first += 64) {
        for (uint64_t kept = near[first / 64]; kept != 0; kept &= kept - 1) {
            uint32_t i = first + (uint32_t)__builtin_ctzll(kept);
            if (i < probed && i % PROBE_STEP == 0)
                batch->probes[batch->probe_count++] = batch->count;
            arb_prefetch_row(query->rows, nodes[i]);
            nodes[batch->count++] = nodes[i];
        }
    }
}

/* Sets which candidates are kept beyond the breadth, and drops the others. */
static void take_limit(arb_code_scan *scan)
{
    arb_searcher *searcher = scan->searcher;
    const arb_query *query = scan->query;
    if (searcher->found_count < scan->breadth)
        return;
    scan->limit = arb_candidate_distance(searcher->found[scan->breadth - 1]);
    if (query->blur < INFINITY && query->unit > 0) {
        float last = arb_code_scan_nth(scan, scan->ef);
        float limit = (last + arb_blur_at(scan->graph, query, last) - query->zero) / query->unit;
        scan->limit = limit > scan->limit ? limit : scan->limit;
    }
    while (searcher->found_count > scan->breadth &&
           arb_candidate_distance(searcher->found[searcher->found_count - 1]) > scan->limit)
        searcher->found_count--;
}

static void learn(arb_code_scan *scan, const arb_scan_batch *batch, const float *distances)
{
    for (uint32_t i = 0; i < batch->probe_count; i++) {
        uint32_t at = batch->probes[i];
        arb_bit_errors_learn(&scan->errors, scan->query, scan->shift, batch->nodes[at],
                             distances[at]);
    }
    arb_bit_errors_allow(&scan->errors, DEVIATIONS, scan->shift, scan->query);
}

static void keep(arb_code_scan *scan, float distance, uint32_t node)
{
    arb_searcher *searcher = scan->searcher;
    if (searcher->found_count >= scan->breadth && distance > scan->limit)
        return;
    uint64_t candidate = arb_candidate(distance, node);
    if (searcher->found_count == ARB_CODE_SCAN_MAX) {
        if (candidate > searcher->found[searcher->found_count - 1])
            return;
        searcher->found_count--;
    }
    arb_candidates_insert(searcher->found, searcher->found_count++, candidate);
}

void arb_code_scan_keep(arb_code_scan *scan, const uint32_t *nodes, const float *scored,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        keep(scan, scored[i], nodes[i]);
    take_limit(scan);
}

void arb_code_scan_offer(arb_code_scan *scan, arb_scan_batch *batch)
{
    const arb_query *query = scan->query;
    float distances[ARB_SCAN_BATCH_MAX];
    batch->probe_count = 0;
    if (query->sq1 == NULL) {
        arb_score(query, batch->nodes, batch->count, distances);
    } else {
        if (scan->searcher->found_count == 0) {
            /* the first rows are all scored, and all probes */
            for (uint32_t i = 0; i < batch->count; i++)
                arb_prefetch_row(query->rows, batch->nodes[i]);
            for (uint32_t i = 0; i < batch->count; i += (batch->count + 63) / 64)
                batch->probes[batch->probe_count++] = i;
        } else {
            keep_near(scan, batch);
        }
        arb_score_fetched(query, batch->nodes, batch->count, distances);
        if (batch->probe_count > 0)
            learn(scan, batch, distances);
    }
    arb_code_scan_keep(scan, batch->nodes, distances, batch->count);
}

arb_status arb_code_scan_prepare(const arb_graph *graph, arb_searcher *searcher)
{
    arb_status status = arb_searcher_prepare(graph, searcher, ARB_CODE_SCAN_MAX);
    if (status == ARB_OK)
        status = arb_heaps_grow(searcher, 1, ARB_CODE_SCAN_MAX);
    searcher->found_count = 0;
    return status;
}

arb_code_scan arb_code_scan_begin(const arb_graph *graph, arb_searcher *searcher, arb_query *query,
                                  const arb_graph_options *options)
{
    uint32_t ef = options->ef > options->k ? options->ef : options->k;
    uint32_t breadth = arb_rerank_breadth(options->k, 1);
    return (arb_code_scan){.graph = graph,
                           .searcher = searcher,
                           .query = query,
                           .k = options->k,
                           .ef = ef,
                           .breadth = breadth > ef ? breadth : ef,
                           .limit = INFINITY,
                           .shift = query->bits.shift - query->bits.slack};
}
