/* Faults of fastscan_near. Most change what arb_fastscan_near_ref is given, or what it gives. */
#include "checkasm/planted.h"

#include <math.h>
#include <string.h>

#include "kernels/kernel_list.h"

#define TERMS_BYTES (2 * sizeof(float) * ARB_FASTSCAN_ROWS)

typedef float terms[2][ARB_FASTSCAN_ROWS]; /* bias, f */

static void put(float *least, size_t row, float value)
{
    memcpy((uint8_t *)least + row * sizeof value, &value, sizeof value);
}

static const uint8_t *block_at(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t block)
{
    return blocks + block * arb_fastscan_block_bytes(bound->pieces);
}

/* The sums alone of a block's rows. */
static void sums_of(const arb_fastscan_bound *bound, const uint8_t *block,
                    float sums[ARB_FASTSCAN_ROWS])
{
    static uint8_t copy[TERMS_BYTES + ARB_FASTSCAN_PIECE_BYTES * ARB_DIM_MAX / 4];
    arb_fastscan_bound plain = {.tables = bound->tables, .pieces = bound->pieces, .factor = 1};
    terms minus = {{0}};
    for (size_t row = 0; row < ARB_FASTSCAN_ROWS; row++) {
        minus[1][row] = -1;
    }
    memcpy(copy, block, arb_fastscan_block_bytes(bound->pieces));
    memcpy(copy, minus, sizeof minus);
    uint32_t near;
    arb_fastscan_near_ref(&plain, copy, 1, sums, &near);
}

/* takes a row that is exactly as far as the farthest for too far */
static void drops_row_at_bound(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                               float *least, uint32_t *near)
{
    arb_fastscan_bound nearer = *bound;
    nearer.farthest = nextafterf(bound->farthest, -INFINITY);
    arb_fastscan_near_ref(&nearer, blocks, count, least, near);
}

/* fuses products and sums */
static void fuses_least(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                        float *least, uint32_t *near)
{
    arb_fastscan_near_ref(bound, blocks, count, least, near);
    for (size_t block = 0; block < count; block++) {
        float sums[ARB_FASTSCAN_ROWS];
        terms of;
        sums_of(bound, block_at(bound, blocks, block), sums);
        memcpy(of, block_at(bound, blocks, block), sizeof of);
        for (size_t row = 0; row < ARB_FASTSCAN_ROWS; row++) {
            float shifted = fmaf(bound->factor, sums[row], bound->shift);
            put(least, ARB_FASTSCAN_ROWS * block + row,
                fmaf(-of[1][row], shifted, bound->constant + of[0][row]));
        }
    }
}

/* takes sums of 16 bits for signed */
static void widens_signed(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                          float *least, uint32_t *near)
{
    arb_fastscan_near_ref(bound, blocks, count, least, near);
    for (size_t block = 0; block < count; block++) {
        float sums[ARB_FASTSCAN_ROWS];
        terms of;
        sums_of(bound, block_at(bound, blocks, block), sums);
        memcpy(of, block_at(bound, blocks, block), sizeof of);
        for (size_t row = 0; row < ARB_FASTSCAN_ROWS; row++) {
            float sum = sums[row] > 32767 ? sums[row] - 65536 : sums[row];
            float base = bound->constant + of[0][row];
            float product = bound->factor * sum;
            float off = of[1][row] * (product + bound->shift);
            put(least, ARB_FASTSCAN_ROWS * block + row, base - off);
        }
    }
}

/* takes what is no number for too far */
static void drops_unordered(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                            float *least, uint32_t *near)
{
    arb_fastscan_near_ref(bound, blocks, count, least, near);
    for (size_t block = 0; block < count; block++) {
        for (size_t row = 0; row < ARB_FASTSCAN_ROWS; row++) {
            float value;
            memcpy(&value, (uint8_t *)least + 4 * (ARB_FASTSCAN_ROWS * block + row), sizeof value);
            near[block] &= ~((uint32_t)(value != value) << row);
        }
    }
}

/* goes by pairs of pieces and leaves the last of an odd number out */
static void drops_last_piece(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                             float *least, uint32_t *near)
{
    arb_fastscan_bound shorter = *bound;
    shorter.pieces = bound->pieces / 2 * 2;
    for (size_t block = 0; block < count; block++) {
        arb_fastscan_near_ref(&shorter, block_at(bound, blocks, block), 1,
                              least + ARB_FASTSCAN_ROWS * block, near + block);
    }
}

/* takes a piece's tables for being in the order of its groups */
static void reorders_tables(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                            float *least, uint32_t *near)
{
    static uint8_t tables[ARB_FASTSCAN_TABLES_BYTES * ARB_DIM_MAX / 4];
    memcpy(tables, bound->tables, ARB_FASTSCAN_TABLES_BYTES * bound->pieces);
    for (size_t piece = 0; piece < bound->pieces; piece++) {
        uint8_t *of = tables + ARB_FASTSCAN_TABLES_BYTES * piece;
        memcpy(of + 32, bound->tables + ARB_FASTSCAN_TABLES_BYTES * piece + 64, 32);
        memcpy(of + 64, bound->tables + ARB_FASTSCAN_TABLES_BYTES * piece + 32, 32);
    }
    arb_fastscan_bound reordered = *bound;
    reordered.tables = tables;
    arb_fastscan_near_ref(&reordered, blocks, count, least, near);
}

/* takes rows of a block for being in the order of their bytes */
static void interleaves_rows(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                             float *least, uint32_t *near)
{
    arb_fastscan_near_ref(bound, blocks, count, least, near);
    for (size_t block = 0; block < count; block++) {
        float given[ARB_FASTSCAN_ROWS];
        uint8_t *of = (uint8_t *)(least + ARB_FASTSCAN_ROWS * block);
        memcpy(given, of, sizeof given);
        for (size_t row = 0; row < ARB_FASTSCAN_ROWS; row++) {
            memcpy(of + sizeof(float) * row, &given[row / 2 + row % 2 * 16], sizeof(float));
        }
    }
}

/* reads tables of a whole pair of pieces */
static void reads_tables_behind(const arb_fastscan_bound *bound, const uint8_t *blocks,
                                size_t count, float *least, uint32_t *near)
{
    size_t pairs = (bound->pieces + 1) / 2;
    planted_touch(bound->tables, ARB_FASTSCAN_TABLES_BYTES * pairs - 1);
    arb_fastscan_near_ref(bound, blocks, count, least, near);
}

/* reads the block behind the last, as a loop that loads ahead does */
static void reads_block_behind(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                               float *least, uint32_t *near)
{
    planted_touch(block_at(bound, blocks, count), 0);
    arb_fastscan_near_ref(bound, blocks, count, least, near);
}

/* writes the words of two blocks at once */
static void writes_word_behind(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                               float *least, uint32_t *near)
{
    arb_fastscan_near_ref(bound, blocks, count, least, near);
    near[count] = 0;
}

#define PLANTED_FASTSCAN(function, caught_by)                                                      \
    {                                                                                              \
        {#function, "ref",         SHAPE_FASTSCAN,   TYPE_u8,                                      \
         TYPE_f32,  ARB_METRIC_L2, (any_fn)function, (any_fn)arb_fastscan_near_ref},               \
            caught_by                                                                              \
    }

const planted_fault arb_planted_fastscans[] = {
    PLANTED_FASTSCAN(drops_row_at_bound, "wanted"),
    PLANTED_FASTSCAN(fuses_least, "wanted"),
    PLANTED_FASTSCAN(widens_signed, "the largest sums"),
    PLANTED_FASTSCAN(drops_unordered, "special values"),
    PLANTED_FASTSCAN(drops_last_piece, "wanted"),
    PLANTED_FASTSCAN(reorders_tables, "wanted"),
    PLANTED_FASTSCAN(interleaves_rows, "wanted"),
    PLANTED_FASTSCAN(reads_tables_behind, "signal"),
    PLANTED_FASTSCAN(reads_block_behind, "signal"),
    PLANTED_FASTSCAN(writes_word_behind, "signal"),
};
const size_t arb_planted_fastscans_count =
    sizeof arb_planted_fastscans / sizeof arb_planted_fastscans[0];
