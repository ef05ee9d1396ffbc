/* error.h: the calling thread's message. */
#ifndef ARB_VECTORS_ERROR_H
#define ARB_VECTORS_ERROR_H

#include "arbalest/arbalest.h"

/* Keeps a formatted message for arb_last_error() and returns status, so that a check reads
 * `return arb_fail(ARB_INVALID_ARGUMENT, "k: found %u, allowed 1..%u", k, ARB_K_MAX);` */
__attribute__((format(printf, 2, 3))) arb_status arb_fail(arb_status status, const char *format,
                                                          ...);

#endif
