/* store_alloc.c -- the 1st, 2nd, 3rd allocation of a store fails, until none is left to fail; once alone, and
 * once with all that follow. Every function gives what it gives otherwise, or NO_MEMORY; a transaction that
 * met it never was; nothing leaks; and the same handle does the same work when there is memory again.
 *
 * The memory of the store's own code and that of SQLite fail in turns.
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
#include "harness/store_act.h"
#include "harness/store_rig.h"
#include "harness/vfs_shim.h"

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

static int leave_disk_alone(void)
{
    static const struct vfs_watcher impatient = {.before = do_not_wait};
    vfs_shim_open(&impatient);
    return 0;
}

/* Before SQLite is used for the first time. */
static int stand_in_between(void **state)
{
    (void)state;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory) != SQLITE_OK) return -1;
    sqlite3_mem_methods ours = system_memory;
    ours.xMalloc = take;
    ours.xRealloc = resize;
    ours.xFree = give_back;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK ? leave_disk_alone() : -1;
}

/* ---- whose memory fails --------------------------------------------------------------------- */

enum whose { STORES_OWN, SQLITES };

static void arm(enum whose whose, size_t at, bool is_lasting)
{
    sqlite_memory.calls = 0;
    sqlite_memory.has_failed = false;
    sqlite_memory.is_lasting = is_lasting;
    sqlite_memory.at = whose == SQLITES ? at : 0;
    if (whose == STORES_OWN) fault_alloc_arm(at, is_lasting ? FAULT_ALL : FAULT_ONE);
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

/* Opens a writer and a reader; tidies, copies, checks, if a copy is wanted. The first error. */
static enum err open_and_care(const char *path, const char *copy)
{
    struct store *s = NULL, *reader = NULL;
    struct store_trouble trouble = {0};
    enum err e = store_open_sqlite(path, STORE_CREATES | STORE_SERVES, &s, &trouble);
    if (e != ERR_OK) assert_int_equal(trouble.code, e);
    if (e == ERR_OK) e = store_reader_open(s, &reader);
    if (e == ERR_OK) e = store_begin_read(reader);
    if (e == ERR_OK) store_end_read(reader);
    if (e == ERR_OK && copy != NULL) e = store_check(s, &trouble);
    if (e == ERR_OK && copy != NULL) e = store_backup(reader, copy, &trouble);
    if (e == ERR_OK && copy != NULL) e = store_tidy(reader);
    store_close(reader);
    store_close(s);
    return e;
}

static void fill_store(const char *path)
{
    struct store *s = rig_open(path, STORE_CREATES);
    rig_begin(s);
    for (unsigned n = 0; n < 3; n++) rig_add_entries(s, rig_add_circle(s, n), 0, 40);
    rig_commit(s);
    store_close(s);
}

/* Fails every stride-th allocation, one a run. */
static void open_without(enum whose whose, bool is_lasting, bool is_new, size_t stride)
{
    char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES], copy[SCRATCH_PATH_BYTES], name[32];
    scratch_folder(folder);
    scratch_path(path, folder, "troth.db");
    if (!is_new) fill_store(path);
    for (size_t at = 1;; at += stride) {
        if (is_new) {
            (void)snprintf(name, sizeof name, "new-%zu.db", at);
            scratch_path(path, folder, name);
        }
        (void)snprintf(name, sizeof name, "copy-%zu.db", at);
        scratch_path(copy, folder, name);
        size_t live = fault_alloc_live();
        long sqlite_live = sqlite_memory.live;
        arm(whose, at, is_lasting);
        enum err e = open_and_care(path, is_new ? NULL : copy);
        bool has_failed = disarm(whose);
        if (e != ERR_OK && e != ERR_NO_MEMORY) print_error("the %zu. allocation\n", at);
        if (e != ERR_OK) expect(e, ERR_NO_MEMORY);
        if (e != ERR_OK || has_failed) {
            assert_int_equal(fault_alloc_live(), live);
            assert_int_equal(sqlite_memory.live, sqlite_live);
        }
        if (has_failed) continue;
        print_message("%zu allocations\n", at - 1);
        assert_true(at > (whose == SQLITES ? 300u : 3u));
        break;
    }
    (void)remove(copy);
    expect(open_and_care(path, copy), ERR_OK);
}

static void opening_a_store_there_is(void **state)
{
    (void)state;
    expect(sqlite3_initialize() == SQLITE_OK ? ERR_OK : ERR_NO_MEMORY, ERR_OK);
    for (int is_lasting = 0; is_lasting < 2; is_lasting++) {
        open_without(STORES_OWN, is_lasting, false, 1);
        open_without(SQLITES, is_lasting, false, is_lasting ? 7 : 1);
    }
}

static void opening_a_new_store(void **state)
{
    (void)state;
    open_without(STORES_OWN, false, true, 1);
    open_without(SQLITES, false, true, 5);
}

static void opening_a_store_in_memory(void **state)
{
    (void)state;
    for (size_t at = 1;; at++) {
        struct store *s = NULL, *reader = NULL;
        size_t live = fault_alloc_live();
        arm(STORES_OWN, at, false);
        enum err e = store_open_mem(&s);
        if (e == ERR_OK) e = store_reader_open(s, &reader);
        store_close(reader);
        store_close(s);
        bool has_failed = disarm(STORES_OWN);
        assert_int_equal(fault_alloc_live(), live);
        expect(e, has_failed ? ERR_NO_MEMORY : ERR_OK);
        if (!has_failed) break;
    }
}

/* ---- working -------------------------------------------------------------------------------- */

/* A course of acts, and what each gave when there was memory. */
enum { ACTS = 500 };
static struct store_act acts[ACTS];
static size_t begun_at[ACTS]; /* the begin of the transaction that the act is in; itself when in none */
static char said[ACTS][STORE_ACT_TEXT_BYTES];

static struct store *open_kind(enum store_kind kind, char path[static SCRATCH_PATH_BYTES])
{
    struct store *s = NULL;
    if (kind == STORE_KIND_MEM) {
        expect(store_open_mem(&s), ERR_OK);
        return s;
    }
    char folder[SCRATCH_PATH_BYTES];
    scratch_folder(folder);
    scratch_path(path, folder, "troth.db");
    return rig_open(path, STORE_CREATES | STORE_SERVES);
}

/* Draws the course, and does it once undisturbed. Gives all that the store holds in the end. */
static char *learn_course(uint64_t seed)
{
    struct random r;
    struct store_act_course course = {.mark_n = 0};
    struct store *s;
    size_t begun = 0;
    random_init_seed(&r, seed);
    expect(store_open_mem(&s), ERR_OK);
    for (size_t i = 0; i < ACTS; i++) {
        bool was_in = course.is_in_transaction;
        acts[i] = store_act_draw(&r, &course);
        if (!was_in) begun = i;
        begun_at[i] = begun;
        (void)store_act_do(s, acts[i], said[i]);
    }
    store_abort(s);
    char *text = rig_text(s);
    store_close(s);
    return text;
}

static void do_again(struct store *s, size_t first, size_t last)
{
    static char now[STORE_ACT_TEXT_BYTES];
    for (size_t i = first; i <= last; i++) {
        (void)store_act_do(s, acts[i], now);
        assert_string_equal(now, said[i]);
    }
}

/* Does the course with one allocation failing. False when none did. */
static bool work_without(enum store_kind kind, enum whose whose, size_t at, bool is_lasting, const char *expected)
{
    static char now[STORE_ACT_TEXT_BYTES];
    char path[SCRATCH_PATH_BYTES];
    size_t live = fault_alloc_live(), refused = 0;
    struct store *s = open_kind(kind, path);
    arm(whose, at, is_lasting);
    for (size_t i = 0; i < ACTS; i++) {
        enum err e = store_act_do(s, acts[i], now);
        if (e == ERR_NO_MEMORY) {
            refused++;
            if (begun_at[i] < i) { /* the whole transaction is lost, and stays so until it is aborted */
                struct store_counts n;
                expect(store_count(s, &n), ERR_NO_MEMORY);
                expect(store_mark(s), ERR_NO_MEMORY);
                store_abort(s);
            }
            (void)disarm(whose);
            do_again(s, begun_at[i], i);
            arm(whose, at, is_lasting);
        } else {
            if (strcmp(now, said[i]) != 0) print_error("the %zu. allocation, act %zu\n", at, i);
            assert_string_equal(now, said[i]);
        }
    }
    bool has_failed = disarm(whose) || refused > 0;
    store_abort(s);
    char *text = rig_text(s);
    assert_string_equal(text, expected);
    free(text);
    if (kind == STORE_KIND_SQLITE) {
        struct store_trouble trouble;
        enum err e = store_check(s, &trouble);
        if (e == ERR_STORE_DAMAGED) assert_non_null(strstr(trouble.text, "entries")); /* the acts leave gaps */
        else expect(e, ERR_OK);
    }
    store_close(s);
    assert_int_equal(fault_alloc_live() + 1, live); /* the text, which the C library took and we freed */
    return has_failed;
}

static void work_until_nothing_fails(enum store_kind kind, enum whose whose, bool is_lasting, size_t least)
{
    char *expected = learn_course(4711);
    size_t at = 1;
    while (work_without(kind, whose, at, is_lasting, expected)) at++;
    print_message("%zu allocations\n", at - 1);
    assert_true(at > least);
    free(expected);
}

static void working_in_memory(void **state)
{
    (void)state;
    work_until_nothing_fails(STORE_KIND_MEM, STORES_OWN, false, 300);
}

static void working_in_sqlite(void **state)
{
    (void)state;
    work_until_nothing_fails(STORE_KIND_SQLITE, SQLITES, false, 50);
}

static void working_in_sqlite_with_no_memory_any_more(void **state)
{
    (void)state;
    work_until_nothing_fails(STORE_KIND_SQLITE, SQLITES, true, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_a_store_there_is),
        cmocka_unit_test(opening_a_new_store),
        cmocka_unit_test(opening_a_store_in_memory),
        cmocka_unit_test(working_in_memory),
        cmocka_unit_test(working_in_sqlite),
        cmocka_unit_test(working_in_sqlite_with_no_memory_any_more),
    };
    return cmocka_run_group_tests(tests, stand_in_between, NULL);
}
