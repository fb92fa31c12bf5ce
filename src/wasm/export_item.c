/* export_item.c -- what is written on this device: drafted, shown, signed, and found in the record. See exports.h.
 *
 * An item travels between module and database as one sealed field, so that nothing outside has to know what it is:
 *
 *   { 1: kind, 2: group, 3: made in ms, 4: content: bstr }      column "item", row: its id
 */
#include "device/batch.h"
#include "device/plan.h"
#include "device/local.h"
#include "device/owed.h"
#include "record/invite.h"
#include "wasm/hold.h"
#include "wasm/exports.h"

enum { ITEM_MOST = 512, KEPT_BYTES = 64 };

/* ---- items as fields ----------------------------------------------------------------------------------- */

static enum err put_item(struct call *c, const struct item *item)
{
    size_t cap = item->content.len + KEPT_BYTES, n = local_sealed_bytes(cap);
    uint8_t *memory = arena_take(&c->a, cap + n);
    if (memory == NULL) return ERR_NO_MEMORY;
    struct out text = out_over(memory, cap), field = out_over(memory + cap, n);
    struct local_place place = {.column = STR("item"), .circle = hold_copy(c)->id, .row = STR_OF(item->id)};
    cbor_put_map(&text, 4);
    cbor_put_uint(&text, 1);
    cbor_put_uint(&text, (uint64_t)item->kind);
    cbor_put_uint(&text, 2);
    cbor_put_uint(&text, item->group);
    cbor_put_uint(&text, 3);
    cbor_put_uint(&text, item->made_ms);
    cbor_put_uint(&text, 4);
    cbor_put_bytes(&text, item->content);
    EXPECT(!text.is_full);
    local_seal(&field, c->slot->account->me, &place, out_str(&text));
    cbor_put_list(&c->out, 2);
    cbor_put_bytes(&c->out, STR_OF(item->id));
    cbor_put_bytes(&c->out, out_str(&field));
    return ERR_OK;
}

static bool read_item(struct str text, struct item *item)
{
    struct cbor_map map;
    uint64_t kind;
    if (cbor_map(text, &map) != ERR_OK || !cbor_map_is(&map, CBOR_KEY(1) | CBOR_KEY(2) | CBOR_KEY(3) | CBOR_KEY(4), 0))
        return false;
    bool is_read = cbor_uint(map.item[1], &kind) == ERR_OK && item_is_kind(kind) &&
                   cbor_uint(map.item[2], &item->group) == ERR_OK && cbor_uint(map.item[3], &item->made_ms) == ERR_OK &&
                   cbor_bytes(map.item[4], &item->content) == ERR_OK;
    item->kind = is_read ? (enum item_kind)kind : ITEM_SAY;
    return is_read;
}

/* [id, field] as an item whose content lies in the call's arena. */
static int32_t open_item(struct call *c, struct str pair_item, struct item *item)
{
    struct cbor_list pair;
    struct str field, text;
    if (cbor_list(pair_item, &pair) != ERR_OK || pair.item_n != 2) return CALL_BAD_INPUT;
    if (cbor_bytes_n(pair.item[0], item->id, ID_BYTES) != ERR_OK || cbor_bytes(pair.item[1], &field) != ERR_OK) {
        return CALL_BAD_INPUT;
    }
    struct local_place place = {.column = STR("item"), .circle = hold_copy(c)->id, .row = STR_OF(item->id)};
    uint8_t *memory = arena_take(&c->a, field.len);
    enum err e = memory == NULL ? ERR_NO_MEMORY : local_open(memory, c->slot->account->me, &place, field, &text);
    if (e != ERR_OK) return (int32_t)e;
    return read_item(text, item) ? ERR_OK : CALL_BAD_INPUT;
}

/* All items of a sequence, in its order. */
static int32_t open_items(struct call *c, struct str left, struct item **item, size_t *item_n)
{
    *item = arena_take(&c->a, ITEM_MOST * sizeof **item);
    if (*item == NULL) return ERR_NO_MEMORY;
    for (*item_n = 0; left.len > 0; *item_n += 1) {
        struct str first;
        if (*item_n == ITEM_MOST || cbor_first(left, &first, &left) != ERR_OK) return CALL_BAD_INPUT;
        int32_t status = open_item(c, first, &(*item)[*item_n]);
        if (status != ERR_OK) return status;
    }
    return ERR_OK;
}

/* ---- drafting ------------------------------------------------------------------------------------------ */

/* When it was written, and the group's number: the first two fields of every draft. */
struct drafting {
    uint64_t now_ms, group;
};

static bool read_drafting(const struct call *c, struct drafting *d)
{
    return call_number(c, 1, LIMIT_NUMBER, &d->now_ms) && call_number(c, 2, LIMIT_NUMBER, &d->group);
}

/* { 1: [[id, field] …], 2: id of the last }, with field_n fields more to follow. id: of the only one, or NULL. */
static int32_t put_draft(struct call *c, const struct plan *plan, const struct drafting *d, const uint8_t *id,
                         size_t field_n)
{
    struct item item = {.group = d->group, .made_ms = d->now_ms};
    cbor_put_map(&c->out, 2 + field_n);
    cbor_put_uint(&c->out, 1);
    cbor_put_list(&c->out, plan->item_n);
    for (size_t i = 0; i < plan->item_n; i++) {
        item.kind = plan->item[i].kind;
        item.content = plan->item[i].content;
        if (id != NULL) memcpy(item.id, id, ID_BYTES);
        else random_fill(item.id, ID_BYTES);
        enum err e = put_item(c, &item);
        if (e != ERR_OK) {
            c->out.len = 0;
            return (int32_t)e;
        }
    }
    call_put_bytes(c, 2, item.id, ID_BYTES);
    return ERR_OK;
}

static int32_t drafted(struct call *c, enum err e, const struct plan *plan, const struct drafting *d)
{
    return e == ERR_OK ? put_draft(c, plan, d, NULL, 0) : (int32_t)e;
}

static int32_t judge_text(struct call *c, struct str text, uint64_t now_ms)
{
    uint64_t type;
    const struct copy *copy = hold_copy(c);
    if (text.len > PAYLOAD_TEXT_BYTES) return ERR_TOO_LARGE;
    if (!copy_is_in(copy)) return ERR_NOT_MEMBER;
    if (payload_type(text, &type) != ERR_OK) return ERR_BAD_CBOR;
    enum law law = state_judge(&copy->state, copy->me->sign_pk, text, now_ms);
    return law == LAW_OK ? ERR_OK : call_law(c, law);
}

static int32_t judge(struct call *c)
{
    uint64_t now_ms;
    struct str text;
    if (!call_number(c, 1, LIMIT_NUMBER, &now_ms) || !call_bytes(c, 2, &text)) return CALL_BAD_INPUT;
    return judge_text(c, text, now_ms);
}

static int32_t say(struct call *c)
{
    struct drafting d;
    struct plan plan = {.item_n = 1, .item[0].kind = ITEM_SAY};
    const uint8_t *id = call_bytes_n(c, 4, ID_BYTES);
    if (!read_drafting(c, &d) || !call_bytes(c, 3, &plan.item[0].content)) return CALL_BAD_INPUT;
    if (call_has(c, 4) != (id != NULL)) return CALL_BAD_INPUT;
    int32_t status = judge_text(c, plan.item[0].content, d.now_ms);
    return status == ERR_OK ? put_draft(c, &plan, &d, id, 0) : status;
}

static bool read_profile(const struct call *c, unsigned key, struct str *text)
{
    struct profile profile;
    return call_bytes(c, key, text) && profile_read(*text, &profile) == LAW_OK;
}

static int32_t invite(struct call *c)
{
    struct drafting d;
    struct plan plan;
    struct str profile;
    struct invite_keys keys;
    uint64_t expires_ms;
    uint8_t secret[SECRET_BYTES];
    if (!read_drafting(c, &d) || !call_number(c, 3, LIMIT_NUMBER, &expires_ms)) return CALL_BAD_INPUT;
    if (!read_profile(c, 4, &profile)) return CALL_BAD_INPUT;
    random_fill(secret, sizeof secret);
    enum err e = plan_invite(&plan, &c->a, hold_copy(c), secret, expires_ms, profile, d.now_ms);
    int32_t status = e == ERR_OK ? put_draft(c, &plan, &d, NULL, 2) : (int32_t)e;
    if (status == ERR_OK) {
        invite_keys_init(&keys, secret);
        call_put_bytes(c, 3, secret, sizeof secret);
        call_put_bytes(c, 4, keys.pk, SIGN_PK_BYTES);
        invite_keys_fini(&keys);
    }
    wipe(secret, sizeof secret);
    return status;
}

static int32_t consent(struct call *c)
{
    struct drafting d;
    struct plan plan;
    struct str profile;
    const uint8_t *hash = call_bytes_n(c, 3, HASH_BYTES);
    if (!read_drafting(c, &d) || hash == NULL || !read_profile(c, 4, &profile)) return CALL_BAD_INPUT;
    return drafted(c, plan_consent(&plan, hold_copy(c), hash, profile), &plan, &d);
}

static int32_t join(struct call *c)
{
    struct drafting d;
    struct plan plan;
    struct str profile;
    const uint8_t *secret = call_bytes_n(c, 3, SECRET_BYTES);
    if (!read_drafting(c, &d) || secret == NULL || !read_profile(c, 4, &profile)) return CALL_BAD_INPUT;
    return drafted(c, plan_join(&plan, hold_copy(c), secret, profile), &plan, &d);
}

static int32_t leave(struct call *c)
{
    struct drafting d;
    struct plan plan;
    if (!read_drafting(c, &d)) return CALL_BAD_INPUT;
    return drafted(c, plan_leave(&plan, hold_copy(c)), &plan, &d);
}

static int32_t rotate(struct call *c)
{
    struct drafting d;
    struct plan plan;
    if (!read_drafting(c, &d)) return CALL_BAD_INPUT;
    return drafted(c, plan_rotate(&plan, hold_copy(c)), &plan, &d);
}

static int32_t erase(struct call *c)
{
    struct drafting d;
    struct plan plan;
    struct cbor_list list;
    uint64_t seq[LIMIT_CBOR_ITEMS];
    if (!read_drafting(c, &d) || cbor_list(c->map.item[3], &list) != ERR_OK) return CALL_BAD_INPUT;
    for (size_t i = 0; i < list.item_n; i++) {
        if (cbor_uint(list.item[i], &seq[i]) != ERR_OK) return CALL_BAD_INPUT;
    }
    return drafted(c, plan_erase(&plan, &c->a, hold_copy(c), seq, list.item_n), &plan, &d);
}

/* What the device does by itself; each item is a group of its own, from the given number on. */
static int32_t owed(struct call *c)
{
    struct drafting d;
    uint8_t memory[OWED_KEYS_BYTES];
    struct out text = OUT_OVER(memory);
    struct item item[2];
    size_t n = 0;
    const struct copy *copy = hold_copy(c);
    if (!read_drafting(c, &d)) return CALL_BAD_INPUT;
    uint8_t reason = owed_rotate(copy);
    if (reason != 0) item[n++] = (struct item){.kind = ITEM_MEND, .content = str_at(&reason, 1)};
    if (owed_keys_are_due(copy) && owed_keys_put(copy, &text)) {
        item[n++] = (struct item){.kind = ITEM_KEYS, .content = out_str(&text)};
    }
    enum err e = ERR_OK;
    cbor_put_map(&c->out, 1);
    cbor_put_uint(&c->out, 1);
    cbor_put_list(&c->out, n);
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        item[i].group = d.group + i;
        item[i].made_ms = d.now_ms;
        random_fill(item[i].id, ID_BYTES);
        e = put_item(c, &item[i]);
    }
    wipe(memory, sizeof memory);
    if (e != ERR_OK) c->out.len = 0;
    return (int32_t)e;
}

/* ---- showing ------------------------------------------------------------------------------------------- */

static int32_t item_text(struct call *c)
{
    struct item item;
    int32_t status = open_item(c, c->in, &item);
    if (status != ERR_OK) return status;
    bool has_text = item.kind == ITEM_SAY;
    cbor_put_map(&c->out, 3 + (size_t)has_text);
    call_put_number(c, 1, (uint64_t)item.kind);
    call_put_number(c, 2, item.group);
    call_put_number(c, 3, item.made_ms);
    if (has_text) call_put_bytes(c, 4, item.content.at, item.content.len);
    return ERR_OK;
}

/* How many of what waits are in the fold already, in their order and nothing else. */
static size_t shown_of(const struct slot_circle *circle, const struct item *item, size_t item_n)
{
    const struct copy *copy = &circle->copy;
    uint64_t first = state_row_n(&copy->state) - copy->provisional_n;
    if (circle->is_said || copy->provisional_n > item_n || !copy_is_folded(copy)) return SIZE_MAX;
    for (uint64_t i = 0; i < copy->provisional_n; i++) {
        if (memcmp(state_row(&copy->state, first + i)->id, item[i].id, ID_BYTES) != 0) return SIZE_MAX;
    }
    return (size_t)copy->provisional_n;
}

static enum err say_waiting(struct copy *copy, const struct item *item)
{
    struct entry draft = {.circle = copy->id, .author = copy->me->sign_pk, .id = item->id, .kind = ENTRY_SEALED,
                          .epoch = copy->chain.circle.epoch, .time_ms = item->made_ms};
    return copy_say(copy, &draft, item->content);
}

/* Acts of membership are not shown as if they had happened; nor is what the record has. */
static int32_t show(struct call *c)
{
    struct slot_circle *circle = hold_of(c);
    struct copy *copy = &circle->copy;
    struct item *item;
    size_t item_n, said_n = 0;
    int32_t status = open_items(c, c->in, &item, &item_n);
    if (status != ERR_OK) return status;
    for (size_t i = 0; i < item_n; i++) {
        bool is_said = item[i].kind == ITEM_SAY && copy_is_in(copy) &&
                       !index_find_id(&copy->chain.index, item[i].id, NULL);
        if (is_said) item[said_n++] = item[i];
    }
    size_t at = shown_of(circle, item, said_n);
    enum err e = at == SIZE_MAX ? copy_settle(copy) : ERR_OK;
    if (at == SIZE_MAX) at = 0;
    circle->is_said = false;
    for (; e == ERR_OK && at < said_n; at++) e = say_waiting(copy, &item[at]);
    if (e != ERR_OK) return (int32_t)e;
    cbor_put_map(&c->out, 1);
    call_put_number(c, 1, said_n);
    return ERR_OK;
}

/* ---- signing ------------------------------------------------------------------------------------------- */

static void put_ids(struct call *c, unsigned key, const struct item *item, size_t n)
{
    cbor_put_uint(&c->out, key);
    cbor_put_list(&c->out, n);
    for (size_t i = 0; i < n; i++) cbor_put_bytes(&c->out, STR_OF(item[i].id));
}

/* { 1: [[id, wire] …], ? 2: first seq, 3: prev, 4: head hash }   or   { 1: [], 5: [ids], 6: error, ? 7: law } */
static int32_t put_batch(struct call *c, const struct batch *b, const struct item *item)
{
    bool has_law = b->back_n > 0 && b->law != LAW_OK;
    size_t back_n = b->back_n > LIMIT_CBOR_ITEMS ? LIMIT_CBOR_ITEMS : b->back_n;
    cbor_put_map(&c->out, 1 + 3 * (size_t)(b->entry_n > 0) + 2 * (size_t)(b->back_n > 0) + (size_t)has_law);
    cbor_put_uint(&c->out, 1);
    cbor_put_list(&c->out, b->entry_n);
    for (size_t i = 0; i < b->entry_n; i++) {
        cbor_put_list(&c->out, 2);
        cbor_put_bytes(&c->out, STR_OF(item[b->entry[i].item].id));
        cbor_put_bytes(&c->out, b->entry[i].wire);
    }
    if (b->entry_n > 0) {
        call_put_number(c, 2, b->entry[0].seq);
        call_put_bytes(c, 3, b->entry[0].prev, HASH_BYTES);
        call_put_bytes(c, 4, b->head_hash, HASH_BYTES);
    }
    if (b->back_n > 0) {
        put_ids(c, 5, item, back_n);
        call_put_number(c, 6, (uint64_t)b->err);
    }
    if (has_law) call_put_text(c, 7, str_of_text(law_number(b->law)));
    return ERR_OK;
}

static int32_t sign(struct call *c)
{
    struct slot_circle *circle = hold_of(c);
    struct str first, left;
    struct item *item;
    size_t item_n;
    uint64_t now_ms;
    bool has_time = cbor_first(c->in, &first, &left) == ERR_OK && cbor_uint(first, &now_ms) == ERR_OK;
    if (!has_time) return CALL_BAD_INPUT;
    int32_t status = open_items(c, left, &item, &item_n);
    if (status != ERR_OK) return status;
    struct batch *batch = arena_take(&c->a, sizeof *batch);
    if (batch == NULL) return ERR_NO_MEMORY;
    circle->is_said = false;
    if (!chain_is_settled(&circle->copy.chain)) return CALL_BAD_TIME;
    enum err e = batch_sign(batch, &circle->copy, item, item_n, now_ms);
    status = e == ERR_OK ? put_batch(c, batch, item) : (int32_t)e;
    circle->is_said = status == ERR_OK && batch->entry_n > 0 && circle->copy.provisional_n == batch->entry_n;
    batch_fini(batch);
    return status;
}

/* ---- what became of it --------------------------------------------------------------------------------- */

static int32_t live(struct call *c)
{
    struct entry e;
    if (entry_read(c->in, &e, &c->why) != ERR_OK || e.prev == NULL) return CALL_BAD_INPUT;
    cbor_put_map(&c->out, 1);
    call_put_number(c, 1, batch_is_live(hold_copy(c), e.seq, e.prev));
    return ERR_OK;
}

static int32_t recorded(struct call *c)
{
    struct slot_circle *circle = hold_of(c);
    uint64_t before = copy_n(&circle->copy);
    enum err e = batch_recorded(&circle->copy, c->in, circle->is_said, 0, &c->why);
    circle->is_said = false;
    circle->check.tail_next = copy_n(&circle->copy);
    if (e == ERR_NO_MEMORY) return (int32_t)e;
    hold_put_kept(c, c->slot, copy_n(&circle->copy) - before);
    return (int32_t)e;
}

/* Where in the record those of these ids are that are in it, by me. */
static int32_t find(struct call *c)
{
    const struct copy *copy = hold_copy(c);
    struct cbor_list list;
    uint64_t seq[LIMIT_CBOR_ITEMS];
    const uint8_t *id[LIMIT_CBOR_ITEMS];
    size_t n = 0;
    if (cbor_list(c->map.item[1], &list) != ERR_OK) return CALL_BAD_INPUT;
    for (size_t i = 0; i < list.item_n; i++) {
        struct str bytes;
        if (cbor_bytes(list.item[i], &bytes) != ERR_OK || bytes.len != ID_BYTES) return CALL_BAD_INPUT;
        if (!index_find_id(&copy->chain.index, bytes.at, &seq[n])) continue;
        if (memcmp(index_row(&copy->chain.index, seq[n])->author, copy->me->sign_pk, SIGN_PK_BYTES) != 0) continue;
        id[n++] = bytes.at;
    }
    cbor_put_map(&c->out, 1);
    cbor_put_uint(&c->out, 1);
    cbor_put_list(&c->out, n);
    for (size_t i = 0; i < n; i++) {
        cbor_put_list(&c->out, 2);
        cbor_put_bytes(&c->out, str_at(id[i], ID_BYTES));
        cbor_put_uint(&c->out, seq[i]);
    }
    return ERR_OK;
}

#define KEYS_12 (CBOR_KEY(1) | CBOR_KEY(2))
#define KEYS_123 (KEYS_12 | CBOR_KEY(3))
#define KEYS_1234 (KEYS_123 | CBOR_KEY(4))

HOLD_CALL(judge, judge, hold_is_mine, false, KEYS_12, 0)
HOLD_CALL(say, say, hold_is_mine, false, KEYS_123, CBOR_KEY(4))
HOLD_CALL(invite, invite, hold_is_mine, false, KEYS_1234, 0)
HOLD_CALL(consent, consent, hold_is_mine, false, KEYS_1234, 0)
HOLD_CALL(join, join, hold_is_mine, false, KEYS_1234, 0)
HOLD_CALL(leave, leave, hold_is_mine, false, KEYS_12, 0)
HOLD_CALL(rotate, rotate, hold_is_mine, false, KEYS_12, 0)
HOLD_CALL(erase, erase, hold_is_mine, false, KEYS_123, 0)
HOLD_CALL(owed, owed, hold_is_mine, false, KEYS_12, 0)
HOLD_CALL(item_text, item_text, hold_is_mine, true, 0, 0)
HOLD_CALL(show, show, hold_is_mine, true, 0, 0)
HOLD_CALL(sign, sign, hold_is_mine, true, 0, 0)
HOLD_CALL(live, live, hold_is_mine, true, 0, 0)
HOLD_CALL(recorded, recorded, hold_is_mine, true, 0, 0)
HOLD_CALL(find, find, hold_is_mine, false, CBOR_KEY(1), 0)
