/* sign.h -- items as signed entries, one behind the other, in the next places of the record.
 *
 * What is signed is judged by the same automaton that the server and all others use, before it is let out: a
 * program of ours sends nothing that it would refuse itself.
 */
#ifndef DEVICE_SIGN_H
#define DEVICE_SIGN_H

#include "device/copy.h"
#include "device/item.h"

enum { SIGN_KEYS = 4 }; /* new epochs in one batch */

struct signer {
    struct copy *copy;
    struct circle at;    /* behind what was signed so far */
    struct arena a;
    uint64_t now_ms;
    struct { uint64_t epoch; uint8_t key[KEY_BYTES]; } made[SIGN_KEYS];
    size_t made_n;
};

/* signer_init -- at the head of the record.   signer_fini -- wipes. */
void signer_init(struct signer *signer, struct copy *copy, uint64_t now_ms) NONNULL;
void signer_fini(struct signer *signer) NONNULL;

/* signer_sign -- one item in the next place.
 *
 * Gives    entry    as read back from its wire bytes, which live in the signer's arena
 * Fails    what circle_judge says of it; LOCKED_OUT (no key to seal with), TOO_LARGE, BAD_CBOR, INVITE_VOID (its
 *          invitation, or the rotate before it, is not there), BAD_REDACT, NO_MEMORY; BAD_FIELD: its content is
 *          not one of its kind
 */
MUST_USE enum err signer_sign(struct signer *signer, const struct item *item, struct entry *entry,
                              struct why *why) NONNULL;

/* signer_genesis -- a new circle's genesis: as signer_sign, for a copy that has nothing yet.
 *
 * Takes    is_sole   a journal
 */
MUST_USE enum err signer_genesis(struct signer *signer, bool is_sole, struct entry *entry, struct why *why) NONNULL;

#endif
