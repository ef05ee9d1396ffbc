/* Vectors out: the stored ones of ids, and those that an append would store. */
#include <string.h>

#include "arrow/arrow_export.h"
#include "arrow/arrow_import.h"
#include "index/vectors.h"
#include "vectors/error.h"

/* Where the row found is deleted, the id may just have been
 * given to a new row: that was noted before the deletion, so a second look tells. */
uint32_t arb_index_find_live(const arb_index *index, int64_t id)
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
        uint32_t node = arb_index_find_live(index, arb_view_id(&view, i));
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

/* A row and its message, where it is bad. */
static arb_status cast_or_tell(const arb_index *index, const arb_vectors_view *view,
                               const arb_nulls_view *nulls, uint32_t row, uint8_t *dst)
{
    arb_row_facts facts;
    arb_status status = arb_check_row_present("vector", nulls, index->dim, row);
    return status != ARB_OK
               ? status
               : arb_cast_row(&index->scorer.form, view->type, arb_view_vector(view, row), dst,
                              "vector", ARB_ROW_UNNAMED, &facts);
}

arb_status arb_index_cast_rows(const arb_index *index, struct ArrowSchema *schema,
                               struct ArrowArray *vectors, struct ArrowSchema *out_schema,
                               struct ArrowArray *out)
{
    if (index == NULL || out_schema == NULL || out == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found NULL; allowed a live one",
                        index == NULL ? "index" : "out");
    }
    arb_vectors_view view;
    arb_nulls_view nulls = {0};
    arb_casts_export answer;
    arb_status status =
        arb_import_nullable_vectors("vector", schema, vectors, index->dim, &view, &nulls);
    if (status != ARB_OK || (status = arb_export_casts_begin(view.count, index->dim, index->element,
                                                             &answer)) != ARB_OK) {
        return status;
    }
    size_t bytes = index->dim * arb_element_size(index->element);
    for (uint32_t i = 0; i < view.count; i++) {
        uint8_t *dst = answer.vectors.values + i * bytes;
        if (cast_or_tell(index, &view, &nulls, i, dst) != ARB_OK) {
            memset(dst, 0, bytes);
            status = arb_export_casts_refuse(&answer, i, arb_last_error());
            if (status != ARB_OK) {
                arb_export_casts_cancel(&answer);
                return status;
            }
        }
    }
    vectors->release(vectors);
    arb_export_casts_finish(&answer, out_schema, out);
    return ARB_OK;
}
