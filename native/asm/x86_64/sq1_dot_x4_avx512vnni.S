/* arb_sq1_dot_x4_avx512vnni: dot products of an int8 query and four rows of 1-bit codes.
 *
 *     void arb_sq1_dot_x4_avx512vnni(const int8_t *query, const uint8_t *const rows[4],
 *                                    size_t steps, float out[4]);
 *
 * Computes    for each row the sum of the query's elements whose bits are set, q in -127..127;
 *             exact in int32, then converted. kernels.h has the order of the bits
 * CPU         AVX-512 F, BW, VL; AVX-512 VNNI
 * In          rdi query, rsi four row pointers, rdx steps of 64 elements (1..128), rcx out
 * Out         four floats at rcx
 * Registers   zmm0-zmm3 sums of the rows, in which qword b counts 2^b times; zmm4, zmm5 merging;
 *             zmm16 query; zmm20-zmm23 codes; zmm28 shifts; zmm29, zmm30 transpose the query, zmm31
 *             one bit a byte; r8-r11 rows, rax byte offset in every row, rdx offset of the last
 *             step
 * Reads       exactly 64 * steps bytes at query, 8 * steps of each row, at any alignment
 * Loop        2 steps. 8 bytes of a row are broadcast to eight qwords, of which qword b keeps bit b
 *             of each byte; then VPDPBUSD: two instructions a row and step. For that the query's
 *             8 x 8 bytes are transposed, once for four rows: its qword b has the elements
 *             8 * j + b. One chain a row hides the latency of VPDPBUSD, since a step keeps both
 *             ports for 5 cycles
 * Exact       A dword of a sum is at most 128 steps * 4 products * 127 * 2^7, less than 2^23; two
 *             of them are added before they are divided by 2^b, of which both are multiples
 */
#include "asm/arb_asm.h"
#include "asm/x86_64/sq1_avx512vnni.inc"

/* 64 elements of every vector, `at` steps ahead, into the sums. */
.macro STEP at
        vmovdqu64     zmm16, [rdi + 8 * rax + 64 * \at]
        vpshufb       zmm16, zmm16, zmm30
        vpermw        zmm16, zmm29, zmm16
        vpandq        zmm20, zmm31, [r8 + rax + 8 * \at]{1to8}
        vpandq        zmm21, zmm31, [r9 + rax + 8 * \at]{1to8}
        vpandq        zmm22, zmm31, [r10 + rax + 8 * \at]{1to8}
        vpandq        zmm23, zmm31, [r11 + rax + 8 * \at]{1to8}
        vpdpbusd      zmm0, zmm20, zmm16
        vpdpbusd      zmm1, zmm21, zmm16
        vpdpbusd      zmm2, zmm22, zmm16
        vpdpbusd      zmm3, zmm23, zmm16
.endm

ARB_FUNCTION arb_sq1_dot_x4_avx512vnni
        mov           r8, [rsi]
        mov           r9, [rsi + 8]
        mov           r10, [rsi + 16]
        mov           r11, [rsi + 24]
        vbroadcasti32x4 zmm30, [rip + .Lpairs]
        vmovdqu64     zmm29, [rip + .Lwords]
        vmovdqu64     zmm31, [rip + .Lbits]
        shl           edx, 3
        xor           eax, eax
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        sub           edx, 8
        jz            .Llast
        .balign 32
.Lsteps: /* 128 elements of every vector */
        STEP          0
        STEP          1
        add           rax, 16
        cmp           rax, rdx
        jb            .Lsteps
        ja            .Lmerge
.Llast: /* of an odd number */
        STEP          0
.Lmerge:
        vmovdqu64     zmm28, [rip + .Lshifts]
        SQ1_MERGE
        vmovups       [rcx], xmm0
        vzeroupper
        ret
ARB_END arb_sq1_dot_x4_avx512vnni

        SQ1_TABLES

ARB_FILE_END
