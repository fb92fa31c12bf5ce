/* ring.c -- see ring.h. */
#include "client/ring.h"

#include <stdlib.h>

#include "client/alarm.h"

#define AS_OF STR("as-of")

/* ---- open and close -------------------------------------------------------------------------- */

/* A circle that begins here is in the record as soon as its first batch is durable; the items stay until the
 * server knows of it, too. */
static enum err take_genesis(struct ring *r)
{
    const struct outbox_item *genesis = outbox_genesis(&r->outbox);
    enum err e = ERR_OK;
    if (genesis == NULL || held_n(r->held) > 0) return ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < r->outbox.item_n; i++) {
        const struct home_item *item = &r->outbox.item[i].is;
        struct str bad;
        struct why why;
        size_t taken_n;
        if (item->group != genesis->is.group) continue;
        e = held_take(r->held, item->wire, true, item->made_ms, NULL, &taken_n, &bad, &why);
    }
    return e == ERR_OK || r->held->is_broken ? e : ERR_STORE_DAMAGED;
}

static enum err load(struct ring *r, uint64_t number)
{
    struct seat *seat = ring_seat(r);
    enum err e = held_open(seat_home(seat), seat->face.number, number, &seat->me, &r->held);
    if (e != ERR_OK) return e;
    r->outbox.held = r->held;
    r->shown_n = 0;
    e = outbox_load(&r->outbox);
    if (e == ERR_OK) e = take_genesis(r);
    if (e == ERR_OK) e = ring_as_of(seat, number, &r->face.as_of_ms);
    if (e == ERR_OK) e = home_circle_about(seat_home(seat), number, &r->about);
    if (e == ERR_OK) e = ring_show(r);
    return e;
}

static void unload(struct ring *r)
{
    alarm_list_free(r->alarm, r->alarm_n);
    r->alarm_n = 0;
    arena_fini(&r->drafts);
    free(r->read);
    r->read = NULL;
    outbox_free(&r->outbox);
    held_close(r->held);
    r->held = NULL;
    r->outbox.held = NULL;
}

enum err ring_open(struct seat *seat, uint64_t number, struct ring **ring)
{
    struct client *client = seat->face.client;
    for (struct ring *r = client->ring; r != NULL; r = r->next) {
        if (r->number != number) continue;
        *ring = r;
        return ring_ready(r);
    }
    struct ring *r = calloc(1, sizeof *r);
    if (r == NULL) return ERR_NO_MEMORY;
    r->face.account = &seat->face;
    r->number = number;
    arena_init(&r->drafts, 64 * 1024 * 1024);
    r->drafts.holds_secrets = true;
    enum err e = load(r, number);
    if (e != ERR_OK) {
        unload(r);
        free(r);
        return e;
    }
    memcpy(r->face.id, r->held->id, HASH_BYTES);
    r->next = client->ring;
    client->ring = r;
    *ring = r;
    return ERR_OK;
}

void ring_close(struct ring *ring)
{
    struct ring **at = &ring->face.account->client->ring;
    while (*at != ring) at = &(*at)->next;
    *at = ring->next;
    unload(ring);
    wipe(ring, sizeof *ring);
    free(ring);
}

enum err ring_ready(struct ring *ring)
{
    if (ring->held != NULL && !ring->held->is_broken) return ERR_OK;
    unload(ring);
    enum err e = load(ring, ring->number);
    if (e != ERR_OK) unload(ring);
    return e;
}

/* ---- what is shown --------------------------------------------------------------------------- */

/* Folds what waits here behind what is confirmed. Acts of membership are not shown as if they had happened. */
static enum err show_waiting(struct ring *r)
{
    struct held *h = r->held;
    size_t said = 0;
    bool is_as_shown = h->copy.provisional_n == r->shown_n && copy_is_folded(&h->copy);
    enum err e = ERR_OK;
    if (!is_as_shown) {
        e = held_settle(h);
        r->shown_n = 0;
    }
    for (size_t i = 0; e == ERR_OK && i < r->outbox.item_n && held_is_in(h); i++) {
        const struct home_item *item = &r->outbox.item[i].is;
        if (item->kind != ITEM_SAY || index_find_id(&h->copy.chain.index, item->id, NULL)) continue;
        if (said++ < r->shown_n) continue;
        struct entry draft = {.circle = h->id, .author = h->me->sign_pk, .id = item->id, .kind = ENTRY_SEALED,
                              .epoch = h->copy.chain.circle.epoch, .time_ms = item->made_ms};
        e = copy_say(&h->copy, &draft, item->content);
        if (e == ERR_OK) r->shown_n++;
    }
    return e;
}

static size_t pending_n(const struct outbox *o)
{
    size_t n = 0;
    for (size_t i = 0; i < o->item_n; i++) n += !item_is_hidden((enum item_kind)o->item[i].is.kind);
    return n;
}

/* What the list shows is kept when it has changed. */
static enum err keep_about(struct ring *r)
{
    const struct circle *at = &r->held->copy.chain.circle;
    struct str name = r->held->copy.state.facts.name;
    struct home_circle_about about = {.standing = at->is_sole ? RING_JOURNAL : r->face.is_member ? RING_IN : RING_OUT};
    if (held_n(r->held) == 0) about.standing = RING_UNKNOWN;
    about.name_n = name.len < HOME_NAME_BYTES ? name.len : HOME_NAME_BYTES;
    if (about.name_n > 0) memcpy(about.name, name.at, about.name_n);
    bool is_same = about.standing == r->about.standing && about.name_n == r->about.name_n &&
                   memcmp(about.name, r->about.name, about.name_n) == 0;
    enum err e = is_same ? ERR_OK : home_circle_set_about(r->held->home, r->number, &about);
    if (e == ERR_OK) r->about = about;
    return e;
}

enum err ring_show(struct ring *ring)
{
    uint64_t draft_n;
    enum err kind;
    enum err e = show_waiting(ring);
    if (e == ERR_OK) e = home_drafts_count(ring->held->home, ring->held->number, &draft_n);
    if (e == ERR_OK) e = alarm_standing(ring_seat(ring), ring->number, &ring->face.alarm_n, &kind);
    if (e != ERR_OK) return e;
    ring->face.chain = &ring->held->copy.chain;
    ring->face.state = &ring->held->copy.state;
    ring->face.is_member = held_is_in(ring->held);
    ring->face.is_locked_out = held_is_locked_out(ring->held);
    ring->face.may_send = ring->face.alarm_n == 0;
    ring->face.pending_n = pending_n(&ring->outbox);
    ring->face.draft_n = (size_t)draft_n;
    return keep_about(ring);
}

/* ---- as of ----------------------------------------------------------------------------------- */

enum err ring_saw(struct ring *ring, uint64_t now_ms)
{
    uint8_t text[8];
    struct out o = OUT_OVER(text);
    out_put_be64(&o, now_ms);
    ring->face.as_of_ms = now_ms;
    return home_note_put(ring->held->home, ring->held->account, ring->held->number, AS_OF, out_str(&o));
}

static enum err take_as_of(void *ctx, struct str name, struct str value)
{
    uint64_t *ms = ctx;
    (void)name;
    if (value.len != 8) return ERR_STORE_DAMAGED;
    *ms = 0;
    for (size_t i = 0; i < 8; i++) *ms = *ms << 8 | value.at[i];
    return ERR_OK;
}

enum err ring_as_of(struct seat *seat, uint64_t number, uint64_t *ms)
{
    uint64_t found = 0;
    enum err e = home_note_get(seat_home(seat), seat->face.number, number, AS_OF, take_as_of, &found);
    if (e == ERR_NOT_FOUND) e = ERR_OK;
    if (e == ERR_OK) *ms = found;
    return e;
}
