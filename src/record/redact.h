/* redact.h -- erasing words without undoing what was done with them.
 *
 * A redact takes an entry's payload away for good. What the act behind it led to, a promise kept, a
 * consent given, stays, if its author left a residue of it: a small sealed text in front of the redact.
 *
 *   residue = { 1: 14, 2: the erased entry's hash: bstr .size 32, 3: the erased act's type: uint,
 *               4: outcome: bstr, ? 23: written }
 *
 * The outcome is the act without its words, in the form of the practice that it belongs to; it may be empty.
 *
 * Laws:
 *   - A residue counts for the entry it names when it is by the same author as the redact that erases that
 *     entry, and stands directly before the redact, or before other residues by that author that do.
 *   - Where two of them name the same entry, the one nearest to the redact counts.
 *   - An act that is erased and has no residue that counts is void, as if it had never been.
 *   - A residue that was itself erased is none, and what stands before it no longer stands directly before.
 *
 * Source   docs/protocol.md, "Erasing"
 */
#ifndef RECORD_REDACT_H
#define RECORD_REDACT_H

#include "record/payload.h"

struct redact_residue {
    uint8_t target[HASH_BYTES];
    uint64_t type;    /* an enum payload_type, or one of a newer Troth */
    struct str outcome; /* borrowed */
};

/* redact_residue_put -- appends the text. */
void redact_residue_put(struct out *text, const struct redact_residue *residue) NONNULL;

/* redact_residue_read -- takes it apart; its outcome is borrowed from text.              [pure | UNREADABLE] */
MUST_USE enum err redact_residue_read(struct str text, struct redact_residue *residue) NONNULL;

/* What has to be known of an entry that stands before a redact: borrowed. */
struct redact_before {
    const uint8_t *author;                /* SIGN_PK_BYTES                                            */
    const struct redact_residue *residue; /* NULL if it is none, is erased or cannot be read          */
};

/* redact_residue_for -- the residue that counts for an erased entry, or NULL: then its act is void.
 *
 * Takes    before_v   the entries before the redact, in the chain's order, the last directly before it; as
 *                     many as are at hand, but at least back to the first that is no residue
 *          author     of the redact, and so of what it erases
 *          target     hash of the erased entry
 */
const struct redact_residue *redact_residue_for(const struct redact_before *before_v, size_t before_n,
                                                const uint8_t author[static SIGN_PK_BYTES],
                                                const uint8_t target[static HASH_BYTES])
    __attribute__((nonnull(3, 4)));

#endif
