/* epoch.c -- see epoch.h. */
#include "record/epoch.h"

#include <sodium.h>

_Static_assert(SEAL_BYTES == crypto_box_SEALBYTES + KEY_BYTES, "seal");
_Static_assert(BOX_PK_BYTES == crypto_box_PUBLICKEYBYTES && BOX_SK_BYTES == crypto_box_SECRETKEYBYTES, "box");

void epoch_kid(uint8_t kid[static HASH_BYTES], const uint8_t key[static KEY_BYTES])
{
    hash_of(kid, CTX_KID, PARTS(str_at(key, KEY_BYTES)));
}

bool epoch_key_fits(const uint8_t key[static KEY_BYTES], const uint8_t kid[static HASH_BYTES])
{
    uint8_t found[HASH_BYTES];
    epoch_kid(found, key);
    return secret_is(found, kid, sizeof found);
}

void epoch_content_key(uint8_t content_key[static KEY_BYTES], const uint8_t key[static KEY_BYTES])
{
    EXPECT(crypto_kdf_derive_from_key(content_key, KEY_BYTES, 1, "TrothEnt", key) == 0);
}

bool epoch_box_pk_is_usable(const uint8_t box_pk[static BOX_PK_BYTES])
{
    /* Every scalar is made a multiple of 8, so one of them tells for all. */
    static const uint8_t scalar[crypto_scalarmult_SCALARBYTES] = {8};
    uint8_t shared[crypto_scalarmult_BYTES];
    return crypto_scalarmult(shared, scalar, box_pk) == 0;
}

enum err epoch_seal(uint8_t seal[static SEAL_BYTES], const uint8_t key[static KEY_BYTES],
                    const uint8_t box_pk[static BOX_PK_BYTES])
{
    if (!epoch_box_pk_is_usable(box_pk)) return ERR_BAD_KEY;
    EXPECT(crypto_box_seal(seal, key, KEY_BYTES, box_pk) == 0);
    return ERR_OK;
}

enum err epoch_open(const uint8_t seal[static SEAL_BYTES], const uint8_t box_pk[static BOX_PK_BYTES],
                    const uint8_t box_sk[static BOX_SK_BYTES], const uint8_t kid[static HASH_BYTES],
                    uint8_t key[static KEY_BYTES])
{
    uint8_t found[KEY_BYTES];
    bool fits = crypto_box_seal_open(found, seal, SEAL_BYTES, box_pk, box_sk) == 0 && epoch_key_fits(found, kid);
    if (fits) memcpy(key, found, sizeof found);
    wipe(found, sizeof found);
    return fits ? ERR_OK : ERR_LOCKED_OUT;
}

/* ---- handing on earlier keys ----------------------------------------------------------------- */

enum { KEY_KEYS = 2 };

void epoch_keys_put(struct out *text, const struct epoch_key *key_v, size_t key_n)
{
    EXPECT(key_n >= 1 && key_n <= EPOCH_KEYS);
    cbor_put_map(text, 2);
    cbor_put_uint(text, PAYLOAD_KEY_TYPE);
    cbor_put_uint(text, PAYLOAD_KEYS);
    cbor_put_uint(text, KEY_KEYS);
    cbor_put_list(text, key_n);
    for (size_t i = 0; i < key_n; i++) {
        EXPECT(i == 0 || key_v[i].epoch > key_v[i - 1].epoch);
        cbor_put_list(text, 2);
        cbor_put_uint(text, key_v[i].epoch);
        cbor_put_bytes(text, STR_OF(key_v[i].key));
    }
}

static bool key_read(struct str item, struct epoch_key *key)
{
    struct cbor_list pair;
    return cbor_list(item, &pair) == ERR_OK && pair.item_n == 2 && cbor_uint(pair.item[0], &key->epoch) == ERR_OK &&
           cbor_bytes_n(pair.item[1], key->key, KEY_BYTES) == ERR_OK;
}

static bool keys_read(struct str item, struct epoch_key key_v[static EPOCH_KEYS], size_t *key_n)
{
    struct cbor_list list;
    if (cbor_list(item, &list) != ERR_OK || list.item_n == 0) return false;
    for (size_t i = 0; i < list.item_n; i++) {
        if (!key_read(list.item[i], &key_v[i])) return false;
        if (i > 0 && key_v[i].epoch <= key_v[i - 1].epoch) return false;
    }
    *key_n = list.item_n;
    return true;
}

enum err epoch_keys_read(struct str text, struct epoch_key key_v[static EPOCH_KEYS], size_t *key_n)
{
    struct cbor_map map;
    struct epoch_key read[EPOCH_KEYS];
    enum err e = payload_fields(text, PAYLOAD_KEYS, CBOR_KEY(KEY_KEYS), 0, &map);
    if (e != ERR_OK) return e;
    bool is_read = keys_read(map.item[KEY_KEYS], read, key_n);
    if (is_read) memcpy(key_v, read, *key_n * sizeof read[0]);
    wipe(read, sizeof read);
    return is_read ? ERR_OK : ERR_UNREADABLE;
}
