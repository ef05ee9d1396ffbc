/* checked_call.h: calls a kernel the way a hostile caller would, and tells which promises of the
 * platform's calling convention it broke. One checked_call.S an architecture, in
 * tests/native/asm/<arch>. */
#ifndef ARB_CHECKASM_CHECKED_CALL_H
#define ARB_CHECKASM_CHECKED_CALL_H

#include <stddef.h>
#include <stdint.h>

/* A function of any type; cast back before it is called. */
typedef void (*any_fn)(void);

/* The trampolines know this layout by offset. */
typedef struct checked_call {
    any_fn function;    /* 0 */
    uint64_t args[4];   /* 8: the integer and pointer arguments, in order */
    float result;       /* 40: what came back in the first vector register */
    uint32_t vectors;   /* 44: in: which vector registers exist, VECTORS_* */
    uint64_t broken;    /* 48: out: BROKEN_* bits */
    float real;         /* 56: the argument in the first vector register, its other lanes NaN */
    uint64_t integer;   /* 64: what came back in rax; x0 */
    uint64_t not_fifth; /* 72: the complement of the fifth argument: rubbish where there is none */
} checked_call;

_Static_assert(offsetof(checked_call, args) == 8, "known to checked_call.S");
_Static_assert(offsetof(checked_call, result) == 40, "known to checked_call.S");
_Static_assert(offsetof(checked_call, vectors) == 44, "known to checked_call.S");
_Static_assert(offsetof(checked_call, broken) == 48, "known to checked_call.S");
_Static_assert(offsetof(checked_call, real) == 56, "known to checked_call.S");
_Static_assert(offsetof(checked_call, integer) == 64, "known to checked_call.S");
_Static_assert(offsetof(checked_call, not_fifth) == 72, "known to checked_call.S");

#define VECTORS_BASE 0u   /* SSE; NEON */
#define VECTORS_AVX 1u    /* x86-64: the trampoline may use ymm0-ymm15 */
#define VECTORS_AVX512 2u /* x86-64: and zmm0-zmm31, k0-k7 */

#define BROKEN_CALLEE_SAVED 1ull  /* x86-64 rbx rbp r12-r15; aarch64 x19-x29, d8-d15 */
#define BROKEN_STACK 2ull         /* the stack pointer, or the caller's words above it */
#define BROKEN_FLOAT_CONTROL 4ull /* MXCSR but for its sticky flags; FPCR */
#define BROKEN_DIRECTION 8ull     /* x86-64: DF is set */
#define BROKEN_UPPER_HALVES                                                                        \
    16ull /* x86-64: an upper half of ymm0-ymm15 is not zero: no vzeroupper */

/* Fills every callee-saved register with a pattern and every other one that is no argument with
 * rubbish (vector registers with NaN), calls, and compares. */
void arb_checked_call(checked_call *call);

#endif
