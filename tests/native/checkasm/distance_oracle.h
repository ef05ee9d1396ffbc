/* distance_oracle.h: operands, the distance between them in double, and how far off a kernel may
 * be. */
#ifndef ARB_CHECKASM_DISTANCE_ORACLE_H
#define ARB_CHECKASM_DISTANCE_ORACLE_H

#include "checkasm/checks.h"

typedef enum data_kind {
    DATA_UNIFORM,          /* components in [-1, 1) */
    DATA_SUBNORMAL_BESIDE, /* every other component subnormal */
    DATA_SUBNORMAL,        /* all of them; not for sums that underflow by design */
    DATA_EQUAL_ROWS,       /* rows equal the query: l2sq is 0 and cosine too */
    DATA_CODES_HIGH,       /* codes alone: the largest query, the row that is farthest from it */
    DATA_CODES_LOW,        /* codes alone: the smallest query, the row that is farthest from it */
    DATA_KINDS
} data_kind;

#define VECTORS_OF_CASE 5 /* the query and four rows */

typedef struct expected_distance {
    double value;
    double tolerance; /* absolute */
} expected_distance;

typedef struct case_operands {
    size_t length;
    _Alignas(8) uint8_t bytes[VECTORS_OF_CASE][LENGTH_MAX * sizeof(float)];
    /* of the bytes as they are; computed when it is first asked for, since one set of operands is
     * tried at many offsets */
    int expected_known[VECTORS_OF_CASE - 1];
    expected_distance expected[VECTORS_OF_CASE - 1];
} case_operands;

/* Whether a kernel's result on such data is defined and worth a look. */
int operands_make_sense(const kernel_entry *kernel, data_kind kind);

void operands_fill(case_operands *operands, const kernel_entry *kernel, size_t length,
                   data_kind kind);

/* Component i of a vector: 0 is the query, 1..4 are rows. */
double operands_get(const case_operands *operands, const kernel_entry *kernel, int vector,
                    size_t i);
void operands_set(case_operands *operands, const kernel_entry *kernel, int vector, size_t i,
                  double value);

/* What the kernel shall give for row 0..3. */
expected_distance expect(case_operands *operands, const kernel_entry *kernel, int row);

int meets(expected_distance expectation, float found);

#endif
