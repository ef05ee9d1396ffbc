#include "arrow/arrow_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vectors/error.h"

const arb_node_shape arb_struct_shape = {"struct", 1, 2};
const arb_node_shape arb_list_shape = {"fixed_size_list", 1, 1};
const arb_node_shape arb_leaf_shape = {"primitive", 2, 0};

static arb_status expect(const char *field, const char *what, int64_t found, int64_t allowed)
{
    return arb_fail(ARB_INVALID_ARGUMENT, "%s: %s: found %" PRId64 "; allowed %" PRId64, field,
                    what, found, allowed);
}

arb_status arb_check_live(const char *field, const struct ArrowSchema *schema,
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
                                 const struct ArrowArray *array, const arb_node_shape *shape)
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

arb_status arb_check_node(const char *field, const struct ArrowSchema *schema,
                          const struct ArrowArray *array, const arb_node_shape *shape)
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

int64_t arb_first_unset(const uint8_t *bits, int64_t first, int64_t count)
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

arb_status arb_check_no_nulls(const char *field, const struct ArrowArray *array, int64_t first,
                              int64_t count, int64_t per_row)
{
    const uint8_t *bits = array->buffers[0];
    if (array->null_count == 0 || bits == NULL) {
        return ARB_OK;
    }
    int64_t start = array->offset + first;
    int64_t at = arb_first_unset(bits, start, count) - start;
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

arb_status arb_check_covers(const char *field, const struct ArrowArray *array, int64_t needed)
{
    if (array->length < needed) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: found length %" PRId64 "; allowed at least %" PRId64
                        ", which the parent's offset and length ask for",
                        field, array->length, needed);
    }
    return ARB_OK;
}

arb_status arb_leaf_values(const char *field, const struct ArrowArray *array, int64_t first,
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

arb_status arb_check_rows(const char *field, int64_t rows)
{
    if (rows > (int64_t)ARB_NODES_MAX) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found %" PRId64 " rows; allowed 0..%u", field,
                        rows, ARB_NODES_MAX);
    }
    return ARB_OK;
}

/* "+w:384": the digits and nothing else, or "+w:384x" would pass for 384. */
arb_status arb_check_list_format(const char *field, const char *format, uint32_t dim)
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
