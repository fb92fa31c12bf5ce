/* calls.c -- the calls of the browser's module, from two new accounts to a promise that was kept, erased and loaded
 * again: natively and as WebAssembly, with the same numbers for random ones, and to the last byte alike.
 *
 * Each call prints its name, what it returned, and a hash of its answer. `make wasm-check` holds the two outputs
 * against one another.
 */
#include <sodium.h>

#include "base/cbor.h"
#include "practice/facts.h"
#include "practice/profile.h"
#include "practice/promise_act.h"
#include "record/code.h"
#include "record/payload.h"
#include "record/statement.h"
#include "vectors/vector.h"
#include "wasm/call.h"
#include "wasm/exports.h"

#define NOW_MS UINT64_C(1790000000000)
enum { RECORD_BYTES = 256 * 1024, LONG_BYTES = 64 * 1024 };

/* ---- numbers that only look random --------------------------------------------------------------------- */

static uint64_t drawn;

static uint32_t draw(void)
{
    drawn += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = (drawn ^ drawn >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)((z ^ z >> 27) >> 16);
}

static void draw_bytes(void *const to, const size_t n)
{
    for (size_t i = 0; i < n; i++) ((uint8_t *)to)[i] = (uint8_t)draw();
}

static const char *draw_name(void) { return "drawn"; }
static struct randombytes_implementation drawing = {draw_name, draw, NULL, NULL, draw_bytes, NULL};

/* ---- calling ------------------------------------------------------------------------------------------- */

typedef int32_t call_fn(uint32_t handle, uint32_t n);

static struct str answer(void)
{
    return str_at(troth_answer(), troth_answer_n());
}

static int32_t ask_at(const char *name, call_fn *fn, uint32_t handle, struct str in)
{
    uint8_t hash[HASH_BYTES];
    uint8_t *room = troth_room((uint32_t)in.len);
    EXPECT(room != NULL);
    if (in.len > 0) memcpy(room, in.at, in.len);
    int32_t status = fn(handle, (uint32_t)in.len);
    hash_of(hash, CTX_BLOB, PARTS(answer()));
    printf("# %s %d %u %02x%02x%02x%02x%02x%02x%02x%02x\n", name, (int)status, (unsigned)troth_answer_n(), hash[0],
           hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]);
    return status;
}
#define ask(name, handle, in) ask_at(#name, troth_##name, handle, in)

/* What is asked: a map of the fields that are put. */
static uint8_t asked[LONG_BYTES];
static struct out fields(size_t n)
{
    struct out o = OUT_OVER(asked);
    cbor_put_map(&o, n);
    return o;
}
static void put_number(struct out *o, unsigned key, uint64_t n) { cbor_put_uint(o, key); cbor_put_uint(o, n); }
static void put_bytes(struct out *o, unsigned key, struct str s) { cbor_put_uint(o, key); cbor_put_bytes(o, s); }
static void put_text(struct out *o, unsigned key, const char *s)
{
    cbor_put_uint(o, key);
    cbor_put_text(o, str_of_text(s));
}

/* A field of the last answer. */
static struct str item(unsigned key)
{
    struct cbor_map map;
    struct str first, rest;
    EXPECT(cbor_first(answer(), &first, &rest) == ERR_OK && cbor_map(first, &map) == ERR_OK && cbor_map_has(&map, key));
    return map.item[key];
}
static bool has(unsigned key)
{
    struct cbor_map map;
    struct str first, rest;
    EXPECT(cbor_first(answer(), &first, &rest) == ERR_OK && cbor_map(first, &map) == ERR_OK);
    return cbor_map_has(&map, key);
}
static uint64_t number(unsigned key)
{
    uint64_t n;
    EXPECT(cbor_uint(item(key), &n) == ERR_OK);
    return n;
}
static void bytes(unsigned key, void *to, size_t n) { EXPECT(cbor_bytes_n(item(key), to, n) == ERR_OK); }

/* A byte string of the last answer, kept until memory is used again. */
static struct str kept(unsigned key, uint8_t *memory, size_t cap)
{
    struct str s;
    EXPECT(cbor_bytes(item(key), &s) == ERR_OK && s.len <= cap);
    memcpy(memory, s.at, s.len);
    return str_at(memory, s.len);
}

/* ---- two people and a server that keeps what it is given ----------------------------------------------- */

struct side {
    const char *name;
    uint8_t code[SECRET_BYTES], wrapped[SECRET_WRAPPED_BYTES], sign_pk[SIGN_PK_BYTES], profile_memory[256];
    struct str profile;
    uint32_t access, account, circle;
    uint8_t pin_memory[256], keys_memory[4096];
    struct str pin, keys;
    uint8_t items_memory[LONG_BYTES];
    struct out items; /* [id, field] one behind the other */
    uint64_t group;
};

static struct side ana = {.name = "Ana"}, ben = {.name = "Ben"};
static uint8_t record_memory[RECORD_BYTES], wires_memory[RECORD_BYTES];
static struct out record; /* all entries */
static uint32_t server;   /* a circle that nobody holds: it verifies everything */
static uint8_t circle_id[HASH_BYTES];

static void make_side(struct side *s)
{
    struct out o = fields(1), text = OUT_OVER(s->profile_memory);
    struct profile profile = {.name = str_of_text(s->name), .colour = 3, .zone = STR("Europe/Madrid")};
    put_number(&o, 1, CODE_ACCOUNT);
    vector_check("code_new", ask(code_new, 0, out_str(&o)) == ERR_OK);
    bytes(1, s->code, sizeof s->code);
    o = fields(1);
    put_bytes(&o, 1, STR_OF(s->code));
    vector_check("access", ask(access, 0, out_str(&o)) == ERR_OK);
    s->access = (uint32_t)number(1);
    vector_check("account_new", ask(account_new, s->access, STR("")) == ERR_OK);
    s->account = (uint32_t)number(1);
    bytes(2, s->sign_pk, sizeof s->sign_pk);
    bytes(4, s->wrapped, sizeof s->wrapped);
    profile_put(&text, &profile);
    s->profile = out_str(&text);
    s->items = OUT_OVER(s->items_memory);
}

/* Keeps what the last answer says has to be kept. */
static void keep(struct side *s)
{
    if (has(4)) s->pin = kept(4, s->pin_memory, sizeof s->pin_memory);
    if (has(5)) s->keys = kept(5, s->keys_memory, sizeof s->keys_memory);
}

/* Puts the items of a draft into the outbox. */
static void keep_items(struct side *s)
{
    struct cbor_list list;
    EXPECT(cbor_list(item(1), &list) == ERR_OK);
    for (size_t i = 0; i < list.item_n; i++) out_put(&s->items, list.item[i]);
    s->group++;
    EXPECT(!s->items.is_full);
}

static struct out drafting(const struct side *s, size_t field_n)
{
    struct out o = fields(2 + field_n);
    put_number(&o, 1, NOW_MS + s->group);
    put_number(&o, 2, s->group);
    return o;
}

/* Signs what waits and sends it; both sides have it then. */
static void flush(struct side *s, struct side *other, const char *what)
{
    struct out o = OUT_OVER(asked), wires = OUT_OVER(wires_memory);
    struct cbor_list list, pair;
    struct str wire;
    cbor_put_uint(&o, NOW_MS + 1000);
    out_put(&o, out_str(&s->items));
    bool is_signed = ask(sign, s->circle, out_str(&o)) == ERR_OK && cbor_list(item(1), &list) == ERR_OK;
    vector_check(what, is_signed && list.item_n > 0);
    for (size_t i = 0; is_signed && i < list.item_n; i++) {
        EXPECT(cbor_list(list.item[i], &pair) == ERR_OK && cbor_bytes(pair.item[1], &wire) == ERR_OK);
        out_put(&wires, wire);
    }
    s->items.len = 0;
    out_put(&record, out_str(&wires));
    vector_check("the server takes it", ask(circle_add, server, out_str(&wires)) == ERR_OK);
    vector_check("recorded", ask(recorded, s->circle, out_str(&wires)) == ERR_OK);
    keep(s);
    if (other == NULL || other->circle == 0) return;
    vector_check("the other takes it", ask(circle_add, other->circle, out_str(&wires)) == ERR_OK);
    keep(other);
}

/* ---- the story ----------------------------------------------------------------------------------------- */

static void accounts(void)
{
    uint8_t pw[KEY_BYTES], cred_id[ID_BYTES], challenge[CHALLENGE_BYTES] = {7}, body_memory[2048], sealed_memory[512];
    make_side(&ana);
    make_side(&ben);
    struct out o = fields(2);
    put_bytes(&o, 1, STR_OF(ana.code));
    put_text(&o, 2, "correct horse");
    vector_check("pw", ask(pw, 0, out_str(&o)) == ERR_OK);
    bytes(1, pw, sizeof pw);
    vector_check("access by passphrase", ask(access, 0, out_str(&o)) == ERR_OK);
    uint32_t first = (uint32_t)number(1);
    o = fields(2);
    put_bytes(&o, 1, STR_OF(ana.code));
    put_bytes(&o, 3, STR_OF(pw));
    vector_check("access by pw", ask(access, 0, out_str(&o)) == ERR_OK);
    bytes(2, cred_id, sizeof cred_id);
    uint32_t second = (uint32_t)number(1);
    o = fields(2);
    put_text(&o, 1, "https://troth.example");
    put_bytes(&o, 2, STR_OF(challenge));
    ask(body_login, first, out_str(&o));
    struct str body = kept(1, body_memory, sizeof body_memory);
    ask(body_login, second, out_str(&o));
    struct str again;
    EXPECT(cbor_bytes(item(1), &again) == ERR_OK);
    vector_check("both accesses are the same", str_is(body, again));
    o = fields(2);
    put_bytes(&o, 1, STR_OF(ana.wrapped));
    put_bytes(&o, 2, STR_OF(ana.sign_pk));
    vector_check("account_open", ask(account_open, ana.access, out_str(&o)) == ERR_OK);
    troth_close((uint32_t)number(1));
    vector_check("another's access", ask(account_open, ben.access, out_str(&o)) == ERR_WRONG_SECRET);
    o = fields(3);
    put_text(&o, 1, "token");
    put_bytes(&o, 2, STR("row"));
    put_bytes(&o, 3, STR("a token"));
    vector_check("seal", ask(seal, ana.account, out_str(&o)) == ERR_OK);
    struct str field = kept(1, sealed_memory, sizeof sealed_memory);
    o = fields(3);
    put_text(&o, 1, "token");
    put_bytes(&o, 2, STR("row"));
    put_bytes(&o, 3, field);
    vector_check("unseal", ask(unseal, ana.account, out_str(&o)) == ERR_OK);
    vector_check("another's field", ask(unseal, ben.account, out_str(&o)) == ERR_WRONG_SECRET);
}

static void bodies(void)
{
    const uint8_t challenge[CHALLENGE_BYTES] = {7}, permit[SECRET_BYTES] = {9};
    for (unsigned way = 5; way <= 6; way++) {
        struct out o = fields(5);
        put_text(&o, 1, "https://troth.example");
        put_bytes(&o, 2, STR_OF(challenge));
        put_number(&o, 3, ana.access);
        put_bytes(&o, 4, STR_OF(ana.wrapped));
        put_bytes(&o, way, STR_OF(permit));
        vector_check("body_register", ask(body_register, ana.account, out_str(&o)) == ERR_OK);
    }
    struct out o = fields(4);
    put_text(&o, 1, "https://troth.example");
    put_bytes(&o, 2, STR_OF(challenge));
    put_number(&o, 3, 2);
    cbor_put_uint(&o, 4);
    cbor_put_list(&o, 1);
    cbor_put_uint(&o, ana.access);
    vector_check("body_creds", ask(body_creds, ana.account, out_str(&o)) == ERR_OK);
    o = fields(2);
    put_text(&o, 1, "https://troth.example");
    put_bytes(&o, 2, STR_OF(challenge));
    vector_check("body_close", ask(body_close, ana.account, out_str(&o)) == ERR_OK);
    o = fields(3);
    put_text(&o, 1, "https://troth.example");
    put_bytes(&o, 2, STR_OF(challenge));
    put_bytes(&o, 3, STR_OF(permit));
    vector_check("body_invite", ask(body_invite, 0, out_str(&o)) == ERR_OK);
    o = fields(2);
    put_text(&o, 1, "https://troth.example/");
    put_bytes(&o, 2, STR_OF(challenge));
    vector_check("no origin", ask(body_close, ana.account, out_str(&o)) == CALL_BAD_INPUT);
}

static void begin_circle(void)
{
    uint8_t memory[256];
    struct out facts = OUT_OVER(memory), o = fields(3);
    facts_put(&facts, &(struct facts){.name = STR("Ana and Ben"), .kind = FACTS_COUPLE});
    put_number(&o, 1, NOW_MS);
    put_bytes(&o, 2, ana.profile);
    put_bytes(&o, 3, out_str(&facts));
    vector_check("circle_new", ask(circle_new, ana.account, out_str(&o)) == ERR_OK);
    ana.circle = (uint32_t)number(1);
    bytes(2, circle_id, sizeof circle_id);
    record = OUT_OVER(record_memory);
    struct str wires = kept(3, wires_memory, sizeof wires_memory);
    out_put(&record, wires);
    o = fields(1);
    put_bytes(&o, 1, STR_OF(circle_id));
    vector_check("circle_open", ask(circle_open, 0, out_str(&o)) == ERR_OK);
    server = (uint32_t)number(1);
    vector_check("not loaded yet", ask(circle_add, server, wires) == CALL_BAD_TIME);
    vector_check("circle_loaded", ask(circle_loaded, server, STR("")) == ERR_OK && number(5) == 1);
    vector_check("the server takes it", ask(circle_add, server, wires) == ERR_OK && number(1) == 3);
}

static void invite_and_join(void)
{
    uint8_t secret[SECRET_BYTES];
    struct out o = drafting(&ana, 2);
    put_number(&o, 3, NOW_MS + 1000000);
    put_bytes(&o, 4, ana.profile);
    vector_check("invite", ask(invite, ana.circle, out_str(&o)) == ERR_OK);
    bytes(3, secret, sizeof secret);
    keep_items(&ana);
    flush(&ana, NULL, "the invitation is signed");
    vector_check("invites", ask(invites, ana.circle, STR("")) == ERR_OK && number(1) == 1);
    o = fields(1);
    put_bytes(&o, 1, STR_OF(circle_id));
    vector_check("open", ask(circle_open, ben.account, out_str(&o)) == ERR_OK);
    ben.circle = (uint32_t)number(1);
    ask(circle_loaded, ben.circle, STR(""));
    vector_check("Ben reads", ask(circle_add, ben.circle, out_str(&record)) == ERR_OK && number(1) == 7);
    o = fields(2);
    put_bytes(&o, 1, STR_OF(secret));
    put_number(&o, 2, 4);
    vector_check("look", ask(look, ben.circle, out_str(&o)) == ERR_OK);
    vector_check("the name is seen before joining", ask(circle_status, ben.circle, STR("")) == ERR_OK && has(14));
    vector_check("members", ask(members, ben.circle, STR("")) == ERR_OK && number(1) == 1);
    o = drafting(&ben, 2);
    put_bytes(&o, 3, STR_OF(secret));
    put_bytes(&o, 4, ben.profile);
    vector_check("join", ask(join, ben.circle, out_str(&o)) == ERR_OK);
    keep_items(&ben);
    flush(&ben, &ana, "the join is signed");
    vector_check("two members", ask(members, ana.circle, STR("")) == ERR_OK && number(1) == 2);
}

static uint8_t promise_id[ID_BYTES] = {0x70};

static int32_t act(struct side *s, enum promise_act_kind kind)
{
    uint8_t memory[1024];
    struct out text = OUT_OVER(memory);
    struct promise_act a = {.act = kind, .promise = promise_id, .to = ben.sign_pk,
                            .what = STR("Water the <b>plants</b>"), .has_when = kind == PROMISE_MADE,
                            .when.kind = PROMISE_WHEN_OPEN};
    promise_act_put(&text, &a);
    struct out o = drafting(s, kind == PROMISE_MADE ? 2 : 1);
    put_bytes(&o, 3, out_str(&text));
    if (kind == PROMISE_MADE) put_bytes(&o, 4, STR_OF(promise_id));
    return ask(say, s->circle, out_str(&o));
}

/* The outcome of the promise's one turn. */
static uint64_t outcome(uint32_t circle)
{
    struct str first, rest, promise;
    struct cbor_map map;
    struct cbor_list chunks, turns;
    uint64_t came_to = 99;
    struct out o = fields(2);
    put_bytes(&o, 1, STR_OF(promise_id));
    put_number(&o, 2, NOW_MS + 5000);
    if (ask(promise, circle, out_str(&o)) != ERR_OK) return came_to;
    bool is_read = cbor_first(answer(), &first, &rest) == ERR_OK && cbor_first(rest, &promise, &rest) == ERR_OK &&
                   cbor_map(promise, &map) == ERR_OK && cbor_list(map.item[15], &chunks) == ERR_OK &&
                   cbor_list(chunks.item[0], &turns) == ERR_OK && cbor_map(turns.item[0], &map) == ERR_OK;
    return is_read && cbor_uint(map.item[1], &came_to) == ERR_OK ? came_to : 99;
}

static void promise_and_keep(void)
{
    vector_check("Ana promises", act(&ana, PROMISE_MADE) == ERR_OK);
    keep_items(&ana);
    vector_check("show", ask(show, ana.circle, out_str(&ana.items)) == ERR_OK && number(1) == 1);
    vector_check("what waits is seen", outcome(ana.circle) == PROMISE_NOT_DUE);
    vector_check("Ana says done before it is sent", act(&ana, PROMISE_DONE) == ERR_OK);
    keep_items(&ana);
    vector_check("show more", ask(show, ana.circle, out_str(&ana.items)) == ERR_OK && number(1) == 2);
    vector_check("done is seen", outcome(ana.circle) == PROMISE_WAITING);
    flush(&ana, &ben, "both are signed");
    vector_check("it says the same to Ben", outcome(ben.circle) == PROMISE_WAITING);
    vector_check("Ben cannot say done", act(&ben, PROMISE_DONE) == CALL_REFUSED);
    struct out o = fields(3);
    put_bytes(&o, 1, STR_OF(promise_id));
    put_number(&o, 2, 0);
    put_number(&o, 3, NOW_MS + 5000);
    vector_check("may", ask(may, ben.circle, out_str(&o)) == ERR_OK);
    vector_check("Ben says kept", act(&ben, PROMISE_KEPT) == ERR_OK);
    keep_items(&ben);
    flush(&ben, &ana, "kept is signed");
    vector_check("kept for Ana", outcome(ana.circle) == PROMISE_OUTCOME_KEPT);
    vector_check("kept for Ben", outcome(ben.circle) == PROMISE_OUTCOME_KEPT);
    o = fields(3);
    put_number(&o, 1, NOW_MS);
    put_number(&o, 2, 0);
    put_number(&o, 3, 10);
    vector_check("promises", ask(promises, ana.circle, out_str(&o)) == ERR_OK && number(1) == 1);
    o = fields(2);
    put_number(&o, 1, 0);
    put_number(&o, 2, 256);
    vector_check("rows", ask(rows, ben.circle, out_str(&o)) == ERR_OK && number(1) == 13);
}

static void erase_words(void)
{
    struct out o = drafting(&ana, 1);
    cbor_put_uint(&o, 3);
    cbor_put_list(&o, 1);
    cbor_put_uint(&o, 10);
    vector_check("erase", ask(erase, ana.circle, out_str(&o)) == ERR_OK);
    keep_items(&ana);
    flush(&ana, &ben, "the erasure is signed");
    vector_check("what was erased is told", has(6));
    vector_check("it stays kept", outcome(ben.circle) == PROMISE_OUTCOME_KEPT);
}

/* ---- loading again ------------------------------------------------------------------------------------- */

static uint32_t opened_again(bool has_pin)
{
    struct out o = fields(has_pin ? 3 : 1);
    put_bytes(&o, 1, STR_OF(circle_id));
    if (has_pin) {
        put_bytes(&o, 2, ana.pin);
        put_bytes(&o, 3, ana.keys);
    }
    vector_check("open again", ask(circle_open, ana.account, out_str(&o)) == ERR_OK);
    return (uint32_t)number(1);
}

static void load_again(void)
{
    uint32_t again = opened_again(true);
    vector_check("load", ask(circle_load, again, out_str(&record)) == ERR_OK);
    vector_check("the pin is kept", ask(circle_loaded, again, STR("")) == ERR_OK && number(5) == 1 && number(4) == 1);
    vector_check("the same promise", outcome(again) == PROMISE_OUTCOME_KEPT);
    troth_close(again);
    again = opened_again(true);
    struct str first, rest;
    EXPECT(cbor_first(out_str(&record), &first, &rest) == ERR_OK);
    ask(circle_load, again, first);
    vector_check("a record cut short", ask(circle_loaded, again, STR("")) == ERR_ROLLED_BACK);
    troth_close(again);

    again = opened_again(false);
    vector_check("a new device loads", ask(circle_load, again, out_str(&record)) == ERR_OK);
    vector_check("and is not ready", ask(circle_loaded, again, STR("")) == ERR_OK && number(5) == 0);
    vector_check("shows nothing", ask(members, again, STR("")) == CALL_BAD_TIME);
    int32_t status = ask(circle_check, again, out_str(&record));
    vector_check("verified from its own newest on", status == ERR_OK && number(5) == 1);
    vector_check("and the rest", number(4) == 1);
    vector_check("the same promise there", outcome(again) == PROMISE_OUTCOME_KEPT);
    vector_check("keep", ask(circle_keep, again, STR("")) == ERR_OK && has(4) && has(5));
    troth_close(again);

    again = opened_again(false);
    record_memory[record.len - 700] ^= 1; /* in the last entry */
    vector_check("a bit changed", ask(circle_load, again, out_str(&record)) > 0);
    record_memory[record.len - 700] ^= 1;
    troth_close(again);
}

static void compare_heads(void)
{
    uint8_t memory[128];
    struct str token;
    vector_check("head", ask(head, ana.circle, STR("")) == ERR_OK);
    EXPECT(cbor_text(item(1), &token) == ERR_OK && token.len < sizeof memory);
    memcpy(memory, token.at, token.len);
    struct out o = fields(1);
    cbor_put_uint(&o, 1);
    cbor_put_text(&o, str_at(memory, token.len));
    vector_check("compare", ask(compare, ben.circle, out_str(&o)) == ERR_OK && number(1) == 0);
}

static void part(void)
{
    struct out o = drafting(&ben, 0);
    vector_check("leave", ask(leave, ben.circle, out_str(&o)) == ERR_OK);
    keep_items(&ben);
    flush(&ben, &ana, "the leave is signed");
    vector_check("a new key is owed", ask(circle_status, ana.circle, STR("")) == ERR_OK && number(11) != 0);
    o = drafting(&ana, 0);
    vector_check("owed", ask(owed, ana.circle, out_str(&o)) == ERR_OK);
    keep_items(&ana);
    flush(&ana, NULL, "the new key is signed");
    vector_check("nothing is owed", ask(circle_status, ana.circle, STR("")) == ERR_OK && number(11) == 0);
    vector_check("Ben may say nothing", act(&ben, PROMISE_DONE) == ERR_NOT_MEMBER);
}

/* ---- what a caller may get wrong ----------------------------------------------------------------------- */

static void misuse_is_told(void)
{
    uint8_t garbage[64];
    struct call call = {.out = OUT_OVER(garbage)};
    call_put_text(&call, 1, STR("\xc3\x28"));
    vector_check("bytes that are no text", str_is(out_str(&call.out), STR("\x01\x60")));
    vector_check("a handle of nothing", ask(members, 0, STR("")) == CALL_BAD_HANDLE);
    vector_check("another kind's handle", ask(members, ana.account, STR("")) == CALL_BAD_HANDLE);
    vector_check("another generation's", ask(members, ana.circle ^ 256, STR("")) == CALL_BAD_HANDLE);
    vector_check("more than the room", troth_room(8) != NULL && troth_members(ana.circle, 9) == CALL_BAD_RANGE);
    vector_check("too much room", troth_room(CALL_ROOM_BYTES + 1) == NULL);
    vector_check("no fields", ask(may, ana.circle, STR("")) == CALL_BAD_INPUT);
    vector_check("trailing bytes", ask(members, ana.circle, STR("\xa0\xa0")) == CALL_BAD_INPUT);
    vector_check("closing twice", troth_close(server) == ERR_OK && troth_close(server) == CALL_BAD_HANDLE);
    uint32_t before = ana.circle;
    for (int i = 0; i < 300; i++) {
        draw_bytes(garbage, sizeof garbage);
        int32_t status = troth_room(64) != NULL ? (memcpy(troth_room(64), garbage, 64), troth_sign(before, 64)) : 1;
        if (status != CALL_BAD_INPUT) vector_check("garbage to sign", false);
    }
    uint32_t handle[SLOTS + 1];
    size_t n = 0;
    struct out o = fields(1);
    put_bytes(&o, 1, STR_OF(ana.code));
    while (n < SLOTS + 1) {
        memcpy(troth_room((uint32_t)o.len), o.at, o.len);
        if (troth_access(0, (uint32_t)o.len) != ERR_OK) break;
        handle[n++] = (uint32_t)number(1);
    }
    vector_check("too many things open", n > 0 && n < SLOTS && ask(access, 0, out_str(&o)) == CALL_NO_SLOT);
    for (size_t i = 0; i < n; i++) EXPECT(troth_close(handle[i]) == ERR_OK);
    uint8_t *room = troth_room(4);
    memcpy(room, "mine", 4);
    troth_lock();
    vector_check("locked: nothing is left", ask(members, ana.circle, STR("")) == CALL_BAD_HANDLE);
    vector_check("locked: the room is wiped", memcmp(room, "\0\0\0", 4) == 0);
}

int main(void)
{
    randombytes_set_implementation(&drawing);
    if (troth_begin() != ERR_OK) return 1;
    accounts();
    bodies();
    vector_check("errors", ask(errors, 0, STR("")) == ERR_OK);
    vector_check("laws", ask(laws, 0, STR("")) == ERR_OK);
    begin_circle();
    invite_and_join();
    promise_and_keep();
    erase_words();
    load_again();
    compare_heads();
    part();
    misuse_is_told();
    return vector_end();
}
