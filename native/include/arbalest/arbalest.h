/* arbalest.h: the whole public C ABI of libarbalest.
 *
 * An index holds rows (vectors as FP16 or float32), their int64 ids, and an HNSW graph over them.
 *
 * Threads. Every function may be called from any thread, at the same time as any other, except
 * arb_index_close: the caller makes sure that no call on that index is running or follows.
 * The library starts no thread, never exits the process, never prints, and keeps no global state
 * but the calling thread's error message.
 *
 * Errors. A function returns a status. Where it is not ARB_OK, arb_last_error() tells this thread
 * what was wrong (the field, the value found, the value allowed), and every output is untouched.
 *
 * Arrow. Inputs and outputs cross by the Arrow C Data Interface. An input is released by the
 * callee on success, before it returns, and left to the caller on failure; a schema passed beside
 * an input array is only read, and stays the caller's. An output struct is the caller's to release.
 */
#ifndef ARBALEST_H
#define ARBALEST_H

#include "arbalest/arrow_c_data.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ARB_API __attribute__((visibility("default")))

/* Limits, each in its unit. */
#define ARB_DIM_MAX 8192          /* components of a vector */
#define ARB_NODES_MAX 2147483647u /* rows of one index */
#define ARB_M_MIN 2
#define ARB_M_MAX 128
#define ARB_EF_MAX 65536 /* breadth, in construction and in search */
#define ARB_K_MAX 10000  /* results a query */

typedef enum arb_status {
    ARB_OK = 0,
    ARB_INVALID_ARGUMENT = 1,
    ARB_NOT_FOUND = 2,
    ARB_RESOURCE_EXHAUSTED = 3, /* a limit of the index, or no memory */
    ARB_IO = 4,
    ARB_CORRUPT = 5, /* a file does not say what its checksum says */
    ARB_UNSUPPORTED =
        6, /* the CPU lacks what the kernel set requires, or the file is of another version */
    ARB_INTERNAL = 7
} arb_status;

typedef enum arb_metric { ARB_METRIC_L2 = 0, ARB_METRIC_COSINE = 1, ARB_METRIC_DOT = 2 } arb_metric;
typedef enum arb_element { ARB_ELEMENT_F16 = 0, ARB_ELEMENT_F32 = 1 } arb_element;

ARB_API const char *arb_version(void);

/* The message of this thread's last failed call; "" if none has failed. Valid until its next one.
 */
ARB_API const char *arb_last_error(void);

/* ---- CPU facts and kernel sets: C reports, the caller picks -------------------------------- */

/* x86-64: the CPUID bit and the operating system's XCR0 state. aarch64: AT_HWCAP. */
#define ARB_CPU_AVX2 (1ull << 0)   /* with FMA, F16C and BMI2 */
#define ARB_CPU_AVX512 (1ull << 1) /* F, BW, DQ, VL */
#define ARB_CPU_AVX512VNNI (1ull << 2)
#define ARB_CPU_AVX512FP16 (1ull << 3)
#define ARB_CPU_NEON (1ull << 32)
#define ARB_CPU_NEONFP16 (1ull << 33) /* FEAT_FP16 */
#define ARB_CPU_NEONFHM (1ull << 34)  /* FEAT_FHM */
#define ARB_CPU_NEONDOTPROD (1ull << 35)

ARB_API uint64_t arb_cpu_features(void);

/* Kernel sets of this architecture, from the plainest (0, "ref") to the widest. */
ARB_API int32_t arb_kernel_set_count(void);
ARB_API const char *arb_kernel_set_name(int32_t set);  /* NULL if there is no such set */
ARB_API uint64_t arb_kernel_set_requires(int32_t set); /* ARB_CPU_* bits; 0 for ref */
/* What the set runs for a job: job is "f16_l2sq", "f16_cosine_x4", "f32_dot", "cast_f32_f16",
 * "sq8_dot_x4", "sq8_encode", ..., or "native_f16_l2sq" for the kernel with FP16 sums. The answer
 * is a kernel's name such as "arb_f16_l2sq_avx512", or NULL for an unknown job or one that the set
 * has no kernel for. */
ARB_API const char *arb_kernel_set_kernel(int32_t set, const char *job);

/* ---- Index --------------------------------------------------------------------------------- */

typedef struct arb_index arb_index;

/* A shorter form of the rows that traversal reads instead of them; the nearest are then reranked by
 * the rows. SQ8: one byte a component. Made once an index has rows enough to fit the codes to, and
 * left out where they would save nothing (few components) or cost recall (arb_index_stats tells).
 */
typedef enum arb_codes_kind { ARB_CODES_NONE = 0, ARB_CODES_SQ8 = 1 } arb_codes_kind;
#define ARB_CODES_KINDS 2

/* Of the frozen graph: neighbor lists alone, or with codes of the neighbors beside each list, which
 * read one stream a node: for graphs far larger than the caches. Four bits a component, whatever
 * `codes` are: about 8 + dim / 2 bytes a neighbor (graph_bytes of arb_index_stats), while a freeze
 * runs twice that. Left out where four bits cannot tell near rows apart. */
typedef enum arb_layout { ARB_LAYOUT_COMPACT = 0, ARB_LAYOUT_FUSED = 1 } arb_layout;
#define ARB_LAYOUTS 2

/* Whether traversal may run distances that are generated at run time for the index's dimension, in
 * memory that is made executable; a fused graph has no use for them. IF_FASTER: each freeze
 * measures for a few milliseconds whether they beat the kernel set's own on the index's rows, and
 * keeps them only there. A system that forbids executable memory keeps the set's own kernels,
 * whatever is asked. */
typedef enum arb_generated_use {
    ARB_GENERATED_IF_FASTER = 0,
    ARB_GENERATED_NEVER = 1,
    ARB_GENERATED_ALWAYS = 2 /* from the first freeze on, however slow: for tests and benches */
} arb_generated_use;
#define ARB_GENERATED_USES 3

typedef struct arb_index_options {
    uint32_t struct_size; /* sizeof(arb_index_options) as the caller knows it */
    uint32_t dim;         /* 1..ARB_DIM_MAX */
    int32_t metric;       /* arb_metric */
    int32_t element;      /* arb_element */
    uint32_t M;           /* links a node and upper level; level 0 has 2M */
    uint32_t ef_construction;
    uint64_t seed;            /* of the levels */
    int32_t kernel_set;       /* index of the set; fixed for the life of the index */
    int32_t trust_kernel_set; /* 1: take the set although CPUID hides its feature (a VM's mask);
                                 executing it on a CPU that lacks it kills the process */
    int32_t codes;            /* arb_codes_kind */
    int32_t layout;           /* arb_layout */
    int32_t generated;        /* arb_generated_use */
} arb_index_options;

/* How a search looks for rows; each gives k hits where k matching rows live.
 * GRAPH: by the graph; a filter is held against what it finds, so that the fewer rows match, the
 * farther it goes.
 * EXACT: a scan of all rows, or of those that match the filter: misses nothing.
 * FILTERED_GRAPH: by the graph, over the rows that match, and past those that do not to their
 * neighbors; without a filter, the same as GRAPH. With target_recall first as GRAPH does, which
 * costs least where rows match around the query as elsewhere, but no longer than that takes. SCAN:
 * a scan as EXACT's over the codes, of which ef candidates are kept and reranked by their rows: a
 * fraction of its cost, a recall as that of a wide search of the graph. Where there are no codes,
 * and for breadths beyond some thousand, the same as EXACT. SUBSET: a scan of the part of a subset
 * that is near the query, see arb_subset; the same as SCAN where its index has other codes by now,
 * the query has none (L2, far outside the rows), or ef is beyond some thousand.
 */
typedef enum arb_strategy {
    ARB_STRATEGY_GRAPH = 0,
    ARB_STRATEGY_EXACT = 1,
    ARB_STRATEGY_FILTERED_GRAPH = 2,
    ARB_STRATEGY_SCAN = 3,
    ARB_STRATEGY_SUBSET = 4
} arb_strategy;
#define ARB_STRATEGIES 5

/* The rows that match a filter which many searches share, laid together by where they lie: an
 * inverted file (IVF) over short codes of them, 30 to 65 bytes a row up to 384 components. A search
 * with the filter looks at those parts of it that may hold something near, one behind the other in
 * memory: it costs a fraction of a scan, also where the rows that match lie far from the query.
 * Immutable. */
typedef struct arb_subset arb_subset;

/* Breadth and what to do. */
typedef struct arb_search_options {
    uint32_t struct_size;
    uint32_t k;       /* 1..ARB_K_MAX */
    uint32_t ef;      /* k..ARB_EF_MAX; taken as max(ef, k) */
    int32_t strategy; /* arb_strategy */
    /* 0: ef rules. Above 0 and below 1: the share of the k nearest to be found, over many queries
     * like the rows; ef is then ignored. A query ends when its walk has come so far beyond its k-th
     * best as a freeze found that it must (arb_index_freeze), farther where rows came since.
     * Targets below 0.8 and above 0.999 are taken as these; for a recall that the freeze did not
     * reach it goes by how that rose. Before a freeze has measured, or with too few rows, a search
     * with a filter goes by ef, and one without by
     * max(6.4 / missed, 2k, 2k * sqrt(0.05 / missed)), missed = 1 - target_recall. A search of a
     * subset goes as far as was measured when that was made; for 0.995 without a target. */
    float target_recall;
    /* For ARB_STRATEGY_SUBSET, with the filter that it was made of: that says which rows count that
     * were appended since. NULL for all others. */
    const arb_subset *subset;
} arb_search_options;

/* What a search call did, summed over its queries. */
typedef struct arb_search_stats {
    uint64_t visited;      /* graph nodes held against the query: by distance or by a bound of it */
    uint64_t tail_scanned; /* rows scanned: those not linked yet, or all of a scan */
    uint64_t hops;         /* nodes expanded on level 0 */
    uint64_t fallbacks;    /* queries that the graph could not fill, or not without more work than a
                              scan of the matching rows is, and that such a scan answered */
} arb_search_stats;

typedef struct arb_index_stats {
    uint64_t rows; /* appended, deleted ones included */
    uint64_t live; /* rows that a search can return */
    uint64_t deleted;
    uint64_t pending; /* appended and not linked yet: scanned exactly by every search */
    uint64_t vector_bytes;
    uint64_t graph_bytes;
    uint64_t id_bytes;
    uint64_t overlay_lists; /* neighbor lists that changed since the last freeze */
    uint32_t dim;
    int32_t metric;
    int32_t element;
    uint32_t M;
    uint32_t ef_construction;
    uint32_t level_max;
    int32_t kernel_set;
    int32_t native_arithmetic; /* 1: traversal sums in FP16 (drained); 0: every sum is FP32 */
    float abs_max;             /* largest |component| seen */
    int32_t codes;             /* arb_codes_kind that traversal reads now */
    int32_t layout;            /* arb_layout asked for */
    uint64_t code_bytes;       /* 0 without codes */
    uint64_t generated_bytes;  /* of code generated for traversal, whole pages; 0: there is none */
    float generated_speedup;   /* time of the set's own kernel over that of the generated one, when
                                  they were last compared; 0: never */
    int32_t generated;       /* 1: traversal runs it, wherever the rows have not changed the job */
    uint32_t recall_sampled; /* rows that the last calibration of target_recall was measured with;
                                0: there was none */
} arb_index_stats;

/* What validate found. All counts are 0 in a sound graph. */
typedef struct arb_index_report {
    uint64_t nodes;
    uint64_t edges;
    uint64_t out_of_bounds; /* neighbor ids >= nodes, or on a level the neighbor does not have */
    uint64_t self_links;
    uint64_t duplicate_links;
    uint64_t overfull_lists;
    uint64_t count_mismatches; /* where a list's stored length disagrees with its contents */
    uint64_t unreachable; /* linked nodes that no path on level 0 reaches from the entry point */
} arb_index_report;

ARB_API arb_status arb_index_create(const arb_index_options *options, arb_index **out);
ARB_API void arb_index_close(arb_index *index);

/* Appends rows: batch is struct<id: int64, vector: fixed_size_list<T>[dim]> with T = halffloat,
 * float, double, int8 or uint8. Rows are searchable (by exact scan) when this returns;
 * arb_index_link puts them into the graph. An id that lives already is replaced: its old row is
 * deleted. Nothing is appended if any row is bad (null, NaN, infinite, beyond FP16's range, zero
 * under cosine). first_row (may be NULL) is the number of the batch's first row. */
ARB_API arb_status arb_index_append(arb_index *index, struct ArrowSchema *schema,
                                    struct ArrowArray *batch, uint64_t *first_row);

/* Links up to max_rows pending rows into the graph; many threads may call at once, each takes its
 * own rows. linked is how many this call linked: 0 when no row was left to take. */
ARB_API arb_status arb_index_link(arb_index *index, uint32_t max_rows, uint32_t *linked);

/* Marks rows deleted: ids is an int64 array; deleted counts those that lived. The next search
 * does not return them. */
ARB_API arb_status arb_index_delete(arb_index *index, struct ArrowSchema *schema,
                                    struct ArrowArray *ids, uint64_t *deleted);

/* Searches every row of queries, a fixed_size_list<T>[dim] array, T as for append. The answer is
 * struct<query: uint32, id: int64, distance: float32>, ordered by query, then nearest first.
 * Distances: squared L2, 1 - cosine, -dot, summed in FP32.
 *
 * filter is a boolean array without nulls, at any offset: value r says whether the row with number
 * r (see first_row of arb_index_append) may be returned; rows beyond its length may not. Filter and
 * filter_schema are both NULL where there is none. It is released as queries are.
 *
 * Fewer than k hits come back only when fewer rows live that match. stats may be NULL. */
ARB_API arb_status arb_index_search(const arb_index *index, const arb_search_options *options,
                                    struct ArrowSchema *query_schema, struct ArrowArray *queries,
                                    struct ArrowSchema *filter_schema, struct ArrowArray *filter,
                                    struct ArrowSchema *out_schema, struct ArrowArray *out,
                                    arb_search_stats *stats);

typedef struct arb_subset_stats {
    uint64_t rows;
    uint64_t bytes;
    uint32_t cells; /* parts that its rows lie in */
    float scanned; /* rows and centres of cells that a search for recall 0.99 at k = 10 looks at, as
                      a part of its rows; the average of the sample that it was measured on */
} arb_subset_stats;

/* A subset of the live rows that match a filter, which is one as for arb_index_search, and released
 * like it. This thread takes some 15 us a row for it; searches and all else go on. *out is NULL
 * with ARB_OK where fewer than some 500 rows match, or the index has no codes (or has just got
 * others): then searches do as well without. */
ARB_API arb_status arb_subset_create(const arb_index *index, struct ArrowSchema *filter_schema,
                                     struct ArrowArray *filter, arb_subset **out);
/* No search uses the subset any more. It may be closed after its index. NULL is ignored. */
ARB_API void arb_subset_destroy(arb_subset *subset);
ARB_API arb_status arb_subset_get_stats(const arb_subset *subset, arb_subset_stats *out);
/* 1 if the subset is of this index and searches still use it; 0 once the index has fitted its codes
 * anew: then a new subset is of more use. */
ARB_API int32_t arb_subset_is_current(const arb_subset *subset, const arb_index *index);

/* The stored vectors of ids (an int64 array), in their order, as fixed_size_list<element>[dim];
 * an id that does not live gives a null. */
ARB_API arb_status arb_index_vectors(const arb_index *index, struct ArrowSchema *ids_schema,
                                     struct ArrowArray *ids, struct ArrowSchema *out_schema,
                                     struct ArrowArray *out);

/* Writes the stored vectors of ids (an int64 array), in their order, into a column of the caller's:
 * target's buffers, from its offset on, are the caller's to be written although the interface
 * declares them const. target has one row an id, and its schema says in what form:
 *
 *   fixed_size_list<halffloat>[dim]   floats beyond 65,504 become infinite
 *   fixed_size_list<float>[dim]
 *   struct<scale: float, offset: float, codes: fixed_size_list<uint8>[dim]>
 *                                     SQ8: value ~ offset + scale * code, off by at most scale / 2
 *                                     from the stored component, and by float32 rounding
 *
 * The bits of these rows are set in every validity bitmap that target has; the outermost must have
 * one. An id that does not live gives a null there, and zeros; *missing counts those. Target is not
 * released. */
ARB_API arb_status arb_index_vectors_into(const arb_index *index, struct ArrowSchema *ids_schema,
                                          struct ArrowArray *ids,
                                          const struct ArrowSchema *target_schema,
                                          const struct ArrowArray *target, uint64_t *missing);

/* Checks vectors (fixed_size_list<T>[dim], T as for append) and casts them to
 * fixed_size_list<element> [dim], as append does, without keeping them: what this accepts, append
 * takes. So a log can be written between the check and the append, and hold what the index will
 * hold. */
ARB_API arb_status arb_index_cast(const arb_index *index, struct ArrowSchema *schema,
                                  struct ArrowArray *vectors, struct ArrowSchema *out_schema,
                                  struct ArrowArray *out);

/* The same, where a bad row spoils no other: the answer is struct<vector:
 * fixed_size_list<element>[dim], error: utf8>, a row a vector. Where a vector is bad, and only
 * there, `vector` is null and `error` says why, without naming the row. A null vector or component
 * is bad as well. What all rows share (type, dimension) still fails the call. */
ARB_API arb_status arb_index_cast_rows(const arb_index *index, struct ArrowSchema *schema,
                                       struct ArrowArray *vectors, struct ArrowSchema *out_schema,
                                       struct ArrowArray *out);

/* Packs base and overlay into a new CSR base, and fits the codes anew where the rows have moved
 * away from them; then compares generated distances with the set's own, see arb_generated_use.
 * Searches and links go on meanwhile; appends wait for the latter.
 *
 * Then measures how far searches have to go for a recall, with 128 to 2048 of the latest rows as
 * queries, where that was not done yet or a fourth of the rows came or went since; indexes of
 * fewer than some 600 rows do without. That takes this thread some 1 to 2 s for 100,000 rows of
 * 384 components and 5 s for ten millions. */
ARB_API arb_status arb_index_freeze(arb_index *index);

ARB_API arb_status arb_index_validate(const arb_index *index, arb_index_report *out);
ARB_API arb_status arb_index_get_stats(const arb_index *index, arb_index_stats *out);

/* Writes the index to a file (beside, fsynced, then renamed over path). Appends, links and searches
 * go on; the file holds the first `rows` rows (UINT64_MAX: all there are at the call) and their
 * deletions as of the call or later. */
ARB_API arb_status arb_index_save(const arb_index *index, const char *path, uint64_t rows);

/* Opens a file. resident = 0 maps it; 1 copies the vectors to huge pages. Checksums are verified.
 * Metric, element, M, ef_construction, dim, codes and layout come from the file; of options only
 * kernel_set, trust_kernel_set and generated are read. Codes and the fused
 * layout are made again from the rows. */
ARB_API arb_status arb_index_open(const char *path, const arb_index_options *options,
                                  int32_t resident, arb_index **out);

#ifdef __cplusplus
}
#endif

#endif
