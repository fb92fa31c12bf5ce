/* batch.h -- which items go to the server next, judged and signed for the places behind the head.
 *
 * An item is judged by the laws before it is signed (a text by the very fold that will read it), and fed to the
 * fold, so that the next one is judged behind it. What may no longer be said is not signed: its group is given
 * back to whoever wrote it. Only the oldest group is ever given back; one behind it waits for its turn.
 *
 * Source   docs/protocol.md, "Append, rebase, retries, outbox"
 */
#ifndef DEVICE_BATCH_H
#define DEVICE_BATCH_H

#include "device/sign.h"

struct batch_entry {
    size_t item; /* its place among those that were given */
    uint64_t seq;
    struct str wire;
    const uint8_t *prev; /* HASH_BYTES */
};

struct batch {
    struct sign _sign;
    struct batch_entry entry[LIMIT_BATCH_ENTRIES]; /* live as long as the batch */
    size_t entry_n;                /* 0: nothing was signed                                      */
    size_t wire_n;                 /* bytes of all of them                                       */
    uint8_t head_hash[HASH_BYTES]; /* the head when all of it is recorded                        */
    size_t back_n;                 /* so many items, from the first on, may not be said any more */
    enum law law;                  /* because of this law; LAW_OK:                               */
    enum err err;                  /* because of this                                            */
};

/* batch_sign -- as many groups as fit into one request, from the first on. The copy is settled first; what was
 * signed is fed to its fold as provisional.
 *
 * Takes    item      in their order; a rotate that is owed (ITEM_MEND) first
 * Gives    batch     batch_fini ends it, also on failure. Either entry_n or back_n is above 0 when item_n is
 * Fails    NO_MEMORY
 */
MUST_USE enum err batch_sign(struct batch *batch, struct copy *copy, const struct item *item, size_t item_n,
                             uint64_t now_ms) __attribute__((nonnull(1, 2)));

/* batch_fini -- wipes the keys in it and gives its memory back. */
void batch_fini(struct batch *batch) NONNULL;

/* batch_put -- appends the wire bytes of all entries. */
void batch_put(const struct batch *batch, struct out *wires) NONNULL;

/* batch_is_live -- whether bytes that are signed stand right behind the head: an item's, the first of a batch. */
bool batch_is_live(const struct copy *copy, uint64_t signed_seq, const uint8_t signed_prev[static HASH_BYTES]) NONNULL;

/* batch_recorded -- the record has these bytes now, exactly where they were signed for.
 *
 * Takes    wires        as they were sent
 *          is_all_said  all of them, and nothing else, are in the fold as provisional
 * Fails    as copy_add: it was us who signed it for this very place
 */
MUST_USE enum err batch_recorded(struct copy *copy, struct str wires, bool is_all_said, uint64_t now_ms,
                                 struct why *why) NONNULL;

#endif
