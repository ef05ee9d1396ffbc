/* Appends, upserts, deletes, links, freezes and searches at once, against an oracle.
 *
 * Every id has a state word that its one writer changes: in flux before a call, then the version
 * that the call acknowledged. A search that sees the same settled state before and after must agree
 * with it: a live row is the nearest to its own vector, a deleted one is no hit. Some ids are
 * replaced all the time by rows next to where they were: every search must return each of them
 * exactly once, in flux or not.
 *
 * index_concurrency_test [SEED [ROWS]] */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>

#include "index_helpers.h"

#define DIM 40 /* of halves: codes save a cache line */
#define WRITERS 2
#define LINKERS 2
#define SEARCHERS 2
#define BATCH 16
#define PENDING_MAX 200 /* rows */
#define HOT 4           /* ids -1..-HOT */
#define HITS 10
#define NEVER 0u       /* states: not appended yet; odd: in flux; even: see version_of */
#define DELETED_BIT 2u /* of a settled state */

typedef struct stress {
    arb_index *index;
    uint64_t seed;
    int64_t rows_a_writer;
    _Atomic uint32_t *states; /* of ids 0..WRITERS*rows-1 */
    _Atomic int writers_left;
    _Atomic uint64_t checks;
    _Atomic uint64_t graph_misses;
} stress;

typedef struct worker {
    stress *run;
    int number;
    pthread_t thread;
} worker;

/* The vector of a version of an id, the same wherever it is asked for. Hot ids stay close together.
 */
static void vector_of(uint64_t seed, int64_t id, uint32_t version, float out[DIM])
{
    uint64_t hot_place = seed;
    uint64_t own = (seed ^ (uint64_t)id * 0x2545f4914f6cdd1dull) + version;
    for (int i = 0; i < DIM; i++) {
        float unit = test_random_unit(&own);
        out[i] = id < 0 ? test_random_unit(&hot_place) + 0.01f * unit : unit;
    }
}

static uint32_t settled(uint32_t version, int deleted)
{
    return version << 2 | (deleted ? DELETED_BIT : 0);
}

static uint32_t version_of(uint32_t state)
{
    return state >> 2;
}

/* ---- writers ---- */

static void append_ids(stress *run, const int64_t *ids, int count, uint32_t version)
{
    float values[BATCH * DIM];
    for (int i = 0; i < count; i++) {
        if (ids[i] >= 0) {
            atomic_fetch_or(&run->states[ids[i]], 1);
        }
        vector_of(run->seed, ids[i], version, values + i * DIM);
    }
    test_append(run->index, ids, values, count, DIM);
    for (int i = 0; i < count; i++) {
        if (ids[i] >= 0) {
            atomic_store(&run->states[ids[i]], settled(version, 0));
        }
    }
}

static void delete_id(stress *run, int64_t id)
{
    uint32_t state = atomic_load(&run->states[id]);
    if (state == NEVER || (state & DELETED_BIT)) {
        return;
    }
    atomic_store(&run->states[id], state | 1);
    CHECK(test_delete(run->index, &id, 1) == 1, "id %" PRId64 " did not live", id);
    atomic_store(&run->states[id], settled(version_of(state), 1));
}

static void *write_rows(void *context)
{
    const worker *self = context;
    stress *run = self->run;
    uint64_t random = run->seed + (uint64_t)self->number;
    int64_t first = self->number * run->rows_a_writer;
    for (int64_t done = 0; done < run->rows_a_writer; done += BATCH) {
        /* writing is far faster than linking: keep the three kinds of work side by side */
        while (test_stats(run->index).pending > PENDING_MAX) {
            sched_yield();
        }
        int64_t ids[BATCH];
        for (int i = 0; i < BATCH; i++) {
            ids[i] = first + done + i;
        }
        append_ids(run, ids, BATCH, 1);
        uint32_t version = 2 + (uint32_t)(done / BATCH);
        /* upsert some that are there, delete some, bring some back */
        int64_t old = first + (int64_t)test_random_below(&random, (uint64_t)done + 1);
        append_ids(run, &old, 1, version);
        delete_id(run, first + (int64_t)test_random_below(&random, (uint64_t)done + 1));
        /* each writer has its own hot ids, replaced together, one of them twice in the batch */
        int64_t hot[3] = {-1 - 2 * self->number, -2 - 2 * self->number, -1 - 2 * self->number};
        append_ids(run, hot, 3, version);
    }
    atomic_fetch_sub(&run->writers_left, 1);
    return NULL;
}

static void *link_rows(void *context)
{
    stress *run = ((worker *)context)->run;
    uint32_t linked = 1;
    int left = 1;
    while (left || linked > 0) {
        left = atomic_load(&run->writers_left) > 0;
        CHECK_OK(arb_index_link(run->index, 7, &linked));
        if (linked == 0) {
            sched_yield();
        }
    }
    return NULL;
}

/* Freezes, asks for stats and vectors while the others run. */
static void *look_around(void *context)
{
    stress *run = ((worker *)context)->run;
    while (atomic_load(&run->writers_left) > 0) {
        CHECK_OK(arb_index_freeze(run->index));
        arb_index_stats stats = test_stats(run->index);
        CHECK(stats.live <= stats.rows && stats.pending <= stats.rows,
              "live %" PRIu64 ", pending %" PRIu64 " of %" PRIu64, stats.live, stats.pending,
              stats.rows);
        int64_t hot[HOT] = {-1, -2, -3, -4};
        test_tree ids = test_ids("ids", hot, HOT);
        struct ArrowSchema schema;
        struct ArrowArray array;
        CHECK_OK(arb_index_vectors(run->index, &ids.schema, &ids.array, &schema, &array));
        CHECK(array.null_count == 0, "%" PRId64 " hot ids have no vector", array.null_count);
        array.release(&array);
        schema.release(&schema);
        test_free(&ids);
    }
    return NULL;
}

/* ---- searchers ---- */

static void check_distinct(const test_hits *hits)
{
    for (int64_t i = 0; i < hits->count; i++) {
        for (int64_t j = 0; j < i; j++) {
            CHECK(hits->id[i] != hits->id[j], "id %" PRId64 " twice", hits->id[i]);
        }
    }
}

static void count_check(stress *run, int found)
{
    atomic_fetch_add(&run->checks, 1);
    atomic_fetch_add(&run->graph_misses, (uint64_t)!found);
}

/* The nearest to the hot place are the hot ids, each once. */
static void check_hot(stress *run, int exact)
{
    float query[DIM];
    vector_of(run->seed, -1, 0, query);
    test_hits hits = test_search(run->index, query, 1, DIM, HOT, 100, exact);
    check_distinct(&hits);
    int found = hits.count == HOT;
    for (int64_t i = 0; i < hits.count; i++) {
        found = found && hits.id[i] < 0;
        CHECK(found || !exact, "hit %" PRId64 " of %" PRId64 " is %" PRId64 ", not a hot id", i,
              hits.count, hits.id[i]);
    }
    count_check(run, found);
    test_hits_free(&hits);
}

/* The same for many queries at once, which are answered by one scan. */
static void check_hot_batch(stress *run)
{
    float queries[BATCH * DIM];
    for (int i = 0; i < BATCH; i++) {
        vector_of(run->seed, -1, (uint32_t)i, queries + i * DIM);
    }
    test_hits hits = test_search(run->index, queries, BATCH, DIM, HOT, 100, ARB_STRATEGY_EXACT);
    CHECK(hits.count == BATCH * HOT, "%" PRId64 " hits", hits.count);
    for (int64_t i = 0; i < hits.count; i++) {
        CHECK(hits.query[i] == i / HOT && hits.id[i] < 0,
              "hit %" PRId64 " is %" PRId64 " of query %u", i, hits.id[i], hits.query[i]);
        for (int64_t j = i / HOT * HOT; j < i; j++) {
            CHECK(hits.id[i] != hits.id[j], "id %" PRId64 " twice", hits.id[i]);
        }
    }
    count_check(run, 1);
    test_hits_free(&hits);
}

static void check_one(stress *run, uint64_t *random, int exact)
{
    int64_t id = (int64_t)test_random_below(random, (uint64_t)(WRITERS * run->rows_a_writer));
    uint32_t before = atomic_load(&run->states[id]);
    if (before == NEVER || (before & 1)) {
        return;
    }
    float query[DIM];
    vector_of(run->seed, id, version_of(before), query);
    test_hits hits = test_search(run->index, query, 1, DIM, HITS, 100, exact);
    check_distinct(&hits);
    if (before == atomic_load(&run->states[id])) {
        int found = hits.count > 0 && hits.id[0] == id && hits.distance[0] < 1e-3f;
        if (before & DELETED_BIT) {
            for (int64_t i = 0; i < hits.count; i++) {
                CHECK(hits.id[i] != id, "id %" PRId64 " is deleted and found", id);
            }
        } else {
            CHECK(found || !exact, "id %" PRId64 " lives and is not found: nearest %" PRId64, id,
                  hits.count > 0 ? hits.id[0] : 0);
            count_check(run, found);
        }
    }
    test_hits_free(&hits);
}

static void *search_rows(void *context)
{
    const worker *self = context;
    stress *run = self->run;
    uint64_t random = run->seed + 1000 + (uint64_t)self->number;
    while (atomic_load(&run->writers_left) > 0) {
        for (int exact = 0; exact < 2; exact++) {
            check_hot(run, exact);
            check_one(run, &random, exact);
        }
        check_hot_batch(run);
    }
    return NULL;
}

/* ---- */

static void check_end(stress *run)
{
    uint64_t live = HOT;
    uint64_t misses = 0;
    for (int64_t id = 0; id < WRITERS * run->rows_a_writer; id++) {
        uint32_t state = atomic_load(&run->states[id]);
        float query[DIM];
        vector_of(run->seed, id, version_of(state), query);
        test_hits hits = test_search(run->index, query, 1, DIM, 1, 100, 0);
        int found = hits.id[0] == id && hits.distance[0] < 1e-3f;
        if (state & DELETED_BIT) {
            CHECK(!found, "id %" PRId64 " is deleted and found", id);
        } else {
            live++;
            misses += !found;
        }
        test_hits_free(&hits);
    }
    arb_index_stats stats = test_stats(run->index);
    CHECK(stats.live == live, "live %" PRIu64 ", not %" PRIu64, stats.live, live);
    CHECK(stats.codes == ARB_CODES_SQ8, "no codes after %" PRIu64 " rows", stats.rows);
    CHECK(stats.pending == 0, "pending %" PRIu64, stats.pending);
    CHECK(misses <= live / 200, "%" PRIu64 " of %" PRIu64 " rows are not found by the graph",
          misses, live);
    test_validate(run->index);
}

int main(int argc, char **argv)
{
    int64_t rows = argc > 2 ? atoll(argv[2]) : 200 * test_repeats(20) + 800;
    stress run = {.seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261122,
                  .rows_a_writer = rows / WRITERS / BATCH * BATCH,
                  .writers_left = WRITERS};
    printf("seed %" PRIu64 ", %" PRId64 " rows a writer\n", run.seed, run.rows_a_writer);
    arb_index_options options = test_options(DIM, ARB_METRIC_L2, ARB_ELEMENT_F16);
    options.codes = ARB_CODES_SQ8;    /* made and looked at while all this goes on */
    run.index = test_index(&options); /* set 0, in C: a thread sanitizer sees what it reads */
    run.states = calloc((size_t)(WRITERS * run.rows_a_writer), sizeof *run.states);
    CHECK(run.states != NULL, "no memory");
    append_ids(&run, (int64_t[]){-1, -2, -3, -4}, HOT, 1);
    worker workers[WRITERS + LINKERS + SEARCHERS + 1];
    int count = 0;
    for (int i = 0; i < WRITERS; i++) {
        workers[count++] = (worker){.run = &run, .number = i};
        CHECK(pthread_create(&workers[i].thread, NULL, write_rows, &workers[i]) == 0, "thread");
    }
    void *(*const others[])(void *) = {link_rows, link_rows, search_rows, search_rows, look_around};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        worker *one = &workers[count++];
        *one = (worker){.run = &run, .number = (int)i};
        CHECK(pthread_create(&one->thread, NULL, others[i], one) == 0, "thread");
    }
    for (int i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    check_end(&run);
    printf("%" PRIu64 " checks, %" PRIu64 " missed by the graph\n", run.checks, run.graph_misses);
    CHECK(run.checks > (uint64_t)test_repeats(100), "too few searches had something to check");
    CHECK(run.graph_misses <= run.checks / 50 + 1, "%" PRIu64 " misses", run.graph_misses);
    arb_index_close(run.index);
    free(run.states);
    CHECK(test_arrays_alive == 0, "%" PRId64 " arrays leaked", (int64_t)test_arrays_alive);
    return 0;
}
