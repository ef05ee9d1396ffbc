/* snapshot.h: the file of an index.
 *
 *   page 0        header, zeros, CRC32C of the page in its last 4 bytes
 *   page 1..      vectors   rows of `stride` bytes, as in memory, so that they are used in place
 *                 ids       int64 a row
 *                 deleted   a bit a row, in 64-bit words, 1 = deleted
 *                 graph     what arb_graph_write gives
 *                 grid      of the codes, as arb_codes_write_grid gives it; nothing without codes
 *
 * Each section begins on a page; zeros fill the gap before the next one. A section's CRC32C covers
 * its gap too, so that every byte of the file is covered by one of six checksums. Numbers are
 * little endian. A file is written beside its path, synced and renamed, and never changed
 * afterwards. */
#ifndef ARB_INDEX_SNAPSHOT_H
#define ARB_INDEX_SNAPSHOT_H

#include <stdint.h>

#include "index/index.h"

#define ARB_SNAPSHOT_MAGIC "ARBALEST"
/* Before version 5 no list of an upper level had marked links (graph/bridge.h). Files of version 3
 * have zeros where later ones say what recall costs: it was not measured. */
#define ARB_SNAPSHOT_VERSION 5u
#define ARB_SNAPSHOT_VERSION_OLDEST 3u
#define ARB_SNAPSHOT_BYTE_ORDER 0x01020304u
#define ARB_SNAPSHOT_PAGE 4096u

typedef enum arb_section_kind {
    ARB_SECTION_VECTORS,
    ARB_SECTION_IDS,
    ARB_SECTION_DELETED,
    ARB_SECTION_GRAPH,
    ARB_SECTION_GRID,
    ARB_SECTIONS
} arb_section_kind;

typedef struct arb_section {
    uint64_t offset; /* of its first byte in the file, on a page */
    uint64_t bytes;  /* without the gap behind */
    uint32_t crc32c; /* of bytes and gap */
    uint32_t zero;
} arb_section;

typedef struct arb_snapshot_header {
    char magic[8];
    uint32_t version;
    uint32_t byte_order;
    uint64_t file_bytes;
    uint32_t dim;
    int32_t metric;
    int32_t element;
    uint32_t M;
    uint32_t ef_construction;
    uint32_t stride;
    uint64_t seed;
    uint64_t rows;
    uint64_t deleted;
    double range_squares; /* arb_range */
    uint64_t range_rows;
    float range_abs_max;
    float range_rms_min;
    arb_section sections[ARB_SECTIONS];
    int32_t codes; /* arb_codes_kind wanted */
    int32_t layout;
    arb_recall_table recall;
    uint32_t recall_sampled;
    uint64_t recall_rows;
} arb_snapshot_header;

typedef union arb_snapshot_page {
    arb_snapshot_header header;
    struct {
        uint8_t covered[ARB_SNAPSHOT_PAGE - sizeof(uint32_t)];
        uint32_t crc32c;
    } page;
} arb_snapshot_page;

static inline uint64_t arb_snapshot_page_up(uint64_t bytes)
{
    return (bytes + ARB_SNAPSHOT_PAGE - 1) & ~(uint64_t)(ARB_SNAPSHOT_PAGE - 1);
}

static inline const char *arb_section_name(int kind)
{
    static const char *const names[ARB_SECTIONS] = {"vectors", "ids", "deleted", "graph", "grid"};
    return names[kind];
}

#endif
