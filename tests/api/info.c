/* info.c -- what the server says to anybody: of itself, of its health, of its numbers; and how it says no. */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/expect.h"

static struct town town;
static struct arena *a = &town.arena;

/* An answer with its headers; in the arena. */
static struct http_reply ask(const struct http_ask *asked)
{
    struct http_client c;
    struct http_reply http;
    http_client_init(&c, town.daemon.port);
    assert_true(http_client_ask(&c, asked, &http));
    http.headers = arena_copy(a, http.headers);
    http.body = arena_copy(a, http.body);
    http_client_fini(&c);
    return http;
}

static struct http_reply get(const char *path)
{
    return ask(&(struct http_ask){.method = "GET", .path = path});
}

static void expect_header(const struct http_reply *http, const char *name, const char *value)
{
    struct str seen = {0};
    if (!http_reply_header(http, name, &seen) || !str_is(seen, str_of_text(value))) {
        print_error("%s: expected \"%s\", came \"%.*s\"\n", name, value, (int)seen.len, (const char *)seen.at);
        fail();
    }
}

/* ---- of itself --------------------------------------------------------------------------------- */

static void it_tells_versions_time_limits_and_origins(void **state)
{
    (void)state;
    /* header, payload, body, batch, members, open invites, credentials, sessions, circles, page, circle, streams */
    static const uint64_t wanted[] = {4096, 65576, 1048576, 64, 12, 5, 4, 20, 1000, 256, UINT64_C(1) << 30, 4};
    struct cbor_map map, limits;
    struct cbor_list list;
    struct str text;
    uint64_t number, from_ms = api_now_ms();
    struct http_reply http = get("/v1/server");
    assert_int_equal(http.status, 200);
    expect_header(&http, "Content-Type", "application/cbor");
    assert_int_equal(cbor_map(http.body, &map), ERR_OK);
    assert_true(cbor_map_is(&map, 0x3e, 0));
    assert_true(str_is(map.item[1], STR("\x81\x01"))); /* protocol version 1 */
    assert_int_equal(cbor_uint(map.item[2], &number), ERR_OK);
    assert_in_range(number, from_ms, api_now_ms());
    assert_int_equal(cbor_map(map.item[3], &limits), ERR_OK);
    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_int_equal(cbor_uint(limits.item[i + 1], &number), ERR_OK);
        assert_int_equal(number, wanted[i]);
    }
    assert_int_equal(cbor_list(map.item[4], &list), ERR_OK);
    assert_int_equal(list.item_n, 2);
    assert_int_equal(cbor_text(list.item[1], &text), ERR_OK);
    assert_true(str_is(text, str_of_text(town.daemon.origin)));
    assert_int_equal(cbor_text(map.item[5], &text), ERR_OK);
    assert_true(str_starts(text, STR("trothd ")));
}

static void two_challenges_are_never_the_same(void **state)
{
    (void)state;
    uint8_t first[CHALLENGE_BYTES], second[CHALLENGE_BYTES];
    struct cbor_map map;
    uint64_t number, from_ms = api_now_ms();
    struct http_reply http = get("/v1/challenge");
    assert_int_equal(cbor_map(http.body, &map), ERR_OK);
    assert_true(cbor_map_is(&map, 0x6, 0));
    assert_int_equal(cbor_bytes_n(map.item[1], first, sizeof first), ERR_OK);
    assert_int_equal(cbor_uint(map.item[2], &number), ERR_OK);
    assert_in_range(number, from_ms, api_now_ms());
    api_challenge(&town.api[0], second);
    assert_memory_not_equal(first, second, sizeof first);
}

static void the_first_page_says_what_this_is(void **state)
{
    (void)state;
    struct http_reply http = get("/");
    assert_int_equal(http.status, 200);
    expect_header(&http, "Content-Type", "text/plain; charset=utf-8");
    assert_true(str_starts(http.body, STR("This is a Troth server.")));
}

static void healthz_is_ok(void **state)
{
    (void)state;
    struct http_reply http = get("/healthz");
    assert_int_equal(http.status, 200);
    assert_true(str_is(http.body, STR("ok\n")));
}

/* The value of a metric in a text; UINT64_MAX if it is not there. */
static uint64_t metric(struct str text, const char *name)
{
    size_t name_n = strlen(name);
    for (size_t i = 0; i + name_n + 2 < text.len; i++) {
        bool is_line = i == 0 || text.at[i - 1] == '\n';
        if (is_line && memcmp(text.at + i, name, name_n) == 0 && text.at[i + name_n] == ' ') {
            return strtoull((const char *)text.at + i + name_n + 1, NULL, 10);
        }
    }
    return UINT64_MAX;
}

static void metrics_count_and_name_nobody(void **state)
{
    (void)state;
    char hex[2 * HASH_BYTES + 1];
    town_gather(&town, 2);
    uint64_t before = metric(get("/metrics").body, "troth_entries");
    (void)expect_ok(town_say(&town, 0, "counted"), 201);
    (void)expect_refused(api_get(&town.api[0], "/v1/nowhere"), 404, "no_route");
    struct http_reply http = get("/metrics");
    assert_int_equal(http.status, 200);
    expect_header(&http, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    assert_int_equal(metric(http.body, "troth_entries"), before + 1);
    assert_int_equal(metric(http.body, "troth_accounts"), 2);
    assert_int_equal(metric(http.body, "troth_live_streams"), 0);
    assert_int_not_equal(metric(http.body, "troth_requests_total{route=\"append\",status=\"2xx\"}"), UINT64_MAX);
    assert_int_not_equal(metric(http.body, "troth_errors_total{code=\"no_route\"}"), UINT64_MAX);
    const uint8_t *const id[] = {town_circle(&town), town.person[0].keys.sign_pk, town.api[0].session,
                                 town.api[0].access.cred_id};
    for (size_t i = 0; i < 4; i++) {
        api_hex(hex, id[i], 8);
        assert_null(memmem(http.body.at, http.body.len, hex, 16));
        assert_null(memmem(http.body.at, http.body.len, id[i], 8));
    }
    assert_null(memmem(http.body.at, http.body.len, "127.0.0.1", 9));
}

static void metrics_are_not_there_for_who_comes_through_a_proxy(void **state)
{
    (void)state;
    static const char *const line[] = {"X-Forwarded-For: 192.0.2.7\r\n", "Forwarded: for=192.0.2.7\r\n",
                                       "Via: 1.1 proxy\r\n"};
    for (size_t i = 0; i < 3; i++) {
        struct http_reply http = ask(&(struct http_ask){.method = "GET", .path = "/metrics", .more = line[i]});
        (void)expect_refused(api_reply_of(&http), 404, "no_route");
    }
}

/* ---- how it says no ---------------------------------------------------------------------------- */

static void what_is_not_there_is_no_route(void **state)
{
    (void)state;
    static const char *const path[] = {"/v1",
                                       "/v1/",
                                       "/v2/server",
                                       "/v1/servers",
                                       "/v1/server/",
                                       "/v1/accounts/1",
                                       "/v1/circles/1/entries",
                                       "/v1/wait",
                                       "/index.html",
                                       "/v1/live/1",
                                       "/v1/account/creds/1",
                                       "/v1/sessions/12"};
    static const char *const method[] = {"GET", "POST", "PUT", "DELETE", "PATCH"};
    for (size_t i = 0; i < sizeof path / sizeof *path; i++) {
        for (size_t m = 0; m < 5; m++) {
            struct http_ask asked = {
                .method = method[m], .path = path[i], .body = m > 0 ? STR("\xa0") : (struct str){0}};
            expect_no_detail(expect_refused(api_ask(&town.api[0], &asked), 404, "no_route"));
        }
    }
}

static void a_method_that_an_address_does_not_take_is_named_with_those_it_takes(void **state)
{
    (void)state;
    char entries[API_PATH_BYTES];
    uint8_t circle[HASH_BYTES] = {1};
    api_entries_path(entries, circle, "");
    const struct {
        const char *path, *allow;
    } row[] = {
        {"/", "GET, HEAD"},
        {"/healthz", "GET, HEAD"},
        {"/metrics", "GET, HEAD"},
        {"/v1/server", "GET, HEAD"},
        {"/v1/challenge", "GET, HEAD"},
        {"/v1/accounts", "POST"},
        {"/v1/account", "GET, HEAD, DELETE"},
        {"/v1/account/creds", "PUT"},
        {"/v1/sessions", "POST, GET, HEAD, DELETE"},
        {"/v1/sessions/00112233445566778899aabbccddeeff", "DELETE"},
        {"/v1/circles", "GET, HEAD, POST"},
        {entries, "GET, HEAD, POST"},
        {"/v1/invites", "POST"},
        {"/v1/live", "GET, HEAD"},
    };
    static const char *const method[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        for (size_t m = 0; m < sizeof method / sizeof *method; m++) {
            if (strstr(row[i].allow, method[m]) != NULL) continue;
            struct http_reply http =
                ask(&(struct http_ask){.method = method[m], .path = row[i].path, .body = STR("\xa0")});
            (void)expect_refused(api_reply_of(&http), 405, "bad_method");
            expect_header(&http, "Allow", row[i].allow);
        }
    }
}

static void a_body_of_another_type_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path;
    } row[] = {{"POST", "/v1/accounts"}, {"POST", "/v1/sessions"},       {"POST", "/v1/invites"},
               {"POST", "/v1/circles"},  {"PUT", "/v1/account/creds"}, {"DELETE", "/v1/account"}};
    static const char *const type[] = {
        "text/plain", "application/json", "application/cbor; charset=utf-8", "application/cborx", "cbor", ""};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        for (size_t t = 0; t < sizeof type / sizeof *type; t++) {
            struct http_ask asked = {
                .method = row[i].method, .path = row[i].path, .type = type[t], .body = STR("\xa0")};
            expect_no_detail(expect_refused(api_ask(&town.api[0], &asked), 415, "bad_type"));
        }
    }
    struct http_ask sequence = {
        .method = "POST", .path = "/v1/circles", .type = "application/cbor-seq", .body = STR("\xa0")};
    (void)expect_refused(api_ask(&town.api[0], &sequence), 400, "bad_entry"); /* the type is right */
}

static void a_get_with_a_body_is_refused(void **state)
{
    (void)state;
    struct http_ask asked = {.method = "GET", .path = "/v1/circles", .body = STR("\xa0")};
    (void)expect_refused(api_ask(&town.api[0], &asked), 413, "too_large");
    asked.body = STR("");
    (void)expect_ok(api_ask(&town.api[0], &asked), 200);
}

/* ---- for browsers ------------------------------------------------------------------------------ */

static void every_answer_may_be_read_by_any_page_and_kept_by_none(void **state)
{
    (void)state;
    static const char *const path[] = {"/",           "/healthz",   "/metrics", "/v1/server", "/v1/challenge",
                                       "/v1/account", "/v1/nowhere"};
    for (size_t i = 0; i < sizeof path / sizeof *path; i++) {
        struct http_reply http =
            ask(&(struct http_ask){.method = "GET", .path = path[i], .more = "Origin: https://client.example\r\n"});
        struct str value;
        expect_header(&http, "Access-Control-Allow-Origin", "*");
        expect_header(&http, "Cache-Control", "no-store");
        expect_header(&http, "X-Content-Type-Options", "nosniff");
        expect_header(&http, "Referrer-Policy", "no-referrer");
        assert_false(http_reply_header(&http, "Set-Cookie", &value));
        assert_false(http_reply_header(&http, "Access-Control-Allow-Credentials", &value));
        assert_false(http_reply_header(&http, "Server", &value));
    }
}

static bool lists(struct str value, const char *word)
{
    return memmem(value.at, value.len, word, strlen(word)) != NULL;
}

static void a_preflight_is_answered_for_every_request(void **state)
{
    (void)state;
    static const char *const path[] = {"/v1/accounts", "/v1/account/creds", "/v1/circles", "/v1/live", "/v1/sessions"};
    for (size_t i = 0; i < sizeof path / sizeof *path; i++) {
        struct str value;
        struct http_reply http = ask(&(struct http_ask){
            .method = "OPTIONS",
            .path = path[i],
            .more = "Origin: https://client.example\r\nAccess-Control-Request-Method: PUT\r\n"
                    "Access-Control-Request-Headers: authorization, content-type\r\n",
        });
        assert_int_equal(http.status, 204);
        assert_int_equal(http.body.len, 0);
        expect_header(&http, "Access-Control-Allow-Origin", "*");
        assert_true(http_reply_header(&http, "Access-Control-Allow-Headers", &value));
        assert_true(lists(value, "Authorization") && lists(value, "Content-Type"));
        assert_true(http_reply_header(&http, "Access-Control-Allow-Methods", &value));
        assert_true(lists(value, "GET") && lists(value, "POST") && lists(value, "PUT") && lists(value, "DELETE"));
    }
}

static void a_page_may_see_when_to_come_again(void **state)
{
    (void)state;
    struct str value;
    struct http_reply http = get("/v1/server");
    assert_true(http_reply_header(&http, "Access-Control-Expose-Headers", &value));
    assert_true(lists(value, "Retry-After"));
}

static void head_is_answered_like_get_without_the_body(void **state)
{
    (void)state;
    static const char *const path[] = {"/", "/healthz", "/v1/server", "/v1/circles", "/v1/account", "/v1/nowhere"};
    for (size_t i = 0; i < sizeof path / sizeof *path; i++) {
        struct str length, of_get;
        struct http_reply head = ask(&(struct http_ask){.method = "HEAD", .path = path[i], .token = town.api[0].token});
        struct http_reply http = ask(&(struct http_ask){.method = "GET", .path = path[i], .token = town.api[0].token});
        assert_int_equal(head.status, http.status);
        assert_int_equal(head.body.len, 0);
        if (!http_reply_header(&http, "Content-Length", &of_get)) continue;
        assert_true(http_reply_header(&head, "Content-Length", &length));
        assert_true(str_is(length, of_get));
    }
}

static void one_connection_carries_many_requests(void **state)
{
    (void)state;
    struct http_client c;
    struct http_reply http;
    http_client_init(&c, town.daemon.port);
    for (int i = 0; i < 200; i++) {
        assert_true(http_client_ask(
            &c, &(struct http_ask){.method = "GET", .path = i % 3 == 0 ? "/v1/nowhere" : "/v1/server"}, &http));
        assert_int_equal(http.status, i % 3 == 0 ? 404 : 200);
    }
    assert_int_equal(c.connected_n, 1);
    http_client_fini(&c);
}

static int open_town(void **state)
{
    (void)state;
    town_open(&town, 2, NULL);
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
        cmocka_unit_test(it_tells_versions_time_limits_and_origins),
        cmocka_unit_test(two_challenges_are_never_the_same),
        cmocka_unit_test(the_first_page_says_what_this_is),
        cmocka_unit_test(healthz_is_ok),
        cmocka_unit_test(metrics_count_and_name_nobody),
        cmocka_unit_test(metrics_are_not_there_for_who_comes_through_a_proxy),
        cmocka_unit_test(what_is_not_there_is_no_route),
        cmocka_unit_test(a_method_that_an_address_does_not_take_is_named_with_those_it_takes),
        cmocka_unit_test(a_body_of_another_type_is_refused),
        cmocka_unit_test(a_get_with_a_body_is_refused),
        cmocka_unit_test(every_answer_may_be_read_by_any_page_and_kept_by_none),
        cmocka_unit_test(a_preflight_is_answered_for_every_request),
        cmocka_unit_test(a_page_may_see_when_to_come_again),
        cmocka_unit_test(head_is_answered_like_get_without_the_body),
        cmocka_unit_test(one_connection_carries_many_requests),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
