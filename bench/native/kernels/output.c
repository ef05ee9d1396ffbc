#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compiled_reference.h"

/* The CPU's name as the operating system has it. */
static const char *cpu_name(void)
{
    static char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (!file) {
        return "unknown";
    }
    const char *name = "unknown";
    while (fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (colon && strncmp(line, "model name", strlen("model name")) == 0) {
            line[strcspn(line, "\n")] = 0;
            name = colon + 2;
            break;
        }
    }
    fclose(file);
    return name;
}

static double counter_hz(void)
{
    static double hz;
    if (hz == 0) {
        hz = measure_counter_hz();
    }
    return hz;
}

void output_machine(const bench_parameters *parameters)
{
    printf("%s, %ld cores, counter at %.2f GHz, CPU features %#llx\n", cpu_name(),
           sysconf(_SC_NPROCESSORS_ONLN), counter_hz() / 1e9, (unsigned long long)arb_cpu_facts());
    printf("rows one behind the other from");
    for (size_t i = 0; i < parameters->place_count; i++) {
        bench_place place = parameters->places[i];
        printf("%s %s (%zu KiB)", i ? "," : "", place_name(place), place_bytes(place) / 1024);
    }
    printf("; query and results in L1; medians of %d interleaved repeats\n", parameters->repeats);
    printf("GB/s and %% of loads: of rows as they are read, beside loads without arithmetic\n");
    printf("C / it, peer / it: how many times longer others take for the same rows\n");
    printf("C: %s\n\n", compiled_reference_flags());
}

void output_header(void)
{
    printf("%-38s %5s %-6s %9s %9s %8s %7s %8s", "kernel", "dim", "from", "ns/row", "cycles",
           "GB/s", "% loads", "C / it");
    for (int peer = 0; peer < peer_count(); peer++) {
        printf(" %8s/it", peer_name(peer));
    }
    printf(" %10s\n", "max error");
}

void output_loads(size_t dim, bench_place place, double gb_per_s)
{
    printf("%-38s %5zu %-6s %9s %9s %8.1f %7d\n", "(loads alone)", dim, place_name(place), "", "",
           gb_per_s, 100);
}

void output_row(const bench_row *row)
{
    printf("%-38s %5zu %-6s %9.2f %9.1f %8.1f %7.0f %7.2fx", row->kernel->name, row->dim,
           place_name(row->place), row->ns, row->cycles, row->gb_per_s, 100 * row->share_of_loads,
           row->ratio_to_c);
    for (int peer = 0; peer < peer_count(); peer++) {
        if (row->ratio_to_peers[peer] > 0) {
            printf(" %10.2fx", row->ratio_to_peers[peer]);
        } else {
            printf(" %11s", "-");
        }
    }
    printf(" %10.2e%s\n", row->max_rel_error, row->hidden_by_cpuid ? "  (hidden by CPUID)" : "");
}

static void write_machine(FILE *file)
{
    fprintf(file,
            "{\n  \"machine\": {\"cpu\": \"%s\", \"cores\": %ld, \"counter_hz\": %.0f, "
            "\"features\": %llu, \"reference\": \"%s\"},\n",
            cpu_name(), sysconf(_SC_NPROCESSORS_ONLN), counter_hz(),
            (unsigned long long)arb_cpu_facts(), compiled_reference_flags());
}

static void write_parameters(FILE *file, const bench_parameters *parameters)
{
    fprintf(file, "  \"parameters\": {\"dims\": [");
    for (size_t i = 0; i < parameters->dim_count; i++) {
        fprintf(file, "%s%zu", i ? ", " : "", parameters->dims[i]);
    }
    fprintf(file, "], \"repeats\": %d, \"working_set_bytes\": {", parameters->repeats);
    for (size_t i = 0; i < parameters->place_count; i++) {
        bench_place place = parameters->places[i];
        fprintf(file, "%s\"%s\": %zu", i ? ", " : "", place_name(place), place_bytes(place));
    }
    fprintf(file, "}},\n");
}

static void write_row(FILE *file, const bench_row *row)
{
    static const char *const shapes[] = {
        [SHAPE_ONE] = "1x1",     [SHAPE_FOUR] = "1x4",     [SHAPE_CAST] = "row",
        [SHAPE_ENCODE] = "row",  [SHAPE_DECODE] = "row",   [SHAPE_DOTS] = "1xn",
        [SHAPE_BIT_DOT] = "1x4", [SHAPE_BIT_NEAR] = "1xn", [SHAPE_SCREEN_CODE] = "row",
        [SHAPE_SCREEN] = "64xn", [SHAPE_BITS] = "words",   [SHAPE_POPCOUNT] = "words",
        [SHAPE_KEYS] = "keys",   [SHAPE_FASTSCAN] = "1xn"};
    fprintf(file,
            "    {\"kernel\": \"%s\", \"set\": \"%s\", \"shape\": \"%s\", \"dim\": %zu, "
            "\"where\": \"%s\", \"ns\": %.3f, \"cycles\": %.2f, \"gb_per_s\": %.3f, "
            "\"share_of_loads\": %.4f, \"ratio_to_c\": %.4f, ",
            row->kernel->name, row->kernel->isa, shapes[row->kernel->shape], row->dim,
            place_name(row->place), row->ns, row->cycles, row->gb_per_s, row->share_of_loads,
            row->ratio_to_c);
    for (int peer = 0; peer < peer_count(); peer++) {
        if (row->ratio_to_peers[peer] > 0) {
            fprintf(file, "\"ratio_to_%s\": %.4f, ", peer_name(peer), row->ratio_to_peers[peer]);
        }
    }
    fprintf(file, "\"max_rel_error\": %.4g, \"hidden_by_cpuid\": %s}", row->max_rel_error,
            row->hidden_by_cpuid ? "true" : "false");
}

int output_json(const bench_parameters *parameters, const bench_row *rows, size_t count)
{
    FILE *file = fopen(parameters->json, "w");
    if (!file) {
        fprintf(stderr, "%s: %s\n", parameters->json, strerror(errno));
        return 0;
    }
    write_machine(file);
    write_parameters(file, parameters);
    fprintf(file, "  \"rows\": [\n");
    for (size_t i = 0; i < count; i++) {
        write_row(file, &rows[i]);
        fprintf(file, "%s\n", i + 1 < count ? "," : "");
    }
    fprintf(file, "  ],\n  \"builds\": []\n}\n");
    int failed = ferror(file);
    if (fclose(file) != 0 || failed) {
        fprintf(stderr, "%s: %s\n", parameters->json, strerror(errno));
        return 0;
    }
    return 1;
}
