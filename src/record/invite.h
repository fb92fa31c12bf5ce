/* invite.h -- an invitation: a secret that travels outside the server, and what it opens.
 *
 * Whoever holds the secret s can open the capsule in the invite entry, and can prove so in a join. The
 * server sees the invite's public key, a capsule it cannot open and a proof it cannot make.
 *
 *   inv_key = KH(s, "troth1:invkey...", "", 32)      invite keys = sign key pair from KH(s, "troth1:invsign..", "", 32)
 *   capsule = nonce || AEAD(inv_key, padded text, "troth1:capsule.." || invite_pk)
 *   text    = { 1: circle, 2: seq, 3: prev, 4: the inviter's sign_pk, 5: epoch, 6: E }
 *   proof   = SIG(invite_sk, "troth1:join.....", circle || invite entry hash || sign_pk || box_pk)
 *   link    = https://client/#J1-XXXX-...@https://server
 *
 * The capsule holds the one key of the invite's own epoch: nothing said before can be read with it. It
 * names seq and prev, so it is made anew when the entry is signed at another head.
 *
 * Source   docs/protocol.md, "Invite and join"
 */
#ifndef RECORD_INVITE_H
#define RECORD_INVITE_H

#include "base/cbor.h"
#include "record/aead.h"
#include "record/code.h"
#include "record/pad.h"

enum { INVITE_CAPSULE_BYTES = AEAD_NONCE_BYTES + PAD_LEAST_BYTES + AEAD_TAG_BYTES };

/* ---- keys --------------------------------------------------------------------------------------- */

struct invite_keys {
    uint8_t capsule_key[KEY_BYTES];
    uint8_t pk[SIGN_PK_BYTES], sk[SIGN_SK_BYTES];
};

/* invite_keys_init, invite_keys_fini -- what follows from the secret; wiped. */
void invite_keys_init(struct invite_keys *keys, const uint8_t secret[static SECRET_BYTES]) NONNULL;
void invite_keys_fini(struct invite_keys *keys) NONNULL;

/* ---- capsule ------------------------------------------------------------------------------------ */

/* Where an invite stands: borrowed. */
struct invite_place {
    const uint8_t *circle, *prev, *author; /* HASH_BYTES, HASH_BYTES, SIGN_PK_BYTES */
    uint64_t seq, epoch;
};

/* invite_capsule_make -- the payload of the invite entry at place.                               [random]
 *
 * Takes    epoch_key   the key of place's epoch
 */
void invite_capsule_make(uint8_t capsule[static INVITE_CAPSULE_BYTES], const struct invite_keys *keys,
                         const struct invite_place *place, const uint8_t epoch_key[static KEY_BYTES]) NONNULL;

/* What the chain says of the invite: borrowed. */
struct invite_seen {
    struct invite_place place;
    const uint8_t *payload_hash; /* HASH_BYTES: the invite entry's phash                            */
    const uint8_t *kid;          /* HASH_BYTES: of the epoch in place, from its rotate or genesis   */
};

/* invite_capsule_open -- the epoch key, if the inviter meant this very invite of this very circle.
 *
 * Takes    capsule           of any length and content
 *          seen              from a chain that was verified from its genesis
 * Gives    epoch_key         the caller wipes it
 * Fails    in this order:
 *          PAYLOAD_MISMATCH  it is not the payload of the invite entry
 *          UNREADABLE        the secret does not open it, or what is in it is no capsule
 *          WRONG_CIRCLE      it was made for another circle: nobody should join here
 *          BROKEN_CHAIN      seq, prev, author or epoch are not those that the inviter saw
 *          BAD_KEY           the key in it is not the epoch's
 */
MUST_USE enum err invite_capsule_open(const struct invite_keys *keys, struct str capsule,
                                      const struct invite_seen *seen, uint8_t epoch_key[static KEY_BYTES]) NONNULL;

/* ---- proof -------------------------------------------------------------------------------------- */

/* invite_proof_make, invite_proof_fits -- that these keys join this circle by this invite. Replacing any
 * of them, as a server might on the way, breaks it.
 *
 * Takes    circle, invite_hash   the circle, and the hash of the invite entry: HASH_BYTES each
 *          sign_pk, box_pk       the joiner's
 */
void invite_proof_make(uint8_t proof[static SIG_BYTES], const uint8_t invite_sk[static SIGN_SK_BYTES],
                       const uint8_t *circle, const uint8_t *invite_hash, const uint8_t *sign_pk,
                       const uint8_t *box_pk) NONNULL;
MUST_USE bool invite_proof_fits(const uint8_t proof[static SIG_BYTES], const uint8_t invite_pk[static SIGN_PK_BYTES],
                                const uint8_t *circle, const uint8_t *invite_hash, const uint8_t *sign_pk,
                                const uint8_t *box_pk) NONNULL;

/* ---- link --------------------------------------------------------------------------------------- */

/* invite_link_put -- appends the link.
 *
 * Takes    client   where the web client is, as an origin: https://client
 *          server   where the circle is, as an origin
 * Both have to be origins (account_is_origin); anything else is misuse.
 */
void invite_link_put(struct out *o, struct str client, const uint8_t secret[static SECRET_BYTES],
                     struct str server) NONNULL;

/* invite_link_read -- what a link, or the part of it behind "#", says.               [pure | BAD_CODE]
 *
 * Takes    text      white space around it counts for nothing
 * Gives    secret    the caller wipes it
 *          server    an origin, borrowed from text
 *          why       only on failure: what is wrong, as code_read says it
 * Fails    BAD_CODE  a code with a mistake in it, or no origin behind "@"
 */
MUST_USE enum err invite_link_read(struct str text, uint8_t secret[static SECRET_BYTES], struct str *server,
                                   struct why *why) NONNULL;

#endif
