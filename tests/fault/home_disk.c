/* home_disk.c -- a disk under a home that loses its power, is full, or refuses: at the 1st, 2nd, 3rd ... time it is
 * asked. What was acknowledged is there, nothing is there in part, every error is the right one, and the same home
 * works again when the disk does.
 */
#define _GNU_SOURCE /* unshare */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "harness/home_rig.h"
#include "harness/random.h"
#include "harness/vfs_powercut.h"
#include "harness/vfs_shim.h"

static char *text[HOME_RIG_COURSE + 1]; /* text[k]: what a home holds after transactions 0 to k - 1 */

static int learn(void **state)
{
    (void)state;
    home_rig_learn(text);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    for (unsigned k = 0; k <= HOME_RIG_COURSE; k++) free(text[k]);
    return 0;
}

/* What is in the home is what is there after k transactions. */
static bool is_after(struct home *home, unsigned k)
{
    enum err e;
    char *all = home_rig_all(home, &e);
    bool is_same = all != NULL && strcmp(all, text[k]) == 0;
    free(all);
    return is_same;
}

/* ---- power ---------------------------------------------------------------------------------- */

/* The process that loses its power: says each transaction that was acknowledged, until then. */
static _Noreturn void live(const char *folder, unsigned done, int to, uint64_t seed, uint64_t after)
{
    struct home *home = NULL;
    struct why why = {0};
    enum err e = record_open();
    powercut_open(seed, after);
    if (e == ERR_OK) e = home_open(folder, 0, &home, &why);
    if (e == ERR_OK && done > 0) e = home_unlock(home, 1, home_rig_key(1));
    for (unsigned k = done; e == ERR_OK && k < HOME_RIG_COURSE; k++) {
        if (k > done && k % 7 == seed % 7) { /* another command */
            home_close(home);
            e = home_open(folder, 0, &home, &why);
            if (e == ERR_OK) e = home_unlock(home, 1, home_rig_key(1));
        }
        if (e == ERR_OK) e = home_rig_work(home, k);
        unsigned n = k + 1;
        if (e == ERR_OK && write(to, &n, sizeof n) != (ssize_t)sizeof n) e = ERR_INTERNAL;
    }
    if (e != ERR_OK) {
        fprintf(stderr, "%s: %s\n", err_code(e), why.text != NULL ? why.text : "");
        _exit(2);
    }
    powercut_now();
}

/* Lets a process live until its power goes. Gives how many transactions are acknowledged by then. */
static unsigned live_and_lose_power(const char *folder, unsigned done, uint64_t seed, uint64_t after)
{
    int ends[2], status = -1;
    unsigned k, last = done;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) live(folder, done, ends[1], seed, after);
    assert_int_equal(close(ends[1]), 0);
    while (read(ends[0], &k, sizeof k) == (ssize_t)sizeof k) last = k;
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), POWERCUT_STATUS);
    return last;
}

/* Gives the transactions that are there: those acknowledged, or one more that was on the disk and not said yet. */
static unsigned look_after(const char *folder, unsigned acknowledged)
{
    struct home *home = home_rig_open(folder);
    unsigned found = acknowledged;
    if (!is_after(home, acknowledged)) {
        print_message("one more than %u\n", acknowledged);
        assert_true(acknowledged < HOME_RIG_COURSE);
        assert_true(is_after(home, acknowledged + 1));
        found = acknowledged + 1;
    }
    home_close(home);
    return found;
}

static void no_power_cut_loses_what_was_acknowledged(void **state)
{
    (void)state;
    enum { HOMES = 8, CUTS_MOST = 30 };
    struct random r;
    unsigned cut_n = 0;
    random_init(&r, "a power cut loses nothing of a home");
    for (unsigned i = 0; i < HOMES; i++) {
        char folder[SCRATCH_PATH_BYTES];
        unsigned done = 0;
        scratch_folder(folder);
        for (unsigned cut = 0; cut < CUTS_MOST && done < HOME_RIG_COURSE; cut++) {
            uint64_t seed = random_u64(&r), after = random_between(&r, 1, cut == 0 ? 60 : 150);
            done = look_after(folder, live_and_lose_power(folder, done, seed, after));
            cut_n++;
        }
    }
    print_message("%u cuts\n", cut_n);
    assert_true(cut_n >= 3 * HOMES);
}

static void a_home_that_was_being_made_is_made_again(void **state)
{
    (void)state;
    enum { TRIES = 4 };
    struct random r;
    unsigned acknowledged_n = 0, after = 0;
    random_init(&r, "a home is made in spite of power cuts");
    while (acknowledged_n < 6) { /* at the 1st, 2nd, 3rd ... step, until it is done and in use */
        char folder[SCRATCH_PATH_BYTES];
        scratch_folder(folder);
        unsigned done = live_and_lose_power(folder, 0, random_u64(&r), 1 + after++ / TRIES);
        (void)look_after(folder, done);
        if (done > 0) acknowledged_n++;
    }
    print_message("%u steps\n", after / TRIES);
    assert_true(after / TRIES > 5);
}

/* ---- refusals ------------------------------------------------------------------------------- */

static struct {
    unsigned counted; /* of enum vfs_what, as bits */
    unsigned long n, at;
    int rc;
    bool is_lasting, has_refused;
} fault;

static int refuse(const struct vfs_act *act)
{
    if ((fault.counted & 1u << act->what) == 0 || fault.at == 0) {
        return act->what == VFS_SYNC ? SQLITE_DONE : SQLITE_OK; /* nobody cuts the power here */
    }
    fault.n++;
    if (fault.n < fault.at || (fault.n > fault.at && !fault.is_lasting)) return SQLITE_OK;
    fault.has_refused = true;
    return fault.rc;
}

static void arm(unsigned counted, int rc, unsigned long at, bool is_lasting)
{
    fault.counted = counted;
    fault.rc = rc;
    fault.is_lasting = is_lasting;
    fault.n = 0;
    fault.has_refused = false;
    fault.at = at;
}

/* The course with one refusal: in the transaction that meets it, which is then done again. False: nothing was
 * refused. */
static bool work_with_refusal(unsigned counted, int rc, unsigned long at, bool is_lasting, enum err wanted)
{
    char folder[SCRATCH_PATH_BYTES];
    scratch_folder(folder);
    struct home *home = home_rig_open(folder);
    unsigned refused_n = 0;
    arm(counted, rc, at, is_lasting);
    for (unsigned k = 0; k < HOME_RIG_COURSE; k++) {
        enum err e = home_rig_work(home, k);
        if (e == ERR_OK) continue;
        bool has_refused = fault.has_refused;
        fault.at = 0;
        if (e != wanted) print_error("the %lu. act, transaction %u\n", at, k);
        home_expect(e, wanted);
        assert_int_equal(home_why(home).code, wanted);
        assert_non_null(home_why(home).text);
        assert_true(has_refused && refused_n++ == 0);
        assert_true(is_after(home, k)); /* nothing of it */
        home_expect(home_rig_work(home, k), ERR_OK); /* the same home, and there is room again */
    }
    bool has_refused = fault.has_refused || refused_n > 0;
    fault.at = 0;
    assert_true(is_after(home, HOME_RIG_COURSE));
    home_close(home);
    home = home_rig_open(folder);
    assert_true(is_after(home, HOME_RIG_COURSE));
    home_close(home);
    return has_refused;
}

static unsigned long refuse_until_nothing_is(unsigned counted, int rc, bool is_lasting, enum err wanted,
                                             unsigned long stride)
{
    unsigned long at = 1;
    while (work_with_refusal(counted, rc, at, is_lasting, wanted)) at += stride;
    print_message("%lu acts refused\n", at - 1);
    return at;
}

static const struct vfs_watcher refusing = {.before = refuse};

static void a_full_disk(void **state)
{
    (void)state;
    vfs_shim_open(&refusing);
    assert_true(refuse_until_nothing_is(1u << VFS_WRITE, SQLITE_FULL, true, ERR_DISK_FULL, 7) > 300);
    assert_true(refuse_until_nothing_is(1u << VFS_WRITE, SQLITE_FULL, false, ERR_DISK_FULL, 17) > 300);
    vfs_shim_close();
}

static void a_disk_that_does_not_take_it(void **state)
{
    (void)state;
    vfs_shim_open(&refusing);
    assert_true(refuse_until_nothing_is(1u << VFS_WRITE, SQLITE_IOERR_WRITE, true, ERR_STORE, 17) > 300);
    vfs_shim_close();
}

/* The course with one sync that fails. Whoever meets it changes nothing more; the next to open the home finds the
 * transaction there or not, and goes on. False: none failed. */
static bool work_without_sync(unsigned long at)
{
    char folder[SCRATCH_PATH_BYTES], mark[SCRATCH_PATH_BYTES];
    unsigned failed_n = 0;
    scratch_folder(folder);
    scratch_path(mark, folder, "troth.db-unsure");
    struct home *home = home_rig_open(folder);
    arm(1u << VFS_SYNC, SQLITE_IOERR_FSYNC, at, false);
    for (unsigned k = 0; k < HOME_RIG_COURSE;) {
        enum err e = home_rig_work(home, k);
        if (e == ERR_OK) {
            k++;
            continue;
        }
        home_expect(e, ERR_STORE);
        assert_true(fault.has_refused && failed_n++ == 0);
        assert_true(is_after(home, k)); /* reading goes on */
        home_expect(home_begin(home), ERR_STORE);
        home_expect(home_setting_put(home, STR("colour"), STR("x")), ERR_STORE);
        assert_non_null(strstr(home_why(home).text, "did not confirm"));
        home_close(home);
        assert_int_equal(access(mark, F_OK), 0);
        home = home_rig_open(folder);
        assert_int_equal(access(mark, F_OK), -1);
        if (is_after(home, k + 1)) k++;
        else assert_true(is_after(home, k));
    }
    bool has_failed = fault.has_refused;
    fault.at = 0;
    home_close(home);
    home = home_rig_open(folder);
    assert_true(is_after(home, HOME_RIG_COURSE));
    home_close(home);
    return has_failed;
}

static void a_sync_that_fails(void **state)
{
    (void)state;
    unsigned long at = 1;
    vfs_shim_open(&refusing);
    while (work_without_sync(at)) at++;
    vfs_shim_close();
    print_message("%lu syncs failed\n", at - 1);
    assert_true(at > 60);
}

/* Opening gives the right error, and works when the disk does. */
static void a_home_that_cannot_be_opened_now(void **state)
{
    (void)state;
    static const struct {
        unsigned counted;
        int rc;
        enum err wanted;
    } refusals[] = {
        {1u << VFS_WRITE, SQLITE_FULL, ERR_DISK_FULL},
        {1u << VFS_WRITE, SQLITE_IOERR_WRITE, ERR_STORE},
        {1u << VFS_SYNC, SQLITE_IOERR_FSYNC, ERR_STORE},
        {1u << VFS_READ, SQLITE_IOERR_READ, ERR_STORE},
        {1u << VFS_OPEN, SQLITE_CANTOPEN, ERR_STORE},
    };
    vfs_shim_open(&refusing);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        char folder[SCRATCH_PATH_BYTES];
        unsigned refused_n = 0;
        scratch_folder(folder);
        for (unsigned long at = 1;; at++) {
            struct home *home = NULL;
            struct why why = {0};
            arm(refusals[i].counted, refusals[i].rc, at, true);
            enum err e = home_open(folder, 0, &home, &why);
            fault.at = 0;
            if (e == ERR_OK && !fault.has_refused) {
                home_close(home);
                break;
            }
            refused_n++;
            if (e == ERR_OK) home_close(home); /* what was refused was only tidying */
            else home_expect(e, refusals[i].wanted);
            if (e != ERR_OK) assert_non_null(why.text);
        }
        assert_true(refused_n > 0);
        struct home *home = home_rig_open(folder);
        home_expect(home_rig_work(home, 0), ERR_OK);
        assert_true(is_after(home, 1));
        home_close(home);
    }
    vfs_shim_close();
}

/* ---- real disks ----------------------------------------------------------------------------- */

/* Keeps one thing more, until there is no room. Gives how many were kept. */
static unsigned fill(struct home *home, enum err *e)
{
    unsigned n = 0;
    do {
        struct home_item item = home_rig_item(n);
        item.content = home_rig_text(500);
        *e = home_item_add(home, 1, &item);
    } while (*e == ERR_OK && n++ < 10000);
    return n;
}

/* In a process and a file system of its own: until it is full; then it can only be read. 0: all went as it should,
 * 77: there is no such file system to be had. */
static int use_small_disk(const char *outside, const char *size)
{
    char folder[SCRATCH_PATH_BYTES];
    struct home *home = NULL;
    struct why why = {0};
    uint64_t kept = 0, number;
    enum err e;
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 77;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return 77;
    if (mount("tmpfs", outside, "tmpfs", 0, size) != 0) return 77;
    scratch_path(folder, outside, "home");
    e = home_open(folder, 0, &home, &why);
    if (e != ERR_OK) return e == ERR_DISK_FULL && strstr(why.text, "full") != NULL ? 0 : 2;
    struct home_account account = home_rig_account(1);
    e = home_account_add(home, &account, home_rig_key(1), &number);
    if (e == ERR_OK) e = home_circle_add(home, 1, home_rig_key(2), &number);
    unsigned n = 0;
    if (e == ERR_OK) n = fill(home, &e);
    if (e != ERR_DISK_FULL || strstr(home_why(home).text, "Make room") == NULL) return 3;
    if (n > 0 && (home_items_count(home, 1, &kept) != ERR_OK || kept != n)) return 4;
    home_close(home);
    if (mount(NULL, outside, NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0) return 77;
    e = home_open(folder, 0, &home, &why);
    if (e != ERR_STORE || strstr(why.text, "only be read") == NULL) return 5;
    scratch_path(folder, outside, "another");
    e = home_open(folder, 0, &home, &why);
    if (e != ERR_STORE || strstr(why.text, "only be read") == NULL) return 6;
    scratch_path(folder, outside, "home");
    if (mount(NULL, outside, NULL, MS_REMOUNT, "size=64m") != 0) return 77;
    if (home_open(folder, 0, &home, &why) != ERR_OK) return 7;
    if (n > 0 && (home_items_count(home, 1, &kept) != ERR_OK || kept != n)) return 8;
    if (home_setting_put(home, STR("there"), STR("is room")) != ERR_OK) return 9;
    home_close(home);
    return 0;
}

static void a_disk_that_is_really_full_and_then_can_only_be_read(void **state)
{
    (void)state;
    for (unsigned kib = 16; kib <= 2048; kib += kib < 400 ? 24 : 700) {
        char outside[SCRATCH_PATH_BYTES], size[32];
        int status = -1;
        scratch_folder(outside);
        (void)snprintf(size, sizeof size, "size=%uk", kib);
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) _exit(use_small_disk(outside, size));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77) skip();
        if (status != 0) print_error("%u KiB\n", kib);
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_power_cut_loses_what_was_acknowledged),
        cmocka_unit_test(a_home_that_was_being_made_is_made_again),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(a_disk_that_does_not_take_it),
        cmocka_unit_test(a_sync_that_fails),
        cmocka_unit_test(a_home_that_cannot_be_opened_now),
        cmocka_unit_test(a_disk_that_is_really_full_and_then_can_only_be_read),
    };
    return cmocka_run_group_tests(tests, learn, forget);
}
