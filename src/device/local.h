/* local.h -- what a device keeps for itself, sealed to the place where it is kept.
 *
 *   field = nonce || AEAD(local key, padded text, "troth1:local...." || column || account || circle || row)
 *
 * column is a name, filled with zeros to 16 bytes; account the first 16 bytes of its signing key; circle its id, or
 * zeros; row what tells the field from its neighbours. So no field opens in another's place. Texts are filled up to
 * a multiple of 64 bytes, so that a short word and a shorter one look alike. (The native home has a form of its
 * own: client/home_seal.c.)
 *
 * Source   docs/wasm.md
 */
#ifndef DEVICE_LOCAL_H
#define DEVICE_LOCAL_H

#include "record/secret.h"

enum {
    LOCAL_COLUMN_BYTES = 16,
    LOCAL_ROW_BYTES = 48,
    LOCAL_STEP_BYTES = 64,
    LOCAL_SEAL_BYTES = AEAD_NONCE_BYTES + AEAD_TAG_BYTES,
};

struct local_place {
    struct str column;     /* up to LOCAL_COLUMN_BYTES                    */
    const uint8_t *circle; /* HASH_BYTES, or NULL: a field of the account */
    struct str row;        /* up to LOCAL_ROW_BYTES                       */
};

/* local_sealed_bytes -- how long the field of a text is. */
size_t local_sealed_bytes(size_t text_n);

/* local_seal -- appends the field.                                                               [random] */
void local_seal(struct out *field, const struct secret_identity *me, const struct local_place *place,
                struct str text) NONNULL;

/* local_open -- the text of a field.                                              [pure | WRONG_SECRET]
 *
 * Takes    memory   room for field.len bytes; holds nothing of use on failure
 * Gives    text     in memory
 * Fails    WRONG_SECRET   another person's, another place's, or changed
 */
MUST_USE enum err local_open(uint8_t *memory, const struct secret_identity *me, const struct local_place *place,
                             struct str field, struct str *text) NONNULL;

#endif
