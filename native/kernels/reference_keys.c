/* Sorted arrays of keys in portable C. Keys are moved by memcpy: kernels take any alignment. */
#include <string.h>

#include "kernels/kernel_list.h"

void arb_keys_insert_ref(uint64_t *sorted, size_t count, const uint64_t *keys, size_t n)
{
    uint8_t *bytes = (uint8_t *)sorted;
    for (size_t i = 0; i < n; i++, count++) {
        uint64_t key;
        memcpy(&key, (const uint8_t *)keys + i * sizeof key, sizeof key);
        /* Where a key belongs is what no branch predictor can know: halves are taken by a mask. */
        size_t low = 0;
        for (size_t length = count; length > 0;) {
            size_t half = (length + 1) / 2;
            uint64_t middle;
            memcpy(&middle, bytes + (low + half - 1) * sizeof middle, sizeof middle);
            low += half & -(size_t)(middle < key);
            length -= half;
        }
        uint8_t *place = bytes + low * sizeof key;
        memmove(place + sizeof key, place, (count - low) * sizeof key);
        memcpy(place, &key, sizeof key);
    }
}
