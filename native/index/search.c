/* Search: the graph, and the rows that are not in it yet.
 *
 * A filter becomes a mask (matches.h) once a call, before anything else: what it takes for deleted
 * is deleted for all that follows. Then, for one query, in this order:
 *   1. replacements, then published: rows below are what this search answers for
 *   2. exact scan of rows [linked_low, published) that the graph has not got
 *   3. graph search: a row that was linked after its turn in 2 is merely found twice
 *   4. merge by distance, each row once
 *   5. if ids were replaced meanwhile: scan the rows published since as well, and keep the newest
 *      row of each id. Without that, a search could see an old row deleted and not know the new
 *      one, or return both.
 *
 * Queries go through these steps in groups, as the graph takes them; an exact search of several is
 * one scan for a whole tile of them. What a query lacks after that, it looks for by itself. */
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow_export.h"
#include "arrow/arrow_import.h"
#include "graph/exact_batch.h"
#include "index/hits.h"
#include "index/index.h"
#include "index/matches.h"
#include "index/search_check.h"
#include "index/subset.h"
#include "vectors/error.h"

/* Hits of the usual k lie on the stack. */
#define STACK_HITS 256
/* How often a search that lost hits to replaced ids widens and tries again. An attempt loses only
 * rows whose ids were replaced while it ran. */
#define ATTEMPTS_MAX 8
/* What a search of a subset goes for unless it is told. */
#define SUBSET_RECALL 0.995f

/* Room for hits, which begins on the stack. */
typedef struct hit_room {
    arb_hit *hits;
    size_t capacity;
    arb_hit *heap; /* `hits` where the stack did not do, for free() */
} hit_room;

/* What a call sets up once for its queries. */
typedef struct search_call {
    const arb_index *index;
    arb_searcher *searchers[ARB_GROUP_MAX];
    uint32_t searcher_count;
    uint32_t group; /* queries at a time */
    uint32_t k;
    uint32_t ef;
    arb_strategy strategy;
    float target_recall; /* 0: ef rules */
    const arb_subset *subset;
    arb_mask mask;
    uint64_t matching; /* with a filter, rows that match it and lived when the call began */
    /* for each query 2 * wanted, the graph's hits, then the scans' */
    hit_room of_group;
    hit_room of_one;        /* a query that looks for more by itself */
    arb_exact_query *batch; /* room for a group that is scanned at once */
    arb_search_stats stats;
} search_call;

/* A query, and what one attempt at it has found, all in graph.hits: the graph's in
 * [0..graph.count), the scans' in [wanted..wanted+scanned), each nearest first; merged, in
 * [0..count). */
typedef struct attempt {
    arb_graph_query graph;
    uint32_t scanned;
    uint32_t count;
    uint32_t lost; /* hits dropped because a newer row of their id was found as well */
    int unfilled;  /* the graph gave fewer than it was asked for, though more may match */
} attempt;

static arb_status reserve_hits(hit_room *room, size_t capacity)
{
    if (capacity <= room->capacity) {
        return ARB_OK;
    }
    arb_hit *hits = malloc(capacity * sizeof *hits);
    if (hits == NULL) {
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "search: no memory for %zu hits", capacity);
    }
    free(room->heap);
    *room = (hit_room){.hits = hits, .capacity = capacity, .heap = hits};
    return ARB_OK;
}

static void scan(search_call *call, attempt *try, uint32_t wanted, uint64_t first, uint64_t end,
                 int skip_linked)
{
    const arb_index *index = call->index;
    if (first < end) {
        arb_exact_scan(&index->scorer, index->graph, try->graph.row, (uint32_t)first, (uint32_t)end,
                       skip_linked, &call->mask, wanted, try->graph.hits + wanted, &try->scanned,
                       &call->stats);
    }
}

/* The scan of an exact search. */
static arb_status scan_all(search_call *call, attempt *tries, uint32_t count, uint32_t wanted,
                           uint64_t published)
{
    const arb_index *index = call->index;
    if (count < ARB_EXACT_BATCH_MIN || count > arb_exact_batch_max(&index->scorer, wanted)) {
        for (uint32_t i = 0; i < count; i++) {
            scan(call, &tries[i], wanted, 0, published, 0);
        }
        return ARB_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        call->batch[i] =
            (arb_exact_query){.row = tries[i].graph.row, .hits = tries[i].graph.hits + wanted};
    }
    arb_status status =
        arb_exact_scan_batch(&index->scorer, index->graph, call->batch, count, 0,
                             (uint32_t)published, &call->mask, wanted, &call->stats);
    for (uint32_t i = 0; i < count; i++) {
        tries[i].scanned = call->batch[i].count;
    }
    return status;
}

/* Whether a scan of codes holds the candidates that are wanted. */
static int fits_code_scan(const search_call *call, uint32_t wanted)
{
    return call->ef <= ARB_CODE_SCAN_MAX / 3 && wanted <= ARB_CODE_SCAN_MAX / 3;
}

/* The scan of rows first..end-1 over their codes, for one query. */
static arb_status scan_codes_of(search_call *call, attempt *try, uint32_t wanted, uint64_t first,
                                uint64_t end)
{
    arb_graph_options options = {.ef = call->ef, .k = wanted, .mask = &call->mask};
    arb_graph_query query = try->graph;
    query.hits = try->graph.hits + wanted;
    arb_status status = arb_scan_codes(call->index->graph, call->searchers[0], (uint32_t)first,
                                       (uint32_t)end, &options, &query, &call->stats);
    try->scanned = query.count;
    return status;
}

/* The scan of an exact search over the codes, where there are some. */
static arb_status scan_codes(search_call *call, attempt *tries, uint32_t count, uint32_t wanted,
                             uint64_t published)
{
    const arb_scorer *scorer = &call->index->scorer;
    if (!fits_code_scan(call, wanted) ||
        atomic_load_explicit(&scorer->codes, memory_order_relaxed) == NULL) {
        return scan_all(call, tries, count, wanted, published);
    }
    arb_status status = ARB_OK;
    for (uint32_t i = 0; status == ARB_OK && i < count; i++)
        status = scan_codes_of(call, &tries[i], wanted, 0, published);
    return status;
}

/* The subset, and the rows that came after it. */
static arb_status search_subset(search_call *call, attempt *tries, uint32_t count, uint32_t wanted,
                                uint64_t published)
{
    const arb_subset *subset = call->subset;
    arb_graph_options options = {.ef = call->ef, .k = wanted, .mask = &call->mask};
    float target = call->target_recall > 0 ? call->target_recall : SUBSET_RECALL;
    arb_status status = ARB_OK;
    for (uint32_t i = 0; status == ARB_OK && i < count; i++) {
        int current = 0;
        if (fits_code_scan(call, wanted)) {
            status = arb_cells_scan(subset->cells, call->index->graph, call->searchers[0], &options,
                                    target, &tries[i].graph, &call->stats, &current);
        }
        if (status == ARB_OK && current) {
            status = scan_codes_of(call, &tries[i], wanted, subset->end, published);
        } else if (status == ARB_OK) {
            call->stats.fallbacks++;
            status = scan_codes(call, &tries[i], 1, wanted, published);
        }
    }
    return status;
}

/* Steps 2 and 3. */
static arb_status search_linked_and_tail(search_call *call, attempt *tries, uint32_t count,
                                         uint32_t wanted, uint64_t published)
{
    const arb_index *index = call->index;
    uint64_t low = atomic_load_explicit(&index->linked_low, memory_order_acquire);
    arb_graph_query queries[ARB_GROUP_MAX];
    for (uint32_t i = 0; i < count; i++) {
        scan(call, &tries[i], wanted, low, published, 1);
        queries[i] = tries[i].graph;
    }
    arb_graph_options options = {.ef = call->ef,
                                 .k = wanted,
                                 .mask = &call->mask,
                                 .through = call->strategy == ARB_STRATEGY_FILTERED_GRAPH};
    arb_recall_breadth breadth;
    arb_first_try first;
    if (call->target_recall > 0) {
        breadth = arb_index_breadth(index, call->target_recall, wanted);
        options.ef = breadth.ef;
        options.gap = breadth.has_gap ? &breadth.gap : NULL;
        if (options.through && breadth.has_gap) {
            first = arb_index_first_try(index, call->target_recall, wanted, &breadth.gap,
                                        call->matching);
            options.first = &first;
        } else if (!breadth.has_gap && call->mask.matches != NULL) {
            options.ef = call->ef;
        }
    }
    arb_status status = arb_graph_search_group(index->graph, call->searchers, queries, count,
                                               &options, &call->stats);
    for (uint32_t i = 0; i < count; i++) {
        tries[i].graph.count = queries[i].count;
        tries[i].unfilled = options.through && queries[i].count < wanted;
    }
    return status;
}

/* Rows published while rows are scanned are scanned in turn. Scanning a row is far cheaper than
 * appending it, so this catches up. When it ends, the replacement of every row that was seen
 * deleted has been scanned: a replacement is published before the old row is deleted. */
static void scan_newly_published(search_call *call, attempt *try, uint32_t wanted,
                                 uint64_t published)
{
    uint64_t now;
    while ((now = arb_index_published(call->index)) != published) {
        scan(call, try, wanted, published, now, 0);
        published = now;
    }
}

/* Rows that a search may return; with a filter perhaps some more, which were deleted meanwhile. */
static uint64_t live_rows(const search_call *call)
{
    if (call->mask.matches != NULL) {
        return call->matching;
    }
    return arb_index_live(call->index);
}

/* Step 4, and what 5 does with it. */
static void merge(const search_call *call, attempt *try, uint32_t wanted, int replaced)
{
    uint32_t found = try->graph.count;
    memmove(try->graph.hits + found, try->graph.hits + wanted,
            try->scanned * sizeof *try->graph.hits);
    uint32_t total = found + try->scanned;
    if (replaced || (found > 0 && try->scanned > 0)) {
        uint32_t kept = arb_hits_keep_newest(&call->index->ids, try->graph.hits, total);
        try->lost = replaced ? total - kept : 0;
        total = kept;
        qsort(try->graph.hits, total, sizeof *try->graph.hits, arb_hit_compare);
    }
    try->count = total < call->k ? total : call->k;
}

/* Step 2 and what the strategy has for step 3. */
static arb_status look_for(search_call *call, attempt *tries, uint32_t count, uint32_t wanted,
                           arb_strategy strategy, uint64_t published)
{
    switch (strategy) {
    case ARB_STRATEGY_EXACT:
        return scan_all(call, tries, count, wanted, published);
    case ARB_STRATEGY_SCAN:
        return scan_codes(call, tries, count, wanted, published);
    case ARB_STRATEGY_SUBSET:
        return search_subset(call, tries, count, wanted, published);
    case ARB_STRATEGY_GRAPH:
    case ARB_STRATEGY_FILTERED_GRAPH:
        break;
    }
    return search_linked_and_tail(call, tries, count, wanted, published);
}

/* All the steps for `count` queries, whose row and native are set. */
static arb_status run_attempts(search_call *call, hit_room *room, attempt *tries, uint32_t count,
                               uint32_t wanted, arb_strategy strategy)
{
    const arb_index *index = call->index;
    arb_status status = reserve_hits(room, (size_t)count * 2 * wanted);
    if (status != ARB_OK) {
        return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        tries[i].graph.hits = room->hits + (size_t)i * 2 * wanted;
        tries[i].graph.count = 0;
        tries[i].scanned = 0;
        tries[i].lost = 0;
        tries[i].unfilled = 0;
    }
    uint64_t before = atomic_load_explicit(&index->replacements, memory_order_acquire);
    uint64_t published = arb_index_published(index);
    status = look_for(call, tries, count, wanted, strategy, published);
    if (status != ARB_OK) {
        return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        /* Deleted bits are read with acquire: whoever saw a bit of a replacement sees its count. */
        int replaced = (before & 1) != 0 ||
                       atomic_load_explicit(&index->replacements, memory_order_acquire) != before;
        if (replaced) {
            scan_newly_published(call, &tries[i], wanted, published);
        }
        merge(call, &tries[i], wanted, replaced);
    }
    return status;
}

/* Whether the query lacks hits; *wanted and *strategy are then what to try it with next. */
static int lacks(search_call *call, const attempt *try, uint32_t *wanted, arb_strategy *strategy)
{
    if (try->lost > 0 && *wanted < call->k + try->lost) {
        /* Old and new rows of one id took places that other rows may deserve. With this many
         * more, at least k different ids are nearer than any row left out. */
        *wanted = call->k + 2 * try->lost;
        return 1;
    }
    int full = try->count >= call->k || try->count >= live_rows(call);
    if (*strategy == ARB_STRATEGY_EXACT || (full && !try->unfilled)) {
        return 0;
    }
    /* rows that the graph does not reach, or would reach by more work than a scan is */
    call->stats.fallbacks += *strategy != ARB_STRATEGY_SCAN;
    *strategy = *strategy == ARB_STRATEGY_FILTERED_GRAPH ? ARB_STRATEGY_SCAN : ARB_STRATEGY_EXACT;
    return 1;
}

static void put_hits(const search_call *call, const attempt *try, uint32_t query,
                     arb_hits_export *out, uint64_t *total)
{
    for (uint32_t i = 0; i < try->count; i++) {
        out->query[*total] = query;
        out->id[*total] = arb_id_of(&call->index->ids, try->graph.hits[i].node);
        out->distance[*total] = try->graph.hits[i].distance;
        ++*total;
    }
}

/* Queries first..first+count-1, whose rows and native are set: answers in their order. */
static arb_status search_group(search_call *call, attempt *tries, uint32_t first, uint32_t count,
                               arb_hits_export *out, uint64_t *total)
{
    /* a graph has little to say where everything is wanted */
    arb_strategy first_strategy = call->k >= live_rows(call) ? ARB_STRATEGY_EXACT : call->strategy;
    arb_status status = run_attempts(call, &call->of_group, tries, count, call->k, first_strategy);
    for (uint32_t i = 0; status == ARB_OK && i < count; i++) {
        attempt *try = &tries[i];
        uint32_t wanted = call->k;
        arb_strategy strategy = first_strategy;
        for (int more = 1; more < ATTEMPTS_MAX && lacks(call, try, &wanted, &strategy); more++) {
            status = run_attempts(call, &call->of_one, try, 1, wanted, strategy);
            if (status != ARB_OK) {
                return status;
            }
        }
        put_hits(call, try, first + i, out, total);
    }
    return status;
}

/* Casts queries first..first+count-1 into rows of `stride` bytes. */
static arb_status cast_group(const search_call *call, const arb_vectors_view *queries,
                             uint32_t first, uint32_t count, uint8_t *rows, size_t stride,
                             attempt *tries)
{
    const arb_index *index = call->index;
    for (uint32_t i = 0; i < count; i++) {
        arb_row_facts facts;
        uint8_t *row = rows + i * stride;
        arb_status status =
            arb_cast_row(&index->scorer.form, queries->type, arb_view_vector(queries, first + i),
                         row, "queries", first + i, &facts);
        if (status != ARB_OK) {
            return status;
        }
        int native = arb_query_range_is_safe(index, &facts);
        tries[i] = (attempt){.graph = {.row = row, .native = native}};
    }
    return ARB_OK;
}

static arb_status search_all(search_call *call, const arb_vectors_view *queries,
                             arb_hits_export *out, uint64_t *total)
{
    const arb_index *index = call->index;
    size_t stride = arb_row_stride(index->dim, arb_element_size(index->element));
    _Alignas(ARB_ROW_ALIGNMENT) uint8_t stack_rows[ARB_DIM_MAX * sizeof(float)];
    attempt stack_tries[ARB_GROUP_MAX];
    uint8_t *rows = stack_rows;
    attempt *tries = stack_tries;
    void *heap = NULL;
    if (call->group * stride > sizeof stack_rows || call->group > ARB_GROUP_MAX) {
        size_t of_a_query = stride + sizeof *tries + sizeof *call->batch;
        if (posix_memalign(&heap, ARB_ROW_ALIGNMENT, call->group * of_a_query) != 0) {
            return arb_fail(ARB_RESOURCE_EXHAUSTED, "search: no memory for %u queries",
                            call->group);
        }
        rows = heap;
        tries = (attempt *)(rows + call->group * stride);
        call->batch = (arb_exact_query *)(tries + call->group);
    }
    arb_status status = ARB_OK;
    for (uint32_t first = 0; status == ARB_OK && first < queries->count; first += call->group) {
        uint32_t left = queries->count - first;
        uint32_t count = left < call->group ? left : call->group;
        status = cast_group(call, queries, first, count, rows, stride, tries);
        if (status == ARB_OK && call->k > 0) {
            status = search_group(call, tries, first, count, out, total);
        }
    }
    free(heap);
    return status;
}

/* An exact search needs one, for the words of its filter. */
static arb_status acquire_searchers(search_call *call, uint32_t queries)
{
    uint32_t most = call->strategy == ARB_STRATEGY_EXACT ? 1 : ARB_GROUP_MAX;
    uint32_t wanted = queries < most ? queries : most;
    for (; call->searcher_count < wanted; call->searcher_count++) {
        arb_searcher *searcher = arb_searcher_acquire(call->index->graph);
        if (searcher == NULL) {
            return arb_fail(ARB_RESOURCE_EXHAUSTED, "search: no memory for a searcher");
        }
        call->searchers[call->searcher_count] = searcher;
    }
    return ARB_OK;
}

static void release_searchers(const search_call *call)
{
    for (uint32_t i = 0; i < call->searcher_count; i++) {
        arb_searcher_release(call->index->graph, call->searchers[i]);
    }
}

/* Once k is known. */
static uint32_t group_of(const search_call *call, uint32_t queries)
{
    uint32_t most = call->searcher_count;
    if (call->strategy == ARB_STRATEGY_EXACT && queries >= ARB_EXACT_BATCH_MIN) {
        most = arb_exact_batch_max(&call->index->scorer, call->k);
    }
    return queries < most ? queries : most;
}

/* Makes the call's mask of a filter; without one, of the deleted rows alone. */
static arb_status take_filter(search_call *call, const arb_bits_view *filter, uint64_t published)
{
    call->mask = (arb_mask){.deleted = call->index->deleted_bits};
    if (filter == NULL) {
        return ARB_OK;
    }
    uint64_t *words = call->searcher_count == 0 ? NULL : /* no query: no searcher */
                          arb_searcher_words(call->searchers[0], arb_match_words(filter->count));
    if (words == NULL && call->searcher_count > 0) {
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "filter: no memory for %u bits", filter->count);
    }
    if (words == NULL) {
        return ARB_OK;
    }
    if (call->subset == NULL) {
        call->mask = arb_mask_of_filter(call->index, filter, words);
        call->matching = arb_match_count(call->index, &call->mask, 0, published);
    } else { /* its rows are counted already, and it looks at what is deleted by itself */
        uint32_t end = call->subset->end;
        call->mask.matches = arb_filter_words(filter, words);
        call->mask.end = filter->count;
        call->matching =
            call->subset->rows + arb_match_count(call->index, &call->mask, end, published);
    }
    call->mask.count = call->matching;
    call->k = call->k < call->matching ? call->k : (uint32_t)call->matching;
    return ARB_OK;
}

/* The answer to queries that were imported; outputs are untouched on failure. */
static arb_status answer(search_call *call, const arb_vectors_view *queries,
                         const arb_bits_view *filter, struct ArrowSchema *out_schema,
                         struct ArrowArray *out)
{
    uint64_t published = arb_index_published(call->index);
    call->k = call->k < published ? call->k : (uint32_t)published;
    arb_hits_export hits;
    uint64_t total = 0;
    arb_status status = acquire_searchers(call, queries->count);
    if (status == ARB_OK) {
        status = take_filter(call, filter, published);
    }
    if (status == ARB_OK &&
        (status = arb_export_hits_begin((uint64_t)queries->count * call->k, &hits)) == ARB_OK) {
        call->group = group_of(call, queries->count);
        status = search_all(call, queries, &hits, &total);
        if (status == ARB_OK) {
            arb_export_hits_finish(&hits, total, out_schema, out);
        } else {
            arb_export_hits_cancel(&hits);
        }
    }
    release_searchers(call);
    free(call->of_group.heap);
    free(call->of_one.heap);
    return status;
}

arb_status arb_index_search(const arb_index *index, const arb_search_options *options,
                            struct ArrowSchema *query_schema, struct ArrowArray *queries,
                            struct ArrowSchema *filter_schema, struct ArrowArray *filter,
                            struct ArrowSchema *out_schema, struct ArrowArray *out,
                            arb_search_stats *stats)
{
    int filtered = filter_schema != NULL || filter != NULL;
    arb_status status = arb_check_search(index, options, filtered, out_schema, out);
    arb_vectors_view view;
    if (status != ARB_OK || (status = arb_import_vectors("queries", query_schema, queries,
                                                         index->dim, &view)) != ARB_OK) {
        return status;
    }
    arb_bits_view bits;
    if (filtered && (status = arb_import_bits("filter", filter_schema, filter, &bits)) != ARB_OK) {
        return status;
    }
    arb_hit stack_hits[STACK_HITS];
    search_call call = {
        .index = index,
        .k = options->k,
        .ef = options->ef > options->k ? options->ef : options->k,
        .strategy = (arb_strategy)options->strategy,
        .target_recall = options->target_recall,
        .subset = options->subset,
        .of_group = {.hits = stack_hits, .capacity = STACK_HITS},
    };
    status = answer(&call, &view, filtered ? &bits : NULL, out_schema, out);
    if (status != ARB_OK) {
        return status;
    }
    queries->release(queries);
    if (filtered) {
        filter->release(filter);
    }
    if (stats != NULL) {
        *stats = call.stats;
    }
    return ARB_OK;
}
