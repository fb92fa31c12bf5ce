/* outbox_prepare.c -- which bytes go to the server next; see outbox.h. */
#include <stdlib.h>

#include "client/outbox.h"
#include "client/sign.h"

/* ---- what is signed already ------------------------------------------------------------------ */

static enum err put_entry(struct outbox_batch *b, const struct entry *e)
{
    if (b->wire_n + e->wire.len > LIMIT_BODY_BYTES || b->entry_n == LIMIT_BATCH_ENTRIES) return ERR_TOO_LARGE;
    memcpy(b->wire + b->wire_n, e->wire.at, e->wire.len);
    b->wire_n += e->wire.len;
    if (b->entry_n == 0) b->first_seq = e->seq;
    b->entry_n++;
    memcpy(b->head_hash, e->hash, HASH_BYTES);
    return ERR_OK;
}

/* R3: the identical bytes. They stand one behind the other; outbox_tidy has taken away what does not. */
static enum err same_again(const struct outbox *o, struct outbox_batch *b)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < o->item_n; i++) {
        struct entry entry;
        struct why why;
        if (o->item[i].is.wire.len == 0) continue;
        e = entry_read(o->item[i].is.wire, &entry, &why) == ERR_OK ? ERR_OK : ERR_STORE_DAMAGED;
        if (e == ERR_OK) e = put_entry(b, &entry);
    }
    return e;
}

/* ---- signing --------------------------------------------------------------------------------- */

/* What was signed, on its way into the home. */
struct signed_items {
    struct { size_t item; struct entry entry; } at[LIMIT_BATCH_ENTRIES];
    size_t n;
};

/* Whether a failure says something of the item, so that it goes to the drafts, and not of this device. */
static bool is_of_item(enum err e)
{
    switch (e) {
    case ERR_NO_MEMORY:
    case ERR_STORE:
    case ERR_STORE_DAMAGED:
    case ERR_DISK_FULL:
    case ERR_BUSY: return false;
    default: return true;
    }
}

/* The most bytes that an item can come to. */
static size_t most_bytes(const struct home_item *item)
{
    return pad_bytes(item->content.len) + PAYLOAD_OVERHEAD_BYTES + 32 + SIG_BYTES + LIMIT_HEADER_BYTES;
}

static bool has_room(const struct outbox *o, size_t first, size_t n, const struct outbox_batch *b)
{
    size_t bytes = b->wire_n;
    for (size_t i = first; i < first + n; i++) bytes += most_bytes(&o->item[i].is);
    return bytes <= LIMIT_BODY_BYTES && b->entry_n + n <= LIMIT_BATCH_ENTRIES;
}

/* One item: judged by the laws (A14), signed, and fed to the fold, so that the next is judged behind it. */
static enum err sign_one(struct outbox *o, size_t i, struct signer *s, struct outbox_batch *b,
                         struct signed_items *done, enum law *law)
{
    const struct home_item *item = &o->item[i].is;
    struct entry entry;
    struct why why;
    if (item->kind == OUTBOX_SAY) *law = state_judge(&o->held->state, o->held->me->sign_pk, item->content, s->now_ms);
    if (*law != LAW_OK) return ERR_OK;
    enum err e = signer_sign(s, item, &entry, &why);
    if (e == ERR_OK) e = put_entry(b, &entry);
    if (e == ERR_OK) e = held_say(o->held, &entry, item->content);
    if (e != ERR_OK) return e;
    b->said_n++;
    done->at[done->n].item = i;
    done->at[done->n++].entry = entry;
    return ERR_OK;
}

/* One group, whole or not at all. */
static enum err sign_group(struct outbox *o, size_t first, size_t n, struct signer *s, struct outbox_batch *b,
                           struct signed_items *done, enum law *law)
{
    enum err e = ERR_OK;
    struct circle at = s->at;
    struct outbox_batch before = *b;
    size_t done_n = done->n;
    for (size_t i = first; e == ERR_OK && *law == LAW_OK && i < first + n; i++) e = sign_one(o, i, s, b, done, law);
    if (e == ERR_OK && *law == LAW_OK) return ERR_OK;
    bool was_said = b->said_n > before.said_n;
    s->at = at;
    *b = before;
    done->n = done_n;
    if (!was_said) return e;
    enum err settled = held_settle(o->held); /* nothing of the batch is in the fold any more */
    b->said_n = 0;
    return settled != ERR_OK ? settled : e;
}

/* R1: the signatures are durable before anybody sees them. */
static enum err keep_signed(struct outbox *o, const struct signed_items *done)
{
    struct home *home = o->held->home;
    enum err e = home_begin(home);
    for (size_t i = 0; e == ERR_OK && i < done->n; i++) {
        const struct entry *entry = &done->at[i].entry;
        struct home_item item = o->item[done->at[i].item].is;
        item.wire = entry->wire;
        item.was_sent = true;
        item.is_frozen = true;
        item.signed_seq = entry->seq;
        memcpy(item.signed_prev, entry->prev, HASH_BYTES);
        e = home_item_set(home, o->held->number, &item);
    }
    if (e == ERR_OK) e = home_commit(home);
    home_abandon(home);
    return e == ERR_OK ? outbox_load(o) : e;
}

static size_t group_n(const struct outbox *o, size_t first)
{
    size_t n = 0;
    while (first + n < o->item_n && o->item[first + n].is.group == o->item[first].is.group) n++;
    return n;
}

/* Signs as many groups as fit. Stops in front of one that is refused; if that is the first, it goes back. */
static enum err sign_all(struct outbox *o, struct signer *s, struct outbox_batch *b, struct signed_items *done,
                         struct outbox_back *back, bool *is_again)
{
    size_t first = 0, n;
    for (; first < o->item_n; first += n) {
        enum law law = LAW_OK;
        n = group_n(o, first);
        if (first > 0 && !has_room(o, first, n, b)) break;
        enum err e = sign_group(o, first, n, s, b, done, &law);
        if (e != ERR_OK && !is_of_item(e)) return e;
        if (e == ERR_OK && law == LAW_OK) continue;
        if (first > 0) break;
        *is_again = true;
        return outbox_give_back(o, first, law, e, s->now_ms, back);
    }
    return ERR_OK;
}

static enum err sign_round(struct outbox *o, uint64_t now_ms, struct outbox_batch *b, struct outbox_back *back,
                           bool *is_again)
{
    struct signer s;
    struct signed_items *done = calloc(1, sizeof *done);
    if (done == NULL) return ERR_NO_MEMORY;
    *is_again = false;
    enum err e = held_settle(o->held);
    signer_init(&s, o->held, now_ms);
    if (e == ERR_OK) e = sign_all(o, &s, b, done, back, is_again);
    if (e == ERR_OK && done->n > 0) e = keep_signed(o, done);
    signer_fini(&s);
    free(done);
    return e;
}

/* ---- one or the other ------------------------------------------------------------------------ */

enum err outbox_prepare(struct outbox *outbox, uint64_t now_ms, bool may_sign, struct outbox_batch *batch,
                        struct outbox_back *back)
{
    bool is_signed = false, is_again = true;
    enum err e = ERR_OK;
    uint8_t *wire = batch->wire;
    *batch = (struct outbox_batch){.wire = wire};
    for (size_t i = 0; i < outbox->item_n; i++) is_signed |= outbox->item[i].is.wire.len > 0;
    if (is_signed) return same_again(outbox, batch);
    while (e == ERR_OK && may_sign && is_again && outbox->item_n > 0) {
        *batch = (struct outbox_batch){.wire = wire};
        e = sign_round(outbox, now_ms, batch, back, &is_again);
    }
    return e;
}
