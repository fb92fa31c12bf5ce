/* disk_spoilt.c -- the disk begins to refuse while eight people write to a running server, and is well again
 * later, or not. Each append is kept or refused by the error that says why; what was kept stays; reading goes on;
 * /healthz says how things are. What could not be written can be written once the disk is well; after a sync that
 * failed nothing more is taken until the server is started again. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/crash_load.h"
#include "harness/disk_spoilt.h"
#include "harness/expect.h"

enum { MANY = 100, WAIT_MS = 30000, SPOILT_EXIT = 74 };

static struct crash_load load;
static struct disk_spoilt *disk;
static char env[SCRATCH_PATH_BYTES + 16];
static struct person stranger;
static struct api look; /* a connection beside those of the eight */

/* ---- the server and its disk ------------------------------------------------------------------------ */

static void use_program(const char *suffix)
{
    static const char *plain;
    char path[1024];
    if (plain == NULL) plain = getenv("TROTHD") == NULL ? "" : strdup(getenv("TROTHD"));
    int n = snprintf(path, sizeof path, "%s%s", plain, suffix);
    assert_true(n > 0 && (size_t)n < sizeof path);
    assert_int_equal(setenv("TROTHD", path, 1), 0);
}

static bool start(void)
{
    const char *const more[] = {env, NULL};
    return crash_restart(&load, NULL, more);
}

/* A server on a disk that is well, and eight people who write. */
static void open_load(const char *what, enum err may_refuse)
{
    char path[SCRATCH_PATH_BYTES], folder[SCRATCH_PATH_BYTES];
    use_program("");
    crash_open(&load, what, NULL);
    assert_true(daemon_stop(&load.town.daemon));
    use_program("-spoilt");
    scratch_folder(folder);
    scratch_path(path, folder, "disk");
    disk = disk_spoilt_open(path);
    (void)snprintf(env, sizeof env, "DISK_SPOILT=%s", path);
    assert_true(start());
    person_init(&stranger, "Somebody", 99);
    api_init(&look, &stranger, 0, load.town.daemon.origin, load.town.daemon.port);
    crash_may_refuse(&load, may_refuse);
    crash_go(&load);
}

static void close_load(void)
{
    crash_rest(&load);
    if (crash_is_broken(&load)) fail_msg("%s", crash_trouble(&load));
    crash_close(&load);
    api_fini(&look);
    person_fini(&stranger);
    const char *argument[] = {"check", "--data", load.town.daemon.data, NULL};
    assert_int_equal(daemon_run(argument, NULL, 0), 0);
}

static int clear_away(void **state)
{
    (void)state;
    crash_abandon(&load);
    use_program("");
    return 0;
}

/* Waits until the load's figure has grown by so much. */
static void await_more(uint64_t (*figure)(struct crash_load *), uint64_t more)
{
    uint64_t from = figure(&load);
    for (unsigned waited_ms = 0; figure(&load) < from + more && !crash_is_broken(&load); waited_ms++) {
        if (waited_ms > WAIT_MS) fail_msg("There were only %llu more.", (unsigned long long)(figure(&load) - from));
        crash_pause_us(1000);
    }
    if (crash_is_broken(&load)) fail_msg("%s", crash_trouble(&load));
}

/* ---- what can be seen of it --------------------------------------------------------------------------- */

static bool is_well(void)
{
    return api_get(&look, "/healthz").status == 200;
}

/* From the first refusal on nothing is acknowledged, while everybody reads after each refusal. */
static void expect_nothing_is_taken(int status, const char *code)
{
    await_more(crash_refusals, CRASH_CLIENTS);
    uint64_t promise_n = crash_promises(&load);
    (void)expect_refused(api_get(&look, "/healthz"), status, code);
    await_more(crash_refusals, MANY);
    /* each of them may still have been reading an answer from before */
    assert_in_range(crash_promises(&load), promise_n, promise_n + CRASH_CLIENTS);
    (void)expect_refused(api_get(&look, "/healthz"), status, code);
    assert_true(atomic_load(&disk->refused_n) > 0);
}

static void expect_it_works(void)
{
    await_more(crash_promises, MANY);
    (void)expect_ok(api_get(&look, "/healthz"), 200);
}

/* Three times: the disk refuses to write, and is well again; the same server goes on. */
static void refuse_writes(const char *what, int error, enum err right)
{
    open_load(what, right);
    expect_it_works();
    for (unsigned i = 0; i < 3; i++) {
        atomic_store(&disk->write, error);
        expect_nothing_is_taken(err_http(right), err_code(right));
        atomic_store(&disk->write, 0);
        expect_soon(is_well());
        expect_it_works();
    }
    assert_true(daemon_says(&load.town.daemon, "not_recording", 0));
    assert_true(daemon_says(&load.town.daemon, "recording_again", 0));
    close_load();
}

/* ---- tests ---------------------------------------------------------------------------------------------- */

static void a_full_disk_works_again_when_there_is_room(void **state)
{
    (void)state;
    refuse_writes("ENOSPC", ENOSPC, ERR_DISK_FULL);
}

static void a_disk_that_fails_to_write_works_again_when_it_is_well(void **state)
{
    (void)state;
    refuse_writes("EIO", EIO, ERR_STORE);
}

static void a_disk_that_became_read_only_works_again_when_it_is_writable(void **state)
{
    (void)state;
    refuse_writes("EROFS", EROFS, ERR_STORE);
}

/* One sync fails, and the disk says of all later ones that they went well. */
static void after_a_sync_that_failed_nothing_is_taken(void **state)
{
    (void)state;
    struct daemon *d = &load.town.daemon;
    open_load("a failed sync", ERR_STORE);
    for (unsigned i = 0; i < 4; i++) {
        expect_it_works();
        atomic_store(&disk->refused_n, 0);
        atomic_store(&disk->sync, EIO);
        atomic_store(&disk->sync_left, 1);
        expect_nothing_is_taken(500, "store");
        assert_int_equal(atomic_load(&disk->refused_n), 1);
        assert_true(daemon_says(d, "start trothd again", 0));
        if (i % 2 == 0) assert_true(daemon_stop(d)); /* with its last words, or without them: then what was refused */
        else daemon_kill(d);                         /* may be found in the log, whole                              */
        crash_await(&load);
        assert_true(start());
        crash_go(&load);
    }
    expect_it_works();
    close_load();
}

/* What a crash left in the log must be on the disk before anything is built on it. */
static void a_disk_that_does_not_sync_what_is_in_the_log_is_no_beginning(void **state)
{
    (void)state;
    struct daemon *d = &load.town.daemon;
    open_load("a log that cannot be synced", ERR_STORE);
    expect_it_works();
    daemon_kill(d);
    crash_await(&load);
    atomic_store(&disk->sync, EIO);
    atomic_store(&disk->sync_left, -1);
    assert_false(start());
    assert_int_equal(d->exit_code, SPOILT_EXIT);
    assert_true(daemon_says(d, "The disk or the file system refused the use of", 0));
    atomic_store(&disk->sync_left, 0);
    assert_true(start());
    crash_go(&load);
    expect_it_works();
    close_load();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_full_disk_works_again_when_there_is_room, clear_away),
        cmocka_unit_test_teardown(a_disk_that_fails_to_write_works_again_when_it_is_well, clear_away),
        cmocka_unit_test_teardown(a_disk_that_became_read_only_works_again_when_it_is_writable, clear_away),
        cmocka_unit_test_teardown(after_a_sync_that_failed_nothing_is_taken, clear_away),
        cmocka_unit_test_teardown(a_disk_that_does_not_sync_what_is_in_the_log_is_no_beginning, clear_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
