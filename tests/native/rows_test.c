/* rows_test.c: rows keep their place, their padding and their contents. */
#include <stdlib.h>
#include <string.h>

#include "graph_support.h"
#include "vectors/rows.h"

static void fill(uint8_t *bytes, size_t size, uint32_t node)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(node * 31 + i * 7 + 1);
}

static void expect_row(const arb_rows *rows, uint32_t node)
{
    size_t size = rows->dim * (size_t)rows->element_bytes;
    uint8_t *expected = calloc(1, rows->stride);
    fill(expected, size, node);
    EXPECT(memcmp(arb_row(rows, node), expected, rows->stride) == 0, "row %u differs", node);
    free(expected);
}

static void test_layout(void)
{
    static const struct {
        uint32_t dim;
        uint32_t element_bytes;
        size_t stride;
    } cases[] = {{1, 2, 64},    {32, 2, 64},    {33, 2, 128},
                 {384, 2, 768}, {384, 4, 1536}, {8192, 4, 32768}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        arb_rows *rows = NULL;
        EXPECT(arb_rows_create(cases[i].dim, cases[i].element_bytes, &rows) == ARB_OK, "create");
        EXPECT(rows->stride == cases[i].stride, "dim %u: stride %zu", cases[i].dim, rows->stride);
        EXPECT((rows->stride << rows->slab_shift) <= ARB_SLAB_BYTES_MAX, "slab too large");
        EXPECT(arb_rows_reserve(rows, 0, 3) == ARB_OK, "reserve");
        for (uint32_t node = 0; node < 3; node++)
            EXPECT((uintptr_t)arb_row(rows, node) % ARB_ROW_ALIGNMENT == 0, "row %u", node);
        EXPECT(arb_rows_bytes(rows) == 3 * rows->stride, "bytes");
        arb_rows_destroy(rows);
    }
}

static void test_rejects_bad_dimensions(void)
{
    arb_rows *rows = NULL;
    EXPECT(arb_rows_create(0, 2, &rows) == ARB_INVALID_ARGUMENT, "dim 0");
    EXPECT(arb_rows_create(ARB_DIM_MAX + 1, 2, &rows) == ARB_INVALID_ARGUMENT, "dim too large");
    EXPECT(rows == NULL, "an output was touched");
    EXPECT(arb_rows_create(4, 2, &rows) == ARB_OK, "create");
    EXPECT(arb_rows_reserve(rows, ARB_NODES_MAX, 1) == ARB_RESOURCE_EXHAUSTED, "too many rows");
    arb_rows_destroy(rows);
}

/* Rows of 32 KiB: a slab is 2048 rows, so a few thousand rows cross slabs. */
static void test_rows_never_move(void)
{
    arb_rows *rows = NULL;
    EXPECT(arb_rows_create(8000, 4, &rows) == ARB_OK, "create");
    size_t size = rows->dim * sizeof(float);
    uint32_t count = rows->slab_mask + 10;
    EXPECT(arb_rows_reserve(rows, 0, 2) == ARB_OK, "reserve");
    fill(arb_row_for_write(rows, 1), size, 1);
    const void *before = arb_row(rows, 1);
    EXPECT(arb_rows_reserve(rows, 2, count - 2) == ARB_OK, "reserve more");
    EXPECT(rows->slab_count == 2, "slabs: %u", rows->slab_count);
    EXPECT(arb_row(rows, 1) == before, "row 1 moved");
    expect_row(rows, 1);
    fill(arb_row_for_write(rows, count - 1), size, count - 1);
    expect_row(rows, count - 1);
    arb_rows_destroy(rows);
}

static void test_open(int resident)
{
    arb_rows *made = NULL;
    EXPECT(arb_rows_create(4096, 2, &made) == ARB_OK, "create");
    uint32_t count = made->slab_mask + 1 + 5; /* one whole slab and five rows */
    size_t size = made->dim * 2;
    uint8_t *mapped = calloc(count, made->stride);
    for (uint32_t node = 0; node < count; node++)
        fill(mapped + node * made->stride, size, node);
    arb_rows *rows = NULL;
    EXPECT(arb_rows_open(4096, 2, mapped, count, resident, &rows) == ARB_OK, "open");
    int in_place = (const uint8_t *)arb_row(rows, 0) == mapped;
    EXPECT(in_place == !resident, "row 0 in place: %d", in_place);
    EXPECT(rows->mapped_slab_count == (resident ? 0u : 1u), "mapped slabs");
    for (uint32_t node = 0; node < count; node += node + 20 < count ? 13 : 1)
        expect_row(rows, node);
    EXPECT(arb_rows_reserve(rows, count, 7) == ARB_OK, "reserve after open");
    fill(arb_row_for_write(rows, count + 6), size, count + 6);
    expect_row(rows, count + 6);
    expect_row(rows, count - 1);
    arb_rows_destroy(rows);
    arb_rows_destroy(made);
    free(mapped);
}

int main(void)
{
    test_layout();
    test_rejects_bad_dimensions();
    test_rows_never_move();
    test_open(0);
    test_open(1);
    return report("rows_test");
}
