/* attacks_account.c -- the attacks A1 to A7 of docs/protocol.md: on signing in, and on what the server keeps. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "harness/expect.h"
#include "harness/tamper.h"

enum { ANA, BEN, PEOPLE };

static struct town town;
static struct arena *a = &town.arena;

static void device_init(struct api *device, size_t who, uint64_t number)
{
    api_init(device, &town.person[who], number, town.daemon.origin, town.daemon.port);
}

static uint64_t steady_us(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void A1_a_captured_signature_signs_nobody_in(void **state)
{
    (void)state;
    struct api ana, thief;
    device_init(&ana, ANA, 0);
    device_init(&thief, BEN, 0);
    struct str captured = api_login_body(&ana, a);
    (void)expect_ok(api_post(&ana, "/v1/sessions", captured), 201);
    expect_no_detail(expect_refused(api_post(&thief, "/v1/sessions", captured), 401, "bad_challenge"));
    uint8_t challenge[CHALLENGE_BYTES];
    api_challenge(&thief, challenge); /* a fresh challenge, which Ana did not sign */
    struct str fresh = draft_set(a, captured, LOGIN_CHALLENGE, draft_bytes(a, STR_OF(challenge)));
    (void)expect_refused(api_post(&thief, "/v1/sessions", fresh), 401, "bad_login");
    /* what Ana signed for another server, whose host passes our challenge on to her */
    (void)snprintf(ana.origin, sizeof ana.origin, "https://phish.example");
    struct str phished = api_login_body(&ana, a);
    (void)expect_refused(api_post(&thief, "/v1/sessions", phished), 401, "wrong_origin");
    struct out o = out_over(arena_take(a, 80), 80);
    cbor_put_text(&o, str_of_text(town.daemon.origin));
    (void)expect_refused(api_post(&thief, "/v1/sessions", draft_set(a, phished, LOGIN_ORIGIN, out_str(&o))), 401,
                         "bad_login");
    /* a signature for one purpose is none for another */
    struct str close = api_close_body(&town.api[ANA], a);
    struct cbor_map map;
    assert_int_equal(cbor_map(close, &map), ERR_OK);
    struct str body = draft_set(a, draft_set(a, captured, LOGIN_CHALLENGE, map.item[CLOSE_CHALLENGE]), LOGIN_SIG,
                                map.item[CLOSE_SIG]);
    (void)expect_refused(api_post(&thief, "/v1/sessions", body), 401, "bad_login");
    api_fini(&ana);
    api_fini(&thief);
}

/* The wrapped identity as the server hands it out at sign-in; in the arena. */
static struct str wrapped_of(struct api *device)
{
    struct cbor_map map;
    struct str wrapped = {0};
    struct api_reply r = expect_ok(api_login(device, a), 201);
    assert_true(cbor_map(r.body, &map) == ERR_OK && cbor_bytes(map.item[2], &wrapped) == ERR_OK);
    return arena_copy(a, wrapped);
}

static void A2_anothers_wrapped_identity_does_not_open(void **state)
{
    (void)state;
    struct api ana;
    struct secret_identity identity;
    town_gather(&town, 1); /* tamper names a circle */
    device_init(&ana, ANA, 0);
    const uint8_t *pk = town.person[ANA].keys.sign_pk;
    struct str right = wrapped_of(&ana);
    assert_int_equal(secret_unwrap(&ana.access, right, pk, &identity), ERR_OK);
    secret_identity_fini(&identity);
    tamper(&town,
           "CREATE TABLE keep AS SELECT * FROM credential; UPDATE credential SET wrapped = (SELECT wrapped FROM keep k "
           "WHERE k.account <> credential.account LIMIT 1)");
    struct str theirs = wrapped_of(&ana);
    assert_false(str_is(right, theirs));
    assert_int_equal(secret_unwrap(&ana.access, theirs, pk, &identity), ERR_WRONG_SECRET);
    assert_int_equal(secret_unwrap(&ana.access, theirs, town.person[BEN].keys.sign_pk, &identity), ERR_WRONG_SECRET);
    tamper(
        &town,
        "UPDATE credential SET wrapped = (SELECT wrapped FROM keep k WHERE k.account = credential.account); "
        "DROP TABLE keep");
    assert_int_equal(secret_unwrap(&ana.access, wrapped_of(&ana), pk, &identity), ERR_OK);
    secret_identity_fini(&identity);
    api_fini(&ana);
}

static void A3_an_old_wrapped_identity_does_not_open_with_the_new_secrets(void **state)
{
    (void)state;
    struct api fresh;
    struct secret_identity identity;
    const uint8_t *pk = town.person[ANA].keys.sign_pk;
    town_gather(&town, 1);
    device_init(&fresh, ANA, 5);
    struct str old = wrapped_of(&town.api[ANA]);
    struct account_creds creds = {.version = town.api[ANA].creds_version + 1, .cred_n = 1};
    creds.cred[0] = api_cred(&fresh);
    (void)expect_ok(api_put(&town.api[ANA], "/v1/account/creds", api_creds_body(&town.api[ANA], a, &creds)), 200);
    assert_int_equal(secret_unwrap(&fresh.access, wrapped_of(&fresh), pk, &identity), ERR_OK);
    secret_identity_fini(&identity);
    /* the host puts the old one back */
    char sql[512], hex[2 * SECRET_WRAPPED_BYTES + 1], cred[2 * ID_BYTES + 1];
    api_hex(hex, old.at, SECRET_WRAPPED_BYTES);
    api_hex(cred, fresh.access.cred_id, ID_BYTES);
    (void)snprintf(sql, sizeof sql, "UPDATE credential SET wrapped = x'%s' WHERE cred_id = x'%s'", hex, cred);
    tamper(&town, sql);
    struct str shown = wrapped_of(&fresh);
    assert_true(str_is(shown, old));
    assert_int_equal(secret_unwrap(&fresh.access, shown, pk, &identity), ERR_WRONG_SECRET);
    creds.version++;
    creds.cred[0] = api_cred(&town.api[ANA]);
    (void)expect_ok(api_put(&fresh, "/v1/account/creds", api_creds_body(&fresh, a, &creds)), 200);
    (void)expect_ok(api_login(&town.api[ANA], a), 201);
    api_fini(&fresh);
}

/* ---- A4 ---------------------------------------------------------------------------------------- */

enum { TRIES = 10000, TRIES_OF_A_START = 1800 }; /* a server remembers so many answered challenges at once */

/* The bytes of a refused sign-in, without its date; how long it took. */
static size_t try_once(struct api *device, bool is_known, uint8_t *seen, size_t cap, uint32_t *took_us)
{
    uint8_t cred_id[ID_BYTES], sig[SIG_BYTES];
    struct http_reply http;
    struct str body = api_login_body(device, a), date;
    random_fill(sig, sizeof sig);
    sig[SIG_BYTES - 1] &= 0x0f; /* so that it gets as far as a real one would */
    body = draft_set(a, body, LOGIN_SIG, draft_bytes(a, STR_OF(sig)));
    random_fill(cred_id, sizeof cred_id);
    if (!is_known) body = draft_set(a, body, LOGIN_CRED_ID, draft_bytes(a, STR_OF(cred_id)));
    struct http_ask ask = {.method = "POST", .path = "/v1/sessions", .body = body};
    uint64_t from_us = steady_us();
    assert_true(http_client_ask(&device->http, &ask, &http));
    *took_us = (uint32_t)(steady_us() - from_us);
    assert_int_equal(http.status, 401);
    size_t n = http.headers.len + http.body.len;
    assert_in_range(n, 1, cap);
    memcpy(seen, http.headers.at, http.headers.len);
    memcpy(seen + http.headers.len, http.body.at, http.body.len);
    if (http_reply_header(&http, "Date", &date)) memset(seen + (date.at - http.headers.at), '-', date.len);
    return n;
}

static int by_size(const void *x, const void *y)
{
    uint32_t one = *(const uint32_t *)x, two = *(const uint32_t *)y;
    return one < two ? -1 : one > two;
}

static void A4_a_known_name_and_a_made_up_one_get_the_same_answer(void **state)
{
    (void)state;
    static uint32_t took_us[2][TRIES];
    uint8_t first[1024], seen[1024];
    struct api device;
    size_t first_n = 0;
    town_rooms(&town);
    device_init(&device, ANA, 0);
    for (size_t i = 0; i < TRIES; i++) {
        if (i % TRIES_OF_A_START == 0) {
            assert_true(daemon_stop(&town.daemon) && daemon_restart(&town.daemon, &town.options));
            town_rooms(&town); /* empties the arena */
        }
        for (size_t k = 0; k < 2; k++) { /* by turns, and each first as often as the other */
            bool is_known = (i + k) % 2 == 0;
            size_t n = try_once(&device, is_known, seen, sizeof seen, &took_us[is_known][i]);
            if (first_n == 0) memcpy(first, seen, first_n = n);
            assert_int_equal(n, first_n);
            assert_memory_equal(seen, first, n);
        }
    }
    for (size_t k = 0; k < 2; k++) qsort(took_us[k], TRIES, sizeof took_us[k][0], by_size);
    print_message("A4, %d tries each, in us: known p10 %u, p50 %u, p90 %u; made up p10 %u, p50 %u, p90 %u\n", TRIES,
                  took_us[1][TRIES / 10], took_us[1][TRIES / 2], took_us[1][TRIES * 9 / 10], took_us[0][TRIES / 10],
                  took_us[0][TRIES / 2], took_us[0][TRIES * 9 / 10]);
    (void)expect_ok(api_login(&device, a), 201);
    api_fini(&device);
}

/* ---- A5 to A7 ---------------------------------------------------------------------------------- */

/* Whether the server's files hold these bytes, as they are or in hexadecimal. */
static bool files_hold(const void *bytes, size_t n)
{
    static const char *const tail[] = {"", "-wal", "-shm", "-journal"};
    char path[SCRATCH_PATH_BYTES], hex[2 * 64 + 1];
    size_t cap = 16 * 1024 * 1024;
    char *text = malloc(cap);
    bool is_there = false;
    assert_non_null(text);
    api_hex(hex, bytes, n);
    for (size_t i = 0; i < sizeof tail / sizeof *tail; i++) {
        (void)snprintf(path, sizeof path, "%s%s", town.daemon.data, tail[i]);
        size_t text_n = daemon_read(path, text, cap);
        for (size_t at = 0; at + n <= text_n && !is_there; at++) {
            is_there = memcmp(text + at, bytes, n) == 0 || (at + 2 * n <= text_n && memcmp(text + at, hex, 2 * n) == 0);
        }
    }
    free(text);
    return is_there;
}

static void A5_the_file_holds_nothing_at_which_a_secret_could_be_guessed(void **state)
{
    (void)state;
    town_gather(&town, 2);
    (void)expect_ok(town_say(&town, ANA, "words that only two may read"), 201);
    const struct person *ana = &town.person[ANA];
    assert_true(files_hold(ana->keys.sign_pk, SIGN_PK_BYTES)); /* that is how it would look */
    assert_true(files_hold(town.api[ANA].access.cred_id, ID_BYTES));
    uint8_t token[ACCOUNT_TOKEN_BYTES];
    for (size_t i = 0; i < sizeof token; i++) {
        char two[3] = {town.api[ANA].token[2 * i], town.api[ANA].token[2 * i + 1], '\0'};
        token[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    assert_false(files_hold(token, sizeof token));
    assert_false(files_hold(ana->keys.seed, SEED_BYTES));
    assert_false(files_hold(ana->keys.sign_sk, SEED_BYTES));
    assert_false(files_hold(ana->keys.box_sk, BOX_SK_BYTES));
    assert_false(files_hold(town.api[ANA].access.login_sk, SEED_BYTES));
    assert_false(files_hold(town.api[ANA].access.wrap_key, KEY_BYTES));
    assert_false(files_hold(town.room[ANA].key[0].key, KEY_BYTES));
    assert_false(files_hold("words that only two may read", 28));
    assert_false(files_hold(town.daemon.permit, 20)); /* the first permit's text */
}

static void wait_s(unsigned s)
{
    struct timespec t = {.tv_sec = s, .tv_nsec = 50000000};
    (void)nanosleep(&t, NULL);
}

static void A6_who_guesses_is_slowed_down_and_locks_nobody_out(void **state)
{
    (void)state;
    struct town strict;
    struct daemon_options options = {.flag = {"--rate-challenge=0", "--rate-login=0", "--rate-register=0"}};
    struct api thief;
    struct api_reply r;
    unsigned refused_n = 0;
    town_open(&strict, 2, &options);
    api_init(&thief, &strict.person[ANA], 0, strict.daemon.origin, strict.daemon.port);
    for (int i = 0; i < 8; i++) {
        struct str body = draft_set(&strict.arena, api_login_body(&thief, &strict.arena), LOGIN_SIG,
                                    draft_zeros(&strict.arena, SIG_BYTES));
        r = api_post(&thief, "/v1/sessions", body);
        if (r.status == 401) (void)expect_refused(r, 401, "bad_login");
        else (void)expect_refused(r, 429, "slow_down");
        if (r.status == 429) refused_n++;
        if (r.status == 429) assert_in_range(r.retry_after_s, 1, 3);
    }
    assert_in_range(refused_n, 5, 6); /* two are free; after the third each waits */
    (void)expect_ok(api_get(&strict.api[ANA], "/v1/account"), 200); /* Ana's devices notice nothing ... */
    (void)expect_ok(api_login(&strict.api[BEN], &strict.arena), 201); /* ... nor does Ben */
    r = api_login(&thief, &strict.arena);                             /* Ana, on a new device */
    (void)expect_refused(r, 429, "slow_down");
    wait_s(r.retry_after_s);
    (void)expect_ok(api_login(&thief, &strict.arena), 201); /* let in after what she was told to wait */
    (void)expect_ok(api_login(&thief, &strict.arena), 201); /* and the failures are forgotten */
    api_fini(&thief);
    town_close(&strict);
}

static void A6_a_name_is_slowed_down_whether_it_exists_or_not(void **state)
{
    (void)state;
    struct town strict;
    struct daemon_options options = {.flag = {"--rate-challenge=0", "--rate-login=0", "--rate-register=0"}};
    int status[2][6];
    town_open(&strict, 1, &options);
    for (size_t k = 0; k < 2; k++) {
        uint8_t made_up[ID_BYTES] = {1, 2, 3};
        for (size_t i = 0; i < 6; i++) {
            struct str body = api_login_body(&strict.api[0], &strict.arena);
            body = draft_set(&strict.arena, body, LOGIN_SIG, draft_zeros(&strict.arena, SIG_BYTES));
            if (k == 1) {
                body = draft_set(&strict.arena, body, LOGIN_CRED_ID, draft_bytes(&strict.arena, STR_OF(made_up)));
            }
            status[k][i] = api_post(&strict.api[0], "/v1/sessions", body).status;
        }
    }
    assert_memory_equal(status[0], status[1], sizeof status[0]);
    assert_int_equal(status[0][0], 401);
    assert_int_equal(status[0][5], 429);
    town_close(&strict);
}

static void A7_a_revoked_token_is_refused_by_the_very_next_request(void **state)
{
    (void)state;
    struct api phone;
    char path[80], hex[2 * ID_BYTES + 1];
    device_init(&phone, ANA, 0);
    for (int i = 0; i < 100; i++) {
        (void)expect_ok(api_login(&phone, a), 201);
        (void)expect_ok(api_get(&phone, "/v1/account"), 200); /* its connection is open and kept */
        unsigned connected_n = phone.http.connected_n;
        api_hex(hex, phone.session, ID_BYTES);
        (void)snprintf(path, sizeof path, "/v1/sessions/%s", hex);
        (void)expect_ok(api_delete(&town.api[ANA], path, (struct str){0}), 204);
        (void)expect_refused(api_get(&phone, "/v1/account"), 401, "no_session");
        assert_int_equal(phone.http.connected_n, connected_n); /* the same connection */
    }
    api_fini(&phone);
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
        cmocka_unit_test(A1_a_captured_signature_signs_nobody_in),
        cmocka_unit_test(A2_anothers_wrapped_identity_does_not_open),
        cmocka_unit_test(A3_an_old_wrapped_identity_does_not_open_with_the_new_secrets),
        cmocka_unit_test(A4_a_known_name_and_a_made_up_one_get_the_same_answer),
        cmocka_unit_test(A5_the_file_holds_nothing_at_which_a_secret_could_be_guessed),
        cmocka_unit_test(A6_who_guesses_is_slowed_down_and_locks_nobody_out),
        cmocka_unit_test(A6_a_name_is_slowed_down_whether_it_exists_or_not),
        cmocka_unit_test(A7_a_revoked_token_is_refused_by_the_very_next_request),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
