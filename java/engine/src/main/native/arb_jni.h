/* arb_jni.h: what the JNI shim adds to arbalest.h. C++, included only by the code that JavaCPP's
 * Builder generates. */
#ifndef ARB_JNI_H
#define ARB_JNI_H

#include <cstddef>
#include <cstdio>
#include <cstring>

#include "arbalest/arbalest.h"

/* IndexStructs.java writes and reads these structs by offset. */
static_assert(sizeof(arb_index_options) == 56, "IndexStructs.java");
static_assert(offsetof(arb_index_options, seed) == 24, "IndexStructs.java");
static_assert(offsetof(arb_index_options, kernel_set) == 32, "IndexStructs.java");
static_assert(offsetof(arb_index_options, codes) == 40, "IndexStructs.java");
static_assert(offsetof(arb_index_options, generated) == 48, "IndexStructs.java");
static_assert(sizeof(arb_search_options) == 32, "IndexStructs.java");
static_assert(offsetof(arb_search_options, subset) == 24, "IndexStructs.java");
static_assert(sizeof(arb_subset_stats) == 24, "IndexStructs.java");
static_assert(offsetof(arb_subset_stats, cells) == 16, "IndexStructs.java");
static_assert(sizeof(arb_search_stats) == 32, "IndexStructs.java");
static_assert(sizeof(arb_index_report) == 64, "IndexStructs.java");
static_assert(sizeof(arb_index_stats) == 144, "IndexStructs.java");
static_assert(offsetof(arb_index_stats, dim) == 64, "IndexStructs.java");
static_assert(offsetof(arb_index_stats, abs_max) == 96, "IndexStructs.java");
static_assert(offsetof(arb_index_stats, codes) == 100, "IndexStructs.java");
static_assert(offsetof(arb_index_stats, code_bytes) == 112, "IndexStructs.java");
static_assert(offsetof(arb_index_stats, generated_speedup) == 128, "IndexStructs.java");
static_assert(offsetof(arb_index_stats, recall_sampled) == 136, "IndexStructs.java");

/* CallScope.java writes structs of the Arrow C Data Interface by offset. */
static_assert(sizeof(struct ArrowSchema) == 72, "CallScope.java");
static_assert(offsetof(struct ArrowSchema, release) == 56, "CallScope.java");
static_assert(sizeof(struct ArrowArray) == 80, "CallScope.java");
static_assert(offsetof(struct ArrowArray, release) == 64, "CallScope.java");

/* The release callback of an array whose buffers stay its producer's. */
static inline void arb_jni_release(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release) {
            array->children[i]->release(array->children[i]);
        }
    }
    array->release = nullptr;
}

/* The same of a schema. */
static inline void arb_jni_keep_schema(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release) {
            schema->children[i]->release(schema->children[i]);
        }
    }
    schema->release = nullptr;
}

static inline int64_t arb_jni_release_borrowed()
{
    return reinterpret_cast<int64_t>(&arb_jni_release);
}

static inline int64_t arb_jni_release_borrowed_schema()
{
    return reinterpret_cast<int64_t>(&arb_jni_keep_schema);
}

/* Releases an answer; structs that no call filled are all zeros, and left alone. */
static inline void arb_jni_release_answer(struct ArrowSchema *schema, struct ArrowArray *array)
{
    if (array->release) {
        array->release(array);
    }
    if (schema->release) {
        schema->release(schema);
    }
}

/* Searches one float32 query of `dim` components. The Arrow structs lie on this stack and borrow
 * the query; the hits are copied to ids and distances, which have room for k. stats gets visited,
 * tail_scanned, hops, fallbacks, and the number of hits. */
static inline int arb_jni_search_one(const arb_index *index, const float *query, int dim, int k,
                                     int ef, int strategy, float target_recall, int64_t *ids,
                                     float *distances, uint64_t *stats)
{
    char format[16];
    snprintf(format, sizeof format, "+w:%d", dim);
    struct ArrowSchema component = {
        "f", "item", nullptr, 0, 0, nullptr, nullptr, arb_jni_keep_schema, nullptr};
    struct ArrowSchema *component_list[] = {&component};
    struct ArrowSchema schema = {
        format, "vector", nullptr, 0, 1, component_list, nullptr, arb_jni_keep_schema, nullptr};

    const void *value_buffers[] = {nullptr, query};
    struct ArrowArray values = {
        dim, 0, 0, 2, 0, value_buffers, nullptr, nullptr, arb_jni_release, nullptr};
    struct ArrowArray *value_list[] = {&values};
    const void *list_buffers[] = {nullptr};
    struct ArrowArray queries = {
        1, 0, 0, 1, 1, list_buffers, value_list, nullptr, arb_jni_release, nullptr};

    arb_search_options options = {sizeof(arb_search_options), static_cast<uint32_t>(k),
                                  static_cast<uint32_t>(ef), strategy, target_recall, nullptr};
    struct ArrowSchema out_schema;
    struct ArrowArray out;
    arb_search_stats did;
    arb_status status = arb_index_search(index, &options, &schema, &queries, nullptr, nullptr,
                                         &out_schema, &out, &did);
    if (status != ARB_OK) {
        return status;
    }

    size_t hits = static_cast<size_t>(out.length);
    const struct ArrowArray *id = out.children[1];
    const struct ArrowArray *distance = out.children[2];
    memcpy(ids, static_cast<const int64_t *>(id->buffers[1]) + id->offset, hits * sizeof *ids);
    memcpy(distances, static_cast<const float *>(distance->buffers[1]) + distance->offset,
           hits * sizeof *distances);
    stats[0] = did.visited;
    stats[1] = did.tail_scanned;
    stats[2] = did.hops;
    stats[3] = did.fallbacks;
    stats[4] = hits;
    out.release(&out);
    out_schema.release(&out_schema);
    return ARB_OK;
}

#endif
