/* calls.c -- the calls of the browser's module, in any order, with anything: a caller's mistake is a number and never
 * stops the program, and what comes back is CBOR.
 *
 *   input = calls, each: which, whose handle, what is asked
 *
 * What is asked is raw bytes, something that an earlier answer held, or a map whose fields are numbers, texts, bytes,
 * handles, and such things. Every input begins with the same account and a circle of its own.
 */
#include "wasm/call.h"

#include "kit/fuzz.h"
#include "practice/facts.h"
#include "practice/profile.h"
#include "wasm/exports.h"

#define NOON_MS UINT64_C(1770000000000)
enum { HANDLES = 8, CALLS = 48, THINGS = 32, THING_BYTES = 8192, ASKED_BYTES = 1 << 16, LONG_BYTES = 200 };

typedef int32_t call_fn(uint32_t handle, uint32_t n);

static int32_t close_one(uint32_t handle, uint32_t n)
{
    (void)n;
    return troth_close(handle);
}

/* All calls but those with Argon2id in them. */
static call_fn *const exported[] = {
    troth_code_new,      troth_code_read,    troth_code_text,     troth_link_text,    troth_link_read,
    troth_origin,        troth_errors,       troth_laws,          troth_refusal,      troth_account_new,
    troth_account_open,  troth_account_wrap, troth_body_register, troth_body_login,   troth_body_creds,
    troth_body_close,    troth_body_invite,  troth_seal,          troth_unseal,       troth_circle_open,
    troth_circle_new,    troth_circle_load,  troth_circle_loaded, troth_circle_check, troth_circle_add,
    troth_circle_keep,   troth_circle_status, troth_look,         troth_head,         troth_compare,
    troth_judge,         troth_say,          troth_invite,        troth_consent,      troth_join,
    troth_leave,         troth_rotate,       troth_erase,         troth_owed,         troth_item_text,
    troth_show,          troth_sign,         troth_live,          troth_recorded,     troth_find,
    troth_members,       troth_invites,      troth_promises,      troth_promise,      troth_may,
    troth_rows,          troth_text,         close_one,
};

static uint32_t handle[HANDLES];
static size_t handle_n;
static struct str thing[THINGS]; /* what answers held */
static uint8_t thing_memory[THINGS][THING_BYTES], asked[ASKED_BYTES];
static size_t thing_n;

void fuzz_open(void)
{
}

/* ---- answers ------------------------------------------------------------------------------------------ */

static void keep_thing(struct str bytes)
{
    size_t at = thing_n % THINGS;
    if (bytes.len == 0 || bytes.len > THING_BYTES) return;
    memcpy(thing_memory[at], bytes.at, bytes.len);
    thing[at] = str_at(thing_memory[at], bytes.len);
    thing_n++;
}

/* A field's item, what is in it if it is a byte string, and the members of a list. */
static void keep_field(struct str item)
{
    struct str bytes;
    struct cbor_list list;
    keep_thing(item);
    if (cbor_bytes(item, &bytes) == ERR_OK) keep_thing(bytes);
    if (cbor_list(item, &list) != ERR_OK) return;
    for (size_t i = 0; i < list.item_n && i < 4; i++) keep_thing(list.item[i]);
}

static void take_answer(int32_t status)
{
    struct str left = str_at(troth_answer(), troth_answer_n()), first;
    struct cbor_map map;
    uint64_t n;
    for (bool is_first = true; left.len > 0; is_first = false) {
        EXPECT(cbor_first(left, &first, &left) == ERR_OK);
        if (!is_first || cbor_map(first, &map) != ERR_OK) continue;
        for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) {
            if (cbor_map_has(&map, key)) keep_field(map.item[key]);
        }
        bool has_handle = status == ERR_OK && cbor_map_has(&map, 1) && cbor_uint(map.item[1], &n) == ERR_OK;
        if (has_handle && n > 255 && n <= UINT32_MAX) handle[handle_n++ % HANDLES] = (uint32_t)n;
    }
}

static int32_t ask(call_fn *fn, uint32_t of, struct str in)
{
    uint8_t *room = troth_room((uint32_t)in.len);
    EXPECT(room != NULL);
    if (in.len > 0) memcpy(room, in.at, in.len);
    int32_t status = fn(of, (uint32_t)in.len);
    EXPECT(status >= CALL_NO_SLOT && status <= CALL_REFUSED);
    if (fn == close_one) return status;
    EXPECT(status >= 0 || troth_answer_n() == 0);
    take_answer(status);
    return status;
}

/* ---- what is asked -------------------------------------------------------------------------------------- */

static struct str some_thing(struct fuzz_in *in)
{
    struct str one = thing[fuzz_below(in, THINGS)];
    return one.at == NULL ? STR("\xa0") : one;
}

static void put_value(struct fuzz_in *in, struct out *o)
{
    struct str bytes;
    switch (fuzz_below(in, 8)) {
    case 0: cbor_put_uint(o, fuzz_number(in) & LIMIT_NUMBER); return;
    case 1: cbor_put_uint(o, NOON_MS + fuzz_below(in, 256)); return;
    case 2: cbor_put_uint(o, handle[fuzz_below(in, HANDLES)]); return;
    case 3: cbor_put_bytes(o, fuzz_bytes(in, fuzz_below(in, LONG_BYTES))); return;
    case 4:
        bytes = fuzz_bytes(in, fuzz_below(in, LONG_BYTES));
        cbor_put_text(o, str_is_utf8(bytes) ? bytes : STR("https://troth.example"));
        return;
    case 5: cbor_put_bytes(o, some_thing(in)); return;
    case 6: out_put(o, some_thing(in)); return; /* perhaps no item at all */
    default:
        cbor_put_list(o, 1);
        out_put(o, some_thing(in));
    }
}

static struct str some_request(struct fuzz_in *in)
{
    struct out o = OUT_OVER(asked);
    size_t form = fuzz_below(in, 10), key = 1;
    if (form == 0) return fuzz_bytes(in, fuzz_below(in, LONG_BYTES));
    if (form == 1) return some_thing(in);
    if (form == 2) { /* what sign takes: the time, then items */
        cbor_put_uint(&o, NOON_MS);
        for (size_t n = fuzz_below(in, 4); n > 0; n--) out_put(&o, some_thing(in));
        return out_str(&o);
    }
    cbor_put_map(&o, form - 3);
    for (size_t i = 0; i < form - 3; i++, key += fuzz_byte(in) > 200 ? 2 : 1) {
        cbor_put_uint(&o, key);
        put_value(in, &o);
    }
    EXPECT(!o.is_full);
    return out_str(&o);
}

/* ---- one input --------------------------------------------------------------------------------------------- */

static void begin(void)
{
    uint8_t memory[2][256];
    struct out o = OUT_OVER(asked), profile = OUT_OVER(memory[0]), facts = OUT_OVER(memory[1]);
    const uint8_t code[SECRET_BYTES] = "somebody's own code";
    memset(thing, 0, sizeof thing);
    memset(handle, 0, sizeof handle);
    thing_n = handle_n = 0;
    cbor_put_map(&o, 1);
    cbor_put_uint(&o, 1);
    cbor_put_bytes(&o, STR_OF(code));
    EXPECT(ask(troth_access, 0, out_str(&o)) == ERR_OK);
    EXPECT(ask(troth_account_new, handle[0], STR("")) == ERR_OK);
    profile_put(&profile, &(struct profile){.name = STR("Ana"), .colour = 1, .zone = STR("Europe/Madrid")});
    facts_put(&facts, &(struct facts){.name = STR("Two"), .kind = FACTS_COUPLE});
    keep_thing(out_str(&profile));
    o = OUT_OVER(asked);
    cbor_put_map(&o, 3);
    cbor_put_uint(&o, 1);
    cbor_put_uint(&o, NOON_MS);
    cbor_put_uint(&o, 2);
    cbor_put_bytes(&o, out_str(&profile));
    cbor_put_uint(&o, 3);
    cbor_put_bytes(&o, out_str(&facts));
    EXPECT(ask(troth_circle_new, handle[1], out_str(&o)) == ERR_OK);
}

void fuzz_one(struct str input)
{
    struct fuzz_in in = {input};
    size_t good_n = 0;
    troth_lock();
    fuzz_random_begin(1);
    begin();
    for (size_t i = 0; i < CALLS && !fuzz_is_over(&in); i++) {
        call_fn *fn = exported[fuzz_below(&in, sizeof exported / sizeof *exported)];
        size_t whose = fuzz_below(&in, HANDLES + 2);
        uint32_t of = whose < HANDLES ? handle[whose] : whose == HANDLES ? 0 : (uint32_t)fuzz_number(&in);
        good_n += ask(fn, of, some_request(&in)) == ERR_OK;
    }
    if (good_n > 0) fuzz_good();
}
