/* generate.h: what a generated function of x86-64 is made of; generate.c has its frame, a file a
 * family the steps in the middle.
 *
 * Registers: rdi query; one row: rsi; four rows: r8-r11 (rsi points to their addresses first), rcx
 * out; rax scratch; rdx the loop's counter; k1 the tail's mask. Vector registers are handed out in
 * the order: sums (`accumulators` each), totals, then scratch. Nothing callee-saved, no stack. */
#ifndef ARB_KERNELS_X86_64_GENERATE_H
#define ARB_KERNELS_X86_64_GENERATE_H

#include "kernels/x86_64/encode.h"

#define ARB_TAIL_MASK 1 /* k1 */

/* One vector of the operands. */
typedef struct arb_x86_step {
    size_t offset;        /* of the vector, in bytes */
    unsigned mask;        /* 0, or ARB_TAIL_MASK */
    unsigned accumulator; /* which of each sum's is added to */
    int is_first;         /* it holds nothing yet */
} arb_x86_step;

typedef struct arb_x86_function {
    arb_code *code;
    arb_generate_job job;
    const struct arb_x86_family *family;
    /* A row's sums stand at the row's number, a second sum of each row at 4 + the row's number or,
     * with one row, at 1, and the query's own behind the rows'. */
    unsigned sums;
    unsigned accumulators; /* of each sum */
    unsigned first_total;  /* the register of total 0; totals have a register a sum */
    unsigned scratch;      /* the first register that is free */
    arb_drain_plan drains; /* of a native function */
} arb_x86_function;

/* How totals of lanes are added across: the same shuffles on floats and on integers. */
typedef struct arb_x86_lanes {
    const arb_evex *add;
    const arb_evex *unpack_low32, *unpack_high32, *unpack_low64, *unpack_high64;
    const arb_evex *extract_half, *extract_quarter;
    const arb_evex *permute;
} arb_x86_lanes;
extern const arb_x86_lanes arb_x86_float_lanes, arb_x86_int_lanes;

typedef struct arb_x86_family {
    unsigned step_elements;
    unsigned element_bytes;
    const arb_x86_lanes *lanes;
    /* Chooses sums and accumulators; registers follow from them. */
    void (*choose)(arb_x86_function *function);
    /* Constants, after the rows' addresses are loaded; may be NULL. */
    void (*begin)(const arb_x86_function *function);
    void (*step)(const arb_x86_function *function, const arb_x86_step *step);
    /* FP16 sums into the totals, every drains.period steps; NULL: sums last to the end. */
    void (*drain)(const arb_x86_function *function, unsigned used, int is_first);
    /* What is left to do so that there is one total a row, in first_total's registers, and for
     * cosine one of r * r a row and one of q * q behind them. */
    void (*finish)(const arb_x86_function *function, unsigned used);
} arb_x86_family;

extern const arb_x86_family arb_x86_f16, arb_x86_f16_native, arb_x86_sq8;

static inline unsigned arb_x86_sum(const arb_x86_function *function, unsigned sum,
                                   unsigned accumulator)
{
    return sum * function->accumulators + accumulator;
}

static inline arb_x86_register arb_x86_row(const arb_x86_function *function, unsigned row)
{
    return function->job.rows == 1 ? ARB_RSI : (arb_x86_register)(ARB_R8 + row);
}

/* How many steps the dimension takes, the last one being short where it does not divide. */
static inline unsigned arb_x86_steps(const arb_x86_function *function, unsigned step_elements)
{
    return (unsigned)((function->job.dim + step_elements - 1) / step_elements);
}

/* op zmm: the most frequent case */
static inline void arb_x86_op(const arb_x86_function *function, const arb_evex *op,
                              unsigned destination, unsigned first, unsigned second)
{
    arb_evex_put(function->code, op, ARB_ZMM, destination, first, arb_in_register(second), 0);
}

/* Adds the first `used` accumulators of a sum as a tree, the last addition into register `into`.
 * With one accumulator there is none, and `into` must be it. */
void arb_x86_merge(const arb_x86_function *function, const arb_evex *add, unsigned sum,
                   unsigned used, unsigned into);

/* finish() of a family whose accumulators last to the end: sum i goes to register i, which holds
 * nothing that is still needed, being at or before the sum's own accumulators. */
void arb_x86_merge_all(const arb_x86_function *function, const arb_evex *add, unsigned used);

void arb_x86_zero(const arb_x86_function *function, unsigned first, unsigned count);

#endif
