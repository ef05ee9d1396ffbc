/* hits.h: arrays of hits of one query. */
#ifndef ARB_INDEX_HITS_H
#define ARB_INDEX_HITS_H

#include "index/ids.h"

/* Keeps the newest row of each id, once; returns how many are left. The order is lost. */
uint32_t arb_hits_keep_newest(const arb_ids *ids, arb_hit *hits, uint32_t count);

#endif
