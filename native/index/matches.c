#include "index/matches.h"

#include <string.h>

/* Words of deleted bits that are taken from memory which others write, before a kernel sees them.
 */
#define CHUNK_WORDS 256u

/* Eight bytes of the filter from byte `at` on, zeros behind its end. */
static uint64_t load_bytes(const uint8_t *bytes, uint64_t at, uint64_t end)
{
    uint64_t word = 0;
    uint64_t left = at < end ? end - at : 0;
    memcpy(&word, bytes + at, left < sizeof word ? left : sizeof word);
    return word;
}

/* The filter from its first bit on: shifted to where a word begins. */
static void align(const arb_bits_view *filter, uint64_t *words)
{
    uint64_t end = (filter->offset + filter->count + 7) / 8;
    uint64_t at = filter->offset / 8;
    unsigned shift = filter->offset % 8;
    size_t count = arb_match_words(filter->count);
    memset(words + count - 1, 0, sizeof *words);
    if (filter->count == 0)
        return;
    if (shift == 0) {
        memcpy(words, filter->bytes + at, end - at);
    } else {
        for (size_t i = 0; i < count; i++, at += 8) {
            uint64_t next = at + 8 < end ? filter->bytes[at + 8] : 0;
            words[i] = load_bytes(filter->bytes, at, end) >> shift | next << (64 - shift);
        }
    }
    if (filter->count % 64 != 0)
        words[count - 1] &= ~(~0ull << (filter->count % 64));
}

/* Deleted bits of words first..first+count-1. As arb_is_deleted: who sees a row deleted because its
 * id got a new one sees that. */
static void load_deleted(const arb_index *index, size_t first, size_t count, uint64_t *deleted)
{
    for (size_t i = 0; i < count; i++)
        deleted[i] = atomic_load_explicit(&index->deleted_bits[first + i], memory_order_acquire);
}

/* Takes the deleted out. Rows that are deleted from now on are the mask's `deleted` to tell. */
static void drop_deleted(const arb_index *index, uint64_t *words, size_t count)
{
    uint64_t deleted[CHUNK_WORDS];
    for (size_t first = 0; first < count; first += CHUNK_WORDS) {
        size_t chunk = count - first < CHUNK_WORDS ? count - first : CHUNK_WORDS;
        load_deleted(index, first, chunk, deleted);
        index->scorer.form.kernels->bits_andnot(words + first, words + first, deleted, chunk);
    }
}

/* Whether the filter's own bytes are words, without a bit behind the last row. */
static int is_aligned(const arb_bits_view *filter)
{
    return filter->count > 0 && filter->offset == 0 && filter->count % 64 == 0 &&
           (uintptr_t)filter->bytes % sizeof(uint64_t) == 0;
}

/* How many deleted rows match; bits as of drop_deleted. */
static uint64_t count_deleted(const arb_index *index, const uint64_t *words, size_t count)
{
    const arb_kernel_set *kernels = index->scorer.form.kernels;
    uint64_t deleted[CHUNK_WORDS];
    uint64_t matching = 0;
    for (size_t first = 0; first < count; first += CHUNK_WORDS) {
        size_t chunk = count - first < CHUNK_WORDS ? count - first : CHUNK_WORDS;
        load_deleted(index, first, chunk, deleted);
        kernels->bits_and(deleted, deleted, words + first, chunk);
        matching += kernels->bits_popcount(deleted, chunk);
    }
    return matching;
}

const uint64_t *arb_filter_words(const arb_bits_view *filter, uint64_t *words)
{
    if (is_aligned(filter))
        return (const uint64_t *)(const void *)filter->bytes;
    align(filter, words);
    return words;
}

arb_mask arb_mask_of_filter(const arb_index *index, const arb_bits_view *filter, uint64_t *words)
{
    size_t count = arb_match_words(filter->count);
    const uint64_t *matches = arb_filter_words(filter, words);
    if (atomic_load_explicit(&index->deleted_count, memory_order_acquire) > 0 &&
        count_deleted(index, matches, count) > 0) {
        if (matches != words)
            memcpy(words, matches, count * sizeof *words);
        drop_deleted(index, words, count);
        matches = words;
    }
    return (arb_mask){.deleted = index->deleted_bits, .matches = matches, .end = filter->count};
}

uint64_t arb_match_count(const arb_index *index, const arb_mask *mask, uint64_t first,
                         uint64_t rows)
{
    if (rows > mask->end)
        rows = mask->end;
    if (first >= rows)
        return 0;
    uint64_t word = first / 64;
    uint64_t count =
        index->scorer.form.kernels->bits_popcount(mask->matches + word, rows / 64 - word);
    if (rows % 64 != 0)
        count += (uint64_t)__builtin_popcountll(mask->matches[rows / 64] << (64 - rows % 64));
    if (first % 64 != 0)
        count -= (uint64_t)__builtin_popcountll(mask->matches[word] << (64 - first % 64));
    return count;
}
