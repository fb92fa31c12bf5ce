/* circle.c -- who is in, and what may come next: every law [C...] of docs/domain.md, on real entries. In
 * which order errors are found is in circle_order.c, any sequence of acts in circle_property.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/people.h"

#define NOW_MS   UINT64_C(1767225600000)
#define A_DAY_MS (UINT64_C(24) * 60 * 60 * 1000)

enum { ANA, BEN, CLEO, DAN, PEOPLE = 14 };

/* ---- a hall: people, and a room for each ---------------------------------------------------------------- */

struct hall {
    struct arena a;
    struct person person[PEOPLE];
    struct room room[PEOPLE];
    struct room *rooms[PEOPLE];
};

static int hall_open(void **state)
{
    static const char *const names[] = {"Ana", "Ben", "Cleo", "Dan"};
    static struct hall hall;
    if (record_open() != ERR_OK) return -1;
    arena_init(&hall.a, 512 * 1024 * 1024);
    for (size_t i = 0; i < PEOPLE; i++) {
        person_init(&hall.person[i], i < 4 ? names[i] : "a friend", i);
        room_init(&hall.room[i], &hall.person[i], NOW_MS);
        hall.rooms[i] = &hall.room[i];
    }
    *state = &hall;
    return 0;
}

static int hall_close(void **state)
{
    struct hall *h = *state;
    for (size_t i = 0; i < PEOPLE; i++) {
        room_fini(&h->room[i]);
        person_fini(&h->person[i]);
    }
    arena_fini(&h->a);
    return 0;
}

/* A hall where the first n people are in a circle. The others follow it, too. */
static struct hall *gathered(void **state, size_t n)
{
    struct hall *h = *state;
    rooms_gather(h->rooms, n, &h->a);
    if (n < PEOPLE) rooms_take(h->rooms + n, PEOPLE - n, room_sequence(&h->room[0], &h->a, 0));
    return h;
}

static const struct circle *circle_of(const struct hall *h)
{
    return &h->room[ANA].chain.circle;
}

/* Every room takes it, whether its person is in or not. */
static void assert_taken(struct hall *h, struct str batch)
{
    struct why why = {0};
    enum err e = room_take(&h->room[ANA], batch, &why);
    if (e != ERR_OK) print_error("%s, %s\n", err_code(e), why.field == NULL ? "" : why.field);
    assert_int_equal(e, ERR_OK);
    rooms_take(h->rooms + 1, PEOPLE - 1, batch);
}

/* Refused with that error, and nothing has changed. */
static struct why assert_refused(struct hall *h, struct str wire, enum err expected)
{
    struct why why = {0};
    struct circle before = *circle_of(h);
    uint64_t row_n = h->room[ANA].chain.index.row_n;
    enum err e = chain_add(&h->room[ANA].chain, wire, NULL, &why);
    if (e != expected) print_error("%s, %s\n", err_code(e), why.field == NULL ? "" : why.field);
    assert_int_equal(e, expected);
    assert_int_equal(why.code, expected);
    assert_non_null(why.field);
    assert_memory_equal(&before, circle_of(h), sizeof before);
    assert_int_equal(h->room[ANA].chain.index.row_n, row_n);
    return why;
}

static struct str signed_draft(struct hall *h, size_t who, struct entry draft)
{
    return draft_sign(&h->a, &draft, &h->person[who]);
}

static struct str note(struct hall *h, size_t who, const char *words)
{
    return room_say(&h->room[who], &h->a, people_note(&h->a, words));
}

static struct str rotated(struct hall *h, size_t who)
{
    return room_rotate(&h->room[who], &h->a, ROTATE_WISH);
}

/* Whoever is first among the members invites; gives the hash of the invite entry. */
static const uint8_t *invited(struct hall *h, size_t by, uint8_t secret[static SECRET_BYTES])
{
    assert_taken(h, room_invite(&h->room[by], &h->a, secret));
    return circle_of(h)->invite[circle_of(h)->invite_n - 1].hash;
}

static struct str consent(struct hall *h, size_t who, const uint8_t *invite_hash)
{
    return room_consent(&h->room[who], &h->a, invite_hash);
}

/* A secret of the test's choice. */
static const uint8_t *secret_no(struct hall *h, uint8_t number)
{
    uint8_t *secret = arena_take(&h->a, SECRET_BYTES);
    assert_non_null(secret);
    secret[0] = number;
    secret[1] = 's';
    return secret;
}

static struct str invite_with(struct hall *h, size_t by, const uint8_t *secret, uint64_t expires_ms)
{
    return signed_draft(h, by, draft_invite(&h->room[by], &h->a, secret, expires_ms));
}

/* Only the join, without the rotate behind it. */
static struct str join_alone(struct hall *h, size_t who, const uint8_t *secret)
{
    return signed_draft(h, who, draft_join(&h->room[who], &h->a, secret));
}

/* The entry that was taken last. */
static uint64_t head_seq(const struct hall *h)
{
    return circle_of(h)->head_seq;
}

static bool is_member(const struct hall *h, size_t who)
{
    return circle_member_index(circle_of(h), h->person[who].keys.sign_pk) >= 0;
}

/* ---- C1 to C4: the place of an entry, and whose it is --------------------------------------------------- */

static void C1_a_record_begins_with_its_genesis(void **state)
{
    struct hall *h = *state;
    struct room elsewhere;
    room_init(&elsewhere, &h->person[BEN], NOW_MS);
    rooms_gather((struct room *[]){&elsewhere}, 1, &h->a);
    assert_refused(h, room_say(&elsewhere, &h->a, people_note(&h->a, "hello")), ERR_BAD_ENTRY);
    assert_refused(h, room_rotate(&elsewhere, &h->a, ROTATE_WISH), ERR_BAD_ENTRY);
    assert_refused(h, room_leave(&elsewhere, &h->a), ERR_BAD_ENTRY);
    struct str genesis = room_genesis(&h->room[ANA], &h->a, false);
    assert_taken(h, genesis);
    assert_refused(h, genesis, ERR_HEAD_MOVED);
    assert_refused(h, room_sequence(&elsewhere, &h->a, 0), ERR_WRONG_CIRCLE);
    struct entry first = room_entry(&h->room[ANA], 0);
    assert_memory_equal(circle_of(h)->id, first.hash, HASH_BYTES);
    assert_memory_equal(circle_of(h)->head_hash, first.hash, HASH_BYTES);
    room_fini(&elsewhere);
}

static void C2_an_entry_names_its_circle_and_stands_behind_the_head(void **state)
{
    struct hall *h = gathered(state, 2);
    const struct room *ana = &h->room[ANA];
    struct entry good = draft_sealed(ana, &h->a, people_note(&h->a, "hello"));
    uint64_t seq = good.seq;
    const uint8_t *prev = good.prev;

    struct entry draft = good; /* K10: another circle, with all else right */
    uint8_t other[HASH_BYTES];
    memcpy(other, ana->chain.circle.id, sizeof other);
    other[31] ^= 1;
    draft.circle = other;
    assert_refused(h, signed_draft(h, ANA, draft), ERR_WRONG_CIRCLE);

    draft = good;
    struct entry before = room_entry(ana, head_seq(h) - 1);
    draft.prev = before.hash; /* K1 */
    struct why why = assert_refused(h, signed_draft(h, ANA, draft), ERR_HEAD_MOVED);
    assert_int_equal(why.at, head_seq(h));
    draft.prev = prev;
    static const uint64_t off[] = {1, 2, 1000};
    for (size_t i = 0; i < 3; i++) {
        draft.seq = seq + off[i];
        assert_refused(h, signed_draft(h, ANA, draft), ERR_HEAD_MOVED);
        if (off[i] >= seq) continue;
        draft.seq = seq - off[i];
        assert_refused(h, signed_draft(h, ANA, draft), ERR_HEAD_MOVED);
    }
    draft.seq = seq;
    struct str wire = signed_draft(h, ANA, draft);
    assert_taken(h, wire);
    assert_refused(h, wire, ERR_HEAD_MOVED);
}

static void C3_an_id_is_there_once(void **state)
{
    struct hall *h = gathered(state, 2);
    struct str first = note(h, ANA, "first");
    assert_taken(h, first);
    struct entry taken = room_entry(&h->room[ANA], head_seq(h));
    struct entry same[] = {
        draft_sealed(&h->room[ANA], &h->a, people_note(&h->a, "second")), /* K11 */
        draft_leave(&h->room[BEN], &h->a),
        draft_rotate(&h->room[BEN], &h->a, ROTATE_WISH),
    };
    static const size_t by[] = {ANA, BEN, BEN};
    for (size_t i = 0; i < 3; i++) {
        const uint8_t *new_id = same[i].id;
        same[i].id = taken.id;
        assert_refused(h, signed_draft(h, by[i], same[i]), ERR_ID_TAKEN);
        same[i].id = room_entry(&h->room[ANA], 0).id; /* the genesis' own counts, too */
        assert_refused(h, signed_draft(h, by[i], same[i]), ERR_ID_TAKEN);
        same[i].id = new_id;
    }
    /* An id that was only refused with its entry is still free. */
    const uint8_t *id = same[0].id;
    same[0].epoch += 1;
    assert_refused(h, signed_draft(h, ANA, same[0]), ERR_EPOCH_STALE);
    struct entry again = draft_sealed(&h->room[ANA], &h->a, people_note(&h->a, "third"));
    again.id = id;
    assert_taken(h, signed_draft(h, ANA, again));
}

static void C4_an_entry_counts_with_its_authors_signature_only(void **state)
{
    struct hall *h = gathered(state, 2);
    struct entry leave = draft_leave(&h->room[BEN], &h->a); /* M7: Ana signs for Ben */
    assert_refused(h, signed_draft(h, ANA, leave), ERR_BAD_SIGNATURE);
    struct entry say = draft_sealed(&h->room[BEN], &h->a, people_note(&h->a, "I owe Ana 100"));
    assert_refused(h, signed_draft(h, ANA, say), ERR_BAD_SIGNATURE);
    assert_taken(h, signed_draft(h, BEN, say));
}

/* ---- C5 to C7: member, epoch, clock --------------------------------------------------------------------- */

static void C5_only_members_write(void **state)
{
    struct hall *h = gathered(state, 3);
    uint8_t secret[SECRET_BYTES];
    const uint8_t *invite = invited(h, ANA, secret);
    assert_taken(h, note(h, ANA, "for the three of us"));
    uint64_t said = head_seq(h);
    for (size_t round = 0; round < 2; round++) { /* first a stranger, then also someone who was in (M1) */
        for (size_t who = round == 0 ? DAN : CLEO; who <= DAN; who++) {
            struct entry sealed = draft_next(&h->room[who], &h->a, ENTRY_SEALED);
            draft_payload(&h->a, &sealed, STR("words"));
            assert_refused(h, signed_draft(h, who, sealed), ERR_NOT_MEMBER);
            assert_refused(h, room_leave(&h->room[who], &h->a), ERR_NOT_MEMBER);
            assert_refused(h, rotated(h, who), ERR_NOT_MEMBER);
            assert_refused(h, consent(h, who, invite), ERR_NOT_MEMBER);
            assert_refused(h, room_redact_bare(&h->room[who], &h->a, &said, 1), ERR_NOT_MEMBER);
            struct entry asks = draft_next(&h->room[who], &h->a, ENTRY_INVITE);
            draft_payload(&h->a, &asks, STR("capsule"));
            asks.body.invite.invite_pk = h->person[who].keys.sign_pk;
            asks.body.invite.expires_ms = NOW_MS + A_DAY_MS;
            assert_refused(h, signed_draft(h, who, asks), ERR_NOT_MEMBER);
        }
        if (round == 0) assert_taken(h, room_leave(&h->room[CLEO], &h->a));
    }
}

static void C5_a_member_does_not_join_again(void **state)
{
    struct hall *h = gathered(state, 2);
    uint8_t secret[SECRET_BYTES];
    const uint8_t *invite = invited(h, ANA, secret);
    assert_refused(h, join_alone(h, BEN, secret), ERR_ALREADY_MEMBER);
    assert_taken(h, consent(h, BEN, invite));
    assert_refused(h, join_alone(h, BEN, secret), ERR_ALREADY_MEMBER);
    assert_refused(h, join_alone(h, ANA, secret), ERR_ALREADY_MEMBER);
    assert_taken(h, room_join(&h->room[CLEO], &h->a, secret));
}

static void C5_who_left_may_be_invited_again(void **state)
{
    struct hall *h = gathered(state, 2);
    uint8_t secret[SECRET_BYTES];
    assert_taken(h, room_leave(&h->room[BEN], &h->a));
    assert_taken(h, rotated(h, ANA));
    assert_false(is_member(h, BEN));
    invited(h, ANA, secret);
    assert_taken(h, room_join(&h->room[BEN], &h->a, secret));
    assert_true(is_member(h, BEN));
    assert_int_equal(circle_of(h)->member[1].joined_seq, head_seq(h) - 1);
    assert_int_equal(circle_of(h)->member[1].from_epoch, circle_of(h)->epoch - 1);
}

static void C6_an_entry_names_the_epoch_and_a_rotate_the_next(void **state)
{
    struct hall *h = gathered(state, 3);
    uint8_t secret[SECRET_BYTES];
    const uint8_t *invite = invited(h, ANA, secret);
    assert_taken(h, note(h, ANA, "said"));
    uint64_t said = head_seq(h), epoch = circle_of(h)->epoch;
    assert_int_equal(epoch, 5); /* two to come in, each behind a rotate of the host; and the last invite */
    struct entry draft[] = {
        draft_sealed(&h->room[ANA], &h->a, people_note(&h->a, "x")), draft_consent(&h->room[BEN], &h->a, invite),
        draft_leave(&h->room[BEN], &h->a), draft_redact(&h->room[ANA], &h->a, &said, 1),
        draft_rotate(&h->room[BEN], &h->a, ROTATE_WISH), draft_join(&h->room[DAN], &h->a, secret),
        draft_invite(&h->room[ANA], &h->a, secret, NOW_MS + 1),
    };
    static const size_t by[] = {ANA, BEN, BEN, ANA, BEN, DAN, ANA};
    for (size_t i = 0; i < sizeof draft / sizeof *draft; i++) {
        uint64_t right = draft[i].epoch;
        assert_int_equal(right, draft[i].kind == ENTRY_ROTATE ? epoch + 1 : epoch);
        for (uint64_t wrong = 0; wrong < 10; wrong++) {
            if (wrong == right) continue;
            draft[i].epoch = wrong;
            if (draft[i].kind == ENTRY_JOIN) draft[i].body.join.from_epoch = wrong;
            struct why why = assert_refused(h, signed_draft(h, by[i], draft[i]), ERR_EPOCH_STALE);
            assert_int_equal(why.at, epoch);
        }
    }
}

/* Judges an entry as a server does that sees it for the first time. */
static enum err judged_live(struct hall *h, const struct entry *draft, size_t by, uint64_t now_ms)
{
    struct entry e;
    struct why why = {0};
    struct circle_past past = index_past(&h->room[ANA].chain.index);
    assert_int_equal(entry_read(signed_draft(h, by, *draft), &e, &why), ERR_OK);
    struct circle_terms terms = {
        .is_signed = entry_is_signed(&e), .payload_fits = entry_payload_fits(&e), .is_live = true, .now_ms = now_ms,
    };
    return circle_judge(circle_of(h), &e, &past, &terms, &why);
}

static void C7_a_first_acceptance_needs_a_clock_within_ten_minutes(void **state)
{
    struct hall *h = gathered(state, 2);
    struct entry drafts[] = {
        draft_sealed(&h->room[ANA], &h->a, people_note(&h->a, "now")), draft_rotate(&h->room[ANA], &h->a, ROTATE_WISH),
        draft_leave(&h->room[ANA], &h->a),
    };
    for (size_t i = 0; i < 3; i++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            uint64_t at_most = (uint64_t)((int64_t)NOW_MS + sign * 600000), more = at_most + (uint64_t)(int64_t)sign;
            assert_int_equal(judged_live(h, &drafts[i], ANA, at_most), ERR_OK);
            assert_int_equal(judged_live(h, &drafts[i], ANA, more), ERR_CLOCK_SKEW); /* K12 */
        }
        assert_int_equal(judged_live(h, &drafts[i], ANA, 0), ERR_CLOCK_SKEW);
        assert_int_equal(judged_live(h, &drafts[i], ANA, LIMIT_NUMBER), ERR_CLOCK_SKEW);
    }
}

static void C7_a_replay_takes_every_time(void **state)
{
    struct hall *h = gathered(state, 2);
    static const uint64_t times[] = {0, 1, NOW_MS + 100 * A_DAY_MS, LIMIT_NUMBER, 5};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        h->room[ANA].now_ms = times[i];
        assert_taken(h, note(h, ANA, "whenever"));
    }
}

/* ---- C8: the beginning ---------------------------------------------------------------------------------- */

static void C8_a_genesis_makes_its_author_the_first_member(void **state)
{
    struct hall *h = gathered(state, 1);
    const struct circle *c = circle_of(h);
    struct entry genesis = room_entry(&h->room[ANA], 0);
    assert_true(c->is_begun && !c->is_sole && !c->must_rotate && circle_may_rest(c));
    assert_int_equal(c->member_n, 1);
    assert_memory_equal(c->member[0].sign_pk, h->person[ANA].keys.sign_pk, SIGN_PK_BYTES);
    assert_memory_equal(c->member[0].box_pk, h->person[ANA].keys.box_pk, BOX_PK_BYTES);
    assert_memory_equal(c->kid, genesis.body.genesis.kid, HASH_BYTES);
    assert_true(c->epoch == 0 && c->head_seq == 0 && c->invite_n == 0 && c->ended_n == 0);
    assert_true(room_has_key(&h->room[ANA]));
    assert_false(room_has_key(&h->room[BEN]));
}

/* Keys to which nothing can be sealed: the points of small order, in all their forms. */
static const char *const low_order_hex[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};
enum { LOW_ORDER = sizeof low_order_hex / sizeof *low_order_hex };

static void low_order(uint8_t key[static BOX_PK_BYTES], size_t i, bool has_top_bit)
{
    for (size_t k = 0; k < BOX_PK_BYTES; k++) {
        const char pair[] = {low_order_hex[i][2 * k], low_order_hex[i][2 * k + 1], 0};
        unsigned value = 0;
        for (size_t c = 0; c < 2; c++) value = value * 16 + (unsigned)(pair[c] <= '9' ? pair[c] - '0' : pair[c] - 'W');
        key[k] = (uint8_t)value;
    }
    if (has_top_bit) key[31] |= 0x80;
}

static void C8_a_genesis_needs_a_key_that_can_be_sealed_to(void **state)
{
    struct hall *h = *state;
    for (size_t i = 0; i < 2 * LOW_ORDER; i++) {
        uint8_t key[BOX_PK_BYTES];
        struct entry draft = draft_genesis(&h->room[ANA], &h->a, false);
        low_order(key, i / 2, i % 2 == 1);
        draft.body.genesis.box_pk = key;
        assert_refused(h, signed_draft(h, ANA, draft), ERR_BAD_KEY);
    }
}

/* ---- C9, C10: invites ----------------------------------------------------------------------------------- */

static void C9_an_invite_stands_behind_a_rotate_by_the_same_author(void **state)
{
    struct hall *h = gathered(state, 3);
    const uint8_t *s = secret_no(h, 1);
    uint64_t soon = NOW_MS + A_DAY_MS;
    assert_refused(h, invite_with(h, ANA, s, soon), ERR_ROTATE_REQUIRED);
    assert_taken(h, note(h, BEN, "hello"));
    assert_refused(h, invite_with(h, BEN, s, soon), ERR_ROTATE_REQUIRED);
    assert_taken(h, rotated(h, BEN));
    assert_refused(h, invite_with(h, ANA, s, soon), ERR_ROTATE_REQUIRED); /* another's rotate */
    assert_taken(h, note(h, CLEO, "and now?"));
    assert_refused(h, invite_with(h, BEN, s, soon), ERR_ROTATE_REQUIRED); /* something was said in between */
    assert_taken(h, rotated(h, BEN));
    uint64_t said = head_seq(h) - 1;
    assert_taken(h, room_redact_bare(&h->room[CLEO], &h->a, &said, 1));
    assert_refused(h, invite_with(h, BEN, s, soon), ERR_ROTATE_REQUIRED); /* a redact in between */
    assert_taken(h, rotated(h, BEN));
    assert_taken(h, invite_with(h, BEN, s, soon));
    assert_taken(h, invite_with(h, BEN, secret_no(h, 2), soon)); /* behind such an invite */
    assert_refused(h, invite_with(h, ANA, secret_no(h, 3), soon), ERR_ROTATE_REQUIRED);
    assert_taken(h, consent(h, ANA, circle_of(h)->invite[0].hash));
    assert_refused(h, invite_with(h, BEN, secret_no(h, 3), soon), ERR_ROTATE_REQUIRED); /* a consent in between */
    assert_int_equal(circle_of(h)->invite_n, 2);
}

/* Nobody who opens the capsule reads anything that was said before: the key is of the invite's own epoch. */
static void C9_what_was_said_before_stays_with_those_who_were_there(void **state)
{
    struct hall *h = gathered(state, 2);
    uint8_t secret[SECRET_BYTES];
    struct str text;
    assert_taken(h, note(h, ANA, "before"));
    uint64_t before = head_seq(h);
    const uint8_t *invite = invited(h, ANA, secret);
    assert_taken(h, note(h, BEN, "while it is open"));
    uint64_t between = head_seq(h);
    assert_taken(h, consent(h, BEN, invite));
    assert_int_equal(room_text(&h->room[CLEO], &h->a, between, &text), ERR_UNREADABLE);
    assert_taken(h, room_join(&h->room[CLEO], &h->a, secret));
    assert_taken(h, note(h, BEN, "welcome"));
    assert_int_equal(room_text(&h->room[CLEO], &h->a, before, &text), ERR_UNREADABLE);
    assert_int_equal(room_text(&h->room[CLEO], &h->a, between, &text), ERR_OK);
    assert_int_equal(room_text(&h->room[CLEO], &h->a, head_seq(h), &text), ERR_OK);
    /* Dan saw the link, and the capsule's key, but did not join: he reads nothing after the join. */
    struct room dan = h->room[DAN];
    uint8_t key[KEY_BYTES];
    assert_int_equal(room_capsule(&dan, secret, key), ERR_OK);
    struct room_key held = {.epoch = circle_of(h)->epoch - 1};
    memcpy(held.key, key, sizeof key);
    dan.key = &held;
    dan.key_n = 1;
    assert_int_equal(room_text(&dan, &h->a, between, &text), ERR_OK);
    assert_int_equal(room_text(&dan, &h->a, head_seq(h), &text), ERR_UNREADABLE);
    held.epoch++;
    assert_int_equal(room_text(&dan, &h->a, head_seq(h), &text), ERR_UNREADABLE);
}

static void C9_the_joiner_may_invite_behind_their_own_rotate(void **state)
{
    struct hall *h = gathered(state, 2); /* Ben's rotate at his join is the head */
    assert_refused(h, invite_with(h, ANA, secret_no(h, 1), NOW_MS + 1), ERR_ROTATE_REQUIRED);
    assert_taken(h, invite_with(h, BEN, secret_no(h, 1), NOW_MS + 1));
}

static void C10_five_invites_are_open_at_most(void **state)
{
    struct hall *h = gathered(state, 1);
    assert_taken(h, rotated(h, ANA));
    for (uint8_t i = 0; i < LIMIT_OPEN_INVITES; i++) {
        assert_taken(h, invite_with(h, ANA, secret_no(h, i), NOW_MS + 1));
        assert_int_equal(circle_of(h)->invite_n, i + 1);
    }
    assert_refused(h, invite_with(h, ANA, secret_no(h, 9), NOW_MS + 1), ERR_TOO_MANY_INVITES);
    assert_taken(h, rotated(h, ANA));
    assert_taken(h, invite_with(h, ANA, secret_no(h, 9), NOW_MS + 1));
}

static void C10_open_invites_have_keys_of_their_own(void **state)
{
    struct hall *h = gathered(state, 1);
    assert_taken(h, rotated(h, ANA));
    assert_taken(h, invite_with(h, ANA, secret_no(h, 1), NOW_MS + 1));
    assert_taken(h, invite_with(h, ANA, secret_no(h, 2), NOW_MS + 1));
    struct why why = assert_refused(h, invite_with(h, ANA, secret_no(h, 2), NOW_MS + 2), ERR_BAD_KEY);
    assert_int_equal(why.at, 1);
    assert_refused(h, invite_with(h, ANA, secret_no(h, 1), NOW_MS + 2), ERR_BAD_KEY);
    assert_taken(h, rotated(h, ANA)); /* the others are over */
    assert_taken(h, invite_with(h, ANA, secret_no(h, 1), NOW_MS + 2));
}

static void C10_an_invite_lasts_from_one_millisecond_to_fourteen_days(void **state)
{
    struct hall *h = gathered(state, 1);
    assert_taken(h, rotated(h, ANA));
    const uint8_t *s = secret_no(h, 1);
    assert_refused(h, invite_with(h, ANA, s, 0), ERR_INVITE_EXPIRED);
    assert_refused(h, invite_with(h, ANA, s, NOW_MS - 1), ERR_INVITE_EXPIRED);
    assert_refused(h, invite_with(h, ANA, s, NOW_MS), ERR_INVITE_EXPIRED);
    assert_refused(h, invite_with(h, ANA, s, NOW_MS + 14 * A_DAY_MS + 1), ERR_BAD_ENTRY);
    assert_refused(h, invite_with(h, ANA, s, LIMIT_NUMBER), ERR_BAD_ENTRY);
    assert_taken(h, invite_with(h, ANA, s, NOW_MS + 1));
    assert_taken(h, invite_with(h, ANA, secret_no(h, 2), NOW_MS + 14 * A_DAY_MS));
}

/* ---- C11, C12: consent and join ------------------------------------------------------------------------- */

static void C11_each_member_agrees_once_and_the_inviter_has_from_the_start(void **state)
{
    struct hall *h = gathered(state, 3);
    uint8_t secret[SECRET_BYTES];
    const uint8_t *invite = invited(h, BEN, secret);
    assert_refused(h, consent(h, BEN, invite), ERR_CONSENT_GIVEN);
    assert_taken(h, consent(h, ANA, invite));
    assert_refused(h, consent(h, ANA, invite), ERR_CONSENT_GIVEN);
    assert_false(circle_invite_is_agreed(circle_of(h), &circle_of(h)->invite[0]));
    assert_taken(h, consent(h, CLEO, invite));
    assert_refused(h, consent(h, CLEO, invite), ERR_CONSENT_GIVEN);
    assert_true(circle_invite_is_agreed(circle_of(h), &circle_of(h)->invite[0]));
}

static void C11_consent_is_to_an_open_invite_before_its_date(void **state)
{
    struct hall *h = gathered(state, 3);
    assert_taken(h, rotated(h, ANA));
    assert_taken(h, invite_with(h, ANA, secret_no(h, 1), NOW_MS + 1000));
    const uint8_t *invite = circle_of(h)->invite[0].hash;
    assert_refused(h, consent(h, BEN, circle_of(h)->id), ERR_INVITE_VOID);
    assert_refused(h, consent(h, BEN, room_entry(&h->room[ANA], head_seq(h) - 1).hash), ERR_INVITE_VOID);
    h->room[BEN].now_ms = NOW_MS + 1001;
    assert_refused(h, consent(h, BEN, invite), ERR_INVITE_EXPIRED);
    h->room[BEN].now_ms = NOW_MS + 1000;
    assert_taken(h, consent(h, BEN, invite));
    h->room[CLEO].now_ms = 0; /* time is a claim */
    assert_taken(h, consent(h, CLEO, invite));
}

static void C12_nobody_joins_without_every_member(void **state)
{
    struct hall *h = gathered(state, 3);
    uint8_t secret[SECRET_BYTES];
    const uint8_t *invite = invited(h, BEN, secret);
    assert_refused(h, join_alone(h, DAN, secret), ERR_CONSENT_MISSING);
    assert_taken(h, consent(h, ANA, invite));
    assert_refused(h, join_alone(h, DAN, secret), ERR_CONSENT_MISSING);
    assert_taken(h, consent(h, CLEO, invite));
    assert_taken(h, room_join(&h->room[DAN], &h->a, secret));
    assert_true(is_member(h, DAN));
    assert_int_equal(circle_of(h)->member_n, 4);
    for (size_t i = 0; i < 4; i++) assert_true(room_has_key(&h->room[i]));
}

/* Each of two invites needs the consent of its own. */
static void C12_consent_to_one_invite_is_none_to_another(void **state)
{
    struct hall *h = gathered(state, 2);
    assert_taken(h, rotated(h, ANA));
    assert_taken(h, invite_with(h, ANA, secret_no(h, 1), NOW_MS + A_DAY_MS));
    assert_taken(h, invite_with(h, ANA, secret_no(h, 2), NOW_MS + A_DAY_MS));
    assert_taken(h, consent(h, BEN, circle_of(h)->invite[1].hash));
    assert_refused(h, join_alone(h, CLEO, secret_no(h, 1)), ERR_CONSENT_MISSING);
    assert_taken(h, room_join(&h->room[CLEO], &h->a, secret_no(h, 2)));
}

static void C12_a_join_is_proved_by_who_holds_the_secret(void **state)
{
    struct hall *h = gathered(state, 1);
    assert_taken(h, rotated(h, ANA));
    assert_taken(h, invite_with(h, ANA, secret_no(h, 1), NOW_MS + A_DAY_MS));
    assert_taken(h, invite_with(h, ANA, secret_no(h, 2), NOW_MS + A_DAY_MS));
    struct entry by_1 = draft_join(&h->room[BEN], &h->a, secret_no(h, 1));
    struct entry by_2 = draft_join(&h->room[BEN], &h->a, secret_no(h, 2)), draft = by_1;
    draft.body.join.proof = by_2.body.join.proof;
    assert_refused(h, signed_draft(h, BEN, draft), ERR_BAD_PROOF);
    draft = by_1;
    draft.body.join.invite_hash = by_2.body.join.invite_hash;
    assert_refused(h, signed_draft(h, BEN, draft), ERR_BAD_PROOF);
    draft = by_1; /* I1: other keys than those that were proved */
    draft.body.join.box_pk = h->person[CLEO].keys.box_pk;
    assert_refused(h, signed_draft(h, BEN, draft), ERR_BAD_PROOF);
    draft = by_1;
    draft.author = h->person[CLEO].keys.sign_pk;
    assert_refused(h, signed_draft(h, CLEO, draft), ERR_BAD_PROOF);
    draft = by_1; /* M3: somebody who never had the secret */
    uint8_t zeros[SIG_BYTES] = {0};
    draft.body.join.proof = zeros;
    assert_refused(h, signed_draft(h, BEN, draft), ERR_BAD_PROOF);
    assert_taken(h, room_join(&h->room[BEN], &h->a, secret_no(h, 1)));
}

static void C12_a_joiner_needs_a_key_that_can_be_sealed_to(void **state)
{
    struct hall *h = gathered(state, 1);
    uint8_t secret[SECRET_BYTES];
    const uint8_t *invite = invited(h, ANA, secret);
    for (size_t i = 0; i < 2 * LOW_ORDER; i++) { /* M10 */
        uint8_t key[BOX_PK_BYTES], proof[SIG_BYTES];
        struct invite_keys keys;
        struct entry draft = draft_join(&h->room[BEN], &h->a, secret);
        low_order(key, i / 2, i % 2 == 1);
        invite_keys_init(&keys, secret);
        invite_proof_make(proof, keys.sk, circle_of(h)->id, invite, h->person[BEN].keys.sign_pk, key);
        draft.body.join.box_pk = key;
        draft.body.join.proof = proof;
        assert_refused(h, signed_draft(h, BEN, draft), ERR_BAD_KEY);
    }
}

static void C12_a_thirteenth_does_not_come_in(void **state)
{
    struct hall *h = gathered(state, LIMIT_MEMBERS);
    uint8_t secret[SECRET_BYTES];
    assert_int_equal(circle_of(h)->member_n, 12);
    const uint8_t *invite = invited(h, ANA, secret);
    for (size_t i = 1; i < LIMIT_MEMBERS; i++) assert_taken(h, consent(h, i, invite));
    assert_refused(h, join_alone(h, LIMIT_MEMBERS, secret), ERR_FULL); /* M9 */
    assert_taken(h, room_leave(&h->room[DAN], &h->a));
    assert_taken(h, rotated(h, ANA));
    invite = invited(h, ANA, secret);
    for (size_t i = 1; i < LIMIT_MEMBERS; i++) {
        if (i != DAN) assert_taken(h, consent(h, i, invite));
    }
    assert_taken(h, room_join(&h->room[LIMIT_MEMBERS], &h->a, secret));
    assert_int_equal(circle_of(h)->member_n, 12);
    for (size_t i = 0; i <= LIMIT_MEMBERS; i++) assert_int_equal(room_has_key(&h->room[i]), i != DAN);
}

static void C12_a_join_comes_before_the_invites_date(void **state)
{
    struct hall *h = gathered(state, 1);
    assert_taken(h, rotated(h, ANA));
    assert_taken(h, invite_with(h, ANA, secret_no(h, 1), NOW_MS + 1000));
    h->room[BEN].now_ms = NOW_MS + 1001;
    assert_refused(h, join_alone(h, BEN, secret_no(h, 1)), ERR_INVITE_EXPIRED); /* I4 */
    h->room[BEN].now_ms = NOW_MS + 1000;
    assert_taken(h, room_join(&h->room[BEN], &h->a, secret_no(h, 1)));
}

/* ---- C13, C14: what a join ends, and the end of invites ------------------------------------------------- */

static void C13_the_joiner_rotates_next_and_nothing_else_comes_between(void **state)
{
    struct hall *h = gathered(state, 2);
    uint8_t secret[SECRET_BYTES];
    const uint8_t *invite = invited(h, ANA, secret);
    assert_taken(h, note(h, BEN, "soon we are three"));
    uint64_t said = head_seq(h);
    assert_taken(h, consent(h, BEN, invite));
    assert_true(circle_may_rest(circle_of(h)));
    assert_taken(h, join_alone(h, CLEO, secret));
    assert_false(circle_may_rest(circle_of(h)));
    for (size_t who = ANA; who <= CLEO; who++) {
        assert_refused(h, note(h, who, "hello"), ERR_ROTATE_REQUIRED);
        assert_refused(h, room_leave(&h->room[who], &h->a), ERR_ROTATE_REQUIRED);
        assert_refused(h, consent(h, who, invite), ERR_ROTATE_REQUIRED);
        assert_refused(h, invite_with(h, who, secret_no(h, 1), NOW_MS + 1), ERR_ROTATE_REQUIRED);
        if (who != CLEO) assert_refused(h, rotated(h, who), ERR_ROTATE_REQUIRED);
    }
    assert_refused(h, room_redact_bare(&h->room[BEN], &h->a, &said, 1), ERR_ROTATE_REQUIRED);
    assert_refused(h, join_alone(h, DAN, secret), ERR_ROTATE_REQUIRED);
    assert_taken(h, rotated(h, CLEO));
    assert_true(circle_may_rest(circle_of(h)));
    assert_taken(h, note(h, ANA, "hello"));
}

static void C13_a_join_uses_its_invite_and_ends_the_others(void **state)
{
    struct hall *h = gathered(state, 1);
    assert_taken(h, rotated(h, ANA));
    for (uint8_t i = 1; i <= 3; i++) assert_taken(h, invite_with(h, ANA, secret_no(h, i), NOW_MS + A_DAY_MS));
    uint8_t hash[3][HASH_BYTES];
    for (size_t i = 0; i < 3; i++) memcpy(hash[i], circle_of(h)->invite[i].hash, HASH_BYTES);
    assert_taken(h, room_join(&h->room[BEN], &h->a, secret_no(h, 2)));
    assert_int_equal(circle_of(h)->invite_n, 0);
    assert_refused(h, join_alone(h, CLEO, secret_no(h, 2)), ERR_INVITE_USED); /* I3, I5 */
    assert_refused(h, consent(h, ANA, hash[1]), ERR_INVITE_USED);
    assert_refused(h, join_alone(h, CLEO, secret_no(h, 1)), ERR_INVITE_VOID);
    assert_refused(h, consent(h, BEN, hash[2]), ERR_INVITE_VOID);
    for (size_t i = 0; i < 3; i++) {
        assert_null(circle_open_invite(circle_of(h), hash[i]));
        assert_true(circle_knows_invite(circle_of(h), hash[i]));
    }
    assert_false(circle_knows_invite(circle_of(h), circle_of(h)->id));
}

static void C14_any_rotate_or_leave_ends_all_invites(void **state)
{
    struct hall *h = gathered(state, 3);
    uint8_t secret[SECRET_BYTES], hash[HASH_BYTES];
    memcpy(hash, invited(h, ANA, secret), HASH_BYTES);
    assert_taken(h, consent(h, BEN, hash));
    assert_taken(h, rotated(h, BEN));
    assert_refused(h, join_alone(h, DAN, secret), ERR_INVITE_VOID);
    assert_refused(h, consent(h, CLEO, hash), ERR_INVITE_VOID);
    memcpy(hash, invited(h, ANA, secret), HASH_BYTES);
    assert_taken(h, consent(h, BEN, hash));
    assert_taken(h, room_leave(&h->room[CLEO], &h->a));
    assert_int_equal(circle_of(h)->invite_n, 0);
    assert_taken(h, rotated(h, ANA));
    assert_refused(h, join_alone(h, DAN, secret), ERR_INVITE_VOID);
    assert_refused(h, consent(h, ANA, hash), ERR_INVITE_VOID);
}

/* Sixteen ends are remembered; of older ones nobody can say any more that they were used. */
static void C14_the_end_of_an_invite_is_remembered_for_sixteen_more(void **state)
{
    struct hall *h = gathered(state, 1);
    assert_taken(h, rotated(h, ANA));
    assert_taken(h, invite_with(h, ANA, secret_no(h, 0), NOW_MS + A_DAY_MS));
    uint8_t used[HASH_BYTES];
    memcpy(used, circle_of(h)->invite[0].hash, HASH_BYTES);
    assert_taken(h, room_join(&h->room[BEN], &h->a, secret_no(h, 0)));
    for (uint8_t i = 1; i <= LIMIT_ENDED_INVITES; i++) {
        assert_int_equal(circle_of(h)->ended_n, i);
        assert_true(circle_knows_invite(circle_of(h), used));
        assert_refused(h, join_alone(h, CLEO, secret_no(h, 0)), ERR_INVITE_USED);
        assert_taken(h, rotated(h, ANA));
        assert_taken(h, invite_with(h, ANA, secret_no(h, i), NOW_MS + A_DAY_MS));
        assert_taken(h, rotated(h, ANA));
    }
    assert_false(circle_knows_invite(circle_of(h), used));
    assert_refused(h, join_alone(h, CLEO, secret_no(h, 0)), ERR_INVITE_VOID);
    assert_refused(h, join_alone(h, CLEO, secret_no(h, 1)), ERR_INVITE_VOID);
}

/* ---- C15 to C17: leaving and new keys ------------------------------------------------------------------- */

static void C15_leaving_takes_nobody_else_and_keeps_the_order(void **state)
{
    struct hall *h = gathered(state, 4);
    assert_taken(h, room_leave(&h->room[BEN], &h->a));
    static const size_t left[] = {ANA, CLEO, DAN};
    assert_int_equal(circle_of(h)->member_n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(circle_member_index(circle_of(h), h->person[left[i]].keys.sign_pk), i);
    }
    assert_int_equal(circle_member_index(circle_of(h), h->person[BEN].keys.sign_pk), -1);
    assert_taken(h, rotated(h, DAN)); /* boxes in the new order: each opens their own */
    for (size_t i = 0; i < 4; i++) assert_int_equal(room_has_key(&h->room[i]), i != BEN);
    assert_taken(h, room_leave(&h->room[ANA], &h->a));
    assert_taken(h, room_leave(&h->room[DAN], &h->a)); /* also while the key must change */
    assert_taken(h, rotated(h, CLEO));
    for (size_t i = 0; i < 4; i++) assert_int_equal(room_has_key(&h->room[i]), i == CLEO);
}

static void C16_after_a_leave_the_key_changes_first(void **state)
{
    struct hall *h = gathered(state, 4);
    uint8_t secret[SECRET_BYTES];
    assert_taken(h, note(h, ANA, "one"));
    uint64_t anas = head_seq(h);
    assert_taken(h, note(h, BEN, "two"));
    uint64_t bens = head_seq(h);
    const uint8_t *invite = invited(h, ANA, secret);
    assert_taken(h, room_leave(&h->room[BEN], &h->a));
    assert_true(circle_of(h)->must_rotate && circle_may_rest(circle_of(h)));
    assert_refused(h, note(h, ANA, "hello"), ERR_ROTATE_REQUIRED); /* M2 */
    assert_refused(h, consent(h, ANA, invite), ERR_ROTATE_REQUIRED);
    assert_refused(h, invite_with(h, ANA, secret_no(h, 1), NOW_MS + 1), ERR_ROTATE_REQUIRED);
    assert_refused(h, join_alone(h, BEN, secret), ERR_ROTATE_REQUIRED);
    assert_taken(h, room_redact_bare(&h->room[ANA], &h->a, &anas, 1));
    assert_taken(h, room_redact_bare(&h->room[BEN], &h->a, &bens, 1)); /* who left, of their own */
    assert_taken(h, room_leave(&h->room[CLEO], &h->a));
    assert_refused(h, note(h, ANA, "hello"), ERR_ROTATE_REQUIRED);
    assert_taken(h, rotated(h, DAN));
    assert_false(circle_of(h)->must_rotate);
    assert_taken(h, note(h, ANA, "hello"));
}

static void C17_a_rotate_has_one_box_for_each_member(void **state)
{
    struct hall *h = gathered(state, 3);
    static const size_t wrong_n[] = {0, 1, 2, 4, 12, 13};
    for (size_t i = 0; i < sizeof wrong_n / sizeof *wrong_n; i++) { /* M4 */
        struct entry draft = draft_rotate(&h->room[BEN], &h->a, ROTATE_WISH);
        for (size_t k = 3; k < wrong_n[i]; k++) draft.body.rotate.seal[k] = draft.body.rotate.seal[0];
        draft.body.rotate.seal_n = wrong_n[i];
        assert_int_equal(assert_refused(h, signed_draft(h, BEN, draft), ERR_BAD_BOXES).at, wrong_n[i]);
    }
    for (size_t bad = 0; bad < 3; bad++) {
        for (size_t n = 79; n <= 81; n += 2) {
            struct entry draft = draft_rotate(&h->room[BEN], &h->a, ROTATE_WISH);
            struct str header = draft_header(&h->a, &draft), boxes = {0}, box = draft_zeros(&h->a, SEAL_BYTES);
            for (size_t k = 0; k < 3; k++) {
                boxes = draft_then(&h->a, boxes, k == bad ? draft_zeros(&h->a, n) : box);
            }
            header = draft_set_body(&h->a, header, 2, draft_then(&h->a, STR("\x83"), boxes));
            struct str wire = draft_wrap(&h->a, header, (struct str){0}, &h->person[BEN]);
            assert_int_equal(assert_refused(h, wire, ERR_BAD_BOXES).at, bad);
        }
    }
    assert_taken(h, rotated(h, CLEO));
}

/* M5, M6: a box that holds garbage, or another key: accepted, seen by whom it shuts out, and repaired. */
static void C17_a_bad_box_is_seen_by_whom_it_shuts_out(void **state)
{
    struct hall *h = gathered(state, 3);
    uint8_t garbage[SEAL_BYTES] = {1, 2, 3}, other[KEY_BYTES] = {4, 5, 6}, seal[SEAL_BYTES];
    assert_int_equal(epoch_seal(seal, other, h->person[BEN].keys.box_pk), ERR_OK);
    const uint8_t *bad[] = {garbage, seal};
    for (size_t i = 0; i < 2; i++) {
        struct entry draft = draft_rotate(&h->room[ANA], &h->a, ROTATE_WISH);
        draft.body.rotate.seal[BEN] = bad[i];
        assert_taken(h, signed_draft(h, ANA, draft));
        assert_true(room_has_key(&h->room[ANA]) && room_has_key(&h->room[CLEO]));
        assert_false(room_has_key(&h->room[BEN]));
        assert_taken(h, room_rotate(&h->room[BEN], &h->a, ROTATE_LOCKED));
        for (size_t k = 0; k < 3; k++) assert_true(room_has_key(&h->room[k]));
    }
}

static void C17_anyone_rotates_at_any_time(void **state)
{
    struct hall *h = gathered(state, 3);
    for (uint64_t i = 0; i < 7; i++) {
        uint64_t epoch = circle_of(h)->epoch;
        uint8_t kid[HASH_BYTES];
        memcpy(kid, circle_of(h)->kid, sizeof kid);
        assert_taken(h, room_rotate(&h->room[i % 3], &h->a, i));
        assert_int_equal(circle_of(h)->epoch, epoch + 1);
        assert_memory_not_equal(circle_of(h)->kid, kid, sizeof kid);
    }
}

/* ---- C18: erasing --------------------------------------------------------------------------------------- */

static struct str redact(struct hall *h, size_t who, const uint64_t *seqs, size_t n)
{
    return room_redact_bare(&h->room[who], &h->a, seqs, n);
}

static void C18_one_erases_ones_own_words_once(void **state)
{
    struct hall *h = gathered(state, 2);
    uint64_t said[4];
    for (size_t i = 0; i < 4; i++) {
        assert_taken(h, note(h, i == 3 ? BEN : ANA, "words"));
        said[i] = head_seq(h);
    }
    assert_refused(h, redact(h, ANA, &said[3], 1), ERR_BAD_REDACT); /* M11 */
    assert_int_equal(assert_refused(h, redact(h, ANA, said, 4), ERR_BAD_REDACT).at, 3);
    uint64_t twice[] = {said[0], said[1], said[0]};
    assert_int_equal(assert_refused(h, redact(h, ANA, twice, 3), ERR_BAD_REDACT).at, 2);
    assert_taken(h, redact(h, ANA, said, 1));
    assert_refused(h, redact(h, ANA, said, 1), ERR_BAD_REDACT);
    assert_int_equal(assert_refused(h, redact(h, ANA, twice, 2), ERR_BAD_REDACT).at, 0);
    assert_taken(h, redact(h, ANA, said + 1, 2));
    assert_taken(h, redact(h, BEN, said + 3, 1));
    for (size_t i = 0; i < 4; i++) assert_true(index_row(&h->room[ANA].chain.index, said[i])->is_erased);
}

static void C18_only_what_was_said_can_be_erased(void **state)
{
    struct hall *h = gathered(state, 2);
    uint8_t secret[SECRET_BYTES];
    invited(h, ANA, secret);
    assert_taken(h, note(h, ANA, "words"));
    uint64_t said = head_seq(h);
    assert_taken(h, redact(h, ANA, &said, 1));
    for (uint64_t seq = 0; seq <= head_seq(h); seq++) { /* genesis, rotates, invites, joins, the redact itself */
        size_t who = memcmp(room_entry(&h->room[ANA], seq).author, h->person[ANA].keys.sign_pk, SIGN_PK_BYTES) == 0
                         ? ANA : BEN;
        assert_refused(h, redact(h, who, &seq, 1), ERR_BAD_REDACT);
    }
    static const uint64_t beyond[] = {1, 2, 1000};
    for (size_t i = 0; i < 3; i++) {
        uint64_t seq = head_seq(h) + beyond[i]; /* the first is the redact's own place */
        assert_refused(h, redact(h, ANA, &seq, 1), ERR_BAD_REDACT);
    }
    uint64_t most = LIMIT_NUMBER;
    assert_refused(h, redact(h, ANA, &most, 1), ERR_BAD_REDACT);
}

static void C18_a_former_member_erases_their_own_words(void **state)
{
    struct hall *h = gathered(state, 3);
    uint64_t said[3];
    for (size_t i = 0; i < 3; i++) {
        assert_taken(h, note(h, i == 2 ? BEN : CLEO, "words"));
        said[i] = head_seq(h);
    }
    assert_taken(h, room_leave(&h->room[CLEO], &h->a));
    assert_taken(h, redact(h, CLEO, &said[0], 1));
    assert_taken(h, rotated(h, ANA));
    assert_refused(h, redact(h, CLEO, &said[2], 1), ERR_NOT_MEMBER);
    uint64_t head = head_seq(h) + 1;
    assert_refused(h, redact(h, CLEO, &head, 1), ERR_NOT_MEMBER);
    assert_refused(h, redact(h, CLEO, said, 3), ERR_BAD_REDACT); /* the first is erased, the last is Ben's */
    uint64_t mixed[] = {said[2], said[1]};
    assert_int_equal(assert_refused(h, redact(h, CLEO, mixed, 2), ERR_BAD_REDACT).at, 0);
    mixed[0] = head_seq(h) + 1; /* behind the head is nobody's: the other shows that they were in */
    assert_int_equal(assert_refused(h, redact(h, CLEO, mixed, 2), ERR_BAD_REDACT).at, 0);
    assert_refused(h, redact(h, DAN, &said[1], 1), ERR_NOT_MEMBER);
    struct entry late = draft_redact(&h->room[CLEO], &h->a, &said[1], 1);
    late.epoch--;
    assert_refused(h, signed_draft(h, CLEO, late), ERR_EPOCH_STALE);
    assert_taken(h, redact(h, CLEO, &said[1], 1));
    assert_refused(h, redact(h, CLEO, &said[1], 1), ERR_BAD_REDACT);
}

/* ---- C19, C20: journals, and the end -------------------------------------------------------------------- */

static void C19_a_journal_is_for_one(void **state)
{
    struct hall *h = *state;
    uint8_t secret[SECRET_BYTES] = {1};
    assert_taken(h, room_genesis(&h->room[ANA], &h->a, true));
    assert_true(circle_of(h)->is_sole);
    assert_taken(h, note(h, ANA, "dear diary"));
    uint64_t said = head_seq(h);
    assert_taken(h, rotated(h, ANA));
    assert_refused(h, invite_with(h, ANA, secret, NOW_MS + 1), ERR_SOLE_CIRCLE);
    assert_refused(h, room_leave(&h->room[ANA], &h->a), ERR_SOLE_CIRCLE);
    assert_refused(h, consent(h, ANA, circle_of(h)->id), ERR_INVITE_VOID);
    struct entry join = draft_next(&h->room[BEN], &h->a, ENTRY_JOIN);
    uint8_t zeros[SEAL_BYTES] = {0};
    join.body.join.invite_hash = circle_of(h)->id;
    join.body.join.box_pk = h->person[BEN].keys.box_pk;
    join.body.join.proof = zeros;
    join.body.join.seal = zeros;
    join.body.join.from_epoch = join.epoch;
    assert_refused(h, signed_draft(h, BEN, join), ERR_SOLE_CIRCLE);
    assert_taken(h, redact(h, ANA, &said, 1));
    assert_taken(h, note(h, ANA, "on a new page"));
}

static void C20_when_the_last_member_leaves_the_circle_is_closed(void **state)
{
    struct hall *h = gathered(state, 2);
    uint8_t secret[SECRET_BYTES];
    uint64_t said[2];
    for (size_t i = 0; i < 2; i++) {
        assert_taken(h, note(h, i, "words"));
        said[i] = head_seq(h);
    }
    assert_taken(h, room_leave(&h->room[BEN], &h->a));
    assert_taken(h, rotated(h, ANA));
    invited(h, ANA, secret);
    assert_taken(h, room_leave(&h->room[ANA], &h->a));
    assert_int_equal(circle_of(h)->member_n, 0);
    for (size_t who = ANA; who <= CLEO; who++) {
        struct entry sealed = draft_next(&h->room[who], &h->a, ENTRY_SEALED);
        draft_payload(&h->a, &sealed, STR("words"));
        assert_refused(h, signed_draft(h, who, sealed), ERR_NOT_MEMBER);
        assert_refused(h, rotated(h, who), ERR_NOT_MEMBER);
        assert_refused(h, room_leave(&h->room[who], &h->a), ERR_NOT_MEMBER);
        assert_refused(h, join_alone(h, who, secret), ERR_ROTATE_REQUIRED); /* and nobody is left to rotate */
    }
    assert_taken(h, redact(h, ANA, &said[0], 1));
    assert_taken(h, redact(h, BEN, &said[1], 1));
}

/* ---- C21: payloads -------------------------------------------------------------------------------------- */

static void C21_a_payload_is_the_one_that_was_signed(void **state)
{
    struct hall *h = gathered(state, 2);
    struct entry draft = draft_sealed(&h->room[ANA], &h->a, people_note(&h->a, "hello"));
    struct str good = draft.payload;
    static const uint64_t lies[] = {1, 10};
    for (size_t i = 0; i < 2; i++) { /* K13: the hash is right and the length is not */
        draft.payload_n = good.len - lies[i];
        assert_refused(h, signed_draft(h, ANA, draft), ERR_PAYLOAD_MISMATCH);
        draft.payload_n = good.len + lies[i];
        assert_refused(h, signed_draft(h, ANA, draft), ERR_PAYLOAD_MISMATCH);
    }
    draft.payload_n = good.len;
    draft.payload = str_at(good.at, good.len - 1);
    assert_refused(h, signed_draft(h, ANA, draft), ERR_PAYLOAD_MISMATCH);
    draft.payload = draft_then(&h->a, good, STR("\0"));
    assert_refused(h, signed_draft(h, ANA, draft), ERR_PAYLOAD_MISMATCH);
    uint8_t *changed = arena_take(&h->a, good.len); /* K2 */
    memcpy(changed, good.at, good.len);
    changed[good.len / 2] ^= 1;
    draft.payload = str_at(changed, good.len);
    assert_refused(h, signed_draft(h, ANA, draft), ERR_PAYLOAD_MISMATCH);
    draft.payload = good;
    assert_taken(h, signed_draft(h, ANA, draft));
}

static void C21_a_capsule_is_never_missing(void **state)
{
    struct hall *h = gathered(state, 1);
    assert_taken(h, rotated(h, ANA));
    struct str wire = invite_with(h, ANA, secret_no(h, 1), NOW_MS + 1);
    assert_refused(h, draft_erased(&h->a, wire), ERR_PAYLOAD_MISMATCH);
    assert_taken(h, draft_erased(&h->a, note(h, ANA, "gone"))); /* a sealed one may be, as far as judging goes */
    assert_false(chain_is_settled(&h->room[ANA].chain));
}

static void C21_a_payload_is_missing_only_where_the_terms_say_so(void **state)
{
    struct hall *h = gathered(state, 1);
    struct entry e;
    struct why why;
    struct circle_past past = index_past(&h->room[ANA].chain.index);
    struct circle_terms terms = {.is_signed = true};
    assert_int_equal(entry_read(draft_erased(&h->a, note(h, ANA, "gone")), &e, &why), ERR_OK);
    assert_int_equal(circle_judge(circle_of(h), &e, &past, &terms, &why), ERR_PAYLOAD_MISMATCH);
    terms.may_lack_payload = true;
    assert_int_equal(circle_judge(circle_of(h), &e, &past, &terms, &why), ERR_OK);
    assert_int_equal(entry_read(note(h, ANA, "there"), &e, &why), ERR_OK);
    assert_int_equal(circle_judge(circle_of(h), &e, &past, &terms, &why), ERR_PAYLOAD_MISMATCH);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, hall_open, hall_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(C1_a_record_begins_with_its_genesis),
        TEST(C2_an_entry_names_its_circle_and_stands_behind_the_head),
        TEST(C3_an_id_is_there_once),
        TEST(C4_an_entry_counts_with_its_authors_signature_only),
        TEST(C5_only_members_write),
        TEST(C5_a_member_does_not_join_again),
        TEST(C5_who_left_may_be_invited_again),
        TEST(C6_an_entry_names_the_epoch_and_a_rotate_the_next),
        TEST(C7_a_first_acceptance_needs_a_clock_within_ten_minutes),
        TEST(C7_a_replay_takes_every_time),
        TEST(C8_a_genesis_makes_its_author_the_first_member),
        TEST(C8_a_genesis_needs_a_key_that_can_be_sealed_to),
        TEST(C9_an_invite_stands_behind_a_rotate_by_the_same_author),
        TEST(C9_what_was_said_before_stays_with_those_who_were_there),
        TEST(C9_the_joiner_may_invite_behind_their_own_rotate),
        TEST(C10_five_invites_are_open_at_most),
        TEST(C10_open_invites_have_keys_of_their_own),
        TEST(C10_an_invite_lasts_from_one_millisecond_to_fourteen_days),
        TEST(C11_each_member_agrees_once_and_the_inviter_has_from_the_start),
        TEST(C11_consent_is_to_an_open_invite_before_its_date),
        TEST(C12_nobody_joins_without_every_member),
        TEST(C12_consent_to_one_invite_is_none_to_another),
        TEST(C12_a_join_is_proved_by_who_holds_the_secret),
        TEST(C12_a_joiner_needs_a_key_that_can_be_sealed_to),
        TEST(C12_a_thirteenth_does_not_come_in),
        TEST(C12_a_join_comes_before_the_invites_date),
        TEST(C13_the_joiner_rotates_next_and_nothing_else_comes_between),
        TEST(C13_a_join_uses_its_invite_and_ends_the_others),
        TEST(C14_any_rotate_or_leave_ends_all_invites),
        TEST(C14_the_end_of_an_invite_is_remembered_for_sixteen_more),
        TEST(C15_leaving_takes_nobody_else_and_keeps_the_order),
        TEST(C16_after_a_leave_the_key_changes_first),
        TEST(C17_a_rotate_has_one_box_for_each_member),
        TEST(C17_a_bad_box_is_seen_by_whom_it_shuts_out),
        TEST(C17_anyone_rotates_at_any_time),
        TEST(C18_one_erases_ones_own_words_once),
        TEST(C18_only_what_was_said_can_be_erased),
        TEST(C18_a_former_member_erases_their_own_words),
        TEST(C19_a_journal_is_for_one),
        TEST(C20_when_the_last_member_leaves_the_circle_is_closed),
        TEST(C21_a_payload_is_the_one_that_was_signed),
        TEST(C21_a_capsule_is_never_missing),
        TEST(C21_a_payload_is_missing_only_where_the_terms_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
