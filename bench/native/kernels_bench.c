/* Time, throughput and error of every kernel, beside the same job in C as the compiler vectorises
 * it.
 *
 *     kernels_bench [--dims 384,768] [--filter NAME-PART] [--repeats N] [--json FILE]
 *
 * All kernels of a dimension are timed in turn, again and again; the ratio to C is the median over
 * the repeats of two times taken milliseconds apart, so that a noisy neighbor or a change of clock
 * speed hits both. A kernel whose feature CPUID hides is run if a forked child survives a call, and
 * marked. The CPU's counter does not follow its clock: its cycles are a unit of time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkasm/generated_catalog.h"
#include "kernels/compiled_reference.h"
#include "kernels/output.h"

#define REPEATS_MAX 1001
#define KERNELS_MAX 256

typedef struct timed_kernel {
    const kernel_entry *kernel;
    any_fn reference;
    int hidden_by_cpuid;
    double ns[REPEATS_MAX], cycles[REPEATS_MAX], ratio[REPEATS_MAX];
} timed_kernel;

static timed_kernel candidates[KERNELS_MAX];
static size_t candidate_count;

static void usage(FILE *stream)
{
    fprintf(stream, "usage: kernels_bench [--dims 384,768] [--filter NAME-PART] [--repeats N] "
                    "[--json FILE]\n");
}

static void fail(const char *option, const char *found, const char *allowed)
{
    fprintf(stderr, "%s: found '%s', allowed: %s\n", option, found, allowed);
    usage(stderr);
    exit(2);
}

static long parse_number(const char *option, const char *text, char **end, long max)
{
    char allowed[64];
    snprintf(allowed, sizeof allowed, "1..%ld", max);
    errno = 0;
    long value = strtol(text, end, 10);
    if (*end == text || errno != 0 || value < 1 || value > max) {
        fail(option, text, allowed);
    }
    return value;
}

static void parse_dims(const char *text, bench_parameters *parameters)
{
    size_t capacity = sizeof parameters->dims / sizeof parameters->dims[0];
    parameters->dim_count = 0;
    for (char *at = (char *)(uintptr_t)text;; at++) {
        if (parameters->dim_count == capacity) {
            fail("--dims", text, "at most 16 dimensions");
        }
        long dim = parse_number("--dims", at, &at, MEASURE_DIM_MAX);
        parameters->dims[parameters->dim_count++] = (size_t)dim;
        if (*at == 0) {
            return;
        }
        if (*at != ',') {
            fail("--dims", text, "numbers with commas between them");
        }
    }
}

static bench_parameters parse(int argc, char **argv)
{
    bench_parameters parameters = {.dims = {384, 768, 1024, 1536}, .dim_count = 4, .repeats = 31};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            usage(stdout);
            exit(0);
        }
        if (i + 1 == argc) {
            fail(argv[i], "", "--dims, --filter, --repeats, --json, each with a value");
        }
        const char *option = argv[i++], *value = argv[i];
        if (strcmp(option, "--dims") == 0) {
            parse_dims(value, &parameters);
        } else if (strcmp(option, "--filter") == 0) {
            parameters.filter = value;
        } else if (strcmp(option, "--repeats") == 0) {
            char *end;
            parameters.repeats = (int)parse_number(option, value, &end, REPEATS_MAX);
        } else if (strcmp(option, "--json") == 0) {
            parameters.json = value;
        } else {
            fail(option, value, "--dims, --filter, --repeats, --json");
        }
    }
    return parameters;
}

static void add_candidate(const kernel_entry *kernel, const char *filter)
{
    if (filter && !strstr(kernel->name, filter)) {
        return;
    }
    kernel_availability found = arb_kernel_availability(kernel);
    if (found == UNAVAILABLE || found == BROKEN) {
        printf("SKIPPED %s: %s\n", kernel->name,
               found == BROKEN ? "a trial call died" : "the CPU cannot execute it");
        return;
    }
    timed_kernel *candidate = &candidates[candidate_count++];
    candidate->kernel = kernel;
    candidate->reference = compiled_reference(kernel);
    candidate->hidden_by_cpuid = found == HIDDEN_BY_CPUID;
}

static void find_candidates(const char *filter)
{
    for (size_t i = 0; i < arb_catalog_count; i++) {
        add_candidate(&arb_catalog[i], filter);
    }
    for (size_t i = 0; i < arb_generated_catalog_count; i++) {
        add_candidate(&arb_generated_catalog[i].entry, filter);
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof values[0], compare_doubles);
    return values[count / 2];
}

static void time_all(size_t dim, int repeats)
{
    for (int repeat = 0; repeat < repeats; repeat++) {
        for (size_t i = 0; i < candidate_count; i++) {
            timed_kernel *candidate = &candidates[i];
            measure_prepare(candidate->kernel, dim);
            timing ours =
                measure_time(candidate->kernel, arb_function_of(candidate->kernel, dim), dim);
            timing theirs = measure_time(candidate->kernel, candidate->reference, dim);
            candidate->ns[repeat] = ours.ns;
            candidate->cycles[repeat] = ours.cycles;
            candidate->ratio[repeat] = theirs.ns / ours.ns;
        }
    }
}

int main(int argc, char **argv)
{
    static bench_row rows[KERNELS_MAX * 16];
    size_t row_count = 0;
    bench_parameters parameters = parse(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    output_machine(&parameters);
    find_candidates(parameters.filter);
    if (candidate_count == 0) {
        fail("--filter", parameters.filter ? parameters.filter : "", "a part of a kernel's name");
    }
    output_header();
    for (size_t d = 0; d < parameters.dim_count; d++) {
        size_t dim = parameters.dims[d];
        time_all(dim, parameters.repeats);
        for (size_t i = 0; i < candidate_count; i++) {
            timed_kernel *candidate = &candidates[i];
            measure_prepare(candidate->kernel, dim);
            bench_row *row = &rows[row_count++];
            *row = (bench_row){
                .kernel = candidate->kernel,
                .dim = dim,
                .ns = median(candidate->ns, parameters.repeats),
                .cycles = median(candidate->cycles, parameters.repeats),
                .ratio_to_c = median(candidate->ratio, parameters.repeats),
                .max_rel_error = measure_error(candidate->kernel, dim),
                .hidden_by_cpuid = candidate->hidden_by_cpuid,
            };
            row->gb_per_s = measure_bytes(candidate->kernel, dim) / row->ns;
            output_row(row);
        }
    }
    return parameters.json && !output_json(&parameters, rows, row_count) ? 1 : 0;
}
