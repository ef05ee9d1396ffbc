/* compiled_reference.h: the kernels' jobs in C, for the compiler to vectorise as well as it can:
 * what the assembly has to beat. */
#ifndef ARB_BENCH_COMPILED_REFERENCE_H
#define ARB_BENCH_COMPILED_REFERENCE_H

#include "checkasm/catalog.h"

/* The function for the kernel's job and shape, compiled for the widest instruction set of this CPU;
 * its type is that of the kernel's function. */
any_fn compiled_reference(const kernel_entry *kernel);

/* Loads bytes (a multiple of 512) with the widest vectors and computes next to nothing: their
 * exclusive or. */
uint64_t compiled_load(const void *from, size_t bytes);

/* How it was compiled, e.g. "gcc 12.2.0 -O3 -ffast-math -march=icelake-server". */
const char *compiled_reference_flags(void);

#endif
