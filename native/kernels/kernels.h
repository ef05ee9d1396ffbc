/* kernels.h: what the rest of the library sees of the kernels.
 *
 * A kernel set is a table of functions for one instruction set. Sets are constant; an index keeps a
 * pointer to the one it was created with. Where a set has no kernel of its own for a job, its entry
 * is that of the next plainer set, so no entry is ever NULL except `native`.
 *
 * Kernels take any alignment and read exactly `dim` elements: no byte before, none after. */
#ifndef ARB_KERNELS_KERNELS_H
#define ARB_KERNELS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "arbalest/arbalest.h"

#define ARB_ELEMENTS 2
#define ARB_METRICS 3

/* l2sq gives the squared distance; dot gives the plain dot product (NOT negated); cosine gives
 * 1 - dot / (sqrt(qq) * sqrt(rr)), summing all three in the same pass: NaN where either vector is
 * zero. */
typedef float (*arb_distance_fn)(const void *query, const void *row, size_t dim);
typedef void (*arb_distance_x4_fn)(const void *query, const void *const rows[4], size_t dim,
                                   float out[4]);

typedef struct arb_distance {
    arb_distance_fn one;
    arb_distance_x4_fn four;
} arb_distance;

/* A panel of queries as screen takes it. Its lanes are queries, int8 in -127..127 of their own
 * scale, packed so that a step has the same four elements of each. */
#define ARB_SCREEN_LANES 64
#define ARB_SCREEN_STEP_BYTES (4 * ARB_SCREEN_LANES)
typedef struct arb_screen_panel {
    int32_t start[ARB_SCREEN_LANES]; /* -128 times the sum of the lane's elements */
    float scale[ARB_SCREEN_LANES];
    float limit[ARB_SCREEN_LANES];
    int8_t codes[]; /* codes[256 * s + 4 * l + b]: element 4 * s + b of lane l */
} arb_screen_panel;

/* A row as it takes them, one behind the other: code c stands for c - 128. */
typedef struct arb_screen_row {
    float scale;
    float slack;
    uint8_t codes[]; /* four a step */
} arb_screen_row;

static inline size_t arb_screen_panel_bytes(size_t steps)
{
    return sizeof(arb_screen_panel) + ARB_SCREEN_STEP_BYTES * steps;
}

static inline size_t arb_screen_row_bytes(size_t steps)
{
    return sizeof(arb_screen_row) + 4 * steps;
}

/* What screen_code finds out about a vector: it is scale * (code - 128) but for an error, whose
 * square, like the vector's, is summed in FP32. */
typedef struct arb_screen_facts {
    float scale;
    float square;
    float error_square;
} arb_screen_facts;
/* Vectors whose components are all smaller get the scale 0 and codes of zeros: 2^-100. */
#define ARB_SCREEN_LARGEST_MIN 0x1p-100f

/* What sq1_near holds rows against. The kernels know this layout by offset. */
typedef struct arb_sq1_bound {
    const int8_t *query; /* 64 * steps elements in -127..127 */
    size_t steps;        /* 1..128 */
    float constant;
    float factor;
    float shift;
    float farthest;
} arb_sq1_bound;
/* Rows that sq1_near asks memory for while it is at one. */
#define ARB_SQ1_NEAR_AHEAD 28

/* Blocks of rows as fastscan_near takes them: 32 rows' codes of their bias, a byte each, those of
 * their f, then pieces of four groups of components. A code there is 4 bits; bytes 0..31 of a piece
 * hold those of its first group in their low and of its second in their high halves, bytes 32..63
 * those of the third and fourth. Of both, byte 2 * r is of row r, byte 2 * r + 1 of row 16 + r. */
#define ARB_FASTSCAN_ROWS 32
#define ARB_FASTSCAN_TERMS_BYTES 64 /* of the codes of bias and f */
#define ARB_FASTSCAN_PIECE_BYTES 64
/* Tables of a piece: 16 entries for each group, in the order 0, 0, 2, 2, 1, 1, 3, 3. */
#define ARB_FASTSCAN_TABLES_BYTES 128
#define ARB_FASTSCAN_ENTRY_MAX 63

/* What fastscan_near holds rows against, and the grids of bias and f. The kernels know this layout
 * by offset. */
typedef struct arb_fastscan_bound {
    const uint8_t *tables; /* ARB_FASTSCAN_TABLES_BYTES * pieces */
    size_t pieces;         /* 1..ARB_DIM_MAX / 16, whatever the bits of a component */
    float constant;        /* with what the bias code 0 stands for */
    float factor;
    float shift;
    float farthest;
    float bias_step;
    float f_first;
    float f_step;
} arb_fastscan_bound;

static inline size_t arb_fastscan_block_bytes(size_t pieces)
{
    return ARB_FASTSCAN_TERMS_BYTES + ARB_FASTSCAN_PIECE_BYTES * pieces;
}

/* Keys behind the last that keys_insert may write. */
#define ARB_KEYS_INSERT_PAD 7

typedef struct arb_kernel_set {
    const char *name;
    uint64_t requires; /* ARB_CPU_* bits */
    /* [element][metric], summed in FP32 whatever the element. */
    arb_distance distance[ARB_ELEMENTS][ARB_METRICS];
    /* FP16 arithmetic on f16 rows, drained into FP32 every few blocks; {NULL, NULL} where the set
     * has none. Only for data that arb_native_range_is_safe() accepts. */
    arb_distance native[ARB_METRICS];
    void (*cast_f32_f16)(const float *src, uint16_t *dst, size_t n);
    void (*cast_f64_f16)(const double *src, uint16_t *dst, size_t n);
    void (*cast_i8_f16)(const int8_t *src, uint16_t *dst, size_t n);
    void (*cast_u8_f16)(const uint8_t *src, uint16_t *dst, size_t n);
    void (*cast_f16_f32)(const uint16_t *src, float *dst, size_t n);
    /* Over SQ8 codes, which stand for value_i = offset_i + scale * code_i. Rows are uint8[dim].
     * L2: query uint8[dim] on the same grid, the sum of squared differences of codes. DOT and
     * COSINE (codes of normalised rows): query int8[dim] in -127..127, the sum of products. Exact
     * int32 sums up to ARB_DIM_MAX, converted to float. */
    arb_distance sq8[ARB_METRICS];
    /* dst_i = (src_i - offset_i) * inverse_scale, rounded to nearest even, kept within 0..255; a
     * NaN gives 0. src, offset and dst have n elements and do not overlap. */
    void (*sq8_encode)(const float *src, const float *offset, float inverse_scale, uint8_t *dst,
                       size_t n);
    /* dst_i = offset_i + scale * src_i, the product rounded and then the sum. */
    void (*sq8_decode)(const uint8_t *src, const float *offset, float scale, float *dst, size_t n);
    /* Over 4-bit codes of rows, four rows a group, 32 elements a step. A group is `steps` pieces of
     * 64 bytes; byte 16 * i + 4 * r + b of piece s (i, r, b in 0..3) is of row r, and holds in its
     * low nibble element 32 * s + 4 * i + b, in its high one element 32 * s + 16 + 4 * i + b.
     * query is int8[32 * steps] in -127..127, steps in 1..256, groups may be 0; out gets the exact
     * sums of products of 4 * groups rows, converted to float. */
    void (*sq4_dots)(const int8_t *query, const uint8_t *codes, size_t steps, size_t groups,
                     float *out);
    /* Over 1-bit codes of rows: one query, four rows. A row is `steps` groups of 8 bytes; bit b of
     * byte j is of element 8 * j + b. query is int8[64 * steps] in -127..127, steps in 1..128.
     * out[r] is the exact sum of the query's elements whose bits are set in row r, converted to
     * float. */
    void (*sq1_dot_x4)(const int8_t *query, const uint8_t *const rows[4], size_t steps,
                       float out[4]);
    /* Which of `count` rows of 1-bit codes (0 is allowed) are not told to be too far. A row is bits
     * as sq1_dot_x4 takes them and, behind them, two floats: bias and f. With dot as sq1_dot_x4 has
     * it, bit i % 64 of near[i / 64] is 0 where
     *     (constant + bias) - f * (factor * dot + shift) > farthest
     * each operation being rounded to float, and 1 otherwise, so also where a NaN is involved. Bits
     * behind the last row's are 0. `rows` has `count` pointers; the rows from ARB_SQ1_NEAR_AHEAD on
     * are prefetched here, those before by the caller, who may know of them earlier. */
    void (*sq1_near)(const arb_sq1_bound *bound, const uint8_t *const *rows, size_t count,
                     uint64_t *near);
    /* Sums entries of tables, one for each 4-bit code of a row, of `count` blocks of rows (0 is
     * allowed), one behind the other. Entries are at most ARB_FASTSCAN_ENTRY_MAX and small enough
     * that no row's sum is over 65535. With such a sum and the codes of the row's bias and f,
     * least[32 * b + r] of row r of block b is
     *     (constant + bias_step * bias code)
     *         - (f_first + f_step * f code) * (factor * sum + shift)
     * each operation being rounded to float, and bit r of near[b] is 0 where that is > farthest, 1
     * otherwise, so also where a NaN is involved. */
    void (*fastscan_near)(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                          float *least, uint32_t *near);
    /* Codes a vector of n finite floats, n in 1..ARB_DIM_MAX: scale is its largest magnitude / 127,
     * a code is src_i * (127 / that) rounded to nearest even, plus 128. Codes are written up to the
     * next multiple of four, those behind the vector's being 128. */
    void (*screen_code)(const float *src, size_t n, uint8_t *codes, arb_screen_facts *facts);
    /* Screens `count` rows (0 is allowed) against a panel, steps in 1..ARB_DIM_MAX / 4. With the
     * exact sum S of products of a lane's elements and a row's, bit l of passed[row] is 0 where
     *     fma(scale of the lane * (float)S, scale of the row, slack of the row) < limit of the lane
     * and 1 otherwise, so also where a NaN is involved. */
    void (*screen)(const arb_screen_panel *panel, const arb_screen_row *rows, size_t steps,
                   size_t count, uint64_t *passed);
    /* Bitsets of `words` words: dst = a & b, a | b, a & ~b. dst may be a or b, and overlaps neither
     * otherwise. */
    void (*bits_and)(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words);
    void (*bits_or)(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words);
    void (*bits_andnot)(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words);
    /* How many bits are set. */
    uint64_t (*bits_popcount)(const uint64_t *a, size_t words);
    /* Puts n keys into sorted[0..count), which is in ascending order, as sorted[0..count + n) is
     * then. Either number may be 0; keys may be equal. There is room for ARB_KEYS_INSERT_PAD more,
     * which are lost; `keys` lies elsewhere. */
    void (*keys_insert)(uint64_t *sorted, size_t count, const uint64_t *keys, size_t n);
} arb_kernel_set;

/* NULL where there is no such set. Sets go from the plainest (0, "ref") to the widest. */
const arb_kernel_set *arb_kernel_set_at(int32_t set);

/* The features of this CPU, as arb_cpu_features() reports them. */
uint64_t arb_cpu_facts(void);

/* Terms that a native kernel may sum in one FP16 lane before it drains the lane into FP32, the
 * merging of its accumulators counted. Every native kernel keeps to it; the range guard rests on
 * it. */
#define ARB_NATIVE_TERMS_MAX 32

/* Whether FP16 sums of the native kernels can neither overflow nor drown in rounding for vectors
 * whose components lie within [-abs_max, abs_max] and have the root mean square rms. It must hold
 * of the rows and of the query. native_range.c has the proof. */
int arb_native_range_is_safe(arb_metric metric, float abs_max, float rms, size_t dim);

#endif
