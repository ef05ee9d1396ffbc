#include "graph/exact_batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "graph/exact.h"
#include "graph/exact_bound.h"
#include "graph/score.h"
#include "vectors/error.h"

/* Panels of a tile at most, and what they may take together: half of a second-level cache's
 * smallest usual megabyte. */
#define PANELS_MAX 16u
#define PANELS_BYTES_MAX ((size_t)512 << 10)
/* Hits of a tile. */
#define TILE_HITS_MAX (512u << 10)
/* Rows of a block, a multiple of what kernels take at a time, and what their codes may take. */
#define BLOCK_ROWS_MAX 96u
#define BLOCK_ROWS_MIN 12u
#define BLOCK_BYTES_MAX ((size_t)128 << 10)
/* Rows whose vectors are asked for ahead of the one that is coded. */
#define AHEAD 4u
/* Where more than one in so many pairs must be judged after all, screening costs more than it
 * saves, as for rows of which one component dwarfs all others: the rest is judged without. */
#define JUDGED_SHARE_MAX 4u
/* Looked at once so many times k rows went by: of the first rows many are among the nearest so far.
 */
#define SEEN_MIN 16u

typedef struct batch {
    const arb_scorer *scorer;
    const arb_kernel_set *kernels;
    arb_exact_query *queries;
    uint32_t count;
    uint32_t k;
    size_t steps; /* of four components */
    size_t row_bytes;
    uint32_t panels;
    uint32_t block_rows;
    arb_exact_bound bound;
    uint64_t judged; /* pairs of the current look at the bitsets */
    int screens;     /* off once it does not pay */
    /* memory of the batch, aligned to a cache line each */
    arb_bound_query *bounds;
    uint8_t *panel; /* panels one behind the other */
    uint8_t *rows;  /* arb_screen_row, one behind the other */
    float *vector;
    uint8_t *codes;
} batch;

static size_t aligned(size_t bytes)
{
    return (bytes + ARB_ROW_ALIGNMENT - 1) / ARB_ROW_ALIGNMENT * ARB_ROW_ALIGNMENT;
}

static size_t steps_of(const arb_scorer *scorer)
{
    return ((size_t)scorer->form.dim + 3) / 4;
}

uint32_t arb_exact_batch_max(const arb_scorer *scorer, uint32_t k)
{
    size_t panels = PANELS_BYTES_MAX / arb_screen_panel_bytes(steps_of(scorer));
    panels = panels < 1 ? 1 : panels > PANELS_MAX ? PANELS_MAX : panels;
    uint32_t queries = (uint32_t)panels * ARB_SCREEN_LANES;
    uint32_t with_hits = TILE_HITS_MAX / (k > 0 ? k : 1);
    return with_hits < 1 ? 1 : with_hits < queries ? with_hits : queries;
}

static arb_screen_panel *panel_of(const batch *of, uint32_t panel)
{
    return (arb_screen_panel *)(of->panel + panel * arb_screen_panel_bytes(of->steps));
}

static arb_status reserve(batch *of, void **memory)
{
    uint32_t dim = of->scorer->form.dim;
    size_t bounds = aligned(of->count * sizeof *of->bounds);
    size_t panels = aligned(of->panels * arb_screen_panel_bytes(of->steps));
    size_t rows = aligned(of->block_rows * of->row_bytes);
    size_t vector = aligned(dim * sizeof *of->vector);
    size_t codes = aligned(4 * of->steps);
    uint8_t *at = aligned_alloc(ARB_ROW_ALIGNMENT, bounds + panels + rows + vector + codes);
    if (at == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "search: no memory for a batch of %u queries",
                        of->count);
    *memory = at;
    of->bounds = (arb_bound_query *)at;
    of->panel = at + bounds;
    of->rows = of->panel + panels;
    of->vector = (float *)(of->rows + rows);
    of->codes = (uint8_t *)of->vector + vector;
    return ARB_OK;
}

/* Codes a row of the element type. */
static void code(const batch *of, const void *row, uint8_t *codes, arb_screen_facts *facts)
{
    uint32_t dim = of->scorer->form.dim;
    const float *values = row;
    if (of->scorer->form.element == ARB_ELEMENT_F16) {
        of->kernels->cast_f16_f32(row, of->vector, dim);
        values = of->vector;
    }
    of->kernels->screen_code(values, dim, codes, facts);
}

/* Query `query` of the tile into its lane. */
static void load_query(batch *of, uint32_t query)
{
    arb_screen_facts facts;
    code(of, of->queries[query].row, of->codes, &facts);
    of->bounds[query] = arb_bound_add_query(&of->bound, &facts);
    arb_screen_panel *panel = panel_of(of, query / ARB_SCREEN_LANES);
    uint32_t lane = query % ARB_SCREEN_LANES;
    int32_t start = 0;
    for (size_t i = 0; i < 4 * of->steps; i++) {
        int element = of->codes[i] - 128;
        start -= 128 * element;
        panel->codes[i / 4 * ARB_SCREEN_STEP_BYTES + 4 * lane + i % 4] = (int8_t)element;
    }
    panel->start[lane] = start;
    panel->scale[lane] = of->bounds[query].scale;
}

/* Lanes without a query: zeros that reach no limit. */
static void clear_lane(batch *of, uint32_t query)
{
    arb_screen_panel *panel = panel_of(of, query / ARB_SCREEN_LANES);
    uint32_t lane = query % ARB_SCREEN_LANES;
    for (size_t i = 0; i < 4 * of->steps; i++)
        panel->codes[i / 4 * ARB_SCREEN_STEP_BYTES + 4 * lane + i % 4] = 0;
    panel->start[lane] = 0;
    panel->scale[lane] = 0;
    panel->limit[lane] = INFINITY;
}

static void set_limit(batch *of, uint32_t query)
{
    const arb_exact_query *heap = &of->queries[query];
    panel_of(of, query / ARB_SCREEN_LANES)->limit[query % ARB_SCREEN_LANES] =
        heap->count < of->k
            ? -INFINITY
            : arb_bound_limit(&of->bound, &of->bounds[query], heap->hits[0].distance);
}

static void load_queries(batch *of)
{
    for (uint32_t i = 0; i < of->count; i++)
        load_query(of, i);
    for (uint32_t i = of->count; i < of->panels * ARB_SCREEN_LANES; i++)
        clear_lane(of, i);
    for (uint32_t i = 0; i < of->count; i++) {
        arb_hits_heapify(of->queries[i].hits, of->queries[i].count);
        set_limit(of, i);
    }
}

static void load_rows(batch *of, const uint32_t *nodes, uint32_t count)
{
    const arb_rows *rows = of->scorer->rows;
    for (uint32_t i = 0; i < count && i < AHEAD; i++)
        arb_prefetch_row(rows, nodes[i]);
    for (uint32_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            arb_prefetch_row(rows, nodes[i + AHEAD]);
        arb_screen_facts facts;
        arb_screen_row *row = (arb_screen_row *)(of->rows + i * of->row_bytes);
        code(of, arb_row(rows, nodes[i]), row->codes, &facts);
        arb_bound_row(&of->bound, &facts, row);
    }
}

/* Judges what a panel could not rule out of a row. */
static void judge(batch *of, uint32_t panel, uint64_t bits, uint32_t node)
{
    for (; bits != 0; bits &= bits - 1) {
        uint32_t query = panel * ARB_SCREEN_LANES + (uint32_t)__builtin_ctzll(bits);
        if (query >= of->count) /* a lane without a query, which only what is no number passes */
            break;
        arb_exact_query *heap = &of->queries[query];
        int full = heap->count == of->k;
        of->judged += (uint64_t)full;
        arb_hit hit = {arb_exact_distance(of->scorer, heap->row, node), node};
        if (full && !arb_is_nearer(hit, heap->hits[0]))
            continue;
        arb_hits_offer(heap->hits, &heap->count, of->k, hit);
        if (heap->count == of->k)
            set_limit(of, query);
    }
}

static void scan_block(batch *of, const uint32_t *nodes, uint32_t count)
{
    uint64_t passed[BLOCK_ROWS_MAX];
    if (of->screens)
        load_rows(of, nodes, count);
    else
        memset(passed, 0xff, sizeof passed);
    for (uint32_t panel = 0; panel < of->panels; panel++) {
        if (of->screens)
            of->kernels->screen(panel_of(of, panel), (const arb_screen_row *)of->rows, of->steps,
                                count, passed);
        for (uint32_t i = 0; i < count; i++) {
            if (passed[i] != 0)
                judge(of, panel, passed[i], nodes[i]);
        }
    }
}

/* Blocks grow from few rows to many: what is known of the first tells what to leave out next. */
static void scan_nodes(batch *of, const uint32_t *nodes, uint32_t count, uint64_t seen)
{
    for (uint32_t done = 0; done < count;) {
        uint64_t block = seen + done < BLOCK_ROWS_MIN ? BLOCK_ROWS_MIN : seen + done;
        block = block < of->block_rows ? block : of->block_rows;
        block = block < count - done ? block : count - done;
        scan_block(of, nodes + done, (uint32_t)block);
        done += (uint32_t)block;
    }
}

arb_status arb_exact_scan_batch(const arb_scorer *scorer, const arb_graph *graph,
                                arb_exact_query *queries, uint32_t count, uint32_t first,
                                uint32_t end, const arb_mask *mask, uint32_t k,
                                arb_search_stats *stats)
{
    assert(k > 0 && count > 0 && count <= arb_exact_batch_max(scorer, k));
    batch of = {.scorer = scorer,
                .kernels = scorer->form.kernels,
                .queries = queries,
                .count = count,
                .k = k,
                .steps = steps_of(scorer),
                .screens = 1};
    of.row_bytes = arb_screen_row_bytes(of.steps);
    of.panels = (count + ARB_SCREEN_LANES - 1) / ARB_SCREEN_LANES;
    size_t block = BLOCK_BYTES_MAX / of.row_bytes / BLOCK_ROWS_MIN * BLOCK_ROWS_MIN;
    of.block_rows = block < BLOCK_ROWS_MIN   ? BLOCK_ROWS_MIN
                    : block > BLOCK_ROWS_MAX ? BLOCK_ROWS_MAX
                                             : (uint32_t)block;
    of.bound = arb_exact_bound_of(scorer->form.metric, scorer->form.dim);
    void *memory = NULL;
    arb_status status = reserve(&of, &memory);
    if (status != ARB_OK)
        return status;
    load_queries(&of);
    arb_unscanned rows = {graph, mask, first, end, 0, first / 64};
    uint32_t nodes[ARB_SCAN_BATCH_MAX];
    uint32_t found;
    uint64_t seen = 0;
    while ((found = arb_next_unscanned(&rows, ARB_SCAN_BATCH, nodes)) > 0) {
        of.judged = 0;
        scan_nodes(&of, nodes, found, seen);
        seen += found;
        if (stats != NULL)
            stats->tail_scanned += (uint64_t)found * count;
        if (of.judged > (uint64_t)found * count / JUDGED_SHARE_MAX && seen > SEEN_MIN * (uint64_t)k)
            of.screens = 0;
    }
    for (uint32_t i = 0; i < count; i++)
        qsort(queries[i].hits, queries[i].count, sizeof *queries[i].hits, arb_hit_compare);
    free(memory);
    return ARB_OK;
}
