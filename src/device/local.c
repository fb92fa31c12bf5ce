/* local.c -- see local.h. */
#include "device/local.h"

#include "record/pad.h"

enum { ACCOUNT_BYTES = 16 };

/* What a field is bound to: the parts behind the context. */
struct parts {
    uint8_t column[LOCAL_COLUMN_BYTES], circle[HASH_BYTES];
    struct str part[4];
};

static void parts_init(struct parts *parts, const struct secret_identity *me, const struct local_place *place)
{
    EXPECT(place->column.len <= LOCAL_COLUMN_BYTES && place->row.len <= LOCAL_ROW_BYTES);
    memset(parts, 0, sizeof *parts);
    memcpy(parts->column, place->column.at, place->column.len);
    if (place->circle != NULL) memcpy(parts->circle, place->circle, HASH_BYTES);
    parts->part[0] = STR_OF(parts->column);
    parts->part[1] = str_at(me->sign_pk, ACCOUNT_BYTES);
    parts->part[2] = STR_OF(parts->circle);
    parts->part[3] = place->row;
}

static size_t padded_bytes(size_t text_n)
{
    return (text_n / LOCAL_STEP_BYTES + 1) * LOCAL_STEP_BYTES;
}

size_t local_sealed_bytes(size_t text_n)
{
    return padded_bytes(text_n) + LOCAL_SEAL_BYTES;
}

void local_seal(struct out *field, const struct secret_identity *me, const struct local_place *place, struct str text)
{
    struct parts parts;
    size_t padded_n = padded_bytes(text.len);
    if (field->is_full || field->cap - field->len < padded_n + LOCAL_SEAL_BYTES) {
        field->is_full = true;
        return;
    }
    parts_init(&parts, me, place);
    uint8_t *nonce = field->at + field->len, *box = nonce + AEAD_NONCE_BYTES;
    random_fill(nonce, AEAD_NONCE_BYTES);
    pad_put(box, padded_n, text);
    aead_seal(box, str_at(box, padded_n), nonce, me->local_key, CTX_LOCAL, parts.part, 4);
    field->len += padded_n + LOCAL_SEAL_BYTES;
}

enum err local_open(uint8_t *memory, const struct secret_identity *me, const struct local_place *place,
                    struct str field, struct str *text)
{
    struct parts parts;
    if (field.len < LOCAL_SEAL_BYTES + LOCAL_STEP_BYTES) return ERR_WRONG_SECRET;
    parts_init(&parts, me, place);
    struct str box = str_at(field.at + AEAD_NONCE_BYTES, field.len - AEAD_NONCE_BYTES);
    if (!aead_open(memory, box, field.at, me->local_key, CTX_LOCAL, parts.part, 4)) return ERR_WRONG_SECRET;
    bool is_padded = pad_find(str_at(memory, box.len - AEAD_TAG_BYTES), text);
    return is_padded ? ERR_OK : ERR_WRONG_SECRET;
}
