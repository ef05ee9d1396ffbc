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

/* The mask of rows that match the filter and are not deleted. Its words are the filter's own where
 * they lie as words do and none of them is deleted; else they are written to `words`, which has
 * room for arb_match_words(filter->count). Both are to live as long as the mask. A row whose
 * replacement is not published yet does not count as deleted. */
arb_mask arb_mask_of_filter(const arb_index *index, const arb_bits_view *filter, uint64_t *words);

/* A bit a row that matches, and none behind the last: the filter's own where they lie as words do,
 * else written to `words`, as above. */
const uint64_t *arb_filter_words(const arb_bits_view *filter, uint64_t *words);

/* How many of rows first..rows-1 match the mask's filter, which is there. */
uint64_t arb_match_count(const arb_index *index, const arb_mask *mask, uint64_t first,
                         uint64_t rows);

#endif
