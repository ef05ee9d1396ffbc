#include "checkasm/planted.h"

#include <math.h>
#include <string.h>

#include "kernels/half.h"
#include "kernels/kernel_list.h"

/* ---- Faults of memory and arithmetic, in C ---- */

/* reads one half behind the row; its result is right */
static float reads_behind(const void *query, const void *row, size_t dim)
{
    planted_touch(row, dim);
    return arb_f16_l2sq_ref(query, row, dim);
}

/* reads whole blocks of 8 halves of the query: runs over only where dim is ragged */
static float reads_whole_blocks(const void *query, const void *row, size_t dim)
{
    for (size_t i = 0; i < (dim + 7) / 8 * 8; i++) {
        planted_touch(query, i);
    }
    return arb_f16_l2sq_ref(query, row, dim);
}

/* reads the half before the row, as a kernel that aligns its pointer down does */
static float reads_before(const void *query, const void *row, size_t dim)
{
    planted_touch((const uint8_t *)row - 2, 0);
    return arb_f16_l2sq_ref(query, row, dim);
}

/* leaves the tail of fewer than 8 out */
static float forgets_tail(const void *query, const void *row, size_t dim)
{
    return arb_f16_l2sq_ref(query, row, dim / 8 * 8);
}

/* one element short of long vectors only, where it weighs least */
static float is_off_by_one(const void *query, const void *row, size_t dim)
{
    return arb_f16_l2sq_ref(query, row, dim > 1000 ? dim - 1 : dim);
}

/* sums in halves without draining: what a native kernel would give without care */
static float sums_in_halves(const void *query, const void *row, size_t dim)
{
    float sum = 0;
    for (size_t i = 0; i < dim; i++) {
        float one =
            arb_f16_l2sq_ref((const uint8_t *)query + 2 * i, (const uint8_t *)row + 2 * i, 1);
        sum = arb_f16_to_f32(arb_f32_to_f16(sum + one));
    }
    return sum;
}

/* takes a NaN for zero */
static float swallows_nan(const void *query, const void *row, size_t dim)
{
    float sum = arb_f16_l2sq_ref(query, row, dim);
    return sum == sum ? sum : 0;
}

/* results of rows 2 and 3 swapped */
static void swaps_rows(const void *query, const void *const rows[4], size_t dim, float out[4])
{
    const void *const swapped[4] = {rows[0], rows[1], rows[3], rows[2]};
    arb_f16_l2sq_x4_ref(query, swapped, dim, out);
}

/* writes a fifth result */
static void writes_five(const void *query, const void *const rows[4], size_t dim, float out[4])
{
    arb_f16_l2sq_x4_ref(query, rows, dim, out);
    float *volatile end = out; /* so that the compiler does not see the fault and refuse it */
    end += 4;
    *end = 0;
}

static void writes_behind(const float *src, uint16_t *dst, size_t n)
{
    arb_cast_f32_f16_ref(src, dst, n);
    uint16_t zero = 0;
    memcpy((uint8_t *)(uintptr_t)dst + 2 * n, &zero, sizeof zero);
}

/* double to float to half: wrong where the first rounding lands on a tie of the second */
static void rounds_twice(const double *src, uint16_t *dst, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double value;
        memcpy(&value, (const uint8_t *)src + i * sizeof value, sizeof value);
        uint16_t half = arb_f32_to_f16((float)value);
        memcpy((uint8_t *)dst + i * sizeof half, &half, sizeof half);
    }
}

/* adds two products in 16 bits that saturate, as VPMADDUBSW does */
static float saturates(const void *query, const void *row, size_t dim)
{
    const int8_t *q = query;
    const uint8_t *r = row;
    int32_t sum = 0;
    for (size_t i = 0; i < dim; i += 2) {
        int32_t pair = q[i] * r[i] + (i + 1 < dim ? q[i + 1] * r[i + 1] : 0);
        sum += pair > 32767 ? 32767 : pair < -32768 ? -32768 : pair;
    }
    return (float)sum;
}

/* takes the query of a dot for unsigned */
static float ignores_sign(const void *query, const void *row, size_t dim)
{
    const uint8_t *q = query, *r = row;
    int32_t sum = 0;
    for (size_t i = 0; i < dim; i++) {
        sum += q[i] * r[i];
    }
    return (float)sum;
}

/* sums squares in float, which rounds above 2^24 */
static float sums_in_floats(const void *query, const void *row, size_t dim)
{
    const uint8_t *q = query, *r = row;
    float sum = 0;
    for (size_t i = 0; i < dim; i++) {
        sum += (float)((q[i] - r[i]) * (q[i] - r[i]));
    }
    return sum;
}

static float get(const float *vector, size_t i)
{
    float value;
    memcpy(&value, (const uint8_t *)vector + i * sizeof value, sizeof value);
    return value;
}

/* a half goes up instead of to even */
static void rounds_half_up(const float *src, const float *offset, float inverse_scale, uint8_t *dst,
                           size_t n)
{
    arb_sq8_encode_ref(src, offset, inverse_scale, dst, n);
    for (size_t i = 0; i < n; i++) {
        float scaled = (get(src, i) - get(offset, i)) * inverse_scale;
        if (scaled > 0 && scaled < 254) {
            dst[i] = (uint8_t)(int)((double)scaled + 0.5);
        }
    }
}

/* what is too large wraps around */
static void wraps(const float *src, const float *offset, float inverse_scale, uint8_t *dst,
                  size_t n)
{
    arb_sq8_encode_ref(src, offset, inverse_scale, dst, n);
    for (size_t i = 0; i < n; i++) {
        float scaled = (get(src, i) - get(offset, i)) * inverse_scale;
        if (scaled > 256 && scaled < 1000) {
            dst[i] = (uint8_t)(int)scaled;
        }
    }
}

/* reads one offset too many */
static void reads_offset_behind(const float *src, const float *offset, float inverse_scale,
                                uint8_t *dst, size_t n)
{
    planted_touch(offset, 2 * n);
    arb_sq8_encode_ref(src, offset, inverse_scale, dst, n);
}

/* multiplies and adds with one rounding */
static void fuses(const uint8_t *src, const float *offset, float scale, float *dst, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float value = (float)((double)get(offset, i) + (double)scale * src[i]);
        memcpy((uint8_t *)dst + i * sizeof value, &value, sizeof value);
    }
}

/* takes the complement of the other operand */
static void swaps_operands(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words)
{
    arb_bits_andnot_ref(dst, b, a, words);
}

/* writes the result before it has read all of the operands, as two passes would */
static void reads_after_writing(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words)
{
    memmove(dst, b, words * sizeof *dst);
    arb_bits_andnot_ref(dst, a, dst, words);
}

/* keeps too few bits of the sum: 128 words of ones have 8,192 bits */
static uint64_t counts_too_small(const uint64_t *a, size_t words)
{
    return arb_bits_popcount_ref(a, words) % 8192;
}

/* leaves the last of the keys behind all others */
static void appends_last(uint64_t *sorted, size_t count, const uint64_t *keys, size_t n)
{
    size_t before = n > 0 ? n - 1 : 0;
    arb_keys_insert_ref(sorted, count, keys, before);
    memcpy((uint8_t *)sorted + (count + before) * sizeof *keys,
           (const uint8_t *)keys + before * sizeof *keys, (n - before) * sizeof *keys);
}

/* keeps one of two equal keys */
static void drops_equal(uint64_t *sorted, size_t count, const uint64_t *keys, size_t n)
{
    arb_keys_insert_ref(sorted, count, keys, n);
    for (size_t i = 1; i < count + n; i++) {
        uint64_t pair[2];
        memcpy(pair, (const uint8_t *)sorted + (i - 1) * sizeof *sorted, sizeof pair);
        pair[1] += pair[1] == pair[0];
        memcpy((uint8_t *)sorted + (i - 1) * sizeof *sorted, pair, sizeof pair);
    }
}

/* reads the key behind the last */
static void loads_key_ahead(uint64_t *sorted, size_t count, const uint64_t *keys, size_t n)
{
    planted_touch(keys, 4 * n);
    arb_keys_insert_ref(sorted, count, keys, n);
}

/* writes a whole block behind the keys that there is room for */
static void fills_block_behind(uint64_t *sorted, size_t count, const uint64_t *keys, size_t n)
{
    arb_keys_insert_ref(sorted, count, keys, n);
    memset((uint8_t *)sorted + (count + n) * sizeof *sorted, 0, 8 * sizeof *sorted);
}

/* takes keys for signed */
static void compares_signed(uint64_t *sorted, size_t count, const uint64_t *keys, size_t n)
{
    arb_keys_insert_ref(sorted, count, keys, n);
    for (size_t i = 1; i < count + n; i++) {
        int64_t pair[2];
        uint8_t *at = (uint8_t *)sorted + (i - 1) * sizeof *sorted;
        memcpy(pair, at, sizeof pair);
        if (pair[0] > pair[1]) {
            int64_t swapped[2] = {pair[1], pair[0]};
            memcpy(at, swapped, sizeof swapped);
        }
    }
}

/* takes the two nibbles of a byte the wrong way round */
static void swaps_nibbles(const int8_t *query, const uint8_t *codes, size_t steps, size_t groups,
                          float *out)
{
    static uint8_t swapped[64 * 256 * 9];
    for (size_t i = 0; i < 64 * steps * groups; i++) {
        swapped[i] = (uint8_t)(codes[i] << 4 | codes[i] >> 4);
    }
    arb_sq4_dots_ref(query, swapped, steps, groups, out);
}

/* computes whole pairs of groups */
static void rounds_groups_up(const int8_t *query, const uint8_t *codes, size_t steps, size_t groups,
                             float *out)
{
    arb_sq4_dots_ref(query, codes, steps, (groups + 1) / 2 * 2, out);
}

/* takes the highest bit of a byte for its first element */
static void reverses_bits(const int8_t *query, const uint8_t *const rows[4], size_t steps,
                          float out[4])
{
    for (int row = 0; row < 4; row++) {
        int32_t sum = 0;
        for (size_t i = 0; i < 64 * steps; i++) {
            sum += (rows[row][i / 8] >> (7 - i % 8) & 1) * query[i];
        }
        out[row] = (float)sum;
    }
}

/* goes by pairs of steps and leaves the last of an odd number out */
static void drops_last_step(const int8_t *query, const uint8_t *const rows[4], size_t steps,
                            float out[4])
{
    arb_sq1_dot_x4_ref(query, rows, steps / 2 * 2, out);
}

/* sums in 16 bits, drained too seldom: right but for long rows of nearly all ones */
static void drains_too_late(const int8_t *query, const uint8_t *const rows[4], size_t steps,
                            float out[4])
{
    for (int row = 0; row < 4; row++) {
        int32_t sums[16] = {0};
        for (size_t i = 0; i < 64 * steps; i++) {
            int16_t kept = (int16_t)sums[i % 16];
            sums[i % 16] = kept + (rows[row][i / 8] >> i % 8 & 1) * query[i];
        }
        for (int i = 1; i < 16; i++) {
            sums[0] += sums[i];
        }
        out[row] = (float)sums[0];
    }
}

/* reads whole pairs of steps of the third row */
static void reads_row_behind(const int8_t *query, const uint8_t *const rows[4], size_t steps,
                             float out[4])
{
    planted_touch(rows[2], (steps + 1) / 2 * 8 - 1);
    arb_sq1_dot_x4_ref(query, rows, steps, out);
}

/* takes a row that is exactly as far as the farthest for too far */
static void drops_farthest(const arb_sq1_bound *bound, const uint8_t *const *rows, size_t count,
                           uint64_t *near)
{
    arb_sq1_bound nearer = *bound;
    nearer.farthest = nextafterf(bound->farthest, -INFINITY);
    arb_sq1_near_ref(&nearer, rows, count, near);
}

/* fuses products and sums */
static void fuses_bound(const arb_sq1_bound *bound, const uint8_t *const *rows, size_t count,
                        uint64_t *near)
{
    memset(near, 0, (count + 63) / 64 * sizeof *near);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *const four[4] = {rows[i], rows[i], rows[i], rows[i]};
        float terms[2], dots[4];
        memcpy(terms, rows[i] + 8 * bound->steps, sizeof terms);
        arb_sq1_dot_x4_ref(bound->query, four, bound->steps, dots);
        float shifted = fmaf(bound->factor, dots[0], bound->shift);
        float least = fmaf(-terms[1], shifted, bound->constant + terms[0]);
        near[i / 64] |= (uint64_t) !(least > bound->farthest) << i % 64;
    }
}

/* takes what is no number for too far */
static void drops_nan(const arb_sq1_bound *bound, const uint8_t *const *rows, size_t count,
                      uint64_t *near)
{
    arb_sq1_near_ref(bound, rows, count, near);
    for (size_t i = 0; i < count; i++) {
        float terms[2];
        memcpy(terms, rows[i] + 8 * bound->steps, sizeof terms);
        if (terms[0] != terms[0]) {
            near[i / 64] &= ~(1ull << i % 64);
        }
    }
}

/* leaves bits behind the last row of a group of four that is not full */
static void fills_last_group(const arb_sq1_bound *bound, const uint8_t *const *rows, size_t count,
                             uint64_t *near)
{
    arb_sq1_near_ref(bound, rows, count, near);
    for (size_t i = count; i % 4 != 0; i++) {
        near[i / 64] |= 1ull << i % 64;
    }
}

/* reads the pointer behind the last */
static void loads_pointer_ahead(const arb_sq1_bound *bound, const uint8_t *const *rows,
                                size_t count, uint64_t *near)
{
    planted_touch(rows, 4 * count);
    arb_sq1_near_ref(bound, rows, count, near);
}

/* begins a word too many where the last is full */
static void writes_empty_word(const arb_sq1_bound *bound, const uint8_t *const *rows, size_t count,
                              uint64_t *near)
{
    arb_sq1_near_ref(bound, rows, count, near);
    near[count / 64] = count % 64 == 0 ? 0 : near[count / 64];
}

/* rounds towards zero, which loses twice as much */
static void truncates(const float *src, size_t n, uint8_t *codes, arb_screen_facts *facts)
{
    arb_screen_code_ref(src, n, codes, facts);
    float scale = get((const float *)facts, 0);
    for (size_t i = 0; i < n && scale > 0; i++) {
        codes[i] = (uint8_t)(128 + (int)(get(src, i) / scale));
    }
}

/* leaves what is behind the last code as it was */
static void forgets_padding(const float *src, size_t n, uint8_t *codes, arb_screen_facts *facts)
{
    uint8_t padded[ARB_DIM_MAX];
    arb_screen_code_ref(src, n, padded, facts);
    memcpy(codes, padded, n);
}

/* screens whole pairs of rows and leaves the last of an odd number out */
static void drops_last_row(const arb_screen_panel *panel, const arb_screen_row *rows, size_t steps,
                           size_t count, uint64_t *passed)
{
    arb_screen_ref(panel, rows, steps, count / 2 * 2, passed);
}

/* takes the slack of rows for zero */
static void forgets_slack(const arb_screen_panel *panel, const arb_screen_row *rows, size_t steps,
                          size_t count, uint64_t *passed)
{
    static uint8_t copy[14 * (8 + ARB_DIM_MAX)];
    size_t bytes = arb_screen_row_bytes(steps);
    memcpy(copy, rows, count * bytes);
    for (size_t row = 0; row < count; row++) {
        memset(copy + row * bytes + offsetof(arb_screen_row, slack), 0, sizeof(float));
    }
    arb_screen_ref(panel, (const void *)copy, steps, count, passed);
}

/* reads the step behind the panel's last, as a loop that loads ahead does */
static void loads_step_ahead(const arb_screen_panel *panel, const arb_screen_row *rows,
                             size_t steps, size_t count, uint64_t *passed)
{
    planted_touch(panel, arb_screen_panel_bytes(steps) / 2);
    arb_screen_ref(panel, rows, steps, count, passed);
}

/* a lane whose estimate meets its limit is dropped: as if limits were the next larger float */
static void drops_ties(const arb_screen_panel *panel, const arb_screen_row *rows, size_t steps,
                       size_t count, uint64_t *passed)
{
    static uint8_t copy[sizeof(arb_screen_panel) + 64 * (size_t)ARB_DIM_MAX];
    memcpy(copy, panel, arb_screen_panel_bytes(steps));
    for (size_t lane = 0; lane < ARB_SCREEN_LANES; lane++) {
        uint8_t *limit = copy + offsetof(arb_screen_panel, limit) + 4 * lane;
        float value;
        memcpy(&value, limit, sizeof value);
        value = nextafterf(value, INFINITY);
        memcpy(limit, &value, sizeof value);
    }
    arb_screen_ref((const void *)copy, rows, steps, count, passed);
}

/* ---- Faults of the calling convention, in assembly ---- */

float arb_planted_callee_saved(const void *query, const void *row, size_t dim);
float arb_planted_float_control(const void *query, const void *row, size_t dim);
float arb_planted_stack(const void *query, const void *row, size_t dim);
#if defined(ARB_ARCH_x86_64)
float arb_planted_direction(const void *query, const void *row, size_t dim);
float arb_planted_upper_halves(const void *query, const void *row, size_t dim);
#elif defined(ARB_ARCH_aarch64)
float arb_planted_callee_saved_vector(const void *query, const void *row, size_t dim);
#endif

#define PLANTED(function, isa, shape, from, to, reference, caught_by)                              \
    {                                                                                              \
        {#function, isa, shape, from, to, ARB_METRIC_L2, (any_fn)function, (any_fn)reference},     \
            caught_by                                                                              \
    }
#define PLANTED_ONE(function, caught_by)                                                           \
    PLANTED(function, "ref", SHAPE_ONE, TYPE_f16, TYPE_f16, arb_f16_l2sq_ref, caught_by)
#define PLANTED_FOUR(function, caught_by)                                                          \
    PLANTED(function, "ref", SHAPE_FOUR, TYPE_f16, TYPE_f16, arb_f16_l2sq_x4_ref, caught_by)

#define PLANTED_SQ8(function, metric, reference)                                                   \
    {                                                                                              \
        {#function, "ref",  SHAPE_ONE,        TYPE_sq8,                                            \
         TYPE_sq8,  metric, (any_fn)function, (any_fn)reference},                                  \
            "wanted"                                                                               \
    }
#define PLANTED_ENCODER(function, caught_by)                                                       \
    PLANTED(function, "ref", SHAPE_ENCODE, TYPE_f32, TYPE_u8, arb_sq8_encode_ref, caught_by)
#define PLANTED_DOTS(function, caught_by)                                                          \
    PLANTED(function, "ref", SHAPE_DOTS, TYPE_u8, TYPE_f32, arb_sq4_dots_ref, caught_by)
#define PLANTED_BIT_DOT(function, caught_by)                                                       \
    PLANTED(function, "ref", SHAPE_BIT_DOT, TYPE_u8, TYPE_f32, arb_sq1_dot_x4_ref, caught_by)
#define PLANTED_BIT_NEAR(function, caught_by)                                                      \
    PLANTED(function, "ref", SHAPE_BIT_NEAR, TYPE_u8, TYPE_u64, arb_sq1_near_ref, caught_by)
#define PLANTED_SCREEN_CODE(function, caught_by)                                                   \
    PLANTED(function, "ref", SHAPE_SCREEN_CODE, TYPE_f32, TYPE_u8, arb_screen_code_ref, caught_by)
#define PLANTED_SCREEN(function, caught_by)                                                        \
    PLANTED(function, "ref", SHAPE_SCREEN, TYPE_u8, TYPE_u64, arb_screen_ref, caught_by)
#define PLANTED_BITS(function, shape, reference, caught_by)                                        \
    PLANTED(function, "ref", shape, TYPE_u64, TYPE_u64, reference, caught_by)

#define PLANTED_KEYS(function, caught_by)                                                          \
    PLANTED(function, "ref", SHAPE_KEYS, TYPE_u64, TYPE_u64, arb_keys_insert_ref, caught_by)

const planted_fault arb_planted[] = {
    PLANTED_ONE(reads_behind, "signal"),
    PLANTED_ONE(reads_whole_blocks, "signal"),
    PLANTED_ONE(reads_before, "signal"),
    PLANTED_ONE(forgets_tail, "wanted"),
    PLANTED_ONE(is_off_by_one, "wanted"),
    PLANTED_ONE(sums_in_halves, "wanted"),
    PLANTED_ONE(swallows_nan, "wanted nan"),
    PLANTED_FOUR(swaps_rows, "wanted"),
    PLANTED_FOUR(writes_five, "wrote beside"),
    PLANTED(writes_behind, "ref", SHAPE_CAST, TYPE_f32, TYPE_f16, arb_cast_f32_f16_ref, "signal"),
    PLANTED(rounds_twice, "ref", SHAPE_CAST, TYPE_f64, TYPE_f16, arb_cast_f64_f16_ref, "wanted"),
    PLANTED_SQ8(saturates, ARB_METRIC_DOT, arb_sq8_dot_ref),
    PLANTED_SQ8(ignores_sign, ARB_METRIC_DOT, arb_sq8_dot_ref),
    PLANTED_SQ8(sums_in_floats, ARB_METRIC_L2, arb_sq8_l2sq_ref),
    PLANTED_ENCODER(rounds_half_up, "wanted"),
    PLANTED_ENCODER(wraps, "wanted"),
    PLANTED_ENCODER(reads_offset_behind, "signal"),
    PLANTED(fuses, "ref", SHAPE_DECODE, TYPE_u8, TYPE_f32, arb_sq8_decode_ref, "wanted"),
    PLANTED_DOTS(swaps_nibbles, "wanted"),
    PLANTED_DOTS(rounds_groups_up, "signal"),
    PLANTED_BIT_DOT(reverses_bits, "wanted"),
    PLANTED_BIT_DOT(drops_last_step, "wanted"),
    PLANTED_BIT_DOT(drains_too_late, "the largest sum: row 0 gives"),
    PLANTED_BIT_DOT(reads_row_behind, "signal"),
    PLANTED_BIT_NEAR(drops_farthest, "wanted"),
    PLANTED_BIT_NEAR(fuses_bound, "wanted"),
    PLANTED_BIT_NEAR(drops_nan, "special values"),
    PLANTED_BIT_NEAR(fills_last_group, "wanted"),
    PLANTED_BIT_NEAR(loads_pointer_ahead, "signal"),
    PLANTED_BIT_NEAR(writes_empty_word, "signal"),
    PLANTED_SCREEN_CODE(truncates, "a code is not the one wanted"),
    PLANTED_SCREEN_CODE(forgets_padding, "the padding is not the one wanted"),
    PLANTED_SCREEN(drops_last_row, "wanted"),
    PLANTED_SCREEN(forgets_slack, "wanted"),
    PLANTED_SCREEN(loads_step_ahead, "signal"),
    PLANTED_SCREEN(drops_ties, "wanted"),
    PLANTED_BITS(swaps_operands, SHAPE_BITS, arb_bits_andnot_ref, "wanted"),
    PLANTED_BITS(reads_after_writing, SHAPE_BITS, arb_bits_andnot_ref, "into the first operand"),
    PLANTED_BITS(counts_too_small, SHAPE_POPCOUNT, arb_bits_popcount_ref, "wanted"),
    PLANTED_KEYS(appends_last, "wanted"),
    PLANTED_KEYS(drops_equal, "equal keys"),
    PLANTED_KEYS(loads_key_ahead, "signal"),
    PLANTED_KEYS(fills_block_behind, "signal"),
    PLANTED_KEYS(compares_signed, "wanted"),
    PLANTED_ONE(arb_planted_callee_saved, "callee-saved register"),
    PLANTED_ONE(arb_planted_float_control, "floating-point control"),
    PLANTED_ONE(arb_planted_stack, "stack"),
#if defined(ARB_ARCH_x86_64)
    PLANTED_ONE(arb_planted_direction, "direction flag"),
    PLANTED(arb_planted_upper_halves, "avx2", SHAPE_ONE, TYPE_f16, TYPE_f16, arb_f16_l2sq_ref,
            "upper halves"),
#elif defined(ARB_ARCH_aarch64)
    PLANTED_ONE(arb_planted_callee_saved_vector, "callee-saved register"),
#endif
};
const size_t arb_planted_count = sizeof arb_planted / sizeof arb_planted[0];
