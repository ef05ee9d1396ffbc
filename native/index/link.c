/* Linking pending rows: many threads, each takes one row at a time.
 *
 *   claimed_bits   a row is taken by setting its bit; a row whose insert failed is given back
 *   link_cursor    where to look for the next row: rows below it are claimed. A hint with a
 *                  generation in its upper half, which a giving-back moves on; so a cursor that
 *                  someone computed before cannot jump over the row that came back
 *   finished       rows done with; pending = published - finished
 *   linked_low     rows below need no scan by a search */
#include "index/index.h"
#include "vectors/error.h"

static uint32_t cursor_row(uint64_t cursor)
{
    return (uint32_t)cursor;
}

static uint64_t cursor_of(uint64_t generation, uint64_t row)
{
    return generation << 32 | row;
}

static uint64_t row_bit(uint32_t row)
{
    return 1ull << (row % 64);
}

/* Takes the next row that nobody has; 0 where there is none. */
static int claim_row(arb_index *index, uint32_t *row)
{
    uint64_t cursor = atomic_load_explicit(&index->link_cursor, memory_order_acquire);
    uint64_t published = arb_index_published(index);
    for (uint64_t i = cursor_row(cursor); i < published; i++) {
        uint64_t bit = row_bit((uint32_t)i);
        uint64_t before =
            atomic_fetch_or_explicit(&index->claimed_bits[i / 64], bit, memory_order_acq_rel);
        if (before & bit) {
            continue;
        }
        /* if another call moved the cursor meanwhile, its value does as well */
        atomic_compare_exchange_strong(&index->link_cursor, &cursor,
                                       cursor_of(cursor >> 32, i + 1));
        *row = (uint32_t)i;
        return 1;
    }
    return 0;
}

/* A row that could not be linked stays pending, and the next call finds it. */
static void give_back_row(arb_index *index, uint32_t row)
{
    atomic_fetch_and_explicit(&index->claimed_bits[row / 64], ~row_bit(row), memory_order_acq_rel);
    uint64_t cursor = atomic_load(&index->link_cursor);
    uint64_t lowered;
    do {
        uint32_t at = cursor_row(cursor) < row ? cursor_row(cursor) : row;
        lowered = cursor_of((cursor >> 32) + 1, at);
    } while (!atomic_compare_exchange_weak(&index->link_cursor, &cursor, lowered));
}

/* Whether a search may pass this row over: the graph has it, or nobody may see it. */
static int needs_no_scan(const arb_index *index, uint32_t row)
{
    return arb_graph_is_linked(index->graph, row) || arb_is_deleted(index->deleted_bits, row);
}

/* Moves linked_low over the rows that are done. The caller has counted its own row into `finished`:
 * of two calls that finish at once, the later one to count sees the other's row. */
static void advance_linked_low(arb_index *index)
{
    uint64_t low = atomic_load_explicit(&index->linked_low, memory_order_acquire);
    uint64_t published = arb_index_published(index);
    uint64_t end = low;
    while (end < published && needs_no_scan(index, (uint32_t)end)) {
        end++;
    }
    while (low < end && !atomic_compare_exchange_weak(&index->linked_low, &low, end)) {
    }
}

static void finish_row(arb_index *index)
{
    atomic_fetch_add_explicit(&index->finished, 1, memory_order_acq_rel);
    advance_linked_low(index);
}

arb_status arb_index_link(arb_index *index, uint32_t max_rows, uint32_t *linked)
{
    if (index == NULL || linked == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found NULL; allowed a live one",
                        index == NULL ? "index" : "linked");
    }
    arb_searcher *searcher = arb_searcher_acquire(index->graph);
    if (searcher == NULL) {
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "link: no memory for a searcher");
    }
    arb_status status = ARB_OK;
    uint32_t count = 0;
    uint32_t row;
    while (count < max_rows && claim_row(index, &row)) {
        /* a row deleted before its turn is left out of the graph for good, but counts as done */
        if (!arb_is_deleted(index->deleted_bits, row)) {
            status = arb_graph_insert(index->graph, searcher, row);
            if (status != ARB_OK) {
                give_back_row(index, row);
                break;
            }
        }
        finish_row(index);
        count++;
    }
    arb_searcher_release(index->graph, searcher);
    /* rows linked before a failure are linked: the next call meets the failure again if it lasts */
    if (status != ARB_OK && count == 0) {
        return status;
    }
    *linked = count;
    return ARB_OK;
}

void arb_index_adopt_links(arb_index *index)
{
    uint64_t rows = arb_index_published(index);
    uint64_t finished = 0;
    for (uint64_t row = 0; row < rows; row++) {
        if (arb_graph_is_linked(index->graph, (uint32_t)row)) {
            index->claimed_bits[row / 64] |= row_bit((uint32_t)row);
            finished++;
        }
    }
    atomic_store(&index->finished, finished);
    advance_linked_low(index);
}
