/* peer.h: the same jobs in libraries of others, called by their C symbols from a shared object that
 * is loaded at run time. Nothing of them is linked or shipped. */
#ifndef ARB_BENCH_PEER_H
#define ARB_BENCH_PEER_H

#include "checkasm/catalog.h"

#define PEERS_MAX 2

/* Both libraries' distances: two vectors, their dimension, one result. */
typedef void (*peer_fn)(const void *a, const void *b, uint64_t dim, void *result);

/* Loads a library so that those loaded later find its symbols: a Python extension wants Python's.
 * Returns NULL, or what went wrong. */
const char *peer_preload(const char *path);

/* spec: NAME=PATH, NAME being simsimd or numkong. Returns NULL, or what went wrong. */
const char *peer_load(const char *spec);

int peer_count(void);
const char *peer_name(int peer);

/* The peer's function for the kernel's job; NULL where it has none or where its result on two
 * vectors is not the distance. A peer has no shape for four rows and is called four times. Neither
 * multiplies int8 by uint8: beside sq8_dot stands int8 by int8, which reads the same bytes. */
peer_fn peer_function(int peer, const kernel_entry *kernel);

#endif
