/* One allocation holds a whole array: the structs of its children, their buffer pointers and the
 * buffers, so that a small search costs two calls of the allocator. The specification lets a
 * consumer move a child out and release it on its own, before or after the parent; so the block
 * counts who still uses it: the parent and each child hold one reference.
 *
 *   block | references | children[3] | child_pointers[3] | buffers[4][3] | column 0 | column 1 |
 * ...
 */
#include "arrow/arrow_export.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors/error.h"

#define CHILDREN_MAX 3
#define BUFFER_ALIGNMENT 64u /* what Arrow recommends */

struct arb_array_block {
    _Atomic uint32_t references;
    struct ArrowArray children[CHILDREN_MAX];
    struct ArrowArray *child_pointers[CHILDREN_MAX];
    const void *buffers[1 + CHILDREN_MAX][3]; /* the parent's, then each child's */
    char *text;                               /* of a utf8 column; NULL where there is none */
};

struct arb_schema_block {
    _Atomic uint32_t references;
    struct ArrowSchema children[CHILDREN_MAX];
    struct ArrowSchema *child_pointers[CHILDREN_MAX];
    char format[16]; /* of the list, if there is one */
};

static size_t align_up(size_t size)
{
    return (size + BUFFER_ALIGNMENT - 1) & ~(size_t)(BUFFER_ALIGNMENT - 1);
}

/* The last reference frees the block. The release callbacks of different children may run on
 * different threads. */
static void free_arb_array_block(arb_array_block *block)
{
    free(block->text);
    free(block);
}

static void free_arb_schema_block(arb_schema_block *block)
{
    free(block);
}

#define DEFINE_DROP(block_type)                                                                    \
    static void drop_##block_type(struct block_type *block)                                        \
    {                                                                                              \
        if (atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) == 1) {         \
            free_##block_type(block);                                                              \
        }                                                                                          \
    }

/* A release callback: children still in place first, then this struct's own reference. `released`
 * comes before the drop, which may free the struct itself (a child that lies in the block). */
#define DEFINE_RELEASE(name, struct_type, block_type)                                              \
    static void name(struct struct_type *node)                                                     \
    {                                                                                              \
        struct block_type *block = node->private_data;                                             \
        for (int64_t i = 0; i < node->n_children; i++) {                                           \
            if (node->children[i]->release != NULL) {                                              \
                node->children[i]->release(node->children[i]);                                     \
            }                                                                                      \
        }                                                                                          \
        node->release = NULL;                                                                      \
        drop_##block_type(block);                                                                  \
    }

DEFINE_DROP(arb_array_block)
DEFINE_DROP(arb_schema_block)
DEFINE_RELEASE(release_array, ArrowArray, arb_array_block)
DEFINE_RELEASE(release_schema, ArrowSchema, arb_schema_block)

/* Allocates a block followed by `count` columns of these sizes, 64-byte aligned each. */
static arb_array_block *new_array_block(const size_t *sizes, int count, uint8_t **columns)
{
    size_t offset = align_up(sizeof(arb_array_block));
    size_t total = offset;
    for (int i = 0; i < count; i++) {
        total += align_up(sizes[i]);
    }
    void *memory;
    if (posix_memalign(&memory, BUFFER_ALIGNMENT, total) != 0) {
        arb_fail(ARB_RESOURCE_EXHAUSTED, "answer: no memory for %zu bytes", total);
        return NULL;
    }
    memset(memory, 0, sizeof(arb_array_block));
    for (int i = 0; i < count; i++) {
        columns[i] = (uint8_t *)memory + offset;
        offset += align_up(sizes[i]);
    }
    return memory;
}

static arb_schema_block *new_schema_block(void)
{
    arb_schema_block *block = calloc(1, sizeof *block);
    if (block == NULL) {
        arb_fail(ARB_RESOURCE_EXHAUSTED, "answer: no memory for %zu bytes", sizeof *block);
    }
    return block;
}

static void put_child_array(arb_array_block *block, int i, int64_t length, const void *values)
{
    block->buffers[1 + i][0] = NULL;
    block->buffers[1 + i][1] = values;
    block->children[i] = (struct ArrowArray){
        .length = length,
        .n_buffers = 2,
        .buffers = block->buffers[1 + i],
        .release = release_array,
        .private_data = block,
    };
    block->child_pointers[i] = &block->children[i];
}

/* The parent and every struct below it: each drops the block once. Works on both kinds of pointers.
 */
#define COUNT_NODES(pointers)                                                                      \
    (1u + ((pointers)[0] != NULL) + ((pointers)[1] != NULL) + ((pointers)[2] != NULL))

static void finish_array(arb_array_block *block, int64_t length, int64_t null_count,
                         const void *valid, int n_children, struct ArrowArray *out)
{
    block->buffers[0][0] = valid;
    atomic_init(&block->references, COUNT_NODES(block->child_pointers));
    *out = (struct ArrowArray){
        .length = length,
        .null_count = null_count,
        .n_buffers = 1,
        .n_children = n_children,
        .buffers = block->buffers[0],
        .children = block->child_pointers,
        .release = release_array,
        .private_data = block,
    };
}

static void put_child_schema(arb_schema_block *block, int i, const char *name, const char *format)
{
    block->children[i] = (struct ArrowSchema){
        .format = format,
        .name = name,
        .release = release_schema,
        .private_data = block,
    };
    block->child_pointers[i] = &block->children[i];
}

static void finish_schema(arb_schema_block *block, const char *format, int64_t flags,
                          int n_children, struct ArrowSchema *out)
{
    atomic_init(&block->references, COUNT_NODES(block->child_pointers));
    *out = (struct ArrowSchema){
        .format = format,
        .name = "",
        .flags = flags,
        .n_children = n_children,
        .children = block->child_pointers,
        .release = release_schema,
        .private_data = block,
    };
}

arb_status arb_export_hits_begin(uint64_t capacity, arb_hits_export *out)
{
    /* UINT32_MAX queries times ARB_K_MAX hits times 16 bytes stays below 2^64 */
    size_t sizes[] = {capacity * sizeof *out->query, capacity * sizeof *out->id,
                      capacity * sizeof *out->distance};
    uint8_t *columns[CHILDREN_MAX];
    arb_array_block *array = new_array_block(sizes, CHILDREN_MAX, columns);
    if (array == NULL) {
        return ARB_RESOURCE_EXHAUSTED;
    }
    arb_schema_block *schema = new_schema_block();
    if (schema == NULL) {
        free(array);
        return ARB_RESOURCE_EXHAUSTED;
    }
    *out = (arb_hits_export){
        .query = (uint32_t *)columns[0],
        .id = (int64_t *)columns[1],
        .distance = (float *)columns[2],
        .array = array,
        .schema = schema,
    };
    return ARB_OK;
}

void arb_export_hits_finish(arb_hits_export *hits, uint64_t count, struct ArrowSchema *out_schema,
                            struct ArrowArray *out)
{
    put_child_array(hits->array, 0, (int64_t)count, hits->query);
    put_child_array(hits->array, 1, (int64_t)count, hits->id);
    put_child_array(hits->array, 2, (int64_t)count, hits->distance);
    finish_array(hits->array, (int64_t)count, 0, NULL, 3, out);
    put_child_schema(hits->schema, 0, "query", "I");
    put_child_schema(hits->schema, 1, "id", "l");
    put_child_schema(hits->schema, 2, "distance", "f");
    finish_schema(hits->schema, "+s", 0, 3, out_schema);
}

void arb_export_hits_cancel(arb_hits_export *hits)
{
    free(hits->array);
    free(hits->schema);
}

/* Room for a list of vectors, and for the columns that follow in `sizes` from 2 on. */
static arb_status begin_vectors(uint64_t count, uint32_t dim, arb_element element, size_t *sizes,
                                int size_count, uint8_t **columns, arb_vectors_export *out)
{
    /* ARB_NODES_MAX rows of ARB_DIM_MAX floats stay below 2^64 bytes */
    sizes[0] = (count + 7) / 8;
    sizes[1] = count * dim * (element == ARB_ELEMENT_F16 ? 2u : sizeof(float));
    arb_array_block *array = new_array_block(sizes, size_count, columns);
    if (array == NULL) {
        return ARB_RESOURCE_EXHAUSTED;
    }
    arb_schema_block *schema = new_schema_block();
    if (schema == NULL) {
        free(array);
        return ARB_RESOURCE_EXHAUSTED;
    }
    memset(columns[0], 0xff, sizes[0]);
    snprintf(schema->format, sizeof schema->format, "+w:%" PRIu32, dim);
    *out = (arb_vectors_export){
        .values = columns[1],
        .valid = columns[0],
        .count = count,
        .dim = dim,
        .component_format = element == ARB_ELEMENT_F16 ? "e" : "f",
        .array = array,
        .schema = schema,
    };
    return ARB_OK;
}

arb_status arb_export_vectors_begin(uint64_t count, uint32_t dim, arb_element element,
                                    arb_vectors_export *out)
{
    size_t sizes[2];
    uint8_t *columns[2];
    arb_status status = begin_vectors(count, dim, element, sizes, 2, columns, out);
    if (status == ARB_OK) {
        memset(columns[1], 0, sizes[1]);
    }
    return status;
}

void arb_export_vectors_finish(arb_vectors_export *vectors, uint64_t null_count,
                               struct ArrowSchema *out_schema, struct ArrowArray *out)
{
    put_child_array(vectors->array, 0, (int64_t)(vectors->count * vectors->dim), vectors->values);
    put_child_schema(vectors->schema, 0, "item", vectors->component_format);
    finish_array(vectors->array, (int64_t)vectors->count, (int64_t)null_count, vectors->valid, 1,
                 out);
    finish_schema(vectors->schema, vectors->schema->format, ARROW_FLAG_NULLABLE, 1, out_schema);
}

void arb_export_vectors_cancel(arb_vectors_export *vectors)
{
    free(vectors->array);
    free(vectors->schema);
}

arb_status arb_export_casts_begin(uint64_t count, uint32_t dim, arb_element element,
                                  arb_casts_export *out)
{
    size_t sizes[4] = {[2] = (count + 7) / 8, [3] = (count + 1) * sizeof(int32_t)};
    uint8_t *columns[4];
    arb_vectors_export vectors;
    arb_status status = begin_vectors(count, dim, element, sizes, 4, columns, &vectors);
    if (status != ARB_OK) {
        return status;
    }
    memset(columns[2], 0, sizes[2]);
    memset(columns[3], 0, sizes[3]);
    *out =
        (arb_casts_export){.vectors = vectors, .told = columns[2], .ends = (int32_t *)columns[3]};
    return ARB_OK;
}

arb_status arb_export_casts_refuse(arb_casts_export *casts, uint64_t row, const char *message)
{
    size_t bytes = strlen(message);
    size_t total = casts->text_bytes + bytes;
    if (total > INT32_MAX) {
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "answer: more than %d bytes of messages",
                        INT32_MAX);
    }
    arb_array_block *block = casts->vectors.array;
    if (total > casts->text_capacity) {
        size_t capacity = 2 * total;
        char *grown = realloc(block->text, capacity);
        if (grown == NULL) {
            return arb_fail(ARB_RESOURCE_EXHAUSTED, "answer: no memory for %zu bytes", capacity);
        }
        block->text = grown;
        casts->text_capacity = capacity;
    }
    memcpy(block->text + casts->text_bytes, message, bytes);
    casts->text_bytes = total;
    casts->vectors.valid[row / 8] &= (uint8_t) ~(1u << (row % 8));
    casts->told[row / 8] |= (uint8_t)(1u << (row % 8));
    casts->ends[1 + row] = (int32_t)bytes; /* a length until all are known */
    casts->refused++;
    return ARB_OK;
}

void arb_export_casts_finish(arb_casts_export *casts, struct ArrowSchema *out_schema,
                             struct ArrowArray *out)
{
    const arb_vectors_export *vectors = &casts->vectors;
    arb_array_block *array = vectors->array;
    arb_schema_block *schema = vectors->schema;
    int64_t count = (int64_t)vectors->count;
    int64_t refused = (int64_t)casts->refused;
    for (int64_t row = 0; row < count; row++) {
        casts->ends[row + 1] += casts->ends[row];
    }
    /* vector, error, and below vector its components */
    put_child_array(array, 0, count, NULL);
    put_child_array(array, 1, count, casts->ends);
    put_child_array(array, 2, count * vectors->dim, vectors->values);
    struct ArrowArray *list = &array->children[0];
    array->buffers[1][0] = vectors->valid;
    list->n_buffers = 1;
    list->null_count = refused;
    list->n_children = 1;
    list->children = &array->child_pointers[2];
    struct ArrowArray *error = &array->children[1];
    array->buffers[2][0] = casts->told;
    array->buffers[2][2] = array->text == NULL ? "" : array->text;
    error->n_buffers = 3;
    error->null_count = count - refused;
    finish_array(array, count, 0, NULL, 2, out);

    put_child_schema(schema, 0, "vector", schema->format);
    put_child_schema(schema, 1, "error", "u");
    put_child_schema(schema, 2, "item", vectors->component_format);
    schema->children[0].flags = ARROW_FLAG_NULLABLE;
    schema->children[0].n_children = 1;
    schema->children[0].children = &schema->child_pointers[2];
    schema->children[1].flags = ARROW_FLAG_NULLABLE;
    finish_schema(schema, "+s", 0, 2, out_schema);
}

void arb_export_casts_cancel(arb_casts_export *casts)
{
    free_arb_array_block(casts->vectors.array);
    free(casts->vectors.schema);
}
