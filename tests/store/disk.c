/* disk.c -- a disk that is full, or refuses: the 1st, 2nd, 3rd ... time it is asked, until nothing is refused
 * any more. Every call succeeds or gives the one right error, every transaction is there as a whole or not at
 * all, what was acknowledged stays, and the same handle works again when the disk does. */
#define _GNU_SOURCE /* unshare */
#include <errno.h>
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

#include "harness/store_rig.h"
#include "harness/vfs_shim.h"
#include "store/store_sqlite.h"

/* ---- the disk that refuses ------------------------------------------------------------------ */

/* Which acts are counted, which one of them is refused and with what, and whether all later ones are too. */
static struct {
    unsigned counted; /* of enum vfs_what, as bits */
    unsigned long n, at;
    int rc;
    bool is_lasting, has_refused;
} fault;

static int refuse(const struct vfs_act *act)
{
    if ((fault.counted & 1u << act->what) == 0 || fault.at == 0) return SQLITE_OK;
    fault.n++;
    if (fault.n < fault.at || (fault.n > fault.at && !fault.is_lasting)) return SQLITE_OK;
    fault.has_refused = true;
    return fault.rc;
}

static const struct vfs_watcher refusing = {.before = refuse};

static void fault_arm(unsigned counted, int rc, unsigned long at, bool is_lasting)
{
    fault.counted = counted;
    fault.rc = rc;
    fault.at = at;
    fault.is_lasting = is_lasting;
    fault.n = 0;
    fault.has_refused = false;
}

static void fault_disarm(void)
{
    fault.at = 0;
}

/* ---- the job -------------------------------------------------------------------------------- */

/* Each transaction leaves the store in a state that only it leaves. The first error ends it. */
enum { TRANSACTIONS = 4 };

static enum err add_entries(struct store *s, uint64_t circle, unsigned first, unsigned last, unsigned bytes)
{
    enum err e = ERR_OK;
    for (unsigned seq = first; e == ERR_OK && seq <= last; seq++) {
        struct store_entry entry = rig_entry(seq, bytes + seq);
        e = store_entry_add(s, circle, &entry);
    }
    struct store_head head = rig_head(last);
    return e == ERR_OK ? store_circle_set_head(s, circle, &head, STR("moved")) : e;
}

static enum err make_circles(struct store *s)
{
    enum err e = ERR_OK;
    for (unsigned n = 0; e == ERR_OK && n < 3; n++) {
        struct store_head head = rig_head(0);
        uint64_t number = 0;
        e = store_circle_add(s, rig_key(n), &head, STR("new"), &number);
        if (e == ERR_OK) e = add_entries(s, number, 0, 2, 100);
        if (e == ERR_OK) e = store_member_add(s, number, rig_key(9), 0);
    }
    return e;
}

static enum err group_commit(struct store *s)
{
    enum err e = ERR_OK;
    for (unsigned request = 0; e == ERR_OK && request < 6; request++) {
        unsigned first = 3 + request / 3 * 3;
        e = store_mark(s);
        if (e == ERR_OK) e = add_entries(s, 1 + request % 3, first, first + 2, 3000);
        if (e == ERR_OK) e = request % 4 == 3 ? store_undo(s) : store_keep(s);
    }
    return e;
}

static enum err make_accounts(struct store *s)
{
    enum err e = ERR_OK;
    for (unsigned n = 0; e == ERR_OK && n < 4; n++) {
        struct store_cred cred = rig_cred(n);
        uint64_t number = 0;
        e = store_account_add(s, rig_key(n), rig_key(n), &cred, &number);
        struct store_session session = rig_session(n, number);
        if (e == ERR_OK) e = store_session_add(s, &session);
    }
    return e == ERR_OK ? store_account_remove(s, 2) : e;
}

static enum err erase_and_grow(struct store *s)
{
    uint64_t bytes;
    enum err e = store_entry_erase(s, 1, 4, &bytes);
    return e == ERR_OK ? add_entries(s, 2, 9, 10, LIMIT_PAYLOAD_BYTES - 100) : e;
}

static enum err transact(struct store *s, unsigned which, bool *is_tried)
{
    static enum err (*const write[TRANSACTIONS])(struct store *) = {make_circles, group_commit, make_accounts,
                                                                   erase_and_grow};
    enum err e = store_begin(s);
    if (e == ERR_OK) e = write[which](s);
    if (e == ERR_OK) {
        *is_tried = true;
        e = store_commit(s);
    }
    return e;
}

/* What the store holds after none, one, two ... of the transactions, as text. */
static char *after[TRANSACTIONS + 1];

static int learn_states(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES];
    scratch_folder(folder);
    scratch_path(path, folder, "troth.db");
    struct store *s = rig_open(path, STORE_CREATES);
    after[0] = rig_text(s);
    for (unsigned i = 0; i < TRANSACTIONS; i++) {
        bool is_tried;
        expect(transact(s, i, &is_tried), ERR_OK);
        after[i + 1] = rig_text(s);
        assert_string_not_equal(after[i + 1], after[i]);
    }
    store_close(s);
    return 0;
}

static int forget_states(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= TRANSACTIONS; i++) free(after[i]);
    return 0;
}

/* ---- one run with one fault ----------------------------------------------------------------- */

/* A kind of fault: what is refused, how, and the one error that may come of it. */
struct kind {
    const char *name;
    unsigned counted;
    int rc;
    enum err right;
    bool is_lasting;
};

static void assert_right(const struct kind *kind, unsigned long at, enum err e, const char *call)
{
    if (e == kind->right) return;
    print_error("%s, the %lu. time: %s gave %s, not %s\n", kind->name, at, call, err_code(e), err_code(kind->right));
    fail();
}

/* After an error of the store inside a transaction: nothing but abort, and every call says so. */
static void assert_lost(struct store *s, enum err e)
{
    struct store_counts n;
    uint64_t number;
    struct store_cred cred = rig_cred(8);
    assert_int_equal(store_account_add(s, rig_key(8), rig_key(8), &cred, &number), e);
    assert_int_equal(store_count(s, &n), e);
    assert_int_equal(store_mark(s), e);
    assert_int_equal(store_commit(s), e);
}

/* After a sync that failed: nothing is taken any more, though the disk says that it works again. */
static void assert_unsure(const struct kind *kind, struct store *s)
{
    struct store_counts n;
    assert_int_equal(kind->counted, 1 << VFS_SYNC);
    expect(store_begin(s), ERR_STORE);
    expect(store_begin(s), ERR_STORE);
    expect(store_count(s, &n), ERR_OK);
}

/* Does the transactions, and each that failed once more on a disk that works again. Gives how many were
 * acknowledged; is_tried: whether the commit of the one after them was tried. */
static unsigned run_job(const struct kind *kind, unsigned long at, struct store *s, bool *is_tried)
{
    unsigned done = 0;
    while (done < TRANSACTIONS) {
        *is_tried = false;
        enum err e = transact(s, done, is_tried);
        if (e == ERR_OK) {
            done++;
            continue;
        }
        assert_right(kind, at, e, "a transaction");
        if (s->is_in_transaction) assert_lost(s, e);
        store_abort(s);
        struct store_counts n; /* reading does not need room */
        if (kind->counted != 1 << VFS_READ) expect(store_count(s, &n), ERR_OK);
        if (kind->is_lasting) break;
        fault_disarm();
        if (store_is_unsure(s)) break; /* see assert_unsure */
    }
    if (store_is_unsure(s)) assert_unsure(kind, s);
    if (done == TRANSACTIONS) {
        *is_tried = false;
        enum err e = store_tidy(s);
        if (e != ERR_OK) assert_right(kind, at, e, "tidying");
    }
    return done;
}

/* Whatever the fault was, the file opens, fits together, and holds just the acknowledged transactions; or one
 * more, as a whole, when its commit failed on the way to the disk. */
static void assert_whole(const struct kind *kind, unsigned long at, const char *path, unsigned done, bool is_tried)
{
    struct store_trouble trouble;
    struct store *s = rig_open(path, STORE_CREATES | STORE_SERVES);
    char *text = rig_text(s);
    bool is_expected = strcmp(text, after[done]) == 0 || (is_tried && strcmp(text, after[done + 1]) == 0);
    if (!is_expected) print_error("%s, the %lu. time: %u transactions were acknowledged\n", kind->name, at, done);
    assert_true(is_expected);
    expect(store_check(s, &trouble), ERR_OK);
    free(text);
    store_close(s);
}

/* Runs the job with the fault at the n-th time. False when nothing was refused any more. */
static bool run_with(const struct kind *kind, unsigned long at)
{
    char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES];
    scratch_folder(folder);
    scratch_path(path, folder, "troth.db");
    struct store *s = NULL;
    struct store_trouble trouble = {0};
    unsigned done = 0;
    bool is_tried = false;
    vfs_shim_open(&refusing);
    fault_arm(kind->counted, kind->rc, at, kind->is_lasting);
    enum err e = store_open_sqlite(path, STORE_CREATES | STORE_SERVES, &s, &trouble);
    if (e == ERR_OK) {
        done = run_job(kind, at, s, &is_tried);
        store_close(s);
    } else {
        assert_right(kind, at, e, "opening");
        assert_int_equal(trouble.code, e);
        assert_non_null(strstr(trouble.text, "troth.db"));
    }
    fault_disarm();
    vfs_shim_close();
    assert_whole(kind, at, path, done, is_tried);
    return fault.has_refused;
}

static void run_all(const struct kind *kind)
{
    unsigned long at = 1;
    while (run_with(kind, at)) at++;
    print_message("%s: %lu times\n", kind->name, at - 1);
    assert_true(at > 5);
}

enum { WRITES = 1 << VFS_WRITE, SYNCS = 1 << VFS_SYNC, READS = 1 << VFS_READ, SHARES = 1 << VFS_SHARE };

static void a_full_disk(void **state)
{
    (void)state;
    const struct kind once = {"a write finds no room once", WRITES, SQLITE_FULL, ERR_DISK_FULL, false},
                      lasting = {"no write finds room any more", WRITES, SQLITE_FULL, ERR_DISK_FULL, true};
    run_all(&once);
    run_all(&lasting);
}

static void a_write_that_fails(void **state)
{
    (void)state;
    const struct kind once = {"a write fails once", WRITES, SQLITE_IOERR_WRITE, ERR_STORE, false},
                      lasting = {"no write works any more", WRITES, SQLITE_IOERR_WRITE, ERR_STORE, true};
    run_all(&once);
    run_all(&lasting);
}

static void a_sync_that_fails(void **state)
{
    (void)state;
    const struct kind once = {"a sync fails once", SYNCS, SQLITE_IOERR_FSYNC, ERR_STORE, false},
                      lasting = {"no sync works any more", SYNCS, SQLITE_IOERR_FSYNC, ERR_STORE, true};
    run_all(&once);
    run_all(&lasting);
}

static void a_read_that_fails(void **state)
{
    (void)state;
    const struct kind once = {"a read fails once", READS, SQLITE_IOERR_READ, ERR_STORE, false},
                      lasting = {"no read works any more", READS, SQLITE_IOERR_READ, ERR_STORE, true};
    run_all(&once);
    run_all(&lasting);
}

static int refuse_log(const struct vfs_act *act)
{
    bool is_log = act->path != NULL && strstr(act->path, "-wal") != NULL;
    return act->what == VFS_WRITE && is_log && fault.is_lasting ? SQLITE_FULL : SQLITE_OK;
}

static void a_log_without_room_can_still_be_emptied(void **state)
{
    (void)state;
    static const struct vfs_watcher refusing_log = {.before = refuse_log};
    void *made;
    bool is_tried;
    fault.is_lasting = false;
    vfs_shim_open(&refusing_log);
    assert_int_equal(store_rig_setup_sqlite(&made), 0);
    struct store_rig *rig = made;
    expect(transact(rig->writer, 0, &is_tried), ERR_OK);
    fault.is_lasting = true;
    expect(transact(rig->writer, 1, &is_tried), ERR_DISK_FULL);
    store_abort(rig->writer); /* and what it could not write is forgotten */
    expect(store_tidy(rig->writer), ERR_OK);
    fault.is_lasting = false;
    expect(transact(rig->writer, 1, &is_tried), ERR_OK);
    char *text = rig_text(rig->reader);
    assert_string_equal(text, after[2]);
    free(text);
    assert_int_equal(store_rig_teardown(&made), 0);
    vfs_shim_close();
}

/* ---- real limits ---------------------------------------------------------------------------- */

static void a_file_that_may_not_grow(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    uint64_t circle = rig_add_circle(s, 1);
    rig_add_entries(s, circle, 0, 0);
    rig_commit(s);
    assert_int_equal(sqlite_set(sqlite_of(s)->db, "max_page_count", 60), SQLITE_OK);
    unsigned seq = 1;
    enum err e = ERR_OK;
    while (e == ERR_OK) {
        assert_true(seq < 1000);
        rig_begin(s);
        e = add_entries(s, circle, seq, seq + 2, 2000);
        if (e == ERR_OK) rig_commit(s);
        if (e == ERR_OK) seq += 3;
    }
    assert_int_equal(e, ERR_DISK_FULL);
    assert_lost(s, ERR_DISK_FULL);
    store_abort(s);
    struct store_trouble trouble;
    struct store_circle found;
    expect(store_circle_by_number(rig->reader, circle, &found, NULL), ERR_OK);
    assert_int_equal(found.head.seq, seq - 1);
    expect(store_check(rig->reader, &trouble), ERR_OK);
    assert_int_equal(sqlite_set(sqlite_of(s)->db, "max_page_count", 100000), SQLITE_OK);
    rig_begin(s);
    expect(add_entries(s, circle, seq, seq + 2, 2000), ERR_OK);
    rig_commit(s);
}

/* In a process and a file system of its own, of so many KiB: writes until it is full, twice, and looks whether
 * everything acknowledged is there. 0 when it is, 77 when there is no such file system to be had. */
static int fill_small_disk(const char *folder, unsigned kib)
{
    char path[SCRATCH_PATH_BYTES], size[32];
    (void)snprintf(size, sizeof size, "size=%uk", kib);
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 77;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return 77;
    if (mount("tmpfs", folder, "tmpfs", 0, size) != 0) return 77;
    scratch_path(path, folder, "troth.db");
    struct store *s;
    struct store_trouble trouble;
    unsigned done = 0;
    for (unsigned round = 0; round < 2; round++) {
        enum err e = store_open_sqlite(path, STORE_CREATES | STORE_SERVES, &s, &trouble);
        if (e != ERR_OK) return e == ERR_DISK_FULL && done == 0 ? 0 : 2; /* not even room for nothing */
        struct store_head head = rig_head(0);
        uint64_t circle = 1;
        e = store_begin(s);
        if (e == ERR_OK && done == 0) e = store_circle_add(s, rig_key(1), &head, STR("x"), &circle);
        while (e == ERR_OK && done < 10000) {
            e = add_entries(s, circle, done, done, 500);
            if (e == ERR_OK) e = store_commit(s);
            if (e == ERR_OK) done++;
            if (e == ERR_OK) e = store_begin(s);
        }
        if (e != ERR_DISK_FULL) return 3;
        store_abort(s);
        struct store_circle found;
        e = store_circle_by_number(s, circle, &found, NULL);
        if (done == 0 ? e != ERR_NOT_FOUND : e != ERR_OK || found.head.seq != done - 1) return 4;
        store_close(s);
    }
    if (store_open_sqlite(path, 0, &s, &trouble) != ERR_OK || store_check(s, &trouble) != ERR_OK) return 5;
    store_close(s);
    return 0;
}

static void a_disk_that_is_really_full(void **state)
{
    (void)state;
    const unsigned kib[] = {16, 64, 120, 128, 136, 200, 256, 500, 1000, 3000};
    for (size_t i = 0; i < sizeof kib / sizeof *kib; i++) {
        char folder[SCRATCH_PATH_BYTES];
        int status = -1;
        scratch_folder(folder);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) _exit(fill_small_disk(folder, kib[i]));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77) {
            print_message("This system gives tests no file system of their own.\n");
            skip();
        }
        if (WEXITSTATUS(status) != 0) print_error("a disk of %u KiB: case %d\n", kib[i], WEXITSTATUS(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(a_write_that_fails),
        cmocka_unit_test(a_sync_that_fails),
        cmocka_unit_test(a_read_that_fails),
        cmocka_unit_test(a_log_without_room_can_still_be_emptied),
        SQLITE_TEST(a_file_that_may_not_grow),
        cmocka_unit_test(a_disk_that_is_really_full),
    };
    return cmocka_run_group_tests(tests, learn_states, forget_states);
}
