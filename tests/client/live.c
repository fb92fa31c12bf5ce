/* live.c -- hearing of heads: from a real server, and from one that lies. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/clock.h"
#include "client/live.h"
#include "harness/expect.h"
#include "harness/liar.h"

enum { ANA, BEN, PEOPLE, WAIT_MS = 10000 };

static struct town town;
static struct arena *a = &town.arena;
static struct live *live;
static struct liar liar;
static const uint8_t a_token[ACCOUNT_TOKEN_BYTES] = {1};

/* ---- at a real server -------------------------------------------------------------------------------------- */

/* Ana's stream, in a session of its own. */
static struct remote *listen_in(struct remote_login *login)
{
    struct fetch_options options = {.origin = town.daemon.origin};
    struct remote *remote = NULL;
    assert_int_equal(remote_open(&options, &remote), ERR_OK);
    assert_int_equal(remote_login(remote, &town.api[ANA].access, login), ERR_OK);
    assert_int_equal(live_open(&options, login->token, &live), ERR_OK);
    return remote;
}

static struct live_event next(void)
{
    struct live_event e = {.kind = LIVE_NOTHING};
    assert_int_equal(live_next(live, WAIT_MS, &e), ERR_OK);
    return e;
}

static struct live_event next_is(enum live_kind kind)
{
    struct live_event e = next();
    assert_int_equal(e.kind, kind);
    return e;
}

static void read_heads(uint64_t n)
{
    while (n-- > 0) (void)next_is(LIVE_HEAD);
}

static void heads_are_heard_of_as_they_move(void **state)
{
    (void)state;
    struct remote_login login;
    town_gather(&town, 2);
    struct remote *remote = listen_in(&login);
    struct live_event e;
    (void)next_is(LIVE_UP);
    uint64_t circle_n = next_is(LIVE_LIST).circle_n;
    assert_true(circle_n >= 1);
    bool is_there = false;
    for (uint64_t i = 0; i < circle_n; i++) {
        e = next_is(LIVE_HEAD);
        if (memcmp(e.circle, town_circle(&town), HASH_BYTES) != 0) continue;
        is_there = true;
        assert_int_equal(e.head.seq, town.room[ANA].chain.circle.head_seq);
        assert_memory_equal(e.head.hash, town.room[ANA].chain.circle.head_hash, HASH_BYTES);
    }
    assert_true(is_there);
    assert_int_equal(live_next(live, 0, &e), ERR_OK);
    assert_int_equal(e.kind, LIVE_NOTHING);
    for (int i = 0; i < 3; i++) {
        (void)expect_ok(town_say(&town, BEN, "news"), 201);
        e = next_is(LIVE_HEAD);
        assert_memory_equal(e.circle, town_circle(&town), HASH_BYTES);
        assert_int_equal(e.head.seq, town.room[BEN].chain.circle.head_seq);
        assert_memory_equal(e.head.hash, town.room[BEN].chain.circle.head_hash, HASH_BYTES);
    }
    live_close(live);
    remote_close(remote);
}

static void a_circle_gained_is_told_with_a_new_list(void **state)
{
    (void)state;
    struct remote_login login;
    struct remote *remote = listen_in(&login);
    (void)next_is(LIVE_UP);
    uint64_t circle_n = next_is(LIVE_LIST).circle_n;
    read_heads(circle_n);
    town_rooms(&town);
    (void)expect_ok(api_create(&town.api[ANA], room_genesis(&town.room[ANA], a, false)), 201);
    assert_int_equal(next_is(LIVE_LIST).circle_n, circle_n + 1);
    read_heads(circle_n + 1);
    live_close(live);
    remote_close(remote);
}

static void a_session_that_ends_ends_the_stream_for_good(void **state)
{
    (void)state;
    struct remote_login login;
    struct live_event e;
    struct remote *remote = listen_in(&login);
    (void)next_is(LIVE_UP);
    read_heads(next_is(LIVE_LIST).circle_n);
    assert_int_equal(remote_end_session(remote, login.session), ERR_OK);
    e = next_is(LIVE_DOWN);
    assert_true(e.again_ms >= LIVE_BACK_OFF_LEAST_MS && e.again_ms <= 2 * LIVE_BACK_OFF_LEAST_MS);
    assert_int_equal(live_next(live, WAIT_MS, &e), ERR_NO_SESSION);
    assert_int_equal(live_next(live, WAIT_MS, &e), ERR_NO_SESSION);
    live_close(live);
    remote_close(remote);
}

static void a_server_that_comes_back_is_found_again(void **state)
{
    (void)state;
    struct remote_login login;
    struct live_event e;
    struct remote *remote = listen_in(&login);
    (void)next_is(LIVE_UP);
    uint64_t circle_n = next_is(LIVE_LIST).circle_n;
    read_heads(circle_n);
    assert_true(daemon_stop(&town.daemon));
    e = next_is(LIVE_DOWN);
    assert_int_equal(e.why, ERR_OFFLINE);
    assert_string_not_equal(e.text, "");
    assert_true(daemon_restart(&town.daemon, &town.options));
    town_reconnect(&town);
    while ((e = next()).kind == LIVE_DOWN) {}
    assert_int_equal(e.kind, LIVE_UP);
    assert_int_equal(next_is(LIVE_LIST).circle_n, circle_n);
    read_heads(circle_n);
    live_close(live);
    remote_close(remote);
}

/* ---- at a liar --------------------------------------------------------------------------------------------- */

#define STREAM "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static bool say_and_wait(struct liar *l, struct str request)
{
    EXPECT(liar_is_asked(request, "GET /v1/live HTTP/1.1\r\n"));
    return liar_say_text(l, l->ctx) && liar_wait(l, 30000) && false;
}

static void dial(liar_play *play, const char *text)
{
    liar_open(&liar, play, (void *)(uintptr_t)text);
    struct fetch_options options = {.origin = liar.origin, .quiet_ms = 400};
    assert_int_equal(live_open(&options, a_token, &live), ERR_OK);
}

static void hang_up(void)
{
    live_close(live);
    liar_close(&liar);
}

static void lines_are_read_as_they_are_meant(void **state)
{
    (void)state;
    struct live_event e;
    dial(say_and_wait, STREAM ": hello\n\nevent: list\ndata: 0\n\nevent:list\r\ndata:12\r\n\r\n"
                       "event: weather\ndata: rain\ndata: more of it\n\nid: 7\nretry: 3\n\n"
                       "event: head\ndata: " HEX " 4294967295 " HEX "\n\nevent: head\n");
    (void)next_is(LIVE_UP);
    assert_int_equal(next_is(LIVE_LIST).circle_n, 0);
    assert_int_equal(next_is(LIVE_LIST).circle_n, 12);
    e = next_is(LIVE_HEAD);
    assert_int_equal(e.head.seq, LIMIT_SEQ);
    assert_true(e.circle[0] == 0 && e.circle[31] == 0x1f && e.head.hash[16] == 0x10);
    e = next_is(LIVE_DOWN); /* silence */
    assert_int_equal(e.why, ERR_OFFLINE);
    assert_string_equal(e.text, "It fell silent.");
    hang_up();
}

static void nonsense_ends_the_stream(void **state)
{
    (void)state;
    static const char *const nonsense[] = {
        STREAM "event: list\ndata: many\n\n",
        STREAM "event: list\ndata: -1\n\n",
        STREAM "event: list\ndata: 01\n\n",
        STREAM "event: list\ndata: 99999999999999999999\n\n",
        STREAM "event: list\n\n",
        STREAM "event: list\ndata: 1\ndata: 2\n\n",
        STREAM "data: 1\n\n",
        STREAM "event: head\ndata: \n\n",
        STREAM "event: head\ndata: " HEX "  " HEX "\n\n",
        STREAM "event: head\ndata: " HEX " 1 " HEX "0\n\n",
        STREAM "event: head\ndata: " HEX " 4294967296 " HEX "\n\n",
        STREAM "event: head\ndata: " HEX " 1" HEX " \n\n",
        STREAM "event: head\ndata: X" HEX " 1 " HEX "\n\n",
        STREAM "event: head\ndata: ABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD 1 " HEX "\n\n",
        STREAM ": " HEX HEX HEX HEX "\n\n",
    };
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        dial(say_and_wait, nonsense[i]);
        (void)next_is(LIVE_UP);
        struct live_event e = next();
        if (e.kind != LIVE_DOWN || e.why != ERR_BAD_SERVER) fail_msg("nonsense %zu: kind %d", i, (int)e.kind);
        hang_up();
    }
}

/* Ten MiB of a line that does not end. */
static bool endless_line(struct liar *l, struct str request)
{
    (void)request;
    bool is_heard = liar_say_text(l, STREAM "event: head\ndata: ");
    for (unsigned n = 0; is_heard && n < 160 * 1024; n++) is_heard = liar_say_text(l, HEX);
    return false;
}

static void a_line_without_an_end_ends_the_stream(void **state)
{
    (void)state;
    dial(endless_line, NULL);
    (void)next_is(LIVE_UP);
    assert_int_equal(next_is(LIVE_DOWN).why, ERR_BAD_SERVER);
    hang_up();
}

/* A great many events, all at once: more than is kept. */
static bool many_events(struct liar *l, struct str request)
{
    char text[200];
    (void)request;
    bool is_heard = liar_say_text(l, STREAM);
    for (unsigned n = 0; is_heard && n < 20000; n++) {
        (void)snprintf(text, sizeof text, "event: head\ndata: " HEX " %u " HEX "\n\n", n);
        is_heard = liar_say_text(l, text);
    }
    return false;
}

static void many_events_at_once_all_arrive_in_order(void **state)
{
    (void)state;
    dial(many_events, NULL);
    (void)next_is(LIVE_UP);
    for (unsigned n = 0; n < 20000; n++) assert_int_equal(next_is(LIVE_HEAD).head.seq, n);
    assert_int_equal(next_is(LIVE_DOWN).why, ERR_OFFLINE);
    hang_up();
}

/* Breaks off the first time, behind half an event and half a line. */
static bool half_an_event(struct liar *l, struct str request)
{
    (void)request;
    if (l->asked_n == 1) return liar_say_text(l, STREAM "event: head\ndata: 1\ndat") && false;
    return liar_say_text(l, STREAM "event: list\ndata: 3\n\n") && liar_wait(l, 30000) && false;
}

static void half_an_event_does_not_outlive_its_stream(void **state)
{
    (void)state;
    dial(half_an_event, NULL);
    (void)next_is(LIVE_UP);
    assert_int_equal(next_is(LIVE_DOWN).why, ERR_OFFLINE);
    (void)next_is(LIVE_UP);
    assert_int_equal(next_is(LIVE_LIST).circle_n, 3);
    hang_up();
}

static void a_refusal_is_told_and_its_wait_is_kept(void **state)
{
    (void)state;
    struct live_event e;
    dial(say_and_wait, "HTTP/1.1 429 X\r\nRetry-After: 90\r\nContent-Length: 12\r\n\r\n\xa1\x01\x69slow_down");
    e = next_is(LIVE_DOWN);
    assert_int_equal(e.why, ERR_SLOW_DOWN);
    assert_true(e.again_ms >= 90000 && e.again_ms < 91000);
    assert_int_equal(live_next(live, 100, &e), ERR_OK);
    assert_int_equal(e.kind, LIVE_NOTHING);
    assert_int_equal(liar.asked_n, 1);
    hang_up();
    dial(say_and_wait, "HTTP/1.1 401 X\r\nContent-Length: 13\r\n\r\n\xa1\x01\x6ano_session");
    assert_int_equal(live_next(live, WAIT_MS, &e), ERR_NO_SESSION);
    hang_up();
    dial(say_and_wait, "HTTP/1.1 302 X\r\nLocation: /v1/server\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(next_is(LIVE_DOWN).why, ERR_BAD_SERVER);
    assert_int_equal(liar.asked_n, 1);
    hang_up();
}

static void it_waits_longer_each_time_and_never_just_as_long(void **state)
{
    (void)state;
    char origin[64];
    uint64_t first[8], began_ms = clock_steady_ms();
    bool is_all_same = true;
    (void)snprintf(origin, sizeof origin, "http://127.0.0.1:%u", daemon_free_port());
    struct fetch_options options = {.origin = origin};
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(live_open(&options, a_token, &live), ERR_OK);
        first[i] = next_is(LIVE_DOWN).again_ms;
        assert_true(first[i] >= 1000 && first[i] <= 2000);
        is_all_same = is_all_same && first[i] == first[0];
        if (i < 7) live_close(live);
    }
    assert_false(is_all_same);
    assert_true(clock_steady_ms() - began_ms < 5000);
    began_ms = clock_steady_ms();
    struct live_event e = next_is(LIVE_DOWN);
    assert_true(clock_steady_ms() - began_ms + 20 >= first[7]);
    assert_true(e.again_ms >= 2000 && e.again_ms <= 4000);
    live_close(live);
}

static void a_stop_is_heard_while_up_while_down_and_while_asking(void **state)
{
    (void)state;
    int end[2];
    struct live_event e;
    assert_int_equal(pipe(end), 0);
    liar_open(&liar, say_and_wait, (void *)(uintptr_t)"");
    struct fetch_options options = {.origin = liar.origin, .has_stop_fd = true, .stop_fd = end[0]};
    assert_int_equal(live_open(&options, a_token, &live), ERR_OK);
    assert_int_equal(live_next(live, 50, &e), ERR_OK); /* asked, and not answered */
    assert_int_equal(e.kind, LIVE_NOTHING);
    assert_int_equal(write(end[1], "x", 1), 1);
    uint64_t began_ms = clock_steady_ms();
    (void)next_is(LIVE_STOPPED);
    (void)next_is(LIVE_STOPPED);
    char x;
    assert_int_equal(read(end[0], &x, 1), 1);
    assert_int_equal(live_next(live, 50, &e), ERR_OK);
    assert_int_equal(e.kind, LIVE_NOTHING);
    assert_true(clock_steady_ms() - began_ms < 3000);
    hang_up();
    close(end[0]);
    close(end[1]);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_heard_of_as_they_move),
        cmocka_unit_test(a_circle_gained_is_told_with_a_new_list),
        cmocka_unit_test(a_session_that_ends_ends_the_stream_for_good),
        cmocka_unit_test(a_server_that_comes_back_is_found_again),
        cmocka_unit_test(lines_are_read_as_they_are_meant),
        cmocka_unit_test(nonsense_ends_the_stream),
        cmocka_unit_test(a_line_without_an_end_ends_the_stream),
        cmocka_unit_test(many_events_at_once_all_arrive_in_order),
        cmocka_unit_test(half_an_event_does_not_outlive_its_stream),
        cmocka_unit_test(a_refusal_is_told_and_its_wait_is_kept),
        cmocka_unit_test(it_waits_longer_each_time_and_never_just_as_long),
        cmocka_unit_test(a_stop_is_heard_while_up_while_down_and_while_asking),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
