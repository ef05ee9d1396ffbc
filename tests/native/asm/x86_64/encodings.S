/* arb_expected_encodings: the instructions of encodings.inc as the assembler encodes them. Read as
 * bytes, never run. */
#include "asm/arb_asm.h"

#define ENCODING(call, ...) __VA_ARGS__

        .text
        .globl  arb_expected_encodings
        .hidden arb_expected_encodings
arb_expected_encodings:
#include "encodings.inc"
        .globl  arb_expected_encodings_end
        .hidden arb_expected_encodings_end
arb_expected_encodings_end:

ARB_FILE_END
