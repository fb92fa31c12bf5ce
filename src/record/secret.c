/* secret.c -- see secret.h. */
#include "record/secret.h"

#include <sodium.h>

_Static_assert(SECRET_SALT_BYTES == crypto_pwhash_argon2id_SALTBYTES, "salt");
_Static_assert(SEED_BYTES == crypto_sign_SEEDBYTES && SEED_BYTES == crypto_box_SEEDBYTES, "seed");
_Static_assert(KEY_BYTES == crypto_kdf_KEYBYTES && SEED_BYTES == KEY_BYTES, "key");
_Static_assert(SIGN_SK_BYTES == crypto_sign_SECRETKEYBYTES && BOX_SK_BYTES == crypto_box_SECRETKEYBYTES, "secret keys");

static void derive(uint8_t key[static KEY_BYTES], uint64_t number, const char *ctx, const uint8_t *from)
{
    EXPECT(strlen(ctx) == crypto_kdf_CONTEXTBYTES);
    EXPECT(crypto_kdf_derive_from_key(key, KEY_BYTES, number, ctx, from) == 0);
}

/* ---- access ---------------------------------------------------------------------------------- */

void secret_salt(uint8_t salt[static SECRET_SALT_BYTES], const uint8_t code[static SECRET_BYTES])
{
    hash_keyed(salt, SECRET_SALT_BYTES, str_at(code, SECRET_BYTES), CTX_SALT, NULL, 0);
}

enum err secret_pw(uint8_t pw[static KEY_BYTES], struct str passphrase, const uint8_t salt[static SECRET_SALT_BYTES])
{
    uint8_t found[KEY_BYTES];
    if (passphrase.len == 0) return ERR_BAD_FIELD;
    bool is_done = crypto_pwhash(found, sizeof found, (const char *)passphrase.at, passphrase.len, salt,
                                 SECRET_PW_PASSES, SECRET_PW_MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) == 0;
    if (is_done) memcpy(pw, found, sizeof found);
    wipe(found, sizeof found);
    return is_done ? ERR_OK : ERR_NO_MEMORY;
}

void secret_root(uint8_t root[static KEY_BYTES], const uint8_t code[static SECRET_BYTES],
                 const uint8_t pw[static KEY_BYTES])
{
    hash_keyed(root, KEY_BYTES, str_at(code, SECRET_BYTES), CTX_ROOT, PARTS(str_at(pw, KEY_BYTES)));
}

void secret_access_init_pw(struct secret_access *access, const uint8_t code[static SECRET_BYTES],
                           const uint8_t pw[static KEY_BYTES])
{
    uint8_t root[KEY_BYTES], login_seed[SEED_BYTES];
    secret_root(root, code, pw);
    hash_keyed(access->cred_id, ID_BYTES, str_at(code, SECRET_BYTES), CTX_CREDID, NULL, 0);
    derive(login_seed, 1, "TrothCrd", root);
    derive(access->wrap_key, 2, "TrothCrd", root);
    EXPECT(crypto_sign_seed_keypair(access->login_pk, access->login_sk, login_seed) == 0);
    wipe(root, sizeof root);
    wipe(login_seed, sizeof login_seed);
}

enum err secret_access_init(struct secret_access *access, const uint8_t code[static SECRET_BYTES],
                            struct str passphrase)
{
    uint8_t salt[SECRET_SALT_BYTES], pw[KEY_BYTES];
    secret_salt(salt, code);
    enum err e = secret_pw(pw, passphrase, salt);
    if (e == ERR_OK) secret_access_init_pw(access, code, pw);
    wipe(salt, sizeof salt);
    wipe(pw, sizeof pw);
    return e;
}

void secret_access_init_bare(struct secret_access *access, const uint8_t code[static SECRET_BYTES])
{
    static const uint8_t no_pw[KEY_BYTES];
    secret_access_init_pw(access, code, no_pw);
}

void secret_access_fini(struct secret_access *access)
{
    wipe(access, sizeof *access);
}

/* ---- identity -------------------------------------------------------------------------------- */

void secret_identity_init(struct secret_identity *identity, const uint8_t seed[static SEED_BYTES])
{
    uint8_t key_seed[SEED_BYTES];
    memmove(identity->seed, seed, SEED_BYTES);
    derive(key_seed, 1, "TrothIdn", identity->seed);
    EXPECT(crypto_sign_seed_keypair(identity->sign_pk, identity->sign_sk, key_seed) == 0);
    derive(key_seed, 2, "TrothIdn", identity->seed);
    EXPECT(crypto_box_seed_keypair(identity->box_pk, identity->box_sk, key_seed) == 0);
    derive(identity->local_key, 3, "TrothIdn", identity->seed);
    derive(identity->reveal_root, 4, "TrothIdn", identity->seed);
    wipe(key_seed, sizeof key_seed);
}

void secret_identity_fini(struct secret_identity *identity)
{
    wipe(identity, sizeof *identity);
}

void secret_wrap_with_nonce(uint8_t wrapped[static SECRET_WRAPPED_BYTES], const struct secret_access *access,
                            const struct secret_identity *identity, const uint8_t nonce[static AEAD_NONCE_BYTES])
{
    memcpy(wrapped, nonce, AEAD_NONCE_BYTES);
    aead_seal(wrapped + AEAD_NONCE_BYTES, STR_OF(identity->seed), nonce, access->wrap_key, CTX_WRAP,
              PARTS(STR_OF(access->cred_id), STR_OF(identity->sign_pk)));
}

void secret_wrap(uint8_t wrapped[static SECRET_WRAPPED_BYTES], const struct secret_access *access,
                 const struct secret_identity *identity)
{
    uint8_t nonce[AEAD_NONCE_BYTES];
    random_fill(nonce, sizeof nonce);
    secret_wrap_with_nonce(wrapped, access, identity, nonce);
}

enum err secret_unwrap(const struct secret_access *access, struct str wrapped,
                       const uint8_t sign_pk[static SIGN_PK_BYTES], struct secret_identity *identity)
{
    uint8_t seed[SEED_BYTES];
    struct secret_identity found;
    if (wrapped.len != SECRET_WRAPPED_BYTES) return ERR_WRONG_SECRET;
    struct str box = str_at(wrapped.at + AEAD_NONCE_BYTES, wrapped.len - AEAD_NONCE_BYTES);
    bool opens = aead_open(seed, box, wrapped.at, access->wrap_key, CTX_WRAP,
                           PARTS(STR_OF(access->cred_id), str_at(sign_pk, SIGN_PK_BYTES)));
    if (!opens) return ERR_WRONG_SECRET;
    secret_identity_init(&found, seed);
    bool is_same = memcmp(found.sign_pk, sign_pk, SIGN_PK_BYTES) == 0;
    if (is_same) *identity = found;
    wipe(seed, sizeof seed);
    secret_identity_fini(&found);
    return is_same ? ERR_OK : ERR_OUTDATED_KEY;
}
