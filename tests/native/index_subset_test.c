/* Searches by a subset against brute force: fresh, after deletions, replaced ids and new rows, with
 * codes that were fitted anew, and with bad arguments.
 *
 * index_subset_test [SEED] */
#include <pthread.h>
#include <stdatomic.h>

#include "filter_world.h"

/* Lets every step-th row through. */
static void fill(filter *of, int64_t step)
{
    for (int64_t row = 0; row < of->length; row++)
        of->matches[row] = row % step == 0;
}

static arb_subset *subset_of(const world *w, const filter *of)
{
    test_tree bits = arrow_of(of, 3);
    arb_subset *subset = NULL;
    CHECK_OK(arb_subset_create(w->index, &bits.schema, &bits.array, &subset));
    CHECK(bits.array.release == NULL, "the filter was not released");
    test_free(&bits);
    return subset;
}

/* Every k from one to more than there are; most of what there is has to be found. */
static void check(const world *w, uint64_t *seed, const filter *of, const arb_subset *subset)
{
    static const uint32_t ks[] = {1, 10, 10, 100, 2000};
    uint32_t found = 0;
    uint32_t wanted = 0;
    for (int q = 0; q < 20; q++) {
        float query[DIM];
        uint32_t most;
        draw(seed, q % 8, query);
        found += check_query(w, of, query, ks[q % 5], ARB_STRATEGY_SUBSET, subset,
                             (int64_t)test_random_below(seed, 70), &most);
        wanted += most;
    }
    CHECK(found * 100 >= wanted * 97, "%u of %u found", found, wanted);
}

static void delete_some(world *w, uint64_t *seed)
{
    for (int64_t row = 0; row < NUMBERS; row++) {
        if (w->live[row] && test_random_below(seed, 3) == 0) {
            CHECK(test_delete(w->index, &w->id[row], 1) == 1, "row %" PRId64, row);
            w->live[row] = 0;
        }
    }
}

/* A filter that was made for the rows below `end` and has not heard of later ones. */
static void test_life(uint64_t *seed, arb_metric metric, arb_element element)
{
    world w = create(seed, metric, element, ARB_LAYOUT_COMPACT);
    filter of = {.length = NUMBERS};
    for (int64_t row = 0; row < NUMBERS; row++)
        of.matches[row] = row % 8 < 5;
    filter early = of;
    early.length = LINKED; /* the rows behind are new to the subset */
    arb_subset *whole = subset_of(&w, &of);
    arb_subset *part = subset_of(&w, &early);
    arb_subset_stats stats;
    CHECK(whole != NULL && part != NULL, "no subset");
    CHECK_OK(arb_subset_get_stats(whole, &stats));
    uint64_t matching = 0;
    for (int64_t row = 0; row < NUMBERS; row++)
        matching += (uint64_t)returnable(&w, &of, row);
    CHECK(stats.rows == matching && stats.cells > 1 && stats.cells < matching &&
              stats.bytes > matching * sizeof(uint32_t) && stats.scanned > 0 &&
              stats.scanned < 1.2f,
          "%" PRIu64 " rows of %" PRIu64 ", %u cells, %" PRIu64 " bytes, %g scanned", stats.rows,
          matching, stats.cells, stats.bytes, (double)stats.scanned);
    check(&w, seed, &of, whole);
    check(&w, seed, &of, part);
    delete_some(&w, seed);
    check(&w, seed, &of, whole);
    check(&w, seed, &of, part);
    destroy(&w);
    arb_subset_destroy(whole); /* after its index */
    arb_subset_destroy(part);
}

/* Rows far from all others make the index fit its codes anew. */
static void test_new_codes(uint64_t *seed)
{
    world w = create(seed, ARB_METRIC_L2, ARB_ELEMENT_F16, ARB_LAYOUT_COMPACT);
    filter of = {.length = NUMBERS};
    fill(&of, 1);
    arb_subset *subset = subset_of(&w, &of);
    CHECK(arb_subset_is_current(subset, w.index) == 1, "not current at first");
    float *far = test_random_vectors(seed, 2 * NUMBERS, DIM);
    int64_t *ids = malloc(2 * NUMBERS * sizeof *ids);
    CHECK(ids != NULL, "no memory");
    for (int64_t i = 0; i < 2 * NUMBERS; i++) {
        ids[i] = 10 * NUMBERS + i;
        for (int j = 0; j < DIM; j++)
            far[i * DIM + j] *= 100;
    }
    test_append(w.index, ids, far, 2 * NUMBERS, DIM);
    CHECK_OK(arb_index_freeze(w.index));
    CHECK(arb_subset_is_current(subset, w.index) == 0, "current with other codes");
    check(&w, seed, &of, subset);
    arb_subset_destroy(subset);
    free(far);
    free(ids);
    destroy(&w);
}

/* What a thread beside writers does. */
typedef struct beside {
    const world *w;
    const filter *of;
    _Atomic int stop;
    uint32_t made;     /* subsets */
    uint32_t searches; /* with one */
} beside;

/* Makes subsets and searches by each, while codes come and go. Deletions that are not finished may
 * or may not be seen; a row that the filter has not, never. */
static void *search_beside(void *context)
{
    beside *b = context;
    while (!atomic_load(&b->stop) || b->searches == 0) {
        arb_subset *subset = subset_of(b->w, b->of);
        b->made++;
        for (int i = 0; subset != NULL && i < 20; i++, b->searches++) {
            test_tree queries = test_vectors("", 'f', b->w->vectors + i * DIM, 1, DIM);
            test_tree bits = arrow_of(b->of, 0);
            arb_search_options options = test_search_options(K, EF, ARB_STRATEGY_SUBSET);
            options.subset = subset;
            test_hits hits = {0};
            CHECK_OK(arb_index_search(b->w->index, &options, &queries.schema, &queries.array,
                                      &bits.schema, &bits.array, &hits.schema, &hits.array,
                                      &hits.stats));
            const int64_t *id = hits.array.children[1]->buffers[1];
            CHECK(hits.array.length == K, "%" PRId64 " hits", hits.array.length);
            for (int j = 0; j < K; j++)
                CHECK(id[j] < ROWS && (id[j] >= REPLACED || b->of->matches[ROWS + id[j]]) &&
                          (id[j] < REPLACED || b->of->matches[id[j]]),
                      "id %" PRId64 " must not be returned", id[j]);
            test_hits_free(&hits);
            test_free(&queries);
            test_free(&bits);
        }
        arb_subset_destroy(subset);
    }
    return NULL;
}

static void test_beside_writers(uint64_t *seed)
{
    world w = create(seed, ARB_METRIC_L2, ARB_ELEMENT_F16, ARB_LAYOUT_COMPACT);
    filter of = {.length = NUMBERS};
    fill(&of, 2);
    beside b = {.w = &w, .of = &of};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, search_beside, &b) == 0, "no thread");
    float *far = test_random_vectors(seed, NUMBERS, DIM);
    for (int round = 0; round < (int)test_repeats(6); round++) {
        int64_t ids[NUMBERS];
        for (int64_t i = 0; i < NUMBERS; i++) {
            ids[i] = 10 * NUMBERS + i;
            for (int j = 0; j < DIM; j++) /* each round makes the codes of the last one unfit */
                far[i * DIM + j] *= 4;
        }
        test_append(w.index, ids, far, NUMBERS, DIM);
        int64_t odd = 2 * round + 1001; /* does not match */
        test_delete(w.index, &odd, 1);
        int64_t even = 2 * round + 1000;
        test_delete(w.index, &even, 1);
        CHECK_OK(arb_index_freeze(w.index));
    }
    atomic_store(&b.stop, 1);
    pthread_join(thread, NULL);
    CHECK(b.made > 0, "no subset was made");
    free(far);
    destroy(&w);
}

static void test_checks(uint64_t *seed)
{
    world w = create(seed, ARB_METRIC_COSINE, ARB_ELEMENT_F16, ARB_LAYOUT_COMPACT);
    world other = create(seed, ARB_METRIC_COSINE, ARB_ELEMENT_F16, ARB_LAYOUT_COMPACT);
    filter of = {.length = NUMBERS};
    CHECK(subset_of(&w, &of) == NULL, "a subset of nothing");
    fill(&of, 4);
    CHECK(subset_of(&w, &of) == NULL, "a subset of few rows");
    fill(&of, 1);
    arb_subset *subset = subset_of(&w, &of);
    CHECK(arb_subset_is_current(subset, other.index) == 0, "current in another index");
    CHECK(arb_subset_is_current(NULL, w.index) == 0, "NULL is current");
    test_tree bits = arrow_of(&of, 0);
    arb_subset *none = NULL;
    arb_subset_stats stats;
    CHECK_FAILS(arb_subset_create(NULL, &bits.schema, &bits.array, &none), ARB_INVALID_ARGUMENT,
                "index: found NULL");
    CHECK_FAILS(arb_subset_create(w.index, &bits.schema, &bits.array, NULL), ARB_INVALID_ARGUMENT,
                "out: found NULL");
    CHECK_FAILS(arb_subset_create(w.index, NULL, &bits.array, &none), ARB_INVALID_ARGUMENT,
                "filter: found a NULL ArrowSchema");
    CHECK_FAILS(arb_subset_get_stats(NULL, &stats), ARB_INVALID_ARGUMENT, "subset: found NULL");
    test_tree queries = test_vectors("", 'f', w.vectors, 1, DIM);
    struct ArrowSchema schema;
    struct ArrowArray array;
    arb_search_options options = test_search_options(K, EF, ARB_STRATEGY_SUBSET);
    CHECK_FAILS(arb_index_search(w.index, &options, &queries.schema, &queries.array, &bits.schema,
                                 &bits.array, &schema, &array, NULL),
                ARB_INVALID_ARGUMENT, "options.subset: found NULL; allowed one with strategy 4");
    options.subset = subset;
    CHECK_FAILS(arb_index_search(other.index, &options, &queries.schema, &queries.array,
                                 &bits.schema, &bits.array, &schema, &array, NULL),
                ARB_INVALID_ARGUMENT, "options.subset: found one of another index");
    CHECK_FAILS(arb_index_search(w.index, &options, &queries.schema, &queries.array, NULL, NULL,
                                 &schema, &array, NULL),
                ARB_INVALID_ARGUMENT, "filter: found NULL");
    options.strategy = ARB_STRATEGY_SCAN;
    CHECK_FAILS(arb_index_search(w.index, &options, &queries.schema, &queries.array, &bits.schema,
                                 &bits.array, &schema, &array, NULL),
                ARB_INVALID_ARGUMENT, "options.subset: found one; allowed NULL without strategy 4");
    CHECK(bits.array.release != NULL && queries.array.release != NULL && none == NULL,
          "touched on failure");
    bits.array.release(&bits.array);
    queries.array.release(&queries.array);
    test_free(&bits);
    test_free(&queries);
    arb_subset_destroy(subset);
    arb_subset_destroy(NULL);
    destroy(&w);
    destroy(&other);
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 20261123;
    printf("index_subset_test: seed %" PRIu64 "\n", seed);
    for (int metric = 0; metric < 3; metric++) {
        for (int element = 0; element < (test_is_reduced() ? 1 : 2); element++)
            test_life(&seed, (arb_metric)metric, (arb_element)element);
    }
    test_new_codes(&seed);
    test_beside_writers(&seed);
    test_checks(&seed);
    CHECK(test_arrays_alive == 0, "%" PRId64 " arrays leaked", (int64_t)test_arrays_alive);
    return 0;
}
