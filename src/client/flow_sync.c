/* flow_sync.c -- all circles of an account at once, and following them live. See client.h. */
#include <stdlib.h>

#include "client/clock.h"
#include "client/flow.h"
#include "client/live.h"

enum { MOST = 2 * LIMIT_CIRCLES, WAKE_MS = 30 * 1000, AWAKE_MS = 100 };

/* ---- one ------------------------------------------------------------------------------------- */

enum err client_sync_circle(struct client_circle *circle, struct client_news *news, struct why *why)
{
    struct outbox_back back = {0};
    return flow_end(ring_of(circle), sync_ring(ring_of(circle), NULL, news, &back), why);
}

/* ---- all ------------------------------------------------------------------------------------- */

/* What the server lists, copied: it is borrowed only until the next request. */
struct listed {
    struct remote_circle circle[MOST];
    bool is_new[MOST]; /* this home did not have it */
    size_t n;
};

static enum err ask_all(struct seat *seat, struct listed *listed)
{
    struct remote *remote;
    struct remote_rows rows;
    enum err e = seat_remote(seat, true, &remote);
    if (e == ERR_OK) e = remote_circles(remote, &rows);
    if (e != ERR_OK) return e;
    while (listed->n < MOST && remote_next_circle(&rows, &listed->circle[listed->n])) listed->n++;
    return ERR_OK;
}

static enum err add_new(struct seat *seat, struct listed *listed)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < listed->n; i++) {
        uint64_t number;
        e = home_circle_find(seat_home(seat), seat->face.number, listed->circle[i].id, &number);
        if (e != ERR_NOT_FOUND) continue;
        listed->is_new[i] = true;
        e = home_circle_add(seat_home(seat), seat->face.number, listed->circle[i].id, &number);
    }
    return e;
}

struct numbers {
    struct home_circle circle[MOST];
    size_t n;
};

static enum err take_number(void *ctx, const struct home_circle *circle)
{
    struct numbers *numbers = ctx;
    if (numbers->n < MOST) numbers->circle[numbers->n++] = *circle;
    return ERR_OK;
}

/* What a server lists, and what turns out to be empty or another's: no trace of it is kept. */
static bool is_mine(const struct ring *ring)
{
    const struct held *h = ring->held;
    if (held_is_in(h) || ring->outbox.item_n > 0) return true;
    for (size_t i = 0; i < state_member_n(&h->copy.state); i++) {
        if (memcmp(state_member(&h->copy.state, i)->sign_pk, h->me->sign_pk, SIGN_PK_BYTES) == 0) return true;
    }
    return false;
}

static enum err drop_if_foreign(struct seat *seat, struct ring *ring)
{
    uint64_t number = ring->number;
    if (is_mine(ring)) return ERR_OK; /* what was wrong with another's is in the news, and no alarm of mine */
    ring_close(ring);
    return home_circle_remove(seat_home(seat), number);
}

/* One circle of the home, with what the server says of it. It stays open: who syncs looks at it next. */
static enum err sync_one(struct seat *seat, const struct home_circle *circle, const struct listed *listed,
                         struct client_news *news)
{
    struct ring *ring;
    struct outbox_back back = {0};
    struct sync_known known = {0};
    bool is_new = false;
    for (size_t i = 0; i < listed->n; i++) {
        if (memcmp(listed->circle[i].id, circle->id, HASH_BYTES) != 0) continue;
        known = (struct sync_known){true, listed->circle[i]};
        is_new = listed->is_new[i];
    }
    enum err e = ring_open(seat, circle->number, &ring);
    if (e == ERR_OK) e = sync_ring(ring, &known, news, &back);
    if (e == ERR_STORE_DAMAGED) { /* one circle that is spoilt here keeps nobody from the others */
        *news = (struct client_news){.err = e};
        memcpy(news->circle, circle->id, HASH_BYTES);
        return ERR_OK;
    }
    if (e == ERR_OK) news->is_new = is_new;
    return e == ERR_OK && is_new ? drop_if_foreign(seat, ring) : e;
}

static enum err sync_all(struct seat *seat, struct listed *listed, struct client_news *list, size_t *n)
{
    struct numbers *numbers = calloc(1, sizeof *numbers);
    if (numbers == NULL) return ERR_NO_MEMORY;
    enum err e = ask_all(seat, listed);
    if (e == ERR_OK) e = add_new(seat, listed);
    if (e == ERR_OK) e = home_circle_each(seat_home(seat), seat->face.number, take_number, numbers);
    for (size_t i = 0; e == ERR_OK && i < numbers->n; i++) e = sync_one(seat, &numbers->circle[i], listed, &list[i]);
    if (e == ERR_OK) *n = numbers->n;
    free(numbers);
    return e;
}

enum err client_sync(struct client_account *account, struct client_news *list, size_t *n, struct why *why)
{
    struct seat *seat = seat_of(account);
    enum err e = seat_needs(seat, why);
    if (e != ERR_OK) return e;
    struct listed *listed = calloc(1, sizeof *listed);
    e = listed == NULL ? ERR_NO_MEMORY : sync_all(seat, listed, list, n);
    if (e == ERR_OK) e = flow_settle_in(seat);
    free(listed);
    return e == ERR_OK ? e : seat_fail(seat, e, why);
}

/* ---- live ------------------------------------------------------------------------------------ */

struct told {
    uint64_t number, n; /* circle, entries */
};

struct following {
    struct told told[MOST];
    size_t told_n;
    struct client *client;
    bool is_resting; /* the home is closed, so that other programs of this person can use it */
    struct seat *seat;
    struct live *live;
    bool (*on_news)(void *of, const struct client_news *news, const struct why *why);
    void *of;
    bool goes_on;
};

/* Nothing of the home is held while one waits for others: it is closed, and opened again when there is something
 * to write down. The keys stay in memory. */
static void rest(struct following *f)
{
    while (f->client->ring != NULL) ring_close(f->client->ring);
    home_close(f->client->home);
    f->client->home = NULL;
    f->is_resting = true;
}

static enum err wake(struct following *f, struct why *why)
{
    if (!f->is_resting) return ERR_OK;
    enum err e = home_open(f->client->folder, WAKE_MS, &f->client->home, why);
    if (e != ERR_OK) return e;
    f->is_resting = false;
    for (size_t i = 0; e == ERR_OK && i < f->client->seat_n; i++) {
        struct seat *seat = f->client->seat[i];
        if (seat->face.is_unlocked) e = home_unlock(f->client->home, seat->face.number, seat->me.local_key);
    }
    if (e != ERR_OK) *why = (struct why){.code = e};
    return e;
}

/* How much of each circle was told already: what another program of this device fetched meanwhile is news here. */
static struct told *told_of(struct following *f, uint64_t number)
{
    for (size_t i = 0; i < f->told_n; i++) {
        if (f->told[i].number == number) return &f->told[i];
    }
    if (f->told_n == MOST) return NULL;
    f->told[f->told_n] = (struct told){.number = number};
    return &f->told[f->told_n++];
}

static enum err begin_telling(struct following *f)
{
    struct numbers *numbers = calloc(1, sizeof *numbers);
    if (numbers == NULL) return ERR_NO_MEMORY;
    enum err e = home_circle_each(seat_home(f->seat), f->seat->face.number, take_number, numbers);
    for (size_t i = 0; e == ERR_OK && i < numbers->n; i++) {
        struct home_pin pin;
        struct told *told = told_of(f, numbers->circle[i].number);
        e = home_pin(seat_home(f->seat), numbers->circle[i].number, &pin);
        if (e == ERR_OK && told != NULL) told->n = pin.is_set ? pin.seq + 1 : 0;
    }
    free(numbers);
    return e;
}

static enum err tell(struct following *f, struct ring *ring, struct client_news *news)
{
    struct why why = {.code = news->err};
    struct told *told = told_of(f, ring->number);
    uint64_t n = held_n(ring->held);
    if (told != NULL && told->n < news->first_seq) {
        news->first_seq = told->n;
        news->new_n = n - told->n;
    }
    if (told != NULL) told->n = n;
    bool is_news = news->new_n > 0 || news->sent_n > 0 || news->back_n > 0 || news->err != ERR_OK;
    enum err e = news->is_new ? drop_if_foreign(f->seat, ring) : ERR_OK;
    if (e == ERR_OK && is_news) f->goes_on = f->on_news(f->of, news, &why);
    return e;
}

/* A head: hint enough to look. */
static enum err on_head(struct following *f, const struct live_event *event)
{
    uint64_t number;
    struct client_news news = {0};
    struct outbox_back back = {0};
    enum err e = home_circle_find(seat_home(f->seat), f->seat->face.number, event->circle, &number);
    bool is_new = e == ERR_NOT_FOUND;
    if (is_new) e = home_circle_add(seat_home(f->seat), f->seat->face.number, event->circle, &number);
    struct ring *ring = NULL;
    if (e == ERR_OK) e = ring_open(f->seat, number, &ring);
    if (e != ERR_OK) return e;
    const uint8_t *mine = held_hash(ring->held, event->head.seq);
    bool is_here = mine != NULL && ring->held->copy.chain.circle.head_seq == event->head.seq &&
                   memcmp(mine, event->head.hash, HASH_BYTES) == 0 && ring->outbox.item_n == 0;
    memcpy(news.circle, ring->face.id, HASH_BYTES);
    news.first_seq = held_n(ring->held);
    e = is_here ? ring_saw(ring, clock_wall_ms()) : sync_ring(ring, NULL, &news, &back);
    if (e != ERR_OK) return e;
    news.is_new = is_new;
    return tell(f, ring, &news);
}

static enum err on_event(struct following *f, const struct live_event *event, struct why *why)
{
    struct why told = {.code = event->why, .text = event->text, .at = event->again_ms};
    enum err e;
    switch (event->kind) {
    case LIVE_HEAD:
        e = wake(f, why);
        if (e != ERR_OK) return e;
        e = on_head(f, event);
        return e == ERR_OK ? e : seat_fail(f->seat, e, why);
    case LIVE_UP:
        f->goes_on = f->on_news(f->of, NULL, &(struct why){0});
        return ERR_OK;
    case LIVE_DOWN:
        f->goes_on = f->on_news(f->of, NULL, &told);
        return ERR_OK;
    case LIVE_STOPPED:
        f->goes_on = false;
        return ERR_OK;
    case LIVE_NOTHING:
        if (!f->is_resting) rest(f);
        return ERR_OK;
    case LIVE_LIST: return ERR_OK;
    }
    return ERR_OK;
}

/* How long to wait for the next event: shortly while the home is open, then as long as may be. */
static uint64_t patience_ms(const struct following *f, uint64_t left_ms)
{
    uint64_t most_ms = f->is_resting ? LIVE_SILENT_MS : AWAKE_MS;
    return left_ms < most_ms ? left_ms : most_ms;
}

static enum err follow_until(struct following *f, uint64_t for_ms, struct why *why)
{
    uint64_t begun_ms = clock_steady_ms();
    enum err e = ERR_OK;
    while (e == ERR_OK && f->goes_on) {
        struct live_event event;
        uint64_t gone_ms = clock_steady_ms() - begun_ms;
        if (for_ms > 0 && gone_ms >= for_ms) break;
        e = live_next(f->live, patience_ms(f, for_ms > 0 ? for_ms - gone_ms : UINT64_MAX), &event);
        if (e == ERR_OK) e = on_event(f, &event, why);
        else *why = (struct why){.code = e, .field = "session"};
    }
    struct why unheeded;
    enum err woken = wake(f, e == ERR_OK ? why : &unheeded);
    return e != ERR_OK ? e : woken;
}

enum err client_follow(struct client_account *account, uint64_t for_ms,
                       bool (*on_news)(void *of, const struct client_news *news, const struct why *why), void *of,
                       struct why *why)
{
    struct seat *seat = seat_of(account);
    struct following f = {.client = account->client, .seat = seat, .on_news = on_news, .of = of, .goes_on = true};
    struct home_session session = {0};
    struct fetch_options options = seat_fetch_options(account->client, account->server);
    enum err e = seat_needs(seat, why);
    if (e != ERR_OK) return e;
    if (account->client->options.is_offline) return seat_fail(seat, ERR_OFFLINE, why);
    e = home_session_get(seat_home(seat), account->number, &session);
    if (e == ERR_OK && !session.is_open) e = ERR_NO_SESSION;
    if (e == ERR_OK) e = live_open(&options, session.token, &f.live);
    wipe(&session, sizeof session);
    if (e == ERR_OK) e = begin_telling(&f);
    if (e == ERR_OK) e = follow_until(&f, for_ms, why);
    else (void)seat_fail(seat, e, why);
    live_close(f.live);
    return e;
}
