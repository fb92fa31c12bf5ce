/* hash.c -- see hash.h. */
#include "record/hash.h"

#include <sodium.h>

enum err record_open(void)
{
    return sodium_init() < 0 ? ERR_NO_MEMORY : ERR_OK;
}

void hash_keyed(uint8_t *hash, size_t hash_n, struct str key, const char *ctx, const struct str *part, size_t part_n)
{
    crypto_generichash_state state;
    EXPECT(strlen(ctx) == CTX_BYTES);
    EXPECT(crypto_generichash_init(&state, key.at, key.len, hash_n) == 0);
    crypto_generichash_update(&state, (const uint8_t *)ctx, CTX_BYTES);
    for (size_t i = 0; i < part_n; i++) crypto_generichash_update(&state, part[i].at, part[i].len);
    crypto_generichash_final(&state, hash, hash_n);
    wipe(&state, sizeof state);
}

void hash_of(uint8_t hash[static HASH_BYTES], const char *ctx, const struct str *part, size_t part_n)
{
    hash_keyed(hash, HASH_BYTES, (struct str){0}, ctx, part, part_n);
}

/* libsodium's pure Ed25519 takes one message, so the parts are laid behind the context first. */
static struct str message_of(struct out *o, const char *ctx, const struct str *part, size_t part_n)
{
    EXPECT(strlen(ctx) == CTX_BYTES);
    out_text(o, ctx);
    for (size_t i = 0; i < part_n; i++) out_put(o, part[i]);
    EXPECT(!o->is_full);
    return out_str(o);
}

void sign_with(uint8_t sig[static SIG_BYTES], const uint8_t sk[static SIGN_SK_BYTES], const char *ctx,
               const struct str *part, size_t part_n)
{
    uint8_t memory[SIGN_MESSAGE_BYTES];
    struct out o = OUT_OVER(memory);
    struct str message = message_of(&o, ctx, part, part_n);
    EXPECT(crypto_sign_detached(sig, NULL, message.at, message.len, sk) == 0);
}

bool sign_fits(const uint8_t sig[static SIG_BYTES], const uint8_t pk[static SIGN_PK_BYTES], const char *ctx,
               const struct str *part, size_t part_n)
{
    uint8_t memory[SIGN_MESSAGE_BYTES];
    struct out o = OUT_OVER(memory);
    struct str message = message_of(&o, ctx, part, part_n);
    return crypto_sign_verify_detached(sig, message.at, message.len, pk) == 0;
}

void random_fill(void *bytes, size_t n)
{
    randombytes_buf(bytes, n);
}

void wipe(void *secret, size_t n)
{
    sodium_memzero(secret, n);
}

bool secret_is(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}
