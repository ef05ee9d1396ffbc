/* arrow_target.h: a column of the caller's that an answer is written into, described by the structs
 * of the Arrow C Data Interface. The interface has buffers const, for consumers; here the caller
 * says that they are his to be written, from the array's offset on. */
#ifndef ARB_ARROW_ARROW_TARGET_H
#define ARB_ARROW_ARROW_TARGET_H

#include "arbalest/arbalest.h"
#include "vectors/forms.h"

#define ARB_TARGET_BITMAPS_MAX 5 /* of SQ8: struct, scale, offset, codes, their components */

/* Bits first..first+per_row-1 are the first row's. */
typedef struct arb_target_bitmap {
    uint8_t *bits;
    int64_t first;
    int64_t per_row;
} arb_target_bitmap;

/* `count` rows without gaps; no alignment is promised. */
typedef struct arb_vectors_target {
    arb_vector_form form;
    uint32_t dim;
    uint32_t count;
    uint8_t *values; /* halves, floats or codes */
    uint8_t *scale;  /* a float a row; NULL but for SQ8 */
    uint8_t *offset;
    arb_target_bitmap bitmaps[ARB_TARGET_BITMAPS_MAX]; /* the first says which rows are null */
    int bitmap_count;
} arb_vectors_target;

/* The form is the schema's: fixed_size_list<halffloat | float>[dim], or SQ8 as struct<scale: float,
 * offset: float, codes: fixed_size_list<uint8>[dim]>. The outermost array has a validity bitmap and
 * `count` rows; its children cover them. Nothing is written yet. */
arb_status arb_import_vectors_target(const char *field, const struct ArrowSchema *schema,
                                     const struct ArrowArray *array, uint32_t dim, uint32_t count,
                                     arb_vectors_target *out);

/* Marks every row, and all below it, as present. */
void arb_target_set_present(const arb_vectors_target *target);

/* Marks one row as null, and writes zeros for it. */
void arb_target_set_null(const arb_vectors_target *target, uint32_t row);

#endif
