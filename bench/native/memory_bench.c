/* memory_bench.c: what a random row costs on this machine, the limit of every graph search.
 *
 *   memory_bench [--rows 115659] [--rounds 7]
 *
 * Rows of several sizes on huge pages, read in a random order, every cache line of each once:
 *   independent  the order is known ahead, eight rows are prefetched: as neighbors of one node are
 *   dependent    a row tells the next: as the word, the list and the nearest neighbor of a hop do
 * Best and median of the rounds, in ns a row; and the bandwidth that the best comes to. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timing.h"
#include "vectors/pages.h"

#define LINE 64u
#define AHEAD 8u
#define ROUNDS_MAX 101
#define READS 200000u

/* xorshift64* of Marsaglia and Vigna. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dull;
}

static uint64_t read_row(const uint8_t *row, size_t size)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < size; at += LINE) {
        uint64_t word;
        memcpy(&word, row + at, sizeof word);
        sum += word;
    }
    return sum;
}

static uint64_t read_independent(const uint8_t *rows, size_t size, const uint32_t *order)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < READS; i++) {
        const uint8_t *ahead = rows + (size_t)order[(i + AHEAD) % READS] * size;
        for (size_t at = 0; at < size; at += LINE)
            __builtin_prefetch(ahead + at, 0, 2);
        sum += read_row(rows + (size_t)order[i] * size, size);
    }
    return sum;
}

/* All rows are zeros: their sum adds nothing to the next place but the wait for it. */
static uint64_t read_dependent(const uint8_t *rows, size_t size, const uint32_t *order)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < READS; i++)
        sum = read_row(rows + ((size_t)order[i] + sum) * size, size);
    return sum;
}

static void bench(const char *name, uint64_t (*read)(const uint8_t *, size_t, const uint32_t *),
                  const uint8_t *rows, size_t size, const uint32_t *order, uint32_t rounds)
{
    double seconds[ROUNDS_MAX];
    volatile uint64_t sink = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        double start = bench_now();
        sink += read(rows, size, order);
        seconds[round] = (bench_now() - start) / READS;
    }
    qsort(seconds, rounds, sizeof *seconds, bench_compare);
    printf("%8zu %12s %9.1f %9.1f %9.2f\n", size, name, seconds[0] * 1e9, seconds[rounds / 2] * 1e9,
           (double)size / seconds[0] * 1e-9);
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {64, 128, 256, 384, 768, 1536, 3072};
    uint32_t count = 115659;
    uint32_t rounds = 7;
    for (int i = 1; i + 1 < argc; i += 2) {
        uint32_t value = (uint32_t)strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--rows") == 0 && value > 0) {
            count = value;
        } else if (strcmp(argv[i], "--rounds") == 0 && value > 0 && value <= ROUNDS_MAX) {
            rounds = value;
        } else {
            fprintf(stderr, "memory_bench: %s %s: found no option with such a value\n", argv[i],
                    argv[i + 1]);
            return 2;
        }
    }
    size_t bytes = count * sizes[sizeof sizes / sizeof *sizes - 1];
    uint8_t *rows = arb_pages_map(bytes);
    uint32_t *order = malloc(READS * sizeof *order);
    if (rows == NULL || order == NULL) {
        fprintf(stderr, "memory_bench: no memory for %zu bytes\n", bytes);
        return 1;
    }
    arb_pages_advise_huge(rows, bytes);
    for (size_t at = 0; at < bytes; at += 4096)
        ((volatile uint8_t *)rows)[at] = 0;
    uint64_t state = 42;
    for (uint32_t i = 0; i < READS; i++)
        order[i] = (uint32_t)(next_random(&state) % count);
    printf("%u rows, %u reads a round, %u rounds\n", count, READS, rounds);
    printf("%8s %12s %9s %9s %9s\n", "bytes", "reads", "best_ns", "median_ns", "GB/s");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bench("independent", read_independent, rows, sizes[i], order, rounds);
        bench("dependent", read_dependent, rows, sizes[i], order, rounds);
    }
    free(order);
    arb_pages_unmap(rows, bytes);
    return 0;
}
