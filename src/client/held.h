/* held.h -- one circle as this device holds it: the verified record, what opens of it, and the fold.
 *
 * Loading reads the entries of the home again, recomputes their hashes and holds the last against the pin;
 * signatures were verified when they came. What a server sends is verified in full before it is kept, page by
 * page, each page with the keys and erasures in it in one transaction.
 *
 * For the files of src/client only.
 */
#ifndef CLIENT_HELD_H
#define CLIENT_HELD_H

#include "client/home_circle.h"
#include "device/copy.h"

struct held {
    struct home *home;
    uint64_t account, number; /* in the home */
    const struct secret_identity *me;
    uint8_t id[HASH_BYTES];
    struct copy copy;
    bool is_broken;           /* memory is ahead of the home: nothing may be done but close it */
};

/* held_open -- loads a circle of the home, whose account is unlocked.
 *
 * Takes    me     borrowed for as long as it is open
 * Fails    STORE_DAMAGED   the entries do not lead to the pin
 *          NOT_FOUND       the home has no such circle; STORE NO_MEMORY
 */
MUST_USE enum err held_open(struct home *home, uint64_t account, uint64_t number, const struct secret_identity *me,
                            struct held **held) NONNULL;
void held_close(struct held *held);

/* What is done in the same transaction with every entry that is kept. */
struct held_with {
    void *of;
    enum err (*each)(void *of, const struct entry *entry);
};

/* held_take -- verifies what follows, and keeps it durably: all that is good in front of what is not.
 *
 * Takes    sequence   wire forms, one behind the other
 *          is_ours    they were signed and judged here just now: signatures are not verified again
 *          with       may be NULL
 * Gives    taken_n    how many were good, also on failure
 *          bad        the wire that was not, borrowed from sequence; only on failure
 * Fails    those of chain_add: nothing but the record is wrong. STORE DISK_FULL NO_MEMORY: this device;
 *          nothing more of this call is kept, and the circle must be closed (is_broken)
 */
MUST_USE enum err held_take(struct held *held, struct str sequence, bool is_ours, uint64_t now_ms,
                            const struct held_with *with, size_t *taken_n, struct str *bad, struct why *why)
    __attribute__((nonnull(1, 6, 7, 8)));

/* ---- the copy in it, by shorter names: see copy.h -------------------------------------------- */

MUST_USE static inline enum err held_fold(struct held *held)
{
    return copy_fold(&held->copy);
}

MUST_USE static inline enum err held_settle(struct held *held)
{
    return copy_settle(&held->copy);
}

static inline uint64_t held_n(const struct held *held)
{
    return copy_n(&held->copy);
}

static inline bool held_is_in(const struct held *held)
{
    return copy_is_in(&held->copy);
}

static inline bool held_is_locked_out(const struct held *held)
{
    return copy_is_locked_out(&held->copy);
}

/* held_hash -- hash of the entry at seq, or NULL where there is none. */
static inline const uint8_t *held_hash(const struct held *held, uint64_t seq)
{
    return seq < held_n(held) ? index_row(&held->copy.chain.index, seq)->hash : NULL;
}

/* held_wire -- the wire bytes of an entry, from the home; the caller frees.     [NOT_FOUND STORE NO_MEMORY] */
MUST_USE enum err held_wire(const struct held *held, uint64_t seq, uint8_t **wire, size_t *wire_n) NONNULL;

/* held_wires -- as many entries from first_seq on as fit into cap bytes, and at most n: appended to out.
 *
 * Gives    got_n
 */
MUST_USE enum err held_wires(const struct held *held, uint64_t first_seq, size_t n, struct out *out, size_t *got_n)
    NONNULL;

#endif
