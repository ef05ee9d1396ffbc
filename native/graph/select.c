/* select.c: the heuristic that chooses neighbors (Malkov & Yashunin, Algorithm 4): a candidate is
 * taken if it is nearer to the node than to every neighbor taken before it. What remains is spread
 * in all directions, which is what lets a greedy search leave a cluster. */
#include "graph/candidates.h"
#include "graph/score.h"

/* Whether some chosen row is nearer to the candidate than `distance`: four rows a kernel call. The
 * nearest come first, and most dominated candidates are dominated by one of those. */
static int is_dominated(const arb_query *candidate, const void *const *chosen, uint32_t count,
                        float distance)
{
    size_t dim = candidate->dim;
    float sign = candidate->negated ? -1.0f : 1.0f;
    uint32_t done = 0;
    for (; done + 4 <= count; done += 4) {
        float between[4];
        candidate->kernel.four(candidate->vector, chosen + done, dim, between);
        for (uint32_t i = 0; i < 4; i++) {
            if (sign * between[i] < distance)
                return 1;
        }
    }
    for (; done < count; done++) {
        if (sign * candidate->kernel.one(candidate->vector, chosen[done], dim) < distance)
            return 1;
    }
    return 0;
}

uint32_t arb_select_neighbors(const arb_graph *graph, arb_searcher *searcher,
                              const uint64_t *candidates, uint32_t count, uint32_t most,
                              uint32_t *chosen)
{
    const arb_rows *rows = graph->scorer->rows;
    const void **chosen_rows = searcher->chosen_rows;
    arb_query query = arb_query_of(graph->scorer, NULL, 1);
    uint32_t taken = 0;
    uint32_t marked = 0; /* tree links still to come: they have their places */
    for (uint32_t i = 0; i < count; i++)
        marked += (uint32_t)(candidates[i] & ARB_CANDIDATE_FLAG);
    for (uint32_t i = 0; i < count && taken < most; i++) {
        uint32_t node = arb_candidate_node(candidates[i]);
        uint32_t mark = candidates[i] & ARB_CANDIDATE_FLAG ? ARB_TREE_MARK : 0;
        query.vector = arb_row(rows, node);
        if (mark)
            marked--;
        else if (taken + marked >= most ||
                 is_dominated(&query, chosen_rows, taken, arb_candidate_distance(candidates[i])))
            continue;
        chosen_rows[taken] = query.vector;
        chosen[taken++] = node | mark;
    }
    return taken;
}
