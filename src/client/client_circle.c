/* client_circle.c -- circles: the list, opening one, reading what is in it. See client.h. */
#include <stdlib.h>

#include "client/alarm.h"
#include "client/flow.h"

/* ---- the list -------------------------------------------------------------------------------- */

struct listing {
    struct client_listed *list;
    uint64_t number[2 * LIMIT_CIRCLES];
    size_t n;
};

static enum err list_one(void *ctx, const struct home_circle *circle)
{
    struct listing *l = ctx;
    if (l->n == 2 * LIMIT_CIRCLES) return ERR_TOO_LARGE;
    l->list[l->n] = (struct client_listed){0};
    memcpy(l->list[l->n].id, circle->id, HASH_BYTES);
    l->number[l->n++] = circle->number;
    return ERR_OK;
}

static enum err describe(struct seat *seat, uint64_t number, struct client_listed *listed)
{
    struct home *home = seat_home(seat);
    struct home_circle_about about;
    struct home_pin pin;
    uint64_t pending_n = 0;
    enum err kind, e = home_circle_about(home, number, &about);
    if (e == ERR_OK) e = home_pin(home, number, &pin);
    if (e == ERR_OK) e = ring_as_of(seat, number, &listed->as_of_ms);
    if (e == ERR_OK) e = home_items_count(home, number, &pending_n);
    if (e == ERR_OK) e = alarm_standing(seat, number, &listed->alarm_n, &kind);
    if (e != ERR_OK) return e;
    struct out name = out_over(listed->name, CLIENT_NAME_BYTES - 1);
    out_put(&name, str_at(about.name, about.name_n));
    listed->is_journal = about.standing == RING_JOURNAL;
    listed->has_left = about.standing == RING_OUT;
    listed->entry_n = pin.is_set ? pin.seq + 1 : 0;
    listed->pending_n = (size_t)pending_n;
    return ERR_OK;
}

enum err client_circles(struct client_account *account, struct client_listed *list, size_t *list_n, struct why *why)
{
    struct seat *seat = seat_of(account);
    struct listing l = {.list = list};
    enum err e = seat_needs(seat, why);
    if (e != ERR_OK) return e;
    e = home_circle_each(seat_home(seat), account->number, list_one, &l);
    for (size_t i = 0; e == ERR_OK && i < l.n; i++) e = describe(seat, l.number[i], &list[i]);
    if (e != ERR_OK) return seat_fail(seat, e, why);
    *list_n = l.n;
    return ERR_OK;
}

/* ---- one of them ----------------------------------------------------------------------------- */

enum err client_circle_open(struct client_account *account, const uint8_t id[static HASH_BYTES],
                            struct client_circle **circle, struct why *why)
{
    struct seat *seat = seat_of(account);
    struct ring *ring;
    uint64_t number;
    enum err e = seat_needs(seat, why);
    if (e != ERR_OK) return e;
    e = home_circle_find(seat_home(seat), account->number, id, &number);
    if (e == ERR_NOT_FOUND) e = ERR_NO_CIRCLE;
    if (e == ERR_OK) e = ring_open(seat, number, &ring);
    if (e != ERR_OK) return seat_fail(seat, e, why);
    *circle = &ring->face;
    return ERR_OK;
}

void client_circle_close(struct client_circle *circle)
{
    if (circle != NULL) ring_close(ring_of(circle));
}

enum err client_circle_new(struct client_account *account, struct str facts, struct client_circle **circle,
                           struct why *why)
{
    struct seat *seat = seat_of(account);
    struct ring *ring;
    struct facts read;
    struct client_news news;
    struct outbox_back back = {0};
    enum err e = seat_needs(seat, why);
    if (e != ERR_OK) return e;
    e = facts_read(facts, &read) == LAW_OK ? ERR_OK : ERR_BAD_FIELD;
    if (e == ERR_OK) e = flow_find_profile(seat);
    if (e == ERR_OK) e = flow_circle(seat, facts, &ring);
    if (e == ERR_OK) e = flow_send(ring, &news, &back);
    if (e != ERR_OK) return seat_fail(seat, e, why);
    *circle = &ring->face;
    return ERR_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* An entry that waits here: what the fold was told of it. */
static void waiting_entry(const struct ring *ring, uint64_t seq, struct entry *entry)
{
    const struct state_row *row = state_row(&ring->held->copy.state, seq);
    *entry = (struct entry){.circle = ring->held->id, .author = ring->held->me->sign_pk, .id = row->id, .seq = seq,
                            .kind = (enum entry_kind)row->kind, .time_ms = row->time_ms,
                            .epoch = ring->held->copy.chain.circle.epoch};
}

enum err client_entry(const struct client_circle *circle, uint64_t seq, struct entry *entry, struct why *why)
{
    struct ring *ring = ring_of(circle);
    uint8_t *wire;
    size_t wire_n;
    EXPECT(seq < state_row_n(&ring->held->copy.state));
    if (seq >= held_n(ring->held)) {
        waiting_entry(ring, seq, entry);
        return ERR_OK;
    }
    enum err e = held_wire(ring->held, seq, &wire, &wire_n);
    if (e != ERR_OK) return seat_fail(ring_seat(ring), e, why);
    free(ring->read);
    ring->read = wire;
    e = entry_read(str_at(wire, wire_n), entry, why);
    return e == ERR_OK ? e : seat_fail(ring_seat(ring), ERR_STORE_DAMAGED, why);
}

struct str client_text(const struct client_circle *circle, uint64_t seq, enum opened_how *how)
{
    const struct held *held = ring_of(circle)->held;
    EXPECT(seq < state_row_n(&held->copy.state));
    if (how != NULL) *how = (enum opened_how)state_row(&held->copy.state, seq)->how;
    return copy_text(&held->copy, seq);
}

uint64_t client_first_seen_ms(const struct client_circle *circle, uint64_t seq)
{
    const struct held *held = ring_of(circle)->held;
    return seq < held_n(held) ? copy_row(&held->copy, seq)->first_seen_ms : 0;
}
