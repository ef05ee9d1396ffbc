/* compiled_reference_code.h: the functions of compiled_reference_code.c, a set of them for each
 * instruction set it is compiled for (see bench/native/CMakeLists.txt). */
#ifndef ARB_BENCH_COMPILED_REFERENCE_CODE_H
#define ARB_BENCH_COMPILED_REFERENCE_CODE_H

#include <stddef.h>
#include <stdint.h>

#define REFERENCE_DISTANCE(job, isa)                                                               \
    float job##_##isa(const void *query, const void *row, size_t dim);                             \
    void job##_x4_##isa(const void *query, const void *const rows[4], size_t dim, float out[4]);
#define REFERENCE_CAST(job, isa) void job##_##isa(const void *src, void *dst, size_t n);
#define REFERENCE_CODEC(job, isa)                                                                  \
    void job##_##isa(const void *src, const float *offset, float factor, void *dst, size_t n);

#define REFERENCE_BITS(job, isa)                                                                   \
    void job##_##isa(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words);
#define REFERENCE_POPCOUNT(job, isa) uint64_t job##_##isa(const uint64_t *a, size_t words);

#define REFERENCE_DOTS(job, isa)                                                                   \
    void job##_##isa(const int8_t *query, const uint8_t *codes, size_t steps, size_t groups,       \
                     float *out);
#define REFERENCE_BIT_DOT(job, isa)                                                                \
    void job##_##isa(const int8_t *query, const uint8_t *const rows[4], size_t steps, float out[4]);

#define REFERENCE_BIT_NEAR(job, isa)                                                               \
    void job##_##isa(const void *bound, const uint8_t *const *rows, size_t count, uint64_t *near);

#define REFERENCE_FASTSCAN(job, isa)                                                               \
    void job##_##isa(const void *bound, const uint8_t *blocks, size_t count, float *least,         \
                     uint32_t *near);

#define REFERENCE_SCREEN_CODE(job, isa)                                                            \
    void job##_##isa(const float *src, size_t n, uint8_t *codes, float facts[3]);
#define REFERENCE_SCREEN(job, isa)                                                                 \
    void job##_##isa(const uint8_t *panel, const uint8_t *rows, size_t steps, size_t count,        \
                     uint64_t *passed);

#define REFERENCE_KEYS(job, isa)                                                                   \
    void job##_##isa(uint64_t *sorted, size_t count, const uint64_t *keys, size_t n);

#define REFERENCE_JOBS(DISTANCE, CAST, CODEC, DOTS, BIT_DOT, BIT_NEAR, FASTSCAN, SCREEN_CODE,      \
                       SCREEN, BITS, POPCOUNT, KEYS, isa)                                          \
    DISTANCE(f16_l2sq, isa)                                                                        \
    DISTANCE(f16_dot, isa)                                                                         \
    DISTANCE(f16_cosine, isa)                                                                      \
    DISTANCE(f32_l2sq, isa)                                                                        \
    DISTANCE(f32_dot, isa)                                                                         \
    DISTANCE(f32_cosine, isa)                                                                      \
    CAST(cast_f32_f16, isa)                                                                        \
    CAST(cast_f64_f16, isa)                                                                        \
    CAST(cast_i8_f16, isa)                                                                         \
    CAST(cast_u8_f16, isa)                                                                         \
    CAST(cast_f16_f32, isa)                                                                        \
    DISTANCE(sq8_l2sq, isa)                                                                        \
    DISTANCE(sq8_dot, isa)                                                                         \
    CODEC(sq8_encode, isa)                                                                         \
    CODEC(sq8_decode, isa)                                                                         \
    DOTS(sq4_dots, isa)                                                                            \
    BIT_DOT(sq1_dot_x4, isa)                                                                       \
    BIT_NEAR(sq1_near, isa)                                                                        \
    FASTSCAN(fastscan_near, isa)                                                                   \
    SCREEN_CODE(screen_code, isa)                                                                  \
    SCREEN(screen, isa)                                                                            \
    BITS(bits_and, isa)                                                                            \
    BITS(bits_or, isa)                                                                             \
    BITS(bits_andnot, isa)                                                                         \
    POPCOUNT(bits_popcount, isa)                                                                   \
    KEYS(keys_insert, isa)

#define REFERENCE_PROTOTYPES(isa)                                                                  \
    REFERENCE_JOBS(REFERENCE_DISTANCE, REFERENCE_CAST, REFERENCE_CODEC, REFERENCE_DOTS,            \
                   REFERENCE_BIT_DOT, REFERENCE_BIT_NEAR, REFERENCE_FASTSCAN,                      \
                   REFERENCE_SCREEN_CODE, REFERENCE_SCREEN, REFERENCE_BITS, REFERENCE_POPCOUNT,    \
                   REFERENCE_KEYS, isa)                                                            \
    uint64_t load_##isa(const void *from, size_t bytes);

#if defined(ARB_ARCH_x86_64)
REFERENCE_PROTOTYPES(haswell)
REFERENCE_PROTOTYPES(avx512)
#else
REFERENCE_PROTOTYPES(generic)
#endif

#endif
