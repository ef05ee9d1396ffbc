#include "kernels/aarch64/encode.h"

#define LOW_IMMEDIATE_BITS 12
#define LOW_IMMEDIATE_MASK ((1u << LOW_IMMEDIATE_BITS) - 1)

static void put_word(arb_code *code, uint32_t word)
{
    arb_code_put(code, word, 4);
}

/* 0..4 for 1..16 */
static unsigned log2_of(unsigned bytes)
{
    return (unsigned)__builtin_ctz(bytes);
}

void arb_a64_put(arb_code *code, arb_a64_op op, unsigned destination, unsigned first,
                 unsigned second)
{
    put_word(code, (uint32_t)op | second << 16 | first << 5 | destination);
}

void arb_a64_extract(arb_code *code, unsigned destination, unsigned first, unsigned second,
                     unsigned from)
{
    put_word(code, 0x6e000000u | second << 16 | from << 11 | first << 5 | destination);
}

void arb_a64_load(arb_code *code, unsigned destination, unsigned base, size_t offset,
                  unsigned bytes)
{
    /* the size stands in the top bits; sixteen bytes are size 0 with a bit of their own */
    uint32_t op = bytes == 16 ? 0x3dc00000u : 0x3d400000u | log2_of(bytes) << 30;
    put_word(code, op | (uint32_t)(offset / bytes) << 10 | base << 5 | destination);
}

void arb_a64_load_piece(arb_code *code, unsigned destination, unsigned base, unsigned bytes,
                        unsigned index)
{
    /* LD1 of one lane: the index is spread over Q, S and size, from the top, less the bits that the
     * element's size needs */
    static const uint32_t ops[] = {0x0d400000u, 0x0d404000u, 0x0d408000u, 0x0d408400u};
    uint32_t place = index << log2_of(bytes);
    uint32_t spread = (place >> 3 & 1u) << 30 | (place >> 2 & 1u) << 12 | (place & 3u) << 10;
    put_word(code, ops[log2_of(bytes)] | spread | base << 5 | destination);
}

void arb_a64_store(arb_code *code, unsigned source, unsigned base)
{
    put_word(code, 0x3d800000u | base << 5 | source);
}

void arb_a64_load_pair(arb_code *code, unsigned first, unsigned second, unsigned base,
                       size_t offset)
{
    put_word(code, 0xa9400000u | (uint32_t)(offset / 8) << 15 | second << 10 | base << 5 | first);
}

void arb_a64_add(arb_code *code, unsigned destination, unsigned source, size_t immediate)
{
    uint32_t low = (uint32_t)immediate & LOW_IMMEDIATE_MASK;
    uint32_t high = (uint32_t)(immediate >> LOW_IMMEDIATE_BITS);
    if (high != 0) {
        put_word(code, 0x91400000u | high << 10 | source << 5 | destination);
        source = destination;
    }
    if (low != 0 || high == 0) {
        put_word(code, 0x91000000u | low << 10 | source << 5 | destination);
    }
}

void arb_a64_subtract(arb_code *code, unsigned destination, unsigned source, size_t immediate)
{
    put_word(code, 0xd1000000u | (uint32_t)immediate << 10 | source << 5 | destination);
}

void arb_a64_move_immediate(arb_code *code, unsigned destination, uint16_t immediate)
{
    put_word(code, 0xd2800000u | (uint32_t)immediate << 5 | destination);
}

void arb_a64_decrement(arb_code *code, unsigned reg)
{
    put_word(code, 0xf1000400u | reg << 5 | reg);
}

void arb_a64_jump_back_if_not_zero(arb_code *code, size_t target)
{
    uint32_t words_back = (uint32_t)((code->length - target) / 4);
    put_word(code, 0x54000001u | ((0u - words_back) & 0x7ffffu) << 5);
}

void arb_a64_bti(arb_code *code)
{
    put_word(code, 0xd503245fu);
}

void arb_a64_ret(arb_code *code)
{
    put_word(code, 0xd65f03c0u);
}
