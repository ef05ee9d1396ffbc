/* Time, throughput and error of every kernel, beside the same job in C as the compiler vectorises
 * it, beside libraries of others, and beside loads without arithmetic; from L1, L2 and memory.
 *
 *     kernels_bench [--dims 384,768] [--where L1,L2,memory] [--filter NAME-PART] [--repeats N]
 *                   [--peer simsimd=LIBRARY] [--preload LIBRARY] [--json FILE]
 *
 * All kernels of a dimension are timed in turn, again and again; the ratio to C or to a peer is the
 * median over the repeats of two times taken milliseconds apart, so that a noisy neighbor or a
 * change of clock speed hits both. A kernel whose feature CPUID hides is run if a forked child
 * survives a call, and marked. The CPU's counter does not follow its clock: its cycles are a unit
 * of time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkasm/generated_catalog.h"
#include "kernels/compiled_reference.h"
#include "kernels/output.h"
#include "timing.h"

#define REPEATS_MAX 1001
#define KERNELS_MAX 256

typedef struct timed_kernel {
    const kernel_entry *kernel;
    any_fn reference;
    peer_fn peers[PEERS_MAX];
    int hidden_by_cpuid;
    double ns[REPEATS_MAX], cycles[REPEATS_MAX], ratio[REPEATS_MAX];
    double peer_ratio[PEERS_MAX][REPEATS_MAX];
} timed_kernel;

static timed_kernel candidates[KERNELS_MAX];
static size_t candidate_count;

static void usage(FILE *stream)
{
    fprintf(stream, "usage: kernels_bench [--dims 384,768] [--where L1,L2,memory] "
                    "[--filter NAME-PART]\n"
                    "                     [--repeats N] [--json FILE] "
                    "[--peer simsimd=LIBRARY] [--peer numkong=LIBRARY]\n"
                    "                     [--preload LIBRARY, whose symbols a peer needs]\n");
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

static void parse_places(const char *text, bench_parameters *parameters)
{
    parameters->place_count = 0;
    for (const char *at = text;; at += strcspn(at, ",") + 1) {
        size_t length = strcspn(at, ",");
        int place = PLACES - 1;
        while (place >= 0 && (strlen(place_name((bench_place)place)) != length ||
                              strncmp(place_name((bench_place)place), at, length) != 0)) {
            place--;
        }
        if (place < 0 || parameters->place_count == PLACES) {
            fail("--where", text, "L1, L2, memory, each once, with commas between them");
        }
        parameters->places[parameters->place_count++] = (bench_place)place;
        if (at[length] == 0) {
            return;
        }
    }
}

static void load(const char *option, const char *value)
{
    const char *error = strcmp(option, "--peer") == 0 ? peer_load(value) : peer_preload(value);
    if (error) {
        fprintf(stderr, "%s %s: %s\n", option, value, error);
        exit(2);
    }
}

static void parse_option(const char *option, const char *value, bench_parameters *parameters)
{
    if (strcmp(option, "--dims") == 0) {
        parse_dims(value, parameters);
    } else if (strcmp(option, "--where") == 0) {
        parse_places(value, parameters);
    } else if (strcmp(option, "--filter") == 0) {
        parameters->filter = value;
    } else if (strcmp(option, "--repeats") == 0) {
        char *end;
        parameters->repeats = (int)parse_number(option, value, &end, REPEATS_MAX);
    } else if (strcmp(option, "--peer") == 0 || strcmp(option, "--preload") == 0) {
        load(option, value);
    } else if (strcmp(option, "--json") == 0) {
        parameters->json = value;
    } else {
        fail(option, value, "--dims, --where, --filter, --repeats, --peer, --preload, --json");
    }
}

static bench_parameters parse(int argc, char **argv)
{
    bench_parameters parameters = {.dims = {384, 768, 1024, 1536},
                                   .dim_count = 4,
                                   .places = {PLACE_L1, PLACE_L2, PLACE_MEMORY},
                                   .place_count = PLACES,
                                   .repeats = 31};
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0) {
            usage(stdout);
            exit(0);
        }
        if (i + 1 == argc) {
            fail(argv[i], "", "an option with its value; --help lists them");
        }
        parse_option(argv[i], argv[i + 1], &parameters);
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
    for (int peer = 0; peer < peer_count(); peer++) {
        candidate->peers[peer] = peer_function(peer, kernel);
    }
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

static void time_one(timed_kernel *candidate, size_t dim, bench_place place, int repeat)
{
    bench_call call = {candidate->kernel, dim, arb_function_of(candidate->kernel, dim), NULL};
    measure_prepare(candidate->kernel, dim);
    timing ours = measure_time(&call, place);
    candidate->ns[repeat] = ours.ns;
    candidate->cycles[repeat] = ours.cycles;
    call.function = candidate->reference;
    candidate->ratio[repeat] = measure_time(&call, place).ns / ours.ns;
    for (int peer = 0; peer < peer_count(); peer++) {
        call.peer = candidate->peers[peer];
        candidate->peer_ratio[peer][repeat] =
            call.peer ? measure_time(&call, place).ns / ours.ns : 0;
    }
}

/* Returns what loads alone reach, GB/s. */
static double time_all(size_t dim, bench_place place, int repeats)
{
    static double loads[REPEATS_MAX];
    for (int repeat = 0; repeat < repeats; repeat++) {
        loads[repeat] = place_load_gb_per_s(place);
        for (size_t i = 0; i < candidate_count; i++) {
            time_one(&candidates[i], dim, place, repeat);
        }
    }
    return bench_median(loads, repeats);
}

static bench_row row_of(timed_kernel *candidate, size_t dim, bench_place place, int repeats,
                        double loads)
{
    bench_row row = {
        .kernel = candidate->kernel,
        .dim = dim,
        .place = place,
        .ns = bench_median(candidate->ns, repeats),
        .cycles = bench_median(candidate->cycles, repeats),
        .ratio_to_c = bench_median(candidate->ratio, repeats),
        .hidden_by_cpuid = candidate->hidden_by_cpuid,
    };
    measure_prepare(candidate->kernel, dim);
    row.max_rel_error =
        measure_error(candidate->kernel, arb_function_of(candidate->kernel, dim), dim);
    row.gb_per_s = measure_bytes(candidate->kernel, dim) / row.ns;
    row.share_of_loads = row.gb_per_s / loads;
    for (int peer = 0; peer < peer_count(); peer++) {
        row.ratio_to_peers[peer] = bench_median(candidate->peer_ratio[peer], repeats);
    }
    return row;
}

int main(int argc, char **argv)
{
    static bench_row rows[KERNELS_MAX * 16 * PLACES];
    size_t row_count = 0;
    bench_parameters parameters = parse(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    output_machine(&parameters);
    find_candidates(parameters.filter);
    if (candidate_count == 0) {
        fail("--filter", parameters.filter ? parameters.filter : "", "a part of a kernel's name");
    }
    output_header();
    for (size_t i = 0; i < parameters.dim_count * parameters.place_count; i++) {
        size_t dim = parameters.dims[i / parameters.place_count];
        bench_place place = parameters.places[i % parameters.place_count];
        double loads = time_all(dim, place, parameters.repeats);
        output_loads(dim, place, loads);
        for (size_t j = 0; j < candidate_count; j++) {
            if (candidates[j].ns[0] > 0) { /* the place has room for rows of that size */
                rows[row_count] = row_of(&candidates[j], dim, place, parameters.repeats, loads);
                output_row(&rows[row_count++]);
            }
        }
    }
    return parameters.json && !output_json(&parameters, rows, row_count) ? 1 : 0;
}
