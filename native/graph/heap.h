/* heap.h: a min-heap of 64-bit keys in an array. */
#ifndef ARB_GRAPH_HEAP_H
#define ARB_GRAPH_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* Puts `key`, which stood nowhere yet, where it belongs at or below `at`. */
static inline void arb_heap_sink(uint64_t *heap, size_t count, size_t at, uint64_t key)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            break;
        if (child + 1 < count && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= key)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = key;
}

/* Adds a key to `count` others; there is room. */
static inline void arb_heap_push(uint64_t *heap, size_t count, uint64_t key)
{
    size_t at = count;
    while (at > 0 && heap[(at - 1) / 2] > key) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = key;
}

/* Takes the least of `count` > 0 keys out. */
static inline uint64_t arb_heap_pop(uint64_t *heap, size_t count)
{
    uint64_t top = heap[0];
    if (count > 1)
        arb_heap_sink(heap, count - 1, 0, heap[count - 1]);
    return top;
}

#endif
