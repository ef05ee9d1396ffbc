/* centres.h: the centres of cells (cells.h) as codes, in groups of near ones: a row or a query is
 * held against those of the groups that are near it, not against all. */
#ifndef ARB_GRAPH_CENTRES_H
#define ARB_GRAPH_CENTRES_H

#include "vectors/codes.h"

#define ARB_CENTRES_MAX 16384u
#define ARB_CENTRE_GROUPS_MAX 128u /* its root */

typedef struct arb_centres {
    arb_rows *rows;
    arb_rows *leaders; /* of each group the mean of its centres, once they are laid by group */
    arb_distance l2sq; /* of codes, in their steps */
    uint32_t count;
    uint32_t group_count;
    uint32_t *group_first; /* group_count + 1 */
    uint32_t *grouped;     /* the centres, group by group */
} arb_centres;

/* Room for `count` centres of codes of `dim` components, 1..ARB_CENTRES_MAX; none is written. To be
 * freed also after a failure. */
arb_status arb_centres_create(const arb_kernel_set *kernels, uint32_t dim, uint32_t count,
                              arb_centres *out);
void arb_centres_free(arb_centres *centres);

/* Puts them into groups: once they are written, and again whenever they have changed. */
void arb_centres_group(arb_centres *centres);

/* Numbers the centres anew, group by group: `old` becomes number moved[old]. */
arb_status arb_centres_lay_by_group(arb_centres *centres, uint32_t *moved);

#define ARB_NO_CENTRE UINT32_MAX

/* The nearest to a code of the centres in so many groups, the nearest ones, and how far it is,
 * squared. Where room is not NULL, of the centres with room[centre] > 0; ARB_NO_CENTRE if there are
 * none. */
uint32_t arb_centres_nearest(const arb_centres *centres, const void *code, uint32_t groups,
                             const int32_t *room, float *square);

/* How far a centre is from a code, squared. */
float arb_centres_square(const arb_centres *centres, const void *code, uint32_t centre);

/* The squared lengths of what the first `count` rows stand for by a grid of codes. */
void arb_centres_lengths(const arb_codes *codes, const arb_rows *rows, uint32_t count,
                         float *squares);

#endif
