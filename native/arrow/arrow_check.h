/* arrow_check.h: what one node of an ArrowSchema and ArrowArray tree must keep to: the rules of the
 * C Data Interface, and the shape that its reader takes. `field` names the node in messages. */
#ifndef ARB_ARROW_ARROW_CHECK_H
#define ARB_ARROW_ARROW_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "arbalest/arbalest.h"

/* What a node of the tree must look like. */
typedef struct arb_node_shape {
    const char *type;  /* for messages */
    int64_t n_buffers; /* validity and, of a leaf, values */
    int64_t n_children;
} arb_node_shape;

extern const arb_node_shape arb_struct_shape; /* of two columns */
extern const arb_node_shape arb_list_shape;
extern const arb_node_shape arb_leaf_shape;

/* Neither is NULL nor released, and there is a format. */
arb_status arb_check_live(const char *field, const struct ArrowSchema *schema,
                          const struct ArrowArray *array);

/* Everything about one node but its format and its relation to its parent. */
arb_status arb_check_node(const char *field, const struct ArrowSchema *schema,
                          const struct ArrowArray *array, const arb_node_shape *shape);

/* No more rows than an index may have. */
arb_status arb_check_rows(const char *field, int64_t rows);

/* "+w:384": the digits and nothing else, or "+w:384x" would pass for 384. */
arb_status arb_check_list_format(const char *field, const char *format, uint32_t dim);

/* The parent reads elements up to `needed` of this child. */
arb_status arb_check_covers(const char *field, const struct ArrowArray *array, int64_t needed);

/* Elements first..first+count-1 of the array (its own offset not counted) must not be null. The
 * null count may speak of elements outside, so the bitmap decides. A row is `per_row` elements. */
arb_status arb_check_no_nulls(const char *field, const struct ArrowArray *array, int64_t first,
                              int64_t count, int64_t per_row);

/* The first unset bit of first..first+count-1, or first+count. */
int64_t arb_first_unset(const uint8_t *bits, int64_t first, int64_t count);

/* The values of a leaf from element `first` (its own offset not counted); NULL where it is empty.
 * With size 0 the whole buffer: elements that are not whole bytes. */
arb_status arb_leaf_values(const char *field, const struct ArrowArray *array, int64_t first,
                           size_t size, const uint8_t **out);

#endif
