#include "graph/converge.h"

#include <float.h>
#include <math.h>

#include "graph/rerank.h"

arb_converge arb_converge_of(const arb_scorer *scorer, const arb_query *query, uint32_t k,
                             arb_gap gap)
{
    const arb_row_form *form = &scorer->form;
    float shift = 0;
    if (form->metric == ARB_METRIC_DOT) {
        const arb_distance *dot = &form->kernels->distance[form->element][ARB_METRIC_DOT];
        shift = gap.norm * sqrtf(dot->one(query->row, query->row, form->dim));
    }
    float blur = isfinite(query->blur) ? query->blur : 0;
    if (form->metric == ARB_METRIC_L2)
        blur *= blur;
    float floor = blur / query->unit;
    uint32_t keep = arb_rerank_breadth(k, query->rerank);
    k = k > ARB_CONVERGE_K_MIN ? k : ARB_CONVERGE_K_MIN;
    return (arb_converge){.k = k,
                          .keep = keep > k ? keep : k,
                          .gap = gap,
                          .origin = (query->zero + shift) / query->unit,
                          .floor = floor > FLT_MIN ? floor : FLT_MIN,
                          .limit = UINT64_MAX};
}

static void find_kth(arb_converge *converge, const arb_candidate_array *array, const arb_mask *mask)
{
    if (mask == NULL) {
        converge->kth = converge->k - 1;
        return;
    }
    uint32_t live = 0;
    converge->kth = 0;
    for (uint32_t i = 0; i < array->count && live < converge->k; i++) {
        live += !arb_is_masked(mask, arb_candidate_node(array->sorted[i]));
        converge->kth = i;
    }
}

void arb_converge_begin(arb_converge *converge, const arb_candidate_array *array,
                        const arb_mask *mask)
{
    converge->limit = UINT64_MAX;
    find_kth(converge, array, mask);
}

void arb_converge_add(arb_converge *converge, const arb_candidate_array *array, uint32_t place,
                      const arb_mask *mask)
{
    if (array->live < converge->k || (place > converge->kth && array->live > converge->k))
        return;
    int masked = arb_is_masked(mask, arb_candidate_node(array->sorted[place]));
    if (array->live == converge->k || converge->kth + 1 >= array->count) {
        find_kth(converge, array, mask);
        return;
    }
    converge->kth++; /* where the k-th is now */
    if (masked)
        return;
    do
        converge->kth--;
    while (converge->kth > 0 &&
           arb_is_masked(mask, arb_candidate_node(array->sorted[converge->kth])));
}

/* Where masked nodes lie among the k nearest, these are settled as the r nearest of all are, for
 * which a smaller gap does. */
static float gap_now(const arb_converge *converge)
{
    const arb_gap *gap = &converge->gap;
    if (gap->rise == 0)
        return gap->gap;
    float rank = fminf((float)converge->kth + 1, gap->rank_most);
    return fmaxf(0, gap->gap + gap->rise * logf(fmaxf(rank / (float)converge->k, 1)));
}

void arb_converge_trim(arb_converge *converge, arb_candidate_array *array, const arb_mask *mask)
{
    if (array->live < converge->k || converge->kth >= array->count)
        return;
    float kth = arb_candidate_distance(array->sorted[converge->kth]);
    float scale = fmaxf(kth + converge->origin, converge->floor);
    converge->limit =
        arb_candidate(kth + gap_now(converge) * scale, ARB_NODE_MASK) | ARB_CANDIDATE_FLAG;
    while (array->live > converge->keep && array->sorted[array->count - 1] > converge->limit) {
        array->count--;
        array->live -= !arb_is_masked(mask, arb_candidate_node(array->sorted[array->count]));
        array->dropped = 1;
    }
    array->cursor = array->cursor < array->count ? array->cursor : array->count;
}
