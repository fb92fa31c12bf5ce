/* creds.c -- changing the ways into an account: a new passphrase, a recovery sheet, a lost one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/expect.h"
#include "harness/malformed.h"
#include "harness/race.h"

static struct town town;
static struct arena *a = &town.arena;

enum { PATH_NUMBER = 10 };
static uint64_t way_n = PATH_NUMBER;

/* A device of the first person with a way in that the server does not know yet. */
static void new_way(struct api *api)
{
    api_init(api, &town.person[0], ++way_n, town.daemon.origin, town.daemon.port);
}

static struct account_creds list_of(uint64_t version, const struct api *const *way, size_t n)
{
    struct account_creds creds = {.version = version, .cred_n = n};
    for (size_t i = 0; i < n; i++) creds.cred[i] = api_cred(way[i]);
    return creds;
}

static struct api_reply put(struct api *api, const struct account_creds *creds)
{
    return api_put(api, "/v1/account/creds", api_creds_body(api, a, creds));
}

/* Version and number of the ways in, as the account shows them. */
static void expect_ways(struct api *api, uint64_t version, size_t n)
{
    struct cbor_map map;
    struct cbor_list ids;
    uint64_t read;
    struct api_reply r = expect_ok(api_get(api, "/v1/account"), 200);
    assert_int_equal(cbor_map(r.body, &map), ERR_OK);
    assert_int_equal(cbor_uint(map.item[3], &read), ERR_OK);
    assert_int_equal(read, version);
    assert_int_equal(cbor_list(map.item[4], &ids), ERR_OK);
    assert_int_equal(ids.item_n, n);
}

static uint64_t version_now(void)
{
    struct api_reply r = expect_ok(api_login(&town.api[0], a), 201);
    (void)r;
    return town.api[0].creds_version;
}

static void a_new_way_in_replaces_the_old_and_signs_out_the_others(void **state)
{
    (void)state;
    struct api fresh, phone;
    api_init(&phone, &town.person[0], 0, town.daemon.origin, town.daemon.port);
    uint64_t version = version_now();
    (void)expect_ok(api_login(&phone, a), 201);
    new_way(&fresh);
    struct account_creds creds = list_of(version + 1, (const struct api *const[]){&fresh}, 1);
    struct api_reply r = expect_ok(put(&town.api[0], &creds), 200);
    struct cbor_map map;
    uint64_t answered;
    assert_int_equal(cbor_map(r.body, &map), ERR_OK);
    assert_true(cbor_map_is(&map, CBOR_KEY(1), 0));
    assert_int_equal(cbor_uint(map.item[1], &answered), ERR_OK);
    assert_int_equal(answered, version + 1);
    expect_ways(&town.api[0], version + 1, 1);
    (void)expect_refused(api_get(&phone, "/v1/account"), 401, "no_session");
    (void)expect_refused(api_login(&phone, a), 401, "bad_login");
    (void)expect_ok(api_login(&fresh, a), 201);
    assert_int_equal(fresh.creds_version, version + 1);
    creds = list_of(version + 2, (const struct api *const[]){&town.api[0]}, 1);
    (void)expect_ok(put(&fresh, &creds), 200);
    (void)expect_ok(api_login(&town.api[0], a), 201);
    api_fini(&fresh);
    api_fini(&phone);
}

static void four_ways_in_are_allowed_and_each_of_them_works(void **state)
{
    (void)state;
    struct api way[3];
    uint64_t version = version_now();
    for (size_t i = 0; i < 3; i++) new_way(&way[i]);
    struct account_creds creds =
        list_of(version + 1, (const struct api *const[]){&town.api[0], &way[0], &way[1], &way[2]}, 4);
    (void)expect_ok(put(&town.api[0], &creds), 200);
    for (size_t i = 0; i < 3; i++) {
        (void)expect_ok(api_login(&way[i], a), 201);
        expect_ways(&way[i], version + 1, 4);
        api_fini(&way[i]);
    }
    creds = list_of(version + 2, (const struct api *const[]){&town.api[0]}, 1);
    (void)expect_ok(put(&town.api[0], &creds), 200);
    expect_ways(&town.api[0], version + 2, 1);
}

static void a_version_that_does_not_follow_is_refused(void **state)
{
    (void)state;
    struct api fresh;
    new_way(&fresh);
    uint64_t version = version_now();
    const uint64_t wrong[] = {0, version, version + 2, LIMIT_NUMBER};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct account_creds creds = list_of(wrong[i], (const struct api *const[]){&fresh}, 1);
        struct str body = api_creds_body(&town.api[0], a, &creds);
        expect_no_detail(expect_refused(api_put(&town.api[0], "/v1/account/creds", body), 409, "creds_moved"));
        (void)expect_refused(api_put(&town.api[0], "/v1/account/creds", body), 401, "bad_challenge"); /* answered */
    }
    expect_ways(&town.api[0], version, 1);
    (void)expect_refused(api_login(&fresh, a), 401, "bad_login");
    api_fini(&fresh);
}

static void only_the_identity_itself_may_change_them(void **state)
{
    (void)state;
    struct api fresh;
    new_way(&fresh);
    uint64_t version = version_now();
    struct account_creds creds = list_of(version + 1, (const struct api *const[]){&fresh}, 1);
    struct str body = api_creds_body(&town.api[0], a, &creds), bens = api_creds_body(&town.api[1], a, &creds);
    struct str unsigned_body = draft_set(a, body, CREDS_SIG, draft_zeros(a, SIG_BYTES));
    (void)expect_refused(api_put(&town.api[0], "/v1/account/creds", unsigned_body), 422, "bad_signature");
    (void)expect_refused(api_put(&town.api[0], "/v1/account/creds", bens), 422, "bad_signature");
    (void)expect_refused(api_put(&fresh, "/v1/account/creds", body), 401, "no_session");
    expect_ways(&town.api[0], version, 1);
    api_fini(&fresh);
}

static void no_way_in_five_of_them_or_one_twice_are_refused(void **state)
{
    (void)state;
    struct api way[LIMIT_CREDENTIALS];
    struct cbor_map map, body_map;
    struct cbor_list one;
    uint64_t version = version_now();
    for (size_t i = 0; i < LIMIT_CREDENTIALS; i++) new_way(&way[i]);
    struct account_creds creds =
        list_of(version + 1, (const struct api *const[]){&way[0], &way[1], &way[2], &way[3]}, LIMIT_CREDENTIALS);
    struct str body = api_creds_body(&town.api[0], a, &creds);
    assert_int_equal(cbor_map(body, &body_map), ERR_OK);
    struct str list = body_map.item[CREDS_LIST];
    assert_int_equal(cbor_map(list, &map), ERR_OK);
    assert_int_equal(cbor_list(map.item[2], &one), ERR_OK);
    struct str five = STR("\x85"), twice = draft_then(a, draft_then(a, STR("\x82"), one.item[0]), one.item[0]);
    for (size_t i = 0; i < 5; i++) five = draft_then(a, five, one.item[i % 4]);
    const struct str bad[] = {
        draft_set(a, list, 2, STR("\x80")), draft_set(a, list, 2, five), draft_set(a, list, 2, twice),
        draft_drop(a, list, 1),             draft_drop(a, list, 2),      draft_set(a, list, 3, STR("\x00")),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        /* signed as it is: the list itself is what is wrong */
        uint8_t sig[SIG_BYTES], origin[HASH_BYTES], challenge[CHALLENGE_BYTES];
        api_challenge(&town.api[0], challenge);
        account_origin(origin, str_of_text(town.api[0].origin));
        struct statement statement = statement_creds((struct statement_to){origin, challenge}, bad[i]);
        statement_sign(sig, &statement, town.person[0].keys.sign_sk);
        struct str signed_body =
            draft_set(a, draft_set(a, body, CREDS_LIST, bad[i]), CREDS_CHALLENGE, draft_bytes(a, STR_OF(challenge)));
        signed_body = draft_set(a, signed_body, CREDS_SIG, draft_bytes(a, STR_OF(sig)));
        (void)expect_refused(api_put(&town.api[0], "/v1/account/creds", signed_body), 400, "bad_field");
    }
    expect_ways(&town.api[0], version, 1);
    for (size_t i = 0; i < LIMIT_CREDENTIALS; i++) api_fini(&way[i]);
}

static void anothers_way_in_cannot_be_taken_over(void **state)
{
    (void)state;
    uint64_t version = version_now();
    struct account_creds creds = list_of(version + 1, (const struct api *const[]){&town.api[0]}, 1);
    creds.cred[1] = api_cred(&town.api[1]);
    creds.cred_n = 2;
    expect_no_detail(expect_refused(put(&town.api[0], &creds), 409, "exists"));
    expect_ways(&town.api[0], version, 1);
    (void)expect_ok(api_login(&town.api[1], a), 201);
}

static void every_field_has_its_type_and_length(void **state)
{
    (void)state;
    uint64_t version = version_now();
    struct account_creds creds = list_of(version + 1, (const struct api *const[]){&town.api[0]}, 1);
    malformed_expect(&town.api[0], "PUT", "/v1/account/creds", api_creds_body(&town.api[0], a, &creds),
                     CBOR_KEY(CREDS_LIST));
    expect_ways(&town.api[0], version, 1);
}

static void another_origin_is_refused(void **state)
{
    (void)state;
    uint64_t version = version_now();
    struct account_creds creds = list_of(version + 1, (const struct api *const[]){&town.api[0]}, 1);
    struct str body = draft_set(a, api_creds_body(&town.api[0], a, &creds), CREDS_ORIGIN, STR("\x69http://x."));
    expect_detail(expect_refused(api_put(&town.api[0], "/v1/account/creds", body), 401, "wrong_origin"), API_ORIGINS);
    expect_ways(&town.api[0], version, 1);
}

struct change {
    struct api *api;
    const char *method, *path;
    struct str body;
    struct api_reply reply;
};

static void change_now(void *of)
{
    struct change *c = of;
    struct http_ask ask = {.method = c->method, .path = c->path, .body = c->body};
    c->reply = api_ask(c->api, &ask);
    c->reply.body = (struct str){0};
}

/* Whoever has the old way in, and signs in with it while it is being taken away, is out afterwards. */
static void a_sign_in_at_the_moment_of_the_change_does_not_outlive_it(void **state)
{
    (void)state;
    enum { THIEVES = 6, ROUNDS = 60 };
    unsigned in_n = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct api owner, thief[THIEVES];
        struct change change[THIEVES + 1];
        void *of[THIEVES + 1];
        uint64_t version = version_now();
        new_way(&owner);
        struct account_creds creds = list_of(version + 1, (const struct api *const[]){&owner}, 1);
        change[THIEVES] =
            (struct change){&town.api[0], "PUT", "/v1/account/creds", api_creds_body(&town.api[0], a, &creds), {0}};
        for (size_t i = 0; i < THIEVES; i++) {
            api_init(&thief[i], &town.person[0], 0, town.daemon.origin, town.daemon.port);
            change[i] = (struct change){&thief[i], "POST", "/v1/sessions", api_login_body(&thief[i], a), {0}};
        }
        for (size_t i = 0; i <= THIEVES; i++) of[i] = &change[i];
        race_start(change_now, of, THIEVES + 1);
        (void)expect_ok(change[THIEVES].reply, 200);
        (void)expect_ok(api_login(&owner, a), 201);
        struct api_reply r = expect_ok(api_get(&owner, "/v1/sessions"), 200);
        size_t session_n = 0;
        for (struct str left = r.body, one; left.len > 0; session_n++) {
            assert_int_equal(cbor_first(left, &one, &left), ERR_OK);
        }
        assert_int_equal(session_n, 2); /* the one that made the change, and the new one */
        for (size_t i = 0; i < THIEVES; i++) {
            if (change[i].reply.status == 201) in_n++;
            else (void)expect_refused(change[i].reply, 401, "bad_login");
            api_fini(&thief[i]);
        }
        creds = list_of(version + 2, (const struct api *const[]){&town.api[0]}, 1);
        (void)expect_ok(put(&owner, &creds), 200);
        api_fini(&owner);
    }
    print_message("%u of %u signed in before the change, and were signed out by it\n", in_n, THIEVES * ROUNDS);
}

static void the_new_ways_outlive_a_restart(void **state)
{
    (void)state;
    struct api fresh;
    new_way(&fresh);
    uint64_t version = version_now();
    struct account_creds creds = list_of(version + 1, (const struct api *const[]){&fresh}, 1);
    (void)expect_ok(put(&town.api[0], &creds), 200);
    daemon_kill(&town.daemon);
    assert_true(daemon_restart(&town.daemon, &town.options));
    (void)expect_ok(api_login(&fresh, a), 201);
    (void)expect_refused(api_login(&town.api[0], a), 401, "bad_login");
    creds = list_of(version + 2, (const struct api *const[]){&town.api[0]}, 1);
    (void)expect_ok(put(&fresh, &creds), 200);
    api_fini(&fresh);
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
        cmocka_unit_test(a_new_way_in_replaces_the_old_and_signs_out_the_others),
        cmocka_unit_test(four_ways_in_are_allowed_and_each_of_them_works),
        cmocka_unit_test(a_version_that_does_not_follow_is_refused),
        cmocka_unit_test(only_the_identity_itself_may_change_them),
        cmocka_unit_test(no_way_in_five_of_them_or_one_twice_are_refused),
        cmocka_unit_test(anothers_way_in_cannot_be_taken_over),
        cmocka_unit_test(every_field_has_its_type_and_length),
        cmocka_unit_test(another_origin_is_refused),
        cmocka_unit_test(a_sign_in_at_the_moment_of_the_change_does_not_outlive_it),
        cmocka_unit_test(the_new_ways_outlive_a_restart),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
