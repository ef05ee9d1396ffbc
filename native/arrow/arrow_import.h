/* arrow_import.h: borrows what an ArrowSchema and an ArrowArray describe, after checking that they
 * keep the rules of the C Data Interface and that every claim they make about lengths and offsets
 * holds together. Buffer sizes are not part of the interface: a leaf's own length is believed.
 *
 * Nothing is copied, moved or released here. A view lives as long as the array it was taken from.
 */
#ifndef ARB_ARROW_ARROW_IMPORT_H
#define ARB_ARROW_ARROW_IMPORT_H

#include <stdint.h>
#include <string.h>

#include "arbalest/arbalest.h"
#include "vectors/casts.h"

/* count rows of dim values each, without gaps; no alignment is promised. */
typedef struct arb_vectors_view {
    const uint8_t *values;
    arb_value_type type;
    uint32_t dim;
    uint32_t count;
} arb_vectors_view;

typedef struct arb_ids_view {
    const uint8_t *values; /* int64, any alignment */
    uint32_t count;
} arb_ids_view;

/* Bit i is bit (offset + i) % 8 of byte (offset + i) / 8. */
typedef struct arb_bits_view {
    const uint8_t *bytes;
    uint64_t offset;
    uint32_t count;
} arb_bits_view;

/* What is null among the rows of a vectors view: bit rows_at + i is row i's, and bit components_at
 * + i * dim + j its component j's. NULL: nothing is. */
typedef struct arb_nulls_view {
    const uint8_t *rows;
    int64_t rows_at;
    const uint8_t *components;
    int64_t components_at;
} arb_nulls_view;

static inline const void *arb_view_vector(const arb_vectors_view *view, uint32_t row)
{
    return view->values + (size_t)row * view->dim * arb_value_size(view->type);
}

static inline int64_t arb_view_id(const arb_ids_view *view, uint32_t row)
{
    int64_t id;
    memcpy(&id, view->values + (size_t)row * sizeof id, sizeof id);
    return id;
}

/* A fixed_size_list<T>[dim] array without nulls, T = halffloat, float, double, int8 or uint8.
 * `field` names it in messages. */
arb_status arb_import_vectors(const char *field, const struct ArrowSchema *schema,
                              const struct ArrowArray *array, uint32_t dim, arb_vectors_view *out);

/* The same, with nulls: values under a null are whatever they are. */
arb_status arb_import_nullable_vectors(const char *field, const struct ArrowSchema *schema,
                                       const struct ArrowArray *array, uint32_t dim,
                                       arb_vectors_view *out, arb_nulls_view *nulls);

/* ARB_INVALID_ARGUMENT, without naming the row, where a row is null or a component of it. */
arb_status arb_check_row_present(const char *field, const arb_nulls_view *nulls, uint32_t dim,
                                 uint32_t row);

/* An int64 array without nulls. */
arb_status arb_import_ids(const char *field, const struct ArrowSchema *schema,
                          const struct ArrowArray *array, arb_ids_view *out);

/* A boolean array without nulls, at any bit offset. */
arb_status arb_import_bits(const char *field, const struct ArrowSchema *schema,
                           const struct ArrowArray *array, arb_bits_view *out);

/* struct<id: int64, vector: fixed_size_list<T>[dim]>, the two in either order. */
arb_status arb_import_batch(const struct ArrowSchema *schema, const struct ArrowArray *array,
                            uint32_t dim, arb_ids_view *ids, arb_vectors_view *vectors);

#endif
