/* sync.c -- see sync.h. Reading; sync_send.c has the writing. */
#include "client/sync.h"

#include <stdlib.h>

#include "client/alarm.h"
#include "client/clock.h"
#include "client/sync_own.h"

bool sync_is_ours(enum err e)
{
    switch (e) {
    case ERR_NO_MEMORY:
    case ERR_STORE:
    case ERR_STORE_DAMAGED:
    case ERR_DISK_FULL: return true;
    default: return false;
    }
}

enum err sync_asked(struct sync *s, enum err e)
{
    if (e == ERR_OK) return ERR_OK;
    if (e == ERR_NO_MEMORY && remote_detail(s->remote)->status == 0) return e;
    if (e == ERR_CLOCK_SKEW) s->news->server_time_ms = remote_detail(s->remote)->server_ms;
    s->news->err = e;
    return ERR_OK;
}

/* ---- what the server says -------------------------------------------------------------------- */

enum err sync_known_of(struct sync *s, struct sync_known *known)
{
    struct remote_rows rows;
    struct remote_circle circle;
    *known = (struct sync_known){0};
    enum err e = sync_asked(s, remote_circles(s->remote, &rows));
    while (sync_may_go_on(s, e) && remote_next_circle(&rows, &circle)) {
        if (memcmp(circle.id, s->held->id, HASH_BYTES) != 0) continue;
        known->is_listed = true;
        known->circle = circle;
    }
    return e;
}

/* ---- alarms ---------------------------------------------------------------------------------- */

/* Raises it, and tells of it. */
static enum err alarm(struct sync *s, enum err kind, const struct alarm_seen *seen)
{
    s->news->err = kind;
    return alarm_raise(s->ring, kind, seen, clock_wall_ms());
}

/* One entry as the server has it; {NULL, 0}: none. Borrowed until the next request. */
static enum err peek(struct sync *s, uint64_t seq, struct entry *entry, bool *is_there)
{
    struct str wire;
    struct why why;
    *is_there = false;
    enum err e = sync_asked(s, remote_entries(s->remote, s->held->id, seq, 1, s->read_token, &wire, NULL));
    if (!sync_may_go_on(s, e)) return e;
    *is_there = wire.len > 0 && entry_read(wire, entry, &why) == ERR_OK && entry->seq == seq;
    return ERR_OK;
}

/* The first place in which the server's record is another than mine: it is another at `differs`. */
static enum err find_parting(struct sync *s, uint64_t differs, uint64_t *parting)
{
    uint64_t same = 0; /* both begin with the genesis that gave the circle its name */
    while (differs - same > 1) {
        struct entry entry;
        bool is_there;
        uint64_t middle = same + (differs - same) / 2;
        enum err e = peek(s, middle, &entry, &is_there);
        if (!sync_may_go_on(s, e)) return e;
        if (is_there && memcmp(entry.hash, held_hash(s->held, middle), HASH_BYTES) == 0) same = middle;
        else differs = middle;
    }
    *parting = differs;
    return ERR_OK;
}

/* What the server lets one see of the place: as evidence. Asking may fail, which is told in news. */
static enum err look_closer(struct sync *s, uint64_t at, struct alarm_seen *seen, bool *is_signed)
{
    struct entry entry;
    bool is_there;
    enum err e = peek(s, at, &entry, &is_there);
    if (!sync_may_go_on(s, e)) return e;
    bool is_same = is_there && memcmp(entry.hash, held_hash(s->held, at), HASH_BYTES) == 0;
    bool is_another = is_there && !is_same && entry_is_signed(&entry);
    if (is_there) {
        seen->has_head = true;
        seen->head.seq = entry.seq;
        memcpy(seen->head.hash, entry.hash, HASH_BYTES);
    }
    if (is_same || !is_there) at++; /* nothing different is shown there: what follows does not fit */
    else e = find_parting(s, at, &at);
    if (!sync_may_go_on(s, e)) return e;
    seen->parting_seq = at;
    *is_signed = is_another;
    return sync_asked(s, remote_entries(s->remote, s->held->id, at, LIMIT_PAGE_ENTRIES, s->read_token, &seen->entries,
                                        NULL));
}

/* The server has something else in a place that I have seen. That is an alarm, whether or not it lets one look
 * closer. head: what it says to have there; NULL: what it sent does not stand behind that place. */
static enum err parted(struct sync *s, uint64_t at, const struct remote_head *head)
{
    struct alarm_seen seen = {.has_parting = true, .parting_seq = at, .has_head = head != NULL};
    bool is_signed = false;
    if (head != NULL) seen.head = *head;
    enum err e = look_closer(s, at, &seen, &is_signed);
    return e == ERR_OK ? alarm(s, is_signed ? ERR_FORKED : ERR_BROKEN_CHAIN, &seen) : e;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Whether the first entry of a page stands right behind the pin. */
static bool does_follow(const struct held *h, struct str page)
{
    struct str first, rest;
    struct entry entry;
    struct why why;
    if (held_n(h) == 0 || cbor_first(page, &first, &rest) != ERR_OK) return true; /* held_take says it better */
    if (entry_read(first, &entry, &why) != ERR_OK || entry.seq != held_n(h) || entry.prev == NULL) return true;
    return memcmp(entry.prev, h->copy.chain.circle.head_hash, HASH_BYTES) == 0;
}

static enum err take(struct sync *s, struct str page)
{
    struct str bad = {0};
    struct why why;
    size_t taken_n = 0;
    struct held_with with = outbox_with(&s->ring->outbox);
    enum err e = held_take(s->held, page, false, clock_wall_ms(), &with, &taken_n, &bad, &why);
    if (e == ERR_OK || s->held->is_broken) return e;
    struct alarm_seen seen = {.entries = bad, .wrong = e, .has_parting = true, .parting_seq = held_n(s->held)};
    if (e != ERR_BAD_VERSION) return alarm(s, ERR_BROKEN_CHAIN, &seen);
    s->news->err = e; /* made by a newer Troth: read to there, and no further */
    return ERR_OK;
}

/* Payloads that were kept back when their entries were shown, and that no redact erases: asked for once more. */
static enum err fetch_lacking(struct sync *s)
{
    const struct index *index = &s->held->copy.chain.index;
    enum err e = ERR_OK;
    bool is_found = false;
    for (uint64_t seq = 0; sync_may_go_on(s, e) && seq < index->row_n; seq++) {
        const struct index_row *row = index_row(index, seq);
        struct entry entry;
        bool is_there;
        if (row->has_payload || row->is_erased) continue;
        e = peek(s, seq, &entry, &is_there);
        if (!sync_may_go_on(s, e) || !is_there || memcmp(entry.hash, row->hash, HASH_BYTES) != 0) break;
        if (entry.payload.len == 0 || !entry_payload_fits(&entry)) break;
        e = home_entry_set_payload(s->held->home, s->held->number, seq, entry.payload);
        is_found = true;
    }
    if (!is_found) return e;
    s->held->is_broken = true; /* the home has more than memory now */
    enum err again = ring_ready(s->ring);
    s->held = s->ring->held;
    return e == ERR_OK ? again : e;
}

/* A record may end here only if nothing in it is owed: what a server kept back was found out by that. */
static enum err settle(struct sync *s)
{
    enum err e = s->held->copy.chain.index.lacking_n > 0 ? fetch_lacking(s) : ERR_OK;
    if (e != ERR_OK || chain_is_settled(&s->held->copy.chain)) return e;
    return alarm(s, ERR_BROKEN_CHAIN, &(struct alarm_seen){.wrong = ERR_PAYLOAD_MISMATCH});
}

/* Everything behind the pin, to the head. */
static enum err fetch(struct sync *s)
{
    bool is_at_head = false;
    enum err e = ERR_OK;
    while (sync_may_go_on(s, e) && !is_at_head) {
        struct str page;
        e = remote_entries(s->remote, s->held->id, held_n(s->held), LIMIT_PAGE_ENTRIES, s->read_token, &page, NULL);
        e = sync_asked(s, e);
        if (!sync_may_go_on(s, e)) break;
        is_at_head = page.len == 0;
        if (!is_at_head) e = does_follow(s->held, page) ? take(s, page) : parted(s, held_n(s->held) - 1, NULL);
    }
    return sync_may_go_on(s, e) && held_n(s->held) > 0 ? settle(s) : e;
}

/* ---- the head against the pin ---------------------------------------------------------------- */

static enum err behind(struct sync *s, const struct remote_head *head)
{
    struct alarm_seen seen = {.has_head = head != NULL};
    if (head != NULL) seen.head = *head;
    return alarm(s, ERR_ROLLED_BACK, &seen);
}

static enum err to_head(struct sync *s, const struct remote_head *head)
{
    if (held_n(s->held) == 0) return fetch(s);
    uint64_t pin = s->held->copy.chain.circle.head_seq;
    if (head->seq <= pin) {
        bool is_mine = memcmp(held_hash(s->held, head->seq), head->hash, HASH_BYTES) == 0;
        if (!is_mine) return parted(s, head->seq, head);
        return head->seq < pin ? behind(s, head) : settle(s);
    }
    enum err e = fetch(s);
    if (!sync_may_go_on(s, e)) return e;
    if (s->held->copy.chain.circle.head_seq >= head->seq) return ERR_OK;
    struct alarm_seen seen = {.has_head = true, .head = *head, .wrong = ERR_NOT_FOUND};
    return alarm(s, ERR_BROKEN_CHAIN, &seen); /* it names a head that it does not show */
}

/* Where I left last, as far as the record is here; 0: nowhere. */
static uint64_t left_at(const struct held *h)
{
    for (uint64_t seq = held_n(h); seq > 1; seq--) {
        const struct index_row *row = index_row(&h->copy.chain.index, seq - 1);
        if (row->kind == ENTRY_LEAVE && memcmp(row->author, h->me->sign_pk, SIGN_PK_BYTES) == 0) return seq - 1;
    }
    return 0;
}

/* The server says that I have left. It has to show it: who is told so and is in would be kept from the rest. */
static enum err to_leave(struct sync *s, const struct remote_circle *circle)
{
    struct alarm_seen seen = {.wrong = ERR_NOT_FOUND};
    enum err e = fetch(s);
    if (!sync_may_go_on(s, e) || held_n(s->held) == 0) return e;
    uint64_t left = left_at(s->held);
    if (!held_is_in(s->held) && circle->left_seq == left) return ERR_OK;
    if (left > 0 && circle->left_seq <= left) return behind(s, NULL);
    return alarm(s, ERR_BROKEN_CHAIN, &seen);
}

/* ---- who is not in yet ----------------------------------------------------------------------- */

/* Reads with the invitation, as long as the join is not in the record. is_gone: it is an invitation no more, and
 * the join is a draft. */
static enum err read_as_invited(struct sync *s, const struct outbox_item *join, bool *is_gone)
{
    struct remote_invite invite;
    if (join->is.content.len != SECRET_BYTES) return ERR_STORE_DAMAGED;
    enum err e = remote_open_invite(s->remote, join->is.content.at, &invite);
    *is_gone = e == ERR_NO_INVITE;
    if (*is_gone) {
        return outbox_give_back(&s->ring->outbox, (size_t)(join - s->ring->outbox.item), LAW_OK, e, clock_wall_ms(),
                                s->back);
    }
    e = sync_asked(s, e);
    if (!sync_may_go_on(s, e)) return e;
    if (memcmp(invite.circle, s->held->id, HASH_BYTES) != 0) s->news->err = ERR_WRONG_CIRCLE;
    memcpy(s->token, invite.read_token, ACCOUNT_TOKEN_BYTES);
    s->read_token = s->token;
    wipe(&invite, sizeof invite);
    e = fetch(s);
    s->read_token = NULL;
    return e;
}

/* The server does not name the circle among mine. */
static enum err unlisted(struct sync *s)
{
    enum err e = ERR_OK;
    for (bool is_gone = true; sync_may_go_on(s, e) && is_gone;) {
        const struct outbox_item *join = outbox_join(&s->ring->outbox);
        if (join == NULL) break;
        e = read_as_invited(s, join, &is_gone);
        if (!is_gone) return e;
    }
    if (!sync_may_go_on(s, e)) return e;
    if (outbox_genesis(&s->ring->outbox) != NULL || held_n(s->held) == 0) return ERR_OK;
    return held_is_in(s->held) ? behind(s, NULL) : ERR_OK;
}

enum err sync_read(struct sync *s, const struct sync_known *known)
{
    enum err e;
    bool is_coming = outbox_join(&s->ring->outbox) != NULL && !held_is_in(s->held);
    bool is_named = known->is_listed && !(known->circle.has_left && is_coming);
    if (!is_named) e = unlisted(s);
    else if (known->circle.has_left) e = to_leave(s, &known->circle);
    else e = to_head(s, &known->circle.head);
    if (!sync_may_go_on(s, e) || !is_named) return e;
    e = alarm_end_kind(s->ring, ERR_ROLLED_BACK); /* the server shows all that I have seen: somebody mended it */
    return e == ERR_OK ? ring_saw(s->ring, clock_wall_ms()) : e;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static enum err begin(struct sync *s, struct ring *ring, struct client_news *news, struct outbox_back *back)
{
    *s = (struct sync){.ring = ring, .news = news, .back = back};
    *news = (struct client_news){0};
    memcpy(news->circle, ring->face.id, HASH_BYTES);
    enum err e = ring_ready(ring);
    if (e != ERR_OK) return e;
    s->held = ring->held;
    news->first_seq = held_n(ring->held);
    e = seat_remote(ring_seat(ring), true, &s->remote);
    if (e == ERR_OK) return ERR_OK;
    s->remote = NULL;
    if (sync_is_ours(e)) return e;
    news->err = e;
    return ERR_OK;
}

static enum err end(struct sync *s, enum err e)
{
    wipe(s->token, sizeof s->token);
    struct ring *ring = s->ring;
    if (e == ERR_OK) e = ring_show(ring);
    if (ring->held == NULL || ring->held->is_broken) {
        enum err again = ring_ready(ring); /* back to what the home has */
        return e != ERR_OK ? e : again;
    }
    s->news->new_n = held_n(ring->held) - s->news->first_seq;
    s->news->kept_n = ring->face.pending_n;
    s->news->back_n = s->back->n;
    return e;
}

static enum err read(struct sync *s, const struct sync_known *known)
{
    struct sync_known asked;
    bool is_old = known == NULL || s->has_uploaded;
    enum err e = is_old ? sync_known_of(s, &asked) : ERR_OK;
    return sync_may_go_on(s, e) ? sync_read(s, is_old ? &asked : known) : e;
}

enum err sync_ring(struct ring *ring, const struct sync_known *known, struct client_news *news,
                   struct outbox_back *back)
{
    struct sync s;
    enum err e = begin(&s, ring, news, back);
    if (sync_may_go_on(&s, e)) e = sync_upload(&s);
    if (sync_may_go_on(&s, e)) e = read(&s, known);
    if (sync_may_go_on(&s, e)) e = sync_flush(&s);
    return end(&s, e);
}

enum err sync_send(struct ring *ring, struct client_news *news, struct outbox_back *back)
{
    struct sync s;
    enum err e = begin(&s, ring, news, back);
    if (sync_may_go_on(&s, e)) e = sync_upload(&s);
    if (sync_may_go_on(&s, e)) e = sync_flush(&s);
    return end(&s, e);
}
