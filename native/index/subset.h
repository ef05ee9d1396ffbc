/* subset.h: the rows of a filter that many searches share, as a subset of an index. */
#ifndef ARB_INDEX_SUBSET_H
#define ARB_INDEX_SUBSET_H

#include "graph/cells.h"
#include "index/index.h"

struct arb_subset {
    uint64_t index_serial; /* of the index whose rows these are, which may be closed by now */
    arb_cells *cells;
    uint32_t end; /* rows below were looked at */
    uint32_t rows;
};

#endif
