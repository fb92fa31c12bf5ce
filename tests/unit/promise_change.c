/* promise_change.c -- a promise is changed before it is due, if both say so. [P13], [P29] to [P37] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/fold.h"

static struct fold f;
static const struct promise *p, *daily; /* Ana's to Ben: in three days at noon; each of four days from tomorrow on */

static int open_fold(void **state)
{
    (void)state;
    fold_init_two(&f);
    p = fold_make(&f, ANA, BEN, fold_moment(3));
    daily = fold_make(&f, ANA, BEN, fold_days(1, 4));
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

static enum law ask(const struct promise *of, unsigned turn, struct promise_when when)
{
    return fold_ask(&f, ANA, of, turn, false, when);
}

static enum law ask_left(const struct promise *of, unsigned turn, struct promise_when when)
{
    return fold_ask(&f, ANA, of, turn, true, when);
}

static enum law reword(const struct promise *of, unsigned turn, bool is_all_left, struct str what)
{
    struct promise_act act = {
        .act = PROMISE_CHANGE_ASKED, .promise = of->id, .turn = turn, .is_all_left = is_all_left, .what = what};
    return fold_act(&f, ANA, &act);
}

/* Ben accepts what was asked last. */
static enum law accept(const struct promise *of)
{
    return fold_answer(&f, BEN, PROMISE_CHANGE_ACCEPTED, of, of->ask.seq);
}

/* Asked by Ana and accepted by Ben. */
#define CHANGED(asked, of)                                                                                             \
    do {                                                                                                               \
        assert_int_equal((asked), LAW_OK);                                                                             \
        assert_int_equal(accept(of), LAW_OK);                                                                          \
    } while (0)

#define CAME_TO(of, turn, outcome) assert_int_equal(fold_came_to(&f, (of), (turn)), (outcome))

static void P13_what_was_changed_is_spoken_of_where_it_went(void **state)
{
    (void)state;
    size_t first = 9;
    assert_int_equal(promise_moved_to(p, 0, &first), 0);
    assert_int_equal(first, 9);
    CHANGED(ask(p, 0, fold_moment(7)), p);
    assert_int_equal(promise_moved_to(p, 0, &first), 1);
    assert_int_equal(first, 1);
    go_to(4);
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, p, 0), LAW_MOVED);
    assert_int_equal(fold_say(&f, BEN, PROMISE_NOT_KEPT, p, 0), LAW_MOVED);
    assert_int_equal(ask(p, 0, fold_moment(9)), LAW_MOVED);
    assert_int_equal(fold_say(&f, BEN, PROMISE_NOT_KEPT, p, 1), LAW_VERDICT_EARLY);
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, p, 1), LAW_OK);
}

static void P30_a_change_is_asked_for_before_it_is_due(void **state)
{
    (void)state;
    const struct promise *open = fold_make(&f, ANA, BEN, fold_open());
    go_to(3);
    assert_int_equal(ask(p, 0, fold_moment(9)), LAW_CHANGE_LATE);
    f.now_ms--;
    assert_int_equal(ask(p, 0, fold_moment(9)), LAW_OK);
    go_to(5);
    assert_int_equal(accept(p), LAW_OK); /* asked in time: the answer may come later */
    CAME_TO(p, 0, PROMISE_RENEGOTIATED);
    CHANGED(ask(open, 0, fold_moment(9)), open);
    assert_int_equal(open->turn[1].due_ms, FOLD_NOON_MS + 9 * FOLD_DAY_MS);
}

static void P31_what_was_spoken_of_is_not_changed(void **state)
{
    (void)state;
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, p, 0), LAW_OK);
    assert_int_equal(ask(p, 0, fold_moment(9)), LAW_CHANGE_SPOKEN);
    assert_int_equal(ask_left(p, 0, fold_moment(9)), LAW_NOTHING_LEFT);
}

static void P31_words_said_after_the_asking_stay(void **state)
{
    (void)state;
    assert_int_equal(ask(p, 0, fold_moment(9)), LAW_OK);
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, p, 0), LAW_OK);
    assert_int_equal(accept(p), LAW_NOTHING_LEFT);
    CAME_TO(p, 0, PROMISE_WAITING);
    assert_int_equal(ask_left(daily, 0, fold_days(6, 2)), LAW_OK);
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, daily, 1), LAW_OK);
    assert_int_equal(accept(daily), LAW_OK);
    CAME_TO(daily, 0, PROMISE_RENEGOTIATED);
    CAME_TO(daily, 1, PROMISE_WAITING);
    CAME_TO(daily, 2, PROMISE_RENEGOTIATED);
}

static void P32_a_change_has_the_shape_of_what_it_changes(void **state)
{
    (void)state;
    assert_int_equal(ask(daily, 1, fold_days(7, 1)), LAW_CHANGE_SHAPE);
    assert_int_equal(ask(daily, 1, fold_open()), LAW_CHANGE_SHAPE);
    assert_int_equal(ask_left(daily, 1, fold_open()), LAW_CHANGE_SHAPE);
    assert_int_equal(ask_left(p, 0, fold_days(7, 2)), LAW_CHANGE_SHAPE);
    assert_int_equal(ask_left(daily, 1, fold_days(7, 1)), LAW_OK);
    assert_int_equal(ask(p, 0, fold_open()), LAW_OK);
    assert_int_equal(ask(p, 0, fold_moment(0)), LAW_PAST);
}

static void P33_a_promise_repeats_at_most_once_a_day(void **state)
{
    (void)state;
    assert_int_equal(ask(daily, 1, fold_moment(4)), LAW_CHANGE_SAME_DAY);
    assert_int_equal(ask(daily, 1, fold_moment(2)), LAW_OK); /* its own day, at another hour */
    assert_int_equal(ask_left(daily, 2, fold_days(2, 4)), LAW_CHANGE_SAME_DAY);
    assert_int_equal(ask_left(daily, 2, fold_days(3, 4)), LAW_OK);
    assert_int_equal(fold_say(&f, BEN, PROMISE_RELEASED, daily, 3), LAW_OK);
    assert_int_equal(ask(daily, 1, fold_moment(4)), LAW_OK); /* what was released leaves its day free */
}

static void P33_a_day_that_was_taken_after_the_asking_counts(void **state)
{
    (void)state;
    assert_int_equal(ask_left(daily, 2, fold_days(3, 2)), LAW_OK);
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, daily, 3), LAW_OK);
    assert_int_equal(accept(daily), LAW_CHANGE_SAME_DAY);
    CAME_TO(daily, 2, PROMISE_NOT_DUE);
}

static void P34_only_the_ask_that_stands_is_answered(void **state)
{
    (void)state;
    uint64_t first = f.line_n;
    assert_int_equal(fold_answer(&f, BEN, PROMISE_CHANGE_ACCEPTED, p, 2), LAW_CHANGE_GONE);
    first = f.line_n;
    assert_int_equal(ask(p, 0, fold_moment(7)), LAW_OK);
    assert_int_equal(ask(p, 0, fold_moment(8)), LAW_OK);
    assert_int_equal(fold_answer(&f, BEN, PROMISE_CHANGE_ACCEPTED, p, first), LAW_CHANGE_GONE);
    assert_int_equal(fold_answer(&f, BEN, PROMISE_CHANGE_REFUSED, p, first), LAW_CHANGE_GONE);
    assert_int_equal(fold_answer(&f, BEN, PROMISE_CHANGE_REFUSED, p, first + 1), LAW_OK);
    assert_int_equal(fold_answer(&f, BEN, PROMISE_CHANGE_ACCEPTED, p, first + 1), LAW_CHANGE_GONE);
    assert_int_equal(p->turn_n, 1);
    CAME_TO(p, 0, PROMISE_NOT_DUE);
    assert_int_equal(ask(p, 0, fold_moment(7)), LAW_OK);
    assert_int_equal(ask(daily, 0, fold_moment(9)), LAW_OK);
    assert_int_equal(fold_answer(&f, BEN, PROMISE_CHANGE_ACCEPTED, daily, f.line_n - 2), LAW_CHANGE_GONE);
}

static void P35_nothing_is_changed_of_what_is_over(void **state)
{
    (void)state;
    assert_int_equal(ask_left(daily, 0, fold_days(7, 3)), LAW_OK);
    assert_int_equal(fold_say(&f, ANA, PROMISE_ENDED, daily, 0), LAW_OK);
    assert_int_equal(accept(daily), LAW_NOTHING_LEFT);
    assert_int_equal(ask_left(daily, 0, fold_days(7, 3)), LAW_NOTHING_LEFT);
    const struct promise *past = fold_make(&f, ANA, BEN, fold_days(1, 2));
    go_to(9);
    assert_int_equal(fold_say(&f, ANA, PROMISE_ENDED, past, 0), LAW_NOTHING_LEFT);
    assert_int_equal(ask_left(past, 0, fold_days(12, 3)), LAW_NOTHING_LEFT);
}

static void P36_a_promise_has_room_for_many_changes_not_for_any_number(void **state)
{
    (void)state;
    enum law law = LAW_OK;
    size_t change_n = 0;
    for (; change_n < 600 && law == LAW_OK; change_n++) {
        law = ask(p, (unsigned)p->turn_n - 1, fold_moment(4 + (unsigned)change_n % 2));
        if (law == LAW_OK) assert_int_equal(accept(p), LAW_OK);
    }
    assert_int_equal(law, LAW_CHANGE_ROOM);
    assert_int_equal(p->turn_n, PROMISE_TURNS);
    for (size_t i = 0; i + 1 < p->turn_n; i++) CAME_TO(p, i, PROMISE_RENEGOTIATED);
    CAME_TO(p, p->turn_n - 1, PROMISE_NOT_DUE);
    assert_int_equal(fold_say(&f, BEN, PROMISE_KEPT, p, PROMISE_TURNS - 1), LAW_OK);
}

static void P37_a_change_costs_nothing_and_leads_to_turns_of_their_own(void **state)
{
    (void)state;
    CHANGED(ask(daily, 2, fold_moment(9)), daily);
    assert_int_equal(daily->turn_n, 5);
    CAME_TO(daily, 2, PROMISE_RENEGOTIATED);
    assert_int_equal(daily->turn[4].date, FOLD_DATE + 9);
    assert_int_equal(daily->turn[4].due_ms, FOLD_NOON_MS + 9 * FOLD_DAY_MS);
    go_to(10);
    CAME_TO(daily, 2, PROMISE_RENEGOTIATED);
    CAME_TO(daily, 3, PROMISE_SILENT);
    assert_int_equal(fold_say(&f, BEN, PROMISE_KEPT, daily, 4), LAW_OK);
    CAME_TO(daily, 4, PROMISE_OUTCOME_KEPT);
    assert_int_equal(fold_say(&f, BEN, PROMISE_DECLINED, daily, 0), LAW_DECLINE_SPOKEN);
}

static void P37_all_that_are_left_get_new_times(void **state)
{
    (void)state;
    go_to(2);
    f.now_ms += FOLD_HOUR_MS * 13; /* the first two are due */
    CHANGED(ask_left(daily, 0, fold_days(8, 5)), daily);
    CAME_TO(daily, 0, PROMISE_SILENT);
    CAME_TO(daily, 1, PROMISE_SILENT);
    CAME_TO(daily, 2, PROMISE_RENEGOTIATED);
    CAME_TO(daily, 3, PROMISE_RENEGOTIATED);
    assert_int_equal(daily->turn_n, 9);
    size_t first = 0;
    assert_int_equal(promise_moved_to(daily, 3, &first), 5);
    assert_int_equal(first, 4);
    for (size_t i = 0; i < 5; i++) assert_int_equal(daily->turn[4 + i].date, FOLD_DATE + 8 + i);
}

static void P37_later_ones_are_those_with_later_times(void **state)
{
    (void)state;
    CHANGED(ask(daily, 2, fold_moment(1 + 30)), daily); /* the third day's goes behind all others */
    CHANGED(ask(daily, 4, fold_moment(3)), daily);      /* and back, as turn 5 */
    assert_int_equal(fold_say_left(&f, BEN, PROMISE_RELEASED, daily, 3), LAW_OK);
    CAME_TO(daily, 3, PROMISE_OUTCOME_RELEASED);
    CAME_TO(daily, 5, PROMISE_NOT_DUE);
}

static void P37_the_wording_may_change_alone(void **state)
{
    (void)state;
    assert_int_equal(reword(daily, 1, false, STR("Only the pans")), LAW_OK);
    assert_true(str_is(promise_turn_what(daily, 1), daily->what));
    assert_int_equal(accept(daily), LAW_OK);
    assert_int_equal(daily->turn_n, 5);
    assert_int_equal(daily->turn[4].due_ms, daily->turn[1].due_ms);
    assert_true(str_is(promise_turn_what(daily, 4), STR("Only the pans")));
    CHANGED(ask(daily, 4, fold_moment(20)), daily);
    assert_true(str_is(promise_turn_what(daily, 5), STR("Only the pans")));
    assert_true(daily->change[0].is_reworded && daily->change[1].is_reworded);
    CHANGED(ask(daily, 0, fold_moment(1)), daily);
    assert_true(!daily->change[2].is_reworded && str_is(promise_turn_what(daily, 6), daily->what));
    CHANGED(ask(daily, 6, fold_moment(21)), daily); /* a change of a change of no words */
    assert_true(!daily->change[3].is_reworded && str_is(promise_turn_what(daily, 7), daily->what));
    CHANGED(reword(daily, 0, true, STR("The table")), daily);
    assert_int_equal(daily->turn_n, 12);
    for (size_t i = 8; i < 12; i++) assert_true(str_is(promise_turn_what(daily, i), STR("The table")));
    CAME_TO(daily, 5, PROMISE_RENEGOTIATED);
    assert_int_equal(reword(p, 0, false, STR("Later, and less")), LAW_OK);
    assert_true(str_is(p->what, STR("I will do the dishes")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fold, close_fold)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(P13_what_was_changed_is_spoken_of_where_it_went),
        TEST(P30_a_change_is_asked_for_before_it_is_due),
        TEST(P31_what_was_spoken_of_is_not_changed),
        TEST(P31_words_said_after_the_asking_stay),
        TEST(P32_a_change_has_the_shape_of_what_it_changes),
        TEST(P33_a_promise_repeats_at_most_once_a_day),
        TEST(P33_a_day_that_was_taken_after_the_asking_counts),
        TEST(P34_only_the_ask_that_stands_is_answered),
        TEST(P35_nothing_is_changed_of_what_is_over),
        TEST(P36_a_promise_has_room_for_many_changes_not_for_any_number),
        TEST(P37_a_change_costs_nothing_and_leads_to_turns_of_their_own),
        TEST(P37_all_that_are_left_get_new_times),
        TEST(P37_later_ones_are_those_with_later_times),
        TEST(P37_the_wording_may_change_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
