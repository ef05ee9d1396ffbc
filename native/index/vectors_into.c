/* Stored vectors into memory of the caller's, in the form that it asks for. */
#include <string.h>

#include "arrow/arrow_import.h"
#include "arrow/arrow_target.h"
#include "index/index.h"
#include "index/vectors.h"
#include "vectors/error.h"

static void write_sq8(const arb_index *index, const void *row, arb_form_scratch *scratch,
                      const arb_vectors_target *target, uint32_t i)
{
    float scale;
    float offset;
    arb_form_encode_sq8(index->scorer.form.kernels, index->element, row, index->dim, scratch,
                        target->values + (size_t)i * index->dim, &scale, &offset);
    memcpy(target->scale + i * sizeof scale, &scale, sizeof scale);
    memcpy(target->offset + i * sizeof offset, &offset, sizeof offset);
}

arb_status arb_index_vectors_into(const arb_index *index, struct ArrowSchema *ids_schema,
                                  struct ArrowArray *ids, const struct ArrowSchema *target_schema,
                                  const struct ArrowArray *target_array, uint64_t *missing)
{
    if (index == NULL || missing == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found NULL; allowed a live one",
                        index == NULL ? "index" : "missing");
    }
    arb_ids_view view;
    arb_vectors_target target;
    arb_status status = arb_import_ids("ids", ids_schema, ids, &view);
    if (status != ARB_OK ||
        (status = arb_import_vectors_target("target", target_schema, target_array, index->dim,
                                            view.count, &target)) != ARB_OK) {
        return status;
    }
    arb_form_scratch scratch;
    size_t bytes = index->dim * arb_form_component_bytes(target.form);
    uint64_t absent = 0;
    arb_target_set_present(&target);
    for (uint32_t i = 0; i < view.count; i++) {
        uint32_t node = arb_index_find_live(index, arb_view_id(&view, i));
        if (node == ARB_NO_NODE) {
            arb_target_set_null(&target, i);
            absent++;
        } else if (target.form == ARB_FORM_SQ8) {
            write_sq8(index, arb_row(index->rows, node), &scratch, &target, i);
        } else {
            arb_form_convert(index->scorer.form.kernels, index->element, arb_row(index->rows, node),
                             index->dim, target.form, target.values + i * bytes);
        }
    }
    ids->release(ids);
    *missing = absent;
    return ARB_OK;
}
