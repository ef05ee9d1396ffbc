/* arrow_build.h: ArrowSchema and ArrowArray trees for tests. Values are copied into exact-size heap
 * buffers, so that a sanitizer sees every byte read beyond them. */
#ifndef ARB_TESTS_ARROW_BUILD_H
#define ARB_TESTS_ARROW_BUILD_H

#include <stdatomic.h>

#include "testing.h"

typedef struct test_tree {
    struct ArrowSchema schema;
    struct ArrowArray array;
} test_tree;

/* Arrays built and not released yet: 0 at the end of a test without leaks. */
static _Atomic int64_t test_arrays_alive;

static void test_release_schema(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release != NULL) {
            schema->children[i]->release(schema->children[i]);
        }
        free(schema->children[i]);
    }
    free(schema->children);
    free((void *)schema->format);
    schema->release = NULL;
}

static void test_release_array(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL) {
            array->children[i]->release(array->children[i]);
        }
        free(array->children[i]);
    }
    for (int64_t i = 0; i < array->n_buffers; i++) {
        free((void *)array->buffers[i]);
    }
    free(array->children);
    free(array->buffers);
    array->release = NULL;
    atomic_fetch_sub(&test_arrays_alive, 1);
}

static inline void *test_copy(const void *bytes, size_t size)
{
    void *copy = malloc(size > 0 ? size : 1);
    CHECK(copy != NULL, "no memory for %zu bytes", size);
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    return copy;
}

/* A node with room for its children; buffers come later. */
static inline test_tree test_node(const char *format, const char *name, int64_t length,
                                  int64_t n_buffers, int64_t n_children)
{
    test_tree tree = {
        .schema = {.format = test_copy(format, strlen(format) + 1),
                   .name = name,
                   .n_children = n_children,
                   .release = test_release_schema},
        .array = {.length = length,
                  .n_buffers = n_buffers,
                  .n_children = n_children,
                  .release = test_release_array},
    };
    tree.array.buffers = calloc((size_t)n_buffers, sizeof(void *));
    if (n_children > 0) {
        tree.schema.children = calloc((size_t)n_children, sizeof(void *));
        tree.array.children = calloc((size_t)n_children, sizeof(void *));
    }
    atomic_fetch_add(&test_arrays_alive, 1);
    return tree;
}

static inline void test_put_child(test_tree *parent, int64_t i, test_tree child)
{
    parent->schema.children[i] = test_copy(&child.schema, sizeof child.schema);
    parent->array.children[i] = test_copy(&child.array, sizeof child.array);
}

static inline size_t test_format_size(char format)
{
    switch (format) {
    case 'c':
    case 'C':
        return 1;
    case 'e':
        return 2;
    case 'f':
    case 'I':
        return 4;
    default:
        return 8;
    }
}

static inline test_tree test_leaf(char format, const char *name, const void *values, int64_t count)
{
    char text[2] = {format, '\0'};
    test_tree leaf = test_node(text, name, count, 2, 0);
    leaf.array.buffers[1] = test_copy(values, (size_t)count * test_format_size(format));
    return leaf;
}

static inline test_tree test_ids(const char *name, const int64_t *ids, int64_t count)
{
    return test_leaf('l', name, ids, count);
}

static inline test_tree test_vectors(const char *name, char format, const void *values,
                                     int64_t count, uint32_t dim)
{
    char text[16];
    snprintf(text, sizeof text, "+w:%u", dim);
    test_tree list = test_node(text, name, count, 1, 1);
    test_put_child(&list, 0, test_leaf(format, "item", values, count * (int64_t)dim));
    return list;
}

static inline test_tree test_batch(const int64_t *ids, char format, const void *values,
                                   int64_t count, uint32_t dim)
{
    test_tree batch = test_node("+s", "", count, 1, 2);
    test_put_child(&batch, 0, test_ids("id", ids, count));
    test_put_child(&batch, 1, test_vectors("vector", format, values, count, dim));
    return batch;
}

/* Sets a validity bitmap of `bits` set bits, as long as the node's offset and length ask for. */
static inline uint8_t *test_all_valid(struct ArrowArray *array)
{
    size_t bytes = (size_t)(array->offset + array->length + 7) / 8;
    uint8_t *valid = malloc(bytes > 0 ? bytes : 1);
    CHECK(valid != NULL, "no memory for %zu bytes", bytes);
    memset(valid, 0xff, bytes);
    array->buffers[0] = valid;
    return valid;
}

/* Releases what a call has not released. */
static inline void test_free(test_tree *tree)
{
    if (tree->array.release != NULL) {
        tree->array.release(&tree->array);
    }
    if (tree->schema.release != NULL) {
        tree->schema.release(&tree->schema);
    }
}

#endif
