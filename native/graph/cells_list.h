/* cells_list.h: the cells that a search of cells looks at, in about the order of their centres. */
#ifndef ARB_GRAPH_CELLS_LIST_H
#define ARB_GRAPH_CELLS_LIST_H

#include "graph/cells_internal.h"

/* The cells that are still to be looked at: keys of how far their centres are, with a cell's number
 * in the place of a candidate's node. */
typedef struct arb_cell_list {
    const arb_cells_query *query;
    uint64_t *keys;   /* of the groups that were opened, in any order */
    uint64_t *sorted; /* room for as many */
    uint32_t count;
    uint32_t next;                        /* in sorted */
    float leaders[ARB_CENTRE_GROUPS_MAX]; /* how far; INFINITY once the group is open */
    uint64_t looked_at;                   /* centres and leaders */
} arb_cell_list;

/* No group is open yet. The searcher's `frontier` and `results` have room for the cells. */
arb_cell_list arb_cell_list_begin(const arb_cells_query *query, arb_searcher *searcher);

/* Notes the cells of the nearest group; 0 where all are open. */
int arb_cell_list_open_nearest(arb_cell_list *list);

/* Notes those cells whose centres are no farther than `farthest` of all groups whose leaders are no
 * farther than `leader_farthest`. */
void arb_cell_list_open_within(arb_cell_list *list, float leader_farthest, float farthest);

/* Puts what was noted in order, as far as buckets do: a heap took a third of the search. */
void arb_cell_list_sort(arb_cell_list *list);

/* What was not looked at yet is to be put in order with what is opened next. */
void arb_cell_list_take_back(arb_cell_list *list);

/* The next cell whose centre is no farther than that; 0 where there is none among the noted. */
int arb_cell_list_next(arb_cell_list *list, float farthest, uint64_t *key);

#endif
