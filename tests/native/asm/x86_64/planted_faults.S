/* Kernels that break a promise each. The checker must catch every one before its verdict on the
 * real kernels counts. All have the signature of a 1x1 distance kernel and give the right result.
 *
 *     float arb_planted_<fault>(const void *query, const void *row, size_t dim);
 */
#include "asm/arb_asm.h"

/* Every promise but one is kept by jumping to the reference afterwards. */

/* clobbers rbx */
ARB_FUNCTION arb_planted_callee_saved
        xor         ebx, ebx
        jmp         arb_f16_l2sq_ref
ARB_END arb_planted_callee_saved

/* writes above its return address */
ARB_FUNCTION arb_planted_stack
        mov         qword ptr [rsp + 8], 0
        jmp         arb_f16_l2sq_ref
ARB_END arb_planted_stack

/* turns denormals to zero and leaves it so */
ARB_FUNCTION arb_planted_float_control
        push        rdi
        .cfi_adjust_cfa_offset 8
        stmxcsr     [rsp - 8]
        or          dword ptr [rsp - 8], 0x8040
        ldmxcsr     [rsp - 8]
        pop         rdi
        .cfi_adjust_cfa_offset -8
        jmp         arb_f16_l2sq_ref
ARB_END arb_planted_float_control

/* leaves the direction flag set */
ARB_FUNCTION arb_planted_direction
        push        rdi
        .cfi_adjust_cfa_offset 8
        call        arb_f16_l2sq_ref
        pop         rdi
        .cfi_adjust_cfa_offset -8
        std
        ret
ARB_END arb_planted_direction

/* forgets vzeroupper */
ARB_FUNCTION arb_planted_upper_halves
        push        rdi
        .cfi_adjust_cfa_offset 8
        call        arb_f16_l2sq_ref
        pop         rdi
        .cfi_adjust_cfa_offset -8
        vcmpps      ymm1, ymm1, ymm1, 0x0f
        ret
ARB_END arb_planted_upper_halves

ARB_FILE_END
