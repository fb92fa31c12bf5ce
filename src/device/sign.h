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

struct sign {
    struct copy *copy;
    struct circle at;    /* behind what was signed so far */
    struct arena a;
    uint64_t now_ms;
    struct { uint64_t epoch; uint8_t key[KEY_BYTES]; } made[SIGN_KEYS];
    size_t made_n;
};

/* sign_init -- at the head of the record.   sign_fini -- wipes. */
void sign_init(struct sign *signer, struct copy *copy, uint64_t now_ms) NONNULL;
void sign_fini(struct sign *signer) NONNULL;

/* sign_item -- one item in the next place.
 *
 * Gives    entry    as read back from its wire bytes, which live in the signer's arena
 * Fails    what circle_judge says of it; LOCKED_OUT (no key to seal with), TOO_LARGE, BAD_CBOR, INVITE_VOID (its
 *          invitation, or the rotate before it, is not there), BAD_REDACT, NO_MEMORY; BAD_FIELD: its content is
 *          not one of its kind
 */
MUST_USE enum err sign_item(struct sign *signer, const struct item *item, struct entry *entry,
                              struct why *why) NONNULL;

/* sign_genesis -- a new circle's genesis: as sign_item, for a copy that has nothing yet.
 *
 * Takes    is_sole   a journal
 */
MUST_USE enum err sign_genesis(struct sign *signer, bool is_sole, struct entry *entry, struct why *why) NONNULL;

#endif
