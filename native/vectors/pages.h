/* pages.h: anonymous zeroed memory straight from the system, for what must not move once readers
 * see it. Pages are touched lazily: a large mapping of which little is used costs little. */
#ifndef ARB_VECTORS_PAGES_H
#define ARB_VECTORS_PAGES_H

#include <stddef.h>

#define ARB_HUGE_PAGE_BYTES ((size_t)2 << 20)

/* Zeroed memory aligned to 2 MiB; NULL without memory or address space. */
void *arb_pages_map(size_t size);

/* Asks for huge pages; a kernel without them changes nothing but speed. */
void arb_pages_advise_huge(void *memory, size_t size);

/* The same for memory that is in use already: its pages are gathered at once, where the kernel can
 * (Linux 6.1), else in its own time. */
void arb_pages_make_huge(void *memory, size_t size);

/* Gives back [memory, memory + size), of arb_pages_map's result or a page-aligned tail of it. */
void arb_pages_unmap(void *memory, size_t size);

/* Gives back what lies behind the first `used` bytes; returns the bytes that are left. */
size_t arb_pages_trim(void *memory, size_t size, size_t used);

#endif
