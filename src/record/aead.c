/* aead.c -- see aead.h. */
#include "record/aead.h"

#include <sodium.h>

_Static_assert(AEAD_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(AEAD_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");

static struct str place_of(struct out *o, const char *ctx, const struct str *part, size_t part_n)
{
    EXPECT(strlen(ctx) == CTX_BYTES);
    out_text(o, ctx);
    for (size_t i = 0; i < part_n; i++) out_put(o, part[i]);
    EXPECT(!o->is_full);
    return out_str(o);
}

void aead_seal(uint8_t *box, struct str text, const uint8_t nonce[static AEAD_NONCE_BYTES],
               const uint8_t key[static KEY_BYTES], const char *ctx, const struct str *part, size_t part_n)
{
    uint8_t memory[AEAD_PLACE_BYTES];
    struct out o = OUT_OVER(memory);
    struct str place = place_of(&o, ctx, part, part_n);
    EXPECT(crypto_aead_xchacha20poly1305_ietf_encrypt(box, NULL, text.at, text.len, place.at, place.len, NULL, nonce,
                                                      key) == 0);
}

bool aead_open(uint8_t *text, struct str box, const uint8_t nonce[static AEAD_NONCE_BYTES],
               const uint8_t key[static KEY_BYTES], const char *ctx, const struct str *part, size_t part_n)
{
    uint8_t memory[AEAD_PLACE_BYTES];
    struct out o = OUT_OVER(memory);
    struct str place = place_of(&o, ctx, part, part_n);
    if (box.len < AEAD_TAG_BYTES) return false;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(text, NULL, NULL, box.at, box.len, place.at, place.len, nonce,
                                                      key) == 0;
}
