#include "kernels/x86_64/encode.h"

/* maps and prefixes as encode.h numbers them */
#define NP 0
#define P66 1
#define PF3 2
#define PF2 3

const arb_evex ARB_VMOVDQU8 = {1, PF2, 0, 0x6f, 1};
const arb_evex ARB_VMOVDQU16 = {1, PF2, 1, 0x6f, 1};
const arb_evex ARB_VMOVUPS_STORE = {1, NP, 0, 0x11, 1};
const arb_evex ARB_VADDPH = {5, NP, 0, 0x58, 1};
const arb_evex ARB_VSUBPH = {5, NP, 0, 0x5c, 1};
const arb_evex ARB_VMULPH = {5, NP, 0, 0x59, 1};
const arb_evex ARB_VFMADD231PH = {6, P66, 0, 0xb8, 1};
const arb_evex ARB_VADDPS = {1, NP, 0, 0x58, 1};
const arb_evex ARB_VSUBPS = {1, NP, 0, 0x5c, 1};
const arb_evex ARB_VMULPS = {1, NP, 0, 0x59, 1};
const arb_evex ARB_VDIVPS = {1, NP, 0, 0x5e, 1};
const arb_evex ARB_VSQRTPS = {1, NP, 0, 0x51, 1};
const arb_evex ARB_VFMADD231PS = {2, P66, 0, 0xb8, 1};
const arb_evex ARB_VCVTPH2PS = {2, P66, 0, 0x13, 2};
const arb_evex ARB_VCVTDQ2PS = {1, NP, 0, 0x5b, 1};
const arb_evex ARB_VPADDD = {1, P66, 0, 0xfe, 1};
const arb_evex ARB_VPSUBD = {1, P66, 0, 0xfa, 1};
const arb_evex ARB_VPSUBB = {1, P66, 0, 0xf8, 1};
const arb_evex ARB_VPMAXUB = {1, P66, 0, 0xde, 1};
const arb_evex ARB_VPMINUB = {1, P66, 0, 0xda, 1};
const arb_evex ARB_VPXORD = {1, P66, 0, 0xef, 1};
const arb_evex ARB_VPDPBUSD = {2, P66, 0, 0x50, 1};
const arb_evex ARB_VUNPCKLPS = {1, NP, 0, 0x14, 1};
const arb_evex ARB_VUNPCKHPS = {1, NP, 0, 0x15, 1};
const arb_evex ARB_VUNPCKLPD = {1, P66, 1, 0x14, 1};
const arb_evex ARB_VUNPCKHPD = {1, P66, 1, 0x15, 1};
const arb_evex ARB_VPUNPCKLDQ = {1, P66, 0, 0x62, 1};
const arb_evex ARB_VPUNPCKHDQ = {1, P66, 0, 0x6a, 1};
const arb_evex ARB_VPUNPCKLQDQ = {1, P66, 1, 0x6c, 1};
const arb_evex ARB_VPUNPCKHQDQ = {1, P66, 1, 0x6d, 1};
const arb_evex ARB_VEXTRACTF64X4 = {3, P66, 1, 0x1b, 2};
const arb_evex ARB_VEXTRACTF32X4 = {3, P66, 0, 0x19, 2};
const arb_evex ARB_VEXTRACTI64X4 = {3, P66, 1, 0x3b, 2};
const arb_evex ARB_VEXTRACTI32X4 = {3, P66, 0, 0x39, 2};
const arb_evex ARB_VPERMILPS = {3, P66, 0, 0x04, 1};
const arb_evex ARB_VPSHUFD = {1, P66, 0, 0x70, 1};
const arb_evex ARB_VPBROADCASTD_R32 = {2, P66, 0, 0x7c, 1};

static uint8_t bit(unsigned value, unsigned position, unsigned to)
{
    return (uint8_t)((value >> position & 1u) << to);
}

/* ModRM and displacement. One byte of displacement counts in units of what the instruction takes
 * from memory. Base rsp and r12 would need a SIB byte, rbp and r13 a displacement: encode.h offers
 * none of them. */
static void put_operand(arb_code *code, unsigned reg, arb_operand operand, int32_t unit)
{
    uint8_t low = (uint8_t)((reg & 7u) << 3 | (operand.reg & 7u));
    if (!operand.is_memory) {
        arb_code_put(code, 0xc0u | low, 1);
        return;
    }
    int32_t displacement = operand.displacement;
    if (displacement == 0) {
        arb_code_put(code, low, 1);
    } else if (displacement % unit == 0 && displacement / unit >= -128 &&
               displacement / unit <= 127) {
        arb_code_put(code, 0x40u | low, 1);
        arb_code_put(code, (uint8_t)(displacement / unit), 1);
    } else {
        arb_code_put(code, 0x80u | low, 1);
        arb_code_put(code, (uint32_t)displacement, 4);
    }
}

void arb_evex_put(arb_code *code, const arb_evex *op, arb_vector_length length,
                  unsigned destination, unsigned first, arb_operand operand, unsigned mask)
{
    /* the register numbers' upper bits are stored inverted; a register as last operand has its
     * fifth bit where memory would have its index register's fourth */
    unsigned fifth = operand.is_memory ? 0 : operand.reg;
    uint8_t upper = (uint8_t)(bit(destination, 3, 7) | bit(fifth, 4, 6) | bit(operand.reg, 3, 5) |
                              bit(destination, 4, 4));
    uint8_t zeroing = mask != 0 ? 0x80 : 0;
    uint8_t length_bits = length == ARB_ZMM ? 0x40 : length == ARB_YMM ? 0x20 : 0;
    arb_code_put(code, 0x62, 1);
    arb_code_put(code, (uint8_t)((upper ^ 0xf0u) | op->map), 1);
    arb_code_put(code, (uint8_t)(op->w << 7 | (~first & 15u) << 3 | 4u | op->prefix), 1);
    arb_code_put(code, (uint8_t)(zeroing | length_bits | (bit(first, 4, 3) ^ 8u) | mask), 1);
    arb_code_put(code, op->opcode, 1);
    put_operand(code, destination, operand, (int32_t)length / op->memory_divisor);
}

void arb_evex_put_immediate(arb_code *code, const arb_evex *op, arb_vector_length length,
                            unsigned destination, unsigned first, arb_operand operand,
                            uint8_t immediate)
{
    arb_evex_put(code, op, length, destination, first, operand, 0);
    arb_code_put(code, immediate, 1);
}

void arb_x86_endbr64(arb_code *code)
{
    arb_code_put(code, 0xfa1e0ff3u, 4);
}

void arb_x86_ret(arb_code *code)
{
    arb_code_put(code, 0xc3, 1);
}

void arb_x86_vzeroupper(arb_code *code)
{
    arb_code_put(code, 0x77f8c5u, 3);
}

/* REX.W with the upper bits of ModRM's two registers */
static void put_rex(arb_code *code, unsigned reg, unsigned base)
{
    arb_code_put(code, 0x48u | bit(reg, 3, 2) | bit(base, 3, 0), 1);
}

void arb_x86_load(arb_code *code, arb_x86_register destination, arb_x86_register base,
                  uint8_t displacement)
{
    put_rex(code, destination, base);
    arb_code_put(code, 0x8b, 1);
    put_operand(code, destination, arb_in_memory(base, displacement), 1);
}

void arb_x86_move_immediate(arb_code *code, arb_x86_register destination, uint64_t immediate)
{
    if (immediate > UINT32_MAX) {
        put_rex(code, 0, destination);
    } else if (destination >= ARB_R8) {
        arb_code_put(code, 0x41, 1);
    }
    arb_code_put(code, 0xb8u | (destination & 7u), 1);
    arb_code_put(code, immediate, immediate > UINT32_MAX ? 8 : 4);
}

void arb_x86_add_immediate(arb_code *code, arb_x86_register destination, int32_t immediate)
{
    int is_byte = immediate >= -128 && immediate <= 127;
    put_rex(code, 0, destination);
    arb_code_put(code, is_byte ? 0x83 : 0x81, 1);
    arb_code_put(code, 0xc0u | (destination & 7u), 1);
    arb_code_put(code, (uint32_t)immediate, is_byte ? 1 : 4);
}

void arb_x86_decrement(arb_code *code, arb_x86_register reg)
{
    if (reg >= ARB_R8) {
        arb_code_put(code, 0x41, 1);
    }
    arb_code_put(code, 0xff, 1);
    arb_code_put(code, 0xc8u | (reg & 7u), 1);
}

void arb_x86_set_mask(arb_code *code, unsigned mask, arb_x86_register source)
{
    /* VEX.L0.F2.0F.W1 92 /r */
    arb_code_put(code, 0xc4, 1);
    arb_code_put(code, source >= ARB_R8 ? 0xc1 : 0xe1, 1);
    arb_code_put(code, 0xfb, 1);
    arb_code_put(code, 0x92, 1);
    arb_code_put(code, 0xc0u | mask << 3 | (source & 7u), 1);
}

void arb_x86_jump_back_if_not_zero(arb_code *code, size_t target)
{
    arb_code_put(code, 0x850f, 2);
    arb_code_put(code, (uint32_t)(target - (code->length + 4)), 4);
}
