#include "measure.h"

#include <math.h>
#include <string.h>
#include <time.h>

#if defined(ARB_ARCH_x86_64)
#    include <x86intrin.h>
#endif

#include "kernels/half.h"
#include "testing.h"

/* Long against the clock's resolution, short against a time slice. */
#define BATCH_NS 40000.0
#define BATCH_NS_FROM_MEMORY 150000.0
#define ERROR_ROWS 8
/* What a batch has a multiple of: a block of fastscan_near. */
#define BATCH_ROWS ARB_FASTSCAN_ROWS

static _Alignas(64) uint8_t query[MEASURE_DIM_MAX * 8];
static _Alignas(64) uint8_t row_bytes[ERROR_ROWS * MEASURE_DIM_MAX * 8];
static uint8_t *rows[ERROR_ROWS]; /* into row_bytes; only errors are measured on them */
static _Alignas(64) uint8_t row_result[MEASURE_DIM_MAX * 8];
static _Alignas(64) float codec_offset[MEASURE_DIM_MAX];
/* Keys that some are inserted into, and how many. */
#define KEYS_ADDED 4
static _Alignas(64) uint64_t sorted_keys[MEASURE_DIM_MAX];
static _Alignas(64) uint64_t merged_keys[MEASURE_DIM_MAX + KEYS_ADDED + ARB_KEYS_INSERT_PAD];
static _Alignas(64) uint8_t tables[ARB_FASTSCAN_TABLES_BYTES * MEASURE_DIM_MAX / 4];
static _Alignas(64) uint8_t panel[sizeof(arb_screen_panel) + 64 * MEASURE_DIM_MAX];

/* A grid that spans most components of a unit vector. */
#define CODEC_OFFSET (-0.25f)
#define CODEC_SCALE (0.5f / 255)

static uint64_t counter(void)
{
#if defined(ARB_ARCH_x86_64)
    return __rdtsc();
#else
    uint64_t ticks;
    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#endif
}

double measure_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double measure_counter_hz(void)
{
    double started = measure_now_ns();
    uint64_t from = counter();
    while (measure_now_ns() - started < 20e6) {
    }
    double elapsed = measure_now_ns() - started;
    return (double)(counter() - from) / elapsed * 1e9;
}

/* ---- Operands ---- */

static void store(element_type type, uint8_t *vector, size_t i, double value)
{
    size_t size = arb_type_size(type);
    uint16_t half = arb_f64_to_f16(value);
    float single = (float)value;
    int8_t integer = (int8_t)(value * 127);
    const void *source = type == TYPE_f16   ? (const void *)&half
                         : type == TYPE_f32 ? (const void *)&single
                         : type == TYPE_f64 ? (const void *)&value
                                            : (const void *)&integer;
    memcpy(vector + i * size, source, size);
}

static double load(element_type type, const uint8_t *vector, size_t i)
{
    uint16_t half;
    float single;
    double value;
    switch (type) {
    case TYPE_f16:
        memcpy(&half, vector + i * sizeof half, sizeof half);
        return arb_f16_to_f32(half);
    case TYPE_f32:
        memcpy(&single, vector + i * sizeof single, sizeof single);
        return single;
    case TYPE_f64:
        memcpy(&value, vector + i * sizeof value, sizeof value);
        return value;
    case TYPE_i8:
        return (int8_t)vector[i];
    case TYPE_u8:
    case TYPE_sq8:
        return vector[i];
    case TYPE_u64:
        break; /* words have no components */
    }
    return NAN;
}

static void fill_unit(element_type type, uint8_t *vector, size_t dim, uint64_t *state)
{
    static double values[MEASURE_DIM_MAX];
    double squares = 0;
    for (size_t i = 0; i < dim; i++) {
        values[i] = (double)test_random_unit(state) + (double)test_random_unit(state);
        squares += values[i] * values[i];
    }
    for (size_t i = 0; i < dim; i++) {
        store(type, vector, i, values[i] / sqrt(squares));
    }
}

/* What takes bits of rows and an int8 query. */
static int is_of_bits(const kernel_entry *kernel)
{
    return kernel->shape == SHAPE_BIT_DOT || kernel->shape == SHAPE_BIT_NEAR;
}

/* The query of a dot over codes is the one signed operand of its family. */
static element_type type_of_query(const kernel_entry *kernel)
{
    if (kernel->shape == SHAPE_DOTS || is_of_bits(kernel)) {
        return TYPE_i8;
    }
    return kernel->type == TYPE_sq8 && kernel->metric == ARB_METRIC_DOT ? TYPE_i8 : kernel->type;
}

static void fill(element_type type, int are_codes, uint8_t *vector, size_t dim, uint64_t *state)
{
    if (!are_codes) {
        fill_unit(type, vector, dim, state);
        return;
    }
    for (size_t i = 0; i < dim; i++) {
        vector[i] = (uint8_t)(test_random_below(state, 255) - (type == TYPE_i8 ? 127 : 0));
    }
}

/* Of the kind that rows hold, so that a row's first ones belong anywhere among them. */
static void prepare_keys(size_t count)
{
    placed_rows from = place_rows(PLACE_L1, sizeof sorted_keys[0]);
    uint64_t state = count;
    for (size_t i = 0; i < count; i++) {
        uint64_t key;
        memcpy(&key, from.base + test_random_below(&state, (uint32_t)from.count) * sizeof key,
               sizeof key);
        size_t place = i;
        for (; place > 0 && sorted_keys[place - 1] > key; place--) {
            sorted_keys[place] = sorted_keys[place - 1];
        }
        sorted_keys[place] = key;
    }
}

/* A code for each of dim groups: entries as large as they may be for so many. */
static void prepare_tables(size_t dim, uint64_t *state)
{
    size_t most = 65535 / (dim + 3);
    most = most < ARB_FASTSCAN_ENTRY_MAX ? most : ARB_FASTSCAN_ENTRY_MAX;
    for (size_t i = 0; i < (dim + 3) / 4 * ARB_FASTSCAN_TABLES_BYTES; i++) {
        tables[i] = (uint8_t)test_random_below(state, most + 1);
    }
}

void measure_prepare(const kernel_entry *kernel, size_t dim)
{
    uint64_t state = dim;
    size_t stride = (dim * arb_type_size(kernel->type) + 63) / 64 * 64;
    int are_codes = kernel->type == TYPE_sq8 || kernel->shape == SHAPE_DECODE ||
                    kernel->shape == SHAPE_DOTS || is_of_bits(kernel);
    fill(type_of_query(kernel), are_codes, query, dim, &state);
    for (int row = 0; row < ERROR_ROWS; row++) {
        rows[row] = row_bytes + (size_t)row * stride;
        fill(kernel->type, are_codes, rows[row], dim, &state);
    }
    for (size_t i = 0; i < dim; i++) {
        codec_offset[i] = CODEC_OFFSET;
    }
    if (kernel->shape == SHAPE_KEYS) {
        prepare_keys(dim);
    }
    if (kernel->shape == SHAPE_FASTSCAN) {
        prepare_tables(dim, &state);
    }
}

static void call_codec(const kernel_entry *kernel, any_fn function, const uint8_t *row, size_t dim)
{
    float factor = kernel->shape == SHAPE_ENCODE ? 1 / CODEC_SCALE : CODEC_SCALE;
    ((arb_codec_fn)function)(row, codec_offset, factor, row_result, dim);
}

/* ---- Time ---- */

static volatile float sink;

static void work_in_fours(const bench_call *call, placed_rows *from, long count)
{
    float sum = 0;
    for (long i = 0; i < count; i += 4) {
        const void *four[4];
        float out[4];
        for (int row = 0; row < 4; row++) {
            four[row] = placed_row(from);
        }
        ((arb_distance_x4_fn)call->function)(query, four, call->dim, out);
        sum += out[0] + out[1] + out[2] + out[3];
    }
    sink = sum;
}

/* The same over rows of bits. */
static void work_in_fours_of_bits(const bench_call *call, placed_rows *from, long count)
{
    float sum = 0;
    for (long i = 0; i < count; i += 4) {
        const uint8_t *four[4];
        float out[4];
        for (int row = 0; row < 4; row++) {
            four[row] = placed_row(from);
        }
        ((arb_sq1_dot_x4_fn)call->function)((const int8_t *)query, four, (call->dim + 63) / 64,
                                            out);
        sum += out[0] + out[1] + out[2] + out[3];
    }
    sink = sum;
}

/* Rows of bits and terms against a bound, as many a call as a scan takes. */
static void work_in_sieves(const bench_call *call, placed_rows *from, long count)
{
    enum { SIEVED_MAX = 256 };
    const uint8_t *sieved[SIEVED_MAX];
    uint64_t near[SIEVED_MAX / 64], sum = 0;
    arb_sq1_bound bound = {
        .query = (const int8_t *)query, .steps = (call->dim + 63) / 64, .constant = 1, .factor = 1};
    for (; count > 0; count -= SIEVED_MAX) {
        size_t rows_now = count < SIEVED_MAX ? (size_t)count : SIEVED_MAX;
        for (size_t row = 0; row < rows_now; row++) {
            sieved[row] = placed_row(from);
            if (row < ARB_SQ1_NEAR_AHEAD) {
                __builtin_prefetch(sieved[row]);
            }
        }
        ((arb_sq1_near_fn)call->function)(&bound, sieved, rows_now, near);
        sum += near[0];
    }
    sink = (float)sum;
}

/* Rows in groups of four, packed one behind the other; some groups a call, as a list of neighbors
 * has them. */
static void work_in_groups(const bench_call *call, placed_rows *from, long count)
{
    enum { GROUPS_MAX = 8 };
    float out[4 * GROUPS_MAX], sum = 0;
    while (count > 0) {
        size_t groups = (from->count - from->next) / 4;
        groups = groups > GROUPS_MAX ? GROUPS_MAX : groups;
        const uint8_t *codes = from->base + from->next * from->stride;
        ((arb_sq4_dots_fn)call->function)((const int8_t *)query, codes, (call->dim + 31) / 32,
                                          groups, out);
        sum += out[0];
        from->next = (from->next + 4 * groups) % from->count;
        count -= (long)(4 * groups);
    }
    sink = sum;
}

/* Rows of codes, one behind the other, against a panel of 64 queries, many a call. */
static void work_in_screens(const bench_call *call, placed_rows *from, long count)
{
    enum { SCREENED_MAX = 96 };
    uint64_t passed[SCREENED_MAX];
    while (count > 0) {
        size_t rows_now = from->count - from->next;
        rows_now = rows_now > SCREENED_MAX ? SCREENED_MAX : rows_now;
        ((arb_screen_fn)call->function)((const void *)panel,
                                        (const void *)(from->base + from->next * from->stride),
                                        (call->dim + 3) / 4, rows_now, passed);
        from->next = (from->next + rows_now) % from->count;
        count -= (long)rows_now;
    }
    sink = (float)passed[0];
}

/* Blocks of rows, one behind the other, some a call, as a scan of clusters takes them. */
static void work_in_blocks(const bench_call *call, placed_rows *from, long count)
{
    enum { BLOCKS_MAX = 8 };
    float least[ARB_FASTSCAN_ROWS * BLOCKS_MAX];
    uint32_t near[BLOCKS_MAX], sum = 0;
    arb_fastscan_bound bound = {.tables = tables,
                                .pieces = (call->dim + 3) / 4,
                                .constant = 1,
                                .factor = 1,
                                .bias_step = 1,
                                .f_step = 1};
    while (count > 0) {
        size_t blocks = (from->count - from->next) / ARB_FASTSCAN_ROWS;
        blocks = blocks > BLOCKS_MAX ? BLOCKS_MAX : blocks;
        size_t wanted = (size_t)count / ARB_FASTSCAN_ROWS;
        blocks = blocks > wanted ? wanted : blocks;
        ((arb_fastscan_near_fn)call->function)(&bound, from->base + from->next * from->stride,
                                               blocks, least, near);
        sum += near[0];
        from->next = (from->next + ARB_FASTSCAN_ROWS * blocks) % from->count;
        count -= (long)(ARB_FASTSCAN_ROWS * blocks);
    }
    sink = (float)sum;
}

/* All that take one row. */
static float work_on_row(const bench_call *call, const uint8_t *row)
{
    switch (call->kernel->shape) {
    case SHAPE_ONE:
        return ((arb_distance_fn)call->function)(query, row, call->dim);
    case SHAPE_CAST:
        ((void (*)(const void *, void *, size_t))call->function)(row, row_result, call->dim);
        return 0;
    case SHAPE_ENCODE:
    case SHAPE_DECODE:
        call_codec(call->kernel, call->function, row, call->dim);
        return 0;
    case SHAPE_SCREEN_CODE: {
        arb_screen_facts facts;
        ((arb_screen_code_fn)call->function)((const void *)row, call->dim, row_result, &facts);
        return facts.scale;
    }
    case SHAPE_BITS:
        ((arb_bits_fn)call->function)((void *)row_result, (const void *)row, (const void *)query,
                                      call->dim);
        return 0;
    case SHAPE_POPCOUNT:
        return (float)((arb_popcount_fn)call->function)((const void *)row, call->dim);
    case SHAPE_KEYS:
        memcpy(merged_keys, sorted_keys, call->dim * sizeof merged_keys[0]);
        ((arb_keys_insert_fn)call->function)(merged_keys, call->dim, (const void *)row, KEYS_ADDED);
        return 0;
    case SHAPE_FOUR:
    case SHAPE_DOTS:
    case SHAPE_BIT_DOT:
    case SHAPE_BIT_NEAR:
    case SHAPE_FASTSCAN:
    case SHAPE_SCREEN:
        break;
    }
    return NAN;
}

/* Does `count` rows, a multiple of BATCH_ROWS. */
static void work(const bench_call *call, placed_rows *from, long count)
{
    if (call->peer) {
        for (long i = 0; i < count; i++) {
            call->peer(query, placed_row(from), call->dim, row_result);
        }
    } else if (call->kernel->shape == SHAPE_FOUR) {
        work_in_fours(call, from, count);
    } else if (call->kernel->shape == SHAPE_DOTS) {
        work_in_groups(call, from, count);
    } else if (call->kernel->shape == SHAPE_BIT_DOT) {
        work_in_fours_of_bits(call, from, count);
    } else if (call->kernel->shape == SHAPE_BIT_NEAR) {
        work_in_sieves(call, from, count);
    } else if (call->kernel->shape == SHAPE_FASTSCAN) {
        work_in_blocks(call, from, count);
    } else if (call->kernel->shape == SHAPE_SCREEN) {
        work_in_screens(call, from, count);
    } else {
        float sum = 0;
        for (long i = 0; i < count; i++) {
            sum += work_on_row(call, placed_row(from));
        }
        sink = sum;
    }
}

/* Rows of the place as the kernel's job has them: each on lines of its own, or one behind the
 * other, or in whole blocks. */
static placed_rows rows_of(const bench_call *call, bench_place place)
{
    size_t stride = (size_t)measure_bytes(call->kernel, call->dim);
    if (call->kernel->shape != SHAPE_SCREEN && call->kernel->shape != SHAPE_FASTSCAN) {
        stride = (stride + 63) / 64 * 64;
    }
    placed_rows rows_there = place_rows(place, stride);
    if (call->kernel->shape == SHAPE_FASTSCAN && rows_there.count > 0) {
        rows_there.count = rows_there.count / ARB_FASTSCAN_ROWS * ARB_FASTSCAN_ROWS;
        rows_there.next = rows_there.next / ARB_FASTSCAN_ROWS * ARB_FASTSCAN_ROWS;
        rows_there.next = rows_there.next < rows_there.count ? rows_there.next : 0;
    }
    return rows_there;
}

timing measure_time(const bench_call *call, bench_place place)
{
    placed_rows from = rows_of(call, place);
    if (from.count == 0) {
        return (timing){0, 0};
    }
    /* a first run warms the caches and the branch predictor and says how many make a batch */
    long warm = place != PLACE_MEMORY && from.count > 64 ? (long)from.count : 64;
    warm = (warm + BATCH_ROWS - 1) / BATCH_ROWS * BATCH_ROWS;
    double started = measure_now_ns();
    work(call, &from, warm);
    double batch_ns = place == PLACE_MEMORY ? BATCH_NS_FROM_MEMORY : BATCH_NS;
    double row_ns = (measure_now_ns() - started) / (double)warm;
    long count = (long)(batch_ns / (row_ns + 0.1)) / BATCH_ROWS * BATCH_ROWS + BATCH_ROWS;

    uint64_t ticks = counter();
    started = measure_now_ns();
    work(call, &from, count);
    double ns = measure_now_ns() - started;
    ticks = counter() - ticks;
    place_leave(place, &from);
    return (timing){ns / (double)count, (double)ticks / (double)count};
}

static int is_distance(const kernel_entry *kernel)
{
    return kernel->shape == SHAPE_ONE || kernel->shape == SHAPE_FOUR;
}

double measure_bytes(const kernel_entry *kernel, size_t dim)
{
    if (kernel->shape == SHAPE_BIT_DOT) {
        return (double)((dim + 63) / 64 * 8);
    }
    if (kernel->shape == SHAPE_BIT_NEAR) {
        return (double)((dim + 63) / 64 * 8 + 2 * sizeof(float));
    }
    if (kernel->shape == SHAPE_FASTSCAN) {
        return (double)arb_fastscan_block_bytes((dim + 3) / 4) / ARB_FASTSCAN_ROWS;
    }
    if (kernel->shape == SHAPE_SCREEN) {
        return (double)arb_screen_row_bytes((dim + 3) / 4);
    }
    if (kernel->shape == SHAPE_KEYS) {
        return KEYS_ADDED * sizeof(uint64_t);
    }
    return (double)(kernel->shape == SHAPE_DOTS ? (dim + 31) / 32 * 16
                                                : dim * arb_type_size(kernel->type));
}

/* ---- Error ---- */

static double exact_distance(const kernel_entry *kernel, const uint8_t *row, size_t dim)
{
    double l2sq = 0, dot = 0, qq = 0, rr = 0;
    for (size_t i = 0; i < dim; i++) {
        double a = load(type_of_query(kernel), query, i), b = load(kernel->type, row, i);
        l2sq += (a - b) * (a - b);
        dot += a * b;
        qq += a * a;
        rr += b * b;
    }
    switch (kernel->metric) {
    case ARB_METRIC_L2:
        return l2sq;
    case ARB_METRIC_DOT:
        return dot;
    case ARB_METRIC_COSINE:
        return 1 - dot / sqrt(qq * rr);
    }
    return NAN;
}

static double cast_error(const kernel_entry *kernel, any_fn function, size_t dim)
{
    double worst = 0;
    for (int row = 0; row < ERROR_ROWS; row++) {
        ((void (*)(const void *, void *, size_t))function)(rows[row], row_result, dim);
        for (size_t i = 0; i < dim; i++) {
            double wanted = load(kernel->type, rows[row], i);
            double error = fabs(load(kernel->to, row_result, i) - wanted);
            worst = wanted != 0 ? fmax(worst, error / fabs(wanted)) : fmax(worst, error);
        }
    }
    return worst;
}

static double codec_error(const kernel_entry *kernel, any_fn function, size_t dim)
{
    double worst = 0, scale = (double)CODEC_SCALE;
    for (int row = 0; row < ERROR_ROWS; row++) {
        call_codec(kernel, function, rows[row], dim);
        for (size_t i = 0; i < dim; i++) {
            double from = load(kernel->type, rows[row], i), to = load(kernel->to, row_result, i);
            if (kernel->shape == SHAPE_DECODE) {
                double wanted = (double)CODEC_OFFSET + scale * from;
                worst = fmax(worst, fabs(to - wanted) / fabs(wanted));
            } else {
                double wanted = fmin(fmax((from - (double)CODEC_OFFSET) / scale, 0), 255);
                worst = fmax(worst, fabs(to - wanted) / 255);
            }
        }
    }
    return worst;
}

/* Of a component, against the largest: half a step of the codes at best. */
static double screen_code_error(any_fn function, size_t dim)
{
    double worst = 0;
    for (int row = 0; row < ERROR_ROWS; row++) {
        arb_screen_facts facts;
        ((arb_screen_code_fn)function)((const void *)rows[row], dim, row_result, &facts);
        for (size_t i = 0; i < dim; i++) {
            double found = (double)facts.scale * (row_result[i] - 128);
            double off = fabs(found - load(TYPE_f32, rows[row], i)) / (127 * (double)facts.scale);
            if (off > worst) /* not fmax: gcc 12 for aarch64 dies of it here */
                worst = off;
        }
    }
    return worst;
}

double measure_error(const kernel_entry *kernel, any_fn function, size_t dim)
{
    if (kernel->shape == SHAPE_CAST) {
        return cast_error(kernel, function, dim);
    }
    if (kernel->type == TYPE_u64 || kernel->shape == SHAPE_DOTS || is_of_bits(kernel) ||
        kernel->shape == SHAPE_SCREEN || kernel->shape == SHAPE_FASTSCAN) {
        return 0; /* whole numbers: right or wrong, which the kernel test says */
    }
    if (kernel->shape == SHAPE_SCREEN_CODE) {
        return screen_code_error(function, dim);
    }
    if (!is_distance(kernel)) {
        return codec_error(kernel, function, dim);
    }
    double worst = 0;
    for (int row = 0; row < ERROR_ROWS; row++) {
        double wanted = exact_distance(kernel, rows[row], dim);
        float found[4];
        if (kernel->shape == SHAPE_ONE) {
            found[0] = ((arb_distance_fn)function)(query, rows[row], dim);
        } else {
            const void *four[4] = {rows[row], rows[row], rows[row], rows[row]};
            ((arb_distance_x4_fn)function)(query, four, dim, found);
        }
        double magnitude =
            kernel->metric == ARB_METRIC_DOT && kernel->type != TYPE_sq8 ? 1 : fabs(wanted);
        worst = fmax(worst, fabs((double)found[0] - wanted) / magnitude);
    }
    return worst;
}
