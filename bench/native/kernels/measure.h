/* measure.h: how long one call takes, and how far its result is off. */
#ifndef ARB_BENCH_MEASURE_H
#define ARB_BENCH_MEASURE_H

#include "checkasm/catalog.h"
#include "peer.h"
#include "places.h"

#define MEASURE_DIM_MAX 8192

/* Fills the query, and the rows that errors are measured on, with unit vectors (casts: their
 * components; codes: random ones) of this dimension. */
void measure_prepare(const kernel_entry *kernel, size_t dim);

/* What is timed: a kernel's job by a function of the kernel's type, or by a peer's. */
typedef struct bench_call {
    const kernel_entry *kernel;
    size_t dim;
    any_fn function;
    peer_fn peer; /* not NULL: instead of function */
} bench_call;

typedef struct timing {
    double ns;     /* a row: a distance, a cast, an operation; 0 where the place has no room */
    double cycles; /* of the time-stamp counter (x86-64) or the generic timer (aarch64) */
} timing;

/* Times one batch of calls on rows of the place; query and results stay in L1. */
timing measure_time(const bench_call *call, bench_place place);

/* The largest error over a few rows, relative to the exact result (of a dot: to the norms, which
 * are 1; of an encoder: to the span of its grid). */
double measure_error(const kernel_entry *kernel, any_fn function, size_t dim);

/* Bytes of a row as it is read. */
double measure_bytes(const kernel_entry *kernel, size_t dim);

double measure_now_ns(void);

/* Ticks a second of the counter behind timing.cycles. */
double measure_counter_hz(void);

#endif
