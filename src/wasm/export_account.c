/* export_account.c -- access, accounts, the bodies that a person signs, sealed fields. See exports.h. */
#include "device/body.h"
#include "device/local.h"
#include "wasm/call.h"
#include "wasm/exports.h"

/* ---- access -------------------------------------------------------------------------------------------- */

static int32_t pw(struct call *c)
{
    uint8_t salt[SECRET_SALT_BYTES], made[KEY_BYTES];
    struct str passphrase;
    const uint8_t *code = call_bytes_n(c, 1, SECRET_BYTES);
    if (code == NULL || !call_text(c, 2, &passphrase)) return CALL_BAD_INPUT;
    secret_salt(salt, code);
    enum err e = secret_pw(made, passphrase, salt);
    if (e != ERR_OK) return (int32_t)e;
    cbor_put_map(&c->out, 1);
    call_put_bytes(c, 1, made, sizeof made);
    wipe(made, sizeof made);
    return ERR_OK;
}

static int32_t put_access(struct call *c, struct slot *slot)
{
    cbor_put_map(&c->out, 2);
    call_put_number(c, 1, slot->handle);
    call_put_bytes(c, 2, slot->access->cred_id, ID_BYTES);
    return ERR_OK;
}

static int32_t access(struct call *c)
{
    struct str passphrase;
    const uint8_t *code = call_bytes_n(c, 1, SECRET_BYTES), *made = call_bytes_n(c, 3, KEY_BYTES);
    bool has_passphrase = call_text(c, 2, &passphrase);
    if (code == NULL || call_has(c, 2) != has_passphrase || call_has(c, 3) != (made != NULL)) return CALL_BAD_INPUT;
    if (has_passphrase && made != NULL) return CALL_BAD_INPUT;
    struct slot *slot = slot_open(SLOT_ACCESS);
    if (slot == NULL) return CALL_NO_SLOT;
    enum err e = ERR_OK;
    if (has_passphrase) e = secret_access_init(slot->access, code, passphrase);
    else if (made != NULL) secret_access_init_pw(slot->access, code, made);
    else secret_access_init_bare(slot->access, code);
    if (e == ERR_OK) return put_access(c, slot);
    slot_close(slot);
    return (int32_t)e;
}

/* ---- accounts ------------------------------------------------------------------------------------------ */

static void put_account(struct call *c, const struct slot *slot)
{
    call_put_number(c, 1, slot->handle);
    call_put_bytes(c, 2, slot->me->sign_pk, SIGN_PK_BYTES);
    call_put_bytes(c, 3, slot->me->box_pk, BOX_PK_BYTES);
}

static int32_t account_new(struct call *c)
{
    uint8_t seed[SEED_BYTES], wrapped[SECRET_WRAPPED_BYTES];
    struct slot *slot = slot_open(SLOT_ACCOUNT);
    if (slot == NULL) return CALL_NO_SLOT;
    random_fill(seed, sizeof seed);
    secret_identity_init(slot->me, seed);
    wipe(seed, sizeof seed);
    secret_wrap(wrapped, c->slot->access, slot->me);
    cbor_put_map(&c->out, 4);
    put_account(c, slot);
    call_put_bytes(c, 4, wrapped, sizeof wrapped);
    return ERR_OK;
}

static int32_t account_open(struct call *c)
{
    struct str wrapped;
    uint64_t is_signed_in = 0;
    const uint8_t *sign_pk = call_bytes_n(c, 2, SIGN_PK_BYTES);
    if (!call_bytes(c, 1, &wrapped) || sign_pk == NULL) return CALL_BAD_INPUT;
    if (call_has(c, 3) && !call_number(c, 3, 1, &is_signed_in)) return CALL_BAD_INPUT;
    struct slot *slot = slot_open(SLOT_ACCOUNT);
    if (slot == NULL) return CALL_NO_SLOT;
    enum err e = secret_unwrap(c->slot->access, wrapped, sign_pk, slot->me);
    if (e == ERR_OK) {
        cbor_put_map(&c->out, 3);
        put_account(c, slot);
        return ERR_OK;
    }
    slot_close(slot);
    return (int32_t)(e == ERR_WRONG_SECRET && is_signed_in == 1 ? ERR_OUTDATED_KEY : e);
}

static int32_t account_wrap(struct call *c)
{
    uint8_t wrapped[SECRET_WRAPPED_BYTES];
    const struct slot *with = call_slot(c, 1, SLOT_ACCESS);
    if (with == NULL) return CALL_BAD_HANDLE;
    secret_wrap(wrapped, with->access, c->slot->me);
    cbor_put_map(&c->out, 1);
    call_put_bytes(c, 1, wrapped, sizeof wrapped);
    return ERR_OK;
}

/* ---- bodies -------------------------------------------------------------------------------------------- */

static bool read_to(const struct call *c, struct body_to *to)
{
    to->challenge = call_bytes_n(c, 2, CHALLENGE_BYTES);
    return call_text(c, 1, &to->origin) && account_is_origin(to->origin) && to->challenge != NULL;
}

/* { 1: body }, with more fields to follow where n says so. */
static int32_t put_body(struct call *c, size_t field_n, const struct out *body)
{
    EXPECT(!body->is_full);
    cbor_put_map(&c->out, field_n);
    call_put_bytes(c, 1, body->at, body->len);
    wipe(body->at, body->len);
    return ERR_OK;
}

static int32_t body_of_register(struct call *c)
{
    uint8_t memory[BODY_BYTES];
    struct out body = OUT_OVER(memory);
    struct body_to to;
    const struct slot *with = call_slot(c, 3, SLOT_ACCESS);
    const uint8_t *wrapped = call_bytes_n(c, 4, SECRET_WRAPPED_BYTES);
    struct body_leave leave = {call_bytes_n(c, 5, SECRET_BYTES), call_bytes_n(c, 6, SECRET_BYTES)};
    if (with == NULL) return CALL_BAD_HANDLE;
    if (!read_to(c, &to) || wrapped == NULL) return CALL_BAD_INPUT;
    if ((leave.permit == NULL) == (leave.invite_secret == NULL)) return CALL_BAD_INPUT;
    struct account_cred cred = body_cred(with->access, wrapped);
    body_register(&body, to, c->slot->me, &cred, &leave);
    return put_body(c, 1, &body);
}

static int32_t body_of_login(struct call *c)
{
    uint8_t memory[BODY_BYTES];
    struct out body = OUT_OVER(memory);
    struct body_to to;
    if (!read_to(c, &to)) return CALL_BAD_INPUT;
    body_login(&body, to, c->slot->access);
    return put_body(c, 1, &body);
}

static int32_t body_of_creds(struct call *c)
{
    uint8_t memory[BODY_BYTES];
    struct out body = OUT_OVER(memory);
    struct body_to to;
    struct account_creds creds = {0};
    struct cbor_list list;
    if (!read_to(c, &to) || !call_number(c, 3, LIMIT_NUMBER, &creds.version)) return CALL_BAD_INPUT;
    if (cbor_list(c->map.item[4], &list) != ERR_OK || list.item_n == 0 || list.item_n > LIMIT_CREDENTIALS) {
        return CALL_BAD_INPUT;
    }
    for (size_t i = 0; i < list.item_n; i++) {
        uint64_t handle;
        uint8_t wrapped[SECRET_WRAPPED_BYTES];
        if (cbor_uint(list.item[i], &handle) != ERR_OK || handle > UINT32_MAX) return CALL_BAD_INPUT;
        const struct slot *with = slot_find((uint32_t)handle, SLOT_ACCESS);
        if (with == NULL) return CALL_BAD_HANDLE;
        secret_wrap(wrapped, with->access, c->slot->me);
        creds.cred[creds.cred_n++] = body_cred(with->access, wrapped);
    }
    body_creds(&body, to, c->slot->me, &creds);
    put_body(c, 2, &body);
    cbor_put_uint(&c->out, 2);
    cbor_put_list(&c->out, creds.cred_n);
    for (size_t i = 0; i < creds.cred_n; i++) cbor_put_bytes(&c->out, STR_OF(creds.cred[i].wrapped));
    return ERR_OK;
}

static int32_t body_of_close(struct call *c)
{
    uint8_t memory[BODY_BYTES];
    struct out body = OUT_OVER(memory);
    struct body_to to;
    if (!read_to(c, &to)) return CALL_BAD_INPUT;
    body_close(&body, to, c->slot->me);
    return put_body(c, 1, &body);
}

static int32_t body_of_invite(struct call *c)
{
    uint8_t memory[BODY_BYTES];
    struct out body = OUT_OVER(memory);
    struct body_to to;
    const uint8_t *secret = call_bytes_n(c, 3, SECRET_BYTES);
    if (!read_to(c, &to) || secret == NULL) return CALL_BAD_INPUT;
    body_invite(&body, to, secret);
    return put_body(c, 1, &body);
}

/* ---- sealed fields ------------------------------------------------------------------------------------- */

static bool read_place(const struct call *c, struct local_place *place)
{
    place->circle = call_bytes_n(c, 4, HASH_BYTES);
    if (call_has(c, 4) != (place->circle != NULL)) return false;
    return call_text(c, 1, &place->column) && place->column.len <= LOCAL_COLUMN_BYTES &&
           call_bytes(c, 2, &place->row) && place->row.len <= LOCAL_ROW_BYTES;
}

static int32_t seal(struct call *c)
{
    struct local_place place;
    struct str text;
    if (!read_place(c, &place) || !call_bytes(c, 3, &text)) return CALL_BAD_INPUT;
    size_t n = local_sealed_bytes(text.len);
    uint8_t *memory = arena_take(&c->a, n);
    if (memory == NULL) return ERR_NO_MEMORY;
    struct out field = out_over(memory, n);
    local_seal(&field, c->slot->me, &place, text);
    cbor_put_map(&c->out, 1);
    call_put_bytes(c, 1, field.at, field.len);
    return ERR_OK;
}

static int32_t unseal(struct call *c)
{
    struct local_place place;
    struct str field, text;
    if (!read_place(c, &place) || !call_bytes(c, 3, &field)) return CALL_BAD_INPUT;
    uint8_t *memory = arena_take(&c->a, field.len);
    enum err e = memory == NULL ? ERR_NO_MEMORY : local_open(memory, c->slot->me, &place, field, &text);
    if (e != ERR_OK) return (int32_t)e;
    cbor_put_map(&c->out, 1);
    call_put_bytes(c, 1, text.at, text.len);
    return ERR_OK;
}

#define KEYS_1 CBOR_KEY(1)
#define KEYS_12 (KEYS_1 | CBOR_KEY(2))
#define KEYS_123 (KEYS_12 | CBOR_KEY(3))
#define KEYS_1234 (KEYS_123 | CBOR_KEY(4))

#define CALL(name, act, kind, needed_keys, allowed_keys)                                                            \
    int32_t troth_##name(uint32_t handle, uint32_t n)                                                               \
    {                                                                                                               \
        static const struct call_form form = {.kinds = (kind), .needed = (needed_keys), .allowed = (allowed_keys)}; \
        return call_run(handle, n, &form, act);                                                                     \
    }

CALL(pw, pw, 0, KEYS_12, 0)
CALL(access, access, 0, KEYS_1, CBOR_KEY(2) | CBOR_KEY(3))
CALL(account_new, account_new, SLOT_ACCESS, 0, 0)
CALL(account_open, account_open, SLOT_ACCESS, KEYS_12, CBOR_KEY(3))
CALL(account_wrap, account_wrap, SLOT_ACCOUNT, KEYS_1, 0)
CALL(body_register, body_of_register, SLOT_ACCOUNT, KEYS_1234, CBOR_KEY(5) | CBOR_KEY(6))
CALL(body_login, body_of_login, SLOT_ACCESS, KEYS_12, 0)
CALL(body_creds, body_of_creds, SLOT_ACCOUNT, KEYS_1234, 0)
CALL(body_close, body_of_close, SLOT_ACCOUNT, KEYS_12, 0)
CALL(body_invite, body_of_invite, 0, KEYS_123, 0)
CALL(seal, seal, SLOT_ACCOUNT, KEYS_123, CBOR_KEY(4))
CALL(unseal, unseal, SLOT_ACCOUNT, KEYS_123, CBOR_KEY(4))
