/* epoch.h -- the key that a circle shares for a while, and how it reaches each member.
 *
 * A circle has one epoch key at a time; whoever rotates makes a new one and seals it to every member.
 * The record holds a hash of it, its kid, signed by whoever made it. So every member can tell whether
 * they were handed the key that all others have, and no key is ever taken from a server.
 *
 *   kid = H("troth1:kid......", E)     content key = KDF(E, 1, "TrothEnt")     seal = crypto_box_seal(E)
 *
 *   keys = { 1: 13, 2: [ + [epoch, E: bstr .size 32] ], ? 23: written }     epochs ascending, at most 64
 *
 * A keys entry, sealed in the present epoch, hands earlier keys to a member whom a bad rotation shut
 * out. Its keys are believed only where they fit the kid that the record has for their epoch.
 *
 * Source   docs/protocol.md, "Secrets and key schedule", "Membership"
 */
#ifndef RECORD_EPOCH_H
#define RECORD_EPOCH_H

#include "record/payload.h"

enum { EPOCH_KEYS = LIMIT_CBOR_ITEMS };

/* epoch_kid -- the name of an epoch key, from which the key cannot be told. */
void epoch_kid(uint8_t kid[static HASH_BYTES], const uint8_t key[static KEY_BYTES]) NONNULL;

/* epoch_key_fits -- whether this is the key that the record means by kid. */
MUST_USE bool epoch_key_fits(const uint8_t key[static KEY_BYTES], const uint8_t kid[static HASH_BYTES]) NONNULL;

/* epoch_content_key -- the key that seals the payloads of the epoch. */
void epoch_content_key(uint8_t content_key[static KEY_BYTES], const uint8_t key[static KEY_BYTES]) NONNULL;

/* epoch_box_pk_is_usable -- whether anything can be sealed to this key: false for the few keys of small
 * order. One such member would make every later rotation fail. */
MUST_USE bool epoch_box_pk_is_usable(const uint8_t box_pk[static BOX_PK_BYTES]) NONNULL;

/* epoch_seal -- the key for one member; who sealed it is told by the entry's signature.  [random | BAD_KEY] */
MUST_USE enum err epoch_seal(uint8_t seal[static SEAL_BYTES], const uint8_t key[static KEY_BYTES],
                             const uint8_t box_pk[static BOX_PK_BYTES]) NONNULL;

/* epoch_open -- the key that was sealed to me.                                        [pure | LOCKED_OUT]
 *
 * Takes    kid         as the rotate or genesis has it
 * Gives    key         the caller wipes it
 * Fails    LOCKED_OUT  the seal does not open, or holds another key than the kid says
 */
MUST_USE enum err epoch_open(const uint8_t seal[static SEAL_BYTES], const uint8_t box_pk[static BOX_PK_BYTES],
                             const uint8_t box_sk[static BOX_SK_BYTES], const uint8_t kid[static HASH_BYTES],
                             uint8_t key[static KEY_BYTES]) NONNULL;

struct epoch_key {
    uint64_t epoch;
    uint8_t key[KEY_BYTES];
};

/* epoch_keys_put -- appends the text of a keys entry.
 *
 * Takes    key_v   1 to EPOCH_KEYS keys, epochs ascending; anything else is misuse
 */
void epoch_keys_put(struct out *text, const struct epoch_key *key_v, size_t key_n) NONNULL;

/* epoch_keys_read -- the keys in it; each still has to be held against its kid.        [pure | UNREADABLE]
 *
 * Gives    key_v       up to EPOCH_KEYS, epochs ascending; the caller wipes them
 */
MUST_USE enum err epoch_keys_read(struct str text, struct epoch_key key_v[static EPOCH_KEYS],
                                  size_t *key_n) NONNULL;

#endif
