#include "arrow/arrow_target.h"

#include <stdio.h>
#include <string.h>

#include "arrow/arrow_check.h"
#include "vectors/error.h"

static const arb_node_shape sq8_shape = {"struct", 1, 3};

/* Notes the bitmap of a node, if it has one, whose element `first` is the first row's. */
static void add_bitmap(arb_vectors_target *target, const struct ArrowArray *array, int64_t first,
                       int64_t per_row)
{
    if (array->buffers[0] != NULL) {
        target->bitmaps[target->bitmap_count++] =
            (arb_target_bitmap){(uint8_t *)array->buffers[0], array->offset + first, per_row};
    }
}

/* Elements first..first+count*per_row-1 of a leaf of this format. */
static arb_status import_leaf(const char *field, const struct ArrowSchema *schema,
                              const struct ArrowArray *array, const char *format, size_t size,
                              int64_t first, int64_t per_row, arb_vectors_target *target,
                              uint8_t **out)
{
    arb_status status = arb_check_live(field, schema, array);
    if (status != ARB_OK) {
        return status;
    }
    if (strcmp(schema->format, format) != 0) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: format: found \"%.32s\"; allowed \"%s\"", field,
                        schema->format, format);
    }
    const uint8_t *values = NULL;
    if ((status = arb_check_node(field, schema, array, &arb_leaf_shape)) != ARB_OK ||
        (status = arb_check_covers(field, array, first + target->count * per_row)) != ARB_OK ||
        (status = arb_leaf_values(field, array, first, size, &values)) != ARB_OK) {
        return status;
    }
    add_bitmap(target, array, first, per_row);
    *out = (uint8_t *)values;
    return ARB_OK;
}

/* Lists first..first+count-1. `formats` are those that their components may have. */
static arb_status import_list(const char *field, const struct ArrowSchema *schema,
                              const struct ArrowArray *array, const char *format, int64_t first,
                              arb_vectors_target *target)
{
    int64_t end;
    arb_status status;
    if ((status = arb_check_live(field, schema, array)) != ARB_OK ||
        (status = arb_check_list_format(field, schema->format, target->dim)) != ARB_OK ||
        (status = arb_check_node(field, schema, array, &arb_list_shape)) != ARB_OK ||
        (status = arb_check_covers(field, array, first + target->count)) != ARB_OK) {
        return status;
    }
    if (__builtin_mul_overflow(array->offset + array->length, (int64_t)target->dim, &end)) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: length: found %lld; allowed less", field,
                        (long long)array->length);
    }
    add_bitmap(target, array, first, 1);
    char child[64];
    snprintf(child, sizeof child, "%s components", field);
    return import_leaf(child, schema->children[0], array->children[0], format,
                       arb_form_component_bytes(target->form),
                       (array->offset + first) * (int64_t)target->dim, target->dim, target,
                       &target->values);
}

static arb_status import_sq8(const char *field, const struct ArrowSchema *schema,
                             const struct ArrowArray *array, arb_vectors_target *target)
{
    static const char *const names[] = {"scale", "offset", "codes"};
    arb_status status = arb_check_node(field, schema, array, &sq8_shape);
    if (status != ARB_OK) {
        return status;
    }
    for (int i = 0; i < 3; i++) {
        const char *name = schema->children[i]->name;
        if (name == NULL || strcmp(name, names[i]) != 0) {
            return arb_fail(ARB_INVALID_ARGUMENT, "%s: child %d: found \"%.32s\"; allowed \"%s\"",
                            field, i, name == NULL ? "" : name, names[i]);
        }
    }
    add_bitmap(target, array, 0, 1);
    int64_t first = array->offset;
    if ((status = import_leaf("scale", schema->children[0], array->children[0], "f", sizeof(float),
                              first, 1, target, &target->scale)) != ARB_OK ||
        (status = import_leaf("offset", schema->children[1], array->children[1], "f", sizeof(float),
                              first, 1, target, &target->offset)) != ARB_OK) {
        return status;
    }
    return import_list("codes", schema->children[2], array->children[2], "C", first, target);
}

static int components_are(const struct ArrowSchema *schema, const char *format)
{
    return schema->n_children == 1 && schema->children != NULL && schema->children[0] != NULL &&
           schema->children[0]->format != NULL && strcmp(schema->children[0]->format, format) == 0;
}

arb_status arb_import_vectors_target(const char *field, const struct ArrowSchema *schema,
                                     const struct ArrowArray *array, uint32_t dim, uint32_t count,
                                     arb_vectors_target *out)
{
    arb_status status = arb_check_live(field, schema, array);
    if (status != ARB_OK) {
        return status;
    }
    if (array->length != count) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: length: found %lld; allowed %u, one an id",
                        field, (long long)array->length, count);
    }
    arb_vectors_target target = {.dim = dim, .count = count};
    if (strcmp(schema->format, "+s") == 0) {
        target.form = ARB_FORM_SQ8;
        status = import_sq8(field, schema, array, &target);
    } else {
        int is_half = components_are(schema, "e");
        target.form = is_half ? ARB_FORM_F16 : ARB_FORM_F32;
        status = import_list(field, schema, array, is_half ? "e" : "f", 0, &target);
    }
    if (status != ARB_OK) {
        return status;
    }
    if (array->buffers[0] == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "%s: validity buffer: found NULL; allowed one, for ids that do not live",
                        field);
    }
    *out = target;
    return ARB_OK;
}

/* Sets bits first..first+count-1. */
static void set_bits(uint8_t *bits, int64_t first, int64_t count)
{
    int64_t i = first;
    int64_t end = first + count;
    for (; i < end && i % 8 != 0; i++) {
        bits[i / 8] |= (uint8_t)(1u << (i % 8));
    }
    int64_t whole = (end - i) / 8;
    memset(bits + i / 8, 0xff, (size_t)whole);
    for (i += whole * 8; i < end; i++) {
        bits[i / 8] |= (uint8_t)(1u << (i % 8));
    }
}

void arb_target_set_present(const arb_vectors_target *target)
{
    for (int i = 0; i < target->bitmap_count; i++) {
        const arb_target_bitmap *bitmap = &target->bitmaps[i];
        set_bits(bitmap->bits, bitmap->first, target->count * bitmap->per_row);
    }
}

void arb_target_set_null(const arb_vectors_target *target, uint32_t row)
{
    const arb_target_bitmap *bitmap = &target->bitmaps[0];
    int64_t bit = bitmap->first + row;
    bitmap->bits[bit / 8] &= (uint8_t) ~(1u << (bit % 8));
    size_t bytes = target->dim * arb_form_component_bytes(target->form);
    memset(target->values + row * bytes, 0, bytes);
    if (target->form == ARB_FORM_SQ8) {
        memset(target->scale + row * sizeof(float), 0, sizeof(float));
        memset(target->offset + row * sizeof(float), 0, sizeof(float));
    }
}
