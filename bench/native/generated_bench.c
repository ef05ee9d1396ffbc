/* Generated distances beside the hand-written ones of the same job: from the first and second level
 * cache and from memory.
 *
 *     generated_bench [--filter NAME-PART] [--repeats N]
 *
 * Both are timed in turn, each on rows of its own drawn alike, again and again; the ratio is the
 * median over the repeats of two times taken microseconds apart, so that a noisy neighbor or a
 * change of clock speed hits both. Rows are visited in random order, those in memory prefetched a
 * group of four ahead, as a search does it. Every set is trusted that a forked child survives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "kernels/generated.h"
#include "testing.h"
#include "timing.h"

#define REPEATS_MAX 1001
#define ROWS_OF_BATCH 2048 /* some tens of microseconds */
#define CACHE_LINE 64
#define GROUP 4

typedef struct memory_level {
    const char *name;
    size_t bytes; /* of the rows */
} memory_level;

/* The last one is several times the last-level cache that is one core's share. */
static const memory_level levels[] = {{"L1", 16 << 10}, {"L2", 1 << 20}, {"memory", 1 << 30}};
#define LEVELS (sizeof levels / sizeof levels[0])
static const size_t dims[] = {100, 128, 384, 768, 1536};
#define DIMS (sizeof dims / sizeof dims[0])

static uint8_t *rows_memory;
static uint32_t order[2][ROWS_OF_BATCH];
static _Alignas(64) uint8_t query[ARB_DIM_MAX * sizeof(uint16_t)];
static volatile float sink;

typedef struct compared_job {
    const char *name;
    arb_generated_family family;
    arb_metric metric;
    size_t element_bytes;
    const char *set;
} compared_job;

#if defined(ARB_ARCH_x86_64)
#    define WIDENING "avx512"
#    define NATIVE "avx512fp16"
#    define SQ8 "avx512vnni"
#else
#    define WIDENING "neon" /* has no generator */
#    define NATIVE "neonfp16"
#    define SQ8 "neondotprod"
#endif

static const compared_job jobs[] = {
    {"f16_l2sq_" WIDENING, ARB_GENERATED_F16, ARB_METRIC_L2, 2, WIDENING},
    {"f16_dot_" WIDENING, ARB_GENERATED_F16, ARB_METRIC_DOT, 2, WIDENING},
    {"f16_cosine_" WIDENING, ARB_GENERATED_F16, ARB_METRIC_COSINE, 2, WIDENING},
    {"f16_l2sq_" NATIVE, ARB_GENERATED_F16_NATIVE, ARB_METRIC_L2, 2, NATIVE},
    {"f16_dot_" NATIVE, ARB_GENERATED_F16_NATIVE, ARB_METRIC_DOT, 2, NATIVE},
    {"f16_cosine_" NATIVE, ARB_GENERATED_F16_NATIVE, ARB_METRIC_COSINE, 2, NATIVE},
    {"sq8_l2sq_" SQ8, ARB_GENERATED_SQ8, ARB_METRIC_L2, 1, SQ8},
    {"sq8_dot_" SQ8, ARB_GENERATED_SQ8, ARB_METRIC_DOT, 1, SQ8},
};

static const arb_kernel_set *set_named(const char *name)
{
    for (int32_t set = 0; set < arb_kernel_set_count(); set++) {
        if (strcmp(arb_kernel_set_name(set), name) == 0) {
            return arb_kernel_set_at(set);
        }
    }
    return NULL;
}

static arb_distance hand_written(const compared_job *job)
{
    const arb_kernel_set *set = set_named(job->set);
    switch (job->family) {
    case ARB_GENERATED_F16:
        return set->distance[ARB_ELEMENT_F16][job->metric];
    case ARB_GENERATED_F16_NATIVE:
        return set->native[job->metric];
    case ARB_GENERATED_SQ8:
        return set->sq8[job->metric];
    }
    return (arb_distance){NULL, NULL};
}

/* ---- Time ---- */

typedef struct row_batch {
    arb_distance distance;
    size_t dim, stride;
    const uint32_t *order;
    int four; /* rows a call */
} row_batch;

static const void *row_at(const row_batch *batch, size_t i)
{
    return rows_memory + (size_t)batch->order[i] * batch->stride;
}

static void prefetch_group(const row_batch *batch, size_t first)
{
    for (size_t i = first; i < first + GROUP && i < ROWS_OF_BATCH; i++) {
        const char *row = row_at(batch, i);
        for (size_t at = 0; at < batch->stride; at += CACHE_LINE) {
            __builtin_prefetch(row + at);
        }
    }
}

/* Nanoseconds a row. */
static double time_batch(const row_batch *batch, int prefetch)
{
    float sum = 0;
    double started = test_seconds();
    for (size_t i = 0; i < ROWS_OF_BATCH; i += GROUP) {
        const void *rows[GROUP];
        float out[GROUP];
        if (prefetch) {
            prefetch_group(batch, i + GROUP);
        }
        for (size_t row = 0; row < GROUP; row++) {
            rows[row] = row_at(batch, i + row);
        }
        if (batch->four) {
            batch->distance.four(query, rows, batch->dim, out);
        } else {
            for (size_t row = 0; row < GROUP; row++) {
                out[row] = batch->distance.one(query, rows[row], batch->dim);
            }
        }
        sum += out[0] + out[1] + out[2] + out[3];
    }
    double seconds = test_seconds() - started;
    sink = sum;
    return seconds * 1e9 / ROWS_OF_BATCH;
}

static void draw_rows(size_t bytes, size_t stride, uint64_t *state)
{
    for (size_t i = 0; i < ROWS_OF_BATCH; i++) {
        order[0][i] = (uint32_t)test_random_below(state, bytes / stride);
        order[1][i] = (uint32_t)test_random_below(state, bytes / stride);
    }
}

static void print_cell(const compared_job *job, const arb_generated *generated, int four,
                       const memory_level *level, int repeats)
{
    static double written_ns[REPEATS_MAX], generated_ns[REPEATS_MAX], ratio[REPEATS_MAX];
    size_t stride = (generated->dim * job->element_bytes + 63) / 64 * 64;
    uint64_t state = generated->dim;
    int from_memory = level == &levels[LEVELS - 1];
    row_batch written = {hand_written(job), generated->dim, stride, order[0], four};
    row_batch made = {generated->distance, generated->dim, stride, order[1], four};
    for (int repeat = 0; repeat < repeats; repeat++) {
        draw_rows(level->bytes, stride, &state);
        if (!from_memory) { /* what was drawn is brought in first */
            time_batch(&written, 0);
            time_batch(&made, 0);
        }
        /* who begins alternates */
        row_batch *first = repeat % 2 ? &made : &written;
        double first_ns = time_batch(first, from_memory);
        double second_ns = time_batch(first == &made ? &written : &made, from_memory);
        generated_ns[repeat] = first == &made ? first_ns : second_ns;
        written_ns[repeat] = first == &made ? second_ns : first_ns;
        ratio[repeat] = written_ns[repeat] / generated_ns[repeat];
    }
    printf(" %.1f / %.1f (%.2fx) |", bench_median(written_ns, repeats),
           bench_median(generated_ns, repeats), bench_median(ratio, repeats));
}

/* ---- What can run ---- */

static void call_once(void *context)
{
    const arb_generated *generated = context;
    sink = generated->distance.one(query, rows_memory, generated->dim);
}

static void bench_job(const compared_job *job, int repeats)
{
    for (size_t d = 0; d < DIMS; d++) {
        arb_generated *generated =
            arb_generate(set_named(job->set), job->family, job->metric, dims[d]);
        if (generated == NULL || !test_survives(call_once, generated)) {
            printf("SKIPPED %s: %s\n", job->name,
                   generated ? "the CPU cannot execute it" : "nothing to generate");
            arb_generated_destroy(generated);
            return;
        }
        for (int four = 0; four <= 1; four++) {
            printf("| `%s%s` | %zu |", job->name, four ? ", x4" : "", dims[d]);
            for (size_t i = 0; i < LEVELS; i++) {
                print_cell(job, generated, four, &levels[i], repeats);
            }
            printf("\n");
        }
        arb_generated_destroy(generated);
    }
}

/* Halves and codes alike: no NaN, no infinity, no subnormals, FP16 sums far from overflow. */
static void fill_rows(void)
{
    size_t bytes = levels[LEVELS - 1].bytes;
    rows_memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(rows_memory != MAP_FAILED, "no memory for %zu bytes of rows", bytes);
    madvise(rows_memory, bytes, MADV_HUGEPAGE);
    uint64_t state = 1;
    for (size_t at = 0; at < bytes; at += sizeof state) {
        uint64_t halves = (test_random(&state) & 0x83ff83ff83ff83ffull) | 0x2c002c002c002c00ull;
        memcpy(rows_memory + at, &halves, sizeof halves);
    }
    memcpy(query, rows_memory + bytes / 2, sizeof query);
}

int main(int argc, char **argv)
{
    const char *filter = "";
    int repeats = 201;
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--filter") == 0) {
            filter = value;
        } else if (strcmp(argv[i], "--repeats") == 0 && atoi(value) >= 1 &&
                   atoi(value) <= REPEATS_MAX) {
            repeats = atoi(value);
        } else {
            fprintf(stderr, "usage: generated_bench [--filter NAME-PART] [--repeats 1..%d]\n",
                    REPEATS_MAX);
            return 2;
        }
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    fill_rows();
    printf(
        "ns a row, hand-written / generated (ratio; above 1 the generated is faster); medians of "
        "%d repeats of %d rows\n\n| kernel | dim | L1 | L2 | memory |\n|---|---:|---:|---:|---:|\n",
        repeats, ROWS_OF_BATCH);
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        if (strstr(jobs[i].name, filter)) {
            bench_job(&jobs[i], repeats);
        }
    }
    return 0;
}
