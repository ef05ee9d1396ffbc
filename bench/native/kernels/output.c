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
    printf("unit vectors in L1 or L2, %d rows; medians of %d interleaved repeats\n", MEASURE_ROWS,
           parameters->repeats);
    printf("C: %s\n\n", compiled_reference_flags());
}

void output_header(void)
{
    printf("%-30s %5s %9s %9s %8s %9s %10s\n", "kernel", "dim", "ns/row", "cycles", "GB/s",
           "C / it", "max error");
}

void output_row(const bench_row *row)
{
    printf("%-30s %5zu %9.2f %9.1f %8.1f %8.2fx %10.2e%s\n", row->kernel->name, row->dim, row->ns,
           row->cycles, row->gb_per_s, row->ratio_to_c, row->max_rel_error,
           row->hidden_by_cpuid ? "  (hidden by CPUID)" : "");
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
    fprintf(file, "], \"repeats\": %d, \"rows\": %d},\n", parameters->repeats, MEASURE_ROWS);
}

static void write_row(FILE *file, const bench_row *row)
{
    static const char *const shapes[] = {
        [SHAPE_ONE] = "1x1",    [SHAPE_FOUR] = "1x4",      [SHAPE_CAST] = "row",
        [SHAPE_ENCODE] = "row", [SHAPE_DECODE] = "row",    [SHAPE_DOTS] = "1xn",
        [SHAPE_BITS] = "words", [SHAPE_POPCOUNT] = "words"};
    fprintf(file,
            "    {\"kernel\": \"%s\", \"set\": \"%s\", \"shape\": \"%s\", \"dim\": %zu, "
            "\"ns\": %.3f, \"cycles\": %.2f, \"gb_per_s\": %.3f, \"ratio_to_c\": %.4f, "
            "\"max_rel_error\": %.4g, \"hidden_by_cpuid\": %s}",
            row->kernel->name, row->kernel->isa, shapes[row->kernel->shape], row->dim, row->ns,
            row->cycles, row->gb_per_s, row->ratio_to_c, row->max_rel_error,
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
