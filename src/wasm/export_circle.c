/* export_circle.c -- reading a circle's record: from this device, from a server, by an invitation. See exports.h. */
#include "device/batch.h"
#include "device/local.h"
#include "device/look.h"
#include "device/owed.h"
#include "record/headtoken.h"
#include "wasm/hold.h"
#include "wasm/exports.h"

/* ---- open ---------------------------------------------------------------------------------------------- */

static enum err unsealed(struct call *c, unsigned key, struct str column, const uint8_t *id, struct str *text)
{
    struct str field;
    struct local_place place = {.column = column, .circle = id};
    if (!call_bytes(c, key, &field)) return ERR_BAD_FIELD;
    uint8_t *memory = arena_take(&c->a, field.len);
    return memory == NULL ? ERR_NO_MEMORY : local_open(memory, c->slot->me, &place, field, text);
}

static uint64_t be64_at(const uint8_t *at)
{
    uint64_t n = 0;
    for (size_t i = 0; i < 8; i++) n = n << 8 | at[i];
    return n;
}

static enum err take_pin(struct call *c, const uint8_t *id, struct slot_circle *circle)
{
    struct str text;
    enum err e = unsealed(c, 2, STR("pin"), id, &text);
    if (e == ERR_OK && text.len != 8 + HASH_BYTES) e = ERR_WRONG_SECRET;
    if (e != ERR_OK) return e;
    circle->has_pin = true;
    circle->pin.seq = be64_at(text.at);
    memcpy(circle->pin.hash, text.at + 8, HASH_BYTES);
    return ERR_OK;
}

static enum err take_keys(struct call *c, const uint8_t *id, struct copy *copy)
{
    const size_t row_bytes = 8 + KEY_BYTES;
    struct str text;
    enum err e = unsealed(c, 3, STR("keys"), id, &text);
    if (e == ERR_OK && text.len % row_bytes != 0) e = ERR_WRONG_SECRET;
    for (size_t i = 0; e == ERR_OK && i < text.len / row_bytes; i++) {
        const uint8_t *at = text.at + i * row_bytes;
        e = copy_give_key(copy, be64_at(at), at + 8);
    }
    return e;
}

static const struct secret_identity nobody; /* who only looks */

static struct slot *open_slot(struct slot *account, const uint8_t *id)
{
    struct slot *slot = slot_open(SLOT_CIRCLE);
    if (slot == NULL) return NULL;
    slot->account = account;
    copy_init(&slot->circle->copy, id, account != NULL ? account->me : &nobody, SLOT_CIRCLE_BYTES);
    return slot;
}

static int32_t open_circle(struct call *c)
{
    const uint8_t *id = call_bytes_n(c, 1, HASH_BYTES);
    if (id == NULL || (c->slot == NULL && (call_has(c, 2) || call_has(c, 3)))) return CALL_BAD_INPUT;
    struct slot *slot = open_slot(c->slot, id);
    if (slot == NULL) return CALL_NO_SLOT;
    enum err e = call_has(c, 2) ? take_pin(c, id, slot->circle) : ERR_OK;
    if (e == ERR_OK && call_has(c, 3)) e = take_keys(c, id, &slot->circle->copy);
    if (e != ERR_OK) {
        slot_close(slot);
        return e == ERR_BAD_FIELD ? CALL_BAD_INPUT : (int32_t)e;
    }
    cbor_put_map(&c->out, 1);
    call_put_number(c, 1, slot->handle);
    return ERR_OK;
}

/* ---- a circle that begins here ------------------------------------------------------------------------- */

enum { FIRST_BATCH = 3 };

static enum err sign_first(struct call *c, struct sign *s, struct str facts, struct str profile, struct entry *entry,
                           size_t *n)
{
    struct str text[FIRST_BATCH - 1];
    size_t text_n = 0;
    if (facts.len > 0) text[text_n++] = facts;
    text[text_n++] = profile;
    enum err e = sign_genesis(s, facts.len == 0, &entry[0], &c->why);
    *n = 1;
    for (size_t i = 0; e == ERR_OK && i < text_n; i++) {
        struct item item = {.kind = ITEM_SAY, .content = text[i]};
        random_fill(item.id, sizeof item.id);
        e = sign_item(s, &item, &entry[*n], &c->why);
        *n += 1;
    }
    return e;
}

static int32_t put_new(struct call *c, struct slot *slot, const struct entry *entry, size_t n)
{
    size_t wire_n = 0;
    enum err e = ERR_OK;
    for (size_t i = 0; i < n; i++) wire_n += entry[i].wire.len;
    uint8_t *memory = arena_take(&c->a, wire_n);
    if (memory == NULL) return ERR_NO_MEMORY;
    struct out wires = out_over(memory, wire_n);
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        out_put(&wires, entry[i].wire);
        e = copy_add(&slot->circle->copy, entry[i].wire, COPY_KNOWN, entry[i].time_ms, NULL, &c->why);
    }
    if (e == ERR_OK) e = check_begin(&slot->circle->check, &slot->circle->copy, NULL);
    if (e != ERR_OK) return (int32_t)e;
    /* signed just now, by us */
    slot->circle->check.tail_next = slot->circle->check.back_next = copy_n(&slot->circle->copy);
    slot->circle->is_read = slot->circle->is_ready = true;
    cbor_put_map(&c->out, 4);
    call_put_number(c, 1, slot->handle);
    call_put_bytes(c, 2, slot->circle->copy.id, HASH_BYTES);
    call_put_bytes(c, 3, wires.at, wires.len);
    cbor_put_uint(&c->out, 4);
    hold_put_kept(c, slot, n);
    return ERR_OK;
}

static int32_t new_circle(struct call *c)
{
    uint64_t now_ms;
    struct str facts = {0}, profile;
    struct profile read_profile;
    struct facts read_facts;
    struct entry entry[FIRST_BATCH];
    struct sign signer;
    size_t n = 0;
    if (!call_number(c, 1, LIMIT_NUMBER, &now_ms) || !call_bytes(c, 2, &profile)) return CALL_BAD_INPUT;
    if (call_has(c, 3) && !call_bytes(c, 3, &facts)) return CALL_BAD_INPUT;
    enum law law = profile_read(profile, &read_profile);
    if (law == LAW_OK && call_has(c, 3)) law = facts_read(facts, &read_facts);
    if (law != LAW_OK) return call_law(c, law);
    struct slot *slot = open_slot(c->slot, NULL);
    if (slot == NULL) return CALL_NO_SLOT;
    sign_init(&signer, &slot->circle->copy, now_ms);
    enum err e = sign_first(c, &signer, facts, profile, entry, &n);
    int32_t done = e == ERR_OK ? put_new(c, slot, entry, n) : (int32_t)e;
    sign_fini(&signer);
    if (done != ERR_OK) slot_close(slot);
    return done;
}

/* ---- what this device has, or has downloaded and not verified yet -------------------------------------- */

/* Entry by entry through the room, until one is bad. */
static enum err each(struct call *c, enum err (*act)(struct call *c, struct str wire), uint64_t *done_n)
{
    struct str left = c->in;
    enum err e = ERR_OK;
    while (e == ERR_OK && left.len > 0) {
        struct str wire;
        e = cbor_first(left, &wire, &left);
        if (e != ERR_OK) c->why = (struct why){.code = e, .field = "entry"};
        else e = act(c, wire);
        *done_n += e == ERR_OK;
    }
    return e;
}

static enum err load_one(struct call *c, struct str wire)
{
    return copy_add(hold_copy(c), wire, COPY_KNOWN, 0, NULL, &c->why);
}

static int32_t load(struct call *c)
{
    uint64_t n = 0;
    enum err e = each(c, load_one, &n);
    if (e != ERR_OK) return (int32_t)e;
    cbor_put_map(&c->out, 1);
    call_put_number(c, 1, copy_n(hold_copy(c)));
    return ERR_OK;
}

/* Folds when nothing is left that has to be verified first. */
static enum err go_on(struct slot_circle *circle)
{
    if (circle->is_ready || !check_is_done(&circle->check, &circle->copy)) return ERR_OK;
    enum err e = copy_fold(&circle->copy);
    if (e == ERR_OK) circle->is_ready = true;
    return e;
}

static int32_t put_checked(struct call *c)
{
    const struct slot_circle *circle = hold_of(c);
    cbor_put_map(&c->out, 5);
    call_put_number(c, 1, circle->check.tail_next);
    call_put_number(c, 2, copy_n(&circle->copy));
    call_put_number(c, 3, circle->check.back_next);
    call_put_number(c, 4, check_is_whole(&circle->check));
    call_put_number(c, 5, circle->is_ready);
    return ERR_OK;
}

static int32_t loaded(struct call *c)
{
    struct slot_circle *circle = hold_of(c);
    enum err e = check_begin(&circle->check, &circle->copy, circle->has_pin ? &circle->pin : NULL);
    if (e == ERR_OK) {
        circle->is_read = true;
        if (circle->has_pin) circle->check.back_next = circle->check.tail_first; /* verified when it came */
        e = go_on(circle);
    }
    return e == ERR_OK ? put_checked(c) : (int32_t)e;
}

static enum err check_one(struct call *c, struct str wire)
{
    return check_take(&hold_of(c)->check, hold_copy(c), wire);
}

static int32_t check(struct call *c)
{
    uint64_t n = 0;
    enum err e = each(c, check_one, &n);
    if (e == ERR_OK) e = go_on(hold_of(c));
    return e == ERR_OK ? put_checked(c) : (int32_t)e;
}

/* ---- what a server sends ------------------------------------------------------------------------------- */

static enum err add_one(struct call *c, struct str wire)
{
    struct slot_circle *circle = hold_of(c);
    enum err e = copy_add(&circle->copy, wire, COPY_VERIFY, 0, NULL, &c->why);
    if (e == ERR_OK) circle->check.tail_next = copy_n(&circle->copy);
    return e;
}

/* All that is good in front of what is not. */
static int32_t add(struct call *c)
{
    struct slot_circle *circle = hold_of(c);
    uint64_t n = 0;
    enum err e = each(c, add_one, &n);
    if (n > 0) circle->is_said = false;
    enum err folded = e != ERR_NO_MEMORY ? copy_fold(&circle->copy) : e;
    if (folded == ERR_NO_MEMORY) return ERR_NO_MEMORY;
    hold_put_kept(c, c->slot, n);
    return (int32_t)e;
}

static int32_t keep(struct call *c)
{
    hold_put_kept(c, c->slot, 0);
    return ERR_OK;
}

/* ---- how it stands ------------------------------------------------------------------------------------- */

static int32_t status(struct call *c)
{
    const struct copy *copy = hold_copy(c);
    const struct circle *at = &copy->chain.circle;
    const struct facts *facts = &copy->state.facts;
    bool has_facts = facts->kind != FACTS_NONE;
    cbor_put_map(&c->out, 13 + 2 * (size_t)has_facts);
    call_put_bytes(c, 1, copy->id, HASH_BYTES);
    call_put_number(c, 2, copy_n(copy));
    call_put_bytes(c, 3, at->head_hash, HASH_BYTES);
    call_put_number(c, 4, copy_is_in(copy));
    call_put_number(c, 5, copy_is_locked_out(copy));
    call_put_number(c, 6, at->is_sole);
    call_put_number(c, 7, at->epoch);
    call_put_number(c, 8, at->must_rotate);
    call_put_number(c, 9, at->member_n);
    call_put_number(c, 10, copy->provisional_n);
    call_put_number(c, 11, owed_rotate(copy));
    call_put_number(c, 12, owed_keys_are_due(copy));
    call_put_number(c, 13, check_is_whole(&hold_of(c)->check));
    if (!has_facts) return ERR_OK;
    call_put_text(c, 14, facts->name);
    call_put_number(c, 15, (uint64_t)facts->kind);
    return ERR_OK;
}

/* ---- an invitation ------------------------------------------------------------------------------------- */

static int32_t look(struct call *c)
{
    struct look_seen seen;
    uint64_t seq;
    const uint8_t *secret = call_bytes_n(c, 1, SECRET_BYTES);
    struct copy *copy = hold_copy(c);
    if (secret == NULL || !call_number(c, 2, LIMIT_SEQ, &seq)) return CALL_BAD_INPUT;
    enum err e = look_open(copy, secret, seq, &seen);
    if (e != ERR_OK) return (int32_t)e;
    cbor_put_map(&c->out, 3);
    call_put_bytes(c, 1, seen.inviter, SIGN_PK_BYTES);
    call_put_number(c, 2, seen.expires_ms);
    call_put_number(c, 3, copy_is_in(copy));
    return ERR_OK;
}

/* ---- heads --------------------------------------------------------------------------------------------- */

static struct headtoken my_head(const struct copy *copy)
{
    struct headtoken head = {.seq = copy->chain.circle.head_seq};
    memcpy(head.circle, copy->id, HEADTOKEN_CIRCLE_BYTES);
    memcpy(head.hash, copy->chain.circle.head_hash, HASH_BYTES);
    return head;
}

static int32_t head(struct call *c)
{
    uint8_t memory[HEADTOKEN_TEXT_BYTES];
    struct out text = OUT_OVER(memory);
    if (copy_n(hold_copy(c)) == 0) return CALL_BAD_TIME;
    struct headtoken mine = my_head(hold_copy(c));
    headtoken_put(&text, &mine);
    cbor_put_map(&c->out, 1);
    call_put_text(c, 1, out_str(&text));
    return ERR_OK;
}

static int32_t compare(struct call *c)
{
    struct headtoken theirs;
    struct str text;
    const struct copy *copy = hold_copy(c);
    if (!call_text(c, 1, &text)) return CALL_BAD_INPUT;
    if (copy_n(copy) == 0) return CALL_BAD_TIME;
    enum err e = headtoken_read(text, &theirs);
    if (e != ERR_OK) return (int32_t)e;
    struct headtoken mine = my_head(copy);
    const uint8_t *there = theirs.seq < copy_n(copy) ? index_row(&copy->chain.index, theirs.seq)->hash : NULL;
    cbor_put_map(&c->out, 3);
    call_put_number(c, 1, (uint64_t)headtoken_compare(&mine, &theirs, there));
    call_put_number(c, 2, theirs.seq);
    call_put_bytes(c, 3, theirs.hash, HASH_BYTES);
    return ERR_OK;
}

int32_t troth_circle_open(uint32_t handle, uint32_t n)
{
    static const struct call_form form = {.kinds = SLOT_ACCOUNT, .may_lack_handle = true, .needed = CBOR_KEY(1),
                                          .allowed = CBOR_KEY(2) | CBOR_KEY(3)};
    return call_run(handle, n, &form, open_circle);
}

int32_t troth_circle_new(uint32_t handle, uint32_t n)
{
    static const struct call_form form = {.kinds = SLOT_ACCOUNT, .needed = CBOR_KEY(1) | CBOR_KEY(2),
                                          .allowed = CBOR_KEY(3)};
    return call_run(handle, n, &form, new_circle);
}

HOLD_CALL(circle_load, load, hold_is_loading, true, 0, 0)
HOLD_CALL(circle_loaded, loaded, hold_is_loading, false, 0, 0)
HOLD_CALL(circle_check, check, hold_is_checked, true, 0, 0)
HOLD_CALL(circle_add, add, hold_is_ready, true, 0, 0)
HOLD_CALL(circle_keep, keep, hold_is_ready, false, 0, 0)
HOLD_CALL(circle_status, status, hold_is_ready, false, 0, 0)
HOLD_CALL(look, look, hold_is_ready, false, CBOR_KEY(1) | CBOR_KEY(2), 0)
HOLD_CALL(head, head, hold_is_ready, false, 0, 0)
HOLD_CALL(compare, compare, hold_is_ready, false, CBOR_KEY(1), 0)
