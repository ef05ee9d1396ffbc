/* search_check.h: what a search is asked for, held against what is allowed. */
#ifndef ARB_INDEX_SEARCH_CHECK_H
#define ARB_INDEX_SEARCH_CHECK_H

#include "index/index.h"

/* filtered: whether the call has a filter. */
arb_status arb_check_search(const arb_index *index, const arb_search_options *options, int filtered,
                            const struct ArrowSchema *out_schema, const struct ArrowArray *out);

#endif
