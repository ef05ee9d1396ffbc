#include "index/subset.h"

#include <stdlib.h>

#include "arrow/arrow_import.h"
#include "index/matches.h"
#include "vectors/error.h"

static arb_status check(const arb_index *index, arb_subset **out)
{
    if (index == NULL || out == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found NULL; allowed a live one",
                        index == NULL ? "index" : "out");
    }
    return ARB_OK;
}

static arb_status create(const arb_index *index, const arb_bits_view *filter, arb_subset **out)
{
    /* in this order: codes of this generation are there for every row below the end */
    uint64_t generation = atomic_load_explicit(&index->codes_generation, memory_order_acquire);
    uint64_t published = arb_index_published(index);
    uint64_t end = published < filter->count ? published : filter->count;
    uint64_t *words = malloc(arb_match_words(filter->count) * sizeof *words);
    arb_subset *subset = calloc(1, sizeof *subset);
    arb_status status = ARB_OK;
    if (words == NULL || subset == NULL) {
        status = arb_fail(ARB_RESOURCE_EXHAUSTED, "subset: no memory for %u bits", filter->count);
    } else {
        arb_mask mask = arb_mask_of_filter(index, filter, words);
        status = arb_cells_create(index->graph, generation, &mask, (uint32_t)end, &subset->cells);
    }
    free(words);
    if (status == ARB_OK && subset->cells != NULL) {
        subset->index_serial = index->serial;
        subset->end = (uint32_t)end;
        subset->rows = arb_cells_get_facts(subset->cells).rows;
        *out = subset;
    } else {
        free(subset);
    }
    return status;
}

arb_status arb_subset_create(const arb_index *index, struct ArrowSchema *filter_schema,
                             struct ArrowArray *filter, arb_subset **out)
{
    arb_bits_view bits;
    arb_status status = check(index, out);
    if (status == ARB_OK)
        status = arb_import_bits("filter", filter_schema, filter, &bits);
    arb_subset *subset = NULL;
    if (status == ARB_OK)
        status = create(index, &bits, &subset);
    if (status != ARB_OK)
        return status;
    *out = subset;
    filter->release(filter);
    return ARB_OK;
}

void arb_subset_destroy(arb_subset *subset)
{
    if (subset == NULL)
        return;
    arb_cells_destroy(subset->cells);
    free(subset);
}

arb_status arb_subset_get_stats(const arb_subset *subset, arb_subset_stats *out)
{
    if (subset == NULL || out == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found NULL; allowed a live one",
                        subset == NULL ? "subset" : "out");
    }
    arb_cells_facts facts = arb_cells_get_facts(subset->cells);
    *out = (arb_subset_stats){.rows = facts.rows,
                              .bytes = facts.bytes + sizeof *subset,
                              .cells = facts.cells,
                              .scanned = facts.scanned};
    return ARB_OK;
}

int32_t arb_subset_is_current(const arb_subset *subset, const arb_index *index)
{
    return subset != NULL && subset->index_serial == index->serial &&
           arb_cells_get_facts(subset->cells).generation ==
               atomic_load_explicit(&index->codes_generation, memory_order_relaxed);
}
