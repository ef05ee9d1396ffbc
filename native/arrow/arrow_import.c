#include "arrow/arrow_import.h"

#include <inttypes.h>
#include <stdio.h>

#include "vectors/error.h"

/* What a node of the tree must look like. */
typedef struct node_shape {
    const char *type;  /* for messages */
    int64_t n_buffers; /* validity and, of a leaf, values */
    int64_t n_children;
} node_shape;

static const node_shape struct_shape = {"struct", 1, 2};
static const node_shape list_shape = {"fixed_size_list", 1, 1};
static const node_shape leaf_shape = {"primitive", 2, 0};

static arb_status expect(const char *field, const char *what, int64_t found, int64_t allowed)
{
    return arb_fail(ARB_INVALID_ARGUMENT, "%s: %s: found %" PRId64 "; allowed %" PRId64, field,
                    what, found, allowed);
}

static arb_status check_live(const char *field, const struct ArrowSchema *schema,
                             const struct ArrowArray *array)
{
    if (schema == NULL || array == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found a NULL %s; allowed a live one", field,
                        schema == NULL ? "ArrowSchema" : "ArrowArray");
    }
    if (schema->release == NULL || array->release == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: found a released %s (release is NULL); allowed a live one", field,
                        schema->release == NULL ? "ArrowSchema" : "ArrowArray");
    }
    if (schema->format == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: format: found NULL; allowed a format string",
                        field);
    }
    return ARB_OK;
}

static arb_status check_children(const char *field, const struct ArrowSchema *schema,
                                 const struct ArrowArray *array, const node_shape *shape)
{
    if (schema->n_children != shape->n_children) {
        return expect(field, "children of the schema", schema->n_children, shape->n_children);
    }
    if (array->n_children != shape->n_children) {
        return expect(field, "children of the array", array->n_children, shape->n_children);
    }
    if (shape->n_children > 0 && (schema->children == NULL || array->children == NULL)) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: children: found NULL; allowed %" PRId64, field,
                        shape->n_children);
    }
    for (int64_t i = 0; i < shape->n_children; i++) {
        if (schema->children[i] == NULL || array->children[i] == NULL) {
            return arb_fail(ARB_INVALID_ARGUMENT,
                            "%s: child %" PRId64 ": found NULL; allowed a live one", field, i);
        }
    }
    if (schema->dictionary != NULL || array->dictionary != NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found a dictionary; allowed plain values",
                        field);
    }
    return ARB_OK;
}

/* Everything about one node but its format and its relation to its parent. */
static arb_status check_node(const char *field, const struct ArrowSchema *schema,
                             const struct ArrowArray *array, const node_shape *shape)
{
    arb_status status = check_children(field, schema, array, shape);
    if (status != ARB_OK) {
        return status;
    }
    int64_t end;
    if (array->length < 0 || array->offset < 0 ||
        __builtin_add_overflow(array->offset, array->length, &end)) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: found length %" PRId64 " at offset %" PRId64
                        "; allowed neither negative, their sum an int64",
                        field, array->length, array->offset);
    }
    if (array->null_count < -1 || array->null_count > array->length) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: null_count: found %" PRId64 "; allowed -1..%" PRId64, field,
                        array->null_count, array->length);
    }
    if (array->n_buffers != shape->n_buffers) {
        return expect(field, "buffers", array->n_buffers, shape->n_buffers);
    }
    if (array->buffers == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: buffers: found NULL; allowed %" PRId64, field,
                        shape->n_buffers);
    }
    if (array->null_count > 0 && array->buffers[0] == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: found null_count %" PRId64 " without a validity buffer; allowed 0",
                        field, array->null_count);
    }
    return ARB_OK;
}

/* The first unset bit of first..first+count-1, or first+count. */
static int64_t first_unset(const uint8_t *bits, int64_t first, int64_t count)
{
    int64_t end = first + count;
    for (int64_t i = first; i < end;) {
        if (i % 8 == 0 && end - i >= 8 && bits[i / 8] == 0xff) {
            i += 8;
            continue;
        }
        if (!(bits[i / 8] >> (i % 8) & 1)) {
            return i;
        }
        i++;
    }
    return end;
}

/* Elements first..first+count-1 of the array (its own offset not counted) must not be null. The
 * null count may speak of elements outside, so the bitmap decides. A row is `per_row` elements. */
static arb_status check_no_nulls(const char *field, const struct ArrowArray *array, int64_t first,
                                 int64_t count, int64_t per_row)
{
    const uint8_t *bits = array->buffers[0];
    if (array->null_count == 0 || bits == NULL) {
        return ARB_OK;
    }
    int64_t start = array->offset + first;
    int64_t at = first_unset(bits, start, count) - start;
    if (at == count) {
        return ARB_OK;
    }
    if (per_row > 1) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: row %" PRId64 ", component %" PRId64 ": found null; allowed values",
                        field, at / per_row, at % per_row);
    }
    return arb_fail(ARB_INVALID_ARGUMENT, "%s: row %" PRId64 ": found null; allowed values", field,
                    at);
}

/* The parent reads elements up to `needed` of this child. */
static arb_status check_covers(const char *field, const struct ArrowArray *array, int64_t needed)
{
    if (array->length < needed) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: found length %" PRId64 "; allowed at least %" PRId64
                        ", which the parent's offset and length ask for",
                        field, array->length, needed);
    }
    return ARB_OK;
}

/* The values of a leaf from element `first` (its own offset not counted); NULL where it is empty.
 * With size 0 the whole buffer: elements that are not whole bytes. */
static arb_status leaf_values(const char *field, const struct ArrowArray *array, int64_t first,
                              size_t size, const uint8_t **out)
{
    int64_t bytes;
    if (__builtin_mul_overflow(array->offset + array->length, (int64_t)size, &bytes)) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: found length %" PRId64 " at offset %" PRId64
                        "; allowed what an address space holds",
                        field, array->length, array->offset);
    }
    const uint8_t *values = array->buffers[1];
    if (values == NULL && array->length > 0) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: value buffer: found NULL; allowed a buffer of %" PRId64 " values",
                        field, array->length);
    }
    *out = values == NULL ? NULL : values + (size_t)(array->offset + first) * size;
    return ARB_OK;
}

static arb_status check_rows(const char *field, int64_t rows)
{
    if (rows > (int64_t)ARB_NODES_MAX) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found %" PRId64 " rows; allowed 0..%u", field,
                        rows, ARB_NODES_MAX);
    }
    return ARB_OK;
}

/* Rows first..first+count-1 of an int64 leaf. */
static arb_status import_ids(const char *field, const struct ArrowSchema *schema,
                             const struct ArrowArray *array, int64_t first, int64_t count,
                             arb_ids_view *out)
{
    arb_status status = check_live(field, schema, array);
    if (status != ARB_OK) {
        return status;
    }
    if (strcmp(schema->format, "l") != 0) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: format: found \"%.32s\"; allowed \"l\" (int64)",
                        field, schema->format);
    }
    const uint8_t *values = NULL;
    if ((status = check_node(field, schema, array, &leaf_shape)) != ARB_OK ||
        (status = check_covers(field, array, first + count)) != ARB_OK ||
        (status = check_no_nulls(field, array, first, count, 1)) != ARB_OK ||
        (status = leaf_values(field, array, first, sizeof(int64_t), &values)) != ARB_OK) {
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

/* "+w:384": the digits and nothing else, or "+w:384x" would pass for 384. */
static arb_status check_list_format(const char *field, const char *format, uint32_t dim)
{
    char wanted[16];
    snprintf(wanted, sizeof wanted, "+w:%" PRIu32, dim);
    if (strncmp(format, "+w:", 3) != 0) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: format: found \"%.32s\"; allowed \"%s\" (fixed_size_list)", field,
                        format, wanted);
    }
    if (strcmp(format, wanted) != 0) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: dimension: found %.32s; allowed %" PRIu32
                        ", the dimension of the index",
                        field, format + 3, dim);
    }
    return ARB_OK;
}

/* Rows first..first+count-1 of a fixed_size_list<T>[dim]. The offsets add up as the specification
 * has it: a row i of the parent is element list.offset + i of the list, and its components start at
 * values.offset + (list.offset + i) * dim. */
static arb_status import_vectors(const char *field, const struct ArrowSchema *schema,
                                 const struct ArrowArray *array, uint32_t dim, int64_t first,
                                 int64_t count, arb_vectors_view *out)
{
    arb_status status;
    if ((status = check_live(field, schema, array)) != ARB_OK ||
        (status = check_list_format(field, schema->format, dim)) != ARB_OK ||
        (status = check_node(field, schema, array, &list_shape)) != ARB_OK ||
        (status = check_covers(field, array, first + count)) != ARB_OK) {
        return status;
    }
    const struct ArrowSchema *child_schema = schema->children[0];
    const struct ArrowArray *child = array->children[0];
    char child_field[64];
    snprintf(child_field, sizeof child_field, "%s components", field);
    arb_value_type type = ARB_VALUE_F16;
    if ((status = check_live(child_field, child_schema, child)) != ARB_OK ||
        (status = value_type_of(field, child_schema->format, &type)) != ARB_OK ||
        (status = check_node(child_field, child_schema, child, &leaf_shape)) != ARB_OK) {
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
    if ((status = check_covers(child_field, child, components)) != ARB_OK ||
        (status = check_no_nulls(field, array, first, count, 1)) != ARB_OK ||
        (status = check_no_nulls(field, child, start, count * (int64_t)dim, dim)) != ARB_OK ||
        (status = leaf_values(child_field, child, start, arb_value_size(type), &values)) !=
            ARB_OK) {
        return status;
    }
    *out = (arb_vectors_view){.values = values, .type = type, .dim = dim, .count = (uint32_t)count};
    return ARB_OK;
}

arb_status arb_import_vectors(const char *field, const struct ArrowSchema *schema,
                              const struct ArrowArray *array, uint32_t dim, arb_vectors_view *out)
{
    arb_status status;
    if ((status = check_live(field, schema, array)) != ARB_OK ||
        (status = check_rows(field, array->length)) != ARB_OK) {
        return status;
    }
    int64_t count = array->length < 0 ? 0 : array->length;
    return import_vectors(field, schema, array, dim, 0, count, out);
}

arb_status arb_import_ids(const char *field, const struct ArrowSchema *schema,
                          const struct ArrowArray *array, arb_ids_view *out)
{
    arb_status status;
    if ((status = check_live(field, schema, array)) != ARB_OK ||
        (status = check_rows(field, array->length)) != ARB_OK) {
        return status;
    }
    int64_t count = array->length < 0 ? 0 : array->length;
    return import_ids(field, schema, array, 0, count, out);
}

arb_status arb_import_bits(const char *field, const struct ArrowSchema *schema,
                           const struct ArrowArray *array, arb_bits_view *out)
{
    arb_status status = check_live(field, schema, array);
    if (status != ARB_OK) {
        return status;
    }
    if (strcmp(schema->format, "b") != 0) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: format: found \"%.32s\"; allowed \"b\" (boolean)", field,
                        schema->format);
    }
    const uint8_t *bytes = NULL;
    if ((status = check_node(field, schema, array, &leaf_shape)) != ARB_OK ||
        (status = check_rows(field, array->length)) != ARB_OK ||
        (status = check_no_nulls(field, array, 0, array->length, 1)) != ARB_OK ||
        (status = leaf_values(field, array, 0, 0, &bytes)) != ARB_OK) {
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
    arb_status status = check_live("batch", schema, array);
    if (status != ARB_OK) {
        return status;
    }
    if (strcmp(schema->format, "+s") != 0) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "batch: format: found \"%.32s\"; allowed \"+s\" (struct)", schema->format);
    }
    if ((status = check_node("batch", schema, array, &struct_shape)) != ARB_OK ||
        (status = check_rows("batch", array->length)) != ARB_OK ||
        (status = check_no_nulls("batch", array, 0, array->length, 1)) != ARB_OK) {
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
                                 array->offset, array->length, &vectors_found)) != ARB_OK) {
        return status;
    }
    *ids = ids_found;
    *vectors = vectors_found;
    return ARB_OK;
}
