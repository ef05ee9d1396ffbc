#include "graph/recall.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/recall_walk.h"
#include "vectors/error.h"

/* The last few of the found are found by luck: no target counts on them. What lies beyond is
 * reckoned from the targets before it, and takes a breadth that rises at least with this power of
 * one over the share that may be missed. */
#define PART_MAX 0.998
#define EF_POWER_MIN 0.5
/* Walks go so many times as far as the few that went as far as any would found useful. */
#define REACH 1.5f

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
    arb_recall_query *queries; /* the sample */
    uint32_t count;
    arb_blind_walk walk;
    needs of_k[ARB_RECALL_KS];
} measurement;

static int compare_floats(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

/* Counts what the neighbors in `truth`, nearest first, needed. */
static void note_needs(measurement *in, const arb_recall_query *query, const uint32_t *truth,
                       uint32_t count)
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
        for (uint32_t j = 0; j < ARB_RECALL_KS && arb_recall_ks[j] <= query->k; j++) {
            if (at[1] >= arb_recall_ks[j])
                continue;
            needs *of = &in->of_k[j];
            of->found[of->count++] = (neighbor_need){needed.gap[j], needed.ef};
            found[j]++;
        }
    }
    for (uint32_t j = 0; query->count > 0 && j < ARB_RECALL_KS && arb_recall_ks[j] <= query->k;
         j++) {
        uint32_t wanted = count < arb_recall_ks[j] ? count : arb_recall_ks[j];
        in->of_k[j].scanned += wanted;
        in->of_k[j].missed += wanted - found[j];
    }
}

/* What a query's walk finds stands for its truth where that is not known. */
static arb_status measure_query(measurement *in, const arb_recall_query *query)
{
    arb_blind_walk *walk = &in->walk;
    arb_epoch_enter(in->graph, walk->searcher);
    arb_status status = arb_blind_walk_run(walk, query);
    arb_epoch_leave(walk->searcher);
    if (status == ARB_OK && walk->step_count > 0) {
        uint32_t best[ARB_RECALL_K_MAX];
        uint32_t count = 0;
        for (uint32_t i = 0; i < walk->array.count && count < query->k; i++) {
            uint32_t node = arb_candidate_node(walk->array.sorted[i]);
            if (!arb_is_masked(in->mask, node))
                best[count++] = node;
        }
        if (query->count > 0)
            note_needs(in, query, query->truth, query->count);
        else
            note_needs(in, query, best, count);
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

/* How far a walk for the usual k is of use: targets ask for nothing beyond. */
static float useful_gap(measurement *in)
{
    needs *of = &in->of_k[ARB_RECALL_USUAL];
    if (of->count == 0)
        return INFINITY;
    qsort(of->found, of->count, sizeof *of->found, compare_needs);
    return REACH * of->found[(uint32_t)(PART_MAX * (of->count - 1))].gap;
}

/* A target that the walks tell nothing of, from the two before: the gap goes on straight in the
 * logarithm of what may be missed, the breadth as its power, to the widest that heeds a gap. */
static void extend_table(arb_recall_table *table, uint32_t j, uint32_t t)
{
    float *gap = &table->gap[j][t], *ef = &table->ef[j][t];
    double before = log1p(-(double)arb_recall_targets[t - 2]);
    double last = log1p(-(double)arb_recall_targets[t - 1]);
    double further = last - log1p(-(double)arb_recall_targets[t]);
    double power = fmax(log((double)ef[-1] / (double)ef[-2]) / (before - last), EF_POWER_MIN);
    *ef = (float)fmin((double)ef[-1] * exp(power * further), fmax((double)ef[-1], ARB_ARRAY_MAX));
    *gap = gap[-1] + (gap[-1] - gap[-2]) * (float)(further / (before - last));
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
            double part = found > 0 ? (double)arb_recall_targets[t] / found : 1;
            if (part > PART_MAX && t >= 2) {
                extend_table(table, j, t);
                continue;
            }
            double wanted = ceil(fmin(part, PART_MAX) * of->count);
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
static float usual_norm(const measurement *in)
{
    const arb_scorer *scorer = in->graph->scorer;
    const arb_row_form *form = &scorer->form;
    if (form->metric != ARB_METRIC_DOT)
        return 1;
    const arb_distance *dot = &form->kernels->distance[form->element][ARB_METRIC_DOT];
    double sum = 0;
    for (uint32_t i = 0; i < in->count; i++) {
        const void *row = arb_row(scorer->rows, in->queries[i].node);
        sum += (double)dot->one(row, row, form->dim) / in->count;
    }
    return (float)sqrt(sum);
}

/* So many of the sample are scanned for. */
static uint32_t scans(const measurement *in)
{
    uint64_t most = ARB_RECALL_SCAN_COMPONENTS / ((uint64_t)in->rows * in->graph->scorer->form.dim);
    most = most > ARB_RECALL_SCANS_MIN ? most : ARB_RECALL_SCANS_MIN;
    return most < in->count ? (uint32_t)most : in->count;
}

/* Whether the i-th of `count` is among `part` of them, evenly spread. */
static int is_among(uint32_t i, uint32_t part, uint32_t count)
{
    return (uint64_t)(i + 1) * part / count > (uint64_t)i * part / count;
}

/* The truth of all that are scanned for and ask for the same k is found at once. */
static arb_status scan_all(measurement *in)
{
    uint32_t scanned = scans(in);
    arb_recall_query **batch = malloc(in->count * sizeof *batch);
    if (batch == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "recall: no memory for %u queries", in->count);
    arb_status status = ARB_OK;
    for (uint32_t j = 0; status == ARB_OK && j < ARB_RECALL_KS; j++) {
        uint32_t held = 0;
        for (uint32_t i = 0; i < in->count; i++) {
            if (in->queries[i].k == arb_recall_ks[j] && is_among(i, scanned, in->count))
                batch[held++] = &in->queries[i];
        }
        status = arb_recall_scan(in->graph, in->rows, in->mask, batch, held);
    }
    free(batch);
    return status;
}

/* Those that ask for many neighbors first: they tell how far the others have to go. */
static arb_status measure_all(measurement *in)
{
    arb_status status = ARB_OK;
    for (int deep = 1; status == ARB_OK && deep >= 0; deep--) {
        in->walk.reach = deep ? INFINITY : useful_gap(in);
        for (uint32_t i = 0; status == ARB_OK && i < in->count; i++) {
            if ((in->queries[i].k == ARB_RECALL_K_MAX) == deep)
                status = measure_query(in, &in->queries[i]);
        }
    }
    return status;
}

static arb_status prepare(measurement *in, const uint32_t *nodes)
{
    in->walk.searcher = arb_searcher_acquire(in->graph);
    if (in->walk.searcher == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "recall: no memory for a searcher");
    uint32_t deep = in->count < ARB_RECALL_DEEP_MAX ? in->count : ARB_RECALL_DEEP_MAX;
    in->queries = calloc(in->count, sizeof *in->queries);
    for (uint32_t i = 0; in->queries != NULL && i < in->count; i++) {
        in->queries[i].node = nodes[i];
        in->queries[i].k =
            is_among(i, deep, in->count) ? ARB_RECALL_K_MAX : arb_recall_ks[ARB_RECALL_USUAL];
    }
    size_t memory = in->queries != NULL;
    for (uint32_t j = 0; j < ARB_RECALL_KS; j++) {
        size_t most = (size_t)(j > ARB_RECALL_USUAL ? deep : in->count) * arb_recall_ks[j];
        in->of_k[j].found = malloc(most * sizeof *in->of_k[j].found);
        in->of_k[j].efs = malloc(most * sizeof *in->of_k[j].efs);
        memory += in->of_k[j].found != NULL && in->of_k[j].efs != NULL;
    }
    if (memory < ARB_RECALL_KS + 1)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "recall: no memory for a sample of %u", in->count);
    in->walk.norm = usual_norm(in);
    return ARB_OK;
}

static void release(measurement *in)
{
    for (uint32_t j = 0; j < ARB_RECALL_KS; j++) {
        free(in->of_k[j].found);
        free(in->of_k[j].efs);
    }
    free(in->queries);
    free(in->walk.steps);
    free(in->walk.step_end);
    if (in->walk.searcher != NULL)
        arb_searcher_release(in->graph, in->walk.searcher);
}

arb_status arb_graph_measure_recall(const arb_graph *graph, uint32_t rows, const arb_mask *mask,
                                    arb_recall_table *out, uint32_t *sampled)
{
    uint32_t nodes[ARB_RECALL_SAMPLE_MAX];
    uint32_t end = atomic_load_explicit(&graph->node_end, memory_order_acquire);
    const arb_codes *codes = atomic_load_explicit(&graph->scorer->codes, memory_order_acquire);
    measurement in = {.graph = graph,
                      .mask = mask,
                      .rows = rows < end ? rows : end,
                      .walk = {.graph = graph, .mask = mask}};
    in.count = arb_recall_draw(graph, in.rows, mask, nodes);
    *sampled = 0;
    if (in.count < ARB_RECALL_SAMPLE_MIN)
        return ARB_OK;
    arb_status status = prepare(&in, nodes);
    if (status == ARB_OK)
        status = scan_all(&in);
    if (status == ARB_OK)
        status = measure_all(&in);
    int same = codes == atomic_load_explicit(&graph->scorer->codes, memory_order_acquire);
    if (status == ARB_OK && same && in.of_k[0].count > 0) {
        fill_table(&in, out);
        *sampled = in.count;
    }
    release(&in);
    return status;
}
