/* flow_join.c -- looking at an invitation, and joining. See client.h. */
#include <stdlib.h>

#include "client/clock.h"
#include "client/flow.h"
#include "device/look.h"

#define CEILING_BYTES ((size_t)1 << 33)

struct look {
    struct client_look face; /* first */
    struct secret_identity nobody; /* whose copy it is */
    struct copy copy;
    char server[ACCOUNT_ORIGIN_BYTES + 1];
    uint8_t secret[SECRET_BYTES];
    uint8_t *wires; /* the whole record, as it came and was verified */
    size_t wires_n, wires_cap;
};

static struct look *look_of(const struct client_look *face)
{
    return (struct look *)face;
}

void client_look_close(struct client_look *look)
{
    if (look == NULL) return;
    struct look *l = look_of(look);
    copy_fini(&l->copy);
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

static enum err verify(struct look *l, const struct str *page, struct why *why)
{
    struct str left = *page;
    enum err e = ERR_OK;
    while (e == ERR_OK && left.len > 0) {
        struct str wire;
        e = cbor_first(left, &wire, &left);
        if (e == ERR_OK) e = copy_add(&l->copy, wire, COPY_VERIFY, 0, NULL, why);
    }
    bool is_told = e == ERR_OK || e == ERR_NO_MEMORY || e == ERR_BAD_VERSION;
    bool is_another = e == ERR_WRONG_CIRCLE && copy_n(&l->copy) == 0;
    return is_told || is_another ? e : ERR_BROKEN_CHAIN;
}

/* The whole record, verified from its genesis. */
static enum err read_record(struct look *l, struct remote *remote, const struct remote_invite *invite, struct why *why)
{
    enum err e = ERR_OK;
    for (bool is_at_head = false; e == ERR_OK && !is_at_head;) {
        struct str page;
        e = remote_entries(remote, invite->circle, copy_n(&l->copy), LIMIT_PAGE_ENTRIES, invite->read_token, &page,
                           NULL);
        if (e != ERR_OK) return e;
        is_at_head = page.len == 0;
        e = verify(l, &page, why);
        if (e == ERR_OK) e = keep_wires(l, page);
    }
    return e == ERR_OK && copy_n(&l->copy) == 0 ? ERR_WRONG_CIRCLE : e;
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum err look_at(struct look *l, struct remote *remote, struct why *why)
{
    struct remote_invite invite;
    struct look_seen seen;
    enum err e = remote_open_invite(remote, l->secret, &invite);
    if (e != ERR_OK) {
        why->text = remote_detail(remote)->text;
        return e;
    }
    copy_init(&l->copy, invite.circle, &l->nobody, CEILING_BYTES);
    e = read_record(l, remote, &invite, why);
    if (e == ERR_OK) e = look_open(&l->copy, l->secret, invite.seq, &seen);
    wipe(&invite, sizeof invite);
    if (e != ERR_OK) return e;
    memcpy(l->face.inviter, seen.inviter, SIGN_PK_BYTES);
    l->face.expires_ms = seen.expires_ms;
    return ERR_OK;
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
    memcpy(l->face.circle, l->copy.chain.circle.id, HASH_BYTES);
    l->face.chain = &l->copy.chain;
    l->face.state = &l->copy.state;
    *look = &l->face;
    return ERR_OK;
}

/* ---- joining --------------------------------------------------------------------------------- */

/* The circle and my wish to join it, durable before anything is sent. */
static enum err keep_join(struct seat *seat, const struct look *l, struct str profile, uint64_t *number, uint8_t *id)
{
    struct home *home = seat_home(seat);
    struct held unread = {.home = home, .account = seat->face.number, .me = &seat->me};
    struct outbox outbox = {.held = &unread};
    struct outbox_new item[PLAN_ITEMS];
    struct plan plan;
    enum err e = plan_join(&plan, &l->copy, l->secret, profile);
    if (e != ERR_OK) return e;
    size_t item_n = flow_items(&plan, item);
    e = home_begin(home);
    if (e == ERR_OK) e = home_circle_find(home, seat->face.number, l->copy.chain.circle.id, number);
    if (e == ERR_NOT_FOUND) e = home_circle_add(home, seat->face.number, l->copy.chain.circle.id, number);
    unread.number = *number;
    if (e == ERR_OK) e = outbox_add(&outbox, item, item_n, clock_wall_ms(), true, id);
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
    if (e == ERR_OK && circle_member_index(&l->copy.chain.circle, account->sign_pk) >= 0) e = ERR_ALREADY_MEMBER;
    if (e == ERR_OK) e = flow_set_profile(seat, profile);
    if (e == ERR_OK) e = keep_join(seat, l, profile, &number, id);
    if (e == ERR_OK) e = ring_open(seat, number, &ring);
    if (e == ERR_OK) e = outbox_load(&ring->outbox);
    if (e == ERR_OK) e = take_record(ring, l);
    const uint8_t *seen = l->copy.chain.circle.head_hash;
    bool is_fresh = e == ERR_OK && memcmp(ring->held->copy.chain.circle.head_hash, seen, HASH_BYTES) == 0;
    if (e == ERR_OK) e = is_fresh ? flow_send(ring, &news, &back) : sync_ring(ring, NULL, &news, &back);
    if (e == ERR_OK) e = flow_outcome(ring, id, &news, &back, outcome);
    if (e != ERR_OK) return seat_fail(seat, e, why);
    *circle = &ring->face;
    return ERR_OK;
}
