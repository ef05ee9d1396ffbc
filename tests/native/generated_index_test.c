/* An index that runs generated distances: the same answers as without, the off switch, what its
 * statistics say, and freezes that replace the code under running searches. */
#include <pthread.h>
#include <stdatomic.h>

#include "index/index.h"
#include "index_helpers.h"

#define DIM 100
#define ROWS 1200 /* enough for codes and for a calibration */
#define QUERIES 40
#define HITS 10

/* Whether the set's instructions have a generator: see native/kernels/README.md. */
static int can_generate(int32_t set, arb_metric metric, arb_codes_kind codes)
{
    uint64_t requires = arb_kernel_set_requires(set);
    if (codes == ARB_CODES_SQ8) {
        return (requires & (ARB_CPU_AVX512VNNI | ARB_CPU_NEONDOTPROD)) != 0;
    }
    return (requires & ARB_CPU_AVX512) || arb_kernel_set_at(set)->native[metric].one != NULL;
}

static arb_index *index_of(arb_metric metric, arb_codes_kind codes, arb_generated_use use,
                           const float *vectors, int64_t rows)
{
    arb_index_options options = test_options(DIM, metric, ARB_ELEMENT_F16);
    options.ef_construction = 32;
    options.kernel_set = test_widest_set();
    options.codes = (int32_t)codes;
    options.generated = (int32_t)use;
    arb_index *index = test_index(&options);
    int64_t *ids = malloc((size_t)rows * sizeof *ids);
    for (int64_t i = 0; i < rows; i++) {
        ids[i] = i;
    }
    test_append(index, ids, vectors, rows, DIM);
    free(ids);
    test_link_all(index);
    return index;
}

/* Codes are compared by sums of integers, so both ways take the same path through the same graph.
 * Of halves the sums are rounded in another order: where two candidates are as near as can be told,
 * the paths may part. */
static void same_answers(arb_index *generated, arb_index *written, arb_codes_kind codes,
                         const float *queries)
{
    test_hits found = test_search(generated, queries, QUERIES, DIM, HITS, 64, 0);
    test_hits wanted = test_search(written, queries, QUERIES, DIM, HITS, 64, 0);
    CHECK(found.count == QUERIES * HITS && wanted.count == found.count, "%lld hits, wanted %lld",
          (long long)found.count, (long long)wanted.count);
    int64_t differing = 0;
    for (int64_t i = 0; i < found.count; i++) {
        differing += found.id[i] != wanted.id[i] || found.distance[i] != wanted.distance[i];
    }
    int64_t allowed = codes == ARB_CODES_SQ8 ? 0 : found.count / 20;
    CHECK(differing <= allowed, "%lld of %lld hits differ; allowed %lld", (long long)differing,
          (long long)found.count, (long long)allowed);
    if (codes == ARB_CODES_SQ8) {
        CHECK(found.stats.visited == wanted.stats.visited, "visited %llu, wanted %llu",
              (unsigned long long)found.stats.visited, (unsigned long long)wanted.stats.visited);
    }
    test_hits_free(&found);
    test_hits_free(&wanted);
}

static void answers_do_not_change(void)
{
    uint64_t seed = 1;
    float *vectors = test_random_vectors(&seed, ROWS, DIM);
    float *queries = test_random_vectors(&seed, QUERIES, DIM);
    for (int codes = 0; codes < ARB_CODES_KINDS; codes++) {
        int every = test_is_reduced() ? ARB_METRICS : 1; /* or one of them, in turn */
        for (int metric = every == 1 ? 0 : codes; metric < ARB_METRICS; metric += every) {
            arb_index *written = index_of((arb_metric)metric, (arb_codes_kind)codes,
                                          ARB_GENERATED_NEVER, vectors, ROWS);
            arb_index *generated = index_of((arb_metric)metric, (arb_codes_kind)codes,
                                            ARB_GENERATED_ALWAYS, vectors, ROWS);
            CHECK(!test_stats(generated).generated, "generated before the first freeze");
            CHECK_OK(arb_index_freeze(written));
            CHECK_OK(arb_index_freeze(generated));
            arb_index_stats without = test_stats(written), with = test_stats(generated);
            CHECK(!without.generated && without.generated_bytes == 0 &&
                      without.generated_speedup == 0,
                  "generated though switched off");
            int possible =
                can_generate(test_widest_set(), (arb_metric)metric, (arb_codes_kind)with.codes);
            CHECK(with.generated == possible && (with.generated_bytes != 0) == possible &&
                      (with.generated_speedup > 0) == possible,
                  "metric %d, codes %d: generated %d, %llu bytes, speedup %g", metric, codes,
                  with.generated, (unsigned long long)with.generated_bytes,
                  (double)with.generated_speedup);
            same_answers(generated, written, (arb_codes_kind)codes, queries);
            arb_index_close(written);
            arb_index_close(generated);
        }
    }
    free(vectors);
    free(queries);
}

/* Whatever a calibration finds, it says the same thing in all its words, and again after another
 * freeze. */
static void statistics_agree(void)
{
    uint64_t seed = 3;
    float *vectors = test_random_vectors(&seed, ROWS, DIM);
    arb_index *index =
        index_of(ARB_METRIC_L2, ARB_CODES_NONE, ARB_GENERATED_IF_FASTER, vectors, ROWS);
    for (int freeze = 0; freeze < 5; freeze++) {
        CHECK_OK(arb_index_freeze(index));
        arb_index_stats stats = test_stats(index);
        CHECK(stats.generated == (stats.generated_bytes != 0), "generated %d, %llu bytes",
              stats.generated, (unsigned long long)stats.generated_bytes);
        CHECK(!stats.generated || stats.generated_speedup >= 1.02f, "kept at %g",
              (double)stats.generated_speedup);
    }
    arb_index_close(index);

    arb_index *small =
        index_of(ARB_METRIC_L2, ARB_CODES_NONE, ARB_GENERATED_IF_FASTER, vectors, 500);
    CHECK_OK(arb_index_freeze(small));
    CHECK(test_stats(small).generated_speedup == 0, "500 rows were measured");
    arb_index_close(small);
    free(vectors);
}

/* Its search reads other codes by other kernels. */
static void a_fused_graph_has_no_use_for_it(void)
{
    uint64_t seed = 6;
    float *vectors = test_random_vectors(&seed, ROWS, DIM);
    arb_index *index =
        index_of(ARB_METRIC_COSINE, ARB_CODES_SQ8, ARB_GENERATED_ALWAYS, vectors, ROWS);
    CHECK_OK(arb_index_freeze(index));
    int possible = test_stats(index).generated;
    arb_graph_set_fused(index->graph, 1); /* nobody else is there */
    test_delete(index, (int64_t[]){0}, 1);
    CHECK_OK(arb_index_freeze(index));
    arb_graph_stats graph;
    CHECK_OK(arb_graph_get_stats(index->graph, &graph));
    CHECK(graph.fused, "the graph was not fused");
    CHECK(!test_stats(index).generated, "generated for a fused graph; before: %d", possible);
    arb_index_close(index);
    free(vectors);
}

static void wrong_options_are_refused(void)
{
    arb_index_options options = test_options(DIM, ARB_METRIC_L2, ARB_ELEMENT_F16);
    arb_index *index = NULL;
    options.generated = ARB_GENERATED_USES;
    CHECK_FAILS(arb_index_create(&options, &index), ARB_INVALID_ARGUMENT, "options.generated");
    options.generated = -1;
    CHECK_FAILS(arb_index_create(&options, &index), ARB_INVALID_ARGUMENT, "options.generated");
}

/* ---- Freezes under searches ---- */

typedef struct replacement {
    arb_index *index;
    const float *queries;
    _Atomic int done;
} replacement;

static void *search_on(void *context)
{
    replacement *run = context;
    while (!atomic_load(&run->done)) {
        test_hits hits = test_search(run->index, run->queries, QUERIES, DIM, 1, 32, 0);
        for (int64_t i = 0; i < hits.count; i++) {
            CHECK(hits.id[i] == i && hits.count == QUERIES, "query %lld found %lld", (long long)i,
                  (long long)hits.id[i]);
        }
        test_hits_free(&hits);
    }
    return NULL;
}

/* Every freeze has code of its own, and the code before is unmapped: a search that were still
 * inside it would die. */
static void code_is_replaced_under_searches(void)
{
    uint64_t seed = 4;
    float *vectors = test_random_vectors(&seed, ROWS, DIM);
    replacement run = {
        .index = index_of(ARB_METRIC_COSINE, ARB_CODES_SQ8, ARB_GENERATED_ALWAYS, vectors, ROWS),
        .queries = vectors};
    pthread_t searchers[2];
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_create(&searchers[i], NULL, search_on, &run) == 0, "no thread");
    }
    for (int64_t freeze = 0; freeze < test_repeats(100); freeze++) {
        CHECK_OK(arb_index_freeze(run.index));
    }
    atomic_store(&run.done, 1);
    for (int i = 0; i < 2; i++) {
        pthread_join(searchers[i], NULL);
    }
    arb_index_close(run.index);
    free(vectors);
}

int main(void)
{
    wrong_options_are_refused();
    answers_do_not_change();
    statistics_agree();
    a_fused_graph_has_no_use_for_it();
    code_is_replaced_under_searches();
    printf("passed with kernel set %s\n", arb_kernel_set_name(test_widest_set()));
    return 0;
}
