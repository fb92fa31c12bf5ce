/* attacks_membership.c -- the attacks M1 to M12 of docs/protocol.md: on who is in, and on the shared key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "harness/expect.h"
#include "harness/race.h"
#include "harness/tamper.h"

enum { ANA, BEN, CLEO, DOV, PEOPLE = 13 };

static struct town town;
static struct arena *a = &town.arena;

static struct api_reply send_it(size_t who, struct str batch)
{
    return api_append(&town.api[who], town_circle(&town), batch);
}

static struct str sign(const struct entry *draft, size_t who)
{
    return draft_sign(a, draft, &town.person[who]);
}

/* What a client says that a hostile server shows it to. */
static enum err client_says(size_t who, struct str batch)
{
    struct room device;
    struct why why = {0};
    room_init(&device, &town.person[who], api_now_ms());
    rooms_take((struct room *const[]){&device}, 1, room_sequence(&town.room[ANA], a, 0));
    enum err e = room_take(&device, batch, &why);
    room_fini(&device);
    return e;
}

static void expect_refused_by_both(size_t who, struct str batch, int status, const char *code)
{
    struct town_state before = town_look(&town, ANA);
    (void)expect_refused(send_it(who, batch), status, code);
    expect_same(&town, ANA, before);
    assert_string_equal(err_code(client_says(BEN, batch)), code);
}

static bool can_read(size_t who, uint64_t seq)
{
    struct str text;
    return room_text(&town.room[who], a, seq, &text) == ERR_OK;
}

/* ---- who is in --------------------------------------------------------------------------------- */

static void M1_who_left_says_nothing_more(void **state)
{
    (void)state;
    (void)expect_ok(town_leave(&town, CLEO), 201);
    (void)expect_ok(town_rotate(&town, ANA, ROTATE_LEFT), 201);
    struct entry e = draft_next(&town.room[CLEO], a, ENTRY_SEALED);
    draft_payload(a, &e, draft_zeros(a, 552));
    (void)expect_refused(send_it(CLEO, sign(&e, CLEO)), 403, "not_member");
    expect_refused_by_both(ANA, sign(&e, CLEO), 403, "not_member"); /* nor through a friend who passes it on */
    struct entry rotate = draft_rotate(&town.room[CLEO], a, ROTATE_WISH), leave = draft_leave(&town.room[CLEO], a);
    (void)expect_refused(send_it(CLEO, sign(&rotate, CLEO)), 403, "not_member");
    (void)expect_refused(send_it(CLEO, sign(&leave, CLEO)), 403, "not_member");
}

static void M2_nothing_is_said_between_a_leave_and_the_new_key(void **state)
{
    (void)state;
    (void)expect_ok(town_leave(&town, CLEO), 201);
    expect_refused_by_both(ANA, room_say(&town.room[ANA], a, people_note(a, "too early")), 409, "rotate_required");
    struct str rotate = room_rotate(&town.room[ANA], a, ROTATE_LEFT);
    struct room later = town.room[ANA];
    room_assume(&later, rotate);
    struct str words = room_say(&later, a, people_note(a, "among us"));
    (void)expect_ok(town_post(&town, ANA, draft_then(a, rotate, words)), 201);
    assert_true(can_read(BEN, town.room[BEN].chain.circle.head_seq));
    assert_false(can_read(CLEO, town.room[CLEO].chain.circle.head_seq));
}

static void M3_a_host_cannot_write_itself_in(void **state)
{
    (void)state;
    static const uint8_t no_invite[HASH_BYTES] = {1};
    uint8_t secret[SECRET_BYTES], forged[SIG_BYTES];
    struct invite_keys guessed;
    town_invite(&town, ANA, secret);
    rooms_take((struct room *const[]){&town.room[DOV]}, 1, room_sequence(&town.room[ANA], a, 0));
    struct entry join = draft_join(&town.room[DOV], a, secret);
    /* it sees the invitation's public key, but not its secret */
    uint8_t guess[SECRET_BYTES] = {2};
    invite_keys_init(&guessed, guess);
    invite_proof_make(forged, guessed.sk, join.circle, join.body.join.invite_hash, join.author, join.body.join.box_pk);
    join.body.join.proof = forged;
    struct str by_forged_proof = sign(&join, DOV);
    assert_int_equal(client_says(BEN, by_forged_proof), ERR_BAD_PROOF);
    (void)expect_refused(send_it(DOV, by_forged_proof), 422, "bad_proof");
    join.body.join.invite_hash = no_invite;
    assert_int_equal(client_says(BEN, sign(&join, DOV)), ERR_INVITE_VOID);
    (void)expect_refused(send_it(DOV, sign(&join, DOV)), 404, "no_circle");
}

static void M3_a_row_in_the_hosts_file_makes_nobody_a_member(void **state)
{
    (void)state;
    struct str entries, text;
    struct api_reply refusal;
    char sql[512], pk[2 * SIGN_PK_BYTES + 1];
    api_hex(pk, town.person[DOV].keys.sign_pk, SIGN_PK_BYTES);
    (void)snprintf(sql, sizeof sql, "INSERT INTO member (sign_pk, circle, joined_seq) VALUES (x'%s', %%s, 0)", pk);
    tamper(&town, sql);
    assert_true(api_entries(&town.api[DOV], a, town_circle(&town), 0, NULL, &entries, &refusal)); /* sealed words */
    rooms_take((struct room *const[]){&town.room[DOV]}, 1, entries);
    assert_false(room_is_in(&town.room[DOV]));
    assert_int_equal(room_text(&town.room[DOV], a, town.room[DOV].chain.circle.head_seq, &text), ERR_UNREADABLE);
    struct entry e = draft_next(&town.room[DOV], a, ENTRY_SEALED);
    draft_payload(a, &e, draft_zeros(a, 552));
    (void)expect_refused(send_it(DOV, sign(&e, DOV)), 403, "not_member");
    assert_int_equal(client_says(BEN, sign(&e, DOV)), ERR_NOT_MEMBER);
}

static void M7_nobody_leaves_by_anothers_hand(void **state)
{
    (void)state;
    struct entry leave = draft_leave(&town.room[BEN], a);
    expect_refused_by_both(ANA, sign(&leave, ANA), 422, "bad_signature");
}

static void M9_a_thirteenth_finds_no_room(void **state)
{
    (void)state;
    enum { THIRTEENTH = LIMIT_MEMBERS };
    uint8_t secret[SECRET_BYTES];
    town_gather(&town, LIMIT_MEMBERS);
    town_invite(&town, ANA, secret);
    rooms_take((struct room *const[]){&town.room[THIRTEENTH]}, 1, room_sequence(&town.room[ANA], a, 0));
    struct entry join = draft_join(&town.room[THIRTEENTH], a, secret);
    expect_refused_by_both(THIRTEENTH, sign(&join, THIRTEENTH), 409, "full");
}

/* The points of X25519 whose multiples are few, and with which nothing can be sealed. */
static const uint8_t low_order[][BOX_PK_BYTES] = {
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
     0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
     0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

static void M10_a_joiner_to_whom_nothing_can_be_sealed_is_refused(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES], proof[SIG_BYTES];
    struct invite_keys keys;
    town_invite(&town, ANA, secret);
    rooms_take((struct room *const[]){&town.room[DOV]}, 1, room_sequence(&town.room[ANA], a, 0));
    invite_keys_init(&keys, secret);
    for (size_t i = 0; i < sizeof low_order / sizeof *low_order; i++) {
        struct entry join = draft_join(&town.room[DOV], a, secret);
        invite_proof_make(proof, keys.sk, join.circle, join.body.join.invite_hash, join.author, low_order[i]);
        join.body.join.box_pk = low_order[i];
        join.body.join.proof = proof;
        expect_refused_by_both(DOV, sign(&join, DOV), 422, "bad_key");
        struct room new_room;
        room_init(&new_room, &town.person[DOV], api_now_ms());
        struct entry genesis = draft_genesis(&new_room, a, false);
        genesis.body.genesis.box_pk = low_order[i];
        (void)expect_refused(api_create(&town.api[DOV], sign(&genesis, DOV)), 422, "bad_key");
        room_fini(&new_room);
    }
    (void)expect_ok(town_post(&town, DOV, room_join(&town.room[DOV], a, secret)), 201);
}

static void M11_nobody_erases_anothers_words(void **state)
{
    (void)state;
    uint64_t bens = town.room[ANA].chain.circle.head_seq;
    assert_memory_equal(room_entry(&town.room[ANA], bens).author, town.person[BEN].keys.sign_pk, SIGN_PK_BYTES);
    expect_refused_by_both(ANA, room_redact_bare(&town.room[ANA], a, &bens, 1), 422, "bad_redact");
    assert_true(can_read(CLEO, bens));
    (void)expect_ok(town_post(&town, BEN, room_redact(&town.room[BEN], a, &bens, 1, STR("done"))), 201); /* Ben may */
    struct str entries;
    struct api_reply refusal;
    assert_true(api_entries(&town.api[CLEO], a, town_circle(&town), bens, NULL, &entries, &refusal));
    struct str wire;
    struct entry e;
    struct why why;
    assert_int_equal(cbor_first(entries, &wire, &entries), ERR_OK);
    assert_int_equal(entry_read(wire, &e, &why), ERR_OK);
    assert_int_equal(e.payload.len, 0); /* and then they are gone from the server, too */
}

static void M12_who_left_cannot_read_what_came_after_even_if_it_is_served(void **state)
{
    (void)state;
    struct str entries;
    struct api_reply refusal;
    uint64_t before_seq = town.room[ANA].chain.circle.head_seq;
    (void)expect_ok(town_leave(&town, CLEO), 201);
    (void)expect_ok(town_rotate(&town, ANA, ROTATE_LEFT), 201);
    (void)expect_ok(town_say(&town, ANA, "not for Cleo"), 201);
    uint64_t after_seq = town.room[ANA].chain.circle.head_seq;
    tamper(&town, "UPDATE member SET left_seq = NULL WHERE circle = %s");
    assert_true(api_entries(&town.api[CLEO], a, town_circle(&town), 0, NULL, &entries, &refusal));
    struct room device;
    room_init(&device, &town.person[CLEO], api_now_ms());
    rooms_take((struct room *const[]){&device}, 1, entries);
    assert_int_equal(device.chain.circle.head_seq, after_seq);
    struct str text;
    assert_int_equal(room_text(&device, a, before_seq, &text), ERR_OK);
    assert_int_equal(room_text(&device, a, after_seq, &text), ERR_UNREADABLE);
    room_fini(&device);
}

/* ---- the shared key ---------------------------------------------------------------------------- */

static void M4_a_key_for_all_but_one_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 5; n++) {
        struct entry e = draft_rotate(&town.room[ANA], a, ROTATE_WISH);
        for (size_t i = 3; i < n; i++) e.body.rotate.seal[i] = e.body.rotate.seal[0];
        e.body.rotate.seal_n = n;
        if (n != 3) expect_refused_by_both(ANA, sign(&e, ANA), 422, "bad_boxes");
    }
}

static void M5_a_box_of_garbage_is_seen_by_whom_it_shuts_out_and_mended(void **state)
{
    (void)state;
    static const uint8_t garbage[SEAL_BYTES] = {1, 2, 3};
    struct entry e = draft_rotate(&town.room[ANA], a, ROTATE_WISH);
    e.body.rotate.seal[BEN] = garbage;
    (void)expect_ok(town_post(&town, ANA, sign(&e, ANA)), 201); /* the server cannot see into boxes */
    assert_false(room_has_key(&town.room[BEN]));
    assert_true(room_has_key(&town.room[CLEO]));
    uint64_t missed_seq = town.room[ANA].chain.circle.head_seq + 1;
    (void)expect_ok(town_say(&town, CLEO, "Ben can't read this"), 201);
    assert_false(can_read(BEN, missed_seq));
    (void)expect_ok(town_rotate(&town, BEN, ROTATE_LOCKED), 201);
    for (size_t i = ANA; i <= CLEO; i++) assert_true(room_has_key(&town.room[i]));
    (void)expect_ok(town_say(&town, CLEO, "Ben can read this"), 201);
    assert_true(can_read(BEN, town.room[BEN].chain.circle.head_seq));
    assert_false(can_read(BEN, missed_seq));
}

static void M6_another_key_for_one_of_them_is_seen_by_that_one(void **state)
{
    (void)state;
    struct entry e = draft_rotate(&town.room[ANA], a, ROTATE_WISH);
    uint8_t other[KEY_BYTES] = {9}, seal[SEAL_BYTES], key[KEY_BYTES];
    const struct secret_identity *ben = &town.person[BEN].keys;
    assert_int_equal(epoch_seal(seal, other, ben->box_pk), ERR_OK);
    e.body.rotate.seal[BEN] = seal;
    (void)expect_ok(town_post(&town, ANA, sign(&e, ANA)), 201);
    assert_int_equal(epoch_open(seal, ben->box_pk, ben->box_sk, e.body.rotate.kid, key), ERR_LOCKED_OUT);
    assert_false(room_has_key(&town.room[BEN]));
    assert_true(room_has_key(&town.room[ANA]) && room_has_key(&town.room[CLEO]));
    (void)expect_ok(town_rotate(&town, BEN, ROTATE_LOCKED), 201);
    for (size_t i = ANA; i <= CLEO; i++) assert_true(room_has_key(&town.room[i]));
}

static void M8_of_two_who_change_the_key_at_once_one_wins(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        struct racer racer[2];
        for (size_t i = 0; i < 2; i++) {
            struct str rotate = room_rotate(&town.room[i], a, ROTATE_WISH);
            racer[i] = (struct racer){.api = &town.api[i], .circle = town_circle(&town), .batch = rotate};
        }
        race_run(racer, 2);
        size_t winner = racer[0].reply.status == 201 ? 0 : 1;
        (void)expect_ok(racer[winner].reply, 201);
        struct api_reply r = expect_refused(racer[1 - winner].reply, 409, "head_moved");
        town_follow(&town, racer[winner].batch);
        assert_int_equal(r.seq, town.room[ANA].chain.circle.head_seq);
        assert_memory_equal(r.hash, town.room[ANA].chain.circle.head_hash, HASH_BYTES);
    }
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

/* Three in a circle; Ana said something, then Ben. */
static int gather(void **state)
{
    (void)state;
    town_gather(&town, 3);
    (void)expect_ok(town_say(&town, ANA, "Ana's words"), 201);
    (void)expect_ok(town_say(&town, BEN, "Ben's words"), 201);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(M1_who_left_says_nothing_more, gather),
        cmocka_unit_test_setup(M2_nothing_is_said_between_a_leave_and_the_new_key, gather),
        cmocka_unit_test_setup(M3_a_host_cannot_write_itself_in, gather),
        cmocka_unit_test_setup(M3_a_row_in_the_hosts_file_makes_nobody_a_member, gather),
        cmocka_unit_test_setup(M4_a_key_for_all_but_one_is_refused, gather),
        cmocka_unit_test_setup(M5_a_box_of_garbage_is_seen_by_whom_it_shuts_out_and_mended, gather),
        cmocka_unit_test_setup(M6_another_key_for_one_of_them_is_seen_by_that_one, gather),
        cmocka_unit_test_setup(M7_nobody_leaves_by_anothers_hand, gather),
        cmocka_unit_test_setup(M8_of_two_who_change_the_key_at_once_one_wins, gather),
        cmocka_unit_test_setup(M9_a_thirteenth_finds_no_room, gather),
        cmocka_unit_test_setup(M10_a_joiner_to_whom_nothing_can_be_sealed_is_refused, gather),
        cmocka_unit_test_setup(M11_nobody_erases_anothers_words, gather),
        cmocka_unit_test_setup(M12_who_left_cannot_read_what_came_after_even_if_it_is_served, gather),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
