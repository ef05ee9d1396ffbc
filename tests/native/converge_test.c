/* converge_test.c: where the k-th live candidate is and how far the limit lies behind it, against a
 * count over the whole array, while candidates come in at random and rows are masked. */
#include "graph/converge.h"
#include "graph_support.h"
#include "testing.h"

#define NODES 600u
#define EF 200u

static uint32_t place_of_kth(const arb_candidate_array *array, const arb_mask *mask, uint32_t k)
{
    uint32_t live = 0;
    for (uint32_t i = 0; i < array->count; i++) {
        live += !arb_is_masked(mask, arb_candidate_node(array->sorted[i]));
        if (live == k)
            return i;
    }
    return UINT32_MAX;
}

static void check(const arb_converge *converge, const arb_candidate_array *array,
                  const arb_mask *mask)
{
    uint32_t kth = place_of_kth(array, mask, converge->k);
    EXPECT((array->live < converge->k) == (kth == UINT32_MAX), "%u live", array->live);
    if (kth == UINT32_MAX)
        return;
    EXPECT(converge->kth == kth, "the k-th is at %u, found %u", kth, converge->kth);
    float distance = arb_candidate_distance(array->sorted[kth]);
    float limit = arb_candidate_distance(converge->limit);
    const arb_gap *gap = &converge->gap;
    float rank = fminf((float)kth + 1, gap->rank_most);
    float rise = gap->rise == 0 ? 0 : gap->rise * logf(rank / (float)converge->k);
    float wanted = distance + fmaxf(0, gap->gap + rise) * (distance + converge->origin);
    EXPECT(fabsf(limit - wanted) <= 1e-5f, "limit %g, not %g", (double)limit, (double)wanted);
    uint64_t last = array->sorted[array->count - 1];
    EXPECT(array->live <= converge->keep || last <= converge->limit,
           "%u live, the last beyond the limit", array->live);
    EXPECT(array->cursor <= array->count, "cursor %u of %u", array->cursor, array->count);
}

static void test_against_count(uint64_t seed, uint32_t k, arb_gap gap, uint32_t masked_in_8)
{
    static uint64_t sorted[NODES + 1];
    _Atomic uint64_t deleted[NODES / 64 + 1] = {0};
    uint64_t state = seed;
    for (uint32_t node = 0; node < NODES; node++) {
        if (next_random(&state) >> 61 < masked_in_8)
            atomic_fetch_or(&deleted[node / 64], 1ull << (node % 64));
    }
    arb_mask deletions = {.deleted = deleted};
    const arb_mask *mask = masked_in_8 == 0 ? NULL : &deletions;
    arb_candidate_array array = {.sorted = sorted};
    arb_converge converge = {
        .k = k, .keep = k + 20, .gap = gap, .origin = 1, .floor = 0.001f, .limit = UINT64_MAX};
    uint32_t refused = 0;
    for (uint32_t node = 0; node < NODES; node++) {
        uint64_t candidate = arb_candidate(next_uniform(&state), node);
        if (candidate > arb_converge_cutoff(&converge, &array)) {
            EXPECT(array.live >= converge.keep, "refused with %u live", array.live);
            refused++;
            continue;
        }
        uint32_t place = arb_array_offer(&array, candidate, EF, mask);
        if (place > 0)
            arb_converge_add(&converge, &array, place - 1, mask);
        if (next_random(&state) >> 62 == 0)
            continue; /* several between two trims */
        arb_converge_trim(&converge, &array, mask);
        check(&converge, &array, mask);
    }
    EXPECT(refused > 0 || gap.gap > 0.5f || masked_in_8 > 5, "nothing was refused");
}

int main(void)
{
    for (uint64_t seed = 1; seed <= (uint64_t)test_repeats(10); seed++) {
        for (uint32_t masked_in_8 = 0; masked_in_8 < 8; masked_in_8++) {
            test_against_count(seed, 1, (arb_gap){.gap = 0.1f}, masked_in_8);
            test_against_count(seed, 10, (arb_gap){0}, masked_in_8);
            test_against_count(seed, 10, (arb_gap){.gap = 0.2f}, masked_in_8);
            test_against_count(seed, 60, (arb_gap){.gap = 0.9f}, masked_in_8);
            arb_gap falling = {.gap = 0.2f, .rise = -0.1f, .rank_most = 60};
            test_against_count(seed, 10, falling, masked_in_8);
        }
    }
    return report("converge_test");
}
