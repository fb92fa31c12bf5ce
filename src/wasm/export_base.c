/* export_base.c -- the module itself, codes, links, words, and the lists of sentences. See exports.h. */
#include "device/refusal.h"
#include "record/account.h"
#include "record/code.h"
#include "record/invite.h"
#include "record/phrase.h"
#include "wasm/call.h"
#include "wasm/exports.h"

/* ---- the module ---------------------------------------------------------------------------------------- */

uint32_t troth_abi(void) { return EXPORTS_ABI; }
int32_t troth_begin(void) { return (int32_t)record_open(); }
uint8_t *troth_room(uint32_t n) { return call_room(n); }
const uint8_t *troth_answer(void) { return call_answer().at; }
uint32_t troth_answer_n(void) { return (uint32_t)call_answer().len; }

int32_t troth_close(uint32_t handle)
{
    struct slot *slot = slot_find(handle, SLOT_ACCESS | SLOT_ACCOUNT | SLOT_CIRCLE);
    if (slot == NULL) return CALL_BAD_HANDLE;
    slot_close(slot);
    return ERR_OK;
}

void troth_lock(void)
{
    slot_close_all();
    call_forget();
}

/* ---- codes --------------------------------------------------------------------------------------------- */

static bool read_kind(const struct call *c, enum code_kind *kind)
{
    uint64_t number;
    if (!call_number(c, 1, CODE_INVITE, &number)) return false;
    *kind = (enum code_kind)number;
    return true;
}

static void put_code(struct call *c, unsigned key, enum code_kind kind, const uint8_t *secret)
{
    uint8_t memory[CODE_TEXT_BYTES];
    struct out text = OUT_OVER(memory);
    code_put(&text, kind, secret);
    call_put_text(c, key, out_str(&text));
    wipe(memory, sizeof memory);
}

static int32_t code_new(struct call *c)
{
    enum code_kind kind;
    uint8_t secret[SECRET_BYTES];
    if (!read_kind(c, &kind)) return CALL_BAD_INPUT;
    random_fill(secret, sizeof secret);
    cbor_put_map(&c->out, 2);
    call_put_bytes(c, 1, secret, sizeof secret);
    put_code(c, 2, kind, secret);
    wipe(secret, sizeof secret);
    return ERR_OK;
}

static int32_t read_code(struct call *c)
{
    enum code_kind kind;
    struct str text;
    uint8_t secret[SECRET_BYTES];
    if (!read_kind(c, &kind) || !call_text(c, 2, &text)) return CALL_BAD_INPUT;
    enum err e = code_read(kind, text, secret, &c->why);
    if (e != ERR_OK) return (int32_t)e;
    cbor_put_map(&c->out, 1);
    call_put_bytes(c, 1, secret, sizeof secret);
    wipe(secret, sizeof secret);
    return ERR_OK;
}

static int32_t code_text(struct call *c)
{
    enum code_kind kind;
    const uint8_t *secret = call_bytes_n(c, 2, SECRET_BYTES);
    if (!read_kind(c, &kind) || secret == NULL) return CALL_BAD_INPUT;
    cbor_put_map(&c->out, 1);
    put_code(c, 1, kind, secret);
    return ERR_OK;
}

static int32_t link_text(struct call *c)
{
    uint8_t memory[2 * ACCOUNT_ORIGIN_BYTES + CODE_TEXT_BYTES + 8];
    struct out link = OUT_OVER(memory);
    struct str client, server;
    const uint8_t *secret = call_bytes_n(c, 2, SECRET_BYTES);
    if (!call_text(c, 1, &client) || secret == NULL || !call_text(c, 3, &server)) return CALL_BAD_INPUT;
    if (!account_is_origin(client) || !account_is_origin(server)) return CALL_BAD_INPUT;
    invite_link_put(&link, client, secret, server);
    cbor_put_map(&c->out, 1);
    call_put_text(c, 1, out_str(&link));
    wipe(memory, sizeof memory);
    return ERR_OK;
}

static int32_t link_read(struct call *c)
{
    uint8_t secret[SECRET_BYTES];
    struct str text, server;
    if (!call_text(c, 1, &text)) return CALL_BAD_INPUT;
    enum err e = invite_link_read(text, secret, &server, &c->why);
    if (e != ERR_OK) return (int32_t)e;
    cbor_put_map(&c->out, 2);
    call_put_bytes(c, 1, secret, sizeof secret);
    call_put_text(c, 2, server);
    wipe(secret, sizeof secret);
    return ERR_OK;
}

static int32_t origin(struct call *c)
{
    struct str text;
    if (!call_text(c, 1, &text)) return CALL_BAD_INPUT;
    cbor_put_map(&c->out, 1);
    call_put_number(c, 1, account_is_origin(text));
    return ERR_OK;
}

/* ---- the safety phrase --------------------------------------------------------------------------------- */

static int32_t words(struct call *c)
{
    struct cbor_list list, pair;
    struct phrase_member member[LIMIT_MEMBERS];
    uint16_t word[PHRASE_WORDS];
    const uint8_t *circle = call_bytes_n(c, 1, HASH_BYTES);
    if (circle == NULL || cbor_list(c->map.item[2], &list) != ERR_OK) return CALL_BAD_INPUT;
    if (list.item_n == 0 || list.item_n > LIMIT_MEMBERS) return CALL_BAD_INPUT;
    for (size_t i = 0; i < list.item_n; i++) {
        struct str sign_pk, box_pk;
        bool is_pair = cbor_list(list.item[i], &pair) == ERR_OK && pair.item_n == 2 &&
                       cbor_bytes(pair.item[0], &sign_pk) == ERR_OK && cbor_bytes(pair.item[1], &box_pk) == ERR_OK;
        if (!is_pair || sign_pk.len != SIGN_PK_BYTES || box_pk.len != BOX_PK_BYTES) return CALL_BAD_INPUT;
        member[i] = (struct phrase_member){sign_pk.at, box_pk.at};
    }
    enum err e = phrase_make(circle, member, list.item_n, word);
    if (e != ERR_OK) return (int32_t)e;
    cbor_put_map(&c->out, 1);
    cbor_put_uint(&c->out, 1);
    cbor_put_list(&c->out, PHRASE_WORDS);
    for (size_t i = 0; i < PHRASE_WORDS; i++) cbor_put_text(&c->out, str_of_text(phrase_word(word[i])));
    return ERR_OK;
}

/* ---- sentences ----------------------------------------------------------------------------------------- */

static void put_err(struct out *o, enum err e)
{
    cbor_put_list(o, 5);
    cbor_put_uint(o, (uint64_t)e);
    cbor_put_text(o, str_of_text(err_code(e)));
    cbor_put_uint(o, (uint64_t)err_http(e));
    cbor_put_text(o, str_of_text(err_happened(e)));
    cbor_put_text(o, str_of_text(err_next(e)));
}

static int32_t errors(struct call *c)
{
#define ERR(name, number, code, http, exit, happened, next) put_err(&c->out, ERR_##name);
#include "base/err.def"
#undef ERR
    return ERR_OK;
}

static int32_t laws(struct call *c)
{
    for (int law = LAW_OK + 1; law < LAW_N; law++) {
        cbor_put_list(&c->out, 2);
        cbor_put_text(&c->out, str_of_text(law_number((enum law)law)));
        cbor_put_text(&c->out, str_of_text(law_sentence((enum law)law)));
    }
    return ERR_OK;
}

static int32_t refusal(struct call *c)
{
    struct str code;
    uint64_t status, now_ms, server_ms = 0;
    bool is_whole = call_text(c, 1, &code) && call_number(c, 2, 599, &status) &&
                    call_number(c, 3, LIMIT_NUMBER, &now_ms);
    if (!is_whole || (call_has(c, 4) && !call_number(c, 4, LIMIT_NUMBER, &server_ms))) return CALL_BAD_INPUT;
    enum err e = err_from_code(code);
    if (e == ERR_QUOTA && (int)status == err_http(ERR_TOO_MANY_CIRCLES)) e = ERR_TOO_MANY_CIRCLES;
    cbor_put_map(&c->out, 2);
    call_put_number(c, 1, (uint64_t)refusal_of(e, server_ms, now_ms));
    call_put_number(c, 2, (uint64_t)e);
    return ERR_OK;
}

#define KEYS_1 CBOR_KEY(1)
#define KEYS_12 (KEYS_1 | CBOR_KEY(2))
#define KEYS_123 (KEYS_12 | CBOR_KEY(3))

#define CALL(name, act, needed_keys, allowed_keys)                                                                  \
    int32_t troth_##name(uint32_t handle, uint32_t n)                                                               \
    {                                                                                                               \
        static const struct call_form form = {.needed = (needed_keys), .allowed = (allowed_keys)};                  \
        return call_run(handle, n, &form, act);                                                                     \
    }

CALL(code_new, code_new, KEYS_1, 0)
CALL(code_read, read_code, KEYS_12, 0)
CALL(code_text, code_text, KEYS_12, 0)
CALL(link_text, link_text, KEYS_123, 0)
CALL(link_read, link_read, KEYS_1, 0)
CALL(origin, origin, KEYS_1, 0)
CALL(words, words, KEYS_12, 0)
CALL(errors, errors, 0, 0)
CALL(laws, laws, 0, 0)
CALL(refusal, refusal, KEYS_123, CBOR_KEY(4))
