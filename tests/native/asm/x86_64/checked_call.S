/* arb_checked_call: calls a kernel with patterns in the registers it must keep and rubbish in those
 * it must not rely on; see tests/native/checkasm/checked_call.h.
 *
 *     void arb_checked_call(checked_call *call);
 *
 * CPU         SSE2; AVX or AVX-512 as call->vectors says
 * In          rdi call
 * Stack       from the top: our caller's registers; MXCSR; two canary words, at rsp when the kernel
 *             is called (its return address goes below). Where the frame is, and call itself, are
 *             kept in .bss, out of reach of a kernel that loses the stack: one thread at a time.
 */
#include "asm/arb_asm.h"

#define CALL_ARGS 8
#define CALL_RESULT 40
#define CALL_VECTORS 44
#define CALL_BROKEN 48
#define CALL_REAL 56
#define CALL_INTEGER 64
#define CALL_NOT_FIFTH 72

#define FRAME_CANARY0 0
#define FRAME_CANARY1 8
#define FRAME_MXCSR 16
#define FRAME_SIZE 40

#define CANARY 0x5ca1ab1e0ddba11

/* Sets al to 1 where \reg lost its pattern. */
.macro EXPECT reg, pattern
        movabs      rcx, \pattern
        cmp         \reg, rcx
        setne       cl
        or          al, cl
.endm

ARB_FUNCTION arb_checked_call
        push        rbx
        push        rbp
        push        r12
        push        r13
        push        r14
        push        r15
        sub         rsp, FRAME_SIZE
        .cfi_adjust_cfa_offset 48 + FRAME_SIZE
        mov         [rip + .Lcall], rdi
        mov         [rip + .Lframe], rsp
        stmxcsr     [rsp + FRAME_MXCSR]
        movabs      rax, CANARY
        mov         [rsp + FRAME_CANARY0], rax
        mov         [rsp + FRAME_CANARY1], rax

        /* rubbish in every vector and mask register: all ones is NaN in every element type */
        cmp         dword ptr [rdi + CALL_VECTORS], 1
        jb          .Lsse
        je          .Lavx
        kxnorw      k0, k0, k0
        .irp n, 1, 2, 3, 4, 5, 6, 7
        kmovw       k\n, k0
        .endr
        .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        vpternlogd  zmm\n, zmm\n, zmm\n, 0xff
        .endr
.Lavx:
        /* clean upper halves, so that what is found there afterwards is the kernel's */
        vzeroupper
.Lsse:
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        pcmpeqd     xmm\n, xmm\n
        .endr

        /* the first lane of xmm0 is the real argument */
        movss       xmm1, dword ptr [rdi + CALL_REAL]
        movss       xmm0, xmm1
        pcmpeqd     xmm1, xmm1

        mov         r11, [rdi]
        mov         rsi, [rdi + CALL_ARGS + 8]
        mov         rdx, [rdi + CALL_ARGS + 16]
        mov         rcx, [rdi + CALL_ARGS + 24]
        mov         r8, [rdi + CALL_NOT_FIFTH]
        not         r8
        mov         rdi, [rdi + CALL_ARGS]
        movabs      rbx, 0x1b1b1b1b1b1b1b1b
        movabs      rbp, 0x2b2b2b2b2b2b2b2b
        movabs      r12, 0x3c3c3c3c3c3c3c3c
        movabs      r13, 0x4d4d4d4d4d4d4d4d
        movabs      r14, 0x5e5e5e5e5e5e5e5e
        movabs      r15, 0x6f6f6f6f6f6f6f6f
        mov         rax, -1
        mov         r9, rax
        mov         r10, rax
        call        r11

        /* BROKEN_STACK: the stack pointer came back elsewhere, or our words above it changed */
        xor         edx, edx
        mov         rcx, rsp
        mov         rsp, [rip + .Lframe]
        cmp         rcx, rsp
        jne         .Lstack_broken
        movabs      rcx, CANARY
        cmp         [rsp + FRAME_CANARY0], rcx
        jne         .Lstack_broken
        cmp         [rsp + FRAME_CANARY1], rcx
        je          .Lstack_kept
.Lstack_broken:
        mov         edx, 2
.Lstack_kept:
        mov         rdi, [rip + .Lcall]
        movss       [rdi + CALL_RESULT], xmm0
        mov         [rdi + CALL_INTEGER], rax

        xor         eax, eax
        EXPECT      rbx, 0x1b1b1b1b1b1b1b1b
        EXPECT      rbp, 0x2b2b2b2b2b2b2b2b
        EXPECT      r12, 0x3c3c3c3c3c3c3c3c
        EXPECT      r13, 0x4d4d4d4d4d4d4d4d
        EXPECT      r14, 0x5e5e5e5e5e5e5e5e
        EXPECT      r15, 0x6f6f6f6f6f6f6f6f
        or          edx, eax /* BROKEN_CALLEE_SAVED */

        pushfq
        pop         rax
        test        eax, 0x400
        jz          .Ldirection_kept
        cld
        or          edx, 8 /* BROKEN_DIRECTION */
.Ldirection_kept:
        stmxcsr     [rsp + FRAME_CANARY0] /* its word is not needed any more */
        mov         eax, [rsp + FRAME_CANARY0]
        xor         eax, [rsp + FRAME_MXCSR]
        test        eax, 0xffc0 /* the six sticky flags may be set */
        jz          .Lcontrol_kept
        or          edx, 4 /* BROKEN_FLOAT_CONTROL */
        ldmxcsr     [rsp + FRAME_MXCSR]
.Lcontrol_kept:
        cmp         dword ptr [rdi + CALL_VECTORS], 0
        je          .Lreturn
        vextractf128 xmm0, ymm0, 1
        .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        vextractf128 xmm\n, ymm\n, 1
        vpor        xmm0, xmm0, xmm\n
        .endr
        vptest      xmm0, xmm0
        jz          .Lreturn
        or          edx, 16 /* BROKEN_UPPER_HALVES */
.Lreturn:
        mov         [rdi + CALL_BROKEN], rdx
        add         rsp, FRAME_SIZE
        .cfi_adjust_cfa_offset -FRAME_SIZE
        pop         r15
        pop         r14
        pop         r13
        pop         r12
        pop         rbp
        pop         rbx
        .cfi_adjust_cfa_offset -48
        ret
ARB_END arb_checked_call

        .bss
        .balign 8
.Lcall:
        .skip   8
.Lframe:
        .skip   8

ARB_FILE_END
