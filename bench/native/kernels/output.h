/* output.h: the bench's table and its JSON file. */
#ifndef ARB_BENCH_OUTPUT_H
#define ARB_BENCH_OUTPUT_H

#include <stddef.h>

#include "measure.h"

typedef struct bench_row {
    const kernel_entry *kernel;
    size_t dim;
    bench_place place;
    double ns, cycles;                /* medians */
    double gb_per_s;                  /* of rows as they are read */
    double share_of_loads;            /* of what plain loads reach there in the same run */
    double ratio_to_c;                /* median of time of the compiled C over time of the kernel */
    double ratio_to_peers[PEERS_MAX]; /* the same of a peer; 0 where it has no such job */
    double max_rel_error;
    int hidden_by_cpuid;
} bench_row;

typedef struct bench_parameters {
    size_t dims[16];
    size_t dim_count;
    bench_place places[PLACES];
    size_t place_count;
    int repeats;
    const char *filter; /* NULL: every kernel */
    const char *json;   /* NULL: no file */
} bench_parameters;

void output_machine(const bench_parameters *parameters);
void output_header(void);
void output_row(const bench_row *row);

/* The limit of every row of that dimension and place. */
void output_loads(size_t dim, bench_place place, double gb_per_s);

/* Returns whether the file was written; says why not on stderr. */
int output_json(const bench_parameters *parameters, const bench_row *rows, size_t count);

#endif
