/* arb_sq8_l2sq_x4_avx2: squared L2 distances of SQ8 codes of one query and four rows.
 *
 *     void arb_sq8_l2sq_x4_avx2(const void *query, const void *const rows[4],
 *                               size_t dim, float out[4]);
 *
 * Computes    sum (q - r)^2 for each row, all uint8; exact in int32 for dim <= 8192, then converted
 * CPU         AVX2
 * In          rdi query, rsi four row pointers, rdx dim in elements (0 is allowed), rcx out
 * Out         four floats at rcx
 * Registers   ymm0-ymm3 sums of the rows; ymm5 query; ymm10-ymm13 codes of the rows, then
 *             differences and squares; ymm6-ymm9 scratch of the rows; ymm15 0x00ff in each word;
 *             r8-r11 rows, rax byte offset in every vector
 * Reads       exactly dim bytes of each vector, at any alignment; nothing on the stack
 * Loop        32 elements, the query loaded once for four rows: |q - r| on bytes, then its even and
 *             odd bytes as words, squared and added in pairs by VPMADDWD
 */
#include "asm/arb_asm.h"
#include "asm/x86_64/sq8_x4_avx2.inc"
#include "asm/x86_64/tail.inc"

/* 32 codes of a row, in `r`, into its sum. */
.macro SUM sum, r, t
        vpsubusb      \t, ymm5, \r
        vpsubusb      \r, \r, ymm5
        vpor          \r, \r, \t
        vpand         \t, \r, ymm15
        vpsrlw        \r, \r, 8
        vpmaddwd      \t, \t, \t
        vpmaddwd      \r, \r, \r
        vpaddd        \sum, \sum, \t
        vpaddd        \sum, \sum, \r
.endm

.macro CONSTANTS
        mov           eax, 0x00ff00ff
        vmovd         xmm15, eax
        vpbroadcastd  ymm15, xmm15
.endm

arb_sq8_x4_avx2 arb_sq8_l2sq_x4_avx2

ARB_FILE_END
