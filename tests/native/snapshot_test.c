/* Snapshot files: what is saved is opened, whatever byte is damaged or missing is noticed and
 * named, a failed save leaves nothing behind, and a save beside writers holds a consistent state.
 *
 * snapshot_test [SEED] */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "index/crc32c.h"
#include "index/snapshot.h"
#include "index_helpers.h"

#define DIM 40 /* of halves: codes save a cache line */
#define ROWS 700

static char directory[] = "/tmp/arbalest-snapshot-XXXXXX";
static char path[sizeof directory + 32];
static uint64_t state;

static arb_index_options open_options(void)
{
    return (arb_index_options){.struct_size = sizeof(arb_index_options)};
}

/* ---- plumbing ---- */

static uint8_t *read_file(const char *name, size_t *size)
{
    FILE *file = fopen(name, "rb");
    CHECK(file != NULL, "%s: %s", name, strerror(errno));
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size);
    CHECK(bytes != NULL && fread(bytes, 1, *size, file) == *size, "%s: short read", name);
    fclose(file);
    return bytes;
}

static void write_file(const char *name, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");
    CHECK(file != NULL, "%s: %s", name, strerror(errno));
    CHECK(fwrite(bytes, 1, size, file) == size, "%s: short write", name);
    CHECK(fclose(file) == 0, "%s: %s", name, strerror(errno));
}

static int files_in_directory(void)
{
    DIR *entries = opendir(directory);
    CHECK(entries != NULL, "%s: %s", directory, strerror(errno));
    int count = 0;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(entries);
    return count;
}

/* An index with replaced and deleted rows, linked but for the last hundred. */
static arb_index *sample_index(arb_metric metric, arb_element element, float **values_out)
{
    arb_index_options options = test_options(DIM, metric, element);
    options.codes = ARB_CODES_SQ8;
    arb_index *index = test_index(&options);
    uint64_t seed = 11;
    float *values = test_random_vectors(&seed, ROWS, DIM);
    int64_t ids[ROWS];
    for (int i = 0; i < ROWS; i++) {
        ids[i] = i < 650 ? i * 3 : (i - 650) * 3; /* the last 50 replace the first 50 */
    }
    test_append(index, ids, values, ROWS - 100, DIM);
    test_link_all(index);
    test_append(index, ids + ROWS - 100, values + (ROWS - 100) * DIM, 100, DIM);
    CHECK(test_delete(index, ids + 100, 77) == 77, "deleted");
    *values_out = values;
    return index;
}

/* Both give the same hits to the same questions. */
static void check_same_answers(const arb_index *left, const arb_index *right)
{
    uint64_t seed = 77;
    float *queries = test_random_vectors(&seed, 20, DIM);
    for (int exact = 0; exact < 2; exact++) {
        test_hits a = test_search(left, queries, 20, DIM, 10, 200, exact);
        test_hits b = test_search(right, queries, 20, DIM, 10, 200, exact);
        CHECK(a.count == b.count && a.count == 200, "%" PRId64 " and %" PRId64 " hits", a.count,
              b.count);
        for (int64_t i = 0; i < a.count; i++) {
            CHECK(a.id[i] == b.id[i] && a.distance[i] == b.distance[i],
                  "hit %" PRId64 ": id %" PRId64 " and %" PRId64, i, a.id[i], b.id[i]);
        }
        test_hits_free(&a);
        test_hits_free(&b);
    }
    free(queries);
}

/* ---- round trips ---- */

static void test_round_trip(arb_metric metric, arb_element element, int resident)
{
    float *values;
    arb_index *index = sample_index(metric, element, &values);
    CHECK_OK(arb_index_save(index, path, UINT64_MAX));
    arb_index_options options = open_options();
    arb_index *opened = NULL;
    CHECK_OK(arb_index_open(path, &options, resident, &opened));
    arb_index_stats before = test_stats(index);
    arb_index_stats after = test_stats(opened);
    CHECK(after.rows == before.rows && after.live == before.live &&
              after.deleted == before.deleted && after.pending == before.pending,
          "rows %" PRIu64 ", live %" PRIu64 ", pending %" PRIu64, after.rows, after.live,
          after.pending);
    CHECK(after.dim == before.dim && after.metric == before.metric &&
              after.element == before.element && after.M == before.M &&
              after.ef_construction == before.ef_construction && after.abs_max == before.abs_max &&
              after.native_arithmetic == before.native_arithmetic,
          "options or range differ");
    test_validate(opened);
    check_same_answers(index, opened);
    /* the opened index goes on where the saved one stood */
    for (int round = 0; round < 2; round++) {
        arb_index *both[2] = {index, opened};
        for (int i = 0; i < 2; i++) {
            if (round == 0) {
                int64_t ids[3] = {3, 300, 1};
                CHECK(test_append(both[i], ids, values, 3, DIM) == ROWS, "first row");
            } else {
                test_link_all(both[i]);
                CHECK(test_stats(both[i]).pending == 0, "pending");
                CHECK(test_delete(both[i], (int64_t[]){3, 6}, 2) == 2, "deleted");
            }
            test_validate(both[i]);
        }
        test_hits a = test_search(index, values, 10, DIM, 20, 0, 1);
        test_hits b = test_search(opened, values, 10, DIM, 20, 0, 1);
        CHECK(a.count == b.count && memcmp(a.id, b.id, (size_t)a.count * 8) == 0, "answers differ");
        test_hits_free(&a);
        test_hits_free(&b);
    }
    /* saved again, also over the file that it is mapped from, frozen */
    CHECK_OK(arb_index_freeze(opened));
    CHECK_OK(arb_index_save(opened, path, UINT64_MAX));
    arb_index *again;
    CHECK_OK(arb_index_open(path, &options, resident, &again));
    check_same_answers(opened, again);
    arb_index_close(again);
    arb_index_close(opened);
    arb_index_close(index);
    free(values);
    CHECK(files_in_directory() == 1, "%d files", files_in_directory());
}

static void test_empty_and_partial(void)
{
    arb_index_options options = test_options(DIM, ARB_METRIC_DOT, ARB_ELEMENT_F16);
    arb_index *empty = test_index(&options);
    CHECK_OK(arb_index_save(empty, path, UINT64_MAX));
    arb_index_options opening = open_options();
    arb_index *opened;
    CHECK_OK(arb_index_open(path, &opening, 0, &opened));
    CHECK(test_stats(opened).rows == 0, "rows");
    float one[DIM] = {1};
    test_append(opened, (int64_t[]){5}, one, 1, DIM);
    test_link_all(opened);
    test_validate(opened);
    arb_index_close(opened);
    arb_index_close(empty);
    /* the first 333 rows: links and rows beyond are left out */
    float *values;
    arb_index *index = sample_index(ARB_METRIC_L2, ARB_ELEMENT_F16, &values);
    CHECK_OK(arb_index_save(index, path, 333));
    CHECK_OK(arb_index_open(path, &opening, 0, &opened));
    CHECK(test_stats(opened).rows == 333, "rows %" PRIu64, test_stats(opened).rows);
    CHECK(test_stats(opened).pending == 0, "pending %" PRIu64, test_stats(opened).pending);
    test_validate(opened);
    arb_index_close(opened);
    arb_index_close(index);
    free(values);
}

/* ---- damage ---- */

static void expect_corrupt(const char *what, size_t at)
{
    arb_index_options options = open_options();
    arb_index *opened = (arb_index *)&options;
    arb_status status = arb_index_open(path, &options, 0, &opened);
    CHECK(status == ARB_CORRUPT, "%s %zu: status %d: %s", what, at, (int)status, arb_last_error());
    CHECK(strstr(arb_last_error(), path) != NULL, "no path in \"%s\"", arb_last_error());
    CHECK(opened == (arb_index *)&options, "%s %zu: the output changed", what, at);
}

static void expect_section(const char *name, size_t at)
{
    CHECK(strstr(arb_last_error(), name) != NULL, "byte %zu: \"%s\" lacks %s", at, arb_last_error(),
          name);
}

static void put_byte(int descriptor, size_t at, uint8_t byte)
{
    CHECK(pwrite(descriptor, &byte, 1, (off_t)at) == 1, "%s: %s", path, strerror(errno));
}

/* One wrong byte is noticed, and where it is. */
static void expect_noticed(int descriptor, const uint8_t *bytes, size_t at, uint8_t bits,
                           const char *section)
{
    put_byte(descriptor, at, bytes[at] ^ bits);
    expect_corrupt("byte", at);
    expect_section(section, at);
    put_byte(descriptor, at, bytes[at]);
}

static void test_damage(void)
{
    float *values;
    arb_index *index = sample_index(ARB_METRIC_COSINE, ARB_ELEMENT_F16, &values);
    CHECK_OK(arb_index_save(index, path, UINT64_MAX));
    arb_index_close(index);
    free(values);
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    const arb_snapshot_header *header = (const arb_snapshot_header *)bytes;
    int descriptor = open(path, O_WRONLY);
    CHECK(descriptor >= 0, "%s: %s", path, strerror(errno));
    size_t step = ARB_SNAPSHOT_PAGE / (size_t)test_repeats(ARB_SNAPSHOT_PAGE);
    for (size_t at = 0; at < ARB_SNAPSHOT_PAGE; at += step) {
        uint8_t bit = (uint8_t)(1u << test_random_below(&state, 8));
        expect_noticed(descriptor, bytes, at, bit, "header");
    }
    for (int kind = 0; kind < ARB_SECTIONS; kind++) {
        size_t first = header->sections[kind].offset;
        size_t end = kind + 1 < ARB_SECTIONS ? header->sections[kind + 1].offset : size;
        for (int i = 0; i < test_repeats(120); i++) {
            size_t at = i == 0   ? first
                        : i == 1 ? end - 1 /* in the gap */
                                 : first + test_random_below(&state, end - first);
            uint8_t bits = (uint8_t)(1 + test_random_below(&state, 255));
            expect_noticed(descriptor, bytes, at, bits, arb_section_name(kind));
        }
    }
    close(descriptor);
    for (int i = 0; i < test_repeats(200); i++) {
        size_t cut = i < 4 ? (size_t[]){0, 1, ARB_SNAPSHOT_PAGE, size - 1}[i]
                           : test_random_below(&state, size);
        write_file(path, bytes, cut);
        expect_corrupt("cut at", cut);
    }
    uint8_t *longer = calloc(1, size + ARB_SNAPSHOT_PAGE);
    memcpy(longer, bytes, size);
    for (size_t more = 1; more <= ARB_SNAPSHOT_PAGE; more += ARB_SNAPSHOT_PAGE - 1) {
        write_file(path, longer, size + more);
        expect_corrupt("longer by", more);
    }
    free(longer);
    free(bytes);
}

/* A file whose checksums are right and whose contents are not: sealed by another hand. */
static void reseal(uint8_t *bytes, size_t size)
{
    arb_crc32c crc;
    arb_crc32c_init(&crc);
    arb_snapshot_page *page = (arb_snapshot_page *)bytes;
    for (int kind = 0; kind < ARB_SECTIONS; kind++) {
        arb_section *section = &page->header.sections[kind];
        uint64_t end = section->offset + arb_snapshot_page_up(section->bytes);
        if (section->offset <= size && end <= size && end >= section->offset) {
            section->crc32c =
                arb_crc32c_extend(&crc, 0, bytes + section->offset, end - section->offset);
        }
    }
    page->page.crc32c = arb_crc32c_extend(&crc, 0, page->page.covered, sizeof page->page.covered);
}

static void test_sealed_lies(void)
{
    float *values;
    arb_index *index = sample_index(ARB_METRIC_L2, ARB_ELEMENT_F16, &values);
    CHECK_OK(arb_index_save(index, path, UINT64_MAX));
    arb_index_close(index);
    free(values);
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    uint8_t *lie = malloc(size);
    arb_snapshot_header *header = (arb_snapshot_header *)lie;
    arb_index_options options = open_options();
    arb_index *opened;
#define LIE(change, status, part)                                                                  \
    do {                                                                                           \
        memcpy(lie, bytes, size);                                                                  \
        change;                                                                                    \
        reseal(lie, size);                                                                         \
        write_file(path, lie, size);                                                               \
        CHECK_FAILS(arb_index_open(path, &options, 0, &opened), status, part);                     \
    } while (0)
    LIE(header->version = 1, ARB_UNSUPPORTED, "header: version: found 1; allowed 3..5");
    LIE(header->byte_order = 0x04030201, ARB_UNSUPPORTED, "header: byte order");
    LIE(header->dim = 0, ARB_CORRUPT, "header: dim: found 0; allowed 1..8192");
    LIE(header->dim = 9000, ARB_CORRUPT, "header: dim: found 9000");
    LIE(header->metric = 3, ARB_CORRUPT, "header: metric: found 3");
    LIE(header->element = -1, ARB_CORRUPT, "header: element: found 4294967295");
    LIE(header->element = 1, ARB_CORRUPT, "header: stride: found 128; allowed 192");
    LIE(header->M = 1000, ARB_CORRUPT, "header: M: found 1000");
    LIE(header->ef_construction = 0, ARB_CORRUPT, "header: ef_construction: found 0");
    LIE(header->rows = UINT64_MAX, ARB_CORRUPT, "header: rows");
    LIE(header->rows = ROWS + 64, ARB_CORRUPT, "header: range rows");
    LIE(header->rows = ROWS - 64, ARB_CORRUPT, "vectors: bytes");
    LIE(header->deleted = 3, ARB_CORRUPT, "deleted: bits: found 127; allowed 3");
    LIE(header->recall_sampled = 5000, ARB_CORRUPT, "header: recall sampled: found 5000");
    LIE((header->recall_sampled = 700, header->recall_rows = 600), ARB_CORRUPT,
        "header: recall rows: found 600; allowed 700..");
    LIE((header->recall_sampled = 700, header->recall_rows = 1800), ARB_CORRUPT,
        "header: recall: found gaps or breadths that fall or are out of range");
    LIE(header->sections[1].offset = UINT64_MAX - 4095, ARB_CORRUPT, "ids: offset");
    LIE(header->sections[3].bytes = UINT64_MAX - 100, ARB_CORRUPT, "graph: bytes");
    LIE(header->sections[3].bytes = 0, ARB_CORRUPT, "grid: offset");
    LIE(((int64_t *)(lie + header->sections[1].offset))[600] = 1800 - 3, ARB_CORRUPT,
        "ids: found id 1797 at rows 599 and 600");
    LIE(((uint64_t *)(lie + header->sections[2].offset))[ROWS / 64] |= 1ull << 63, ARB_CORRUPT,
        "deleted: found bits beyond row 700");
    LIE(header->sections[4].bytes = 4, ARB_CORRUPT, "grid: bytes: found 4; allowed 340");
    LIE(((float *)(lie + header->sections[4].offset))[0] = 0, ARB_CORRUPT,
        "codes: value 0 of the grid: found 0; allowed positive numbers");
    LIE(((float *)(lie + header->sections[4].offset))[7] = INFINITY, ARB_CORRUPT,
        "codes: value 7 of the grid: found inf; allowed finite numbers");
#undef LIE
    /* any graph bytes at all: an error or a graph that can be searched, never a crash */
    int accepted = 0;
    int64_t changed = test_repeats(2000);
    for (int64_t i = 0; i < changed; i++) {
        memcpy(lie, bytes, size);
        arb_section *graph = &header->sections[ARB_SECTION_GRAPH];
        int changes = 1 + (int)test_random_below(&state, 3);
        for (int j = 0; j < changes; j++) {
            uint64_t at = graph->offset + test_random_below(&state, i % 2 ? 256 : graph->bytes);
            lie[at] = (uint8_t)test_random(&state);
        }
        reseal(lie, size);
        write_file(path, lie, size);
        if (arb_index_open(path, &options, 0, &opened) == ARB_OK) {
            accepted++;
            float query[DIM] = {1};
            test_hits hits = test_search(opened, query, 1, DIM, 10, 100, 0);
            test_hits_free(&hits);
            arb_index_report report;
            CHECK_OK(arb_index_validate(opened, &report));
            arb_index_close(opened);
        } else {
            CHECK(strstr(arb_last_error(), "graph") != NULL, "message \"%s\"", arb_last_error());
        }
    }
    printf("%d of %" PRId64 " changed graphs were accepted\n", accepted, changed);
    free(lie);
    free(bytes);
}

/* A file of the oldest version says nothing of recall, and is read. */
static void test_older_version(void)
{
    float *values;
    arb_index *index = sample_index(ARB_METRIC_L2, ARB_ELEMENT_F16, &values);
    CHECK_OK(arb_index_save(index, path, UINT64_MAX));
    arb_index_close(index);
    free(values);
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    arb_snapshot_header *header = (arb_snapshot_header *)bytes;
    header->version = ARB_SNAPSHOT_VERSION_OLDEST;
    memset(&header->recall, 0,
           sizeof *header - (size_t)((uint8_t *)&header->recall - (uint8_t *)header));
    reseal(bytes, size);
    write_file(path, bytes, size);
    free(bytes);
    arb_index_options options = open_options();
    arb_index *opened;
    CHECK_OK(arb_index_open(path, &options, 0, &opened));
    arb_index_stats stats = test_stats(opened);
    CHECK(stats.rows == ROWS && stats.recall_sampled == 0, "%u sampled", stats.recall_sampled);
    arb_index_close(opened);
}

/* ---- failing saves and opens ---- */

static void test_failures(void)
{
    float *values;
    arb_index *index = sample_index(ARB_METRIC_L2, ARB_ELEMENT_F32, &values);
    arb_index_options options = open_options();
    arb_index *opened;
    CHECK_OK(arb_index_save(index, path, UINT64_MAX));
    /* the file size limit stands for a full disk: EFBIG instead of ENOSPC */
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, small;
    CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0, "getrlimit");
    small = old;
    for (rlim_t limit = 0; limit < 60000; limit += 9001) {
        small.rlim_cur = limit;
        CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0, "setrlimit");
        CHECK_FAILS(arb_index_save(index, path, UINT64_MAX), ARB_IO, "write: File too large");
        CHECK(files_in_directory() == 1, "%d files", files_in_directory());
    }
    CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0, "setrlimit");
    CHECK_OK(arb_index_open(path, &options, 0, &opened)); /* the old file is untouched */
    check_same_answers(index, opened);
    arb_index_close(opened);
    CHECK_FAILS(arb_index_save(index, "/nonexistent/file", UINT64_MAX), ARB_IO,
                "create: No such file or directory");
    CHECK_FAILS(arb_index_save(index, directory, UINT64_MAX), ARB_IO, "rename: ");
    CHECK(files_in_directory() == 1, "%d files", files_in_directory());
    CHECK_FAILS(arb_index_save(index, "", UINT64_MAX), ARB_INVALID_ARGUMENT, "path: found \"\"");
    CHECK_FAILS(arb_index_save(index, NULL, 0), ARB_INVALID_ARGUMENT, "path: found NULL");
    CHECK_FAILS(arb_index_save(NULL, path, 0), ARB_INVALID_ARGUMENT, "index: found NULL");
    CHECK_FAILS(arb_index_open("/nonexistent", &options, 0, &opened), ARB_NOT_FOUND,
                "open: No such");
    CHECK_FAILS(arb_index_open(directory, &options, 0, &opened), ARB_IO, "no regular file");
    CHECK_FAILS(arb_index_open(NULL, &options, 0, &opened), ARB_INVALID_ARGUMENT, "path: found");
    CHECK_FAILS(arb_index_open(path, NULL, 0, &opened), ARB_INVALID_ARGUMENT, "options: found");
    CHECK_FAILS(arb_index_open(path, &options, 2, &opened), ARB_INVALID_ARGUMENT,
                "resident: found 2");
    CHECK_FAILS(arb_index_open(path, &options, 0, NULL), ARB_INVALID_ARGUMENT, "out: found NULL");
    arb_index_close(index);
    free(values);
}

static void test_crc32c(void)
{
    /* RFC 3720, B.4 */
    arb_crc32c crc;
    arb_crc32c_init(&crc);
    uint8_t bytes[32];
    memset(bytes, 0, sizeof bytes);
    CHECK(arb_crc32c_extend(&crc, 0, bytes, 32) == 0x8a9136aa, "zeros");
    memset(bytes, 0xff, sizeof bytes);
    CHECK(arb_crc32c_extend(&crc, 0, bytes, 32) == 0x62a8ab43, "ones");
    for (int i = 0; i < 32; i++) {
        bytes[i] = (uint8_t)i;
    }
    CHECK(arb_crc32c_extend(&crc, 0, bytes, 32) == 0x46dd794e, "ascending");
    for (size_t cut = 0; cut <= 32; cut++) {
        uint32_t first = arb_crc32c_extend(&crc, 0, bytes, cut);
        CHECK(arb_crc32c_extend(&crc, first, bytes + cut, 32 - cut) == 0x46dd794e, "cut %zu", cut);
    }
}

/* ---- saves beside writers ---- */

typedef struct writers {
    arb_index *index;
    float *values;
    _Atomic int stop;
    _Atomic uint64_t acknowledged; /* ids 0..acknowledged-1 were appended */
} writers;

#define RUN_ROWS 6000
#define RUN_BATCH 20
#define SAVES_MAX 200

/* Appends ids in order; every fifth batch replaces the ids before it. */
static void *append_rows(void *context)
{
    writers *run = context;
    int64_t ids[RUN_BATCH];
    int64_t run_rows = test_repeats(RUN_ROWS);
    for (int64_t first = 0; first < run_rows; first += RUN_BATCH) {
        while (test_stats(run->index).pending > 200) { /* appending is far faster than linking */
            sched_yield();
        }
        for (int i = 0; i < RUN_BATCH; i++) {
            ids[i] = first + i;
        }
        test_append(run->index, ids, run->values + first * DIM, RUN_BATCH, DIM);
        if (first % (5 * RUN_BATCH) == 0) {
            test_append(run->index, ids, run->values + first * DIM, RUN_BATCH, DIM);
        }
        atomic_store(&run->acknowledged, (uint64_t)first + RUN_BATCH);
    }
    atomic_store(&run->stop, 1);
    return NULL;
}

static void *link_rows(void *context)
{
    writers *run = context;
    uint32_t linked = 1;
    while (!atomic_load(&run->stop) || linked > 0) {
        CHECK_OK(arb_index_link(run->index, 50, &linked));
        if (linked == 0) {
            sched_yield();
        }
    }
    return NULL;
}

/* Every id acknowledged before the save is in the file, once, with its own vector. */
static void check_saved(const writers *run, const char *name, uint64_t acknowledged)
{
    arb_index_options options = open_options();
    arb_index *opened;
    CHECK_OK(arb_index_open(name, &options, 0, &opened));
    test_validate(opened);
    for (uint64_t id = 0; id < acknowledged; id += 97) {
        const float *row = run->values + id * DIM;
        test_hits hits = test_search(opened, row, 1, DIM, 2, 100, 1);
        CHECK(hits.count == 2, "%" PRId64 " hits", hits.count);
        CHECK(hits.id[0] == (int64_t)id && hits.distance[0] < 1e-3f, "id %" PRId64 ", not %" PRIu64,
              hits.id[0], id);
        CHECK(hits.id[1] != (int64_t)id, "id %" PRIu64 " twice", id);
        test_hits_free(&hits);
    }
    arb_index_close(opened);
}

static void test_concurrent_saves(void)
{
    arb_index_options options = test_options(DIM, ARB_METRIC_L2, ARB_ELEMENT_F16);
    writers run = {.index = test_index(&options)};
    uint64_t seed = 21;
    run.values = test_random_vectors(&seed, RUN_ROWS, DIM);
    pthread_t threads[3];
    CHECK(pthread_create(&threads[0], NULL, append_rows, &run) == 0, "thread");
    CHECK(pthread_create(&threads[1], NULL, link_rows, &run) == 0, "thread");
    CHECK(pthread_create(&threads[2], NULL, link_rows, &run) == 0, "thread");
    char names[SAVES_MAX][sizeof path + 8];
    uint64_t acknowledged[SAVES_MAX];
    int saves = 0;
    for (int done = 0; !done && saves < SAVES_MAX; saves++) {
        done = atomic_load(&run.stop);
        acknowledged[saves] = atomic_load(&run.acknowledged);
        snprintf(names[saves], sizeof names[saves], "%s.%d", path, saves);
        CHECK_OK(arb_index_save(run.index, names[saves], UINT64_MAX));
        if (saves % 3 == 2) {
            CHECK_OK(arb_index_freeze(run.index));
        }
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < saves; i++) {
        check_saved(&run, names[i], acknowledged[i]);
        CHECK(unlink(names[i]) == 0, "%s: %s", names[i], strerror(errno));
    }
    printf("%d saves beside writers\n", saves);
    CHECK(saves > 1, "too few saves ran beside the writers");
    test_validate(run.index);
    arb_index_close(run.index);
    free(run.values);
}

int main(int argc, char **argv)
{
    state = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261122;
    printf("seed %" PRIu64 "\n", state);
    CHECK(mkdtemp(directory) != NULL, "%s: %s", directory, strerror(errno));
    snprintf(path, sizeof path, "%s/index.arb", directory);
    test_crc32c();
    for (int metric = 0; metric < 3; metric++) {
        for (int element = 0; element < 2; element++) {
            for (int resident = 0; resident < 2; resident++) {
                test_round_trip((arb_metric)metric, (arb_element)element, resident);
            }
        }
    }
    test_empty_and_partial();
    test_failures();
    test_damage();
    test_sealed_lies();
    test_older_version();
    test_concurrent_saves();
    CHECK(unlink(path) == 0 && rmdir(directory) == 0, "%s: files are left", directory);
    CHECK(test_arrays_alive == 0, "%" PRId64 " arrays leaked", (int64_t)test_arrays_alive);
    return 0;
}
