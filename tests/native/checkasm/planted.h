/* planted.h: kernels with a fault each, to show that the checker sees it. */
#ifndef ARB_CHECKASM_PLANTED_H
#define ARB_CHECKASM_PLANTED_H

#include "checkasm/catalog.h"

typedef struct planted_fault {
    kernel_entry kernel;
    const char *caught_by; /* words that the report of its first fault must have */
} planted_fault;

extern const planted_fault arb_planted[];
extern const size_t arb_planted_count;

/* Those of fastscan_near. */
extern const planted_fault arb_planted_fastscans[];
extern const size_t arb_planted_fastscans_count;

/* Reads a byte of the i-th two, as a fault that changes no result does. */
static inline void planted_touch(const void *vector, size_t i)
{
    (void)((const volatile uint8_t *)vector)[2 * i];
}

#endif
