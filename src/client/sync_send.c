/* sync_send.c -- the writing half of sync.h: batches of the outbox, and what their answers mean. */
#include <stdlib.h>

#include "client/alarm.h"
#include "client/clock.h"
#include "client/sync_own.h"
#include "device/refusal.h"

enum { ROUNDS = 16, STILL_ROUNDS = 3 };

/* ---- a circle that begins here --------------------------------------------------------------- */

enum err sync_upload(struct sync *s)
{
    const struct outbox_item *genesis = outbox_genesis(&s->ring->outbox);
    struct remote_head head;
    if (genesis == NULL) return ERR_OK;
    uint64_t group = genesis->is.group;
    uint8_t *memory = malloc(LIMIT_BODY_BYTES);
    if (memory == NULL) return ERR_NO_MEMORY;
    struct out batch = out_over(memory, LIMIT_BODY_BYTES);
    size_t n = 0;
    for (size_t i = 0; i < s->ring->outbox.item_n; i++) {
        if (s->ring->outbox.item[i].is.group != group) continue;
        out_put(&batch, s->ring->outbox.item[i].is.wire);
        n++;
    }
    enum err e = remote_new_circle(s->remote, out_str(&batch), &head, NULL);
    free(memory);
    e = sync_asked(s, e);
    if (!sync_may_go_on(s, e)) return e;
    s->has_uploaded = true;
    s->news->sent_n += n;
    return outbox_remove(&s->ring->outbox, group); /* the record has them already; now the server does, too */
}

/* ---- what an answer means -------------------------------------------------------------------- */

/* All of it is in the record, just where it was signed for. */
static enum err recorded(struct sync *s, const struct outbox_batch *b)
{
    struct held_with with = outbox_with(&s->ring->outbox);
    struct str bad;
    struct why why;
    size_t taken_n;
    enum err e = held_take(s->held, str_at(b->wire, b->wire_n), true, clock_wall_ms(), &with, &taken_n, &bad, &why);
    if (e != ERR_OK) return sync_is_ours(e) ? e : ERR_STORE_DAMAGED; /* we signed it for this very place */
    if (b->said_n == b->entry_n && s->held->copy.provisional_n == b->said_n) copy_confirm(&s->held->copy, b->said_n);
    return held_fold(s->held);
}

/* Reads the record to its head, whatever that is now. */
static enum err look_again(struct sync *s)
{
    struct sync_known known;
    enum err e = sync_known_of(s, &known);
    return sync_may_go_on(s, e) ? sync_read(s, &known) : e;
}

/* The group around the item that was refused goes to the drafts, unless reading has taken it away already. */
static enum err give_back(struct sync *s, const uint8_t *id, enum err refusal)
{
    const struct outbox *o = &s->ring->outbox;
    for (size_t i = 0; i < o->item_n; i++) {
        if (memcmp(o->item[i].is.id, id, ID_BYTES) != 0) continue;
        return outbox_give_back(&s->ring->outbox, i, LAW_OK, refusal, clock_wall_ms(), s->back);
    }
    return ERR_OK;
}

static enum err refused(struct sync *s, enum err refusal, unsigned *still_n)
{
    uint64_t before = held_n(s->held), server_ms = remote_detail(s->remote)->server_ms;
    size_t at = outbox_signed_at(&s->ring->outbox, remote_detail(s->remote)->index);
    enum refusal means = refusal_of(refusal, server_ms, clock_wall_ms());
    uint8_t id[ID_BYTES];
    size_t done_n = 0;
    if (means == REFUSAL_PASSING) return sync_asked(s, refusal);
    memcpy(id, s->ring->outbox.item[at].is.id, ID_BYTES);
    enum err e = look_again(s); /* R4: before anything else is done about it */
    if (!sync_may_go_on(s, e)) return e;
    e = outbox_tidy(&s->ring->outbox, &done_n);
    s->news->sent_n += done_n;
    if (e != ERR_OK || held_n(s->held) > before || done_n > 0) return e;
    *still_n += 1;
    if (*still_n >= STILL_ROUNDS || means == REFUSAL_OF_CLOCK) {
        s->news->err = refusal;
        s->news->server_time_ms = refusal == ERR_CLOCK_SKEW ? server_ms : 0;
        return ERR_OK;
    }
    if (means == REFUSAL_OF_TIME) return outbox_unsign(&s->ring->outbox);
    if (means == REFUSAL_OF_PLACE) return ERR_OK;
    return give_back(s, id, refusal);
}

/* ---- one batch after the other --------------------------------------------------------------- */

static enum err send_batch(struct sync *s, const struct outbox_batch *b, unsigned *still_n)
{
    struct remote_head head = {0};
    bool was_there = false;
    size_t done_n = 0;
    enum err e = remote_append(s->remote, s->held->id, str_at(b->wire, b->wire_n), false, &head, &was_there);
    if (e != ERR_OK) return refused(s, e, still_n);
    bool is_next = b->first_seq == held_n(s->held);
    bool is_ours = head.seq == b->first_seq + b->entry_n - 1 && memcmp(head.hash, b->head_hash, HASH_BYTES) == 0;
    if (is_ours && is_next) e = recorded(s, b);
    else e = refused(s, ERR_HEAD_MOVED, still_n); /* it says yes, and names another head: we look ourselves */
    if (!sync_may_go_on(s, e)) return e;
    e = outbox_tidy(&s->ring->outbox, &done_n);
    s->news->sent_n += done_n;
    return e;
}

static enum err prepare(struct sync *s, struct outbox_batch *b, bool *is_done)
{
    size_t done_n = 0, alarm_n;
    enum err kind;
    enum err e = held_fold(s->held);
    if (e == ERR_OK) e = outbox_tidy(&s->ring->outbox, &done_n);
    s->news->sent_n += done_n;
    if (e == ERR_OK) e = alarm_standing(ring_seat(s->ring), s->ring->number, &alarm_n, &kind);
    if (e != ERR_OK) return e;
    *is_done = alarm_n > 0 || outbox_genesis(&s->ring->outbox) != NULL;
    if (alarm_n > 0) s->news->err = kind;
    if (*is_done) return ERR_OK;
    s->ring->shown_n = 0;
    e = outbox_mend(&s->ring->outbox, clock_wall_ms());
    if (e == ERR_OK) e = outbox_prepare(&s->ring->outbox, clock_wall_ms(), true, b, s->back);
    *is_done = b->entry_n == 0;
    return e;
}

enum err sync_flush(struct sync *s)
{
    struct outbox_batch b = {.wire = malloc(LIMIT_BODY_BYTES)};
    bool is_done = false;
    unsigned still_n = 0;
    enum err e = b.wire == NULL ? ERR_NO_MEMORY : ERR_OK;
    for (unsigned round = 0; sync_may_go_on(s, e) && round < ROUNDS && !is_done; round++) {
        e = prepare(s, &b, &is_done);
        if (sync_may_go_on(s, e) && !is_done) e = send_batch(s, &b, &still_n);
    }
    free(b.wire);
    return e;
}
