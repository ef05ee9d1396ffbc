#include "compiled_reference.h"

#include <string.h>

#include "compiled_reference_code.h"

typedef struct compiled_job {
    const char *name; /* a kernel's name without "arb_" or "arb_generated_", and without its set */
    any_fn function;
} compiled_job;

#define NAMED_DISTANCE(job, isa) {#job, (any_fn)job##_##isa}, {#job "_x4", (any_fn)job##_x4_##isa},
#define NAMED_ROW(job, isa) {#job, (any_fn)job##_##isa},
#define NAMED_JOBS(isa)                                                                            \
    REFERENCE_JOBS(NAMED_DISTANCE, NAMED_ROW, NAMED_ROW, NAMED_ROW, NAMED_ROW, NAMED_ROW,          \
                   NAMED_ROW, NAMED_ROW, NAMED_ROW, NAMED_ROW, NAMED_ROW, NAMED_ROW, isa)

#if defined(ARB_ARCH_x86_64)
static const compiled_job jobs_haswell[] = {NAMED_JOBS(haswell)};
static const compiled_job jobs_avx512[] = {NAMED_JOBS(avx512)};
#    define JOB_COUNT (sizeof jobs_avx512 / sizeof jobs_avx512[0])

uint64_t compiled_load(const void *from, size_t bytes)
{
    return arb_vectors() == VECTORS_AVX512 ? load_avx512(from, bytes) : load_haswell(from, bytes);
}

static const compiled_job *jobs(void)
{
    return arb_vectors() == VECTORS_AVX512 ? jobs_avx512 : jobs_haswell;
}

const char *compiled_reference_flags(void)
{
    return arb_vectors() == VECTORS_AVX512 ? ARB_COMPILER " " ARB_REFERENCE_FLAGS_avx512
                                           : ARB_COMPILER " " ARB_REFERENCE_FLAGS_haswell;
}
#else
static const compiled_job jobs_generic[] = {NAMED_JOBS(generic)};
#    define JOB_COUNT (sizeof jobs_generic / sizeof jobs_generic[0])

uint64_t compiled_load(const void *from, size_t bytes)
{
    return load_generic(from, bytes);
}

static const compiled_job *jobs(void)
{
    return jobs_generic;
}

const char *compiled_reference_flags(void)
{
    return ARB_COMPILER " " ARB_REFERENCE_FLAGS_generic;
}
#endif

any_fn compiled_reference(const kernel_entry *kernel)
{
    for (size_t i = 0; i < JOB_COUNT; i++) {
        const compiled_job *job = &jobs()[i];
        size_t length = strlen(job->name);
        const char *rest = kernel->name + strlen("arb_");
        if (kernel->function == NULL) {
            rest += strlen("generated_");
        }
        /* "f16_l2sq" must not answer for "f16_l2sq_x4_avx2" */
        if (strncmp(rest, job->name, length) == 0 && rest[length] == '_' &&
            strcmp(rest + length + 1, kernel->isa) == 0) {
            return job->function;
        }
    }
    return NULL;
}
