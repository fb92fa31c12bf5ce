/* rate.c -- tries: how many at once, how fast they come back, who shares with whom, and signing in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "harness/aborts.h"
#include "harness/fault_alloc.h"
#include "harness/random.h"
#include "record/hash.h"
#include "server/rate.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };
#define START_MS UINT64_C(1700000000000)

static const uint8_t seed[RATE_SEED_BYTES] = {1, 2, 3};
static const struct rate_rule ten_a_minute = {10, MINUTE_MS}, twenty_an_hour = {20, HOUR_MS};

/* So many that a delay between logins is all that there is. */
static const struct rate_rule many_an_hour = {1000000, HOUR_MS};

static int open_rate(void **state)
{
    return rate_open((struct rate **)state, seed) == ERR_OK ? 0 : -1;
}

static int close_rate(void **state)
{
    rate_close(*state);
    return 0;
}

static const struct str ana = {(const uint8_t *)"ana", 3}, ben = {(const uint8_t *)"ben", 3};

/* Nothing is said about waiting to somebody who need not. */
static bool takes(struct rate *rate, const struct rate_rule *rule, struct str key, uint64_t now_ms)
{
    uint64_t wait_ms = 77;
    enum err e = rate_take(rate, RATE_LOGIN, rule, key, now_ms, &wait_ms);
    assert_true(e == ERR_OK || e == ERR_SLOW_DOWN);
    if (e == ERR_OK) assert_int_equal(wait_ms, 77);
    return e == ERR_OK;
}

static uint64_t wait_of(struct rate *rate, const struct rate_rule *rule, struct str key, uint64_t now_ms)
{
    uint64_t wait_ms = 0;
    assert_int_equal(rate_take(rate, RATE_LOGIN, rule, key, now_ms, &wait_ms), ERR_SLOW_DOWN);
    assert_true(wait_ms >= 1);
    return wait_ms;
}

static void exhaust(struct rate *rate, const struct rate_rule *rule, struct str key, uint64_t now_ms)
{
    for (uint32_t i = 0; i < rule->n; i++) assert_true(takes(rate, rule, key, now_ms));
    assert_false(takes(rate, rule, key, now_ms));
}

static void a_bucket_holds_n_tries_and_gives_them_back_one_by_one(void **state)
{
    exhaust(*state, &ten_a_minute, ana, START_MS);
    assert_int_equal(wait_of(*state, &ten_a_minute, ana, START_MS), 6000);
    assert_int_equal(wait_of(*state, &ten_a_minute, ana, START_MS + 5999), 1);
    assert_true(takes(*state, &ten_a_minute, ana, START_MS + 6000));
    assert_int_equal(wait_of(*state, &ten_a_minute, ana, START_MS + 6000), 6000);
    assert_true(takes(*state, &ten_a_minute, ana, START_MS + 18000));
    assert_true(takes(*state, &ten_a_minute, ana, START_MS + 18000));
    assert_int_equal(wait_of(*state, &ten_a_minute, ana, START_MS + 18000), 6000);
}

static void a_bucket_never_holds_more_than_n(void **state)
{
    exhaust(*state, &ten_a_minute, ana, START_MS);
    exhaust(*state, &ten_a_minute, ana, START_MS + MINUTE_MS);
    exhaust(*state, &ten_a_minute, ana, START_MS + 100 * (uint64_t)HOUR_MS);
}

static void what_is_refused_costs_nothing(void **state)
{
    exhaust(*state, &ten_a_minute, ana, START_MS);
    for (int i = 0; i < 1000; i++) assert_int_equal(wait_of(*state, &ten_a_minute, ana, START_MS + 1000), 5000);
    assert_true(takes(*state, &ten_a_minute, ana, START_MS + 6000));
}

static void no_limit_is_no_limit(void **state)
{
    static const struct rate_rule none = {0, 0};
    for (int i = 0; i < 10000; i++) assert_true(takes(*state, &none, ana, START_MS));
    for (int i = 0; i < 100; i++) {
        uint64_t wait_ms;
        assert_int_equal(rate_login_may_try(*state, &none, ana, START_MS, &wait_ms), ERR_OK);
        rate_login_tried(*state, ana, false, START_MS);
    }
}

static void everybody_and_everything_is_counted_apart(void **state)
{
    uint64_t wait_ms;
    exhaust(*state, &ten_a_minute, ana, START_MS);
    assert_int_equal(rate_take(*state, RATE_REGISTER, &ten_a_minute, ana, START_MS, &wait_ms), ERR_OK);
    assert_int_equal(rate_take(*state, RATE_CHALLENGE, &ten_a_minute, ana, START_MS, &wait_ms), ERR_OK);
    exhaust(*state, &ten_a_minute, ben, START_MS);
    exhaust(*state, &ten_a_minute, STR("an"), START_MS);
    exhaust(*state, &ten_a_minute, STR(""), START_MS);
    assert_false(takes(*state, &ten_a_minute, ana, START_MS));
}

/* Any rule, asked at any times: never more than a full bucket and what came back since, and whoever waits
 * as long as they were told has a try, and not a ms earlier. */
static void no_rule_gives_more_than_it_says(void **state)
{
    struct random random;
    random_init(&random, "no_rule_gives_more_than_it_says");
    for (uint64_t round = 0; round < 200; round++) {
        const struct rate_rule rule = {(uint32_t)random_between(&random, 1, 2000),
                                       (uint32_t)random_between(&random, 1, 24 * HOUR_MS)};
        const struct str key = str_at(&round, sizeof round);
        uint64_t now_ms = START_MS, taken_n = 0;
        for (int i = 0; i < 3000; i++) {
            uint64_t wait_ms = 0;
            enum err e = rate_take(*state, RATE_READ, &rule, key, now_ms, &wait_ms);
            if (e == ERR_OK) {
                taken_n++;
                uint64_t most = rule.n + (now_ms - START_MS) * rule.n / rule.per_ms;
                assert_true(taken_n <= most);
                if (random_is_one_in(&random, 4)) now_ms += random_below(&random, rule.per_ms / rule.n + 2);
            } else {
                uint64_t later = now_ms + wait_ms, no_matter;
                assert_in_range(wait_ms, 1, rule.per_ms / rule.n + 2);
                if (wait_ms > 1) {
                    assert_int_equal(rate_take(*state, RATE_READ, &rule, key, later - 1, &no_matter), ERR_SLOW_DOWN);
                }
                now_ms = later;
                assert_int_equal(rate_take(*state, RATE_READ, &rule, key, now_ms, &no_matter), ERR_OK);
                taken_n++;
                assert_true(taken_n <= rule.n + (now_ms - START_MS) * rule.n / rule.per_ms);
            }
        }
        assert_true(taken_n > rule.n || taken_n == 3000);
    }
}

/* A try that takes no whole number of ns to come back is not rounded in anybody's favour. */
static void the_fastest_rules_are_kept_too(void **state)
{
    static const struct rate_rule fast = {300007, 2};
    uint64_t taken_n = 0;
    exhaust(*state, &fast, ana, START_MS);
    while (takes(*state, &fast, ana, START_MS + 1)) taken_n++;
    assert_in_range(taken_n, 140000, 150003);
}

/* A crowd of strangers pushes out one another, and none who has spent more than they have. */
static void a_crowd_gives_nobody_their_tries_back(void **state)
{
    exhaust(*state, &ten_a_minute, ana, START_MS);
    for (uint64_t i = 0; i < 100000; i++) {
        assert_true(takes(*state, &ten_a_minute, str_at(&i, sizeof i), START_MS));
    }
    assert_int_equal(wait_of(*state, &ten_a_minute, ana, START_MS), 6000);
}

/* What is missing is compared as a part of the whole: three minutes of a login's hour are less than a
 * whole minute of reading. */
static void the_fullest_bucket_goes_whatever_its_rule(void **state)
{
    uint64_t wait_ms;
    exhaust(*state, &ten_a_minute, ana, START_MS);
    for (uint64_t i = 0; i < 100000; i++) {
        enum err e = rate_take(*state, RATE_APPEND, &twenty_an_hour, str_at(&i, sizeof i), START_MS, &wait_ms);
        assert_int_equal(e, ERR_OK);
    }
    assert_false(takes(*state, &ten_a_minute, ana, START_MS));
}

/* More spenders than there are places: some begin anew, and none with more than a full bucket. */
static void whoever_is_pushed_out_has_a_full_bucket_and_no_more(void **state)
{
    enum { SPENDERS = 20000 };
    uint64_t anew_n = 0;
    const struct rate_rule three = {3, MINUTE_MS};
    for (uint64_t i = 0; i < SPENDERS; i++) exhaust(*state, &three, str_at(&i, sizeof i), START_MS);
    for (uint64_t i = 0; i < SPENDERS; i++) {
        if (!takes(*state, &three, str_at(&i, sizeof i), START_MS)) continue;
        anew_n++;
        assert_true(takes(*state, &three, str_at(&i, sizeof i), START_MS));
        assert_true(takes(*state, &three, str_at(&i, sizeof i), START_MS));
        assert_false(takes(*state, &three, str_at(&i, sizeof i), START_MS));
    }
    assert_in_range(anew_n, SPENDERS / 4, SPENDERS); /* or this table is larger than it may be */
}

static void a_clock_that_goes_back_makes_nobody_wait_longer(void **state)
{
    exhaust(*state, &ten_a_minute, ana, START_MS);
    uint64_t back_ms = START_MS - 5 * (uint64_t)HOUR_MS;
    assert_int_equal(wait_of(*state, &ten_a_minute, ana, back_ms), 6000);
    assert_int_equal(wait_of(*state, &ten_a_minute, ana, back_ms + 4000), 2000);
    assert_true(takes(*state, &ten_a_minute, ana, back_ms + 6000));
    exhaust(*state, &ten_a_minute, ana, back_ms + 6000 + MINUTE_MS);
}

static void a_clock_that_began_today_is_as_good(void **state)
{
    exhaust(*state, &ten_a_minute, ana, 0);
    assert_true(takes(*state, &ten_a_minute, ana, 6000));
}

/* ---- signing in ----------------------------------------------------------------------------- */

static enum err try_login(struct rate *rate, const struct rate_rule *rule, uint64_t now_ms, uint64_t *wait_ms)
{
    return rate_login_may_try(rate, rule, ana, now_ms, wait_ms);
}

static uint64_t fail_login(struct rate *rate, const struct rate_rule *rule, uint64_t now_ms)
{
    uint64_t wait_ms = 0;
    assert_int_equal(try_login(rate, rule, now_ms, &wait_ms), ERR_OK);
    rate_login_tried(rate, ana, false, now_ms);
    enum err e = try_login(rate, rule, now_ms, &wait_ms);
    if (e == ERR_OK) rate_login_tried(rate, ana, false, now_ms); /* that was one more */
    return wait_ms;
}

static void failures_in_a_row_wait_longer_and_longer(void **state)
{
    static const uint64_t wait_s[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    uint64_t now_ms = START_MS, wait_ms;
    for (int i = 0; i < RATE_LOGIN_FREE; i++) assert_int_equal(try_login(*state, &many_an_hour, now_ms, &wait_ms), 0);
    for (size_t i = 0; i < sizeof wait_s / sizeof *wait_s; i++) {
        assert_int_equal(fail_login(*state, &many_an_hour, now_ms), wait_s[i] * 1000);
        assert_int_equal(try_login(*state, &many_an_hour, now_ms + wait_s[i] * 1000 - 1, &wait_ms), ERR_SLOW_DOWN);
        assert_int_equal(wait_ms, 1);
        now_ms += wait_s[i] * 1000;
    }
    assert_int_equal(rate_login_may_try(*state, &many_an_hour, ben, now_ms, &wait_ms), ERR_OK);
}

static void the_delay_begins_when_the_try_has_failed(void **state)
{
    uint64_t wait_ms;
    for (int i = 0; i <= RATE_LOGIN_FREE; i++) {
        assert_int_equal(try_login(*state, &many_an_hour, START_MS, &wait_ms), ERR_OK);
    }
    rate_login_tried(*state, ana, false, START_MS + 700);
    assert_int_equal(try_login(*state, &many_an_hour, START_MS + 1000, &wait_ms), ERR_SLOW_DOWN);
    assert_int_equal(wait_ms, 700);
}

static void many_at_once_are_no_way_around(void **state)
{
    uint64_t wait_ms;
    int tried_n = 0;
    for (int i = 0; i < 100; i++) tried_n += try_login(*state, &many_an_hour, START_MS, &wait_ms) == ERR_OK;
    assert_int_equal(tried_n, RATE_LOGIN_FREE + 1);
}

static void a_login_that_fits_forgets_the_failures(void **state)
{
    uint64_t now_ms = START_MS, wait_ms = 0;
    for (uint32_t i = 0; i < twenty_an_hour.n; i++) {
        assert_int_equal(try_login(*state, &twenty_an_hour, now_ms, &wait_ms), ERR_OK);
        rate_login_tried(*state, ana, false, now_ms);
        now_ms += RATE_LOGIN_MOST_MS;
    }
    while (try_login(*state, &twenty_an_hour, now_ms, &wait_ms) != ERR_OK) now_ms += wait_ms;
    rate_login_tried(*state, ana, true, now_ms);
    for (int i = 0; i <= RATE_LOGIN_FREE; i++) {
        assert_int_equal(try_login(*state, &twenty_an_hour, now_ms, &wait_ms), ERR_OK);
    }
    assert_int_equal(try_login(*state, &twenty_an_hour, now_ms, &wait_ms), ERR_SLOW_DOWN);
    assert_int_equal(wait_ms, RATE_LOGIN_FIRST_MS);
}

static void somebody_who_always_knows_the_passphrase_never_waits(void **state)
{
    uint64_t wait_ms;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(try_login(*state, &twenty_an_hour, START_MS, &wait_ms), ERR_OK);
        rate_login_tried(*state, ana, true, START_MS);
    }
}

static void a_long_quiet_forgets_the_failures(void **state)
{
    uint64_t now_ms = START_MS, wait_ms = 0;
    for (int i = 0; i < 8; i++, now_ms += RATE_LOGIN_MOST_MS) {
        assert_int_equal(try_login(*state, &twenty_an_hour, now_ms, &wait_ms), ERR_OK);
        rate_login_tried(*state, ana, false, now_ms);
    }
    now_ms += HOUR_MS;
    for (int i = 0; i <= RATE_LOGIN_FREE; i++) {
        assert_int_equal(try_login(*state, &twenty_an_hour, now_ms, &wait_ms), ERR_OK);
    }
    assert_int_equal(try_login(*state, &twenty_an_hour, now_ms, &wait_ms), ERR_SLOW_DOWN);
    assert_int_equal(wait_ms, RATE_LOGIN_FIRST_MS);
}

/* A bucket that fills in no time is no reason to forget in no time. */
static void a_short_quiet_forgets_nothing(void **state)
{
    uint64_t now_ms = START_MS, wait_ms = 0;
    for (int i = 0; i < 8; i++, now_ms += RATE_LOGIN_MOST_MS) {
        assert_int_equal(try_login(*state, &many_an_hour, now_ms, &wait_ms), ERR_OK);
        rate_login_tried(*state, ana, false, now_ms);
    }
    now_ms += RATE_LOGIN_FORGET_MS - 2 * RATE_LOGIN_MOST_MS;
    assert_int_equal(fail_login(*state, &many_an_hour, now_ms), RATE_LOGIN_MOST_MS);
    now_ms += RATE_LOGIN_MOST_MS + RATE_LOGIN_FORGET_MS;
    assert_int_equal(fail_login(*state, &many_an_hour, now_ms), 0);
}

/* Somebody guesses as fast as they are let, for two days: 20 an hour, and the wait stays short enough for
 * the one who knows. */
static void guessing_is_slow_and_locks_nobody_out(void **state)
{
    enum { HOURS = 48, STEP_MS = 250 };
    uint64_t last_ms = START_MS, longest_ms = 0, tried_n = 0, wait_ms;
    for (uint64_t now_ms = START_MS; now_ms < START_MS + HOURS * (uint64_t)HOUR_MS; now_ms += STEP_MS) {
        if (try_login(*state, &twenty_an_hour, now_ms, &wait_ms) == ERR_OK) {
            rate_login_tried(*state, ana, false, now_ms);
            if (now_ms - last_ms > longest_ms) longest_ms = now_ms - last_ms;
            last_ms = now_ms;
            tried_n++;
        } else {
            assert_in_range(wait_ms, 1, HOUR_MS / 20);
        }
    }
    assert_in_range(tried_n, 20 * HOURS, 20 * HOURS + 20);
    assert_in_range(longest_ms, 1, HOUR_MS / 20 + STEP_MS);
}

static void a_clock_that_goes_back_delays_no_login_longer(void **state)
{
    uint64_t now_ms = START_MS, wait_ms;
    for (int i = 0; i < 20; i++, now_ms += RATE_LOGIN_MOST_MS) {
        assert_int_equal(try_login(*state, &many_an_hour, now_ms, &wait_ms), ERR_OK);
        rate_login_tried(*state, ana, false, now_ms);
    }
    assert_int_equal(try_login(*state, &many_an_hour, START_MS - HOUR_MS, &wait_ms), ERR_SLOW_DOWN);
    assert_int_equal(wait_ms, RATE_LOGIN_MOST_MS);
    assert_int_equal(try_login(*state, &many_an_hour, START_MS - HOUR_MS + wait_ms, &wait_ms), ERR_OK);
}

/* ---- threads, memory, misuse ---------------------------------------------------------------- */

enum { THREADS = 4, TRIES = 20000, SHARED_N = 30000 };

struct worker {
    pthread_t thread;
    struct rate *rate;
    uint64_t taken_n;
};

static void *work(void *of)
{
    static const struct rate_rule rule = {SHARED_N, 24 * HOUR_MS};
    struct worker *w = of;
    uint64_t wait_ms;
    for (int i = 0; i < TRIES; i++) {
        w->taken_n += rate_take(w->rate, RATE_READ, &rule, ana, START_MS, &wait_ms) == ERR_OK;
    }
    return NULL;
}

static void threads_share_a_bucket_exactly(void **state)
{
    struct worker worker[THREADS];
    uint64_t taken_n = 0;
    for (int i = 0; i < THREADS; i++) {
        worker[i] = (struct worker){.rate = *state};
        assert_int_equal(pthread_create(&worker[i].thread, NULL, work, &worker[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(worker[i].thread, NULL), 0);
        taken_n += worker[i].taken_n;
    }
    assert_int_equal(taken_n, SHARED_N);
}

static void without_memory_there_is_no_table_and_no_leak(void **state)
{
    (void)state;
    struct rate *rate = NULL;
    size_t live_before = fault_alloc_live();
    enum err e = ERR_NO_MEMORY;
    for (size_t n = 1; e != ERR_OK; n++) {
        assert_true(n < 10);
        fault_alloc_arm(n, FAULT_ONE);
        e = rate_open(&rate, seed);
        bool has_failed = fault_alloc_has_failed();
        fault_alloc_disarm();
        assert_int_equal(e, has_failed ? ERR_NO_MEMORY : ERR_OK);
        if (e != ERR_OK) assert_null(rate);
        if (e != ERR_OK) assert_int_equal(fault_alloc_live(), live_before);
    }
    rate_close(rate);
    rate_close(NULL);
    assert_int_equal(fault_alloc_live(), live_before);
}

static struct rate *misused;

static void take_with(const struct rate_rule *rule)
{
    uint64_t wait_ms;
    (void)!rate_take(misused, RATE_READ, rule, ana, START_MS, &wait_ms);
}

static void too_many(void)
{
    take_with(&(struct rate_rule){1000001, 1000});
}

static void no_time(void)
{
    take_with(&(struct rate_rule){1, 0});
}

static void too_long(void)
{
    take_with(&(struct rate_rule){1, 24 * HOUR_MS + 1});
}

static void largest(void)
{
    take_with(&(struct rate_rule){1000000, 24 * HOUR_MS});
}

static void a_rule_beyond_the_bounds_is_misuse(void **state)
{
    misused = *state;
    assert_true(aborts(too_many));
    assert_true(aborts(no_time));
    assert_true(aborts(too_long));
    assert_false(aborts(largest));
}

#define RATE_TEST(name) cmocka_unit_test_setup_teardown(name, open_rate, close_rate)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RATE_TEST(a_bucket_holds_n_tries_and_gives_them_back_one_by_one),
        RATE_TEST(a_bucket_never_holds_more_than_n),
        RATE_TEST(what_is_refused_costs_nothing),
        RATE_TEST(no_limit_is_no_limit),
        RATE_TEST(everybody_and_everything_is_counted_apart),
        RATE_TEST(no_rule_gives_more_than_it_says),
        RATE_TEST(the_fastest_rules_are_kept_too),
        RATE_TEST(a_crowd_gives_nobody_their_tries_back),
        RATE_TEST(the_fullest_bucket_goes_whatever_its_rule),
        RATE_TEST(whoever_is_pushed_out_has_a_full_bucket_and_no_more),
        RATE_TEST(a_clock_that_goes_back_makes_nobody_wait_longer),
        RATE_TEST(a_clock_that_began_today_is_as_good),
        RATE_TEST(failures_in_a_row_wait_longer_and_longer),
        RATE_TEST(the_delay_begins_when_the_try_has_failed),
        RATE_TEST(many_at_once_are_no_way_around),
        RATE_TEST(a_login_that_fits_forgets_the_failures),
        RATE_TEST(somebody_who_always_knows_the_passphrase_never_waits),
        RATE_TEST(a_long_quiet_forgets_the_failures),
        RATE_TEST(a_short_quiet_forgets_nothing),
        RATE_TEST(guessing_is_slow_and_locks_nobody_out),
        RATE_TEST(a_clock_that_goes_back_delays_no_login_longer),
        RATE_TEST(threads_share_a_bucket_exactly),
        cmocka_unit_test(without_memory_there_is_no_table_and_no_leak),
        RATE_TEST(a_rule_beyond_the_bounds_is_misuse),
    };
    if (record_open() != ERR_OK) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
