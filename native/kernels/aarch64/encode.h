/* encode.h: the aarch64 instructions that generated kernels are made of, as words (Arm Architecture
 * Reference Manual for A-profile, chapter C4 and C7). `tests/native/generated_encoding_test.c`
 * holds each of them against the assembler. */
#ifndef ARB_KERNELS_AARCH64_ENCODE_H
#define ARB_KERNELS_AARCH64_ENCODE_H

#include "kernels/generate.h"

/* Instructions of vector registers: destination, first and second source go into the same bits of
 * all of them. Where there is one source only, the second is 0. */
typedef enum arb_a64_op {
    /* halves, .8h */
    ARB_FADD_8H = 0x4e401400,
    ARB_FSUB_8H = 0x4ec01400,
    ARB_FMUL_8H = 0x6e401c00,
    ARB_FMLA_8H = 0x4e400c00,
    ARB_FCVTL_4S = 0x0e217800,  /* of the lower four halves */
    ARB_FCVTL2_4S = 0x4e217800, /* of the upper four */
    /* floats, .4s */
    ARB_FADD_4S = 0x4e20d400,
    ARB_FSUB_4S = 0x4ea0d400,
    ARB_FMUL_4S = 0x6e20dc00,
    ARB_FDIV_4S = 0x6e20fc00,
    ARB_FADDP_4S = 0x6e20d400,
    ARB_FSQRT_4S = 0x6ea1f800,
    ARB_FMOV_4S_ONE = 0x4f03f600, /* 1.0 in every lane; no source */
    ARB_DUP_4S_LANE1 = 0x4e0c0400,
    ARB_DUP_4S_LANE2 = 0x4e140400,
    /* 32-bit integers, .4s */
    ARB_ADD_4S = 0x4ea08400,
    ARB_SUB_4S = 0x6ea08400,
    ARB_ADDP_4S = 0x4ea0bc00,
    ARB_SCVTF_4S = 0x4e21d800,
    /* bytes, .16b */
    ARB_EOR_16B = 0x6e201c00,
    ARB_UABD_16B = 0x6e207400,
    ARB_UDOT_4S = 0x6e809400,
    ARB_SDOT_4S = 0x4e809400,
    ARB_MOVI_16B_ZERO = 0x4f00e400, /* no source */
    ARB_MOVI_16B_SIGN = 0x4f04e400, /* 0x80 in every byte; no source */
    ARB_MOVI_4S_ZERO = 0x4f000400,  /* no source */
} arb_a64_op;

void arb_a64_put(arb_code *code, arb_a64_op op, unsigned destination, unsigned first,
                 unsigned second);

/* Bytes from..15 of the first source, then those before `from` of the second (EXT). */
void arb_a64_extract(arb_code *code, unsigned destination, unsigned first, unsigned second,
                     unsigned from);

/* A vector register's lower `bytes` (1, 2, 4, 8, 16) from memory, the rest zero. offset is a
 * multiple of bytes, below 4096 * bytes. */
void arb_a64_load(arb_code *code, unsigned destination, unsigned base, size_t offset,
                  unsigned bytes);
/* Replaces piece `index` of `bytes` (1, 2, 4, 8) of a vector register from memory at base. */
void arb_a64_load_piece(arb_code *code, unsigned destination, unsigned base, unsigned bytes,
                        unsigned index);
void arb_a64_store(arb_code *code, unsigned source, unsigned base); /* 16 bytes */

/* General registers, 64 bits. */
void arb_a64_load_pair(arb_code *code, unsigned first, unsigned second, unsigned base,
                       size_t offset); /* LDP; a multiple of 8 below 512 */
void arb_a64_add(arb_code *code, unsigned destination, unsigned source, size_t immediate);
void arb_a64_subtract(arb_code *code, unsigned destination, unsigned source,
                      size_t immediate); /* below 4096 */
void arb_a64_move_immediate(arb_code *code, unsigned destination, uint16_t immediate);
void arb_a64_decrement(arb_code *code, unsigned reg); /* SUBS: sets the flags */
/* Jumps back to an offset of the code where the last result was not zero. */
void arb_a64_jump_back_if_not_zero(arb_code *code, size_t target);
void arb_a64_bti(arb_code *code); /* BTI c */
void arb_a64_ret(arb_code *code);

#endif
