/* measure.h: how long one call takes, and how far its result is off. */
#ifndef ARB_BENCH_MEASURE_H
#define ARB_BENCH_MEASURE_H

#include "checkasm/catalog.h"

#define MEASURE_DIM_MAX 8192
#define MEASURE_ROWS 8 /* a call goes to the next row or four: few enough for the caches */

/* Fills the operands with unit vectors (casts: their components; codes: random ones) of this
 * dimension. */
void measure_prepare(const kernel_entry *kernel, size_t dim);

typedef struct timing {
    double ns;     /* a distance; for a cast, a row */
    double cycles; /* of the time-stamp counter (x86-64) or the generic timer (aarch64) */
} timing;

/* Times one batch of calls; `function` has the kernel's type. */
timing measure_time(const kernel_entry *kernel, any_fn function, size_t dim);

/* The largest error over all rows, relative to the exact result (of a dot: to the norms, which are
 * 1; of an encoder: to the span of its grid). */
double measure_error(const kernel_entry *kernel, size_t dim);

/* Bytes of rows that the time is for: read, and for casts written too. */
double measure_bytes(const kernel_entry *kernel, size_t dim);

/* Ticks a second of the counter behind timing.cycles. */
double measure_counter_hz(void);

#endif
