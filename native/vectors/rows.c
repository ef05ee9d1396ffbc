#include "vectors/rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vectors/error.h"
#include "vectors/pages.h"

size_t arb_row_stride(uint32_t dim, uint32_t element_bytes)
{
    size_t bytes = (size_t)dim * element_bytes;
    return (bytes + ARB_ROW_ALIGNMENT - 1) / ARB_ROW_ALIGNMENT * ARB_ROW_ALIGNMENT;
}

static size_t slab_bytes(const arb_rows *rows)
{
    return rows->stride << rows->slab_shift;
}

static size_t slab_table_bytes(const arb_rows *rows)
{
    return (((size_t)ARB_NODES_MAX >> rows->slab_shift) + 1) * sizeof(uint8_t *);
}

arb_status arb_rows_create(uint32_t dim, uint32_t element_bytes, arb_rows **out)
{
    if (dim < 1 || dim > ARB_DIM_MAX)
        return arb_fail(ARB_INVALID_ARGUMENT, "dim: found %u, allowed 1..%u", dim, ARB_DIM_MAX);
    arb_rows *rows = calloc(1, sizeof *rows);
    if (rows == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for the rows of an index");
    rows->dim = dim;
    rows->element_bytes = element_bytes;
    rows->stride = arb_row_stride(dim, element_bytes);
    while ((rows->stride << (rows->slab_shift + 1)) <= ARB_SLAB_BYTES_MAX)
        rows->slab_shift++;
    rows->slab_mask = (1u << rows->slab_shift) - 1;
    /* Zero pages: only the part of the table that an index grows into takes memory. */
    rows->slabs = arb_pages_map(slab_table_bytes(rows));
    if (rows->slabs == NULL) {
        free(rows);
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for the slab table of an index");
    }
    *out = rows;
    return ARB_OK;
}

void arb_rows_destroy(arb_rows *rows)
{
    if (rows == NULL)
        return;
    for (uint32_t slab = rows->mapped_slab_count; slab < rows->slab_count; slab++)
        arb_pages_unmap(rows->slabs[slab], slab_bytes(rows));
    arb_pages_unmap(rows->slabs, slab_table_bytes(rows));
    free(rows);
}

/* A small index keeps to small pages, so that it does not take 2 MiB for a few rows. */
static void advise_first_slab(arb_rows *rows, uint64_t end)
{
    if (rows->first_slab_huge || rows->mapped_slab_count > 0 || rows->slab_count == 0)
        return;
    if (end * rows->stride > ARB_HUGE_PAGE_BYTES) {
        arb_pages_advise_huge(rows->slabs[0], slab_bytes(rows));
        rows->first_slab_huge = 1;
    }
}

arb_status arb_rows_reserve(arb_rows *rows, uint32_t first, uint32_t count)
{
    uint64_t end = (uint64_t)first + count;
    if (end > ARB_NODES_MAX)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "rows: %llu wanted, an index holds up to %u",
                        (unsigned long long)end, ARB_NODES_MAX);
    uint32_t slabs_wanted = (uint32_t)((end + rows->slab_mask) >> rows->slab_shift);
    for (uint32_t slab = rows->slab_count; slab < slabs_wanted; slab++) {
        uint8_t *memory = arb_pages_map(slab_bytes(rows));
        if (memory == NULL)
            return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for %zu bytes of rows",
                            slab_bytes(rows));
        if (slab > 0)
            arb_pages_advise_huge(memory, slab_bytes(rows));
        rows->slabs[slab] = memory;
        atomic_store_explicit(&rows->slab_count, slab + 1, memory_order_release);
    }
    advise_first_slab(rows, end);
    if (end > rows->row_count)
        atomic_store_explicit(&rows->row_count, (uint32_t)end, memory_order_release);
    return ARB_OK;
}

void *arb_row_for_write(arb_rows *rows, uint32_t node)
{
    assert(node < rows->row_count);
    assert(node >> rows->slab_shift >= rows->mapped_slab_count);
    return rows->slabs[node >> rows->slab_shift] + (size_t)(node & rows->slab_mask) * rows->stride;
}

arb_status arb_rows_open(uint32_t dim, uint32_t element_bytes, const void *mapped, uint32_t count,
                         int resident, arb_rows **out)
{
    arb_rows *rows = NULL;
    arb_status status = arb_rows_create(dim, element_bytes, &rows);
    if (status != ARB_OK)
        return status;
    if (!resident) {
        uint32_t whole = count >> rows->slab_shift;
        rows->mapped = mapped;
        for (uint32_t slab = 0; slab < whole; slab++)
            rows->slabs[slab] = (uint8_t *)(uintptr_t)mapped + (size_t)slab * slab_bytes(rows);
        rows->mapped_slab_count = whole;
        rows->slab_count = whole;
    }
    status = arb_rows_reserve(rows, 0, count);
    if (status != ARB_OK) {
        arb_rows_destroy(rows);
        return status;
    }
    uint32_t copied = rows->mapped_slab_count << rows->slab_shift;
    while (copied < count) {
        uint32_t in_slab = rows->slab_mask + 1;
        uint32_t piece = count - copied < in_slab ? count - copied : in_slab;
        memcpy(arb_row_for_write(rows, copied),
               (const uint8_t *)mapped + (size_t)copied * rows->stride, piece * rows->stride);
        copied += piece;
    }
    *out = rows;
    return ARB_OK;
}

uint64_t arb_rows_bytes(const arb_rows *rows)
{
    return (uint64_t)atomic_load_explicit(&rows->row_count, memory_order_relaxed) * rows->stride;
}
