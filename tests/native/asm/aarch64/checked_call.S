/* arb_checked_call: calls a kernel with patterns in the registers it must keep and rubbish in those
 * it must not rely on; see tests/native/checkasm/checked_call.h.
 *
 *     void arb_checked_call(checked_call *call);
 *
 * CPU        Advanced SIMD
 * in         x0 call
 * stack      from sp up, when the kernel is called: two canary words; a free one; FPCR; our caller's
 *            x29, x30, x19-x28 and d8-d15. Where the frame is, and call itself, are kept in .bss, out
 *            of reach of a kernel that loses the stack: one thread at a time.
 */
#include "asm/arb_asm.h"

#define CALL_ARGS 8
#define CALL_RESULT 40
#define CALL_BROKEN 48
#define CALL_REAL 56
#define CALL_INTEGER 64
#define CALL_NOT_FIFTH 72

#define FRAME_FPCR 24
#define FRAME_SIZE 192

#define CANARY 0x05ca1ab1e0ddba11
/* Register n holds PATTERN + n, the low half of vector register n PATTERN + 64 + n. */
#define PATTERN 0x5ee5ca11ed5a7ed0

ARB_FUNCTION arb_checked_call
    sub     sp, sp, #FRAME_SIZE
    .cfi_adjust_cfa_offset FRAME_SIZE
    mrs     x9, fpcr
    ldr     x10, =CANARY
    stp     x10, x10, [sp]
    str     x9, [sp, #FRAME_FPCR]
    adrp    x10, .Lcall
    str     x0, [x10, :lo12:.Lcall]
    mov     x11, sp
    adrp    x10, .Lframe
    str     x11, [x10, :lo12:.Lframe]
    stp     x29, x30, [sp, #32]
    .cfi_rel_offset x29, 32
    .cfi_rel_offset x30, 40
    stp     x19, x20, [sp, #48]
    stp     x21, x22, [sp, #64]
    stp     x23, x24, [sp, #80]
    stp     x25, x26, [sp, #96]
    stp     x27, x28, [sp, #112]
    stp     d8, d9, [sp, #128]
    stp     d10, d11, [sp, #144]
    stp     d12, d13, [sp, #160]
    stp     d14, d15, [sp, #176]

    /* all ones is NaN in every element type; of v8-v15 a callee keeps the low halves only */
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movi    v\n\().16b, #0xff
    .endr
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    movi    v\n\().16b, #0xff
    .endr
    ldr     x9, =PATTERN
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    add     x10, x9, #64 + \n
    ins     v\n\().d[0], x10
    .endr
    .irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
    add     x\n, x9, #\n
    .endr
    ldr     w10, [x0, #CALL_REAL]
    ins     v0.s[0], w10                    /* the first lane is the real argument */
    ldr     x16, [x0]
    ldp     x2, x3, [x0, #CALL_ARGS + 16]
    ldr     x4, [x0, #CALL_NOT_FIFTH]
    mvn     x4, x4
    ldp     x0, x1, [x0, #CALL_ARGS]
    .irp n, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17
    mov     x\n, #-1
    .endr
    blr     x16
    mov     x15, x0

    /* BROKEN_STACK: the stack pointer came back elsewhere, or our words above it changed */
    mov     x14, #0
    adrp    x9, .Lframe
    ldr     x10, [x9, :lo12:.Lframe]
    mov     x11, sp
    mov     sp, x10
    cmp     x10, x11
    b.ne    .Lstack_broken
    ldr     x9, =CANARY
    ldp     x10, x11, [sp]
    cmp     x10, x9
    ccmp    x11, x9, #0, eq
    b.eq    .Lstack_kept
.Lstack_broken:
    mov     x14, #2
.Lstack_kept:
    adrp    x9, .Lcall
    ldr     x0, [x9, :lo12:.Lcall]
    ldr     x12, [sp, #FRAME_FPCR]
    str     s0, [x0, #CALL_RESULT]
    str     x15, [x0, #CALL_INTEGER]

    mov     x13, #0                         /* the BROKEN_* bits */
    ldr     x9, =PATTERN
    .irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
    add     x10, x9, #\n
    cmp     x10, x\n
    cinc    x13, x13, ne
    .endr
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    add     x10, x9, #64 + \n
    fmov    x11, d\n
    cmp     x10, x11
    cinc    x13, x13, ne
    .endr
    cmp     x13, #0
    cset    x13, ne                         /* BROKEN_CALLEE_SAVED */
    orr     x13, x13, x14

    mrs     x9, fpcr
    cmp     x9, x12
    b.eq    .Lcontrol_kept
    orr     x13, x13, #4                    /* BROKEN_FLOAT_CONTROL */
    msr     fpcr, x12
.Lcontrol_kept:
    str     x13, [x0, #CALL_BROKEN]
    ldp     d14, d15, [sp, #176]
    ldp     d12, d13, [sp, #160]
    ldp     d10, d11, [sp, #144]
    ldp     d8, d9, [sp, #128]
    ldp     x27, x28, [sp, #112]
    ldp     x25, x26, [sp, #96]
    ldp     x23, x24, [sp, #80]
    ldp     x21, x22, [sp, #64]
    ldp     x19, x20, [sp, #48]
    ldp     x29, x30, [sp, #32]
    add     sp, sp, #FRAME_SIZE
    .cfi_adjust_cfa_offset -FRAME_SIZE
    .cfi_restore x29
    .cfi_restore x30
    ret
    .ltorg
ARB_END arb_checked_call

    .bss
    .balign 8
.Lcall:
    .skip   8
.Lframe:
    .skip   8

ARB_FILE_END
