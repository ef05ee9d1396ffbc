/* The frame of a generated function on x86-64: operands' addresses, steps in a row or in a loop,
 * sums across lanes, the result. */
#include "kernels/x86_64/generate.h"

/* Steps of a loop's turn where no drain says how many. */
#define LOOP_STEPS 16

const arb_x86_lanes arb_x86_float_lanes = {
    &ARB_VADDPS,    &ARB_VUNPCKLPS,     &ARB_VUNPCKHPS,     &ARB_VUNPCKLPD,
    &ARB_VUNPCKHPD, &ARB_VEXTRACTF64X4, &ARB_VEXTRACTF32X4, &ARB_VPERMILPS,
};
const arb_x86_lanes arb_x86_int_lanes = {
    &ARB_VPADDD,      &ARB_VPUNPCKLDQ,    &ARB_VPUNPCKHDQ,    &ARB_VPUNPCKLQDQ,
    &ARB_VPUNPCKHQDQ, &ARB_VEXTRACTI64X4, &ARB_VEXTRACTI32X4, &ARB_VPSHUFD,
};

int arb_generator_has(arb_generated_family family, uint64_t requires)
{
    switch (family) {
    case ARB_GENERATED_F16:
        return (requires & ARB_CPU_AVX512) != 0;
    case ARB_GENERATED_F16_NATIVE:
        return (requires & ARB_CPU_AVX512FP16) != 0;
    case ARB_GENERATED_SQ8:
        return (requires & ARB_CPU_AVX512VNNI) != 0;
    }
    return 0;
}

void arb_x86_merge(const arb_x86_function *function, const arb_evex *add, unsigned sum,
                   unsigned used, unsigned into)
{
    while (used > 1) {
        unsigned kept = (used + 1) / 2;
        for (unsigned i = 0; i + kept < used; i++) {
            unsigned left = arb_x86_sum(function, sum, i);
            unsigned right = arb_x86_sum(function, sum, i + kept);
            arb_x86_op(function, add, kept == 1 ? into : left, left, right);
        }
        used = kept;
    }
}

void arb_x86_merge_all(const arb_x86_function *function, const arb_evex *add, unsigned used)
{
    for (unsigned sum = 0; sum < function->sums; sum++) {
        arb_x86_merge(function, add, sum, used, sum);
    }
}

/* ---- Prologue ---- */

static void load_rows(const arb_x86_function *function)
{
    for (unsigned row = 0; function->job.rows == 4 && row < 4; row++) {
        arb_x86_load(function->code, arb_x86_row(function, row), ARB_RSI, (uint8_t)(8 * row));
    }
}

static void set_tail_mask(const arb_x86_function *function)
{
    size_t tail = function->job.dim % function->family->step_elements;
    if (tail != 0) {
        arb_x86_move_immediate(function->code, ARB_RAX, ((uint64_t)1 << tail) - 1);
        arb_x86_set_mask(function->code, ARB_TAIL_MASK, ARB_RAX);
    }
}

void arb_x86_zero(const arb_x86_function *function, unsigned first, unsigned count)
{
    for (unsigned reg = first; reg < first + count; reg++) {
        arb_evex_put(function->code, &ARB_VPXORD, ARB_XMM, reg, reg, arb_in_register(reg), 0);
    }
}

/* ---- Steps ---- */

/* `count` steps from step `first`; offsets count from step `base`, where the pointers are. */
static void put_steps(const arb_x86_function *function, unsigned first, unsigned count,
                      unsigned base, int sums_are_empty)
{
    const arb_x86_family *family = function->family;
    size_t elements = family->step_elements;
    for (unsigned i = 0; i < count; i++) {
        int is_short = (first + i + 1) * elements > function->job.dim;
        arb_x86_step step = {
            .offset = (first + i - base) * elements * family->element_bytes,
            .mask = is_short ? ARB_TAIL_MASK : 0,
            .accumulator = i % function->accumulators,
            .is_first = sums_are_empty && i < function->accumulators,
        };
        family->step(function, &step);
    }
}

static unsigned used_accumulators(const arb_x86_function *function, unsigned steps)
{
    return steps < function->accumulators ? steps : function->accumulators;
}

/* Every step once, in a straight line. */
static void put_straight(const arb_x86_function *function)
{
    unsigned steps = arb_x86_steps(function, function->family->step_elements);
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

static void advance_pointers(const arb_x86_function *function, size_t bytes)
{
    arb_x86_add_immediate(function->code, ARB_RDI, (int32_t)bytes);
    for (unsigned row = 0; row < function->job.rows; row++) {
        arb_x86_add_immediate(function->code, arb_x86_row(function, row), (int32_t)bytes);
    }
}

/* Whole turns in a loop; the last ones, at least one step and the tail, in a line behind it. */
static void put_looped(const arb_x86_function *function)
{
    const arb_x86_family *family = function->family;
    int drained = family->drain != NULL;
    unsigned steps = arb_x86_steps(function, function->family->step_elements);
    unsigned turn = drained ? function->drains.period : LOOP_STEPS;
    unsigned turns = (steps - 1) / turn;
    if (drained) {
        arb_x86_zero(function, function->first_total, function->sums);
    } else {
        arb_x86_zero(function, 0, function->sums * function->accumulators);
    }
    if (turns > 0) {
        arb_x86_move_immediate(function->code, ARB_RDX, turns);
        size_t again = function->code->length;
        put_steps(function, 0, turn, 0, drained);
        if (drained) {
            family->drain(function, used_accumulators(function, turn), 0);
        }
        advance_pointers(function, (size_t)turn * family->step_elements * family->element_bytes);
        arb_x86_decrement(function->code, ARB_RDX);
        arb_x86_jump_back_if_not_zero(function->code, again);
    }
    unsigned done = turns * turn;
    put_steps(function, done, steps - done, done, drained);
    unsigned used = drained ? used_accumulators(function, steps - done) : function->accumulators;
    if (drained) {
        family->drain(function, used, 0);
    }
    family->finish(function, used);
}

/* ---- Sums across lanes ---- */

/* Adds the halves of a vector until four lanes are left. */
static void fold_to_four(const arb_x86_function *function, unsigned reg, unsigned scratch)
{
    const arb_x86_lanes *lanes = function->family->lanes;
    arb_code *code = function->code;
    arb_evex_put_immediate(code, lanes->extract_half, ARB_ZMM, reg, 0, arb_in_register(scratch), 1);
    arb_evex_put(code, lanes->add, ARB_YMM, reg, reg, arb_in_register(scratch), 0);
    arb_evex_put_immediate(code, lanes->extract_quarter, ARB_YMM, reg, 0, arb_in_register(scratch),
                           1);
    arb_evex_put(code, lanes->add, ARB_XMM, reg, reg, arb_in_register(scratch), 0);
}

/* Lane 0 of xmm0 becomes the sum of all lanes of a total. */
static void reduce_one(const arb_x86_function *function, unsigned total)
{
    const arb_x86_lanes *lanes = function->family->lanes;
    arb_code *code = function->code;
    unsigned scratch = function->scratch;
    fold_to_four(function, total, scratch);
    arb_evex_put_immediate(code, lanes->permute, ARB_XMM, scratch, 0, arb_in_register(total), 0x4e);
    arb_evex_put(code, lanes->add, ARB_XMM, total, total, arb_in_register(scratch), 0);
    arb_evex_put_immediate(code, lanes->permute, ARB_XMM, scratch, 0, arb_in_register(total), 0xb1);
    arb_evex_put(code, lanes->add, ARB_XMM, 0, total, arb_in_register(scratch), 0);
}

/* Lanes 0..3 of an xmm register become the sums of all lanes of four totals (which may be the
 * same): a transposition that adds as it goes. The totals are lost. */
static void reduce_four(const arb_x86_function *function, unsigned xmm, const unsigned totals[4])
{
    const arb_x86_lanes *lanes = function->family->lanes;
    unsigned a = function->scratch, b = function->scratch + 1, c = function->scratch + 2;
    arb_x86_op(function, lanes->unpack_low32, a, totals[0], totals[1]);
    arb_x86_op(function, lanes->unpack_high32, b, totals[0], totals[1]);
    arb_x86_op(function, lanes->add, a, a, b);
    arb_x86_op(function, lanes->unpack_low32, b, totals[2], totals[3]);
    arb_x86_op(function, lanes->unpack_high32, c, totals[2], totals[3]);
    arb_x86_op(function, lanes->add, b, b, c);
    arb_x86_op(function, lanes->unpack_low64, c, a, b);
    arb_x86_op(function, lanes->unpack_high64, b, a, b);
    arb_x86_op(function, lanes->add, xmm, c, b);
    fold_to_four(function, xmm, a);
}

/* ---- Results ---- */

/* 1 - qr / (sqrt(qq) * sqrt(rr)), each in a register's first lanes. */
static void put_cosine(const arb_x86_function *function, unsigned dots, unsigned norms,
                       unsigned query_norms)
{
    arb_code *code = function->code;
    unsigned ones = function->scratch;
    arb_evex_put(code, &ARB_VMULPS, ARB_XMM, norms, norms, arb_in_register(query_norms), 0);
    arb_evex_put(code, &ARB_VDIVPS, ARB_XMM, dots, dots, arb_in_register(norms), 0);
    arb_x86_move_immediate(code, ARB_RAX, 0x3f800000u);
    arb_evex_put(code, &ARB_VPBROADCASTD_R32, ARB_XMM, ones, 0, arb_in_register(ARB_RAX), 0);
    arb_evex_put(code, &ARB_VSUBPS, ARB_XMM, 0, ones, arb_in_register(dots), 0);
}

static void finish_cosine(const arb_x86_function *function)
{
    arb_code *code = function->code;
    unsigned total = function->first_total;
    unsigned x = function->scratch + 3, y = x + 1;
    if (function->job.rows == 1) {
        /* lanes qr, rr, qq, qq: one transposition for the three sums, one root for two norms */
        const unsigned totals[4] = {total, total + 1, total + 2, total + 2};
        reduce_four(function, total, totals);
        arb_evex_put(code, &ARB_VSQRTPS, ARB_XMM, y, 0, arb_in_register(total), 0);
        arb_evex_put_immediate(code, &ARB_VPERMILPS, ARB_XMM, x, 0, arb_in_register(y), 1);
        arb_evex_put_immediate(code, &ARB_VPERMILPS, ARB_XMM, y, 0, arb_in_register(y), 2);
        put_cosine(function, total, x, y);
        return;
    }
    const unsigned norms[4] = {total + 4, total + 5, total + 6, total + 7};
    const unsigned query_norms[4] = {total + 8, total + 8, total + 8, total + 8};
    const unsigned dots[4] = {total, total + 1, total + 2, total + 3};
    reduce_four(function, x, norms);
    arb_evex_put(code, &ARB_VSQRTPS, ARB_XMM, x, 0, arb_in_register(x), 0);
    reduce_four(function, y, query_norms);
    arb_evex_put(code, &ARB_VSQRTPS, ARB_XMM, y, 0, arb_in_register(y), 0);
    reduce_four(function, total, dots);
    put_cosine(function, total, x, y);
}

static void put_result(const arb_x86_function *function)
{
    unsigned total = function->first_total;
    if (function->job.op == ARB_OP_COSINE) {
        finish_cosine(function);
    } else if (function->job.rows == 1) {
        reduce_one(function, total);
    } else {
        const unsigned totals[4] = {total, total + 1, total + 2, total + 3};
        reduce_four(function, 0, totals);
    }
    if (function->family->lanes == &arb_x86_int_lanes) {
        arb_evex_put(function->code, &ARB_VCVTDQ2PS, ARB_XMM, 0, 0, arb_in_register(0), 0);
    }
    if (function->job.rows == 4) {
        arb_evex_put(function->code, &ARB_VMOVUPS_STORE, ARB_XMM, 0, 0, arb_in_memory(ARB_RCX, 0),
                     0);
    }
    arb_x86_vzeroupper(function->code);
    arb_x86_ret(function->code);
}

void arb_generator_emit(arb_code *code, const arb_generate_job *job, int looped)
{
    static const arb_x86_family *const families[ARB_GENERATED_FAMILIES] = {
        [ARB_GENERATED_F16] = &arb_x86_f16,
        [ARB_GENERATED_F16_NATIVE] = &arb_x86_f16_native,
        [ARB_GENERATED_SQ8] = &arb_x86_sq8,
    };
    arb_x86_function function = {.code = code, .job = *job, .family = families[job->family]};
    function.family->choose(&function);
    arb_x86_endbr64(code);
    load_rows(&function);
    set_tail_mask(&function);
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
