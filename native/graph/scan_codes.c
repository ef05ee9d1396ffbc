/* scan_codes.c: a scan of rows by the shortest forms that there are of them, for filters that few
 * rows match: bits tell of most rows that they are too far (sq1.h), codes order the others, the
 * rows decide among the best. It costs a cache line a row where an exact scan reads all of it, and
 * may miss a row that an exact scan finds, as a search of the graph may.
 *
 * How far bits are off it learns anew, from every 32nd row (bit_errors.h). */
#include <math.h>

#include "graph/bit_errors.h"
#include "graph/candidates.h"
#include "graph/exact.h"
#include "graph/rerank.h"
#include "graph/score.h"

/* One row in so many is scored whatever its bits say. */
#define PROBE_STEP 32u
/* Standard deviations that bits may be off by; the breadth of the rerank makes up for those that
 * are off more. */
#define DEVIATIONS 2.0f

typedef struct code_scan {
    arb_searcher *searcher;
    arb_query *query;
    uint32_t ef;      /* rows farther than the ef-th candidate are of no use */
    uint32_t breadth; /* candidates to keep in any case, for the rerank */
    float limit;      /* and all that the codes' noise may have put behind the ef-th */
    const arb_graph *graph;
    arb_bit_errors errors;
} code_scan;

/* A batch: its nodes, of which scored ones are moved to the front. */
typedef struct scan_batch {
    uint32_t nodes[ARB_SCAN_BATCH_MAX];
    uint32_t count;
    uint32_t probes[64]; /* places of those that are learned from */
    uint32_t probe_count;
} scan_batch;

/* The distance beyond which a row is of no use. */
static float bound_of(const code_scan *scan)
{
    const arb_searcher *searcher = scan->searcher;
    if (searcher->found_count < scan->ef)
        return INFINITY;
    return arb_scored_distance(scan->query, arb_candidate_distance(searcher->found[scan->ef - 1]));
}

/* Keeps the nodes whose bits do not say that they are too far, and the probes, and asks for their
 * codes. */
static void keep_near(const code_scan *scan, scan_batch *batch)
{
    const arb_query *query = scan->query;
    uint64_t near[(ARB_SCAN_BATCH_MAX + 63) / 64];
    uint32_t *nodes = batch->nodes;
    uint32_t count = batch->count;
    for (uint32_t i = 0; i < count && i < ARB_SQ1_NEAR_AHEAD; i++)
        arb_prefetch_row(query->sq1->rows, nodes[i]);
    arb_sq1_near(query->sq1, &query->bits, nodes, count, bound_of(scan), near);
    for (uint32_t i = 0; i < count; i += PROBE_STEP)
        near[i / 64] |= 1ull << i % 64;
    batch->count = 0;
    batch->probe_count = 0;
    for (uint32_t first = 0; first < count; first += 64) {
        for (uint64_t kept = near[first / 64]; kept != 0; kept &= kept - 1) {
            uint32_t i = first + (uint32_t)__builtin_ctzll(kept);
            if (i % PROBE_STEP == 0)
                batch->probes[batch->probe_count++] = batch->count;
            arb_prefetch_row(query->rows, nodes[i]);
            nodes[batch->count++] = nodes[i];
        }
    }
}

/* Sets which candidates are kept beyond the breadth. */
static void take_limit(code_scan *scan)
{
    const arb_searcher *searcher = scan->searcher;
    const arb_query *query = scan->query;
    if (searcher->found_count < scan->breadth)
        return;
    scan->limit = arb_candidate_distance(searcher->found[scan->breadth - 1]);
    if (query->blur < INFINITY && query->unit > 0) {
        float last =
            arb_scored_distance(query, arb_candidate_distance(searcher->found[scan->ef - 1]));
        float limit = (last + arb_blur_at(scan->graph, query, last) - query->zero) / query->unit;
        scan->limit = limit > scan->limit ? limit : scan->limit;
    }
}

/* Scores a batch and keeps the nearest. */
static void offer(code_scan *scan, const scan_batch *batch)
{
    arb_searcher *searcher = scan->searcher;
    float distances[ARB_SCAN_BATCH_MAX];
    if (scan->query->sq1 != NULL) {
        arb_score_fetched(scan->query, batch->nodes, batch->count, distances);
        for (uint32_t i = 0; i < batch->probe_count; i++) {
            uint32_t at = batch->probes[i];
            arb_bit_errors_learn(&scan->errors, scan->query, batch->nodes[at], distances[at]);
        }
        arb_bit_errors_apply(&scan->errors, DEVIATIONS, scan->query);
    } else {
        arb_score(scan->query, batch->nodes, batch->count, distances);
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        uint64_t candidate = arb_candidate(distances[i], batch->nodes[i]);
        if (searcher->found_count >= scan->breadth && distances[i] > scan->limit)
            continue;
        if (searcher->found_count == ARB_CODE_SCAN_MAX) {
            if (candidate > searcher->found[searcher->found_count - 1])
                continue;
            searcher->found_count--;
        }
        arb_candidates_insert(searcher->found, searcher->found_count++, candidate);
    }
    take_limit(scan);
}

static void scan_rows(code_scan *scan, arb_unscanned *rows, arb_search_stats *stats)
{
    scan_batch batch;
    uint32_t size = scan->breadth < ARB_SCAN_BATCH ? scan->breadth : ARB_SCAN_BATCH;
    while ((batch.count = arb_next_unscanned(rows, size, batch.nodes)) > 0) {
        stats->tail_scanned += batch.count;
        if (scan->query->sq1 != NULL && scan->searcher->found_count == 0) {
            batch.probe_count = 0; /* the first rows are all scored, and all probes */
            for (uint32_t i = 0; i < batch.count; i++)
                arb_prefetch_row(scan->query->rows, batch.nodes[i]);
            for (uint32_t i = 0; i < batch.count; i += (batch.count + 63) / 64)
                batch.probes[batch.probe_count++] = i;
        } else if (scan->query->sq1 != NULL) {
            keep_near(scan, &batch);
        }
        offer(scan, &batch);
        /* the sooner there are candidates, the more rows their bits tell to be too far */
        size = 2 * size < ARB_SCAN_BATCH ? 2 * size : ARB_SCAN_BATCH;
    }
}

arb_status arb_code_scan(const arb_graph *graph, arb_searcher *searcher, uint32_t end,
                         const arb_graph_options *options, arb_graph_query *query,
                         arb_search_stats *stats)
{
    uint32_t k = options->k;
    uint32_t ef = options->ef > k ? options->ef : k;
    uint32_t breadth = arb_rerank_breadth(k, 1);
    breadth = breadth > ef ? breadth : ef;
    arb_status status = arb_searcher_prepare(graph, searcher, ARB_CODE_SCAN_MAX);
    if (status == ARB_OK)
        status = arb_heaps_grow(searcher, 1, ARB_CODE_SCAN_MAX);
    if (status != ARB_OK)
        return status;
    searcher->found_count = 0;
    arb_epoch_enter(graph, searcher);
    arb_query prepared = arb_traversal_query(graph->scorer, searcher, query->row, query->native);
    code_scan scan = {.searcher = searcher,
                      .query = &prepared,
                      .ef = ef,
                      .breadth = breadth,
                      .limit = INFINITY,
                      .graph = graph};
    scan.errors = arb_bit_errors_of(&prepared);
    arb_unscanned rows = {.graph = graph, .mask = options->mask, .end = end};
    arb_search_stats unwanted = {0};
    scan_rows(&scan, &rows, stats != NULL ? stats : &unwanted);
    arb_epoch_leave(searcher);
    arb_keep_unmasked(searcher, options->mask);
    arb_rerank(graph, searcher, &prepared, k, searcher->found_count, query);
    return ARB_OK;
}
