/* arb_sq8_l2sq_avx512vnni: squared L2 distance of two vectors of SQ8 codes.
 *
 *     float arb_sq8_l2sq_avx512vnni(const void *query, const void *row, size_t dim);
 *
 * Computes    sum (q - r)^2, both uint8; exact in int32 for dim <= 8192, then converted
 * CPU         AVX-512 F, BW, DQ, VL; BMI2; AVX-512 VNNI
 * In          rdi query, rsi row, rdx dim in elements (0 is allowed)
 * Out         xmm0
 * Registers   zmm0, zmm1 sums of d * (d - 128), zmm2, zmm3 of d; zmm4-zmm6 codes and their
 *             differences; zmm16 0x80, zmm17 0x01 in each byte; k1 the mask of the tail; rax scratch
 * Reads       exactly dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        2 x 64 elements. d = |q - r| is 0..255, which VPDPBUSD takes on its unsigned side only:
 *             d^2 = d * (d - 128) + 128 * d, where d - 128 is d with its top bit flipped, a signed
 *             byte. Two VPDPBUSD on bytes beat widening to words, which halves the lanes and keeps
 *             the one shuffle port busy
 */
#include "asm/arb_asm.h"

/* The codes in zmm4 and zmm5 into both sums. */
.macro SUM product, plain
        vpsubusb      zmm6, zmm4, zmm5
        vpsubusb      zmm5, zmm5, zmm4
        vporq         zmm4, zmm5, zmm6
        vpxorq        zmm5, zmm4, zmm16
        vpdpbusd      \product, zmm4, zmm5
        vpdpbusd      \plain, zmm4, zmm17
.endm

/* 64 elements at byte `at` of both vectors into the sums. */
.macro STEP product, plain, at
        vmovdqu8      zmm4, [rdi + \at]
        vmovdqu8      zmm5, [rsi + \at]
        SUM           \product, \plain
.endm

ARB_FUNCTION arb_sq8_l2sq_avx512vnni
        mov           eax, 0x80808080
        vpbroadcastd  zmm16, eax
        mov           eax, 0x01010101
        vpbroadcastd  zmm17, eax
        vpxor         xmm0, xmm0, xmm0
        vpxor         xmm1, xmm1, xmm1
        vpxor         xmm2, xmm2, xmm2
        vpxor         xmm3, xmm3, xmm3
        cmp           rdx, 128
        jb            .Lsingle
        .balign 32
.Lblock: /* 128 elements */
        STEP          zmm0, zmm2, 0
        STEP          zmm1, zmm3, 64
        add           rdi, 128
        add           rsi, 128
        sub           rdx, 128
        cmp           rdx, 128
        jae           .Lblock
.Lsingle: /* fewer than 128 are left */
        cmp           rdx, 64
        jb            .Ltail
        STEP          zmm0, zmm2, 0
        add           rdi, 64
        add           rsi, 64
        sub           rdx, 64
.Ltail: /* 0..63 are left; what the mask leaves out reads as zero and is not touched */
        test          edx, edx
        jz            .Lmerge
        mov           rax, -1
        bzhi          rax, rax, rdx
        kmovq         k1, rax
        vmovdqu8      zmm4{k1}{z}, [rdi]
        vmovdqu8      zmm5{k1}{z}, [rsi]
        SUM           zmm1, zmm3
.Lmerge:
        vpaddd        zmm0, zmm0, zmm1
        vpaddd        zmm2, zmm2, zmm3
        vpslld        zmm2, zmm2, 7
        vpaddd        zmm0, zmm0, zmm2
        vextracti64x4 ymm1, zmm0, 1
        vpaddd        ymm0, ymm0, ymm1
        vextracti128  xmm1, ymm0, 1
        vpaddd        xmm0, xmm0, xmm1
        vpshufd       xmm1, xmm0, 0x4e
        vpaddd        xmm0, xmm0, xmm1
        vpshufd       xmm1, xmm0, 0xb1
        vpaddd        xmm0, xmm0, xmm1
        vcvtdq2ps     xmm0, xmm0
        vzeroupper
        ret
ARB_END arb_sq8_l2sq_avx512vnni

ARB_FILE_END
