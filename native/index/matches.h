/* matches.h: the rows that a search may return, as words for the graph. */
#ifndef ARB_INDEX_MATCHES_H
#define ARB_INDEX_MATCHES_H

#include "arrow/arrow_import.h"
#include "index/index.h"

/* Words for a filter of `count` bits; at least one. */
static inline size_t arb_match_words(uint32_t count)
{
    return ((size_t)count + 63) / 64 + (count == 0);
}

/* The mask of rows that match the filter and are not deleted. Its words are written to `words`,
 * which has room for arb_match_words(filter->count) and is to live as long as the mask. A row whose
 * replacement is not published yet does not count as deleted. */
arb_mask arb_mask_of_filter(const arb_index *index, const arb_bits_view *filter, uint64_t *words);

/* How many rows below `rows` match the mask's filter, which is there. */
uint64_t arb_match_count(const arb_index *index, const arb_mask *mask, uint64_t rows);

#endif
