/* cells_internal.h: what cells are made of; see cells.h. cells.c makes them, cells_slack.c measures
 * them, cells_scan.c searches them. */
#ifndef ARB_GRAPH_CELLS_INTERNAL_H
#define ARB_GRAPH_CELLS_INTERNAL_H

#include "graph/cells.h"
#include "graph/centres.h"
#include "graph/code_scan.h"
#include "vectors/fastscan.h"

/* Queries that the slack is measured with, half of them rows of the cells and half of all, and the
 * neighbors of each. */
#define ARB_SLACK_QUERIES 512u
#define ARB_SLACK_K 10u
/* The queries in the order of how far their k-th rows are fall into so many equal bands: the
 * farther a query is from all rows, the less slack it needs. */
#define ARB_SLACK_BANDS 4u
#define ARB_SLACK_BAND_QUERIES (ARB_SLACK_QUERIES / ARB_SLACK_BANDS)

/* How much farther than the k-th row the centre was of a cell that holds one of the k nearest,
 * least first. */
typedef struct arb_slack_band {
    float far; /* of the k-th rows, the middle one */
    uint32_t nearest_count;
    uint32_t all_count;
    float nearest[ARB_SLACK_BAND_QUERIES];           /* k = 1 */
    float all[ARB_SLACK_BAND_QUERIES * ARB_SLACK_K]; /* k = ARB_SLACK_K */
} arb_slack_band;

typedef struct arb_slack_sample {
    arb_slack_band bands[ARB_SLACK_BANDS];
    float leaders[ARB_SLACK_QUERIES * (ARB_SLACK_K + 1)]; /* the same of the groups' leaders */
    uint32_t leader_count;
} arb_slack_sample;

/* How much farther than the k-th row a centre may be where that row is so far, and a leader. */
typedef struct arb_slack {
    float far[ARB_SLACK_BANDS];
    float centre[ARB_SLACK_BANDS];
    float leader;
} arb_slack;

/* How much farther a centre may be than a k-th row that is so far. */
static inline float arb_slack_centre(const arb_slack *slack, float far)
{
    uint32_t band = 0;
    while (band < ARB_SLACK_BANDS && slack->far[band] <= far)
        band++;
    if (band == 0)
        return slack->centre[0];
    if (band == ARB_SLACK_BANDS)
        return slack->centre[band - 1];
    float before = slack->far[band - 1];
    float part = (far - before) / (slack->far[band] - before);
    return slack->centre[band - 1] * (1 - part) + slack->centre[band] * part;
}

/* In `nodes`, where a block has no row. */
#define ARB_CELLS_NO_NODE UINT32_MAX

struct arb_cells {
    uint64_t generation;  /* of the codes */
    uint32_t count;       /* rows */
    arb_centres centres;  /* of the cells, laid by group */
    uint32_t *first;      /* block of each cell; centres.count + 1 */
    uint32_t *sizes;      /* rows of each cell */
    uint32_t *nodes;      /* by place; ARB_FASTSCAN_ROWS a block */
    arb_fastscan *blocks; /* by place */
    float *centre_square; /* squared lengths of the centres */
    float *leader_square; /* and of the leaders */
    arb_slack_sample slack;
    float scanned;
};

/* A query as a scan of cells takes it. */
typedef struct arb_cells_query {
    const arb_cells *cells;
    arb_query codes; /* for centres, and for rows in the index */
    arb_fastscan_query blocks;
    arb_metric metric;
    float length; /* of the query; dot products only */
} arb_cells_query;

/* Prepares a query within the graph's epoch, for as long as that lasts; 0 where the codes were
 * replaced or the query has none. */
int arb_cells_prepare(const arb_cells *cells, const arb_graph *graph, arb_searcher *searcher,
                      const void *row, int native, arb_cells_query *out);

/* How far centres (or leaders, with their squared lengths) first..first+count-1 are from the query;
 * count is at most ARB_SCAN_BATCH, which no number of leaders exceeds.
 * Dot products: -q.c / |q|. */
void arb_cells_far(const arb_cells_query *query, const arb_rows *centres, const float *squares,
                   uint32_t first, uint32_t count, float *far);

/* The same of a row whose distance by the metric is known. */
float arb_cells_row_far(const arb_cells_query *query, float distance);

/* What a walk looked at. */
typedef struct arb_cells_work {
    uint64_t rows;
    uint64_t centres; /* with the leaders */
} arb_cells_work;

/* Leaves the nearest that are not deleted in the searcher's `found`. The searcher's `frontier` and
 * `results` have room for the cells. */
arb_cells_work arb_cells_walk(const arb_cells_query *query, arb_code_scan *scan,
                              arb_deleted_bits deleted, const arb_slack *slack);

/* The slack for a recall of the k nearest. */
arb_slack arb_cells_slack(const arb_cells *cells, uint32_t k, float target);

/* What measuring takes. */
typedef struct arb_slack_task {
    arb_cells *cells;
    const arb_graph *graph;
    arb_searcher *searcher;
    arb_deleted_bits deleted;
    const uint32_t *members; /* the cells' nodes in ascending order, and */
    const uint16_t *cell_of; /* the cell of each */
    uint32_t end;            /* queries are drawn from the nodes below */
} arb_slack_task;

/* Sets the sample and `scanned`. *current is 0 where the codes were replaced. */
arb_status arb_cells_measure(const arb_slack_task *task, int *current);

#endif
