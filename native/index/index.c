/* Creation, closing, and the small questions. */
#include "index/index.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "vectors/error.h"
#include "vectors/pages.h"

/* One bit a node. */
#define BITS_BYTES (((size_t)ARB_NODES_MAX + 1) / 8)

const char *arb_version(void)
{
    return ARB_VERSION;
}

/* The plainest name of a missing feature, for the message. */
static const char *feature_name(uint64_t bits)
{
    static const struct {
        uint64_t bit;
        const char *name;
    } features[] = {
        {ARB_CPU_AVX2, "AVX2, FMA and F16C"}, {ARB_CPU_AVX512, "AVX-512 F, BW, DQ and VL"},
        {ARB_CPU_AVX512VNNI, "AVX512-VNNI"},  {ARB_CPU_AVX512FP16, "AVX512-FP16"},
        {ARB_CPU_NEON, "Advanced SIMD"},      {ARB_CPU_NEONFP16, "FEAT_FP16"},
        {ARB_CPU_NEONFHM, "FEAT_FHM"},        {ARB_CPU_NEONDOTPROD, "FEAT_DotProd"},
    };
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        if (bits & features[i].bit) {
            return features[i].name;
        }
    }
    return "a feature of another architecture";
}

static arb_status check_range(const char *field, int64_t found, int64_t low, int64_t high)
{
    if (found < low || found > high) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found %lld; allowed %lld..%lld", field,
                        (long long)found, (long long)low, (long long)high);
    }
    return ARB_OK;
}

arb_status arb_check_kernel_set(const arb_index_options *options, const arb_kernel_set **out)
{
    if (options == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "options: found NULL; allowed arb_index_options");
    }
    if (options->struct_size != sizeof *options) {
        return arb_fail(ARB_INVALID_ARGUMENT, "options.struct_size: found %u; allowed %zu",
                        options->struct_size, sizeof *options);
    }
    arb_status status;
    if ((status = check_range("options.kernel_set", options->kernel_set, 0,
                              (int64_t)arb_kernel_set_count() - 1)) != ARB_OK ||
        (status = check_range("options.generated", options->generated, 0,
                              ARB_GENERATED_USES - 1)) != ARB_OK ||
        (status = check_range("options.trust_kernel_set", options->trust_kernel_set, 0, 1)) !=
            ARB_OK) {
        return status;
    }
    const arb_kernel_set *kernels = arb_kernel_set_at(options->kernel_set);
    uint64_t missing = kernels->requires & ~arb_cpu_facts();
    if (missing != 0 && !options->trust_kernel_set) {
        return arb_fail(ARB_UNSUPPORTED,
                        "options.kernel_set: %s needs %s, which this CPU does not report",
                        kernels->name, feature_name(missing));
    }
    *out = kernels;
    return ARB_OK;
}

static arb_status check_options(const arb_index_options *options, const arb_kernel_set **out)
{
    arb_status status = arb_check_kernel_set(options, out);
    if (status != ARB_OK ||
        (status = check_range("options.dim", options->dim, 1, ARB_DIM_MAX)) != ARB_OK ||
        (status = check_range("options.metric", options->metric, 0, ARB_METRICS - 1)) != ARB_OK ||
        (status = check_range("options.element", options->element, 0, ARB_ELEMENTS - 1)) !=
            ARB_OK ||
        (status = check_range("options.M", options->M, ARB_M_MIN, ARB_M_MAX)) != ARB_OK ||
        (status = check_range("options.codes", options->codes, 0, ARB_CODES_KINDS - 1)) != ARB_OK ||
        (status = check_range("options.layout", options->layout, 0, ARB_LAYOUTS - 1)) != ARB_OK) {
        return status;
    }
    return check_range("options.ef_construction", options->ef_construction, 1, ARB_EF_MAX);
}

/* Tells an index from one that had its memory before; says nothing of it and changes nothing for
 * it.
 */
static _Atomic uint64_t serials;

arb_status arb_index_new(const arb_index_options *options, const arb_kernel_set *kernels,
                         arb_index **out)
{
    arb_index *index = aligned_alloc(_Alignof(arb_index), sizeof *index);
    if (index == NULL) {
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "index: no memory for %zu bytes", sizeof *index);
    }
    *index = (arb_index){
        .serial = atomic_fetch_add_explicit(&serials, 1, memory_order_relaxed) + 1,
        .dim = options->dim,
        .element = (arb_element)options->element,
        .M = options->M,
        .ef_construction = options->ef_construction,
        .seed = options->seed,
        .kernel_set = options->kernel_set,
        .codes_wanted = (arb_codes_kind)options->codes,
        .layout = (arb_layout)options->layout,
        .generated_use = (arb_generated_use)options->generated,
        .scorer.form = {.kernels = kernels,
                        .element = (arb_element)options->element,
                        .metric = (arb_metric)options->metric,
                        .dim = options->dim},
    };
    pthread_mutex_init(&index->write, NULL);
    arb_status status = arb_ids_create(&index->ids);
    if (status != ARB_OK) {
        arb_index_close(index);
        return status;
    }
    index->deleted_bits = arb_pages_map(BITS_BYTES);
    index->claimed_bits = arb_pages_map(BITS_BYTES);
    if (index->deleted_bits == NULL || index->claimed_bits == NULL) {
        arb_index_close(index);
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "index: cannot reserve %zu bytes of addresses",
                        2 * BITS_BYTES);
    }
    const arb_range no_rows = {.rms_min = INFINITY};
    atomic_store(&index->scorer.native, 1);
    arb_range_adopt(index, &no_rows);
    *out = index;
    return ARB_OK;
}

arb_status arb_index_create(const arb_index_options *options, arb_index **out)
{
    if (out == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "out: found NULL; allowed a place for the index");
    }
    const arb_kernel_set *kernels;
    arb_status status = check_options(options, &kernels);
    if (status != ARB_OK) {
        return status;
    }
    arb_index *index;
    if ((status = arb_index_new(options, kernels, &index)) != ARB_OK) {
        return status;
    }
    if ((status = arb_rows_create(index->dim, arb_element_size(index->element), &index->rows)) !=
        ARB_OK) {
        goto fail;
    }
    index->scorer.rows = index->rows;
    if ((status = arb_graph_create(&index->scorer, index->M, index->ef_construction, index->seed,
                                   &index->graph)) != ARB_OK) {
        goto fail;
    }
    arb_graph_set_fused(index->graph, index->layout == ARB_LAYOUT_FUSED);
    *out = index;
    return ARB_OK;
fail:
    arb_index_close(index);
    return status;
}

void arb_index_close(arb_index *index)
{
    if (index == NULL) {
        return;
    }
    /* in reverse order of creation; what was not created yet is NULL */
    if (index->graph != NULL) {
        arb_graph_destroy(index->graph);
    }
    arb_generated_destroy(index->generated);
    arb_codes_destroy(index->codes);
    if (index->rows != NULL) {
        arb_rows_destroy(index->rows);
    }
    if (index->mapped != NULL) {
        munmap(index->mapped, index->mapped_bytes);
    }
    arb_pages_unmap(index->claimed_bits, BITS_BYTES);
    arb_pages_unmap(index->deleted_bits, BITS_BYTES);
    arb_ids_destroy(&index->ids);
    pthread_mutex_destroy(&index->write);
    free(index);
}
