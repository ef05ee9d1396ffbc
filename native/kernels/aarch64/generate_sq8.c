/* The steps of SQ8 codes with FEAT_DotProd, exact in 32 bits: dim <= 8192 keeps every sum below
 * 2^31.
 *
 * l2sq: |q - r| (UABD), then its square into the sum (UDOT). dot: SDOT takes two signed operands,
 * and a code is unsigned; with r' = r - 128 (the sign bit flipped, so a signed byte)
 *
 *     sum q r = sum q r' - sum q (-128)
 *
 * where the second sum is the query's alone: once for four rows. */
#include "kernels/aarch64/generate.h"

static void choose(arb_a64_function *function)
{
    int is_dot = function->job.op == ARB_OP_DOT;
    unsigned steps = arb_a64_steps(function);
    unsigned wanted = function->job.rows == 1 ? 4 : 2;
    function->sums = function->job.rows + (is_dot ? 1 : 0);
    function->accumulators = steps < wanted ? steps : wanted;
    function->scratch = function->sums * function->accumulators + (is_dot ? 1 : 0);
}

/* -128 in every byte: a factor, and the bit that makes r' of r; dot has it. */
static unsigned sign_bits(const arb_a64_function *function)
{
    return function->scratch - 1;
}

static void begin(const arb_a64_function *function)
{
    if (function->job.op == ARB_OP_DOT) {
        arb_a64_put(function->code, ARB_MOVI_16B_SIGN, arb_a64_vector(sign_bits(function)), 0, 0);
    }
}

static void put_products(const arb_a64_function *function, arb_a64_op op, unsigned sum,
                         const arb_a64_step *step, unsigned a, unsigned b)
{
    unsigned accumulator = arb_a64_sum(function, sum, step->accumulator);
    if (step->is_first) {
        arb_a64_put(function->code, ARB_MOVI_4S_ZERO, arb_a64_vector(accumulator), 0, 0);
    }
    arb_a64_vectors(function, op, accumulator, a, b);
}

static void put_step(const arb_a64_function *function, const arb_a64_step *step)
{
    unsigned q = function->scratch, r = q + 1, spare = q + 2;
    unsigned rows = function->job.rows;
    arb_a64_load_step(function, q, 0, step, spare);
    if (function->job.op == ARB_OP_DOT) {
        put_products(function, ARB_SDOT_4S, rows, step, q, sign_bits(function));
    }
    for (unsigned row = 0; row < rows; row++) {
        arb_a64_load_step(function, r, arb_a64_row(function, row), step, spare);
        if (function->job.op == ARB_OP_DOT) {
            arb_a64_vectors(function, ARB_EOR_16B, r, r, sign_bits(function));
            put_products(function, ARB_SDOT_4S, row, step, q, r);
        } else {
            arb_a64_vectors(function, ARB_UABD_16B, r, q, r);
            put_products(function, ARB_UDOT_4S, row, step, r, r);
        }
    }
}

static void finish(const arb_a64_function *function, unsigned used)
{
    unsigned rows = function->job.rows;
    for (unsigned sum = 0; sum < function->sums; sum++) {
        /* register `sum` belonged to a sum before or is this one's first */
        arb_a64_merge(function, ARB_ADD_4S, sum, used, sum);
    }
    for (unsigned row = 0; function->job.op == ARB_OP_DOT && row < rows; row++) {
        arb_a64_vectors(function, ARB_SUB_4S, row, row, rows);
    }
}

const arb_a64_family arb_a64_sq8 = {
    .element_bytes = 1,
    .add_pairs = ARB_ADDP_4S,
    .choose = choose,
    .begin = begin,
    .step = put_step,
    .finish = finish,
};
