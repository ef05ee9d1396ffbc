/* crc32c.h: the checksum of snapshot files: CRC-32C (Castagnoli), as in RFC 3720, appendix B.4. */
#ifndef ARB_INDEX_CRC32C_H
#define ARB_INDEX_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Tables for eight bytes a step. 8 KiB, filled in some 10 us: kept by whoever checks a file rather
 * than for the life of the process. */
typedef struct arb_crc32c {
    uint32_t tables[8][256];
} arb_crc32c;

void arb_crc32c_init(arb_crc32c *crc);

/* The checksum of what `so_far` was the checksum of (0 at first), followed by these bytes. */
uint32_t arb_crc32c_extend(const arb_crc32c *crc, uint32_t so_far, const void *bytes, size_t size);

#endif
