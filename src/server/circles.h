/* circles.h -- the circles that the writer has lately written to, opened: their state in memory.
 *
 * The writer's own. What a request changes here is provisional until the request is kept, and all of it
 * is forgotten when a transaction is lost; then it is read from the store again.
 */
#ifndef SERVER_CIRCLES_H
#define SERVER_CIRCLES_H

#include "record/circle.h"
#include "store/store.h"

struct circles_open {
    struct circles_open *_next;
    uint64_t _used_at;
    uint64_t number;
    struct circle circle;
    uint64_t payload_bytes;
    uint64_t heard_ms; /* as store_head has it */
};

enum { CIRCLES_BUCKETS = 256, CIRCLES_OPEN = 512 };

struct circles {
    struct circles_open *_bucket[CIRCLES_BUCKETS];
    size_t _open_n;
    uint64_t _use;
    struct circles_open *_changing; /* what the request in work may change */
    struct circles_open _before;    /* as it was before that               */
    bool _is_new;                   /* it was not there before             */
};

void circles_init(struct circles *c) NONNULL;
void circles_fini(struct circles *c) NONNULL;

/* circles_find -- an existing circle, to look at and to change.          [store NO_CIRCLE NO_MEMORY]
 *
 * Gives    open   valid until the next call; the first one found since circles_keep or circles_undo is
 *                 the one that a request may change
 */
MUST_USE enum err circles_find(struct circles *c, struct store *writer, const uint8_t id[static HASH_BYTES],
                               struct circles_open **open) NONNULL;

/* circles_find_number -- the same by the store's number, to look at only. */
MUST_USE enum err circles_find_number(struct circles *c, struct store *writer, uint64_t number,
                                      struct circles_open **open) NONNULL;

/* circles_begin -- a circle that the store has just been given, without an entry so far. As circles_find,
 * it may be changed.                                                                    [NO_MEMORY] */
MUST_USE enum err circles_begin(struct circles *c, uint64_t number, const uint8_t id[static HASH_BYTES],
                                struct circles_open **open) NONNULL;

/* circles_keep -- what the request changed stands.   circles_undo -- is taken back. */
void circles_keep(struct circles *c) NONNULL;
void circles_undo(struct circles *c) NONNULL;

/* circles_forget -- closes everything: the store knows better. */
void circles_forget(struct circles *c) NONNULL;

#endif
