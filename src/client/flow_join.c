/* flow_join.c -- looking at an invitation, and joining. See client.h. */
#include <stdlib.h>

#include "client/clock.h"
#include "client/flow.h"
#include "record/invite.h"

#define CEILING_BYTES ((size_t)1 << 33)

struct look {
    struct client_look face; /* first */
    struct arena record, fold;
    struct chain chain;
    struct state state;
    char server[ACCOUNT_ORIGIN_BYTES + 1];
    uint8_t secret[SECRET_BYTES];
    uint8_t *wires; /* the whole record, as it came and was verified */
    size_t wires_n, wires_cap;
    uint8_t epoch_key[KEY_BYTES];
};

static struct look *look_of(const struct client_look *face)
{
    return (struct look *)face;
}

void client_look_close(struct client_look *look)
{
    if (look == NULL) return;
    struct look *l = look_of(look);
    arena_fini(&l->record);
    arena_fini(&l->fold);
    free(l->wires);
    wipe(l, sizeof *l);
    free(l);
}

/* ---- reading --------------------------------------------------------------------------------- */

static enum err keep_wires(struct look *l, struct str page)
{
    if (l->wires_n + page.len > l->wires_cap) {
        size_t cap = 2 * (l->wires_n + page.len);
        uint8_t *more = realloc(l->wires, cap);
        if (more == NULL) return ERR_NO_MEMORY;
        l->wires = more;
        l->wires_cap = cap;
    }
    memcpy(l->wires + l->wires_n, page.at, page.len);
    l->wires_n += page.len;
    return ERR_OK;
}

/* The whole record, verified from its genesis. */
static enum err read_record(struct look *l, struct remote *remote, const struct remote_invite *invite, struct why *why)
{
    enum err e = ERR_OK;
    for (bool is_at_head = false; e == ERR_OK && !is_at_head;) {
        struct str page;
        size_t n;
        e = remote_entries(remote, invite->circle, l->chain.index.row_n, LIMIT_PAGE_ENTRIES, invite->read_token, &page,
                           NULL);
        if (e != ERR_OK) return e;
        is_at_head = page.len == 0;
        e = chain_add_all(&l->chain, page, &n, why);
        if (e != ERR_OK) return e == ERR_NO_MEMORY || e == ERR_BAD_VERSION ? e : ERR_BROKEN_CHAIN;
        e = keep_wires(l, page);
    }
    bool is_whole = l->chain.circle.is_begun && memcmp(l->chain.circle.id, invite->circle, HASH_BYTES) == 0;
    if (e == ERR_OK && !is_whole) e = ERR_WRONG_CIRCLE;
    return e == ERR_OK && !chain_is_settled(&l->chain) ? ERR_BROKEN_CHAIN : e;
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum err open_capsule(struct look *l, const struct entry *e, const struct invite_keys *keys)
{
    struct invite_seen seen = {.place = {e->circle, e->prev, e->author, e->seq, e->epoch},
                               .payload_hash = e->payload_hash, .kid = l->chain.circle.kid};
    enum err err = invite_capsule_open(keys, e->payload, &seen, l->epoch_key);
    if (err != ERR_OK) return err;
    memcpy(l->face.inviter, e->author, SIGN_PK_BYTES);
    l->face.expires_ms = e->body.invite.expires_ms;
    return ERR_OK;
}

static enum err find_invite(struct look *l, uint64_t seq, const struct invite_keys *keys)
{
    struct str left = str_at(l->wires, l->wires_n);
    while (left.len > 0) {
        struct str wire;
        struct entry e;
        struct why why;
        if (cbor_first(left, &wire, &left) != ERR_OK || entry_read(wire, &e, &why) != ERR_OK) return ERR_BROKEN_CHAIN;
        if (e.seq != seq) continue;
        bool is_it = e.kind == ENTRY_INVITE && memcmp(e.body.invite.invite_pk, keys->pk, SIGN_PK_BYTES) == 0;
        const struct circle_invite *open = circle_open_invite(&l->chain.circle, e.hash);
        if (!is_it) return ERR_BROKEN_CHAIN;
        if (open == NULL) return ERR_NO_INVITE;
        if (!circle_invite_is_agreed(&l->chain.circle, open)) return ERR_CONSENT_MISSING;
        return open_capsule(l, &e, keys);
    }
    return ERR_BROKEN_CHAIN;
}

/* What can be read with the invitation's one key: the facts and profiles that were posted for who comes. */
static enum err fold(struct look *l)
{
    uint8_t content_key[KEY_BYTES];
    struct str left = str_at(l->wires, l->wires_n);
    enum err err = ERR_OK;
    epoch_content_key(content_key, l->epoch_key);
    while (err == ERR_OK && left.len > 0) {
        struct str wire;
        struct entry e;
        struct why why;
        if (cbor_first(left, &wire, &left) != ERR_OK || entry_read(wire, &e, &why) != ERR_OK) return ERR_BROKEN_CHAIN;
        struct opened opened = {.entry = &e, .how = e.kind == ENTRY_SEALED ? OPENED_NO_KEY : OPENED_CONTROL};
        if (e.kind == ENTRY_SEALED && e.payload.len == 0) opened.how = OPENED_ERASED;
        if (opened.how == OPENED_NO_KEY && e.epoch == l->chain.circle.epoch) {
            struct payload_place place = {e.circle, e.author, e.id, e.epoch};
            err = payload_open(&l->fold, &place, content_key, e.payload, &opened.text);
            opened.how = err == ERR_OK ? OPENED_TEXT : OPENED_UNREADABLE;
            if (err == ERR_UNREADABLE) err = ERR_OK;
        }
        if (err == ERR_OK) err = state_add(&l->state, &opened);
    }
    wipe(content_key, sizeof content_key);
    return err;
}

static enum err look_at(struct look *l, struct remote *remote, struct why *why)
{
    struct remote_invite invite;
    struct invite_keys keys;
    enum err e = remote_open_invite(remote, l->secret, &invite);
    if (e != ERR_OK) {
        why->text = remote_detail(remote)->text;
        return e;
    }
    invite_keys_init(&keys, l->secret);
    e = read_record(l, remote, &invite, why);
    if (e == ERR_OK) e = find_invite(l, invite.seq, &keys);
    if (e == ERR_OK) e = fold(l);
    invite_keys_fini(&keys);
    wipe(&invite, sizeof invite);
    return e;
}

enum err client_look(struct client *client, const char *server, const uint8_t secret[static SECRET_BYTES],
                     struct client_look **look, struct why *why)
{
    struct fetch_options options = seat_fetch_options(client, server);
    struct remote *remote = NULL;
    *why = (struct why){.code = ERR_BAD_FIELD, .field = "server"};
    if (!account_is_origin(str_of_text(server))) return ERR_BAD_FIELD;
    *why = (struct why){0};
    struct look *l = calloc(1, sizeof *l);
    if (l == NULL) return why->code = ERR_NO_MEMORY;
    arena_init(&l->record, CEILING_BYTES);
    arena_init(&l->fold, CEILING_BYTES);
    l->fold.holds_secrets = true;
    chain_init(&l->chain, &l->record);
    state_init(&l->state, &l->fold);
    memcpy(l->secret, secret, SECRET_BYTES);
    memcpy(l->server, server, strlen(server) + 1);
    enum err e = client->options.is_offline ? ERR_OFFLINE : remote_open(&options, &remote);
    if (e == ERR_OK) e = look_at(l, remote, why);
    remote_close(remote);
    why->code = e;
    if (e != ERR_OK) {
        client_look_close(&l->face);
        return e;
    }
    memcpy(l->face.circle, l->chain.circle.id, HASH_BYTES);
    l->face.chain = &l->chain;
    l->face.state = &l->state;
    *look = &l->face;
    return ERR_OK;
}

/* ---- joining --------------------------------------------------------------------------------- */

/* The circle and my wish to join it, durable before anything is sent. */
static enum err keep_join(struct seat *seat, const struct look *l, struct str profile, uint64_t *number, uint8_t *id)
{
    static const uint8_t reason = ROTATE_JOINED;
    struct home *home = seat_home(seat);
    struct held unread = {.home = home, .account = seat->face.number, .me = &seat->me};
    struct outbox outbox = {.held = &unread};
    struct outbox_new item[3] = {{.kind = ITEM_JOIN, .content = STR_OF(l->secret)},
                                 {.kind = ITEM_ROTATE, .content = str_at(&reason, 1)},
                                 {.kind = ITEM_SAY, .content = profile}};
    enum err e = home_begin(home);
    if (e == ERR_OK) e = home_circle_find(home, seat->face.number, l->chain.circle.id, number);
    if (e == ERR_NOT_FOUND) e = home_circle_add(home, seat->face.number, l->chain.circle.id, number);
    unread.number = *number;
    if (e == ERR_OK) e = outbox_add(&outbox, item, 3, clock_wall_ms(), true, id);
    if (e == ERR_OK) e = home_commit(home);
    home_abandon(home);
    outbox_free(&outbox);
    return e;
}

/* What the look has verified just now need not be fetched again. */
static enum err take_record(struct ring *ring, const struct look *l)
{
    struct str bad;
    struct why why;
    size_t taken_n;
    if (held_n(ring->held) > 0) return ERR_OK;
    return held_take(ring->held, str_at(l->wires, l->wires_n), true, clock_wall_ms(), NULL, &taken_n, &bad, &why);
}

enum err client_join(struct client_account *account, struct client_look *look, struct str profile,
                     struct client_circle **circle, struct client_outcome *outcome, struct why *why)
{
    struct seat *seat = seat_of(account);
    const struct look *l = look_of(look);
    struct ring *ring = NULL;
    struct client_news news;
    struct outbox_back back = {0};
    struct profile read;
    uint64_t number = 0;
    uint8_t id[ID_BYTES];
    enum err e = seat_needs(seat, why);
    if (e != ERR_OK) return e;
    e = strcmp(l->server, account->server) == 0 ? ERR_OK : ERR_WRONG_ORIGIN;
    if (e == ERR_OK && profile_read(profile, &read) != LAW_OK) e = ERR_BAD_FIELD;
    if (e == ERR_OK && circle_member_index(&l->chain.circle, account->sign_pk) >= 0) e = ERR_ALREADY_MEMBER;
    if (e == ERR_OK) e = flow_set_profile(seat, profile);
    if (e == ERR_OK) e = keep_join(seat, l, profile, &number, id);
    if (e == ERR_OK) e = ring_open(seat, number, &ring);
    if (e == ERR_OK) e = outbox_load(&ring->outbox);
    if (e == ERR_OK) e = take_record(ring, l);
    const uint8_t *seen = l->chain.circle.head_hash;
    bool is_fresh = e == ERR_OK && memcmp(ring->held->copy.chain.circle.head_hash, seen, HASH_BYTES) == 0;
    if (e == ERR_OK) e = is_fresh ? sync_send(ring, &news, &back) : sync_ring(ring, NULL, &news, &back);
    if (e == ERR_OK) e = flow_outcome(ring, id, &news, &back, outcome);
    if (e != ERR_OK) return seat_fail(seat, e, why);
    *circle = &ring->face;
    return ERR_OK;
}
