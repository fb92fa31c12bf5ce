/* practice_alloc.c -- an allocation fails, whichever it is, while a circle is folded: the entry is refused with
 * NO_MEMORY, the state is as it was, and the same entry is taken when there is memory again. In the end it is the
 * state that it would have been. Nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "harness/fault_alloc.h"
#include "harness/fold.h"

enum { ROOMY_BYTES = 16 * 1024 * 1024, STEP_BYTES = 272 };

static struct fold made; /* the true fold, made before anything fails */

static void say_much(void)
{
    fold_init_two(&made);
    struct profile profile = {.name = STR("Ana"), .colour = 1, .zone = STR("UTC")};
    uint8_t room[256];
    struct out o = OUT_OVER(room);
    profile_put(&o, &profile);
    assert_int_equal(fold_text(&made, ANA, out_str(&o)), LAW_OK);
    for (unsigned i = 0; i < 12; i++) {
        const struct promise *p = fold_make(&made, ANA, BEN, fold_days(1, 1 + 5 * i));
        assert_int_equal(fold_say(&made, ANA, PROMISE_DONE, p, 0), LAW_OK);
        assert_int_equal(fold_say(&made, BEN, PROMISE_KEPT, p, 0), LAW_OK);
        if (i == 0) continue;
        assert_int_equal(fold_ask(&made, ANA, p, 1, true, fold_days(2, PROMISE_DUES)), LAW_OK);
        assert_int_equal(fold_answer(&made, BEN, PROMISE_CHANGE_ACCEPTED, p, made.line_n - 1), LAW_OK);
        assert_int_equal(fold_say(&made, BEN, PROMISE_RELEASED, p, (unsigned)p->turn_n - 1), LAW_OK);
        assert_int_equal(fold_say(&made, ANA, PROMISE_ENDED, p, 0), LAW_OK);
    }
    fold_control(&made, CLEO, ENTRY_JOIN);
    fold_control(&made, BEN, ENTRY_LEAVE);
}

/* What the first n entries fold to, by itself. */
static void assert_is_prefix(const struct state *state, size_t n)
{
    struct arena a;
    struct state prefix;
    arena_init(&a, ROOMY_BYTES);
    state_init(&prefix, &a);
    for (size_t i = 0; i < n; i++) assert_int_equal(fold_add(&prefix, made.line[i]), ERR_OK);
    fold_expect_same(state, &prefix);
    arena_fini(&a);
}

/* Folds all, asking again after a failure; gives whether one came. */
static bool fold_that_asks_again(size_t before_bytes, size_t fail_at)
{
    struct arena a;
    struct state state;
    bool has_failed = false;
    arena_init(&a, ROOMY_BYTES);
    assert_non_null(arena_take(&a, before_bytes)); /* so that another take is the one that needs a block */
    state_init(&state, &a);
    fault_alloc_arm(fail_at, FAULT_ONE);
    for (size_t i = 0; i < made.line_n; i++) {
        enum err e = fold_add(&state, made.line[i]);
        if (e == ERR_OK) continue;
        assert_int_equal(e, ERR_NO_MEMORY);
        assert_true(fault_alloc_has_failed() && !has_failed);
        fault_alloc_disarm();
        has_failed = true;
        assert_is_prefix(&state, i);
        assert_int_equal(fold_add(&state, made.line[i]), ERR_OK);
    }
    fault_alloc_disarm();
    fold_expect_same(&state, &made.state);
    arena_fini(&a);
    return has_failed;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    size_t live_before = fault_alloc_live(), failed_n = 0;
    for (size_t before = 0; before < ARENA_BLOCK_BYTES; before += STEP_BYTES) {
        size_t fail_at = 1;
        while (fold_that_asks_again(before, fail_at)) fail_at++;
        failed_n += fail_at - 1;
    }
    printf("folding %zu entries: %zu allocations failed, one at a time\n", made.line_n, failed_n);
    assert_true(failed_n > 50);
    assert_int_equal(fault_alloc_live(), live_before);
}

/* The ceiling of an arena is reached at every take in turn. */
static void any_ceiling_may_be_reached(void **state)
{
    (void)state;
    size_t stopped_n = 0, last = 0;
    for (size_t ceiling_bytes = 0; last < made.line_n; ceiling_bytes += 16 + ceiling_bytes / 64) {
        struct arena a;
        struct state folded;
        enum err e = ERR_OK;
        arena_init(&a, ceiling_bytes);
        state_init(&folded, &a);
        for (last = 0; last < made.line_n && e == ERR_OK; last += e == ERR_OK) e = fold_add(&folded, made.line[last]);
        assert_is_prefix(&folded, last);
        stopped_n += e != ERR_OK;
        if (last < made.line_n) assert_int_equal(fold_add(&folded, made.line[last]), ERR_NO_MEMORY);
        arena_fini(&a);
    }
    assert_true(stopped_n > 100);
}

static int make(void **state)
{
    (void)state;
    say_much();
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    fold_fini(&made);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(any_ceiling_may_be_reached),
    };
    return record_open() != ERR_OK || cmocka_run_group_tests(tests, make, unmake);
}
