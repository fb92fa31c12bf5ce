/* home_circle.h -- the circles of an account: every entry as it came, the pin, the epoch keys.
 *
 * Entries are ciphertext and signatures already, and stay as they came. What makes them trustworthy is the pin:
 * sequence number and hash of the newest one that was verified, sealed. Whoever reads the entries checks that
 * their hashes lead to it; here it is only seen to that none is missing before it and none follows it.
 */
#ifndef CLIENT_HOME_CIRCLE_H
#define CLIENT_HOME_CIRCLE_H

#include "client/home_account.h"
#include "record/entry.h"

enum { HOME_ENTRY_BYTES = 12 + LIMIT_HEADER_BYTES + SIG_BYTES + LIMIT_PAYLOAD_BYTES }; /* the longest wire */

struct home_pin {
    bool is_set; /* false: nothing of the circle has been verified, and no entry is here */
    uint64_t seq;
    uint8_t hash[HASH_BYTES];
};

struct home_circle {
    uint64_t number, account; /* of this home's own, from 1; never given twice */
    uint8_t id[HASH_BYTES];
};

/* What a list of circles shows before any of them is loaded. Sealed. */
struct home_circle_about {
    unsigned standing; /* the caller's own number, below 256: in it, left, a journal, and so on */
    size_t name_n;
    uint8_t name[HOME_NAME_BYTES];
};

typedef enum err home_circle_visit(void *ctx, const struct home_circle *circle);

/* home_circle_add -- one more circle, with no pin, standing 0, no name.          [unlocked, durable]
 * Fails    EXISTS  this account has it already
 *          NOT_FOUND  there is no such account */
MUST_USE enum err home_circle_add(struct home *home, uint64_t account, const uint8_t id[static HASH_BYTES],
                                  uint64_t *number) NONNULL;

/* home_circle_find -- the number of an account's circle.                                        NOT_FOUND
 * home_circle_get -- the circle of a number.                                                     NOT_FOUND
 * home_circle_each -- all circles of an account, in the order in which they came. */
MUST_USE enum err home_circle_find(struct home *home, uint64_t account, const uint8_t id[static HASH_BYTES],
                                   uint64_t *number) NONNULL;
MUST_USE enum err home_circle_get(struct home *home, uint64_t number, struct home_circle *circle) NONNULL;
MUST_USE enum err home_circle_each(struct home *home, uint64_t account, home_circle_visit *visit, void *ctx)
    __attribute__((nonnull(1, 3)));

/* home_circle_about, home_circle_set_about -- [unlocked; set: durable]  NOT_FOUND */
MUST_USE enum err home_circle_about(struct home *home, uint64_t number, struct home_circle_about *about) NONNULL;
MUST_USE enum err home_circle_set_about(struct home *home, uint64_t number,
                                        const struct home_circle_about *about) NONNULL;

/* home_circle_remove -- the circle and everything of it, overwritten in the file.        [durable]  NOT_FOUND */
MUST_USE enum err home_circle_remove(struct home *home, uint64_t number) NONNULL;

/* ---- entries ------------------------------------------------------------------------------------ */

struct home_entry {
    uint64_t seq;
    uint64_t first_seen_ms; /* by this device's clock, when the entry came */
    struct str wire;
};

typedef enum err home_entry_visit(void *ctx, const struct home_entry *entry);

/* home_pin -- how far the circle has been verified.                                    [unlocked]  NOT_FOUND */
MUST_USE enum err home_pin(struct home *home, uint64_t circle, struct home_pin *pin) NONNULL;

/* home_entries_add -- verified entries and the pin that they lead to, all or none.        [unlocked, durable]
 *
 * Takes    entry  entry_n of them, 1 or more, seqs ascending by one from the old pin's + 1 (from 0 without one)
 *          pin    of the last of them
 *          Anything else is misuse, as is a wire of more than HOME_ENTRY_BYTES.
 * Fails    NOT_FOUND  there is no such circle
 */
MUST_USE enum err home_entries_add(struct home *home, uint64_t circle, const struct home_entry *entry,
                                   size_t entry_n, const struct home_pin *pin) NONNULL;

/* home_entries_each -- entries from first_seq up to the pin, in order; none if there is none.       [unlocked]
 *
 * Fails    STORE_DAMAGED  one is missing on the way, or there is one behind the pin; said where it is noticed,
 *                         after the visits before it
 */
MUST_USE enum err home_entries_each(struct home *home, uint64_t circle, uint64_t first_seq, home_entry_visit *visit,
                                    void *ctx) __attribute__((nonnull(1, 4)));

/* home_entry_get -- one entry, without the key.                                                     NOT_FOUND */
MUST_USE enum err home_entry_get(struct home *home, uint64_t circle, uint64_t seq, home_entry_visit *visit,
                                 void *ctx) __attribute__((nonnull(1, 4)));

/* home_entry_set_payload -- erases a payload (empty), or puts the one back that the header names.   [durable]
 *
 * Header and signature stay as they are. A payload that does not fit the header's hash is misuse.
 * Fails    NOT_FOUND
 */
MUST_USE enum err home_entry_set_payload(struct home *home, uint64_t circle, uint64_t seq, struct str payload) NONNULL;

/* ---- epoch keys --------------------------------------------------------------------------------- */

typedef enum err home_epoch_visit(void *ctx, uint64_t epoch, const uint8_t key[static KEY_BYTES]);

/* home_epoch_put -- keeps the key of an epoch; one that was there is replaced.  [unlocked, durable] NOT_FOUND */
MUST_USE enum err home_epoch_put(struct home *home, uint64_t circle, uint64_t epoch,
                                 const uint8_t key[static KEY_BYTES]) NONNULL;

/* home_epochs_each -- all keys held of a circle, by epoch ascending.                               [unlocked] */
MUST_USE enum err home_epochs_each(struct home *home, uint64_t circle, home_epoch_visit *visit, void *ctx)
    __attribute__((nonnull(1, 3)));

#endif
