#include "places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compiled_reference.h"
#include "measure.h"
#include "testing.h"

#define MEBIBYTE (1024 * 1024)
#define LOAD_CHUNK_BYTES (256 * 1024) /* of memory, a measurement of loads: some 20 us */

static uint8_t *memory;
static size_t memory_next; /* the byte after the last one that was read */

const char *place_name(bench_place place)
{
    static const char *const names[PLACES] = {"L1", "L2", "memory"};
    return names[place];
}

/* What the system knows of a cache, or what most CPUs have. */
static size_t cache_bytes(int name, size_t otherwise)
{
    long bytes = sysconf(name);
    return bytes > 0 ? (size_t)bytes : otherwise;
}

size_t place_bytes(bench_place place)
{
    switch (place) {
    case PLACE_L1:
        return cache_bytes(_SC_LEVEL1_DCACHE_SIZE, 32 * 1024) / 2;
    case PLACE_L2:
        return cache_bytes(_SC_LEVEL2_CACHE_SIZE, MEBIBYTE) / 2;
    case PLACE_MEMORY:
        break;
    }
    size_t bytes = 2 * cache_bytes(_SC_LEVEL3_CACHE_SIZE, 128 * MEBIBYTE);
    size_t least = (size_t)256 * MEBIBYTE, most = (size_t)1024 * MEBIBYTE;
    return bytes < least ? least : bytes > most ? most : bytes;
}

/* Eight bytes that are ordinary components of every type: halves 0.25..0.31, 1..1.25, 0.25..0.31
 * and 1.9, floats 0.01 and 1.25, a double 0.03; the rest of each is random. */
static uint64_t ordinary_components(uint64_t random)
{
    return 0x3fa034003c003400ull | (random & 0x000000ff00ff00ffull);
}

/* One memory for all places: the caches take its first part. */
static const uint8_t *base_of_rows(void)
{
    if (memory != NULL) {
        return memory;
    }
    size_t bytes = place_bytes(PLACE_MEMORY);
    void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        fprintf(stderr, "no %zu MiB of memory for rows\n", bytes / MEBIBYTE);
        exit(1);
    }
    madvise(mapped, bytes, MADV_HUGEPAGE);
    memory = mapped;
    uint64_t state = 1;
    for (size_t i = 0; i + sizeof state <= bytes; i += sizeof state) {
        uint64_t word = ordinary_components(test_random(&state));
        memcpy(memory + i, &word, sizeof word);
    }
    return memory;
}

placed_rows place_rows(bench_place place, size_t stride)
{
    placed_rows rows = {base_of_rows(), stride, place_bytes(place) / stride / 4 * 4, 0};
    if (place == PLACE_MEMORY && rows.count > 0) {
        rows.next = (memory_next / stride + 4) / 4 * 4 % rows.count;
    }
    return rows;
}

void place_leave(bench_place place, const placed_rows *rows)
{
    if (place == PLACE_MEMORY) {
        memory_next = rows->next * rows->stride;
    }
}

double place_load_gb_per_s(bench_place place)
{
    static volatile uint64_t sink;
    size_t bytes = place_bytes(place), repeats = 1;
    placed_rows rows = place_rows(place, LOAD_CHUNK_BYTES);
    const uint8_t *from = rows.base;
    if (place == PLACE_MEMORY) {
        from = placed_row(&rows);
        bytes = LOAD_CHUNK_BYTES;
    } else {
        sink = compiled_load(from, bytes);
        repeats = 4 * LOAD_CHUNK_BYTES / bytes + 1;
    }
    double started = measure_now_ns();
    for (size_t i = 0; i < repeats; i++) {
        sink = compiled_load(from, bytes);
    }
    double ns = measure_now_ns() - started;
    place_leave(place, &rows);
    (void)sink;
    return (double)(bytes * repeats) / ns;
}
