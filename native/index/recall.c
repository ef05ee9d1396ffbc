/* Searches that are asked for a recall: what was measured at a freeze, and what it says of a target
 * and a number of results. */
#include <math.h>
#include <string.h>

#include "graph/converge.h"
#include "index/index.h"
#include "vectors/error.h"

_Static_assert(sizeof(arb_recall_table) == ARB_RECALL_FLOATS * sizeof(float), "floats only");

/* Without a measurement: 128 for 0.95, the usual default, 640 for 0.99; but for many results twice
 * as many, and more above this target. */
#define UNMEASURED_EF 6.4
#define UNMEASURED_TARGET 0.95

/* The share that the same gap misses grows with the rows: with four times the rows to 1.2 to 2
 * times on WordNet's, 3 times on word vectors, 4 times by dot products of those, of which new long
 * ones are near to every query. So it is reckoned with this power of the growth. */
#define GROWTH_POWER 0.75
#define GROWTH_POWER_DOT 1.0

/* A search of breadth ef looks at up to so many rows times ef; a scan of codes takes the time in
 * which one looks at a row in so many. */
#define ROWS_A_BREADTH 20u
#define SCANNED_A_ROW 7u

/* Recall at the same gap sinks with the logarithm of the rows: a fourth more of them, or fewer,
 * moves it by less than the sample can tell. */
static int is_due(const arb_index *index, uint64_t live)
{
    if (atomic_load_explicit(&index->recall_sampled, memory_order_relaxed) == 0) {
        return 1;
    }
    uint64_t measured = atomic_load_explicit(&index->recall_rows, memory_order_relaxed);
    uint64_t moved = live > measured ? live - measured : measured - live;
    return moved > measured / 4;
}

void arb_index_set_recall(arb_index *index, const arb_recall_table *table, uint32_t sampled,
                          uint64_t rows)
{
    float floats[ARB_RECALL_FLOATS];
    memcpy(floats, table, sizeof floats);
    for (uint32_t i = 0; i < ARB_RECALL_FLOATS; i++) {
        atomic_store_explicit(&index->recall[i], floats[i], memory_order_relaxed);
    }
    atomic_store_explicit(&index->recall_rows, rows, memory_order_relaxed);
    atomic_store_explicit(&index->recall_sampled, sampled, memory_order_release);
}

uint32_t arb_index_get_recall(const arb_index *index, arb_recall_table *table)
{
    uint32_t sampled = atomic_load_explicit(&index->recall_sampled, memory_order_acquire);
    float floats[ARB_RECALL_FLOATS];
    for (uint32_t i = 0; i < ARB_RECALL_FLOATS; i++) {
        floats[i] = atomic_load_explicit(&index->recall[i], memory_order_relaxed);
    }
    memcpy(table, floats, sizeof floats);
    return sampled;
}

arb_status arb_index_measure_recall(arb_index *index)
{
    uint64_t rows = arb_index_published(index);
    uint64_t live = arb_index_live(index);
    if (!is_due(index, live)) {
        return ARB_OK;
    }
    const arb_mask mask = {.deleted = index->deleted_bits};
    arb_recall_table table;
    uint32_t sampled;
    arb_status status =
        arb_graph_measure_recall(index->graph, (uint32_t)rows, &mask, &table, &sampled);
    /* What an opening would refuse must not get into a file. */
    if (status == ARB_OK && sampled > 0 && arb_recall_table_is_sound(&table)) {
        arb_index_set_recall(index, &table, sampled, live);
    }
    return status;
}

int arb_recall_table_is_sound(const arb_recall_table *table)
{
    int sound = isfinite(table->norm) && table->norm >= 0;
    for (uint32_t j = 0; j < ARB_RECALL_KS; j++) {
        for (uint32_t t = 0; t < ARB_RECALL_TARGETS; t++) {
            float gap = table->gap[j][t], ef = table->ef[j][t];
            sound &= isfinite(gap) && gap >= 0 && ef >= 1 && ef <= ARB_EF_MAX &&
                     (t == 0 || (gap >= table->gap[j][t - 1] && ef >= table->ef[j][t - 1]));
        }
    }
    return sound;
}

/* Straight between two points; where x lies beyond both, at the nearer one. */
static double between(double x, double x0, double x1, double y0, double y1)
{
    double part = (x - x0) / (x1 - x0);
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    return y0 + part * (y1 - y0);
}

/* Of one k: straight in the logarithm of the share that is missed. */
static double at_missed(const float values[ARB_RECALL_TARGETS], double missed)
{
    uint32_t t = 1;
    while (t + 1 < ARB_RECALL_TARGETS && 1 - (double)arb_recall_targets[t] > missed) {
        t++;
    }
    return between(log(missed), log1p(-(double)arb_recall_targets[t - 1]),
                   log1p(-(double)arb_recall_targets[t]), values[t - 1], values[t]);
}

/* The share to be missed by the rows that were measured, so that those there are now miss what the
 * target allows. */
static double missed_when_measured(const arb_index *index, float target)
{
    double missed = 1 - (double)target;
    uint64_t live = arb_index_live(index);
    uint64_t measured = atomic_load_explicit(&index->recall_rows, memory_order_relaxed);
    int dot = index->scorer.form.metric == ARB_METRIC_DOT;
    double power = dot ? GROWTH_POWER_DOT : GROWTH_POWER;
    return live <= measured ? missed : missed * pow((double)measured / (double)live, power);
}

static uint32_t unmeasured_ef(float target, uint32_t k)
{
    double missed = 1 - (double)target;
    double more = fmax(1, sqrt((1 - UNMEASURED_TARGET) / missed));
    return (uint32_t)fmin(ceil(fmax(UNMEASURED_EF / missed, 2 * more * k)), ARB_EF_MAX);
}

arb_recall_breadth arb_index_breadth(const arb_index *index, float target, uint32_t k)
{
    arb_recall_table table;
    if (arb_index_get_recall(index, &table) == 0) {
        return (arb_recall_breadth){.ef = unmeasured_ef(target, k)};
    }
    double missed = missed_when_measured(index, target);
    uint32_t j = 1;
    while (j + 1 < ARB_RECALL_KS && arb_recall_ks[j] < k) {
        j++;
    }
    double low = log(arb_recall_ks[j - 1]), high = log(arb_recall_ks[j]);
    double gap = between(log(k), low, high, at_missed(table.gap[j - 1], missed),
                         at_missed(table.gap[j], missed));
    double ef = between(log(k), low, high, at_missed(table.ef[j - 1], missed),
                        at_missed(table.ef[j], missed));
    if (k > ARB_RECALL_K_MAX) {
        ef *= (double)k / ARB_RECALL_K_MAX;
    }
    ef = fmin(fmax(ceil(ef), k), ARB_EF_MAX);
    return (arb_recall_breadth){
        .ef = (uint32_t)ef, .has_gap = 1, .gap = {.gap = (float)gap, .norm = table.norm}};
}

arb_first_try arb_index_first_try(const arb_index *index, float target, uint32_t k,
                                  const arb_gap *gap, uint64_t matching)
{
    double live = (double)arb_index_live(index);
    double all = fmin(ceil(k * live / (double)matching), ARB_K_MAX);
    arb_recall_breadth wide = arb_index_breadth(index, target, (uint32_t)fmax(all, k));
    double most = ROWS_A_BREADTH * (double)wide.ef;
    /* what comes next may be a scan of them: not before as much is spent */
    most = fmin(fmax(most, (double)matching / SCANNED_A_ROW), 2 * most);
    arb_first_try first = {.gap = *gap, .rows_most = (uint32_t)most};
    uint32_t low = k > ARB_CONVERGE_K_MIN ? k : ARB_CONVERGE_K_MIN;
    if (low < ARB_RECALL_K_MAX) {
        float far = arb_index_breadth(index, target, ARB_RECALL_K_MAX).gap.gap;
        first.gap.rise = (far - first.gap.gap) / logf((float)ARB_RECALL_K_MAX / (float)low);
        first.gap.rank_most = ARB_RECALL_K_MAX;
    }
    return first;
}
