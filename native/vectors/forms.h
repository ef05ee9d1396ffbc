/* forms.h: a stored row in the form in which an answer has it.
 *
 * SQ8 of an answer is not the SQ8 of traversal (codes.h). An answer's vector brings one scale and
 * one offset, so that whoever gets it can decode it alone:
 *
 *   value  ~  offset + scale * code          offset = min, scale = (max - min) / 255 of the vector
 *
 * Traversal's codes have an offset for each component, the mean of all rows, and are of unit
 * vectors under cosine: no single offset turns them back into the row. So the row itself is
 * encoded. That costs about a microsecond at 1536 components, and gives each
 * vector the finest grid that 256 steps can be for it.
 *
 * Error. |row - decoded| <= scale / 2, and float32 rounding of offset + scale * code (three parts
 * in 2^24 of the largest |component|). The row is what the index holds: with FP16 rows, what was
 * put differs from it by up to one part in 2^11 of the component (2^-25 below 2^-14). */
#ifndef ARB_VECTORS_FORMS_H
#define ARB_VECTORS_FORMS_H

#include "kernels/kernels.h"

typedef enum arb_vector_form { ARB_FORM_F16, ARB_FORM_F32, ARB_FORM_SQ8 } arb_vector_form;

/* Bytes a component takes. */
size_t arb_form_component_bytes(arb_vector_form form);

/* Room that an encoding needs, so that rows after each other share it. */
typedef struct arb_form_scratch {
    float values[ARB_DIM_MAX];
    float offsets[ARB_DIM_MAX];
} arb_form_scratch;

/* Writes a row of `dim` elements as halves or floats to dst (any alignment). Floats beyond 65,504
 * become infinite as halves. */
void arb_form_convert(const arb_kernel_set *kernels, arb_element element, const void *row,
                      size_t dim, arb_vector_form form, void *dst);

/* Writes the codes of a row and tells its grid. A row of equal components has scale 0. */
void arb_form_encode_sq8(const arb_kernel_set *kernels, arb_element element, const void *row,
                         size_t dim, arb_form_scratch *scratch, uint8_t *codes, float *scale,
                         float *offset);

#endif
