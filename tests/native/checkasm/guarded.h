/* guarded.h: memory between guard pages, and calls that survive running into them. */
#ifndef ARB_CHECKASM_GUARDED_H
#define ARB_CHECKASM_GUARDED_H

#include <stddef.h>
#include <stdint.h>

#include "checkasm/checked_call.h"

/* start..end is writable; the page before start and the page at end are not accessible. Bytes that
 * no test has written hold 0xff: NaN in every floating type, so that a kernel which sums what lies
 * beside its operands betrays itself even where no page ends. */
typedef struct guarded {
    uint8_t *start;
    uint8_t *end;
} guarded;

/* Room for size bytes at least, at any offset 0..63 from either side. Exits the test when there is
 * no memory. */
guarded guarded_create(size_t size);
void guarded_destroy(guarded *memory);

/* Copies bytes to `at` (within the memory) and sets GUARDED_POISON bytes on either side, as far as
 * the memory goes, to 0xff. Returns at. */
#define GUARDED_POISON 256
void *guarded_place(guarded *memory, uint8_t *at, const void *bytes, size_t size);

/* Whether the bytes that guarded_place has set to 0xff around at..at+size still are. */
int guarded_untouched_around(const guarded *memory, const uint8_t *at, size_t size);

/* Calls through the trampoline. Returns 0, or the signal that the call ended in (SIGSEGV, SIGBUS,
 * SIGILL), fault_address being where. */
int guarded_call(checked_call *call, const void **fault_address);

#endif
