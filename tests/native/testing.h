/* testing.h: what every native test needs: a check that ends the process with what was found, and
 * random numbers from a printed seed. */
#ifndef ARB_TESTS_TESTING_H
#define ARB_TESTS_TESTING_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arbalest/arbalest.h"

#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                        \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fprintf(stderr, "\n");                                                                 \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define CHECK_OK(call)                                                                             \
    do {                                                                                           \
        arb_status check_status_ = (call);                                                         \
        CHECK(check_status_ == ARB_OK, "status %d: %s", (int)check_status_, arb_last_error());     \
    } while (0)

/* The call fails with this status and its message holds `part`. */
#define CHECK_FAILS(call, wanted, part)                                                            \
    do {                                                                                           \
        arb_status check_status_ = (call);                                                         \
        CHECK(check_status_ == (wanted), "status %d: %s", (int)check_status_, arb_last_error());   \
        CHECK(strstr(arb_last_error(), (part)) != NULL, "message \"%s\" lacks \"%s\"",             \
              arb_last_error(), (part));                                                           \
    } while (0)

/* SplitMix64 (Steele, Lea, Flood 2014). */
static inline uint64_t test_random(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15ull;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

/* 0..bound-1 */
static inline uint64_t test_random_below(uint64_t *state, uint64_t bound)
{
    return test_random(state) % bound;
}

/* Uniform in [-1, 1). */
static inline float test_random_unit(uint64_t *state)
{
    return (float)(int32_t)(test_random(state) >> 32) * 0x1p-31f;
}

/* How often to repeat something: a tenth where every step is slow (ARB_TEST_EFFORT=reduced, as
 * ctest sets it under a thread sanitizer or an emulator). */
static inline int test_is_reduced(void)
{
    const char *effort = getenv("ARB_TEST_EFFORT");
    return effort != NULL && strcmp(effort, "reduced") == 0;
}

static inline int64_t test_repeats(int64_t times)
{
    return test_is_reduced() ? (times + 9) / 10 : times;
}

static inline double test_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Whether `run` ends normally in a forked child: a CPU may execute what its CPUID hides, and may
 * not execute what it claims; a signal there is an answer, not the end of the test. */
static inline int test_survives(void (*run)(void *), void *context)
{
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0, "fork failed");
    if (child == 0) {
        run(context);
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child, "waitpid failed");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#endif
