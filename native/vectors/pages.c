#include "vectors/pages.h"

#include <assert.h>
#include <stdint.h>
#include <sys/mman.h>

#define PAGE_BYTES ((size_t)4096)

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

void *arb_pages_map(size_t size)
{
    assert(size > 0);
    size_t wanted = round_up(size, PAGE_BYTES);
    size_t padded = wanted + ARB_HUGE_PAGE_BYTES;
    uint8_t *memory = mmap(NULL, padded, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    /* mmap aligns to small pages only: cut the ends off. */
    uint8_t *aligned = (uint8_t *)round_up((uintptr_t)memory, ARB_HUGE_PAGE_BYTES);
    if (aligned > memory)
        munmap(memory, (size_t)(aligned - memory));
    size_t tail = (size_t)(memory + padded - (aligned + wanted));
    if (tail > 0)
        munmap(aligned + wanted, tail);
    return aligned;
}

void arb_pages_advise_huge(void *memory, size_t size)
{
    /* Best effort by design: EINVAL only says that this kernel has no transparent huge pages. */
    (void)madvise(memory, size, MADV_HUGEPAGE);
}

void arb_pages_make_huge(void *memory, size_t size)
{
    arb_pages_advise_huge(memory, size);
#ifdef MADV_COLLAPSE
    (void)madvise(memory, size, MADV_COLLAPSE);
#endif
}

void arb_pages_unmap(void *memory, size_t size)
{
    if (memory != NULL && size > 0)
        munmap(memory, round_up(size, PAGE_BYTES));
}

size_t arb_pages_trim(void *memory, size_t size, size_t used)
{
    size_t kept = used == 0 ? PAGE_BYTES : round_up(used, PAGE_BYTES);
    size_t all = round_up(size, PAGE_BYTES);
    if (kept < all)
        munmap((uint8_t *)memory + kept, all - kept);
    return kept;
}
