/* generate.h: what the generator's parts share: the code that they write and the plan of a sum.
 * generated.h is what the rest of the library sees. */
#ifndef ARB_KERNELS_GENERATE_H
#define ARB_KERNELS_GENERATE_H

#include "kernels/generated.h"

/* The longest function that is unrolled as a whole: an eighth of the first level's instruction
 * cache, so that the code of a search stays there beside it. What would be longer gets a loop. */
#define ARB_UNROLLED_BYTES_MAX 4096
/* The longest function of all: with a loop the length does not depend on the dimension. */
#define ARB_GENERATED_BYTES_MAX 8192
#define ARB_FUNCTION_ALIGNMENT 64

/* FP16 additions that a term may pass before it is in an FP32 sum, so that a generated kernel is as
 * accurate as those of native/asm: their heads have what follows from it. */
#define ARB_NATIVE_ADDITIONS_MAX 8

/* Code as it is written. What does not fit is dropped and remembered: one look at the end does. */
typedef struct arb_code {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
    int overflowed;
} arb_code;

/* The `count` lower bytes of value, least significant first. */
void arb_code_put(arb_code *code, uint64_t value, unsigned count);

typedef enum arb_op { ARB_OP_L2SQ, ARB_OP_DOT, ARB_OP_COSINE } arb_op;

/* One function to write: void or float, as `rows` is 4 or 1. */
typedef struct arb_generate_job {
    arb_generated_family family;
    arb_op op;
    unsigned rows; /* 1 or 4 */
    size_t dim;
} arb_generate_job;

/* Whether the generator of this architecture has instructions for a family among `requires`. */
int arb_generator_has(arb_generated_family family, uint64_t requires);

/* Appends the function, looped or not. Sets code->overflowed where it is too long. */
void arb_generator_emit(arb_code *code, const arb_generate_job *job, int looped);

/* How `steps` vectors are summed in FP16: a period of them at a time, each vector into one of
 * `accumulators` lane-wise sums in turn, which are merged and drained when the period ends. */
typedef struct arb_drain_plan {
    unsigned period;   /* vectors from drain to drain */
    unsigned may_fold; /* the merged sum's upper half may be added to its lower one in FP16 */
} arb_drain_plan;

/* The longest periods, all of about one length, that ARB_NATIVE_TERMS_MAX and
 * ARB_NATIVE_ADDITIONS_MAX allow. */
arb_drain_plan arb_plan_drains(unsigned steps, unsigned accumulators);

#endif
