/* The life of a generated distance: what to generate, and memory that is never writable and
 * executable at once. */
#include "kernels/generate.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void arb_code_put(arb_code *code, uint64_t value, unsigned count)
{
    if (code->capacity - code->length < count) {
        code->overflowed = 1;
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        code->bytes[code->length++] = (uint8_t)(value >> 8 * i);
    }
}

static unsigned rounded_up_quotient(unsigned dividend, unsigned divisor)
{
    return (dividend + divisor - 1) / divisor;
}

/* A term is added to its accumulator's next ones, then passes the merging's stages. (The first of
 * an accumulator is a product, not an addition.) */
static unsigned additions_of(unsigned period, unsigned accumulators)
{
    unsigned additions = rounded_up_quotient(period, accumulators) - 1;
    for (unsigned left = accumulators < period ? accumulators : period; left > 1;
         left = rounded_up_quotient(left, 2)) {
        additions++;
    }
    return additions;
}

arb_drain_plan arb_plan_drains(unsigned steps, unsigned accumulators)
{
    unsigned longest = ARB_NATIVE_TERMS_MAX;
    while (additions_of(longest, accumulators) > ARB_NATIVE_ADDITIONS_MAX) {
        longest--;
    }
    arb_drain_plan plan;
    plan.period = rounded_up_quotient(steps, rounded_up_quotient(steps, longest));
    plan.may_fold = 2 * plan.period <= ARB_NATIVE_TERMS_MAX &&
                    additions_of(plan.period, accumulators) + 1 <= ARB_NATIVE_ADDITIONS_MAX;
    return plan;
}

static const arb_distance *hand_written(const arb_kernel_set *set, arb_generated_family family,
                                        arb_metric metric)
{
    switch (family) {
    case ARB_GENERATED_F16:
        return &set->distance[ARB_ELEMENT_F16][metric];
    case ARB_GENERATED_F16_NATIVE:
        return &set->native[metric];
    case ARB_GENERATED_SQ8:
        return &set->sq8[metric];
    }
    return NULL;
}

static arb_op op_of(arb_generated_family family, arb_metric metric)
{
    if (metric == ARB_METRIC_L2) {
        return ARB_OP_L2SQ;
    }
    return metric == ARB_METRIC_COSINE && family != ARB_GENERATED_SQ8 ? ARB_OP_COSINE : ARB_OP_DOT;
}

/* Appends a function at the next aligned place, straight where it is short enough, and says where
 * it begins. */
static size_t emit(arb_code *code, const arb_generate_job *job)
{
    while (code->length % ARB_FUNCTION_ALIGNMENT != 0 && !code->overflowed) {
        arb_code_put(code, 0, 1);
    }
    size_t start = code->length;
    arb_code straight = {.bytes = code->bytes + start, .capacity = code->capacity - start};
    if (straight.capacity > ARB_UNROLLED_BYTES_MAX) {
        straight.capacity = ARB_UNROLLED_BYTES_MAX;
    }
    arb_generator_emit(&straight, job, 0);
    if (straight.overflowed) {
        arb_generator_emit(code, job, 1);
    } else {
        code->length += straight.length;
    }
    return start;
}

/* Copies code into pages of its own: written first, then executable and not writable any more. NULL
 * where the system refuses. Sets *mapped. */
static void *executable_copy(const arb_code *code, size_t *mapped)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = (code->length + page - 1) / page * page;
    char *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        return NULL;
    }
    memcpy(pages, code->bytes, code->length);
    if (mprotect(pages, bytes, PROT_READ | PROT_EXEC) != 0) {
        munmap(pages, bytes);
        return NULL;
    }
    /* Nothing on x86-64. On aarch64 the instruction cache does not see what went through the data
     * cache until it is told, by address, which reaches every core. No core can have fetched from
     * these pages before: they were not executable. */
    __builtin___clear_cache(pages, pages + bytes);
    *mapped = bytes;
    return pages;
}

arb_generated *arb_generate(const arb_kernel_set *set, arb_generated_family family,
                            arb_metric metric, size_t dim)
{
    if (dim == 0 || dim > ARB_DIM_MAX || !arb_generator_has(family, set->requires) ||
        hand_written(set, family, metric)->one == NULL) {
        return NULL;
    }
    arb_generated *generated = malloc(sizeof *generated);
    arb_code code = {.bytes = malloc(2 * (size_t)ARB_GENERATED_BYTES_MAX),
                     .capacity = 2 * (size_t)ARB_GENERATED_BYTES_MAX};
    if (generated == NULL || code.bytes == NULL) {
        goto fail;
    }
    arb_generate_job job = {family, op_of(family, metric), 1, dim};
    size_t one = emit(&code, &job);
    job.rows = 4;
    size_t four = emit(&code, &job);
    if (code.overflowed) {
        goto fail;
    }
    *generated = (arb_generated){.dim = dim, .replaces = *hand_written(set, family, metric)};
    generated->code = executable_copy(&code, &generated->bytes);
    if (generated->code == NULL) {
        goto fail;
    }
    uintptr_t start = (uintptr_t)generated->code;
    generated->distance.one = (arb_distance_fn)(start + one);
    generated->distance.four = (arb_distance_x4_fn)(start + four);
    free(code.bytes);
    return generated;
fail:
    free(code.bytes);
    free(generated);
    return NULL;
}

arb_generated *arb_generate_like(const arb_kernel_set *set, arb_metric metric, arb_distance kernel,
                                 size_t dim)
{
    for (int family = 0; family < ARB_GENERATED_FAMILIES; family++) {
        if (hand_written(set, (arb_generated_family)family, metric)->one == kernel.one) {
            return arb_generate(set, (arb_generated_family)family, metric, dim);
        }
    }
    return NULL;
}

void arb_generated_destroy(arb_generated *generated)
{
    if (generated == NULL) {
        return;
    }
    munmap(generated->code, generated->bytes);
    free(generated);
}
