/* backup.c -- a copy of a store that is in use: whole, of one moment, and there completely or not at all. And
 * tidying: what was committed goes to its place, and what was erased leaves the disk. */
#define _GNU_SOURCE /* memmem */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "harness/store_rig.h"
#include "harness/vfs_shim.h"
#include "store/store_sqlite.h"

/* Where the copies of a test go. */
static void copy_path(char path[static SCRATCH_PATH_BYTES], char folder[static SCRATCH_PATH_BYTES])
{
    scratch_folder(folder);
    scratch_path(path, folder, "copy.db");
}

static unsigned files_in(const char *folder)
{
    unsigned n = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    while (readdir(dir) != NULL) n++;
    assert_int_equal(closedir(dir), 0);
    return n - 2; /* . and .. */
}

static void fill(struct store *s, unsigned circles, unsigned entries)
{
    rig_begin(s);
    (void)rig_add_account(s, 1);
    for (unsigned n = 0; n < circles; n++) rig_add_entries(s, rig_add_circle(s, n), 0, entries - 1);
    rig_commit(s);
}

static void a_copy_holds_the_same(void **state)
{
    struct store_rig *rig = *state;
    char path[SCRATCH_PATH_BYTES], folder[SCRATCH_PATH_BYTES];
    struct store_trouble trouble;
    struct stat st;
    copy_path(path, folder);
    fill(rig->writer, 5, 300);
    char *expected = rig_text(rig->writer);
    mode_t before = umask(0);
    expect(store_backup(rig->reader, path, &trouble), ERR_OK);
    (void)umask(before);
    assert_int_equal(files_in(folder), 1);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct store *copy = rig_open(path, STORE_SERVES);
    char *text = rig_text(copy);
    assert_string_equal(text, expected);
    expect(store_check(copy, &trouble), ERR_OK);
    rig_begin(copy); /* and it is a store like any other */
    (void)rig_add_circle(copy, 9);
    rig_commit(copy);
    store_close(copy);
    free(text);
    text = rig_text(rig->reader);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
}

static void what_is_there_is_not_written_over(void **state)
{
    struct store_rig *rig = *state;
    char path[SCRATCH_PATH_BYTES], folder[SCRATCH_PATH_BYTES];
    struct store_trouble trouble;
    copy_path(path, folder);
    expect(store_backup(rig->writer, path, &trouble), ERR_OK);
    expect(store_backup(rig->writer, path, &trouble), ERR_EXISTS);
    assert_int_equal(trouble.code, ERR_EXISTS);
    assert_non_null(strstr(trouble.text, "copy.db"));
    expect(store_backup(rig->writer, rig->path, &trouble), ERR_EXISTS);
    expect(store_backup(rig->writer, folder, &trouble), ERR_EXISTS);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("nowhere", path), 0); /* not even a link to nothing */
    expect(store_backup(rig->writer, path, &trouble), ERR_EXISTS);
    scratch_path(path, folder, "none/copy.db");
    expect(store_backup(rig->writer, path, &trouble), ERR_NOT_FOUND);
    assert_int_equal(files_in(folder), 1);
}

static void a_store_in_memory_has_no_copy(void **state)
{
    struct store_rig *rig = *state;
    char path[SCRATCH_PATH_BYTES], folder[SCRATCH_PATH_BYTES];
    struct store_trouble trouble;
    copy_path(path, folder);
    expect(store_backup(rig->writer, path, &trouble), ERR_STORE);
    assert_non_null(strstr(trouble.text, "memory"));
    assert_int_equal(files_in(folder), 0);
}

/* ---- beside a writer ------------------------------------------------------------------------ */

enum { CIRCLES = 4 };

static atomic_bool is_over;

/* Takes all circles one entry further with each transaction, until it is over. */
static void *keep_writing(void *ctx)
{
    struct store *s = ctx;
    static const uint8_t sig[SIG_BYTES] = {1};
    for (unsigned seq = 1; !atomic_load(&is_over); seq++) {
        struct store_head head = {.seq = seq};
        struct store_entry entry = {.seq = seq, .header = STR("h"), .sig = STR_OF(sig), .payload = STR("p")};
        memcpy(entry.id, &seq, sizeof seq);
        if (store_begin(s) != ERR_OK) return "a transaction was refused";
        for (unsigned n = 1; n <= CIRCLES; n++) {
            if (store_entry_add(s, n, &entry) != ERR_OK) return "an entry was refused";
            if (store_circle_set_head(s, n, &head, (struct str){0}) != ERR_OK) return "a head was refused";
        }
        if (store_commit(s) != ERR_OK) return "a commit was refused";
    }
    return NULL;
}

static enum err first_head(void *ctx, const struct store_circle *circle, struct str state)
{
    (void)state;
    uint64_t *seq = ctx;
    if (circle->number == 1) *seq = circle->head.seq;
    return circle->head.seq == *seq ? ERR_OK : ERR_FORKED;
}

static void copies_made_while_writing_are_of_one_moment_each(void **state)
{
    struct store_rig *rig = *state;
    pthread_t writing;
    void *wrong = NULL;
    uint64_t last = 0, seq;
    fill(rig->writer, CIRCLES, 1);
    atomic_store(&is_over, false);
    assert_int_equal(pthread_create(&writing, NULL, keep_writing, rig->writer), 0);
    for (unsigned times = 0; times < 10; times++) {
        char path[SCRATCH_PATH_BYTES], folder[SCRATCH_PATH_BYTES];
        struct store_trouble trouble;
        copy_path(path, folder);
        expect(store_backup(rig->reader, path, &trouble), ERR_OK);
        struct store *copy = rig_open(path, 0);
        expect(store_check(copy, &trouble), ERR_OK);
        expect(store_circle_each(copy, first_head, &seq), ERR_OK);
        assert_true(seq >= last);
        last = seq;
        store_close(copy);
    }
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(writing, &wrong), 0);
    if (wrong != NULL) print_error("%s\n", (const char *)wrong);
    assert_null(wrong);
    assert_true(last > 0);
}

/* ---- a disk that refuses -------------------------------------------------------------------- */

static struct {
    unsigned long n, at;
    int rc;
} fault;

/* The copy in the making. */
static bool is_copy(const char *path)
{
    return path != NULL && strstr(path, ".troth-backup-") != NULL;
}

static int refuse_copy(const struct vfs_act *act)
{
    bool is_counted = act->what == VFS_WRITE || act->what == VFS_OPEN || act->what == VFS_TRUNCATE;
    if (!is_counted || !is_copy(act->path)) return SQLITE_OK;
    return ++fault.n == fault.at ? fault.rc : SQLITE_OK;
}

static void a_copy_that_fails_leaves_nothing(void **state)
{
    (void)state;
    static const struct vfs_watcher refusing = {.before = refuse_copy};
    static const struct {
        int rc;
        enum err right;
    } kinds[] = {{SQLITE_FULL, ERR_DISK_FULL}, {SQLITE_IOERR_WRITE, ERR_STORE}};
    vfs_shim_open(&refusing);
    void *made;
    assert_int_equal(store_rig_setup_sqlite(&made), 0);
    struct store_rig *rig = made;
    fill(rig->writer, 2, 20);
    for (size_t k = 0; k < 2; k++) {
        enum err e = kinds[k].right;
        for (unsigned long at = 1; e == kinds[k].right; at++) {
            char path[SCRATCH_PATH_BYTES], folder[SCRATCH_PATH_BYTES];
            struct store_trouble trouble = {0};
            copy_path(path, folder);
            fault.n = 0;
            fault.at = at;
            fault.rc = kinds[k].rc;
            e = store_backup(rig->reader, path, &trouble);
            assert_int_equal(trouble.code, e);
            assert_int_equal(files_in(folder), e == ERR_OK ? 1 : 0);
            if (e == ERR_OK) assert_true(at > 3);
        }
        expect(e, ERR_OK);
    }
    assert_int_equal(store_rig_teardown(&made), 0);
    vfs_shim_close();
}

/* ---- a backup that is killed ------------------------------------------------------------------ */

enum { DONE, NOT_OPENED, REFUSED, KILLED = 99 };

static int die_copying(const struct vfs_act *act)
{
    if (act->what == VFS_WRITE && is_copy(act->path) && ++fault.n == fault.at) _exit(KILLED);
    return SQLITE_OK;
}

/* Makes a copy in a process of its own, which is killed at the at-th write: how it ended. */
static int copy_and_die(const char *from, const char *to, unsigned long at)
{
    static const struct vfs_watcher deadly = {.before = die_copying};
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct store *s;
        struct store_trouble trouble;
        fault.n = 0;
        fault.at = at;
        vfs_shim_open(&deadly);
        if (store_open_sqlite(from, 0, &s, &trouble) != ERR_OK) _exit(NOT_OPENED);
        if (store_backup(s, to, &trouble) != ERR_OK) _exit(REFUSED);
        _exit(DONE);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void make_store(char path[static SCRATCH_PATH_BYTES])
{
    char folder[SCRATCH_PATH_BYTES];
    scratch_folder(folder);
    scratch_path(path, folder, "troth.db");
    struct store *s = rig_open(path, STORE_CREATES);
    fill(s, 2, 20);
    store_close(s);
}

static void assert_copied(const char *from, const char *to)
{
    struct store *original = rig_open(from, 0), *copy = rig_open(to, 0);
    char *wanted = rig_text(original), *text = rig_text(copy);
    assert_string_equal(text, wanted);
    free(wanted);
    free(text);
    store_close(copy);
    store_close(original);
}

static int make_file(const char *folder, const char *name)
{
    char path[SCRATCH_PATH_BYTES];
    scratch_path(path, folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

/* Wherever it was killed, the next backup into the folder, whatever it is called, removes it, and nothing else. */
static void what_a_killed_copy_left_is_removed_by_the_next_one(void **state)
{
    (void)state;
    char from[SCRATCH_PATH_BYTES], to[SCRATCH_PATH_BYTES], other[SCRATCH_PATH_BYTES], folder[SCRATCH_PATH_BYTES];
    static const char *const kept[] = {"copy.db.abcdef", ".troth-backup-abcde", ".troth-backup-abcdefg", "notes"};
    enum { KEPT = sizeof kept / sizeof *kept };
    make_store(from);
    copy_path(to, folder);
    scratch_path(other, folder, "another.db");
    for (size_t i = 0; i < KEPT; i++) assert_int_equal(close(make_file(folder, kept[i])), 0);
    int in_work = make_file(folder, ".troth-backup-living");
    assert_int_equal(flock(in_work, LOCK_EX), 0); /* by a backup that still runs */
    unsigned long at = 1;
    while (copy_and_die(from, at % 2 == 0 ? other : to, at) == KILLED) {
        assert_int_equal(files_in(folder), KEPT + 2); /* its own, and none of the one before */
        at++;
    }
    assert_true(at > 4);
    assert_int_equal(files_in(folder), KEPT + 2);
    assert_copied(from, at % 2 == 0 ? other : to);
    assert_int_equal(copy_and_die(from, at % 2 == 0 ? other : to, 0), REFUSED); /* is there */
    assert_int_equal(close(in_work), 0);
    assert_int_equal(copy_and_die(from, at % 2 == 0 ? to : other, 0), DONE);
    assert_int_equal(files_in(folder), KEPT + 2);
    assert_copied(from, at % 2 == 0 ? to : other);
}

/* ---- tidying -------------------------------------------------------------------------------- */

static long bytes_of(const char *path, const char *suffix)
{
    char name[SCRATCH_PATH_BYTES + 8];
    struct stat st;
    (void)snprintf(name, sizeof name, "%s%s", path, suffix);
    return stat(name, &st) == 0 ? (long)st.st_size : -1;
}

static void tidying_empties_the_log(void **state)
{
    struct store_rig *rig = *state;
    for (unsigned times = 0; times < 3; times++) {
        rig_begin(rig->writer);
        rig_add_entries(rig->writer, rig_add_circle(rig->writer, times), 0, 50);
        rig_commit(rig->writer);
        assert_true(bytes_of(rig->path, "-wal") > 0);
        expect(store_tidy(times == 1 ? rig->writer : rig->reader), ERR_OK);
        assert_int_equal(bytes_of(rig->path, "-wal"), 0);
        expect(store_tidy(rig->reader), ERR_OK);
    }
}

static void tidying_waits_for_nobody(void **state)
{
    struct store_rig *rig = *state;
    struct store *other;
    expect(store_reader_open(rig->writer, &other), ERR_OK);
    fill(rig->writer, 1, 10);
    expect(store_begin_read(other), ERR_OK); /* holds on to what is in the log now */
    rig_begin(rig->writer);
    rig_add_entries(rig->writer, 1, 10, 20);
    rig_commit(rig->writer);
    expect(store_tidy(rig->reader), ERR_BUSY);
    rig_begin(rig->writer);
    rig_add_entries(rig->writer, 1, 21, 30);
    expect(store_tidy(rig->reader), ERR_BUSY);
    rig_commit(rig->writer);
    store_end_read(other);
    expect(store_tidy(rig->reader), ERR_OK);
    store_close(other);
}

/* Between them stands a fault of SQLite's that loses pages: see store_sqlite_log.c. */
static void tidying_and_writing_exclude_each_other(void **state)
{
    struct store_rig *rig = *state;
    sqlite3 *other; /* another program, with SQLite's own habits */
    assert_int_equal(sqlite3_open(rig->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "SELECT count(*) FROM circle", NULL, NULL, NULL), SQLITE_OK);
    rig_begin(rig->writer);
    (void)rig_add_circle(rig->writer, 1);
    expect(store_tidy(rig->reader), ERR_BUSY);
    assert_int_equal(sqlite3_wal_checkpoint_v2(other, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), SQLITE_BUSY);
    rig_commit(rig->writer);
    expect(store_tidy(rig->reader), ERR_OK);
    rig_begin(rig->writer);
    expect(store_tidy(rig->reader), ERR_BUSY);
    store_abort(rig->writer);
    expect(store_tidy(rig->reader), ERR_OK);
    assert_int_equal(sqlite3_wal_checkpoint_v2(other, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void a_long_log_is_emptied_by_the_next_transaction(void **state)
{
    struct store_rig *rig = *state;
    sqlite_of(rig->writer)->log_pages_most = 50;
    rig_begin(rig->writer);
    uint64_t circle = rig_add_circle(rig->writer, 1);
    rig_commit(rig->writer);
    for (unsigned seq = 0; seq < 2000; seq += 20) {
        rig_begin(rig->writer);
        rig_add_entries(rig->writer, circle, seq, seq + 19);
        rig_commit(rig->writer);
    }
    assert_true(bytes_of(rig->path, "-wal") < 300 * 4120); /* twice what is in it, at most */
    assert_true(bytes_of(rig->path, "") > 200 * 4096);
    struct store_trouble trouble;
    expect(store_check(rig->reader, &trouble), ERR_OK);
}

static bool has_bytes(const char *path, const char *suffix, struct str wanted)
{
    char name[SCRATCH_PATH_BYTES + 8];
    (void)snprintf(name, sizeof name, "%s%s", path, suffix);
    FILE *from = fopen(name, "rb");
    if (from == NULL) return false;
    static uint8_t all[4 << 20];
    size_t n = fread(all, 1, sizeof all, from);
    assert_true(n < sizeof all);
    assert_int_equal(fclose(from), 0);
    return memmem(all, n, wanted.at, wanted.len) != NULL;
}

static void what_was_erased_leaves_the_disk(void **state)
{
    struct store_rig *rig = *state;
    const unsigned sizes[] = {40, 600, 9000, LIMIT_PAYLOAD_BYTES};
    rig_begin(rig->writer);
    uint64_t circle = rig_add_circle(rig->writer, 1), bytes;
    for (unsigned i = 0; i < 4; i++) {
        struct store_entry entry = rig_entry(i, sizes[i]);
        expect(store_entry_add(rig->writer, circle, &entry), ERR_OK);
    }
    rig_commit(rig->writer);
    expect(store_tidy(rig->reader), ERR_OK);
    for (unsigned i = 0; i < 4; i++) { /* pieces that cannot be split over two pages' ends */
        struct str all = rig_entry(i, sizes[i]).payload;
        assert_true(has_bytes(rig->path, "", str_at(all.at + all.len - 24, 24)));
    }
    rig_begin(rig->writer);
    for (unsigned i = 0; i < 4; i++) expect(store_entry_erase(rig->writer, circle, i, &bytes), ERR_OK);
    rig_commit(rig->writer);
    expect(store_tidy(rig->reader), ERR_OK);
    for (unsigned i = 0; i < 4; i++) {
        struct str all = rig_entry(i, sizes[i]).payload;
        for (size_t at = 0; at + 24 <= all.len; at += 500) {
            assert_false(has_bytes(rig->path, "", str_at(all.at + at, 24)));
            assert_false(has_bytes(rig->path, "-wal", str_at(all.at + at, 24)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SQLITE_TEST(a_copy_holds_the_same),
        SQLITE_TEST(what_is_there_is_not_written_over),
        {"a_store_in_memory_has_no_copy", a_store_in_memory_has_no_copy, store_rig_setup_mem, store_rig_teardown, NULL},
        SQLITE_TEST(copies_made_while_writing_are_of_one_moment_each),
        cmocka_unit_test(a_copy_that_fails_leaves_nothing),
        cmocka_unit_test(what_a_killed_copy_left_is_removed_by_the_next_one),
        SQLITE_TEST(tidying_empties_the_log),
        SQLITE_TEST(tidying_waits_for_nobody),
        SQLITE_TEST(tidying_and_writing_exclude_each_other),
        SQLITE_TEST(a_long_log_is_emptied_by_the_next_transaction),
        SQLITE_TEST(what_was_erased_leaves_the_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
