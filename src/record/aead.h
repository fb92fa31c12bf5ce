/* aead.h -- bytes that only the holders of a key can read, bound to the place they belong to.
 *
 * XChaCha20-Poly1305. What it is bound to (the context and the parts behind it) is not in the box: it
 * has to be known, and the same, for the box to open. A box opens under one place only, but not under
 * one key only: where that matters, a commitment to the key goes with it (answer.h).
 *
 * Source   docs/protocol.md, "Conventions"; libsodium's crypto_aead_xchacha20poly1305_ietf
 */
#ifndef RECORD_AEAD_H
#define RECORD_AEAD_H

#include "record/hash.h"

enum {
    AEAD_NONCE_BYTES = 24,
    AEAD_TAG_BYTES = 16,
    AEAD_PLACE_BYTES = CTX_BYTES + 112, /* the context and the parts together; more is misuse */
};

/* aead_seal -- box = text encrypted, and a tag of AEAD_TAG_BYTES behind it.
 *
 * Takes    text   borrowed; may lie where the box begins, and is then overwritten
 *          nonce  never the same twice with one key
 * Gives    box    text.len + AEAD_TAG_BYTES
 */
void aead_seal(uint8_t *box, struct str text, const uint8_t nonce[static AEAD_NONCE_BYTES],
               const uint8_t key[static KEY_BYTES], const char *ctx, const struct str *part, size_t part_n) NONNULL;

/* aead_open -- the text of a box; false when key, nonce, place or a single bit of it is another.
 *
 * Gives    text   box.len - AEAD_TAG_BYTES; holds nothing of use when it is false
 */
MUST_USE bool aead_open(uint8_t *text, struct str box, const uint8_t nonce[static AEAD_NONCE_BYTES],
                        const uint8_t key[static KEY_BYTES], const char *ctx, const struct str *part,
                        size_t part_n) NONNULL;

#endif
