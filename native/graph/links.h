/* links.h: changing neighbor lists. The caller is inside the graph (arb_epoch_enter) and has
 * reserved slots. */
#ifndef ARB_GRAPH_LINKS_H
#define ARB_GRAPH_LINKS_H

#include "graph/graph_internal.h"

/* Sets the list of a node that no other thread sees on this level yet. */
void arb_list_publish(arb_graph *graph, arb_searcher *searcher, uint32_t node, uint32_t level,
                      const uint32_t *neighbors, uint32_t count);

/* Undoes that, while still no other thread sees the node. */
void arb_list_withdraw(arb_graph *graph, arb_searcher *searcher, uint32_t node, uint32_t level);

/* Adds `to` (which may carry ARB_TREE_MARK) to the list of `from`, pruning it where it is full.
 * Returns 0 if the heuristic, or for a marked link arb_mark_limit, kept it out. Any number of
 * threads. */
int arb_list_add(arb_graph *graph, arb_searcher *searcher, uint32_t from, uint32_t level,
                 uint32_t to);

/* A node with room for one more tree link, found by walking the tree away from `from`: it ends,
 * since a tree is finite and its leaves have room. */
uint32_t arb_tree_leaf(const arb_graph *graph, uint32_t from);

#endif
