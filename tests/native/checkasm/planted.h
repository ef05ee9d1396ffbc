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

#endif
