/* ids.h -- from an entry's id to its place: a table that nobody who chooses ids can slow down, and that never
 * stops to grow: each id that is added opens one more bucket, and shares out those of one other.
 *
 * Source   W. Litwin, "Linear hashing: a new tool for file and table addressing", 1980
 */
#ifndef PRACTICE_IDS_H
#define PRACTICE_IDS_H

#include "practice/pages.h"
#include "record/hash.h"

struct ids {
    struct pages _bucket, _item;
    uint64_t _key[5];
};

/* ids_init -- an empty table that lives in a.  [random] */
void ids_init(struct ids *ids, struct arena *a) NONNULL;

/* ids_reserve -- room for one more, so that the next ids_add cannot fail.  [arena | NO_MEMORY] */
MUST_USE enum err ids_reserve(struct ids *ids) NONNULL;

/* ids_add -- remembers a new id, whose place is how many there were before; ids_reserve came before. The id is
 * borrowed and must stay where it is. */
void ids_add(struct ids *ids, const uint8_t id[static ID_BYTES]) NONNULL;

/* ids_find -- whether the id is there, and its place.  [pure] */
bool ids_find(const struct ids *ids, const uint8_t id[static ID_BYTES], uint32_t *place) NONNULL;

#endif
