/* clock.c -- a device whose clock is wrong: nothing is lost, the person is told, and what was signed under a wrong
 * time is signed again under the right one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/clock.h"
#include "harness/hearth.h"

enum { AN_HOUR_MS = 3600 * 1000 };

static int64_t off_ms; /* by how much the clock of every device is wrong */

uint64_t __real_clock_wall_ms(void);
uint64_t __wrap_clock_wall_ms(void);
uint64_t __wrap_clock_wall_ms(void)
{
    return (uint64_t)((int64_t)__real_clock_wall_ms() + off_ms);
}

static struct hearth hearth;
static struct hand ana, ben;

static int two_in_a_circle(void **state)
{
    (void)state;
    off_ms = 0;
    hearth_start(&hearth);
    hearth_account(&hearth, &ana, "Ana");
    hearth_circle(&ana, "The two of us");
    hearth_bring(&ana, &ben, "Ben");
    return 0;
}

static int put_away(void **state)
{
    (void)state;
    hearth_close(&ana);
    hearth_close(&ben);
    hearth_stop(&hearth);
    return 0;
}

static void K12_a_wrong_clock_is_told_and_the_word_kept(void **state)
{
    (void)state;
    off_ms = AN_HOUR_MS;
    struct client_outcome outcome = hearth_note(&ana, "an hour ahead");
    assert_int_equal(outcome.fate, CLIENT_KEPT_HERE);
    assert_int_equal(outcome.err, ERR_CLOCK_SKEW);
    uint64_t right_ms = __real_clock_wall_ms();
    assert_true(outcome.server_time_ms <= right_ms && right_ms - outcome.server_time_ms < 60 * 1000);
    assert_int_equal(hearth_sync(&ana).err, ERR_CLOCK_SKEW); /* and not adopted by itself: the server could lie */
    assert_int_equal(ana.circle->pending_n, 1);
    off_ms = 0;
    struct client_news news = hearth_sync(&ana);
    assert_int_equal(news.err, ERR_OK);
    assert_int_equal(news.sent_n, 1);
    struct entry entry;
    hearth_ok(&ana, client_entry(ana.circle, ana.circle->chain->circle.head_seq, &entry, &ana.why));
    assert_true(entry.time_ms <= __real_clock_wall_ms() && entry.time_ms + 60 * 1000 > right_ms);
}

/* Signed, perhaps on its way, then no server for an hour: its time is over, and it is not in the record. */
static void what_waited_too_long_is_signed_anew(void **state)
{
    (void)state;
    assert_true(daemon_stop(&hearth.daemon));
    off_ms = -AN_HOUR_MS;
    struct client_outcome outcome = hearth_note(&ana, "an hour ago");
    assert_int_equal(outcome.fate, CLIENT_KEPT_HERE);
    assert_int_equal(outcome.err, ERR_OFFLINE);
    off_ms = 0;
    assert_true(daemon_restart(&hearth.daemon, &(struct daemon_options){.is_fast = true}));
    struct client_news news = hearth_sync(&ana);
    assert_int_equal(news.err, ERR_OK);
    assert_int_equal(news.sent_n, 1);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    assert_int_equal(hearth_notes(&ben, "an hour ago", false), 1);
    assert_memory_equal(state_row(ben.circle->state, ben.circle->chain->circle.head_seq)->id, outcome.id, ID_BYTES);
}

/* A circle that begins under a wrong clock can be given to the server all the same: it is judged by its own times. */
static void a_circle_begins_under_any_clock(void **state)
{
    (void)state;
    off_ms = -30 * AN_HOUR_MS;
    uint8_t before[HASH_BYTES];
    memcpy(before, ana.id, sizeof before);
    hearth_circle(&ana, "Out of time");
    assert_memory_not_equal(before, ana.id, sizeof before);
    off_ms = 0;
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    assert_int_equal(hearth_note(&ana, "now").fate, CLIENT_SENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, two_in_a_circle, put_away)
    const struct CMUnitTest tests[] = {
        TEST(K12_a_wrong_clock_is_told_and_the_word_kept),
        TEST(what_waited_too_long_is_signed_anew),
        TEST(a_circle_begins_under_any_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
