/* centres.h: the centres of cells (cells.h) as codes, in groups: a row is held against those of the
 * groups that are nearest to it, not against all. */
#ifndef ARB_GRAPH_CENTRES_H
#define ARB_GRAPH_CENTRES_H

#include "kernels/kernels.h"
#include "vectors/rows.h"

#define ARB_CENTRES_MAX 8192u

typedef struct arb_centres {
    arb_rows *rows;
    arb_distance l2sq; /* of codes, in their steps */
    uint32_t count;
    uint32_t group_count;
    uint32_t *leaders;     /* of each group, one of its centres */
    uint32_t *group_first; /* group_count + 1 */
    uint32_t *grouped;     /* the centres, group by group */
} arb_centres;

/* Room for `count` centres of codes of `dim` components, 1..ARB_CENTRES_MAX; none is written. */
arb_status arb_centres_create(const arb_kernel_set *kernels, uint32_t dim, uint32_t count,
                              arb_centres *out);
/* Frees all but the rows, which are the caller's. */
void arb_centres_free(arb_centres *centres);

/* To be called once the centres are written, and again whenever they have changed. */
void arb_centres_group(arb_centres *centres);

/* The centre nearest to a code, or nearly so; *square is their distance. */
uint32_t arb_centres_nearest(const arb_centres *centres, const void *code, float *square);

#endif
