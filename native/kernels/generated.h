/* generated.h: distances generated at run time for one exact dimension.
 *
 * A kernel of native/asm is told the dimension by its caller: it loops, counts, and looks after a
 * tail. A generated one is written into memory when the dimension is known: straight-line code
 * with as many steps as the dimension has, the mask or shift of its tail a constant, and sums
 * drained once where the range rule allows it. It computes what the set's own kernel of the same
 * job computes, to the same accuracy, reads the same bytes, and keeps to the same conventions; the
 * same tests hold it.
 *
 * Whether it is faster depends on the dimension, the CPU and where the rows are: whoever wants to
 * use one measures it (native/graph/calibrate.c; bench/RESULTS.md has figures). */
#ifndef ARB_KERNELS_GENERATED_H
#define ARB_KERNELS_GENERATED_H

#include "kernels/kernels.h"

typedef enum arb_generated_family {
    ARB_GENERATED_F16,        /* as distance[ARB_ELEMENT_F16]: halves, summed in FP32 */
    ARB_GENERATED_F16_NATIVE, /* as native: FP16 arithmetic, drained into FP32 */
    ARB_GENERATED_SQ8,        /* as sq8: exact integer sums; dot under ARB_METRIC_COSINE too */
} arb_generated_family;
#define ARB_GENERATED_FAMILIES 3

typedef struct arb_generated {
    arb_distance distance; /* for this dimension alone: their argument `dim` is not looked at */
    arb_distance replaces; /* the set's own kernel of the job */
    size_t dim;
    void *code; /* readable and executable, never writable while it is */
    size_t bytes;
} arb_generated;

/* Generates both shapes of a distance with the instructions that the set requires (the CPU is not
 * asked: whoever trusts the set trusts this). NULL where there is nothing to use, and that is no
 * error: the set has no such kernel or its instructions have no generator, dim is 0 or above
 * ARB_DIM_MAX, there is no memory, or the system does not let memory become executable (SELinux's
 * execmem, seccomp, PR_SET_MDWE). Thread-safe. The caller destroys it once no thread can be inside
 * it. */
arb_generated *arb_generate(const arb_kernel_set *set, arb_generated_family family,
                            arb_metric metric, size_t dim);

/* The same for the job that one of the set's kernels does; NULL too where it is none of the
 * families' above. */
arb_generated *arb_generate_like(const arb_kernel_set *set, arb_metric metric, arb_distance kernel,
                                 size_t dim);

void arb_generated_destroy(arb_generated *generated);

#endif
