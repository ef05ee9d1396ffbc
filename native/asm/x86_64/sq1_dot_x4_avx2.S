/* arb_sq1_dot_x4_avx2: dot products of an int8 query and four rows of 1-bit codes.
 *
 *     void arb_sq1_dot_x4_avx2(const int8_t *query, const uint8_t *const rows[4], size_t steps,
 *                              float out[4]);
 *
 * Computes    for each row the sum of the query's elements whose bits are set, q in -127..127;
 *             exact in int32, then converted. kernels.h has the order of the bits
 * CPU         AVX2
 * In          rdi query, rsi four row pointers, rdx steps of 64 elements (1..128), rcx out
 * Out         four floats at rcx
 * Registers   ymm0-ymm3 sums of the rows in words, ymm4-ymm7 in dwords; ymm8, ymm9 query; ymm10,
 *             ymm11 scratch; ymm12, ymm13 transpose the query; ymm14 one bit a byte, ymm15 weights;
 *             r8-r11 rows, rax byte offset in every row, rdx bytes a row, rsi those before the next
 *             draining
 * Reads       exactly 64 * steps bytes at query, 8 * steps of each row, at any alignment
 * Loop        a step of 8 bytes a row is broadcast to four qwords, of which the qword b keeps bit b
 *             of each byte, and once more bit 4 + b, moved down by 4. VPMADDUBSW multiplies by the
 *             query, whose 8 x 8 bytes are transposed once for four rows, so that its qwords have
 *             the elements 8 * j + b, and 8 * j + 4 + b.
 * Exact       Qword b counts 2^b times, b in 0..3. A word gets four products of at most 127 * 2^b a
 *             step and is drained every 8 steps: at most 32 * 127 * 2^3 = 32512 < 2^15. Draining
 *             weighs qword b by 2^(3-b), so that all count 8 times: a dword gets two words of at
 *             most 32512 each of 16 drains, less than 2^20, and the eight dwords of a row are less
 *             than 2^23 together, a multiple of 8
 */
#include "asm/arb_asm.h"

/* 8 bytes of a row by 64 elements of the query, into its words. */
.macro ROW sum, row
        vpbroadcastq  ymm10, [\row + rax]
        vpsrlq        ymm11, ymm10, 4
        vpand         ymm10, ymm10, ymm14
        vpand         ymm11, ymm11, ymm14
        vpmaddubsw    ymm10, ymm10, ymm8
        vpmaddubsw    ymm11, ymm11, ymm9
        vpaddw        ymm10, ymm10, ymm11
        vpaddw        \sum, \sum, ymm10
.endm

/* The words of a row, weighed, into its dwords. */
.macro DRAIN sum, words
        vpmaddwd      \words, \words, ymm15
        vpaddd        \sum, \sum, \words
.endm

ARB_FUNCTION arb_sq1_dot_x4_avx2
        mov           r8, [rsi]
        mov           r9, [rsi + 8]
        mov           r10, [rsi + 16]
        mov           r11, [rsi + 24]
        vbroadcasti128 ymm13, [rip + .Lpairs]
        vmovdqu       ymm12, [rip + .Ldwords]
        vmovdqu       ymm14, [rip + .Lbits]
        vmovdqu       ymm15, [rip + .Lweights]
        shl           edx, 3
        xor           eax, eax
        vpxor         xmm4, xmm4, xmm4
        vpxor         xmm5, xmm5, xmm5
        vpxor         xmm6, xmm6, xmm6
        vpxor         xmm7, xmm7, xmm7
.Lwords: /* at most 8 steps, in words */
        lea           rsi, [rax + 64]
        cmp           rsi, rdx
        cmova         rsi, rdx
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        .balign 32
.Lstep: /* 64 elements of every vector */
        /* ymm8 = the elements 8 * j + b, b in 0..3, a qword each; ymm9 = b in 4..7 */
        vmovdqu       xmm8, [rdi + 8 * rax]
        vmovdqu       xmm9, [rdi + 8 * rax + 16]
        vinserti128   ymm8, ymm8, [rdi + 8 * rax + 32], 1
        vinserti128   ymm9, ymm9, [rdi + 8 * rax + 48], 1
        vpshufb       ymm8, ymm8, ymm13
        vpshufb       ymm9, ymm9, ymm13
        vpunpckhwd    ymm10, ymm8, ymm9
        vpunpcklwd    ymm8, ymm8, ymm9
        vpermd        ymm9, ymm12, ymm10
        vpermd        ymm8, ymm12, ymm8
        ROW           ymm0, r8
        ROW           ymm1, r9
        ROW           ymm2, r10
        ROW           ymm3, r11
        add           rax, 8
        cmp           rax, rsi
        jb            .Lstep
        DRAIN         ymm4, ymm0
        DRAIN         ymm5, ymm1
        DRAIN         ymm6, ymm2
        DRAIN         ymm7, ymm3
        cmp           rax, rdx
        jb            .Lwords
        /* four horizontal sums at once: xmm0 = row 0, 1, 2, 3 */
        vphaddd       ymm4, ymm4, ymm5
        vphaddd       ymm6, ymm6, ymm7
        vphaddd       ymm4, ymm4, ymm6
        vextracti128  xmm0, ymm4, 1
        vpaddd        xmm0, xmm0, xmm4
        vpsrad        xmm0, xmm0, 3
        vcvtdq2ps     xmm0, xmm0
        vmovups       [rcx], xmm0
        vzeroupper
        ret
ARB_END arb_sq1_dot_x4_avx2

        .section .rodata
        .balign 32
.Lbits:
        .irp b, 0, 1, 2, 3
        .quad 0x0101010101010101 << \b
        .endr
.Lweights: /* 2^(3-b) in each word of qword b */
        .irp b, 0, 1, 2, 3
        .quad 0x0008000800080008 >> \b
        .endr
.Ldwords: /* those of both lanes in turn */
        .long 0, 4, 1, 5, 2, 6, 3, 7
.Lpairs: /* word b is the elements b and 8 + b of a lane */
        .irp b, 0, 1, 2, 3, 4, 5, 6, 7
        .byte \b, \b + 8
        .endr

ARB_FILE_END
