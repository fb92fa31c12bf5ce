/* near.h -- what somebody who mistyped a word may have meant. */
#ifndef CLI_NEAR_H
#define CLI_NEAR_H

#include "base/str.h"

enum { NEAR_WORD_BYTES = 32 }; /* longer words are near to nothing */

/* A search for the nearest of some words; begins as {0}. */
struct near {
    const char *best; /* NULL while none is near */
    size_t _slips;
};

/* near_slips -- how many slips of the hand lie between two words: a character too many, too few, another one, or
 * two neighbours swapped, with no part changed twice. SIZE_MAX when either is too long. */
size_t near_slips(struct str a, struct str b);

/* near_try -- takes meant into account for what was typed. Near is what is one slip away, and one more for each
 * four characters; and what begins as was typed, if that is two characters at least. */
void near_try(struct near *near, struct str typed, const char *meant) NONNULL;

#endif
