/* Opening a snapshot: nothing in the file is believed before its checksum is right, and nothing is
 * used as a size or an offset before it is within bounds, so that a file from another hand fails as
 * well as a damaged one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/crc32c.h"
#include "index/snapshot.h"
#include "vectors/error.h"

typedef struct mapped_file {
    const char *path;
    uint8_t *bytes;
    size_t size;
} mapped_file;

static arb_status corrupt(const char *path, const char *section, const char *what, uint64_t found,
                          uint64_t allowed)
{
    return arb_fail(ARB_CORRUPT, "%s: %s: %s: found %llu; allowed %llu", path, section, what,
                    (unsigned long long)found, (unsigned long long)allowed);
}

static arb_status map_descriptor(const char *path, int descriptor, mapped_file *out)
{
    struct stat facts;
    if (fstat(descriptor, &facts) != 0) {
        return arb_fail(ARB_IO, "%s: fstat: %s", path, strerror(errno));
    }
    if (!S_ISREG(facts.st_mode)) {
        return arb_fail(ARB_IO, "%s: found no regular file; allowed a snapshot", path);
    }
    if (facts.st_size < (off_t)ARB_SNAPSHOT_PAGE) {
        return corrupt(path, "header", "bytes", (uint64_t)facts.st_size, ARB_SNAPSHOT_PAGE);
    }
    size_t size = (size_t)facts.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (bytes == MAP_FAILED) {
        return arb_fail(ARB_IO, "%s: mmap: %s", path, strerror(errno));
    }
    *out = (mapped_file){.path = path, .bytes = bytes, .size = size};
    return ARB_OK;
}

static arb_status map_file(const char *path, mapped_file *out)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return arb_fail(errno == ENOENT ? ARB_NOT_FOUND : ARB_IO, "%s: open: %s", path,
                        strerror(errno));
    }
    arb_status status = map_descriptor(path, descriptor, out);
    close(descriptor); /* the mapping keeps the file */
    return status;
}

/* ---- checks ---- */

static arb_status check_page(const mapped_file *file, const arb_crc32c *crc)
{
    const arb_snapshot_page *page = (const arb_snapshot_page *)file->bytes;
    const arb_snapshot_header *header = &page->header;
    uint32_t computed = arb_crc32c_extend(crc, 0, page->page.covered, sizeof page->page.covered);
    if (memcmp(header->magic, ARB_SNAPSHOT_MAGIC, sizeof header->magic) != 0) {
        return arb_fail(ARB_CORRUPT, "%s: header: magic not found: this is no snapshot",
                        file->path);
    }
    if (computed != page->page.crc32c) {
        return corrupt(file->path, "header", "checksum", page->page.crc32c, computed);
    }
    if (header->version < ARB_SNAPSHOT_VERSION_OLDEST || header->version > ARB_SNAPSHOT_VERSION) {
        return arb_fail(ARB_UNSUPPORTED, "%s: header: version: found %u; allowed %u..%u",
                        file->path, header->version, ARB_SNAPSHOT_VERSION_OLDEST,
                        ARB_SNAPSHOT_VERSION);
    }
    if (header->byte_order != ARB_SNAPSHOT_BYTE_ORDER) {
        return arb_fail(ARB_UNSUPPORTED, "%s: header: byte order: found %08x; allowed %08x",
                        file->path, header->byte_order, ARB_SNAPSHOT_BYTE_ORDER);
    }
    if (header->file_bytes != file->size) {
        return corrupt(file->path, "header", "bytes of the file", file->size, header->file_bytes);
    }
    return ARB_OK;
}

static arb_status check_limits(const mapped_file *file, const arb_snapshot_header *header)
{
    const struct {
        const char *field;
        uint64_t found;
        uint64_t low;
        uint64_t high;
    } limits[] = {
        {"dim", header->dim, 1, ARB_DIM_MAX},
        {"metric", (uint32_t)header->metric, 0, ARB_METRICS - 1},
        {"element", (uint32_t)header->element, 0, ARB_ELEMENTS - 1},
        {"M", header->M, ARB_M_MIN, ARB_M_MAX},
        {"ef_construction", header->ef_construction, 1, ARB_EF_MAX},
        {"codes", (uint32_t)header->codes, 0, ARB_CODES_KINDS - 1},
        {"layout", (uint32_t)header->layout, 0, ARB_LAYOUTS - 1},
        {"rows", header->rows, 0, ARB_NODES_MAX},
        {"deleted", header->deleted, 0, header->rows},
        {"range rows", header->range_rows, header->rows, ARB_NODES_MAX},
        {"recall sampled", header->recall_sampled, 0, ARB_RECALL_SAMPLE_MAX},
        {"recall rows", header->recall_rows, header->recall_sampled, ARB_NODES_MAX},
    };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (limits[i].found < limits[i].low || limits[i].found > limits[i].high) {
            return arb_fail(ARB_CORRUPT, "%s: header: %s: found %llu; allowed %llu..%llu",
                            file->path, limits[i].field, (unsigned long long)limits[i].found,
                            (unsigned long long)limits[i].low, (unsigned long long)limits[i].high);
        }
    }
    if (header->recall_sampled > 0 && !arb_recall_table_is_sound(&header->recall)) {
        return arb_fail(ARB_CORRUPT,
                        "%s: header: recall: found gaps or breadths that fall or are "
                        "out of range; allowed rising ones",
                        file->path);
    }
    size_t stride = arb_row_stride(header->dim, arb_element_size((arb_element)header->element));
    if (header->stride != stride) {
        return corrupt(file->path, "header", "stride", header->stride, stride);
    }
    return ARB_OK;
}

/* Sections lie in order, without holes but their gaps, and end with the file. */
static arb_status check_sections(const mapped_file *file, const arb_snapshot_header *header,
                                 const arb_crc32c *crc)
{
    const uint64_t wanted[ARB_SECTIONS] = {
        [ARB_SECTION_VECTORS] = header->rows * header->stride,
        [ARB_SECTION_IDS] = header->rows * sizeof(int64_t),
        [ARB_SECTION_DELETED] = (header->rows + 63) / 64 * sizeof(uint64_t),
        [ARB_SECTION_GRAPH] = header->sections[ARB_SECTION_GRAPH].bytes,
        [ARB_SECTION_GRID] = header->sections[ARB_SECTION_GRID].bytes == 0
                                 ? 0
                                 : ARB_GRID_FLOATS(header->dim) * sizeof(float),
    };
    uint64_t offset = ARB_SNAPSHOT_PAGE;
    for (int kind = 0; kind < ARB_SECTIONS; kind++) {
        const arb_section *section = &header->sections[kind];
        const char *name = arb_section_name(kind);
        if (section->offset != offset) {
            return corrupt(file->path, name, "offset", section->offset, offset);
        }
        if (section->bytes != wanted[kind] || section->bytes > file->size - offset) {
            return corrupt(file->path, name, "bytes", section->bytes, wanted[kind]);
        }
        /* both are multiples of a page, or the file is not one of ours */
        uint64_t end = offset + arb_snapshot_page_up(section->bytes);
        if (end > file->size) {
            return corrupt(file->path, name, "end", end, file->size);
        }
        uint32_t computed = arb_crc32c_extend(crc, 0, file->bytes + offset, end - offset);
        if (computed != section->crc32c) {
            return corrupt(file->path, name, "checksum", section->crc32c, computed);
        }
        offset = end;
    }
    if (offset != file->size) {
        return corrupt(file->path, "grid", "end", offset, file->size);
    }
    return ARB_OK;
}

static arb_status check_file(const mapped_file *file)
{
    const arb_snapshot_header *header = (const arb_snapshot_header *)file->bytes;
    arb_crc32c crc;
    arb_crc32c_init(&crc);
    arb_status status = check_page(file, &crc);
    if (status != ARB_OK || (status = check_limits(file, header)) != ARB_OK) {
        return status;
    }
    return check_sections(file, header, &crc);
}

/* ---- filling an index ---- */

static const void *section_at(const mapped_file *file, arb_section_kind kind)
{
    return file->bytes + ((const arb_snapshot_header *)file->bytes)->sections[kind].offset;
}

static arb_status adopt_deleted(arb_index *index, const mapped_file *file, uint64_t rows,
                                uint64_t deleted)
{
    const uint64_t *words = section_at(file, ARB_SECTION_DELETED);
    uint64_t count = 0;
    for (uint64_t i = 0; i < (rows + 63) / 64; i++) {
        count += (uint64_t)__builtin_popcountll(words[i]);
        atomic_store_explicit(&index->deleted_bits[i], words[i], memory_order_relaxed);
    }
    if (rows % 64 != 0 && words[rows / 64] >> (rows % 64) != 0) {
        return arb_fail(ARB_CORRUPT, "%s: deleted: found bits beyond row %llu; allowed none",
                        file->path, (unsigned long long)rows);
    }
    if (count != deleted) {
        return corrupt(file->path, "deleted", "bits", count, deleted);
    }
    atomic_store(&index->deleted_count, count);
    return ARB_OK;
}

/* An id may have many rows, all but one deleted. */
static arb_status adopt_ids(arb_index *index, const mapped_file *file, uint64_t rows,
                            uint64_t deleted)
{
    const int64_t *ids = section_at(file, ARB_SECTION_IDS);
    memcpy(index->ids.by_node, ids, rows * sizeof *ids);
    arb_status status =
        arb_ids_reserve(&index->ids, (uint32_t)(rows - deleted), index->deleted_bits);
    for (uint64_t row = 0; row < rows && status == ARB_OK; row++) {
        if (arb_is_deleted(index->deleted_bits, (uint32_t)row)) {
            continue;
        }
        uint32_t other = arb_ids_put(&index->ids, ids[row], (uint32_t)row);
        if (other != ARB_NO_NODE) {
            return arb_fail(ARB_CORRUPT, "%s: ids: found id %lld at rows %u and %llu; allowed once",
                            file->path, (long long)ids[row], other, (unsigned long long)row);
        }
    }
    return status;
}

static arb_status adopt_file(arb_index *index, const mapped_file *file, int resident)
{
    const arb_snapshot_header *header = (const arb_snapshot_header *)file->bytes;
    uint32_t rows = (uint32_t)header->rows;
    arb_status status;
    if ((status = adopt_deleted(index, file, rows, header->deleted)) != ARB_OK ||
        (status = adopt_ids(index, file, rows, header->deleted)) != ARB_OK ||
        (status = arb_rows_open(index->dim, arb_element_size(index->element),
                                section_at(file, ARB_SECTION_VECTORS), rows, resident,
                                &index->rows)) != ARB_OK) {
        return status;
    }
    index->scorer.rows = index->rows;
    if ((status = arb_graph_open(&index->scorer, section_at(file, ARB_SECTION_GRAPH),
                                 header->sections[ARB_SECTION_GRAPH].bytes, rows, &index->graph)) !=
        ARB_OK) {
        char reason[256];
        snprintf(reason, sizeof reason, "%s", arb_last_error());
        return arb_fail(status, "%s: graph: %s", file->path, reason);
    }
    const arb_range range = {.abs_max = header->range_abs_max,
                             .squares = header->range_squares,
                             .rms_min = header->range_rms_min,
                             .rows = header->range_rows};
    arb_range_adopt(index, &range);
    arb_index_set_recall(index, &header->recall, header->recall_sampled, header->recall_rows);
    atomic_store_explicit(&index->published, rows, memory_order_release);
    arb_index_adopt_links(index);
    status = header->sections[ARB_SECTION_GRID].bytes == 0
                 ? arb_index_renew_codes(index)
                 : arb_index_open_codes(index, section_at(file, ARB_SECTION_GRID));
    if (status != ARB_OK || index->layout != ARB_LAYOUT_FUSED) {
        return status;
    }
    /* the file has bare lists: what lies beside them is made anew, as codes are */
    arb_graph_set_fused(index->graph, 1);
    return arb_graph_freeze(index->graph);
}

static arb_status check_call(const char *path, int32_t resident, arb_index *const *out)
{
    if (path == NULL || out == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found NULL; allowed a live one",
                        path == NULL ? "path" : "out");
    }
    if (resident != 0 && resident != 1) {
        return arb_fail(ARB_INVALID_ARGUMENT, "resident: found %d; allowed 0..1", resident);
    }
    return ARB_OK;
}

arb_status arb_index_open(const char *path, const arb_index_options *options, int32_t resident,
                          arb_index **out)
{
    const arb_kernel_set *kernels;
    mapped_file file = {0};
    arb_status status = check_call(path, resident, out);
    if (status != ARB_OK || (status = arb_check_kernel_set(options, &kernels)) != ARB_OK ||
        (status = map_file(path, &file)) != ARB_OK) {
        return status;
    }
    arb_index *index = NULL;
    if ((status = check_file(&file)) == ARB_OK) {
        const arb_snapshot_header *header = (const arb_snapshot_header *)file.bytes;
        const arb_index_options found = {
            .struct_size = sizeof found,
            .dim = header->dim,
            .metric = header->metric,
            .element = header->element,
            .M = header->M,
            .ef_construction = header->ef_construction,
            .seed = header->seed,
            .kernel_set = options->kernel_set,
            .codes = header->codes,
            .layout = header->layout,
            .generated = options->generated,
        };
        status = arb_index_new(&found, kernels, &index);
    }
    if (status != ARB_OK) {
        munmap(file.bytes, file.size);
        return status;
    }
    index->mapped = file.bytes; /* from here on the index unmaps it */
    index->mapped_bytes = file.size;
    if ((status = adopt_file(index, &file, resident)) != ARB_OK) {
        arb_index_close(index);
        return status;
    }
    *out = index;
    return ARB_OK;
}
