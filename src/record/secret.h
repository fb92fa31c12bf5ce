/* secret.h -- what a person has to keep, and every key that follows from it.
 *
 * Two secrets open an account together: the code (20 random bytes, on a sheet) and the passphrase. From
 * them follow a name for the credential, a key to sign in with, and a key that wraps the identity. A
 * server gets public keys and the wrapped identity: nothing there at which a passphrase can be guessed.
 *
 *   salt    = KH(R, "troth1:salt.....", "", 16)          cred_id  = KH(R, "troth1:credid...", "", 16)
 *   pw      = Argon2id13(32, passphrase, salt, 3, 64 MiB), or 32 zero bytes where there is no passphrase
 *   root    = KH(R, "troth1:root.....", pw, 32)
 *   login   = sign key pair from KDF(root, 1, "TrothCrd")     wrap key = KDF(root, 2, "TrothCrd")
 *
 *   sign    = sign key pair from KDF(S, 1, "TrothIdn")        box = box key pair from KDF(S, 2, "TrothIdn")
 *   local   = KDF(S, 3, "TrothIdn")                           reveal root = KDF(S, 4, "TrothIdn")
 *   wrapped = nonce || AEAD(wrap key, S, "troth1:wrap....." || cred_id || sign_pk)
 *
 * Source   docs/protocol.md, "Secrets and key schedule"
 */
#ifndef RECORD_SECRET_H
#define RECORD_SECRET_H

#include "record/aead.h"

enum {
    SECRET_SALT_BYTES = 16,
    SECRET_WRAPPED_BYTES = AEAD_NONCE_BYTES + SEED_BYTES + AEAD_TAG_BYTES,
    SECRET_PW_MEMORY_BYTES = 64 * 1024 * 1024,
    SECRET_PW_PASSES = 3,
};

/* ---- access: what code and passphrase give ---------------------------------------------------- */

struct secret_access {
    uint8_t cred_id[ID_BYTES];
    uint8_t login_pk[SIGN_PK_BYTES], login_sk[SIGN_SK_BYTES], wrap_key[KEY_BYTES];
};

/* secret_access_init -- access by code and passphrase.               [takes about 0.1 s | NO_MEMORY BAD_FIELD]
 *
 * Takes    code        SECRET_BYTES, from code_read
 *          passphrase  UTF-8 in Unicode's form NFKC: whoever took it from a keyboard has normalised it
 * Gives    access      secret_access_fini wipes it
 * Fails    NO_MEMORY   64 MiB were not to be had
 *          BAD_FIELD   the passphrase is empty: that is secret_access_init_bare, and must be meant
 */
MUST_USE enum err secret_access_init(struct secret_access *access, const uint8_t code[static SECRET_BYTES],
                                     struct str passphrase) NONNULL;

/* secret_access_init_bare -- access by a code alone: the recovery credential, kept outside the home. */
void secret_access_init_bare(struct secret_access *access, const uint8_t code[static SECRET_BYTES]) NONNULL;

/* secret_access_init_pw -- access by a code and what secret_pw made of the passphrase, perhaps elsewhere: where the
 * 64 MiB were. */
void secret_access_init_pw(struct secret_access *access, const uint8_t code[static SECRET_BYTES],
                           const uint8_t pw[static KEY_BYTES]) NONNULL;

/* secret_access_fini -- wipes. */
void secret_access_fini(struct secret_access *access) NONNULL;

/* The steps in between, for whoever has to show or check them one by one. The caller wipes. */
void secret_salt(uint8_t salt[static SECRET_SALT_BYTES], const uint8_t code[static SECRET_BYTES]) NONNULL;
MUST_USE enum err secret_pw(uint8_t pw[static KEY_BYTES], struct str passphrase,
                            const uint8_t salt[static SECRET_SALT_BYTES]) NONNULL;
void secret_root(uint8_t root[static KEY_BYTES], const uint8_t code[static SECRET_BYTES],
                 const uint8_t pw[static KEY_BYTES]) NONNULL;

/* ---- identity: who somebody is, on all their devices ------------------------------------------- */

struct secret_identity {
    uint8_t seed[SEED_BYTES];
    uint8_t sign_pk[SIGN_PK_BYTES], sign_sk[SIGN_SK_BYTES];
    uint8_t box_pk[BOX_PK_BYTES], box_sk[BOX_SK_BYTES];
    uint8_t local_key[KEY_BYTES];   /* what a device keeps is sealed with it */
    uint8_t reveal_root[KEY_BYTES]; /* from which answers in rounds get their keys: answer.h */
};

/* secret_identity_init -- the keys of a seed; for a new person, of 32 random bytes. */
void secret_identity_init(struct secret_identity *identity, const uint8_t seed[static SEED_BYTES]) NONNULL;

/* secret_identity_fini -- wipes. */
void secret_identity_fini(struct secret_identity *identity) NONNULL;

/* secret_wrap -- the identity for a server to keep, opened by this access only.                  [random]
 * secret_wrap_with_nonce -- the same with a nonce that was chosen before; never twice the same one. */
void secret_wrap(uint8_t wrapped[static SECRET_WRAPPED_BYTES], const struct secret_access *access,
                 const struct secret_identity *identity) NONNULL;
void secret_wrap_with_nonce(uint8_t wrapped[static SECRET_WRAPPED_BYTES], const struct secret_access *access,
                            const struct secret_identity *identity,
                            const uint8_t nonce[static AEAD_NONCE_BYTES]) NONNULL;

/* secret_unwrap -- the identity that a server kept.                    [pure | WRONG_SECRET OUTDATED_KEY]
 *
 * Takes    wrapped       of any length and content
 *          sign_pk       the account's, as the server says it, or better as it is known already
 * Gives    identity      secret_identity_fini wipes it
 * Fails    WRONG_SECRET  it does not open: other secrets, another person's, an older wrapping, or changed.
 *                        Who has just signed in with these secrets, and so knows that they are right,
 *                        should say OUTDATED_KEY instead
 *          OUTDATED_KEY  it opens, but the seed in it makes another sign_pk
 */
MUST_USE enum err secret_unwrap(const struct secret_access *access, struct str wrapped,
                                const uint8_t sign_pk[static SIGN_PK_BYTES],
                                struct secret_identity *identity) NONNULL;

#endif
