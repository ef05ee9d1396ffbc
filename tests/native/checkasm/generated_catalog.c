#include "checkasm/generated_catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernels/kernel_list.h"

#define METRIC_l2sq ARB_METRIC_L2
#define METRIC_cosine ARB_METRIC_COSINE
#define METRIC_dot ARB_METRIC_DOT

#define ENTRY(name, type, op, shape, isa, reference)                                               \
    {                                                                                              \
        name, isa, shape, type, type, METRIC_##op, NULL, (any_fn)reference                         \
    }
#define SHAPES(family, generated_family, op, isa)                                                  \
    {ENTRY("arb_generated_" #family "_" #op "_" #isa, TYPE_##family, op, SHAPE_ONE, #isa,          \
           arb_##family##_##op##_ref),                                                             \
     generated_family, NULL, NULL},                                                                \
        {ENTRY("arb_generated_" #family "_" #op "_x4_" #isa, TYPE_##family, op, SHAPE_FOUR, #isa,  \
               arb_##family##_##op##_x4_ref),                                                      \
         generated_family, NULL, NULL},
#define OPS(family, generated_family, isa)                                                         \
    SHAPES(family, generated_family, l2sq, isa)                                                    \
    SHAPES(family, generated_family, dot, isa)                                                     \
    SHAPES(family, generated_family, cosine, isa)
#define OPS_OF_SQ8(isa)                                                                            \
    SHAPES(sq8, ARB_GENERATED_SQ8, l2sq, isa)                                                      \
    SHAPES(sq8, ARB_GENERATED_SQ8, dot, isa)

const generated_kernel arb_generated_catalog[] = {
#if defined(ARB_ARCH_x86_64)
    OPS(f16, ARB_GENERATED_F16, avx512)            /* */
    OPS(f16, ARB_GENERATED_F16_NATIVE, avx512fp16) /* */
    OPS_OF_SQ8(avx512vnni)
#elif defined(ARB_ARCH_aarch64)
    OPS(f16, ARB_GENERATED_F16_NATIVE, neonfp16) /* */
    OPS_OF_SQ8(neondotprod)
#endif
};
const size_t arb_generated_catalog_count =
    sizeof arb_generated_catalog / sizeof arb_generated_catalog[0];

/* ---- Planted faults ---- */

#if defined(ARB_ARCH_x86_64)

/* Replaces byte `at` of the first instruction whose bytes are `pattern` where `mask` is set. */
static void replace(uint8_t *code, size_t length, const uint8_t pattern[5], const uint8_t mask[5],
                    size_t at, uint8_t with)
{
    for (size_t i = 0; i + 5 <= length; i++) {
        size_t same = 0;
        while (same < 5 && ((code[i + same] ^ pattern[same]) & mask[same]) == 0) {
            same++;
        }
        if (same == 5) {
            code[i + at] = with;
            return;
        }
    }
}

/* VFMADD231PS becomes VFMSUB231PS: one encoding beside */
static void subtracts(uint8_t *code, size_t length)
{
    static const uint8_t pattern[] = {0x62, 0x02, 0x05, 0, 0xb8};
    static const uint8_t mask[] = {0xff, 0x0f, 0x87, 0, 0xff};
    replace(code, length, pattern, mask, 4, 0xba);
}

/* VMOVDQU16 ymm{k1}{z} loses its mask: it reads behind the row */
static void forgets_mask(uint8_t *code, size_t length)
{
    static const uint8_t pattern[] = {0x62, 0, 0, 0xa9, 0x6f};
    static const uint8_t mask[] = {0xff, 0, 0, 0xff, 0xff};
    replace(code, length, pattern, mask, 3, 0x28);
}

/* VZEROUPPER becomes a NOP of the same length, in both functions */
static void leaves_upper_halves(uint8_t *code, size_t length)
{
    for (size_t i = 0; i + 3 <= length; i++) {
        if (memcmp(code + i, "\xc5\xf8\x77", 3) == 0) {
            memcpy(code + i, "\x0f\x1f\x00", 3);
        }
    }
}

#    define PLANTED(name, spoil, caught_by)                                                        \
        {                                                                                          \
            ENTRY("generated, " name, TYPE_f16, l2sq, SHAPE_ONE, "avx512", arb_f16_l2sq_ref),      \
                ARB_GENERATED_F16, spoil, caught_by                                                \
        }

const generated_kernel arb_generated_planted[] = {
    PLANTED("wrong encoding", subtracts, "wanted"),
    PLANTED("tail without mask", forgets_mask, "signal"),
    PLANTED("no vzeroupper", leaves_upper_halves, "upper halves"),
};

#elif defined(ARB_ARCH_aarch64)

/* Turns bits of the first instruction that has `pattern` where `mask` is set. */
static void turn(uint8_t *code, size_t length, uint32_t pattern, uint32_t mask, uint32_t bits)
{
    for (size_t i = 0; i + 4 <= length; i += 4) {
        uint32_t word;
        memcpy(&word, code + i, sizeof word);
        if ((word & mask) == pattern) {
            word ^= bits;
            memcpy(code + i, &word, sizeof word);
            return;
        }
    }
}

/* FMLA .8h becomes FMLS: one encoding beside */
static void subtracts(uint8_t *code, size_t length)
{
    turn(code, length, 0x4e400c00u, 0xffe0fc00u, 0x00800000u);
}

/* LDR of a piece becomes LDR of a whole vector: it reads behind the operand */
static void reads_whole_vector(uint8_t *code, size_t length)
{
    turn(code, length, 0x7d400000u, 0xffc00000u, 0x40800000u);
}

/* a total is kept in v8, which is the caller's, instead of v0 */
static void takes_the_callers(uint8_t *code, size_t length)
{
    turn(code, length, 0x6e20d400u, 0xffe0fc1fu, 8);
}

#    define PLANTED(name, spoil, caught_by)                                                        \
        {                                                                                          \
            ENTRY("generated, " name, TYPE_f16, l2sq, SHAPE_ONE, "neonfp16", arb_f16_l2sq_ref),    \
                ARB_GENERATED_F16_NATIVE, spoil, caught_by                                         \
        }

const generated_kernel arb_generated_planted[] = {
    PLANTED("wrong encoding", subtracts, "wanted"),
    PLANTED("tail as a whole vector", reads_whole_vector, "signal"),
    PLANTED("caller's register", takes_the_callers, "callee-saved register"),
};

#endif
const size_t arb_generated_planted_count =
    sizeof arb_generated_planted / sizeof arb_generated_planted[0];

/* ---- Functions ---- */

static const arb_kernel_set *set_named(const char *name)
{
    for (int32_t set = 0; set < arb_kernel_set_count(); set++) {
        if (strcmp(arb_kernel_set_name(set), name) == 0) {
            return arb_kernel_set_at(set);
        }
    }
    return NULL;
}

static void fail(const kernel_entry *kernel, size_t dim, const char *what)
{
    fprintf(stderr, "%s, dimension %zu: %s\n", kernel->name, dim, what);
    exit(1);
}

/* The fault goes in as the generator's own bytes do: not while the code can be executed. A
 * dimension whose code has no place for it stays right; the others tell. */
static int spoil(const generated_kernel *kernel, arb_generated *generated)
{
    char *code = generated->code;
    if (mprotect(code, generated->bytes, PROT_READ | PROT_WRITE) != 0) {
        return 0;
    }
    kernel->spoil(generated->code, generated->bytes);
    __builtin___clear_cache(code, code + generated->bytes);
    return mprotect(code, generated->bytes, PROT_READ | PROT_EXEC) == 0;
}

int arb_generated_is_native(const kernel_entry *kernel)
{
    return ((const generated_kernel *)kernel)->family == ARB_GENERATED_F16_NATIVE;
}

any_fn arb_function_of(const kernel_entry *kernel, size_t dim)
{
    static const kernel_entry *last;
    static arb_generated *generated;
    if (kernel->function != NULL) {
        return kernel->function;
    }
    if (last != kernel || generated->dim != dim) {
        /* an entry without a function is a generated kernel's first member */
        const generated_kernel *wanted = (const generated_kernel *)kernel;
        arb_generated_destroy(generated);
        last = kernel;
        generated = arb_generate(set_named(kernel->isa), wanted->family, kernel->metric, dim);
        if (generated == NULL) {
            fail(kernel, dim, "no code was generated");
        }
        if (wanted->spoil != NULL && !spoil(wanted, generated)) {
            fail(kernel, dim, "its code cannot be changed");
        }
    }
    return kernel->shape == SHAPE_FOUR ? (any_fn)generated->distance.four
                                       : (any_fn)generated->distance.one;
}
