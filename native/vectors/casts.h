/* casts.h: one incoming row, of any of the element types that Arrow brings, into a stored row. */
#ifndef ARB_VECTORS_CASTS_H
#define ARB_VECTORS_CASTS_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

/* The component types of an incoming vector. */
typedef enum arb_value_type {
    ARB_VALUE_F16,
    ARB_VALUE_F32,
    ARB_VALUE_F64,
    ARB_VALUE_I8,
    ARB_VALUE_U8
} arb_value_type;

size_t arb_value_size(arb_value_type type);

/* What rows are cast into, and how they will be compared: it decides what may be stored. */
typedef struct arb_row_form {
    const arb_kernel_set *kernels;
    arb_element element;
    arb_metric metric;
    uint32_t dim;
} arb_row_form;

/* What the native kernels' range guard asks of a stored row. */
typedef struct arb_row_facts {
    float abs_max; /* largest |component| */
    float rms;     /* root mean square of the components */
} arb_row_facts;

/* For a caller who names the row himself: messages name the component alone. */
#define ARB_ROW_UNNAMED UINT64_MAX

/* Casts dim values at src (any alignment) into dst (dim elements; what lies behind them is not
 * touched) and checks what was stored. ARB_INVALID_ARGUMENT names `field`, `row` and, where one is
 * to blame, the component: NaN, infinite, beyond the element's range, a norm that distances cannot
 * bear. dst is then undefined and facts untouched. */
arb_status arb_cast_row(const arb_row_form *form, arb_value_type type, const void *src, void *dst,
                        const char *field, uint64_t row, arb_row_facts *facts);

/* The largest magnitude among dim elements, as the bits of one without its sign: so ordered, NaN
 * and infinity come out above every finite value. */
int32_t arb_largest_magnitude(arb_element element, const void *row, size_t dim);

#endif
