/* batch.c -- see batch.h. */
#include "device/batch.h"

/* One item: judged by the laws (A14), signed, and fed to the fold. */
static enum err sign_one(struct batch *b, const struct item *item, size_t i, enum law *law)
{
    struct sign *s = &b->_sign;
    struct entry entry;
    struct why why;
    if (item->kind == ITEM_SAY) *law = state_judge(&s->copy->state, s->copy->me->sign_pk, item->content, s->now_ms);
    if (*law != LAW_OK) return ERR_OK;
    if (item->kind == ITEM_KEYS && s->at.invite_n > 0) return ERR_LOCKED_OUT; /* nor behind an invitation of mine */
    enum err e = sign_item(s, item, &entry, &why);
    if (e != ERR_OK) return e;
    if (b->wire_n + entry.wire.len > LIMIT_BODY_BYTES || b->entry_n == LIMIT_BATCH_ENTRIES) return ERR_TOO_LARGE;
    e = copy_say(s->copy, &entry, item->kind == ITEM_SAY || item->kind == ITEM_KEYS ? item->content : (struct str){0});
    if (e != ERR_OK) return e;
    b->entry[b->entry_n++] = (struct batch_entry){i, entry.seq, entry.wire, entry.prev};
    b->wire_n += entry.wire.len;
    memcpy(b->head_hash, entry.hash, HASH_BYTES);
    return ERR_OK;
}

/* One group, whole or not at all: what came before it in the batch stays. */
static enum err sign_group(struct batch *b, const struct item *item, size_t first, size_t n, enum law *law)
{
    enum err e = ERR_OK;
    size_t entry_n = b->entry_n, wire_n = b->wire_n;
    uint8_t head_hash[HASH_BYTES];
    memcpy(head_hash, b->head_hash, HASH_BYTES);
    for (size_t i = first; e == ERR_OK && *law == LAW_OK && i < first + n; i++) e = sign_one(b, &item[i], i, law);
    if (e == ERR_OK && *law == LAW_OK) return ERR_OK;
    b->entry_n = entry_n;
    b->wire_n = wire_n;
    memcpy(b->head_hash, head_hash, HASH_BYTES);
    return e;
}

static bool has_room(const struct batch *b, const struct item *item, size_t first, size_t n)
{
    size_t bytes = b->wire_n;
    for (size_t i = first; i < first + n; i++) bytes += item_most_bytes(&item[i]);
    return bytes <= LIMIT_BODY_BYTES && b->entry_n + n <= LIMIT_BATCH_ENTRIES;
}

enum err batch_sign(struct batch *batch, struct copy *copy, const struct item *item, size_t item_n, uint64_t now_ms)
{
    struct batch *b = batch;
    *b = (struct batch){0};
    enum err e = copy_settle(copy);
    sign_init(&b->_sign, copy, now_ms);
    for (size_t first = 0, n; e == ERR_OK && first < item_n; first += n) {
        enum law law = LAW_OK;
        n = item_group_n(item, item_n, first);
        if (first > 0 && !has_room(b, item, first, n)) break;
        size_t said_n = (size_t)copy->provisional_n;
        e = sign_group(b, item, first, n, &law);
        if (e == ERR_NO_MEMORY || (e == ERR_OK && law == LAW_OK)) continue;
        if (first == 0) {
            b->back_n = n;
            b->law = law;
            b->err = e;
        }
        e = copy->provisional_n > said_n ? copy_settle(copy) : ERR_OK; /* a part of the group is in the fold */
        break;
    }
    return e;
}

void batch_fini(struct batch *batch)
{
    sign_fini(&batch->_sign);
    batch->entry_n = 0;
}

void batch_put(const struct batch *batch, struct out *wires)
{
    for (size_t i = 0; i < batch->entry_n; i++) out_put(wires, batch->entry[i].wire);
}

bool batch_is_live(const struct copy *copy, uint64_t signed_seq, const uint8_t signed_prev[static HASH_BYTES])
{
    if (signed_seq != copy_n(copy)) return false;
    return signed_seq == 0 || memcmp(signed_prev, copy->chain.circle.head_hash, HASH_BYTES) == 0;
}

enum err batch_recorded(struct copy *copy, struct str wires, bool is_all_said, uint64_t now_ms, struct why *why)
{
    size_t n = 0;
    enum err e = ERR_OK;
    while (e == ERR_OK && wires.len > 0) {
        struct str wire;
        e = cbor_first(wires, &wire, &wires);
        if (e != ERR_OK) *why = (struct why){.code = e, .field = "entry"};
        else e = copy_add(copy, wire, COPY_KNOWN, now_ms, NULL, why);
        n += e == ERR_OK;
    }
    if (e != ERR_OK) return e;
    if (is_all_said && copy->provisional_n == n) copy_confirm(copy, n);
    e = copy_fold(copy);
    if (e != ERR_OK) *why = (struct why){.code = e};
    return e;
}
