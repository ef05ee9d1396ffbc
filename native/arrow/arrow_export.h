/* arrow_export.h: answers as Arrow C Data. A begin function allocates; the caller fills the columns
 * and then either finishes (which cannot fail, so outputs are untouched on failure) or cancels. */
#ifndef ARB_ARROW_ARROW_EXPORT_H
#define ARB_ARROW_ARROW_EXPORT_H

#include <stdint.h>

#include "arbalest/arbalest.h"

typedef struct arb_array_block arb_array_block;
typedef struct arb_schema_block arb_schema_block;

/* struct<query: uint32, id: int64, distance: float32> with room for `capacity` rows. */
typedef struct arb_hits_export {
    uint32_t *query;
    int64_t *id;
    float *distance;
    arb_array_block *array;
    arb_schema_block *schema;
} arb_hits_export;

arb_status arb_export_hits_begin(uint64_t capacity, arb_hits_export *out);
void arb_export_hits_finish(arb_hits_export *hits, uint64_t count, struct ArrowSchema *out_schema,
                            struct ArrowArray *out);
void arb_export_hits_cancel(arb_hits_export *hits);

/* fixed_size_list<element>[dim] of `count` rows. All bits of `valid` are set and all values zero at
 * first; the caller clears the bit of a null row. */
typedef struct arb_vectors_export {
    uint8_t *values;
    uint8_t *valid;
    uint64_t count;
    uint32_t dim;
    const char *component_format;
    arb_array_block *array;
    arb_schema_block *schema;
} arb_vectors_export;

arb_status arb_export_vectors_begin(uint64_t count, uint32_t dim, arb_element element,
                                    arb_vectors_export *out);
void arb_export_vectors_finish(arb_vectors_export *vectors, uint64_t null_count,
                               struct ArrowSchema *out_schema, struct ArrowArray *out);
void arb_export_vectors_cancel(arb_vectors_export *vectors);

/* struct<vector: fixed_size_list<element>[dim], error: utf8> of `count` rows. At first every vector
 * is there, its values undefined, and no error. */
typedef struct arb_casts_export {
    arb_vectors_export vectors;
    uint8_t *told; /* bits of the rows with an error */
    int32_t *ends; /* offsets of the messages */
    size_t text_bytes;
    size_t text_capacity;
    uint64_t refused;
} arb_casts_export;

arb_status arb_export_casts_begin(uint64_t count, uint32_t dim, arb_element element,
                                  arb_casts_export *out);

/* Makes a row's vector null and the message its error. Rows come in ascending order. */
arb_status arb_export_casts_refuse(arb_casts_export *casts, uint64_t row, const char *message);
void arb_export_casts_finish(arb_casts_export *casts, struct ArrowSchema *out_schema,
                             struct ArrowArray *out);
void arb_export_casts_cancel(arb_casts_export *casts);

#endif
