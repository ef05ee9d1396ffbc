/* index_bench.c: what the index adds to the graph: appends, the cost of a search call, snapshots.
 *
 *   index_bench [--data DIR] [--rows N] [--set NAME] [--threads 2] [--rounds 5]
 *
 * DIR holds base.hbin and dev.hbin (default $ARBALEST_DATA or ../shared/data/wordnet-minilm-384).
 * Rounds are interleaved and the best of each counts, so that a noisy neighbor does not. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/index.h"
#include "timing.h"

#define K 10
#define EF 64
#define BATCH 1000 /* rows an append */

typedef struct table {
    uint32_t rows;
    uint32_t dim;
    uint16_t *values;
} table;

typedef struct settings {
    const char *data;
    const char *set;
    uint32_t rows;
    uint32_t threads;
    uint32_t rounds;
} settings;

__attribute__((noreturn)) static void die(const char *what, const char *detail)
{
    fprintf(stderr, "index_bench: %s: %s\n", what, detail);
    exit(1);
}

static void must(arb_status status)
{
    if (status != ARB_OK) {
        die("call failed", arb_last_error());
    }
}

static table read_table(const char *directory, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        die("cannot open", path);
    }
    uint32_t counts[2];
    if (fread(counts, sizeof counts, 1, file) != 1) {
        die("too short", path);
    }
    size_t count = (size_t)counts[0] * counts[1];
    table t = {counts[0], counts[1], malloc(count * sizeof *t.values)};
    if (t.values == NULL || fread(t.values, sizeof *t.values, count, file) != count) {
        die("cannot read", path);
    }
    fclose(file);
    return t;
}

/* ---- borrowed Arrow structs: the bench keeps the buffers ---- */

static void forget_array(struct ArrowArray *array)
{
    array->release = NULL;
}
static void forget_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

typedef struct column {
    struct ArrowSchema schema;
    struct ArrowArray array;
    const void *buffers[2];
} column;

static void make_leaf(column *leaf, const char *name, const char *format, const void *values,
                      int64_t count)
{
    leaf->buffers[0] = NULL;
    leaf->buffers[1] = values;
    leaf->schema = (struct ArrowSchema){.format = format, .name = name, .release = forget_schema};
    leaf->array = (struct ArrowArray){
        .length = count, .n_buffers = 2, .buffers = leaf->buffers, .release = forget_array};
}

/* A parent of one or two children. */
static void make_parent(column *parent, const char *name, const char *format, int64_t count,
                        struct ArrowSchema **schemas, struct ArrowArray **arrays, int64_t children)
{
    make_leaf(parent, name, format, NULL, count);
    parent->schema.n_children = children;
    parent->schema.children = schemas;
    parent->array.n_buffers = 1;
    parent->array.n_children = children;
    parent->array.children = arrays;
}

static void append(arb_index *index, const int64_t *ids, const char *format, const void *values,
                   uint32_t count, uint32_t dim)
{
    char list_format[16];
    snprintf(list_format, sizeof list_format, "+w:%u", dim);
    column id, components, vector, batch;
    make_leaf(&id, "id", "l", ids, count);
    make_leaf(&components, "item", format, values, (int64_t)count * dim);
    struct ArrowSchema *component_schemas[] = {&components.schema};
    struct ArrowArray *component_arrays[] = {&components.array};
    make_parent(&vector, "vector", list_format, count, component_schemas, component_arrays, 1);
    struct ArrowSchema *schemas[] = {&id.schema, &vector.schema};
    struct ArrowArray *arrays[] = {&id.array, &vector.array};
    make_parent(&batch, "", "+s", count, schemas, arrays, 2);
    must(arb_index_append(index, &batch.schema, &batch.array, NULL));
}

static void search(const arb_index *index, const char *list_format, const uint16_t *query,
                   uint32_t dim)
{
    column components, vector;
    make_leaf(&components, "item", "e", query, dim);
    struct ArrowSchema *schemas[] = {&components.schema};
    struct ArrowArray *arrays[] = {&components.array};
    make_parent(&vector, "", list_format, 1, schemas, arrays, 1);
    arb_search_options options = {
        .struct_size = sizeof options,
        .k = K,
        .ef = EF,
    };
    struct ArrowSchema schema;
    struct ArrowArray array;
    must(arb_index_search(index, &options, &vector.schema, &vector.array, NULL, NULL, &schema,
                          &array, NULL));
    array.release(&array);
    schema.release(&schema);
}

/* ---- measurements ---- */

static arb_index *new_index(const settings *s, uint32_t dim)
{
    arb_index_options options = {.struct_size = sizeof options,
                                 .dim = dim,
                                 .metric = ARB_METRIC_COSINE,
                                 .element = ARB_ELEMENT_F16,
                                 .M = 16,
                                 .ef_construction = 200,
                                 .seed = 1};
    for (int32_t set = 0; set < arb_kernel_set_count(); set++) {
        int named = s->set != NULL && strcmp(arb_kernel_set_name(set), s->set) == 0;
        int fits = (arb_kernel_set_requires(set) & ~arb_cpu_features()) == 0;
        if (named || (s->set == NULL && fits)) {
            options.kernel_set = set;
            options.trust_kernel_set = named;
        }
    }
    arb_index *index;
    must(arb_index_create(&options, &index));
    return index;
}

/* Seconds to append the base in batches, as `format` says. */
static double time_append(arb_index *index, const table *base, const char *format,
                          const void *values, size_t size)
{
    int64_t ids[BATCH];
    double start = bench_now();
    for (uint32_t row = 0; row < base->rows; row += BATCH) {
        uint32_t count = base->rows - row < BATCH ? base->rows - row : BATCH;
        for (uint32_t i = 0; i < count; i++) {
            ids[i] = row + i;
        }
        append(index, ids, format, (const char *)values + (size_t)row * base->dim * size, count,
               base->dim);
    }
    return bench_now() - start;
}

static void bench_append(const settings *s, const table *base)
{
    size_t count = (size_t)base->rows * base->dim;
    float *singles = malloc(count * sizeof *singles);
    if (singles == NULL) {
        die("no memory", "float copy of the base");
    }
    arb_kernel_set_at(0)->cast_f16_f32(base->values, singles, count);
    double best[2] = {1e9, 1e9};
    for (uint32_t round = 0; round < s->rounds; round++) {
        for (int type = 0; type < 2; type++) {
            arb_index *index = new_index(s, base->dim);
            double seconds = type == 0 ? time_append(index, base, "e", base->values, 2)
                                       : time_append(index, base, "f", singles, 4);
            best[type] = seconds < best[type] ? seconds : best[type];
            arb_index_close(index);
        }
    }
    printf("append float16: %.0f rows/s\nappend float32: %.0f rows/s\n", base->rows / best[0],
           base->rows / best[1]);
    free(singles);
}

static void *link_rows(void *context)
{
    uint32_t linked = 1;
    while (linked > 0) {
        must(arb_index_link(context, 100, &linked));
    }
    return NULL;
}

static void link_all(const settings *s, arb_index *index)
{
    pthread_t threads[64];
    for (uint32_t i = 0; i < s->threads; i++) {
        pthread_create(&threads[i], NULL, link_rows, index);
    }
    for (uint32_t i = 0; i < s->threads; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* The same queries by the ABI, one a call, and by the graph alone. */
static void bench_search(const settings *s, const arb_index *index, const table *queries)
{
    char list_format[16];
    snprintf(list_format, sizeof list_format, "+w:%u", queries->dim);
    double best[2] = {1e9, 1e9};
    arb_searcher *searcher = arb_searcher_acquire(index->graph);
    arb_mask mask = {.deleted = index->deleted_bits};
    for (uint32_t round = 0; round < 4 * s->rounds; round++) {
        double start = bench_now();
        for (uint32_t i = 0; i < queries->rows; i++) {
            search(index, list_format, queries->values + (size_t)i * queries->dim, queries->dim);
        }
        double middle = bench_now();
        for (uint32_t i = 0; i < queries->rows; i++) {
            arb_hit hits[K];
            uint32_t count;
            must(arb_graph_search(index->graph, searcher,
                                  queries->values + (size_t)i * queries->dim, 1, EF, K, &mask, hits,
                                  &count, NULL));
        }
        double end = bench_now();
        best[0] = middle - start < best[0] ? middle - start : best[0];
        best[1] = end - middle < best[1] ? end - middle : best[1];
    }
    arb_searcher_release(index->graph, searcher);
    double abi = best[0] / queries->rows * 1e6, graph = best[1] / queries->rows * 1e6;
    printf("search, k = %d, ef = %d: %.2f us by arb_index_search, %.2f us by arb_graph_search "
           "(%.1f%%)\n",
           K, EF, abi, graph, 100 * (abi - graph) / graph);
}

static void bench_snapshot(const settings *s, const arb_index *index)
{
    char path[] = "/tmp/arbalest-index-bench-XXXXXX";
    int descriptor = mkstemp(path);
    if (descriptor < 0) {
        die("cannot create", path);
    }
    close(descriptor);
    arb_index_options options = {
        .struct_size = sizeof options, .kernel_set = index->kernel_set, .trust_kernel_set = 1};
    double save = 1e9, open[2] = {1e9, 1e9};
    for (uint32_t round = 0; round < s->rounds; round++) {
        double start = bench_now();
        must(arb_index_save(index, path, UINT64_MAX));
        double seconds = bench_now() - start;
        save = seconds < save ? seconds : save;
        for (int resident = 0; resident < 2; resident++) {
            arb_index *opened;
            start = bench_now();
            must(arb_index_open(path, &options, resident, &opened));
            seconds = bench_now() - start;
            open[resident] = seconds < open[resident] ? seconds : open[resident];
            arb_index_close(opened);
        }
    }
    struct stat facts;
    if (stat(path, &facts) != 0) {
        die("cannot stat", path);
    }
    unlink(path);
    double megabytes = (double)facts.st_size / 1e6;
    printf("save with fsync: %.0f ms (%.1f MB, %.0f MB/s)\n", save * 1e3, megabytes,
           megabytes / save);
    printf("open mapped: %.0f ms (%.0f MB/s)\nopen resident: %.0f ms\n", open[0] * 1e3,
           megabytes / open[0], open[1] * 1e3);
}

static settings parse(int argc, char **argv)
{
    settings s = {.data = getenv("ARBALEST_DATA"), .threads = 2, .rounds = 5, .rows = UINT32_MAX};
    if (s.data == NULL) {
        s.data = "../shared/data/wordnet-minilm-384";
    }
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (strcmp(name, "--data") == 0) {
            s.data = value;
        } else if (strcmp(name, "--set") == 0) {
            s.set = value;
        } else if (strcmp(name, "--rows") == 0) {
            s.rows = (uint32_t)atoi(value);
        } else if (strcmp(name, "--threads") == 0) {
            s.threads = (uint32_t)atoi(value);
        } else if (strcmp(name, "--rounds") == 0) {
            s.rounds = (uint32_t)atoi(value);
        } else {
            die("unknown option", name);
        }
    }
    if (s.threads < 1 || s.threads > 64 || s.rounds < 1) {
        die("out of range", "--threads 1..64, --rounds 1..");
    }
    return s;
}

int main(int argc, char **argv)
{
    settings s = parse(argc, argv);
    table base = read_table(s.data, "base.hbin");
    table queries = read_table(s.data, "dev.hbin");
    base.rows = base.rows < s.rows ? base.rows : s.rows;
    bench_append(&s, &base);
    arb_index *index = new_index(&s, base.dim);
    printf("%u rows of %u, cosine, float16, set %s\n", base.rows, base.dim,
           index->scorer.form.kernels->name);
    time_append(index, &base, "e", base.values, 2);
    double start = bench_now();
    link_all(&s, index);
    printf("link by %u threads: %.1f s\n", s.threads, bench_now() - start);
    must(arb_index_freeze(index));
    bench_search(&s, index, &queries);
    bench_snapshot(&s, index);
    arb_index_close(index);
    free(queries.values);
    free(base.values);
    return 0;
}
