/* arb_sq1_near_avx512vnni: which rows of 1-bit codes are not told to be too far.
 *
 *     void arb_sq1_near_avx512vnni(const arb_sq1_bound *bound, const uint8_t *const *rows,
 *                                  size_t count, uint64_t *near);
 *
 * Computes    bit i: 0 where (constant + bias) - f * (factor * dot + shift) > farthest, else 1; dot
 *             as arb_sq1_dot_x4_avx512vnni has it, bias and f behind the row's bits
 * CPU         AVX2, BMI2; AVX-512 F, BW, VL; AVX-512 VNNI
 * In          rdi bound: query, steps of 64 elements (1..128), constant, factor, shift, farthest;
 *             rsi row pointers, rdx count, rcx near
 * Out         (count + 63) / 64 words at rcx
 * Registers   zmm0-zmm3 sums of four rows, in which qword b counts 2^b times; xmm4-xmm7 merging,
 *             terms; xmm16-xmm19 the bound; zmm20-zmm23 codes; zmm28 shifts; zmm29, zmm30 transpose
 *             the query; zmm31 one bit a byte; r8-r11 rows, rax byte offset in every row, rcx bytes
 *             of bits, r12 the group's first row, rbx its word, rdi where that goes
 * Stack       64 * steps bytes for the transposed query, written from the top down, so that no
 *             guard page is passed over
 * Reads       exactly 64 * steps bytes at query, 8 * steps + 8 of each row and `count` row
 *             pointers, at any alignment; asks for rows ahead
 * Loop        4 rows; inside, a step: 8 bytes of a row are broadcast to eight qwords, of which
 *             qword b keeps bit b of each byte; then VPDPBUSD with the transposed query. Two
 *             instructions and two loads a row and step is what both ports of either do in a cycle.
 *             Of a last group that is not full the first row is taken for those that are not there
 * Exact       the sums are, as in arb_sq1_dot_x4_avx512vnni; what follows is rounded at each
 *             operation, in the order written above
 */
#include "asm/arb_asm.h"
#include "asm/x86_64/sq1_avx512vnni.inc"

.equ AHEAD, 28 /* ARB_SQ1_NEAR_AHEAD */

/* 64 elements of a row into its sum. */
.macro ROW sum, bits, row
        vpandq        \bits, zmm31, [\row + rax]{1to8}
        vpdpbusd      \sum, \bits, [rsp + 8 * rax]
.endm

ARB_FUNCTION arb_sq1_near_avx512vnni
        push          rbp
        .cfi_def_cfa_offset 16
        .cfi_offset   rbp, -16
        mov           rbp, rsp
        .cfi_def_cfa_register rbp
        push          rbx
        .cfi_offset   rbx, -24
        push          r12
        .cfi_offset   r12, -32
        test          rdx, rdx
        jz            .Ldone
        vbroadcasti32x4 zmm30, [rip + .Lpairs]
        vmovdqu64     zmm29, [rip + .Lwords]
        vmovdqu64     zmm31, [rip + .Lbits]
        vmovdqu64     zmm28, [rip + .Lshifts]
        vbroadcastss  xmm16, [rdi + 16]
        vbroadcastss  xmm17, [rdi + 20]
        vbroadcastss  xmm18, [rdi + 24]
        vbroadcastss  xmm19, [rdi + 28]
        mov           rax, [rdi + 8]
        mov           r8, [rdi]
        mov           rdi, rcx
        lea           rcx, [8 * rax]

        /* the query's qword b of a step has the elements 8 * j + b */
        and           rsp, -64
        shl           rax, 6
.Ltranspose:
        sub           rsp, 64
        vmovdqu64     zmm0, [r8 + rax - 64]
        vpshufb       zmm0, zmm0, zmm30
        vpermw        zmm0, zmm29, zmm0
        vmovdqa64     [rsp], zmm0
        sub           rax, 64
        jnz           .Ltranspose

        xor           ebx, ebx
        xor           r12d, r12d
.Lrows: /* four, or the last */
        lea           rax, [r12 + AHEAD]
        cmp           rax, rdx
        jae           .Lasked
        add           rax, 4
        cmp           rax, rdx
        cmova         rax, rdx
        mov           r8, [rsi + 8 * rax - 32]
        mov           r9, [rsi + 8 * rax - 24]
        mov           r10, [rsi + 8 * rax - 16]
        mov           r11, [rsi + 8 * rax - 8]
        xor           eax, eax
.Lask: /* a cache line of each */
        prefetcht0    [r8 + rax]
        prefetcht0    [r9 + rax]
        prefetcht0    [r10 + rax]
        prefetcht0    [r11 + rax]
        add           rax, 64
        cmp           rax, rcx
        jbe           .Lask
.Lasked:
        mov           r8, [rsi + 8 * r12]
        lea           rax, [r12 + 4]
        cmp           rax, rdx
        ja            .Lfew
        mov           r9, [rsi + 8 * r12 + 8]
        mov           r10, [rsi + 8 * r12 + 16]
        mov           r11, [rsi + 8 * r12 + 24]
.Lgroup:
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        xor           eax, eax
        .balign 32
.Lstep: /* 64 elements of every vector */
        ROW           zmm0, zmm20, r8
        ROW           zmm1, zmm21, r9
        ROW           zmm2, zmm22, r10
        ROW           zmm3, zmm23, r11
        add           rax, 8
        cmp           rax, rcx
        jb            .Lstep
        SQ1_MERGE
        /* xmm6 = the biases, xmm7 = f of the rows */
        vmovq         xmm4, [r8 + rcx]
        vmovhps       xmm4, xmm4, [r9 + rcx]
        vmovq         xmm5, [r10 + rcx]
        vmovhps       xmm5, xmm5, [r11 + rcx]
        vshufps       xmm6, xmm4, xmm5, 0x88
        vshufps       xmm7, xmm4, xmm5, 0xdd
        vmulps        xmm0, xmm0, xmm17
        vaddps        xmm0, xmm0, xmm18
        vmulps        xmm0, xmm0, xmm7
        vaddps        xmm6, xmm6, xmm16
        vsubps        xmm0, xmm6, xmm0
        vcmpps        k1, xmm0, xmm19, 0x1a /* not greater, or no number */
        kmovd         eax, k1
        shlx          rax, rax, r12 /* by r12 % 64 */
        or            rbx, rax
        add           r12, 4
        test          r12d, 63
        jz            .Lword
        cmp           r12, rdx
        jb            .Lrows
.Lword:
        cmp           r12, rdx
        jbe           .Lwhole
        mov           eax, edx
        and           eax, 63
        bzhi          rbx, rbx, rax
.Lwhole:
        mov           [rdi], rbx
        add           rdi, 8
        xor           ebx, ebx
        cmp           r12, rdx
        jb            .Lrows
        vzeroupper
.Ldone:
        lea           rsp, [rbp - 16]
        pop           r12
        pop           rbx
        pop           rbp
        .cfi_remember_state
        .cfi_def_cfa  rsp, 8
        ret
        .cfi_restore_state
.Lfew: /* 3, 2 or 1: how many no branch predictor would find */
        lea           r10, [r12 + 1]
        lea           r11, [r12 + 2]
        cmp           r10, rdx
        cmovae        r10, r12
        cmp           r11, rdx
        cmovae        r11, r12
        mov           r9, [rsi + 8 * r10]
        mov           r10, [rsi + 8 * r11]
        mov           r11, r8
        jmp           .Lgroup
ARB_END arb_sq1_near_avx512vnni

        SQ1_TABLES

ARB_FILE_END
