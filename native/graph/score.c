#include "graph/score.h"

#define CACHE_LINE 64u

arb_query arb_query_of(const arb_scorer *scorer, const void *vector, int native)
{
    const arb_rows *rows = scorer->rows;
    arb_query query = {.vector = vector,
                       .rows = rows,
                       .kernel = scorer->kernels->distance[rows->element][scorer->metric],
                       .negated = scorer->metric == ARB_METRIC_DOT};
    if (native && rows->element == ARB_ELEMENT_F16 &&
        atomic_load_explicit(&scorer->native, memory_order_relaxed) &&
        scorer->kernels->native[scorer->metric].one != NULL) {
        query.kernel = scorer->kernels->native[scorer->metric];
        query.rerank = 1;
    }
    return query;
}

float arb_exact_distance(const arb_scorer *scorer, const void *query, uint32_t node)
{
    const arb_rows *rows = scorer->rows;
    float distance = scorer->kernels->distance[rows->element][scorer->metric].one(
        query, arb_row(rows, node), rows->dim);
    return scorer->metric == ARB_METRIC_DOT ? -distance : distance;
}

static inline void prefetch_row(const arb_rows *rows, uint32_t node)
{
    const char *row = arb_row(rows, node);
    for (size_t offset = 0; offset < rows->stride; offset += CACHE_LINE)
        __builtin_prefetch(row + offset);
}

void arb_score(const arb_query *query, const uint32_t *nodes, uint32_t count, float *distances)
{
    const arb_rows *rows = query->rows;
    /* Two groups of four in flight: one is computed while the next one's rows come in. */
    for (uint32_t i = 0; i < count && i < 4; i++)
        prefetch_row(rows, nodes[i]);
    uint32_t done = 0;
    for (; done + 4 <= count; done += 4) {
        for (uint32_t i = done + 4; i < done + 8 && i < count; i++)
            prefetch_row(rows, nodes[i]);
        const void *four[4];
        for (uint32_t i = 0; i < 4; i++)
            four[i] = arb_row(rows, nodes[done + i]);
        query->kernel.four(query->vector, four, rows->dim, distances + done);
    }
    for (; done < count; done++)
        distances[done] = query->kernel.one(query->vector, arb_row(rows, nodes[done]), rows->dim);
    if (query->negated) {
        for (uint32_t i = 0; i < count; i++)
            distances[i] = -distances[i];
    }
}
