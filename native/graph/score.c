#include "graph/score.h"

#include <math.h>

/* Rows asked for before the first is looked at: a group of four is computed while the next two
 * groups' rows come in. */
#define AHEAD 8u

arb_query arb_query_of(const arb_scorer *scorer, const void *row, int native)
{
    const arb_row_form *form = &scorer->form;
    arb_query query = {.row = row,
                       .vector = row,
                       .rows = scorer->rows,
                       .dim = form->dim,
                       .kernel = form->kernels->distance[form->element][form->metric],
                       .unit = 1,
                       .negated = form->metric == ARB_METRIC_DOT};
    if (native && form->element == ARB_ELEMENT_F16 &&
        atomic_load_explicit(&scorer->native, memory_order_relaxed) &&
        form->kernels->native[form->metric].one != NULL) {
        query.kernel = form->kernels->native[form->metric];
        query.rerank = 1;
        query.blur = INFINITY;
    }
    return query;
}

/* The generated distance where it stands for the query's kernel. */
static void take_generated(const arb_scorer *scorer, arb_query *query)
{
    const arb_generated *generated = atomic_load_explicit(&scorer->generated, memory_order_acquire);
    if (generated != NULL && generated->replaces.one == query->kernel.one &&
        generated->dim == query->dim)
        query->kernel = generated->distance;
}

arb_query arb_written_traversal_query(const arb_scorer *scorer, arb_searcher *searcher,
                                      const void *row, int native)
{
    const arb_codes *codes = atomic_load_explicit(&scorer->codes, memory_order_acquire);
    arb_codes_query coded;
    if (codes == NULL || !arb_codes_prepare(codes, row, searcher->query_code, &coded))
        return arb_query_of(scorer, row, native);
    /* Both are padded with zeros: with the stride for a dimension no kernel has a tail to do. */
    return (arb_query){.row = row,
                       .vector = coded.code,
                       .rows = codes->rows,
                       .dim = (uint32_t)codes->rows->stride,
                       .kernel = scorer->form.kernels->sq8[scorer->form.metric],
                       .negated = scorer->form.metric != ARB_METRIC_L2,
                       .rerank = 1,
                       .blur = coded.blur,
                       .sq1 = codes->sq1,
                       .bits = coded.sq1,
                       .zero = coded.zero,
                       .unit = coded.unit};
}

arb_query arb_traversal_query(const arb_scorer *scorer, arb_searcher *searcher, const void *row,
                              int native)
{
    arb_query query = arb_written_traversal_query(scorer, searcher, row, native);
    take_generated(scorer, &query);
    return query;
}

float arb_exact_distance(const arb_scorer *scorer, const void *query, uint32_t node)
{
    const arb_row_form *form = &scorer->form;
    float distance = form->kernels->distance[form->element][form->metric].one(
        query, arb_row(scorer->rows, node), form->dim);
    return form->metric == ARB_METRIC_DOT ? -distance : distance;
}

void arb_score_rows(const arb_query *query, const void **rows, uint32_t count, float *distances)
{
    uint32_t done = 0;
    for (; done + 1 < count; done += 4) {
        /* The last group is filled up with what does not count: two or three rows take less time
         * together than one by one. */
        for (uint32_t i = count; i < done + 4; i++)
            rows[i] = rows[done];
        query->kernel.four(query->vector, rows + done, query->dim, distances + done);
    }
    if (done < count)
        distances[done] = query->kernel.one(query->vector, rows[done], query->dim);
    if (query->negated) {
        for (uint32_t i = 0; i < count; i++)
            distances[i] = -distances[i];
    }
}

static void score(const arb_query *query, const uint32_t *nodes, uint32_t count, uint32_t ahead,
                  float *distances)
{
    const arb_rows *rows = query->rows;
    for (uint32_t i = 0; i < count && i < ahead; i++)
        arb_prefetch_row(rows, nodes[i]);
    uint32_t done = 0;
    for (; done + 4 <= count; done += 4) {
        if (ahead > 0) {
            for (uint32_t i = done + ahead; i < done + ahead + 4 && i < count; i++)
                arb_prefetch_row(rows, nodes[i]);
        }
        const void *four[4];
        for (uint32_t i = 0; i < 4; i++)
            four[i] = arb_row(rows, nodes[done + i]);
        query->kernel.four(query->vector, four, query->dim, distances + done);
    }
    for (; done < count; done++)
        distances[done] = query->kernel.one(query->vector, arb_row(rows, nodes[done]), query->dim);
    if (query->negated) {
        for (uint32_t i = 0; i < count; i++)
            distances[i] = -distances[i];
    }
}

void arb_score_fetched(const arb_query *query, const uint32_t *nodes, uint32_t count,
                       float *distances)
{
    score(query, nodes, count, 0, distances);
}

void arb_score(const arb_query *query, const uint32_t *nodes, uint32_t count, float *distances)
{
    score(query, nodes, count, AHEAD, distances);
}
