/* remote_alloc.c -- no memory, at each moment when some is asked for, by Troth or by libcurl inside it: an error and
 * no crash, nothing kept, and with memory again it works. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "client/live.h"
#include "harness/fault_alloc.h"
#include "harness/liar.h"

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct liar liar;
static const uint8_t token[ACCOUNT_TOKEN_BYTES] = {1, 2};

/* A circle's entries, 40 KB of them; and a stream. */
static bool answer_well(struct liar *l, struct str request)
{
    static uint8_t page[40 * 1024];
    static const uint8_t payload[1000], sig[SIG_BYTES];
    struct out o = OUT_OVER(page);
    if (liar_is_asked(request, "GET /v1/live ")) {
        return liar_say_text(l, "HTTP/1.1 200 OK\r\n\r\nevent: head\ndata: " HEX " 5 " HEX "\n\n") && false;
    }
    while (o.cap - o.len > 1200) {
        cbor_put_list(&o, 3);
        cbor_put_bytes(&o, STR("header"));
        cbor_put_bytes(&o, STR_OF(sig));
        cbor_put_bytes(&o, STR_OF(payload));
    }
    return liar_answer(l, 200, out_str(&o));
}

static bool is_allowed(enum err e)
{
    return e == ERR_OK || e == ERR_NO_MEMORY || e == ERR_OFFLINE || e == ERR_BAD_SERVER;
}

/* Everything that there is to do with a server; whether all of it went well. */
static bool try_request(void)
{
    struct fetch_options options = {.origin = liar.origin, .quiet_ms = 5000};
    struct remote *remote = NULL;
    struct str page = {0};
    size_t n = 0;
    enum err e = remote_open(&options, &remote);
    assert_true(e == ERR_OK || (e == ERR_NO_MEMORY && remote == NULL));
    if (e != ERR_OK) return false;
    remote_use(remote, token);
    e = remote_entries(remote, token, 0, 256, NULL, &page, &n);
    assert_true(is_allowed(e) && (e == ERR_OK) == (n > 0));
    remote_close(remote);
    return e == ERR_OK;
}

static bool try_stream(void)
{
    struct fetch_options options = {.origin = liar.origin, .quiet_ms = 5000};
    struct live *live = NULL;
    struct live_event event = {.kind = LIVE_NOTHING};
    enum err e = live_open(&options, token, &live);
    assert_true(e == ERR_OK || (e == ERR_NO_MEMORY && live == NULL));
    if (e != ERR_OK) return false;
    e = live_next(live, 5000, &event);
    if (e == ERR_OK && event.kind == LIVE_UP) e = live_next(live, 5000, &event);
    assert_true(is_allowed(e) && (e != ERR_OK || event.kind == LIVE_HEAD || event.kind == LIVE_DOWN));
    assert_true(event.kind != LIVE_DOWN || is_allowed(event.why));
    live_close(live);
    return e == ERR_OK && event.kind == LIVE_HEAD;
}

static void fail_each(bool (*job)(void), enum fault_span span)
{
    assert_true(job());
    size_t live_n = fault_alloc_live(), n = 0;
    bool is_well = false, has_failed = true;
    while (has_failed) {
        fault_alloc_arm(++n, span);
        is_well = job();
        has_failed = fault_alloc_has_failed();
        fault_alloc_disarm();
        if (fault_alloc_live() != live_n) fail_msg("allocation %zu failed, and something was kept", n);
        assert_true(n < 10000);
    }
    assert_true(is_well && n > 20);
}

static void a_request_without_memory(void **state)
{
    (void)state;
    fail_each(try_request, FAULT_ONE);
    fail_each(try_request, FAULT_ALL);
}

static void a_stream_without_memory(void **state)
{
    (void)state;
    fail_each(try_stream, FAULT_ONE);
    fail_each(try_stream, FAULT_ALL);
}

/* What libcurl takes goes through this program's malloc, which can be told to fail. */
static void *take(size_t n)
{
    return malloc(n);
}

static void *take_zeroed(size_t n, size_t size)
{
    return calloc(n, size);
}

static void *change(void *old, size_t n)
{
    return realloc(old, n);
}

static void give_back(void *piece)
{
    free(piece);
}

static char *copy(const char *text)
{
    size_t n = strlen(text) + 1;
    char *to = malloc(n);
    if (to != NULL) memcpy(to, text, n);
    return to;
}

static int start(void **state)
{
    (void)state;
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, take, give_back, change, copy, take_zeroed) != CURLE_OK) return -1;
    if (record_open() != ERR_OK) return -1;
    liar_open(&liar, answer_well, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    liar_close(&liar);
    curl_global_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_without_memory),
        cmocka_unit_test(a_stream_without_memory),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
