/* outbox_prepare.c -- which bytes go to the server next; see outbox.h. */
#include <stdlib.h>

#include "client/outbox.h"
#include "device/batch.h"

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

/* R1: the signatures are durable before anybody sees them. */
static enum err keep_signed(struct outbox *o, const struct batch *batch)
{
    struct home *home = o->held->home;
    enum err e = home_begin(home);
    for (size_t i = 0; e == ERR_OK && i < batch->entry_n; i++) {
        const struct batch_entry *entry = &batch->entry[i];
        struct home_item item = o->item[entry->item].is;
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

static void take_batch(struct outbox_batch *b, const struct held *held, const struct batch *batch)
{
    struct out wires = out_over(b->wire, LIMIT_BODY_BYTES);
    batch_put(batch, &wires);
    EXPECT(!wires.is_full);
    b->wire_n = wires.len;
    b->entry_n = batch->entry_n;
    b->first_seq = batch->entry_n > 0 ? batch->entry[0].seq : 0;
    b->said_n = held->copy.provisional_n;
    memcpy(b->head_hash, batch->head_hash, HASH_BYTES);
}

/* What of the outbox can be judged and signed; home_item's kinds were checked when they were read. */
static struct item *items_of(const struct outbox *o)
{
    struct item *item = calloc(o->item_n, sizeof *item);
    for (size_t i = 0; item != NULL && i < o->item_n; i++) {
        const struct home_item *is = &o->item[i].is;
        item[i] = (struct item){.kind = (enum item_kind)is->kind, .group = is->group, .made_ms = is->made_ms,
                                .content = is->content};
        memcpy(item[i].id, is->id, ID_BYTES);
    }
    return item;
}

static enum err sign_round(struct outbox *o, uint64_t now_ms, struct outbox_batch *b, struct outbox_back *back,
                           bool *is_again)
{
    struct batch *batch = calloc(1, sizeof *batch);
    struct item *item = items_of(o);
    enum err e = batch == NULL || item == NULL ? ERR_NO_MEMORY : ERR_OK;
    *is_again = false;
    if (e == ERR_OK) {
        e = batch_sign(batch, &o->held->copy, item, o->item_n, now_ms);
        if (e == ERR_OK) take_batch(b, o->held, batch);
        if (e == ERR_OK && batch->entry_n > 0) e = keep_signed(o, batch);
        *is_again = e == ERR_OK && batch->back_n > 0;
        if (*is_again) e = outbox_give_back(o, 0, batch->law, batch->err, now_ms, back);
        batch_fini(batch);
    }
    free(batch);
    free(item);
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
