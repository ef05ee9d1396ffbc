/* Every kernel of kernel_list.h against its definition, and every one that is generated.
 *
 *     kernels_test [NAME-PART]     only kernels whose name has this part
 *
 * ARB_KERNELS_TEST_EFFORT=reduced leaves out most offsets and positions: for emulators. The planted
 * faults come first: a checker that misses one says nothing about the kernels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkasm/checks.h"
#include "checkasm/generated_catalog.h"
#include "checkasm/planted.h"

static void check(const kernel_entry *kernel, test_effort effort, kernel_report *report)
{
    *report = (kernel_report){.kernel = kernel->name};
    switch (kernel->shape) {
    case SHAPE_ONE:
    case SHAPE_FOUR:
        check_distance(kernel, effort, report);
        break;
    case SHAPE_CAST:
        check_cast(kernel, effort, report);
        break;
    case SHAPE_ENCODE:
    case SHAPE_DECODE:
        check_codec(kernel, effort, report);
        break;
    case SHAPE_DOTS:
        check_dots(kernel, effort, report);
        break;
    case SHAPE_BIT_DOT:
        check_bit_dot(kernel, effort, report);
        break;
    case SHAPE_BIT_NEAR:
        check_bit_near(kernel, effort, report);
        break;
    case SHAPE_FASTSCAN:
        check_fastscan(kernel, effort, report);
        break;
    case SHAPE_SCREEN_CODE:
        check_screen_code(kernel, effort, report);
        break;
    case SHAPE_SCREEN:
        check_screen(kernel, effort, report);
        break;
    case SHAPE_BITS:
    case SHAPE_POPCOUNT:
        check_bits(kernel, effort, report);
        break;
    case SHAPE_KEYS:
        check_keys(kernel, effort, report);
        break;
    }
}

typedef struct catch_tally {
    int caught, missed;
} catch_tally;

static void catch_fault(const kernel_entry *kernel, const char *caught_by, catch_tally *tally)
{
    kernel_report report;
    check(kernel, REDUCED, &report);
    if (report.faults == 0 || !strstr(report.first, caught_by)) {
        printf("MISSED planted fault %s: %s\n", kernel->name,
               report.faults ? report.first : "nothing found");
        tally->missed++;
    } else {
        printf("caught %-32s %s\n", kernel->name, report.first);
        tally->caught++;
    }
}

static void catch_faults(const planted_fault *planted, size_t count, catch_tally *tally)
{
    for (size_t i = 0; i < count; i++) {
        const kernel_entry *kernel = &planted[i].kernel;
        if (strcmp(kernel->isa, "avx2") == 0 && arb_vectors() == VECTORS_BASE) {
            printf("SKIPPED planted fault %s: the CPU cannot execute it\n", kernel->name);
            continue;
        }
        catch_fault(kernel, planted[i].caught_by, tally);
    }
}

/* How many were caught, or -1 when one was missed. */
static int catch_planted_faults(void)
{
    catch_tally tally = {0};
    catch_faults(arb_planted, arb_planted_count, &tally);
    catch_faults(arb_planted_fastscans, arb_planted_fastscans_count, &tally);
    for (size_t i = 0; i < arb_generated_planted_count; i++) {
        const generated_kernel *planted = &arb_generated_planted[i];
        if (arb_kernel_availability(&planted->entry) == UNAVAILABLE) {
            printf("SKIPPED planted fault %s: the CPU cannot execute it\n", planted->entry.name);
            continue;
        }
        catch_fault(&planted->entry, planted->caught_by, &tally);
    }
    return tally.missed ? -1 : tally.caught;
}

typedef struct test_tally {
    unsigned long kernels, calls, failed, skipped, hidden;
} test_tally;

static void check_kernel(const kernel_entry *kernel, test_effort effort, test_tally *tally)
{
    kernel_availability availability = arb_kernel_availability(kernel);
    if (availability == UNAVAILABLE) {
        printf("SKIPPED %s: the CPU cannot execute it (SIGILL)\n", kernel->name);
        tally->skipped++;
        return;
    }
    kernel_report report;
    check(kernel, effort, &report);
    tally->kernels++;
    tally->calls += report.calls;
    tally->hidden += availability == HIDDEN_BY_CPUID;
    if (availability == BROKEN || report.faults) {
        printf("FAILED %s: %lu faults in %lu calls; first: %s\n", kernel->name, report.faults,
               report.calls, report.faults ? report.first : "the trial call died");
        tally->failed++;
    }
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *wish = getenv("ARB_KERNELS_TEST_EFFORT");
    if (wish && strcmp(wish, "reduced") != 0 && strcmp(wish, "full") != 0) {
        fprintf(stderr, "ARB_KERNELS_TEST_EFFORT is '%s'; allowed: full, reduced\n", wish);
        return 2;
    }
    test_effort effort = wish && strcmp(wish, "reduced") == 0 ? REDUCED : FULL;

    int caught = catch_planted_faults();
    if (caught < 0) {
        return 1;
    }
    kernel_report reference = {.kernel = "reference casts and codes"};
    check_reference_casts(effort, &reference);
    check_reference_codec(&reference);
    if (reference.faults) {
        printf("FAILED %s: %s\n", reference.kernel, reference.first);
        return 1;
    }
    test_tally tally = {0};
    for (size_t i = 0; i < arb_catalog_count; i++) {
        if (argc < 2 || strstr(arb_catalog[i].name, argv[1])) {
            check_kernel(&arb_catalog[i], effort, &tally);
        }
    }
    for (size_t i = 0; i < arb_generated_catalog_count; i++) {
        const kernel_entry *kernel = &arb_generated_catalog[i].entry;
        if (argc < 2 || strstr(kernel->name, argv[1])) {
            check_kernel(kernel, effort, &tally);
        }
    }
    printf(
        "%s: %lu kernels in %lu calls (%s effort), %lu failed, %lu skipped, %lu run though CPUID "
        "hides their feature; %d planted faults caught\n",
        tally.failed ? "FAILED" : "passed", tally.kernels, tally.calls,
        effort == FULL ? "full" : "reduced", tally.failed, tally.skipped, tally.hidden, caught);
    return tally.failed || tally.kernels == 0;
}
