/* near.c -- see near.h. */
#include "cli/near.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The optimal string alignment distance. cost[i][j] is that of the first i characters of a and the first j of b. */
size_t near_slips(struct str a, struct str b)
{
    static size_t cost[NEAR_WORD_BYTES + 1][NEAR_WORD_BYTES + 1];
    if (a.len > NEAR_WORD_BYTES || b.len > NEAR_WORD_BYTES) return SIZE_MAX;
    for (size_t i = 0; i <= a.len; i++) cost[i][0] = i;
    for (size_t j = 0; j <= b.len; j++) cost[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        for (size_t j = 1; j <= b.len; j++) {
            size_t other = a.at[i - 1] != b.at[j - 1] ? 1 : 0;
            size_t n = least(cost[i - 1][j - 1] + other, least(cost[i - 1][j], cost[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
                n = least(n, cost[i - 2][j - 2] + 1);
            cost[i][j] = n;
        }
    }
    return cost[a.len][b.len];
}

void near_try(struct near *near, struct str typed, const char *meant)
{
    struct str word = str_of_text(meant);
    size_t slips = near_slips(typed, word);
    bool is_beginning = typed.len >= 2 && typed.len < word.len && str_starts(word, typed);
    if (is_beginning) slips = 1;
    if (slips > 1 + word.len / 4) return;
    if (near->best != NULL && near->_slips <= slips) return;
    near->best = meant;
    near->_slips = slips;
}
