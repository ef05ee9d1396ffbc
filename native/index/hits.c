#include "index/hits.h"

#include <stdlib.h>

/* By id, and of one id the newest row first. */
static int by_id(const void *left, const void *right, void *ids)
{
    const arb_hit *a = left;
    const arb_hit *b = right;
    int64_t id_a = arb_id_of(ids, a->node);
    int64_t id_b = arb_id_of(ids, b->node);
    if (id_a != id_b) {
        return id_a < id_b ? -1 : 1;
    }
    return (a->node < b->node) - (a->node > b->node);
}

uint32_t arb_hits_keep_newest(const arb_ids *ids, arb_hit *hits, uint32_t count)
{
    qsort_r(hits, count, sizeof *hits, by_id, (void *)ids);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || arb_id_of(ids, hits[i].node) != arb_id_of(ids, hits[kept - 1].node)) {
            hits[kept++] = hits[i];
        }
    }
    return kept;
}
