/* The kernel sets: their order, what they run, and whether the facts they rest on are this CPU's.
 */
#include <ctype.h>

#include "kernels/kernels.h"
#include "testing.h"

static const char *const all_jobs[] = {
    "f16_l2sq",      "f16_dot",       "f16_cosine",   "f16_l2sq_x4",   "f16_dot_x4",
    "f16_cosine_x4", "f32_l2sq",      "f32_dot",      "f32_cosine",    "f32_l2sq_x4",
    "f32_dot_x4",    "f32_cosine_x4", "cast_f32_f16", "cast_f64_f16",  "cast_i8_f16",
    "cast_u8_f16",   "cast_f16_f32",  "sq8_l2sq",     "sq8_dot",       "sq8_l2sq_x4",
    "sq8_dot_x4",    "sq8_encode",    "sq8_decode",   "sq4_dots",      "sq1_dot_x4",
    "bits_and",      "bits_or",       "bits_andnot",  "bits_popcount", "screen_code",
    "screen",        "sq1_near",      "keys_insert",  "fastscan_near",
};

static void check_order_and_names(void)
{
    int32_t count = arb_kernel_set_count();
    CHECK(count >= 2, "%d sets", count);
    CHECK(strcmp(arb_kernel_set_name(0), "ref") == 0, "%s", arb_kernel_set_name(0));
    CHECK(arb_kernel_set_requires(0) == 0, "ref must run anywhere");
    for (int32_t set = 1; set < count; set++) {
        uint64_t plainer = arb_kernel_set_requires(set - 1), wider = arb_kernel_set_requires(set);
        CHECK((plainer & wider) == plainer && wider != plainer,
              "%s does not require more than the set before it", arb_kernel_set_name(set));
    }
    CHECK(arb_kernel_set_name(-1) == NULL && arb_kernel_set_name(count) == NULL, "no such set");
    CHECK(arb_kernel_set_at(-1) == NULL && arb_kernel_set_at(count) == NULL, "no such set");
    CHECK(arb_kernel_set_kernel(count, "f16_l2sq") == NULL, "no such set");
}

/* A set named X runs kernels of X or of a plainer set, and one for each job. */
static void check_jobs(void)
{
    for (int32_t set = 0; set < arb_kernel_set_count(); set++) {
        for (size_t i = 0; i < sizeof all_jobs / sizeof all_jobs[0]; i++) {
            const char *job = all_jobs[i];
            const char *kernel = arb_kernel_set_kernel(set, job);
            CHECK(kernel != NULL, "%s has no kernel for %s", arb_kernel_set_name(set), job);
            char prefix[64];
            snprintf(prefix, sizeof prefix, "arb_%s_", job);
            CHECK(strncmp(kernel, prefix, strlen(prefix)) == 0, "%s runs %s for %s",
                  arb_kernel_set_name(set), kernel, job);
            const char *isa = kernel + strlen(prefix);
            int found = 0;
            for (int32_t plainer = 0; plainer <= set; plainer++) {
                found |= strcmp(isa, arb_kernel_set_name(plainer)) == 0;
            }
            CHECK(found, "%s runs %s, of a wider set", arb_kernel_set_name(set), kernel);
        }
        CHECK(arb_kernel_set_kernel(set, "f16_hamming") == NULL, "an unknown job has no kernel");
        CHECK(arb_kernel_set_kernel(set, NULL) == NULL, "no job has no kernel");
    }
    CHECK(arb_kernel_set_kernel(0, "native_f16_l2sq") == NULL, "ref has no native kernels");
    int32_t widest = arb_kernel_set_count() - 1;
    CHECK(arb_kernel_set_kernel(widest, "native_f16_l2sq") != NULL, "the widest set has");
}

/* Whether the flags line holds the flag as a word. */
static int has_flag(const char *line, const char *flag)
{
    size_t length = strlen(flag);
    for (const char *at = strstr(line, flag); at; at = strstr(at + 1, flag)) {
        if (isspace((unsigned char)at[-1]) && (isspace((unsigned char)at[length]) || !at[length])) {
            return 1;
        }
    }
    return 0;
}

static int has_flags(const char *line, const char *const flags[])
{
    for (int i = 0; flags[i]; i++) {
        if (!has_flag(line, flags[i])) {
            return 0;
        }
    }
    return 1;
}

typedef struct fact {
    uint64_t bit;
    const char *flags[5]; /* as /proc/cpuinfo spells them */
} fact;

#if defined(ARB_ARCH_x86_64)
#    define FLAGS_LINE "flags"
static const fact facts[] = {
    {ARB_CPU_AVX2, {"avx2", "fma", "f16c", "bmi2"}},
    {ARB_CPU_AVX512, {"avx512f", "avx512bw", "avx512dq", "avx512vl"}},
    {ARB_CPU_AVX512VNNI, {"avx512_vnni"}},
    {ARB_CPU_AVX512FP16, {"avx512_fp16"}},
};
#else
#    define FLAGS_LINE "Features"
static const fact facts[] = {
    {ARB_CPU_NEON, {"asimd"}},
    {ARB_CPU_NEONFP16, {"asimdhp"}},
    {ARB_CPU_NEONFHM, {"asimdfhm"}},
    {ARB_CPU_NEONDOTPROD, {"asimddp"}},
};
#endif

/* The kernel read the same CPUID and set up the same XCR0, by other code than ours. */
static void check_facts_against_proc(void)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    CHECK(file != NULL, "/proc/cpuinfo cannot be read");
    static char line[16384];
    int found = 0;
    while (!found && fgets(line, sizeof line, file)) {
        found = strncmp(line, FLAGS_LINE, strlen(FLAGS_LINE)) == 0;
    }
    fclose(file);
    if (!found) {
        printf("SKIPPED facts against /proc/cpuinfo: it has no line " FLAGS_LINE
               " (an emulator shows its host's)\n");
        return;
    }
    uint64_t ours = arb_cpu_features();
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        int theirs = has_flags(line, facts[i].flags);
        CHECK(!!(ours & facts[i].bit) == theirs, "%s: we say %d, /proc/cpuinfo says %d",
              facts[i].flags[0], !!(ours & facts[i].bit), theirs);
    }
}

int main(void)
{
    check_order_and_names();
    check_jobs();
    check_facts_against_proc();
    printf("passed: %d kernel sets, CPU features %#llx\n", arb_kernel_set_count(),
           (unsigned long long)arb_cpu_features());
    return 0;
}
