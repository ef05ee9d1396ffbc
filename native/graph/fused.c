/* fused.c: the blocks of a fused base, written while a freeze packs the lists. */
#include "graph/fused.h"

#include <stdlib.h>
#include <string.h>

#include "vectors/error.h"
#include "vectors/pages.h"

/* So much noise of the grid (sq4.h) the usual number of reranked rows makes up for: 384 components
 * of text stay below it, 100 of words do not. */
#define RERANK_NOISE 0.0075f

void arb_fused_destroy(struct arb_fused *fused)
{
    if (fused == NULL)
        return;
    free(fused->grid);
    free(fused);
}

void arb_fused_codes_free(arb_fused_codes *codes)
{
    arb_pages_unmap(codes->codes, codes->bytes);
}

static arb_status encode_rows(arb_fused_codes *codes)
{
    size_t code_bytes = arb_sq4_bytes(codes->grid->steps);
    codes->bytes = codes->end * (code_bytes + sizeof(float));
    codes->codes = arb_pages_map(codes->bytes);
    if (codes->codes == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for the codes of %u rows", codes->end);
    arb_pages_advise_huge(codes->codes, codes->bytes);
    codes->bias = (float *)(codes->codes + codes->end * code_bytes);
    for (uint32_t node = 0; node < codes->end; node++) {
        const void *row = arb_row(codes->graph->scorer->rows, node);
        codes->bias[node] = arb_sq4_encode(codes->grid, row, codes->codes + node * code_bytes);
    }
    return ARB_OK;
}

arb_status arb_fused_create(const arb_graph *graph, uint32_t end, struct arb_fused **fused,
                            arb_fused_codes *codes)
{
    *fused = NULL;
    *codes = (arb_fused_codes){.graph = graph, .end = end};
    arb_sq4_grid *grid;
    arb_status status = arb_sq4_grid_create(&graph->scorer->form, graph->scorer->rows, end, &grid);
    if (status != ARB_OK || grid == NULL)
        return status;
    struct arb_fused *made = malloc(sizeof *made);
    codes->grid = grid;
    status = made == NULL ? arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory to fuse a graph")
                          : encode_rows(codes);
    if (status != ARB_OK) {
        free(made);
        free(grid);
        return status;
    }
    const struct arb_fused *old = atomic_load_explicit(&graph->fused, memory_order_relaxed);
    uint32_t last = old == NULL ? 0 : old->generation;
    uint32_t rerank = grid->noise <= RERANK_NOISE ? 1 : ARB_RERANK_MAX;
    *made = (struct arb_fused){
        .grid = grid, .generation = last % ARB_GENERATION_MAX + 1, .rerank = rerank};
    *fused = made;
    return ARB_OK;
}

/* Puts a code's pieces of four bytes, four a step, where a group has its row's. */
static void spread(uint8_t *group, size_t place, const uint8_t *code, uint32_t steps)
{
    for (size_t piece = 0; piece < 4 * (size_t)steps; piece++)
        memcpy(group + 16 * piece + 4 * place, code + 4 * piece, 4);
}

void arb_fused_fill(const arb_fused_codes *codes, uint32_t *block, uint32_t length)
{
    uint32_t steps = codes->grid->steps;
    size_t code_bytes = arb_sq4_bytes(steps);
    size_t padded = arb_fused_padded(length);
    float *bias = (float *)(block + padded);
    uint8_t *groups = (uint8_t *)block + arb_fused_codes_at(length);
    uint8_t late[ARB_DIM_MAX / 2];
    for (size_t i = 0; i < length; i++) {
        uint32_t node = block[i] & ARB_NODE_MASK;
        const uint8_t *code = late;
        if (node < codes->end) {
            code = codes->codes + node * code_bytes;
            bias[i] = codes->bias[node];
        } else {
            /* a row that came while the freeze was under way */
            bias[i] = arb_sq4_encode(codes->grid, arb_row(codes->graph->scorer->rows, node), late);
        }
        spread(groups + i / 4 * 4 * code_bytes, i % 4, code, steps);
    }
    memset(block + length, 0xff, (padded - length) * sizeof *block);
}
