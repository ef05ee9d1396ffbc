/* generate.h: what a generated function of aarch64 is made of; generate.c has its frame, a file a
 * family the steps in the middle.
 *
 * Registers: x0 query; one row: x1; four rows: x4-x7 (x1 points to their addresses first), x3 out;
 * x2 the loop's counter; x9 the address of a tail. Of the vector registers v8-v15 belong to the
 * caller; the other 24 are handed out by number, arb_a64_vector(i): sums (`accumulators` each),
 * totals, then scratch. No stack. */
#ifndef ARB_KERNELS_AARCH64_GENERATE_H
#define ARB_KERNELS_AARCH64_GENERATE_H

#include "kernels/aarch64/encode.h"

#define ARB_VECTOR_BYTES 16u

/* One vector of the operands. */
typedef struct arb_a64_step {
    size_t offset;        /* of the vector, in bytes from where the pointers are */
    unsigned bytes;       /* 16, or what is left of the operands */
    unsigned accumulator; /* which of each sum's is added to */
    int is_first;         /* it holds nothing yet */
} arb_a64_step;

typedef struct arb_a64_function {
    arb_code *code;
    arb_generate_job job;
    const struct arb_a64_family *family;
    unsigned sums;
    unsigned accumulators; /* of each sum */
    unsigned first_total;  /* the number of total 0; totals have a register a sum */
    unsigned scratch;      /* the first number that is free */
    arb_drain_plan drains; /* of a native function */
} arb_a64_function;

typedef struct arb_a64_family {
    unsigned element_bytes;
    arb_a64_op add_pairs; /* of totals */
    /* Chooses sums and accumulators; registers follow from them. */
    void (*choose)(arb_a64_function *function);
    /* Constants; may be NULL. */
    void (*begin)(const arb_a64_function *function);
    void (*step)(const arb_a64_function *function, const arb_a64_step *step);
    /* FP16 sums into the totals, every drains.period steps; NULL: sums last to the end. */
    void (*drain)(const arb_a64_function *function, unsigned used, int is_first);
    /* What is left to do so that there is one total a row, from first_total on, and for cosine one
     * of r * r a row and one of q * q behind them. */
    void (*finish)(const arb_a64_function *function, unsigned used);
} arb_a64_family;

extern const arb_a64_family arb_a64_f16_native, arb_a64_sq8;

/* The register of a number, 0..23: v0-v7, v16-v31. */
static inline unsigned arb_a64_vector(unsigned number)
{
    return number < 8 ? number : number + 8;
}

static inline unsigned arb_a64_sum(const arb_a64_function *function, unsigned sum,
                                   unsigned accumulator)
{
    return sum * function->accumulators + accumulator;
}

static inline unsigned arb_a64_row(const arb_a64_function *function, unsigned row)
{
    return function->job.rows == 1 ? 1 : 4 + row;
}

static inline unsigned arb_a64_steps(const arb_a64_function *function)
{
    size_t bytes = function->job.dim * function->family->element_bytes;
    return (unsigned)((bytes + ARB_VECTOR_BYTES - 1) / ARB_VECTOR_BYTES);
}

/* An instruction on registers by number. */
static inline void arb_a64_vectors(const arb_a64_function *function, arb_a64_op op,
                                   unsigned destination, unsigned first, unsigned second)
{
    arb_a64_put(function->code, op, arb_a64_vector(destination), arb_a64_vector(first),
                arb_a64_vector(second));
}

/* A step's bytes at a general register into a vector register, zeros behind them; no byte beside
 * them is read. `spare` is another register, lost. */
void arb_a64_load_step(const arb_a64_function *function, unsigned number, unsigned base,
                       const arb_a64_step *step, unsigned spare);

/* Adds the first `used` accumulators of a sum as a tree, the last addition into number `into`. With
 * one accumulator there is none, and `into` must be it. */
void arb_a64_merge(const arb_a64_function *function, arb_a64_op add, unsigned sum, unsigned used,
                   unsigned into);

#endif
