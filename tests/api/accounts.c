/* accounts.c -- opening an account by a permit or an invitation, seeing it, and ending it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "harness/expect.h"
#include "harness/malformed.h"
#include "record/code.h"

enum { PEOPLE = 2, STRANGERS = 100 };

static struct town town;
static struct arena *a = &town.arena;
static uint64_t stranger_n;

/* Somebody new, with keys that no account has. */
struct stranger {
    struct person person;
    struct api api;
    uint8_t permit[SECRET_BYTES];
};

static void permit_new(uint8_t permit[static SECRET_BYTES])
{
    char text[64];
    struct why why;
    town_permit(&town, text);
    assert_int_equal(code_read(CODE_PERMIT, str_of_text(text), permit, &why), ERR_OK);
}

static void stranger_init(struct stranger *s)
{
    person_init(&s->person, "Somebody new", STRANGERS + ++stranger_n);
    api_init(&s->api, &s->person, 0, town.daemon.origin, town.daemon.port);
    permit_new(s->permit);
}

static void stranger_fini(struct stranger *s)
{
    api_fini(&s->api);
    person_fini(&s->person);
}

static struct api_reply send_it(struct stranger *s, struct str body)
{
    return api_post(&s->api, "/v1/accounts", body);
}

static struct str good_body(struct stranger *s)
{
    return api_register_body(&s->api, a, s->permit, NULL);
}

/* What was refused has changed nothing: the same keys with the same permit still get in. */
static void expect_open(struct stranger *s)
{
    (void)expect_ok(send_it(s, good_body(s)), 201);
}

static struct str item_of(struct str map, unsigned key)
{
    struct cbor_map read;
    assert_int_equal(cbor_map(map, &read), ERR_OK);
    return read.item[key];
}

/* The body with its statement signed anew, as whoever made the other fields would sign it. */
static struct str signed_anew(struct stranger *s, struct str body)
{
    struct cbor_map map;
    uint8_t origin[HASH_BYTES], sig[SIG_BYTES];
    struct str text, challenge, sign_pk, box_pk;
    assert_int_equal(cbor_map(body, &map), ERR_OK);
    assert_int_equal(cbor_text(map.item[REGISTER_ORIGIN], &text), ERR_OK);
    assert_int_equal(cbor_bytes(map.item[REGISTER_CHALLENGE], &challenge), ERR_OK);
    assert_int_equal(cbor_bytes(map.item[REGISTER_SIGN_PK], &sign_pk), ERR_OK);
    assert_int_equal(cbor_bytes(map.item[REGISTER_BOX_PK], &box_pk), ERR_OK);
    account_origin(origin, text);
    struct statement_to to = {.origin = origin, .challenge = challenge.at};
    struct statement statement = statement_register(to, sign_pk.at, box_pk.at, map.item[REGISTER_CRED]);
    statement_sign(sig, &statement, s->person.keys.sign_sk);
    return draft_set(a, body, REGISTER_SIG, draft_bytes(a, STR_OF(sig)));
}

/* ---- permits ----------------------------------------------------------------------------------- */

static void a_permit_opens_one_account(void **state)
{
    (void)state;
    struct stranger ana, ben;
    stranger_init(&ana);
    stranger_init(&ben);
    struct api_reply r = expect_ok(send_it(&ana, good_body(&ana)), 201);
    assert_true(str_is(r.body, STR("\xa0")));
    memcpy(ben.permit, ana.permit, SECRET_BYTES);
    r = expect_refused(send_it(&ben, good_body(&ben)), 403, "no_permit");
    expect_no_detail(r);
    (void)expect_refused(api_login(&ben.api, a), 401, "bad_login");
    stranger_fini(&ana);
    stranger_fini(&ben);
}

static void the_same_permit_and_keys_again_are_answered_200(void **state)
{
    (void)state;
    struct stranger ana;
    stranger_init(&ana);
    struct str body = good_body(&ana);
    (void)expect_ok(send_it(&ana, body), 201);
    /* Its answer was lost: the client asks for a new challenge and sends the same keys and credential. */
    struct str again = draft_set(a, good_body(&ana), REGISTER_CRED, item_of(body, REGISTER_CRED));
    (void)expect_ok(send_it(&ana, signed_anew(&ana, again)), 200);
    (void)expect_ok(api_login(&ana.api, a), 201);
    stranger_fini(&ana);
}

static void the_same_permit_with_another_credential_is_refused(void **state)
{
    (void)state;
    struct stranger ana;
    stranger_init(&ana);
    (void)expect_ok(send_it(&ana, good_body(&ana)), 201);
    /* wrapped is sealed anew, with another nonce: not the same registration */
    (void)expect_refused(send_it(&ana, good_body(&ana)), 409, "exists");
    stranger_fini(&ana);
}

static void a_permit_that_was_never_given_opens_nothing(void **state)
{
    (void)state;
    struct stranger ana;
    stranger_init(&ana);
    uint8_t right[SECRET_BYTES];
    memcpy(right, ana.permit, sizeof right);
    for (size_t i = 0; i < SECRET_BYTES; i++) {
        ana.permit[i] ^= 1;
        (void)expect_refused(send_it(&ana, good_body(&ana)), 403, "no_permit");
        memcpy(ana.permit, right, sizeof right);
    }
    expect_open(&ana);
    stranger_fini(&ana);
}

static void permit_or_invitation_but_not_both_and_not_neither(void **state)
{
    (void)state;
    struct stranger ana;
    uint8_t secret[SECRET_BYTES] = {1};
    stranger_init(&ana);
    struct str by_permit = good_body(&ana), by_invite = api_register_body(&ana.api, a, NULL, secret);
    struct cbor_map map;
    assert_int_equal(cbor_map(by_invite, &map), ERR_OK);
    struct str both = draft_set(a, by_permit, REGISTER_INVITE, map.item[REGISTER_INVITE]);
    (void)expect_refused(send_it(&ana, both), 400, "bad_field");
    (void)expect_refused(send_it(&ana, draft_drop(a, by_permit, REGISTER_PERMIT)), 400, "bad_field");
    expect_open(&ana);
    stranger_fini(&ana);
}

/* ---- signatures and keys ----------------------------------------------------------------------- */

static void a_signature_that_does_not_fit_opens_nothing(void **state)
{
    (void)state;
    struct stranger ana, ben;
    stranger_init(&ana);
    stranger_init(&ben);
    struct account_cred cred = api_cred(&ben.api);
    uint8_t memory[ACCOUNT_CRED_TEXT_BYTES];
    struct out cred_text = OUT_OVER(memory);
    account_cred_put(&cred_text, &cred);
    const struct {
        unsigned key;
        struct str item;
    } other[] = {
        {REGISTER_SIGN_PK, draft_bytes(a, STR_OF(ben.person.keys.sign_pk))},
        {REGISTER_BOX_PK, draft_bytes(a, STR_OF(ben.person.keys.box_pk))},
        {REGISTER_CRED, out_str(&cred_text)},
        {REGISTER_SIG, draft_zeros(a, SIG_BYTES)},
    };
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        struct api_reply r = send_it(&ana, draft_set(a, good_body(&ana), other[i].key, other[i].item));
        expect_no_detail(expect_refused(r, 422, "bad_signature"));
    }
    (void)expect_refused(api_login(&ana.api, a), 401, "bad_login");
    expect_open(&ana);
    expect_open(&ben);
    stranger_fini(&ana);
    stranger_fini(&ben);
}

static void keys_that_cannot_be_used_are_refused(void **state)
{
    (void)state;
    struct stranger ana;
    stranger_init(&ana);
    struct str body = draft_set(a, good_body(&ana), REGISTER_BOX_PK, draft_zeros(a, BOX_PK_BYTES));
    (void)expect_refused(send_it(&ana, signed_anew(&ana, body)), 422, "bad_key");
    struct cbor_map map;
    body = good_body(&ana);
    assert_int_equal(cbor_map(body, &map), ERR_OK);
    struct str cred = draft_set(a, map.item[REGISTER_CRED], 2, draft_zeros(a, SIGN_PK_BYTES));
    (void)expect_refused(send_it(&ana, signed_anew(&ana, draft_set(a, body, REGISTER_CRED, cred))), 422, "bad_key");
    /* with a key of small order nothing can be signed: the signature is what fails */
    body = draft_set(a, good_body(&ana), REGISTER_SIGN_PK, draft_zeros(a, SIGN_PK_BYTES));
    (void)expect_refused(send_it(&ana, body), 422, "bad_signature");
    expect_open(&ana);
    stranger_fini(&ana);
}

static void an_identity_or_credential_that_is_there_is_not_opened_twice(void **state)
{
    (void)state;
    struct stranger ana, ben;
    stranger_init(&ana);
    stranger_init(&ben);
    expect_open(&ana);
    permit_new(ana.permit);
    (void)expect_refused(send_it(&ana, good_body(&ana)), 409, "exists");
    /* Ben's keys, and a credential with the name of Ana's */
    struct str body = good_body(&ben);
    struct cbor_map map;
    assert_int_equal(cbor_map(body, &map), ERR_OK);
    struct str cred = draft_set(a, map.item[REGISTER_CRED], 1, draft_bytes(a, STR_OF(ana.api.access.cred_id)));
    body = draft_set(a, body, REGISTER_CRED, cred);
    (void)expect_refused(send_it(&ben, signed_anew(&ben, body)), 409, "exists");
    (void)expect_ok(api_login(&ana.api, a), 201);
    /* neither permit was used up */
    expect_open(&ben);
    memcpy(ben.permit, ana.permit, SECRET_BYTES);
    stranger_fini(&ana);
    stranger_init(&ana);
    memcpy(ana.permit, ben.permit, SECRET_BYTES);
    expect_open(&ana);
    stranger_fini(&ana);
    stranger_fini(&ben);
}

static void exists_is_told_only_to_who_signs_well_and_has_a_permit(void **state)
{
    (void)state;
    struct stranger ana;
    uint8_t used[SECRET_BYTES];
    stranger_init(&ana);
    memcpy(used, ana.permit, sizeof used);
    expect_open(&ana);
    struct str unsigned_body = draft_set(a, good_body(&ana), REGISTER_SIG, draft_zeros(a, SIG_BYTES));
    (void)expect_refused(send_it(&ana, unsigned_body), 422, "bad_signature");
    memset(ana.permit, 7, sizeof ana.permit);
    (void)expect_refused(send_it(&ana, good_body(&ana)), 403, "no_permit");
    stranger_fini(&ana);
}

/* ---- challenge and origin ---------------------------------------------------------------------- */

static void a_challenge_is_answered_once_and_only_if_it_is_the_servers(void **state)
{
    (void)state;
    struct stranger ana;
    uint8_t made_up[CHALLENGE_BYTES] = {0};
    stranger_init(&ana);
    struct str body = draft_set(a, good_body(&ana), REGISTER_CHALLENGE, draft_bytes(a, STR_OF(made_up)));
    expect_no_detail(expect_refused(send_it(&ana, signed_anew(&ana, body)), 401, "bad_challenge"));
    struct stranger ben;
    stranger_init(&ben);
    body = good_body(&ben);
    struct str forged = draft_set(a, body, REGISTER_SIG, draft_zeros(a, SIG_BYTES));
    (void)expect_refused(send_it(&ben, forged), 422, "bad_signature"); /* which is no answer */
    (void)expect_ok(send_it(&ben, body), 201);
    (void)expect_refused(send_it(&ben, body), 401, "bad_challenge");
    expect_open(&ana);
    stranger_fini(&ana);
    stranger_fini(&ben);
}

static void another_origin_is_refused_with_the_list_of_ours(void **state)
{
    (void)state;
    struct stranger ana;
    stranger_init(&ana);
    static const char *const other[] = {"https://elsewhere.example", "http://127.0.0.1", "http://127.0.0.1:1", ""};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        struct out o = out_over(arena_take(a, 64), 64);
        cbor_put_text(&o, str_of_text(other[i]));
        struct str body = draft_set(a, good_body(&ana), REGISTER_ORIGIN, out_str(&o));
        struct api_reply r = expect_refused(send_it(&ana, signed_anew(&ana, body)), 401, "wrong_origin");
        expect_detail(r, API_ORIGINS);
        assert_int_equal(r.origin_n, 2);
    }
    expect_open(&ana);
    stranger_fini(&ana);
}

static void a_signature_for_one_origin_is_no_use_at_another(void **state)
{
    (void)state;
    struct stranger ana;
    uint8_t memory[80];
    char text[64];
    struct out o = OUT_OVER(memory);
    stranger_init(&ana);
    (void)snprintf(text, sizeof text, "http://localhost:%u", town.daemon.port);
    cbor_put_text(&o, str_of_text(text)); /* an origin of the server, but not the one that was signed */
    (void)expect_refused(send_it(&ana, draft_set(a, good_body(&ana), REGISTER_ORIGIN, out_str(&o))), 422,
                         "bad_signature");
    (void)snprintf(ana.api.origin, sizeof ana.api.origin, "%s", text);
    expect_open(&ana);
    stranger_fini(&ana);
}

/* ---- form -------------------------------------------------------------------------------------- */

static void every_field_has_its_type_and_length(void **state)
{
    (void)state;
    struct stranger ana;
    stranger_init(&ana);
    /* key 5 instead of key 4 is another registration: tried with the permit in place */
    malformed_expect(&ana.api, "POST", "/v1/accounts", good_body(&ana), 0);
    expect_open(&ana);
    stranger_fini(&ana);
}

static void a_credential_has_its_three_fields(void **state)
{
    (void)state;
    struct stranger ana;
    stranger_init(&ana);
    struct str body = good_body(&ana);
    struct cbor_map map;
    assert_int_equal(cbor_map(body, &map), ERR_OK);
    struct str cred = map.item[REGISTER_CRED];
    const struct str bad[] = {
        draft_drop(a, cred, 1),
        draft_drop(a, cred, 2),
        draft_drop(a, cred, 3),
        draft_set(a, cred, 4, draft_uint(a, 1)),
        draft_set(a, cred, 1, draft_zeros(a, ID_BYTES + 1)),
        draft_set(a, cred, 2, draft_zeros(a, SIGN_PK_BYTES - 1)),
        draft_set(a, cred, 3, draft_zeros(a, SECRET_WRAPPED_BYTES - 1)),
        draft_set(a, cred, 3, draft_zeros(a, SECRET_WRAPPED_BYTES + 1)),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)expect_refused(send_it(&ana, signed_anew(&ana, draft_set(a, body, REGISTER_CRED, bad[i]))), 400,
                             "bad_field");
    }
    expect_open(&ana);
    stranger_fini(&ana);
}

/* ---- invitations as permits -------------------------------------------------------------------- */

static struct api_reply register_by(struct stranger *s, const uint8_t secret[static SECRET_BYTES])
{
    return api_post(&s->api, "/v1/accounts", api_register_body(&s->api, a, NULL, secret));
}

static void an_invitation_permits_one_account_once_all_agreed(void **state)
{
    (void)state;
    struct stranger cleo, dov;
    uint8_t secret[SECRET_BYTES];
    town_gather(&town, 2);
    stranger_init(&cleo);
    stranger_init(&dov);
    (void)expect_ok(town_post(&town, 0, room_invite(&town.room[0], a, secret)), 201);
    (void)expect_refused(register_by(&cleo, secret), 409, "consent_missing");
    struct entry invite = room_invite_of(&town.room[1], secret);
    (void)expect_ok(town_post(&town, 1, room_consent(&town.room[1], a, invite.hash)), 201);
    struct str body = api_register_body(&cleo.api, a, NULL, secret);
    (void)expect_ok(api_post(&cleo.api, "/v1/accounts", body), 201);
    (void)expect_refused(register_by(&dov, secret), 403, "no_permit");
    (void)expect_ok(api_login(&cleo.api, a), 201);
    expect_open(&dov); /* by a permit of the host's */
    stranger_fini(&cleo);
    stranger_fini(&dov);
}

static void an_invitation_taken_back_or_foreign_permits_nobody(void **state)
{
    (void)state;
    struct stranger cleo;
    uint8_t secret[SECRET_BYTES], unknown[SECRET_BYTES] = {9};
    town_gather(&town, 2);
    stranger_init(&cleo);
    (void)expect_refused(register_by(&cleo, unknown), 403, "no_permit");
    town_invite(&town, 0, secret);
    /* signed with another key than the invitation's */
    struct str body = api_register_body(&cleo.api, a, NULL, secret);
    struct cbor_map map;
    struct cbor_list pair;
    assert_int_equal(cbor_map(body, &map), ERR_OK);
    assert_int_equal(cbor_list(map.item[REGISTER_INVITE], &pair), ERR_OK);
    struct str forged = draft_then(a, draft_then(a, STR("\x82"), pair.item[0]), draft_zeros(a, SIG_BYTES));
    (void)expect_refused(send_it(&cleo, draft_set(a, body, REGISTER_INVITE, forged)), 403, "no_permit");
    (void)expect_ok(town_rotate(&town, 1, ROTATE_WISH), 201); /* takes it back */
    (void)expect_refused(register_by(&cleo, secret), 403, "no_permit");
    expect_open(&cleo);
    stranger_fini(&cleo);
}

/* ---- seeing and ending it ---------------------------------------------------------------------- */

static void an_account_shows_its_keys_and_ways_in(void **state)
{
    (void)state;
    struct stranger ana;
    struct cbor_map map;
    struct cbor_list creds;
    struct str bytes;
    uint64_t version;
    stranger_init(&ana);
    expect_open(&ana);
    (void)expect_ok(api_login(&ana.api, a), 201);
    struct api_reply r = expect_ok(api_get(&ana.api, "/v1/account"), 200);
    assert_int_equal(cbor_map(r.body, &map), ERR_OK);
    assert_true(cbor_map_is(&map, 0x1e, 0));
    assert_int_equal(cbor_bytes(map.item[1], &bytes), ERR_OK);
    assert_true(str_is(bytes, STR_OF(ana.person.keys.sign_pk)));
    assert_int_equal(cbor_bytes(map.item[2], &bytes), ERR_OK);
    assert_true(str_is(bytes, STR_OF(ana.person.keys.box_pk)));
    assert_int_equal(cbor_uint(map.item[3], &version), ERR_OK);
    assert_int_equal(version, 1);
    assert_int_equal(cbor_list(map.item[4], &creds), ERR_OK);
    assert_int_equal(creds.item_n, 1);
    assert_int_equal(cbor_bytes(creds.item[0], &bytes), ERR_OK);
    assert_true(str_is(bytes, STR_OF(ana.api.access.cred_id)));
    ana.api.token[0] = '\0';
    expect_no_detail(expect_refused(api_get(&ana.api, "/v1/account"), 401, "no_session"));
    stranger_fini(&ana);
}

static void ending_an_account_needs_its_own_signature(void **state)
{
    (void)state;
    struct api *ana = &town.api[0];
    struct str body = api_close_body(ana, a), zeros = draft_zeros(a, SIG_BYTES);
    (void)expect_refused(api_delete(ana, "/v1/account", draft_set(a, body, CLOSE_SIG, zeros)), 422, "bad_signature");
    body = api_close_body(&town.api[1], a); /* Ben's signature */
    (void)expect_refused(api_delete(ana, "/v1/account", body), 422, "bad_signature");
    malformed_expect(ana, "DELETE", "/v1/account", api_close_body(ana, a), 0);
    (void)expect_ok(api_get(ana, "/v1/account"), 200);
    (void)expect_ok(api_get(&town.api[1], "/v1/account"), 200);
}

static void an_ended_account_is_gone_and_its_words_stay(void **state)
{
    (void)state;
    struct stranger cleo;
    uint8_t secret[SECRET_BYTES];
    struct api_opened opened;
    town_gather(&town, 2);
    stranger_init(&cleo);
    expect_open(&cleo);
    (void)expect_ok(api_login(&cleo.api, a), 201);
    town_invite(&town, 0, secret);
    struct room room;
    room_init(&room, &cleo.person, api_now_ms());
    rooms_take((struct room *const[]){&room}, 1, room_sequence(&town.room[0], a, 0));
    (void)expect_ok(api_open_invite(&cleo.api, a, secret, &opened), 200);
    struct str join = room_join(&room, a, secret);
    (void)expect_ok(api_append(&cleo.api, town_circle(&town), join), 201);
    town_follow(&town, join);
    struct town_state before = town_look(&town, 0);

    (void)expect_ok(api_delete(&cleo.api, "/v1/account", api_close_body(&cleo.api, a)), 204);
    (void)expect_refused(api_get(&cleo.api, "/v1/account"), 401, "no_session");
    (void)expect_refused(api_login(&cleo.api, a), 401, "bad_login");
    expect_same(&town, 0, before);
    (void)expect_refused(send_it(&cleo, good_body(&cleo)), 403, "no_permit"); /* a permit opens one, once */
    permit_new(cleo.permit);
    expect_open(&cleo);
    (void)expect_ok(api_login(&cleo.api, a), 201);
    struct api_head head;
    assert_true(api_head(&cleo.api, town_circle(&town), &head)); /* still a member: nobody left */
    room_fini(&room);
    stranger_fini(&cleo);
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
        cmocka_unit_test(a_permit_opens_one_account),
        cmocka_unit_test(the_same_permit_and_keys_again_are_answered_200),
        cmocka_unit_test(the_same_permit_with_another_credential_is_refused),
        cmocka_unit_test(a_permit_that_was_never_given_opens_nothing),
        cmocka_unit_test(permit_or_invitation_but_not_both_and_not_neither),
        cmocka_unit_test(a_signature_that_does_not_fit_opens_nothing),
        cmocka_unit_test(keys_that_cannot_be_used_are_refused),
        cmocka_unit_test(an_identity_or_credential_that_is_there_is_not_opened_twice),
        cmocka_unit_test(exists_is_told_only_to_who_signs_well_and_has_a_permit),
        cmocka_unit_test(a_challenge_is_answered_once_and_only_if_it_is_the_servers),
        cmocka_unit_test(another_origin_is_refused_with_the_list_of_ours),
        cmocka_unit_test(a_signature_for_one_origin_is_no_use_at_another),
        cmocka_unit_test(every_field_has_its_type_and_length),
        cmocka_unit_test(a_credential_has_its_three_fields),
        cmocka_unit_test(an_invitation_permits_one_account_once_all_agreed),
        cmocka_unit_test(an_invitation_taken_back_or_foreign_permits_nobody),
        cmocka_unit_test(an_account_shows_its_keys_and_ways_in),
        cmocka_unit_test(ending_an_account_needs_its_own_signature),
        cmocka_unit_test(an_ended_account_is_gone_and_its_words_stay),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
