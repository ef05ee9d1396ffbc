/* The steps of FP16 rows: computed on halves and drained (AVX512-FP16), or widened and summed in
 * FP32 (AVX-512). Both load the query once and go through the rows. */
#include "kernels/x86_64/generate.h"

static int is_native(const arb_x86_function *function)
{
    return function->job.family == ARB_GENERATED_F16_NATIVE;
}

/* The fewest accumulators of a sum whose chains hide the latency of four cycles beside what else a
 * step does: every one more has to be merged. A native sum takes more where that saves it a drain:
 * registers set the most. */
static unsigned choose_accumulators(const arb_x86_function *function, unsigned steps)
{
    int is_cosine = function->job.op == ARB_OP_COSINE;
    int is_one = function->job.rows == 1;
    if (!is_native(function)) {
        return is_one ? 2 : 1;
    }
    unsigned accumulators = is_cosine ? (is_one ? 2 : 1) : (is_one ? 4 : 2);
    unsigned most = 2 * accumulators;
    while (accumulators < most && arb_plan_drains(steps, accumulators).period < steps) {
        accumulators++;
    }
    return accumulators;
}

static void choose(arb_x86_function *function)
{
    unsigned rows = function->job.rows;
    unsigned steps = arb_x86_steps(function, function->family->step_elements);
    unsigned wanted = choose_accumulators(function, steps);
    function->sums = function->job.op == ARB_OP_COSINE ? 2 * rows + 1 : rows;
    function->accumulators = steps < wanted ? steps : wanted;
    unsigned sums_end = function->sums * function->accumulators;
    if (is_native(function)) {
        function->drains = arb_plan_drains(steps, function->accumulators);
        function->first_total = sums_end;
        function->scratch = sums_end + function->sums;
    } else {
        function->scratch = sums_end;
    }
}

/* A vector of halves, as halves or widened. */
static void put_load(const arb_x86_function *function, unsigned reg, arb_x86_register base,
                     const arb_x86_step *step)
{
    arb_operand memory = arb_in_memory(base, step->offset);
    if (is_native(function)) {
        arb_evex_put(function->code, &ARB_VMOVDQU16, ARB_ZMM, reg, 0, memory, step->mask);
    } else if (step->mask == 0) {
        arb_evex_put(function->code, &ARB_VCVTPH2PS, ARB_ZMM, reg, 0, memory, 0);
    } else {
        arb_evex_put(function->code, &ARB_VMOVDQU16, ARB_YMM, reg, 0, memory, step->mask);
        arb_x86_op(function, &ARB_VCVTPH2PS, reg, 0, reg);
    }
}

/* sum += a * b, or = where the accumulator is empty: one rounding less, and nothing to clear */
static void put_multiply_add(const arb_x86_function *function, unsigned sum,
                             const arb_x86_step *step, unsigned a, arb_operand b)
{
    const arb_evex *multiply = is_native(function) ? &ARB_VMULPH : &ARB_VMULPS;
    const arb_evex *add_product = is_native(function) ? &ARB_VFMADD231PH : &ARB_VFMADD231PS;
    arb_evex_put(function->code, step->is_first ? multiply : add_product, ARB_ZMM,
                 arb_x86_sum(function, sum, step->accumulator), a, b, 0);
}

static void step_row(const arb_x86_function *function, const arb_x86_step *step, unsigned row)
{
    unsigned q = function->scratch, r = function->scratch + 1;
    unsigned rows = function->job.rows;
    arb_x86_register base = arb_x86_row(function, row);
    arb_operand memory = arb_in_memory(base, step->offset);
    /* a whole vector of halves can be an operand where it lies */
    int from_memory = is_native(function) && step->mask == 0;
    switch (function->job.op) {
    case ARB_OP_L2SQ:
        if (from_memory) {
            arb_evex_put(function->code, &ARB_VSUBPH, ARB_ZMM, r, q, memory, 0);
        } else {
            put_load(function, r, base, step);
            arb_x86_op(function, is_native(function) ? &ARB_VSUBPH : &ARB_VSUBPS, r, q, r);
        }
        put_multiply_add(function, row, step, r, arb_in_register(r));
        break;
    case ARB_OP_DOT:
        if (!from_memory) {
            put_load(function, r, base, step);
        }
        put_multiply_add(function, row, step, q, from_memory ? memory : arb_in_register(r));
        break;
    case ARB_OP_COSINE:
        put_load(function, r, base, step);
        put_multiply_add(function, row, step, q, arb_in_register(r));
        put_multiply_add(function, rows + row, step, r, arb_in_register(r));
        break;
    }
}

static void put_step(const arb_x86_function *function, const arb_x86_step *step)
{
    unsigned q = function->scratch;
    put_load(function, q, ARB_RDI, step);
    if (function->job.op == ARB_OP_COSINE) {
        put_multiply_add(function, 2 * function->job.rows, step, q, arb_in_register(q));
    }
    for (unsigned row = 0; row < function->job.rows; row++) {
        step_row(function, step, row);
    }
}

/* Merges a sum's accumulators, folds the result to half a register where the plan allows it (one
 * conversion instead of two), and adds it, widened, to the sum's total. */
static void drain_sum(const arb_x86_function *function, unsigned sum, unsigned used, int is_first)
{
    arb_code *code = function->code;
    unsigned low = arb_x86_sum(function, sum, 0), high = function->scratch;
    unsigned total = function->first_total + sum;
    unsigned widened = is_first ? total : low;
    arb_x86_merge(function, &ARB_VADDPH, sum, used, low);
    arb_evex_put_immediate(code, &ARB_VEXTRACTF64X4, ARB_ZMM, low, 0, arb_in_register(high), 1);
    if (function->drains.may_fold) {
        arb_evex_put(code, &ARB_VADDPH, ARB_YMM, low, low, arb_in_register(high), 0);
    }
    arb_x86_op(function, &ARB_VCVTPH2PS, widened, 0, low);
    if (!is_first) {
        arb_x86_op(function, &ARB_VADDPS, total, total, widened);
    }
    if (!function->drains.may_fold) {
        arb_x86_op(function, &ARB_VCVTPH2PS, high, 0, high);
        arb_x86_op(function, &ARB_VADDPS, total, total, high);
    }
}

static void drain(const arb_x86_function *function, unsigned used, int is_first)
{
    for (unsigned sum = 0; sum < function->sums; sum++) {
        drain_sum(function, sum, used, is_first);
    }
}

static void finish_native(const arb_x86_function *function, unsigned used)
{
    (void)function; /* the drain of the last period has made the totals */
    (void)used;
}

static void finish_widened(const arb_x86_function *function, unsigned used)
{
    arb_x86_merge_all(function, &ARB_VADDPS, used);
}

const arb_x86_family arb_x86_f16 = {
    .step_elements = 16,
    .element_bytes = 2,
    .lanes = &arb_x86_float_lanes,
    .choose = choose,
    .step = put_step,
    .finish = finish_widened,
};

const arb_x86_family arb_x86_f16_native = {
    .step_elements = 32,
    .element_bytes = 2,
    .lanes = &arb_x86_float_lanes,
    .choose = choose,
    .step = put_step,
    .drain = drain,
    .finish = finish_native,
};
