/* attacks_chain.c -- the attacks K1 to K14 of docs/protocol.md: on order, authorship and completeness.
 *
 * Where the attacker is the host, its file is changed while the server is down; then an honest server serves
 * what is in it, and a client that reads it, or one that pinned what it saw, must find out. `trothd check` finds
 * the same, without a key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#include "harness/expect.h"
#include "harness/tamper.h"
#include "record/headtoken.h"

enum { ANA, BEN, CLEO, SECOND_MS = 1000 };

static struct town town;
static struct arena *a = &town.arena;

static struct api_reply send_it(size_t who, struct str batch)
{
    return api_append(&town.api[who], town_circle(&town), batch);
}

/* A refusal by the server, and by a client that a hostile server shows it to. */
static struct api_reply expect_refused_by_both(struct str wire, int status, const char *code)
{
    struct why why = {0};
    struct api_reply r = expect_refused(send_it(ANA, wire), status, code);
    assert_string_equal(err_code(room_take(&town.room[BEN], wire, &why)), code);
    return r;
}

static struct entry sealed(void)
{
    return draft_sealed(&town.room[ANA], a, people_note(a, "words"));
}

static struct str by_ana(const struct entry *e)
{
    return draft_sign(a, e, &town.person[ANA]);
}

/* ---- the host: changing its file --------------------------------------------------------------- */

/* What a new device of Ben's makes of what the server shows: the error, where it met it, or that the server
 * itself refused. */
struct shown {
    enum err e;
    bool is_settled, was_refused;
    uint64_t entry_n;
};

static struct shown show(void)
{
    struct shown shown = {.e = ERR_OK};
    struct str entries;
    struct api_reply refusal;
    struct room device;
    struct why why = {0};
    if (!api_entries(&town.api[BEN], a, town_circle(&town), 0, NULL, &entries, &refusal)) {
        assert_int_equal(refusal.status, 500);
        shown.was_refused = true;
        return shown;
    }
    room_init(&device, &town.person[BEN], api_now_ms());
    shown.e = room_take(&device, entries, &why);
    shown.is_settled = chain_is_settled(&device.chain);
    shown.entry_n = device.chain.index.row_n;
    room_fini(&device);
    return shown;
}

static void K2_a_changed_bit_of_a_payload_is_found(void **state)
{
    (void)state;
    tamper(&town, "UPDATE entry SET " TAMPER_FIRST("payload") " WHERE place = " TAMPER_PLACE(12));
    struct shown shown = show();
    assert_int_equal(shown.e, ERR_PAYLOAD_MISMATCH);
    assert_int_equal(shown.entry_n, 12);
    assert_int_not_equal(tamper_check(&town), 0);
}

static void K2_a_payload_said_to_be_erased_is_found(void **state)
{
    (void)state;
    tamper(&town, "UPDATE entry SET payload = NULL WHERE place = " TAMPER_PLACE(12));
    struct shown shown = show();
    assert_int_equal(shown.e, ERR_OK); /* a redact may still come ... */
    assert_false(shown.is_settled);    /* ... but at the head there was none */
    assert_int_not_equal(tamper_check(&town), 0);
}

static void K2_a_changed_header_or_signature_is_found(void **state)
{
    (void)state;
    tamper(&town, "UPDATE entry SET " TAMPER_LAST("header") " WHERE place = " TAMPER_PLACE(
                      7)); /* to what a consent consents */
    assert_int_equal(show().e, ERR_BAD_SIGNATURE);
    assert_int_equal(show().entry_n, 7);
    assert_int_not_equal(tamper_check(&town), 0);
    tamper(&town, "UPDATE entry SET " TAMPER_FIRST("sig") " WHERE place = " TAMPER_PLACE(5));
    assert_int_equal(show().e, ERR_BAD_SIGNATURE);
    assert_int_equal(show().entry_n, 5);
    assert_int_not_equal(tamper_check(&town), 0);
}

static void K3_swapped_entries_are_found(void **state)
{
    (void)state;
    tamper(&town, "UPDATE entry SET place = 99999999999 WHERE place = " TAMPER_PLACE(7) ";"
           "UPDATE entry SET place = " TAMPER_PLACE(7) " WHERE place = " TAMPER_PLACE(8) ";"
           "UPDATE entry SET place = " TAMPER_PLACE(8) " WHERE place = 99999999999");
    struct shown shown = show();
    assert_int_equal(shown.e, ERR_HEAD_MOVED);
    assert_int_equal(shown.entry_n, 7);
    assert_int_not_equal(tamper_check(&town), 0);
}

static void K4_a_dropped_entry_is_found(void **state)
{
    (void)state;
    tamper(&town, "DELETE FROM entry WHERE place = " TAMPER_PLACE(6));
    struct shown shown = show();
    assert_true(shown.was_refused || shown.e == ERR_HEAD_MOVED);
    assert_int_not_equal(tamper_check(&town), 0);
    /* a host that closes the gap in what it sends is found out as well */
    struct str before = {0}, behind = room_sequence(&town.room[ANA], a, 7);
    for (uint64_t seq = 0; seq < 6; seq++) {
        before = before.len == 0 ? town.room[ANA].wire[seq] : draft_then(a, before, town.room[ANA].wire[seq]);
    }
    struct room device;
    struct why why = {0};
    room_init(&device, &town.person[BEN], api_now_ms());
    assert_int_equal(room_take(&device, draft_then(a, before, behind), &why), ERR_HEAD_MOVED);
    assert_int_equal(why.at, 6);
    room_fini(&device);
}

static void K5_an_older_record_is_found_by_the_pin_and_repaired(void **state)
{
    (void)state;
    char backup[SCRATCH_PATH_BYTES];
    struct chain_pin pin;
    struct api_head head;
    scratch_path(backup, town.daemon.folder, "yesterday");
    const char *argument[] = {"backup", "--data", town.daemon.data, backup, NULL};
    assert_int_equal(daemon_run(argument, NULL, 0), 0);
    uint64_t kept_seq = town.room[ANA].chain.circle.head_seq;
    for (int i = 0; i < 3; i++) (void)expect_ok(town_say(&town, (size_t)i % 2, "since then"), 201);
    pin.seq = town.room[BEN].chain.circle.head_seq;
    memcpy(pin.hash, town.room[BEN].chain.circle.head_hash, HASH_BYTES);

    assert_true(daemon_stop(&town.daemon));
    (void)snprintf(town.daemon.data, sizeof town.daemon.data, "%s", backup);
    assert_true(daemon_restart(&town.daemon, &town.options));
    struct room device;
    struct str entries;
    struct api_reply refusal;
    room_init(&device, &town.person[BEN], api_now_ms());
    assert_true(api_entries(&town.api[BEN], a, town_circle(&town), 0, NULL, &entries, &refusal));
    rooms_take((struct room *const[]){&device}, 1, entries);
    assert_int_equal(chain_keeps_pin(&device.chain, &pin), ERR_ROLLED_BACK);
    assert_int_equal(chain_keeps_pin(&town.room[BEN].chain, &pin), ERR_OK);
    room_fini(&device);

    struct str suffix = room_sequence(&town.room[BEN], a, kept_seq + 1);
    (void)expect_ok(api_repair(&town.api[BEN], town_circle(&town), suffix), 201);
    assert_true(api_head(&town.api[ANA], town_circle(&town), &head));
    assert_int_equal(head.seq, pin.seq);
    assert_memory_equal(head.hash, pin.hash, HASH_BYTES);
    assert_int_equal(show().e, ERR_OK);
    assert_int_equal(tamper_check(&town), 0);
}

static void K6_a_genuine_entry_in_another_place_is_found(void **state)
{
    (void)state;
    struct str old = town.room[ANA].wire[6], all = room_sequence(&town.room[ANA], a, 0);
    struct room device;
    struct why why = {0};
    room_init(&device, &town.person[BEN], api_now_ms());
    assert_int_equal(room_take(&device, draft_then(a, all, old), &why), ERR_HEAD_MOVED);
    assert_int_equal(why.at, town.room[ANA].chain.index.row_n);
    /* and in the place that its header does not name, with a header that does: then nobody signed it */
    struct entry e = room_entry(&town.room[ANA], 6);
    struct str header = draft_set(a, e.header, 3, draft_uint(a, town.room[ANA].chain.circle.head_seq + 1));
    header = draft_set(a, header, 4, draft_bytes(a, STR_OF(town.room[ANA].chain.circle.head_hash)));
    header = draft_set(a, header, 7, draft_bytes(a, str_at(town.person[BEN].keys.sign_pk, ID_BYTES))); /* a new id */
    struct str renumbered = draft_wrap_sig(a, header, str_at(e.sig, SIG_BYTES), e.payload);
    assert_int_equal(room_take(&device, renumbered, &why), ERR_BAD_SIGNATURE);
    (void)expect_refused(send_it(ANA, renumbered), 422, "bad_signature");
    assert_int_equal(api_append(&town.api[ANA], town_circle(&town), old).status, 200); /* in its own place it is */
    room_fini(&device);
}

static void K7_two_records_shown_to_two_people_differ_in_their_heads(void **state)
{
    (void)state;
    struct str for_ben = room_say(&town.room[ANA], a, people_note(a, "yes")),
               for_cleo = room_say(&town.room[ANA], a, people_note(a, "no"));
    rooms_take((struct room *const[]){&town.room[BEN]}, 1, for_ben);
    rooms_take((struct room *const[]){&town.room[CLEO]}, 1, for_cleo);
    struct circle *ben = &town.room[BEN].chain.circle, *cleo = &town.room[CLEO].chain.circle;
    struct headtoken mine = {.seq = ben->head_seq}, theirs = {.seq = cleo->head_seq}, read;
    uint8_t text[HEADTOKEN_TEXT_BYTES];
    struct out o = OUT_OVER(text);
    memcpy(mine.circle, ben->id, sizeof mine.circle);
    memcpy(theirs.circle, cleo->id, sizeof theirs.circle);
    memcpy(mine.hash, ben->head_hash, HASH_BYTES);
    memcpy(theirs.hash, cleo->head_hash, HASH_BYTES);
    headtoken_put(&o, &theirs);
    assert_int_equal(headtoken_read(out_str(&o), &read), ERR_OK);
    assert_int_equal(headtoken_compare(&mine, &read, NULL), HEADTOKEN_FORKED);
    struct chain_pin pin = {.seq = cleo->head_seq};
    memcpy(pin.hash, cleo->head_hash, HASH_BYTES);
    assert_int_equal(chain_keeps_pin(&town.room[BEN].chain, &pin), ERR_FORKED);
    /* the server itself records one of them only, and neither branch goes on in the other */
    (void)expect_ok(send_it(ANA, for_ben), 201);
    (void)expect_refused(send_it(ANA, for_cleo), 409, "head_moved");
    struct why why = {0};
    struct str answer = room_say(&town.room[BEN], a, people_note(a, "after yes"));
    assert_int_equal(room_take(&town.room[CLEO], answer, &why), ERR_HEAD_MOVED);
}

/* ---- members: signatures ----------------------------------------------------------------------- */

/* A point of order 8, and the order of the group that Ed25519 signs in. */
static const uint8_t order_8[32] = {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
                                    0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
                                    0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05};
static const uint8_t group_order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                        0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                        0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

/* Signs a header with a key to whose public half a point of small order was added: what fits then depends on
 * whether the verifier multiplies by the cofactor. */
static void sign_mixed(uint8_t sig[static SIG_BYTES], struct str header, const uint8_t scalar[static 32],
                       const uint8_t pk[static SIGN_PK_BYTES])
{
    uint8_t r[32], h64[64], h[32], ha[32];
    crypto_hash_sha512_state hash;
    crypto_core_ed25519_scalar_random(r);
    assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(sig, r), 0);
    crypto_hash_sha512_init(&hash);
    crypto_hash_sha512_update(&hash, sig, 32);
    crypto_hash_sha512_update(&hash, pk, SIGN_PK_BYTES);
    crypto_hash_sha512_update(&hash, (const uint8_t *)CTX_SIGN, CTX_BYTES);
    crypto_hash_sha512_update(&hash, header.at, header.len);
    crypto_hash_sha512_final(&hash, h64);
    crypto_core_ed25519_scalar_reduce(h, h64);
    crypto_core_ed25519_scalar_mul(ha, h, scalar);
    crypto_core_ed25519_scalar_add(sig + 32, r, ha);
}

/* A genesis by that key. The server says bad_signature, or goes on and finds that Ana is not in it. */
static void expect_same_verdict(const uint8_t pk[static SIGN_PK_BYTES], const uint8_t *scalar, unsigned *good_n)
{
    struct entry e = draft_genesis(&town.room[ANA], a, false);
    uint8_t sig[SIG_BYTES] = {1}; /* R neutral, S zero: what fits a neutral key for any message */
    struct room device;
    struct why why = {0};
    e.author = pk;
    struct str header = draft_header(a, &e);
    if (scalar != NULL) sign_mixed(sig, header, scalar, pk);
    struct str wire = draft_wrap_sig(a, header, STR_OF(sig), STR(""));
    struct api_reply r = api_create(&town.api[ANA], wire);
    room_init(&device, &town.person[BEN], api_now_ms());
    enum err e_client = room_take(&device, wire, &why);
    if (e_client == ERR_OK) ++*good_n;
    (void)expect_refused(r, e_client == ERR_OK ? 403 : 422, e_client == ERR_OK ? "not_member" : "bad_signature");
    if (e_client != ERR_OK) assert_int_equal(e_client, ERR_BAD_SIGNATURE);
    room_fini(&device);
}

static void K8_a_signature_of_small_order_gets_one_verdict_from_all(void **state)
{
    (void)state;
    static const uint8_t neutral[32] = {1}, order_4[32] = {0};
    uint8_t scalar[32], pk[32], mixed[32];
    unsigned good_n = 0;
    expect_same_verdict(neutral, NULL, &good_n);
    expect_same_verdict(order_4, NULL, &good_n);
    expect_same_verdict(order_8, NULL, &good_n);
    assert_int_equal(good_n, 0);
    crypto_core_ed25519_scalar_random(scalar);
    assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(pk, scalar), 0);
    expect_same_verdict(pk, scalar, &good_n); /* without the point of small order it is a good signature */
    assert_int_equal(good_n, 1);
    assert_int_equal(crypto_core_ed25519_add(mixed, pk, order_8), 0);
    good_n = 0;
    for (int i = 0; i < 128; i++) expect_same_verdict(mixed, scalar, &good_n);
    assert_in_range(good_n, 1, 64); /* by chance one in eight fits; all agree on which */
}

static void K9_a_signature_plus_the_groups_order_is_another_and_refused(void **state)
{
    (void)state;
    struct entry e = sealed();
    struct str wire = by_ana(&e), sig;
    struct cbor_list part;
    uint8_t plus[SIG_BYTES];
    assert_true(cbor_list(wire, &part) == ERR_OK && cbor_bytes(part.item[1], &sig) == ERR_OK);
    memcpy(plus, sig.at, sizeof plus);
    sodium_add(plus + 32, group_order, 32);
    struct api_reply r =
        expect_refused_by_both(draft_wrap_sig(a, draft_header(a, &e), STR_OF(plus), e.payload), 422, "bad_signature");
    expect_detail(r, API_INDEX, API_FIELD);
    (void)expect_ok(town_post(&town, ANA, wire), 201);
    /* now that the entry is there, its twin is no "already there" either */
    (void)expect_refused(send_it(ANA, draft_wrap_sig(a, draft_header(a, &e), STR_OF(plus), e.payload)), 409,
                         "head_moved");
}

/* ---- members: place and form ------------------------------------------------------------------- */

static void K1_an_entry_behind_an_older_one_is_refused(void **state)
{
    (void)state;
    struct entry e = sealed(), older = room_entry(&town.room[ANA], town.room[ANA].chain.circle.head_seq - 2);
    e.seq = older.seq + 1;
    e.prev = older.hash;
    struct api_reply r = expect_refused_by_both(by_ana(&e), 409, "head_moved");
    assert_int_equal(r.seq, town.room[ANA].chain.circle.head_seq);
    assert_memory_equal(r.hash, town.room[ANA].chain.circle.head_hash, HASH_BYTES);
    e = sealed();
    e.prev = older.hash; /* the right number, the wrong one before */
    (void)expect_refused_by_both(by_ana(&e), 409, "head_moved");
}

static void K10_an_entry_of_one_circle_is_none_of_another(void **state)
{
    (void)state;
    struct room other;
    room_init(&other, &town.person[ANA], api_now_ms());
    struct str genesis = room_genesis(&other, a, false);
    rooms_take((struct room *const[]){&other}, 1, genesis);
    (void)expect_ok(api_create(&town.api[ANA], genesis), 201);
    (void)expect_refused_by_both(room_say(&other, a, people_note(a, "words")), 400, "wrong_circle");
    (void)expect_refused_by_both(genesis, 400, "wrong_circle");
    room_fini(&other);
}

static void K11_the_same_id_with_other_content_is_refused(void **state)
{
    (void)state;
    struct entry e = sealed(), twin = sealed();
    twin.id = e.id;
    (void)expect_ok(town_post(&town, ANA, by_ana(&e)), 201);
    struct entry again = sealed();
    again.id = e.id;
    struct api_reply r = expect_refused_by_both(by_ana(&again), 409, "id_taken");
    assert_int_equal(r.index, 0);
    (void)expect_refused_by_both(by_ana(&twin), 409, "head_moved"); /* made at the old head */
    struct room later = town.room[ANA]; /* and twice within one batch */
    struct entry first = sealed();
    room_assume(&later, by_ana(&first));
    struct entry second = draft_sealed(&later, a, people_note(a, "others"));
    second.id = first.id;
    r = expect_refused(send_it(ANA, draft_then(a, by_ana(&first), by_ana(&second))), 409, "id_taken");
    assert_int_equal(r.index, 1);
}

static void K12_an_hour_ahead_is_refused_by_an_honest_server_only(void **state)
{
    (void)state;
    struct entry e = sealed();
    uint64_t from_ms = api_now_ms();
    e.time_ms += 60 * 60 * SECOND_MS;
    struct api_reply r = expect_refused(send_it(ANA, by_ana(&e)), 422, "clock_skew");
    assert_in_range(r.time_ms, from_ms, api_now_ms());
    for (int64_t off = -620; off <= 620; off += 20) {
        e = sealed();
        e.time_ms = (uint64_t)((int64_t)api_now_ms() + off * SECOND_MS);
        bool is_near = off > -600 && off <= 600;
        if (off == -600) continue; /* some ms pass on the way */
        r = send_it(ANA, by_ana(&e));
        if (is_near) (void)expect_ok(r, 201);
        else (void)expect_refused(r, 422, "clock_skew");
        if (is_near) town_follow(&town, by_ana(&e));
    }
    e = sealed();
    e.time_ms += 60 * 60 * SECOND_MS;
    struct why why;
    assert_int_equal(room_take(&town.room[BEN], by_ana(&e), &why), ERR_OK); /* time is a claim; the app flags it */
}

static void K13_a_payload_longer_or_shorter_than_said_is_refused(void **state)
{
    (void)state;
    struct entry e = sealed();
    struct str payload = e.payload;
    draft_payload(a, &e, str_at(payload.at, payload.len - 1));
    e.payload_n = payload.len; /* 552 promised, 551 there: the hash is of what is there */
    (void)expect_refused_by_both(by_ana(&e), 422, "payload_mismatch");
    e = sealed();
    e.payload_n = e.payload.len - 1;
    (void)expect_refused_by_both(by_ana(&e), 422, "payload_mismatch");
    e = sealed();
    struct str header = draft_header(a, &e), longer = draft_then(a, e.payload, STR("\x00"));
    (void)expect_refused_by_both(draft_wrap(a, header, longer, &town.person[ANA]), 422, "payload_mismatch");
    e = sealed();
    draft_payload(a, &e, draft_zeros(a, LIMIT_PAYLOAD_BYTES + 1));
    (void)expect_refused_by_both(by_ana(&e), 400, "bad_entry"); /* longer than any payload may be */
}

static void K14_anothers_payload_under_ones_own_name_does_not_open(void **state)
{
    (void)state;
    struct str text;
    struct entry bens = room_entry(&town.room[ANA], town.room[ANA].chain.circle.head_seq);
    assert_memory_equal(bens.author, town.person[BEN].keys.sign_pk, SIGN_PK_BYTES);
    struct entry e = draft_next(&town.room[ANA], a, ENTRY_SEALED);
    draft_payload(a, &e, bens.payload);
    (void)expect_ok(town_post(&town, ANA, by_ana(&e)), 201);
    for (size_t i = ANA; i <= CLEO; i++) {
        uint64_t seq = town.room[i].chain.circle.head_seq;
        assert_int_equal(room_text(&town.room[i], a, seq - 1, &text), ERR_OK);
        assert_int_equal(room_text(&town.room[i], a, seq, &text), ERR_UNREADABLE);
    }
}

static int open_town(void **state)
{
    (void)state;
    town_open(&town, 3, NULL);
    return 0;
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

/* Three in a circle, and some words, the last of them Ben's. */
static int gather(void **state)
{
    (void)state;
    town_gather(&town, 3);
    for (size_t i = 0; i < 5; i++) (void)expect_ok(town_say(&town, i % 2, "words"), 201);
    (void)expect_ok(town_say(&town, BEN, "Ben's last words"), 201);
    return 0;
}

/* A town of its own, since the file is spoiled. */
static int gather_alone(void **state)
{
    if (town.person_n > 0) town_close(&town);
    return open_town(state) + gather(state);
}

static int leave_alone(void **state)
{
    town_close(&town);
    return open_town(state);
}

#define BY_THE_HOST(test) cmocka_unit_test_setup_teardown(test, gather_alone, leave_alone)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(K1_an_entry_behind_an_older_one_is_refused, gather),
        BY_THE_HOST(K2_a_changed_bit_of_a_payload_is_found),
        BY_THE_HOST(K2_a_payload_said_to_be_erased_is_found),
        BY_THE_HOST(K2_a_changed_header_or_signature_is_found),
        BY_THE_HOST(K3_swapped_entries_are_found),
        BY_THE_HOST(K4_a_dropped_entry_is_found),
        BY_THE_HOST(K5_an_older_record_is_found_by_the_pin_and_repaired),
        cmocka_unit_test_setup(K6_a_genuine_entry_in_another_place_is_found, gather),
        cmocka_unit_test_setup(K7_two_records_shown_to_two_people_differ_in_their_heads, gather),
        cmocka_unit_test_setup(K8_a_signature_of_small_order_gets_one_verdict_from_all, gather),
        cmocka_unit_test_setup(K9_a_signature_plus_the_groups_order_is_another_and_refused, gather),
        cmocka_unit_test_setup(K10_an_entry_of_one_circle_is_none_of_another, gather),
        cmocka_unit_test_setup(K11_the_same_id_with_other_content_is_refused, gather),
        cmocka_unit_test_setup(K12_an_hour_ahead_is_refused_by_an_honest_server_only, gather),
        cmocka_unit_test_setup(K13_a_payload_longer_or_shorter_than_said_is_refused, gather),
        cmocka_unit_test_setup(K14_anothers_payload_under_ones_own_name_does_not_open, gather),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
