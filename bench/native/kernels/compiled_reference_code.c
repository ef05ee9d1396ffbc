/* The code of compiled_reference.h, compiled once an instruction set with ARB_REFERENCE naming it.
 *
 * float32 loops are plain C, which the compiler vectorises whole. So are those over halves where it
 * can convert halves in vectors (aarch64). Where it cannot (GCC 12 on x86-64 converts one _Float16
 * at a time, which is some twenty times slower), blocks are converted by intrinsic and the rest is
 * left to the compiler: the code that a vectoriser would write, and so the harder one to beat. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "compiled_reference_code.h"

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define NAME(job) JOIN(job, ARB_REFERENCE)

#if defined(__AVX512F__)
#    include <immintrin.h>
#    define BLOCK 16
typedef float block __attribute__((vector_size(64)));
static inline block load_halves(const uint16_t *halves)
{
    return (block)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)halves));
}
static inline float widen(uint16_t half)
{
    return _cvtsh_ss(half);
}
#elif defined(__AVX2__)
#    include <immintrin.h>
#    define BLOCK 8
typedef float block __attribute__((vector_size(32)));
static inline block load_halves(const uint16_t *halves)
{
    return (block)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)halves));
}
static inline float widen(uint16_t half)
{
    return _cvtsh_ss(half);
}
#else
#    define BLOCK 1
typedef float block;
static inline float widen(uint16_t half)
{
    _Float16 value;
    memcpy(&value, &half, sizeof value);
    return (float)value;
}
static inline block load_halves(const uint16_t *halves)
{
    return widen(*halves);
}
#endif

static inline float add_lanes(block sum)
{
    float lanes[BLOCK], total = 0;
    memcpy(lanes, &sum, sizeof sum);
    for (int i = 0; i < BLOCK; i++) {
        total += lanes[i];
    }
    return total;
}

float NAME(f16_l2sq)(const void *query, const void *row, size_t dim)
{
    const uint16_t *q = query, *r = row;
    block sum = {0};
    size_t i = 0;
    for (; i + BLOCK <= dim; i += BLOCK) {
        block difference = load_halves(q + i) - load_halves(r + i);
        sum += difference * difference;
    }
    float total = add_lanes(sum);
    for (; i < dim; i++) {
        float difference = widen(q[i]) - widen(r[i]);
        total += difference * difference;
    }
    return total;
}

float NAME(f16_dot)(const void *query, const void *row, size_t dim)
{
    const uint16_t *q = query, *r = row;
    block sum = {0};
    size_t i = 0;
    for (; i + BLOCK <= dim; i += BLOCK) {
        sum += load_halves(q + i) * load_halves(r + i);
    }
    float total = add_lanes(sum);
    for (; i < dim; i++) {
        total += widen(q[i]) * widen(r[i]);
    }
    return total;
}

float NAME(f16_cosine)(const void *query, const void *row, size_t dim)
{
    const uint16_t *q = query, *r = row;
    block dots = {0}, qqs = {0}, rrs = {0};
    size_t i = 0;
    for (; i + BLOCK <= dim; i += BLOCK) {
        block a = load_halves(q + i), b = load_halves(r + i);
        dots += a * b;
        qqs += a * a;
        rrs += b * b;
    }
    float dot = add_lanes(dots), qq = add_lanes(qqs), rr = add_lanes(rrs);
    for (; i < dim; i++) {
        float a = widen(q[i]), b = widen(r[i]);
        dot += a * b;
        qq += a * a;
        rr += b * b;
    }
    return 1 - dot / (sqrtf(qq) * sqrtf(rr));
}

float NAME(f32_l2sq)(const void *query, const void *row, size_t dim)
{
    const float *q = query, *r = row;
    float sum = 0;
    for (size_t i = 0; i < dim; i++) {
        sum += (q[i] - r[i]) * (q[i] - r[i]);
    }
    return sum;
}

float NAME(f32_dot)(const void *query, const void *row, size_t dim)
{
    const float *q = query, *r = row;
    float sum = 0;
    for (size_t i = 0; i < dim; i++) {
        sum += q[i] * r[i];
    }
    return sum;
}

float NAME(f32_cosine)(const void *query, const void *row, size_t dim)
{
    const float *q = query, *r = row;
    float dot = 0, qq = 0, rr = 0;
    for (size_t i = 0; i < dim; i++) {
        dot += q[i] * r[i];
        qq += q[i] * q[i];
        rr += r[i] * r[i];
    }
    return 1 - dot / (sqrtf(qq) * sqrtf(rr));
}

#define FOUR(job)                                                                                  \
    void NAME(job##_x4)(const void *query, const void *const rows[4], size_t dim, float out[4])    \
    {                                                                                              \
        for (int i = 0; i < 4; i++) {                                                              \
            out[i] = NAME(job)(query, rows[i], dim);                                               \
        }                                                                                          \
    }

FOUR(f16_l2sq)
FOUR(f16_dot)
FOUR(f16_cosine)
FOUR(f32_l2sq)
FOUR(f32_dot)
FOUR(f32_cosine)

/* Plain loops: what the compiler makes of _Float16. */
#define CAST(from, From, to, To)                                                                   \
    void NAME(cast_##from##_##to)(const void *src, void *dst, size_t n)                            \
    {                                                                                              \
        const From *in = src;                                                                      \
        To *out = dst;                                                                             \
        for (size_t i = 0; i < n; i++) {                                                           \
            out[i] = (To)in[i];                                                                    \
        }                                                                                          \
    }

CAST(f32, float, f16, _Float16)
CAST(f64, double, f16, _Float16)
CAST(i8, int8_t, f16, _Float16)
CAST(u8, uint8_t, f16, _Float16)
CAST(f16, _Float16, f32, float)

/* ---- SQ8 codes ---- */

float NAME(sq8_l2sq)(const void *query, const void *row, size_t dim)
{
    const uint8_t *q = query, *r = row;
    int32_t sum = 0;
    for (size_t i = 0; i < dim; i++) {
        sum += (q[i] - r[i]) * (q[i] - r[i]);
    }
    return (float)sum;
}

float NAME(sq8_dot)(const void *query, const void *row, size_t dim)
{
    const int8_t *q = query;
    const uint8_t *r = row;
    int32_t sum = 0;
    for (size_t i = 0; i < dim; i++) {
        sum += q[i] * r[i];
    }
    return (float)sum;
}

FOUR(sq8_l2sq)
FOUR(sq8_dot)

void NAME(sq8_encode)(const void *src, const float *offset, float factor, void *dst, size_t n)
{
    const float *in = src;
    uint8_t *out = dst;
    for (size_t i = 0; i < n; i++) {
        float scaled = (in[i] - offset[i]) * factor;
        float kept = scaled > 0 ? scaled : 0;
        out[i] = (uint8_t)(int)rintf(kept < 255 ? kept : 255);
    }
}

void NAME(sq8_decode)(const void *src, const float *offset, float factor, void *dst, size_t n)
{
    const uint8_t *in = src;
    float *out = dst;
    for (size_t i = 0; i < n; i++) {
        out[i] = offset[i] + factor * (float)in[i];
    }
}

void NAME(sq4_dots)(const int8_t *query, const uint8_t *codes, size_t steps, size_t groups,
                    float *out)
{
    for (size_t group = 0; group < groups; group++) {
        int32_t sums[4] = {0};
        for (size_t i = 0; i < 4 * steps; i++, codes += 16) {
            const int8_t *q = query + i / 4 * 32 + i % 4 * 4;
            for (size_t j = 0; j < 16; j++) {
                sums[j / 4] += q[j % 4] * (codes[j] & 15) + q[16 + j % 4] * (codes[j] >> 4);
            }
        }
        for (size_t row = 0; row < 4; row++) {
            out[4 * group + row] = (float)sums[row];
        }
    }
}

void NAME(sq1_dot_x4)(const int8_t *query, const uint8_t *const rows[4], size_t steps, float out[4])
{
    for (int row = 0; row < 4; row++) {
        int32_t sum = 0;
        for (size_t i = 0; i < 8 * steps; i++) {
            for (int bit = 0; bit < 8; bit++) {
                sum += (rows[row][i] >> bit & 1) * query[8 * i + (size_t)bit];
            }
        }
        out[row] = (float)sum;
    }
}

/* The bound of kernels.h. */
typedef struct sq1_bound {
    const int8_t *query;
    size_t steps;
    float constant, factor, shift, farthest;
} sq1_bound;

void NAME(sq1_near)(const void *bound, const uint8_t *const *rows, size_t count, uint64_t *near)
{
    sq1_bound of;
    memcpy(&of, bound, sizeof of);
    memset(near, 0, (count + 63) / 64 * sizeof *near);
    for (size_t row = 0; row < count; row++) {
        int32_t sum = 0;
        for (size_t i = 0; i < 8 * of.steps; i++) {
            for (int bit = 0; bit < 8; bit++) {
                sum += (rows[row][i] >> bit & 1) * of.query[8 * i + (size_t)bit];
            }
        }
        float terms[2];
        memcpy(terms, rows[row] + 8 * of.steps, sizeof terms);
        float least = of.constant + terms[0] - terms[1] * (of.factor * (float)sum + of.shift);
        near[row / 64] |= (uint64_t) !(least > of.farthest) << row % 64;
    }
}

/* The bound of kernels.h. */
typedef struct fastscan_bound {
    const uint8_t *tables;
    size_t pieces;
    float constant, factor, shift, farthest, bias_step, f_first, f_step;
} fastscan_bound;

void NAME(fastscan_near)(const void *bound, const uint8_t *blocks, size_t count, float *least,
                         uint32_t *near)
{
    fastscan_bound of;
    memcpy(&of, bound, sizeof of);
    for (size_t i = 0; i < count; i++, blocks += 64 + 64 * of.pieces, least += 32) {
        const uint8_t *codes = blocks + 64;
        uint32_t sums[2][16] = {{0}};
        for (size_t two = 0; two < 2 * of.pieces; two++) { /* groups, of all rows */
            const uint8_t *low = of.tables + two / 2 * 128 + two % 2 * 32, *high = low + 64;
            for (size_t byte = 0; byte < 32; byte++) {
                uint8_t both = codes[32 * two + byte];
                sums[byte % 2][byte / 2] += (uint32_t)low[both & 15] + high[both >> 4];
            }
        }
        near[i] = 0;
        for (size_t row = 0; row < 32; row++) {
            float shifted = of.factor * (float)sums[row / 16][row % 16] + of.shift;
            float f = of.f_first + of.f_step * (float)blocks[32 + row];
            least[row] = of.constant + of.bias_step * (float)blocks[row] - f * shifted;
            near[i] |= (uint32_t) !(least[row] > of.farthest) << row;
        }
    }
}

/* ---- Screening ---- */

void NAME(screen_code)(const float *src, size_t n, uint8_t *codes, float facts[3])
{
    float largest = 0, square = 0, error_square = 0;
    for (size_t i = 0; i < n; i++) {
        float magnitude = fabsf(src[i]);
        largest = magnitude > largest ? magnitude : largest;
        square += src[i] * src[i];
    }
    float scale = largest / 127, inverse = 127 / largest;
    for (size_t i = 0; i < n; i++) {
        int code = (int)rintf(src[i] * inverse);
        float error = src[i] - scale * (float)code;
        error_square += error * error;
        codes[i] = (uint8_t)(code + 128);
    }
    facts[0] = scale;
    facts[1] = square;
    facts[2] = error_square;
}

/* The panel and rows of kernels.h; a loop over lanes, which a compiler can make vectors of. */
void NAME(screen)(const uint8_t *panel, const uint8_t *rows, size_t steps, size_t count,
                  uint64_t *passed)
{
    enum { LANES = 64 };
    float scales[LANES], limits[LANES];
    memcpy(scales, panel + 256, sizeof scales);
    memcpy(limits, panel + 512, sizeof limits);
    const int8_t *elements = (const int8_t *)panel + 768;
    for (size_t row = 0; row < count; row++, rows += 8 + 4 * steps) {
        int32_t sums[LANES] = {0};
        for (size_t step = 0; step < steps; step++) {
            const uint8_t *codes = rows + 8 + 4 * step;
            const int8_t *four = elements + 4 * LANES * step;
            for (size_t lane = 0; lane < LANES; lane++) {
                sums[lane] +=
                    four[4 * lane] * (codes[0] - 128) + four[4 * lane + 1] * (codes[1] - 128) +
                    four[4 * lane + 2] * (codes[2] - 128) + four[4 * lane + 3] * (codes[3] - 128);
            }
        }
        float terms[2];
        memcpy(terms, rows, sizeof terms);
        uint64_t bits = 0;
        for (size_t lane = 0; lane < LANES; lane++) {
            float estimate = scales[lane] * (float)sums[lane] * terms[0] + terms[1];
            bits |= (uint64_t)(estimate >= limits[lane]) << lane;
        }
        passed[row] = bits;
    }
}

/* ---- Bitsets ---- */

#define BITS(op, expression)                                                                       \
    void NAME(bits_##op)(uint64_t * dst, const uint64_t *a, const uint64_t *b, size_t words)       \
    {                                                                                              \
        for (size_t i = 0; i < words; i++) {                                                       \
            dst[i] = (expression);                                                                 \
        }                                                                                          \
    }

BITS(and, a[i] & b[i])
BITS(or, a[i] | b[i])
BITS(andnot, a[i] & ~b[i])

uint64_t NAME(bits_popcount)(const uint64_t *a, size_t words)
{
    uint64_t count = 0;
    for (size_t i = 0; i < words; i++) {
        count += (uint64_t)__builtin_popcountll(a[i]);
    }
    return count;
}

void NAME(keys_insert)(uint64_t *sorted, size_t count, const uint64_t *keys, size_t n)
{
    for (size_t i = 0; i < n; i++, count++) {
        size_t place = count;
        for (; place > 0 && sorted[place - 1] > keys[i]; place--) {
            sorted[place] = sorted[place - 1];
        }
        sorted[place] = keys[i];
    }
}

/* ---- Loads alone ---- */

typedef uint64_t words __attribute__((vector_size(BLOCK > 1 ? BLOCK * 4 : 16), aligned(8)));

#define LOADS 8 /* chains, so that none waits for another */

uint64_t NAME(load)(const void *from, size_t bytes)
{
    const uint8_t *at = from;
    words seen[LOADS] = {{0}}, all = {0};
    for (size_t i = 0; i + sizeof seen <= bytes; i += sizeof seen) {
        for (size_t j = 0; j < LOADS; j++) {
            words loaded;
            memcpy(&loaded, at + i + j * sizeof loaded, sizeof loaded);
            seen[j] ^= loaded;
        }
    }
    for (size_t j = 0; j < LOADS; j++) {
        all ^= seen[j];
    }
    return all[0] ^ all[1];
}
