#include "graph/centres.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vectors/error.h"

/* Groups whose centres a row is held against: with fewer, rows between two groups go astray. */
#define GROUPS_LOOKED_AT 4u

arb_status arb_centres_create(const arb_kernel_set *kernels, uint32_t dim, uint32_t count,
                              arb_centres *out)
{
    *out = (arb_centres){.l2sq = kernels->sq8[ARB_METRIC_L2], .count = count};
    /* as many groups as there are centres in each */
    while (out->group_count * out->group_count < count)
        out->group_count++;
    arb_status status = arb_rows_create(dim, 1, &out->rows);
    if (status == ARB_OK)
        status = arb_rows_reserve(out->rows, 0, count);
    out->leaders = malloc(out->group_count * sizeof *out->leaders);
    out->group_first = malloc((out->group_count + 1) * sizeof *out->group_first);
    out->grouped = malloc(count * sizeof *out->grouped);
    if (status == ARB_OK &&
        (out->leaders == NULL || out->group_first == NULL || out->grouped == NULL))
        status = arb_fail(ARB_RESOURCE_EXHAUSTED, "cells: no memory for %u centres", count);
    return status;
}

void arb_centres_free(arb_centres *centres)
{
    free(centres->leaders);
    free(centres->group_first);
    free(centres->grouped);
}

static void measure(const arb_centres *of, const void *code, const uint32_t *centres,
                    uint32_t count, float *squares)
{
    for (uint32_t i = 0; i < count; i += 4) {
        const void *four[4];
        float of_four[4];
        for (uint32_t j = 0; j < 4; j++)
            four[j] = arb_row(of->rows, centres[i + j < count ? i + j : count - 1]);
        of->l2sq.four(code, four, of->rows->stride, of_four);
        for (uint32_t j = 0; j < 4 && i + j < count; j++)
            squares[i + j] = of_four[j];
    }
}

static uint32_t least(const float *squares, uint32_t count)
{
    uint32_t at = 0;
    for (uint32_t i = 1; i < count; i++)
        at = squares[i] < squares[at] ? i : at;
    return at;
}

void arb_centres_group(arb_centres *centres)
{
    uint32_t groups = centres->group_count;
    uint32_t group_of[ARB_CENTRES_MAX];
    float squares[ARB_CENTRES_MAX];
    memset(centres->group_first, 0, (groups + 1) * sizeof *centres->group_first);
    for (uint32_t i = 0; i < groups; i++)
        centres->leaders[i] = (uint32_t)((uint64_t)i * centres->count / groups);
    for (uint32_t centre = 0; centre < centres->count; centre++) {
        measure(centres, arb_row(centres->rows, centre), centres->leaders, groups, squares);
        group_of[centre] = least(squares, groups);
        centres->group_first[group_of[centre] + 1]++;
    }
    for (uint32_t group = 0; group < groups; group++)
        centres->group_first[group + 1] += centres->group_first[group];
    uint32_t next[ARB_CENTRES_MAX];
    memcpy(next, centres->group_first, groups * sizeof *next);
    for (uint32_t centre = 0; centre < centres->count; centre++)
        centres->grouped[next[group_of[centre]]++] = centre;
}

uint32_t arb_centres_nearest(const arb_centres *centres, const void *code, float *square)
{
    float of_leaders[ARB_CENTRES_MAX];
    float squares[ARB_CENTRES_MAX];
    uint32_t nearest = 0;
    *square = INFINITY;
    measure(centres, code, centres->leaders, centres->group_count, of_leaders);
    for (uint32_t i = 0; i < GROUPS_LOOKED_AT && i < centres->group_count; i++) {
        uint32_t group = least(of_leaders, centres->group_count);
        const uint32_t *members = centres->grouped + centres->group_first[group];
        uint32_t count = centres->group_first[group + 1] - centres->group_first[group];
        of_leaders[group] = INFINITY;
        measure(centres, code, members, count, squares);
        uint32_t at = least(squares, count);
        if (count > 0 && squares[at] < *square) {
            *square = squares[at];
            nearest = members[at];
        }
    }
    return nearest;
}
