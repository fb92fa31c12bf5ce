/* config_near.c -- what somebody who mistyped a name may have meant. See config_rows.h. */
#include "server/config_rows.h"

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The distance of Damerau and Levenshtein, in its form where no part is changed twice: row by row, with the
 * two rows before the present one. */
size_t config_near(struct str a, struct str b)
{
    size_t rows[3][CONFIG_NAME_BYTES + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    if (a.len > CONFIG_NAME_BYTES || b.len > CONFIG_NAME_BYTES) return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++) last[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t is_other = a.at[i - 1] != b.at[j - 1];
            now[j] = least_of(least_of(last[j], now[j - 1]) + 1, last[j - 1] + is_other);
            bool is_swapped = i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1];
            if (is_swapped) now[j] = least_of(now[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[b.len];
}

bool config_is_near(size_t slips, struct str meant)
{
    return slips <= 1 + meant.len / 5;
}
