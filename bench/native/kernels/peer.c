#include "peer.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/half.h"

typedef enum result_type { RESULT_f32, RESULT_f64, RESULT_i32, RESULT_u32 } result_type;

typedef struct peer_symbol {
    const char *job; /* a kernel's name without "arb_", shape and instruction set */
    const char *symbol;
    result_type result;
} peer_symbol;

#define SYMBOLS 8

typedef struct peer_library {
    const char *name;
    peer_symbol symbols[SYMBOLS];
} peer_library;

static const peer_library libraries[] = {
    {"simsimd",
     {{"f16_l2sq", "simsimd_l2sq_f16", RESULT_f64},
      {"f16_dot", "simsimd_dot_f16", RESULT_f64},
      {"f16_cosine", "simsimd_cos_f16", RESULT_f64},
      {"f32_l2sq", "simsimd_l2sq_f32", RESULT_f64},
      {"f32_dot", "simsimd_dot_f32", RESULT_f64},
      {"f32_cosine", "simsimd_cos_f32", RESULT_f64},
      {"sq8_l2sq", "simsimd_l2sq_u8", RESULT_f64},
      {"sq8_dot", "simsimd_dot_i8", RESULT_f64}}},
    {"numkong",
     {{"f16_l2sq", "nk_sqeuclidean_f16", RESULT_f32},
      {"f16_dot", "nk_dot_f16", RESULT_f32},
      {"f16_cosine", "nk_angular_f16", RESULT_f32},
      {"f32_l2sq", "nk_sqeuclidean_f32", RESULT_f64},
      {"f32_dot", "nk_dot_f32", RESULT_f64},
      {"f32_cosine", "nk_angular_f32", RESULT_f64},
      {"sq8_l2sq", "nk_sqeuclidean_u8", RESULT_u32},
      {"sq8_dot", "nk_dot_i8", RESULT_i32}}},
};

typedef struct loaded_peer {
    const peer_library *library;
    void *handle;
} loaded_peer;

static loaded_peer peers[PEERS_MAX];
static int loaded_count;

/* Returns NULL, or what went wrong. */
static const char *open_library(const char *path, int flags, void **out)
{
#if defined(ARB_STATIC)
    (void)path, (void)flags, (void)out;
    return "this bench is linked statically and loads no library";
#else
    *out = dlopen(path, flags);
    return *out ? NULL : dlerror();
#endif
}

const char *peer_preload(const char *path)
{
    void *handle;
    return open_library(path, RTLD_NOW | RTLD_GLOBAL, &handle);
}

static const peer_library *library_named(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        if (strlen(libraries[i].name) == length && strncmp(libraries[i].name, name, length) == 0) {
            return &libraries[i];
        }
    }
    return NULL;
}

const char *peer_load(const char *spec)
{
    const char *equals = strchr(spec, '=');
    const peer_library *library = equals ? library_named(spec, (size_t)(equals - spec)) : NULL;
    if (!library) {
        return "allowed: simsimd=PATH, numkong=PATH";
    }
    if (loaded_count == PEERS_MAX) {
        return "too many peers";
    }
    loaded_peer peer = {library, NULL};
    const char *error = open_library(equals + 1, RTLD_LAZY | RTLD_LOCAL, &peer.handle);
    if (!error) {
        peers[loaded_count++] = peer;
    }
    return error;
}

int peer_count(void)
{
    return loaded_count;
}

const char *peer_name(int peer)
{
    return peers[peer].library->name;
}

static double read_result(const void *bytes, result_type type)
{
    float single;
    double value;
    int32_t integer;
    uint32_t natural;
    switch (type) {
    case RESULT_f32:
        memcpy(&single, bytes, sizeof single);
        return (double)single;
    case RESULT_f64:
        memcpy(&value, bytes, sizeof value);
        return value;
    case RESULT_i32:
        memcpy(&integer, bytes, sizeof integer);
        return integer;
    case RESULT_u32:
        memcpy(&natural, bytes, sizeof natural);
        return natural;
    }
    return NAN;
}

/* Whether the symbol computes what we take it for: a wrong guess of its arguments or its result
 * would be timed as well. Components are 1, 2, 3, ... and 3, -1, 3, -1, ..., or 3, 1 unsigned. */
static int is_the_distance(const kernel_entry *kernel, peer_fn function, result_type type)
{
    enum { DIM = 96 };
    static _Alignas(64) uint8_t a[DIM * sizeof(float)], b[DIM * sizeof(float)];
    static _Alignas(64) uint8_t result[64];
    double l2sq = 0, dot = 0, aa = 0, bb = 0;
    for (int i = 0; i < DIM; i++) {
        double x = i + 1, y = i % 2 ? (kernel->type == TYPE_sq8 ? 1 : -1) : 3;
        float xf = (float)x, yf = (float)y;
        uint16_t xh = arb_f64_to_f16(x), yh = arb_f64_to_f16(y);
        switch (arb_type_size(kernel->type)) {
        case 1:
            a[i] = (uint8_t)x;
            b[i] = (uint8_t)y;
            break;
        case 2:
            memcpy(a + 2 * i, &xh, sizeof xh);
            memcpy(b + 2 * i, &yh, sizeof yh);
            break;
        default:
            memcpy(a + 4 * i, &xf, sizeof xf);
            memcpy(b + 4 * i, &yf, sizeof yf);
        }
        l2sq += (x - y) * (x - y);
        dot += x * y;
        aa += x * x;
        bb += y * y;
    }
    function(a, b, DIM, result);
    double found = read_result(result, type);
    double wanted = kernel->metric == ARB_METRIC_L2    ? l2sq
                    : kernel->metric == ARB_METRIC_DOT ? dot
                                                       : 1 - dot / sqrt(aa * bb);
    return fabs(found - wanted) <= 1e-3 * fabs(wanted);
}

peer_fn peer_function(int peer, const kernel_entry *kernel)
{
    for (int i = 0; i < SYMBOLS; i++) {
        const peer_symbol *symbol = &peers[peer].library->symbols[i];
        /* the job is a part of "arb_f16_dot_x4_avx2" and of "arb_generated_f16_dot_avx512" */
        if ((kernel->shape == SHAPE_ONE || kernel->shape == SHAPE_FOUR) &&
            strstr(kernel->name, symbol->job)) {
            peer_fn function;
            void *found = dlsym(peers[peer].handle, symbol->symbol);
            memcpy(&function, &found, sizeof function);
            return found && is_the_distance(kernel, function, symbol->result) ? function : NULL;
        }
    }
    return NULL;
}
