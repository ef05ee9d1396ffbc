/* What a generated distance does for searches: the same index, the same queries, its traversal run
 * by the kernel set's own distance and by the generated one in turn.
 *
 *     generated_search_bench [--data DIR] [--rows N] [--ef N] [--rounds N]
 *
 * DIR holds base.hbin (default $ARBALEST_DATA or ../shared/data/wordnet-minilm-384); its rows are
 * cut to each of the dimensions. Queries are rows behind those that are indexed. The ratio is the
 * median over the rounds of two times taken one after the other. Kernel sets that a forked child
 * survives are trusted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "index/index.h"
#include "index_helpers.h"
#include "kernels/half.h"
#include "timing.h"

#define K 10
#define QUERIES 3000       /* different ones, one turn after the other */
#define QUERIES_OF_TURN 25 /* some milliseconds */
#define ROUNDS_MAX 999
#define BATCH 1000

typedef struct settings {
    const char *data;
    long rows, ef, rounds;
} settings;

typedef struct table {
    uint32_t dim;
    float *values; /* rows + QUERIES of them */
} table;

static table read_table(const settings *wanted)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/base.hbin", wanted->data);
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL, "%s cannot be read", path);
    uint32_t shape[2];
    CHECK(fread(shape, sizeof *shape, 2, file) == 2, "%s ends early", path);
    size_t rows = (size_t)wanted->rows + QUERIES;
    CHECK(rows <= shape[0], "%s has %u rows; wanted %zu", path, shape[0], rows);
    size_t count = rows * shape[1];
    uint16_t *halves = malloc(count * sizeof *halves);
    float *values = malloc(count * sizeof *values);
    CHECK(halves != NULL && values != NULL, "no memory for %zu components", count);
    CHECK(fread(halves, sizeof *halves, count, file) == count, "%s ends early", path);
    for (size_t i = 0; i < count; i++) {
        values[i] = arb_f16_to_f32(halves[i]);
    }
    free(halves);
    fclose(file);
    return (table){shape[1], values};
}

/* `count` rows from `first`, cut to dim. */
static float *cut(const table *all, size_t first, size_t count, uint32_t dim)
{
    float *values = malloc(count * dim * sizeof *values);
    CHECK(values != NULL, "no memory for %zu rows", count);
    for (size_t i = 0; i < count; i++) {
        memcpy(values + i * dim, all->values + (first + i) * all->dim, dim * sizeof *values);
    }
    return values;
}

static void *link_all(void *index)
{
    test_link_all(index);
    return NULL;
}

static arb_index *build(const table *all, const settings *wanted, uint32_t dim, int32_t set,
                        arb_codes_kind codes)
{
    arb_index_options options = test_options(dim, ARB_METRIC_COSINE, ARB_ELEMENT_F16);
    options.M = 16;
    options.ef_construction = 100;
    options.kernel_set = set;
    options.trust_kernel_set = 1;
    options.codes = (int32_t)codes;
    options.generated = ARB_GENERATED_ALWAYS;
    arb_index *index = test_index(&options);
    int64_t ids[BATCH];
    for (size_t first = 0; first < (size_t)wanted->rows; first += BATCH) {
        size_t count = (size_t)wanted->rows - first < BATCH ? (size_t)wanted->rows - first : BATCH;
        for (size_t i = 0; i < count; i++) {
            ids[i] = (int64_t)(first + i);
        }
        float *values = cut(all, first, count, dim);
        test_append(index, ids, values, (int64_t)count, dim);
        free(values);
    }
    pthread_t other;
    CHECK(pthread_create(&other, NULL, link_all, index) == 0, "no thread");
    test_link_all(index);
    pthread_join(other, NULL);
    CHECK_OK(arb_index_freeze(index));
    return index;
}

/* Of this thread: time that it does not run does not count. */
static double thread_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Seconds a query, over the next QUERIES_OF_TURN of them. */
static double time_queries(arb_index *index, const float *queries, const settings *wanted,
                           long round)
{
    size_t first = (size_t)round * QUERIES_OF_TURN % QUERIES;
    double started = thread_seconds();
    test_hits hits = test_search(index, queries + first * index->dim, QUERIES_OF_TURN, index->dim,
                                 K, (uint32_t)wanted->ef, 0);
    double seconds = thread_seconds() - started;
    test_hits_free(&hits);
    return seconds / QUERIES_OF_TURN;
}

static double quantile(double *values, long count, long of_four)
{
    qsort(values, (size_t)count, sizeof *values, bench_compare);
    return values[count * of_four / 4];
}

static void compare(const table *all, const settings *wanted, uint32_t dim, int32_t set,
                    arb_codes_kind codes)
{
    static double written[ROUNDS_MAX], generated[ROUNDS_MAX], ratio[ROUNDS_MAX];
    arb_index *index = build(all, wanted, dim, set, codes);
    float *queries = cut(all, (size_t)wanted->rows, QUERIES, dim);
    arb_index_stats stats = test_stats(index);
    if (stats.generated) {
        const arb_generated *code = index->generated;
        for (long round = 0; round < wanted->rounds; round++) {
            for (int turn = 0; turn < 2; turn++) {
                int runs_generated = (turn + round) % 2;
                atomic_store(&index->scorer.generated, runs_generated ? code : NULL);
                double *times = runs_generated ? generated : written;
                times[round] = time_queries(index, queries, wanted, 2 * round + turn);
            }
            ratio[round] = written[round] / generated[round];
        }
        printf("| %s | %s | %u | %.2f | %.1f | %.1f | %.3f (%.3f to %.3f) |\n",
               arb_kernel_set_name(set), stats.codes == ARB_CODES_SQ8 ? "SQ8 codes" : "FP16 rows",
               dim, (double)stats.generated_speedup, 1e6 * quantile(written, wanted->rounds, 2),
               1e6 * quantile(generated, wanted->rounds, 2), quantile(ratio, wanted->rounds, 2),
               quantile(ratio, wanted->rounds, 1), quantile(ratio, wanted->rounds, 3));
    } else {
        printf("SKIPPED %s, %u: nothing was generated\n", arb_kernel_set_name(set), dim);
    }
    free(queries);
    arb_index_close(index);
}

typedef struct trial {
    const arb_kernel_set *set;
} trial;

static void call_once(void *context)
{
    const arb_kernel_set *set = ((const trial *)context)->set;
    uint16_t halves[64] = {0};
    uint8_t codes[64] = {0};
    set->distance[ARB_ELEMENT_F16][ARB_METRIC_L2].one(halves, halves, 64);
    set->sq8[ARB_METRIC_L2].one(codes, codes, 64);
    if (set->native[ARB_METRIC_L2].one != NULL) {
        set->native[ARB_METRIC_L2].one(halves, halves, 64);
    }
}

static settings parse(int argc, char **argv)
{
    const char *data = getenv("ARBALEST_DATA");
    settings wanted = {data ? data : "../shared/data/wordnet-minilm-384", 60000, 64, 401};
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        long number = strtol(value, NULL, 10);
        if (strcmp(argv[i], "--data") == 0 && *value) {
            wanted.data = value;
        } else if (strcmp(argv[i], "--rows") == 0 && number >= 1000) {
            wanted.rows = number;
        } else if (strcmp(argv[i], "--ef") == 0 && number >= 1 && number <= ARB_EF_MAX) {
            wanted.ef = number;
        } else if (strcmp(argv[i], "--rounds") == 0 && number >= 1 && number <= ROUNDS_MAX) {
            wanted.rounds = number;
        } else {
            fprintf(stderr,
                    "usage: generated_search_bench [--data DIR] [--rows 1000..] [--ef N] "
                    "[--rounds 1..%d]\n",
                    ROUNDS_MAX);
            exit(2);
        }
    }
    return wanted;
}

int main(int argc, char **argv)
{
    static const uint32_t dims[] = {100, 384};
    settings wanted = parse(argc, argv);
    table all = read_table(&wanted);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf(
        "%ld rows, k = %d, ef = %ld, one thread; medians of %ld rounds of %d queries; in brackets "
        "the middle half of the rounds\n\n| set | traversal of | dim | calibration | hand-written, "
        "us "
        "| generated, us | ratio |\n|---|---|---:|---:|---:|---:|---:|\n",
        wanted.rows, K, wanted.ef, wanted.rounds, QUERIES_OF_TURN);
    for (int32_t set = 0; set < arb_kernel_set_count(); set++) {
        trial tried = {arb_kernel_set_at(set)};
        if (!arb_kernel_set_requires(set) || !test_survives(call_once, &tried)) {
            continue;
        }
        for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++) {
            /* a set's own part: codes with its byte products, rows with its FP16 arithmetic */
            if (tried.set->native[ARB_METRIC_COSINE].one != NULL) {
                compare(&all, &wanted, dims[i], set, ARB_CODES_NONE);
                compare(&all, &wanted, dims[i], set, ARB_CODES_SQ8);
            }
        }
    }
    free(all.values);
    return 0;
}
