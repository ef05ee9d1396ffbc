/* The codes of an index: when they are made, and when they are made anew.
 *
 * A grid fits the rows it was made from. Rows that come later may lie elsewhere (a file sorted by
 * topic), so the grid is held against a fresh sample whenever the rows have doubled, and at a
 * freeze. All codes are written before their rows, or the grid, are published. */
#include "index/index.h"

#include "vectors/codes.h"

/* Below this every row is in some cache, and a mean is not worth much. */
#define ROWS_MIN 512u

/* A grid that is so much worse than on the rows it was made from is made anew. */
#define ERROR_GROWTH_MAX 1.5f

arb_status arb_index_code_rows(arb_index *index, uint32_t first, uint32_t count)
{
    return index->codes == NULL ? ARB_OK : arb_codes_append(index->codes, first, count);
}

static int fits(const arb_index *index, uint32_t rows)
{
    return index->codes != NULL &&
           arb_codes_measure(index->codes, rows) <= ERROR_GROWTH_MAX * index->codes->error;
}

/* In place of those that searches read until now; NULL: none. */
static void show(arb_index *index, arb_codes *codes)
{
    arb_codes *old = index->codes;
    index->codes = codes;
    uint64_t generation = atomic_load_explicit(&index->codes_generation, memory_order_relaxed) + 1;
    if (codes != NULL)
        codes->generation = generation;
    atomic_store_explicit(&index->codes_generation, generation, memory_order_relaxed);
    atomic_store_explicit(&index->scorer.codes, codes, memory_order_release);
    atomic_store_explicit(&index->code_row_bytes, codes == NULL ? 0 : arb_codes_row_bytes(codes),
                          memory_order_relaxed);
    if (old != NULL) {
        arb_graph_wait_grace(index->graph);
        arb_codes_destroy(old);
    }
}

arb_status arb_index_renew_codes(arb_index *index)
{
    uint32_t rows = (uint32_t)arb_index_published(index);
    if (index->codes_wanted == ARB_CODES_NONE || rows < ROWS_MIN ||
        !arb_codes_are_shorter(&index->scorer.form)) {
        return ARB_OK;
    }
    index->codes_looked_at = rows;
    if (fits(index, rows)) {
        return ARB_OK;
    }
    arb_codes *renewed;
    arb_status status = arb_codes_create(&index->scorer.form, index->rows, rows, &renewed);
    if (status != ARB_OK) {
        return status;
    }
    show(index, renewed);
    return ARB_OK;
}

arb_status arb_index_open_codes(arb_index *index, const float *grid)
{
    uint32_t rows = (uint32_t)arb_index_published(index);
    arb_codes *opened;
    arb_status status = arb_codes_open(&index->scorer.form, index->rows, rows, grid, &opened);
    if (status == ARB_OK) {
        show(index, opened);
        index->codes_looked_at = rows;
    }
    return status;
}

void arb_index_look_at_codes(arb_index *index)
{
    if (arb_index_published(index) >= 2 * index->codes_looked_at) {
        /* without memory for better codes the index goes on with those it has */
        (void)arb_index_renew_codes(index);
    }
}
