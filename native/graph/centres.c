#include "graph/centres.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vectors/error.h"

static arb_status create_rows(uint32_t dim, uint32_t count, arb_rows **out)
{
    arb_status status = arb_rows_create(dim, 1, out);
    return status == ARB_OK ? arb_rows_reserve(*out, 0, count) : status;
}

arb_status arb_centres_create(const arb_kernel_set *kernels, uint32_t dim, uint32_t count,
                              arb_centres *out)
{
    *out = (arb_centres){.l2sq = kernels->sq8[ARB_METRIC_L2], .count = count};
    /* as many groups as there are centres in each */
    while (out->group_count * out->group_count < count)
        out->group_count++;
    arb_status status = create_rows(dim, count, &out->rows);
    if (status == ARB_OK)
        status = create_rows(dim, out->group_count, &out->leaders);
    out->group_first = malloc((out->group_count + 1) * sizeof *out->group_first);
    out->grouped = malloc(count * sizeof *out->grouped);
    if (status == ARB_OK && (out->group_first == NULL || out->grouped == NULL))
        status = arb_fail(ARB_RESOURCE_EXHAUSTED, "cells: no memory for %u centres", count);
    return status;
}

void arb_centres_free(arb_centres *centres)
{
    arb_rows_destroy(centres->rows);
    arb_rows_destroy(centres->leaders);
    free(centres->group_first);
    free(centres->grouped);
}

/* Distances of a code to `count` rows; numbers may be NULL for the first ones. */
static void measure(const arb_centres *of, const arb_rows *rows, const void *code,
                    const uint32_t *numbers, uint32_t count, float *squares)
{
    for (uint32_t i = 0; i < count; i += 4) {
        const void *four[4];
        float of_four[4];
        for (uint32_t j = 0; j < 4; j++) {
            uint32_t at = i + j < count ? i + j : count - 1;
            four[j] = arb_row(rows, numbers == NULL ? at : numbers[at]);
        }
        of->l2sq.four(code, four, rows->stride, of_four);
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

/* Centres at even distances lead the groups. */
static void choose_leaders(arb_centres *centres)
{
    for (uint32_t group = 0; group < centres->group_count; group++) {
        uint32_t chosen = (uint32_t)((uint64_t)group * centres->count / centres->group_count);
        memcpy(arb_row_for_write(centres->leaders, group), arb_row(centres->rows, chosen),
               centres->rows->stride);
    }
}

void arb_centres_group(arb_centres *centres)
{
    uint32_t groups = centres->group_count;
    uint16_t group_of[ARB_CENTRES_MAX];
    float squares[ARB_CENTRE_GROUPS_MAX];
    choose_leaders(centres);
    memset(centres->group_first, 0, (groups + 1) * sizeof *centres->group_first);
    for (uint32_t centre = 0; centre < centres->count; centre++) {
        measure(centres, centres->leaders, arb_row(centres->rows, centre), NULL, groups, squares);
        group_of[centre] = (uint16_t)least(squares, groups);
        centres->group_first[group_of[centre] + 1]++;
    }
    for (uint32_t group = 0; group < groups; group++)
        centres->group_first[group + 1] += centres->group_first[group];
    uint32_t next[ARB_CENTRE_GROUPS_MAX];
    memcpy(next, centres->group_first, groups * sizeof *next);
    for (uint32_t centre = 0; centre < centres->count; centre++)
        centres->grouped[next[group_of[centre]]++] = centre;
}

/* Moves the leader of a group to the mean of its centres; one that has none stays. */
static void lead(arb_centres *centres, uint32_t group)
{
    uint32_t first = centres->group_first[group];
    uint32_t end = centres->group_first[group + 1];
    uint8_t *leader = arb_row_for_write(centres->leaders, group);
    for (size_t i = 0; end > first && i < centres->rows->stride; i++) {
        uint32_t sum = 0;
        for (uint32_t centre = first; centre < end; centre++)
            sum += ((const uint8_t *)arb_row(centres->rows, centre))[i];
        leader[i] = (uint8_t)((sum + (end - first) / 2) / (end - first));
    }
}

arb_status arb_centres_lay_by_group(arb_centres *centres, uint32_t *moved)
{
    arb_rows *laid = NULL;
    arb_status status = create_rows(centres->rows->dim, centres->count, &laid);
    if (status != ARB_OK) {
        arb_rows_destroy(laid);
        return status;
    }
    for (uint32_t i = 0; i < centres->count; i++) {
        memcpy(arb_row_for_write(laid, i), arb_row(centres->rows, centres->grouped[i]),
               laid->stride);
        moved[centres->grouped[i]] = i;
    }
    arb_rows_destroy(centres->rows);
    centres->rows = laid;
    for (uint32_t i = 0; i < centres->count; i++)
        centres->grouped[i] = i;
    for (uint32_t group = 0; group < centres->group_count; group++)
        lead(centres, group);
    return ARB_OK;
}

uint32_t arb_centres_nearest(const arb_centres *centres, const void *code, uint32_t groups,
                             const int32_t *room, float *square)
{
    float of_leaders[ARB_CENTRE_GROUPS_MAX];
    float squares[ARB_CENTRES_MAX];
    uint32_t nearest = ARB_NO_CENTRE;
    *square = INFINITY;
    measure(centres, centres->leaders, code, NULL, centres->group_count, of_leaders);
    for (uint32_t i = 0; i < groups && i < centres->group_count; i++) {
        uint32_t group = least(of_leaders, centres->group_count);
        const uint32_t *members = centres->grouped + centres->group_first[group];
        uint32_t count = centres->group_first[group + 1] - centres->group_first[group];
        of_leaders[group] = INFINITY;
        measure(centres, centres->rows, code, members, count, squares);
        for (uint32_t j = 0; j < count; j++) {
            if (squares[j] < *square && (room == NULL || room[members[j]] > 0)) {
                *square = squares[j];
                nearest = members[j];
            }
        }
    }
    return nearest;
}

float arb_centres_square(const arb_centres *centres, const void *code, uint32_t centre)
{
    return centres->l2sq.one(code, arb_row(centres->rows, centre), centres->rows->stride);
}

void arb_centres_lengths(const arb_codes *codes, const arb_rows *rows, uint32_t count,
                         float *squares)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *code = arb_row(rows, i);
        squares[i] = 0;
        for (uint32_t j = 0; j < codes->form.dim; j++) {
            float value = codes->offset[j] + codes->scale * (float)code[j];
            squares[i] += value * value;
        }
    }
}
