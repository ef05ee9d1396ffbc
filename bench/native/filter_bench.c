/* filter_bench.c: what a filtered search costs and finds, by strategy, kind of filter and part of
 * the rows that match.
 *
 *   filter_bench [--data DIR] [--index FILE] [--rows N] [--queries 200] [--rounds 3] [--set NAME]
 *                [--percent 50,20,...] [--kinds random,cluster,near,far]
 *                [--strategies graph,exact,filtered-graph,scan,subset] [--targets 0.95,0.99,...]
 *
 * DIR holds base.hbin and dev.hbin (default $ARBALEST_DATA or ../shared/data/wordnet-minilm-384),
 * FILE keeps the index between runs. Filters let rows through that are
 *
 *   random    drawn by lot
 *   cluster   nearest to one row of the set, the same for all queries: most queries are far away
 *   near      nearest to the query: all that an unfiltered search finds matches
 *   far       farthest from the query: nothing that it finds does
 *
 * Every query is a call of its own, timed with all that it does to its filter. The truth is an
 * exact search of the same index. For each cell: each strategy over ef (filtered-graph
 * over target recalls as well), then the cheapest that reaches recall@10 0.99, beside the
 * unfiltered search at recall 0.95. Of the rounds the best counts, so that a noisy neighbor does
 * not. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index/index.h"
#include "timing.h"

#define K 10
#define BATCH 1000 /* rows an append */
#define PERCENTS_MAX 16
#define TARGETS_MAX 16
#define GOOD_RECALL 0.99
#define UNFILTERED_RECALL 0.95
#define KEPT 17         /* candidates of a scan, as the planner has it: 1.25 K + 4 */
#define SECONDS_MOST 10 /* a strategy that takes so many times as long is not widened */

static const uint32_t EFS[] = {10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512};
#define EF_COUNT (sizeof EFS / sizeof EFS[0])
static const char *const STRATEGIES[] = {"graph", "exact", "filtered-graph", "scan", "subset"};
static const char *const KINDS[] = {"random", "cluster", "near", "far"};
enum { RANDOM, CLUSTER, NEAR, FAR, KIND_COUNT };

typedef struct settings {
    const char *data;
    const char *index;
    const char *set;
    const char *kinds;
    const char *strategies;
    uint32_t rows;
    uint32_t queries;
    uint32_t rounds;
    double percents[PERCENTS_MAX];
    uint32_t percent_count;
    double targets[TARGETS_MAX];
    uint32_t target_count;
} settings;

typedef struct table {
    uint32_t rows;
    uint32_t dim;
    uint16_t *values;
} table;

typedef struct bench {
    const settings *s;
    arb_index *index;
    table queries;
    uint32_t rows;
    float *distances; /* of every query to every row */
    uint64_t *filter; /* words of a row a query, or of one for all */
    size_t words;
    int own;              /* each query has its own filter */
    arb_subset **subsets; /* one a filter, or NULL */
    float *truth;         /* distance of the K-th nearest that matches, a query */
    uint32_t *expected;   /* hits that a query should give */
    double unfiltered;    /* seconds a query at UNFILTERED_RECALL */
} bench;

__attribute__((noreturn)) static void die(const char *what, const char *detail)
{
    fprintf(stderr, "filter_bench: %s: %s\n", what, detail);
    exit(1);
}

static void must(arb_status status)
{
    if (status != ARB_OK)
        die("call failed", arb_last_error());
}

static void *reserve(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (memory == NULL)
        die("no memory", "");
    return memory;
}

static table read_table(const char *directory, const char *name, uint32_t most)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    uint32_t counts[2];
    if (file == NULL || fread(counts, sizeof counts, 1, file) != 1)
        die("cannot read", path);
    table t = {counts[0] < most ? counts[0] : most, counts[1], NULL};
    size_t count = (size_t)t.rows * t.dim;
    t.values = reserve(count * sizeof *t.values);
    if (fread(t.values, sizeof *t.values, count, file) != count)
        die("cannot read", path);
    fclose(file);
    return t;
}

/* ---- borrowed Arrow structs ---- */

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
    struct ArrowSchema *schemas[2];
    struct ArrowArray *arrays[2];
} column;

static void make(column *c, const char *name, const char *format, int64_t count, const void *values)
{
    c->buffers[0] = NULL;
    c->buffers[1] = values;
    c->schema = (struct ArrowSchema){
        .format = format, .name = name, .children = c->schemas, .release = forget_schema};
    c->array = (struct ArrowArray){.length = count,
                                   .n_buffers = values == NULL ? 1 : 2,
                                   .buffers = c->buffers,
                                   .children = c->arrays,
                                   .release = forget_array};
}

static void add_child(column *parent, column *child)
{
    parent->schemas[parent->schema.n_children++] = &child->schema;
    parent->arrays[parent->array.n_children++] = &child->array;
}

static arb_index *build(const settings *s, const arb_index_options *options, const table *base)
{
    arb_index *index = NULL;
    must(arb_index_create(options, &index));
    int64_t ids[BATCH];
    char list[16];
    snprintf(list, sizeof list, "+w:%u", base->dim);
    for (uint32_t first = 0; first < base->rows; first += BATCH) {
        uint32_t count = base->rows - first < BATCH ? base->rows - first : BATCH;
        for (uint32_t i = 0; i < count; i++)
            ids[i] = first + i;
        column id, items, vectors, batch;
        make(&id, "id", "l", count, ids);
        make(&items, "item", "e", (int64_t)count * base->dim,
             base->values + (size_t)first * base->dim);
        make(&vectors, "vector", list, count, NULL);
        add_child(&vectors, &items);
        make(&batch, "", "+s", count, NULL);
        add_child(&batch, &id);
        add_child(&batch, &vectors);
        must(arb_index_append(index, &batch.schema, &batch.array, NULL));
        uint32_t linked = 0;
        must(arb_index_link(index, BATCH, &linked));
    }
    must(arb_index_freeze(index));
    if (s->index != NULL)
        must(arb_index_save(index, s->index, UINT64_MAX));
    return index;
}

static arb_index *open_or_build(const settings *s)
{
    arb_index_options options = {.struct_size = sizeof options,
                                 .metric = ARB_METRIC_COSINE,
                                 .M = 16,
                                 .ef_construction = 200,
                                 .codes = ARB_CODES_SQ8};
    for (int32_t set = 0; set < arb_kernel_set_count(); set++) {
        if (s->set == NULL ? (arb_kernel_set_requires(set) & ~arb_cpu_features()) == 0
                           : strcmp(arb_kernel_set_name(set), s->set) == 0)
            options.kernel_set = set;
    }
    options.trust_kernel_set = s->set != NULL;
    arb_index *index = NULL;
    if (s->index != NULL && access(s->index, R_OK) == 0) {
        must(arb_index_open(s->index, &options, 1, &index));
        must(arb_index_freeze(index)); /* lists on huge pages, as those of a built index are */
    } else {
        table base = read_table(s->data, "base.hbin", s->rows);
        options.dim = base.dim;
        index = build(s, &options, &base);
        free(base.values);
    }
    printf("kernels: %s\n", arb_kernel_set_name(options.kernel_set));
    return index;
}

/* ---- one search ---- */

/* How far a search goes. */
typedef struct breadth {
    uint32_t ef;
    double target; /* recall; 0: ef rules */
} breadth;

typedef struct found {
    uint32_t count;
    uint32_t near; /* as near as the K-th of the truth */
    arb_search_stats stats;
    double seconds;
} found;

/* Whole words, none of which has a bit behind the last row. */
static void make_bits(const bench *b, uint32_t number, column *filter)
{
    make(filter, "", "b", 64 * (int64_t)b->words, b->filter + number * b->words);
}

/* A subset for each filter; NULL where one has too few rows. */
static void make_subsets(bench *b, const char *cell)
{
    uint32_t filters = b->own ? b->queries.rows : 1;
    arb_subset_stats stats = {0};
    double start = bench_now();
    b->subsets = reserve(filters * sizeof *b->subsets);
    for (uint32_t i = 0; i < filters; i++) {
        column filter;
        make_bits(b, i, &filter);
        must(arb_subset_create(b->index, &filter.schema, &filter.array, &b->subsets[i]));
        if (b->subsets[i] == NULL)
            die("too few rows for a subset", cell);
        must(arb_subset_get_stats(b->subsets[i], &stats));
    }
    printf(
        "%-16s subset: %llu rows in %u cells, %.1f MB, %.3f of them looked at; made in %.1f ms\n",
        cell, (unsigned long long)stats.rows, stats.cells, (double)stats.bytes * 1e-6,
        (double)stats.scanned, (bench_now() - start) * 1e3 / filters);
}

static void free_subsets(bench *b)
{
    uint32_t filters = b->own ? b->queries.rows : 1;
    for (uint32_t i = 0; b->subsets != NULL && i < filters; i++)
        arb_subset_destroy(b->subsets[i]);
    free(b->subsets);
    b->subsets = NULL;
}

static found search_one(const bench *b, uint32_t query, int filtered, int strategy, breadth far,
                        float bound)
{
    char list[16];
    snprintf(list, sizeof list, "+w:%u", b->queries.dim);
    column items, vectors, filter;
    uint32_t number = b->own ? query : 0;
    make(&items, "item", "e", b->queries.dim, b->queries.values + (size_t)query * b->queries.dim);
    make(&vectors, "", list, 1, NULL);
    add_child(&vectors, &items);
    make_bits(b, number, &filter);
    arb_search_options options = {.struct_size = sizeof options,
                                  .k = K,
                                  .ef = far.ef,
                                  .strategy = strategy,
                                  .target_recall = (float)far.target};
    if (strategy == ARB_STRATEGY_SUBSET)
        options.subset = b->subsets[number];
    struct ArrowSchema schema;
    struct ArrowArray array;
    found f = {0};
    double start = bench_now();
    must(arb_index_search(b->index, &options, &vectors.schema, &vectors.array,
                          filtered ? &filter.schema : NULL, filtered ? &filter.array : NULL,
                          &schema, &array, &f.stats));
    f.seconds = bench_now() - start;
    const float *distances = array.children[2]->buffers[1];
    f.count = (uint32_t)array.length;
    for (uint32_t i = 0; i < f.count; i++)
        f.near += distances[i] <= bound;
    array.release(&array);
    schema.release(&schema);
    return f;
}

typedef struct cost {
    double recall;
    double seconds; /* a query */
    double visited;
    double scanned;
    double fallbacks;
} cost;

static cost measure(const bench *b, int filtered, int strategy, breadth far)
{
    cost c = {0};
    double *best = reserve(b->queries.rows * sizeof *best);
    for (uint32_t round = 0; round < b->s->rounds; round++) {
        uint64_t near = 0, expected = 0;
        arb_search_stats stats = {0};
        for (uint32_t q = 0; q < b->queries.rows; q++) {
            found f = search_one(b, q, filtered, strategy, far, b->truth[q]);
            best[q] = round == 0 || f.seconds < best[q] ? f.seconds : best[q];
            near += f.near < b->expected[q] ? f.near : b->expected[q];
            expected += b->expected[q];
            stats.visited += f.stats.visited;
            stats.tail_scanned += f.stats.tail_scanned;
            stats.fallbacks += f.stats.fallbacks;
        }
        double queries = b->queries.rows;
        c.recall = expected > 0 ? (double)near / (double)expected : 1;
        c.visited = (double)stats.visited / queries;
        c.scanned = (double)stats.tail_scanned / queries;
        c.fallbacks = (double)stats.fallbacks / queries;
    }
    for (uint32_t q = 0; q < b->queries.rows; q++)
        c.seconds += best[q] / b->queries.rows;
    free(best);
    return c;
}

/* ---- filters and their truth ---- */

static int matches(const uint64_t *filter, uint32_t row)
{
    return (int)(filter[row / 64] >> (row % 64) & 1);
}

static void match(uint64_t *filter, uint32_t row)
{
    filter[row / 64] |= 1ull << (row % 64);
}

static int by_float(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

/* The rows whose distances are the `count` least, or largest. */
static void match_extreme(const bench *b, const float *distances, uint32_t count, int largest,
                          uint64_t *filter)
{
    float *sorted = reserve(b->rows * sizeof *sorted);
    memcpy(sorted, distances, b->rows * sizeof *sorted);
    qsort(sorted, b->rows, sizeof *sorted, by_float);
    float bound = sorted[largest ? b->rows - count : count - 1];
    for (uint32_t row = 0; row < b->rows; row++) {
        if (largest ? distances[row] >= bound : distances[row] <= bound)
            match(filter, row);
    }
    free(sorted);
}

static void distances_of(const bench *b, const void *row, float *distances)
{
    for (uint32_t i = 0; i < b->rows; i++)
        distances[i] = arb_exact_distance(&b->index->scorer, row, i);
}

static uint64_t random_next(uint64_t *state) /* xorshift64* of Marsaglia and Vigna */
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dull;
}

static void make_filter(bench *b, int kind, uint32_t count)
{
    static uint64_t state = 11;
    b->own = kind == NEAR || kind == FAR;
    memset(b->filter, 0, b->words * sizeof(uint64_t) * (b->own ? b->queries.rows : 1));
    if (kind == RANDOM) {
        for (uint32_t done = 0; done < count;) {
            uint32_t row = (uint32_t)(random_next(&state) % b->rows);
            done += !matches(b->filter, row);
            match(b->filter, row);
        }
    } else if (kind == CLUSTER) {
        float *distances = reserve(b->rows * sizeof *distances);
        distances_of(b, arb_row(b->index->rows, (uint32_t)(random_next(&state) % b->rows)),
                     distances);
        match_extreme(b, distances, count, 0, b->filter);
        free(distances);
    } else {
        for (uint32_t q = 0; q < b->queries.rows; q++)
            match_extreme(b, b->distances + (size_t)q * b->rows, count, kind == FAR,
                          b->filter + q * b->words);
    }
}

/* What an exact search of the rows that match finds. */
static void find_truth(bench *b, int filtered)
{
    for (uint32_t q = 0; q < b->queries.rows; q++) {
        const uint64_t *filter = b->filter + (b->own ? q * b->words : 0);
        const float *distances = b->distances + (size_t)q * b->rows;
        float nearest[K]; /* sorted */
        uint32_t count = 0;
        for (uint32_t row = 0; row < b->rows; row++) {
            if ((filtered && !matches(filter, row)) ||
                (count == K && distances[row] >= nearest[K - 1]))
                continue;
            uint32_t at = count < K ? count++ : K - 1;
            for (; at > 0 && nearest[at - 1] > distances[row]; at--)
                nearest[at] = nearest[at - 1];
            nearest[at] = distances[row];
        }
        b->expected[q] = count;
        b->truth[q] = count > 0 ? nearest[count - 1] : 0;
    }
}

/* ---- tables ---- */

/* Whether a list with commas has the name. */
static int is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; (at = strstr(at, name)) != NULL; at += length) {
        if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
            return 1;
    }
    return 0;
}

static const char *name_of(breadth far)
{
    static char name[16];
    snprintf(name, sizeof name, far.target > 0 ? "%.4g" : "%.0f",
             far.target > 0 ? far.target : far.ef);
    return name;
}

static void print_cost(const char *cell, int strategy, breadth far, const cost *c)
{
    printf("%-16s %-15s %5s  %.4f %9.1f %9.0f %9.0f %6.2f\n", cell, STRATEGIES[strategy],
           name_of(far), c->recall, c->seconds * 1e6, c->visited, c->scanned, c->fallbacks);
}

static void measure_unfiltered(bench *b)
{
    find_truth(b, 0);
    for (size_t i = 0; i < EF_COUNT; i++) {
        breadth far = {.ef = EFS[i]};
        cost c = measure(b, 0, ARB_STRATEGY_GRAPH, far);
        print_cost("unfiltered", ARB_STRATEGY_GRAPH, far, &c);
        if (b->unfiltered == 0 && c.recall >= UNFILTERED_RECALL)
            b->unfiltered = c.seconds;
    }
}

static void measure_cell(bench *b, int kind, double percent)
{
    uint32_t count = (uint32_t)(b->rows * percent / 100 + 0.5);
    char cell[32];
    snprintf(cell, sizeof cell, "%s %g%%", KINDS[kind], percent);
    make_filter(b, kind, count);
    find_truth(b, 1);
    cost best = {.seconds = INFINITY};
    int best_strategy = 0;
    breadth best_far = {0};
    if (is_listed(b->s->strategies, STRATEGIES[ARB_STRATEGY_SUBSET]))
        make_subsets(b, cell);
    for (int strategy = 0; strategy < ARB_STRATEGIES; strategy++) {
        size_t ways = is_listed(b->s->strategies, STRATEGIES[strategy]) ? EF_COUNT : 0;
        int is_subset = strategy == ARB_STRATEGY_SUBSET;
        if (ways > 0 && (strategy == ARB_STRATEGY_FILTERED_GRAPH ||
                         strategy == ARB_STRATEGY_GRAPH || is_subset))
            ways += b->s->target_count;
        for (size_t i = is_subset ? EF_COUNT : 0; i < ways; i++) {
            breadth far = {.ef = i < EF_COUNT ? EFS[i]
                                 : is_subset  ? KEPT
                                              : 0,
                           .target = i < EF_COUNT ? 0 : b->s->targets[i - EF_COUNT]};
            cost c = measure(b, 1, strategy, far);
            print_cost(cell, strategy, far, &c);
            if (c.recall >= GOOD_RECALL && c.seconds < best.seconds) {
                best = c;
                best_strategy = strategy;
                best_far = far;
            }
            if (strategy == ARB_STRATEGY_EXACT)
                break;
            int enough = c.recall > 0.999 || c.seconds > SECONDS_MOST * b->unfiltered;
            if (enough && i < EF_COUNT)
                i = EF_COUNT - 1;
        }
    }
    free_subsets(b);
    printf("%-16s best: %s, %s: recall %.4f, %.1f us, %.2f times unfiltered at %g\n", cell,
           STRATEGIES[best_strategy], name_of(best_far), best.recall, best.seconds * 1e6,
           best.seconds / b->unfiltered, UNFILTERED_RECALL);
    fflush(stdout);
}

static uint32_t parse_numbers(const char *value, double *numbers, uint32_t most)
{
    uint32_t count = 0;
    while (*value != '\0' && count < most) {
        char *end;
        numbers[count++] = strtod(value, &end);
        value = *end == ',' ? end + 1 : end;
    }
    return count;
}

static settings parse(int argc, char **argv)
{
    settings s = {.data = getenv("ARBALEST_DATA"),
                  .kinds = "random,cluster,near,far",
                  .strategies = "graph,exact,filtered-graph,scan",
                  .rows = UINT32_MAX,
                  .queries = 200,
                  .rounds = 3,
                  .percents = {100, 50, 20, 10, 4, 1, 0.1, 0.01},
                  .percent_count = 8,
                  .targets = {0.95, 0.97, 0.98, 0.99, 0.995, 0.998},
                  .target_count = 6};
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *value = argv[i + 1];
        if (strcmp(argv[i], "--data") == 0)
            s.data = value;
        else if (strcmp(argv[i], "--index") == 0)
            s.index = value;
        else if (strcmp(argv[i], "--set") == 0)
            s.set = value;
        else if (strcmp(argv[i], "--kinds") == 0)
            s.kinds = value;
        else if (strcmp(argv[i], "--strategies") == 0)
            s.strategies = value;
        else if (strcmp(argv[i], "--rows") == 0)
            s.rows = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--queries") == 0)
            s.queries = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--rounds") == 0)
            s.rounds = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--percent") == 0)
            s.percent_count = parse_numbers(value, s.percents, PERCENTS_MAX);
        else if (strcmp(argv[i], "--targets") == 0)
            s.target_count = parse_numbers(value, s.targets, TARGETS_MAX);
        else
            die("unknown option", argv[i]);
    }
    if (s.data == NULL)
        s.data = "../shared/data/wordnet-minilm-384";
    return s;
}

int main(int argc, char **argv)
{
    settings s = parse(argc, argv);
    bench b = {.s = &s, .index = open_or_build(&s)};
    b.queries = read_table(s.data, "dev.hbin", s.queries);
    b.rows = (uint32_t)arb_index_published(b.index);
    b.words = (b.rows + 63) / 64;
    b.filter = reserve(b.words * sizeof(uint64_t) * b.queries.rows);
    b.distances = reserve((size_t)b.queries.rows * b.rows * sizeof(float));
    b.truth = reserve(b.queries.rows * sizeof *b.truth);
    b.expected = reserve(b.queries.rows * sizeof *b.expected);
    for (uint32_t q = 0; q < b.queries.rows; q++)
        distances_of(&b, b.queries.values + (size_t)q * b.queries.dim,
                     b.distances + (size_t)q * b.rows);
    printf("%u rows of %u, %u queries, k = %d\n", b.rows, b.queries.dim, b.queries.rows, K);
    printf("%-16s %-15s %5s  %6s %9s %9s %9s %6s\n", "filter", "strategy", "ef", "recall", "us",
           "visited", "scanned", "fallb.");
    measure_unfiltered(&b);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        for (uint32_t i = 0; is_listed(s.kinds, KINDS[kind]) && i < s.percent_count; i++)
            measure_cell(&b, kind, s.percents[i]);
    }
    arb_index_close(b.index);
    free(b.queries.values);
    free(b.filter);
    free(b.distances);
    free(b.truth);
    free(b.expected);
    return 0;
}
