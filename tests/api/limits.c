/* limits.c -- rates and ceilings: what they are by default, that they can be set, and what happens at them. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "harness/expect.h"

enum { ANA, BEN };

static struct town town;
static struct arena *a = &town.arena;

/* A town of its own for the test, with these flags. */
static void open_with(size_t person_n, struct daemon_options options)
{
    town_open(&town, person_n, &options);
}

static void wait_ms(unsigned ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

static struct api_reply ask_from(struct api *api, const char *method, const char *path, const char *address)
{
    char line[128];
    (void)snprintf(line, sizeof line, "X-Forwarded-For: %s\r\n", address);
    struct http_ask asked = {
        .method = method, .path = path, .more = line, .body = method[0] == 'P' ? STR("\xa0") : (struct str){0}};
    return api_ask(api, &asked);
}

/* How many of n requests are let through; every other one must be refused and say when to come again. */
static unsigned let_through(struct api *api, const char *method, const char *path, unsigned n, unsigned most_s)
{
    unsigned through_n = 0;
    for (unsigned i = 0; i < n; i++) {
        struct http_ask asked = {
            .method = method, .path = path, .body = method[0] == 'P' ? STR("\xa0") : (struct str){0}};
        struct api_reply r = api_ask(api, &asked);
        if (r.status != 429) {
            through_n++;
            continue;
        }
        expect_no_detail(expect_refused(r, 429, "slow_down"));
        assert_in_range(r.retry_after_s, 1, most_s);
    }
    return through_n;
}

/* ---- rates by default -------------------------------------------------------------------------- */

static void by_default_an_address_may_ask_30_challenges_a_minute(void **state)
{
    (void)state;
    open_with(0, (struct daemon_options){0});
    struct person person;
    struct api api;
    person_init(&person, "Somebody", 1);
    api_init(&api, &person, 0, town.daemon.origin, town.daemon.port);
    assert_in_range(let_through(&api, "GET", "/v1/challenge", 40, 60), 30, 31);
    (void)expect_refused(api_get(&api, "/v1/server"), 429, "slow_down"); /* the same budget */
    (void)expect_ok(api_get(&api, "/healthz"), 200);                     /* and this has none */
    (void)expect_ok(api_get(&api, "/"), 200);
    api_fini(&api);
    person_fini(&person);
}

static void by_default_an_address_may_try_each_door_10_times_a_minute(void **state)
{
    (void)state;
    static const char *const door[] = {"/v1/accounts", "/v1/sessions", "/v1/invites"};
    open_with(0, (struct daemon_options){0});
    struct person person;
    struct api api;
    person_init(&person, "Somebody", 1);
    api_init(&api, &person, 0, town.daemon.origin, town.daemon.port);
    for (size_t i = 0; i < 3; i++) assert_in_range(let_through(&api, "POST", door[i], 15, 60), 10, 11);
    api_fini(&api);
    person_fini(&person);
}

static void by_default_a_device_may_append_120_and_read_600_times_a_minute(void **state)
{
    (void)state;
    char entries[API_PATH_BYTES];
    struct api laptop;
    open_with(2, (struct daemon_options){.flag = {"--rate-challenge=0", "--rate-login=0", "--rate-register=0"}});
    town_gather(&town, 2);
    api_entries_path(entries, town_circle(&town), "");
    unsigned appended_n = let_through(&town.api[ANA], "POST", entries, 130, 60);
    assert_in_range(appended_n, 117, 124); /* making the circle was one of them or a few */
    assert_in_range(let_through(&town.api[ANA], "GET", "/v1/account", 640, 60), 590, 620);
    (void)expect_ok(town_say(&town, BEN, "not slowed down by Ana"), 201); /* another session */
    api_init(&laptop, &town.person[ANA], 0, town.daemon.origin, town.daemon.port);
    (void)expect_ok(api_login(&laptop, a), 201);
    (void)expect_ok(api_get(&laptop, "/v1/account"), 200); /* another device of Ana's */
    api_fini(&laptop);
}

/* ---- rates as they are set --------------------------------------------------------------------- */

static void who_waits_as_long_as_it_says_is_let_through(void **state)
{
    (void)state;
    open_with(1, (struct daemon_options){.flag = {"--rate-append=2/s"}, .is_fast = false});
    town_gather(&town, 1);
    for (int round = 0; round < 3; round++) {
        struct str say = room_say(&town.room[ANA], a, people_note(a, "words"));
        struct api_reply r = api_append(&town.api[ANA], town_circle(&town), say);
        for (int i = 0; i < 4 && r.status == 201; i++) {
            town_follow(&town, say);
            say = room_say(&town.room[ANA], a, people_note(a, "words"));
            r = api_append(&town.api[ANA], town_circle(&town), say);
        }
        (void)expect_refused(r, 429, "slow_down");
        assert_int_equal(r.retry_after_s, 1);
        wait_ms(r.retry_after_s * 1000);
        (void)expect_ok(api_append(&town.api[ANA], town_circle(&town), say), 201);
        town_follow(&town, say);
    }
}

static void a_flag_wins_over_the_environment_and_that_over_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *flag, *env;
        unsigned n;
    } row[] = {{NULL, NULL, 3},
               {NULL, "TROTHD_RATE_INVITE_OPEN=5/min", 5},
               {"--rate-invite-open=7/min", "TROTHD_RATE_INVITE_OPEN=5/min", 7}};
    char folder[SCRATCH_PATH_BYTES], file[SCRATCH_PATH_BYTES], flag[SCRATCH_PATH_BYTES + 16];
    scratch_folder(folder);
    scratch_path(file, folder, "settings");
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    assert_true(fputs("# Ana's server\nrate-invite-open = 3/min\n", f) >= 0 && fclose(f) == 0);
    (void)snprintf(flag, sizeof flag, "--config=%s", file);
    for (size_t i = 0; i < 3; i++) {
        struct person person;
        struct api api;
        open_with(0, (struct daemon_options){.flag = {flag, row[i].flag}, .env = {row[i].env}});
        person_init(&person, "Somebody", 1);
        api_init(&api, &person, 0, town.daemon.origin, town.daemon.port);
        assert_int_equal(let_through(&api, "POST", "/v1/invites", 9, 60), row[i].n);
        api_fini(&api);
        person_fini(&person);
        if (i < 2) town_close(&town);
    }
}

static void clients_behind_a_trusted_proxy_are_told_apart(void **state)
{
    (void)state;
    struct person person;
    struct api api;
    open_with(0, (struct daemon_options){.flag = {"--rate-challenge=5/min", "--proxy-header=X-Forwarded-For",
                                                  "--trusted-proxy=127.0.0.1"}});
    person_init(&person, "Somebody", 1);
    api_init(&api, &person, 0, town.daemon.origin, town.daemon.port);
    for (int i = 0; i < 5; i++) (void)expect_ok(ask_from(&api, "GET", "/v1/challenge", "192.0.2.1"), 200);
    (void)expect_refused(ask_from(&api, "GET", "/v1/challenge", "192.0.2.1"), 429, "slow_down");
    (void)expect_refused(ask_from(&api, "GET", "/v1/challenge", "203.0.113.9, 192.0.2.1"), 429,
                         "slow_down"); /* made up in front */
    (void)expect_ok(ask_from(&api, "GET", "/v1/challenge", "192.0.2.2"), 200);
    /* all of one /64 are one client */
    for (int i = 0; i < 5; i++) {
        (void)expect_ok(ask_from(&api, "GET", "/v1/challenge", i % 2 ? "2001:db8::1" : "2001:db8::ffff:2"), 200);
    }
    (void)expect_refused(ask_from(&api, "GET", "/v1/challenge", "2001:db8::3"), 429, "slow_down");
    (void)expect_ok(ask_from(&api, "GET", "/v1/challenge", "2001:db8:0:1::3"), 200);
    api_fini(&api);
    person_fini(&person);
}

static void what_a_stranger_says_of_its_address_counts_for_nothing(void **state)
{
    (void)state;
    struct person person;
    struct api api;
    open_with(0, (struct daemon_options){.flag = {"--rate-challenge=5/min"}});
    person_init(&person, "Somebody", 1);
    api_init(&api, &person, 0, town.daemon.origin, town.daemon.port);
    for (int i = 0; i < 5; i++) {
        char address[32];
        (void)snprintf(address, sizeof address, "192.0.2.%d", i);
        (void)expect_ok(ask_from(&api, "GET", "/v1/challenge", address), 200);
    }
    (void)expect_refused(ask_from(&api, "GET", "/v1/challenge", "192.0.2.99"), 429, "slow_down");
    api_fini(&api);
    person_fini(&person);
}

/* Statements that say nothing: a way in that nobody has, a permit that was never given, a secret of no invitation; each
 * well signed, and to a challenge of its own. */
static struct api_reply say_nothing(struct api *api, struct arena *some, unsigned which)
{
    uint8_t made_up[SECRET_BYTES];
    random_fill(made_up, sizeof made_up);
    if (which == 1) return api_post(api, "/v1/accounts", api_register_body(api, some, made_up, NULL));
    if (which == 2) return api_post(api, "/v1/invites", api_open_body(api, some, made_up));
    struct str cred_id = draft_bytes(some, str_at(made_up, ID_BYTES));
    return api_post(api, "/v1/sessions", draft_set(some, api_login_body(api, some), LOGIN_CRED_ID, cred_id));
}

static void Q4_thousands_of_statements_by_nobody_keep_nobody_out(void **state)
{
    (void)state;
    enum { TIMES = 4300 }; /* more than a server remembers answers of two minutes */
    static const struct {
        const char *code;
        int status;
    } expected[] = {{"bad_login", 401}, {"no_permit", 403}, {"no_invite", 404}};
    struct api stranger;
    open_with(1, (struct daemon_options){.is_fast = true});
    api_init(&stranger, &town.person[ANA], 7, town.daemon.origin, town.daemon.port);
    for (unsigned i = 0; i < TIMES; i++) {
        struct arena some;
        arena_init(&some, 1 << 16);
        struct api_reply r = say_nothing(&stranger, &some, i % 3);
        (void)expect_refused(r, expected[i % 3].status, expected[i % 3].code);
        arena_fini(&some);
    }
    (void)expect_ok(api_login(&town.api[ANA], a), 201);
    api_fini(&stranger);
}

/* ---- ceilings ---------------------------------------------------------------------------------- */

static void more_circles_than_may_be_are_refused(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    open_with(2, (struct daemon_options){
                     .flag = {"--rate-challenge=0", "--rate-login=0", "--rate-register=0", "--circles=2"}});
    town_gather(&town, 1);
    town_gather(&town, 1);
    town_rooms(&town);
    struct str third = room_genesis(&town.room[ANA], a, false);
    expect_no_detail(expect_refused(api_create(&town.api[ANA], third), 403, "quota"));
    /* nor as somebody who joins later what a key for once began: anybody can sign that */
    struct person once;
    struct room fresh;
    struct why why;
    person_init(&once, "a key for once", 100);
    room_init(&fresh, &once, api_now_ms());
    struct str begin = room_genesis(&fresh, a, false);
    assert_int_equal(room_take(&fresh, begin, &why), ERR_OK);
    rooms_take((struct room *const[]){&town.room[ANA]}, 1, draft_then(a, begin, room_invite(&fresh, a, secret)));
    struct entry join = draft_join(&town.room[ANA], a, secret);
    join.seq += 1000;
    begin = draft_then(a, begin, draft_sign(a, &join, &town.person[ANA]));
    expect_no_detail(expect_refused(api_create(&town.api[ANA], begin), 403, "quota"));
    room_fini(&fresh);
    person_fini(&once);
    town_rooms(&town);
    /* Ben has one, and may come into another, but not into a third */
    for (int i = 0; i < 2; i++) {
        struct room ben;
        room_init(&ben, &town.person[BEN], api_now_ms());
        (void)expect_ok(api_create(&town.api[BEN], room_genesis(&ben, a, false)), 201);
        room_fini(&ben);
    }
    struct api_reply r = api_get(&town.api[ANA], "/v1/circles");
    struct str row, rest;
    struct cbor_map map;
    assert_true(cbor_first(r.body, &row, &rest) == ERR_OK && cbor_map(row, &map) == ERR_OK);
    uint8_t circle[HASH_BYTES];
    assert_int_equal(cbor_bytes_n(map.item[1], circle, HASH_BYTES), ERR_OK);
    struct str entries;
    assert_true(api_entries(&town.api[ANA], a, circle, 0, NULL, &entries, &r));
    /* Ana's room of that circle anew: its key is in her genesis */
    rooms_take((struct room *const[]){&town.room[ANA]}, 1, entries);
    town_invite(&town, ANA, secret);
    rooms_take((struct room *const[]){&town.room[BEN]}, 1, room_sequence(&town.room[ANA], a, 0));
    struct town_state before = town_look(&town, ANA);
    (void)expect_refused(api_append(&town.api[BEN], circle, room_join(&town.room[BEN], a, secret)), 403, "quota");
    expect_same(&town, ANA, before);
}

static void a_circle_that_is_full_of_words_takes_no_more_until_some_are_erased(void **state)
{
    (void)state;
    static char text[60000];
    uint64_t said[64];
    size_t n = 0;
    memset(text, 'x', sizeof text - 1);
    open_with(1, (struct daemon_options){.flag = {"--circle-bytes=1M"}, .is_fast = true});
    town_gather(&town, 1);
    for (;;) {
        struct town_state before = town_look(&town, ANA);
        struct api_reply r = town_say(&town, ANA, text);
        if (r.status == 201) {
            said[n++] = town.room[ANA].chain.circle.head_seq;
            assert_in_range(n, 1, 40);
            continue;
        }
        expect_detail(expect_refused(r, 507, "quota"), API_INDEX);
        expect_same(&town, ANA, before);
        break;
    }
    assert_in_range(n, 16, 17); /* 60,000 bytes and their padding, 1 MiB in all */
    (void)expect_ok(town_rotate(&town, ANA, ROTATE_WISH), 201); /* what has no payload goes on */
    (void)expect_ok(town_post(&town, ANA, room_redact_bare(&town.room[ANA], a, said, 2)), 201);
    (void)expect_ok(town_say(&town, ANA, text), 201);
    (void)expect_ok(town_say(&town, ANA, text), 201);
    (void)expect_refused(town_say(&town, ANA, text), 507, "quota");
    assert_true(daemon_stop(&town.daemon) && daemon_restart(&town.daemon, &town.options)); /* it is remembered */
    (void)expect_refused(town_say(&town, ANA, text), 507, "quota");
}

static void fewer_devices_may_be_set(void **state)
{
    (void)state;
    struct api device[3];
    open_with(1, (struct daemon_options){.flag = {"--sessions=2"}, .is_fast = true});
    for (size_t i = 0; i < 3; i++) {
        api_init(&device[i], &town.person[ANA], 0, town.daemon.origin, town.daemon.port);
        (void)expect_ok(api_login(&device[i], a), 201);
        wait_ms(2);
    }
    (void)expect_refused(api_get(&town.api[ANA], "/v1/account"), 401, "no_session");
    (void)expect_refused(api_get(&device[0], "/v1/account"), 401, "no_session");
    (void)expect_ok(api_get(&device[1], "/v1/account"), 200);
    (void)expect_ok(api_get(&device[2], "/v1/account"), 200);
    for (size_t i = 0; i < 3; i++) api_fini(&device[i]);
}

static void fewer_streams_may_be_set(void **state)
{
    (void)state;
    struct api second;
    open_with(1, (struct daemon_options){.flag = {"--live-streams=1"}, .is_fast = true});
    api_init(&second, &town.person[ANA], 0, town.daemon.origin, town.daemon.port);
    (void)expect_ok(api_login(&second, a), 201);
    (void)expect_ok(api_live(&town.api[ANA]), 200);
    (void)expect_refused(api_live(&second), 429, "slow_down");
    http_client_drop(&town.api[ANA].http);
    expect_soon(api_live(&second).status == 200);
    api_fini(&second);
}

static void an_address_has_so_many_connections_and_others_have_theirs(void **state)
{
    (void)state;
    enum { MOST = 4 };
    struct http_client c[MOST + 1];
    struct http_reply http;
    open_with(0, (struct daemon_options){.flag = {"--connections-per-ip=4"}, .is_fast = true});
    for (size_t i = 0; i < MOST; i++) {
        http_client_init(&c[i], town.daemon.port);
        assert_true(http_client_ask(&c[i], &(struct http_ask){.method = "GET", .path = "/healthz"}, &http));
    }
    http_client_init(&c[MOST], town.daemon.port);
    c[MOST].wait_ms = 2000;
    bool is_answered = http_client_ask(&c[MOST], &(struct http_ask){.method = "GET", .path = "/healthz"}, &http);
    assert_true(!is_answered || http.status == 503);
    assert_true(
        http_client_ask(&c[0], &(struct http_ask){.method = "GET", .path = "/healthz"}, &http)); /* these go on */
    http_client_drop(&c[1]);
    expect_soon(http_client_ask(&c[MOST], &(struct http_ask){.method = "GET", .path = "/healthz"}, &http) &&
                http.status == 200);
    for (size_t i = 0; i <= MOST; i++) http_client_fini(&c[i]);
}

static void metrics_may_be_shown_to_nobody_or_everybody(void **state)
{
    (void)state;
    struct person person;
    struct api api;
    person_init(&person, "Somebody", 1);
    for (int i = 0; i < 2; i++) {
        open_with(0, (struct daemon_options){.flag = {i == 0 ? "--metrics=no" : "--metrics=yes"}});
        api_init(&api, &person, 0, town.daemon.origin, town.daemon.port);
        struct api_reply r = ask_from(&api, "GET", "/metrics", "192.0.2.1");
        if (i == 0) (void)expect_refused(r, 404, "no_route");
        else (void)expect_ok(r, 200);
        api_fini(&api);
        if (i == 0) town_close(&town);
    }
    person_fini(&person);
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(by_default_an_address_may_ask_30_challenges_a_minute, close_town),
        cmocka_unit_test_teardown(by_default_an_address_may_try_each_door_10_times_a_minute, close_town),
        cmocka_unit_test_teardown(by_default_a_device_may_append_120_and_read_600_times_a_minute, close_town),
        cmocka_unit_test_teardown(who_waits_as_long_as_it_says_is_let_through, close_town),
        cmocka_unit_test_teardown(a_flag_wins_over_the_environment_and_that_over_the_file, close_town),
        cmocka_unit_test_teardown(clients_behind_a_trusted_proxy_are_told_apart, close_town),
        cmocka_unit_test_teardown(what_a_stranger_says_of_its_address_counts_for_nothing, close_town),
        cmocka_unit_test_teardown(Q4_thousands_of_statements_by_nobody_keep_nobody_out, close_town),
        cmocka_unit_test_teardown(more_circles_than_may_be_are_refused, close_town),
        cmocka_unit_test_teardown(a_circle_that_is_full_of_words_takes_no_more_until_some_are_erased, close_town),
        cmocka_unit_test_teardown(fewer_devices_may_be_set, close_town),
        cmocka_unit_test_teardown(fewer_streams_may_be_set, close_town),
        cmocka_unit_test_teardown(an_address_has_so_many_connections_and_others_have_theirs, close_town),
        cmocka_unit_test_teardown(metrics_may_be_shown_to_nobody_or_everybody, close_town),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
