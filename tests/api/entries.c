/* entries.c -- every refusal of an entry: its status, its code, what it tells, and that nothing changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/expect.h"

enum { ANA, BEN, CLEO, DOV, PEOPLE = 14, SECOND_MS = 1000, A_DAY_MS = 24 * 60 * 60 * SECOND_MS };

static struct town town; /* Ana, Ben and Cleo are in the circle; Dov and the others are not */
static struct arena *a = &town.arena;

static struct str words(size_t who)
{
    return room_say(&town.room[who], a, people_note(a, "words"));
}

static struct str sign(const struct entry *draft, size_t who)
{
    return draft_sign(a, draft, &town.person[who]);
}

static struct entry sealed(size_t who)
{
    return draft_sealed(&town.room[who], a, people_note(a, "words"));
}

/* ---- what is refused: each gives the bytes, sent by Ana unless the row says otherwise ---------- */

static struct str broken_cbor(void)
{
    struct str wire = words(ANA);
    return str_at(wire.at, wire.len - 1);
}

static struct str empty_batch(void)
{
    return STR("");
}

static struct str too_many_entries(void)
{
    struct str batch = words(ANA), one = batch;
    for (int i = 0; i < LIMIT_BATCH_ENTRIES; i++) batch = draft_then(a, batch, one);
    return batch;
}

static struct str short_id(void)
{
    struct entry e = sealed(ANA);
    return draft_wrap(a, draft_set(a, draft_header(a, &e), 7, draft_zeros(a, ID_BYTES - 1)), e.payload,
                      &town.person[ANA]);
}

static struct str long_header(void)
{
    struct entry e = sealed(ANA);
    return draft_wrap(a, draft_set(a, draft_header(a, &e), 7, draft_zeros(a, LIMIT_HEADER_BYTES)), e.payload,
                      &town.person[ANA]);
}

static struct str second_version(void)
{
    struct entry e = sealed(ANA);
    return draft_wrap(a, draft_set(a, draft_header(a, &e), 1, draft_uint(a, 2)), e.payload, &town.person[ANA]);
}

static struct str unknown_kind(void)
{
    struct entry e = sealed(ANA);
    return draft_wrap(a, draft_set(a, draft_header(a, &e), 9, draft_uint(a, 9)), e.payload, &town.person[ANA]);
}

static struct str other_circle(void)
{
    struct entry e = sealed(ANA);
    static const uint8_t elsewhere[HASH_BYTES] = {7};
    e.circle = elsewhere;
    return sign(&e, ANA);
}

static struct str other_genesis(void)
{
    return room_genesis(&town.room[ANA], a, false);
}

static struct str old_position(void)
{
    struct entry before = room_entry(&town.room[ANA], town.room[ANA].chain.circle.head_seq - 1), e = sealed(ANA);
    e.seq = before.seq + 1;
    e.prev = arena_copy(a, STR_OF(before.hash)).at;
    return sign(&e, ANA);
}

static struct str far_position(void)
{
    struct entry e = sealed(ANA);
    e.seq++;
    return sign(&e, ANA);
}

static struct str foreign_prev(void)
{
    struct entry e = sealed(ANA);
    static const uint8_t nothing[HASH_BYTES] = {3};
    e.prev = nothing;
    return sign(&e, ANA);
}

static struct str id_of_another(void)
{
    struct entry e = sealed(ANA), before = room_entry(&town.room[ANA], 1);
    e.id = arena_copy(a, str_at(before.id, ID_BYTES)).at;
    return sign(&e, ANA);
}

static struct str signed_by_another(void)
{
    struct entry e = sealed(ANA);
    return sign(&e, BEN);
}

static struct str by_a_stranger(void)
{
    struct entry e = sealed(ANA);
    e.author = town.person[DOV].keys.sign_pk;
    return sign(&e, DOV);
}

static struct str from_another_epoch(void)
{
    struct entry e = sealed(ANA);
    e.epoch--;
    return sign(&e, ANA);
}

static struct str rotate_skips_an_epoch(void)
{
    struct entry e = draft_rotate(&town.room[ANA], a, ROTATE_WISH);
    e.epoch++;
    return sign(&e, ANA);
}

static struct str an_hour_ahead(void)
{
    struct entry e = sealed(ANA);
    e.time_ms += 60 * 60 * SECOND_MS;
    return sign(&e, ANA);
}

static struct str eleven_minutes_behind(void)
{
    struct entry e = sealed(ANA);
    e.time_ms -= 11 * 60 * SECOND_MS;
    return sign(&e, ANA);
}

static struct str consent_to_nothing(void)
{
    static const uint8_t no_invite[HASH_BYTES] = {5};
    return room_consent(&town.room[ANA], a, no_invite);
}

static struct str rotate_for_one_less(void)
{
    struct entry e = draft_rotate(&town.room[ANA], a, ROTATE_WISH);
    e.body.rotate.seal_n--;
    return sign(&e, ANA);
}

static struct str rotate_for_one_more(void)
{
    struct entry e = draft_rotate(&town.room[ANA], a, ROTATE_WISH);
    e.body.rotate.seal[e.body.rotate.seal_n++] = e.body.rotate.seal[0];
    return sign(&e, ANA);
}

static struct str redact_of(uint64_t seq)
{
    return room_redact_bare(&town.room[ANA], a, &seq, 1);
}

static struct str redact_of_anothers(void)
{
    return redact_of(town.room[ANA].chain.circle.head_seq); /* Ben said it */
}

static struct str redact_of_no_words(void)
{
    return redact_of(0);
}

static struct str redact_of_what_is_not_there(void)
{
    return redact_of(town.room[ANA].chain.circle.head_seq + 1);
}

static struct str redact_twice_in_one(void)
{
    uint64_t twice[] = {town.room[ANA].chain.circle.head_seq - 1, town.room[ANA].chain.circle.head_seq - 1};
    return room_redact_bare(&town.room[ANA], a, twice, 2);
}

static struct str other_payload(void)
{
    struct entry e = sealed(ANA), other = sealed(ANA);
    return draft_wrap(a, draft_header(a, &e), other.payload, &town.person[ANA]);
}

static struct str no_payload(void)
{
    return draft_erased(a, words(ANA));
}

static struct str blob_that_nobody_sent(void)
{
    struct entry e = sealed(ANA);
    e.ref[0] = (struct entry_ref){.hash = town.person[ANA].keys.sign_pk, .bytes_n = 1000};
    e.ref_n = 1;
    return sign(&e, ANA);
}

static struct str invite_without_rotate(void)
{
    uint8_t secret[SECRET_BYTES] = {1};
    struct entry e = draft_invite(&town.room[ANA], a, secret, town.room[ANA].now_ms + A_DAY_MS);
    return sign(&e, ANA);
}

/* A rotate, and an invite behind it until so many ms from now. */
static struct str invite_until(int64_t from_now_ms, size_t invite_n)
{
    struct room later = town.room[ANA];
    struct str batch = room_rotate(&later, a, ROTATE_INVITE);
    room_assume(&later, batch);
    for (size_t i = 0; i < invite_n; i++) {
        uint8_t secret[SECRET_BYTES];
        random_fill(secret, sizeof secret);
        struct entry e = draft_invite(&later, a, secret, (uint64_t)((int64_t)later.now_ms + from_now_ms));
        struct str invite = sign(&e, ANA);
        room_assume(&later, invite);
        batch = draft_then(a, batch, invite);
    }
    return batch;
}

static struct str invite_that_is_over(void)
{
    return invite_until(-1, 1);
}

static struct str invite_for_too_long(void)
{
    return invite_until((int64_t)A_DAY_MS * LIMIT_INVITE_DAYS + 1, 1);
}

static struct str sixth_invite(void)
{
    return invite_until(A_DAY_MS, LIMIT_OPEN_INVITES + 1);
}

/* ---- the table --------------------------------------------------------------------------------- */

#define TELLS(...) ((const unsigned[]){__VA_ARGS__}), sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned)

static const struct {
    struct str (*make)(void);
    const char *code;
    int status;
    const unsigned *key;
    size_t key_n;
    uint64_t index;
    const char *field;
} rows[] = {
    {broken_cbor, "bad_cbor", 400, TELLS(API_INDEX, API_FIELD), 0, "entries"},
    {empty_batch, "bad_field", 400, TELLS(API_INDEX, API_FIELD), 0, "entries"},
    {too_many_entries, "bad_field", 400, TELLS(API_INDEX, API_FIELD), LIMIT_BATCH_ENTRIES + 1, "entries"},
    {short_id, "bad_entry", 400, TELLS(API_INDEX, API_FIELD), 0, "id"},
    {long_header, "bad_entry", 400, TELLS(API_INDEX, API_FIELD), 0, "entry"},
    {second_version, "bad_version", 400, TELLS(API_INDEX, API_FIELD), 0, "v"},
    {unknown_kind, "bad_version", 400, TELLS(API_INDEX, API_FIELD), 0, "kind"},
    {other_circle, "wrong_circle", 400, TELLS(API_INDEX, API_FIELD), 0, "circle"},
    {other_genesis, "wrong_circle", 400, TELLS(API_INDEX, API_FIELD), 0, "circle"},
    {old_position, "head_moved", 409, TELLS(API_INDEX, API_SEQ, API_HASH, API_FIELD), 0, "prev"},
    {far_position, "head_moved", 409, TELLS(API_INDEX, API_SEQ, API_HASH, API_FIELD), 0, "prev"},
    {foreign_prev, "head_moved", 409, TELLS(API_INDEX, API_SEQ, API_HASH, API_FIELD), 0, "prev"},
    {id_of_another, "id_taken", 409, TELLS(API_INDEX, API_FIELD), 0, "id"},
    {signed_by_another, "bad_signature", 422, TELLS(API_INDEX, API_FIELD), 0, "sig"},
    {by_a_stranger, "not_member", 403, TELLS(API_INDEX, API_FIELD), 0, "author"},
    {from_another_epoch, "epoch_stale", 409, TELLS(API_INDEX, API_EPOCH, API_FIELD), 0, "epoch"},
    {rotate_skips_an_epoch, "epoch_stale", 409, TELLS(API_INDEX, API_EPOCH, API_FIELD), 0, "epoch"},
    {an_hour_ahead, "clock_skew", 422, TELLS(API_INDEX, API_TIME, API_FIELD), 0, "time"},
    {eleven_minutes_behind, "clock_skew", 422, TELLS(API_INDEX, API_TIME, API_FIELD), 0, "time"},
    {consent_to_nothing, "invite_void", 409, TELLS(API_INDEX, API_FIELD), 0, "invite"},
    {rotate_for_one_less, "bad_boxes", 422, TELLS(API_INDEX, API_FIELD), 0, "boxes"},
    {rotate_for_one_more, "bad_boxes", 422, TELLS(API_INDEX, API_FIELD), 0, "boxes"},
    {redact_of_anothers, "bad_redact", 422, TELLS(API_INDEX, API_FIELD), 0, "seqs"},
    {redact_of_no_words, "bad_redact", 422, TELLS(API_INDEX, API_FIELD), 0, "seqs"},
    {redact_of_what_is_not_there, "bad_redact", 422, TELLS(API_INDEX, API_FIELD), 0, "seqs"},
    {redact_twice_in_one, "bad_redact", 422, TELLS(API_INDEX, API_FIELD), 0, "seqs"},
    {other_payload, "payload_mismatch", 422, TELLS(API_INDEX, API_FIELD), 0, "payload"},
    {no_payload, "payload_mismatch", 422, TELLS(API_INDEX, API_FIELD), 0, "payload"},
    {blob_that_nobody_sent, "missing_blob", 422, TELLS(API_INDEX), 0, ""},
    {invite_without_rotate, "rotate_required", 409, TELLS(API_INDEX, API_FIELD), 0, "kind"},
    {invite_that_is_over, "invite_expired", 409, TELLS(API_INDEX, API_FIELD), 1, "expiry"},
    {invite_for_too_long, "bad_entry", 400, TELLS(API_INDEX, API_FIELD), 1, "expiry"},
    {sixth_invite, "too_many_invites", 409, TELLS(API_INDEX, API_FIELD), 1 + LIMIT_OPEN_INVITES, "kind"},
};

/* A refusal that says what it should, and after which everything is as it was. */
static struct api_reply expect_refusal(size_t who, struct str batch, int status, const char *code)
{
    struct town_state before = town_look(&town, ANA);
    struct api_reply r = expect_refused(api_append(&town.api[who], town_circle(&town), batch), status, code);
    expect_same(&town, ANA, before);
    return r;
}

static void every_refusal_says_what_it_should_and_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t from_ms = api_now_ms();
        struct api_reply r = expect_refusal(ANA, rows[i].make(), rows[i].status, rows[i].code);
        expect_detail_at(r, rows[i].key, rows[i].key_n, rows[i].code, (int)i);
        assert_int_equal(r.index, rows[i].index);
        assert_string_equal(r.field, rows[i].field);
        if (r.detail & CBOR_KEY(API_SEQ)) assert_int_equal(r.seq, town.room[ANA].chain.circle.head_seq);
        if (r.detail & CBOR_KEY(API_HASH)) {
            assert_memory_equal(r.hash, town.room[ANA].chain.circle.head_hash, HASH_BYTES);
        }
        if (r.detail & CBOR_KEY(API_EPOCH)) assert_int_equal(r.epoch, town.room[ANA].chain.circle.epoch);
        if (r.detail & CBOR_KEY(API_TIME)) assert_in_range(r.time_ms, from_ms, api_now_ms());
    }
    (void)expect_ok(town_say(&town, ANA, "and it goes on"), 201);
}

/* A client that replays what a hostile server would have recorded refuses it for the same reason, but for what
 * only a server can know: its clock, its attachments, how much may be sent at once. */
static void a_client_refuses_the_same(void **state)
{
    (void)state;
    static const char *const servers_own[] = {"clock_skew", "missing_blob", "bad_field"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct room copy;
        struct why why = {0};
        bool is_servers_own = false;
        for (size_t k = 0; k < 3; k++) is_servers_own = is_servers_own || strcmp(rows[i].code, servers_own[k]) == 0;
        if (is_servers_own || rows[i].make == no_payload) continue; /* no_payload: see the next test */
        room_init(&copy, &town.person[BEN], api_now_ms());
        rooms_take((struct room *const[]){&copy}, 1, room_sequence(&town.room[BEN], a, 0));
        enum err e = room_take(&copy, rows[i].make(), &why);
        if (strcmp(err_code(e), rows[i].code) != 0) print_error("row %zu: %s\n", i, err_code(e));
        assert_string_equal(err_code(e), rows[i].code);
        assert_string_equal(err_code(why.code), rows[i].code);
        assert_int_equal(why.at, rows[i].index);
        room_fini(&copy);
    }
}

/* Without its payload an entry may have been erased: a client goes on, and is not settled until it sees the
 * redact. */
static void a_client_is_not_settled_without_a_payload(void **state)
{
    (void)state;
    struct room copy;
    struct why why = {0};
    room_init(&copy, &town.person[BEN], api_now_ms());
    rooms_take((struct room *const[]){&copy}, 1, room_sequence(&town.room[BEN], a, 0));
    assert_true(chain_is_settled(&copy.chain));
    assert_int_equal(room_take(&copy, no_payload(), &why), ERR_OK);
    assert_false(chain_is_settled(&copy.chain));
    room_fini(&copy);
}

/* ---- refusals that need a story ---------------------------------------------------------------- */

static void who_was_never_in_finds_no_circle(void **state)
{
    (void)state;
    expect_no_detail(expect_refusal(DOV, words(ANA), 404, "no_circle"));
}

static void who_has_left_may_not_even_pass_on_anothers_words(void **state)
{
    (void)state;
    (void)expect_ok(town_leave(&town, CLEO), 201);
    (void)expect_ok(town_rotate(&town, ANA, ROTATE_LEFT), 201);
    struct entry own = sealed(ANA);
    own.author = town.person[CLEO].keys.sign_pk;
    expect_no_detail(expect_refusal(CLEO, sign(&own, CLEO), 403, "not_member"));
    expect_no_detail(expect_refusal(CLEO, words(ANA), 403, "not_member"));
    struct api_reply r = expect_refusal(ANA, sign(&own, CLEO), 403, "not_member"); /* passed on by Ana */
    expect_detail(r, API_INDEX, API_FIELD);
    (void)expect_ok(town_post(&town, BEN, words(ANA)), 201); /* a member may pass on what another signed */
}

static void after_a_leave_the_key_is_changed_first(void **state)
{
    (void)state;
    (void)expect_ok(town_leave(&town, CLEO), 201);
    uint8_t secret[SECRET_BYTES] = {1};
    struct entry invite = draft_invite(&town.room[ANA], a, secret, town.room[ANA].now_ms + A_DAY_MS);
    const struct str batch[] = {words(ANA), sign(&invite, ANA), consent_to_nothing()};
    for (size_t i = 0; i < 3; i++) {
        struct api_reply r = expect_refusal(ANA, batch[i], 409, "rotate_required");
        expect_detail(r, API_INDEX, API_FIELD);
        assert_string_equal(r.field, "kind");
    }
    uint64_t own = town.room[ANA].chain.circle.head_seq - 2; /* what Ana said before */
    (void)expect_ok(town_post(&town, ANA, room_redact_bare(&town.room[ANA], a, &own, 1)), 201);
    (void)expect_ok(town_rotate(&town, BEN, ROTATE_LEFT), 201);
    (void)expect_ok(town_say(&town, ANA, "among two"), 201);
}

static void what_is_erased_is_not_erased_twice(void **state)
{
    (void)state;
    uint64_t own = town.room[ANA].chain.circle.head_seq - 1;
    (void)expect_ok(town_post(&town, ANA, room_redact_bare(&town.room[ANA], a, &own, 1)), 201);
    (void)expect_refusal(ANA, room_redact_bare(&town.room[ANA], a, &own, 1), 422, "bad_redact");
    uint64_t redact = town.room[ANA].chain.circle.head_seq;
    (void)expect_refusal(ANA, room_redact_bare(&town.room[ANA], a, &redact, 1), 422, "bad_redact"); /* no words */
}

static void an_invitation_is_agreed_to_once(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    (void)expect_ok(town_post(&town, ANA, room_invite(&town.room[ANA], a, secret)), 201);
    struct entry invite = room_invite_of(&town.room[ANA], secret);
    (void)expect_refusal(ANA, room_consent(&town.room[ANA], a, invite.hash), 409, "consent_given"); /* by inviting */
    (void)expect_ok(town_post(&town, BEN, room_consent(&town.room[BEN], a, invite.hash)), 201);
    struct api_reply r = expect_refusal(BEN, room_consent(&town.room[BEN], a, invite.hash), 409, "consent_given");
    expect_detail(r, API_INDEX, API_FIELD);
    assert_string_equal(r.field, "invite");
}

/* Dov's copy, as somebody has it who opened the invitation. */
static void let_in(size_t who)
{
    rooms_take((struct room *const[]){&town.room[who]}, 1, room_sequence(&town.room[ANA], a, 0));
}

static void a_join_needs_everyones_consent_an_open_invite_and_a_proof(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    (void)expect_ok(town_post(&town, ANA, room_invite(&town.room[ANA], a, secret)), 201);
    struct entry invite = room_invite_of(&town.room[ANA], secret);
    (void)expect_ok(town_post(&town, BEN, room_consent(&town.room[BEN], a, invite.hash)), 201);
    let_in(DOV);
    struct api_reply r = expect_refusal(DOV, room_join(&town.room[DOV], a, secret), 409, "consent_missing");
    expect_detail(r, API_INDEX, API_FIELD);
    (void)expect_ok(town_post(&town, CLEO, room_consent(&town.room[CLEO], a, invite.hash)), 201);

    struct entry join = draft_join(&town.room[DOV], a, secret);
    const uint8_t *proof = join.body.join.proof;
    join.body.join.proof = town.person[DOV].keys.sign_sk; /* 64 bytes of something else */
    r = expect_refusal(DOV, sign(&join, DOV), 422, "bad_proof");
    assert_string_equal(r.field, "proof");
    join.body.join.proof = proof;
    join.body.join.box_pk = town.person[BEN].keys.box_pk; /* the proof covers it */
    (void)expect_refusal(DOV, sign(&join, DOV), 422, "bad_proof");

    (void)expect_ok(town_rotate(&town, BEN, ROTATE_WISH), 201); /* takes it back */
    struct entry late = draft_join(&town.room[DOV], a, secret);
    late.epoch = late.body.join.from_epoch = town.room[DOV].chain.circle.epoch;
    r = expect_refusal(DOV, sign(&late, DOV), 409, "invite_void");
    assert_string_equal(r.field, "invite");
}

static void a_join_without_the_joiners_rotate_is_no_batch(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    town_invite(&town, ANA, secret);
    let_in(DOV);
    struct entry join = draft_join(&town.room[DOV], a, secret);
    struct api_reply r = expect_refusal(DOV, sign(&join, DOV), 409, "rotate_required");
    assert_int_equal(r.index, 0);
    /* nor with something else behind it */
    struct room later = town.room[DOV];
    room_assume(&later, sign(&join, DOV));
    struct entry leave = draft_leave(&later, a);
    r = expect_refusal(DOV, draft_then(a, sign(&join, DOV), sign(&leave, DOV)), 409, "rotate_required");
    assert_int_equal(r.index, 1);
    (void)expect_ok(town_post(&town, DOV, room_join(&town.room[DOV], a, secret)), 201);
}

static void a_used_invitation_and_a_member_who_joins_again(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    town_invite(&town, ANA, secret);
    let_in(DOV);
    (void)expect_ok(town_post(&town, DOV, room_join(&town.room[DOV], a, secret)), 201);
    enum { ELIF = 4 };
    let_in(ELIF);
    struct entry join = draft_join(&town.room[DOV], a, secret), again = join;
    again.author = town.person[ELIF].keys.sign_pk;
    struct api_reply r = expect_refusal(ELIF, sign(&again, ELIF), 409, "invite_used");
    assert_string_equal(r.field, "invite");
    r = expect_refusal(DOV, sign(&join, DOV), 409, "already_member");
    expect_detail(r, API_INDEX, API_FIELD);
    assert_string_equal(r.field, "author");
}

static void an_invitation_past_its_date_lets_nobody_in(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct room *ana = &town.room[ANA];
    uint64_t now_ms = ana->now_ms;
    struct str rotate = room_rotate(ana, a, ROTATE_INVITE);
    struct room later = *ana;
    room_assume(&later, rotate);
    later.now_ms = now_ms - 20 * SECOND_MS;
    random_fill(secret, sizeof secret);
    struct entry invite = draft_invite(&later, a, secret, now_ms - 10 * SECOND_MS);
    (void)expect_ok(town_post(&town, ANA, draft_then(a, rotate, sign(&invite, ANA))), 201);
    struct entry seen = room_invite_of(ana, secret);
    (void)expect_refusal(BEN, room_consent(&town.room[BEN], a, seen.hash), 409, "invite_expired");
    for (size_t i = BEN; i <= CLEO; i++) {
        town.room[i].now_ms = now_ms - 15 * SECOND_MS;
        (void)expect_ok(town_post(&town, i, room_consent(&town.room[i], a, seen.hash)), 201);
    }
    let_in(DOV);
    (void)expect_refusal(DOV, room_join(&town.room[DOV], a, secret), 409, "invite_expired");
}

static void a_joiner_with_a_key_that_seals_nothing_is_refused(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    static const uint8_t low_order[BOX_PK_BYTES] = {0};
    uint8_t proof[SIG_BYTES];
    struct invite_keys keys;
    town_invite(&town, ANA, secret);
    let_in(DOV);
    struct entry join = draft_join(&town.room[DOV], a, secret);
    invite_keys_init(&keys, secret);
    invite_proof_make(proof, keys.sk, join.circle, join.body.join.invite_hash, join.author, low_order);
    join.body.join.box_pk = low_order;
    join.body.join.proof = proof;
    struct api_reply r = expect_refusal(DOV, sign(&join, DOV), 422, "bad_key");
    assert_string_equal(r.field, "box_pk");
}

static void a_thirteenth_member_finds_the_circle_full(void **state)
{
    (void)state;
    enum { THIRTEENTH = LIMIT_MEMBERS };
    uint8_t secret[SECRET_BYTES];
    town_gather(&town, LIMIT_MEMBERS);
    town_invite(&town, ANA, secret);
    let_in(THIRTEENTH);
    struct entry join = draft_join(&town.room[THIRTEENTH], a, secret);
    struct api_reply r = expect_refusal(THIRTEENTH, sign(&join, THIRTEENTH), 409, "full");
    expect_detail(r, API_INDEX, API_FIELD);
    (void)expect_ok(town_leave(&town, BEN), 201);
}

static void a_batch_is_recorded_whole_or_not_at_all(void **state)
{
    (void)state;
    enum { N = 8 };
    for (size_t bad = 0; bad < N; bad++) {
        struct room later = town.room[ANA];
        struct str batch = {0};
        for (size_t i = 0; i < N; i++) {
            struct entry e = draft_sealed(&later, a, people_note(a, "one of eight"));
            struct str wire = sign(&e, i == bad ? BEN : ANA);
            room_assume(&later, wire);
            batch = batch.len == 0 ? wire : draft_then(a, batch, wire);
        }
        struct api_reply r = expect_refusal(ANA, batch, 422, "bad_signature");
        assert_int_equal(r.index, bad);
    }
}

static void what_is_there_already_is_answered_200_and_goes_on(void **state)
{
    (void)state;
    struct api_head head;
    struct str first = words(ANA);
    (void)expect_ok(town_post(&town, ANA, first), 201);
    struct str second = words(ANA);
    (void)expect_ok(town_post(&town, ANA, second), 201);
    struct town_state before = town_look(&town, ANA);
    struct str both = draft_then(a, first, second);
    struct api_reply r = expect_ok(api_append(&town.api[BEN], town_circle(&town), both), 200);
    assert_true(api_head_of_reply(&r, &head));
    assert_int_equal(head.seq, before.head.seq);
    assert_memory_equal(head.hash, before.head.hash, HASH_BYTES);
    expect_same(&town, ANA, before);
    /* with another payload it is not the same, though its signature is */
    struct entry stored = room_entry(&town.room[ANA], before.head.seq);
    struct str other = draft_wrap_sig(a, stored.header, str_at(stored.sig, SIG_BYTES), STR("other words"));
    (void)expect_refusal(BEN, other, 409, "head_moved");
    struct str third = words(ANA);
    r = expect_ok(api_append(&town.api[ANA], town_circle(&town), draft_then(a, second, third)), 201);
    assert_true(api_head_of_reply(&r, &head));
    assert_int_equal(head.seq, before.head.seq + 1);
    town_follow(&town, third);
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
        cmocka_unit_test_setup(every_refusal_says_what_it_should_and_changes_nothing, gather),
        cmocka_unit_test_setup(a_client_refuses_the_same, gather),
        cmocka_unit_test_setup(a_client_is_not_settled_without_a_payload, gather),
        cmocka_unit_test_setup(who_was_never_in_finds_no_circle, gather),
        cmocka_unit_test_setup(who_has_left_may_not_even_pass_on_anothers_words, gather),
        cmocka_unit_test_setup(after_a_leave_the_key_is_changed_first, gather),
        cmocka_unit_test_setup(what_is_erased_is_not_erased_twice, gather),
        cmocka_unit_test_setup(an_invitation_is_agreed_to_once, gather),
        cmocka_unit_test_setup(a_join_needs_everyones_consent_an_open_invite_and_a_proof, gather),
        cmocka_unit_test_setup(a_join_without_the_joiners_rotate_is_no_batch, gather),
        cmocka_unit_test_setup(a_used_invitation_and_a_member_who_joins_again, gather),
        cmocka_unit_test_setup(an_invitation_past_its_date_lets_nobody_in, gather),
        cmocka_unit_test_setup(a_joiner_with_a_key_that_seals_nothing_is_refused, gather),
        cmocka_unit_test_setup(a_thirteenth_member_finds_the_circle_full, gather),
        cmocka_unit_test_setup(a_batch_is_recorded_whole_or_not_at_all, gather),
        cmocka_unit_test_setup(what_is_there_already_is_answered_200_and_goes_on, gather),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
