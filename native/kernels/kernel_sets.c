/* The kernel sets of this architecture and what they are made of. A set is a constant table; where
 * an instruction set brings no kernel of its own for a job, the table names the next plainer one's.
 */
#include <string.h>

#include "kernels/kernel_list.h"
#include "kernels/kernels.h"

#define PAIR(family, op, isa)                                                                      \
    {                                                                                              \
        arb_##family##_##op##_##isa, arb_##family##_##op##_x4_##isa                                \
    }
/* in the order of arb_metric */
#define PAIRS(family, isa)                                                                         \
    {                                                                                              \
        [ARB_METRIC_L2] = PAIR(family, l2sq, isa),                                                 \
        [ARB_METRIC_COSINE] = PAIR(family, cosine, isa), [ARB_METRIC_DOT] = PAIR(family, dot, isa) \
    }
/* dot serves cosine: its rows are normalised */
#define SQ8_PAIRS(isa)                                                                             \
    .sq8 = {[ARB_METRIC_L2] = PAIR(sq8, l2sq, isa),                                                \
            [ARB_METRIC_COSINE] = PAIR(sq8, dot, isa),                                             \
            [ARB_METRIC_DOT] = PAIR(sq8, dot, isa)}
#define SQ8_CODES(isa) .sq8_encode = arb_sq8_encode_##isa, .sq8_decode = arb_sq8_decode_##isa
#define BITS(isa)                                                                                  \
    .bits_and = arb_bits_and_##isa, .bits_or = arb_bits_or_##isa,                                  \
    .bits_andnot = arb_bits_andnot_##isa, .bits_popcount = arb_bits_popcount_##isa
#define CASTS(isa)                                                                                 \
    .cast_f32_f16 = arb_cast_f32_f16_##isa, .cast_f64_f16 = arb_cast_f64_f16_##isa,                \
    .cast_i8_f16 = arb_cast_i8_f16_##isa, .cast_u8_f16 = arb_cast_u8_f16_##isa,                    \
    .cast_f16_f32 = arb_cast_f16_f32_##isa

static const arb_kernel_set sets[] = {
    {
        .name = "ref",
        .requires = 0,
        .distance = {[ARB_ELEMENT_F16] = PAIRS(f16, ref), [ARB_ELEMENT_F32] = PAIRS(f32, ref)},
        SQ8_PAIRS(ref),
        CASTS(ref),
        SQ8_CODES(ref),
        .sq4_dots = arb_sq4_dots_ref,
        .sq1_dot_x4 = arb_sq1_dot_x4_ref,
        .sq1_near = arb_sq1_near_ref,
        .fastscan_near = arb_fastscan_near_ref,
        .screen_code = arb_screen_code_ref,
        .screen = arb_screen_ref,
        BITS(ref),
        .keys_insert = arb_keys_insert_ref,
    },
#if defined(ARB_ARCH_x86_64)
    {
        .name = "avx2",
        .requires = ARB_CPU_AVX2,
        .distance = {[ARB_ELEMENT_F16] = PAIRS(f16, avx2), [ARB_ELEMENT_F32] = PAIRS(f32, avx2)},
        SQ8_PAIRS(avx2),
        CASTS(avx2),
        SQ8_CODES(avx2),
        .sq4_dots = arb_sq4_dots_avx2,
        .sq1_dot_x4 = arb_sq1_dot_x4_avx2,
        .sq1_near = arb_sq1_near_avx2,
        .fastscan_near = arb_fastscan_near_avx2,
        .screen_code = arb_screen_code_avx2,
        .screen = arb_screen_avx2,
        BITS(avx2),
        .keys_insert = arb_keys_insert_ref,
    },
    {
        .name = "avx512",
        .requires = ARB_CPU_AVX2 | ARB_CPU_AVX512,
        .distance =
            {[ARB_ELEMENT_F16] = PAIRS(f16, avx512), [ARB_ELEMENT_F32] = PAIRS(f32, avx512)},
        SQ8_PAIRS(avx2),
        CASTS(avx512),
        SQ8_CODES(avx512),
        .sq4_dots = arb_sq4_dots_avx2,
        .sq1_dot_x4 = arb_sq1_dot_x4_avx2,
        .sq1_near = arb_sq1_near_avx2,
        .fastscan_near = arb_fastscan_near_avx512,
        .screen_code = arb_screen_code_avx512,
        .screen = arb_screen_avx2,
        BITS(avx512),
        .keys_insert = arb_keys_insert_avx512,
    },
    {
        .name = "avx512vnni",
        .requires = ARB_CPU_AVX2 | ARB_CPU_AVX512 | ARB_CPU_AVX512VNNI,
        .distance =
            {[ARB_ELEMENT_F16] = PAIRS(f16, avx512), [ARB_ELEMENT_F32] = PAIRS(f32, avx512)},
        SQ8_PAIRS(avx512vnni),
        CASTS(avx512),
        SQ8_CODES(avx512),
        .sq4_dots = arb_sq4_dots_avx512vnni,
        .sq1_dot_x4 = arb_sq1_dot_x4_avx512vnni,
        .sq1_near = arb_sq1_near_avx512vnni,
        .fastscan_near = arb_fastscan_near_avx512,
        .screen_code = arb_screen_code_avx512,
        .screen = arb_screen_avx512vnni,
        BITS(avx512),
        .keys_insert = arb_keys_insert_avx512,
    },
    {
        .name = "avx512fp16",
        .requires = ARB_CPU_AVX2 | ARB_CPU_AVX512 | ARB_CPU_AVX512VNNI | ARB_CPU_AVX512FP16,
        .distance =
            {[ARB_ELEMENT_F16] = PAIRS(f16, avx512), [ARB_ELEMENT_F32] = PAIRS(f32, avx512)},
        .native = PAIRS(f16, avx512fp16),
        SQ8_PAIRS(avx512vnni),
        CASTS(avx512),
        SQ8_CODES(avx512),
        .sq4_dots = arb_sq4_dots_avx512vnni,
        .sq1_dot_x4 = arb_sq1_dot_x4_avx512vnni,
        .sq1_near = arb_sq1_near_avx512vnni,
        .fastscan_near = arb_fastscan_near_avx512,
        .screen_code = arb_screen_code_avx512,
        .screen = arb_screen_avx512vnni,
        BITS(avx512),
        .keys_insert = arb_keys_insert_avx512,
    },
#elif defined(ARB_ARCH_aarch64)
    {
        .name = "neon",
        .requires = ARB_CPU_NEON,
        .distance = {[ARB_ELEMENT_F16] = PAIRS(f16, neon), [ARB_ELEMENT_F32] = PAIRS(f32, neon)},
        SQ8_PAIRS(neon),
        CASTS(neon),
        SQ8_CODES(neon),
        .sq4_dots = arb_sq4_dots_neon,
        .sq1_dot_x4 = arb_sq1_dot_x4_neon,
        .sq1_near = arb_sq1_near_neon,
        .fastscan_near = arb_fastscan_near_neon,
        .screen_code = arb_screen_code_neon,
        .screen = arb_screen_neon,
        BITS(neon),
        .keys_insert = arb_keys_insert_ref,
    },
    {
        .name = "neondotprod",
        .requires = ARB_CPU_NEON | ARB_CPU_NEONDOTPROD,
        .distance = {[ARB_ELEMENT_F16] = PAIRS(f16, neon), [ARB_ELEMENT_F32] = PAIRS(f32, neon)},
        SQ8_PAIRS(neondotprod),
        CASTS(neon),
        SQ8_CODES(neon),
        .sq4_dots = arb_sq4_dots_neondotprod,
        .sq1_dot_x4 = arb_sq1_dot_x4_neondotprod,
        .sq1_near = arb_sq1_near_neondotprod,
        .fastscan_near = arb_fastscan_near_neon,
        .screen_code = arb_screen_code_neon,
        .screen = arb_screen_neondotprod,
        BITS(neon),
        .keys_insert = arb_keys_insert_ref,
    },
    {
        .name = "neonfp16",
        .requires = ARB_CPU_NEON | ARB_CPU_NEONDOTPROD | ARB_CPU_NEONFP16,
        .distance = {[ARB_ELEMENT_F16] = PAIRS(f16, neon), [ARB_ELEMENT_F32] = PAIRS(f32, neon)},
        .native = PAIRS(f16, neonfp16),
        SQ8_PAIRS(neondotprod),
        CASTS(neon),
        SQ8_CODES(neon),
        .sq4_dots = arb_sq4_dots_neondotprod,
        .sq1_dot_x4 = arb_sq1_dot_x4_neondotprod,
        .sq1_near = arb_sq1_near_neondotprod,
        .fastscan_near = arb_fastscan_near_neon,
        .screen_code = arb_screen_code_neon,
        .screen = arb_screen_neondotprod,
        BITS(neon),
        .keys_insert = arb_keys_insert_ref,
    },
    {
        .name = "neonfhm",
        .requires = ARB_CPU_NEON | ARB_CPU_NEONDOTPROD | ARB_CPU_NEONFP16 | ARB_CPU_NEONFHM,
        .distance = {[ARB_ELEMENT_F16] = {[ARB_METRIC_L2] = PAIR(f16, l2sq, neon),
                                          [ARB_METRIC_COSINE] = PAIR(f16, cosine, neonfhm),
                                          [ARB_METRIC_DOT] = PAIR(f16, dot, neonfhm)},
                     [ARB_ELEMENT_F32] = PAIRS(f32, neon)},
        /* FMLAL multiplies and adds at the pace of FP16 arithmetic, so that rounding dot and cosine
         * to FP16 would win nothing here */
        .native = {[ARB_METRIC_L2] = PAIR(f16, l2sq, neonfhm)},
        SQ8_PAIRS(neondotprod),
        CASTS(neon),
        SQ8_CODES(neon),
        .sq4_dots = arb_sq4_dots_neondotprod,
        .sq1_dot_x4 = arb_sq1_dot_x4_neondotprod,
        .sq1_near = arb_sq1_near_neondotprod,
        .fastscan_near = arb_fastscan_near_neon,
        .screen_code = arb_screen_code_neon,
        .screen = arb_screen_neondotprod,
        BITS(neon),
        .keys_insert = arb_keys_insert_ref,
    },
#endif
};

#define SET_COUNT ((int32_t)(sizeof sets / sizeof sets[0]))

const arb_kernel_set *arb_kernel_set_at(int32_t set)
{
    return set >= 0 && set < SET_COUNT ? &sets[set] : NULL;
}

int32_t arb_kernel_set_count(void)
{
    return SET_COUNT;
}

const char *arb_kernel_set_name(int32_t set)
{
    const arb_kernel_set *found = arb_kernel_set_at(set);
    return found ? found->name : NULL;
}

uint64_t arb_kernel_set_requires(int32_t set)
{
    const arb_kernel_set *found = arb_kernel_set_at(set);
    return found ? found->requires : 0;
}

/* ---- What a set runs, by name ---- */

/* A function of any type: only compared, never called. */
typedef void (*any_fn)(void);

typedef struct named_kernel {
    const char *name;
    any_fn function;
} named_kernel;

#define NAME_ONE(family, op, isa)                                                                  \
    {"arb_" #family "_" #op "_" #isa, (any_fn)arb_##family##_##op##_##isa},
#define NAME_FOUR(family, op, isa)                                                                 \
    {"arb_" #family "_" #op "_x4_" #isa, (any_fn)arb_##family##_##op##_x4_##isa},
#define NAME_CAST(from, to, From, To, isa)                                                         \
    {"arb_cast_" #from "_" #to "_" #isa, (any_fn)arb_cast_##from##_##to##_##isa},
#define NAME_JOB(job, isa) {"arb_" #job "_" #isa, (any_fn)arb_##job##_##isa},

static const named_kernel named_kernels[] = {ARB_KERNELS(NAME_ONE, NAME_FOUR, NAME_CAST, NAME_JOB)};

/* A job is a member of arb_kernel_set. */
typedef struct job {
    const char *name;
    size_t offset;
} job;

#define JOB_PAIR(prefix, op, member)                                                               \
    {prefix op, offsetof(arb_kernel_set, member.one)},                                             \
    {                                                                                              \
        prefix op "_x4", offsetof(arb_kernel_set, member.four)                                     \
    }
#define JOB_PAIRS(prefix, table)                                                                   \
    JOB_PAIR(prefix, "l2sq", table[ARB_METRIC_L2]),                                                \
        JOB_PAIR(prefix, "dot", table[ARB_METRIC_DOT]),                                            \
        JOB_PAIR(prefix, "cosine", table[ARB_METRIC_COSINE])
#define JOB_MEMBER(name)                                                                           \
    {                                                                                              \
#        name, offsetof(arb_kernel_set, name)                                                      \
    }

static const job jobs[] = {
    JOB_PAIRS("f16_", distance[ARB_ELEMENT_F16]),
    JOB_PAIRS("f32_", distance[ARB_ELEMENT_F32]),
    JOB_PAIRS("native_f16_", native),
    JOB_MEMBER(cast_f32_f16),
    JOB_MEMBER(cast_f64_f16),
    JOB_MEMBER(cast_i8_f16),
    JOB_MEMBER(cast_u8_f16),
    JOB_MEMBER(cast_f16_f32),
    JOB_PAIR("sq8_", "l2sq", sq8[ARB_METRIC_L2]),
    JOB_PAIR("sq8_", "dot", sq8[ARB_METRIC_DOT]),
    JOB_MEMBER(sq8_encode),
    JOB_MEMBER(sq8_decode),
    JOB_MEMBER(sq4_dots),
    JOB_MEMBER(sq1_dot_x4),
    JOB_MEMBER(sq1_near),
    JOB_MEMBER(fastscan_near),
    JOB_MEMBER(screen_code),
    JOB_MEMBER(screen),
    JOB_MEMBER(bits_and),
    JOB_MEMBER(bits_or),
    JOB_MEMBER(bits_andnot),
    JOB_MEMBER(bits_popcount),
    JOB_MEMBER(keys_insert),
};

static const char *name_of(any_fn function)
{
    for (size_t i = 0; i < sizeof named_kernels / sizeof named_kernels[0]; i++) {
        if (named_kernels[i].function == function) {
            return named_kernels[i].name;
        }
    }
    return NULL;
}

const char *arb_kernel_set_kernel(int32_t set, const char *name)
{
    const arb_kernel_set *found = arb_kernel_set_at(set);
    for (size_t i = 0; found && name && i < sizeof jobs / sizeof jobs[0]; i++) {
        if (strcmp(jobs[i].name, name) == 0) {
            any_fn function;
            memcpy(&function, (const uint8_t *)found + jobs[i].offset, sizeof function);
            return function ? name_of(function) : NULL;
        }
    }
    return NULL;
}
