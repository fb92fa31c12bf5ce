/* http.c -- plain requests and their answers, over real sockets; what is refused before it is read. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <unistd.h>

#include "harness/http_client.h"
#include "harness/http_rig.h"

static struct http_rig rig;
static struct http_client client;

static int open_rig(void **state)
{
    (void)state;
    http_rig_open(&rig, NULL);
    http_client_init(&client, rig.port);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    http_client_fini(&client);
    http_rig_close(&rig);
    assert_int_equal(atomic_load(&rig.done_n), atomic_load(&rig.judged_n));
    return 0;
}

/* ---- helpers -------------------------------------------------------------------------------- */

static void expect_body(const struct http_reply *reply, const char *body)
{
    assert_true(str_is(reply->body, str_of_text(body)));
}

static void expect_header(const struct http_reply *reply, const char *name, const char *value)
{
    struct str found = {0};
    assert_true(http_reply_header(reply, name, &found));
    assert_true(str_is(found, str_of_text(value)));
}

static struct http_reply get(const char *path)
{
    struct http_reply reply;
    assert_true(http_client_ask(&client, &(struct http_ask){.method = "GET", .path = path}, &reply));
    return reply;
}

static struct http_reply post(const char *path, struct str body)
{
    struct http_reply reply;
    assert_true(http_client_ask(&client, &(struct http_ask){.method = "POST", .path = path, .body = body}, &reply));
    return reply;
}

static struct str many_bytes(size_t n)
{
    uint8_t *at = malloc(n);
    assert_non_null(at);
    for (size_t i = 0; i < n; i++) at[i] = (uint8_t)(i * 31 + i / 251);
    return str_at(at, n);
}

static void free_bytes(struct str s)
{
    free((void *)(uintptr_t)s.at);
}

/* ---- answers -------------------------------------------------------------------------------- */

static void a_connection_serves_many_requests(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct http_reply reply = get("/hello");
        assert_int_equal(reply.status, 200);
        expect_body(&reply, "hello");
        reply = post("/echo", STR("Ana and Ben"));
        expect_body(&reply, "Ana and Ben");
        reply = get("/park");
        expect_body(&reply, "parked");
        reply = get("/race");
        expect_body(&reply, "raced");
    }
    assert_int_equal(client.connected_n, 1);
    assert_int_equal(atomic_load(&rig.judged_n), 200);
}

static void every_answer_carries_what_browsers_need(void **state)
{
    (void)state;
    const char *const path[] = {"/hello", "/nowhere", "/park"};
    for (size_t i = 0; i < 3; i++) {
        struct http_reply reply = get(path[i]);
        expect_header(&reply, "Access-Control-Allow-Origin", "*");
        expect_header(&reply, "Cache-Control", "no-store");
        expect_header(&reply, "X-Content-Type-Options", "nosniff");
        expect_header(&reply, "Referrer-Policy", "no-referrer");
        struct str value;
        assert_false(http_reply_header(&reply, "Set-Cookie", &value));
        assert_false(http_reply_header(&reply, "Server", &value));
    }
}

static void a_preflight_is_answered_without_the_owner(void **state)
{
    (void)state;
    struct http_reply reply;
    const struct http_ask ask = {.method = "OPTIONS", .path = "/v1/anything",
                                 .more = "Origin: https://ana.example\r\nAccess-Control-Request-Method: POST\r\n"};
    assert_true(http_client_ask(&client, &ask, &reply));
    assert_int_equal(reply.status, 204);
    expect_header(&reply, "Access-Control-Allow-Origin", "*");
    expect_header(&reply, "Access-Control-Allow-Headers", "Authorization, Content-Type");
    expect_header(&reply, "Access-Control-Allow-Methods", "GET, POST, PUT, DELETE");
    expect_header(&reply, "Access-Control-Max-Age", "86400");
    assert_true(http_client_ask(&client, &(struct http_ask){.method = "OPTIONS", .path = "*"}, &reply));
    assert_int_equal(reply.status, 204);
    assert_int_equal(client.connected_n, 1);
    assert_true(http_rig_wait(&rig.done_n, 2));
    assert_int_equal(atomic_load(&rig.judged_n), 0);
    atomic_store(&rig.done_n, 0); /* close_rig compares */
}

static void head_has_the_length_and_no_body(void **state)
{
    (void)state;
    struct http_reply reply;
    assert_true(http_client_ask(&client, &(struct http_ask){.method = "HEAD", .path = "/hello"}, &reply));
    assert_int_equal(reply.status, 200);
    expect_header(&reply, "Content-Length", "5");
    assert_int_equal(reply.body.len, 0);
    reply = get("/hello");
    expect_body(&reply, "hello");
    assert_int_equal(client.connected_n, 1);
}

static void path_and_query_arrive_as_they_were_sent(void **state)
{
    (void)state;
    struct http_reply reply = get("/query?a=1&b&&c=&d=x=y&%41=%20+");
    expect_body(&reply, "a=1;b;c=;d=x=y;%41=%20+;");
    reply = get("/query?");
    expect_body(&reply, "");
    reply = get("/query");
    expect_body(&reply, "");
    assert_int_equal(get("/%68ello").status, 404);
    assert_int_equal(get("/x/../hello").status, 404);
    assert_int_equal(get("//hello").status, 404);
}

static void a_header_comes_without_blanks_around_it(void **state)
{
    (void)state;
    struct http_reply reply;
    const struct http_ask ask = {.method = "GET", .path = "/header", .more = "X-Probe: \t of Ana \t \r\n"};
    assert_true(http_client_ask(&client, &ask, &reply));
    expect_body(&reply, "of Ana");
    reply = get("/header");
    expect_body(&reply, "-");
}

static void big_answers_come_whole_and_are_released(void **state)
{
    (void)state;
    const size_t most = 5 * 1000 * 1000;
    struct http_reply reply = get("/big?5000000");
    assert_int_equal(reply.body.len, most);
    for (size_t i = 0; i < most; i++) assert_int_equal(reply.body.at[i], 'b');
    assert_true(http_rig_wait(&rig.released_n, 1));
    assert_true(http_rig_wait(&rig.done_n, 1));
    assert_int_equal(atomic_load(&rig.last_sent_bytes), most);
    assert_int_equal(atomic_load(&rig.last_status), 200);
}

/* ---- bodies --------------------------------------------------------------------------------- */

static void bodies_of_every_size_arrive(void **state)
{
    (void)state;
    const size_t size[] = {0, 1, 100, 4095, 8191, 8192, 8193, 65536, 65537, 1024 * 1024};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        struct str bytes = many_bytes(size[i] + 1);
        struct str body = str_at(bytes.at, size[i]);
        struct http_reply reply = post("/echo", body);
        assert_int_equal(reply.status, 200);
        assert_true(str_is(reply.body, body));
        free_bytes(bytes);
    }
    assert_int_equal(client.connected_n, 1);
    assert_int_equal(http_gauges(rig.server).body_bytes, 0);
}

static void a_body_in_pieces_arrives(void **state)
{
    (void)state;
    struct http_reply reply;
    assert_true(http_client_send(&client, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")));
    for (int i = 0; i < 10; i++) {
        http_rig_pause(5);
        assert_true(http_client_send(&client, str_at(&"0123456789"[i], 1)));
    }
    assert_true(http_client_read(&client, true, &reply));
    expect_body(&reply, "0123456789");
}

/* T2 of the attack catalogue: the answer comes although not a byte of the body was sent. */
static void T2_too_large_is_said_before_the_body_is_read(void **state)
{
    (void)state;
    char said[4096];
    const struct str ask = STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n");
    assert_true(http_rig_exchange(&rig, ask, 5000, said, sizeof said));
    assert_non_null(strstr(said, "HTTP/1.1 413 "));
    assert_non_null(strstr(said, "Connection: close\r\n"));
    assert_non_null(strstr(said, "too_large"));
    assert_int_equal(atomic_load(&rig.ran_n), 0);
}

/* Whoever sends the whole body before looking for an answer still gets it. */
static void T2_the_answer_survives_a_client_that_goes_on_sending(void **state)
{
    (void)state;
    struct str body = many_bytes(1024 * 1024 + 1);
    for (int i = 0; i < 20; i++) {
        struct http_reply reply = post("/echo", body);
        assert_int_equal(reply.status, 413);
        assert_true(reply.is_last);
    }
    free_bytes(body);
    assert_int_equal(atomic_load(&rig.ran_n), 0);
}

static void judge_may_lower_the_ceiling(void **state)
{
    (void)state;
    struct str body = many_bytes(101);
    assert_int_equal(post("/small", body).status, 413);
    assert_int_equal(post("/small", str_at(body.at, 100)).status, 200);
    free_bytes(body);
    assert_int_equal(client.connected_n, 1); /* a short rest was skipped */
}

/* What stands in a refused body is no request, and the connection lives on. */
static void a_refused_body_is_skipped(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct http_reply reply = post("/refuse", STR("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_int_equal(reply.status, 401);
        expect_body(&reply, "\xa1\x01\x6ano_session");
        expect_header(&reply, "Content-Type", "application/cbor");
    }
    assert_int_equal(get("/hello").status, 200);
    assert_int_equal(client.connected_n, 1);
    assert_int_equal(atomic_load(&rig.judged_n), 21);
}

static void a_refused_long_body_costs_the_connection(void **state)
{
    (void)state;
    struct str body = many_bytes(300 * 1000);
    struct http_reply reply = post("/refuse", body);
    assert_int_equal(reply.status, 401);
    assert_true(reply.is_last);
    free_bytes(body);
}

static void a_refusal_may_close(void **state)
{
    (void)state;
    struct http_reply reply = post("/bye", STR("later"));
    assert_int_equal(reply.status, 429);
    expect_header(&reply, "Retry-After", "7");
    assert_true(reply.is_last);
}

static void no_100_continue_for_what_is_refused(void **state)
{
    (void)state;
    char said[4096];
    const struct str bad = STR("POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n");
    const struct str good = STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    http_rig_exchange(&rig, bad, 300, said, sizeof said);
    assert_true(strncmp(said, "HTTP/1.1 401 ", 13) == 0);
    http_rig_exchange(&rig, good, 300, said, sizeof said);
    assert_string_equal(said, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_true(http_rig_wait(&rig.done_n, 2));
}

static void bodies_share_a_ceiling(void **state)
{
    (void)state;
    const struct http_options options = {.bodies_bytes = 100 * 1000};
    struct http_rig small;
    struct http_client first, second;
    struct http_reply reply;
    struct str body = many_bytes(60 * 1000);

    http_rig_open(&small, &options);
    http_client_init(&first, small.port);
    http_client_init(&second, small.port);
    assert_true(http_client_send(&first, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")));
    assert_true(http_rig_wait(&small.judged_n, 1));
    const struct http_ask ask = {.method = "POST", .path = "/echo", .body = body};
    assert_true(http_client_ask(&second, &ask, &reply));
    assert_int_equal(reply.status, 503);
    expect_header(&reply, "Retry-After", "1");
    assert_true(http_client_send(&first, body));
    assert_true(http_client_read(&first, true, &reply));
    assert_int_equal(reply.status, 200);
    assert_true(http_client_ask(&second, &ask, &reply));
    assert_int_equal(reply.status, 200);
    http_client_fini(&first);
    http_client_fini(&second);
    http_rig_close(&small);
    free_bytes(body);
}

/* ---- parked --------------------------------------------------------------------------------- */

enum { CROWD = 1000 };

static int crowd[CROWD];

static void ask_as_a_crowd(void)
{
    static const char ask[] = "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n";
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = http_rig_connect(&rig);
        struct http_client c;
        http_client_init_over(&c, crowd[i]);
        assert_true(http_client_send(&c, str_of_text(ask)));
    }
    assert_true(http_rig_wait(&rig.ran_n, CROWD));
    assert_int_equal(http_gauges(rig.server).call_n, CROWD);
}

static void release_crowd(void)
{
    size_t released_n = 0;
    while (released_n < CROWD) released_n += http_rig_release(&rig);
}

static void expect_held(int fd)
{
    struct http_client c;
    struct http_reply reply;
    http_client_init_over(&c, fd);
    assert_true(http_client_read(&c, true, &reply));
    expect_body(&reply, "held");
    http_client_fini(&c);
}

static void a_thousand_parked_calls_are_answered_by_another_thread(void **state)
{
    (void)state;
    ask_as_a_crowd();
    assert_int_equal(get("/hello").status, 200); /* nobody else waits */
    release_crowd();
    for (int i = 0; i < CROWD; i++) expect_held(crowd[i]);
    assert_true(http_rig_wait(&rig.done_n, CROWD + 1));
}

/* Also where some of those who asked are gone, the first ones among them. */
static void answers_that_are_held_leave_together(void **state)
{
    (void)state;
    http_hold();
    http_let_go(); /* nothing at all */
    ask_as_a_crowd();
    for (int i = 0; i < CROWD; i++) {
        if (i % 3 == 0) close(crowd[i]);
    }
    http_hold();
    release_crowd();
    assert_int_equal(get("/hello").status, 200); /* the http threads go on */
    assert_int_equal(http_gauges(rig.server).call_n, CROWD);
    http_let_go();
    for (int i = 0; i < CROWD; i++) {
        if (i % 3 != 0) expect_held(crowd[i]);
    }
    assert_true(http_rig_wait(&rig.done_n, CROWD + 1));
}

static void *close_rig_server(void *closed)
{
    http_close(rig.server);
    atomic_store((atomic_bool *)closed, true);
    return NULL;
}

static void the_server_stays_until_what_is_held_was_let_go(void **state)
{
    (void)state;
    pthread_t closer;
    atomic_bool is_closed = false;
    ask_as_a_crowd();
    http_hold();
    release_crowd();
    assert_int_equal(pthread_create(&closer, NULL, close_rig_server, &is_closed), 0);
    for (int i = 0; i < 20; i++) {
        http_rig_pause(10);
        assert_false(atomic_load(&is_closed));
    }
    http_let_go();
    pthread_join(closer, NULL);
    rig.server = NULL;
    for (int i = 0; i < CROWD; i++) expect_held(crowd[i]);
}

/* ---- opening -------------------------------------------------------------------------------- */

static void nobody(void *of, struct http_call *call)
{
    (void)of, (void)call;
}

static void nobody_done(void *of, struct http_call *call, int status, uint64_t sent_bytes)
{
    (void)of, (void)call, (void)status, (void)sent_bytes;
}

static enum err try_open(const char *listen, const char *cert, const char *key, struct http_trouble *trouble)
{
    struct http *server = NULL;
    const struct http_options options = {.listen = listen, .tls_cert = cert, .tls_key = key, .connection_n = 10};
    const struct http_owner owner = {NULL, nobody, nobody, nobody_done};
    enum err e = http_open(&server, &options, &owner, trouble);
    if (e == ERR_OK) http_close(server);
    return e;
}

static void a_server_that_cannot_open_says_why(void **state)
{
    (void)state;
    struct http_trouble trouble;
    char taken[64];
    snprintf(taken, sizeof taken, "127.0.0.1:%u", rig.port);
    assert_int_equal(try_open(taken, NULL, NULL, &trouble), ERR_BUSY);
    assert_non_null(strstr(trouble.text, taken));
    assert_non_null(strstr(trouble.text, "--listen"));
    assert_int_equal(try_open("192.0.2.7:0", NULL, NULL, &trouble), ERR_BAD_FIELD);
    assert_non_null(strstr(trouble.text, "192.0.2.7"));
    const char *const wrong[] = {"", "127.0.0.1", "127.0.0.1:", ":80", "ana:80", "127.0.0.1:65536", "::1:80",
                                 "[::1]", "127.0.0.1:8o", "127.0.0.1:000080", "[127.0.0.1]:80", "1.2.3:80"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(try_open(wrong[i], NULL, NULL, &trouble), ERR_BAD_FIELD);
        assert_non_null(strstr(trouble.text, "8787")); /* an example */
    }
    assert_int_equal(try_open("127.0.0.1:0", "no certificate", "no key", &trouble), ERR_BAD_FIELD);
    assert_non_null(strstr(trouble.text, "PEM"));
}

static void it_listens_on_ipv6_and_on_both(void **state)
{
    (void)state;
    struct http_trouble trouble;
    assert_int_equal(try_open("localhost:0", NULL, NULL, &trouble), ERR_OK);
    assert_int_equal(try_open("*:0", NULL, NULL, &trouble), ERR_OK);
    enum err e = try_open("[::1]:0", NULL, NULL, &trouble);
    if (e) assert_non_null(strstr(trouble.text, "not an address of this machine")); /* a machine without IPv6 */

    struct http_rig both;
    struct http_client c;
    struct http_reply reply;
    http_rig_open(&both, &(struct http_options){.listen = "[::]:0"});
    http_client_init(&c, both.port);
    assert_true(http_client_ask(&c, &(struct http_ask){.method = "GET", .path = "/who"}, &reply));
    expect_body(&reply, "127.0.0.0/24 local"); /* IPv4 within IPv6 is IPv4 */
    http_client_fini(&c);
    http_rig_close(&both);
}

static void servers_open_and_close_again_and_again(void **state)
{
    (void)state;
    struct http_trouble trouble;
    for (int i = 0; i < 50; i++) assert_int_equal(try_open("127.0.0.1:0", NULL, NULL, &trouble), ERR_OK);
    http_close(NULL);
}

int main(void)
{
#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)
    const struct CMUnitTest tests[] = {
        WITH_RIG(a_connection_serves_many_requests),
        WITH_RIG(every_answer_carries_what_browsers_need),
        WITH_RIG(a_preflight_is_answered_without_the_owner),
        WITH_RIG(head_has_the_length_and_no_body),
        WITH_RIG(path_and_query_arrive_as_they_were_sent),
        WITH_RIG(a_header_comes_without_blanks_around_it),
        WITH_RIG(big_answers_come_whole_and_are_released),
        WITH_RIG(bodies_of_every_size_arrive),
        WITH_RIG(a_body_in_pieces_arrives),
        WITH_RIG(T2_too_large_is_said_before_the_body_is_read),
        WITH_RIG(T2_the_answer_survives_a_client_that_goes_on_sending),
        WITH_RIG(judge_may_lower_the_ceiling),
        WITH_RIG(a_refused_body_is_skipped),
        WITH_RIG(a_refused_long_body_costs_the_connection),
        WITH_RIG(a_refusal_may_close),
        WITH_RIG(no_100_continue_for_what_is_refused),
        WITH_RIG(bodies_share_a_ceiling),
        WITH_RIG(a_thousand_parked_calls_are_answered_by_another_thread),
        WITH_RIG(answers_that_are_held_leave_together),
        WITH_RIG(the_server_stays_until_what_is_held_was_let_go),
        WITH_RIG(a_server_that_cannot_open_says_why),
        WITH_RIG(it_listens_on_ipv6_and_on_both),
        WITH_RIG(servers_open_and_close_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
