#include "vectors/fastscan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vectors/error.h"
#include "vectors/pages.h"

/* Rows of no more components than this take four bits of each, and two, others one: what an
 * estimate is off by falls with the root of the components, so the fewer there are, the more each
 * has to tell. */
#define DIM_OF_FOUR_BITS 64u
#define DIM_OF_TWO_BITS 192u
/* Codes of bias and f. */
#define TERM_CODE_MAX 255

enum { BIAS, F };

static uint32_t bits_of(uint32_t dim)
{
    return dim <= DIM_OF_FOUR_BITS ? 4 : dim <= DIM_OF_TWO_BITS ? 2 : 1;
}

static uint32_t pieces_of(uint32_t dim)
{
    return (bits_of(dim) * dim + 15) / 16;
}

arb_status arb_fastscan_create(const arb_row_form *form, const float *origin, uint32_t blocks,
                               arb_fastscan **out)
{
    uint32_t pieces = pieces_of(form->dim);
    size_t block_bytes = arb_fastscan_block_bytes(pieces);
    arb_fastscan *fastscan = malloc(sizeof *fastscan + form->dim * sizeof *origin);
    size_t places = (size_t)blocks * ARB_FASTSCAN_ROWS;
    float(*terms)[2] = malloc(places * sizeof *terms);
    uint8_t *memory = arb_pages_map(blocks * block_bytes);
    if (fastscan == NULL || terms == NULL || memory == NULL) {
        if (memory != NULL)
            arb_pages_unmap(memory, blocks * block_bytes);
        free(terms);
        free(fastscan);
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "cells: no memory for %u blocks of rows", blocks);
    }
    arb_pages_advise_huge(memory, blocks * block_bytes);
    *fastscan = (arb_fastscan){.form = *form,
                               .bits = bits_of(form->dim),
                               .pieces = pieces,
                               .block_bytes = block_bytes,
                               .bytes = blocks * block_bytes,
                               .blocks = memory,
                               .terms = terms};
    memcpy(fastscan->origin, origin, form->dim * sizeof *origin);
    for (size_t place = 0; place < places; place++) {
        terms[place][BIAS] = INFINITY; /* not written */
        terms[place][F] = 0;
    }
    *out = fastscan;
    return ARB_OK;
}

void arb_fastscan_destroy(arb_fastscan *fastscan)
{
    if (fastscan == NULL)
        return;
    arb_pages_unmap(fastscan->blocks, fastscan->bytes);
    free(fastscan->terms);
    free(fastscan);
}

size_t arb_fastscan_tables_bytes(uint32_t dim)
{
    return (size_t)ARB_FASTSCAN_TABLES_BYTES * pieces_of(dim);
}

static float dot_of(const arb_row_form *form, const float *a, const float *b)
{
    return form->kernels->distance[ARB_ELEMENT_F32][ARB_METRIC_DOT].one(a, b, form->dim);
}

/* Steps that lose least of a normal distribution, in standard deviations (Max, "Quantizing for
 * minimum distortion", 1960); of one bit it does not matter. */
static float step_of(uint32_t bits)
{
    return bits == 4 ? 0.3352f : 0.9957f;
}

/* Codes a deviation, a byte a component, whose squared length is `squares`; returns f. */
static float code_of(const arb_fastscan *fastscan, const float *deviation, float squares,
                     uint8_t *codes)
{
    uint32_t dim = fastscan->form.dim;
    float half = (float)(1u << (fastscan->bits - 1));
    float per_step = 0;
    float along = 0; /* v.r */
    if (squares > 0)
        per_step = sqrtf((float)dim / squares) / step_of(fastscan->bits);
    for (uint32_t i = 0; i < dim; i++) {
        float step = floorf(deviation[i] * per_step);
        step = step < -half ? -half : step;
        step = step > half - 1 ? half - 1 : step;
        codes[i] = (uint8_t)(step + half);
        along += (2 * step + 1) * deviation[i];
    }
    return along > 0 ? squares / along : 0;
}

/* Puts codes of a byte a component into a row's half bytes. */
static void put(const arb_fastscan *fastscan, const uint8_t *codes, uint32_t row, uint8_t *pieces)
{
    uint32_t bits = fastscan->bits;
    uint32_t byte_of_row = 2 * (row % 16) + row / 16;
    for (uint32_t i = 0; i < fastscan->form.dim; i++) {
        uint32_t bit = bits * i;
        uint32_t group = bit / 4;
        uint32_t byte = 32 * (group / 2) + byte_of_row;
        pieces[byte] |= (uint8_t)(codes[i] << (bit % 4 + 4 * (group % 2)));
    }
}

void arb_fastscan_encode(arb_fastscan *fastscan, size_t place, const float *centre,
                         const float *values)
{
    const arb_row_form *form = &fastscan->form;
    uint8_t *block = fastscan->blocks + place / ARB_FASTSCAN_ROWS * fastscan->block_bytes;
    float *terms = fastscan->terms[place];
    uint32_t row = place % ARB_FASTSCAN_ROWS;
    float deviation[ARB_DIM_MAX];
    float off_origin[ARB_DIM_MAX];
    uint8_t codes[ARB_DIM_MAX];
    for (uint32_t i = 0; i < form->dim; i++) {
        deviation[i] = values[i] - centre[i];
        off_origin[i] = centre[i] - fastscan->origin[i];
    }
    float squares = dot_of(form, deviation, deviation);
    terms[BIAS] = form->metric == ARB_METRIC_L2 ? squares + 2 * dot_of(form, off_origin, deviation)
                                                : -dot_of(form, fastscan->origin, deviation);
    terms[F] = code_of(fastscan, deviation, squares, codes);
    put(fastscan, codes, row, block + ARB_FASTSCAN_TERMS_BYTES);
}

/* From the least to the greatest that there is. Terms that are no finite numbers, of rows that no
 * float can tell the length of and of places that were not written, do not count. */
static arb_fastscan_grid grid_of(const arb_fastscan *fastscan, size_t places, int term)
{
    float least = INFINITY;
    float greatest = -INFINITY;
    for (size_t place = 0; place < places; place++) {
        const float *terms = fastscan->terms[place];
        if (!isfinite(terms[BIAS]) || !isfinite(terms[F]))
            continue;
        least = fminf(least, terms[term]);
        greatest = fmaxf(greatest, terms[term]);
    }
    if (!(least < greatest))
        return (arb_fastscan_grid){.first = least < INFINITY ? least : 0, .step = 0};
    double span = (double)greatest - (double)least; /* which might be no float */
    return (arb_fastscan_grid){.first = least, .step = (float)(span / TERM_CODE_MAX)};
}

/* The code of the next value below, or above; of what is beyond the grid the last, of a NaN the
 * first. */
static uint8_t code_on(const arb_fastscan_grid *grid, float value, int above)
{
    if (!(value > grid->first))
        return 0;
    if (!(grid->step > 0))
        return TERM_CODE_MAX;
    double steps = ((double)value - (double)grid->first) / (double)grid->step;
    return (uint8_t)fmin(above ? ceil(steps) : floor(steps), TERM_CODE_MAX);
}

void arb_fastscan_finish(arb_fastscan *fastscan)
{
    size_t places = fastscan->bytes / fastscan->block_bytes * ARB_FASTSCAN_ROWS;
    fastscan->bias = grid_of(fastscan, places, BIAS);
    fastscan->f = grid_of(fastscan, places, F);
    for (size_t place = 0; place < places; place++) {
        const float *terms = fastscan->terms[place];
        uint8_t *block = fastscan->blocks + place / ARB_FASTSCAN_ROWS * fastscan->block_bytes;
        size_t row = place % ARB_FASTSCAN_ROWS;
        block[row] = code_on(&fastscan->bias, terms[BIAS], 0);
        block[ARB_FASTSCAN_ROWS + row] = code_on(&fastscan->f, terms[F], 1);
    }
    free(fastscan->terms);
    fastscan->terms = NULL;
}

/* Writes a group's 16 entries twice: what each code adds to d.c beyond the least that one can, in
 * units; c are the components' codes as numbers. */
static void write_table(const float weights[4], float least, float per_unit, uint8_t *table)
{
    float sums[16];
    float first = 0.5f - least * per_unit; /* to be rounded */
    float w[4];
    for (uint32_t bit = 0; bit < 4; bit++)
        w[bit] = weights[bit] * per_unit;
    const float of_two[4] = {first, first + w[0], first + w[1], first + (w[0] + w[1])};
    for (uint32_t i = 0; i < 4; i++) {
        sums[i] = of_two[i];
        sums[4 + i] = of_two[i] + w[2];
        sums[8 + i] = of_two[i] + w[3];
        sums[12 + i] = of_two[i] + (w[2] + w[3]);
    }
    for (uint32_t code = 0; code < 16; code++)
        table[code] = (uint8_t)(int32_t)sums[code];
    memcpy(table + 16, table, 16);
}

/* What each bit of a code weighs: bit b of a component 2^b times the component. */
static void weigh(const arb_fastscan *fastscan, const float *deviation, float *weights)
{
    uint32_t bits = fastscan->bits;
    uint32_t used = bits * fastscan->form.dim;
    for (uint32_t i = 0; i < used; i++)
        weights[i] = deviation[i / bits] * (float)(1u << i % bits);
    memset(weights + used, 0, (16 * fastscan->pieces - used) * sizeof *weights);
}

arb_fastscan_query arb_fastscan_query_of(const arb_fastscan *fastscan, const float *values,
                                         uint8_t *tables)
{
    const arb_row_form *form = &fastscan->form;
    uint32_t groups = 4 * fastscan->pieces;
    float deviation[ARB_DIM_MAX];
    float weights[ARB_DIM_MAX + 16];
    float least[ARB_DIM_MAX / 4 + 4]; /* of each group */
    float all_least = 0;
    float span = 0;
    float sum = 0;
    for (uint32_t i = 0; i < form->dim; i++) {
        deviation[i] = values[i] - fastscan->origin[i];
        sum += deviation[i];
    }
    weigh(fastscan, deviation, weights);
    for (uint32_t group = 0; group < groups; group++) {
        const float *w = weights + 4 * group;
        float magnitude = (fabsf(w[0]) + fabsf(w[1])) + (fabsf(w[2]) + fabsf(w[3]));
        least[group] = ((w[0] + w[1]) + (w[2] + w[3]) - magnitude) / 2;
        all_least += least[group];
        span = magnitude > span ? magnitude : span;
    }
    float entry_max = fminf(ARB_FASTSCAN_ENTRY_MAX, (float)(UINT16_MAX / groups));
    float per_unit = span > 0 ? entry_max / span : 0;
    for (uint32_t group = 0; group < groups; group++) {
        /* groups 0, 2, 1, 3 of a piece */
        uint8_t *table = tables + ARB_FASTSCAN_TABLES_BYTES * (size_t)(group / 4) +
                         64 * (group % 2) + 32 * (group % 4 / 2);
        write_table(weights + 4 * group, least[group], per_unit, table);
    }
    /* d.v = 2 d.c - the highest code * the sum of d; |q - o|^2 has it twice */
    float times = form->metric == ARB_METRIC_L2 ? 2 : 1;
    float highest = (float)((1u << fastscan->bits) - 1);
    return (arb_fastscan_query){.tables = tables,
                                .factor = times * 2 * (span / entry_max),
                                .shift = times * (2 * all_least - highest * sum)};
}
