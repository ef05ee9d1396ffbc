/* arb_sq8_dot_x4_avx2: dot products of an int8 query and four rows of SQ8 codes.
 *
 *     void arb_sq8_dot_x4_avx2(const void *query, const void *const rows[4],
 *                              size_t dim, float out[4]);
 *
 * Computes    sum q * r for each row, q int8, r uint8; exact in int32 for dim <= 8192, then converted
 * CPU         AVX2
 * In          rdi query, rsi four row pointers, rdx dim in elements (0 is allowed), rcx out
 * Out         four floats at rcx
 * Registers   ymm0-ymm3 sums of the rows; ymm5 query; ymm10-ymm13 codes of the rows, then products;
 *             ymm6-ymm9 their low bits, then products; ymm14 1 in each word, ymm15 0x7f in each byte;
 *             r8-r11 rows, rax byte offset in every vector
 * Reads       exactly dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        32 elements, the query loaded once for four rows; the row's low seven bits and its top
 *             bit are multiplied apart so that VPMADDUBSW cannot saturate, as in sq8_dot_avx2.S
 */
#include "asm/arb_asm.h"
#include "asm/x86_64/sq8_x4_avx2.inc"
#include "asm/x86_64/tail.inc"

/* 32 codes of a row, in `r`, into its sum. */
.macro SUM sum, r, low
        vpand         \low, \r, ymm15
        vpandn        \r, ymm15, \r
        vpmaddubsw    \low, \low, ymm5
        vpmaddubsw    \r, \r, ymm5
        vpmaddwd      \low, \low, ymm14
        vpmaddwd      \r, \r, ymm14
        vpaddd        \sum, \sum, \low
        vpaddd        \sum, \sum, \r
.endm

.macro CONSTANTS
        mov           eax, 0x7f7f7f7f
        vmovd         xmm15, eax
        vpbroadcastd  ymm15, xmm15
        mov           eax, 0x00010001
        vmovd         xmm14, eax
        vpbroadcastd  ymm14, xmm14
.endm

arb_sq8_x4_avx2 arb_sq8_dot_x4_avx2

ARB_FILE_END
