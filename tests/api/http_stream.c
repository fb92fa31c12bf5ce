/* http_stream.c -- streams of events: nothing lost, nobody waited for, everything given back; and the end of
 * a server, which ends them all. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/http_client.h"
#include "harness/http_rig.h"

enum { BEAT_MS = 300, IDLE_MS = 1000 };

static struct http_rig rig;

static int open_rig(void **state)
{
    (void)state;
    http_rig_open(&rig, &(struct http_options){.beat_ms = BEAT_MS, .idle_ms = IDLE_MS});
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    http_rig_close(&rig);
    assert_int_equal(atomic_load(&rig.done_n), atomic_load(&rig.judged_n));
    return 0;
}

/* ---- helpers -------------------------------------------------------------------------------- */

static void listen_in(struct http_client *c)
{
    struct http_reply reply;
    struct str value;
    http_client_init(c, rig.port);
    assert_true(http_client_send(c, STR("GET /events HTTP/1.1\r\nHost: a\r\n\r\n")));
    assert_true(http_client_read_head(c, true, &reply));
    assert_int_equal(reply.status, 200);
    assert_true(http_reply_header(&reply, "Content-Type", &value));
    assert_true(str_is(value, STR("text/event-stream")));
    assert_true(http_reply_header(&reply, "Access-Control-Allow-Origin", &value));
    assert_true(http_reply_header(&reply, "Cache-Control", &value));
}

/* The next event that is no heartbeat. */
static bool next_event(struct http_client *c, struct http_event *event)
{
    do {
        if (!http_client_event(c, event)) return false;
    } while (event->data.len == 0);
    return true;
}

static void expect_event(struct http_client *c, const char *data)
{
    struct http_event event;
    assert_true(next_event(c, &event));
    if (!str_is(event.data, str_of_text(data))) {
        fail_msg("%.*s instead of %s", (int)event.data.len, (const char *)event.data.at, data);
    }
}

static void wait_for_streams(const struct http_rig *of, unsigned n)
{
    for (int i = 0; i < 2000 && http_gauges(of->server).stream_n != n; i++) http_rig_pause(5);
    assert_int_equal(http_gauges(of->server).stream_n, n);
}

/* ---- telling -------------------------------------------------------------------------------- */

static void what_is_said_reaches_every_stream(void **state)
{
    (void)state;
    struct http_client c[3];
    for (int i = 0; i < 3; i++) listen_in(&c[i]);
    wait_for_streams(&rig, 3);
    http_rig_say(&rig, "Ana wrote");
    http_rig_say(&rig, "Ben wrote");
    for (int i = 0; i < 3; i++) {
        expect_event(&c[i], "Ana wrote");
        expect_event(&c[i], "Ben wrote");
    }
    for (int i = 0; i < 3; i++) http_client_fini(&c[i]);
    assert_true(http_rig_wait(&rig.stream_done_n, 3));
}

static void the_owner_may_end_a_stream(void **state)
{
    (void)state;
    struct http_client c;
    struct http_event event;
    listen_in(&c);
    http_rig_say(&rig, "first");
    expect_event(&c, "first");
    http_rig_say(&rig, "END");
    assert_false(next_event(&c, &event));
    assert_true(http_client_is_over(&c)); /* by its last chunk, and not by a broken connection */
    assert_true(http_client_sees_end(&c));
    assert_true(http_rig_wait(&rig.stream_done_n, 1));
    assert_int_equal(atomic_load(&rig.last_status), 200);
    assert_int_equal(atomic_load(&rig.last_sent_bytes), strlen("data: first\n\n"));
    http_client_fini(&c);
}

static void an_old_client_gets_a_stream_without_chunks(void **state)
{
    (void)state;
    char said[4096];
    http_rig_say(&rig, "before"); /* a stream begins with what is said after it */
    int fd = http_rig_connect(&rig);
    assert_true(send(fd, "GET /events HTTP/1.0\r\n\r\n", 24, 0) == 24);
    wait_for_streams(&rig, 1);
    http_rig_say(&rig, "Ana wrote");
    http_rig_pause(100);
    http_rig_say(&rig, "END");
    size_t n = 0;
    ssize_t got;
    while ((got = recv(fd, said + n, sizeof said - 1 - n, 0)) > 0) n += (size_t)got;
    said[n] = 0;
    assert_int_equal(got, 0);
    assert_null(strstr(said, "chunked"));
    assert_non_null(strstr(said, "\r\n\r\ndata: Ana wrote\n\n"));
    assert_string_equal(said + n - 2, "\n\n");
    close(fd);
}

static void head_of_a_stream_is_its_head(void **state)
{
    (void)state;
    char said[4096];
    assert_true(http_rig_exchange(&rig, STR("HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n"), 5000, said, sizeof said));
    assert_memory_equal(said, "HTTP/1.1 200 OK\r\n", 17);
    assert_string_equal(said + strlen(said) - 4, "\r\n\r\n");
}

static void a_silent_stream_has_a_heartbeat(void **state)
{
    (void)state;
    struct http_client c;
    struct http_event event;
    listen_in(&c);
    uint64_t start = http_rig_now_ms();
    for (int i = 0; i < 4; i++) {
        assert_true(http_client_event(&c, &event));
        assert_int_equal(event.name.len, 0);
    }
    assert_in_range(http_rig_now_ms() - start, 4 * BEAT_MS - 100, 4 * BEAT_MS + 800);
    http_client_fini(&c);
}

/* ---- losing nothing ------------------------------------------------------------------------- */

enum { SPEAKERS = 4, SAYINGS = 5000, LISTENERS = 8 };

static void *speak(void *of)
{
    (void)of;
    for (int i = 0; i < SAYINGS; i++) {
        http_rig_say(&rig, "x");
        if (i % 64 == 0) http_rig_pause(1); /* lets the streams run dry, so that they sleep and are woken */
    }
    return NULL;
}

/* Counts events until all that were said have come. */
static void *count_events(void *of)
{
    struct http_client *c = of;
    struct http_event event;
    uintptr_t n = 0;
    while (n < (uintptr_t)SPEAKERS * SAYINGS && next_event(c, &event)) n++;
    return (void *)n;
}

/* A wake that comes between "nothing now" and going to sleep must not be lost: every stream would stop short. */
static void no_wake_is_lost(void **state)
{
    (void)state;
    static struct http_client c[LISTENERS];
    pthread_t speaker[SPEAKERS], listener[LISTENERS];
    for (int i = 0; i < LISTENERS; i++) listen_in(&c[i]);
    wait_for_streams(&rig, LISTENERS);
    for (int i = 0; i < LISTENERS; i++) assert_int_equal(pthread_create(&listener[i], NULL, count_events, &c[i]), 0);
    for (int i = 0; i < SPEAKERS; i++) assert_int_equal(pthread_create(&speaker[i], NULL, speak, NULL), 0);
    for (int i = 0; i < SPEAKERS; i++) pthread_join(speaker[i], NULL);
    for (int i = 0; i < LISTENERS; i++) {
        void *n;
        pthread_join(listener[i], &n);
        assert_int_equal((uintptr_t)n, SPEAKERS * SAYINGS);
        http_client_fini(&c[i]);
    }
}

static atomic_bool is_churning;

static void *churn(void *of)
{
    (void)of;
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    for (unsigned i = 0; atomic_load(&is_churning); i++) {
        int fd = http_rig_connect(&rig);
        (void)send(fd, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n", 34, MSG_NOSIGNAL);
        if (i % 3 == 0) http_rig_pause(1);
        if (i % 2) setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    return NULL;
}

/* Streams come, are woken and go at the same time. */
static void coming_and_going_under_fire(void **state)
{
    (void)state;
    pthread_t churner[3];
    struct http_client c;
    listen_in(&c);
    atomic_store(&is_churning, true);
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&churner[i], NULL, churn, NULL), 0);
    for (int i = 0; i < 1000; i++) {
        http_rig_say(&rig, "x");
        expect_event(&c, "x");
    }
    atomic_store(&is_churning, false);
    for (int i = 0; i < 3; i++) pthread_join(churner[i], NULL);
    http_client_fini(&c);
    wait_for_streams(&rig, 0);
    assert_true(http_rig_wait(&rig.done_n, atomic_load(&rig.judged_n)));
    for (int i = 0; i < 400 && http_gauges(rig.server).connection_n > 0; i++) http_rig_pause(5);
    assert_int_equal(http_gauges(rig.server).connection_n, 0);
}

/* ---- peers that are gone, or do not read ---------------------------------------------------- */

static void a_peer_that_left_is_noticed_at_once(void **state)
{
    (void)state;
    struct http_client c[10];
    for (int i = 0; i < 10; i++) listen_in(&c[i]);
    wait_for_streams(&rig, 10);
    uint64_t start = http_rig_now_ms();
    for (int i = 0; i < 10; i++) http_client_fini(&c[i]);
    assert_true(http_rig_wait(&rig.stream_done_n, 10));
    assert_in_range(http_rig_now_ms() - start, 0, BEAT_MS - 50);
}

static void a_peer_that_does_not_read_is_given_up(void **state)
{
    (void)state;
    struct http_client c;
    int fd = http_rig_connect(&rig), small = 4096;
    listen_in(&c);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_true(send(fd, "GET /flood HTTP/1.1\r\nHost: a\r\n\r\n", 33, 0) == 33);
    wait_for_streams(&rig, 2);
    uint64_t start = http_rig_now_ms();
    while (atomic_load(&rig.stream_done_n) == 0 && http_rig_now_ms() - start < 10000) {
        http_rig_say(&rig, "others go on");
        uint64_t said = http_rig_now_ms();
        expect_event(&c, "others go on");
        assert_in_range(http_rig_now_ms() - said, 0, 200);
        http_rig_pause(10);
    }
    assert_int_equal(atomic_load(&rig.stream_done_n), 1);
    assert_in_range(http_rig_now_ms() - start, IDLE_MS - 100, IDLE_MS + BEAT_MS + 600);
    http_client_fini(&c);
    close(fd);
}

/* One that reads, but slowly: what waits for it waits much longer than idle_ms, and it is not given up. */
static void a_peer_that_reads_slowly_is_kept(void **state)
{
    (void)state;
    char room[1024];
    int fd = http_rig_connect(&rig), small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_true(send(fd, "GET /flood HTTP/1.1\r\nHost: a\r\n\r\n", 33, 0) == 33);
    uint64_t start = http_rig_now_ms();
    while (http_rig_now_ms() - start < 3 * IDLE_MS) {
        assert_true(recv(fd, room, sizeof room, 0) > 0);
        http_rig_pause(50);
    }
    assert_int_equal(http_gauges(rig.server).stream_n, 1);
    close(fd);
}

static const char *numbered(int i)
{
    static char text[48];
    snprintf(text, sizeof text, "the saying with the number %08d", i);
    return text;
}

/* Whole events arrive, in order, whatever pieces the socket takes. */
static void a_slow_reader_gets_everything(void **state)
{
    (void)state;
    enum { ALL = 10000, AT_ONCE = 500 };
    struct http_client c;
    struct http_reply reply;
    int fd = http_rig_connect(&rig), small = 64 * 1024;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    listen_in(&c);
    assert_true(send(fd, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n", 34, 0) == 34);
    wait_for_streams(&rig, 2);
    for (int i = 0; i < ALL; i += AT_ONCE) { /* more than all buffers on the way hold */
        for (int j = i; j < i + AT_ONCE; j++) http_rig_say(&rig, numbered(j));
        for (int j = i; j < i + AT_ONCE; j++) expect_event(&c, numbered(j));
    }
    http_client_fini(&c);
    http_client_init_over(&c, fd);
    assert_true(http_client_read_head(&c, true, &reply));
    for (int j = 0; j < ALL; j++) expect_event(&c, numbered(j));
    http_client_fini(&c);
}

/* ---- crowds, and the end -------------------------------------------------------------------- */

enum { CROWD = 1000 };

static int crowd[CROWD];

static void gather(struct http_rig *of)
{
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = http_rig_connect(of);
        assert_true(send(crowd[i], "GET /events HTTP/1.1\r\nHost: a\r\n\r\n", 34, 0) == 34);
    }
    wait_for_streams(of, CROWD);
}

/* Reads until the text has come; false if the connection ended first. */
static bool hears(int fd, const char *text)
{
    char said[8192];
    size_t n = 0;
    while (n + 1 < sizeof said) {
        ssize_t got = recv(fd, said + n, sizeof said - 1 - n, 0);
        if (got <= 0) return false;
        n += (size_t)got;
        said[n] = 0;
        if (strstr(said, text)) return true;
    }
    return false;
}

static void a_thousand_streams_hear_it(void **state)
{
    (void)state;
    gather(&rig);
    http_rig_say(&rig, "for all");
    for (int i = 0; i < CROWD; i++) assert_true(hears(crowd[i], "data: for all\n\n"));
    for (int i = 0; i < CROWD; i++) close(crowd[i]);
    assert_true(http_rig_wait(&rig.stream_done_n, CROWD));
}

static void a_server_that_closes_ends_every_stream(void **state)
{
    (void)state;
    static struct http_rig other;
    http_rig_open(&other, NULL);
    gather(&other);
    int stuck = http_rig_connect(&other);
    assert_true(send(stuck, "GET /flood HTTP/1.1\r\nHost: a\r\n\r\n", 33, 0) == 33);
    wait_for_streams(&other, CROWD + 1);
    uint64_t start = http_rig_now_ms();
    http_rig_close(&other);
    assert_in_range(http_rig_now_ms() - start, 0, 3000);
    for (int i = 0; i < CROWD; i++) {
        assert_true(hears(crowd[i], "\r\n0\r\n\r\n")); /* told that this is the end */
        close(crowd[i]);
    }
    assert_int_equal(atomic_load(&other.done_n), CROWD + 1);
    close(stuck);
}

/* ---- draining ------------------------------------------------------------------------------- */

static void *drain(void *of)
{
    return (void *)(uintptr_t)http_drain(of, 5000);
}

static void a_drain_lets_running_calls_finish(void **state)
{
    (void)state;
    static struct http_rig other;
    struct http_client c, kept, listening, late;
    struct http_reply reply;
    struct http_event event;
    pthread_t drainer;
    void *is_empty;

    http_rig_open(&other, NULL);
    http_client_init(&c, other.port);
    http_client_init(&kept, other.port);
    http_client_init(&listening, other.port);
    http_client_init(&late, other.port);
    assert_true(http_client_ask(&kept, &(struct http_ask){.method = "GET", .path = "/hello"}, &reply));
    assert_true(http_client_send(&listening, STR("GET /events HTTP/1.1\r\nHost: a\r\n\r\n")));
    assert_true(http_client_read_head(&listening, true, &reply));
    assert_true(http_client_send(&c, STR("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")));
    assert_true(http_rig_wait(&other.ran_n, 3));

    assert_false(http_drain(other.server, 50)); /* one is held */
    assert_int_equal(pthread_create(&drainer, NULL, drain, other.server), 0);
    assert_false(http_client_event(&listening, &event)); /* streams end */
    assert_true(http_client_is_over(&listening));
    assert_true(http_client_ask(&kept, &(struct http_ask){.method = "GET", .path = "/hello"}, &reply));
    assert_int_equal(reply.status, 503);
    assert_true(str_is(reply.body, STR("\xa1\x01\x68stopping")));
    assert_true(reply.is_last);
    assert_false(http_client_send(&late, STR("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"))); /* nobody listens */
    assert_int_equal(http_rig_release(&other), 1);
    assert_true(http_client_read(&c, true, &reply)); /* what ran is answered */
    assert_int_equal(reply.status, 200);
    assert_true(reply.is_last);
    pthread_join(drainer, &is_empty);
    assert_true((bool)(uintptr_t)is_empty);
    http_client_fini(&c);
    http_client_fini(&kept);
    http_client_fini(&listening);
    http_client_fini(&late);
    http_rig_close(&other);
}

/* Nobody would begin with it any more, so nobody waits for it as long as its sender might take. */
static void a_drain_does_not_wait_for_the_rest_of_a_request(void **state)
{
    (void)state;
    static struct http_rig other;
    struct http_client half;
    http_rig_open(&other, &(struct http_options){.listen = "127.0.0.1:0", .request_ms = 60000});
    http_client_init(&half, other.port);
    assert_true(http_client_send(&half, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")));
    assert_true(http_rig_wait(&other.judged_n, 1));
    assert_true(http_drain(other.server, 30000));
    assert_int_equal(other.ran_n, 0);
    assert_int_equal(other.done_n, 1);
    assert_true(http_client_sees_end(&half));
    http_client_fini(&half);
    http_rig_close(&other);
}

static void *ask_all_the_time(void *of)
{
    struct http_rig *other = of;
    struct http_client c;
    struct http_reply reply;
    http_client_init(&c, other->port);
    c.wait_ms = 2000;
    while (http_client_ask(&c, &(struct http_ask){.method = "GET", .path = "/park"}, &reply)) continue;
    http_client_fini(&c);
    return NULL;
}

/* Closed in the middle of everything, again and again. */
static void a_server_under_load_closes_cleanly(void **state)
{
    (void)state;
    static struct http_rig other;
    for (int round = 0; round < 20; round++) {
        pthread_t asker[4];
        http_rig_open(&other, NULL);
        for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&asker[i], NULL, ask_all_the_time, &other), 0);
        assert_true(http_rig_wait(&other.ran_n, 20 + 13 * (unsigned)round));
        http_rig_close(&other);
        for (int i = 0; i < 4; i++) pthread_join(asker[i], NULL);
    }
}

int main(void)
{
#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)
    const struct CMUnitTest tests[] = {
        WITH_RIG(what_is_said_reaches_every_stream),
        WITH_RIG(the_owner_may_end_a_stream),
        WITH_RIG(an_old_client_gets_a_stream_without_chunks),
        WITH_RIG(head_of_a_stream_is_its_head),
        WITH_RIG(a_silent_stream_has_a_heartbeat),
        WITH_RIG(no_wake_is_lost),
        WITH_RIG(coming_and_going_under_fire),
        WITH_RIG(a_peer_that_left_is_noticed_at_once),
        WITH_RIG(a_peer_that_does_not_read_is_given_up),
        WITH_RIG(a_peer_that_reads_slowly_is_kept),
        WITH_RIG(a_slow_reader_gets_everything),
        WITH_RIG(a_thousand_streams_hear_it),
        WITH_RIG(a_server_that_closes_ends_every_stream),
        WITH_RIG(a_drain_lets_running_calls_finish),
        WITH_RIG(a_drain_does_not_wait_for_the_rest_of_a_request),
        WITH_RIG(a_server_under_load_closes_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
