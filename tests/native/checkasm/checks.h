/* checks.h: the checks of the kernel test. */
#ifndef ARB_CHECKASM_CHECKS_H
#define ARB_CHECKASM_CHECKS_H

#include "checkasm/catalog.h"
#include "checkasm/guarded.h"
#include "checkasm/report.h"

/* How much to try: REDUCED leaves out most offsets and positions, for emulators. */
typedef enum test_effort { REDUCED, FULL } test_effort;

#define LENGTH_DENSE_MAX 130 /* every length from 0 to this one */
#define LENGTH_MAX ARB_DIM_MAX
static const size_t long_lengths[] = {384, 768, 1024, 1536, 3072, LENGTH_MAX};
#define LONG_LENGTHS (sizeof long_lengths / sizeof long_lengths[0])

/* Holds a distance kernel against the definition in double: every length, every byte offset, both
 * ends flush against guard pages, special values at every position. Sums of integers must be met
 * exactly. */
void check_distance(const kernel_entry *kernel, test_effort effort, kernel_report *report);

/* Holds a cast against the reference, bit for bit: the same lengths and offsets, then every half or
 * every neighbourhood of a rounding tie. */
void check_cast(const kernel_entry *kernel, test_effort effort, kernel_report *report);

/* Holds sq8_encode or sq8_decode against the reference, bit for bit: the same lengths and offsets,
 * then ties of rounding and what must be kept within 0..255. */
void check_codec(const kernel_entry *kernel, test_effort effort, kernel_report *report);

/* Holds sq4_dots against the definition: every number of groups in 0..9 and of steps in 1..12, the
 * longest rows, every byte offset, both ends flush against guard pages, the largest sums. */
void check_dots(const kernel_entry *kernel, test_effort effort, kernel_report *report);

/* Holds sq1_dot_x4 against the definition: every number of steps in 1..40, the longest rows, every
 * byte offset, both ends flush against guard pages, each bit alone, all of them with the largest
 * query. */
void check_bit_dot(const kernel_entry *kernel, test_effort effort, kernel_report *report);

/* Holds sq1_near against the definition, bit for bit: every number of rows in 0..130 and of steps
 * in 1..40, the longest rows, offsets, both ends flush against guard pages, the farthest at the
 * bounds and one float beside them, the largest sums, NaN and infinities. */
void check_bit_near(const kernel_entry *kernel, test_effort effort, kernel_report *report);

/* Holds fastscan_near against the definition, bit for bit: every number of blocks in 0..9 and of
 * pieces in 1..13, the largest sums of each, more pieces, offsets, both ends flush against guard
 * pages, each code of each group alone, the farthest at each row's bound and one float beside it,
 * NaN and infinities. */
void check_fastscan(const kernel_entry *kernel, test_effort effort, kernel_report *report);

/* Holds screen_code against the definition: the same lengths but 0, and offsets; the largest
 * element at every place, ties of rounding, other magnitudes. Codes and scale must be met exactly.
 */
void check_screen_code(const kernel_entry *kernel, test_effort effort, kernel_report *report);

/* Holds screen against the definition, bit for bit: every number of rows in 0..14 and of steps in
 * 1..12, the longest rows, every byte offset, both ends flush against guard pages, limits at the
 * estimates and one float beside them, the largest sums, NaN and infinities. */
void check_screen(const kernel_entry *kernel, test_effort effort, kernel_report *report);

/* Holds an operation on bitsets against the reference, popcount against a count of its own: the
 * same lengths (in words) and offsets; the result beside its operands and in the place of either.
 */
void check_bits(const kernel_entry *kernel, test_effort effort, kernel_report *report);

/* Holds keys_insert against a sort: every count in 0..40 and some longer ones, offsets, both ends
 * flush against guard pages, equal keys, a key for each place. */
void check_keys(const kernel_entry *kernel, test_effort effort, kernel_report *report);

/* Whether the reference codec gives what integer arithmetic says. */
void check_reference_codec(kernel_report *report);

/* Whether the reference casts themselves agree with the compiler's conversions. */
void check_reference_casts(test_effort effort, kernel_report *report);

/* Calls through the trampoline and reports a fault of the call itself (signals, broken calling
 * convention). Returns whether its result may be looked at. */
int checked(checked_call *call, kernel_report *report, const char *what, size_t length);

#endif
