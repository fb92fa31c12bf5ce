/* promise_made.c -- a promise is made: by whom, to whom, for when; and what speaks of it. [P1] to [P11] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/fold.h"

static struct fold f;

static int open_fold(void **state)
{
    (void)state;
    fold_init_two(&f);
    return 0;
}

static int close_fold(void **state)
{
    (void)state;
    fold_fini(&f);
    return 0;
}

static enum law make(enum fold_who who, enum fold_who to, struct promise_when when)
{
    struct promise_act act = fold_made(to, when);
    return fold_act(&f, who, &act);
}

static void P1_a_promise_has_one_promiser_and_one_receiver(void **state)
{
    (void)state;
    struct promise_act act = fold_made(BEN, fold_moment(1));
    act.looks_like = STR("The sink is empty");
    act.cue = STR("When dinner is over, I start the water");
    act.is_costly = true;
    assert_int_equal(fold_act(&f, ANA, &act), LAW_OK);
    assert_int_equal(state_promise_n(&f.state), 1);
    const struct promise *p = state_promise(&f.state, 0);
    assert_ptr_equal(p, state_find_promise(&f.state, fold_id(&f, 2)));
    assert_ptr_equal(p->promiser, state_find_member(&f.state, fold_pk(ANA)));
    assert_ptr_equal(p->receiver, state_find_member(&f.state, fold_pk(BEN)));
    assert_true(str_is(p->what, act.what) && str_is(p->looks_like, act.looks_like) && str_is(p->cue, act.cue));
    assert_true(p->is_costly && !p->is_wordless && p->made_seq == 2 && p->made_ms == f.now_ms);
    assert_int_equal(p->turn_n, 1);
    assert_int_equal(p->turn[0].due_ms, FOLD_NOON_MS + FOLD_DAY_MS);
    assert_int_equal(p->turn[0].date, FOLD_DATE + 1);
    assert_int_equal(fold_came_to(&f, p, 0), PROMISE_NOT_DUE);
}

static void P1_a_promise_to_three_is_three_promises(void **state)
{
    (void)state;
    fold_control(&f, CLEO, ENTRY_JOIN);
    fold_control(&f, DORA, ENTRY_JOIN);
    const struct promise *to_ben = fold_make(&f, ANA, BEN, fold_moment(1));
    const struct promise *to_cleo = fold_make(&f, ANA, CLEO, fold_moment(1));
    const struct promise *to_dora = fold_make(&f, ANA, DORA, fold_moment(1));
    assert_int_equal(fold_say(&f, CLEO, PROMISE_KEPT, to_cleo, 0), LAW_OK);
    assert_int_equal(fold_say(&f, DORA, PROMISE_RELEASED, to_dora, 0), LAW_OK);
    assert_int_equal(fold_came_to(&f, to_ben, 0), PROMISE_NOT_DUE);
    assert_int_equal(fold_came_to(&f, to_cleo, 0), PROMISE_OUTCOME_KEPT);
    assert_int_equal(fold_came_to(&f, to_dora, 0), PROMISE_OUTCOME_RELEASED);
}

static void P2_nobody_promises_themself(void **state)
{
    (void)state;
    assert_int_equal(make(ANA, ANA, fold_moment(1)), LAW_TO_SELF);
    assert_int_equal(state_promise_n(&f.state), 0);
}

static void P3_the_receiver_is_in_the_circle(void **state)
{
    (void)state;
    assert_int_equal(make(ANA, CLEO, fold_open()), LAW_TO_STRANGER);
    fold_control(&f, CLEO, ENTRY_JOIN);
    assert_int_equal(make(ANA, CLEO, fold_open()), LAW_OK);
    fold_control(&f, CLEO, ENTRY_LEAVE);
    assert_int_equal(make(ANA, CLEO, fold_open()), LAW_TO_STRANGER);
    assert_int_equal(state_promise_n(&f.state), 1);
}

static void P4_its_first_time_is_still_to_come(void **state)
{
    (void)state;
    assert_int_equal(make(ANA, BEN, fold_moment(0)), LAW_PAST);
    f.now_ms--;
    assert_int_equal(make(ANA, BEN, fold_moment(0)), LAW_OK);
    f.now_ms += 3 * FOLD_DAY_MS;
    assert_int_equal(make(ANA, BEN, fold_days(2, 10)), LAW_PAST);
    assert_int_equal(make(ANA, BEN, fold_days(3, 10)), LAW_OK);
    assert_int_equal(make(ANA, BEN, fold_open()), LAW_OK);
}

static void P7_an_act_speaks_of_a_promise_in_the_record(void **state)
{
    (void)state;
    struct promise none = {.id = "nobody made it"};
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, &none, 0), LAW_UNKNOWN);
    memcpy(none.id, fold_id(&f, 1), ID_BYTES); /* a join */
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, &none, 0), LAW_UNKNOWN);
    assert_int_equal(make(ANA, BEN, fold_moment(0)), LAW_PAST);
    memcpy(none.id, fold_id(&f, f.line_n - 1), ID_BYTES); /* one that was not validly made */
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, &none, 0), LAW_UNKNOWN);
    const struct promise *p = fold_make(&f, ANA, BEN, fold_open());
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, p, 0), LAW_OK);
    memcpy(none.id, fold_id(&f, f.line_n - 1), ID_BYTES); /* an act about it */
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, &none, 0), LAW_UNKNOWN);
}

static void P8_of_a_promise_that_one_cannot_read_nothing_is_folded(void **state)
{
    (void)state;
    static const enum opened_how hidden[] = {OPENED_NO_KEY, OPENED_UNREADABLE, OPENED_ERASED};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        struct promise unread = {0};
        fold_unread(&f, ANA, hidden[i]);
        memcpy(unread.id, fold_id(&f, f.line_n - 1), ID_BYTES);
        assert_int_equal(fold_say(&f, BEN, PROMISE_KEPT, &unread, 0), LAW_BEFORE_YOU);
    }
}

static void P11_a_turn_is_one_of_its_times(void **state)
{
    (void)state;
    const struct promise *one = fold_make(&f, ANA, BEN, fold_open()), *three = fold_make(&f, ANA, BEN, fold_days(1, 3));
    assert_int_equal(three->turn_n, 3);
    for (enum promise_act_kind act = PROMISE_DONE; act <= PROMISE_DIFFERED; act++) {
        bool is_promisers = act == PROMISE_DONE || act == PROMISE_OWNED_UP || act == PROMISE_DIFFERED;
        if (act >= PROMISE_DECLINED && act <= PROMISE_ENDED) continue;
        assert_int_equal(fold_say(&f, is_promisers ? ANA : BEN, act, one, 1), LAW_NO_TURN);
        assert_int_equal(fold_say(&f, is_promisers ? ANA : BEN, act, three, 3), LAW_NO_TURN);
    }
    assert_int_equal(fold_ask(&f, ANA, three, 3, false, fold_moment(9)), LAW_NO_TURN);
    assert_int_equal(fold_say_left(&f, BEN, PROMISE_RELEASED, three, 3), LAW_NO_TURN);
    assert_int_equal(fold_say(&f, ANA, PROMISE_DONE, three, 2), LAW_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fold, close_fold)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(P1_a_promise_has_one_promiser_and_one_receiver),
        TEST(P1_a_promise_to_three_is_three_promises),
        TEST(P2_nobody_promises_themself),
        TEST(P3_the_receiver_is_in_the_circle),
        TEST(P4_its_first_time_is_still_to_come),
        TEST(P7_an_act_speaks_of_a_promise_in_the_record),
        TEST(P8_of_a_promise_that_one_cannot_read_nothing_is_folded),
        TEST(P11_a_turn_is_one_of_its_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
