/* Append and delete: what the one writer at a time does. */
#include <stdlib.h>

#include "arrow/arrow_import.h"
#include "index/index.h"
#include "vectors/error.h"

/* Checks and casts every row of the batch into the space behind the published rows, where nobody
 * looks. A bad row ends it: nothing was changed but that space. */
static arb_status stage_rows(arb_index *index, const arb_vectors_view *vectors, uint32_t first,
                             arb_range *range)
{
    arb_status status = arb_rows_reserve(index->rows, first, vectors->count);
    if (status != ARB_OK) {
        return status;
    }
    for (uint32_t i = 0; i < vectors->count; i++) {
        arb_row_facts facts;
        status = arb_cast_row(&index->scorer.form, vectors->type, arb_view_vector(vectors, i),
                              arb_row_for_write(index->rows, first + i), "vector", i, &facts);
        if (status != ARB_OK) {
            return status;
        }
        arb_range_add(range, &facts);
    }
    return ARB_OK;
}

/* Gives the ids to their new rows. Rows that lose their id so and live go to `replaced`: of earlier
 * batches, and of this one, where the last row of an id wins. */
static uint32_t assign_ids(arb_index *index, const arb_ids_view *ids, uint32_t first,
                           uint32_t *replaced)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ids->count; i++) {
        uint32_t old = arb_ids_put(&index->ids, arb_view_id(ids, i), first + i);
        if (old != ARB_NO_NODE && !arb_is_deleted(index->deleted_bits, old)) {
            replaced[count++] = old;
        }
    }
    return count;
}

/* New rows become visible before the old ones of the same ids vanish, so that no search misses an
 * id; a search that runs in between or across knows by the odd or changed count and drops the
 * double. */
static void publish(arb_index *index, uint64_t rows, const uint32_t *replaced, uint32_t count)
{
    if (count > 0) {
        atomic_fetch_add(&index->replacements, 1);
    }
    atomic_store_explicit(&index->published, rows, memory_order_release);
    for (uint32_t i = 0; i < count; i++) {
        arb_index_mark_deleted(index, replaced[i]);
    }
    if (count > 0) {
        atomic_fetch_add(&index->replacements, 1);
    }
}

int arb_index_mark_deleted(arb_index *index, uint32_t node)
{
    uint64_t bit = 1ull << (node % 64);
    uint64_t before =
        atomic_fetch_or_explicit(&index->deleted_bits[node / 64], bit, memory_order_acq_rel);
    if (before & bit) {
        return 0;
    }
    /* after the row's publication, so that rows - deleted never comes out negative */
    atomic_fetch_add_explicit(&index->deleted_count, 1, memory_order_release);
    return 1;
}

/* The write mutex is held. */
static arb_status append_locked(arb_index *index, const arb_ids_view *ids,
                                const arb_vectors_view *vectors, uint64_t *first_row)
{
    uint64_t first = atomic_load_explicit(&index->published, memory_order_relaxed);
    if (vectors->count > ARB_NODES_MAX - first) {
        return arb_fail(ARB_RESOURCE_EXHAUSTED,
                        "batch: found %u rows; allowed %llu more in an index that holds %llu of %u",
                        vectors->count, (unsigned long long)(ARB_NODES_MAX - first),
                        (unsigned long long)first, ARB_NODES_MAX);
    }
    uint32_t *replaced = malloc(sizeof *replaced * ((size_t)vectors->count + 1));
    if (replaced == NULL) {
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "batch: no memory for %u rows", vectors->count);
    }
    arb_range range = index->range;
    arb_status status = stage_rows(index, vectors, (uint32_t)first, &range);
    if (status == ARB_OK) {
        status = arb_index_code_rows(index, (uint32_t)first, vectors->count);
    }
    if (status == ARB_OK) {
        status = arb_ids_reserve(&index->ids, ids->count, index->deleted_bits);
    }
    if (status == ARB_OK) {
        /* from here on nothing fails */
        uint32_t count = assign_ids(index, ids, (uint32_t)first, replaced);
        arb_range_adopt(index, &range);
        publish(index, first + vectors->count, replaced, count);
        *first_row = first;
        arb_index_look_at_codes(index);
    }
    free(replaced);
    return status;
}

arb_status arb_index_append(arb_index *index, struct ArrowSchema *schema, struct ArrowArray *batch,
                            uint64_t *first_row)
{
    if (index == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "index: found NULL; allowed a live one");
    }
    arb_ids_view ids;
    arb_vectors_view vectors;
    arb_status status = arb_import_batch(schema, batch, index->dim, &ids, &vectors);
    if (status != ARB_OK) {
        return status;
    }
    uint64_t first = 0;
    pthread_mutex_lock(&index->write);
    status = append_locked(index, &ids, &vectors, &first);
    pthread_mutex_unlock(&index->write);
    if (status != ARB_OK) {
        return status;
    }
    batch->release(batch);
    if (first_row != NULL) {
        *first_row = first;
    }
    return ARB_OK;
}

arb_status arb_index_delete(arb_index *index, struct ArrowSchema *schema, struct ArrowArray *ids,
                            uint64_t *deleted)
{
    if (index == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "index: found NULL; allowed a live one");
    }
    arb_ids_view view;
    arb_status status = arb_import_ids("ids", schema, ids, &view);
    if (status != ARB_OK) {
        return status;
    }
    uint64_t count = 0;
    pthread_mutex_lock(&index->write);
    for (uint32_t i = 0; i < view.count; i++) {
        uint32_t node = arb_ids_find(&index->ids, arb_view_id(&view, i));
        if (node != ARB_NO_NODE) {
            count += (uint64_t)arb_index_mark_deleted(index, node);
        }
    }
    pthread_mutex_unlock(&index->write);
    ids->release(ids);
    if (deleted != NULL) {
        *deleted = count;
    }
    return ARB_OK;
}
