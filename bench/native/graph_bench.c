/* graph_bench.c: recall against speed of the graph alone, no index and no JVM around it.
 *
 *   graph_bench [--data DIR] [--rows N] [--M 16] [--ef-construction 200] [--metric cosine]
 *               [--set avx512] [--native] [--codes] [--fused] [--build-threads 2] [--threads 1,2]
 *               [--rounds 3] [--freeze] [--ef 16,24,...] [--group 1,4] [--graph FILE]
 *               [--only codes]
 *
 * DIR holds base.hbin, dev.hbin and dev.truth.ibin (default $ARBALEST_DATA or
 * ../shared/data/wordnet-minilm-384). FILE keeps the graph: it is opened if it is there, else built
 * and written. With --codes the graph is built over SQ8 codes and their bits, and searched over
 * rows, over codes alone and with their bits; with --fused over a copy of the same graph in the
 * fused layout as well; with --group so many queries take turns on a thread. --only leaves the
 * others out, for a profiler. Every speed stands beside its recall@10; of the rounds the
 * best counts, so that a noisy neighbor does not. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "timing.h"
#include "vectors/pages.h"

#define K 10
#define EFS_MAX 32
#define WAYS_MAX 16

typedef struct options {
    const char *data;
    const char *set;
    const char *metric;
    const char *graph;
    const char *only; /* rows, codes, bits or fused; NULL: all */
    uint32_t rows;
    uint32_t M;
    uint32_t ef_construction;
    uint32_t build_threads;
    uint32_t threads[8];
    uint32_t thread_counts;
    uint32_t efs[EFS_MAX];
    uint32_t ef_count;
    uint32_t rounds;
    uint32_t groups[4]; /* so many queries take turns on a thread */
    uint32_t group_count;
    int native;
    int freeze;
    int codes;
    int fused;
} options;

typedef struct table {
    uint32_t rows;
    uint32_t columns;
    void *values; /* behind the two counts */
} table;

__attribute__((noreturn)) static void die(const char *what, const char *detail)
{
    fprintf(stderr, "graph_bench: %s: %s\n", what, detail);
    exit(1);
}

static table read_table(const char *directory, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        die("cannot open", path);
    uint32_t counts[2];
    if (fread(counts, sizeof counts, 1, file) != 1)
        die("too short", path);
    long start = ftell(file);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)(ftell(file) - start);
    fseek(file, start, SEEK_SET);
    table t = {counts[0], counts[1], malloc(size)};
    if (t.values == NULL || fread(t.values, 1, size, file) != size)
        die("cannot read", path);
    fclose(file);
    return t;
}

static uint32_t parse_list(const char *text, uint32_t *values, uint32_t most)
{
    uint32_t count = 0;
    while (*text != '\0' && count < most) {
        char *end;
        values[count++] = (uint32_t)strtoul(text, &end, 10);
        if (end == text)
            die("not a list of numbers", text);
        text = *end == ',' ? end + 1 : end;
    }
    return count;
}

static options parse(int argc, char **argv)
{
    options o = {.data = getenv("ARBALEST_DATA"),
                 .metric = "cosine",
                 .rows = UINT32_MAX,
                 .M = 16,
                 .ef_construction = 200,
                 .build_threads = 2,
                 .rounds = 3,
                 .groups = {1},
                 .group_count = 1};
    o.thread_counts = parse_list("1,2", o.threads, 8);
    o.ef_count = parse_list("10,16,20,24,32,48,64,96,128,192,256", o.efs, EFS_MAX);
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--native") == 0) {
            o.native = 1;
            continue;
        }
        if (strcmp(argv[i], "--fused") == 0) {
            o.fused = 1;
            continue;
        }
        if (strcmp(argv[i], "--codes") == 0) {
            o.codes = 1;
            continue;
        }
        if (strcmp(argv[i], "--freeze") == 0) {
            o.freeze = 1;
            continue;
        }
        if (strcmp(argv[i], "--data") == 0)
            o.data = value;
        else if (strcmp(argv[i], "--set") == 0)
            o.set = value;
        else if (strcmp(argv[i], "--metric") == 0)
            o.metric = value;
        else if (strcmp(argv[i], "--only") == 0)
            o.only = value;
        else if (strcmp(argv[i], "--graph") == 0)
            o.graph = value;
        else if (strcmp(argv[i], "--rows") == 0)
            parse_list(value, &o.rows, 1);
        else if (strcmp(argv[i], "--M") == 0)
            parse_list(value, &o.M, 1);
        else if (strcmp(argv[i], "--ef-construction") == 0)
            parse_list(value, &o.ef_construction, 1);
        else if (strcmp(argv[i], "--build-threads") == 0)
            parse_list(value, &o.build_threads, 1);
        else if (strcmp(argv[i], "--rounds") == 0)
            parse_list(value, &o.rounds, 1);
        else if (strcmp(argv[i], "--group") == 0)
            o.group_count = parse_list(value, o.groups, 4);
        else if (strcmp(argv[i], "--threads") == 0)
            o.thread_counts = parse_list(value, o.threads, 8);
        else if (strcmp(argv[i], "--ef") == 0)
            o.ef_count = parse_list(value, o.efs, EFS_MAX);
        else
            die("unknown option", argv[i]);
        i++;
    }
    for (uint32_t i = 0; i < o.group_count; i++) {
        if (o.groups[i] < 1 || o.groups[i] > ARB_GROUP_MAX)
            die("--group", "1 to 4 queries take turns");
    }
    if (o.data == NULL)
        o.data = "../shared/data/wordnet-minilm-384";
    return o;
}

static const arb_kernel_set *choose_set(const options *o)
{
    const arb_kernel_set *chosen = NULL;
    for (int32_t i = 0; arb_kernel_set_at(i) != NULL; i++) {
        const arb_kernel_set *set = arb_kernel_set_at(i);
        if (o->set != NULL ? strcmp(set->name, o->set) == 0
                           : (set->requires & ~arb_cpu_facts()) == 0)
            chosen = set;
    }
    if (chosen == NULL)
        die("no such kernel set", o->set);
    return chosen;
}

typedef struct work {
    arb_graph *graph;
    const options *options;
    const arb_rows *queries;
    _Atomic uint32_t next;
    uint32_t end;
    uint32_t ef;
    uint32_t group;
    uint32_t *answers; /* K a query */
    double *seconds;   /* a query */
    _Atomic uint64_t visited;
    _Atomic uint64_t hops;
} work;

static void *build_thread(void *argument)
{
    work *w = argument;
    arb_searcher *searcher = arb_searcher_acquire(w->graph);
    for (uint32_t node = w->next++; node < w->end; node = w->next++) {
        if (arb_graph_insert(w->graph, searcher, node) != ARB_OK)
            die("insert", arb_last_error());
    }
    arb_searcher_release(w->graph, searcher);
    return NULL;
}

static void *search_thread(void *argument)
{
    work *w = argument;
    uint32_t group = w->group;
    arb_searcher *searchers[ARB_GROUP_MAX];
    arb_search_stats stats = {0};
    arb_graph_options wanted = {.ef = w->ef, .k = K};
    for (uint32_t i = 0; i < group; i++)
        searchers[i] = arb_searcher_acquire(w->graph);
    for (uint32_t first; (first = atomic_fetch_add(&w->next, group)) < w->end;) {
        arb_graph_query queries[ARB_GROUP_MAX];
        arb_hit hits[ARB_GROUP_MAX][K];
        uint32_t count = w->end - first < group ? w->end - first : group;
        for (uint32_t i = 0; i < count; i++)
            queries[i] = (arb_graph_query){arb_row(w->queries, first + i), 1, hits[i], 0};
        double start = bench_now();
        if (arb_graph_search_group(w->graph, searchers, queries, count, &wanted, &stats) != ARB_OK)
            die("search", arb_last_error());
        for (uint32_t i = 0; i < count; i++) {
            w->seconds[first + i] = bench_now() - start;
            for (uint32_t h = 0; h < K; h++)
                w->answers[(first + i) * K + h] =
                    h < queries[i].count ? hits[i][h].node : UINT32_MAX;
        }
    }
    w->visited += stats.visited;
    w->hops += stats.hops;
    for (uint32_t i = 0; i < group; i++)
        arb_searcher_release(w->graph, searchers[i]);
    return NULL;
}

static double run(work *w, uint32_t threads, void *(*body)(void *))
{
    pthread_t handles[64];
    w->next = 0;
    double start = bench_now();
    for (uint32_t i = 0; i < threads; i++)
        pthread_create(&handles[i], NULL, body, w);
    for (uint32_t i = 0; i < threads; i++)
        pthread_join(handles[i], NULL);
    return bench_now() - start;
}

static arb_rows *load_rows(const table *t, uint32_t count)
{
    arb_rows *rows;
    if (arb_rows_create(t->columns, sizeof(uint16_t), &rows) != ARB_OK ||
        arb_rows_reserve(rows, 0, count) != ARB_OK)
        die("rows", arb_last_error());
    size_t bytes = t->columns * sizeof(uint16_t);
    for (uint32_t i = 0; i < count; i++)
        memcpy(arb_row_for_write(rows, i), (const char *)t->values + i * bytes, bytes);
    return rows;
}

static double recall(const work *w, const table *truth)
{
    const uint32_t *ids = truth->values;
    uint64_t common = 0;
    for (uint32_t i = 0; i < w->end; i++) {
        for (uint32_t a = 0; a < K; a++) {
            for (uint32_t b = 0; b < K; b++)
                common += ids[(size_t)i * truth->columns + a] == w->answers[i * K + b];
        }
    }
    return (double)common / ((double)w->end * K);
}

static arb_status write_piece(void *context, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, context) == size ? ARB_OK : ARB_IO;
}

/* Returns 0 if there is no such file. */
static int open_graph(work *w, const arb_scorer *scorer, const char *path, uint32_t nodes)
{
    FILE *file = path == NULL ? NULL : fopen(path, "rb");
    if (file == NULL)
        return 0;
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    void *bytes = arb_pages_map(size); /* not given back: the graph uses it to the end */
    arb_pages_advise_huge(bytes, size);
    if (fread(bytes, 1, size, file) != size ||
        arb_graph_open(scorer, bytes, size, nodes, &w->graph) != ARB_OK)
        die(path, arb_last_error());
    fclose(file);
    return 1;
}

static void write_graph(const work *w, const char *path, uint32_t nodes)
{
    FILE *file = path == NULL ? NULL : fopen(path, "wb");
    if (path != NULL &&
        (file == NULL || arb_graph_write(w->graph, nodes, write_piece, file) != ARB_OK ||
         fclose(file) != 0))
        die("cannot write", path);
}

static void build(work *w, const options *o, const arb_scorer *scorer, uint32_t count)
{
    if (arb_graph_create(scorer, o->M, o->ef_construction, 42, &w->graph) != ARB_OK)
        die("create", arb_last_error());
    double cpu_start = bench_clock(CLOCK_PROCESS_CPUTIME_ID);
    double built = run(w, o->build_threads, build_thread);
    printf("build: %u threads, %.2f s, %.0f rows/s, processor time %.2f s\n", o->build_threads,
           built, count / built, bench_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu_start);
}

/* The best of the rounds of one setting. */
typedef struct best {
    double seconds;
    double cpu;
    double p50;
    double p99;
    double recall;
    double visited;
    double hops;
} best;

static double lesser(double a, double b)
{
    return a < b ? a : b;
}

static void measure(work *w, uint32_t threads, const table *truth, best *out)
{
    w->visited = 0;
    w->hops = 0;
    double cpu_start = bench_clock(CLOCK_PROCESS_CPUTIME_ID);
    out->seconds = lesser(out->seconds, run(w, threads, search_thread));
    out->cpu = lesser(out->cpu, bench_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu_start);
    qsort(w->seconds, w->end, sizeof(double), bench_compare);
    out->p50 = lesser(out->p50, w->seconds[w->end / 2]);
    out->p99 = lesser(out->p99, w->seconds[w->end * 99 / 100]);
    out->recall = recall(w, truth);
    out->visited = (double)w->visited / w->end;
    out->hops = (double)w->hops / w->end;
}

/* What a search goes over. */
typedef struct way {
    const char *name;
    arb_graph *graph;
    const arb_codes *codes;
    uint32_t group;
} way;

/* A way for each size of group, unless --only is another. Returns how many there are now. */
static int add_ways(const options *o, way *ways, int count, way of)
{
    if (o->only != NULL && strcmp(o->only, of.name) != 0)
        return count;
    for (uint32_t i = 0; i < o->group_count; i++) {
        ways[count] = of;
        ways[count++].group = o->groups[i];
    }
    return count;
}

/* All ways side by side in every round. */
static void sweep(work *w, const options *o, const table *truth, arb_scorer *scorer,
                  const way *ways, int count)
{
    printf("%8s %8s %5s %4s %8s %9s %9s %9s %9s %9s %7s\n", "threads", "over", "group", "ef",
           "recall", "qps", "cpu_us", "p50_us", "p99_us", "visited", "hops");
    for (uint32_t t = 0; t < o->thread_counts; t++) {
        for (uint32_t e = 0; e < o->ef_count; e++) {
            best found[WAYS_MAX];
            w->ef = o->efs[e];
            for (int i = 0; i < count; i++)
                found[i] = (best){1e9, 1e9, 1e9, 1e9, 0, 0, 0};
            for (uint32_t round = 0; round < o->rounds; round++) {
                for (int i = 0; i < count; i++) {
                    atomic_store(&scorer->codes, ways[i].codes);
                    w->graph = ways[i].graph;
                    w->group = ways[i].group;
                    measure(w, o->threads[t], truth, &found[i]);
                }
            }
            for (int i = 0; i < count; i++)
                printf("%8u %8s %5u %4u %8.4f %9.0f %9.1f %9.1f %9.1f %9.0f %7.0f\n", o->threads[t],
                       ways[i].name, ways[i].group, w->ef, found[i].recall,
                       w->end / found[i].seconds, found[i].cpu / w->end * 1e6, found[i].p50 * 1e6,
                       found[i].p99 * 1e6, found[i].visited, found[i].hops);
            fflush(stdout);
        }
    }
}

/* The same graph in the fused layout. */
static arb_graph *make_fused(const work *w, const arb_scorer *scorer, uint32_t count)
{
    char *bytes;
    size_t size;
    FILE *memory = open_memstream(&bytes, &size);
    if (memory == NULL || arb_graph_write(w->graph, count, write_piece, memory) != ARB_OK ||
        fclose(memory) != 0)
        die("fused", "cannot copy the graph");
    arb_graph *graph;
    if (arb_graph_open(scorer, bytes, size, count, &graph) != ARB_OK)
        die("fused", arb_last_error());
    double start = bench_now();
    arb_graph_set_fused(graph, 1);
    arb_graph_stats stats;
    if (arb_graph_freeze(graph) != ARB_OK || arb_graph_get_stats(graph, &stats) != ARB_OK)
        die("fused", arb_last_error());
    if (!stats.fused)
        die("fused", "the rows have no grid that is good enough");
    printf("fused: %.3f s, %.1f MB, %.0f bytes a row\n", bench_now() - start,
           (double)stats.bytes * 1e-6, (double)stats.bytes / count);
    free(bytes); /* the freeze copied every list */
    return graph;
}

/* Of all rows, for the build and the sweep. */
static arb_codes *make_codes(arb_scorer *scorer, uint32_t count)
{
    arb_codes *codes;
    double start = bench_now();
    if (arb_codes_create(&scorer->form, scorer->rows, count, &codes) != ARB_OK)
        die("codes", arb_last_error());
    if (codes == NULL)
        die("codes", "the rows have no grid that is good enough");
    printf("codes: %.3f s, scale %.5f, error %.2g\n", bench_now() - start, (double)codes->scale,
           (double)codes->error);
    atomic_store(&scorer->codes, codes);
    return codes;
}

int main(int argc, char **argv)
{
    options o = parse(argc, argv);
    table base = read_table(o.data, "base.hbin");
    table dev = read_table(o.data, "dev.hbin");
    table truth = read_table(o.data, "dev.truth.ibin");
    uint32_t count = o.rows < base.rows ? o.rows : base.rows;
    arb_rows *rows = load_rows(&base, count);
    arb_scorer scorer = {
        .rows = rows,
        .form = {.kernels = choose_set(&o), .element = ARB_ELEMENT_F16, .dim = base.columns},
        .native = o.native};
    scorer.form.metric = strcmp(o.metric, "l2") == 0    ? ARB_METRIC_L2
                         : strcmp(o.metric, "dot") == 0 ? ARB_METRIC_DOT
                                                        : ARB_METRIC_COSINE;
    work w = {.options = &o, .queries = load_rows(&dev, dev.rows), .end = count};
    w.answers = calloc((size_t)dev.rows * K, sizeof *w.answers);
    w.seconds = calloc(dev.rows, sizeof *w.seconds);
    printf("rows %u, dim %u, %s, f16, M %u, ef_construction %u, kernels %s%s\n", count,
           base.columns, o.metric, o.M, o.ef_construction, scorer.form.kernels->name,
           o.native ? " (native)" : "");
    arb_codes *codes = o.codes ? make_codes(&scorer, count) : NULL;
    if (!open_graph(&w, &scorer, o.graph, count)) {
        build(&w, &o, &scorer, count);
        write_graph(&w, o.graph, count);
    }
    double start = bench_now();
    if (o.freeze && arb_graph_freeze(w.graph) != ARB_OK)
        die("freeze", arb_last_error());
    if (o.freeze)
        printf("freeze: %.3f s\n", bench_now() - start);
    arb_graph_stats stats;
    arb_index_report report;
    if (arb_graph_get_stats(w.graph, &stats) != ARB_OK ||
        arb_graph_validate(w.graph, count, &report) != ARB_OK)
        die("validate", arb_last_error());
    printf("graph: %.1f MB, vectors %.1f MB, %.1f neighbors a node, %llu unreachable\n",
           (double)stats.bytes * 1e-6, (double)arb_rows_bytes(rows) * 1e-6,
           (double)report.edges / count, (unsigned long long)report.unreachable);
    w.end = dev.rows;
    arb_codes plain = {0};
    way ways[WAYS_MAX];
    int way_count = add_ways(&o, ways, 0, (way){.name = "rows", .graph = w.graph});
    if (codes != NULL) {
        plain = *codes;
        plain.sq1 = NULL;
        way_count = add_ways(&o, ways, way_count, (way){"codes", w.graph, &plain, 0});
    }
    if (codes != NULL && codes->sq1 != NULL)
        way_count = add_ways(&o, ways, way_count, (way){"bits", w.graph, codes, 0});
    arb_graph *fused = o.fused ? make_fused(&w, &scorer, count) : NULL;
    if (fused != NULL)
        way_count = add_ways(&o, ways, way_count, (way){.name = "fused", .graph = fused});
    if (way_count == 0)
        die("--only: no such way in this run", o.only);
    sweep(&w, &o, &truth, &scorer, ways, way_count);
    if (fused != NULL)
        arb_graph_destroy(fused);
    arb_graph_destroy(w.graph);
    arb_codes_destroy(codes);
    return 0;
}
