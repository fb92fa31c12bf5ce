/* attacks_invite.c -- the attacks I1 to I9 of docs/protocol.md: on the link, on who comes in by it, and by whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "harness/expect.h"

enum { ANA, BEN, CLEO, DOV, PEOPLE, SECOND_MS = 1000 };

static struct town town; /* Ana and Ben are in; Cleo is invited; Dov is nobody's friend */
static struct arena *a = &town.arena;

static struct api_reply send_it(size_t who, struct str batch)
{
    return api_append(&town.api[who], town_circle(&town), batch);
}

static struct str sign(const struct entry *draft, size_t who)
{
    return draft_sign(a, draft, &town.person[who]);
}

static void let_see(size_t who)
{
    rooms_take((struct room *const[]){&town.room[who]}, 1, room_sequence(&town.room[ANA], a, 0));
}

static void I1_a_joiners_keys_replaced_on_the_way_break_the_proof(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct why why;
    town_invite(&town, ANA, secret);
    let_see(CLEO);
    let_see(DOV);
    struct entry join = draft_join(&town.room[CLEO], a, secret), as_dov = join, to_dovs_box = join;
    as_dov.author = town.person[DOV].keys.sign_pk;
    struct town_state before = town_look(&town, ANA);
    (void)expect_refused(send_it(DOV, sign(&as_dov, DOV)), 422, "bad_proof");
    to_dovs_box.body.join.box_pk = town.person[DOV].keys.box_pk;
    (void)expect_refused(send_it(CLEO, sign(&to_dovs_box, CLEO)), 422, "bad_proof");
    assert_int_equal(room_take(&town.room[BEN], sign(&as_dov, DOV), &why), ERR_BAD_PROOF);
    assert_int_equal(room_take(&town.room[BEN], sign(&to_dovs_box, CLEO), &why), ERR_BAD_PROOF);
    /* nor does changing the bytes that Cleo signed help */
    struct str header = draft_header(a, &join);
    header = draft_set_body(a, header, 2, draft_bytes(a, STR_OF(town.person[DOV].keys.box_pk)));
    struct str signed_by_cleo = sign(&join, CLEO), sig = {0};
    struct cbor_list part;
    assert_true(cbor_list(signed_by_cleo, &part) == ERR_OK && cbor_bytes(part.item[1], &sig) == ERR_OK);
    (void)expect_refused(send_it(ANA, draft_wrap_sig(a, header, sig, STR(""))), 422, "bad_signature");
    (void)expect_refused(send_it(CLEO, draft_wrap_sig(a, header, sig, STR(""))), 404, "no_circle"); /* not yet in */
    expect_same(&town, ANA, before);
    (void)expect_ok(town_post(&town, CLEO, room_join(&town.room[CLEO], a, secret)), 201);
}

static void I2_another_circle_does_not_fit_the_capsule(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES], key[KEY_BYTES];
    town_invite(&town, ANA, secret);
    struct entry real = room_invite_of(&town.room[ANA], secret);
    /* the host's own circle, with the names and all, and in it the invite's key and capsule as it saw them */
    struct room fake;
    room_init(&fake, &town.person[DOV], api_now_ms());
    rooms_take((struct room *const[]){&fake}, 1, room_genesis(&fake, a, false));
    rooms_take((struct room *const[]){&fake}, 1, room_rotate(&fake, a, ROTATE_INVITE));
    struct entry invite = draft_next(&fake, a, ENTRY_INVITE);
    invite.body.invite.invite_pk = real.body.invite.invite_pk;
    invite.body.invite.expires_ms = real.body.invite.expires_ms;
    draft_payload(a, &invite, real.payload);
    rooms_take((struct room *const[]){&fake}, 1, sign(&invite, DOV));
    struct room cleo;
    room_init(&cleo, &town.person[CLEO], api_now_ms());
    rooms_take((struct room *const[]){&cleo}, 1, room_sequence(&fake, a, 0));
    assert_int_equal(room_capsule(&cleo, secret, key), ERR_WRONG_CIRCLE);
    room_fini(&cleo);
    /* an honest server takes the copied key, and still opens the first and real one to who has the secret */
    (void)expect_ok(api_upload(&town.api[DOV], room_sequence(&fake, a, 0)), 201);
    struct api_opened opened;
    (void)expect_ok(api_open_invite(&town.api[CLEO], a, secret, &opened), 200);
    assert_memory_equal(opened.circle, town_circle(&town), HASH_BYTES);
    /* in the true circle it opens */
    let_see(CLEO);
    assert_int_equal(room_capsule(&town.room[CLEO], secret, key), ERR_OK);
    room_fini(&fake);
}

static void I3_a_used_invitation_lets_nobody_else_in(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    town_invite(&town, ANA, secret);
    let_see(CLEO);
    let_see(DOV);
    struct str dovs = room_join(&town.room[DOV], a, secret); /* made while it was open */
    (void)expect_ok(town_post(&town, CLEO, room_join(&town.room[CLEO], a, secret)), 201);
    (void)expect_refused(send_it(DOV, dovs), 409, "head_moved");
    struct entry again = draft_join(&town.room[DOV], a, secret);
    again.epoch = again.body.join.from_epoch = town.room[DOV].chain.circle.epoch;
    (void)expect_refused(send_it(DOV, sign(&again, DOV)), 409, "invite_used");
    struct why why;
    assert_int_equal(room_take(&town.room[BEN], sign(&again, DOV), &why), ERR_INVITE_USED);
}

static void I4_an_expired_invitation_neither_opens_nor_lets_in(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct api_opened opened;
    struct room *ana = &town.room[ANA], later = *ana;
    uint64_t now_ms = ana->now_ms;
    struct str rotate = room_rotate(ana, a, ROTATE_INVITE);
    room_assume(&later, rotate);
    later.now_ms = now_ms - 20 * SECOND_MS;
    random_fill(secret, sizeof secret);
    struct entry invite = draft_invite(&later, a, secret, now_ms - 10 * SECOND_MS);
    (void)expect_ok(town_post(&town, ANA, draft_then(a, rotate, sign(&invite, ANA))), 201);
    struct entry seen = room_invite_of(ana, secret);
    town.room[BEN].now_ms = now_ms - 15 * SECOND_MS;
    (void)expect_ok(town_post(&town, BEN, room_consent(&town.room[BEN], a, seen.hash)), 201);
    (void)expect_refused(api_open_invite(&town.api[CLEO], a, secret, &opened), 404, "no_invite");
    let_see(CLEO);
    (void)expect_refused(send_it(CLEO, room_join(&town.room[CLEO], a, secret)), 409, "invite_expired");
    /* a hostile host may believe a join that says it was made in time; whoever dates it so signs that claim */
    town.room[CLEO].now_ms = now_ms - 11 * SECOND_MS;
    struct why why;
    assert_int_equal(room_take(&town.room[BEN], room_join(&town.room[CLEO], a, secret), &why), ERR_OK);
}

static void I5_when_a_thief_was_first_everybody_sees_who_came_in(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct api_opened opened;
    town_invite(&town, ANA, secret);
    let_see(CLEO);
    let_see(DOV);
    uint64_t said_seq = 0; /* the thief reads nothing that was said before */
    (void)expect_ok(town_post(&town, DOV, room_join(&town.room[DOV], a, secret)), 201);
    (void)expect_refused(api_open_invite(&town.api[CLEO], a, secret, &opened), 404, "no_invite");
    struct entry join = draft_join(&town.room[CLEO], a, secret);
    join.epoch = join.body.join.from_epoch = town.room[CLEO].chain.circle.epoch;
    (void)expect_refused(send_it(CLEO, sign(&join, CLEO)), 409, "invite_used");
    for (size_t i = ANA; i <= DOV; i++) { /* Cleo's copy, read with the token before, was kept in step here */
        const struct circle *c = &town.room[i].chain.circle;
        assert_int_equal(c->member_n, 3);
        assert_memory_equal(c->member[2].sign_pk, town.person[DOV].keys.sign_pk, SIGN_PK_BYTES);
    }
    struct str text;
    while (room_entry(&town.room[ANA], said_seq).kind != ENTRY_SEALED) said_seq++;
    assert_int_equal(room_text(&town.room[ANA], a, said_seq, &text), ERR_OK);
    assert_int_equal(room_text(&town.room[DOV], a, said_seq, &text), ERR_UNREADABLE);
}

/* Whether a text occurs in what the server said or logged. */
static bool is_told(const char *text)
{
    return daemon_says(&town.daemon, text, 0);
}

static bool are_bytes_told(const void *bytes, size_t n)
{
    char hex[2 * 64 + 1];
    assert_in_range(n, 1, 64);
    api_hex(hex, bytes, n);
    if (is_told(hex)) return true;
    for (char *c = hex; *c != '\0'; c++) *c = (char)(*c >= 'a' ? *c - 'a' + 'A' : *c);
    return is_told(hex);
}

static void I6_no_log_line_holds_a_secret_a_token_or_a_circle(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct api_opened opened;
    struct invite_keys keys;
    char code[CODE_TEXT_BYTES + 1], path[API_PATH_BYTES];
    struct out o = out_over(code, CODE_TEXT_BYTES);
    assert_true(daemon_stop(&town.daemon));
    struct daemon_options talkative = town.options;
    talkative.flag[0] = "--log-level=debug";
    assert_true(daemon_restart(&town.daemon, &talkative));
    town_invite(&town, ANA, secret);
    invite_keys_init(&keys, secret);
    code_put(&o, CODE_INVITE, secret);
    code[CODE_TEXT_BYTES] = '\0';
    (void)expect_ok(api_open_invite(&town.api[CLEO], a, secret, &opened), 200);
    let_see(CLEO);
    (void)expect_ok(town_post(&town, CLEO, room_join(&town.room[CLEO], a, secret)), 201);
    api_entries_path(path, town_circle(&town), "?after=1&limit=7");
    (void)expect_ok(api_get(&town.api[CLEO], path), 200);
    (void)expect_ok(api_login(&town.api[CLEO], a), 201);
    (void)snprintf(path, sizeof path, "/#%s", code); /* what no browser sends: answered, not noted */
    (void)expect_refused(api_get(&town.api[CLEO], path), 400, "bad_http");
    (void)expect_refused(
        api_ask(&town.api[DOV],
                &(struct http_ask){.method = "GET", .path = "/v1/circle", .more = "Referer: http://x/#J1-SECRET\r\n"}),
        404, "no_route");
    assert_true(daemon_says(&town.daemon, "invite_open", 10000)); /* the log is there, and talkative */
    assert_false(is_told(code) || is_told("J1-") || is_told("after=1"));
    assert_false(are_bytes_told(secret, sizeof secret) || are_bytes_told(keys.pk, sizeof keys.pk));
    assert_false(is_told(opened.token) || is_told(town.api[CLEO].token));
    assert_false(are_bytes_told(town_circle(&town), HASH_BYTES) || are_bytes_told(town_circle(&town), 8));
    assert_false(are_bytes_told(town.api[CLEO].access.cred_id, ID_BYTES) ||
                 are_bytes_told(town.person[CLEO].keys.sign_pk, SIGN_PK_BYTES));
    assert_false(is_told("127.0.0.1 ") || is_told("client=127.0.0.1\n"));
    assert_true(daemon_stop(&town.daemon) && daemon_restart(&town.daemon, &town.options));
}

static void I7_a_withheld_join_leaves_the_invitation_open_and_nothing_else(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    town_invite(&town, ANA, secret);
    let_see(CLEO);
    struct str join = room_join(&town.room[CLEO], a, secret);
    (void)expect_ok(send_it(CLEO, join), 201); /* the server has it and, say, shows it to nobody */
    struct entry invite = room_invite_of(&town.room[ANA], secret);
    assert_non_null(circle_open_invite(&town.room[ANA].chain.circle, invite.hash));
    /* Ana goes on writing at what she sees, and learns that the head has moved: no two records arise */
    (void)expect_refused(send_it(ANA, room_say(&town.room[ANA], a, people_note(a, "words"))), 409, "head_moved");
    town_follow(&town, join);
    assert_null(circle_open_invite(&town.room[ANA].chain.circle, invite.hash));
    (void)expect_ok(town_say(&town, ANA, "welcome"), 201);
}

static void I8_guessing_secrets_ends_in_slow_down(void **state)
{
    (void)state;
    struct daemon strict;
    struct daemon_options options = {.flag = {"--rate-challenge=0"}};
    struct api guesser;
    uint8_t secret[SECRET_BYTES];
    unsigned no_invite_n = 0;
    assert_true(daemon_start(&strict, &options));
    api_init(&guesser, &town.person[DOV], 0, strict.origin, strict.port);
    for (int i = 0; i < 15; i++) {
        struct api_opened opened;
        random_fill(secret, sizeof secret);
        struct api_reply r = api_open_invite(&guesser, a, secret, &opened);
        if (r.status == 404) no_invite_n++;
        else (void)expect_refused(r, 429, "slow_down");
        if (r.status == 429) assert_in_range(r.retry_after_s, 1, 60);
    }
    assert_in_range(no_invite_n, 10, 11); /* ten a minute, and what refills meanwhile */
    api_fini(&guesser);
    assert_true(daemon_stop(&strict));
}

static void I9_a_capsule_with_a_wrong_key_is_refused_by_the_joiner(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES], wrong_key[KEY_BYTES] = {7}, capsule[INVITE_CAPSULE_BYTES], key[KEY_BYTES];
    struct invite_keys keys;
    struct room later = town.room[ANA];
    struct str rotate = room_rotate(&later, a, ROTATE_INVITE);
    room_assume(&later, rotate);
    random_fill(secret, sizeof secret);
    invite_keys_init(&keys, secret);
    struct entry invite = draft_invite(&later, a, secret, later.now_ms + 1000 * SECOND_MS);
    struct invite_place place = {invite.circle, invite.prev, invite.author, invite.seq, invite.epoch};
    invite_capsule_make(capsule, &keys, &place, wrong_key);
    draft_payload(a, &invite, STR_OF(capsule));
    (void)expect_ok(town_post(&town, ANA, draft_then(a, rotate, sign(&invite, ANA))), 201); /* nobody else can tell */
    let_see(CLEO);
    assert_int_equal(room_capsule(&town.room[CLEO], secret, key), ERR_BAD_KEY);
    place.seq++; /* a capsule for another place */
    invite_capsule_make(capsule, &keys, &place, wrong_key);
    struct room again = town.room[ANA];
    rotate = room_rotate(&again, a, ROTATE_INVITE);
    room_assume(&again, rotate);
    invite = draft_invite(&again, a, secret, again.now_ms + 1000 * SECOND_MS);
    draft_payload(a, &invite, STR_OF(capsule));
    (void)expect_ok(town_post(&town, ANA, draft_then(a, rotate, sign(&invite, ANA))), 201);
    assert_int_equal(room_capsule(&town.room[CLEO], secret, key), ERR_BROKEN_CHAIN);
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
    (void)expect_ok(town_say(&town, ANA, "between us"), 201);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(I1_a_joiners_keys_replaced_on_the_way_break_the_proof, gather),
        cmocka_unit_test_setup(I2_another_circle_does_not_fit_the_capsule, gather),
        cmocka_unit_test_setup(I3_a_used_invitation_lets_nobody_else_in, gather),
        cmocka_unit_test_setup(I4_an_expired_invitation_neither_opens_nor_lets_in, gather),
        cmocka_unit_test_setup(I5_when_a_thief_was_first_everybody_sees_who_came_in, gather),
        cmocka_unit_test_setup(I6_no_log_line_holds_a_secret_a_token_or_a_circle, gather),
        cmocka_unit_test_setup(I7_a_withheld_join_leaves_the_invitation_open_and_nothing_else, gather),
        cmocka_unit_test_setup(I8_guessing_secrets_ends_in_slow_down, gather),
        cmocka_unit_test_setup(I9_a_capsule_with_a_wrong_key_is_refused_by_the_joiner, gather),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
