/* index.h: what an index is made of. Its functions are those of arbalest.h, a file a group.
 *
 * A row's life:   append -> published, pending -> (link) -> linked        deleted at any time
 *
 *       0 ........ linked_low ........ published
 *       | all linked | linked or pending |  being written, seen by nobody
 *
 * One writer at a time (write mutex: append, delete, the cut of a snapshot); searches and links
 * take no lock. */
#ifndef ARB_INDEX_INDEX_H
#define ARB_INDEX_INDEX_H

#include <pthread.h>
#include <stdatomic.h>

#include "graph/graph.h"
#include "graph/recall.h"
#include "index/ids.h"
#include "vectors/casts.h"

/* What the rows so far tell the range guard of the native kernels. Written under the write mutex.
 */
typedef struct arb_range {
    _Atomic float abs_max;
    double squares; /* sum of rms^2 over rows */
    uint64_t rows;
    float rms_min; /* of a row; INFINITY while there is none */
} arb_range;

/* Floats of an arb_recall_table. */
#define ARB_RECALL_FLOATS (1 + 2 * ARB_RECALL_KS * ARB_RECALL_TARGETS)

struct arb_index {
    uint64_t serial;   /* no other index of the process has or had it */
    arb_scorer scorer; /* with the metric and the kernels */
    arb_rows *rows;
    arb_graph *graph;
    arb_ids ids;
    uint32_t dim;
    arb_element element;
    uint32_t M;
    uint32_t ef_construction;
    uint64_t seed;
    int32_t kernel_set;
    arb_codes_kind codes_wanted;
    _Atomic uint64_t code_row_bytes; /* 0 without codes */
    arb_layout layout;
    arb_generated_use generated_use;

    arb_codes *codes;                  /* what scorer.codes shows; codes.c */
    uint64_t codes_looked_at;          /* rows at the last look at whether the grid fits */
    _Atomic uint64_t codes_generation; /* of `codes`, counted also when there are none */

    arb_generated *generated; /* what scorer.generated shows; generated.c */
    _Atomic uint64_t generated_bytes;
    _Atomic float generated_speedup;

    /* What a freeze measured last, recall.c: an arb_recall_table float by float, so that a search
     * beside a freeze reads of each the old one or the new one. */
    _Atomic float recall[ARB_RECALL_FLOATS];
    _Atomic uint32_t recall_sampled; /* 0: nothing was measured */
    _Atomic uint64_t recall_rows;    /* that lived then */

    /* Rows below are written, with their ids, and belong to searches. */
    _Atomic uint64_t published;
    /* Odd while a batch replaces ids: between the publication of the new rows and the deletion of
     * the old ones both are visible. Grows with each such batch, so that a search sees that one
     * ran. */
    _Atomic uint64_t replacements;
    _Atomic uint64_t *deleted_bits;
    _Atomic uint64_t deleted_count;
    arb_range range;

    pthread_mutex_t write;

    /* Linking, on a cache line of its own: every link writes it, every search reads what is above.
     */
    _Alignas(64) _Atomic uint64_t link_cursor; /* generation << 32 | row; link.c */
    _Atomic uint64_t *claimed_bits;            /* rows taken by a link call, or linked */
    _Atomic uint64_t finished;                 /* rows linked, or deleted before they were */
    _Atomic uint64_t linked_low;               /* every row below is finished */

    /* Of an opened file; NULL for a created index. */
    void *mapped;
    size_t mapped_bytes;
};

/* Checks the options that create and open share, and finds the set. */
arb_status arb_check_kernel_set(const arb_index_options *options, const arb_kernel_set **out);

/* An index without rows and graph: memory reserved, mutexes ready. */
arb_status arb_index_new(const arb_index_options *options, const arb_kernel_set *kernels,
                         arb_index **out);

/* Adds one row to what is known of the rows. */
void arb_range_add(arb_range *range, const arb_row_facts *row);

/* Takes over what is known and turns FP16 sums off where they are not safe for it; they stay off
 * then. Write mutex held, or nobody else there. */
void arb_range_adopt(arb_index *index, const arb_range *range);

/* Whether it may for this query as well. */
int arb_query_range_is_safe(const arb_index *index, const arb_row_facts *query);

/* Codes rows first..first+count-1, which are written and not published, where the index has codes.
 * Write mutex held. */
arb_status arb_index_code_rows(arb_index *index, uint32_t first, uint32_t count);

/* Sees to it that the index has the codes it was asked for: makes them, makes them anew where the
 * rows have moved away from their grid, or does without where no grid is good enough. Write mutex
 * held, or nobody else there. */
arb_status arb_index_renew_codes(arb_index *index);

/* After an open: codes of the file's rows on the file's grid. */
arb_status arb_index_open_codes(arb_index *index, const float *grid);

/* The same as renew after rows were published, whenever their number has doubled. */
void arb_index_look_at_codes(arb_index *index);

/* Generates the traversal's distance, measures it, and keeps it where it is faster. Write mutex
 * held.
 */
void arb_index_calibrate(arb_index *index);

/* Measures what recall costs, where it never was or the rows are many more or fewer than then.
 * Write mutex not held: appends and searches go on. */
arb_status arb_index_measure_recall(arb_index *index);
void arb_index_set_recall(arb_index *index, const arb_recall_table *table, uint32_t sampled,
                          uint64_t rows);
/* Returns how many rows were sampled for it; 0: the table says nothing. */
uint32_t arb_index_get_recall(const arb_index *index, arb_recall_table *table);
/* Whether a table from a file can be one. */
int arb_recall_table_is_sound(const arb_recall_table *table);

/* How wide to search for a recall above 0 and below 1. */
typedef struct arb_recall_breadth {
    uint32_t ef;
    int has_gap; /* 0: nothing was measured, and ef is a guess on the safe side */
    arb_gap gap;
} arb_recall_breadth;
arb_recall_breadth arb_index_breadth(const arb_index *index, float target, uint32_t k);

/* How a search for the k nearest of `matching` > 0 rows first tries past all nodes, where a freeze
 * has measured `gap` for k. One whose k-th is the r-th nearest of all is found as the r-th is
 * without a filter, by the gap for r results. If rows match as often around the query as elsewhere
 * it goes as far as a search for all that are as near; what looks at much more is not worth going
 * on with. */
arb_first_try arb_index_first_try(const arb_index *index, float target, uint32_t k,
                                  const arb_gap *gap, uint64_t matching);

/* Marks a row deleted; 1 if it lived. Write mutex held. */
int arb_index_mark_deleted(arb_index *index, uint32_t node);

/* After an open: claims rows that the file's graph links, counts them, finds linked_low. */
void arb_index_adopt_links(arb_index *index);

static inline uint64_t arb_index_published(const arb_index *index)
{
    return atomic_load_explicit(&index->published, memory_order_acquire);
}

/* Rows that are published and not deleted. In this order it never comes out negative: a row is
 * deleted only after it is published. */
static inline uint64_t arb_index_live(const arb_index *index)
{
    uint64_t deleted = atomic_load_explicit(&index->deleted_count, memory_order_acquire);
    return arb_index_published(index) - deleted;
}

#endif
