/* generated_catalog.h: the kernels that are generated at run time, as entries that the checks and
 * the bench take like those of catalog.h. There is no function before the dimension is known: its
 * place in the entry is NULL, and arb_function_of() generates it. */
#ifndef ARB_CHECKASM_GENERATED_CATALOG_H
#define ARB_CHECKASM_GENERATED_CATALOG_H

#include "checkasm/catalog.h"
#include "kernels/generated.h"

typedef struct generated_kernel {
    kernel_entry entry; /* isa: the plainest set whose kernels can be generated like this */
    arb_generated_family family;
    /* A planted fault, which `spoil` puts into the code where it finds a place (NULL: none), and
     * the words that the report of its first fault must have. */
    void (*spoil)(uint8_t *code, size_t length);
    const char *caught_by;
} generated_kernel;

extern const generated_kernel arb_generated_catalog[];
extern const size_t arb_generated_catalog_count;

extern const generated_kernel arb_generated_planted[];
extern const size_t arb_generated_planted_count;

/* The kernel's function for a dimension. A generated one lives until the next call and comes from
 * the set of its isa, whatever the CPU; no code ends the process with a message. */
any_fn arb_function_of(const kernel_entry *kernel, size_t dim);

/* Whether it computes on halves and drains: of an entry without a function. */
int arb_generated_is_native(const kernel_entry *kernel);

/* Whether it has a function for this dimension: a generated kernel has none for 0. */
static inline int arb_has_function_for(const kernel_entry *kernel, size_t dim)
{
    return kernel->function != NULL || dim > 0;
}

#endif
