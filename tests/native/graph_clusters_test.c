/* graph_clusters_test.c: clusters far apart, each of more rows than ef_construction: searches come
 * to the query's own, and rows were linked to theirs, in whatever order they came. */
#include "graph_support.h"

#define QUERIES 1000u
#define K 10u
#define EF 128u
/* Of QUERIES: those of which nothing was found that should have been. */
#define LOST_MAX 5u
#define RECALL_MIN 0.993

typedef struct shape {
    const char *name;
    uint32_t dim;
    uint32_t rows;
    uint32_t clusters;
    float spread; /* of a cluster, where centres lie within 1 */
    uint32_t M;
    uint32_t ef_construction;
    int in_order; /* cluster by cluster */
} shape;

/* A third of the rows come later, where others have gone. */
static uint32_t first_rows(const shape *s)
{
    return s->rows / 3 * 2;
}

static uint32_t cluster_of(const shape *s, uint32_t node)
{
    uint32_t first = first_rows(s);
    if (!s->in_order)
        return (uint32_t)((node * 2654435761ull >> 7) % s->clusters);
    return node < first ? (uint32_t)((uint64_t)node * s->clusters / first)
                        : (uint32_t)((uint64_t)(node - first) * s->clusters / (s->rows - first));
}

static world *create(const shape *s)
{
    world *w =
        world_create(s->dim, ARB_ELEMENT_F32, ARB_METRIC_L2, s->rows, 1, s->M, s->ef_construction);
    uint64_t state = 11;
    float vector[64];
    for (uint32_t node = 0; node < s->rows; node++) {
        clustered_vector(cluster_of(s, node), s->spread, &state, s->dim, vector);
        store_vector(w, vector, arb_row_for_write(w->rows, node));
    }
    return w;
}

/* Rows 0..end-1 are linked. */
static void expect_found(const world *w, const shape *s, uint32_t end, const char *when)
{
    uint64_t state = 5;
    uint32_t lost = 0;
    uint64_t common = 0;
    uint64_t wanted = 0;
    float query[64];
    for (uint32_t i = 0; i < QUERIES; i++) {
        arb_hit truth[K], found[K];
        uint32_t exact = 0, right = 0;
        clustered_vector(i % s->clusters, s->spread, &state, s->dim, query);
        arb_exact_scan(&w->scorer, w->graph, query, 0, end, 0, &w->mask, K, truth, &exact, NULL);
        uint32_t count = search_graph(w, query, EF, K, found);
        for (uint32_t j = 0; j < count; j++)
            right += found[j].distance <= truth[exact - 1].distance;
        lost += right == 0;
        common += right;
        wanted += exact;
    }
    double recall = (double)common / (double)wanted;
    printf("%s, %s: recall %.4f, %u of %u queries lost\n", s->name, when, recall, lost, QUERIES);
    EXPECT(lost <= LOST_MAX && recall >= RECALL_MIN, "%s, %s: recall %.4f, %u of %u lost", s->name,
           when, recall, lost, QUERIES);
}

static void test_shape(const shape *s)
{
    world *w = create(s);
    uint32_t first = first_rows(s);
    link_rows(w, 0, first, 1);
    expect_found(w, s, first, "linked");
    EXPECT(arb_graph_freeze(w->graph) == ARB_OK, "%s", arb_last_error());
    expect_found(w, s, first, "frozen");
    for (uint32_t node = 0; node < s->rows - first; node++) {
        delete_row(w, node * 2);
        link_rows(w, first + node, first + node + 1, 1);
    }
    expect_found(w, s, s->rows, "replaced");
    EXPECT(arb_graph_freeze(w->graph) == ARB_OK, "%s", arb_last_error());
    expect_found(w, s, s->rows, "frozen again");
    expect_sound(w);
    world_destroy(w);
}

int main(void)
{
    static const shape shapes[] = {
        {"shuffled", 12, 30000, 10, 0.25f, 8, 40, 0},
        {"in order", 12, 30000, 10, 0.25f, 8, 40, 1},
        {"tight", 64, 18000, 30, 0.02f, 16, 100, 1},
        {"many", 48, 30000, 100, 0.2f, 12, 100, 1},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        test_shape(&shapes[i]);
    return report("graph_clusters_test");
}
