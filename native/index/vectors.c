/* Vectors out: the stored ones of ids, and those that an append would store. */
#include <string.h>

#include "arrow/arrow_export.h"
#include "arrow/arrow_import.h"
#include "index/index.h"
#include "vectors/error.h"

/* The live row of an id, or ARB_NO_NODE. Where the row found is deleted, the id may just have been
 * given to a new row: that was noted before the deletion, so a second look tells. */
static uint32_t find_live(const arb_index *index, int64_t id)
{
    uint32_t node = arb_ids_find(&index->ids, id);
    while (node != ARB_NO_NODE && arb_is_deleted(index->deleted_bits, node)) {
        uint32_t again = arb_ids_find(&index->ids, id);
        if (again == node) {
            return ARB_NO_NODE;
        }
        node = again;
    }
    return node;
}

arb_status arb_index_vectors(const arb_index *index, struct ArrowSchema *ids_schema,
                             struct ArrowArray *ids, struct ArrowSchema *out_schema,
                             struct ArrowArray *out)
{
    if (index == NULL || out_schema == NULL || out == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found NULL; allowed a live one",
                        index == NULL ? "index" : "out");
    }
    arb_ids_view view;
    arb_vectors_export answer;
    arb_status status = arb_import_ids("ids", ids_schema, ids, &view);
    if (status != ARB_OK || (status = arb_export_vectors_begin(
                                 view.count, index->dim, index->element, &answer)) != ARB_OK) {
        return status;
    }
    size_t bytes = index->dim * arb_element_size(index->element);
    uint64_t null_count = 0;
    for (uint32_t i = 0; i < view.count; i++) {
        uint32_t node = find_live(index, arb_view_id(&view, i));
        if (node == ARB_NO_NODE) {
            answer.valid[i / 8] &= (uint8_t) ~(1u << (i % 8));
            null_count++;
        } else {
            memcpy(answer.values + i * bytes, arb_row(index->rows, node), bytes);
        }
    }
    ids->release(ids);
    arb_export_vectors_finish(&answer, null_count, out_schema, out);
    return ARB_OK;
}

arb_status arb_index_cast(const arb_index *index, struct ArrowSchema *schema,
                          struct ArrowArray *vectors, struct ArrowSchema *out_schema,
                          struct ArrowArray *out)
{
    if (index == NULL || out_schema == NULL || out == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found NULL; allowed a live one",
                        index == NULL ? "index" : "out");
    }
    arb_vectors_view view;
    arb_vectors_export answer;
    arb_status status = arb_import_vectors("vector", schema, vectors, index->dim, &view);
    if (status != ARB_OK || (status = arb_export_vectors_begin(
                                 view.count, index->dim, index->element, &answer)) != ARB_OK) {
        return status;
    }
    size_t bytes = index->dim * arb_element_size(index->element);
    for (uint32_t i = 0; i < view.count; i++) {
        arb_row_facts facts;
        status = arb_cast_row(&index->scorer.form, view.type, arb_view_vector(&view, i),
                              answer.values + i * bytes, "vector", i, &facts);
        if (status != ARB_OK) {
            arb_export_vectors_cancel(&answer);
            return status;
        }
    }
    vectors->release(vectors);
    arb_export_vectors_finish(&answer, 0, out_schema, out);
    return ARB_OK;
}
