/* Kernels that break a promise each. The checker must catch every one before its verdict on the
 * real kernels counts. All have the signature of a 1x1 distance kernel and give the right result, by
 * going to the reference in the end.
 *
 *     float arb_planted_<fault>(const void *query, const void *row, size_t dim);
 */
#include "asm/arb_asm.h"

/* clobbers x19 */
ARB_FUNCTION arb_planted_callee_saved
    mov     x19, #0
    b       arb_f16_l2sq_ref
ARB_END arb_planted_callee_saved

/* clobbers the low half of v8, which a callee must keep */
ARB_FUNCTION arb_planted_callee_saved_vector
    movi    d8, #0
    b       arb_f16_l2sq_ref
ARB_END arb_planted_callee_saved_vector

/* writes to its caller's stack */
ARB_FUNCTION arb_planted_stack
    str     xzr, [sp]
    b       arb_f16_l2sq_ref
ARB_END arb_planted_stack

/* flushes subnormals to zero (FPCR.FZ) and leaves it so */
ARB_FUNCTION arb_planted_float_control
    mrs     x9, fpcr
    orr     x9, x9, #1 << 24
    msr     fpcr, x9
    b       arb_f16_l2sq_ref
ARB_END arb_planted_float_control

ARB_FILE_END
