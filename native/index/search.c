/* Search: the graph, and the rows that are not in it yet.
 *
 * For one query, in this order:
 *   1. replacements, then published: rows below are what this search answers for
 *   2. exact scan of rows [linked_low, published) that the graph has not got
 *   3. graph search: a row that was linked after its turn in 2 is merely found twice
 *   4. merge by distance, each row once
 *   5. if ids were replaced meanwhile: scan the rows published since as well, and keep the newest
 *      row of each id. Without that, a search could see an old row deleted and not know the new
 *      one, or return both. */
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow_export.h"
#include "arrow/arrow_import.h"
#include "index/hits.h"
#include "index/index.h"
#include "vectors/error.h"

/* Hits of the usual k lie on the stack. */
#define STACK_HITS 256
/* How often a search that lost hits to replaced ids widens and tries again. An attempt loses only
 * rows whose ids were replaced while it ran. */
#define ATTEMPTS_MAX 8

/* What a call sets up once for its queries. */
typedef struct search_call {
    const arb_index *index;
    arb_searcher *searcher;
    uint32_t k;
    uint32_t ef;
    int exact;
    /* room for one query: the graph's hits, then the scans' */
    arb_hit *hits;
    uint32_t capacity;
    arb_hit *heap_hits; /* `hits` where the stack did not do, for free() */
    arb_search_stats stats;
} search_call;

/* One attempt's findings: the graph's in call->hits[0..found), the scans' in
 * call->hits[wanted..wanted+scanned), each nearest first. */
typedef struct attempt {
    const void *query;
    int query_native;
    uint32_t wanted;
    uint32_t found;
    uint32_t scanned;
} attempt;

static arb_status reserve_hits(search_call *call, uint32_t capacity)
{
    if (capacity <= call->capacity) {
        return ARB_OK;
    }
    arb_hit *hits = malloc(capacity * sizeof *hits);
    if (hits == NULL) {
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "search: no memory for %u hits", capacity);
    }
    free(call->heap_hits);
    call->heap_hits = hits;
    call->hits = hits;
    call->capacity = capacity;
    return ARB_OK;
}

static void scan(search_call *call, attempt *try, uint64_t first, uint64_t end, int skip_linked)
{
    const arb_index *index = call->index;
    if (first < end) {
        arb_exact_scan(&index->scorer, index->graph, try->query, (uint32_t)first, (uint32_t)end,
                       skip_linked, index->deleted_bits, try->wanted, call->hits + try->wanted,
                       &try->scanned, &call->stats);
    }
}

/* Steps 2 and 3. */
static arb_status search_linked_and_tail(search_call *call, attempt *try, uint64_t published)
{
    const arb_index *index = call->index;
    uint64_t low = atomic_load_explicit(&index->linked_low, memory_order_acquire);
    scan(call, try, low, published, 1);
    return arb_graph_search(index->graph, call->searcher, try->query, try->query_native, call->ef,
                            try->wanted, index->deleted_bits, call->hits, &try->found,
                            &call->stats);
}

/* Rows published while rows are scanned are scanned in turn. Scanning a row is far cheaper than
 * appending it, so this catches up. When it ends, the replacement of every row that was seen
 * deleted has been scanned: a replacement is published before the old row is deleted. */
static void scan_newly_published(search_call *call, attempt *try, uint64_t published)
{
    uint64_t now;
    while ((now = arb_index_published(call->index)) != published) {
        scan(call, try, published, now, 0);
        published = now;
    }
}

static uint64_t live_rows(const arb_index *index)
{
    uint64_t deleted = atomic_load_explicit(&index->deleted_count, memory_order_acquire);
    return arb_index_published(index) - deleted;
}

/* All the steps. lost: hits dropped because a newer row of their id was found as well. */
static arb_status run_attempt(search_call *call, attempt *try, int exact, uint32_t *count,
                              uint32_t *lost)
{
    const arb_index *index = call->index;
    uint64_t before = atomic_load_explicit(&index->replacements, memory_order_acquire);
    uint64_t published = arb_index_published(index);
    if (exact) {
        scan(call, try, 0, published, 0);
    } else {
        arb_status status = search_linked_and_tail(call, try, published);
        if (status != ARB_OK) {
            return status;
        }
    }
    /* Deleted bits are read with acquire: whoever saw a bit of a replacement sees its count. */
    int replaced = (before & 1) != 0 ||
                   atomic_load_explicit(&index->replacements, memory_order_acquire) != before;
    if (replaced) {
        scan_newly_published(call, try, published);
    }
    memmove(call->hits + try->found, call->hits + try->wanted, try->scanned * sizeof *call->hits);
    uint32_t total = try->found + try->scanned;
    *lost = 0;
    if (replaced || (try->found > 0 && try->scanned > 0)) {
        uint32_t kept = arb_hits_keep_newest(&index->ids, call->hits, total);
        *lost = replaced ? total - kept : 0;
        total = kept;
        qsort(call->hits, total, sizeof *call->hits, arb_hit_compare);
    }
    *count = total < call->k ? total : call->k;
    return ARB_OK;
}

/* The k nearest of one query in call->hits, nearest first. */
static arb_status search_one(search_call *call, const void *query, int query_native,
                             uint32_t *count)
{
    uint32_t wanted = call->k;
    /* a graph has little to say where everything is wanted */
    int exact = call->exact || wanted >= live_rows(call->index);
    for (int i = 0; i < ATTEMPTS_MAX; i++) {
        uint32_t lost;
        attempt try = {.query = query, .query_native = query_native, .wanted = wanted};
        arb_status status = reserve_hits(call, 2 * wanted);
        if (status != ARB_OK || (status = run_attempt(call, &try, exact, count, &lost)) != ARB_OK) {
            return status;
        }
        if (lost > 0 && wanted < call->k + lost) {
            /* Old and new rows of one id took places that other rows may deserve. With this many
             * more, at least k different ids are nearer than any row left out. */
            wanted = call->k + 2 * lost;
            continue;
        }
        if (exact || *count >= call->k || *count >= live_rows(call->index)) {
            return ARB_OK;
        }
        exact = 1; /* rows that the graph does not reach */
    }
    return ARB_OK;
}

static arb_status search_all(search_call *call, const arb_vectors_view *queries,
                             arb_hits_export *out, uint64_t *total)
{
    const arb_index *index = call->index;
    _Alignas(64) uint8_t query[ARB_DIM_MAX * sizeof(float)];
    *total = 0;
    for (uint32_t i = 0; i < queries->count; i++) {
        arb_row_facts facts;
        uint32_t count = 0;
        arb_status status = arb_cast_row(&index->scorer.form, queries->type,
                                         arb_view_vector(queries, i), query, "queries", i, &facts);
        if (status != ARB_OK) {
            return status;
        }
        int query_native = arb_query_range_is_safe(index, &facts);
        if (call->k > 0 && (status = search_one(call, query, query_native, &count)) != ARB_OK) {
            return status;
        }
        for (uint32_t j = 0; j < count; j++) {
            out->query[*total] = i;
            out->id[*total] = arb_id_of(&index->ids, call->hits[j].node);
            out->distance[*total] = call->hits[j].distance;
            ++*total;
        }
    }
    return ARB_OK;
}

static arb_status check_search(const arb_index *index, const arb_search_options *options,
                               const struct ArrowSchema *out_schema, const struct ArrowArray *out)
{
    if (index == NULL || options == NULL || out_schema == NULL || out == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found NULL; allowed a live one",
                        index == NULL     ? "index"
                        : options == NULL ? "options"
                                          : "out");
    }
    if (options->struct_size != sizeof *options) {
        return arb_fail(ARB_INVALID_ARGUMENT, "options.struct_size: found %u; allowed %zu",
                        options->struct_size, sizeof *options);
    }
    if (options->k < 1 || options->k > ARB_K_MAX) {
        return arb_fail(ARB_INVALID_ARGUMENT, "options.k: found %u; allowed 1..%u", options->k,
                        ARB_K_MAX);
    }
    if (options->ef > ARB_EF_MAX) {
        return arb_fail(ARB_INVALID_ARGUMENT, "options.ef: found %u; allowed 0..%u", options->ef,
                        ARB_EF_MAX);
    }
    if (options->exact != 0 && options->exact != 1) {
        return arb_fail(ARB_INVALID_ARGUMENT, "options.exact: found %d; allowed 0..1",
                        options->exact);
    }
    return ARB_OK;
}

arb_status arb_index_search(const arb_index *index, const arb_search_options *options,
                            struct ArrowSchema *query_schema, struct ArrowArray *queries,
                            struct ArrowSchema *out_schema, struct ArrowArray *out,
                            arb_search_stats *stats)
{
    arb_status status = check_search(index, options, out_schema, out);
    arb_vectors_view view;
    if (status != ARB_OK || (status = arb_import_vectors("queries", query_schema, queries,
                                                         index->dim, &view)) != ARB_OK) {
        return status;
    }
    arb_hit stack_hits[STACK_HITS];
    uint64_t published = arb_index_published(index);
    search_call call = {
        .index = index,
        .k = options->k < published ? options->k : (uint32_t)published,
        .ef = options->ef > options->k ? options->ef : options->k,
        .exact = options->exact,
        .hits = stack_hits,
        .capacity = STACK_HITS,
    };
    arb_hits_export answer;
    if ((status = arb_export_hits_begin((uint64_t)view.count * call.k, &answer)) != ARB_OK) {
        return status;
    }
    call.searcher = arb_searcher_acquire(index->graph);
    if (call.searcher == NULL) {
        arb_export_hits_cancel(&answer);
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "search: no memory for a searcher");
    }
    uint64_t total;
    status = search_all(&call, &view, &answer, &total);
    arb_searcher_release(index->graph, call.searcher);
    free(call.heap_hits);
    if (status != ARB_OK) {
        arb_export_hits_cancel(&answer);
        return status;
    }
    queries->release(queries);
    arb_export_hits_finish(&answer, total, out_schema, out);
    if (stats != NULL) {
        *stats = call.stats;
    }
    return ARB_OK;
}
