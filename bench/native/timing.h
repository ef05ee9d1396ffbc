/* timing.h: what the benches time with. */
#ifndef ARB_BENCH_TIMING_H
#define ARB_BENCH_TIMING_H

#include <stdlib.h>
#include <time.h>

static inline double bench_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Seconds since some moment. */
static inline double bench_now(void)
{
    return bench_clock(CLOCK_MONOTONIC);
}

/* For qsort. */
static inline int bench_compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The upper of the two middle ones of an even count; sorts the values. */
static inline double bench_median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof values[0], bench_compare);
    return values[count / 2];
}

#endif
