/* One allocation holds a whole array: the structs of its children, their buffer pointers and the
 * buffers, so that a small search costs two calls of the allocator. The specification lets a
 * consumer move a child out and release it on its own, before or after the parent; so the block
 * counts who still uses it: the parent and each child hold one reference.
 *
 *   block | references | children[3] | child_pointers[3] | buffers[4][2] | column 0 | column 1 |
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
    const void *buffers[1 + CHILDREN_MAX][2]; /* the parent's, then each child's */
};

struct arb_schema_block {
    _Atomic uint32_t references;
    struct ArrowSchema children[CHILDREN_MAX];
    struct ArrowSchema *child_pointers[CHILDREN_MAX];
    char format[16]; /* the parent's */
};

static size_t align_up(size_t size)
{
    return (size + BUFFER_ALIGNMENT - 1) & ~(size_t)(BUFFER_ALIGNMENT - 1);
}

/* The last reference frees the block. The release callbacks of different children may run on
 * different threads. */
#define DEFINE_DROP(block_type)                                                                    \
    static void drop_##block_type(struct block_type *block)                                        \
    {                                                                                              \
        if (atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) == 1) {         \
            free(block);                                                                           \
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

static void finish_array(arb_array_block *block, int64_t length, int64_t null_count,
                         const void *valid, int n_children, struct ArrowArray *out)
{
    block->buffers[0][0] = valid;
    atomic_init(&block->references, 1u + (uint32_t)n_children);
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

static void finish_schema(arb_schema_block *block, int64_t flags, int n_children,
                          struct ArrowSchema *out)
{
    atomic_init(&block->references, 1u + (uint32_t)n_children);
    *out = (struct ArrowSchema){
        .format = block->format,
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
    memcpy(hits->schema->format, "+s", sizeof "+s");
    finish_schema(hits->schema, 0, 3, out_schema);
}

void arb_export_hits_cancel(arb_hits_export *hits)
{
    free(hits->array);
    free(hits->schema);
}

arb_status arb_export_vectors_begin(uint64_t count, uint32_t dim, arb_element element,
                                    arb_vectors_export *out)
{
    /* ARB_NODES_MAX rows of ARB_DIM_MAX floats stay below 2^64 bytes */
    size_t sizes[] = {(count + 7) / 8,
                      count * dim * (element == ARB_ELEMENT_F16 ? 2u : sizeof(float))};
    uint8_t *columns[2];
    arb_array_block *array = new_array_block(sizes, 2, columns);
    if (array == NULL) {
        return ARB_RESOURCE_EXHAUSTED;
    }
    arb_schema_block *schema = new_schema_block();
    if (schema == NULL) {
        free(array);
        return ARB_RESOURCE_EXHAUSTED;
    }
    memset(columns[0], 0xff, sizes[0]);
    memset(columns[1], 0, sizes[1]);
    snprintf(schema->format, sizeof schema->format, "+w:%" PRIu32, dim);
    put_child_schema(schema, 0, "item", element == ARB_ELEMENT_F16 ? "e" : "f");
    *out = (arb_vectors_export){
        .values = columns[1],
        .valid = columns[0],
        .count = count,
        .dim = dim,
        .array = array,
        .schema = schema,
    };
    return ARB_OK;
}

void arb_export_vectors_finish(arb_vectors_export *vectors, uint64_t null_count,
                               struct ArrowSchema *out_schema, struct ArrowArray *out)
{
    put_child_array(vectors->array, 0, (int64_t)(vectors->count * vectors->dim), vectors->values);
    finish_array(vectors->array, (int64_t)vectors->count, (int64_t)null_count, vectors->valid, 1,
                 out);
    finish_schema(vectors->schema, ARROW_FLAG_NULLABLE, 1, out_schema);
}

void arb_export_vectors_cancel(arb_vectors_export *vectors)
{
    free(vectors->array);
    free(vectors->schema);
}
