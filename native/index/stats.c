/* What an index says of itself, and the calls that go straight to its graph. */
#include <stddef.h>

#include "index/index.h"
#include "vectors/error.h"

static arb_status check_index(const arb_index *index, const void *out)
{
    if (index == NULL || out == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found NULL; allowed a live one",
                        index == NULL ? "index" : "out");
    }
    return ARB_OK;
}

arb_status arb_index_freeze(arb_index *index)
{
    arb_status status = check_index(index, index);
    if (status != ARB_OK) {
        return status;
    }
    pthread_mutex_lock(&index->write);
    status = arb_index_renew_codes(index);
    pthread_mutex_unlock(&index->write);
    if (status != ARB_OK || (status = arb_graph_freeze(index->graph)) != ARB_OK) {
        return status;
    }
    pthread_mutex_lock(&index->write);
    arb_index_calibrate(index);
    pthread_mutex_unlock(&index->write);
    return arb_index_measure_recall(index);
}

arb_status arb_index_validate(const arb_index *index, arb_index_report *out)
{
    arb_status status = check_index(index, out);
    if (status != ARB_OK) {
        return status;
    }
    arb_index_report report = {0};
    status = arb_graph_validate(index->graph, (uint32_t)arb_index_published(index), &report);
    if (status == ARB_OK) {
        *out = report;
    }
    return status;
}

arb_status arb_index_get_stats(const arb_index *index, arb_index_stats *out)
{
    arb_status status = check_index(index, out);
    if (status != ARB_OK) {
        return status;
    }
    arb_graph_stats graph;
    if ((status = arb_graph_get_stats(index->graph, &graph)) != ARB_OK) {
        return status;
    }
    /* in this order, so that no difference below comes out negative: what is taken away first grows
     * only after `published` does */
    uint64_t finished = atomic_load_explicit(&index->finished, memory_order_acquire);
    uint64_t deleted = atomic_load_explicit(&index->deleted_count, memory_order_acquire);
    uint64_t rows = arb_index_published(index);
    uint64_t code_row_bytes = atomic_load_explicit(&index->code_row_bytes, memory_order_relaxed);
    uint64_t generated_bytes = atomic_load_explicit(&index->generated_bytes, memory_order_relaxed);
    *out = (arb_index_stats){
        .rows = rows,
        .live = rows - deleted,
        .deleted = deleted,
        .pending = rows - finished,
        .vector_bytes = arb_rows_bytes(index->rows),
        .graph_bytes = graph.bytes,
        .id_bytes = arb_ids_bytes(&index->ids, rows),
        .overlay_lists = graph.overlay_lists,
        .dim = index->dim,
        .metric = (int32_t)index->scorer.form.metric,
        .element = (int32_t)index->element,
        .M = index->M,
        .ef_construction = index->ef_construction,
        .level_max = graph.level_max,
        .kernel_set = index->kernel_set,
        .native_arithmetic = atomic_load_explicit(&index->scorer.native, memory_order_relaxed),
        .abs_max = atomic_load_explicit(&index->range.abs_max, memory_order_relaxed),
        .codes = code_row_bytes == 0 ? ARB_CODES_NONE : index->codes_wanted,
        .layout = index->layout,
        .code_bytes = rows * code_row_bytes,
        .generated_bytes = generated_bytes,
        .generated_speedup = atomic_load_explicit(&index->generated_speedup, memory_order_relaxed),
        .generated = generated_bytes != 0,
        .recall_sampled = atomic_load_explicit(&index->recall_sampled, memory_order_relaxed),
    };
    return ARB_OK;
}
