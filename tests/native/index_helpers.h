/* index_helpers.h: the calls of arbalest.h on plain arrays, for tests of the index. */
#ifndef ARB_TESTS_INDEX_HELPERS_H
#define ARB_TESTS_INDEX_HELPERS_H

#include "arrow_build.h"

typedef struct test_hits {
    struct ArrowSchema schema;
    struct ArrowArray array;
    int64_t count;
    const uint32_t *query;
    const int64_t *id;
    const float *distance;
    arb_search_stats stats;
} test_hits;

static inline arb_index_options test_options(uint32_t dim, arb_metric metric, arb_element element)
{
    return (arb_index_options){
        .struct_size = sizeof(arb_index_options),
        .dim = dim,
        .metric = (int32_t)metric,
        .element = (int32_t)element,
        .M = 8,
        .ef_construction = 64,
        .seed = 42,
    };
}

/* The widest set that this CPU reports: in C all this takes a minute. */
static inline int32_t test_widest_set(void)
{
    int32_t widest = 0;
    for (int32_t set = 1; set < arb_kernel_set_count(); set++) {
        if ((arb_kernel_set_requires(set) & ~arb_cpu_features()) == 0) {
            widest = set;
        }
    }
    return widest;
}

static inline arb_index *test_index(const arb_index_options *options)
{
    arb_index *index = NULL;
    CHECK_OK(arb_index_create(options, &index));
    return index;
}

static inline uint64_t test_append(arb_index *index, const int64_t *ids, const float *values,
                                   int64_t count, uint32_t dim)
{
    test_tree batch = test_batch(ids, 'f', values, count, dim);
    uint64_t first = 0;
    CHECK_OK(arb_index_append(index, &batch.schema, &batch.array, &first));
    CHECK(batch.array.release == NULL, "the batch was not released");
    test_free(&batch);
    return first;
}

static inline uint64_t test_delete(arb_index *index, const int64_t *ids, int64_t count)
{
    test_tree tree = test_ids("ids", ids, count);
    uint64_t deleted = 0;
    CHECK_OK(arb_index_delete(index, &tree.schema, &tree.array, &deleted));
    test_free(&tree);
    return deleted;
}

static inline void test_link_all(arb_index *index)
{
    uint32_t linked = 1;
    while (linked > 0) {
        CHECK_OK(arb_index_link(index, 1000, &linked));
    }
}

/* strategy: arb_strategy */
static inline arb_search_options test_search_options(uint32_t k, uint32_t ef, int strategy)
{
    return (arb_search_options){
        .struct_size = sizeof(arb_search_options), .k = k, .ef = ef, .strategy = strategy};
}

static inline test_hits test_search(const arb_index *index, const float *queries, int64_t count,
                                    uint32_t dim, uint32_t k, uint32_t ef, int strategy)
{
    test_tree tree = test_vectors("", 'f', queries, count, dim);
    arb_search_options options = test_search_options(k, ef, strategy);
    test_hits hits = {0};
    CHECK_OK(arb_index_search(index, &options, &tree.schema, &tree.array, NULL, NULL, &hits.schema,
                              &hits.array, &hits.stats));
    test_free(&tree);
    hits.count = hits.array.length;
    hits.query = hits.array.children[0]->buffers[1];
    hits.id = hits.array.children[1]->buffers[1];
    hits.distance = hits.array.children[2]->buffers[1];
    return hits;
}

static inline void test_hits_free(test_hits *hits)
{
    hits->array.release(&hits->array);
    hits->schema.release(&hits->schema);
}

static inline arb_index_stats test_stats(const arb_index *index)
{
    arb_index_stats stats;
    CHECK_OK(arb_index_get_stats(index, &stats));
    return stats;
}

static inline void test_validate(const arb_index *index)
{
    arb_index_report report;
    CHECK_OK(arb_index_validate(index, &report));
    CHECK(report.out_of_bounds == 0 && report.self_links == 0 && report.duplicate_links == 0 &&
              report.overfull_lists == 0 && report.count_mismatches == 0 && report.unreachable == 0,
          "bounds %llu, self %llu, duplicate %llu, overfull %llu, counts %llu, unreachable %llu",
          (unsigned long long)report.out_of_bounds, (unsigned long long)report.self_links,
          (unsigned long long)report.duplicate_links, (unsigned long long)report.overfull_lists,
          (unsigned long long)report.count_mismatches, (unsigned long long)report.unreachable);
}

static inline float *test_random_vectors(uint64_t *seed, int64_t count, uint32_t dim)
{
    float *values = malloc((size_t)count * dim * sizeof *values);
    CHECK(values != NULL, "no memory for %lld vectors", (long long)count);
    for (size_t i = 0; i < (size_t)count * dim; i++) {
        values[i] = test_random_unit(seed);
    }
    return values;
}

#endif
