/* arb_asm.h: what every .S file opens and closes with, for both architectures. Macros of assembling
 * only: none of them hides a register or an instruction that computes.
 *
 *     ARB_FUNCTION arb_f16_dot_avx2     text section, aligned, hidden, CFI, landing pad
 *         ...
 *         ret
 *     ARB_END arb_f16_dot_avx2
 *     ARB_FILE_END                      once, last line: the stack is not executable
 */
#ifndef ARB_ASM_H
#define ARB_ASM_H

#if defined(__x86_64__)
/* Registers go without % and destinations stand first, as in Intel's manuals. */
        .intel_syntax noprefix
/* The landing pad of CET's indirect branch tracking: kernels are called by pointer. */
#    define ARB_LANDING_PAD endbr64
#elif defined(__aarch64__)
/* The landing pad of branch target identification; a hint, so a no-op on older cores. */
#    define ARB_LANDING_PAD hint #34 /* bti c */
#endif

.macro ARB_FUNCTION name
        .text
        .balign 64
        .globl  \name
        .hidden \name
        .type   \name, %function
\name:
        .cfi_startproc
        ARB_LANDING_PAD
.endm

.macro ARB_END name
        .cfi_endproc
        .size   \name, . - \name
.endm

.macro ARB_FILE_END
        .section .note.GNU-stack, "", %progbits
#if defined(__x86_64__) && defined(__CET__)
        /* tells the linker that this object keeps to IBT and shadow stacks */
        .section .note.gnu.property, "a"
        .balign 8
        .long   4, 16, 5
        .asciz  "GNU"
        .long   0xc0000002, 4, __CET__, 0
#elif defined(__aarch64__) && defined(__ARM_FEATURE_BTI_DEFAULT)
        .section .note.gnu.property, "a"
        .balign 8
        .long   4, 16, 5
        .asciz  "GNU"
        .long   0xc0000000, 4, 1, 0
#endif
.endm

#endif
