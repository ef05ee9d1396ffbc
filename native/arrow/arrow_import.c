#include "arrow/arrow_import.h"

#include <inttypes.h>
#include <stdio.h>

#include "arrow/arrow_check.h"
#include "vectors/error.h"

/* Rows first..first+count-1 of an int64 leaf. */
static arb_status import_ids(const char *field, const struct ArrowSchema *schema,
                             const struct ArrowArray *array, int64_t first, int64_t count,
                             arb_ids_view *out)
{
    arb_status status = arb_check_live(field, schema, array);
    if (status != ARB_OK) {
        return status;
    }
    if (strcmp(schema->format, "l") != 0) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: format: found \"%.32s\"; allowed \"l\" (int64)",
                        field, schema->format);
    }
    const uint8_t *values = NULL;
    if ((status = arb_check_node(field, schema, array, &arb_leaf_shape)) != ARB_OK ||
        (status = arb_check_covers(field, array, first + count)) != ARB_OK ||
        (status = arb_check_no_nulls(field, array, first, count, 1)) != ARB_OK ||
        (status = arb_leaf_values(field, array, first, sizeof(int64_t), &values)) != ARB_OK) {
        return status;
    }
    *out = (arb_ids_view){.values = values, .count = (uint32_t)count};
    return ARB_OK;
}

static arb_status value_type_of(const char *field, const char *format, arb_value_type *out)
{
    static const char formats[] = {
        [ARB_VALUE_F16] = 'e', [ARB_VALUE_F32] = 'f', [ARB_VALUE_F64] = 'g',
        [ARB_VALUE_I8] = 'c',  [ARB_VALUE_U8] = 'C',
    };
    for (size_t i = 0; i < sizeof formats; i++) {
        if (format[0] == formats[i] && format[1] == '\0') {
            *out = (arb_value_type)i;
            return ARB_OK;
        }
    }
    return arb_fail(ARB_INVALID_ARGUMENT,
                    "%s: component format: found \"%.32s\"; allowed \"e\" (halffloat), \"f\" "
                    "(float), \"g\" (double), \"c\" (int8), \"C\" (uint8)",
                    field, format);
}

/* Nulls among `count` rows of `per_row` elements, from element `first` on: an error where `nulls`
 * is NULL, else told there. A row is one element of the list, and per_row elements of its child. */
static arb_status check_or_view_nulls(const char *field, const struct ArrowArray *array,
                                      int64_t first, int64_t count, int64_t per_row,
                                      arb_nulls_view *nulls)
{
    if (nulls == NULL) {
        return arb_check_no_nulls(field, array, first, count * per_row, per_row);
    }
    int is_list = array->n_children > 0;
    const uint8_t *bits = array->null_count == 0 ? NULL : array->buffers[0];
    *(is_list ? &nulls->rows : &nulls->components) = bits;
    *(is_list ? &nulls->rows_at : &nulls->components_at) = array->offset + first;
    return ARB_OK;
}

/* Rows first..first+count-1 of a fixed_size_list<T>[dim]. The offsets add up as the specification
 * has it: a row i of the parent is element list.offset + i of the list, and its components start at
 * values.offset + (list.offset + i) * dim. Without `nulls` there may be none. */
static arb_status import_vectors(const char *field, const struct ArrowSchema *schema,
                                 const struct ArrowArray *array, uint32_t dim, int64_t first,
                                 int64_t count, arb_vectors_view *out, arb_nulls_view *nulls)
{
    arb_status status;
    if ((status = arb_check_live(field, schema, array)) != ARB_OK ||
        (status = arb_check_list_format(field, schema->format, dim)) != ARB_OK ||
        (status = arb_check_node(field, schema, array, &arb_list_shape)) != ARB_OK ||
        (status = arb_check_covers(field, array, first + count)) != ARB_OK) {
        return status;
    }
    const struct ArrowSchema *child_schema = schema->children[0];
    const struct ArrowArray *child = array->children[0];
    char child_field[64];
    snprintf(child_field, sizeof child_field, "%s components", field);
    arb_value_type type = ARB_VALUE_F16;
    if ((status = arb_check_live(child_field, child_schema, child)) != ARB_OK ||
        (status = value_type_of(field, child_schema->format, &type)) != ARB_OK ||
        (status = arb_check_node(child_field, child_schema, child, &arb_leaf_shape)) != ARB_OK) {
        return status;
    }
    int64_t components;
    if (__builtin_mul_overflow(array->offset + array->length, (int64_t)dim, &components)) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: found length %" PRId64 " at offset %" PRId64
                        "; allowed what dimension %" PRIu32 " leaves in an int64",
                        field, array->length, array->offset, dim);
    }
    int64_t start = (array->offset + first) * (int64_t)dim;
    const uint8_t *values = NULL;
    if ((status = arb_check_covers(child_field, child, components)) != ARB_OK ||
        (status = check_or_view_nulls(field, array, first, count, 1, nulls)) != ARB_OK ||
        (status = check_or_view_nulls(field, child, start, count, dim, nulls)) != ARB_OK ||
        (status = arb_leaf_values(child_field, child, start, arb_value_size(type), &values)) !=
            ARB_OK) {
        return status;
    }
    *out = (arb_vectors_view){.values = values, .type = type, .dim = dim, .count = (uint32_t)count};
    return ARB_OK;
}

static arb_status import_all_vectors(const char *field, const struct ArrowSchema *schema,
                                     const struct ArrowArray *array, uint32_t dim,
                                     arb_vectors_view *out, arb_nulls_view *nulls)
{
    arb_status status;
    if ((status = arb_check_live(field, schema, array)) != ARB_OK ||
        (status = arb_check_rows(field, array->length)) != ARB_OK) {
        return status;
    }
    int64_t count = array->length < 0 ? 0 : array->length;
    return import_vectors(field, schema, array, dim, 0, count, out, nulls);
}

arb_status arb_import_vectors(const char *field, const struct ArrowSchema *schema,
                              const struct ArrowArray *array, uint32_t dim, arb_vectors_view *out)
{
    return import_all_vectors(field, schema, array, dim, out, NULL);
}

arb_status arb_import_nullable_vectors(const char *field, const struct ArrowSchema *schema,
                                       const struct ArrowArray *array, uint32_t dim,
                                       arb_vectors_view *out, arb_nulls_view *nulls)
{
    return import_all_vectors(field, schema, array, dim, out, nulls);
}

arb_status arb_check_row_present(const char *field, const arb_nulls_view *nulls, uint32_t dim,
                                 uint32_t row)
{
    if (nulls->rows != NULL &&
        arb_first_unset(nulls->rows, nulls->rows_at + row, 1) == nulls->rows_at + row) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found null; allowed values", field);
    }
    if (nulls->components != NULL) {
        int64_t start = nulls->components_at + (int64_t)row * dim;
        int64_t component = arb_first_unset(nulls->components, start, dim) - start;
        if (component < dim) {
            return arb_fail(ARB_INVALID_ARGUMENT,
                            "%s: component %" PRId64 ": found null; allowed values", field,
                            component);
        }
    }
    return ARB_OK;
}

arb_status arb_import_ids(const char *field, const struct ArrowSchema *schema,
                          const struct ArrowArray *array, arb_ids_view *out)
{
    arb_status status;
    if ((status = arb_check_live(field, schema, array)) != ARB_OK ||
        (status = arb_check_rows(field, array->length)) != ARB_OK) {
        return status;
    }
    int64_t count = array->length < 0 ? 0 : array->length;
    return import_ids(field, schema, array, 0, count, out);
}

arb_status arb_import_bits(const char *field, const struct ArrowSchema *schema,
                           const struct ArrowArray *array, arb_bits_view *out)
{
    arb_status status = arb_check_live(field, schema, array);
    if (status != ARB_OK) {
        return status;
    }
    if (strcmp(schema->format, "b") != 0) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: format: found \"%.32s\"; allowed \"b\" (boolean)", field,
                        schema->format);
    }
    const uint8_t *bytes = NULL;
    if ((status = arb_check_node(field, schema, array, &arb_leaf_shape)) != ARB_OK ||
        (status = arb_check_rows(field, array->length)) != ARB_OK ||
        (status = arb_check_no_nulls(field, array, 0, array->length, 1)) != ARB_OK ||
        (status = arb_leaf_values(field, array, 0, 0, &bytes)) != ARB_OK) {
        return status;
    }
    *out = (arb_bits_view){
        .bytes = bytes, .offset = (uint64_t)array->offset, .count = (uint32_t)array->length};
    return ARB_OK;
}

/* The position of the child with this name, or -1. */
static int64_t child_named(const struct ArrowSchema *schema, const char *name)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->name != NULL && strcmp(schema->children[i]->name, name) == 0) {
            return i;
        }
    }
    return -1;
}

arb_status arb_import_batch(const struct ArrowSchema *schema, const struct ArrowArray *array,
                            uint32_t dim, arb_ids_view *ids, arb_vectors_view *vectors)
{
    arb_status status = arb_check_live("batch", schema, array);
    if (status != ARB_OK) {
        return status;
    }
    if (strcmp(schema->format, "+s") != 0) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "batch: format: found \"%.32s\"; allowed \"+s\" (struct)", schema->format);
    }
    if ((status = arb_check_node("batch", schema, array, &arb_struct_shape)) != ARB_OK ||
        (status = arb_check_rows("batch", array->length)) != ARB_OK ||
        (status = arb_check_no_nulls("batch", array, 0, array->length, 1)) != ARB_OK) {
        return status;
    }
    int64_t id = child_named(schema, "id");
    int64_t vector = child_named(schema, "vector");
    if (id < 0 || vector < 0) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "batch: column \"%s\" not found; allowed are exactly id and vector",
                        id < 0 ? "id" : "vector");
    }
    arb_ids_view ids_found;
    arb_vectors_view vectors_found;
    if ((status = import_ids("id", schema->children[id], array->children[id], array->offset,
                             array->length, &ids_found)) != ARB_OK ||
        (status = import_vectors("vector", schema->children[vector], array->children[vector], dim,
                                 array->offset, array->length, &vectors_found, NULL)) != ARB_OK) {
        return status;
    }
    *ids = ids_found;
    *vectors = vectors_found;
    return ARB_OK;
}
