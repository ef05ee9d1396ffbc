#include "index/search_check.h"

#include "index/subset.h"
#include "vectors/error.h"

/* A subset comes with its strategy and a filter, or not at all. */
static arb_status check_subset(const arb_index *index, const arb_search_options *options,
                               int filtered)
{
    int wanted = options->strategy == ARB_STRATEGY_SUBSET;
    if (wanted != (options->subset != NULL)) {
        return arb_fail(ARB_INVALID_ARGUMENT, "options.subset: found %s; allowed %s strategy %d",
                        wanted ? "NULL" : "one", wanted ? "one with" : "NULL without",
                        ARB_STRATEGY_SUBSET);
    }
    if (wanted && options->subset->index_serial != index->serial) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "options.subset: found one of another index; allowed one of this");
    }
    if (wanted && !filtered) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "filter: found NULL; allowed the one that options.subset was made of");
    }
    return ARB_OK;
}

arb_status arb_check_search(const arb_index *index, const arb_search_options *options, int filtered,
                            const struct ArrowSchema *out_schema, const struct ArrowArray *out)
{
    if (index == NULL || options == NULL || out_schema == NULL || out == NULL) {
        return arb_fail(ARB_INVALID_ARGUMENT, "%s: found NULL; allowed a live one",
                        index == NULL     ? "index"
                        : options == NULL ? "options"
                                          : "out");
    }
    if (options->struct_size != sizeof *options) {
        return arb_fail(ARB_INVALID_ARGUMENT, "options.struct_size: found %u; allowed %zu",
                        options->struct_size, sizeof *options);
    }
    if (options->k < 1 || options->k > ARB_K_MAX) {
        return arb_fail(ARB_INVALID_ARGUMENT, "options.k: found %u; allowed 1..%u", options->k,
                        ARB_K_MAX);
    }
    if (options->ef > ARB_EF_MAX) {
        return arb_fail(ARB_INVALID_ARGUMENT, "options.ef: found %u; allowed 0..%u", options->ef,
                        ARB_EF_MAX);
    }
    if (options->strategy < 0 || options->strategy >= ARB_STRATEGIES) {
        return arb_fail(ARB_INVALID_ARGUMENT, "options.strategy: found %d; allowed 0..%d",
                        options->strategy, ARB_STRATEGIES - 1);
    }
    if (!(options->target_recall >= 0 && options->target_recall < 1)) {
        return arb_fail(ARB_INVALID_ARGUMENT,
                        "options.target_recall: found %g; allowed above 0 and below 1, or 0 for ef",
                        (double)options->target_recall);
    }
    return check_subset(index, options, filtered);
}
