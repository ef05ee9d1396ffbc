/* encode.h: the x86-64 instructions that generated kernels are made of, as bytes (Intel 64 and
 * IA-32 Architectures Software Developer's Manual, volume 2: 2.7, EVEX encoding).
 *
 * Vector instructions are all EVEX: one form that reaches every register. `tests/native/
 * generated_encoding_test.c` holds each of them against the assembler. */
#ifndef ARB_KERNELS_X86_64_ENCODE_H
#define ARB_KERNELS_X86_64_ENCODE_H

#include "kernels/generate.h"

typedef enum arb_x86_register {
    ARB_RAX = 0,
    ARB_RCX = 1,
    ARB_RDX = 2,
    ARB_RSI = 6,
    ARB_RDI = 7,
    ARB_R8 = 8,
    ARB_R9 = 9,
    ARB_R10 = 10,
    ARB_R11 = 11,
} arb_x86_register;

/* Bytes of a vector register's part that an instruction works on. */
typedef enum arb_vector_length { ARB_XMM = 16, ARB_YMM = 32, ARB_ZMM = 64 } arb_vector_length;

/* An EVEX instruction: opcode map (1 = 0F, 2 = 0F38, 3 = 0F3A, 5, 6), prefix (0, 1 = 66, 2 = F3, 3
 * = F2), W and opcode; and how many bytes it takes from memory, which its displacements are counted
 * in: the vector's length over `memory_divisor`. */
typedef struct arb_evex {
    uint8_t map, prefix, w, opcode, memory_divisor;
} arb_evex;

extern const arb_evex ARB_VMOVDQU8, ARB_VMOVDQU16, ARB_VMOVUPS_STORE;
extern const arb_evex ARB_VADDPH, ARB_VSUBPH, ARB_VMULPH, ARB_VFMADD231PH;
extern const arb_evex ARB_VADDPS, ARB_VSUBPS, ARB_VMULPS, ARB_VDIVPS, ARB_VSQRTPS, ARB_VFMADD231PS;
extern const arb_evex ARB_VCVTPH2PS, ARB_VCVTDQ2PS;
extern const arb_evex ARB_VPADDD, ARB_VPSUBD, ARB_VPSUBB, ARB_VPMAXUB, ARB_VPMINUB, ARB_VPXORD;
extern const arb_evex ARB_VPDPBUSD;
extern const arb_evex ARB_VUNPCKLPS, ARB_VUNPCKHPS, ARB_VUNPCKLPD, ARB_VUNPCKHPD;
extern const arb_evex ARB_VPUNPCKLDQ, ARB_VPUNPCKHDQ, ARB_VPUNPCKLQDQ, ARB_VPUNPCKHQDQ;
/* these take a last operand more: arb_evex_put_immediate */
extern const arb_evex ARB_VEXTRACTF64X4, ARB_VEXTRACTF32X4, ARB_VEXTRACTI64X4, ARB_VEXTRACTI32X4;
extern const arb_evex ARB_VPERMILPS, ARB_VPSHUFD;
/* from a general register */
extern const arb_evex ARB_VPBROADCASTD_R32;

/* The last operand: a register, or memory at a general register and a displacement. */
typedef struct arb_operand {
    int is_memory;
    unsigned reg;
    int32_t displacement;
} arb_operand;

static inline arb_operand arb_in_register(unsigned reg)
{
    return (arb_operand){0, reg, 0};
}

static inline arb_operand arb_in_memory(arb_x86_register base, size_t displacement)
{
    return (arb_operand){1, base, (int32_t)displacement};
}

/* op destination, first, operand, on vectors of `length`. Where the instruction has no `first`, it
 * is 0. mask is 0 or the number of a mask register: elements that it leaves out are zero, and
 * memory is not touched there. */
void arb_evex_put(arb_code *code, const arb_evex *op, arb_vector_length length,
                  unsigned destination, unsigned first, arb_operand operand, unsigned mask);

/* The same with an immediate byte behind. vextract's destination is its last operand. */
void arb_evex_put_immediate(arb_code *code, const arb_evex *op, arb_vector_length length,
                            unsigned destination, unsigned first, arb_operand operand,
                            uint8_t immediate);

void arb_x86_endbr64(arb_code *code);
void arb_x86_ret(arb_code *code);
void arb_x86_vzeroupper(arb_code *code);
void arb_x86_load(arb_code *code, arb_x86_register destination, arb_x86_register base,
                  uint8_t displacement);
void arb_x86_move_immediate(arb_code *code, arb_x86_register destination, uint64_t immediate);
void arb_x86_add_immediate(arb_code *code, arb_x86_register destination, int32_t immediate);
void arb_x86_decrement(arb_code *code, arb_x86_register reg); /* its lower 32 bits */
/* kmovq: 64 mask bits, whatever the elements */
void arb_x86_set_mask(arb_code *code, unsigned mask, arb_x86_register source);
/* Jumps back to an offset of the code where the last result was not zero. */
void arb_x86_jump_back_if_not_zero(arb_code *code, size_t target);

#endif
