/* remote_lies.c -- a member's program and a server that lies, stalls, floods and breaks off: the right error, in
 * time, and without much memory. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/clock.h"
#include "client/remote.h"
#include "harness/daemon.h"
#include "harness/liar.h"
#include "harness/people.h"

#define OFTEN "the quick answer is always the same, and it is never the truth. "

static struct liar liar;
static struct remote *remote;
static const uint8_t a_token[ACCOUNT_TOKEN_BYTES] = {0xab, 0xcd, 0xef, 0x12, 0x34};

/* ---- setting up -------------------------------------------------------------------------------------------- */

static void dial(const struct fetch_options *more, liar_play *play, void *ctx)
{
    struct fetch_options options = *more;
    liar_open(&liar, play, ctx);
    options.origin = liar.origin;
    assert_int_equal(remote_open(&options, &remote), ERR_OK);
    remote_use(remote, a_token);
}

static void hang_up(void)
{
    remote_close(remote);
    liar_close(&liar);
}

static const struct fetch_options patient = {.total_ms = 20000};
static const struct fetch_options hasty = {.connect_ms = 2000, .quiet_ms = 300, .total_ms = 1500};

/* Says a fixed text, and hangs up. */
static bool say_and_close(struct liar *l, struct str request)
{
    (void)request;
    (void)liar_say_text(l, l->ctx);
    return false;
}

/* What GET /v1/challenge gives when its whole answer, headers and all, is this text. */
static enum err told(const char *text)
{
    uint8_t challenge[CHALLENGE_BYTES];
    uint64_t ms;
    dial(&hasty, say_and_close, (void *)(uintptr_t)text);
    enum err e = remote_challenge(remote, challenge, &ms);
    if (e == ERR_OFFLINE || e == ERR_BAD_SERVER) assert_string_not_equal(remote_detail(remote)->text, "");
    hang_up();
    return e;
}

#define tells(text, e) assert_int_equal(told(text), ERR_##e)

/* ---- answers that are no HTTP, or not whole ---------------------------------------------------------------- */

static void what_is_no_http_is_no_server_of_ours(void **state)
{
    (void)state;
    tells("I am a teapot\r\n\r\n", BAD_SERVER);
    tells("SSH-2.0-OpenSSH_9.2\r\n", BAD_SERVER);
    tells("HTTP/1.1 banana\r\n\r\n", BAD_SERVER);
    tells("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", BAD_SERVER);
    tells("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", BAD_SERVER);
    tells("HTTP/1.1 200 OK\r\nContent-Length: 4294967297\r\n\r\n", BAD_SERVER);
    tells("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", BAD_SERVER);
    tells("HTTP/1.1 200 OK\r\n\r\n", BAD_SERVER);
    tells("HTTP/1.1 299 Fine\r\nContent-Length: 1\r\n\r\n\xa0", BAD_SERVER);
}

static void an_answer_that_is_cut_off_is_no_answer(void **state)
{
    (void)state;
    tells("", OFFLINE);
    tells("HTTP/1.1 200 OK\r\nContent-Le", BAD_SERVER);
    tells("HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n\xa2\x01\x58\x20", OFFLINE);
    tells("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n\xa2\x01", OFFLINE);
    tells("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\xa2\x01", OFFLINE);
    tells("HTTP/1.1 100 Continue\r\n\r\n", OFFLINE);
}

static void something_else_that_answers_is_not_followed_and_not_believed(void **state)
{
    (void)state;
    tells("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n", BAD_SERVER);
    tells("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", BAD_SERVER);
    tells("HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n<html>", BAD_SERVER);
    tells("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", BAD_SERVER);
    tells("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>", OFFLINE);
    tells("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n", OFFLINE);
    tells("HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n", OFFLINE);
    tells("HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", SLOW_DOWN);
    tells("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n", BAD_SERVER);
}

/* ---- answers that are not the ones asked for --------------------------------------------------------------- */

struct answer {
    int status;
    struct str body;
};

static bool answer_all(struct liar *l, struct str request)
{
    const struct answer *answer = l->ctx;
    (void)request;
    return liar_answer(l, answer->status, answer->body);
}

static enum err answered(int status, struct str body, struct remote_detail *detail)
{
    uint8_t challenge[CHALLENGE_BYTES];
    uint64_t ms;
    struct answer answer = {status, body};
    dial(&hasty, answer_all, &answer);
    enum err e = remote_challenge(remote, challenge, &ms);
    if (detail != NULL) *detail = *remote_detail(remote);
    hang_up();
    return e;
}

static void garbage_is_a_bad_server(void **state)
{
    (void)state;
    const struct str garbage[] = {
        STR(""),                       /* nothing                    */
        STR("\xa0"),                   /* the empty map              */
        STR("\xff\xff\xff"),           /* no CBOR                    */
        STR("\xa2\x01\x41\x00\x02\x00"),                /* too short a challenge       */
        STR("\xa2\x02\x00\x01\x41\x00"),                /* keys out of order           */
        STR("\xbf\x01\x02\xff"),                        /* no definite length          */
        STR("\x9f\x9f\x9f\x9f\x9f\x9f"),                /* deep                        */
        STR("\xa1\x01\x6ahead_moved"),                  /* 200, and an error in it     */
        STR("\x5b\xff\xff\xff\xff\xff\xff\xff\xff\x00"), /* longer than there is memory */
    };
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        if (answered(200, garbage[i], NULL) != ERR_BAD_SERVER) fail_msg("garbage %zu was believed", i);
    }
}

static const struct row {
    enum err e;
    const char *code;
    int http;
} rows[] = {
#define ERR(name, number, code, http, exit, happened, next) {ERR_##name, code, http},
#include "base/err.def"
#undef ERR
};

/* What only a member's own program finds out, no server can tell it. */
static bool is_a_clients(enum err e)
{
    return e == ERR_OK || e >= ERR_ROLLED_BACK || e == ERR_BAD_CODE || e == ERR_WRONG_SECRET || e == ERR_OUTDATED_KEY;
}

static void every_error_is_understood_and_no_clients_own_is_taken_from_a_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t memory[64];
        struct out o = OUT_OVER(memory);
        struct remote_detail d;
        cbor_put_map(&o, 1);
        cbor_put_uint(&o, 1);
        cbor_put_text(&o, str_of_text(rows[i].code));
        int status = rows[i].http == 200 ? 400 : rows[i].http;
        enum err e = answered(status, out_str(&o), &d);
        enum err expected = is_a_clients(rows[i].e) ? ERR_BAD_SERVER : rows[i].e;
        if (e != expected) fail_msg("%s: %s", rows[i].code, err_code(e));
        assert_int_equal(d.status, status);
        e = answered(status == 418 ? 419 : 418, out_str(&o), &d);
        if (e != ERR_BAD_SERVER) fail_msg("%s with a status that is not its own: %s", rows[i].code, err_code(e));
    }
}

static struct str refusal(struct out *o, struct str detail)
{
    cbor_put_map(o, 2);
    cbor_put_uint(o, 1);
    cbor_put_text(o, STR("head_moved"));
    cbor_put_uint(o, 2);
    out_put(o, detail);
    assert_false(o->is_full);
    return out_str(o);
}

static void details_are_read_with_bounds(void **state)
{
    (void)state;
    const struct str bad[] = {
        STR("\x01"),                         /* no map                             */
        STR("\xa1\x00\x01"),                 /* a key that there is not            */
        STR("\xa1\x08\x01"),                 /* another one                        */
        STR("\xa1\x01\x18\x40"),             /* an entry behind the longest batch  */
        STR("\xa1\x02\x07"),                 /* a head without its hash            */
        STR("\xa2\x02\x07\x03\x41\x00"),     /* with a short one                   */
        STR("\xa1\x03\x41\x00"),             /* a hash without its place           */
        STR("\xa1\x05\x61\x78"),             /* a time in words                    */
        STR("\xa1\x06\x81\x68not an o"),     /* no origin                          */
        STR("\xa1\x07\x64" "a\nb!"),         /* a field's name with a line end     */
        STR("\xa1\x07\x78\x20" "0123456789abcdef0123456789abcdef"), /* a long one   */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t memory[128];
        struct out o = OUT_OVER(memory);
        struct remote_detail d;
        if (answered(409, refusal(&o, bad[i]), &d) != ERR_BAD_SERVER) fail_msg("detail %zu was believed", i);
        assert_false(d.has_index || d.has_head || d.has_time);
    }
    uint8_t memory[128];
    struct out o = OUT_OVER(memory);
    struct remote_detail d;
    struct str good = STR("\xa3\x01\x18\x3f\x06\x81\x6fhttps://ana.net\x07\x64prev");
    assert_int_equal(answered(409, refusal(&o, good), &d), ERR_HEAD_MOVED);
    assert_true(d.has_index && d.index == 63 && d.origins.n == 1);
    assert_string_equal(d.origins.text[0], "https://ana.net");
    assert_string_equal(d.field, "prev");
}

static void lists_with_one_bad_row_are_not_taken(void **state)
{
    (void)state;
    struct remote_rows list = {.n = 77};
    struct str page = STR("untouched");
    uint8_t circle[HASH_BYTES] = {1};
    struct answer answer = {200, STR("\xa3\x01\x41\x00\x02\x00\x05\x00")};
    dial(&hasty, answer_all, &answer);
    assert_int_equal(remote_circles(remote, &list), ERR_BAD_SERVER);
    assert_int_equal(remote_sessions(remote, &list), ERR_BAD_SERVER);
    assert_int_equal(list.n, 77);
    answer.body = STR("\x83\x40\x40\x40");
    assert_int_equal(remote_entries(remote, circle, 0, 5, NULL, &page, NULL), ERR_BAD_SERVER);
    uint8_t two[2 * 70];
    struct out o = OUT_OVER(two);
    for (int i = 0; i < 2; i++) {
        static const uint8_t sig[SIG_BYTES];
        cbor_put_list(&o, 3);
        cbor_put_bytes(&o, STR(""));
        cbor_put_bytes(&o, STR_OF(sig));
        cbor_put_bytes(&o, STR(""));
    }
    answer.body = out_str(&o);
    assert_int_equal(remote_entries(remote, circle, 0, 1, NULL, &page, NULL), ERR_BAD_SERVER); /* more than asked */
    assert_true(str_is(page, STR("untouched")));
    assert_int_equal(remote_entries(remote, circle, 0, 2, NULL, &page, NULL), ERR_OK);
    answer.body = str_at(o.at, o.len - 1);
    assert_int_equal(remote_entries(remote, circle, 0, 2, NULL, &page, NULL), ERR_BAD_SERVER);
    hang_up();
}

/* ---- too much ---------------------------------------------------------------------------------------------- */

static long resident_most_kib(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* Says the text of ctx, and then filling, 10 MiB of it. */
static bool flood(struct liar *l, struct str request)
{
    (void)request;
    bool is_heard = liar_say_text(l, l->ctx);
    for (size_t n = 0; is_heard && n < 10 * 1024 * 1024; n += sizeof OFTEN - 1) is_heard = liar_say_text(l, OFTEN);
    return false;
}

static void a_flood_is_cut_off_early(void **state)
{
    (void)state;
    static const char *const way[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n", /* said before         */
        "HTTP/1.1 200 OK\r\n\r\n",                             /* until the end       */
        "HTTP/1.1 409 No\r\n\r\n",                             /* a refusal           */
        "HTTP/1.1 200 OK\r\nX: ",                              /* one endless header  */
        "",
    };
    uint8_t challenge[CHALLENGE_BYTES];
    uint64_t ms;
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        dial(&patient, flood, (void *)(uintptr_t)way[i]);
        long before_kib = resident_most_kib();
        uint64_t began_ms = clock_steady_ms();
        assert_int_equal(remote_challenge(remote, challenge, &ms), ERR_BAD_SERVER);
        assert_true(clock_steady_ms() - began_ms < 10000);
        if (!DAEMON_IS_WATCHED) assert_true(resident_most_kib() - before_kib < 6 * 1024);
        hang_up();
    }
}

static bool many_headers(struct liar *l, struct str request)
{
    (void)request;
    bool is_heard = liar_say_text(l, "HTTP/1.1 200 OK\r\n");
    while (is_heard) is_heard = liar_say_text(l, "X-More: and more\r\n");
    return false;
}

static bool many_continues(struct liar *l, struct str request)
{
    (void)request;
    while (liar_say_text(l, "HTTP/1.1 100 Continue\r\n\r\n")) {}
    return false;
}

static bool many_chunks(struct liar *l, struct str request)
{
    (void)request;
    bool is_heard = liar_say_text(l, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (is_heard) is_heard = liar_say_text(l, "1\r\nx\r\n");
    return false;
}

static void what_never_ends_is_ended(void **state)
{
    (void)state;
    liar_play *const way[] = {many_headers, many_continues, many_chunks};
    uint8_t challenge[CHALLENGE_BYTES];
    uint64_t ms;
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        dial(&patient, way[i], NULL);
        assert_int_equal(remote_challenge(remote, challenge, &ms), ERR_BAD_SERVER);
        hang_up();
    }
}

/* ---- too slow ---------------------------------------------------------------------------------------------- */

static bool drip(struct liar *l, struct str request)
{
    (void)request;
    bool is_heard = liar_say_text(l, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (is_heard && liar_wait(l, 50)) is_heard = liar_say_text(l, "x");
    return false;
}

static bool say_nothing(struct liar *l, struct str request)
{
    (void)request;
    return liar_wait(l, 30000);
}

static char said[128]; /* about the last failure */

static uint64_t time_of(liar_play *play, const struct fetch_options *options, enum err expected)
{
    uint8_t challenge[CHALLENGE_BYTES];
    uint64_t ms;
    dial(options, play, NULL);
    uint64_t began_ms = clock_steady_ms();
    assert_int_equal(remote_challenge(remote, challenge, &ms), expected);
    uint64_t took_ms = clock_steady_ms() - began_ms;
    (void)snprintf(said, sizeof said, "%s", remote_detail(remote)->text);
    hang_up();
    return took_ms;
}

static void slow_answers_end_in_time(void **state)
{
    (void)state;
    uint64_t silent_ms = time_of(say_nothing, &hasty, ERR_OFFLINE);
    assert_string_equal(said, "It fell silent.");
    assert_true(silent_ms >= 300 && silent_ms < 5000);
    uint64_t drip_ms = time_of(drip, &hasty, ERR_OFFLINE);
    assert_string_equal(said, "It did not answer in time.");
    assert_true(drip_ms >= 1400 && drip_ms < 8000);
}

static void a_stop_ends_the_wait_at_once(void **state)
{
    (void)state;
    int end[2];
    assert_int_equal(pipe(end), 0);
    struct fetch_options options = {.has_stop_fd = true, .stop_fd = end[0]};
    assert_int_equal(write(end[1], "x", 1), 1);
    assert_true(time_of(say_nothing, &options, ERR_OFFLINE) < 2000);
    assert_string_equal(said, "It was stopped.");
    close(end[0]);
    close(end[1]);
}

static void a_port_that_nobody_has_is_offline(void **state)
{
    (void)state;
    struct remote_server server;
    char origin[64];
    (void)snprintf(origin, sizeof origin, "http://127.0.0.1:%u", daemon_free_port());
    struct fetch_options options = {.origin = origin};
    assert_int_equal(remote_open(&options, &remote), ERR_OK);
    assert_int_equal(remote_server(remote, &server), ERR_OFFLINE);
    assert_string_equal(remote_detail(remote)->text, "Nothing answers at this address.");
    remote_close(remote);
}

/* ---- what is said of us ------------------------------------------------------------------------------------ */

struct heard {
    char text[4096];
};

static bool listen_to(struct liar *l, struct str request)
{
    struct heard *heard = l->ctx;
    (void)snprintf(heard->text, sizeof heard->text, "%.*s", (int)request.len, (const char *)request.at);
    return liar_say_text(l, "HTTP/1.1 204 X\r\nSet-Cookie: a=b\r\nAlt-Svc: h2=\":1\"\r\n"
                            "Connection: keep-alive\r\n\r\n");
}

static void a_request_says_no_more_than_it_must(void **state)
{
    (void)state;
    struct heard heard;
    (void)setenv("http_proxy", "http://127.0.0.1:9", 1);
    (void)setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
    dial(&hasty, listen_to, &heard);
    assert_int_equal(remote_end_others(remote), ERR_OK);
    assert_int_equal(remote_end_others(remote), ERR_OK);
    char expected[512];
    int n = snprintf(expected, sizeof expected,
                     "DELETE /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: troth\r\nAccept: */*\r\n"
                     "Authorization: Bearer abcdef1234%054d\r\n\r\n", liar.port, 0);
    assert_true(n > 0 && n < (int)sizeof expected);
    assert_string_equal(heard.text, expected);
    assert_int_equal(liar.called_n, 1); /* the connection was kept */
    assert_int_equal(liar.asked_n, 2);
    hang_up();
    (void)unsetenv("http_proxy");
    (void)unsetenv("ALL_PROXY");
}

/* Answers once on each connection and then closes it without a word. */
static bool once_each(struct liar *l, struct str request)
{
    (void)request;
    (void)liar_say_text(l, "HTTP/1.1 204 X\r\n\r\n");
    return false;
}

static void a_connection_that_was_closed_meanwhile_is_made_anew(void **state)
{
    (void)state;
    dial(&hasty, once_each, NULL);
    for (int i = 0; i < 5; i++) assert_int_equal(remote_end_others(remote), ERR_OK);
    assert_int_equal(liar.asked_n, 5);
    hang_up();
}

/* A challenge that fits, and nothing after it. */
static bool challenge_and_silence(struct liar *l, struct str request)
{
    uint8_t memory[64];
    struct out o = OUT_OVER(memory);
    static const uint8_t challenge[CHALLENGE_BYTES] = {1, 2, 3};
    if (!liar_is_asked(request, "GET /v1/challenge ")) return false;
    cbor_put_map(&o, 2);
    cbor_put_uint(&o, 1);
    cbor_put_bytes(&o, STR_OF(challenge));
    cbor_put_uint(&o, 2);
    cbor_put_uint(&o, 5);
    return liar_answer(l, 200, out_str(&o));
}

static void a_login_that_is_never_answered_signs_nobody_in(void **state)
{
    (void)state;
    struct person ana;
    struct secret_access access;
    struct remote_login login = {.creds_version = 9};
    struct remote_rows list;
    uint8_t code[SECRET_BYTES] = {5};
    assert_int_equal(record_open(), ERR_OK);
    person_init(&ana, "Ana", 1);
    secret_access_init_bare(&access, code);
    dial(&hasty, challenge_and_silence, NULL);
    remote_forget(remote);
    assert_int_equal(remote_login(remote, &access, &login), ERR_OFFLINE);
    assert_int_equal(login.creds_version, 9);
    assert_int_equal(remote_sessions(remote, &list), ERR_NO_SESSION);
    hang_up();
    person_fini(&ana);
}

/* ---- addresses --------------------------------------------------------------------------------------------- */

static enum err opened(const char *origin, bool may_be_plain)
{
    struct fetch_options options = {.origin = origin, .may_be_plain = may_be_plain};
    struct remote *r = NULL;
    enum err e = remote_open(&options, &r);
    assert_true((e == ERR_OK) == (r != NULL));
    remote_close(r);
    return e;
}

static void plain_http_stays_on_this_machine_unless_it_is_meant(void **state)
{
    (void)state;
    assert_int_equal(opened("http://localhost:8787", false), ERR_OK);
    assert_int_equal(opened("http://localhost", false), ERR_OK);
    assert_int_equal(opened("http://127.0.0.1:1", false), ERR_OK);
    assert_int_equal(opened("https://troth.example", false), ERR_OK);
    assert_int_equal(opened("http://troth.example", false), ERR_NOT_ENCRYPTED);
    assert_int_equal(opened("http://localhost.example", false), ERR_NOT_ENCRYPTED);
    assert_int_equal(opened("http://127.0.0.1.example", false), ERR_NOT_ENCRYPTED);
    assert_int_equal(opened("http://192.168.1.7:8787", false), ERR_NOT_ENCRYPTED);
    assert_int_equal(opened("http://192.168.1.7:8787", true), ERR_OK);
    static const char *const none[] = {"",           "troth.example",           "https://troth.example/",
                                       "file:///etc", "https://ana@troth.example", "https://troth.example/?x"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) assert_int_equal(opened(none[i], true), ERR_BAD_FIELD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_http_is_no_server_of_ours),
        cmocka_unit_test(an_answer_that_is_cut_off_is_no_answer),
        cmocka_unit_test(something_else_that_answers_is_not_followed_and_not_believed),
        cmocka_unit_test(garbage_is_a_bad_server),
        cmocka_unit_test(every_error_is_understood_and_no_clients_own_is_taken_from_a_server),
        cmocka_unit_test(details_are_read_with_bounds),
        cmocka_unit_test(lists_with_one_bad_row_are_not_taken),
        cmocka_unit_test(a_flood_is_cut_off_early),
        cmocka_unit_test(what_never_ends_is_ended),
        cmocka_unit_test(slow_answers_end_in_time),
        cmocka_unit_test(a_stop_ends_the_wait_at_once),
        cmocka_unit_test(a_port_that_nobody_has_is_offline),
        cmocka_unit_test(a_request_says_no_more_than_it_must),
        cmocka_unit_test(a_connection_that_was_closed_meanwhile_is_made_anew),
        cmocka_unit_test(a_login_that_is_never_answered_signs_nobody_in),
        cmocka_unit_test(plain_http_stays_on_this_machine_unless_it_is_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
