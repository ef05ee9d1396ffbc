/* vectors.h: what the functions that give stored vectors share. */
#ifndef ARB_INDEX_VECTORS_H
#define ARB_INDEX_VECTORS_H

#include "index/index.h"

/* The live row of an id, or ARB_NO_NODE. */
uint32_t arb_index_find_live(const arb_index *index, int64_t id);

#endif
