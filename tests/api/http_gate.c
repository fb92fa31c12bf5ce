/* http_gate.c -- requests with a second one hidden in them, and whatever else is no plain HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "harness/http_client.h"
#include "harness/http_rig.h"

static struct http_rig rig;

static int open_rig(void **state)
{
    (void)state;
    http_rig_open(&rig, NULL);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    http_rig_close(&rig);
    return 0;
}

static size_t times(const char *text, const char *piece)
{
    size_t n = 0;
    for (const char *at = strstr(text, piece); at; at = strstr(at + 1, piece)) n++;
    return n;
}

/* What is smuggled: answered 200, it would show. */
#define HIDDEN GET "\r\n"
#define GET    "GET /hello HTTP/1.1\r\nHost: a\r\n"
#define POST   "POST /echo HTTP/1.1\r\nHost: a\r\n"

static void expect_refused(const char *ask)
{
    char said[8192];
    unsigned ran_n = atomic_load(&rig.ran_n);
    bool has_ended = http_rig_exchange(&rig, str_of_text(ask), 5000, said, sizeof said);
    if (!has_ended || strncmp(said, "HTTP/1.1 400 ", 13) != 0 || times(said, "HTTP/1.1 200") > 0) {
        fail_msg("asked:\n%s\nsaid:\n%s\n%s", ask, said, has_ended ? "and closed" : "and kept the connection");
    }
    assert_int_equal(atomic_load(&rig.ran_n), ran_n);
}

/* The same with the error's name in the answer: all but those that the library refuses in its own words. */
static void expect_bad_http(const char *ask)
{
    char said[8192];
    expect_refused(ask);
    assert_true(http_rig_exchange(&rig, str_of_text(ask), 5000, said, sizeof said));
    bool is_one = times(said, "HTTP/1.1 ") == 1 && times(said, "\xa1\x01\x68" "bad_http") == 1;
    if (!is_one || !strstr(said, "Connection: close\r\n")) {
        fail_msg("asked:\n%s\nsaid:\n%s", ask, said);
    }
}

static void no_second_request_hides_behind_two_ways_to_say_a_length(void **state)
{
    (void)state;
    expect_bad_http(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN);
    expect_bad_http(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" HIDDEN);
    expect_bad_http(POST "Content-Length: 0\r\nContent-Length: 39\r\n\r\n" HIDDEN);
    expect_bad_http(POST "Content-Length: 39\r\nContent-Length: 0\r\n\r\n" HIDDEN);
    expect_bad_http(POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" HIDDEN);
    expect_bad_http(POST "content-length: 3\r\nCONTENT-LENGTH: 0\r\n\r\nabc" HIDDEN);
}

static void there_is_no_transfer_encoding(void **state)
{
    (void)state;
    expect_bad_http(POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN);
    expect_bad_http(POST "Transfer-Encoding: identity\r\n\r\n" HIDDEN);
    expect_bad_http(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" HIDDEN);
    expect_bad_http(POST "Transfer-Encoding:\r\n\r\n" HIDDEN);
    expect_bad_http(POST "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" HIDDEN);
    expect_bad_http(POST "Transfer-Encoding\t: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" HIDDEN);
    expect_bad_http(POST "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN);
    expect_bad_http(POST "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN);
    expect_bad_http("GET /hello HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN);
}

static void a_length_is_digits_and_nothing_else(void **state)
{
    (void)state;
    const char *const wrong[] = {"+3", "-1", "0x3", "3, 3", "3 3", "3;", "three", "3.0", "\"3\"",
                                 "9999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char ask[256];
        snprintf(ask, sizeof ask, POST "Content-Length: %s\r\n\r\nabc" HIDDEN, wrong[i]);
        expect_refused(ask);
    }
    expect_refused(POST "Content-Length:\r\n\r\nabc" HIDDEN);
    expect_bad_http(POST "Content-Length : 3\r\n\r\nabc" HIDDEN);
}

static void there_is_one_host(void **state)
{
    (void)state;
    expect_bad_http("GET /hello HTTP/1.1\r\n\r\n" HIDDEN);
    expect_bad_http(GET "Host: b\r\n\r\n" HIDDEN);
    expect_bad_http(GET "host: a\r\n\r\n" HIDDEN);
    expect_bad_http("GET /hello HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n" HIDDEN);
}

static void names_and_values_hold_what_they_may(void **state)
{
    (void)state;
    expect_bad_http("G@T /hello HTTP/1.1\r\nHost: a\r\n\r\n" HIDDEN);
    expect_bad_http("\xc2\xa0GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" HIDDEN);
    expect_bad_http(GET "A B: c\r\n\r\n" HIDDEN);
    expect_bad_http(GET "A\x01: c\r\n\r\n" HIDDEN);
    expect_bad_http(GET ": c\r\n\r\n" HIDDEN);
    expect_bad_http(GET "A\xc3\xa4: c\r\n\r\n" HIDDEN);
    expect_bad_http(GET "A: b\x7f\r\n\r\n" HIDDEN);
    expect_bad_http(GET "A: b\x01\r\n\r\n" HIDDEN);
    expect_refused(GET "no colon\r\n\r\n" HIDDEN);
    expect_bad_http(GET "Authorization: Bearer x\r\nAuthorization: Bearer y\r\n\r\n" HIDDEN);
    expect_bad_http(POST "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n" HIDDEN);
}

/* Lines end with CR LF, and a line without a name does not end the headers. */
static void lines_are_plain(void **state)
{
    (void)state;
    expect_bad_http(GET ": c\r\n" HIDDEN);
    expect_bad_http(GET ":\r\n" HIDDEN);
    expect_refused("GET /hello HTTP/1.1\r\n: c\r\n" HIDDEN);
    expect_bad_http("GET /hello HTTP/1.1\nHost: a\r\n\r\n" HIDDEN);
    expect_bad_http("GET /hello HTTP/1.1\r\nHost: a\n\r\n" HIDDEN);
    expect_bad_http(GET "\n" HIDDEN);
    expect_bad_http(GET "X: y\nZ: z\r\n\r\n" HIDDEN);
    expect_bad_http(GET "X: y\rZ: z\r\n\r\n" HIDDEN);
    expect_bad_http(GET "X: y\r\r\n\r\n" HIDDEN);
    expect_bad_http(GET "X: y\r\n z\r\n\r\n" HIDDEN);
    expect_bad_http(GET "X: y\r\n\tTransfer-Encoding: chunked\r\n\r\n" HIDDEN);
    expect_bad_http("GET /hello HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n" HIDDEN);
}

/* A NUL ends a line for some readers and not for others. */
static void there_is_no_nul(void **state)
{
    (void)state;
    char said[4096];
    static const char in_method[] = "G\0ET /hello HTTP/1.1\r\nHost: a\r\n\r\n" HIDDEN;
    static const char in_target[] = "GET /hello\0/x HTTP/1.1\r\nHost: a\r\n\r\n" HIDDEN;
    static const char in_name[] = GET "X\0Y: z\r\n\r\n" HIDDEN;
    static const char in_value[] = GET "X: y\0z\r\n\r\n" HIDDEN;
    static const char as_line[] = GET "\0\r\n\r\n" HIDDEN;
    const struct str ask[] = {
        str_at(in_method, sizeof in_method - 1), str_at(in_target, sizeof in_target - 1),
        str_at(in_name, sizeof in_name - 1), str_at(in_value, sizeof in_value - 1), str_at(as_line, sizeof as_line - 1),
    };
    for (size_t i = 0; i < sizeof ask / sizeof *ask; i++) {
        assert_true(http_rig_exchange(&rig, ask[i], 5000, said, sizeof said));
        assert_true(strncmp(said, "HTTP/1.1 400 ", 13) == 0);
        assert_int_equal(times(said, "HTTP/1.1 200"), 0);
    }
}

static void a_target_is_a_path(void **state)
{
    (void)state;
    const char *const wrong[] = {"http://a/hello", "hello", "*", "/hello#part", "/h\xc3\xa9llo", "/a b", "/a\tb", "?a"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char ask[256];
        snprintf(ask, sizeof ask, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n" HIDDEN, wrong[i]);
        expect_bad_http(ask);
    }
}

/* Not refused with 400, but never answered twice and always closed. */
static void what_is_no_http_at_all_is_closed(void **state)
{
    (void)state;
    const char *const ask[] = {
        "GET /hello\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n",
        "GET /hello HTTP/9.9\r\nHost: a\r\n\r\n" HIDDEN,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /hello HTTP/1.1 \r\nHost: a\r\n\r\n\r\nGARBAGE\r\n\r\n",
        "GET /hello HTP/1.1\r\nHost: a\r\n\r\n" HIDDEN, " / HTTP/1.1\r\nHost: a\r\n\r\n\x01\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof ask / sizeof *ask; i++) {
        char said[8192];
        if (!http_rig_exchange(&rig, str_of_text(ask[i]), 5000, said, sizeof said)) {
            fail_msg("asked:\n%s\nsaid:\n%s\nand kept the connection", ask[i], said);
        }
        assert_true(times(said, "HTTP/1.1 200") <= 1);
    }
}

static void a_request_too_long_is_refused(void **state)
{
    (void)state;
    static char ask[64 * 1024], said[8192];
    int n = snprintf(ask, sizeof ask, "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", 20000, 1);
    http_rig_exchange(&rig, str_at(ask, (size_t)n), 5000, said, sizeof said);
    assert_true(said[0] == 0 || strncmp(said, "HTTP/1.1 414 ", 13) == 0); /* a reset may overtake the answer */
    n = snprintf(ask, sizeof ask, GET "X: %0*d\r\n\r\n", 20000, 1);
    http_rig_exchange(&rig, str_at(ask, (size_t)n), 5000, said, sizeof said);
    assert_true(said[0] == 0 || strncmp(said, "HTTP/1.1 431 ", 13) == 0);

    n = snprintf(ask, sizeof ask, GET "");
    for (int i = 0; i < 2000; i++) n += snprintf(ask + n, sizeof ask - (size_t)n, "X-%d: y\r\n", i);
    http_rig_exchange(&rig, str_at(ask, (size_t)n), 5000, said, sizeof said);
    assert_true(said[0] == 0 || strncmp(said, "HTTP/1.1 431 ", 13) == 0);
    assert_int_equal(atomic_load(&rig.ran_n), 0);
}

/* Two requests written at once are two requests. */
static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    struct http_client c;
    struct http_reply reply;
    http_client_init(&c, rig.port);
    assert_true(http_client_send(&c, STR(POST "Content-Length: 3\r\n\r\nAna"
                                         "GET /park HTTP/1.1\r\nHost: a\r\n\r\n" HIDDEN)));
    assert_true(http_client_read(&c, true, &reply));
    assert_true(str_is(reply.body, STR("Ana")));
    assert_true(http_client_read(&c, true, &reply));
    assert_true(str_is(reply.body, STR("parked")));
    assert_true(http_client_read(&c, true, &reply));
    assert_true(str_is(reply.body, STR("hello")));
    http_client_fini(&c);
}

static void http_1_0_is_answered_and_closed(void **state)
{
    (void)state;
    char said[4096];
    assert_true(http_rig_exchange(&rig, STR("GET /hello HTTP/1.0\r\n\r\n"), 5000, said, sizeof said));
    assert_int_equal(times(said, "HTTP/1.1 200"), 1);
    assert_non_null(strstr(said, "\r\n\r\nhello"));
}

/* After all of that the server serves. */
static void others_are_served_meanwhile(void **state)
{
    (void)state;
    struct http_client c;
    struct http_reply reply;
    http_client_init(&c, rig.port);
    for (int i = 0; i < 100; i++) {
        expect_refused(GET "Host: b\r\n\r\n" HIDDEN);
        assert_true(http_client_ask(&c, &(struct http_ask){.method = "GET", .path = "/hello"}, &reply));
        assert_int_equal(reply.status, 200);
    }
    assert_int_equal(c.connected_n, 1);
    http_client_fini(&c);
}

int main(void)
{
#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)
    const struct CMUnitTest tests[] = {
        WITH_RIG(no_second_request_hides_behind_two_ways_to_say_a_length),
        WITH_RIG(there_is_no_transfer_encoding),
        WITH_RIG(a_length_is_digits_and_nothing_else),
        WITH_RIG(there_is_one_host),
        WITH_RIG(names_and_values_hold_what_they_may),
        WITH_RIG(lines_are_plain),
        WITH_RIG(there_is_no_nul),
        WITH_RIG(a_target_is_a_path),
        WITH_RIG(what_is_no_http_at_all_is_closed),
        WITH_RIG(a_request_too_long_is_refused),
        WITH_RIG(pipelined_requests_are_answered_in_order),
        WITH_RIG(http_1_0_is_answered_and_closed),
        WITH_RIG(others_are_served_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
