/* scan_codes.c: a scan over the codes of all rows that match, for filters that few rows match. */
#include "graph/code_scan.h"
#include "graph/rerank.h"

arb_status arb_scan_codes(const arb_graph *graph, arb_searcher *searcher, uint32_t first,
                          uint32_t end, const arb_graph_options *options, arb_graph_query *query,
                          arb_search_stats *stats)
{
    arb_status status = arb_code_scan_prepare(graph, searcher);
    if (status != ARB_OK)
        return status;
    arb_epoch_enter(graph, searcher);
    arb_query prepared = arb_traversal_query(graph->scorer, searcher, query->row, query->native);
    arb_code_scan scan = arb_code_scan_begin(graph, searcher, &prepared, options);
    arb_unscanned rows = {
        .graph = graph, .mask = options->mask, .first = first, .end = end, .word = first / 64};
    arb_scan_batch batch;
    uint32_t size = scan.breadth < ARB_SCAN_BATCH ? scan.breadth : ARB_SCAN_BATCH;
    while ((batch.count = arb_next_unscanned(&rows, size, batch.nodes)) > 0) {
        if (stats != NULL)
            stats->tail_scanned += batch.count;
        arb_code_scan_offer(&scan, &batch);
        /* the sooner there are candidates, the more rows their bits tell to be too far */
        size = 2 * size < ARB_SCAN_BATCH ? 2 * size : ARB_SCAN_BATCH;
    }
    arb_epoch_leave(searcher);
    arb_keep_unmasked(searcher, options->mask);
    arb_rerank(graph, searcher, &prepared, options->k, searcher->found_count, query);
    return ARB_OK;
}
