/* live.c -- streams of events: every reader ends at the newest head, and disturbs no other. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "harness/expect.h"

enum { ANA, BEN, CLEO, DOV, PEOPLE };

static struct town town;
static struct arena *a = &town.arena;

/* One more device of a person, signed in. */
static void device_in(struct api *device, size_t who)
{
    api_init(device, &town.person[who], 0, town.daemon.origin, town.daemon.port);
    (void)expect_ok(api_login(device, a), 201);
}

/* A device with its stream open. */
static void listen_in(struct api *device, size_t who)
{
    device_in(device, who);
    (void)expect_ok(api_live(device), 200);
}

static uint64_t circles_of(size_t who)
{
    uint64_t n = 0;
    struct api_reply r = expect_ok(api_get(&town.api[who], "/v1/circles"), 200);
    for (struct str left = r.body, item; left.len > 0;) {
        struct cbor_map map;
        assert_true(cbor_first(left, &item, &left) == ERR_OK && cbor_map(item, &map) == ERR_OK);
        n += cbor_map_has(&map, 3) ? 1 : 0; /* a member, and not a former one */
    }
    return n;
}

/* Reads until the circle's head is at least this; gives the event. Comments and other circles are passed over. */
static struct api_event read_to(struct api *device, const uint8_t *circle, uint64_t seq)
{
    for (;;) {
        struct api_event e = api_event(device);
        assert_int_not_equal(e.kind, API_EVENT_NONE);
        assert_int_not_equal(e.kind, API_EVENT_OTHER);
        if (e.kind == API_EVENT_HEAD && memcmp(e.circle, circle, HASH_BYTES) == 0 && e.head.seq >= seq) return e;
    }
}

static struct api_event read_list(struct api *device)
{
    for (;;) {
        struct api_event e = api_event(device);
        assert_int_not_equal(e.kind, API_EVENT_NONE);
        if (e.kind == API_EVENT_LIST) return e;
    }
}

/* The number behind the name of a metric. */
static uint64_t metric(const struct daemon *daemon, const char *name)
{
    char line[64];
    struct http_client c;
    struct http_reply http;
    (void)snprintf(line, sizeof line, "\n%s ", name);
    http_client_init(&c, daemon->port);
    assert_true(http_client_ask(&c, &(struct http_ask){.method = "GET", .path = "/metrics"}, &http));
    char *text = malloc(http.body.len + 1);
    assert_non_null(text);
    memcpy(text, http.body.at, http.body.len);
    text[http.body.len] = '\0';
    const char *at = strstr(text, line);
    assert_non_null(at);
    uint64_t number = strtoull(at + strlen(line), NULL, 10);
    free(text);
    http_client_fini(&c);
    return number;
}

/* ---- what a stream tells ----------------------------------------------------------------------- */

static void it_begins_with_the_list_and_every_head(void **state)
{
    (void)state;
    struct api ben;
    uint64_t n = circles_of(BEN);
    listen_in(&ben, BEN);
    struct api_event e = api_event(&ben);
    assert_int_equal(e.kind, API_EVENT_LIST);
    assert_int_equal(e.circle_n, n);
    bool is_told = false;
    for (uint64_t i = 0; i < n; i++) {
        e = api_event(&ben);
        assert_int_equal(e.kind, API_EVENT_HEAD);
        if (memcmp(e.circle, town_circle(&town), HASH_BYTES) != 0) continue;
        assert_false(is_told);
        is_told = true;
        assert_int_equal(e.head.seq, town.room[BEN].chain.circle.head_seq);
        assert_memory_equal(e.head.hash, town.room[BEN].chain.circle.head_hash, HASH_BYTES);
    }
    assert_true(is_told);
    api_fini(&ben);
}

static void it_tells_every_member_of_a_new_head_and_nobody_else(void **state)
{
    (void)state;
    struct api device[4];
    for (size_t i = 0; i < 3; i++) {
        listen_in(&device[i], i);
        (void)read_to(&device[i], town_circle(&town), 0);
    }
    listen_in(&device[DOV], DOV);
    for (int round = 0; round < 20; round++) {
        (void)expect_ok(town_say(&town, (size_t)round % 3, "news"), 201);
        for (size_t i = 0; i < 3; i++) {
            struct api_event e = read_to(&device[i], town_circle(&town), town.room[ANA].chain.circle.head_seq);
            assert_memory_equal(e.head.hash, town.room[ANA].chain.circle.head_hash, HASH_BYTES);
        }
    }
    device[DOV].http.wait_ms = 100;
    for (struct api_event e = api_event(&device[DOV]); e.kind != API_EVENT_NONE; e = api_event(&device[DOV])) {
        assert_true(e.kind != API_EVENT_HEAD || memcmp(e.circle, town_circle(&town), HASH_BYTES) != 0);
    }
    assert_false(http_client_is_over(&device[DOV].http));
    for (size_t i = 0; i < 4; i++) api_fini(&device[i]);
}

static void a_join_and_a_leave_tell_the_list_anew(void **state)
{
    (void)state;
    struct api cleo, dov;
    uint8_t secret[SECRET_BYTES];
    listen_in(&cleo, CLEO);
    listen_in(&dov, DOV);
    uint64_t cleos = read_list(&cleo).circle_n, dovs = read_list(&dov).circle_n;
    town_invite(&town, ANA, secret);
    rooms_take((struct room *const[]){&town.room[DOV]}, 1, room_sequence(&town.room[ANA], a, 0));
    (void)expect_ok(town_post(&town, DOV, room_join(&town.room[DOV], a, secret)), 201);
    assert_int_equal(read_list(&dov).circle_n, dovs + 1);
    (void)read_to(&dov, town_circle(&town), town.room[ANA].chain.circle.head_seq);
    (void)expect_ok(town_leave(&town, CLEO), 201);
    assert_int_equal(read_list(&cleo).circle_n, cleos - 1);
    (void)expect_ok(town_rotate(&town, ANA, ROTATE_LEFT), 201);
    (void)expect_ok(town_say(&town, ANA, "without Cleo"), 201);
    (void)read_to(&dov, town_circle(&town), town.room[ANA].chain.circle.head_seq);
    uint64_t last_seq = town.room[ANA].chain.circle.head_seq;
    cleo.http.wait_ms = 100;
    for (struct api_event e = api_event(&cleo); e.kind != API_EVENT_NONE; e = api_event(&cleo)) {
        bool is_ours = e.kind == API_EVENT_HEAD && memcmp(e.circle, town_circle(&town), HASH_BYTES) == 0;
        assert_true(!is_ours || e.head.seq < last_seq - 1); /* nothing behind her leave */
    }
    api_fini(&cleo);
    api_fini(&dov);
}

static void a_circle_made_on_one_device_is_told_to_the_other(void **state)
{
    (void)state;
    struct api phone;
    struct room room;
    listen_in(&phone, ANA);
    uint64_t n = read_list(&phone).circle_n;
    room_init(&room, &town.person[ANA], api_now_ms());
    struct str genesis = room_genesis(&room, a, true);
    (void)expect_ok(api_create(&town.api[ANA], genesis), 201);
    rooms_take((struct room *const[]){&room}, 1, genesis);
    assert_int_equal(read_list(&phone).circle_n, n + 1);
    struct api_event e = read_to(&phone, room.chain.circle.id, 0);
    assert_memory_equal(e.head.hash, room.chain.circle.id, HASH_BYTES);
    room_fini(&room);
    api_fini(&phone);
}

static void a_quiet_stream_shows_that_it_is_there(void **state)
{
    (void)state;
    struct api_event e;
    struct town own;
    struct daemon_options options = {.flag = {"--beat=1s"}, .is_fast = true};
    town_open(&own, 1, &options);
    (void)expect_ok(api_live(&own.api[0]), 200);
    e = api_event(&own.api[0]);
    assert_int_equal(e.kind, API_EVENT_LIST);
    assert_int_equal(e.circle_n, 0);
    uint64_t from_ms = api_now_ms();
    for (int i = 0; i < 2; i++) {
        e = api_event(&own.api[0]);
        assert_int_equal(e.kind, API_EVENT_COMMENT);
    }
    assert_in_range(api_now_ms() - from_ms, 1000, 6000);
    town_close(&own);
}

/* ---- many heads, many readers ------------------------------------------------------------------ */

enum { APPENDS = 1000, READERS = 6 };

struct reader {
    struct api api;
    size_t who;
    const uint8_t *circle;
    uint64_t last_seq;
    uint8_t (*hash)[HASH_BYTES]; /* of every seq, filled before it is told */
    unsigned event_n, wrong_n;
    bool is_there;
};

static void *read_all(void *of)
{
    struct reader *r = of;
    uint64_t seen = 0;
    while (!r->is_there) {
        struct api_event e = api_event(&r->api);
        if (e.kind == API_EVENT_NONE) break;
        if (e.kind != API_EVENT_HEAD || memcmp(e.circle, r->circle, HASH_BYTES) != 0) continue;
        bool is_right = e.head.seq <= r->last_seq && (r->event_n == 0 || e.head.seq > seen) &&
                        memcmp(e.head.hash, r->hash[e.head.seq], HASH_BYTES) == 0;
        if (!is_right) r->wrong_n++;
        seen = e.head.seq;
        r->event_n++;
        r->is_there = seen == r->last_seq;
    }
    return NULL;
}

/* APPENDS entries of Ana's, made beforehand, and the hash of every entry there will be. */
static struct str *make_appends(uint8_t (*hash)[HASH_BYTES])
{
    struct str *wire = arena_take(a, APPENDS * sizeof *wire);
    struct room later = town.room[ANA];
    assert_non_null(wire);
    for (uint64_t seq = 0; seq < later.chain.index.row_n; seq++) {
        memcpy(hash[seq], room_entry(&later, seq).hash, HASH_BYTES);
    }
    for (size_t i = 0; i < APPENDS; i++) {
        wire[i] = room_say(&later, a, people_note(a, "one of a thousand"));
        room_assume(&later, wire[i]);
        memcpy(hash[later.at.head_seq], later.at.head_hash, HASH_BYTES);
    }
    return wire;
}

static void a_thousand_heads_reach_every_reader_at_the_end(void **state)
{
    (void)state;
    static uint8_t hash[APPENDS + 64][HASH_BYTES];
    static const size_t whose[READERS] = {ANA, ANA, BEN, BEN, CLEO, CLEO};
    struct reader *reader = arena_take(a, READERS * sizeof *reader);
    pthread_t thread[READERS];
    struct str *wire = make_appends(hash);
    uint64_t last_seq = town.room[ANA].chain.circle.head_seq + APPENDS;
    for (size_t i = 0; i < READERS; i++) {
        reader[i] = (struct reader){.who = whose[i], .circle = town_circle(&town), .last_seq = last_seq, .hash = hash};
        listen_in(&reader[i].api, whose[i]);
        assert_int_equal(pthread_create(&thread[i], NULL, read_all, &reader[i]), 0);
    }
    for (size_t i = 0; i < APPENDS; i++) (void)expect_ok(api_append(&town.api[ANA], town_circle(&town), wire[i]), 201);
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_true(reader[i].is_there);
        assert_int_equal(reader[i].wrong_n, 0);
        assert_in_range(reader[i].event_n, 1, APPENDS + 1); /* some were told together */
        api_fini(&reader[i].api);
    }
}

/* ---- readers that do not read ------------------------------------------------------------------ */

/* Opens a stream that the system has little room for, and reads nothing of it. */
static void listen_and_sleep(struct api *device, struct town *in, size_t who)
{
    char room[512];
    api_init(device, &in->person[who], 0, in->daemon.origin, in->daemon.port);
    (void)expect_ok(api_login(device, &in->arena), 201);
    http_client_drop(&device->http);
    device->http.room_bytes = 1;
    struct http_ask ask = {.method = "GET", .path = "/v1/live", .token = device->token};
    size_t n = http_client_put_ask(room, sizeof room, &ask, in->daemon.port);
    assert_true(n > 0 && http_client_send(&device->http, str_at(room, n)));
}

static void slow_and_dead_readers_disturb_nobody_and_the_dead_are_let_go(void **state)
{
    (void)state;
    enum { NEWS = 400, CIRCLES = 100 };
    struct town own;
    struct api slow, dead, awake;
    struct http_reply http;
    struct daemon_options options = {.flag = {"--idle=2s", "--beat=1s"}, .is_fast = true};
    uint64_t seen = 0;
    town_open(&own, 2, &options);
    for (int i = 0; i < CIRCLES; i++) { /* so that one telling of everything is more than a socket takes */
        town_gather(&own, 1);
    }
    town_gather(&own, 2);
    listen_and_sleep(&slow, &own, ANA);
    listen_and_sleep(&dead, &own, ANA);
    api_init(&awake, &own.person[BEN], 0, own.daemon.origin, own.daemon.port);
    (void)expect_ok(api_login(&awake, &own.arena), 201);
    (void)expect_ok(api_live(&awake), 200);
    expect_soon(metric(&own.daemon, "troth_live_streams") == 3);
    uint64_t resident = daemon_resident_bytes(&own.daemon), from_ms = api_now_ms();
    for (int i = 0; i < NEWS; i++) {
        (void)expect_ok(town_say(&own, ANA, "news"), 201);
        seen = read_to(&awake, town_circle(&own), own.room[ANA].chain.circle.head_seq).head.seq;
    }
    assert_int_equal(seen, own.room[ANA].chain.circle.head_seq);
    print_message("%d appends told beside two sleepers in %u ms\n", NEWS, (unsigned)(api_now_ms() - from_ms));
    uint64_t grown = daemon_resident_bytes(&own.daemon);
    assert_true(DAEMON_IS_WATCHED || grown < resident + (4u << 20)); /* nothing is queued for who does not read */
    if (!http_client_is_over(&slow.http) && http_client_read_head(&slow.http, true, &http)) { /* it wakes up */
        assert_int_equal(http.status, 200);
        struct api_event e = api_event(&slow);
        while (e.kind != API_EVENT_NONE && !(e.kind == API_EVENT_HEAD && e.head.seq == seen)) e = api_event(&slow);
        assert_true(e.kind == API_EVENT_HEAD ||
                    http_client_is_over(&slow.http)); /* the newest head, or it was too late */
    }
    api_fini(&slow);
    expect_soon(metric(&own.daemon, "troth_live_streams") == 1); /* the dead one too, which never closed */
    (void)expect_ok(town_say(&own, ANA, "still here"), 201);
    (void)read_to(&awake, town_circle(&own), own.room[ANA].chain.circle.head_seq);
    api_fini(&dead);
    api_fini(&awake);
    town_close(&own);
}

static void a_reader_that_vanishes_is_forgotten(void **state)
{
    (void)state;
    struct api device;
    uint64_t before = metric(&town.daemon, "troth_live_streams");
    for (int i = 0; i < 50; i++) {
        listen_in(&device, BEN);
        if (i % 2 == 0) (void)api_event(&device);
        api_fini(&device); /* closes without a word */
        (void)expect_ok(town_say(&town, ANA, "to nobody"), 201);
    }
    expect_soon(metric(&town.daemon, "troth_live_streams") == before);
}

/* ---- who may listen ---------------------------------------------------------------------------- */

static void a_fifth_stream_of_an_account_is_refused_until_one_ends(void **state)
{
    (void)state;
    struct api device[LIMIT_LIVE_STREAMS], fifth, bens;
    for (size_t i = 0; i < LIMIT_LIVE_STREAMS; i++) listen_in(&device[i], ANA);
    device_in(&fifth, ANA);
    struct api_reply r = expect_refused(api_live(&fifth), 429, "slow_down");
    assert_true(r.retry_after_s > 0);
    listen_in(&bens, BEN); /* another's count for themselves */
    api_fini(&device[1]);
    expect_soon(api_live(&fifth).status == 200);
    (void)read_to(&fifth, town_circle(&town), 0);
    (void)read_to(&device[0], town_circle(&town), 0);
    for (size_t i = 0; i < LIMIT_LIVE_STREAMS; i++) {
        if (i != 1) api_fini(&device[i]);
    }
    api_fini(&fifth);
    api_fini(&bens);
}

/* Whether the stream ends, with at most one more head before that. */
static void expect_end(struct api *device)
{
    unsigned head_n = 0;
    for (struct api_event e = api_event(device); e.kind != API_EVENT_NONE; e = api_event(device)) {
        if (e.kind == API_EVENT_HEAD && memcmp(e.circle, town_circle(&town), HASH_BYTES) == 0) head_n++;
        assert_in_range(head_n, 0, 1);
    }
    assert_true(http_client_is_over(&device->http));
}

static struct api_reply end_session(struct api *by, const struct api *of)
{
    char path[80], hex[2 * ID_BYTES + 1];
    api_hex(hex, of->session, ID_BYTES);
    (void)snprintf(path, sizeof path, "/v1/sessions/%s", hex);
    return api_delete(by, path, (struct str){0});
}

static void A7_a_revoked_device_hears_nothing_more(void **state)
{
    (void)state;
    struct api lost, kept;
    for (int i = 0; i < 10; i++) {
        listen_in(&lost, ANA);
        listen_in(&kept, ANA);
        (void)read_to(&lost, town_circle(&town), town.room[ANA].chain.circle.head_seq);
        (void)read_to(&kept, town_circle(&town), town.room[ANA].chain.circle.head_seq);
        (void)expect_ok(end_session(&town.api[ANA], &lost), 204);
        (void)expect_ok(town_say(&town, BEN, "not for who has the lost phone"), 201);
        expect_end(&lost);
        (void)expect_refused(api_live(&lost), 401, "no_session");
        (void)read_to(&kept, town_circle(&town), town.room[ANA].chain.circle.head_seq);
        api_fini(&lost);
        api_fini(&kept);
    }
}

/* What opens a stream while its session is being revoked. */
struct opener {
    struct api api;
    struct api_reply reply;
    pthread_barrier_t start;
    unsigned later_us; /* how much later than the other thread begins to revoke */
};

static void *open_stream(void *of)
{
    struct opener *o = of;
    struct timespec later = {.tv_nsec = (long)o->later_us * 1000};
    (void)pthread_barrier_wait(&o->start);
    (void)nanosleep(&later, NULL);
    o->reply = api_live(&o->api);
    return NULL;
}

static void A7_a_stream_opened_while_its_device_is_revoked_ends_too(void **state)
{
    (void)state;
    unsigned opened_n = 0;
    for (int i = 0; i < 300; i++) {
        struct opener o;
        pthread_t thread;
        device_in(&o.api, ANA);
        o.later_us = (unsigned)i * 5;
        assert_int_equal(pthread_barrier_init(&o.start, NULL, 2), 0);
        assert_int_equal(pthread_create(&thread, NULL, open_stream, &o), 0);
        (void)pthread_barrier_wait(&o.start);
        (void)expect_ok(end_session(&town.api[ANA], &o.api), 204);
        assert_int_equal(pthread_join(thread, NULL), 0);
        (void)pthread_barrier_destroy(&o.start);
        if (o.reply.status == 200) {
            opened_n++;
            assert_true(http_client_sees_end(&o.api.http));
        } else {
            (void)expect_refused(o.reply, 401, "no_session");
        }
        api_fini(&o.api);
    }
    print_message("%u of 300 streams were opened before their device was revoked, and ended\n", opened_n);
    expect_soon(metric(&town.daemon, "troth_live_streams") == 0);
}

static void signing_out_the_others_and_new_ways_in_end_their_streams(void **state)
{
    (void)state;
    struct api other, phone;
    listen_in(&other, BEN);
    listen_in(&phone, BEN);
    (void)read_list(&other);
    (void)read_list(&phone);
    (void)expect_ok(api_delete(&town.api[BEN], "/v1/sessions", (struct str){0}), 204);
    expect_end(&other);
    expect_end(&phone);
    api_fini(&other);
    api_fini(&phone);
    (void)expect_ok(api_login(&town.api[BEN], a), 201);
    listen_in(&other, BEN);
    (void)read_list(&other);
    struct account_creds creds = {.version = town.api[BEN].creds_version + 1, .cred_n = 1};
    creds.cred[0] = api_cred(&town.api[BEN]);
    (void)expect_ok(api_put(&town.api[BEN], "/v1/account/creds", api_creds_body(&town.api[BEN], a, &creds)), 200);
    expect_end(&other);
    api_fini(&other);
}

static void a_device_signed_out_for_a_new_one_hears_nothing_more(void **state)
{
    (void)state;
    struct api oldest, device[LIMIT_SESSIONS];
    listen_in(&oldest, CLEO);
    (void)read_list(&oldest);
    uint64_t used_ms = api_now_ms();
    while (api_now_ms() <= used_ms + 1) continue;
    (void)expect_ok(api_get(&town.api[CLEO], "/v1/account"), 200); /* used later than the oldest */
    for (size_t i = 0; i < LIMIT_SESSIONS - 1; i++) device_in(&device[i], CLEO);
    expect_end(&oldest);
    for (size_t i = 0; i < LIMIT_SESSIONS - 1; i++) api_fini(&device[i]);
    api_fini(&oldest);
}

static void a_closed_account_hears_nothing_more(void **state)
{
    (void)state;
    struct person person;
    struct api api, stream;
    char permit[64];
    town_permit(&town, permit);
    person_init(&person, "Somebody new", 3000);
    api_init(&api, &person, 0, town.daemon.origin, town.daemon.port);
    api_init(&stream, &person, 0, town.daemon.origin, town.daemon.port);
    (void)expect_ok(api_register(&api, a, permit), 201);
    (void)expect_ok(api_login(&api, a), 201);
    (void)expect_ok(api_login(&stream, a), 201);
    (void)expect_ok(api_live(&stream), 200);
    assert_int_equal(read_list(&stream).circle_n, 0);
    (void)expect_ok(api_delete(&api, "/v1/account", api_close_body(&api, a)), 204);
    expect_end(&stream);
    api_fini(&api);
    api_fini(&stream);
    person_fini(&person);
}

static void a_stopping_server_ends_every_stream(void **state)
{
    (void)state;
    struct api device[6];
    for (size_t i = 0; i < 6; i++) {
        listen_in(&device[i], i % 3);
        (void)read_list(&device[i]);
    }
    uint64_t from_ms = api_now_ms();
    assert_true(daemon_stop(&town.daemon));
    assert_in_range(api_now_ms() - from_ms, 0, 5000); /* it does not wait for them */
    for (size_t i = 0; i < 6; i++) {
        expect_end(&device[i]);
        api_fini(&device[i]);
    }
    assert_true(daemon_restart(&town.daemon, &town.options));
}

static int open_town(void **state)
{
    (void)state;
    town_open(&town, PEOPLE, NULL);
    return 0;
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

/* Three in a circle, and everyone on one device only. */
static int gather(void **state)
{
    (void)state;
    town_gather(&town, 3);
    for (size_t i = 0; i < PEOPLE; i++) {
        (void)expect_ok(api_login(&town.api[i], a), 201);
        (void)expect_ok(api_delete(&town.api[i], "/v1/sessions", (struct str){0}), 204);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_begins_with_the_list_and_every_head, gather),
        cmocka_unit_test_setup(it_tells_every_member_of_a_new_head_and_nobody_else, gather),
        cmocka_unit_test_setup(a_join_and_a_leave_tell_the_list_anew, gather),
        cmocka_unit_test_setup(a_circle_made_on_one_device_is_told_to_the_other, gather),
        cmocka_unit_test_setup(a_quiet_stream_shows_that_it_is_there, gather),
        cmocka_unit_test_setup(a_thousand_heads_reach_every_reader_at_the_end, gather),
        cmocka_unit_test_setup(slow_and_dead_readers_disturb_nobody_and_the_dead_are_let_go, gather),
        cmocka_unit_test_setup(a_reader_that_vanishes_is_forgotten, gather),
        cmocka_unit_test_setup(a_fifth_stream_of_an_account_is_refused_until_one_ends, gather),
        cmocka_unit_test_setup(A7_a_revoked_device_hears_nothing_more, gather),
        cmocka_unit_test_setup(A7_a_stream_opened_while_its_device_is_revoked_ends_too, gather),
        cmocka_unit_test_setup(signing_out_the_others_and_new_ways_in_end_their_streams, gather),
        cmocka_unit_test_setup(a_device_signed_out_for_a_new_one_hears_nothing_more, gather),
        cmocka_unit_test_setup(a_closed_account_hears_nothing_more, gather),
        cmocka_unit_test_setup(a_stopping_server_ends_every_stream, gather),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
