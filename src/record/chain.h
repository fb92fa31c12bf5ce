/* chain.h -- a record read from its first entry to its head, and believed only as far as it proves itself.
 *
 * What a client does with what a server sends, and `trothd check` with what a file holds: every entry
 * must stand right behind the one before, be signed by its author, and be allowed by the membership
 * automaton. A payload may be missing only if the record itself says that its author erased it.
 *
 * Source   docs/protocol.md, "Rollback and forks"
 */
#ifndef RECORD_CHAIN_H
#define RECORD_CHAIN_H

#include "record/index.h"

struct chain {
    struct circle circle; /* state behind the newest entry */
    struct index index;   /* everything before             */
};

/* A position that a reader has seen and will never again do without. */
struct chain_pin {
    uint64_t seq;
    uint8_t hash[HASH_BYTES];
};

/* chain_init -- an empty chain whose memory comes from a. */
void chain_init(struct chain *chain, struct arena *a) NONNULL;

/* chain_add -- reads, verifies and appends the next entry.       [arena | …every error of circle_judge]
 *
 * Takes    wire     one complete item                        borrowed during the call
 *          entry    out, may be NULL: the entry's fields, borrowed from wire
 * Gives    why      what was wrong; the chain is as before
 * Fails    BAD_CBOR BAD_ENTRY BAD_VERSION, those of circle_judge, NO_MEMORY
 */
MUST_USE enum err chain_add(struct chain *chain, struct str wire, struct entry *entry, struct why *why)
    __attribute__((nonnull(1, 4)));

/* chain_add_known -- chain_add for an entry whose signature was verified when it came, and that was kept since
 * where its hash is held by a pin: everything is checked but the author's signature, which takes nearly all
 * the time. Who reads a record in this way holds it against the pin at the end (chain_keeps_pin), and
 * believes nothing of it before.
 */
MUST_USE enum err chain_add_known(struct chain *chain, struct str wire, struct entry *entry, struct why *why)
    __attribute__((nonnull(1, 4)));

/* chain_add_all -- chain_add for each item of a CBOR sequence.
 *
 * Gives    added_n  how many were good, also on failure: the chain ends behind them; why->at tells the
 *                   position of the bad one in the sequence
 */
MUST_USE enum err chain_add_all(struct chain *chain, struct str sequence, size_t *added_n, struct why *why) NONNULL;

/* chain_is_settled -- whether a record may end here: every payload that was missing is erased by a redact in
 * the chain, and no joiner owes a rotate. A server that only claims an erasure, or cuts behind a join, is
 * found out here. */
bool chain_is_settled(const struct chain *chain) NONNULL;

/* chain_keeps_pin -- whether the chain goes through a pin.                [pure | ROLLED_BACK FORKED]
 *
 * Fails    ROLLED_BACK  it ends before the pin
 *          FORKED       it has another entry at that position
 */
MUST_USE enum err chain_keeps_pin(const struct chain *chain, const struct chain_pin *pin) NONNULL;

#endif
