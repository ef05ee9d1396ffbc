/* Whether traversal may sum in FP16. The guard's proof is in native/kernels/native_range.c; here is
 * which rows it is asked about.
 *
 * Overflow: the largest component of any row, so that no row can overflow. Underflow: under cosine
 * each row is divided by its own norm, so the smallest row must be large enough; under L2 and dot a
 * small row gives a small term, lost only relative to itself, so the mean over rows decides. */
#include "index/index.h"

#include <math.h>

static float typical_rms(const arb_range *range, arb_metric metric)
{
    if (range->rows == 0) {
        return 1; /* nothing speaks against it yet */
    }
    return metric == ARB_METRIC_COSINE ? range->rms_min
                                       : (float)sqrt(range->squares / (double)range->rows);
}

static int has_native(const arb_index *index)
{
    return index->element == ARB_ELEMENT_F16 &&
           index->scorer.form.kernels->native[index->scorer.form.metric].one != NULL;
}

void arb_range_add(arb_range *range, const arb_row_facts *row)
{
    float abs_max = atomic_load_explicit(&range->abs_max, memory_order_relaxed);
    if (row->abs_max > abs_max) {
        atomic_store_explicit(&range->abs_max, row->abs_max, memory_order_relaxed);
    }
    if (row->rms < range->rms_min) {
        range->rms_min = row->rms;
    }
    range->squares += (double)row->rms * row->rms;
    range->rows++;
}

void arb_range_adopt(arb_index *index, const arb_range *range)
{
    float abs_max = atomic_load_explicit(&range->abs_max, memory_order_relaxed);
    arb_metric metric = index->scorer.form.metric;
    atomic_store_explicit(&index->range.abs_max, abs_max, memory_order_relaxed);
    index->range.squares = range->squares;
    index->range.rms_min = range->rms_min;
    index->range.rows = range->rows;
    if (!has_native(index) ||
        !arb_native_range_is_safe(metric, abs_max, typical_rms(range, metric), index->dim)) {
        atomic_store_explicit(&index->scorer.native, 0, memory_order_relaxed);
    }
}

int arb_query_range_is_safe(const arb_index *index, const arb_row_facts *query)
{
    float abs_max = atomic_load_explicit(&index->range.abs_max, memory_order_relaxed);
    float larger = query->abs_max > abs_max ? query->abs_max : abs_max;
    return arb_native_range_is_safe(index->scorer.form.metric, larger, query->rms, index->dim);
}
