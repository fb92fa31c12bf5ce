/* tls.c -- the server with a certificate of its own: everything as without, and nothing in the clear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "harness/expect.h"
#include "harness/tls.h"

static struct tls_files files;
static struct daemon daemon_tls;
static struct person ana;
static struct arena arena, *a = &arena;
static char cert_flag[SCRATCH_PATH_BYTES + 16], key_flag[SCRATCH_PATH_BYTES + 16];

/* A device of Ana's over a connection of its own. */
struct device {
    struct api api;
    struct tls_link link;
};

static void device_init(struct device *d)
{
    api_init(&d->api, &ana, 0, daemon_tls.origin, daemon_tls.port);
    http_client_fini(&d->api.http);
    d->link = tls_connect(daemon_tls.port, files.cert, NULL);
    http_client_init_over(&d->api.http, d->link.fd);
}

static void device_fini(struct device *d)
{
    api_fini(&d->api);
    tls_close(&d->link);
}

static void a_whole_life_over_https(void **state)
{
    (void)state;
    struct device phone, stream;
    struct room room;
    struct str entries;
    struct api_reply r;
    assert_true(str_starts(str_of_text(daemon_tls.origin), STR("https://")));
    device_init(&phone);
    (void)expect_ok(api_register(&phone.api, a, daemon_tls.permit), 201);
    (void)expect_ok(api_login(&phone.api, a), 201);
    room_init(&room, &ana, api_now_ms());
    struct str genesis = room_genesis(&room, a, false);
    (void)expect_ok(api_create(&phone.api, genesis), 201);
    rooms_take((struct room *const[]){&room}, 1, genesis);

    device_init(&stream);
    memcpy(stream.api.token, phone.api.token, sizeof stream.api.token);
    /* the connection is lent: the stream is asked for by hand */
    char ask[512];
    struct http_ask asked = {.method = "GET", .path = "/v1/live", .token = stream.api.token};
    struct http_reply http;
    size_t n = http_client_put_ask(ask, sizeof ask, &asked, daemon_tls.port);
    assert_true(n > 0 && http_client_send(&stream.api.http, str_at(ask, n)) &&
                http_client_read_head(&stream.api.http, true, &http));
    assert_int_equal(http.status, 200);
    assert_int_equal(api_event(&stream.api).kind, API_EVENT_LIST);
    assert_int_equal(api_event(&stream.api).head.seq, 0);
    static char text[40000];
    memset(text, 'x', sizeof text - 1);
    for (uint64_t i = 1; i <= 30; i++) {
        struct str say = room_say(&room, a, people_note(a, i % 3 == 0 ? text : "words"));
        (void)expect_ok(api_append(&phone.api, room.chain.circle.id, say), 201);
        rooms_take((struct room *const[]){&room}, 1, say);
        struct api_event e = api_event(&stream.api);
        assert_int_equal(e.kind, API_EVENT_HEAD);
        assert_int_equal(e.head.seq, i);
    }
    assert_true(api_entries(&phone.api, a, room.chain.circle.id, 0, NULL, &entries, &r));
    assert_true(str_is(entries, room_sequence(&room, a, 0)));
    room_fini(&room);
    device_fini(&stream);
    device_fini(&phone);
}

static void its_origins_are_https_and_no_others(void **state)
{
    (void)state;
    struct device phone;
    device_init(&phone);
    (void)snprintf(phone.api.origin, sizeof phone.api.origin, "http://127.0.0.1:%u", daemon_tls.port);
    (void)expect_refused(api_login(&phone.api, a), 401, "wrong_origin");
    (void)snprintf(phone.api.origin, sizeof phone.api.origin, "https://localhost:%u", daemon_tls.port);
    (void)expect_ok(api_login(&phone.api, a), 201);
    device_fini(&phone);
}

static void plain_http_gets_nothing_and_disturbs_nobody(void **state)
{
    (void)state;
    struct http_client plain;
    struct http_reply http;
    struct device phone;
    http_client_init(&plain, daemon_tls.port);
    assert_true(http_client_send(&plain, STR("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")));
    assert_false(http_client_read(&plain, true, &http));
    http_client_fini(&plain);
    device_init(&phone);
    (void)expect_ok(api_get(&phone.api, "/healthz"), 200);
    device_fini(&phone);
}

static void a_client_that_trusts_another_certificate_goes_away(void **state)
{
    (void)state;
    struct tls_files other;
    struct http_client c;
    struct http_reply http;
    tls_make(&other);
    struct tls_link link = tls_connect(daemon_tls.port, other.cert, NULL);
    http_client_init_over(&c, link.fd);
    (void)http_client_send(&c, STR("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_false(http_client_read(&c, true, &http));
    assert_true(http_client_sees_end(&c));
    http_client_fini(&c);
    tls_close(&link);
}

static void an_outdated_protocol_is_refused_and_today_s_is_spoken(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        bool is_spoken;
    } row[] = {{"-tls1", false}, {"-tls1_1", false}, {"-tls1_2", true}, {"-tls1_3", true}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct http_client c;
        struct http_reply http;
        struct tls_link link = tls_connect(daemon_tls.port, files.cert, row[i].version);
        http_client_init_over(&c, link.fd);
        (void)http_client_send(&c, STR("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_int_equal(http_client_read(&c, true, &http), row[i].is_spoken);
        http_client_fini(&c);
        tls_close(&link);
    }
}

static void handshakes_that_never_end_disturb_nobody(void **state)
{
    (void)state;
    enum { STALLED = 30 };
    struct http_client c[STALLED];
    struct device phone;
    for (size_t i = 0; i < STALLED; i++) {
        http_client_init(&c[i], daemon_tls.port);
        assert_true(http_client_send(&c[i], i % 2 == 0 ? STR("\x16\x03\x01\x02\x00\x01") : STR("\x16")));
    }
    device_init(&phone);
    uint64_t from_ms = api_now_ms();
    (void)expect_ok(api_get(&phone.api, "/healthz"), 200);
    assert_in_range(api_now_ms() - from_ms, 0, 5000);
    for (size_t i = 0; i < STALLED; i++) http_client_fini(&c[i]);
    device_fini(&phone);
}

/* The server does not start, ends with this code, and says these words. */
static void expect_no_start(const char *first, const char *second, int exit_code, const char *words)
{
    struct daemon none;
    struct daemon_options options = {.flag = {first, second}};
    assert_false(daemon_start(&none, &options));
    if (!daemon_says(&none, words, 0)) {
        char said[1024];
        (void)daemon_read(none.log, said, sizeof said);
        print_error("%s\n", said);
    }
    assert_int_equal(none.exit_code, exit_code);
    assert_true(daemon_says(&none, words, 0));
}

static void a_certificate_that_cannot_be_used_is_named_at_the_start(void **state)
{
    (void)state;
    struct tls_files other;
    char foreign_key[SCRATCH_PATH_BYTES + 16];
    tls_make(&other);
    (void)snprintf(foreign_key, sizeof foreign_key, "--tls-key=%s", other.key);
    expect_no_start(cert_flag, NULL, 78, "tls-key");
    expect_no_start(key_flag, NULL, 78, "tls-cert");
    expect_no_start(cert_flag, foreign_key, 65, "certificate");
    expect_no_start(cert_flag, "--tls-key=/nowhere/key.pem", 69, "--tls-key");
    (void)snprintf(foreign_key, sizeof foreign_key, "--tls-key=%s", files.cert); /* no key at all */
    expect_no_start(cert_flag, foreign_key, 65, "certificate");
}

static int start(void **state)
{
    (void)state;
    struct daemon_options options = {.is_fast = true};
    if (record_open() != ERR_OK) return -1;
    arena_init(&arena, 256 * 1024 * 1024);
    person_init(&ana, "Ana", 1);
    tls_make(&files);
    (void)snprintf(cert_flag, sizeof cert_flag, "--tls-cert=%s", files.cert);
    (void)snprintf(key_flag, sizeof key_flag, "--tls-key=%s", files.key);
    options.flag[0] = cert_flag;
    options.flag[1] = key_flag;
    return daemon_start(&daemon_tls, &options) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    bool is_well = daemon_stop(&daemon_tls);
    person_fini(&ana);
    arena_fini(&arena);
    return is_well ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_life_over_https),
        cmocka_unit_test(its_origins_are_https_and_no_others),
        cmocka_unit_test(plain_http_gets_nothing_and_disturbs_nobody),
        cmocka_unit_test(a_client_that_trusts_another_certificate_goes_away),
        cmocka_unit_test(an_outdated_protocol_is_refused_and_today_s_is_spoken),
        cmocka_unit_test(handshakes_that_never_end_disturb_nobody),
        cmocka_unit_test(a_certificate_that_cannot_be_used_is_named_at_the_start),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
