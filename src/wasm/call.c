/* call.c -- see call.h. */
#include "wasm/call.h"

static uint8_t room[CALL_ROOM_BYTES], answer[CALL_ANSWER_BYTES];
static size_t room_n, answer_n;

uint8_t *call_room(uint32_t n)
{
    wipe(room, room_n);
    room_n = n <= CALL_ROOM_BYTES ? n : 0;
    return n <= CALL_ROOM_BYTES ? room : NULL;
}

struct str call_answer(void)
{
    return str_at(answer, answer_n);
}

void call_forget(void)
{
    wipe(room, sizeof room);
    wipe(answer, sizeof answer);
    room_n = answer_n = 0;
}

/* ---- one call ------------------------------------------------------------------------------------------ */

static void put_cstr(struct out *o, unsigned key, const char *text)
{
    cbor_put_uint(o, key);
    cbor_put_text(o, str_of_text(text));
}

/* { 1: code, ? 2: field, ? 3: at, ? 4: text, ? 5: number of the law, ? 6: what was done all the same } */
static void put_why(struct call *c, int32_t status, struct str done)
{
    uint8_t memory[512];
    struct out o = OUT_OVER(memory);
    const struct why *why = &c->why;
    bool has_place = why->code != ERR_OK && why->at > 0;
    bool has_law = status == CALL_REFUSED;
    const char *text = has_law ? law_sentence(c->law) : why->text;
    cbor_put_map(&o, 1 + (size_t)(why->field != NULL) + (size_t)has_place + (size_t)(text != NULL) +
                         (size_t)has_law + (size_t)(done.len > 0));
    put_cstr(&o, 1, has_law ? "law" : err_code((enum err)status));
    if (why->field != NULL) put_cstr(&o, 2, why->field);
    if (has_place) {
        cbor_put_uint(&o, 3);
        cbor_put_uint(&o, why->at <= LIMIT_NUMBER ? why->at : LIMIT_NUMBER);
    }
    if (text != NULL) put_cstr(&o, 4, text);
    if (has_law) put_cstr(&o, 5, law_number(c->law));
    if (done.len > 0) cbor_put_uint(&o, 6);
    EXPECT(!o.is_full && done.len + o.len <= sizeof answer);
    memmove(answer + o.len, answer, done.len);
    memcpy(answer, memory, o.len);
    c->out.len = o.len + done.len;
}

static int32_t prepare(struct call *c, uint32_t handle, uint32_t n, const struct call_form *form)
{
    if (n > room_n) return CALL_BAD_RANGE;
    c->in = str_at(room, n);
    bool needs_slot = form->kinds != 0 && !(form->may_lack_handle && handle == 0);
    if (needs_slot) c->slot = slot_find(handle, form->kinds);
    if (needs_slot && c->slot == NULL) return CALL_BAD_HANDLE;
    if (form->is_raw) return ERR_OK;
    if (n == 0 && form->needed == 0) return ERR_OK; /* no fields: the empty map need not be written */
    if (cbor_check(c->in) != ERR_OK || cbor_map(c->in, &c->map) != ERR_OK) return CALL_BAD_INPUT;
    return cbor_map_is(&c->map, form->needed, form->allowed) ? ERR_OK : CALL_BAD_INPUT;
}

int32_t call_run(uint32_t handle, uint32_t n, const struct call_form *form, int32_t (*act)(struct call *call))
{
    struct call c = {.out = out_over(answer, sizeof answer - 1024)}; /* a reason fits in front of the answer */
    wipe(answer, answer_n);
    answer_n = 0;
    arena_init(&c.a, CALL_ARENA_BYTES);
    c.a.holds_secrets = true;
    int32_t status = prepare(&c, handle, n, form);
    if (status == ERR_OK && form->may_come != NULL && !form->may_come(&c)) status = CALL_BAD_TIME;
    if (status == ERR_OK) status = act(&c);
    if (status == ERR_OK && c.out.is_full) status = ERR_TOO_LARGE;
    if (status > 0) put_why(&c, status, status == ERR_TOO_LARGE ? (struct str){0} : str_at(answer, c.out.len));
    answer_n = status >= 0 ? c.out.len : 0;
    arena_fini(&c.a);
    wipe(room, room_n);
    room_n = 0;
    return status;
}

/* ---- fields -------------------------------------------------------------------------------------------- */

bool call_number(const struct call *call, unsigned key, uint64_t most, uint64_t *number)
{
    return call_has(call, key) && cbor_uint(call->map.item[key], number) == ERR_OK && *number <= most;
}

bool call_bytes(const struct call *call, unsigned key, struct str *bytes)
{
    return call_has(call, key) && cbor_bytes(call->map.item[key], bytes) == ERR_OK;
}

bool call_text(const struct call *call, unsigned key, struct str *text)
{
    return call_has(call, key) && cbor_text(call->map.item[key], text) == ERR_OK;
}

const uint8_t *call_bytes_n(const struct call *call, unsigned key, size_t n)
{
    struct str bytes;
    return call_bytes(call, key, &bytes) && bytes.len == n ? bytes.at : NULL;
}

struct slot *call_slot(const struct call *call, unsigned key, enum slot_kind kind)
{
    uint64_t handle;
    return call_number(call, key, UINT32_MAX, &handle) ? slot_find((uint32_t)handle, (unsigned)kind) : NULL;
}

/* ---- answers ------------------------------------------------------------------------------------------- */

void call_put_bytes(struct call *call, unsigned key, const void *bytes, size_t n)
{
    cbor_put_uint(&call->out, key);
    cbor_put_bytes(&call->out, str_at(bytes, n));
}

void call_put_text(struct call *call, unsigned key, struct str text)
{
    cbor_put_uint(&call->out, key);
    cbor_put_text(&call->out, str_is_utf8(text) ? text : STR("")); /* what does not count may be anything */
}

void call_put_number(struct call *call, unsigned key, uint64_t number)
{
    cbor_put_uint(&call->out, key);
    cbor_put_uint(&call->out, number);
}

int32_t call_law(struct call *call, enum law law)
{
    call->law = law;
    call->out.len = 0;
    return CALL_REFUSED;
}
