/* circle_order.c -- the order in which circle_judge finds errors [C22]: for each kind of entry, every set of
 * things that can be wrong at once is tried, and the first of them is what must be said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/people.h"

#define NOW_MS   UINT64_C(1767225600000)
#define A_DAY_MS (UINT64_C(24) * 60 * 60 * 1000)

/* ---- the court ------------------------------------------------------------------------------------------ */

static struct person people[3]; /* Ana, Ben and Cleo */
static struct invite_keys invite_keys;


/* One question to circle_judge, all made up: what is looked at outside the circle is answered as told. */
struct court {
    struct circle circle;
    struct entry entry;
    struct circle_terms terms;
    bool id_is_taken;
    enum err past_fails;
    struct circle_fact fact;
    uint8_t pk[3][SIGN_PK_BYTES], hash[3][HASH_BYTES], id[ID_BYTES], box_pk[BOX_PK_BYTES], proof[SIG_BYTES];
};

static enum err court_id_is_taken(void *of, const uint8_t *id, bool *is_taken)
{
    struct court *c = of;
    assert_ptr_equal(id, c->entry.id);
    *is_taken = c->id_is_taken;
    return ERR_OK;
}

static enum err court_fact_at(void *of, uint64_t seq, struct circle_fact *fact)
{
    struct court *c = of;
    assert_true(seq <= c->circle.head_seq);
    *fact = c->fact;
    return c->past_fails;
}

/* Ana, the member at index 0 of two, in a circle at seq 9, epoch 4, writes next. */
static void court_sit(struct court *c, enum entry_kind kind)
{
    static uint8_t seal[SEAL_BYTES];
    *c = (struct court){.terms = {.is_signed = true, .payload_fits = true, .is_live = true, .now_ms = NOW_MS}};
    for (size_t i = 0; i < 3; i++) {
        memset(c->hash[i], (int)i + 1, HASH_BYTES);
        memcpy(c->pk[i], people[i].keys.sign_pk, SIGN_PK_BYTES);
    }
    memcpy(c->box_pk, people[0].keys.box_pk, BOX_PK_BYTES);
    c->circle = (struct circle){.is_begun = true, .head_seq = 9, .epoch = 4, .member_n = 2, .may_invite = 1};
    memcpy(c->circle.id, c->hash[0], HASH_BYTES);
    memcpy(c->circle.head_hash, c->hash[1], HASH_BYTES);
    for (size_t i = 0; i < 2; i++) memcpy(c->circle.member[i].sign_pk, c->pk[i], SIGN_PK_BYTES);
    memcpy(c->fact.author, c->pk[0], SIGN_PK_BYTES);
    c->fact.kind = ENTRY_SEALED;
    c->entry = (struct entry){
        .kind = kind, .circle = c->hash[0], .prev = c->hash[1], .seq = 10, .epoch = kind == ENTRY_ROTATE ? 5 : 4,
        .author = c->pk[0], .id = c->id, .time_ms = NOW_MS, .payload = STR("words"),
    };
    c->entry.body.rotate.seal_n = 0;
    for (size_t i = 0; kind == ENTRY_ROTATE && i < 2; i++) c->entry.body.rotate.seal[i] = seal;
    if (kind == ENTRY_ROTATE) c->entry.body.rotate.seal_n = 2;
}

static void sealed(struct court *c) { court_sit(c, ENTRY_SEALED); }
static void leave(struct court *c) { court_sit(c, ENTRY_LEAVE); }
static void rotate(struct court *c) { court_sit(c, ENTRY_ROTATE); }

static void redact_9(struct court *c)
{
    court_sit(c, ENTRY_REDACT);
    c->entry.body.redact.seq[0] = 9;
    c->entry.body.redact.seq_n = 1;
}

static void invite(struct court *c)
{
    court_sit(c, ENTRY_INVITE);
    c->entry.body.invite.invite_pk = c->pk[2];
    c->entry.body.invite.expires_ms = NOW_MS + 1;
}

/* An open invite with hash[2], agreed to by all but Ana, whose consent it is. */
static void consent_to(struct court *c)
{
    court_sit(c, ENTRY_CONSENT);
    c->circle.invite_n = 1;
    c->circle.invite[0] = (struct circle_invite){.seq = 5, .expires_ms = NOW_MS, .consents = 2};
    memcpy(c->circle.invite[0].hash, c->hash[2], HASH_BYTES);
    c->entry.body.consent.invite_hash = c->hash[2];
}

/* Proves the join anew, for the keys that are in it now. */
static void prove(struct court *c)
{
    invite_proof_make(c->proof, invite_keys.sk, c->hash[0], c->hash[2], c->pk[2], c->box_pk);
}

/* Cleo joins by an open invite with hash[2], to which both have agreed. */
static void join(struct court *c)
{
    court_sit(c, ENTRY_JOIN);
    c->circle.invite_n = 1;
    c->circle.invite[0] = (struct circle_invite){.seq = 5, .expires_ms = NOW_MS, .consents = 3};
    memcpy(c->circle.invite[0].hash, c->hash[2], HASH_BYTES);
    memcpy(c->circle.invite[0].invite_pk, invite_keys.pk, SIGN_PK_BYTES);
    c->entry.author = c->pk[2];
    c->entry.body.join.invite_hash = c->hash[2];
    c->entry.body.join.box_pk = c->box_pk;
    c->entry.body.join.proof = c->proof;
    prove(c);
}

static void genesis(struct court *c)
{
    court_sit(c, ENTRY_GENESIS);
    memset(&c->circle, 0, sizeof c->circle);
    c->entry.circle = NULL;
    c->entry.prev = NULL;
    c->entry.seq = 0;
    c->entry.epoch = 0;
    c->entry.body.genesis.box_pk = c->box_pk;
}

/* ---- what can be wrong ---------------------------------------------------------------------------------- */

/* The things that can be wrong. Each leaves all others as they are. */
static void wrong_circle(struct court *c) { c->entry.circle = c->hash[1]; }
static void wrong_prev(struct court *c) { c->entry.prev = c->hash[0]; }
static void wrong_seq(struct court *c) { c->entry.seq = 11; }
static void taken_id(struct court *c) { c->id_is_taken = true; }
static void no_signature(struct court *c) { c->terms.is_signed = false; }
static void key_must_change(struct court *c) { c->circle.must_rotate = true; }
static void joiner_owes(struct court *c) { c->circle.joiner_owes = 2; }
static void wrong_epoch(struct court *c) { c->entry.epoch += 2; }
static void wrong_clock(struct court *c) { c->terms.now_ms = 1; }
static void wrong_payload(struct court *c) { c->terms.payload_fits = false; }
static void is_journal(struct court *c) { c->circle.is_sole = true; }
static void no_rotate_before(struct court *c) { c->circle.may_invite = 2; }
static void ends_before_it_begins(struct court *c) { c->entry.body.invite.expires_ms = NOW_MS; }
static void lasts_too_long(struct court *c) { c->entry.body.invite.expires_ms = NOW_MS + 15 * A_DAY_MS; }
static void five_are_open(struct court *c) { c->circle.invite_n = LIMIT_OPEN_INVITES; }
static void is_expired(struct court *c) { c->circle.invite[0].expires_ms = NOW_MS - 1; }
static void was_given(struct court *c) { c->circle.invite[0].consents = 1; }
static void one_has_not_agreed(struct court *c) { c->circle.invite[0].consents &= ~UINT32_C(2); }
static void one_box_too_few(struct court *c) { c->entry.body.rotate.seal_n = 1; }
static void is_erased(struct court *c) { c->fact.is_erased = true; }

/* A stranger instead of Ana; who joins is a member already. What they redact is not theirs either. */
static void wrong_author(struct court *c)
{
    c->entry.author = c->entry.kind == ENTRY_JOIN ? c->pk[1] : c->pk[2];
}

static void invite_is_void(struct court *c)
{
    memset(c->circle.invite[0].hash, 0x77, HASH_BYTES);
}

static void invite_was_used(struct court *c)
{
    invite_is_void(c);
    memcpy(c->circle.ended[0].hash, c->hash[2], HASH_BYTES);
    c->circle.ended[0].how = INVITE_WAS_USED;
    c->circle.ended_n = 1;
}

static void wrong_proof(struct court *c)
{
    c->circle.invite[0].invite_pk[5] ^= 1;
}

/* A key of small order, with the proof that belongs to it. */
static void bad_key(struct court *c)
{
    memset(c->box_pk, 0, sizeof c->box_pk);
    if (c->entry.kind == ENTRY_JOIN) prove(c);
}

static void same_key_is_open(struct court *c)
{
    if (c->circle.invite_n == 0) c->circle.invite_n = 1;
    memcpy(c->circle.invite[0].invite_pk, c->pk[2], SIGN_PK_BYTES);
}

/* Ten more members, all of whom agree with everything. */
static void twelve_are_in(struct court *c)
{
    c->circle.member_n = LIMIT_MEMBERS;
    for (size_t i = 2; i < LIMIT_MEMBERS; i++) memset(c->circle.member[i].sign_pk, (int)i + 100, SIGN_PK_BYTES);
    c->circle.invite[0].consents |= 0xffc;
}

/* ---- every set of it ------------------------------------------------------------------------------------ */

struct wrong {
    void (*make)(struct court *c);
    enum err error;
};
#define WRONGS(...)                                                                                               \
    ((const struct wrong[]){__VA_ARGS__}), sizeof((const struct wrong[]){__VA_ARGS__}) / sizeof(struct wrong)

/* Everything wrong at once that the bits of set say: the first in the list is what is found. */
static void judge_set(void (*sit)(struct court *c), const struct wrong *wrong_v, size_t wrong_n, size_t set)
{
    struct court c;
    struct why why = {0};
    struct circle_past past = {&c, court_id_is_taken, court_fact_at};
    enum err expected = ERR_OK;
    sit(&c);
    for (size_t i = wrong_n; i > 0; i--) {
        if ((set >> (i - 1) & 1) == 0) continue;
        wrong_v[i - 1].make(&c);
        expected = wrong_v[i - 1].error;
    }
    enum err e = circle_judge(&c.circle, &c.entry, &past, &c.terms, &why);
    if (e != expected) print_error("set %zx: %s instead of %s\n", set, err_code(e), err_code(expected));
    assert_int_equal(e, expected);
    assert_int_equal(why.code, expected);
}

static void assert_order(void (*sit)(struct court *c), const struct wrong *wrong_v, size_t wrong_n)
{
    for (size_t set = 0; set < (size_t)1 << wrong_n; set++) judge_set(sit, wrong_v, wrong_n, set);
}

#define PLACE                                                                                                     \
    {wrong_circle, ERR_WRONG_CIRCLE}, {wrong_prev, ERR_HEAD_MOVED}, {taken_id, ERR_ID_TAKEN},                     \
        {no_signature, ERR_BAD_SIGNATURE}

static void C22_of_two_errors_the_earlier_is_found(void **state)
{
    (void)state;
    assert_order(sealed, WRONGS(PLACE, {wrong_author, ERR_NOT_MEMBER}, {key_must_change, ERR_ROTATE_REQUIRED},
                                {wrong_epoch, ERR_EPOCH_STALE}, {wrong_clock, ERR_CLOCK_SKEW},
                                {wrong_payload, ERR_PAYLOAD_MISMATCH}));
    assert_order(sealed, WRONGS({wrong_circle, ERR_WRONG_CIRCLE}, {wrong_seq, ERR_HEAD_MOVED},
                                {taken_id, ERR_ID_TAKEN}));
    assert_order(leave, WRONGS(PLACE, {wrong_author, ERR_NOT_MEMBER}, {joiner_owes, ERR_ROTATE_REQUIRED},
                               {wrong_epoch, ERR_EPOCH_STALE}, {wrong_clock, ERR_CLOCK_SKEW},
                               {is_journal, ERR_SOLE_CIRCLE}));
    assert_order(rotate, WRONGS(PLACE, {wrong_author, ERR_NOT_MEMBER}, {joiner_owes, ERR_ROTATE_REQUIRED},
                                {wrong_epoch, ERR_EPOCH_STALE}, {wrong_clock, ERR_CLOCK_SKEW},
                                {one_box_too_few, ERR_BAD_BOXES}));
    assert_order(redact_9, WRONGS(PLACE, {wrong_author, ERR_NOT_MEMBER}, {joiner_owes, ERR_ROTATE_REQUIRED},
                                  {wrong_epoch, ERR_EPOCH_STALE}, {wrong_clock, ERR_CLOCK_SKEW},
                                  {is_erased, ERR_BAD_REDACT}));
    assert_order(genesis, WRONGS({no_signature, ERR_BAD_SIGNATURE}, {wrong_clock, ERR_CLOCK_SKEW},
                                 {bad_key, ERR_BAD_KEY}));
}

static void C22_of_two_errors_of_an_invite_the_earlier_is_found(void **state)
{
    (void)state;
    const struct wrong date[] = {{ends_before_it_begins, ERR_INVITE_EXPIRED}, {lasts_too_long, ERR_BAD_ENTRY}};
    for (size_t i = 0; i < 2; i++) {
        assert_order(invite, WRONGS(PLACE, {wrong_author, ERR_NOT_MEMBER}, {key_must_change, ERR_ROTATE_REQUIRED},
                                    {wrong_epoch, ERR_EPOCH_STALE}, {wrong_clock, ERR_CLOCK_SKEW},
                                    {is_journal, ERR_SOLE_CIRCLE}, {no_rotate_before, ERR_ROTATE_REQUIRED}, date[i],
                                    {same_key_is_open, ERR_BAD_KEY}, {five_are_open, ERR_TOO_MANY_INVITES},
                                    {wrong_payload, ERR_PAYLOAD_MISMATCH}));
    }
    const struct wrong end[] = {
        {invite_is_void, ERR_INVITE_VOID}, {invite_was_used, ERR_INVITE_USED}, {is_expired, ERR_INVITE_EXPIRED},
    };
    for (size_t i = 0; i < 3; i++) {
        assert_order(consent_to, WRONGS(PLACE, {wrong_author, ERR_NOT_MEMBER}, {key_must_change, ERR_ROTATE_REQUIRED},
                                        {wrong_epoch, ERR_EPOCH_STALE}, {wrong_clock, ERR_CLOCK_SKEW}, end[i],
                                        {was_given, ERR_CONSENT_GIVEN}));
    }
}

static void C22_of_two_errors_of_a_join_the_earlier_is_found(void **state)
{
    (void)state;
    const struct wrong end[] = {
        {invite_is_void, ERR_INVITE_VOID}, {invite_was_used, ERR_INVITE_USED}, {is_expired, ERR_INVITE_EXPIRED},
    };
    for (size_t i = 0; i < 3; i++) {
        assert_order(join, WRONGS(PLACE, {wrong_author, ERR_ALREADY_MEMBER}, {key_must_change, ERR_ROTATE_REQUIRED},
                                  {wrong_epoch, ERR_EPOCH_STALE}, {wrong_clock, ERR_CLOCK_SKEW},
                                  {is_journal, ERR_SOLE_CIRCLE}, end[i], {one_has_not_agreed, ERR_CONSENT_MISSING},
                                  {wrong_proof, ERR_BAD_PROOF}, {bad_key, ERR_BAD_KEY}, {twelve_are_in, ERR_FULL}));
    }
}

/* What the store or the index fails with is handed on as it is, and never taken for an answer. */
static enum err failing_id_is_taken(void *of, const uint8_t *id, bool *is_taken)
{
    (void)id;
    (void)is_taken;
    return ((struct court *)of)->past_fails;
}

static void C22_what_the_past_fails_with_is_handed_on(void **state)
{
    static const enum err fails[] = {ERR_STORE, ERR_NO_MEMORY, ERR_STORE_DAMAGED};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct court c;
        struct why why = {0};
        redact_9(&c);
        c.past_fails = fails[i];
        struct circle_past past = {&c, failing_id_is_taken, court_fact_at};
        assert_int_equal(circle_judge(&c.circle, &c.entry, &past, &c.terms, &why), fails[i]);
        past.id_is_taken = court_id_is_taken;
        assert_int_equal(circle_judge(&c.circle, &c.entry, &past, &c.terms, &why), fails[i]);
        c.entry.author = c.pk[2]; /* a former member, whose words the past cannot find now */
        assert_int_equal(circle_judge(&c.circle, &c.entry, &past, &c.terms, &why), fails[i]);
        assert_int_equal(why.code, fails[i]);
    }
}

static int court_open(void **state)
{
    static const uint8_t secret[SECRET_BYTES] = {7};
    (void)state;
    if (record_open() != ERR_OK) return -1;
    for (size_t i = 0; i < 3; i++) person_init(&people[i], "a friend", i);
    invite_keys_init(&invite_keys, secret);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C22_of_two_errors_the_earlier_is_found),
        cmocka_unit_test(C22_of_two_errors_of_an_invite_the_earlier_is_found),
        cmocka_unit_test(C22_of_two_errors_of_a_join_the_earlier_is_found),
        cmocka_unit_test(C22_what_the_past_fails_with_is_handed_on),
    };
    return cmocka_run_group_tests(tests, court_open, NULL);
}
