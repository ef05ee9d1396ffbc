#include "graph/recall.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/recall_walk.h"
#include "vectors/error.h"

/* The last few of the found are found by luck: no target counts on them. */
#define PART_MAX 0.998

const uint32_t arb_recall_ks[ARB_RECALL_KS] = {1, 10, 100};
const float arb_recall_targets[ARB_RECALL_TARGETS] = {0.8f,  0.85f, 0.9f,   0.95f, 0.97f,
                                                      0.98f, 0.99f, 0.995f, 0.999f};

/* What a true neighbor needs to be found. */
typedef struct neighbor_need {
    float gap;
    float ef;
} neighbor_need;

/* The same of all of the sample, for one k. */
typedef struct needs {
    neighbor_need *found;
    float *efs; /* sorted */
    uint32_t count;
    uint64_t scanned; /* true neighbors by a scan, and those of them that no walk found */
    uint64_t missed;
} needs;

typedef struct measurement {
    const arb_graph *graph;
    const arb_mask *mask;
    uint32_t rows;
    arb_searcher *searchers[ARB_RECALL_BATCH];
    arb_blind_walk walk; /* by the first searcher */
    needs of_k[ARB_RECALL_KS];
} measurement;

static int compare_floats(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

/* Counts what the neighbors in `truth`, nearest first, needed. */
static void note_needs(measurement *in, const uint32_t *truth, uint32_t count, int scanned)
{
    struct {
        uint32_t node;
        uint32_t rank;
    } sorted[ARB_RECALL_K_MAX];
    const arb_searcher *searcher = in->walk.searcher;
    for (uint32_t i = 0; i < count; i++) {
        sorted[i].node = truth[i];
        sorted[i].rank = i;
    }
    qsort(sorted, count, sizeof *sorted, arb_recall_compare_nodes);
    uint32_t found[ARB_RECALL_KS] = {0};
    for (uint32_t visit = 1; visit < searcher->visit_count; visit++) {
        uint32_t node = searcher->visits[visit];
        const uint32_t *at =
            bsearch(&node, sorted, count, sizeof *sorted, arb_recall_compare_nodes);
        if (at == NULL)
            continue;
        arb_recall_need needed = arb_blind_walk_need(&in->walk, visit);
        for (uint32_t j = 0; j < ARB_RECALL_KS; j++) {
            if (at[1] >= arb_recall_ks[j])
                continue;
            needs *of = &in->of_k[j];
            of->found[of->count++] = (neighbor_need){needed.gap[j], needed.ef};
            found[j]++;
        }
    }
    for (uint32_t j = 0; scanned && j < ARB_RECALL_KS; j++) {
        uint32_t wanted = count < arb_recall_ks[j] ? count : arb_recall_ks[j];
        in->of_k[j].scanned += wanted;
        in->of_k[j].missed += wanted - found[j];
    }
}

/* One whose truth is empty was not scanned for: what its walk finds stands for it. */
static arb_status measure_query(measurement *in, const arb_recall_query *query)
{
    arb_blind_walk *walk = &in->walk;
    arb_epoch_enter(in->graph, walk->searcher);
    arb_status status = arb_blind_walk_run(walk, query);
    arb_epoch_leave(walk->searcher);
    if (status == ARB_OK && walk->step_count > 0) {
        uint32_t best[ARB_RECALL_K_MAX];
        uint32_t count = 0;
        for (uint32_t i = 0; i < walk->array.count && count < ARB_RECALL_K_MAX; i++) {
            uint32_t node = arb_candidate_node(walk->array.sorted[i]);
            if (!arb_is_masked(in->mask, node))
                best[count++] = node;
        }
        if (query->count > 0)
            note_needs(in, query->truth, query->count, 1);
        else
            note_needs(in, best, count, 0);
    }
    arb_visited_clear(walk->searcher);
    return status;
}

static int compare_needs(const void *left, const void *right)
{
    const neighbor_need *a = left, *b = right;
    return compare_floats(&a->gap, &b->gap);
}

/* The least breadth that finds so many of the found. */
static float least_ef(const needs *of, double wanted)
{
    return of->efs[wanted < 1 ? 0 : wanted >= of->count ? of->count - 1 : (uint32_t)wanted - 1];
}

/* The least gap that does with a breadth of at most `widest`. */
static float least_gap(const needs *of, double wanted, float widest)
{
    uint32_t count = 0;
    float gap = 0;
    for (uint32_t i = 0; i < of->count && count < wanted; i++) {
        if (of->found[i].ef <= widest) {
            gap = of->found[i].gap;
            count++;
        }
    }
    return gap;
}

static void fill_table(measurement *in, arb_recall_table *table)
{
    table->norm = in->walk.norm;
    for (uint32_t j = 0; j < ARB_RECALL_KS; j++) {
        needs *of = &in->of_k[j];
        for (uint32_t i = 0; i < of->count; i++)
            of->efs[i] = of->found[i].ef;
        qsort(of->efs, of->count, sizeof *of->efs, compare_floats);
        qsort(of->found, of->count, sizeof *of->found, compare_needs);
        double found = 1 - (double)of->missed / (double)(of->scanned > 0 ? of->scanned : 1);
        for (uint32_t t = 0; t < ARB_RECALL_TARGETS; t++) {
            double part = found > 0 ? fmin(arb_recall_targets[t] / found, PART_MAX) : PART_MAX;
            double wanted = ceil(part * of->count);
            float ef = fmaxf(least_ef(of, wanted), (float)arb_recall_ks[j]);
            table->ef[j][t] = ef;
            /* A wider breadth lets more be found, for which a smaller gap may do: a higher target
             * takes that of the lower one then. */
            float gap = least_gap(of, wanted, ARB_CONVERGE_WIDER * ef);
            table->gap[j][t] = t == 0 ? gap : fmaxf(gap, table->gap[j][t - 1]);
        }
    }
}

/* Root mean square over the sample. */
static float usual_norm(const arb_scorer *scorer, const uint32_t *nodes, uint32_t count)
{
    const arb_row_form *form = &scorer->form;
    if (form->metric != ARB_METRIC_DOT)
        return 1;
    const arb_distance *dot = &form->kernels->distance[form->element][ARB_METRIC_DOT];
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const void *row = arb_row(scorer->rows, nodes[i]);
        sum += (double)dot->one(row, row, form->dim) / count;
    }
    return (float)sqrt(sum);
}

/* So many of the sample are scanned for. */
static uint32_t scans(const measurement *in, uint32_t count)
{
    const arb_codes *codes = atomic_load_explicit(&in->graph->scorer->codes, memory_order_acquire);
    size_t stride = codes != NULL ? codes->form.dim : in->graph->scorer->rows->stride;
    uint64_t most = ARB_RECALL_SCAN_BYTES / ((uint64_t)in->rows * stride);
    most = most > ARB_RECALL_SCANS_MIN ? most : ARB_RECALL_SCANS_MIN;
    return most < count ? (uint32_t)most : count;
}

/* Every so-many-th of the sample is scanned for. */
static arb_status measure_all(measurement *in, const uint32_t *nodes, uint32_t count, int *same)
{
    uint32_t scanned = scans(in, count);
    arb_recall_query batch[ARB_RECALL_BATCH];
    arb_status status = ARB_OK;
    uint32_t held = 0;
    for (uint32_t i = 0; status == ARB_OK && *same && i < count; i++) {
        arb_recall_query query = {.node = nodes[i]};
        uint64_t before = (uint64_t)i * scanned / count;
        if ((uint64_t)(i + 1) * scanned / count > before)
            batch[held++] = query;
        else
            status = measure_query(in, &query);
        if (status != ARB_OK || held == 0 || (held < ARB_RECALL_BATCH && i + 1 < count))
            continue;
        status = arb_recall_scan(in->graph, in->searchers, in->rows, in->mask, batch, held, same);
        for (uint32_t j = 0; status == ARB_OK && *same && j < held; j++)
            status = measure_query(in, &batch[j]);
        held = 0;
    }
    return status;
}

static arb_status prepare(measurement *in, uint32_t count)
{
    for (uint32_t i = 0; i < ARB_RECALL_BATCH; i++) {
        in->searchers[i] = arb_searcher_acquire(in->graph);
        if (in->searchers[i] == NULL)
            return arb_fail(ARB_RESOURCE_EXHAUSTED, "recall: no memory for a searcher");
    }
    in->walk.searcher = in->searchers[0];
    for (uint32_t j = 0; j < ARB_RECALL_KS; j++) {
        size_t most = (size_t)count * arb_recall_ks[j];
        in->of_k[j].found = malloc(most * sizeof *in->of_k[j].found);
        in->of_k[j].efs = malloc(most * sizeof *in->of_k[j].efs);
        if (in->of_k[j].found == NULL || in->of_k[j].efs == NULL)
            return arb_fail(ARB_RESOURCE_EXHAUSTED, "recall: no memory for %zu neighbors", most);
    }
    return ARB_OK;
}

static void release(measurement *in)
{
    for (uint32_t j = 0; j < ARB_RECALL_KS; j++) {
        free(in->of_k[j].found);
        free(in->of_k[j].efs);
    }
    free(in->walk.steps);
    free(in->walk.step_end);
    for (uint32_t i = 0; i < ARB_RECALL_BATCH && in->searchers[i] != NULL; i++)
        arb_searcher_release(in->graph, in->searchers[i]);
}

arb_status arb_graph_measure_recall(const arb_graph *graph, uint32_t rows, const arb_mask *mask,
                                    arb_recall_table *out, uint32_t *sampled)
{
    uint32_t nodes[ARB_RECALL_SAMPLE_MAX];
    uint32_t end = atomic_load_explicit(&graph->node_end, memory_order_acquire);
    measurement in = {.graph = graph, .mask = mask, .rows = rows < end ? rows : end};
    uint32_t count = arb_recall_draw(graph, in.rows, mask, nodes);
    *sampled = 0;
    if (count < ARB_RECALL_SAMPLE_MIN)
        return ARB_OK;
    in.walk = (arb_blind_walk){
        .graph = graph, .mask = mask, .norm = usual_norm(graph->scorer, nodes, count)};
    int same = 1;
    arb_status status = prepare(&in, count);
    if (status == ARB_OK)
        status = measure_all(&in, nodes, count, &same);
    if (status == ARB_OK && same && in.of_k[0].count > 0) {
        fill_table(&in, out);
        *sampled = count;
    }
    release(&in);
    return status;
}
