/* arb_keys_insert_avx512: puts keys into a sorted array of keys.
 *
 *     void arb_keys_insert_avx512(uint64_t *sorted, size_t count, const uint64_t *keys, size_t n);
 *
 * Computes    sorted[0..count + n) in ascending order, of sorted[0..count), which is, and keys[0..n)
 * CPU         AVX-512 F
 * In          rdi sorted, rsi count, rdx keys, rcx n; either number may be 0
 * Registers   zmm0 the key, r8 as well; zmm1 a block of eight, zmm2 the block before it, zmm3 the
 *             block moved up by one; zmm30 zeros, before the first block; zmm31 ones, behind the
 *             last; rax the first element of the block before; r9 the end of the ones
 * Reads       exactly 8 * count bytes of sorted and 8 * n of keys, at any alignment; of what lies
 *             behind sorted, what it may write
 * Writes      sorted[0..count + n + 7) at most
 * Loop        for each key a block after the other, from the last to the first: where a key c comes
 *             into sorted a, a[i] becomes max(min(a[i], c), a[i - 1]). Up to LONG keys no branch and
 *             no address depends on where c belongs, which no branch predictor would know; in longer
 *             arrays, whose blocks cost more than a wrong guess, it ends there. All loads are of
 *             whole blocks, as are the stores before them, so that they need not wait for memory
 */
#include "asm/arb_asm.h"

.equ LONG, 128

/* zmm1 with the key in it, or moved up, to the block behind the one at rax; zmm2 comes before. */
.macro BLOCK before
        valignq       zmm3, zmm1, \before, 7
        vpminuq       zmm1, zmm1, zmm0
        vpmaxuq       zmm1, zmm1, zmm3
        vmovdqu64     [rdi + 8 * rax + 64], zmm1
.endm

ARB_FUNCTION arb_keys_insert_avx512
        test          rcx, rcx
        jz            .Ldone
        vpternlogd    zmm31, zmm31, zmm31, 0xff
        vpxord        zmm30, zmm30, zmm30
        /* what is not there yet is not before any key */
        lea           r8, [rdi + 8 * rsi]
        lea           r9, [r8 + 8 * rcx]
.Lones:
        vmovdqu64     [r8], zmm31
        add           r8, 64
        cmp           r8, r9
        jb            .Lones
.Lkey:
        mov           r8, [rdx]
        vpbroadcastq  zmm0, r8
        mov           rax, rsi
        and           rax, -8
        vmovdqu64     zmm1, [rdi + 8 * rax]
        sub           rax, 8
        jb            .Lfirst
        cmp           rsi, LONG
        jae           .Llong
        .balign 32
.Lblock:
        vmovdqu64     zmm2, [rdi + 8 * rax]
        BLOCK         zmm2
        vmovdqa64     zmm1, zmm2
        sub           rax, 8
        jae           .Lblock
.Lfirst: /* rax = -8 */
        BLOCK         zmm30
.Lnext:
        add           rdx, 8
        inc           rsi
        dec           rcx
        jnz           .Lkey
        vzeroupper
.Ldone:
        ret
        .balign 32
.Llong:
        vmovdqu64     zmm2, [rdi + 8 * rax]
        BLOCK         zmm2
        vmovdqa64     zmm1, zmm2
        cmp           [rdi + 8 * rax + 56], r8 /* nothing moves before */
        jbe           .Lnext
        sub           rax, 8
        jae           .Llong
        jmp           .Lfirst
ARB_END arb_keys_insert_avx512

ARB_FILE_END
