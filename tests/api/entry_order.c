/* entry_order.c -- an entry with two faults at once is refused for the one that is looked at first.
 *
 * The order is part of the protocol: a client acts on the code it gets, and what it learns of a circle that is
 * not its own must not depend on luck.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "harness/expect.h"

enum { ANA, BEN, CLEO, DOV, PEOPLE = 14, SECOND_MS = 1000, A_DAY_MS = 24 * 60 * 60 * SECOND_MS };

static struct town town;
static struct arena *a = &town.arena;

static struct str sign(const struct entry *draft, size_t who)
{
    return draft_sign(a, draft, &town.person[who]);
}

static struct api_reply send_it(size_t who, struct str batch)
{
    return api_append(&town.api[who], town_circle(&town), batch);
}

/* ---- faults of a sealed entry, in the order in which they are looked for ----------------------- */

enum fault { VERSION, SHAPE, CIRCLE, PLACE, ID, SIGNATURE, AUTHOR, KEY_CHANGE, EPOCH, CLOCK, PAYLOAD, BLOB, FAULTS };

static const struct {
    const char *code;
    int status;
} says[FAULTS] = {
    [VERSION] = {"bad_version", 400},   [SHAPE] = {"bad_entry", 400},      [CIRCLE] = {"wrong_circle", 400},
    [PLACE] = {"head_moved", 409},      [ID] = {"id_taken", 409},          [SIGNATURE] = {"bad_signature", 422},
    [AUTHOR] = {"not_member", 403},     [KEY_CHANGE] = {"rotate_required", 409}, [EPOCH] = {"epoch_stale", 409},
    [CLOCK] = {"clock_skew", 422},      [PAYLOAD] = {"payload_mismatch", 422},   [BLOB] = {"missing_blob", 422},
};

static bool has(unsigned faults, enum fault f)
{
    return (faults >> f & 1) != 0;
}

/* A sealed entry of Ana's with these faults. KEY_CHANGE is the circle's: somebody has left. */
static struct str with_faults(unsigned faults)
{
    static const uint8_t elsewhere[HASH_BYTES] = {7};
    struct entry e = draft_sealed(&town.room[ANA], a, people_note(a, "words"));
    struct entry first = room_entry(&town.room[ANA], 0),
                 other = draft_sealed(&town.room[ANA], a, people_note(a, "others"));
    if (has(faults, CIRCLE)) e.circle = elsewhere;
    if (has(faults, PLACE)) e.seq += 5;
    if (has(faults, ID)) e.id = arena_copy(a, str_at(first.id, ID_BYTES)).at;
    if (has(faults, AUTHOR)) e.author = town.person[DOV].keys.sign_pk;
    if (has(faults, EPOCH)) e.epoch += 3;
    if (has(faults, CLOCK)) e.time_ms += 60 * 60 * SECOND_MS;
    if (has(faults, BLOB)) e.ref[e.ref_n++] = (struct entry_ref){.hash = elsewhere, .bytes_n = 9};
    struct str header = draft_header(a, &e), payload = has(faults, PAYLOAD) ? other.payload : e.payload;
    if (has(faults, VERSION)) header = draft_set(a, header, 1, draft_uint(a, 2));
    if (has(faults, SHAPE)) header = draft_set(a, header, 14, draft_uint(a, 0));
    size_t signer = has(faults, SIGNATURE) ? BEN : has(faults, AUTHOR) ? DOV : ANA;
    return draft_wrap(a, header, payload, &town.person[signer]);
}

static void of_two_faults_the_first_is_told(void **state)
{
    (void)state;
    unsigned pair_n = 0;
    for (int has_left = 0; has_left < 2; has_left++) {
        if (has_left) (void)expect_ok(town_leave(&town, CLEO), 201);
        struct town_state before = town_look(&town, ANA);
        for (unsigned i = 0; i < FAULTS; i++) {
            for (unsigned k = i; k < FAULTS; k++) {
                bool needs_left = i == KEY_CHANGE || k == KEY_CHANGE;
                if (needs_left != (has_left == 1)) continue;
                struct api_reply r = send_it(ANA, with_faults(1u << i | 1u << k));
                if (strcmp(r.code, says[i].code) != 0) print_error("%s and %s:\n", says[i].code, says[k].code);
                (void)expect_refused(r, says[i].status, says[i].code);
                pair_n++;
            }
        }
        expect_same(&town, ANA, before);
    }
    assert_int_equal(pair_n, FAULTS * (FAULTS + 1) / 2);
}

static void with_every_fault_at_once_they_are_told_one_by_one(void **state)
{
    (void)state;
    (void)expect_ok(town_leave(&town, CLEO), 201);
    unsigned faults = (1u << FAULTS) - 1;
    for (unsigned i = 0; i < FAULTS; i++) {
        (void)expect_refused(send_it(ANA, with_faults(faults)), says[i].status, says[i].code);
        faults &= ~(1u << i);
        if (i == KEY_CHANGE) { /* this one is put right by a rotate */
            struct str rotate = room_rotate(&town.room[ANA], a, ROTATE_LEFT);
            (void)expect_ok(town_post(&town, ANA, rotate), 201);
        }
    }
    (void)expect_ok(town_post(&town, ANA, with_faults(0)), 201);
}

/* ---- faults of other kinds --------------------------------------------------------------------- */

/* Ana's batch: a rotate, and an invite with these faults behind it. */
static struct str invite_with(bool has_clock, bool is_over, bool is_too_long, bool has_payload_fault)
{
    struct room later = town.room[ANA];
    uint8_t secret[SECRET_BYTES] = {4};
    struct str rotate = room_rotate(&later, a, ROTATE_INVITE);
    room_assume(&later, rotate);
    uint64_t until_ms = later.now_ms + A_DAY_MS;
    if (is_over) until_ms = later.now_ms - 1;
    if (is_too_long) until_ms = later.now_ms + UINT64_C(15) * A_DAY_MS;
    struct entry e = draft_invite(&later, a, secret, until_ms);
    if (has_clock) {
        e.time_ms += 60 * 60 * SECOND_MS;
        e.body.invite.expires_ms += 60 * 60 * SECOND_MS;
    }
    struct str payload = has_payload_fault ? STR("something else") : e.payload;
    return draft_then(a, rotate, draft_wrap(a, draft_header(a, &e), payload, &town.person[ANA]));
}

static void an_invites_faults_in_their_order(void **state)
{
    (void)state;
    struct town_state before = town_look(&town, ANA);
    (void)expect_refused(send_it(ANA, invite_with(true, true, false, true)), 422, "clock_skew");
    (void)expect_refused(send_it(ANA, invite_with(false, true, false, true)), 409, "invite_expired");
    (void)expect_refused(send_it(ANA, invite_with(false, false, true, true)), 400, "bad_entry");
    (void)expect_refused(send_it(ANA, invite_with(false, false, false, true)), 422, "payload_mismatch");
    expect_same(&town, ANA, before);
}

static void a_rotates_faults_in_their_order(void **state)
{
    (void)state;
    struct town_state before = town_look(&town, ANA);
    for (unsigned faults = 1; faults < 8; faults++) {
        struct entry e = draft_rotate(&town.room[ANA], a, ROTATE_WISH);
        if (faults & 1) e.epoch += 4;
        if (faults & 2) e.time_ms -= 60 * 60 * SECOND_MS;
        if (faults & 4) e.body.rotate.seal_n = 1;
        const char *code = faults & 1 ? "epoch_stale" : faults & 2 ? "clock_skew" : "bad_boxes";
        (void)expect_refused(send_it(ANA, sign(&e, ANA)), faults == 4 || (faults & 3) == 2 ? 422 : 409, code);
    }
    expect_same(&town, ANA, before);
}

enum join_fault { J_MEMBER = 1, J_EPOCH = 2, J_VOID = 4, J_PROOF = 8, J_KEY = 16, J_CLOCK = 32 };

/* A join of Dov's (or, J_MEMBER, of Ben's) by that secret. void_hash: an invite that was taken back. */
static struct str join_with(unsigned faults, const uint8_t secret[static SECRET_BYTES], const uint8_t *void_hash)
{
    static const uint8_t low_order[BOX_PK_BYTES] = {0}, other[SIG_BYTES] = {2};
    size_t who = faults & J_MEMBER ? BEN : DOV;
    struct entry e = draft_join(&town.room[who], a, secret);
    uint8_t proof[SIG_BYTES];
    struct invite_keys keys;
    if (faults & J_EPOCH) e.epoch = e.body.join.from_epoch = e.epoch + 1;
    if (faults & J_VOID) e.body.join.invite_hash = void_hash;
    if (faults & J_KEY) e.body.join.box_pk = low_order;
    if (faults & J_CLOCK) e.time_ms -= 60 * 60 * SECOND_MS;
    invite_keys_init(&keys, secret);
    invite_proof_make(proof, keys.sk, e.circle, e.body.join.invite_hash, e.author, e.body.join.box_pk);
    e.body.join.proof = faults & J_PROOF ? other : proof;
    return sign(&e, who);
}

static void a_joins_faults_in_their_order(void **state)
{
    (void)state;
    static const struct {
        unsigned fault;
        const char *code;
        int status;
    } order[] = {
        {J_MEMBER, "already_member", 409}, {J_EPOCH, "epoch_stale", 409}, {J_CLOCK, "clock_skew", 422},
        {J_VOID, "invite_void", 409},      {0, "consent_missing", 409},   {J_PROOF, "bad_proof", 422},
        {J_KEY, "bad_key", 422},
    };
    enum { N = sizeof order / sizeof *order, CONSENT = 4 };
    uint8_t secret[SECRET_BYTES], taken_back[SECRET_BYTES];
    (void)expect_ok(town_post(&town, ANA, room_invite(&town.room[ANA], a, taken_back)), 201);
    (void)expect_ok(town_post(&town, ANA, room_invite(&town.room[ANA], a, secret)), 201);
    struct entry gone = room_invite_of(&town.room[ANA], taken_back), invite = room_invite_of(&town.room[ANA], secret);
    rooms_take((struct room *const[]){&town.room[DOV]}, 1, room_sequence(&town.room[ANA], a, 0));
    for (int is_agreed = 0; is_agreed < 2; is_agreed++) {
        for (size_t i = 0; i < N; i++) {
            for (size_t k = i; k < N; k++) {
                bool needs_agreed = i > CONSENT, is_consent = i == CONSENT;
                if (is_consent && is_agreed) continue;
                unsigned faults = order[i].fault | order[k].fault;
                struct api_reply r = send_it(faults & J_MEMBER ? BEN : DOV, join_with(faults, secret, gone.hash));
                size_t want = needs_agreed && !is_agreed ? CONSENT : i;
                if (strcmp(r.code, order[want].code) != 0) print_error("%s and %s:\n", order[i].code, order[k].code);
                (void)expect_refused(r, order[want].status, order[want].code);
            }
        }
        for (size_t who = BEN; who <= CLEO && !is_agreed; who++) {
            (void)expect_ok(town_post(&town, who, room_consent(&town.room[who], a, invite.hash)), 201);
        }
    }
}

static void a_full_circle_says_so_last(void **state)
{
    (void)state;
    enum { THIRTEENTH = LIMIT_MEMBERS };
    uint8_t secret[SECRET_BYTES], proof[SIG_BYTES];
    static const uint8_t low_order[BOX_PK_BYTES] = {0};
    struct invite_keys keys;
    town_gather(&town, LIMIT_MEMBERS);
    town_invite(&town, ANA, secret);
    rooms_take((struct room *const[]){&town.room[THIRTEENTH]}, 1, room_sequence(&town.room[ANA], a, 0));
    struct entry good = draft_join(&town.room[THIRTEENTH], a, secret), bad = good;
    bad.body.join.proof = town.person[ANA].keys.sign_sk;
    (void)expect_refused(send_it(THIRTEENTH, sign(&bad, THIRTEENTH)), 422, "bad_proof");
    bad = good;
    invite_keys_init(&keys, secret);
    invite_proof_make(proof, keys.sk, good.circle, good.body.join.invite_hash, good.author, low_order);
    bad.body.join.box_pk = low_order;
    bad.body.join.proof = proof;
    (void)expect_refused(send_it(THIRTEENTH, sign(&bad, THIRTEENTH)), 422, "bad_key");
    (void)expect_refused(send_it(THIRTEENTH, sign(&good, THIRTEENTH)), 409, "full");
}

/* ---- between the entries of a batch, and around them ------------------------------------------- */

/* What can be seen without the record is looked at for the whole batch first; then one entry after the other. */
static void a_batch_is_first_read_then_judged_in_order(void **state)
{
    (void)state;
    struct str late = with_faults(1u << CLOCK), early = with_faults(1u << SHAPE), placed = with_faults(1u << CIRCLE);
    struct api_reply r = expect_refused(send_it(ANA, draft_then(a, late, early)), 400, "bad_entry");
    assert_int_equal(r.index, 1);
    r = expect_refused(send_it(ANA, draft_then(a, late, placed)), 422, "clock_skew");
    assert_int_equal(r.index, 0);
    r = expect_refused(send_it(ANA, draft_then(a, placed, late)), 400, "wrong_circle");
    assert_int_equal(r.index, 0);
    r = expect_refused(send_it(ANA, draft_then(a, early, STR("\xff"))), 400, "bad_cbor");
    assert_int_equal(r.index, 1);
}

static void form_then_circle_then_entry(void **state)
{
    (void)state;
    uint8_t nobody[HASH_BYTES] = {1};
    struct str broken = STR("\x83"), shape = with_faults(1u << SHAPE), late = with_faults(1u << CLOCK);
    (void)expect_refused(api_append(&town.api[ANA], nobody, broken), 400, "bad_cbor");
    (void)expect_refused(api_append(&town.api[DOV], town_circle(&town), broken), 400, "bad_cbor");
    (void)expect_refused(api_append(&town.api[DOV], town_circle(&town), shape), 400, "bad_entry");
    (void)expect_refused(api_append(&town.api[DOV], town_circle(&town), late), 404, "no_circle");
    (void)expect_refused(api_append(&town.api[ANA], nobody, late), 404, "no_circle");
    (void)expect_ok(town_leave(&town, CLEO), 201);
    (void)expect_refused(api_append(&town.api[CLEO], town_circle(&town), late), 403, "not_member");
}

/* Around the body: address, method, type, length, size, who, and then what is in it. */
static void a_requests_faults_in_their_order(void **state)
{
    (void)state;
    char path[API_PATH_BYTES];
    static const char none[API_TOKEN_TEXT_BYTES] = "00";
    api_entries_path(path, town_circle(&town), "");
    const struct {
        struct http_ask ask;
        const char *code;
        int status;
    } row[] = {
        {{.method = "PATCH", .path = "/v1/circle", .token = none, .type = "text/plain", .body = STR("x")},
         "no_route",
         404},
        {{.method = "PATCH", .path = path, .token = none, .type = "text/plain", .body = STR("x")}, "bad_method", 405},
        {{.method = "POST", .path = path, .token = none, .type = "text/plain", .body = STR("x")}, "bad_type", 415},
        {{.method = "POST", .path = path, .token = none, .more = "Content-Type: application/cbor\r\n"},
         "no_length",
         411},
        {{.method = "POST", .path = path, .token = none, .type = "text/plain"}, "bad_type", 415},
        {{.method = "POST", .path = path, .token = none, .body = STR("x")}, "no_session", 401},
        {{.method = "POST", .path = path, .body = STR("x")}, "bad_cbor", 400},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct api_reply r = api_ask(&town.api[ANA], &row[i].ask);
        if (r.status != row[i].status) print_error("row %zu:\n", i);
        (void)expect_refused(r, row[i].status, row[i].code);
    }
    struct http_reply http;
    char head[512];
    (void)snprintf(head, sizeof head,
                   "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/cbor\r\n"
                   "Content-Length: 1048577\r\n\r\n",
                   path, none);
    struct http_client c;
    http_client_init(&c, town.daemon.port);
    assert_true(http_client_send(&c, str_of_text(head)) && http_client_read(&c, true, &http));
    (void)expect_refused(api_reply_of(&http), 413, "too_large");
    http_client_fini(&c);
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
    town_gather(&town, 3);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(of_two_faults_the_first_is_told, gather),
        cmocka_unit_test_setup(with_every_fault_at_once_they_are_told_one_by_one, gather),
        cmocka_unit_test_setup(an_invites_faults_in_their_order, gather),
        cmocka_unit_test_setup(a_rotates_faults_in_their_order, gather),
        cmocka_unit_test_setup(a_joins_faults_in_their_order, gather),
        cmocka_unit_test_setup(a_full_circle_says_so_last, gather),
        cmocka_unit_test_setup(a_batch_is_first_read_then_judged_in_order, gather),
        cmocka_unit_test_setup(form_then_circle_then_entry, gather),
        cmocka_unit_test_setup(a_requests_faults_in_their_order, gather),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
