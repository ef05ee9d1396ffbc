/* candidate_array_test.c: the sorted array of a search, against a model that keeps everything,
 * while candidates come in at random, alone or several at once, are expanded and are deleted. */
#include "graph/candidate_array.h"
#include "graph_support.h"
#include "testing.h"

#define NODES 400u
#define BATCH_MAX 40u

typedef struct model {
    uint64_t offered[NODES];
    uint32_t count;
} model;

static uint32_t live_before(const arb_candidate_array *array, const arb_mask *mask, uint32_t end)
{
    uint32_t live = 0;
    for (uint32_t i = 0; i < end; i++)
        live += !arb_is_masked(mask, arb_candidate_node(array->sorted[i]));
    return live;
}

/* Sorted, no more than ef live, nothing unexpanded before the cursor, and nothing left out that is
 * nearer than the last of a full array. */
static void check_array(const arb_candidate_array *array, uint32_t ef, const arb_mask *mask,
                        const model *all)
{
    EXPECT(array->cursor <= array->count, "cursor %u of %u", array->cursor, array->count);
    EXPECT(live_before(array, mask, array->count) == array->live && array->live <= ef,
           "%u live, ef %u", array->live, ef);
    for (uint32_t i = 0; i < array->count; i++) {
        EXPECT(i == 0 || array->sorted[i - 1] < array->sorted[i], "place %u is not sorted", i);
        EXPECT(i >= array->cursor || (array->sorted[i] & ARB_CANDIDATE_FLAG),
               "place %u before the cursor is not expanded", i);
    }
    uint32_t nearer = 0;
    for (uint32_t i = 0; i < all->count; i++)
        nearer += array->count > 0 && all->offered[i] <= (array->sorted[array->count - 1] | 1);
    EXPECT(nearer == array->count, "%u of %u near candidates", array->count, nearer);
    EXPECT(array->live == ef || array->count == all->count || array->dropped, "%u of %u",
           array->count, all->count);
}

static void expand_next(arb_candidate_array *array)
{
    while (array->cursor < array->count && array->sorted[array->cursor] & ARB_CANDIDATE_FLAG)
        array->cursor++;
    if (array->cursor < array->count)
        array->sorted[array->cursor++] |= ARB_CANDIDATE_FLAG;
}

static void test_against_model(uint64_t seed, uint32_t ef, uint32_t deleted_in_8)
{
    static uint64_t sorted[NODES + 1];
    _Atomic uint64_t deleted[NODES / 64 + 1] = {0};
    model all = {.count = 0};
    arb_candidate_array array = {.sorted = sorted};
    uint64_t state = seed;
    for (uint32_t node = 0; node < NODES; node++) {
        if (next_random(&state) >> 61 < deleted_in_8)
            atomic_fetch_or(&deleted[node / 64], 1ull << (node % 64));
    }
    arb_mask deletions = {.deleted = deleted};
    const arb_mask *mask = deleted_in_8 == 0 ? NULL : &deletions;
    for (uint32_t node = 0; node < NODES; node++) {
        uint64_t candidate = arb_candidate(next_uniform(&state), node);
        int in = arb_array_offer(&array, candidate, ef, mask);
        all.offered[all.count++] = candidate;
        EXPECT(in || array.live >= ef, "a candidate was refused by an array that is not full");
        check_array(&array, ef, mask, &all);
        if (next_random(&state) >> 62 != 0)
            expand_next(&array);
    }
}

/* Several at once, none of them masked. */
static void test_batches(uint64_t seed, uint32_t ef, const arb_kernel_set *kernels)
{
    static uint64_t sorted[NODES + ARB_KEYS_INSERT_PAD];
    model all = {.count = 0};
    arb_candidate_array array = {.sorted = sorted};
    uint64_t state = seed;
    while (all.count + BATCH_MAX <= NODES) {
        uint64_t *batch = all.offered + all.count;
        uint32_t count = (uint32_t)(next_random(&state) % (BATCH_MAX + 1));
        uint64_t nearest = UINT64_MAX;
        for (uint32_t i = 0; i < count; i++) {
            batch[i] = arb_candidate(next_uniform(&state), all.count + i);
            nearest = batch[i] < nearest ? batch[i] : nearest;
        }
        arb_array_offer_all(&array, batch, count, nearest, ef, kernels);
        all.count += count;
        check_array(&array, ef, NULL, &all);
        for (uint64_t expanded = next_random(&state) >> 62; expanded > 0; expanded--)
            expand_next(&array);
    }
}

int main(void)
{
    for (uint64_t seed = 1; seed <= (uint64_t)test_repeats(10); seed++) {
        for (uint32_t deleted_in_8 = 0; deleted_in_8 < 8; deleted_in_8++) {
            test_against_model(seed, 1, deleted_in_8);
            test_against_model(seed, 10, deleted_in_8);
            test_against_model(seed, 50, deleted_in_8);
        }
    }
    for (int32_t set = 0; arb_kernel_set_at(set) != NULL; set++) {
        const arb_kernel_set *kernels = arb_kernel_set_at(set);
        if ((kernels->requires & ~arb_cpu_facts()) != 0)
            continue;
        for (uint64_t seed = 1; seed <= (uint64_t)test_repeats(100); seed++) {
            test_batches(seed, 1, kernels);
            test_batches(seed, 10, kernels);
            test_batches(seed, 150, kernels);
        }
    }
    return report("candidate_array_test");
}
