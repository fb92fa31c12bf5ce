/* challenges.c -- a challenge is answered once, whatever the clock, the threads and the memory do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>

#include "harness/fault_alloc.h"
#include "harness/race.h"
#include "harness/store_rig.h"
#include "server/challenges.h"

#define SPAN ((uint64_t)CHALLENGE_LIFE_MS)
#define BEGAN (SPAN * 14000000) /* where a span begins */

enum { MOST = CHALLENGES_SLOTS / 2 };

struct question {
    uint8_t bytes[CHALLENGE_BYTES];
};

static struct challenges challenges;

static struct question ask(uint64_t now_ms)
{
    struct question q;
    challenges_ask(&challenges, now_ms, q.bytes);
    return q;
}

static enum err take(const struct question *q, uint64_t now_ms)
{
    return challenges_take(&challenges, now_ms, q->bytes);
}

/* Asks and answers so many at that time. */
static void answer(unsigned n, uint64_t now_ms)
{
    for (unsigned i = 0; i < n; i++) {
        struct question q = ask(now_ms);
        expect(take(&q, now_ms), ERR_OK);
    }
}

static int setup(void **state)
{
    (void)state;
    challenges_init(&challenges);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    challenges_fini(&challenges);
    return 0;
}

/* ---- once ------------------------------------------------------------------------------------------- */

static void it_counts_once(void **state)
{
    (void)state;
    struct question a = ask(BEGAN), b = ask(BEGAN);
    assert_memory_not_equal(a.bytes, b.bytes, sizeof a.bytes);
    expect(take(&a, BEGAN + 5), ERR_OK);
    expect(take(&a, BEGAN + 5), ERR_BAD_CHALLENGE);
    expect(take(&a, BEGAN + 6), ERR_BAD_CHALLENGE);
    expect(take(&b, BEGAN + 6), ERR_OK);
}

static void what_does_not_count_is_not_remembered(void **state)
{
    (void)state;
    struct question q = ask(BEGAN), changed = q, foreign;
    struct challenges other;
    challenges_init(&other);
    challenges_ask(&other, BEGAN, foreign.bytes);
    challenges_fini(&other);
    expect(take(&foreign, BEGAN), ERR_BAD_CHALLENGE);
    for (size_t i = 0; i < CHALLENGE_BYTES; i++) {
        changed.bytes[i] ^= 1;
        expect(take(&changed, BEGAN), ERR_BAD_CHALLENGE);
        changed.bytes[i] ^= 1;
    }
    expect(take(&q, BEGAN - 1), ERR_BAD_CHALLENGE);
    expect(take(&q, BEGAN + SPAN + 1), ERR_BAD_CHALLENGE);
    expect(take(&q, BEGAN + SPAN), ERR_OK);
}

static enum err check(const struct question *q, uint64_t now_ms)
{
    return challenges_check(&challenges, now_ms, q->bytes);
}

/* Whoever only asks, and whoever answers wrong, fills nothing. */
static void looking_at_it_uses_nothing_up(void **state)
{
    (void)state;
    struct question q = ask(BEGAN), changed = q;
    changed.bytes[20] ^= 1;
    for (unsigned i = 0; i < 3 * MOST; i++) {
        struct question other = ask(BEGAN);
        expect(check(&other, BEGAN), ERR_OK);
        expect(check(&q, BEGAN + 1), ERR_OK);
    }
    expect(check(&changed, BEGAN), ERR_BAD_CHALLENGE);
    expect(check(&q, BEGAN - 1), ERR_BAD_CHALLENGE);
    expect(check(&q, BEGAN + SPAN + 1), ERR_BAD_CHALLENGE);
    expect(take(&q, BEGAN + SPAN), ERR_OK);
    expect(check(&q, BEGAN + SPAN), ERR_BAD_CHALLENGE);
    expect(check(&q, BEGAN + 1), ERR_BAD_CHALLENGE);
}

static void many_are_told_apart(void **state)
{
    (void)state;
    static struct question q[MOST];
    for (unsigned i = 0; i < MOST; i++) q[i] = ask(BEGAN);
    for (unsigned i = 0; i < MOST; i++) expect(take(&q[i], BEGAN + i % 1000), ERR_OK);
    for (unsigned i = 0; i < MOST; i++) expect(take(&q[i], BEGAN + 2000), ERR_BAD_CHALLENGE);
    for (unsigned i = 0; i < MOST; i++) expect(take(&q[i], BEGAN + SPAN), ERR_BAD_CHALLENGE); /* the next span */
}

/* ---- spans ------------------------------------------------------------------------------------------- */

static void what_was_answered_in_the_span_before_is_remembered(void **state)
{
    (void)state;
    struct question early = ask(BEGAN + 1), late = ask(BEGAN + SPAN - 1);
    expect(take(&early, BEGAN + SPAN - 1), ERR_OK);
    expect(take(&late, BEGAN + SPAN - 1), ERR_OK);
    answer(3, BEGAN + SPAN);
    expect(take(&early, BEGAN + SPAN + 1), ERR_BAD_CHALLENGE);
    expect(take(&late, BEGAN + 2 * SPAN - 1), ERR_BAD_CHALLENGE);
    struct question at_the_end = ask(BEGAN + 2 * SPAN - 1);
    expect(take(&at_the_end, BEGAN + 2 * SPAN - 1), ERR_OK);
    expect(take(&at_the_end, BEGAN + 2 * SPAN), ERR_BAD_CHALLENGE);
    expect(take(&at_the_end, BEGAN + 3 * SPAN - 1), ERR_BAD_CHALLENGE);
}

static void of_too_many_in_one_span_the_rest_must_wait(void **state)
{
    (void)state;
    struct question first = ask(BEGAN), one_more = ask(BEGAN + SPAN - 1);
    expect(take(&first, BEGAN), ERR_OK);
    answer(MOST - 1, BEGAN);
    expect(take(&one_more, BEGAN + SPAN - 1), ERR_SLOW_DOWN);
    expect(take(&first, BEGAN + 1), ERR_BAD_CHALLENGE); /* what was answered is said before */
    expect(take(&one_more, BEGAN + SPAN), ERR_OK);      /* it was not used up */
    expect(take(&one_more, BEGAN + SPAN), ERR_BAD_CHALLENGE);
    answer(MOST - 1, BEGAN + SPAN);
    struct question q = ask(BEGAN + 2 * SPAN - 1);
    expect(take(&q, BEGAN + 2 * SPAN - 1), ERR_SLOW_DOWN);
    answer(1, BEGAN + 4 * SPAN); /* after a pause nothing is left of it */
    answer(MOST - 1, BEGAN + 4 * SPAN);
    q = ask(BEGAN + 4 * SPAN);
    expect(take(&q, BEGAN + 4 * SPAN), ERR_SLOW_DOWN);
}

/* ---- clocks that go back ------------------------------------------------------------------------------- */

/* Two threads read the clock on both sides of a span's end, and the later one comes first. */
static void nothing_is_forgotten_when_threads_overtake_each_other(void **state)
{
    (void)state;
    uint64_t end_ms = BEGAN + SPAN;
    struct question a = ask(end_ms - 10), b = ask(end_ms - 10), c = ask(end_ms - 10);
    expect(take(&a, end_ms - 2), ERR_OK);
    expect(take(&b, end_ms), ERR_OK);
    expect(take(&c, end_ms - 1), ERR_OK);
    for (unsigned i = 0; i < 3; i++) {
        expect(take(&a, end_ms - i % 2), ERR_BAD_CHALLENGE);
        expect(take(&b, end_ms - i % 2), ERR_BAD_CHALLENGE);
        expect(take(&c, end_ms - i % 2), ERR_BAD_CHALLENGE);
    }
    expect(take(&c, end_ms + SPAN - 11), ERR_BAD_CHALLENGE);
}

static void a_clock_set_back_makes_nothing_good_again(void **state)
{
    (void)state;
    const uint64_t back_ms[] = {1, SPAN / 2, SPAN - 1, SPAN, SPAN + 1, 2 * SPAN, 3 * SPAN, 1000 * SPAN};
    uint64_t now_ms = BEGAN + 5000 * SPAN;
    for (size_t i = 0; i < sizeof back_ms / sizeof *back_ms; i++) {
        for (uint64_t part = 0; part < 4; part++) {
            uint64_t asked_ms = now_ms - back_ms[i] + part * SPAN / 4;
            struct question q = ask(asked_ms);
            expect(take(&q, asked_ms), ERR_OK);
            answer(1, asked_ms + back_ms[i]); /* time goes on, and then back */
            expect(take(&q, asked_ms), ERR_BAD_CHALLENGE);
            expect(take(&q, asked_ms + 1), ERR_BAD_CHALLENGE);
            answer(1, asked_ms + 1); /* new ones are good at once */
            now_ms += 10 * SPAN;
        }
    }
}

/* A clock that was a year ahead when thousands answered keeps nobody out for a year. */
static void a_clock_set_right_lets_everyone_in(void **state)
{
    (void)state;
    answer(MOST, BEGAN + 260000 * SPAN);
    answer(MOST, BEGAN);
    struct question q = ask(BEGAN);
    expect(take(&q, BEGAN), ERR_SLOW_DOWN);
}

/* ---- threads, memory ------------------------------------------------------------------------------------ */

enum { THREADS = 4, QUESTIONS = 2000 };

static struct question shared[QUESTIONS];
static atomic_uint taken_n[QUESTIONS];

/* Each thread answers all of them, in an order and at a time of its own, on both sides of a span's end. */
static void take_all(void *of)
{
    unsigned me = *(const unsigned *)of;
    for (unsigned i = 0; i < QUESTIONS; i++) {
        unsigned which = (i * 7 + me * 3) % QUESTIONS;
        enum err e = take(&shared[which], BEGAN + SPAN - 2 + (i + me) % 4);
        EXPECT(e == ERR_OK || e == ERR_BAD_CHALLENGE);
        if (e == ERR_OK) atomic_fetch_add(&taken_n[which], 1);
        struct question own = ask(BEGAN + SPAN - 2);
        if (i % 10 == 0) EXPECT(take(&own, BEGAN + SPAN - 2) == ERR_OK);
    }
}

static void of_many_threads_one_takes_it(void **state)
{
    (void)state;
    unsigned number[THREADS];
    void *of[THREADS];
    for (unsigned i = 0; i < QUESTIONS; i++) {
        shared[i] = ask(BEGAN + SPAN - 5);
        atomic_store(&taken_n[i], 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        number[i] = i;
        of[i] = &number[i];
    }
    race_start(take_all, of, THREADS);
    for (unsigned i = 0; i < QUESTIONS; i++) assert_int_equal(atomic_load(&taken_n[i]), 1);
}

/* One sets the clock back again and again, the others ask and answer: each answer counts at most once. */
static void turn_back(void *of)
{
    unsigned me = *(const unsigned *)of;
    for (unsigned i = 0; i < QUESTIONS; i++) {
        uint64_t now_ms = BEGAN + (me == 0 ? (QUESTIONS - i) * 3 * SPAN : me * SPAN);
        struct question q = ask(now_ms);
        enum err e = take(&q, now_ms);
        EXPECT(e == ERR_OK || e == ERR_BAD_CHALLENGE);
        if (e == ERR_OK) EXPECT(take(&q, now_ms) == ERR_BAD_CHALLENGE);
    }
}

static void asking_goes_on_while_the_clock_is_set_back(void **state)
{
    (void)state;
    unsigned number[THREADS];
    void *of[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        number[i] = i;
        of[i] = &number[i];
    }
    race_start(turn_back, of, THREADS);
    struct question q = ask(BEGAN);
    expect(take(&q, BEGAN), ERR_OK);
}

static void without_memory_it_is_not_used_up(void **state)
{
    (void)state;
    size_t live_before = fault_alloc_live();
    struct question q = ask(BEGAN);
    fault_alloc_arm(1, FAULT_ALL);
    expect(take(&q, BEGAN), ERR_NO_MEMORY);
    fault_alloc_disarm();
    expect(take(&q, BEGAN), ERR_OK);
    expect(take(&q, BEGAN), ERR_BAD_CHALLENGE);
    for (uint64_t span = 1; span < 20; span++) answer(1, BEGAN + span * span * SPAN / 2);
    assert_in_range(fault_alloc_live() - live_before, 1, 2); /* of two spans, and no older ones */
}

static void its_secret_is_wiped(void **state)
{
    (void)state;
    struct challenges c;
    static const uint8_t zeros[KEY_BYTES];
    challenges_init(&c);
    assert_memory_not_equal(c._secret, zeros, sizeof zeros);
    challenges_fini(&c);
    assert_memory_equal(c._secret, zeros, sizeof zeros);
}

static int open_record(void **state)
{
    (void)state;
    return record_open() == ERR_OK ? 0 : -1;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_counts_once),
        TEST(what_does_not_count_is_not_remembered),
        TEST(looking_at_it_uses_nothing_up),
        TEST(many_are_told_apart),
        TEST(what_was_answered_in_the_span_before_is_remembered),
        TEST(of_too_many_in_one_span_the_rest_must_wait),
        TEST(nothing_is_forgotten_when_threads_overtake_each_other),
        TEST(a_clock_set_back_makes_nothing_good_again),
        TEST(a_clock_set_right_lets_everyone_in),
        TEST(of_many_threads_one_takes_it),
        TEST(asking_goes_on_while_the_clock_is_set_back),
        TEST(without_memory_it_is_not_used_up),
        cmocka_unit_test(its_secret_is_wiped),
    };
    return cmocka_run_group_tests(tests, open_record, NULL);
}
