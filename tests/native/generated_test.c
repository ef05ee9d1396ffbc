/* What a generated distance promises besides its results, which kernels_test holds against the
 * definition: memory that is never writable and executable, a refusal that is no error, sizes. */
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#if defined(ARB_ARCH_x86_64)
#    include <linux/audit.h>
#    include <linux/filter.h>
#    include <linux/seccomp.h>
#    include <sys/mman.h>
#    include <sys/syscall.h>
#endif

#include "kernels/generate.h"
#include "testing.h"

static const arb_kernel_set *widest_set(void)
{
    return arb_kernel_set_at(arb_kernel_set_count() - 1);
}

/* ---- Memory ---- */

/* Permissions of the mapping that an address lies in, as in /proc/self/maps, "" if there is none.
 * No mapping at all may be writable and executable. */
static void permissions_of(uintptr_t address, char found[5])
{
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps != NULL, "/proc/self/maps cannot be read");
    char line[512];
    found[0] = 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, end;
        char permissions[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, permissions) != 3) {
            continue;
        }
        CHECK(permissions[1] != 'w' || permissions[2] != 'x', "writable and executable: %s", line);
        if (address >= start && address < end) {
            memcpy(found, permissions, 5);
        }
    }
    fclose(maps);
}

static void code_is_executable_and_not_writable(void)
{
    arb_generated *generated =
        arb_generate(widest_set(), ARB_GENERATED_SQ8, ARB_METRIC_DOT, ARB_DIM_MAX);
    CHECK(generated != NULL, "nothing was generated");
    CHECK(generated->dim == ARB_DIM_MAX, "dim %zu", generated->dim);
    uintptr_t code = (uintptr_t)generated->code;
    uintptr_t functions[] = {(uintptr_t)generated->distance.one,
                             (uintptr_t)generated->distance.four};
    char permissions[5];
    for (int i = 0; i < 2; i++) {
        CHECK(functions[i] >= code && functions[i] < code + generated->bytes, "function outside");
        CHECK(functions[i] % ARB_FUNCTION_ALIGNMENT == 0, "function at %#lx",
              (unsigned long)functions[i]);
        permissions_of(functions[i], permissions);
        CHECK(strcmp(permissions, "r-xp") == 0, "permissions %s", permissions);
    }
    arb_generated_destroy(generated);
    permissions_of(code, permissions);
    CHECK(permissions[0] == 0 || permissions[2] != 'x', "still there after destroy: %s",
          permissions);
    arb_generated_destroy(NULL);
}

#if defined(ARB_ARCH_x86_64)

/* The process may not make memory executable from here on, as under SELinux without execmem: its
 * mprotect fails with EACCES where it asks for PROT_EXEC. */
static void forbid_executable_memory(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 13 /* EACCES */),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0, "seccomp");
}

static void generate_where_it_is_forbidden(void *context)
{
    (void)context;
    arb_generated *before = arb_generate(widest_set(), ARB_GENERATED_F16, ARB_METRIC_L2, 100);
    CHECK(before != NULL, "nothing was generated");
    arb_generated_destroy(before);
    forbid_executable_memory();
    CHECK(arb_generate(widest_set(), ARB_GENERATED_F16, ARB_METRIC_L2, 100) == NULL,
          "generated although memory may not become executable");
}

static void a_refusal_is_no_error(void)
{
    CHECK(test_survives(generate_where_it_is_forbidden, NULL), "see above");
}

#endif

/* ---- What there is to generate ---- */

static void only_what_the_set_has(void)
{
    for (int32_t i = 0; i < arb_kernel_set_count(); i++) {
        const arb_kernel_set *set = arb_kernel_set_at(i);
        for (int metric = 0; metric < ARB_METRICS; metric++) {
            arb_generated *native =
                arb_generate(set, ARB_GENERATED_F16_NATIVE, (arb_metric)metric, 96);
            CHECK((native != NULL) == (set->native[metric].one != NULL), "set %s, metric %d",
                  set->name, metric);
            arb_generated_destroy(native);
            arb_generated *codes = arb_generate(set, ARB_GENERATED_SQ8, (arb_metric)metric, 96);
            int has_dot_products =
                (set->requires & (ARB_CPU_AVX512VNNI | ARB_CPU_NEONDOTPROD)) != 0;
            CHECK((codes != NULL) == has_dot_products, "set %s, metric %d", set->name, metric);
            arb_generated_destroy(codes);
        }
    }
    CHECK(arb_generate(widest_set(), ARB_GENERATED_SQ8, ARB_METRIC_L2, 0) == NULL, "dimension 0");
    CHECK(arb_generate(widest_set(), ARB_GENERATED_SQ8, ARB_METRIC_L2, ARB_DIM_MAX + 1) == NULL,
          "a dimension above the limit");
}

static size_t length_of(const arb_generate_job *job, int looped)
{
    static uint8_t bytes[65536];
    arb_code code = {.bytes = bytes, .capacity = sizeof bytes};
    arb_generator_emit(&code, job, looped);
    CHECK(!code.overflowed, "more than %zu bytes", sizeof bytes);
    return code.length;
}

/* With a loop, every function of every dimension has room; so no dimension goes without. */
static void looped_functions_fit(void)
{
    size_t longest = 0;
    for (int family = 0; family < ARB_GENERATED_FAMILIES; family++) {
        if (!arb_generator_has((arb_generated_family)family, widest_set()->requires)) {
            continue;
        }
        for (int op = ARB_OP_L2SQ; op <= (family == ARB_GENERATED_SQ8 ? ARB_OP_DOT : ARB_OP_COSINE);
             op++) {
            /* 13 has no factor in common with a vector: every length of a tail comes by */
            for (size_t dim = 1; dim <= ARB_DIM_MAX; dim += 13) {
                for (unsigned rows = 1; rows <= 4; rows += 3) {
                    arb_generate_job job = {(arb_generated_family)family, (arb_op)op, rows, dim};
                    size_t length = length_of(&job, 1);
                    longest = length > longest ? length : longest;
                }
            }
        }
    }
    CHECK(longest <= ARB_GENERATED_BYTES_MAX - ARB_FUNCTION_ALIGNMENT, "%zu bytes", longest);
    printf("the longest looped function has %zu bytes\n", longest);
}

/* ---- The plan of FP16 sums ---- */

static void plans_keep_to_the_range_rule(void)
{
    for (unsigned accumulators = 1; accumulators <= 8; accumulators++) {
        for (unsigned steps = 1; steps <= ARB_DIM_MAX / 8; steps++) {
            arb_drain_plan plan = arb_plan_drains(steps, accumulators);
            CHECK(plan.period >= 1 && plan.period <= steps, "period %u of %u steps", plan.period,
                  steps);
            unsigned lanes = plan.may_fold ? 2 : 1;
            CHECK(plan.period * lanes <= ARB_NATIVE_TERMS_MAX,
                  "%u steps, %u accumulators: %u terms", steps, accumulators, plan.period * lanes);
            /* the deepest accumulator's additions, then one for each doubling of what is merged */
            unsigned additions = (plan.period - 1) / accumulators + lanes - 1;
            for (unsigned merged = 1; merged < accumulators && merged < plan.period; merged *= 2) {
                additions++;
            }
            CHECK(additions <= ARB_NATIVE_ADDITIONS_MAX, "%u steps, %u accumulators: %u additions",
                  steps, accumulators, additions);
        }
    }
}

int main(void)
{
    code_is_executable_and_not_writable();
#if defined(ARB_ARCH_x86_64)
    /* an emulator has no filters of system calls, so this is tested here alone */
    a_refusal_is_no_error();
#endif
    only_what_the_set_has();
    looped_functions_fit();
    plans_keep_to_the_range_rule();
    printf("passed\n");
    return 0;
}
