/* payload.c -- see payload.h. */
#include "record/payload.h"

enum { PLACE_BYTES = HASH_BYTES + SIGN_PK_BYTES + 8 + ID_BYTES };

/* circle || author || epoch in eight bytes || id */
static struct str place_of(uint8_t memory[static PLACE_BYTES], const struct payload_place *place)
{
    struct out o = out_over(memory, PLACE_BYTES);
    out_put(&o, str_at(place->circle, HASH_BYTES));
    out_put(&o, str_at(place->author, SIGN_PK_BYTES));
    out_put_be64(&o, place->epoch);
    out_put(&o, str_at(place->id, ID_BYTES));
    return out_str(&o);
}

enum err payload_seal_with_nonce(struct arena *a, const struct payload_place *place,
                                 const uint8_t content_key[static KEY_BYTES],
                                 const uint8_t nonce[static AEAD_NONCE_BYTES], struct str text, struct str *payload)
{
    uint64_t type;
    uint8_t memory[PLACE_BYTES];
    if (text.len > PAYLOAD_TEXT_BYTES) return ERR_TOO_LARGE;
    if (payload_type(text, &type) != ERR_OK) return ERR_BAD_CBOR;
    size_t padded_n = pad_bytes(text.len);
    uint8_t *whole = arena_take(a, padded_n + PAYLOAD_OVERHEAD_BYTES);
    if (whole == NULL) return ERR_NO_MEMORY;
    uint8_t *box = whole + AEAD_NONCE_BYTES;
    memcpy(whole, nonce, AEAD_NONCE_BYTES);
    pad_put(box, padded_n, text); /* in place: the box overwrites it */
    aead_seal(box, str_at(box, padded_n), nonce, content_key, CTX_PAYLOAD, PARTS(place_of(memory, place)));
    *payload = str_at(whole, padded_n + PAYLOAD_OVERHEAD_BYTES);
    return ERR_OK;
}

enum err payload_seal(struct arena *a, const struct payload_place *place, const uint8_t content_key[static KEY_BYTES],
                      struct str text, struct str *payload)
{
    uint8_t nonce[AEAD_NONCE_BYTES];
    random_fill(nonce, sizeof nonce);
    return payload_seal_with_nonce(a, place, content_key, nonce, text, payload);
}

enum err payload_open(struct arena *a, const struct payload_place *place, const uint8_t content_key[static KEY_BYTES],
                      struct str payload, struct str *text)
{
    uint64_t type;
    struct str found;
    uint8_t memory[PLACE_BYTES];
    if (payload.len > LIMIT_PAYLOAD_BYTES || payload.len <= PAYLOAD_OVERHEAD_BYTES) return ERR_UNREADABLE;
    struct str box = str_at(payload.at + AEAD_NONCE_BYTES, payload.len - AEAD_NONCE_BYTES);
    size_t padded_n = box.len - AEAD_TAG_BYTES;
    uint8_t *padded = arena_take(a, padded_n);
    if (padded == NULL) return ERR_NO_MEMORY;
    if (!aead_open(padded, box, payload.at, content_key, CTX_PAYLOAD, PARTS(place_of(memory, place)))) {
        return ERR_UNREADABLE;
    }
    /* One text has one length: another padding than ours would be a way to say something unseen. */
    bool is_padded = pad_find(str_at(padded, padded_n), &found) && pad_bytes(found.len) == padded_n;
    if (!is_padded || payload_type(found, &type) != ERR_OK) {
        wipe(padded, padded_n);
        return ERR_UNREADABLE;
    }
    *text = found;
    return ERR_OK;
}

/* ---- the map --------------------------------------------------------------------------------- */

static enum err map_of(struct str text, struct cbor_map *map, uint64_t *type)
{
    struct cbor_map read;
    uint64_t read_type;
    if (cbor_map(text, &read) != ERR_OK || !cbor_map_has(&read, PAYLOAD_KEY_TYPE)) return ERR_UNREADABLE;
    if (cbor_uint(read.item[PAYLOAD_KEY_TYPE], &read_type) != ERR_OK) return ERR_UNREADABLE;
    *map = read;
    *type = read_type;
    return ERR_OK;
}

enum err payload_type(struct str text, uint64_t *type)
{
    struct cbor_map map;
    return map_of(text, &map, type);
}

enum err payload_fields(struct str text, enum payload_type type, uint32_t needed, uint32_t allowed,
                        struct cbor_map *map)
{
    struct cbor_map read;
    uint64_t found, written_ms;
    uint32_t everywhere = CBOR_KEY(PAYLOAD_KEY_TYPE) | CBOR_KEY(PAYLOAD_KEY_WRITTEN);
    enum err e = map_of(text, &read, &found);
    if (e != ERR_OK) return e;
    if (found != (uint64_t)type || !cbor_map_is(&read, needed, allowed | everywhere)) return ERR_UNREADABLE;
    bool has_written = cbor_map_has(&read, PAYLOAD_KEY_WRITTEN);
    if (has_written && cbor_uint(read.item[PAYLOAD_KEY_WRITTEN], &written_ms) != ERR_OK) return ERR_UNREADABLE;
    *map = read;
    return ERR_OK;
}
