/* Sums of table entries in portable C; kernels.h has the definition. */
#include "kernels/kernel_list.h"

/* The entry that a row's code has in the table of a group, of a piece whose codes and tables these
 * are. */
static uint32_t entry_of(const uint8_t *codes, const uint8_t *tables, size_t group, size_t row)
{
    size_t byte = 32 * (group / 2) + 2 * (row % 16) + row / 16;
    uint32_t code = codes[byte] >> 4 * (group % 2) & 15;
    /* the tables of groups 0 and 2 stand before those of 1 and 3, each twice */
    return tables[64 * (group % 2) + 32 * (group / 2) + code];
}

void arb_fastscan_near_ref(const arb_fastscan_bound *bound, const uint8_t *blocks, size_t count,
                           float *least, uint32_t *near)
{
    for (size_t block = 0; block < count; block++) {
        const uint8_t *bias_codes = blocks;
        const uint8_t *f_codes = blocks + ARB_FASTSCAN_ROWS;
        const uint8_t *codes = blocks + ARB_FASTSCAN_TERMS_BYTES;
        near[block] = 0;
        for (size_t row = 0; row < ARB_FASTSCAN_ROWS; row++) {
            uint32_t sum = 0;
            for (size_t group = 0; group < 4 * bound->pieces; group++)
                sum += entry_of(codes + ARB_FASTSCAN_PIECE_BYTES * (group / 4),
                                bound->tables + ARB_FASTSCAN_TABLES_BYTES * (group / 4), group % 4,
                                row);
            float base = bound->constant + bound->bias_step * (float)bias_codes[row];
            float f = bound->f_first + bound->f_step * (float)f_codes[row];
            float at_least = base - f * (bound->factor * (float)sum + bound->shift);
            least[ARB_FASTSCAN_ROWS * block + row] = at_least;
            near[block] |= (uint32_t) !(at_least > bound->farthest) << row;
        }
        blocks += arb_fastscan_block_bytes(bound->pieces);
    }
}
