/* kernel_list.h: every kernel of the library, declared once.
 *
 * A list is a macro that takes four macros and applies them to its kernels:
 *   ONE(family, op, isa)            arb_<family>_<op>_<isa>: one query, one row
 *   FOUR(family, op, isa)           arb_<family>_<op>_x4_<isa>: one query, four rows by pointer
 *   CAST(from, to, From, To, isa)   arb_cast_<from>_<to>_<isa>: n elements, From and To in C
 *   JOB(job, isa)                   arb_<job>_<isa>, of the signature ARB_SIGNATURE_<job> below
 * family is the element type of the operands (sq8: codes); op is l2sq, dot or cosine; isa names
 * the instruction set as in kernel_sets.c.
 *
 * Prototypes, the name table, the tests and the bench are all made from these lists, so a kernel
 * that stands here cannot be forgotten by any of them. native/asm/README.md tells how to add one.
 */
#ifndef ARB_KERNELS_KERNEL_LIST_H
#define ARB_KERNELS_KERNEL_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

/* The three ops of a family, in both shapes. */
#define ARB_KERNELS_OF_FAMILY(ONE, FOUR, family, isa)                                              \
    ONE(family, l2sq, isa)                                                                         \
    ONE(family, dot, isa)                                                                          \
    ONE(family, cosine, isa)                                                                       \
    FOUR(family, l2sq, isa)                                                                        \
    FOUR(family, dot, isa)                                                                         \
    FOUR(family, cosine, isa)

/* The casts of rows that come in, and the one back. */
#define ARB_KERNELS_OF_CASTS(CAST, isa)                                                            \
    CAST(f32, f16, float, uint16_t, isa)                                                           \
    CAST(f64, f16, double, uint16_t, isa)                                                          \
    CAST(i8, f16, int8_t, uint16_t, isa)                                                           \
    CAST(u8, f16, uint8_t, uint16_t, isa)                                                          \
    CAST(f16, f32, uint16_t, float, isa)

/* Distances over SQ8 codes: sums of integers, so every kernel gives the same float. dot takes an
 * int8 query, l2sq a uint8 one on the rows' own grid; rows are uint8. */
#define ARB_KERNELS_OF_SQ8(ONE, FOUR, isa)                                                         \
    ONE(sq8, l2sq, isa)                                                                            \
    ONE(sq8, dot, isa)                                                                             \
    FOUR(sq8, l2sq, isa)                                                                           \
    FOUR(sq8, dot, isa)

/* Floats to SQ8 codes and back. */
#define ARB_KERNELS_OF_SQ8_CODES(JOB, isa)                                                         \
    JOB(sq8_encode, isa)                                                                           \
    JOB(sq8_decode, isa)

/* Dot products with many rows of 4-bit codes a call. */
#define ARB_KERNELS_OF_SQ4(JOB, isa) JOB(sq4_dots, isa)

/* Over 1-bit codes: dot products with four rows a call; which of many rows may be near. */
#define ARB_KERNELS_OF_SQ1(JOB, isa)                                                               \
    JOB(sq1_dot_x4, isa)                                                                           \
    JOB(sq1_near, isa)

/* Sums of table entries for many rows at once: which may be near. */
#define ARB_KERNELS_OF_FASTSCANS(JOB, isa) JOB(fastscan_near, isa)

/* Rows against many queries at once: which may be near. */
#define ARB_KERNELS_OF_SCREENS(JOB, isa) JOB(screen, isa)

/* Floats to the codes of a screening. */
#define ARB_KERNELS_OF_SCREEN_CODES(JOB, isa) JOB(screen_code, isa)

/* Bitsets of 64-bit words. */
#define ARB_KERNELS_OF_BITS(JOB, isa)                                                              \
    JOB(bits_and, isa)                                                                             \
    JOB(bits_or, isa)                                                                              \
    JOB(bits_andnot, isa)                                                                          \
    JOB(bits_popcount, isa)

/* Sorted arrays of 64-bit keys. */
#define ARB_KERNELS_OF_KEYS(JOB, isa) JOB(keys_insert, isa)

/* Portable C: native/kernels/reference_*.c. */
#define ARB_KERNELS_REF(ONE, FOUR, CAST, JOB)                                                      \
    ARB_KERNELS_OF_FAMILY(ONE, FOUR, f16, ref)                                                     \
    ARB_KERNELS_OF_FAMILY(ONE, FOUR, f32, ref)                                                     \
    ARB_KERNELS_OF_SQ8(ONE, FOUR, ref)                                                             \
    ARB_KERNELS_OF_CASTS(CAST, ref)                                                                \
    ARB_KERNELS_OF_SQ4(JOB, ref)                                                                   \
    ARB_KERNELS_OF_SQ1(JOB, ref)                                                                   \
    ARB_KERNELS_OF_SQ8_CODES(JOB, ref)                                                             \
    ARB_KERNELS_OF_FASTSCANS(JOB, ref)                                                             \
    ARB_KERNELS_OF_SCREENS(JOB, ref)                                                               \
    ARB_KERNELS_OF_SCREEN_CODES(JOB, ref)                                                          \
    ARB_KERNELS_OF_BITS(JOB, ref)                                                                  \
    ARB_KERNELS_OF_KEYS(JOB, ref)

#if defined(ARB_ARCH_x86_64)

/* native/asm/x86_64. avx2 and avx512 widen halves and sum in FP32; avx512fp16 computes on halves
 * and drains its sums into FP32. avx512vnni sums products of bytes. */
#    define ARB_KERNELS_ARCH(ONE, FOUR, CAST, JOB)                                                 \
        ARB_KERNELS_OF_FAMILY(ONE, FOUR, f16, avx2)                                                \
        ARB_KERNELS_OF_FAMILY(ONE, FOUR, f16, avx512)                                              \
        ARB_KERNELS_OF_FAMILY(ONE, FOUR, f16, avx512fp16)                                          \
        ARB_KERNELS_OF_FAMILY(ONE, FOUR, f32, avx2)                                                \
        ARB_KERNELS_OF_FAMILY(ONE, FOUR, f32, avx512)                                              \
        ARB_KERNELS_OF_SQ8(ONE, FOUR, avx2)                                                        \
        ARB_KERNELS_OF_SQ8(ONE, FOUR, avx512vnni)                                                  \
        ARB_KERNELS_OF_CASTS(CAST, avx2)                                                           \
        ARB_KERNELS_OF_CASTS(CAST, avx512)                                                         \
        ARB_KERNELS_OF_SQ4(JOB, avx2)                                                              \
        ARB_KERNELS_OF_SQ1(JOB, avx2)                                                              \
        ARB_KERNELS_OF_SQ4(JOB, avx512vnni)                                                        \
        ARB_KERNELS_OF_SQ1(JOB, avx512vnni)                                                        \
        ARB_KERNELS_OF_FASTSCANS(JOB, avx2)                                                        \
        ARB_KERNELS_OF_FASTSCANS(JOB, avx512)                                                      \
        ARB_KERNELS_OF_SCREENS(JOB, avx2)                                                          \
        ARB_KERNELS_OF_SCREENS(JOB, avx512vnni)                                                    \
        ARB_KERNELS_OF_SCREEN_CODES(JOB, avx2)                                                     \
        ARB_KERNELS_OF_SCREEN_CODES(JOB, avx512)                                                   \
        ARB_KERNELS_OF_SQ8_CODES(JOB, avx2)                                                        \
        ARB_KERNELS_OF_SQ8_CODES(JOB, avx512)                                                      \
        ARB_KERNELS_OF_BITS(JOB, avx2)                                                             \
        ARB_KERNELS_OF_BITS(JOB, avx512)                                                           \
        ARB_KERNELS_OF_KEYS(JOB, avx512)

#elif defined(ARB_ARCH_aarch64)

/* native/asm/aarch64. neon widens; neonfp16 computes on halves and drains its sums into FP32;
 * neonfhm multiplies halves into FP32 sums (FMLAL). FMLAL has no subtraction, so l2sq rounds each
 * difference to a half: a native kernel, where dot and cosine are as exact as neon's. neondotprod
 * sums products of bytes (SDOT, UDOT). */
#    define ARB_KERNELS_ARCH(ONE, FOUR, CAST, JOB)                                                 \
        ARB_KERNELS_OF_FAMILY(ONE, FOUR, f16, neon)                                                \
        ARB_KERNELS_OF_FAMILY(ONE, FOUR, f16, neonfp16)                                            \
        ARB_KERNELS_OF_FAMILY(ONE, FOUR, f16, neonfhm)                                             \
        ARB_KERNELS_OF_FAMILY(ONE, FOUR, f32, neon)                                                \
        ARB_KERNELS_OF_SQ8(ONE, FOUR, neon)                                                        \
        ARB_KERNELS_OF_SQ8(ONE, FOUR, neondotprod)                                                 \
        ARB_KERNELS_OF_CASTS(CAST, neon)                                                           \
        ARB_KERNELS_OF_SQ4(JOB, neon)                                                              \
        ARB_KERNELS_OF_SQ1(JOB, neon)                                                              \
        ARB_KERNELS_OF_SQ4(JOB, neondotprod)                                                       \
        ARB_KERNELS_OF_SQ1(JOB, neondotprod)                                                       \
        ARB_KERNELS_OF_FASTSCANS(JOB, neon)                                                        \
        ARB_KERNELS_OF_SCREENS(JOB, neon)                                                          \
        ARB_KERNELS_OF_SCREENS(JOB, neondotprod)                                                   \
        ARB_KERNELS_OF_SCREEN_CODES(JOB, neon)                                                     \
        ARB_KERNELS_OF_SQ8_CODES(JOB, neon)                                                        \
        ARB_KERNELS_OF_BITS(JOB, neon)

#endif

#define ARB_KERNELS(ONE, FOUR, CAST, JOB)                                                          \
    ARB_KERNELS_REF(ONE, FOUR, CAST, JOB)                                                          \
    ARB_KERNELS_ARCH(ONE, FOUR, CAST, JOB)

#define ARB_SIGNATURE_sq8_encode(name)                                                             \
    void name(const float *src, const float *offset, float inverse_scale, uint8_t *dst, size_t n)
#define ARB_SIGNATURE_sq8_decode(name)                                                             \
    void name(const uint8_t *src, const float *offset, float scale, float *dst, size_t n)
#define ARB_SIGNATURE_sq4_dots(name)                                                               \
    void name(const int8_t *query, const uint8_t *codes, size_t steps, size_t groups, float *out)
#define ARB_SIGNATURE_sq1_dot_x4(name)                                                             \
    void name(const int8_t *query, const uint8_t *const rows[4], size_t steps, float out[4])
#define ARB_SIGNATURE_sq1_near(name)                                                               \
    void name(const arb_sq1_bound *bound, const uint8_t *const *rows, size_t count, uint64_t *near)
#define ARB_SIGNATURE_screen(name)                                                                 \
    void name(const arb_screen_panel *panel, const arb_screen_row *rows, size_t steps,             \
              size_t count, uint64_t *passed)
#define ARB_SIGNATURE_screen_code(name)                                                            \
    void name(const float *src, size_t n, uint8_t *codes, arb_screen_facts *facts)
#define ARB_SIGNATURE_OF_BITS(name)                                                                \
    void name(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words)
#define ARB_SIGNATURE_bits_and(name) ARB_SIGNATURE_OF_BITS(name)
#define ARB_SIGNATURE_bits_or(name) ARB_SIGNATURE_OF_BITS(name)
#define ARB_SIGNATURE_bits_andnot(name) ARB_SIGNATURE_OF_BITS(name)
#define ARB_SIGNATURE_bits_popcount(name) uint64_t name(const uint64_t *a, size_t words)

#define ARB_SIGNATURE_fastscan_near(name)                                                          \
    void name(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count, float *least,  \
              uint32_t *near)

#define ARB_SIGNATURE_keys_insert(name)                                                            \
    void name(uint64_t *sorted, size_t count, const uint64_t *keys, size_t n)

#define ARB_DECLARE_ONE(family, op, isa)                                                           \
    float arb_##family##_##op##_##isa(const void *query, const void *row, size_t dim);
#define ARB_DECLARE_FOUR(family, op, isa)                                                          \
    void arb_##family##_##op##_x4_##isa(const void *query, const void *const rows[4], size_t dim,  \
                                        float out[4]);
#define ARB_DECLARE_CAST(from, to, From, To, isa)                                                  \
    void arb_cast_##from##_##to##_##isa(const From *src, To *dst, size_t n);
#define ARB_DECLARE_JOB(job, isa) ARB_SIGNATURE_##job(arb_##job##_##isa);

ARB_KERNELS(ARB_DECLARE_ONE, ARB_DECLARE_FOUR, ARB_DECLARE_CAST, ARB_DECLARE_JOB)

#undef ARB_DECLARE_ONE
#undef ARB_DECLARE_FOUR
#undef ARB_DECLARE_CAST
#undef ARB_DECLARE_JOB

#endif
