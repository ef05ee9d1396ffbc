/* Writing a snapshot while appends, links and searches go on.
 *
 * The cut: under the write mutex, how many rows there are and which of them are deleted. Rows and
 * ids below the cut never change again, so they are written from where they lie. The graph writes
 * itself as of whenever it is asked, without links to rows beyond the cut; a row it has not linked
 * by then is pending in the file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "index/crc32c.h"
#include "index/snapshot.h"
#include "vectors/error.h"

#define BUFFER_BYTES ((size_t)256 << 10)
#define NAME_ATTEMPTS_MAX 100

/* A file being written: small pieces are gathered, and all are summed. */
typedef struct snapshot_file {
    int descriptor;
    char *path; /* the temporary one */
    uint64_t written;
    uint32_t crc32c; /* of the section being written */
    size_t filled;
    arb_crc32c crc;
    uint8_t buffer[BUFFER_BYTES];
} snapshot_file;

/* What the file is to hold. */
typedef struct snapshot_cut {
    uint64_t rows;
    uint64_t *deleted; /* words */
    float *grid;       /* NULL without codes */
    arb_range range;
    arb_recall_table recall;
    uint32_t recall_sampled;
    uint64_t recall_rows;
} snapshot_cut;

static uint64_t words_of(uint64_t rows)
{
    return (rows + 63) / 64;
}

static arb_status io_error(const char *path, const char *what)
{
    return arb_fail(ARB_IO, "%s: %s: %s", path, what, strerror(errno));
}

/* ---- bytes ---- */

static arb_status write_through(snapshot_file *file, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t done = write(file->descriptor, bytes, size);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return io_error(file->path, "write");
        }
        bytes += done;
        size -= (size_t)done;
    }
    return ARB_OK;
}

static arb_status flush(snapshot_file *file)
{
    size_t filled = file->filled;
    file->filled = 0;
    return write_through(file, file->buffer, filled);
}

/* An arb_write_fn: the graph writes its section through it. */
static arb_status put(void *context, const void *bytes, size_t size)
{
    snapshot_file *file = context;
    file->crc32c = arb_crc32c_extend(&file->crc, file->crc32c, bytes, size);
    file->written += size;
    if (size > BUFFER_BYTES - file->filled) {
        arb_status status = flush(file);
        if (status != ARB_OK || size > BUFFER_BYTES) {
            return status == ARB_OK ? write_through(file, bytes, size) : status;
        }
    }
    memcpy(file->buffer + file->filled, bytes, size);
    file->filled += size;
    return ARB_OK;
}

static arb_status pad_to_page(snapshot_file *file)
{
    static const uint8_t zeros[ARB_SNAPSHOT_PAGE];
    return put(file, zeros, arb_snapshot_page_up(file->written) - file->written);
}

/* ---- sections ---- */

static arb_status put_vectors(const arb_index *index, const snapshot_cut *cut, snapshot_file *file)
{
    const arb_rows *rows = index->rows;
    arb_status status = ARB_OK;
    uint64_t in_slab = (uint64_t)rows->slab_mask + 1;
    for (uint64_t row = 0; row < cut->rows && status == ARB_OK; row += in_slab) {
        uint64_t count = cut->rows - row < in_slab ? cut->rows - row : in_slab;
        status = put(file, arb_row(rows, (uint32_t)row), count * rows->stride);
    }
    return status;
}

static arb_status put_section(const arb_index *index, const snapshot_cut *cut,
                              arb_section_kind kind, snapshot_file *file)
{
    switch (kind) {
    case ARB_SECTION_VECTORS:
        return put_vectors(index, cut, file);
    case ARB_SECTION_IDS:
        return put(file, index->ids.by_node, cut->rows * sizeof(int64_t));
    case ARB_SECTION_DELETED:
        return put(file, cut->deleted, words_of(cut->rows) * sizeof *cut->deleted);
    case ARB_SECTION_GRAPH:
        return arb_graph_write(index->graph, (uint32_t)cut->rows, put, file);
    case ARB_SECTION_GRID:
        return cut->grid == NULL
                   ? ARB_OK
                   : put(file, cut->grid, ARB_GRID_FLOATS(index->dim) * sizeof *cut->grid);
    case ARB_SECTIONS:
        break;
    }
    return arb_fail(ARB_INTERNAL, "snapshot: found section %d; allowed 0..%d", (int)kind,
                    ARB_SECTIONS - 1);
}

static uint64_t count_deleted(const snapshot_cut *cut)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < words_of(cut->rows); i++) {
        count += (uint64_t)__builtin_popcountll(cut->deleted[i]);
    }
    return count;
}

static void fill_header(const arb_index *index, const snapshot_cut *cut,
                        arb_snapshot_header *header)
{
    memcpy(header->magic, ARB_SNAPSHOT_MAGIC, sizeof header->magic);
    header->version = ARB_SNAPSHOT_VERSION;
    header->byte_order = ARB_SNAPSHOT_BYTE_ORDER;
    header->dim = index->dim;
    header->metric = (int32_t)index->scorer.form.metric;
    header->element = (int32_t)index->element;
    header->M = index->M;
    header->ef_construction = index->ef_construction;
    header->stride = (uint32_t)index->rows->stride;
    header->seed = index->seed;
    header->rows = cut->rows;
    header->deleted = count_deleted(cut);
    header->codes = (int32_t)index->codes_wanted;
    header->layout = (int32_t)index->layout;
    header->range_squares = cut->range.squares;
    header->range_rows = cut->range.rows;
    header->range_abs_max = atomic_load_explicit(&cut->range.abs_max, memory_order_relaxed);
    header->range_rms_min = cut->range.rms_min;
    header->recall = cut->recall;
    header->recall_sampled = cut->recall_sampled;
    header->recall_rows = cut->recall_rows;
}

/* The header goes last, over the hole left for it: until then the file has no magic. */
static arb_status put_everything(const arb_index *index, const snapshot_cut *cut,
                                 snapshot_file *file)
{
    arb_snapshot_page page;
    memset(&page, 0, sizeof page);
    fill_header(index, cut, &page.header);
    arb_status status = put(file, &page, sizeof page);
    for (int kind = 0; kind < ARB_SECTIONS && status == ARB_OK; kind++) {
        arb_section *section = &page.header.sections[kind];
        section->offset = file->written;
        file->crc32c = 0;
        if ((status = put_section(index, cut, (arb_section_kind)kind, file)) == ARB_OK) {
            section->bytes = file->written - section->offset;
            status = pad_to_page(file);
        }
        section->crc32c = file->crc32c;
    }
    if (status != ARB_OK || (status = flush(file)) != ARB_OK) {
        return status;
    }
    page.header.file_bytes = file->written;
    page.page.crc32c =
        arb_crc32c_extend(&file->crc, 0, page.page.covered, sizeof page.page.covered);
    if (lseek(file->descriptor, 0, SEEK_SET) != 0) {
        return io_error(file->path, "lseek");
    }
    return write_through(file, (const uint8_t *)&page, sizeof page);
}

/* ---- the file's name ---- */

/* A name beside `path` that nobody has: several saves to one path do not meet. */
static arb_status create_beside(const char *path, snapshot_file *file)
{
    size_t size = strlen(path) + 64;
    file->path = malloc(size);
    if (file->path == NULL) {
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "%s: no memory for a name", path);
    }
    for (int i = 0; i < NAME_ATTEMPTS_MAX; i++) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        snprintf(file->path, size, "%s.tmp.%ld.%ld", path, (long)getpid(), now.tv_nsec);
        file->descriptor = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file->descriptor >= 0) {
            return ARB_OK;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    arb_status status = io_error(file->path, "create");
    free(file->path);
    return status;
}

/* Makes a rename durable. */
static arb_status sync_directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    char *directory = length == 0 ? strdup(".") : strndup(path, length);
    if (directory == NULL) {
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "%s: no memory for a name", path);
    }
    arb_status status = ARB_OK;
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        status = io_error(directory, "open");
    } else {
        /* EINVAL: a file system whose directories need no sync */
        if (fsync(descriptor) != 0 && errno != EINVAL) {
            status = io_error(directory, "fsync");
        }
        close(descriptor);
    }
    free(directory);
    return status;
}

/* Syncs and closes in any case; the file is whole if this answers ARB_OK. */
static arb_status finish_file(snapshot_file *file, arb_status status)
{
    if (status == ARB_OK && fsync(file->descriptor) != 0) {
        status = io_error(file->path, "fsync");
    }
    if (close(file->descriptor) != 0 && status == ARB_OK) {
        status = io_error(file->path, "close");
    }
    return status;
}

static arb_status write_file(const arb_index *index, const snapshot_cut *cut, const char *path)
{
    snapshot_file *file = malloc(sizeof *file);
    if (file == NULL) {
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "%s: no memory for %zu bytes", path, sizeof *file);
    }
    file->written = 0;
    file->filled = 0;
    file->crc32c = 0;
    arb_crc32c_init(&file->crc);
    arb_status status = create_beside(path, file);
    if (status != ARB_OK) {
        free(file);
        return status;
    }
    status = finish_file(file, put_everything(index, cut, file));
    if (status == ARB_OK && rename(file->path, path) != 0) {
        status = io_error(path, "rename");
    }
    if (status != ARB_OK) {
        unlink(file->path);
    } else {
        status = sync_directory_of(path);
    }
    free(file->path);
    free(file);
    return status;
}

/* ---- the cut ---- */

static void free_cut(snapshot_cut *cut)
{
    free(cut->deleted);
    free(cut->grid);
}

static arb_status take_cut(arb_index *index, uint64_t rows_max, snapshot_cut *out)
{
    pthread_mutex_lock(&index->write);
    uint64_t published = arb_index_published(index);
    snapshot_cut cut = {.rows = rows_max < published ? rows_max : published, .range = index->range};
    cut.recall_sampled = arb_index_get_recall(index, &cut.recall);
    cut.recall_rows = atomic_load_explicit(&index->recall_rows, memory_order_relaxed);
    uint64_t words = words_of(cut.rows);
    cut.deleted = malloc(words * sizeof *cut.deleted + 1);
    for (uint64_t i = 0; cut.deleted != NULL && i < words; i++) {
        cut.deleted[i] = atomic_load_explicit(&index->deleted_bits[i], memory_order_relaxed);
    }
    if (index->codes != NULL) { /* a freeze may replace them once the mutex is free */
        cut.grid = malloc(ARB_GRID_FLOATS(index->dim) * sizeof *cut.grid);
        if (cut.grid != NULL) {
            arb_codes_write_grid(index->codes, cut.grid);
        }
    }
    int enough = cut.deleted != NULL && (index->codes == NULL || cut.grid != NULL);
    pthread_mutex_unlock(&index->write);
    if (!enough) {
        free_cut(&cut);
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "snapshot: no memory for %llu rows",
                        (unsigned long long)cut.rows);
    }
    if (cut.rows % 64 != 0) {
        cut.deleted[words - 1] &= (1ull << (cut.rows % 64)) - 1;
    }
    *out = cut;
    return ARB_OK;
}

arb_status arb_index_save(const arb_index *index, const char *path, uint64_t rows)
{
    if (index == NULL || path == NULL || path[0] == '\0') {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s; allowed a live one",
                        index == NULL  ? "index: found NULL"
                        : path == NULL ? "path: found NULL"
                                       : "path: found \"\"");
    }
    snapshot_cut cut;
    /* the mutex changes, the index does not */
    arb_status status = take_cut((arb_index *)index, rows, &cut);
    if (status != ARB_OK) {
        return status;
    }
    status = write_file(index, &cut, path);
    free_cut(&cut);
    return status;
}
