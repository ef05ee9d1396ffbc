/* bridge.h: links of upper levels that lead from one cluster to another.
 *
 * A search comes down the upper levels by the nearest node alone. In clusters of more rows than
 * ef_construction a new node sees its own cluster only, the few links that lead out of it give way
 * to nearer ones, and such a walk ends at the rim of a cluster that is not the query's: on level 0
 * no breadth leads out of there. Of ten to a hundred clusters one query in a hundred, or all those
 * of a cluster, then found nothing that it asked for.
 *
 * So each node of an upper level is looked for as searches look for it. Where the walk ends at a
 * node farther from it than all its neighbors, that one gets a link to it, marked by ARB_TREE_MARK
 * like those of the tree, which pruning keeps. Nodes of upper levels are a sample of all, one in M:
 * what finds them finds the rows around them. Later nodes, and later entry points above all, change
 * the ways again; so a freeze looks for all once more. */
#ifndef ARB_GRAPH_BRIDGE_H
#define ARB_GRAPH_BRIDGE_H

#include "graph/score.h"

/* Makes sure that a walk finds the node, which is on an upper level and linked there, or one about
 * as near to it as its neighbors. `query` is of its row. The caller is inside the graph and has
 * reserved a slot. Where memory is wanting, or the node where the walk ends has all the bridges it
 * can have, there is none and no more: nothing depends on it but recall. Any number of threads. */
void arb_bridge_to(arb_graph *graph, arb_searcher *searcher, const arb_query *query, uint32_t node);

/* The same for some of the nodes that were linked before, each time others. The caller is outside
 * the graph. */
void arb_bridge_some(arb_graph *graph, arb_searcher *searcher);

/* The same for all linked nodes of upper levels. The caller is outside the graph. It took one
 * to three thousandths of the time in which the graph was built. */
arb_status arb_bridge_all(arb_graph *graph, arb_searcher *searcher);

#endif
