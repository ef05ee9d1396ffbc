/* catalog.h: kernel_list.h as data, so that tests and benches can walk over every kernel. */
#ifndef ARB_CHECKASM_CATALOG_H
#define ARB_CHECKASM_CATALOG_H

#include "checkasm/checked_call.h"
#include "kernels/kernels.h"

typedef enum kernel_shape {
    SHAPE_ONE,
    SHAPE_FOUR,
    SHAPE_CAST,
    SHAPE_ENCODE,
    SHAPE_DECODE,
    SHAPE_DOTS,
    SHAPE_BIT_DOT,
    SHAPE_BIT_NEAR,
    SHAPE_FASTSCAN,
    SHAPE_SCREEN_CODE,
    SHAPE_SCREEN,
    SHAPE_BITS,
    SHAPE_POPCOUNT,
    SHAPE_KEYS
} kernel_shape;

/* Element types of operands, as kernel_list.h spells them. TYPE_sq8 is uint8 but for the query of a
 * dot, which is int8 in -127..127. */
typedef enum element_type {
    TYPE_f16,
    TYPE_f32,
    TYPE_f64,
    TYPE_i8,
    TYPE_u8,
    TYPE_u64,
    TYPE_sq8
} element_type;

typedef struct kernel_entry {
    const char *name; /* "arb_f16_l2sq_x4_avx2" */
    const char *isa;  /* "avx2" */
    kernel_shape shape;
    element_type type; /* of both operands of a distance, of the source of another shape */
    element_type to;   /* of that shape's result */
    arb_metric metric; /* of a distance */
    any_fn function;   /* NULL: generated for each dimension, generated_catalog.h */
    any_fn reference;  /* the set ref's kernel for the same job */
} kernel_entry;

/* sq8_encode and sq8_decode, whose pointers differ in type alone. */
typedef void (*arb_codec_fn)(const void *src, const float *offset, float factor, void *dst,
                             size_t n);
typedef void (*arb_sq4_dots_fn)(const int8_t *query, const uint8_t *codes, size_t steps,
                                size_t groups, float *out);
typedef void (*arb_sq1_dot_x4_fn)(const int8_t *query, const uint8_t *const rows[4], size_t steps,
                                  float out[4]);
typedef void (*arb_sq1_near_fn)(const arb_sq1_bound *bound, const uint8_t *const *rows,
                                size_t count, uint64_t *near);
typedef void (*arb_fastscan_near_fn)(const arb_fastscan_bound *bound, const uint8_t *blocks,
                                     size_t count, float *least, uint32_t *near);

typedef void (*arb_screen_code_fn)(const float *src, size_t n, uint8_t *codes,
                                   arb_screen_facts *facts);
typedef void (*arb_screen_fn)(const arb_screen_panel *panel, const arb_screen_row *rows,
                              size_t steps, size_t count, uint64_t *passed);
typedef void (*arb_bits_fn)(uint64_t *dst, const uint64_t *a, const uint64_t *b, size_t words);
typedef uint64_t (*arb_popcount_fn)(const uint64_t *a, size_t words);
typedef void (*arb_keys_insert_fn)(uint64_t *sorted, size_t count, const uint64_t *keys, size_t n);

extern const kernel_entry arb_catalog[];
extern const size_t arb_catalog_count;

size_t arb_type_size(element_type type);

/* Whether a set has it in its native table: FP16's rounding shows in its results. */
int arb_kernel_is_native(const kernel_entry *kernel);

typedef enum kernel_availability {
    AVAILABLE,       /* the CPU says so, and one call worked */
    HIDDEN_BY_CPUID, /* one call worked, though the CPU says otherwise (a hypervisor's mask) */
    UNAVAILABLE,     /* one call ended in SIGILL */
    BROKEN,          /* one call ended in another way, e.g. SIGSEGV */
} kernel_availability;

/* Finds out by one call in a forked child. */
kernel_availability arb_kernel_availability(const kernel_entry *kernel);

/* VECTORS_* of this CPU, for checked_call. */
uint32_t arb_vectors(void);

#endif
