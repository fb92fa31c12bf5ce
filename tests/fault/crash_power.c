/* crash_power.c -- the power goes, again and again, while eight people write: the disk keeps what was synced,
 * and of the rest whatever it likes. What the server had acknowledged is still there, once, in its place.
 *
 * And the test of the test: a server that does not wait for the disk must be caught.
 *
 * TROTH_CRASHES says how often the power goes, TROTH_SEED repeats the choices that the test makes. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/crash_load.h"
#include "harness/vfs_powercut.h"

enum {
    CUTS = 50,
    /* The power goes at some write, truncation or sync: of the start, of the usual work, or so late that the
     * log has been brought to its place meanwhile. */
    STEPS_OF_START = 60,
    STEPS_OF_WORK = 500,
    STEPS_OF_TIDYING = 3000,
    CUT_MS = 60000,
    LOOK_MS = 100,
};

static struct crash_load load;
static char found[DAEMON_TEXT_BYTES + 256]; /* what is wrong, beside what the eight find; empty: nothing */
static const char *plain;                   /* the server's program as it is */

/* ---- steps ------------------------------------------------------------------------------------------- */

static uint64_t steps_to_cut(void)
{
    static const uint64_t most[] = {STEPS_OF_START, STEPS_OF_WORK, STEPS_OF_WORK, STEPS_OF_TIDYING};
    return random_between(&load.random, 1, most[random_below(&load.random, 4)]);
}

static void use_program(const char *suffix)
{
    char path[1024];
    int n = snprintf(path, sizeof path, "%s%s", plain, suffix);
    assert_true(n > 0 && (size_t)n < sizeof path);
    assert_int_equal(setenv("TROTHD", path, 1), 0);
}

static void open_load(const char *what)
{
    found[0] = '\0';
    if (plain == NULL) plain = getenv("TROTHD") == NULL ? "" : strdup(getenv("TROTHD"));
    use_program("");
    crash_open(&load, what, NULL);
    assert_true(daemon_stop(&load.town.daemon));
    use_program("-powercut");
}

static void find(const char *what)
{
    char log[DAEMON_TEXT_BYTES];
    (void)daemon_read(load.town.daemon.log, log, sizeof log);
    (void)snprintf(found, sizeof found, "%s, exit code %d: %s", what, load.town.daemon.exit_code, log);
}

static bool is_wrong(void)
{
    return found[0] != '\0' || crash_is_broken(&load);
}

static bool is_cut(void)
{
    return load.town.daemon.pid == 0 && load.town.daemon.exit_code == POWERCUT_STATUS;
}

/* One life of the server, until its power goes, which may be before it has started. */
static void live_once(const char *const *flag)
{
    char seed[64], after[64];
    const char *const env[] = {seed, after, NULL};
    (void)snprintf(seed, sizeof seed, "TROTH_POWERCUT_SEED=%llu", (unsigned long long)random_u64(&load.random));
    (void)snprintf(after, sizeof after, "TROTH_POWERCUT_AFTER=%llu", (unsigned long long)steps_to_cut());
    if (!crash_restart(&load, flag, env)) {
        if (!is_cut()) find("It did not start again");
        return;
    }
    crash_go(&load);
    for (unsigned waited_ms = 0; !daemon_wait(&load.town.daemon, LOOK_MS); waited_ms += LOOK_MS) {
        bool is_late = waited_ms > CUT_MS;
        if (is_late) find("Its power did not go");
        if (is_late || crash_is_broken(&load)) daemon_kill(&load.town.daemon); /* they write no more: it ends nothing */
    }
    if (!is_cut() && !is_wrong()) find("It ended by itself");
    crash_await(&load);
}

/* After the last cut: everything is looked at again, by the eight and by the server itself. */
static void look_at_all(void)
{
    char said[SCRATCH_PATH_BYTES];
    uint64_t entry_n = 0;
    use_program("");
    if (!crash_restart(&load, NULL, NULL)) {
        find("It did not start again");
        return;
    }
    crash_rest(&load);
    (void)daemon_stop(&load.town.daemon);
    int code = crash_check(&load, load.town.daemon.data, &entry_n, said);
    if (code != 0 || load.town.daemon.exit_code != 0) find("It did not stop well, or the file is damaged");
    if (entry_n < crash_promises(&load)) find("There are less entries than were acknowledged");
}

static unsigned cut_often(unsigned cut_n, const char *const *flag)
{
    unsigned i = 0;
    for (; i < cut_n && !is_wrong(); i++) live_once(flag);
    if (!is_wrong()) look_at_all();
    struct crash_figures f = crash_figures(&load);
    fprintf(stderr, "%u cuts; %llu appends acknowledged, %llu times the head had moved; without an answer: %llu were "
            "recorded, %llu were not\n%s%s\n", i, (unsigned long long)f.promise_n, (unsigned long long)f.moved_n,
            (unsigned long long)f.kept_n, (unsigned long long)f.lost_n, crash_trouble(&load), found);
    return i;
}

static int clear_away(void **state)
{
    (void)state;
    crash_abandon(&load);
    use_program("");
    return 0;
}

/* ---- tests ------------------------------------------------------------------------------------------- */

static void what_was_acknowledged_outlives_every_power_cut(void **state)
{
    (void)state;
    open_load("power cuts");
    unsigned cut_n = cut_often(crash_n(CUTS), NULL);
    if (is_wrong()) fail_msg("After %u cuts: %s%s", cut_n, crash_trouble(&load), found);
    assert_true(crash_promises(&load) > cut_n);
    crash_close(&load);
}

static void a_server_that_does_not_wait_for_the_disk_is_caught(void **state)
{
    (void)state;
    static const char *const unsafe[] = {"--unsafe-synchronous=yes", NULL};
    open_load("power cuts are noticed");
    unsigned cut_n = cut_often(CUTS, unsafe);
    if (!is_wrong()) fail_msg("%u power cuts without a sync took nothing", cut_n);
    assert_true(crash_promises(&load) > 0); /* else something else was wrong */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_was_acknowledged_outlives_every_power_cut, clear_away),
        cmocka_unit_test_teardown(a_server_that_does_not_wait_for_the_disk_is_caught, clear_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
