#include "checkasm/catalog.h"

#include "checkasm/generated_catalog.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernels/kernel_list.h"

/* kernel_list.h spells metrics as ops */
#define METRIC_l2sq ARB_METRIC_L2
#define METRIC_cosine ARB_METRIC_COSINE
#define METRIC_dot ARB_METRIC_DOT

#define CATALOG_ONE(family, op, isa)                                                               \
    {"arb_" #family "_" #op "_" #isa,                                                              \
     #isa,                                                                                         \
     SHAPE_ONE,                                                                                    \
     TYPE_##family,                                                                                \
     TYPE_##family,                                                                                \
     METRIC_##op,                                                                                  \
     (any_fn)arb_##family##_##op##_##isa,                                                          \
     (any_fn)arb_##family##_##op##_ref},
#define CATALOG_FOUR(family, op, isa)                                                              \
    {"arb_" #family "_" #op "_x4_" #isa,                                                           \
     #isa,                                                                                         \
     SHAPE_FOUR,                                                                                   \
     TYPE_##family,                                                                                \
     TYPE_##family,                                                                                \
     METRIC_##op,                                                                                  \
     (any_fn)arb_##family##_##op##_x4_##isa,                                                       \
     (any_fn)arb_##family##_##op##_x4_ref},
#define CATALOG_CAST(from, into, From, To, isa)                                                    \
    {"arb_cast_" #from "_" #into "_" #isa,                                                         \
     #isa,                                                                                         \
     SHAPE_CAST,                                                                                   \
     TYPE_##from,                                                                                  \
     TYPE_##into,                                                                                  \
     ARB_METRIC_L2,                                                                                \
     (any_fn)arb_cast_##from##_##into##_##isa,                                                     \
     (any_fn)arb_cast_##from##_##into##_ref},
/* shape, source and result of the jobs that are no distance and no cast */
#define JOB_sq8_encode SHAPE_ENCODE, TYPE_f32, TYPE_u8
#define JOB_sq8_decode SHAPE_DECODE, TYPE_u8, TYPE_f32
#define JOB_sq4_dots SHAPE_DOTS, TYPE_u8, TYPE_f32
#define JOB_sq1_dot_x4 SHAPE_BIT_DOT, TYPE_u8, TYPE_f32
#define JOB_sq1_near SHAPE_BIT_NEAR, TYPE_u8, TYPE_u64
#define JOB_fastscan_near SHAPE_FASTSCAN, TYPE_u8, TYPE_f32
#define JOB_screen_code SHAPE_SCREEN_CODE, TYPE_f32, TYPE_u8
#define JOB_screen SHAPE_SCREEN, TYPE_u8, TYPE_u64
#define JOB_bits_and SHAPE_BITS, TYPE_u64, TYPE_u64
#define JOB_bits_or SHAPE_BITS, TYPE_u64, TYPE_u64
#define JOB_bits_andnot SHAPE_BITS, TYPE_u64, TYPE_u64
#define JOB_bits_popcount SHAPE_POPCOUNT, TYPE_u64, TYPE_u64
#define JOB_keys_insert SHAPE_KEYS, TYPE_u64, TYPE_u64

#define CATALOG_JOB(job, isa)                                                                      \
    {"arb_" #job "_" #isa,   #isa, JOB_##job, ARB_METRIC_L2, (any_fn)arb_##job##_##isa,            \
     (any_fn)arb_##job##_ref},

const kernel_entry arb_catalog[] = {
    ARB_KERNELS(CATALOG_ONE, CATALOG_FOUR, CATALOG_CAST, CATALOG_JOB)};
const size_t arb_catalog_count = sizeof arb_catalog / sizeof arb_catalog[0];

size_t arb_type_size(element_type type)
{
    static const size_t sizes[] = {[TYPE_f16] = 2, [TYPE_f32] = 4, [TYPE_f64] = 8, [TYPE_i8] = 1,
                                   [TYPE_u8] = 1,  [TYPE_u64] = 8, [TYPE_sq8] = 1};
    return sizes[type];
}

int arb_kernel_is_native(const kernel_entry *kernel)
{
    if (kernel->function == NULL) {
        return arb_generated_is_native(kernel);
    }
    for (int32_t set = 0; set < arb_kernel_set_count(); set++) {
        const arb_distance *native = &arb_kernel_set_at(set)->native[kernel->metric];
        if (kernel->function == (any_fn)native->one || kernel->function == (any_fn)native->four) {
            return 1;
        }
    }
    return 0;
}

/* What the set of the kernel's name requires. */
static uint64_t required_features(const char *isa)
{
    for (int32_t set = 0; set < arb_kernel_set_count(); set++) {
        if (strcmp(arb_kernel_set_name(set), isa) == 0) {
            return arb_kernel_set_requires(set);
        }
    }
    return 0;
}

static void call_screen(const kernel_entry *kernel)
{
    static double panel[(sizeof(arb_screen_panel) + ARB_SCREEN_STEP_BYTES) / sizeof(double)];
    static double rows[16];
    uint64_t passed[8];
    ((arb_screen_fn)kernel->function)((void *)panel, (void *)rows, 1, 8, passed);
}

static void call_bit_near(const kernel_entry *kernel, const void *const rows[4])
{
    static const int8_t query[64];
    arb_sq1_bound bound = {.query = query, .steps = 1};
    uint64_t near;
    ((arb_sq1_near_fn)kernel->function)(&bound, (const uint8_t *const *)rows, 4, &near);
}

static void call_fastscan(const kernel_entry *kernel)
{
    static uint8_t tables[ARB_FASTSCAN_TABLES_BYTES];
    static double block[(sizeof(float) * 2 * ARB_FASTSCAN_ROWS + ARB_FASTSCAN_PIECE_BYTES) / 8];
    arb_fastscan_bound bound = {.tables = tables, .pieces = 1};
    float least[ARB_FASTSCAN_ROWS];
    uint32_t near;
    ((arb_fastscan_near_fn)kernel->function)(&bound, (void *)block, 1, least, &near);
}

static void call_once(const kernel_entry *kernel)
{
    double source[64] = {0};
    double other[64] = {0};
    float offset[64] = {0};
    uint64_t words[64] = {0};
    const void *rows[4] = {other, other, other, other};
    float out[4];
    any_fn function = arb_function_of(kernel, 64);
    switch (kernel->shape) {
    case SHAPE_ONE:
        ((arb_distance_fn)function)(source, other, 64);
        break;
    case SHAPE_FOUR:
        ((arb_distance_x4_fn)function)(source, rows, 64, out);
        break;
    case SHAPE_CAST:
        ((void (*)(const void *, void *, size_t))function)(source, other, 64);
        break;
    case SHAPE_ENCODE:
    case SHAPE_DECODE:
        ((arb_codec_fn)function)(source, offset, 1, other, 64);
        break;
    case SHAPE_DOTS:
        ((arb_sq4_dots_fn)kernel->function)((void *)source, (void *)other, 1, 1, out);
        break;
    case SHAPE_BIT_DOT:
        ((arb_sq1_dot_x4_fn)kernel->function)((void *)source, (const uint8_t *const *)rows, 1, out);
        break;
    case SHAPE_BIT_NEAR:
        call_bit_near(kernel, rows);
        break;
    case SHAPE_FASTSCAN:
        call_fastscan(kernel);
        break;
    case SHAPE_SCREEN_CODE:
        ((arb_screen_code_fn)kernel->function)(offset, 64, (void *)other, (void *)out);
        break;
    case SHAPE_SCREEN:
        call_screen(kernel);
        break;
    case SHAPE_BITS:
        ((arb_bits_fn)kernel->function)(words, words, words, 64);
        break;
    case SHAPE_POPCOUNT:
        ((arb_popcount_fn)kernel->function)(words, 64);
        break;
    case SHAPE_KEYS:
        ((arb_keys_insert_fn)kernel->function)(words, 32, (void *)source, 4);
        break;
    }
}

#define EXIT_ILLEGAL_INSTRUCTION 4

static void exit_on_illegal_instruction(int signal_number)
{
    (void)signal_number;
    _exit(EXIT_ILLEGAL_INSTRUCTION);
}

kernel_availability arb_kernel_availability(const kernel_entry *kernel)
{
    pid_t child = fork();
    if (child < 0) {
        return BROKEN;
    }
    if (child == 0) {
        /* the exit code tells the parent, and no core is dumped; other signals take their default
         * action, whatever handlers the test has */
        signal(SIGILL, exit_on_illegal_instruction);
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        call_once(kernel);
        _exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
        return BROKEN;
    }
    if (WEXITSTATUS(status) != 0) {
        return WEXITSTATUS(status) == EXIT_ILLEGAL_INSTRUCTION ? UNAVAILABLE : BROKEN;
    }
    uint64_t required = required_features(kernel->isa);
    return (arb_cpu_facts() & required) == required ? AVAILABLE : HIDDEN_BY_CPUID;
}

static uint32_t vectors_of(uint64_t facts)
{
    if (facts & ARB_CPU_AVX512) {
        return VECTORS_AVX512;
    }
    return facts & ARB_CPU_AVX2 ? VECTORS_AVX : VECTORS_BASE;
}

uint32_t arb_vectors(void)
{
    /* asked before each call, and CPUID is a trap to the hypervisor in a virtual machine */
    static uint32_t vectors;
    static int known;
    if (!known) {
        vectors = vectors_of(arb_cpu_facts());
        known = 1;
    }
    return vectors;
}
