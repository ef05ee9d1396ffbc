/* The steps of SQ8 codes with AVX512-VNNI. VPDPBUSD multiplies unsigned by signed bytes and adds
 * four products into a 32-bit lane, exactly: dim <= 8192 keeps every sum below 2^31, and what runs
 * over on the way comes back, lanes being modular.
 *
 * dot is that instruction: codes unsigned, query signed. l2sq has two unsigned operands. With x' =
 * x
 * - 128 (the sign bit flipped, so a signed byte) and B(u, s) for the instruction:
 *
 *   one row     d = |q - r| = max - min;  sum d^2 = B(d, d') - B(d, -128)
 *   four rows   sum (q - r)^2 = (B(q, q') - B(q, -128)) + B(r, r') + B(r, -128) - 2 B(r, q'):
 *               one instruction less a row, for the query's part is there once
 */
#include "kernels/x86_64/generate.h"

/* Steps that one accumulator may take in a row before a second one is worth its merging. */
#define SHORT_CHAIN 4

/* One row: sums B(d, d') and B(d, -128). */
enum { DIFFERENCE_SQUARES, DIFFERENCE_SUM };
/* Four rows: three sums each at 3 * row, then the query's. */
enum { ROW_SQUARES, ROW_SUM, ROW_PRODUCTS, ROW_SUMS };
enum { QUERY_SQUARES = 4 * ROW_SUMS, QUERY_SUM, FOUR_ROWS_SUMS };

/* An accumulator more has to be merged; one too few makes the sum wait for the instruction's five
 * cycles. Where there are few steps, the next call fills that wait: a short chain needs no company.
 */
static unsigned choose_accumulators(const arb_x86_function *function, unsigned steps)
{
    int is_one = function->job.rows == 1;
    if (function->job.op == ARB_OP_L2SQ) {
        return is_one && steps > SHORT_CHAIN ? 2 : 1;
    }
    unsigned wanted = (steps + SHORT_CHAIN - 1) / SHORT_CHAIN;
    unsigned most = is_one ? 4 : 2;
    return wanted < most ? wanted : most;
}

static void choose(arb_x86_function *function)
{
    unsigned steps = arb_x86_steps(function, function->family->step_elements);
    if (function->job.op == ARB_OP_DOT) {
        function->sums = function->job.rows;
    } else {
        function->sums = function->job.rows == 1 ? 2 : FOUR_ROWS_SUMS;
    }
    function->accumulators = choose_accumulators(function, steps);
    function->scratch = function->sums * function->accumulators;
    if (function->job.op == ARB_OP_L2SQ) {
        function->scratch++; /* the constant below it */
    }
}

/* -128 in every byte: a factor, and the bit that makes x' of x. */
static unsigned sign_bits(const arb_x86_function *function)
{
    return function->scratch - 1;
}

static void begin(const arb_x86_function *function)
{
    if (function->job.op == ARB_OP_L2SQ) {
        arb_x86_move_immediate(function->code, ARB_RAX, 0x80808080u);
        arb_evex_put(function->code, &ARB_VPBROADCASTD_R32, ARB_ZMM, sign_bits(function), 0,
                     arb_in_register(ARB_RAX), 0);
    }
}

static void put_load(const arb_x86_function *function, unsigned reg, arb_x86_register base,
                     const arb_x86_step *step)
{
    arb_evex_put(function->code, &ARB_VMOVDQU8, ARB_ZMM, reg, 0, arb_in_memory(base, step->offset),
                 step->mask);
}

/* sum += B(bytes, signed_bytes) */
static void put_products(const arb_x86_function *function, unsigned sum, const arb_x86_step *step,
                         unsigned bytes, arb_operand signed_bytes)
{
    unsigned accumulator = arb_x86_sum(function, sum, step->accumulator);
    if (step->is_first) {
        arb_x86_zero(function, accumulator, 1);
    }
    arb_evex_put(function->code, &ARB_VPDPBUSD, ARB_ZMM, accumulator, bytes, signed_bytes, 0);
}

static void step_dot(const arb_x86_function *function, const arb_x86_step *step)
{
    unsigned q = function->scratch, r = q + 1;
    /* with one row, a whole vector of the query can be an operand where it lies */
    int from_memory = function->job.rows == 1 && step->mask == 0;
    if (!from_memory) {
        put_load(function, q, ARB_RDI, step);
    }
    for (unsigned row = 0; row < function->job.rows; row++) {
        put_load(function, r, arb_x86_row(function, row), step);
        put_products(function, row, step, r,
                     from_memory ? arb_in_memory(ARB_RDI, step->offset) : arb_in_register(q));
    }
}

static void step_l2sq_one(const arb_x86_function *function, const arb_x86_step *step)
{
    unsigned q = function->scratch, r = q + 1, least = q + 2;
    unsigned sign = sign_bits(function);
    put_load(function, q, ARB_RDI, step);
    put_load(function, r, ARB_RSI, step);
    arb_x86_op(function, &ARB_VPMINUB, least, q, r);
    arb_x86_op(function, &ARB_VPMAXUB, q, q, r);
    arb_x86_op(function, &ARB_VPSUBB, q, q, least);
    arb_x86_op(function, &ARB_VPXORD, r, q, sign);
    put_products(function, DIFFERENCE_SUM, step, q, arb_in_register(sign));
    put_products(function, DIFFERENCE_SQUARES, step, q, arb_in_register(r));
}

static void step_l2sq_four(const arb_x86_function *function, const arb_x86_step *step)
{
    unsigned q = function->scratch, q_signed = q + 1, r = q + 2, r_signed = q + 3;
    unsigned sign = sign_bits(function);
    put_load(function, q, ARB_RDI, step);
    arb_x86_op(function, &ARB_VPXORD, q_signed, q, sign);
    put_products(function, QUERY_SUM, step, q, arb_in_register(sign));
    put_products(function, QUERY_SQUARES, step, q, arb_in_register(q_signed));
    for (unsigned row = 0; row < 4; row++) {
        put_load(function, r, arb_x86_row(function, row), step);
        arb_x86_op(function, &ARB_VPXORD, r_signed, r, sign);
        put_products(function, ROW_SUMS * row + ROW_SUM, step, r, arb_in_register(sign));
        put_products(function, ROW_SUMS * row + ROW_PRODUCTS, step, r, arb_in_register(q_signed));
        put_products(function, ROW_SUMS * row + ROW_SQUARES, step, r, arb_in_register(r_signed));
    }
}

static void put_step(const arb_x86_function *function, const arb_x86_step *step)
{
    if (function->job.op == ARB_OP_DOT) {
        step_dot(function, step);
    } else if (function->job.rows == 1) {
        step_l2sq_one(function, step);
    } else {
        step_l2sq_four(function, step);
    }
}

/* The four rows' totals from their sums, which have one accumulator each. */
static void finish_l2sq_four(const arb_x86_function *function)
{
    arb_x86_op(function, &ARB_VPSUBD, QUERY_SQUARES, QUERY_SQUARES, QUERY_SUM);
    for (unsigned row = 0; row < 4; row++) {
        unsigned squares = ROW_SUMS * row + ROW_SQUARES, sum = ROW_SUMS * row + ROW_SUM;
        unsigned products = ROW_SUMS * row + ROW_PRODUCTS;
        arb_x86_op(function, &ARB_VPADDD, squares, squares, sum);
        arb_x86_op(function, &ARB_VPADDD, products, products, products);
        arb_x86_op(function, &ARB_VPADDD, squares, squares, QUERY_SQUARES);
        /* register `row` belonged to a row before, which is done */
        arb_x86_op(function, &ARB_VPSUBD, row, squares, products);
    }
}

static void finish(const arb_x86_function *function, unsigned used)
{
    if (function->job.op == ARB_OP_L2SQ && function->job.rows == 4) {
        finish_l2sq_four(function);
        return;
    }
    arb_x86_merge_all(function, &ARB_VPADDD, used);
    if (function->job.op == ARB_OP_L2SQ) {
        arb_x86_op(function, &ARB_VPSUBD, 0, DIFFERENCE_SQUARES, DIFFERENCE_SUM);
    }
}

const arb_x86_family arb_x86_sq8 = {
    .step_elements = 64,
    .element_bytes = 1,
    .lanes = &arb_x86_int_lanes,
    .choose = choose,
    .begin = begin,
    .step = put_step,
    .finish = finish,
};
