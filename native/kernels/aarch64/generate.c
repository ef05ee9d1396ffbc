/* The frame of a generated function on aarch64: operands' addresses, steps in a row or in a loop,
 * sums across lanes, the result. */
#include "kernels/aarch64/generate.h"

/* Steps of a loop's turn where no drain says how many. */
#define LOOP_STEPS 32

#define QUERY 0u   /* x0 */
#define ROWS 1u    /* x1 */
#define COUNTER 2u /* x2 */
#define OUT 3u     /* x3 */
#define TAIL 9u    /* x9 */

int arb_generator_has(arb_generated_family family, uint64_t requires)
{
    switch (family) {
    case ARB_GENERATED_F16:
        return 0; /* widening is native/asm's alone here */
    case ARB_GENERATED_F16_NATIVE:
        return (requires & ARB_CPU_NEONFP16) != 0;
    case ARB_GENERATED_SQ8:
        return (requires & ARB_CPU_NEONDOTPROD) != 0;
    }
    return 0;
}

void arb_a64_merge(const arb_a64_function *function, arb_a64_op add, unsigned sum, unsigned used,
                   unsigned into)
{
    while (used > 1) {
        unsigned kept = (used + 1) / 2;
        for (unsigned i = 0; i + kept < used; i++) {
            unsigned left = arb_a64_sum(function, sum, i);
            unsigned right = arb_a64_sum(function, sum, i + kept);
            arb_a64_vectors(function, add, kept == 1 ? into : left, left, right);
        }
        used = kept;
    }
}

/* ---- Loads ---- */

/* The last `bytes` of operands that have a whole vector before them: that vector's end and they are
 * loaded together, and what was there before is shifted out. */
static void load_overlapping(const arb_a64_function *function, unsigned number, unsigned base,
                             const arb_a64_step *step, unsigned spare)
{
    arb_code *code = function->code;
    unsigned known = ARB_VECTOR_BYTES - step->bytes;
    if (step->offset >= known) {
        arb_a64_add(code, TAIL, base, step->offset - known);
    } else { /* the vector before was the last of a loop's turn */
        arb_a64_subtract(code, TAIL, base, known - step->offset);
    }
    arb_a64_load(code, arb_a64_vector(number), TAIL, 0, ARB_VECTOR_BYTES);
    arb_a64_put(code, ARB_MOVI_16B_ZERO, arb_a64_vector(spare), 0, 0);
    arb_a64_extract(code, arb_a64_vector(number), arb_a64_vector(number), arb_a64_vector(spare),
                    known);
}

/* Operands shorter than a vector, in pieces of 8, 4, 2 and 1 bytes. */
static void load_pieces(const arb_a64_function *function, unsigned number, unsigned base,
                        unsigned bytes)
{
    arb_code *code = function->code;
    unsigned reg = arb_a64_vector(number), done = 0;
    for (unsigned piece = ARB_VECTOR_BYTES / 2; piece > 0; piece /= 2) {
        if ((bytes & piece) == 0) {
            continue;
        }
        if (done == 0) {
            arb_a64_load(code, reg, base, 0, piece);
        } else {
            arb_a64_add(code, TAIL, base, done);
            arb_a64_load_piece(code, reg, TAIL, piece, done / piece);
        }
        done += piece;
    }
}

void arb_a64_load_step(const arb_a64_function *function, unsigned number, unsigned base,
                       const arb_a64_step *step, unsigned spare)
{
    if (step->bytes == ARB_VECTOR_BYTES) {
        arb_a64_load(function->code, arb_a64_vector(number), base, step->offset, ARB_VECTOR_BYTES);
    } else if (function->job.dim * function->family->element_bytes > ARB_VECTOR_BYTES) {
        load_overlapping(function, number, base, step, spare);
    } else {
        load_pieces(function, number, base, step->bytes);
    }
}

static void load_rows(const arb_a64_function *function)
{
    if (function->job.rows == 4) {
        arb_a64_load_pair(function->code, arb_a64_row(function, 0), arb_a64_row(function, 1), ROWS,
                          0);
        arb_a64_load_pair(function->code, arb_a64_row(function, 2), arb_a64_row(function, 3), ROWS,
                          16);
    }
}

/* ---- Steps ---- */

/* `count` steps from step `first`; offsets count from step `base`, where the pointers are. */
static void put_steps(const arb_a64_function *function, unsigned first, unsigned count,
                      unsigned base, int sums_are_empty)
{
    size_t end = function->job.dim * function->family->element_bytes;
    for (unsigned i = 0; i < count; i++) {
        size_t at = (size_t)(first + i) * ARB_VECTOR_BYTES;
        arb_a64_step step = {
            .offset = at - (size_t)base * ARB_VECTOR_BYTES,
            .bytes = end - at < ARB_VECTOR_BYTES ? (unsigned)(end - at) : ARB_VECTOR_BYTES,
            .accumulator = i % function->accumulators,
            .is_first = sums_are_empty && i < function->accumulators,
        };
        function->family->step(function, &step);
    }
}

static unsigned used_accumulators(const arb_a64_function *function, unsigned steps)
{
    return steps < function->accumulators ? steps : function->accumulators;
}

/* Every step once, in a straight line. */
static void put_straight(const arb_a64_function *function)
{
    unsigned steps = arb_a64_steps(function);
    unsigned period = function->family->drain != NULL ? function->drains.period : steps;
    unsigned count = 0;
    for (unsigned first = 0; first < steps; first += count) {
        count = steps - first < period ? steps - first : period;
        put_steps(function, first, count, 0, 1);
        if (function->family->drain != NULL) {
            function->family->drain(function, used_accumulators(function, count), first == 0);
        }
    }
    function->family->finish(function, used_accumulators(function, count));
}

static void zero(const arb_a64_function *function, unsigned first, unsigned count)
{
    for (unsigned number = first; number < first + count; number++) {
        arb_a64_put(function->code, ARB_MOVI_4S_ZERO, arb_a64_vector(number), 0, 0);
    }
}

static void advance_pointers(const arb_a64_function *function, size_t bytes)
{
    arb_a64_add(function->code, QUERY, QUERY, bytes);
    for (unsigned row = 0; row < function->job.rows; row++) {
        arb_a64_add(function->code, arb_a64_row(function, row), arb_a64_row(function, row), bytes);
    }
}

/* Whole turns in a loop; the last ones, at least one step and the tail, in a line behind it. */
static void put_looped(const arb_a64_function *function)
{
    const arb_a64_family *family = function->family;
    int drained = family->drain != NULL;
    unsigned steps = arb_a64_steps(function);
    unsigned turn = drained ? function->drains.period : LOOP_STEPS;
    unsigned turns = (steps - 1) / turn;
    if (drained) {
        zero(function, function->first_total, function->sums);
    } else {
        zero(function, 0, function->sums * function->accumulators);
    }
    if (turns > 0) {
        arb_a64_move_immediate(function->code, COUNTER, (uint16_t)turns);
        size_t again = function->code->length;
        put_steps(function, 0, turn, 0, drained);
        if (drained) {
            family->drain(function, used_accumulators(function, turn), 0);
        }
        advance_pointers(function, (size_t)turn * ARB_VECTOR_BYTES);
        arb_a64_decrement(function->code, COUNTER);
        arb_a64_jump_back_if_not_zero(function->code, again);
    }
    unsigned done = turns * turn;
    put_steps(function, done, steps - done, done, drained);
    unsigned used = drained ? used_accumulators(function, steps - done) : function->accumulators;
    if (drained) {
        family->drain(function, used, 0);
    }
    family->finish(function, used);
}

/* ---- Results ---- */

/* Lanes 0..3 of number `into` become the sums of all lanes of four totals, which may be the same.
 */
static void reduce_four(const arb_a64_function *function, unsigned into, unsigned a, unsigned b,
                        unsigned c, unsigned d)
{
    arb_a64_op add_pairs = function->family->add_pairs;
    unsigned left = function->scratch, right = function->scratch + 1;
    arb_a64_vectors(function, add_pairs, left, a, b);
    arb_a64_vectors(function, add_pairs, right, c, d);
    arb_a64_vectors(function, add_pairs, into, left, right);
}

/* 1 - qr / (sqrt(qq) * sqrt(rr)) into v0: two roots, for qq * rr may leave float's range. */
static void put_cosine(const arb_a64_function *function, unsigned dots, unsigned norms,
                       unsigned query_norms)
{
    arb_code *code = function->code;
    unsigned ones = function->scratch;
    arb_a64_vectors(function, ARB_FMUL_4S, norms, norms, query_norms);
    arb_a64_vectors(function, ARB_FDIV_4S, dots, dots, norms);
    arb_a64_put(code, ARB_FMOV_4S_ONE, arb_a64_vector(ones), 0, 0);
    arb_a64_vectors(function, ARB_FSUB_4S, 0, ones, dots);
}

static void finish_cosine(const arb_a64_function *function)
{
    unsigned total = function->first_total;
    if (function->job.rows == 1) {
        /* lanes qr, rr, qq, qq */
        unsigned norms = total + 1, query_norms = total + 2, roots = function->scratch;
        reduce_four(function, total, total, total + 1, total + 2, total + 2);
        arb_a64_vectors(function, ARB_FSQRT_4S, roots, total, 0);
        arb_a64_vectors(function, ARB_DUP_4S_LANE1, norms, roots, 0);
        arb_a64_vectors(function, ARB_DUP_4S_LANE2, query_norms, roots, 0);
        put_cosine(function, total, norms, query_norms);
        return;
    }
    unsigned norms = total + 4, query_norms = total + 8;
    reduce_four(function, norms, norms, norms + 1, norms + 2, norms + 3);
    reduce_four(function, query_norms, query_norms, query_norms, query_norms, query_norms);
    reduce_four(function, total, total, total + 1, total + 2, total + 3);
    arb_a64_vectors(function, ARB_FSQRT_4S, norms, norms, 0);
    arb_a64_vectors(function, ARB_FSQRT_4S, query_norms, query_norms, 0);
    put_cosine(function, total, norms, query_norms);
}

static void put_result(const arb_a64_function *function)
{
    unsigned total = function->first_total;
    if (function->job.op == ARB_OP_COSINE) {
        finish_cosine(function);
    } else if (function->job.rows == 1) {
        reduce_four(function, 0, total, total, total, total);
    } else {
        reduce_four(function, 0, total, total + 1, total + 2, total + 3);
    }
    if (function->family->add_pairs == ARB_ADDP_4S) {
        arb_a64_put(function->code, ARB_SCVTF_4S, 0, 0, 0);
    }
    if (function->job.rows == 4) {
        arb_a64_store(function->code, 0, OUT);
    }
    arb_a64_ret(function->code);
}

void arb_generator_emit(arb_code *code, const arb_generate_job *job, int looped)
{
    arb_a64_function function = {
        .code = code,
        .job = *job,
        .family = job->family == ARB_GENERATED_SQ8 ? &arb_a64_sq8 : &arb_a64_f16_native,
    };
    function.family->choose(&function);
    arb_a64_bti(code);
    load_rows(&function);
    if (function.family->begin != NULL) {
        function.family->begin(&function);
    }
    if (looped) {
        put_looped(&function);
    } else {
        put_straight(&function);
    }
    put_result(&function);
}
