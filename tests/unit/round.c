/* round.c -- the laws of a round: what counts, what is passed over, what voids it, and when it opens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/aborts.h"
#include "record/round.h"

enum { ANA, BEN, CLEO, DAN, PEOPLE, BUCKET = LIMIT_BUCKET_SMALL, CT_BYTES = BUCKET + AEAD_TAG_BYTES };
static const uint64_t until_ms = 1000;

static uint8_t circle[HASH_BYTES], round_hash[HASH_BYTES], pk[PEOPLE][SIGN_PK_BYTES], key[PEOPLE][KEY_BYTES];
static uint8_t wrong_key[KEY_BYTES], ct[PEOPLE][CT_BYTES];
static struct round_commit commit[PEOPLE];

static int make(void **state)
{
    (void)state;
    if (record_open() != ERR_OK) return -1;
    memset(circle, 1, sizeof circle);
    memset(round_hash, 2, sizeof round_hash);
    for (size_t i = 0; i < PEOPLE; i++) {
        uint8_t reveal_root[KEY_BYTES];
        struct answer_place place = {.circle = circle, .round = round_hash, .author = pk[i]};
        memset(pk[i], (int)(10 + i), SIGN_PK_BYTES);
        memset(reveal_root, (int)(20 + i), sizeof reveal_root);
        memset(commit[i].nonce, (int)(30 + i), sizeof commit[i].nonce);
        answer_key(key[i], reveal_root, &place, commit[i].nonce);
        commit[i].ct = STR_OF(ct[i]);
        if (answer_seal(ct[i], commit[i].com, &place, key[i], commit[i].nonce, STR("yes"), BUCKET) != ERR_OK) return -1;
    }
    return 0;
}

/* Asked by Ana, of the first so many people. */
static struct round begin(size_t person_n)
{
    struct round round;
    struct round_start start = {.circle = circle, .hash = round_hash, .asker = pk[ANA], .person_n = person_n,
                                .bucket_n = BUCKET, .until_ms = until_ms};
    for (size_t i = 0; i < person_n; i++) start.person[i] = pk[i];
    round_init(&round, &start);
    return round;
}

static struct round begin_committed(size_t person_n)
{
    struct round round = begin(person_n);
    for (size_t i = 0; i < person_n; i++) {
        assert_int_equal(round_take_commit(&round, pk[i], 5 + i, &commit[i]), ERR_OK);
    }
    assert_int_equal(round.state, ROUND_COMMITTED);
    return round;
}

static void assert_nothing_shows(const struct round *round)
{
    for (size_t i = 0; i < PEOPLE; i++) assert_null(round_key(round, pk[i]));
}

/* The call has to fail so, and to leave the round as it was. */
#define ASSERT_PASSED_OVER(r, call, expected)                \
    do {                                                     \
        struct round before_ = (r);                          \
        assert_int_equal((call), (expected));                \
        assert_memory_equal(&(r), &before_, sizeof before_); \
    } while (0)

static void all_answers_open_together(void **state)
{
    (void)state;
    struct round round = begin(3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(round.state, ROUND_OPEN);
        assert_false(round_must_reveal(&round, pk[ANA]));
        assert_int_equal(round_take_commit(&round, pk[i], 5 + i, &commit[i]), ERR_OK);
        assert_int_equal(round_person_of(&round, pk[i])->commit_seq, 5 + i);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(round.state, ROUND_COMMITTED);
        assert_nothing_shows(&round);
        for (size_t p = 0; p < 3; p++) assert_int_equal(round_must_reveal(&round, pk[p]), p >= i);
        assert_false(round_must_reveal(&round, pk[DAN]));
        assert_int_equal(round_take_reveal(&round, pk[i], key[i]), ERR_OK);
    }
    assert_int_equal(round.state, ROUND_OPENED);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(round_key(&round, pk[i]), key[i], KEY_BYTES);
        assert_false(round_must_reveal(&round, pk[i]));
    }
    assert_null(round_key(&round, pk[DAN]));
    round_fini(&round);
    static const struct round wiped;
    assert_memory_equal(&round, &wiped, sizeof round);
}

static void alone_it_opens_alone(void **state)
{
    (void)state;
    struct round round = begin_committed(1);
    assert_true(round_must_reveal(&round, pk[ANA]));
    assert_int_equal(round_take_reveal(&round, pk[ANA], key[ANA]), ERR_OK);
    assert_int_equal(round.state, ROUND_OPENED);
}

static void R1_a_wrong_key_is_passed_over(void **state)
{
    (void)state;
    struct round round = begin_committed(2);
    ASSERT_PASSED_OVER(round, round_take_reveal(&round, pk[BEN], wrong_key), ERR_BAD_ANSWER);
    ASSERT_PASSED_OVER(round, round_take_reveal(&round, pk[BEN], key[ANA]), ERR_BAD_ANSWER);
    for (size_t i = 0; i < KEY_BYTES; i++) {
        uint8_t changed[KEY_BYTES];
        memcpy(changed, key[BEN], sizeof changed);
        changed[i] ^= 0x10;
        ASSERT_PASSED_OVER(round, round_take_reveal(&round, pk[BEN], changed), ERR_BAD_ANSWER);
    }
    assert_int_equal(round_take_reveal(&round, pk[BEN], key[BEN]), ERR_OK); /* and the right one still counts */
    assert_int_equal(round_take_reveal(&round, pk[ANA], key[ANA]), ERR_OK);
    assert_int_equal(round.state, ROUND_OPENED);
    ASSERT_PASSED_OVER(round, round_take_reveal(&round, pk[BEN], wrong_key), ERR_BAD_ANSWER);
}

static void R2_a_copied_answer_never_opens(void **state)
{
    (void)state;
    struct round round = begin(2);
    assert_int_equal(round_take_commit(&round, pk[ANA], 5, &commit[ANA]), ERR_OK);
    assert_int_equal(round_take_commit(&round, pk[BEN], 6, &commit[ANA]), ERR_OK); /* nobody can tell yet */
    assert_int_equal(round_take_reveal(&round, pk[ANA], key[ANA]), ERR_OK);
    ASSERT_PASSED_OVER(round, round_take_reveal(&round, pk[BEN], key[ANA]), ERR_BAD_ANSWER);
    assert_int_equal(round.state, ROUND_COMMITTED);
    assert_nothing_shows(&round);
}

static void R3_the_first_commit_counts(void **state)
{
    (void)state;
    struct round round = begin(2);
    assert_int_equal(round_take_commit(&round, pk[BEN], 5, &commit[BEN]), ERR_OK);
    ASSERT_PASSED_OVER(round, round_take_commit(&round, pk[BEN], 6, &commit[BEN]), ERR_BAD_ANSWER);
    ASSERT_PASSED_OVER(round, round_take_commit(&round, pk[BEN], 6, &commit[CLEO]), ERR_BAD_ANSWER);
    assert_int_equal(round_take_commit(&round, pk[ANA], 7, &commit[ANA]), ERR_OK);
    ASSERT_PASSED_OVER(round, round_take_commit(&round, pk[BEN], 8, &commit[CLEO]), ERR_BAD_ANSWER);
    assert_int_equal(round_take_reveal(&round, pk[BEN], key[BEN]), ERR_OK);
}

static void R4_a_reveal_before_all_have_committed_is_passed_over(void **state)
{
    (void)state;
    struct round round = begin(3);
    ASSERT_PASSED_OVER(round, round_take_reveal(&round, pk[ANA], key[ANA]), ERR_NOT_YET);
    assert_int_equal(round_take_commit(&round, pk[ANA], 5, &commit[ANA]), ERR_OK);
    assert_int_equal(round_take_commit(&round, pk[BEN], 6, &commit[BEN]), ERR_OK);
    ASSERT_PASSED_OVER(round, round_take_reveal(&round, pk[ANA], key[ANA]), ERR_NOT_YET);
    assert_int_equal(round_take_commit(&round, pk[CLEO], 7, &commit[CLEO]), ERR_OK);
    assert_true(round_must_reveal(&round, pk[ANA])); /* again: the early one does not count */
    assert_int_equal(round_take_reveal(&round, pk[ANA], key[ANA]), ERR_OK);
}

/* A server that hides one commit keeps everyone's client silent. */
static void R5_nobody_reveals_while_one_commit_is_missing(void **state)
{
    (void)state;
    for (size_t missing = 0; missing < 3; missing++) {
        struct round round = begin(3);
        for (size_t i = 0; i < 3; i++) {
            if (i != missing) assert_int_equal(round_take_commit(&round, pk[i], 5, &commit[i]), ERR_OK);
        }
        for (size_t i = 0; i < 3; i++) assert_false(round_must_reveal(&round, pk[i]));
    }
}

static void R7_leaving_without_a_reveal_voids_it(void **state)
{
    (void)state;
    struct round before = begin(2), between = begin(2), after = begin_committed(2), revealed = begin_committed(2);
    round_take_leave(&before, pk[BEN]); /* has not committed */
    assert_int_equal(before.state, ROUND_VOID);
    assert_int_equal(round_take_commit(&between, pk[BEN], 5, &commit[BEN]), ERR_OK);
    round_take_leave(&between, pk[BEN]); /* has committed, the others have not */
    assert_int_equal(between.state, ROUND_VOID);
    assert_int_equal(round_take_reveal(&after, pk[ANA], key[ANA]), ERR_OK);
    round_take_leave(&after, pk[BEN]); /* everyone has committed, Ana's key is there already */
    assert_int_equal(after.state, ROUND_VOID);
    assert_nothing_shows(&after);
    assert_false(round_must_reveal(&after, pk[ANA]));
    assert_int_equal(round_take_reveal(&revealed, pk[BEN], key[BEN]), ERR_OK);
    round_take_leave(&revealed, pk[BEN]); /* has done all there was to do */
    assert_int_equal(revealed.state, ROUND_COMMITTED);
    assert_int_equal(round_take_reveal(&revealed, pk[ANA], key[ANA]), ERR_OK);
    assert_int_equal(revealed.state, ROUND_OPENED);
    round_take_leave(&revealed, pk[ANA]);
    assert_int_equal(revealed.state, ROUND_OPENED);
    assert_memory_equal(round_key(&revealed, pk[BEN]), key[BEN], KEY_BYTES);
}

static void others_have_no_part_in_it(void **state)
{
    (void)state;
    struct round round = begin_committed(2);
    ASSERT_PASSED_OVER(round, round_take_commit(&round, pk[DAN], 9, &commit[DAN]), ERR_NOT_MEMBER);
    ASSERT_PASSED_OVER(round, round_take_reveal(&round, pk[DAN], key[DAN]), ERR_NOT_MEMBER);
    ASSERT_PASSED_OVER(round, (round_take_leave(&round, pk[DAN]), ERR_OK), ERR_OK);
    ASSERT_PASSED_OVER(round, (round_take_redact(&round, pk[DAN]), ERR_OK), ERR_OK);
    assert_null(round_person_of(&round, pk[DAN]));
}

static void R9_an_answer_of_another_length_is_passed_over(void **state)
{
    (void)state;
    struct round round = begin(2);
    static uint8_t long_ct[LIMIT_BUCKET_LARGE + AEAD_TAG_BYTES];
    static const size_t length[] = {0, 15, 16, CT_BYTES - 1, CT_BYTES + 1, LIMIT_BUCKET_MIDDLE + AEAD_TAG_BYTES,
                                    LIMIT_BUCKET_LARGE + AEAD_TAG_BYTES};
    for (size_t i = 0; i < sizeof length / sizeof length[0]; i++) {
        struct round_commit other = commit[BEN];
        other.ct = str_at(long_ct, length[i]);
        ASSERT_PASSED_OVER(round, round_take_commit(&round, pk[BEN], 5, &other), ERR_BAD_ANSWER);
    }
    assert_int_equal(round_take_commit(&round, pk[BEN], 6, &commit[BEN]), ERR_OK);
}

static void close_is_the_askers_at_any_time_and_anyones_after_until(void **state)
{
    (void)state;
    struct round round = begin(2);
    ASSERT_PASSED_OVER(round, round_take_close(&round, pk[BEN], until_ms - 1), ERR_NOT_YET);
    ASSERT_PASSED_OVER(round, round_take_close(&round, pk[BEN], until_ms), ERR_NOT_YET);
    ASSERT_PASSED_OVER(round, round_take_close(&round, pk[DAN], until_ms), ERR_NOT_YET);
    struct round by_asker = round, by_asked = round, by_member = round;
    assert_int_equal(round_take_close(&by_asker, pk[ANA], 0), ERR_OK);
    assert_int_equal(round_take_close(&by_asked, pk[BEN], until_ms + 1), ERR_OK);
    assert_int_equal(round_take_close(&by_member, pk[DAN], until_ms + 1), ERR_OK);
    assert_int_equal(by_asker.state, ROUND_VOID);
    assert_int_equal(by_asked.state, ROUND_VOID);
    assert_int_equal(by_member.state, ROUND_VOID);
}

static void once_all_have_answered_nobody_can_close(void **state)
{
    (void)state;
    struct round round = begin_committed(2);
    ASSERT_PASSED_OVER(round, round_take_close(&round, pk[ANA], until_ms + 1), ERR_ALL_ANSWERED);
    ASSERT_PASSED_OVER(round, round_take_close(&round, pk[BEN], until_ms + 1), ERR_ALL_ANSWERED);
    for (size_t i = 0; i < 2; i++) assert_int_equal(round_take_reveal(&round, pk[i], key[i]), ERR_OK);
    ASSERT_PASSED_OVER(round, round_take_close(&round, pk[ANA], until_ms + 1), ERR_ALL_ANSWERED);
}

static void an_answer_after_until_still_counts(void **state)
{
    (void)state;
    struct round round = begin(2);
    assert_int_equal(round_take_commit(&round, pk[ANA], 5, &commit[ANA]), ERR_OK);
    ASSERT_PASSED_OVER(round, round_take_close(&round, pk[BEN], until_ms), ERR_NOT_YET);
    assert_int_equal(round_take_commit(&round, pk[BEN], 50, &commit[BEN]), ERR_OK); /* however late it is */
    assert_int_equal(round.state, ROUND_COMMITTED);
}

static void what_is_void_stays_void(void **state)
{
    (void)state;
    struct round round = begin(2);
    assert_int_equal(round_take_commit(&round, pk[ANA], 5, &commit[ANA]), ERR_OK);
    assert_int_equal(round_take_close(&round, pk[ANA], 0), ERR_OK);
    ASSERT_PASSED_OVER(round, round_take_commit(&round, pk[BEN], 6, &commit[BEN]), ERR_VOID);
    ASSERT_PASSED_OVER(round, round_take_reveal(&round, pk[ANA], key[ANA]), ERR_VOID);
    ASSERT_PASSED_OVER(round, round_take_close(&round, pk[ANA], 0), ERR_VOID);
    ASSERT_PASSED_OVER(round, round_take_erased_commit(&round, pk[BEN], 6), ERR_VOID);
    ASSERT_PASSED_OVER(round, round_take_erased_reveal(&round, pk[ANA]), ERR_VOID);
    round_take_leave(&round, pk[BEN]);
    round_take_redact(&round, pk[BEN]);
    assert_int_equal(round.state, ROUND_VOID);
    assert_nothing_shows(&round);
}

static void a_repeated_reveal_changes_nothing(void **state)
{
    (void)state;
    struct round round = begin_committed(2);
    assert_int_equal(round_take_reveal(&round, pk[ANA], key[ANA]), ERR_OK);
    ASSERT_PASSED_OVER(round, round_take_reveal(&round, pk[ANA], key[ANA]), ERR_OK); /* two devices of hers */
}

/* ---- erasing --------------------------------------------------------------------------------- */

static void erased_after_opening_only_the_words_are_gone(void **state)
{
    (void)state;
    struct round round = begin(2);
    assert_int_equal(round_take_commit(&round, pk[ANA], 5, &commit[ANA]), ERR_OK);
    assert_int_equal(round_take_erased_commit(&round, pk[BEN], 6), ERR_OK);
    ASSERT_PASSED_OVER(round, round_take_erased_commit(&round, pk[BEN], 7), ERR_BAD_ANSWER);
    assert_int_equal(round_take_reveal(&round, pk[BEN], key[BEN]), ERR_OK); /* fits nothing that can be read */
    assert_int_equal(round_take_reveal(&round, pk[ANA], key[ANA]), ERR_OK);
    round_take_redact(&round, pk[BEN]);
    assert_int_equal(round.state, ROUND_OPENED);
    assert_memory_equal(round_key(&round, pk[ANA]), key[ANA], KEY_BYTES);
    assert_null(round_key(&round, pk[BEN]));
}

static void an_erased_key_is_taken_for_one(void **state)
{
    (void)state;
    struct round round = begin_committed(2);
    assert_int_equal(round_take_erased_reveal(&round, pk[BEN]), ERR_OK);
    ASSERT_PASSED_OVER(round, round_take_erased_reveal(&round, pk[BEN]), ERR_OK);
    assert_int_equal(round_take_reveal(&round, pk[ANA], key[ANA]), ERR_OK);
    round_take_redact(&round, pk[BEN]);
    assert_int_equal(round.state, ROUND_OPENED);
    assert_null(round_key(&round, pk[BEN]));
    struct round early = begin(2);
    ASSERT_PASSED_OVER(early, round_take_erased_reveal(&early, pk[BEN]), ERR_NOT_YET);
    ASSERT_PASSED_OVER(early, round_take_erased_reveal(&early, pk[DAN]), ERR_NOT_MEMBER);
    ASSERT_PASSED_OVER(early, round_take_erased_commit(&early, pk[DAN], 5), ERR_NOT_MEMBER);
}

static void erased_before_opening_it_is_void(void **state)
{
    (void)state;
    struct round open = begin(2), committed = begin_committed(2);
    assert_int_equal(round_take_erased_commit(&open, pk[BEN], 5), ERR_OK);
    round_take_redact(&open, pk[BEN]);
    assert_int_equal(open.state, ROUND_VOID);
    assert_int_equal(round_take_reveal(&committed, pk[ANA], key[ANA]), ERR_OK);
    round_take_redact(&committed, pk[BEN]);
    assert_int_equal(committed.state, ROUND_VOID);
    assert_nothing_shows(&committed);
}

static void an_erased_question_takes_answers_of_any_length(void **state)
{
    (void)state;
    struct round round;
    struct round_start start = {.circle = circle, .hash = round_hash, .asker = pk[ANA], .person = {pk[ANA], pk[BEN]},
                                .person_n = 2, .bucket_n = 0, .until_ms = LIMIT_NUMBER};
    round_init(&round, &start);
    assert_int_equal(round_take_close(&round, pk[BEN], LIMIT_NUMBER), ERR_NOT_YET);
    for (size_t i = 0; i < 2; i++) assert_int_equal(round_take_commit(&round, pk[i], 5, &commit[i]), ERR_OK);
    for (size_t i = 0; i < 2; i++) assert_int_equal(round_take_reveal(&round, pk[i], key[i]), ERR_OK);
    round_take_redact(&round, pk[ANA]);
    assert_int_equal(round.state, ROUND_OPENED);
}

/* ---- every short history, against the laws read as a whole ------------------------------------- */

enum act { COMMIT_A, COMMIT_B, REVEAL_A, REVEAL_B, WRONG_A, LEAVE_A, LEAVE_B, CLOSE_A, CLOSE_B_EARLY, CLOSE_B_LATE,
           ACTS, DEPTH = 6, NEVER = DEPTH };

static void act_take(struct round *round, enum act act)
{
    enum err e = ERR_OK; /* what is passed over is told by the state that follows */
    switch (act) {
    case COMMIT_A: e = round_take_commit(round, pk[ANA], 5, &commit[ANA]); break;
    case COMMIT_B: e = round_take_commit(round, pk[BEN], 6, &commit[BEN]); break;
    case REVEAL_A: e = round_take_reveal(round, pk[ANA], key[ANA]); break;
    case REVEAL_B: e = round_take_reveal(round, pk[BEN], key[BEN]); break;
    case WRONG_A: e = round_take_reveal(round, pk[ANA], wrong_key); break;
    case LEAVE_A: round_take_leave(round, pk[ANA]); break;
    case LEAVE_B: round_take_leave(round, pk[BEN]); break;
    case CLOSE_A: e = round_take_close(round, pk[ANA], 0); break;
    case CLOSE_B_EARLY: e = round_take_close(round, pk[BEN], until_ms); break;
    case CLOSE_B_LATE: e = round_take_close(round, pk[BEN], until_ms + 1); break;
    default: break;
    }
    (void)e;
}

/* The first place at or after from where that act stands; NEVER if there is none. */
static size_t first_of(const enum act *history, size_t n, enum act act, size_t from)
{
    for (size_t i = from; i < n; i++) {
        if (history[i] == act) return i;
    }
    return NEVER;
}

/* What the laws say of a whole history, without going through it step by step. */
static enum round_state state_by_law(const enum act *history, size_t n)
{
    size_t a = first_of(history, n, COMMIT_A, 0), b = first_of(history, n, COMMIT_B, 0);
    size_t all = a > b ? a : b, void_at = NEVER;
    size_t key_a = all == NEVER ? NEVER : first_of(history, n, REVEAL_A, all);
    size_t key_b = all == NEVER ? NEVER : first_of(history, n, REVEAL_B, all);
    for (size_t i = n; i > 0; i--) {
        enum act act = history[i - 1];
        bool closes = (act == CLOSE_A || act == CLOSE_B_LATE) && i - 1 < all;
        bool leaves = (act == LEAVE_A && i - 1 < key_a) || (act == LEAVE_B && i - 1 < key_b);
        if (closes || leaves) void_at = i - 1;
    }
    if (void_at < NEVER) return ROUND_VOID;
    if (all == NEVER) return ROUND_OPEN;
    return key_a < NEVER && key_b < NEVER ? ROUND_OPENED : ROUND_COMMITTED;
}

static size_t tried_n, reached_n[ROUND_VOID + 1];

static void try_all(const struct round *round, enum act *history, size_t n)
{
    assert_int_equal(round->state, state_by_law(history, n));
    assert_int_equal(round_key(round, pk[ANA]) != NULL, round->state == ROUND_OPENED);
    assert_int_equal(round_key(round, pk[BEN]) != NULL, round->state == ROUND_OPENED);
    bool has_all = first_of(history, n, COMMIT_A, 0) < NEVER && first_of(history, n, COMMIT_B, 0) < NEVER;
    if (round_must_reveal(round, pk[ANA])) assert_true(has_all && round->state == ROUND_COMMITTED);
    tried_n++;
    reached_n[round->state]++;
    if (n == DEPTH) return;
    for (enum act act = 0; act < ACTS; act++) {
        struct round next = *round;
        history[n] = act;
        act_take(&next, act);
        try_all(&next, history, n + 1);
    }
}

static void every_short_history_comes_out_as_the_laws_say(void **state)
{
    (void)state;
    enum act history[DEPTH + 1];
    struct round round = begin(2);
    try_all(&round, history, 0);
    assert_int_equal(tried_n, 1111111);
    for (size_t i = 0; i <= ROUND_VOID; i++) assert_true(reached_n[i] > 0); /* no law was tried in vain */
}

/* ---- misuse ---------------------------------------------------------------------------------- */

static void begin_without_the_asker(void)
{
    struct round round;
    struct round_start start = {.circle = circle, .hash = round_hash, .asker = pk[ANA], .person = {pk[BEN]},
                                .person_n = 1};
    round_init(&round, &start);
}

static void begin_with_one_twice(void)
{
    struct round round;
    struct round_start start = {.circle = circle, .hash = round_hash, .asker = pk[ANA], .person = {pk[ANA], pk[ANA]},
                                .person_n = 2};
    round_init(&round, &start);
}

static void begin_with_nobody(void)
{
    struct round round;
    struct round_start start = {.circle = circle, .hash = round_hash, .asker = pk[ANA]};
    round_init(&round, &start);
}

static void misuse_is_stopped(void **state)
{
    (void)state;
    assert_true(aborts(begin_without_the_asker));
    assert_true(aborts(begin_with_one_twice));
    assert_true(aborts(begin_with_nobody));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_answers_open_together),
        cmocka_unit_test(alone_it_opens_alone),
        cmocka_unit_test(R1_a_wrong_key_is_passed_over),
        cmocka_unit_test(R2_a_copied_answer_never_opens),
        cmocka_unit_test(R3_the_first_commit_counts),
        cmocka_unit_test(R4_a_reveal_before_all_have_committed_is_passed_over),
        cmocka_unit_test(R5_nobody_reveals_while_one_commit_is_missing),
        cmocka_unit_test(R7_leaving_without_a_reveal_voids_it),
        cmocka_unit_test(others_have_no_part_in_it),
        cmocka_unit_test(R9_an_answer_of_another_length_is_passed_over),
        cmocka_unit_test(close_is_the_askers_at_any_time_and_anyones_after_until),
        cmocka_unit_test(once_all_have_answered_nobody_can_close),
        cmocka_unit_test(an_answer_after_until_still_counts),
        cmocka_unit_test(what_is_void_stays_void),
        cmocka_unit_test(a_repeated_reveal_changes_nothing),
        cmocka_unit_test(erased_after_opening_only_the_words_are_gone),
        cmocka_unit_test(an_erased_key_is_taken_for_one),
        cmocka_unit_test(erased_before_opening_it_is_void),
        cmocka_unit_test(an_erased_question_takes_answers_of_any_length),
        cmocka_unit_test(every_short_history_comes_out_as_the_laws_say),
        cmocka_unit_test(misuse_is_stopped),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
