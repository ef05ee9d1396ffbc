/* Slicing by 8 (Kounavis and Berry, "A systematic approach to building high performance,
 * software-based, CRC generators", 2005): tables[i][b] is the effect of byte b with i zero bytes
 * behind it, so that eight independent look-ups replace eight dependent ones. */
#include "index/crc32c.h"

#include <string.h>

#define POLYNOMIAL_REFLECTED 0x82f63b78u

void arb_crc32c_init(arb_crc32c *crc)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t remainder = byte;
        for (int bit = 0; bit < 8; bit++) {
            remainder = remainder >> 1 ^ (remainder & 1 ? POLYNOMIAL_REFLECTED : 0);
        }
        crc->tables[0][byte] = remainder;
    }
    for (int i = 1; i < 8; i++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            uint32_t shorter = crc->tables[i - 1][byte];
            crc->tables[i][byte] = shorter >> 8 ^ crc->tables[0][shorter & 0xff];
        }
    }
}

uint32_t arb_crc32c_extend(const arb_crc32c *crc, uint32_t so_far, const void *bytes, size_t size)
{
    const uint32_t(*tables)[256] = crc->tables;
    const uint8_t *at = bytes;
    uint32_t state = ~so_far;
    for (; size >= 8; size -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word); /* little endian, as both our architectures are */
        word ^= state;
        state = tables[7][word & 0xff] ^ tables[6][word >> 8 & 0xff] ^
                tables[5][word >> 16 & 0xff] ^ tables[4][word >> 24 & 0xff] ^
                tables[3][word >> 32 & 0xff] ^ tables[2][word >> 40 & 0xff] ^
                tables[1][word >> 48 & 0xff] ^ tables[0][word >> 56];
    }
    for (; size > 0; size--, at++) {
        state = state >> 8 ^ tables[0][(state ^ *at) & 0xff];
    }
    return ~state;
}
