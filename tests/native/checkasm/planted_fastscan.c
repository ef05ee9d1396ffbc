/* Faults of fastscan_near. Most change what arb_fastscan_near_ref is given, or what it gives. */
#include "checkasm/planted.h"

#include <math.h>
#include <string.h>

#include "kernels/kernel_list.h"

static void put(float *least, size_t row, float value)
{
    memcpy((uint8_t *)least + row * sizeof value, &value, sizeof value);
}

static const uint8_t *block_at(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t block)
{
    return blocks + block * arb_fastscan_block_bytes(bound->pieces);
}

static float base_of(const arb_fastscan_bound *bound, const uint8_t *block, size_t row)
{
    float bias = bound->bias_step * (float)block[row];
    return bound->constant + bias;
}

static float f_of(const arb_fastscan_bound *bound, const uint8_t *block, size_t row)
{
    float steps = bound->f_step * (float)block[ARB_FASTSCAN_ROWS + row];
    return bound->f_first + steps;
}

/* The sums alone of a block's rows. */
static void sums_of(const arb_fastscan_bound *bound, const uint8_t *block,
                    float sums[ARB_FASTSCAN_ROWS])
{
    arb_fastscan_bound plain = {
        .tables = bound->tables, .pieces = bound->pieces, .factor = 1, .f_first = -1};
    uint32_t near;
    arb_fastscan_near_ref(&plain, block, 1, sums, &near);
}

/* What a row is told to be, from its block and its sum. */
typedef float (*tell_fn)(const arb_fastscan_bound *bound, const uint8_t *block, size_t row,
                         float sum);

/* The reference, but for what rows are told to be. */
static void tell_anew(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                      float *least, uint32_t *near, tell_fn tell)
{
    arb_fastscan_near_ref(bound, blocks, count, least, near);
    for (size_t block = 0; block < count; block++) {
        const uint8_t *codes = block_at(bound, blocks, block);
        float sums[ARB_FASTSCAN_ROWS];
        sums_of(bound, codes, sums);
        for (size_t row = 0; row < ARB_FASTSCAN_ROWS; row++)
            put(least, ARB_FASTSCAN_ROWS * block + row, tell(bound, codes, row, sums[row]));
    }
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
static float tell_fuses_least(const arb_fastscan_bound *bound, const uint8_t *block, size_t row,
                              float sum)
{
    float shifted = fmaf(bound->factor, sum, bound->shift);
    return fmaf(-f_of(bound, block, row), shifted, base_of(bound, block, row));
}
static void fuses_least(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                        float *least, uint32_t *near)
{
    tell_anew(bound, blocks, count, least, near, tell_fuses_least);
}

/* fuses what the codes of bias and f stand for */
static float tell_fuses_terms(const arb_fastscan_bound *bound, const uint8_t *block, size_t row,
                              float sum)
{
    float base = fmaf(bound->bias_step, (float)block[row], bound->constant);
    float f = fmaf(bound->f_step, (float)block[ARB_FASTSCAN_ROWS + row], bound->f_first);
    float product = bound->factor * sum;
    float off = f * (product + bound->shift);
    return base - off;
}
static void fuses_terms(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                        float *least, uint32_t *near)
{
    tell_anew(bound, blocks, count, least, near, tell_fuses_terms);
}

/* takes codes of bias for signed */
static float tell_widens_bias_signed(const arb_fastscan_bound *bound, const uint8_t *block,
                                     size_t row, float sum)
{
    float bias = bound->bias_step * (float)(int8_t)block[row];
    float product = bound->factor * sum;
    float off = f_of(bound, block, row) * (product + bound->shift);
    return bound->constant + bias - off;
}
static void widens_bias_signed(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                               float *least, uint32_t *near)
{
    tell_anew(bound, blocks, count, least, near, tell_widens_bias_signed);
}

/* takes the codes of f for those of bias, and the other way round */
static void swaps_terms(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                        float *least, uint32_t *near)
{
    static uint8_t copy[ARB_FASTSCAN_TERMS_BYTES + ARB_FASTSCAN_PIECE_BYTES * ARB_DIM_MAX / 4];
    for (size_t block = 0; block < count; block++) {
        const uint8_t *codes = block_at(bound, blocks, block);
        memcpy(copy, codes, arb_fastscan_block_bytes(bound->pieces));
        memcpy(copy, codes + ARB_FASTSCAN_ROWS, ARB_FASTSCAN_ROWS);
        memcpy(copy + ARB_FASTSCAN_ROWS, codes, ARB_FASTSCAN_ROWS);
        arb_fastscan_near_ref(bound, copy, 1, least + ARB_FASTSCAN_ROWS * block, near + block);
    }
}

/* takes sums of 16 bits for signed */
static float tell_widens_signed(const arb_fastscan_bound *bound, const uint8_t *block, size_t row,
                                float sum)
{
    float product = bound->factor * (sum > 32767 ? sum - 65536 : sum);
    float off = f_of(bound, block, row) * (product + bound->shift);
    return base_of(bound, block, row) - off;
}
static void widens_signed(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                          float *least, uint32_t *near)
{
    tell_anew(bound, blocks, count, least, near, tell_widens_signed);
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
    PLANTED_FASTSCAN(fuses_terms, "wanted"),
    PLANTED_FASTSCAN(widens_bias_signed, "wanted"),
    PLANTED_FASTSCAN(swaps_terms, "wanted"),
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
