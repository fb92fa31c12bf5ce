/* crash_kill.c -- the server is killed, again and again, while eight people write: whatever it had
 * acknowledged is still there, once, in its place, and the record goes on.
 *
 * TROTH_CRASHES says how often it is killed, TROTH_SEED repeats the choices that the test makes; the moments
 * are the machine's. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "harness/crash_load.h"

enum {
    KILLS = 200,
    LIFE_MOST_US = 240000, /* how long the server is left alone, at most         */
    START_MOST_US = 15000, /* about how long a start takes; some are killed in it */
    BACKUPS = 24,
    BACKUP_MS = 60000,
    SURE_OF_BOTH = 50,     /* after so many kills, answers were lost before and after the record had it */
};

static struct crash_load load;

/* ---- steps ---------------------------------------------------------------------------------------- */

/* A start that does not come to its end. */
static void start_and_kill(void)
{
    char said[SCRATCH_PATH_BYTES];
    const char *argument[] = {"serve", "--data", load.town.daemon.data, "--listen", "127.0.0.1:0", NULL};
    scratch_path(said, load.town.daemon.folder, "stillborn");
    pid_t pid = crash_spawn(argument, said);
    crash_pause_us(random_below(&load.random, START_MOST_US));
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(crash_end(pid, BACKUP_MS), 128 + SIGKILL);
}

static void expect_restart(void)
{
    char log[DAEMON_TEXT_BYTES];
    if (crash_restart(&load, NULL, NULL)) return;
    (void)daemon_read(load.town.daemon.log, log, sizeof log);
    fail_msg("The server did not start again: exit code %d\n%s", load.town.daemon.exit_code, log);
}

/* All of the file is well, by the server's own word, and it holds at least so many entries. */
static void expect_whole(const char *data, uint64_t entry_least_n)
{
    char said[SCRATCH_PATH_BYTES], text[2048];
    uint64_t entry_n = 0;
    int code = crash_check(&load, data, &entry_n, said);
    (void)daemon_read(said, text, sizeof text);
    if (code != 0 || strstr(text, "All is well.") == NULL) fail_msg("trothd check ended with %d: %s", code, text);
    if (entry_n < entry_least_n) {
        fail_msg("%llu entries were acknowledged, and only %llu are there", (unsigned long long)entry_least_n,
                 (unsigned long long)entry_n);
    }
}

static void expect_well(void)
{
    if (crash_is_broken(&load)) fail_msg("%s", crash_trouble(&load));
}

/* ---- kills ---------------------------------------------------------------------------------------- */

static void kill_once(void)
{
    crash_go(&load);
    crash_pause_us(random_below(&load.random, LIFE_MOST_US));
    daemon_kill(&load.town.daemon);
    crash_await(&load);
    if (random_is_one_in(&load.random, 8)) start_and_kill();
    expect_restart();
}

static void what_was_acknowledged_outlives_every_kill(void **state)
{
    (void)state;
    unsigned wanted_n = crash_n(KILLS), kill_n = 0;
    crash_open(&load, "kills", NULL);
    for (; kill_n < wanted_n && !crash_is_broken(&load); kill_n++) kill_once();
    crash_rest(&load);
    struct crash_figures f = crash_figures(&load);
    fprintf(stderr, "%u kills; %llu appends acknowledged, %llu times the head had moved; without an answer: "
            "%llu were recorded, %llu were not\n", kill_n, (unsigned long long)f.promise_n,
            (unsigned long long)f.moved_n, (unsigned long long)f.kept_n, (unsigned long long)f.lost_n);
    expect_well();
    assert_true(f.promise_n > kill_n && f.moved_n > 0);
    assert_true(kill_n < SURE_OF_BOTH || (f.kept_n > 0 && f.lost_n > 0));
    assert_true(daemon_stop(&load.town.daemon));
    expect_whole(load.town.daemon.data, f.promise_n);
    crash_close(&load);
}

/* ---- backups -------------------------------------------------------------------------------------- */

/* What a backup that was killed leaves half-made has a name of its own; here it is cleared away. */
static void clear_parts(const char *copy)
{
    char pattern[SCRATCH_PATH_BYTES + 4];
    glob_t found;
    (void)snprintf(pattern, sizeof pattern, "%s*", copy);
    if (glob(pattern, 0, NULL, &found) != 0) return;
    for (size_t i = 0; i < found.gl_pathc; i++) (void)unlink(found.gl_pathv[i]);
    globfree(&found);
}

/* A backup that is left alone for so long, then killed; and the server with it, if wanted. Whether there is a
 * copy. */
static bool back_up(const char *copy, uint64_t life_us, bool with_server)
{
    char said[SCRATCH_PATH_BYTES];
    const char *argument[] = {"backup", "--data", load.town.daemon.data, copy, NULL};
    scratch_path(said, load.town.daemon.folder, "backed-up");
    uint64_t acknowledged_n = crash_promises(&load);
    pid_t pid = crash_spawn(argument, said);
    crash_pause_us(life_us);
    (void)kill(pid, SIGKILL);
    if (with_server) daemon_kill(&load.town.daemon);
    int code = crash_end(pid, BACKUP_MS);
    bool is_there = access(copy, F_OK) == 0;
    assert_true(code == 0 || code == 128 + SIGKILL);
    assert_true(code != 0 || is_there);
    if (is_there) expect_whole(copy, acknowledged_n);
    clear_parts(copy);
    return is_there;
}

static uint64_t one_backup_us(const char *copy)
{
    struct timespec from, to;
    const char *argument[] = {"backup", "--data", load.town.daemon.data, copy, NULL};
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    assert_int_equal(daemon_run(argument, NULL, 0), 0);
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    return (uint64_t)((to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000);
}

static void a_backup_that_is_killed_is_whole_or_absent(void **state)
{
    (void)state;
    char copy[SCRATCH_PATH_BYTES];
    unsigned whole_n = 0, absent_n = 0;
    crash_open(&load, "backups", NULL);
    scratch_path(copy, load.town.daemon.folder, "copy");
    crash_go(&load);
    crash_pause_us(LIFE_MOST_US);
    uint64_t takes_us = one_backup_us(copy);
    clear_parts(copy);
    assert_false(back_up(copy, 0, false));
    for (unsigned i = 0; i < BACKUPS && !crash_is_broken(&load); i++) {
        bool with_server = random_is_one_in(&load.random, 3);
        bool is_there = back_up(copy, random_below(&load.random, 2 * takes_us), with_server);
        whole_n += is_there;
        absent_n += !is_there;
        if (!with_server) continue;
        crash_await(&load);
        expect_restart();
        crash_go(&load);
    }
    crash_rest(&load);
    fprintf(stderr, "a backup takes %llu us; killed, %u were whole and %u absent\n", (unsigned long long)takes_us,
            whole_n, absent_n);
    expect_well();
    crash_close(&load);
}

static int clear_away(void **state)
{
    (void)state;
    crash_abandon(&load);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_was_acknowledged_outlives_every_kill, clear_away),
        cmocka_unit_test_teardown(a_backup_that_is_killed_is_whole_or_absent, clear_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
