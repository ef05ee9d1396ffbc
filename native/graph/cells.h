/* cells.h: the rows that a filter matches, laid together by where they lie, for filters that many
 * searches share: an inverted file (IVF; Jegou, Douze and Schmid, "Product Quantization for Nearest
 * Neighbor Search", 2011) over blocks of rows (fastscan.h).
 *
 *   centres   | c0             | c1               | ...   the mean of a cell's rows, as a code
 *   first       0                3                  6     blocks: a cell begins with a new one
 *   nodes     | rows of cell 0 | rows of cell 1   | ...   a row's place is its index here
 *   blocks    what their deviations from their centre are, in a few bits
 *
 * A search looks at the cells in the order of their centres, and ends before the first whose centre
 * is farther than the k-th row found so far by more than a slack: with q the query, o a row and c
 * its centre, |q - c| - |q - o| is never more than |o - c|, and mostly far less. How much slack a
 * recall takes is measured with rows that serve as queries, some of the cells' own, some of all
 * rows, so that filters whose rows lie far from the query are measured as well. Dot products have
 * -q.c / |q| and -q.o / |q| for distances. Rows whose block does not tell that they are too far
 * are then compared by their codes in the index, and the nearest of these by themselves.
 *
 * Cells never change. Their centres are of the codes of their day: once these are replaced by
 * others, a scan says so. */
#ifndef ARB_GRAPH_CELLS_H
#define ARB_GRAPH_CELLS_H

#include "graph/graph.h"

/* Fewer rows than this are scanned as fast without cells. */
#define ARB_CELLS_ROWS_MIN 512u

typedef struct arb_cells arb_cells;

typedef struct arb_cells_facts {
    uint32_t rows;
    uint32_t cells;
    uint64_t generation; /* of the codes */
    uint64_t bytes;
    float scanned; /* rows and centres looked at, of the number of rows, for recall 0.99 at k = 10:
                      the average of the sample */
} arb_cells_facts;

/* Cells of those of nodes 0..end-1 that are not masked; the mask has a filter. *out is NULL with
 * ARB_OK where they are too few, or where the rows' codes are not of this generation (or no
 * longer). Searches, inserts and appends go on. */
arb_status arb_cells_create(const arb_graph *graph, uint64_t generation, const arb_mask *mask,
                            uint32_t end, arb_cells **out);
void arb_cells_destroy(arb_cells *cells);

arb_cells_facts arb_cells_get_facts(const arb_cells *cells);

/* The k nearest of the cells' rows that are not deleted, found with the probability `target`, by
 * their codes and then by their rows: of the options, ef is how many candidates are kept, and of
 * the mask only `deleted` counts. *current is 0, and nothing was done, where the codes were
 * replaced or the query has none. Counts a centre as a row scanned. */
arb_status arb_cells_scan(const arb_cells *cells, const arb_graph *graph, arb_searcher *searcher,
                          const arb_graph_options *options, float target, arb_graph_query *query,
                          arb_search_stats *stats, int *current);

#endif
