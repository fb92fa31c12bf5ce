/* log.c -- the log that is written in large pieces: whatever is written, read, cut and synced in whatever order,
 * it holds what a plain file would hold, and nothing but zeros behind it; and after a sync, so does the file on
 * the disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "harness/random.h"
#include "harness/store_rig.h"
#include "harness/vfs_shim.h"
#include "store/store_sqlite.h"

enum { MOST_BYTES = 1 << 20, SPARE_BYTES = 2 << 20, STEPS = 6000, LONGEST = 127 * 1024 };

static bool is_refusing;
static unsigned long write_n;

static int refuse(const struct vfs_act *act)
{
    if (act->what == VFS_WRITE) write_n++;
    return act->what == VFS_WRITE && is_refusing ? SQLITE_FULL : SQLITE_OK;
}

/* The log under test, and a plain array that is told the same. */
struct pair {
    sqlite3_file *log;
    uint8_t *plain;
    size_t plain_n;
    char path[SCRATCH_PATH_BYTES];
};

static int setup(void **state)
{
    static const struct vfs_watcher refusing = {.before = refuse};
    struct pair *pair = calloc(1, sizeof *pair);
    char folder[SCRATCH_PATH_BYTES];
    scratch_folder(folder);
    scratch_path(pair->path, folder, "troth.db"); /* whose rights the log gets */
    FILE *store = fopen(pair->path, "wb");
    if (store == NULL || fclose(store) != 0) return -1;
    scratch_path(pair->path, folder, "troth.db-wal");
    pair->plain = calloc(1, MOST_BYTES + SPARE_BYTES);
    is_refusing = false;
    vfs_shim_open(&refusing);
    sqlite3_vfs *vfs = sqlite3_vfs_find(sqlite_log_vfs());
    pair->log = calloc(1, (size_t)vfs->szOsFile);
    int flags = SQLITE_OPEN_WAL | SQLITE_OPEN_CREATE | SQLITE_OPEN_READWRITE;
    /* a name as SQLite gives it: with an empty list of parameters behind it */
    static char name[SCRATCH_PATH_BYTES + 4];
    memset(name, 0, sizeof name);
    memcpy(name, pair->path, strlen(pair->path));
    *state = pair;
    return vfs->xOpen(vfs, name, pair->log, flags, &flags) == SQLITE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct pair *pair = *state;
    int rc = pair->log->pMethods->xClose(pair->log);
    vfs_shim_close();
    free(pair->log);
    free(pair->plain);
    free(pair);
    return rc == SQLITE_OK ? 0 : -1;
}

/* ---- what is done to both ------------------------------------------------------------------- */

static void write_both(struct pair *pair, size_t at, const uint8_t *bytes, size_t n)
{
    assert_int_equal(pair->log->pMethods->xWrite(pair->log, bytes, (int)n, (sqlite3_int64)at), SQLITE_OK);
    memcpy(pair->plain + at, bytes, n);
    if (at + n > pair->plain_n) pair->plain_n = at + n;
}

static void truncate_both(struct pair *pair, size_t size)
{
    assert_int_equal(pair->log->pMethods->xTruncate(pair->log, (sqlite3_int64)size), SQLITE_OK);
    if (size < pair->plain_n) memset(pair->plain + size, 0, pair->plain_n - size);
    pair->plain_n = size;
}

static void compare_reading(struct pair *pair, size_t at, size_t n)
{
    static uint8_t got[LONGEST];
    if (at + n > pair->plain_n) return;
    assert_int_equal(pair->log->pMethods->xRead(pair->log, got, (int)n, (sqlite3_int64)at), SQLITE_OK);
    assert_memory_equal(got, pair->plain + at, n);
}

static void compare_file(struct pair *pair)
{
    static uint8_t got[MOST_BYTES + SPARE_BYTES];
    FILE *from = fopen(pair->path, "rb");
    assert_non_null(from);
    size_t n = fread(got, 1, sizeof got, from);
    assert_int_equal(fclose(from), 0);
    assert_true(n >= pair->plain_n); /* it may be longer, by zeros */
    assert_memory_equal(got, pair->plain, n);
}

static void compare_size(struct pair *pair)
{
    sqlite3_int64 size = -1;
    assert_int_equal(pair->log->pMethods->xFileSize(pair->log, &size), SQLITE_OK);
    assert_true(size >= (sqlite3_int64)pair->plain_n);
}

/* Where a write goes: behind the last one mostly, as in a log; over it, before it, or anywhere, at times. */
static size_t draw_place(struct random *r, size_t last, size_t last_end, size_t n)
{
    size_t at = last_end;
    if (random_is_one_in(r, 6)) at = random_between(r, last > 9000 ? last - 9000 : 0, last_end);
    if (random_is_one_in(r, 40)) at = random_below(r, MOST_BYTES);
    return at + n <= MOST_BYTES ? at : 0;
}

static void it_holds_what_a_plain_file_holds(void **state)
{
    struct pair *pair = *state;
    static uint8_t bytes[LONGEST];
    struct random r;
    size_t last = 0, last_end = 0;
    random_init(&r, "a log in large pieces");
    random_bytes(&r, bytes, sizeof bytes);
    for (unsigned step = 0; step < STEPS; step++) {
        size_t n = random_is_one_in(&r, 300) ? random_between(&r, 1, LONGEST)
                   : random_is_one_in(&r, 2) ? 24
                                             : random_between(&r, 1, 4096);
        size_t at = draw_place(&r, last, last_end, n);
        write_both(pair, at, bytes + random_below(&r, LONGEST - n + 1), n);
        last = at;
        last_end = at + n;
        if (random_is_one_in(&r, 20)) compare_reading(pair, at, n);
        if (random_is_one_in(&r, 20)) {
            size_t from = random_below(&r, pair->plain_n);
            compare_reading(pair, from, 1 + random_below(&r, 5000));
        }
        if (random_is_one_in(&r, 200)) truncate_both(pair, random_below(&r, pair->plain_n + 1));
        if (random_is_one_in(&r, 100)) compare_size(pair);
        if (random_is_one_in(&r, 60)) {
            assert_int_equal(pair->log->pMethods->xSync(pair->log, SQLITE_SYNC_NORMAL), SQLITE_OK);
            compare_file(pair);
        }
    }
}

static void a_commit_is_a_few_large_writes(void **state)
{
    struct pair *pair = *state;
    static uint8_t page[4096];
    unsigned long before = write_n;
    for (unsigned i = 0; i < 100; i++) {
        page[0] = (uint8_t)i;
        write_both(pair, 32 + (size_t)i * 4120, page, 24);
        write_both(pair, 32 + (size_t)i * 4120 + 24, page, 4096);
    }
    assert_int_equal(pair->log->pMethods->xSync(pair->log, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_in_range(write_n - before, 1, 20); /* zeros ahead included */
    compare_file(pair);
}

static void what_the_disk_refuses_is_not_forgotten(void **state)
{
    struct pair *pair = *state;
    static const uint8_t first[50] = {1}, second[50] = {2};
    write_both(pair, 0, first, 50);
    is_refusing = true;
    for (unsigned times = 0; times < 3; times++) {
        uint8_t got[50];
        sqlite3_int64 size;
        assert_int_equal(pair->log->pMethods->xSync(pair->log, SQLITE_SYNC_NORMAL), SQLITE_FULL);
        assert_int_equal(pair->log->pMethods->xWrite(pair->log, second, 50, 500), SQLITE_FULL);
        assert_int_equal(pair->log->pMethods->xRead(pair->log, got, 50, 0), SQLITE_FULL);
        assert_int_equal(pair->log->pMethods->xFileSize(pair->log, &size), SQLITE_FULL);
    }
    is_refusing = false;
    write_both(pair, 500, second, 50);
    assert_int_equal(pair->log->pMethods->xSync(pair->log, SQLITE_SYNC_NORMAL), SQLITE_OK);
    compare_file(pair);
}

/* ---- what a crash left in it -------------------------------------------------------------------- */

enum { CRASHED_BYTES = 1 << 20 };

/* A log as a server that crashed left it, and what is done to it when the next one starts. */
static struct {
    uint8_t was[CRASHED_BYTES];
    bool is_written[CRASHED_BYTES];
    size_t n, written_n;
    bool is_safe; /* synced since it was last written */
    bool is_spoilt, is_early; /* other bytes than before; the file was touched before the log was safe */
} crashed;

static int watch(const struct vfs_act *act)
{
    if (act->path == NULL || (act->what != VFS_WRITE && act->what != VFS_SYNC)) return SQLITE_OK;
    if (strstr(act->path, "-wal") == NULL) {
        crashed.is_early |= act->what == VFS_WRITE && !crashed.is_safe;
        return SQLITE_OK;
    }
    crashed.is_safe = act->what == VFS_SYNC;
    if (act->what == VFS_SYNC) return SQLITE_OK;
    size_t at = (size_t)act->offset, n = (size_t)act->bytes_n;
    crashed.is_spoilt |= at + n > crashed.n || memcmp(crashed.was + at, act->bytes, n) != 0;
    for (size_t i = at; i < at + n && i < crashed.n; i++) {
        crashed.written_n += !crashed.is_written[i];
        crashed.is_written[i] = true;
    }
    return SQLITE_OK;
}

static size_t read_whole(const char *path, uint8_t *bytes)
{
    FILE *from = fopen(path, "rb");
    assert_non_null(from);
    size_t n = fread(bytes, 1, CRASHED_BYTES, from);
    assert_true(n < CRASHED_BYTES && fclose(from) == 0);
    return n;
}

/* Copies a file as it is: what a crash of the program leaves behind. */
static void copy_as_it_is(const char *from, const char *to, const char *suffix)
{
    static uint8_t bytes[CRASHED_BYTES];
    char from_path[SCRATCH_PATH_BYTES + 8], to_path[SCRATCH_PATH_BYTES + 8];
    (void)snprintf(from_path, sizeof from_path, "%s%s", from, suffix);
    (void)snprintf(to_path, sizeof to_path, "%s%s", to, suffix);
    size_t n = read_whole(from_path, bytes);
    FILE *file = fopen(to_path, "wb");
    assert_true(file != NULL && fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
    if (suffix[0] == '\0') return;
    memset(&crashed, 0, sizeof crashed);
    memcpy(crashed.was, bytes, n);
    crashed.n = n;
}

static void a_server_brings_to_the_disk_what_a_crash_left_in_the_log(void **state)
{
    static const struct vfs_watcher watching = {.before = watch};
    struct store_rig *rig = *state;
    for (unsigned n = 0; n < 5; n++) {
        rig_begin(rig->writer);
        rig_add_entries(rig->writer, rig_add_circle(rig->writer, n), 0, 20);
        rig_commit(rig->writer);
    }
    char *wanted = rig_text(rig->reader);
    for (unsigned is_server = 0; is_server < 2; is_server++) {
        char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES];
        scratch_folder(folder);
        scratch_path(path, folder, "troth.db");
        copy_as_it_is(rig->path, path, "");
        copy_as_it_is(rig->path, path, "-wal");
        assert_true(crashed.n > 64 * 1024);
        vfs_shim_open(&watching);
        struct store *s = rig_open(path, is_server ? STORE_SERVES : 0);
        assert_int_equal(crashed.written_n, is_server ? crashed.n : 0); /* a tool leaves it to the server */
        assert_int_equal(crashed.is_safe, is_server);
        assert_false(crashed.is_spoilt);
        assert_false(crashed.is_early);
        char *text = rig_text(s);
        assert_string_equal(text, wanted);
        free(text);
        store_close(s);
        vfs_shim_close();
    }
    free(wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_holds_what_a_plain_file_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(a_commit_is_a_few_large_writes, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_disk_refuses_is_not_forgotten, setup, teardown),
        SQLITE_TEST(a_server_brings_to_the_disk_what_a_crash_left_in_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
