/* redact.c -- see redact.h. */
#include "record/redact.h"

enum { RESIDUE_TARGET = 2, RESIDUE_TYPE = 3, RESIDUE_OUTCOME = 4 };

void redact_residue_put(struct out *text, const struct redact_residue *residue)
{
    cbor_put_map(text, 4);
    cbor_put_uint(text, PAYLOAD_KEY_TYPE);
    cbor_put_uint(text, PAYLOAD_RESIDUE);
    cbor_put_uint(text, RESIDUE_TARGET);
    cbor_put_bytes(text, STR_OF(residue->target));
    cbor_put_uint(text, RESIDUE_TYPE);
    cbor_put_uint(text, residue->type);
    cbor_put_uint(text, RESIDUE_OUTCOME);
    cbor_put_bytes(text, residue->outcome);
}

enum err redact_residue_read(struct str text, struct redact_residue *residue)
{
    struct cbor_map map;
    struct redact_residue read;
    uint32_t needed = CBOR_KEY(RESIDUE_TARGET) | CBOR_KEY(RESIDUE_TYPE) | CBOR_KEY(RESIDUE_OUTCOME);
    enum err e = payload_fields(text, PAYLOAD_RESIDUE, needed, 0, &map);
    if (e != ERR_OK) return e;
    bool is_read = cbor_bytes_n(map.item[RESIDUE_TARGET], read.target, sizeof read.target) == ERR_OK &&
                   cbor_uint(map.item[RESIDUE_TYPE], &read.type) == ERR_OK &&
                   cbor_bytes(map.item[RESIDUE_OUTCOME], &read.outcome) == ERR_OK;
    if (!is_read) return ERR_UNREADABLE;
    *residue = read;
    return ERR_OK;
}

const struct redact_residue *redact_residue_for(const struct redact_before *before_v, size_t before_n,
                                                const uint8_t author[static SIGN_PK_BYTES],
                                                const uint8_t target[static HASH_BYTES])
{
    for (size_t i = before_n; i > 0; i--) {
        const struct redact_before *before = &before_v[i - 1];
        if (before->residue == NULL || memcmp(before->author, author, SIGN_PK_BYTES) != 0) return NULL;
        if (memcmp(before->residue->target, target, HASH_BYTES) == 0) return before->residue;
    }
    return NULL;
}
