/* home_alloc.c -- the 1st, 2nd, 3rd allocation of a home fails, until none is left to fail; once alone, and once with
 * all that follow. A transaction that met it never was, nothing leaks, and the same home does the same work when
 * there is memory again. And in all that is freed, nothing is left of what was sealed, or of a key.
 *
 * The memory of the home's own code and that of SQLite fail in turns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "harness/fault_alloc.h"
#include "harness/home_rig.h"
#include "harness/vfs_shim.h"

static char *text[HOME_RIG_COURSE + 1];

/* ---- SQLite's memory ------------------------------------------------------------------------ */

static sqlite3_mem_methods system_memory;
static struct {
    size_t calls, at;
    bool is_lasting, has_failed;
    long live;
} sqlite_memory;

static bool must_fail(void)
{
    size_t n = ++sqlite_memory.calls;
    if (sqlite_memory.at == 0 || n < sqlite_memory.at || (n > sqlite_memory.at && !sqlite_memory.is_lasting))
        return false;
    sqlite_memory.has_failed = true;
    return true;
}

static void *take(int n)
{
    void *piece = must_fail() ? NULL : system_memory.xMalloc(n);
    if (piece != NULL) sqlite_memory.live++;
    return piece;
}

static void *resize(void *piece, int n)
{
    return must_fail() ? NULL : system_memory.xRealloc(piece, n);
}

static void give_back(void *piece)
{
    if (piece != NULL) sqlite_memory.live--;
    system_memory.xFree(piece);
}

/* What is tried thousands of times over need not wait for the disk each time. */
static int do_not_wait(const struct vfs_act *act)
{
    return act->what == VFS_SYNC ? SQLITE_DONE : SQLITE_OK;
}

/* Before SQLite is used for the first time. */
static int stand_in_between(void **state)
{
    (void)state;
    static const struct vfs_watcher impatient = {.before = do_not_wait};
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory) != SQLITE_OK) return -1;
    sqlite3_mem_methods ours = system_memory;
    ours.xMalloc = take;
    ours.xRealloc = resize;
    ours.xFree = give_back;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) != SQLITE_OK) return -1;
    vfs_shim_open(&impatient);
    home_rig_learn(text);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    for (unsigned k = 0; k <= HOME_RIG_COURSE; k++) free(text[k]);
    return 0;
}

/* ---- whose memory fails --------------------------------------------------------------------- */

enum whose { OWN, SQLITES };

static void arm(enum whose whose, size_t at, bool is_lasting)
{
    sqlite_memory.calls = 0;
    sqlite_memory.has_failed = false;
    sqlite_memory.is_lasting = is_lasting;
    sqlite_memory.at = whose == SQLITES ? at : 0;
    if (whose == OWN) fault_alloc_arm(at, is_lasting ? FAULT_ALL : FAULT_ONE);
}

/* Everything may be had again. Gives whether anything was refused. */
static bool disarm(enum whose whose)
{
    bool has_failed = whose == SQLITES ? sqlite_memory.has_failed : fault_alloc_has_failed();
    sqlite_memory.at = 0;
    fault_alloc_disarm();
    return has_failed;
}

/* ---- opening -------------------------------------------------------------------------------- */

static void open_without(enum whose whose, bool is_lasting, bool is_new, size_t stride)
{
    char folder[SCRATCH_PATH_BYTES];
    scratch_folder(folder);
    if (!is_new) home_close(home_rig_open(folder));
    for (size_t at = 1;; at += stride) {
        if (is_new) scratch_folder(folder);
        struct home *home = NULL;
        struct why why = {0};
        size_t live = fault_alloc_live();
        long sqlite_live = sqlite_memory.live;
        arm(whose, at, is_lasting);
        enum err e = home_open(folder, 0, &home, &why);
        if (e == ERR_OK) home_close(home);
        bool has_failed = disarm(whose);
        if (e != ERR_OK) {
            home_expect(e, ERR_NO_MEMORY);
            home_expect(why.code, ERR_NO_MEMORY);
            assert_non_null(why.text);
        }
        assert_int_equal(fault_alloc_live(), live);
        assert_int_equal(sqlite_memory.live, sqlite_live);
        if (has_failed) continue;
        print_message("%zu allocations\n", at - 1);
        assert_true(at > (whose == SQLITES ? 100u : 2u));
        break;
    }
    home_close(home_rig_open(folder));
}

static void opening(void **state)
{
    (void)state;
    for (int is_lasting = 0; is_lasting < 2; is_lasting++) {
        open_without(OWN, is_lasting, true, 1);
        open_without(OWN, is_lasting, false, 1);
        open_without(SQLITES, is_lasting, true, is_lasting ? 37 : 11);
        open_without(SQLITES, is_lasting, false, 1);
    }
}

/* ---- working -------------------------------------------------------------------------------- */

static bool is_after(struct home *home, unsigned k)
{
    enum err e;
    char *all = home_rig_all(home, &e);
    bool is_same = all != NULL && strcmp(all, text[k]) == 0;
    free(all);
    return is_same;
}

/* The course with one allocation failing in transaction k. False when none did. */
static bool work_without(struct home *home, unsigned k, enum whose whose, size_t at, bool is_lasting)
{
    arm(whose, at, is_lasting);
    enum err e = home_rig_work(home, k);
    bool has_failed = disarm(whose);
    if (e == ERR_OK) { /* done, though something was refused: then it was not needed */
        assert_true(is_after(home, k + 1));
        return false;
    }
    if (e != ERR_NO_MEMORY) print_error("transaction %u, the %zu. allocation\n", k, at);
    home_expect(e, ERR_NO_MEMORY);
    assert_int_equal(home_why(home).code, ERR_NO_MEMORY);
    assert_true(has_failed);
    assert_true(is_after(home, k));
    return true;
}

static void work_until_nothing_fails(enum whose whose, bool is_lasting, size_t least)
{
    char folder[SCRATCH_PATH_BYTES];
    size_t live = fault_alloc_live(), all_n = 0;
    scratch_folder(folder);
    struct home *home = home_rig_open(folder);
    for (unsigned k = 0; k < HOME_RIG_COURSE; k++) {
        size_t at = 1;
        while (work_without(home, k, whose, at, is_lasting)) at++;
        all_n += at - 1;
        if (k % 5 == 0) { /* so that statements are prepared again */
            home_close(home);
            home = home_rig_open(folder);
            home_expect(home_unlock(home, 1, home_rig_key(1)), ERR_OK);
        }
    }
    home_close(home);
    print_message("%zu allocations\n", all_n);
    assert_true(all_n > least);
    assert_int_equal(fault_alloc_live(), live);
}

static void working(void **state)
{
    (void)state;
    work_until_nothing_fails(OWN, false, 100);
    work_until_nothing_fails(OWN, true, 100);
    work_until_nothing_fails(SQLITES, false, 100);
    work_until_nothing_fails(SQLITES, true, 100);
}

/* Reading with memory that fails gives what it gives otherwise, or says so. */
static void reading(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_BYTES];
    scratch_folder(folder);
    struct home *home = home_rig_open(folder);
    for (unsigned k = 0; k < HOME_RIG_COURSE; k++) home_expect(home_rig_work(home, k), ERR_OK);
    for (int whose = OWN; whose <= SQLITES; whose++) {
        size_t at = 1;
        for (bool has_failed = true; has_failed; at++) {
            home_close(home); /* nothing is prepared, nothing in SQLite's cache */
            home = home_rig_open(folder);
            enum err e;
            arm((enum whose)whose, at + (whose == OWN), false); /* the first one of its own is the test's */
            char *all = home_rig_all(home, &e);
            has_failed = disarm((enum whose)whose);
            home_expect(e, all == NULL ? ERR_NO_MEMORY : ERR_OK);
            if (all != NULL) assert_string_equal(all, text[HOME_RIG_COURSE]);
            free(all);
        }
        print_message("%zu allocations\n", at - 1);
        assert_true(at > 40);
    }
    home_close(home);
}

/* ---- what is left in memory ----------------------------------------------------------------- */

static size_t freed_n, plain_n, key_n;

/* Texts of the rig go on by 7 letters of 26, whatever their number. */
static bool has_text(const uint8_t *bytes, size_t n)
{
    enum { ENOUGH = 64 };
    size_t in_row = 0;
    for (size_t i = 1; i < n && in_row < ENOUGH; i++) {
        bool goes_on = bytes[i] >= 'a' && bytes[i] <= 'z' && (bytes[i] - bytes[i - 1] + 26) % 26 == 7;
        in_row = goes_on ? in_row + 1 : 0;
    }
    return in_row >= ENOUGH;
}

static void look_at(const void *piece, size_t n)
{
    const uint8_t *bytes = piece, *key = home_rig_key(1);
    freed_n++;
    plain_n += has_text(bytes, n);
    for (size_t i = 0; i + KEY_BYTES <= n; i++) key_n += memcmp(bytes + i, key, KEY_BYTES) == 0;
}

static void nothing_that_was_sealed_is_left_in_what_is_freed(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_BYTES];
    enum err e;
    scratch_folder(folder);
    fault_alloc_on_free(look_at);
    uint8_t *plain = malloc(400), *key = malloc(40); /* the search works */
    assert_true(plain != NULL && key != NULL);
    memcpy(plain, home_rig_text(400).at, 400);
    memcpy(key + 8, home_rig_key(1), KEY_BYTES);
    static void *volatile seen; /* by the compiler, which would leave out what nobody reads */
    seen = plain;
    free(seen);
    seen = key;
    free(seen);
    assert_true(plain_n == 1 && key_n == 1);
    struct home *home = home_rig_open(folder);
    for (unsigned k = 0; k < HOME_RIG_COURSE; k++) home_expect(home_rig_work(home, k), ERR_OK);
    free(home_rig_all(home, &e));
    home_expect(e, ERR_OK);
    home_close(home);
    fault_alloc_on_free(NULL);
    print_message("%zu pieces\n", freed_n);
    assert_true(freed_n > 100);
    assert_int_equal(plain_n, 1);
    assert_int_equal(key_n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening),
        cmocka_unit_test(working),
        cmocka_unit_test(reading),
        cmocka_unit_test(nothing_that_was_sealed_is_left_in_what_is_freed),
    };
    return cmocka_run_group_tests(tests, stand_in_between, forget);
}
