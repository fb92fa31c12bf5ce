/* invites.c -- an invitation from its making to the join: who may open it, what they see, and when it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "harness/expect.h"
#include "harness/malformed.h"

enum { ANA, BEN, CLEO, DOV, PEOPLE, SECOND_MS = 1000, TEN_MINUTES_MS = 10 * 60 * SECOND_MS };

static struct town town;
static struct arena *a = &town.arena;

/* Cleo's copy, read with the token of an opened invitation. */
static void read_by_token(size_t who, const struct api_opened *opened)
{
    struct str entries = {0};
    struct api_reply refusal;
    assert_true(api_entries(&town.api[who], a, opened->circle, 0, opened->token, &entries, &refusal));
    rooms_take((struct room *const[]){&town.room[who]}, 1, entries);
}

static struct api_reply open_it(size_t who, const uint8_t secret[static SECRET_BYTES], struct api_opened *opened)
{
    return api_open_invite(&town.api[who], a, secret, opened);
}

static struct api_reply open_only(const uint8_t secret[static SECRET_BYTES])
{
    struct api_opened opened;
    return open_it(CLEO, secret, &opened);
}

/* ---- opening ----------------------------------------------------------------------------------- */

static void who_holds_the_secret_gets_capsule_and_record(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES], key[KEY_BYTES];
    struct api_opened opened;
    town_invite(&town, ANA, secret);
    uint64_t from_ms = api_now_ms();
    (void)expect_ok(open_it(CLEO, secret, &opened), 200);
    struct entry invite = room_invite_of(&town.room[ANA], secret);
    assert_memory_equal(opened.circle, town_circle(&town), HASH_BYTES);
    assert_int_equal(opened.seq, invite.seq);
    assert_true(str_is(opened.capsule, invite.payload));
    assert_in_range(opened.until_ms, from_ms + TEN_MINUTES_MS, api_now_ms() + TEN_MINUTES_MS);
    read_by_token(CLEO, &opened);
    assert_int_equal(room_capsule(&town.room[CLEO], secret, key), ERR_OK);
    assert_int_equal(town.room[CLEO].chain.circle.head_seq, town.room[ANA].chain.circle.head_seq);
}

static void somebody_without_an_account_may_open_it_too(void **state)
{
    (void)state;
    struct person person;
    struct api api;
    struct api_opened opened;
    struct str entries;
    struct api_reply refusal;
    uint8_t secret[SECRET_BYTES];
    town_invite(&town, ANA, secret);
    person_init(&person, "Somebody new", 1000);
    api_init(&api, &person, 0, town.daemon.origin, town.daemon.port);
    (void)expect_ok(api_open_invite(&api, a, secret, &opened), 200);
    assert_true(api_entries(&api, a, opened.circle, 0, opened.token, &entries, &refusal));
    assert_true(str_is(entries, room_sequence(&town.room[ANA], a, 0)));
    api_fini(&api);
    person_fini(&person);
}

static void the_read_token_reads_that_circle_and_nothing_else(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES], other[HASH_BYTES] = {8};
    struct api_opened opened;
    char own[API_PATH_BYTES], foreign[API_PATH_BYTES];
    town_invite(&town, ANA, secret);
    (void)expect_ok(open_it(CLEO, secret, &opened), 200);
    api_entries_path(own, opened.circle, "");
    api_entries_path(foreign, other, "");
    struct str note = room_say(&town.room[ANA], a, people_note(a, "words"));
    const struct http_ask refused[] = {
        {.method = "GET", .path = foreign},
        {.method = "POST", .path = own, .body = note},
        {.method = "GET", .path = "/v1/circles"},
        {.method = "POST", .path = "/v1/circles", .body = note},
        {.method = "GET", .path = "/v1/account"},
        {.method = "GET", .path = "/v1/sessions"},
        {.method = "DELETE", .path = "/v1/sessions"},
        {.method = "GET", .path = "/v1/live"},
    };
    struct town_state before = town_look(&town, ANA);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct http_ask ask = refused[i];
        ask.token = opened.token;
        (void)expect_refused(api_ask(&town.api[CLEO], &ask), 401, "no_session");
    }
    expect_same(&town, ANA, before);
    (void)expect_ok(api_ask(&town.api[CLEO], &(struct http_ask){.method = "GET", .path = own, .token = opened.token}),
                    200);
}

static void the_read_token_is_gone_after_a_restart(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct api_opened opened;
    char own[API_PATH_BYTES];
    town_invite(&town, ANA, secret);
    (void)expect_ok(open_it(CLEO, secret, &opened), 200);
    assert_true(daemon_stop(&town.daemon) && daemon_restart(&town.daemon, &town.options));
    api_entries_path(own, opened.circle, "");
    struct http_ask ask = {.method = "GET", .path = own, .token = opened.token};
    (void)expect_refused(api_ask(&town.api[CLEO], &ask), 401, "no_session");
    (void)expect_ok(open_it(CLEO, secret, &opened), 200); /* opened once more */
    read_by_token(CLEO, &opened);
}

/* ---- what does not open ------------------------------------------------------------------------ */

static void not_before_everyone_agreed(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    (void)expect_ok(town_post(&town, ANA, room_invite(&town.room[ANA], a, secret)), 201);
    expect_no_detail(expect_refused(open_only(secret), 409, "consent_missing"));
    struct entry invite = room_invite_of(&town.room[BEN], secret);
    (void)expect_ok(town_post(&town, BEN, room_consent(&town.room[BEN], a, invite.hash)), 201);
    (void)expect_ok(open_only(secret), 200);
}

/* One answer for all that are not open, byte by byte. */
static void unknown_used_taken_back_and_expired_look_alike(void **state)
{
    (void)state;
    uint8_t unknown[SECRET_BYTES] = {1}, used[SECRET_BYTES], taken_back[SECRET_BYTES], over[SECRET_BYTES];
    struct api_opened opened;
    town_invite(&town, ANA, used);
    (void)expect_ok(open_it(CLEO, used, &opened), 200);
    read_by_token(CLEO, &opened);
    (void)expect_ok(town_post(&town, CLEO, room_join(&town.room[CLEO], a, used)), 201);
    town_invite(&town, BEN, taken_back);
    (void)expect_ok(town_rotate(&town, ANA, ROTATE_WISH), 201);

    struct room later = town.room[ANA];
    struct str rotate = room_rotate(&later, a, ROTATE_INVITE);
    room_assume(&later, rotate);
    uint64_t now_ms = later.now_ms;
    later.now_ms = now_ms - 20 * SECOND_MS;
    random_fill(over, sizeof over);
    struct entry invite = draft_invite(&later, a, over, now_ms - 10 * SECOND_MS);
    (void)expect_ok(town_post(&town, ANA, draft_then(a, rotate, draft_sign(a, &invite, &town.person[ANA]))), 201);

    const uint8_t *const secret[] = {unknown, used, taken_back, over};
    struct str first = {0};
    for (size_t i = 0; i < 4; i++) {
        struct api_reply r = expect_refused(open_it(DOV, secret[i], &opened), 404, "no_invite");
        expect_no_detail(r);
        if (i == 0) first = arena_copy(a, r.body);
        assert_true(str_is(r.body, first));
    }
    struct str body = api_open_body(&town.api[DOV], a, over);
    body = draft_set(a, body, OPEN_SIG, draft_zeros(a, SIG_BYTES)); /* somebody who only saw the public key */
    struct api_reply r = expect_refused(api_post(&town.api[DOV], "/v1/invites", body), 404, "no_invite");
    assert_true(str_is(r.body, first));
}

static void a_wrong_signature_does_not_open_an_open_one(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    town_invite(&town, ANA, secret);
    struct str body = api_open_body(&town.api[CLEO], a, secret);
    struct str forged = draft_set(a, body, OPEN_SIG, draft_zeros(a, SIG_BYTES));
    (void)expect_refused(api_post(&town.api[CLEO], "/v1/invites", forged), 404, "no_invite");
    (void)expect_ok(api_post(&town.api[CLEO], "/v1/invites", body), 200);
    (void)expect_refused(api_post(&town.api[CLEO], "/v1/invites", body), 401, "bad_challenge"); /* answered already */
    (void)expect_ok(open_only(secret), 200);
}

static void challenge_origin_and_form_are_checked(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    town_invite(&town, ANA, secret);
    struct api *cleo = &town.api[CLEO];
    struct str body = draft_set(a, api_open_body(cleo, a, secret), OPEN_CHALLENGE, draft_zeros(a, CHALLENGE_BYTES));
    (void)expect_refused(api_post(cleo, "/v1/invites", body), 401, "bad_challenge");
    body = draft_set(a, api_open_body(cleo, a, secret), OPEN_ORIGIN, STR("\x69http://x."));
    expect_detail(expect_refused(api_post(cleo, "/v1/invites", body), 401, "wrong_origin"), API_ORIGINS);
    malformed_expect(cleo, "POST", "/v1/invites", api_open_body(cleo, a, secret), 0);
}

/* ---- from invitation to member ----------------------------------------------------------------- */

static void a_stranger_becomes_a_member_by_one_link(void **state)
{
    (void)state;
    struct person person;
    struct api api;
    struct room room;
    struct api_opened opened;
    struct str entries, text;
    struct api_reply r;
    uint8_t secret[SECRET_BYTES];
    (void)expect_ok(town_say(&town, ANA, "before the invitation"), 201);
    uint64_t before_seq = town.room[ANA].chain.circle.head_seq;
    town_invite(&town, ANA, secret);
    person_init(&person, "Somebody new", 2000);
    api_init(&api, &person, 0, town.daemon.origin, town.daemon.port);
    room_init(&room, &person, api_now_ms());

    (void)expect_ok(api_open_invite(&api, a, secret, &opened), 200);
    assert_true(api_entries(&api, a, opened.circle, 0, opened.token, &entries, &r));
    rooms_take((struct room *const[]){&room}, 1, entries);
    (void)expect_ok(api_post(&api, "/v1/accounts", api_register_body(&api, a, NULL, secret)), 201);
    (void)expect_ok(api_login(&api, a), 201);
    struct str join = room_join(&room, a, secret);
    (void)expect_ok(api_append(&api, opened.circle, join), 201);
    rooms_take((struct room *const[]){&room}, 1, join);
    town_follow(&town, join);

    (void)expect_ok(town_say(&town, BEN, "welcome"), 201);
    assert_true(api_entries(&api, a, opened.circle, room.chain.circle.head_seq + 1, NULL, &entries, &r));
    rooms_take((struct room *const[]){&room}, 1, entries);
    assert_int_equal(room_text(&room, a, room.chain.circle.head_seq, &text), ERR_OK);
    assert_int_equal(room_text(&room, a, before_seq, &text), ERR_UNREADABLE); /* said before they came */
    (void)expect_refused(open_only(secret), 404, "no_invite");
    room_fini(&room);
    api_fini(&api);
    person_fini(&person);
}

static void five_can_be_open_and_one_join_ends_them_all(void **state)
{
    (void)state;
    uint8_t secret[LIMIT_OPEN_INVITES][SECRET_BYTES];
    struct api_opened opened[LIMIT_OPEN_INVITES];
    struct room later = town.room[ANA];
    struct str batch = room_rotate(&later, a, ROTATE_INVITE);
    room_assume(&later, batch);
    for (size_t i = 0; i < LIMIT_OPEN_INVITES; i++) {
        random_fill(secret[i], SECRET_BYTES);
        struct entry e = draft_invite(&later, a, secret[i], later.now_ms + TEN_MINUTES_MS);
        struct str invite = draft_sign(a, &e, &town.person[ANA]);
        room_assume(&later, invite);
        batch = draft_then(a, batch, invite);
    }
    (void)expect_ok(town_post(&town, ANA, batch), 201);
    for (size_t i = 0; i < LIMIT_OPEN_INVITES; i++) {
        struct entry invite = room_invite_of(&town.room[BEN], secret[i]);
        (void)expect_ok(town_post(&town, BEN, room_consent(&town.room[BEN], a, invite.hash)), 201);
    }
    for (size_t i = 0; i < LIMIT_OPEN_INVITES; i++) (void)expect_ok(open_it(CLEO, secret[i], &opened[i]), 200);
    read_by_token(CLEO, &opened[3]);
    (void)expect_ok(town_post(&town, CLEO, room_join(&town.room[CLEO], a, secret[3])), 201);
    for (size_t i = 0; i < LIMIT_OPEN_INVITES; i++) {
        struct api_opened none;
        (void)expect_refused(open_it(DOV, secret[i], &none), 404, "no_invite");
    }
}

static void who_lost_the_answer_to_a_join_sends_it_again(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct api_opened opened;
    town_invite(&town, ANA, secret);
    (void)expect_ok(open_it(CLEO, secret, &opened), 200);
    read_by_token(CLEO, &opened);
    struct str join = room_join(&town.room[CLEO], a, secret);
    (void)expect_ok(town_post(&town, CLEO, join), 201);
    struct town_state before = town_look(&town, ANA);
    (void)expect_ok(api_append(&town.api[CLEO], town_circle(&town), join), 200);
    expect_same(&town, ANA, before);
}

static void who_left_may_be_invited_again(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    (void)expect_ok(town_leave(&town, BEN), 201);
    (void)expect_ok(town_rotate(&town, ANA, ROTATE_LEFT), 201);
    (void)expect_ok(town_say(&town, ANA, "alone"), 201);
    uint64_t alone_seq = town.room[ANA].chain.circle.head_seq;
    (void)expect_ok(town_post(&town, ANA, room_invite(&town.room[ANA], a, secret)), 201);
    (void)expect_ok(town_post(&town, BEN, room_join(&town.room[BEN], a, secret)), 201);
    (void)expect_ok(town_say(&town, BEN, "back again"), 201);
    struct str text;
    assert_int_equal(room_text(&town.room[BEN], a, alone_seq, &text), ERR_UNREADABLE);
    struct town_state seen = town_look(&town, BEN);
    assert_int_equal(seen.head.seq, town.room[ANA].chain.circle.head_seq);
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

static int gather(void **state)
{
    (void)state;
    town_gather(&town, 2);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_holds_the_secret_gets_capsule_and_record, gather),
        cmocka_unit_test_setup(somebody_without_an_account_may_open_it_too, gather),
        cmocka_unit_test_setup(the_read_token_reads_that_circle_and_nothing_else, gather),
        cmocka_unit_test_setup(the_read_token_is_gone_after_a_restart, gather),
        cmocka_unit_test_setup(not_before_everyone_agreed, gather),
        cmocka_unit_test_setup(unknown_used_taken_back_and_expired_look_alike, gather),
        cmocka_unit_test_setup(a_wrong_signature_does_not_open_an_open_one, gather),
        cmocka_unit_test_setup(challenge_origin_and_form_are_checked, gather),
        cmocka_unit_test_setup(a_stranger_becomes_a_member_by_one_link, gather),
        cmocka_unit_test_setup(five_can_be_open_and_one_join_ends_them_all, gather),
        cmocka_unit_test_setup(who_lost_the_answer_to_a_join_sends_it_again, gather),
        cmocka_unit_test_setup(who_left_may_be_invited_again, gather),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
