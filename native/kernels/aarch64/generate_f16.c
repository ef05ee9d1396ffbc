/* The steps of FP16 rows computed on halves (FEAT_FP16) and drained into FP32. The query is loaded
 * once for the rows. */
#include "kernels/aarch64/generate.h"

/* The fewest accumulators of a sum whose chains hide the latency of four cycles beside what else a
 * step does: every one more has to be merged. It takes more where that saves it a drain: the 24
 * registers set the most, with the totals and three for the operands. */
static unsigned choose_accumulators(const arb_a64_function *function, unsigned steps)
{
    int is_cosine = function->job.op == ARB_OP_COSINE;
    int is_one = function->job.rows == 1;
    unsigned accumulators = is_cosine ? (is_one ? 2 : 1) : (is_one ? 4 : 2);
    unsigned most = is_cosine && !is_one ? 1 : 2 * accumulators;
    while (accumulators < most && arb_plan_drains(steps, accumulators).period < steps) {
        accumulators++;
    }
    return accumulators;
}

static void choose(arb_a64_function *function)
{
    unsigned rows = function->job.rows;
    unsigned steps = arb_a64_steps(function);
    unsigned wanted = choose_accumulators(function, steps);
    function->sums = function->job.op == ARB_OP_COSINE ? 2 * rows + 1 : rows;
    function->accumulators = steps < wanted ? steps : wanted;
    function->drains = arb_plan_drains(steps, function->accumulators);
    function->first_total = function->sums * function->accumulators;
    function->scratch = function->first_total + function->sums;
}

/* sum += a * b, or = where the accumulator is empty: one rounding less, and nothing to clear */
static void put_multiply_add(const arb_a64_function *function, unsigned sum,
                             const arb_a64_step *step, unsigned a, unsigned b)
{
    arb_a64_vectors(function, step->is_first ? ARB_FMUL_8H : ARB_FMLA_8H,
                    arb_a64_sum(function, sum, step->accumulator), a, b);
}

static void put_step(const arb_a64_function *function, const arb_a64_step *step)
{
    unsigned q = function->scratch, r = q + 1, spare = q + 2;
    unsigned rows = function->job.rows;
    arb_a64_load_step(function, q, 0, step, spare);
    if (function->job.op == ARB_OP_COSINE) {
        put_multiply_add(function, 2 * rows, step, q, q);
    }
    for (unsigned row = 0; row < rows; row++) {
        arb_a64_load_step(function, r, arb_a64_row(function, row), step, spare);
        switch (function->job.op) {
        case ARB_OP_L2SQ:
            arb_a64_vectors(function, ARB_FSUB_8H, r, q, r);
            put_multiply_add(function, row, step, r, r);
            break;
        case ARB_OP_DOT:
            put_multiply_add(function, row, step, q, r);
            break;
        case ARB_OP_COSINE:
            put_multiply_add(function, row, step, q, r);
            put_multiply_add(function, rows + row, step, r, r);
            break;
        }
    }
}

static void drain(const arb_a64_function *function, unsigned used, int is_first)
{
    unsigned low = function->scratch, high = function->scratch + 1;
    for (unsigned sum = 0; sum < function->sums; sum++) {
        unsigned merged = arb_a64_sum(function, sum, 0), total = function->first_total + sum;
        arb_a64_merge(function, ARB_FADD_8H, sum, used, merged);
        arb_a64_vectors(function, ARB_FCVTL2_4S, high, merged, 0);
        if (is_first) {
            arb_a64_vectors(function, ARB_FCVTL_4S, total, merged, 0);
        } else {
            arb_a64_vectors(function, ARB_FCVTL_4S, low, merged, 0);
            arb_a64_vectors(function, ARB_FADD_4S, total, total, low);
        }
        arb_a64_vectors(function, ARB_FADD_4S, total, total, high);
    }
}

static void finish(const arb_a64_function *function, unsigned used)
{
    (void)function; /* the drain of the last period has made the totals */
    (void)used;
}

const arb_a64_family arb_a64_f16_native = {
    .element_bytes = 2,
    .add_pairs = ARB_FADDP_4S,
    .choose = choose,
    .step = put_step,
    .drain = drain,
    .finish = finish,
};
