/* Which index runs generated code: one that a calibration showed to win by it. */
#include "index/index.h"

/* Below this every row is in some cache whatever is done. */
#define ROWS_MIN 1024u

/* A generated distance is kept where its median pair is so much faster, and is with some certainty
 * faster at all: on a busy machine the median alone is sometimes off by as much. */
#define MARGIN 1.02f

static int is_faster(const arb_generated_timing *timing)
{
    return timing->median >= MARGIN && timing->median_at_least > 1.0f;
}

/* Nobody can be inside the old code when it goes. */
static void publish(arb_index *index, arb_generated *generated)
{
    arb_generated *old = index->generated;
    index->generated = generated;
    atomic_store_explicit(&index->scorer.generated, generated, memory_order_release);
    atomic_store_explicit(&index->generated_bytes, generated == NULL ? 0 : generated->bytes,
                          memory_order_relaxed);
    if (old != NULL) {
        arb_graph_wait_grace(index->graph);
        arb_generated_destroy(old);
    }
}

/* A fused graph is searched by the codes beside its lists, which have kernels of their own. */
static int has_use_for_it(const arb_index *index, uint64_t rows)
{
    arb_graph_stats graph;
    return index->generated_use != ARB_GENERATED_NEVER &&
           rows >= (index->generated_use == ARB_GENERATED_ALWAYS ? 1 : ROWS_MIN) &&
           arb_graph_get_stats(index->graph, &graph) == ARB_OK && !graph.fused;
}

void arb_index_calibrate(arb_index *index)
{
    uint64_t rows = arb_index_published(index);
    arb_generated_timing timing = {0};
    arb_generated *generated = NULL;
    if (has_use_for_it(index, rows)) {
        generated = arb_graph_calibrate(index->graph, (uint32_t)rows, &timing);
    }
    atomic_store_explicit(&index->generated_speedup, timing.median, memory_order_relaxed);
    if (generated != NULL && index->generated_use != ARB_GENERATED_ALWAYS && !is_faster(&timing)) {
        arb_generated_destroy(generated);
        generated = NULL;
    }
    publish(index, generated);
}
