/* answer.c -- see answer.h. */
#include "record/answer.h"

enum { PLACE_BYTES = HASH_BYTES + HASH_BYTES + SIGN_PK_BYTES };

/* circle || round || author */
static struct str place_of(uint8_t memory[static PLACE_BYTES], const struct answer_place *place)
{
    struct out o = out_over(memory, PLACE_BYTES);
    out_put(&o, str_at(place->circle, HASH_BYTES));
    out_put(&o, str_at(place->round, HASH_BYTES));
    out_put(&o, str_at(place->author, SIGN_PK_BYTES));
    return out_str(&o);
}

void answer_key(uint8_t key[static KEY_BYTES], const uint8_t reveal_root[static KEY_BYTES],
                const struct answer_place *place, const uint8_t nonce[static AEAD_NONCE_BYTES])
{
    hash_keyed(key, KEY_BYTES, str_at(reveal_root, KEY_BYTES), CTX_REVEALK,
               PARTS(str_at(place->circle, HASH_BYTES), str_at(place->round, HASH_BYTES),
                     str_at(nonce, AEAD_NONCE_BYTES)));
}

void answer_ct_hash(uint8_t ct_hash[static HASH_BYTES], struct str ct)
{
    hash_of(ct_hash, CTX_CT, PARTS(ct));
}

void answer_commitment(uint8_t com[static HASH_BYTES], const struct answer_place *place,
                       const uint8_t key[static KEY_BYTES], const uint8_t nonce[static AEAD_NONCE_BYTES],
                       const uint8_t ct_hash[static HASH_BYTES])
{
    uint8_t bytes[PLACE_BYTES];
    hash_keyed(com, HASH_BYTES, str_at(key, KEY_BYTES), CTX_COMMIT,
               PARTS(place_of(bytes, place), str_at(nonce, AEAD_NONCE_BYTES), str_at(ct_hash, HASH_BYTES)));
}

enum err answer_seal(uint8_t *ct, uint8_t com[static HASH_BYTES], const struct answer_place *place,
                     const uint8_t key[static KEY_BYTES], const uint8_t nonce[static AEAD_NONCE_BYTES],
                     struct str answer, size_t bucket_n)
{
    uint8_t ct_hash[HASH_BYTES], bytes[PLACE_BYTES];
    if (answer.len >= bucket_n) return ERR_TOO_LARGE;
    pad_put(ct, bucket_n, answer); /* in place: the box overwrites it */
    aead_seal(ct, str_at(ct, bucket_n), nonce, key, CTX_ANSWER, PARTS(place_of(bytes, place)));
    answer_ct_hash(ct_hash, str_at(ct, bucket_n + AEAD_TAG_BYTES));
    answer_commitment(com, place, key, nonce, ct_hash);
    return ERR_OK;
}

enum err answer_open(uint8_t *memory, const struct answer_place *place, const uint8_t key[static KEY_BYTES],
                     const uint8_t nonce[static AEAD_NONCE_BYTES], struct str ct, const uint8_t com[static HASH_BYTES],
                     struct str *answer)
{
    uint8_t ct_hash[HASH_BYTES], fitting[HASH_BYTES], bytes[PLACE_BYTES];
    struct str found;
    answer_ct_hash(ct_hash, ct);
    answer_commitment(fitting, place, key, nonce, ct_hash);
    if (!secret_is(fitting, com, sizeof fitting)) return ERR_BAD_ANSWER;
    if (!aead_open(memory, ct, nonce, key, CTX_ANSWER, PARTS(place_of(bytes, place)))) return ERR_BAD_ANSWER;
    struct str padded = str_at(memory, ct.len - AEAD_TAG_BYTES);
    if (!pad_find(padded, &found) || !str_is_utf8(found)) {
        wipe(memory, padded.len);
        return ERR_BAD_ANSWER;
    }
    *answer = found;
    return ERR_OK;
}
