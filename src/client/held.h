/* held.h -- one circle as this device holds it: the verified record, what opens of it, and the fold.
 *
 * Loading reads the entries of the home again, recomputes their hashes and holds the last against the pin;
 * signatures were verified when they came. What a server sends is verified in full before it is kept, page by
 * page, each page with the keys and erasures in it in one transaction.
 *
 * The fold needs little of an entry: its place, id, hash, author, kind and time, which payloads a redact erases, and
 * whether a genesis begins a journal. That much stays in memory, so that folding anew reads no file.
 *
 * The fold is fed what is confirmed, in order, and may be fed more behind it: what waits here to be sent. Such
 * provisional entries go (held_settle) before anything else is confirmed; that costs one fold.
 *
 * For the files of src/client only.
 */
#ifndef CLIENT_HELD_H
#define CLIENT_HELD_H

#include "client/home_circle.h"
#include "practice/state.h"
#include "record/chain.h"
#include "record/epoch.h"
#include "record/redact.h"
#include "record/secret.h"

struct held_row {
    struct str text; /* TEXT, RESIDUE */
    uint64_t first_seen_ms, time_ms;
    uint32_t epoch;
    enum opened_how how;
};

struct held_key { /* of one epoch */
    uint8_t kid[HASH_BYTES], key[KEY_BYTES], content_key[KEY_BYTES];
    bool is_held;
};

struct held_redact {
    uint64_t seq;
    uint64_t target[LIMIT_CBOR_ITEMS];
    size_t target_n;
};

struct held {
    struct home *home;
    uint64_t account, number; /* in the home */
    const struct secret_identity *me;
    uint8_t id[HASH_BYTES];
    struct arena record, texts, fold;
    struct chain chain;
    struct state state;
    uint64_t folded_n;     /* confirmed entries in the state                                   */
    uint64_t provisional_n; /* and behind them, so many that are not                           */
    bool must_refold;      /* a key came that opens what was closed, or words were erased      */
    struct held_row *row;
    size_t row_cap;
    struct held_key *key;  /* by epoch, as many as the record has */
    size_t key_n, key_cap;
    struct held_redact *redact;
    size_t redact_n, redact_cap;
    bool is_broken;        /* memory is ahead of the home: nothing may be done but close it        */
    uint64_t locked_seq;   /* the newest rotate that was made because someone was shut out; 0: none */
    uint64_t locked_epoch; /* and the epoch that it began */
    uint64_t keys_seq;     /* the newest keys entry; 0: none */
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

/* held_fold -- the state has all that is confirmed.   held_settle -- and nothing besides. [NO_MEMORY STORE…] */
MUST_USE enum err held_fold(struct held *held) NONNULL;
MUST_USE enum err held_settle(struct held *held) NONNULL;

/* held_say -- feeds one more entry that is not confirmed: signed, or only drafted (seq, id, author, epoch, time,
 * kind). text is copied; {NULL, 0} for an act of membership.                          [NO_MEMORY STORE …] */
MUST_USE enum err held_say(struct held *held, const struct entry *entry, struct str text) NONNULL;

/* held_confirm -- of what was fed by held_say, the first n are confirmed now, exactly as they were fed, and
 * held_take has taken them. */
void held_confirm(struct held *held, uint64_t n) NONNULL;

/* held_n -- how many entries are confirmed. */
static inline uint64_t held_n(const struct held *held)
{
    return held->chain.index.row_n;
}

/* held_hash -- hash of the entry at seq, or NULL where there is none. */
const uint8_t *held_hash(const struct held *held, uint64_t seq) NONNULL;

/* held_key_of -- the key of an epoch, or NULL. */
const struct held_key *held_key_of(const struct held *held, uint64_t epoch) NONNULL;

/* held_is_in -- whether I am a member at the head.   held_is_locked_out -- I am, and do not hold its key. */
bool held_is_in(const struct held *held) NONNULL;
bool held_is_locked_out(const struct held *held) NONNULL;

/* held_wire -- the wire bytes of an entry, from the home; the caller frees.     [NOT_FOUND STORE NO_MEMORY] */
MUST_USE enum err held_wire(const struct held *held, uint64_t seq, uint8_t **wire, size_t *wire_n) NONNULL;

/* held_wires -- as many entries from first_seq on as fit into cap bytes, and at most n: appended to out.
 *
 * Gives    got_n
 */
MUST_USE enum err held_wires(const struct held *held, uint64_t first_seq, size_t n, struct out *out, size_t *got_n)
    NONNULL;

#endif
