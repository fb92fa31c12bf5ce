/* ids.h -- from an entry's id to its place: a table that nobody who chooses ids can slow down. */
#ifndef PRACTICE_IDS_H
#define PRACTICE_IDS_H

#include "base/arena.h"
#include "base/err.h"
#include "record/hash.h"

/* Each id is remembered where its owner keeps it, and is compared there. */
struct ids_slot {
    const uint8_t *id; /* NULL: empty */
    uint32_t place;
    uint32_t _mark; /* its hash */
};

struct ids {
    struct arena *_arena;
    struct ids_slot *_slot;
    size_t _slot_n, id_n;
    uint64_t _key[5];
};

/* ids_init -- an empty table that lives in a.  [random] */
void ids_init(struct ids *ids, struct arena *a) NONNULL;

/* ids_reserve -- room for one more, so that the next ids_add cannot fail.  [arena | NO_MEMORY] */
MUST_USE enum err ids_reserve(struct ids *ids) NONNULL;

/* ids_add -- remembers a new id; ids_reserve came before. The id is borrowed and must stay where it is. */
void ids_add(struct ids *ids, const uint8_t id[static ID_BYTES], uint32_t place) NONNULL;

/* ids_find -- whether the id is there, and its place.  [pure] */
bool ids_find(const struct ids *ids, const uint8_t id[static ID_BYTES], uint32_t *place) NONNULL;

#endif
