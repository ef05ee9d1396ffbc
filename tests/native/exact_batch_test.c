/* Exact search of many queries at once against every row judged by arb_exact_distance: the same
 * rows in the same order with the same distances, to the bit. For every kernel set of this CPU,
 * metric and element; for data on which screening works, and on which it cannot. */
#include "graph_support.h"

#include "graph/exact_batch.h"
#include "testing.h"

#define QUERIES_MAX 200u

typedef enum data_kind {
    CLUSTERS, /* as vectors of a model: some rows near, most far */
    EQUAL,    /* few different rows: ties, which go by node */
    SPIKES,   /* one component dwarfs the others: codes tell nothing */
    FAR_OFF,  /* all rows far from zero and near to one another */
    SCALES,   /* lengths from 2^-10 to 2^10, and rows of zeros where the metric has them */
    EXTREMES, /* floats that overflow when they are squared, or vanish */
    KINDS
} data_kind;

static const char *const kind_names[] = {"clusters", "equal",  "spikes",
                                         "far off",  "scales", "extremes"};

typedef struct batch_case {
    uint32_t dim, rows, queries, k;
    arb_element element;
    arb_metric metric;
    data_kind kind;
    const arb_kernel_set *kernels;
} batch_case;

static void fill_vector(const batch_case *of, uint32_t number, uint64_t *state, float *out)
{
    uint64_t centre = number % 7;
    uint64_t *source = of->kind == EQUAL ? &centre : state;
    centre = centre * 0x9e3779b97f4a7c15ull + 1;
    if (of->kind == CLUSTERS || of->kind == SCALES)
        clustered_vector(number % 19, 0.7f, state, of->dim, out);
    else
        for (uint32_t i = 0; i < of->dim; i++)
            out[i] = next_uniform(source) + (of->kind == FAR_OFF ? 20.0f : 0.0f);
    if (of->kind == SPIKES)
        out[number % of->dim] = 3000;
    float factor = 1;
    if (of->kind == SCALES)
        factor = of->metric != ARB_METRIC_COSINE && number % 37 == 5
                     ? 0
                     : ldexpf(1, (int)(next_random(state) % 21) - 10);
    if (of->kind == EXTREMES)
        factor = ldexpf(1, (int)(next_random(state) % 3) * 66 - 66);
    for (uint32_t i = 0; i < of->dim; i++)
        out[i] *= factor;
    if (of->kind != SCALES)
        out[0] += out[0] == 0 ? 0.01f : 0; /* no zeros, which cosine does not have */
}

/* What the test works on: rows, queries, and which rows count. */
typedef struct batch_world {
    world *w;
    uint8_t *queries;
    uint64_t *matches;
} batch_world;

/* Rows behind the filter's end do not match. */
static uint32_t matches_end(const batch_case *of)
{
    return of->rows * 3 / 4;
}

static batch_world world_of(const batch_case *of)
{
    batch_world made = {.w = world_create(of->dim, of->element, of->metric, of->rows, 7, 8, 32)};
    world *w = made.w;
    w->scorer.form.kernels = of->kernels;
    uint64_t state = 5 + of->rows;
    float *vector = malloc(of->dim * sizeof *vector);
    for (uint32_t node = 0; node < of->rows; node++) {
        fill_vector(of, node, &state, vector);
        store_vector(w, vector, arb_row_for_write(w->rows, node));
        if (node % 5 == 3)
            delete_row(w, node);
    }
    made.queries = malloc(of->queries * w->rows->stride);
    for (uint32_t i = 0; i < of->queries; i++) {
        fill_vector(of, i * 3 + 1, &state, vector);
        store_vector(w, vector, made.queries + i * w->rows->stride);
    }
    free(vector);
    made.matches = calloc(of->rows / 64 + 1, sizeof *made.matches);
    for (uint32_t node = 0; node < matches_end(of); node++)
        made.matches[node / 64] |= (uint64_t)(next_random(&state) % 3 == 0) << (node % 64);
    return made;
}

static void world_free(batch_world *made)
{
    world_destroy(made->w);
    free(made->queries);
    free(made->matches);
}

/* Every row that is not masked, nearest first. */
static uint32_t judge_all(const world *w, const void *query, uint32_t first, uint32_t end,
                          const arb_mask *mask, arb_hit *out)
{
    uint32_t count = 0;
    for (uint32_t node = first; node < end; node++) {
        if (arb_is_masked(mask, node))
            continue;
        float distance = arb_exact_distance(&w->scorer, query, node);
        out[count++] = (arb_hit){isnan(distance) ? INFINITY : distance, node};
    }
    qsort(out, count, sizeof *out, arb_hit_compare);
    return count;
}

static void check_scan(const batch_case *of, const batch_world *made, const arb_mask *mask,
                       uint32_t first, uint32_t end)
{
    world *w = made->w;
    uint32_t count = of->queries < arb_exact_batch_max(&w->scorer, of->k)
                         ? of->queries
                         : arb_exact_batch_max(&w->scorer, of->k);
    arb_hit *hits = malloc((size_t)count * of->k * sizeof *hits);
    arb_hit *wanted = malloc((of->rows + 1) * sizeof *wanted);
    arb_exact_query queries[QUERIES_MAX];
    arb_search_stats stats = {0};
    uint32_t matching = 0;
    for (uint32_t i = 0; i < count; i++)
        queries[i] = (arb_exact_query){made->queries + i * w->rows->stride, hits + i * of->k, 0};
    /* in two halves: hits of the first are extended by the second */
    uint32_t half = first + (end - first) / 2;
    CHECK_OK(arb_exact_scan_batch(&w->scorer, w->graph, queries, count, first, half, mask, of->k,
                                  &stats));
    CHECK_OK(
        arb_exact_scan_batch(&w->scorer, w->graph, queries, count, half, end, mask, of->k, &stats));
    for (uint32_t i = 0; i < count; i++) {
        matching = judge_all(w, queries[i].row, first, end, mask, wanted);
        uint32_t expected = matching < of->k ? matching : of->k;
        EXPECT(queries[i].count == expected, "query %u: %u hits, wanted %u", i, queries[i].count,
               expected);
        uint32_t same = 0;
        while (same < expected && queries[i].hits[same].node == wanted[same].node &&
               queries[i].hits[same].distance == wanted[same].distance)
            same++;
        EXPECT(
            same == expected,
            "%s, %s, metric %d, element %d, dim %u, %u rows, k %u, query %u: hit %u is %u (%.9g), "
            "wanted %u (%.9g)",
            of->kernels->name, kind_names[of->kind], (int)of->metric, (int)of->element, of->dim,
            of->rows, of->k, i, same, queries[i].hits[same].node,
            (double)queries[i].hits[same].distance, wanted[same].node,
            (double)wanted[same].distance);
    }
    EXPECT(stats.tail_scanned == (uint64_t)matching * count, "%llu scanned",
           (unsigned long long)stats.tail_scanned);
    free(wanted);
    free(hits);
}

static void check_case(const batch_case *of)
{
    batch_world made = world_of(of);
    arb_mask filtered = {
        .deleted = made.w->deleted, .matches = made.matches, .end = matches_end(of)};
    check_scan(of, &made, &made.w->mask, 0, of->rows);
    check_scan(of, &made, NULL, 0, of->rows);
    check_scan(of, &made, &filtered, 0, of->rows);
    check_scan(of, &made, &made.w->mask, of->rows / 3, of->rows - of->rows / 5);
    world_free(&made);
}

static int can_hold(data_kind kind, arb_element element)
{
    return kind != EXTREMES || element == ARB_ELEMENT_F32;
}

/* Shapes go by turns with kernel sets, metrics, elements and kinds, so that each meets each. */
static void check_kernels(const arb_kernel_set *kernels)
{
    static const struct {
        uint32_t dim, rows, queries, k;
    } shapes[] = {
        {1, 300, 9, 3},    {3, 500, 64, 10},  {17, 1000, 65, 1},   {40, 2500, 130, 10},
        {96, 700, 8, 100}, {384, 900, 70, 5}, {1030, 200, 1, 300}, {33, 5, 10, 10},
    };
    uint32_t turn = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        for (int metric = 0; metric < ARB_METRICS; metric++) {
            for (int element = 0; element < ARB_ELEMENTS; element++) {
                if (!can_hold((data_kind)kind, (arb_element)element))
                    continue;
                uint32_t tried = test_is_reduced() ? 1 : 3, less = test_is_reduced() ? 3 : 1;
                for (uint32_t i = 0; i < tried; i++, turn++) {
                    uint32_t shape = turn % (sizeof shapes / sizeof shapes[0]);
                    batch_case of = {.dim = shapes[shape].dim,
                                     .rows = (shapes[shape].rows + less - 1) / less,
                                     .queries = (shapes[shape].queries + less - 1) / less,
                                     .k = shapes[shape].k,
                                     .element = (arb_element)element,
                                     .metric = (arb_metric)metric,
                                     .kind = (data_kind)kind,
                                     .kernels = kernels};
                    check_case(&of);
                }
            }
        }
    }
}

/* Room is bounded whatever is asked for. */
static void check_tiles(void)
{
    world *small = world_create(4, ARB_ELEMENT_F16, ARB_METRIC_L2, 1, 1, 8, 32);
    world *large = world_create(ARB_DIM_MAX, ARB_ELEMENT_F32, ARB_METRIC_DOT, 1, 1, 8, 32);
    EXPECT(arb_exact_batch_max(&small->scorer, 10) == 1024, "%u",
           arb_exact_batch_max(&small->scorer, 10));
    EXPECT(arb_exact_batch_max(&large->scorer, 10) == 64, "%u",
           arb_exact_batch_max(&large->scorer, 10));
    uint32_t most = arb_exact_batch_max(&small->scorer, ARB_K_MAX);
    EXPECT(most >= ARB_EXACT_BATCH_MIN && most * ARB_K_MAX <= 1u << 20, "%u", most);
    world_destroy(small);
    world_destroy(large);
}

int main(void)
{
    for (int32_t set = 0; arb_kernel_set_at(set) != NULL; set++) {
        const arb_kernel_set *kernels = arb_kernel_set_at(set);
        if ((kernels->requires & ~arb_cpu_facts()) != 0) {
            printf("SKIPPED %s: the CPU does not report it\n", kernels->name);
            continue;
        }
        check_kernels(kernels);
    }
    check_tiles();
    return report("exact_batch_test");
}
