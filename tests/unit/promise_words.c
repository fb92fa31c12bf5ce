/* promise_words.c -- what the two say about a turn, and what it comes to. [P9], [P10], [P12], [P14] to [P28],
 * [P38] to [P40] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/fold.h"

static struct fold f;
static const struct promise *p; /* Ana's to Ben: tomorrow at noon */

static int open_fold(void **state)
{
    (void)state;
    fold_init_two(&f);
    fold_control(&f, CLEO, ENTRY_JOIN);
    p = fold_make(&f, ANA, BEN, fold_moment(1));
    return 0;
}

static int close_fold(void **state)
{
    (void)state;
    fold_fini(&f);
    return 0;
}

static void go_to(unsigned days)
{
    f.now_ms = FOLD_NOON_MS + days * FOLD_DAY_MS;
}

#define SAYS(who, act) assert_int_equal(fold_say(&f, (who), (act), p, 0), LAW_OK)
#define MAY_NOT(who, act, law) assert_int_equal(fold_say(&f, (who), (act), p, 0), (law))
#define CAME_TO(outcome) assert_int_equal(fold_came_to(&f, p, 0), (outcome))

/* ---- whose word it is ------------------------------------------------------------------------------------ */

static void P9_only_the_promiser_says_what_they_did(void **state)
{
    (void)state;
    static const enum promise_act_kind theirs[] = {PROMISE_DONE, PROMISE_OWNED_UP, PROMISE_DIFFERED, PROMISE_ENDED};
    go_to(2);
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        MAY_NOT(BEN, theirs[i], LAW_NOT_PROMISER);
        MAY_NOT(CLEO, theirs[i], LAW_NOT_PROMISER);
    }
    assert_int_equal(fold_ask(&f, BEN, p, 0, false, fold_moment(3)), LAW_NOT_PROMISER);
    CAME_TO(PROMISE_SILENT);
}

static void P10_only_the_receiver_says_how_it_was(void **state)
{
    (void)state;
    static const enum promise_act_kind theirs[] = {PROMISE_KEPT, PROMISE_LATE, PROMISE_NOT_KEPT, PROMISE_RELEASED,
                                                   PROMISE_DECLINED};
    go_to(2);
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        MAY_NOT(ANA, theirs[i], LAW_NOT_RECEIVER);
        MAY_NOT(CLEO, theirs[i], LAW_NOT_RECEIVER);
    }
    CAME_TO(PROMISE_SILENT);
    go_to(0);
    assert_int_equal(fold_ask(&f, ANA, p, 0, false, fold_moment(3)), LAW_OK);
    assert_int_equal(fold_answer(&f, ANA, PROMISE_CHANGE_ACCEPTED, p, f.line_n - 1), LAW_NOT_RECEIVER);
    assert_int_equal(fold_answer(&f, CLEO, PROMISE_CHANGE_REFUSED, p, f.line_n - 2), LAW_NOT_RECEIVER);
}

static void P12_the_same_is_not_said_twice(void **state)
{
    (void)state;
    SAYS(ANA, PROMISE_DONE);
    MAY_NOT(ANA, PROMISE_DONE, LAW_SAID_ALREADY);
    go_to(1);
    SAYS(ANA, PROMISE_OWNED_UP);
    MAY_NOT(ANA, PROMISE_OWNED_UP, LAW_SAID_ALREADY);
    SAYS(BEN, PROMISE_LATE);
    MAY_NOT(BEN, PROMISE_LATE, LAW_SAID_ALREADY);
    SAYS(ANA, PROMISE_DONE);
    SAYS(ANA, PROMISE_DIFFERED);
    MAY_NOT(ANA, PROMISE_DIFFERED, LAW_SAID_ALREADY);
}

/* ---- what is over ------------------------------------------------------------------------------------------ */

static void P14_what_was_released_or_declined_stays_so(void **state)
{
    (void)state;
    const struct promise *declined = fold_make(&f, ANA, BEN, fold_moment(1));
    SAYS(BEN, PROMISE_RELEASED);
    assert_int_equal(fold_say(&f, BEN, PROMISE_DECLINED, declined, 0), LAW_OK);
    assert_int_equal(fold_say(&f, BEN, PROMISE_DECLINED, declined, 0), LAW_OVER);
    CAME_TO(PROMISE_OUTCOME_RELEASED);
    assert_int_equal(p->turn[0].closed_seq, f.line_n - 3);
    assert_int_equal(declined->over_seq, f.line_n - 2);
    assert_int_equal(fold_came_to(&f, declined, 0), PROMISE_OUTCOME_DECLINED);
    go_to(2);
    for (enum promise_act_kind act = PROMISE_DONE; act <= PROMISE_RELEASED; act++) {
        enum fold_who who = act == PROMISE_DONE || act == PROMISE_OWNED_UP ? ANA : BEN;
        MAY_NOT(who, act, LAW_OVER);
        assert_int_equal(fold_say(&f, who, act, declined, 0), LAW_OVER);
    }
    assert_int_equal(fold_ask(&f, ANA, p, 0, false, fold_moment(9)), LAW_OVER);
    CAME_TO(PROMISE_OUTCOME_RELEASED);
}

static void P15_what_is_open_ends_when_one_of_the_two_leaves(void **state)
{
    (void)state;
    const struct promise *done = fold_make(&f, ANA, BEN, fold_moment(1));
    const struct promise *kept = fold_make(&f, ANA, BEN, fold_moment(1));
    const struct promise *owned_up = fold_make(&f, ANA, BEN, fold_moment(1));
    const struct promise *to_cleo = fold_make(&f, ANA, CLEO, fold_moment(1));
    go_to(1);
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, done, 0), LAW_OK);
    assert_int_equal(fold_say(&f, BEN, PROMISE_KEPT, kept, 0), LAW_OK);
    assert_int_equal(fold_say(&f, ANA, PROMISE_OWNED_UP, owned_up, 0), LAW_OK);
    fold_control(&f, BEN, ENTRY_LEAVE);
    CAME_TO(PROMISE_OUTCOME_ENDED);
    assert_int_equal(fold_came_to(&f, done, 0), PROMISE_OUTCOME_ENDED);
    assert_int_equal(fold_came_to(&f, kept, 0), PROMISE_OUTCOME_KEPT);
    assert_int_equal(fold_came_to(&f, owned_up, 0), PROMISE_OUTCOME_OWNED_UP);
    assert_int_equal(fold_came_to(&f, to_cleo, 0), PROMISE_SILENT);
    MAY_NOT(ANA, PROMISE_DONE, LAW_LEFT);
    MAY_NOT(ANA, PROMISE_OWNED_UP, LAW_LEFT);
    assert_int_equal(fold_ask(&f, ANA, p, 0, false, fold_moment(9)), LAW_LEFT);
    fold_control(&f, BEN, ENTRY_JOIN); /* who comes back finds it ended */
    MAY_NOT(BEN, PROMISE_KEPT, LAW_LEFT);
    CAME_TO(PROMISE_OUTCOME_ENDED);
}

static void P15_a_parting_word_can_still_be_answered(void **state)
{
    (void)state;
    go_to(1);
    SAYS(BEN, PROMISE_NOT_KEPT);
    fold_control(&f, BEN, ENTRY_LEAVE);
    CAME_TO(PROMISE_OUTCOME_NOT_KEPT);
    SAYS(ANA, PROMISE_DIFFERED);
    CAME_TO(PROMISE_SEEN_DIFFERENTLY);
}

/* ---- the promiser's words --------------------------------------------------------------------------------- */

static void P16_done_may_be_said_early_and_late(void **state)
{
    (void)state;
    const struct promise *late = fold_make(&f, ANA, BEN, fold_moment(1)), *open = fold_make(&f, ANA, BEN, fold_open());
    SAYS(ANA, PROMISE_DONE);
    CAME_TO(PROMISE_WAITING);
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, open, 0), LAW_OK);
    go_to(30);
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, late, 0), LAW_OK);
    assert_int_equal(fold_came_to(&f, late, 0), PROMISE_WAITING);
    assert_int_equal(fold_came_to(&f, open, 0), PROMISE_WAITING);
}

static void P18_owning_up_is_for_when_it_is_due(void **state)
{
    (void)state;
    const struct promise *open = fold_make(&f, ANA, BEN, fold_open());
    go_to(1);
    f.now_ms--;
    MAY_NOT(ANA, PROMISE_OWNED_UP, LAW_OWN_UP_EARLY);
    f.now_ms++;
    SAYS(ANA, PROMISE_OWNED_UP);
    CAME_TO(PROMISE_OUTCOME_OWNED_UP);
    assert_int_equal(fold_say(&f, ANA, PROMISE_OWNED_UP, open, 0), LAW_OK);
}

static void P19_owning_up_can_be_taken_back_for_a_day(void **state)
{
    (void)state;
    const struct promise *other = fold_make(&f, ANA, BEN, fold_moment(1));
    go_to(1);
    SAYS(ANA, PROMISE_OWNED_UP);
    assert_int_equal(fold_say(&f, ANA, PROMISE_OWNED_UP, other, 0), LAW_OK);
    go_to(2);
    SAYS(ANA, PROMISE_DONE);
    CAME_TO(PROMISE_WAITING);
    f.now_ms++;
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, other, 0), LAW_OWN_UP_STANDS);
    assert_int_equal(fold_say(&f, BEN, PROMISE_LATE, other, 0), LAW_OK);
    assert_int_equal(fold_came_to(&f, other, 0), PROMISE_OUTCOME_LATE);
}

static void P20_only_what_repeats_is_ended(void **state)
{
    (void)state;
    const struct promise *open = fold_make(&f, ANA, BEN, fold_open());
    const struct promise *daily = fold_make(&f, ANA, BEN, fold_days(0, 4));
    MAY_NOT(ANA, PROMISE_ENDED, LAW_NOT_REPEATING);
    assert_int_equal(fold_say(&f, ANA, PROMISE_ENDED, open, 0), LAW_NOT_REPEATING);
    go_to(1);
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, daily, 2), LAW_OK);
    assert_int_equal(fold_say(&f, ANA, PROMISE_ENDED, daily, 0), LAW_OK);
    assert_int_equal(fold_say(&f, ANA, PROMISE_ENDED, daily, 0), LAW_OVER);
    assert_int_equal(fold_came_to(&f, daily, 0), PROMISE_SILENT); /* what was due stays open to both words */
    assert_int_equal(fold_came_to(&f, daily, 1), PROMISE_OUTCOME_ENDED);
    assert_int_equal(fold_came_to(&f, daily, 2), PROMISE_WAITING);
    assert_int_equal(fold_came_to(&f, daily, 3), PROMISE_OUTCOME_ENDED);
    assert_int_equal(fold_say(&f, BEN, PROMISE_NOT_KEPT, daily, 0), LAW_OK);
    assert_int_equal(fold_say(&f, BEN, PROMISE_KEPT, daily, 1), LAW_OVER);
}

static void P21_seen_differently_is_about_late_or_not_kept(void **state)
{
    (void)state;
    go_to(1);
    MAY_NOT(ANA, PROMISE_DIFFERED, LAW_NOTHING_TO_DIFFER);
    SAYS(BEN, PROMISE_KEPT);
    MAY_NOT(ANA, PROMISE_DIFFERED, LAW_NOTHING_TO_DIFFER);
    SAYS(BEN, PROMISE_LATE);
    SAYS(ANA, PROMISE_DIFFERED);
    CAME_TO(PROMISE_SEEN_DIFFERENTLY);
}

static void P22_who_owned_up_does_not_see_it_differently(void **state)
{
    (void)state;
    go_to(1);
    SAYS(ANA, PROMISE_OWNED_UP);
    SAYS(BEN, PROMISE_NOT_KEPT);
    MAY_NOT(ANA, PROMISE_DIFFERED, LAW_DIFFER_OWNED_UP);
    CAME_TO(PROMISE_OUTCOME_OWNED_UP);
}

/* ---- the receiver's words --------------------------------------------------------------------------------- */

static void P23_before_it_is_due_only_kept_is_said(void **state)
{
    (void)state;
    SAYS(ANA, PROMISE_DONE);
    go_to(1);
    f.now_ms--;
    MAY_NOT(BEN, PROMISE_LATE, LAW_VERDICT_EARLY);
    MAY_NOT(BEN, PROMISE_NOT_KEPT, LAW_VERDICT_EARLY);
    SAYS(BEN, PROMISE_KEPT);
    CAME_TO(PROMISE_OUTCOME_KEPT);
    f.now_ms++;
    SAYS(BEN, PROMISE_LATE);
}

static void P24_without_a_date_nothing_is_late(void **state)
{
    (void)state;
    p = fold_make(&f, ANA, BEN, fold_open());
    SAYS(ANA, PROMISE_DONE);
    go_to(400);
    MAY_NOT(BEN, PROMISE_LATE, LAW_VERDICT_OPEN_LATE);
    SAYS(BEN, PROMISE_KEPT);
}

static void P25_without_a_date_silence_breaks_nothing(void **state)
{
    (void)state;
    p = fold_make(&f, ANA, BEN, fold_open());
    go_to(400);
    MAY_NOT(BEN, PROMISE_NOT_KEPT, LAW_VERDICT_OPEN_NOT_KEPT);
    CAME_TO(PROMISE_NOT_DUE);
    SAYS(ANA, PROMISE_DONE);
    SAYS(BEN, PROMISE_NOT_KEPT);
    CAME_TO(PROMISE_SEEN_DIFFERENTLY);
}

static void P26_a_slip_in_a_verdict_is_mended_within_a_day(void **state)
{
    (void)state;
    go_to(1);
    SAYS(BEN, PROMISE_NOT_KEPT);
    SAYS(BEN, PROMISE_KEPT);
    SAYS(BEN, PROMISE_LATE);
    go_to(2);
    SAYS(BEN, PROMISE_NOT_KEPT);
    SAYS(BEN, PROMISE_LATE);
    f.now_ms++;
    MAY_NOT(BEN, PROMISE_NOT_KEPT, LAW_VERDICT_STANDS);
    CAME_TO(PROMISE_OUTCOME_LATE);
}

static void P26_after_a_day_only_something_kinder_is_said(void **state)
{
    (void)state;
    go_to(1);
    SAYS(BEN, PROMISE_LATE);
    go_to(30);
    MAY_NOT(BEN, PROMISE_NOT_KEPT, LAW_VERDICT_STANDS);
    SAYS(BEN, PROMISE_KEPT);
    MAY_NOT(BEN, PROMISE_NOT_KEPT, LAW_VERDICT_STANDS); /* by no detour */
    SAYS(BEN, PROMISE_LATE);                            /* the slip of a moment ago */
    MAY_NOT(BEN, PROMISE_NOT_KEPT, LAW_VERDICT_STANDS);
    SAYS(BEN, PROMISE_KEPT);
    go_to(32);
    MAY_NOT(BEN, PROMISE_LATE, LAW_VERDICT_STANDS);
}

static void P27_a_release_is_of_what_nobody_spoke_of(void **state)
{
    (void)state;
    const struct promise *daily = fold_make(&f, ANA, BEN, fold_days(0, 5));
    SAYS(ANA, PROMISE_DONE);
    MAY_NOT(BEN, PROMISE_RELEASED, LAW_RELEASE_SPOKEN);
    SAYS(BEN, PROMISE_KEPT);
    MAY_NOT(BEN, PROMISE_RELEASED, LAW_RELEASE_SPOKEN);
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, daily, 3), LAW_OK);
    assert_int_equal(fold_say(&f, BEN, PROMISE_RELEASED, daily, 0), LAW_OK);
    assert_int_equal(fold_say_left(&f, BEN, PROMISE_RELEASED, daily, 2), LAW_OK);
    assert_int_equal(fold_came_to(&f, daily, 0), PROMISE_OUTCOME_RELEASED);
    assert_int_equal(fold_came_to(&f, daily, 1), PROMISE_NOT_DUE);
    assert_int_equal(fold_came_to(&f, daily, 2), PROMISE_OUTCOME_RELEASED);
    assert_int_equal(fold_came_to(&f, daily, 3), PROMISE_WAITING);
    assert_int_equal(fold_came_to(&f, daily, 4), PROMISE_OUTCOME_RELEASED);
    assert_int_equal(fold_say_left(&f, BEN, PROMISE_RELEASED, daily, 2), LAW_NOTHING_LEFT);
}

static void P28_a_promise_is_declined_before_anything_was_said(void **state)
{
    (void)state;
    const struct promise *daily = fold_make(&f, ANA, BEN, fold_days(0, 2));
    SAYS(ANA, PROMISE_DONE);
    MAY_NOT(BEN, PROMISE_DECLINED, LAW_DECLINE_SPOKEN);
    assert_int_equal(fold_say(&f, BEN, PROMISE_DECLINED, daily, 0), LAW_OK);
    assert_int_equal(fold_came_to(&f, daily, 0), PROMISE_OUTCOME_DECLINED);
    assert_int_equal(fold_came_to(&f, daily, 1), PROMISE_OUTCOME_DECLINED);
    assert_int_equal(fold_say(&f, ANA, PROMISE_ENDED, daily, 0), LAW_OVER);
}

/* ---- what it comes to -------------------------------------------------------------------------------------- */

static void P17_the_two_words_make_the_outcome(void **state)
{
    (void)state;
    static const struct {
        enum promise_act_kind anas, bens; /* 0: says nothing */
        enum promise_outcome outcome;
    } row[] = {
        {0, 0, PROMISE_SILENT},
        {PROMISE_DONE, 0, PROMISE_WAITING},
        {PROMISE_OWNED_UP, 0, PROMISE_OUTCOME_OWNED_UP},
        {0, PROMISE_KEPT, PROMISE_OUTCOME_KEPT},
        {PROMISE_DONE, PROMISE_KEPT, PROMISE_OUTCOME_KEPT},
        {PROMISE_OWNED_UP, PROMISE_KEPT, PROMISE_SEEN_DIFFERENTLY},
        {0, PROMISE_LATE, PROMISE_OUTCOME_LATE},
        {PROMISE_DONE, PROMISE_LATE, PROMISE_OUTCOME_LATE},
        {PROMISE_OWNED_UP, PROMISE_LATE, PROMISE_OUTCOME_LATE},
        {0, PROMISE_NOT_KEPT, PROMISE_OUTCOME_NOT_KEPT},
        {PROMISE_DONE, PROMISE_NOT_KEPT, PROMISE_SEEN_DIFFERENTLY},
        {PROMISE_OWNED_UP, PROMISE_NOT_KEPT, PROMISE_OUTCOME_OWNED_UP},
    };
    for (size_t i = 0; i < 2 * (sizeof row / sizeof *row); i++) {
        size_t at = i / 2, bens_first = i % 2;
        go_to(0);
        p = fold_make(&f, ANA, BEN, fold_moment(1));
        go_to(1);
        if (bens_first && row[at].bens > 0) SAYS(BEN, row[at].bens);
        if (row[at].anas > 0) SAYS(ANA, row[at].anas);
        if (!bens_first && row[at].bens > 0) SAYS(BEN, row[at].bens);
        CAME_TO(row[at].outcome);
    }
}

static void P38_silence_is_never_counted(void **state)
{
    (void)state;
    go_to(1);
    assert_int_equal(promise_outcome(p, 0, f.now_ms - 1), PROMISE_NOT_DUE);
    CAME_TO(PROMISE_SILENT);
    assert_int_equal(promise_outcome(p, 0, LIMIT_NUMBER), PROMISE_SILENT);
    SAYS(ANA, PROMISE_DONE);
    assert_int_equal(promise_outcome(p, 0, LIMIT_NUMBER), PROMISE_WAITING);
}

static void P39_each_repetition_has_an_outcome_of_its_own(void **state)
{
    (void)state;
    p = fold_make(&f, ANA, BEN, fold_days(0, 4));
    go_to(9);
    assert_int_equal(fold_say(&f, BEN, PROMISE_KEPT, p, 0), LAW_OK);
    assert_int_equal(fold_say(&f, BEN, PROMISE_NOT_KEPT, p, 1), LAW_OK);
    assert_int_equal(fold_say(&f, ANA, PROMISE_OWNED_UP, p, 2), LAW_OK);
    static const enum promise_outcome outcome[] = {PROMISE_OUTCOME_KEPT, PROMISE_OUTCOME_NOT_KEPT,
                                                   PROMISE_OUTCOME_OWNED_UP, PROMISE_SILENT};
    for (size_t i = 0; i < 4; i++) assert_int_equal(fold_came_to(&f, p, i), outcome[i]);
}

static void P40_where_they_differ_both_words_stay(void **state)
{
    (void)state;
    struct promise_act bens = {.act = PROMISE_NOT_KEPT, .promise = p->id, .words = STR("The pan was still there")},
                       anas = {.act = PROMISE_DIFFERED, .promise = p->id, .words = STR("It was soaking")};
    go_to(1);
    assert_int_equal(fold_act(&f, BEN, &bens), LAW_OK);
    assert_int_equal(fold_act(&f, ANA, &anas), LAW_OK);
    CAME_TO(PROMISE_SEEN_DIFFERENTLY);
    assert_int_equal(p->turn[0].said_seq, 0);
    assert_true(str_is(state_row(&f.state, p->turn[0].verdict_seq)->words, bens.words));
    assert_true(str_is(state_row(&f.state, p->turn[0].differed_seq)->words, anas.words));
    SAYS(ANA, PROMISE_OWNED_UP);
    CAME_TO(PROMISE_OUTCOME_OWNED_UP);
    assert_int_equal(p->turn[0].said_seq, f.line_n - 1);
    assert_int_equal(p->turn[0].differed_seq, 0);
    SAYS(BEN, PROMISE_KEPT);
    CAME_TO(PROMISE_SEEN_DIFFERENTLY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fold, close_fold)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(P9_only_the_promiser_says_what_they_did),
        TEST(P10_only_the_receiver_says_how_it_was),
        TEST(P12_the_same_is_not_said_twice),
        TEST(P14_what_was_released_or_declined_stays_so),
        TEST(P15_what_is_open_ends_when_one_of_the_two_leaves),
        TEST(P15_a_parting_word_can_still_be_answered),
        TEST(P16_done_may_be_said_early_and_late),
        TEST(P17_the_two_words_make_the_outcome),
        TEST(P18_owning_up_is_for_when_it_is_due),
        TEST(P19_owning_up_can_be_taken_back_for_a_day),
        TEST(P20_only_what_repeats_is_ended),
        TEST(P21_seen_differently_is_about_late_or_not_kept),
        TEST(P22_who_owned_up_does_not_see_it_differently),
        TEST(P23_before_it_is_due_only_kept_is_said),
        TEST(P24_without_a_date_nothing_is_late),
        TEST(P25_without_a_date_silence_breaks_nothing),
        TEST(P26_a_slip_in_a_verdict_is_mended_within_a_day),
        TEST(P26_after_a_day_only_something_kinder_is_said),
        TEST(P27_a_release_is_of_what_nobody_spoke_of),
        TEST(P28_a_promise_is_declined_before_anything_was_said),
        TEST(P38_silence_is_never_counted),
        TEST(P39_each_repetition_has_an_outcome_of_its_own),
        TEST(P40_where_they_differ_both_words_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
