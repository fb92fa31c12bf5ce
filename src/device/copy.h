/* copy.h -- one circle as a device of a member holds it in memory: the record, what opens of it, and the fold.
 *
 * Entries come in order. Each is verified (or only linked by its hash, see COPY_KNOWN), what is sealed to me is
 * taken out of it, its text is opened, and it is folded. Where the bytes are kept and where they come from is
 * not known here: nothing of this reads a file, asks a server or knows the time.
 *
 * Texts are kept in memory, wire bytes are not. So a refold (words were erased; a key came that opens what was
 * closed) needs nobody's help: what may still open is kept closed until it does, or until it never will.
 *
 * The fold is fed what is confirmed, in order, and may be fed more behind it: what waits here to be sent. Such
 * provisional entries go (copy_settle) before anything else is confirmed; that costs one fold.
 *
 * NO_MEMORY from copy_add: the copy is_broken, and may only be closed. From the fold: it may be tried again.
 */
#ifndef DEVICE_COPY_H
#define DEVICE_COPY_H

#include "practice/state.h"
#include "record/chain.h"
#include "record/epoch.h"
#include "record/redact.h"
#include "record/secret.h"

struct copy_row {
    struct str text;   /* TEXT, RESIDUE                                          */
    struct str closed; /* NO_KEY: the payload, as long as a key to it may come    */
    uint64_t time_ms, first_seen_ms, epoch;
    uint8_t how;       /* enum opened_how                                        */
};

struct copy_key { /* of one epoch */
    uint8_t kid[HASH_BYTES], key[KEY_BYTES], content_key[KEY_BYTES];
    bool is_held;
    bool is_new; /* not given by copy_give_key: the device does not have it kept yet */
};

struct copy_redact {
    uint64_t seq;
    const uint64_t *target;
    size_t target_n;
};

struct copy_invite { /* an invite entry */
    uint64_t seq;
    struct str wire;
};

struct copy {
    uint8_t id[HASH_BYTES];
    const struct secret_identity *me;
    struct arena record, texts, closed, fold, secrets;
    struct chain chain;
    struct state state;
    struct pages row, key, redact, invite, given, said;
    uint64_t closed_first;  /* nothing before it is kept closed                                   */
    uint64_t folded_n;      /* confirmed entries in the state                                     */
    uint64_t provisional_n; /* and behind them, so many that are not                              */
    uint64_t _said_base;    /* place of the first text in said                                    */
    size_t _given_at;
    bool _must_refold, _must_open;
    bool has_new_key;
    bool has_foreign_key; /* one that was given is not that of its epoch */
    bool is_broken;
    uint64_t locked_seq;   /* the newest rotate that was made because someone was shut out; 0: none */
    uint64_t locked_epoch; /* and the epoch that it began */
    uint64_t keys_seq;     /* the newest keys entry; 0: none */
};

/* copy_init -- an empty copy of the circle with that id; id NULL: of one that is being made here.
 * copy_fini -- wiped, and its memory given back.
 *
 * Takes    me             borrowed for as long as the copy lives; all zeros: somebody who only looks
 *          ceiling_bytes  for each of the five arenas in it
 */
void copy_init(struct copy *copy, const uint8_t *id, const struct secret_identity *me, size_t ceiling_bytes)
    __attribute__((nonnull(1, 3)));
void copy_fini(struct copy *copy) NONNULL;

/* copy_give_key -- a key that this device kept, before the first entry; epochs ascending. It counts where it
 * fits the record, else has_foreign_key says so.                                               [arena | NO_MEMORY] */
MUST_USE enum err copy_give_key(struct copy *copy, uint64_t epoch, const uint8_t key[static KEY_BYTES]) NONNULL;

enum copy_trust {
    COPY_VERIFY, /* it comes from somebody else                                                            */
    COPY_KNOWN,  /* its signature was verified before, or will be before anything of it is believed        */
};

/* copy_add -- the next entry of the record.
 *
 * Takes    wire            one complete item                                 borrowed during the call
 *          first_seen_ms   when this device first saw it
 * Gives    entry           may be NULL; borrowed from wire
 * Fails    those of chain_add; WRONG_CIRCLE, too, for a first entry that is another circle's: the copy is as
 *          it was. NO_MEMORY: is_broken
 */
MUST_USE enum err copy_add(struct copy *copy, struct str wire, enum copy_trust trust, uint64_t first_seen_ms,
                           struct entry *entry, struct why *why) __attribute__((nonnull(1, 6)));

/* copy_open_with -- a key from outside the record: that of an invitation. It has fitted its kid, or else it is
 * misuse. What it opens is in the state with the next copy_fold.                                 [NO_MEMORY] */
MUST_USE enum err copy_open_with(struct copy *copy, uint64_t epoch, const uint8_t key[static KEY_BYTES]) NONNULL;

/* copy_fold -- the state has all that is confirmed.   copy_settle -- and nothing besides.       [NO_MEMORY] */
MUST_USE enum err copy_fold(struct copy *copy) NONNULL;
MUST_USE enum err copy_settle(struct copy *copy) NONNULL;

/* copy_is_folded -- whether the state has all that is confirmed, and nothing was erased or opened since. */
bool copy_is_folded(const struct copy *copy) NONNULL;

/* copy_say -- feeds one more entry that is not confirmed: signed, or only drafted (id, author, epoch, time,
 * kind). text is copied; {NULL, 0} for an act of membership.                                    [NO_MEMORY] */
MUST_USE enum err copy_say(struct copy *copy, const struct entry *entry, struct str text) NONNULL;

/* copy_confirm -- of what was fed by copy_say, the first n are confirmed now, exactly as they were fed, and
 * copy_add has taken them. */
void copy_confirm(struct copy *copy, uint64_t n) NONNULL;

/* copy_n -- how many entries are confirmed. */
static inline uint64_t copy_n(const struct copy *copy)
{
    return copy->chain.index.row_n;
}

/* copy_row -- what is known of a confirmed entry.   copy_text -- what an entry says, one that waits here, too. */
const struct copy_row *copy_row(const struct copy *copy, uint64_t seq) NONNULL;
struct str copy_text(const struct copy *copy, uint64_t seq) NONNULL;

/* copy_key_of -- the key of an epoch that is held, or NULL. */
const struct copy_key *copy_key_of(const struct copy *copy, uint64_t epoch) NONNULL;

/* copy_next_new_key -- the key of the first epoch, from *epoch on, that the device has not kept; false: there is
 * none. It counts as kept then.*/
bool copy_next_new_key(struct copy *copy, uint64_t *epoch, uint8_t key[static KEY_BYTES]) NONNULL;

/* copy_is_in -- whether I am a member at the head.   copy_is_locked_out -- I am, and do not hold its key. */
bool copy_is_in(const struct copy *copy) NONNULL;
bool copy_is_locked_out(const struct copy *copy) NONNULL;

/* copy_find_invite -- the newest invite entry with that public key, or NULL. */
const struct copy_invite *copy_find_invite(const struct copy *copy, const uint8_t invite_pk[static SIGN_PK_BYTES])
    NONNULL;

/* copy_pin -- where the record ends.  copy_n is not 0. */
struct chain_pin copy_pin(const struct copy *copy) NONNULL;

#endif
