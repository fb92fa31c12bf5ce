/* sessions.c -- signing in, the list of devices, and signing out. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "harness/expect.h"
#include "harness/malformed.h"
#include "harness/race.h"
#include "harness/store_rig.h"

static struct town town;
static struct arena *a = &town.arena;

/* One more device of a person: the same way in. */
static void device_init(struct api *device, size_t who)
{
    api_init(device, &town.person[who], 0, town.daemon.origin, town.daemon.port);
}

struct row {
    uint8_t id[ID_BYTES];
    uint64_t created_ms, used_ms, is_this;
};

/* The list of sessions as a device sees it: how many. */
static size_t list(struct api *device, struct row *row, size_t cap)
{
    size_t n = 0;
    struct api_reply r = expect_ok(api_get(device, "/v1/sessions"), 200);
    for (struct str left = r.body, item; left.len > 0; n++) {
        struct cbor_map map;
        assert_true(n < cap);
        assert_int_equal(cbor_first(left, &item, &left), ERR_OK);
        assert_int_equal(cbor_map(item, &map), ERR_OK);
        assert_true(cbor_map_is(&map, 0x1e, 0));
        assert_int_equal(cbor_bytes_n(map.item[1], row[n].id, ID_BYTES), ERR_OK);
        assert_int_equal(cbor_uint(map.item[2], &row[n].created_ms), ERR_OK);
        assert_int_equal(cbor_uint(map.item[3], &row[n].used_ms), ERR_OK);
        assert_int_equal(cbor_uint(map.item[4], &row[n].is_this), ERR_OK);
    }
    return n;
}

static struct api_reply end(struct api *device, const uint8_t id[static ID_BYTES])
{
    char path[80], hex[2 * ID_BYTES + 1];
    api_hex(hex, id, ID_BYTES);
    (void)snprintf(path, sizeof path, "/v1/sessions/%s", hex);
    return api_delete(device, path, (struct str){0});
}

/* ---- signing in -------------------------------------------------------------------------------- */

static void signing_in_gives_a_token_and_the_wrapped_identity(void **state)
{
    (void)state;
    struct api phone;
    struct cbor_map map;
    struct str wrapped, pk;
    struct secret_identity identity;
    device_init(&phone, 0);
    struct api_reply r = expect_ok(api_login(&phone, a), 201);
    assert_int_equal(cbor_map(r.body, &map), ERR_OK);
    assert_int_equal(cbor_bytes(map.item[2], &wrapped), ERR_OK);
    assert_int_equal(cbor_bytes(map.item[3], &pk), ERR_OK);
    assert_true(str_is(pk, STR_OF(town.person[0].keys.sign_pk)));
    assert_int_equal(secret_unwrap(&phone.access, wrapped, pk.at, &identity), ERR_OK);
    assert_memory_equal(identity.seed, town.person[0].keys.seed, SEED_BYTES);
    assert_int_equal(cbor_bytes(map.item[4], &pk), ERR_OK);
    assert_true(str_is(pk, STR_OF(town.person[0].keys.box_pk)));
    assert_int_equal(phone.creds_version, 1);
    (void)expect_ok(api_get(&phone, "/v1/account"), 200);
    secret_identity_fini(&identity);
    api_fini(&phone);
}

static void two_tokens_are_never_the_same(void **state)
{
    (void)state;
    struct api phone;
    char first[API_TOKEN_TEXT_BYTES];
    device_init(&phone, 0);
    (void)expect_ok(api_login(&phone, a), 201);
    memcpy(first, phone.token, sizeof first);
    (void)expect_ok(api_login(&phone, a), 201);
    assert_memory_not_equal(first, phone.token, sizeof first);
    api_fini(&phone);
}

static void nobody_gets_in_without_the_right_signature(void **state)
{
    (void)state;
    struct api phone, other;
    device_init(&phone, 0);
    device_init(&other, 1);
    struct str ana = api_login_body(&phone, a), ben = api_login_body(&other, a);
    struct cbor_map map;
    assert_int_equal(cbor_map(ben, &map), ERR_OK);
    struct str wrong[] = {
        draft_set(a, ana, LOGIN_SIG, draft_zeros(a, SIG_BYTES)),
        draft_set(a, api_login_body(&phone, a), LOGIN_SIG, map.item[LOGIN_SIG]),
        draft_set(a, api_login_body(&phone, a), LOGIN_CRED_ID, map.item[LOGIN_CRED_ID]),
        draft_set(a, api_login_body(&phone, a), LOGIN_CRED_ID, draft_zeros(a, ID_BYTES)),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        expect_no_detail(expect_refused(api_post(&phone, "/v1/sessions", wrong[i]), 401, "bad_login"));
    }
    (void)expect_ok(api_login(&phone, a), 201);
    api_fini(&phone);
    api_fini(&other);
}

static void a_challenge_is_answered_once_and_a_wrong_answer_is_none(void **state)
{
    (void)state;
    struct api phone;
    device_init(&phone, 0);
    struct str body = api_login_body(&phone, a);
    (void)expect_refused(api_post(&phone, "/v1/sessions", draft_set(a, body, LOGIN_SIG, draft_zeros(a, SIG_BYTES))),
                         401, "bad_login");
    (void)expect_ok(api_post(&phone, "/v1/sessions", body), 201);
    (void)expect_refused(api_post(&phone, "/v1/sessions", body), 401, "bad_challenge");
    body = draft_set(a, api_login_body(&phone, a), LOGIN_CHALLENGE, draft_zeros(a, CHALLENGE_BYTES));
    expect_no_detail(expect_refused(api_post(&phone, "/v1/sessions", body), 401, "bad_challenge"));
    api_fini(&phone);
}

static void another_origin_is_refused(void **state)
{
    (void)state;
    struct api phone;
    device_init(&phone, 0);
    (void)snprintf(phone.origin, sizeof phone.origin, "https://troth.example");
    struct api_reply r = expect_refused(api_login(&phone, a), 401, "wrong_origin");
    expect_detail(r, API_ORIGINS);
    assert_int_equal(r.origin_n, 2);
    (void)snprintf(phone.origin, sizeof phone.origin, "http://localhost:%u", town.daemon.port);
    (void)expect_ok(api_login(&phone, a), 201);
    api_fini(&phone);
}

static void every_field_has_its_type_and_length(void **state)
{
    (void)state;
    struct api phone;
    device_init(&phone, 0);
    malformed_expect(&phone, "POST", "/v1/sessions", api_login_body(&phone, a), 0);
    api_fini(&phone);
}

/* ---- the list ---------------------------------------------------------------------------------- */

static void the_list_shows_every_device_and_which_is_this(void **state)
{
    (void)state;
    struct api device[3];
    struct row row[LIMIT_SESSIONS];
    uint64_t from_ms = api_now_ms();
    (void)expect_ok(api_delete(&town.api[0], "/v1/sessions", (struct str){0}), 204);
    for (size_t i = 0; i < 3; i++) {
        device_init(&device[i], 0);
        (void)expect_ok(api_login(&device[i], a), 201);
    }
    for (size_t i = 0; i < 3; i++) {
        size_t this_n = 0;
        assert_int_equal(list(&device[i], row, LIMIT_SESSIONS), 4);
        for (size_t k = 0; k < 4; k++) {
            if (row[k].is_this == 0) continue;
            this_n++;
            assert_memory_equal(row[k].id, device[i].session, ID_BYTES);
            assert_in_range(row[k].created_ms, from_ms, api_now_ms());
            assert_in_range(row[k].used_ms, row[k].created_ms, api_now_ms());
        }
        assert_int_equal(this_n, 1);
    }
    for (size_t i = 0; i < 3; i++) api_fini(&device[i]);
}

static void a_device_is_signed_out_by_another_of_its_person(void **state)
{
    (void)state;
    struct api phone, laptop;
    device_init(&phone, 0);
    device_init(&laptop, 0);
    (void)expect_ok(api_login(&phone, a), 201);
    (void)expect_ok(api_login(&laptop, a), 201);
    struct api_reply r = expect_ok(end(&laptop, phone.session), 204);
    assert_int_equal(r.body.len, 0);
    expect_no_detail(expect_refused(api_get(&phone, "/v1/account"), 401, "no_session"));
    (void)expect_ok(api_get(&laptop, "/v1/account"), 200);
    (void)expect_refused(end(&laptop, phone.session), 404, "not_found"); /* it is gone */
    (void)expect_ok(end(&laptop, laptop.session), 204);                  /* also oneself */
    (void)expect_refused(api_get(&laptop, "/v1/account"), 401, "no_session");
    api_fini(&phone);
    api_fini(&laptop);
}

static void anothers_device_looks_like_one_that_is_not_there(void **state)
{
    (void)state;
    uint8_t nobody[ID_BYTES] = {0};
    struct api_reply theirs = expect_refused(end(&town.api[0], town.api[1].session), 404, "not_found");
    struct api_reply none = expect_refused(end(&town.api[0], nobody), 404, "not_found");
    expect_no_detail(theirs);
    expect_no_detail(none);
    (void)expect_ok(api_get(&town.api[1], "/v1/account"), 200);
}

static void all_other_devices_are_signed_out_at_once(void **state)
{
    (void)state;
    struct api phone, laptop;
    struct row row[LIMIT_SESSIONS];
    device_init(&phone, 1);
    device_init(&laptop, 1);
    (void)expect_ok(api_login(&phone, a), 201);
    (void)expect_ok(api_login(&laptop, a), 201);
    (void)expect_ok(api_delete(&phone, "/v1/sessions", (struct str){0}), 204);
    assert_int_equal(list(&phone, row, LIMIT_SESSIONS), 1);
    (void)expect_refused(api_get(&laptop, "/v1/account"), 401, "no_session");
    (void)expect_refused(api_get(&town.api[1], "/v1/account"), 401, "no_session");
    (void)expect_ok(api_get(&town.api[0], "/v1/account"), 200); /* other people's stay */
    (void)expect_ok(api_login(&town.api[1], a), 201);
    api_fini(&phone);
    api_fini(&laptop);
}

static void one_device_too_many_signs_out_the_one_unused_for_longest(void **state)
{
    (void)state;
    static struct api device[LIMIT_SESSIONS];
    struct row row[LIMIT_SESSIONS];
    (void)expect_ok(api_delete(&town.api[1], "/v1/sessions", (struct str){0}), 204);
    for (size_t i = 0; i < LIMIT_SESSIONS - 1; i++) {
        device_init(&device[i], 1);
        (void)expect_ok(api_login(&device[i], a), 201);
        uint64_t used_ms = api_now_ms();
        while (api_now_ms() <= used_ms) continue; /* so that no two were used in the same millisecond */
    }
    (void)expect_ok(api_get(&town.api[1], "/v1/account"), 200);
    (void)expect_ok(api_get(&device[0], "/v1/account"), 200); /* device 1 is now the longest unused */
    device_init(&device[LIMIT_SESSIONS - 1], 1);
    (void)expect_ok(api_login(&device[LIMIT_SESSIONS - 1], a), 201);
    assert_int_equal(list(&town.api[1], row, LIMIT_SESSIONS), LIMIT_SESSIONS);
    for (size_t i = 0; i < LIMIT_SESSIONS; i++) {
        struct api_reply r = api_get(&device[i], "/v1/account");
        if (i == 1) (void)expect_refused(r, 401, "no_session");
        else (void)expect_ok(r, 200);
        api_fini(&device[i]);
    }
}

/* A device that signs in, among many at the same moment. */
struct arriving {
    struct api api;
    struct str body;
    struct api_reply reply;
};

static void arrive(void *of)
{
    struct arriving *d = of;
    struct cbor_map map;
    struct str token;
    d->reply = api_post(&d->api, "/v1/sessions", d->body);
    bool is_in =
        d->reply.status == 201 && cbor_map(d->reply.body, &map) == ERR_OK && cbor_bytes(map.item[1], &token) == ERR_OK;
    if (is_in) api_hex(d->api.token, token.at, token.len);
}

static void many_at_once_are_not_more_devices_than_may_be(void **state)
{
    (void)state;
    enum { ARRIVING = 24, ROUNDS = 5 };
    static struct arriving device[ARRIVING];
    struct row row[2 * LIMIT_SESSIONS];
    void *of[ARRIVING];
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < ARRIVING; i++) {
            device_init(&device[i].api, 1);
            device[i].body = api_login_body(&device[i].api, a);
            of[i] = &device[i];
        }
        race_start(arrive, of, ARRIVING);
        size_t in_n = 0;
        for (size_t i = 0; i < ARRIVING; i++) {
            (void)expect_ok(device[i].reply, 201);
            struct api_reply r = api_get(&device[i].api, "/v1/account");
            if (r.status == 200) in_n++;
            else (void)expect_refused(r, 401, "no_session");
            api_fini(&device[i].api);
        }
        assert_in_range(in_n, 1, LIMIT_SESSIONS);
        (void)expect_ok(api_login(&town.api[1], a), 201);
        assert_in_range(list(&town.api[1], row, 2 * LIMIT_SESSIONS), 1, LIMIT_SESSIONS);
    }
}

/* ---- tokens ------------------------------------------------------------------------------------ */

static void a_token_that_is_none_signs_nobody_in(void **state)
{
    (void)state;
    static const char *const path[] = {"/v1/account", "/v1/sessions", "/v1/circles", "/v1/live"};
    char upper[API_TOKEN_TEXT_BYTES], changed[API_TOKEN_TEXT_BYTES], line[3][160];
    memcpy(upper, town.api[0].token, sizeof upper);
    memcpy(changed, town.api[0].token, sizeof changed);
    for (size_t i = 0; upper[i] != '\0'; i++) upper[i] = (char)(upper[i] >= 'a' ? upper[i] - 'a' + 'A' : upper[i]);
    changed[63] = changed[63] == '0' ? '1' : '0';
    (void)snprintf(line[0], sizeof line[0], "Authorization: Basic %s\r\n", town.api[0].token);
    (void)snprintf(line[1], sizeof line[1], "Authorization: %s\r\n", town.api[0].token);
    (void)snprintf(line[2], sizeof line[2], "Cookie: token=%s\r\n", town.api[0].token);
    const struct http_ask ask[] = {
        {.token = upper}, {.token = changed}, {.token = "00"}, {.token = ""},
        {.more = line[0]}, {.more = line[1]}, {.more = line[2]}, {.token = NULL},
    };
    assert_memory_not_equal(upper, town.api[0].token, sizeof upper);
    for (size_t p = 0; p < sizeof path / sizeof *path; p++) {
        struct api stranger;
        device_init(&stranger, 0);
        for (size_t i = 0; i < sizeof ask / sizeof *ask; i++) {
            struct http_ask one = ask[i];
            one.method = "GET";
            one.path = path[p];
            expect_no_detail(expect_refused(api_ask(&stranger, &one), 401, "no_session"));
        }
        api_fini(&stranger);
    }
}

static void a_signed_out_device_can_do_nothing_more(void **state)
{
    (void)state;
    struct api phone;
    char path[API_PATH_BYTES];
    town_gather(&town, 2);
    device_init(&phone, 0);
    (void)expect_ok(api_login(&phone, a), 201);
    struct town_state before = town_look(&town, 0);
    struct str say = room_say(&town.room[0], a, people_note(a, "too late"));
    (void)expect_ok(end(&phone, phone.session), 204);
    api_entries_path(path, town_circle(&town), "");
    (void)expect_refused(api_get(&phone, path), 401, "no_session");
    (void)expect_refused(api_append(&phone, town_circle(&town), say), 401, "no_session");
    (void)expect_refused(api_create(&phone, say), 401, "no_session");
    (void)expect_refused(api_get(&phone, "/v1/circles"), 401, "no_session");
    (void)expect_refused(api_get(&phone, "/v1/live"), 401, "no_session");
    (void)expect_refused(api_put(&phone, "/v1/account/creds", say), 401, "no_session");
    (void)expect_refused(api_delete(&phone, "/v1/account", say), 401, "no_session");
    (void)expect_refused(api_delete(&phone, "/v1/sessions", (struct str){0}), 401, "no_session");
    (void)expect_refused(end(&phone, town.api[0].session), 401, "no_session");
    expect_same(&town, 0, before);
    api_fini(&phone);
}

static void sessions_outlive_a_restart_and_challenges_do_not(void **state)
{
    (void)state;
    struct api phone;
    device_init(&phone, 0);
    (void)expect_ok(api_login(&phone, a), 201);
    struct str body = api_login_body(&phone, a);
    (void)expect_ok(end(&phone, town.api[0].session), 204);
    assert_true(daemon_stop(&town.daemon));
    assert_true(daemon_restart(&town.daemon, &town.options));
    (void)expect_ok(api_get(&phone, "/v1/account"), 200);
    (void)expect_refused(api_get(&town.api[0], "/v1/account"), 401, "no_session");
    (void)expect_refused(api_post(&phone, "/v1/sessions", body), 401, "bad_challenge");
    (void)expect_ok(api_login(&town.api[0], a), 201);
    api_fini(&phone);
}

/* The town's store while nobody serves it: a session of a person began and was last used so long ago. */
struct ageing {
    uint8_t id[ID_BYTES];
    struct store_session row;
};

static enum err find_row(void *ctx, const struct store_session *row)
{
    struct ageing *g = ctx;
    if (memcmp(row->id, g->id, ID_BYTES) == 0) g->row = *row;
    return ERR_OK;
}

static void age(struct store *s, const struct api *device, uint64_t began_ago_ms, uint64_t used_ago_ms)
{
    struct ageing g = {.row = {.account = 0}};
    memcpy(g.id, device->session, ID_BYTES);
    rig_begin(s);
    expect(store_session_each(s, find_row, &g), ERR_OK);
    assert_int_not_equal(g.row.account, 0);
    g.row.created_ms = api_now_ms() - began_ago_ms;
    g.row.used_ms = api_now_ms() - used_ago_ms;
    expect(store_session_remove(s, g.id), ERR_OK);
    expect(store_session_add(s, &g.row), ERR_OK);
    rig_commit(s);
}

static uint64_t stored_n(void)
{
    struct store *s = rig_open(town.daemon.data, 0);
    struct store_counts n;
    expect(store_count(s, &n), ERR_OK);
    store_close(s);
    return n.session_n;
}

/* One of Ana's devices was not used for a month. Another was used an hour ago, and began half a year ago. */
static void Q5_what_is_over_is_neither_listed_nor_counted_and_soon_gone(void **state)
{
    (void)state;
    const uint64_t hour_ms = UINT64_C(60) * 60 * 1000, day_ms = 24 * hour_ms;
    struct daemon_options two = town.options;
    struct api *ana = &town.api[0], unused, old, phone;
    struct row row[LIMIT_SESSIONS];
    device_init(&unused, 0);
    device_init(&old, 0);
    device_init(&phone, 0);
    (void)expect_ok(api_login(ana, a), 201);
    (void)expect_ok(api_delete(ana, "/v1/sessions", (struct str){0}), 204);
    (void)expect_ok(api_login(&unused, a), 201);
    (void)expect_ok(api_login(&old, a), 201);
    assert_true(daemon_stop(&town.daemon));
    uint64_t before_n = stored_n();
    struct store *s = rig_open(town.daemon.data, STORE_SERVES);
    age(s, &unused, 40 * day_ms, 31 * day_ms);
    age(s, &old, 181 * day_ms, hour_ms);
    age(s, ana, 20 * day_ms, 2 * hour_ms);
    store_close(s);
    size_t flag_n = 0;
    while (two.flag[flag_n] != NULL) flag_n++;
    two.flag[flag_n] = "--sessions=2";
    assert_true(daemon_restart(&town.daemon, &two));
    (void)expect_ok(api_login(&phone, a), 201); /* for the two that are over, nobody has to go */
    assert_int_equal(list(&phone, row, LIMIT_SESSIONS), 2);
    (void)expect_ok(api_get(ana, "/v1/account"), 200);
    (void)expect_refused(api_get(&unused, "/v1/account"), 401, "no_session");
    (void)expect_refused(api_get(&old, "/v1/account"), 401, "no_session");
    (void)expect_refused(end(&phone, old.session), 404, "not_found");
    uint64_t until_ms = api_now_ms() + DAEMON_WAIT_MS;
    while (stored_n() != before_n - 2 + 1 && api_now_ms() < until_ms) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 50 * 1000000}, NULL);
    }
    assert_int_equal(stored_n(), before_n - 2 + 1); /* the two went, the phone came */
    (void)expect_ok(api_get(ana, "/v1/account"), 200);
    (void)expect_ok(api_get(&phone, "/v1/account"), 200);
    assert_true(daemon_stop(&town.daemon));
    assert_true(daemon_restart(&town.daemon, &town.options));
    api_fini(&unused);
    api_fini(&old);
    api_fini(&phone);
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
        cmocka_unit_test(signing_in_gives_a_token_and_the_wrapped_identity),
        cmocka_unit_test(two_tokens_are_never_the_same),
        cmocka_unit_test(nobody_gets_in_without_the_right_signature),
        cmocka_unit_test(a_challenge_is_answered_once_and_a_wrong_answer_is_none),
        cmocka_unit_test(another_origin_is_refused),
        cmocka_unit_test(every_field_has_its_type_and_length),
        cmocka_unit_test(the_list_shows_every_device_and_which_is_this),
        cmocka_unit_test(a_device_is_signed_out_by_another_of_its_person),
        cmocka_unit_test(anothers_device_looks_like_one_that_is_not_there),
        cmocka_unit_test(all_other_devices_are_signed_out_at_once),
        cmocka_unit_test(one_device_too_many_signs_out_the_one_unused_for_longest),
        cmocka_unit_test(many_at_once_are_not_more_devices_than_may_be),
        cmocka_unit_test(a_token_that_is_none_signs_nobody_in),
        cmocka_unit_test(a_signed_out_device_can_do_nothing_more),
        cmocka_unit_test(sessions_outlive_a_restart_and_challenges_do_not),
        cmocka_unit_test(Q5_what_is_over_is_neither_listed_nor_counted_and_soon_gone),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
