/* file.c -- opening a SQLite store: what is made, what is refused with which sentence, and that nothing of
 * somebody else's is ever touched. */
#define _DEFAULT_SOURCE /* chroot's relatives: setgroups */
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "harness/store_rig.h"
#include "store/store_sqlite.h"

/* A folder of the test's own, and the file in it that the test is about. */
static char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES];

static int setup(void **state)
{
    (void)state;
    scratch_folder(folder);
    scratch_path(path, folder, "troth.db");
    return 0;
}

/* ---- files as bytes ------------------------------------------------------------------------- */

struct content {
    uint8_t *bytes;
    size_t n;
};

static struct content read_whole(const char *name)
{
    struct content c = {.bytes = malloc(1 << 20)};
    FILE *from = fopen(name, "rb");
    assert_non_null(from);
    assert_non_null(c.bytes);
    c.n = fread(c.bytes, 1, 1 << 20, from);
    assert_true(feof(from) || c.n < 1 << 20);
    assert_int_equal(fclose(from), 0);
    return c;
}

static void write_whole(const char *name, const void *bytes, size_t n)
{
    FILE *to = fopen(name, "wb");
    assert_non_null(to);
    assert_int_equal(fwrite(bytes, 1, n, to), n);
    assert_int_equal(fclose(to), 0);
}

static void assert_untouched(const char *name, struct content before)
{
    struct content now = read_whole(name);
    assert_int_equal(now.n, before.n);
    assert_memory_equal(now.bytes, before.bytes, before.n);
    free(now.bytes);
    free(before.bytes);
}

/* Runs SQL on the file, as another program would. */
static void run_sql(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (rc != SQLITE_OK) print_error("%s: %s\n", sql, sqlite3_errmsg(db));
    assert_int_equal(rc, SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void make_store(void)
{
    store_close(rig_open(path, STORE_CREATES));
}

/* ---- refusals ------------------------------------------------------------------------------- */

/* Opening fails with this error, in a sentence that has these words and the file's name in it. */
static void assert_refused(unsigned flags, enum err wanted, const char *words)
{
    struct store *s = NULL;
    struct store_trouble trouble;
    memset(&trouble, 'x', sizeof trouble);
    enum err e = store_open_sqlite(path, flags, &s, &trouble);
    if (e == wanted && strstr(trouble.text, words) == NULL) print_error("%s\n", trouble.text);
    expect(e, wanted);
    assert_null(s);
    assert_int_equal(trouble.code, wanted);
    assert_non_null(memchr(trouble.text, '\0', sizeof trouble.text));
    assert_non_null(strstr(trouble.text, words));
    assert_non_null(strstr(trouble.text, "troth.db"));
    assert_int_equal(trouble.text[strlen(trouble.text) - 1], '.');
}

static void a_store_that_is_not_there(void **state)
{
    (void)state;
    assert_refused(0, ERR_NOT_FOUND, "no store");
    assert_refused(STORE_SERVES, ERR_NOT_FOUND, "no store");
    assert_int_equal(access(path, F_OK), -1);
}

static void a_folder_that_is_not_there(void **state)
{
    (void)state;
    scratch_path(path, folder, "none/troth.db");
    assert_refused(STORE_CREATES | STORE_SERVES, ERR_NOT_FOUND, "no folder");
    assert_refused(STORE_CREATES, ERR_NOT_FOUND, "no folder");
    scratch_path(path, folder, "file");
    write_whole(path, "x", 1);
    scratch_path(path, folder, "file/troth.db");
    assert_refused(STORE_CREATES | STORE_SERVES, ERR_NOT_FOUND, "no folder");
}

static void a_folder_instead_of_a_file(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(STORE_CREATES | STORE_SERVES, ERR_STORE, "not a file");
}

static void a_file_that_is_no_database(void **state)
{
    (void)state;
    static const char letter[] = "Dear Ben, this is no database, but it is longer than the hundred bytes that a "
                                 "database begins with, and has nothing in common with them.";
    const size_t sizes[] = {1, 50, 99, 100, sizeof letter};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        write_whole(path, letter, sizes[i]);
        struct content before = read_whole(path);
        assert_refused(STORE_CREATES | STORE_SERVES, ERR_STORE, "not a store of Troth's");
        assert_untouched(path, before);
    }
}

static void a_database_of_another_program(void **state)
{
    (void)state;
    static const char *const others[] = {
        "CREATE TABLE recipe (name TEXT)",
        "PRAGMA application_id = 77",
        "PRAGMA user_version = 1",
        "PRAGMA journal_mode = WAL; CREATE TABLE recipe (name TEXT); PRAGMA user_version = 1",
        "PRAGMA journal_mode = WAL; CREATE TABLE account (number INTEGER)",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        (void)unlink(path);
        run_sql(others[i]);
        struct content before = read_whole(path);
        assert_refused(STORE_CREATES | STORE_SERVES, ERR_STORE, "another program");
        assert_refused(0, ERR_STORE, "another program");
        assert_untouched(path, before);
    }
}

static void a_store_of_a_newer_troth(void **state)
{
    (void)state;
    make_store();
    run_sql("PRAGMA user_version = 2; CREATE TABLE later (thing TEXT)");
    struct content before = read_whole(path);
    assert_refused(STORE_CREATES | STORE_SERVES, ERR_STORE_NEWER, "newer Troth");
    assert_refused(0, ERR_STORE_NEWER, "newer Troth");
    assert_untouched(path, before);
}

/* Ends like a process that was killed: nothing is brought from the log to its place. */
static void in_a_process_that_is_killed(void (*work)(void))
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        work();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void make_newer_in_the_log(void)
{
    sqlite3 *db;
    if (sqlite3_open(path, &db) != SQLITE_OK) _exit(1);
    if (sqlite3_exec(db, "PRAGMA user_version = 2", NULL, NULL, NULL) != SQLITE_OK) _exit(2);
}

static void a_newer_troth_that_was_killed(void **state)
{
    (void)state;
    make_store();
    in_a_process_that_is_killed(make_newer_in_the_log);
    char log[SCRATCH_PATH_BYTES];
    scratch_path(log, folder, "troth.db-wal");
    struct content before = read_whole(path), before_log = read_whole(log);
    assert_true(before_log.n > 0);
    assert_refused(STORE_CREATES | STORE_SERVES, ERR_STORE_NEWER, "newer Troth");
    assert_untouched(path, before);
    assert_untouched(log, before_log);
}

static void a_store_of_an_older_troth(void **state)
{
    (void)state;
    sqlite3 *db; /* as a version 0 would have left it */
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite_set(db, "application_id", SCHEMA_APPLICATION), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_refused(STORE_CREATES, ERR_STORE, "older Troth");
    struct store *s = rig_open(path, STORE_SERVES); /* the server brings it up to date */
    rig_begin(s);
    (void)rig_add_circle(s, 1);
    rig_commit(s);
    store_close(s);
    store_close(rig_open(path, 0));
}

static void a_store_that_is_empty(void **state)
{
    (void)state;
    write_whole(path, "", 0);
    assert_refused(0, ERR_STORE, "nothing in");
    store_close(rig_open(path, STORE_SERVES));
    store_close(rig_open(path, 0));
}

/* ---- one server ----------------------------------------------------------------------------- */

static void a_second_server_is_refused_and_a_tool_is_not(void **state)
{
    (void)state;
    struct store *server = rig_open(path, STORE_CREATES | STORE_SERVES);
    assert_refused(STORE_CREATES | STORE_SERVES, ERR_BUSY, "Another server");
    struct store *tool = rig_open(path, 0);
    rig_begin(tool);
    expect(store_permit_add(tool, rig_key(1), 1), ERR_OK);
    rig_commit(tool);
    struct store_permit permit;
    expect(store_permit_find(server, rig_key(1), &permit), ERR_OK);
    store_close(tool);
    rig_begin(server); /* the tool's going took nothing from the server */
    expect(store_permit_add(server, rig_key(2), 1), ERR_OK);
    rig_commit(server);
    store_close(server);
    store_close(rig_open(path, STORE_SERVES));
}

static void serve_and_die(void)
{
    struct store *s = rig_open(path, STORE_CREATES | STORE_SERVES);
    rig_begin(s);
    rig_add_entries(s, rig_add_circle(s, 1), 0, 20);
    rig_commit(s);
    rig_begin(s);
    rig_add_entries(s, 1, 21, 30);
}

static void a_server_that_was_killed_is_no_hindrance(void **state)
{
    (void)state;
    in_a_process_that_is_killed(serve_and_die);
    struct store *s = rig_open(path, STORE_SERVES);
    struct store_circle circle;
    struct store_trouble trouble;
    expect(store_circle_by_number(s, 1, &circle, NULL), ERR_OK);
    assert_int_equal(circle.head.seq, 20);
    expect(store_check(s, &trouble), ERR_OK);
    store_close(s);
}

/* Many that start at once agree on one store. */
static void several_may_be_the_first(void **state)
{
    (void)state;
    enum { PROGRAMS = 6 };
    pid_t child[PROGRAMS];
    for (unsigned i = 0; i < PROGRAMS; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] != 0) continue;
        struct store *s;
        struct store_trouble trouble;
        enum err e = store_open_sqlite(path, STORE_CREATES, &s, &trouble);
        if (e == ERR_OK) e = store_begin(s);
        if (e == ERR_OK) e = store_permit_add(s, rig_key(i), 1);
        if (e == ERR_OK) e = store_commit(s);
        if (e != ERR_OK) fprintf(stderr, "%s\n", err_code(e));
        _exit(e == ERR_OK ? 0 : 1);
    }
    for (unsigned i = 0; i < PROGRAMS; i++) {
        int status = -1;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
    }
    struct store *s = rig_open(path, 0);
    struct store_counts n;
    expect(store_count(s, &n), ERR_OK);
    assert_int_equal(n.open_permit_n, PROGRAMS);
    store_close(s);
}

/* ---- rights --------------------------------------------------------------------------------- */

static void only_its_owner_may_read_it(void **state)
{
    (void)state;
    static const char *const names[] = {"troth.db", "troth.db-wal", "troth.db-shm", "troth.db-lock"};
    mode_t before = umask(0);
    struct store *s = rig_open(path, STORE_CREATES | STORE_SERVES);
    rig_begin(s);
    (void)rig_add_circle(s, 1);
    rig_commit(s);
    (void)umask(before);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[SCRATCH_PATH_BYTES];
        struct stat st;
        scratch_path(name, folder, names[i]);
        assert_int_equal(stat(name, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    store_close(s);
}

/* Opens as a user without any rights; the sentence is left in a file for the parent to read. */
static void refused_to_nobody(unsigned flags, enum err wanted, const char *words)
{
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)) _exit(9);
        struct store *s;
        struct store_trouble trouble;
        enum err e = store_open_sqlite(path, flags, &s, &trouble);
        if (e == wanted && strstr(trouble.text, words) != NULL) _exit(0);
        fprintf(stderr, "%s: %s\n", err_code(e), e == ERR_OK ? "" : trouble.text);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_file_that_may_only_be_read(void **state)
{
    (void)state;
    make_store();
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(path, 0444), 0);
    struct content before = read_whole(path);
    refused_to_nobody(0, ERR_STORE, "right to read and write");
    refused_to_nobody(STORE_SERVES, ERR_STORE, "right to read and write");
    assert_untouched(path, before);
}

static void a_folder_that_may_only_be_read(void **state)
{
    (void)state;
    make_store();
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    refused_to_nobody(0, ERR_STORE, "right to read and write");
    refused_to_nobody(STORE_SERVES, ERR_STORE, "right to read and write");
    scratch_path(path, folder, "new.db");
    refused_to_nobody(STORE_CREATES, ERR_STORE, "right to read and write");
    assert_int_equal(chmod(folder, 0000), 0);
    scratch_path(path, folder, "troth.db");
    refused_to_nobody(0, ERR_STORE, "right to read and write");
    assert_int_equal(chmod(folder, 0700), 0);
}

/* ---- names ---------------------------------------------------------------------------------- */

static void a_name_is_a_file_whatever_it_looks_like(void **state)
{
    (void)state;
    static const char *const names[] = {":memory:", "file:x?mode=memory", "-", " ", "%s", "Ana und Ben.db", "\xc3\xa9"};
    int here = open(".", O_RDONLY | O_DIRECTORY);
    assert_true(here >= 0);
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct store *s = rig_open(names[i], STORE_CREATES | STORE_SERVES), *reader;
        rig_begin(s);
        (void)rig_add_circle(s, 1);
        rig_commit(s);
        struct store_circle circle;
        expect(store_reader_open(s, &reader), ERR_OK);
        expect(store_circle_by_number(reader, 1, &circle, NULL), ERR_OK);
        store_close(reader);
        store_close(s);
        assert_int_equal(access(names[i], F_OK), 0);
    }
    assert_int_equal(fchdir(here), 0);
    (void)close(here);
}

static void a_name_that_is_too_long_or_none(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct store_trouble trouble;
    expect(store_open_sqlite("", STORE_CREATES, &s, &trouble), ERR_STORE);
    static char name[10000];
    const size_t lengths[] = {300, 4000, 4090, 4095, 4096, 4097, 9999};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        memset(name, 'n', sizeof name);
        memcpy(name, "/tmp/", 5);
        name[lengths[i]] = '\0';
        expect(store_open_sqlite(name, STORE_CREATES | STORE_SERVES, &s, &trouble), ERR_STORE);
        assert_non_null(strstr(trouble.text, "too long"));
        assert_true(strlen(trouble.text) < sizeof trouble.text);
    }
    assert_null(s);
}

/* ---- damage --------------------------------------------------------------------------------- */

static void damage_is_found_and_said(void **state)
{
    (void)state;
    struct store *s = rig_open(path, STORE_CREATES | STORE_SERVES);
    rig_begin(s);
    uint64_t circle = rig_add_circle(s, 1);
    rig_add_entries(s, circle, 0, 200);
    rig_commit(s);
    store_close(s);
    struct content c = read_whole(path);
    assert_true(c.n > 20 * 4096);
    memset(c.bytes + 16 * 4096, 0xd7, c.n - 16 * 4096);
    write_whole(path, c.bytes, c.n);
    free(c.bytes);
    struct store_trouble trouble = {0};
    s = rig_open(path, STORE_SERVES);
    expect(store_check(s, &trouble), ERR_STORE_DAMAGED);
    assert_non_null(strstr(trouble.text, "troth.db"));
    rig_begin(s); /* nothing more is built upon it */
    enum err e = ERR_OK;
    for (unsigned seq = 201; e == ERR_OK && seq < 300; seq++) {
        struct store_entry entry = rig_entry(seq, seq);
        e = store_entry_add(s, circle, &entry);
    }
    assert_int_equal(e, ERR_STORE_DAMAGED);
    assert_int_equal(store_commit(s), ERR_STORE_DAMAGED);
    store_close(s);
    assert_int_equal(truncate(path, 150), 0);
    assert_refused(STORE_SERVES, ERR_STORE_DAMAGED, "does not fit together");
}

static void a_reference_to_nothing_is_found(void **state)
{
    (void)state;
    make_store();
    run_sql("PRAGMA foreign_keys = OFF; INSERT INTO member (sign_pk, circle, joined_seq) VALUES (zeroblob(32), 7, 0)");
    struct store_trouble trouble;
    struct store *s = rig_open(path, 0);
    expect(store_check(s, &trouble), ERR_STORE_DAMAGED);
    assert_non_null(strstr(trouble.text, "refers to"));
    store_close(s);
}

/* Whoever changes what the tables say about themselves stops no server: it is damage like any other. */
static void a_schema_that_was_changed_is_damage(void **state)
{
    (void)state;
    struct store_entry entry = rig_entry(0, 9);
    struct store *s = rig_open(path, STORE_CREATES | STORE_SERVES);
    rig_begin(s);
    uint64_t circle = rig_add_circle(s, 1);
    rig_commit(s);
    store_close(s);
    run_sql("PRAGMA writable_schema = 1;"
            "UPDATE sqlite_schema SET sql = replace(sql, 'length(id) = 16', 'length(id) = 17') WHERE name = 'entry'");
    s = rig_open(path, STORE_SERVES);
    rig_begin(s);
    expect(store_entry_add(s, circle, &entry), ERR_STORE_DAMAGED);
    assert_int_equal(store_commit(s), ERR_STORE_DAMAGED);
    store_abort(s);
    store_close(s);
}

/* ---- steps of the schema -------------------------------------------------------------------- */

static sqlite3_int64 number_of(sqlite3 *db, const char *sql)
{
    sqlite3_int64 n = -1;
    assert_int_equal(sqlite_number(db, sql, &n), SQLITE_OK);
    return n;
}

static void each_step_is_taken_whole_and_once(void **state)
{
    (void)state;
    static const char *const first[] = {"CREATE TABLE a (x INTEGER)", "INSERT INTO a VALUES (1)"},
                            *const second[] = {"CREATE TABLE b (x INTEGER)", "INSERT INTO b SELECT x + 1 FROM a"},
                            *const bad[] = {"CREATE TABLE c (x INTEGER)", "INSERT INTO nowhere VALUES (1)"};
    const struct schema_step steps[] = {{first, 2}, {second, 2}, {bad, 2}};
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(schema_bring_up(db, steps, 1), SQLITE_OK);
    assert_int_equal(number_of(db, "PRAGMA user_version"), 1);
    assert_int_equal(number_of(db, "PRAGMA application_id"), SCHEMA_APPLICATION);
    assert_int_equal(schema_bring_up(db, steps, 2), SQLITE_OK);
    assert_int_equal(schema_bring_up(db, steps, 2), SQLITE_OK);
    assert_int_equal(number_of(db, "SELECT x FROM b"), 2);
    assert_int_equal(number_of(db, "SELECT count(*) FROM a"), 1);
    assert_int_equal(schema_bring_up(db, steps, 1), SQLITE_OK); /* never backward */
    assert_int_equal(number_of(db, "PRAGMA user_version"), 2);
    assert_int_not_equal(schema_bring_up(db, steps, 3), SQLITE_OK);
    assert_int_equal(number_of(db, "PRAGMA user_version"), 2);
    assert_int_equal(number_of(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'c'"), 0);
    assert_int_equal(number_of(db, "SELECT x FROM b"), 2);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void the_tables_are_as_strict_as_they_say(void **state)
{
    (void)state;
    make_store();
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(number_of(db, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
                                   " AND NOT strict AND name NOT LIKE 'sqlite_%'"), 0);
    assert_int_equal(number_of(db, "PRAGMA user_version"), schema_newest());
    assert_int_equal(sqlite3_exec(db, "INSERT INTO permit VALUES (zeroblob(31), 1, NULL)", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_exec(db, "INSERT INTO permit VALUES (zeroblob(32), 'now', NULL)", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_exec(db, "INSERT INTO permit VALUES (zeroblob(32), 1, NULL)", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

#define FILE_TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(a_store_that_is_not_there),
        FILE_TEST(a_folder_that_is_not_there),
        FILE_TEST(a_folder_instead_of_a_file),
        FILE_TEST(a_file_that_is_no_database),
        FILE_TEST(a_database_of_another_program),
        FILE_TEST(a_store_of_a_newer_troth),
        FILE_TEST(a_newer_troth_that_was_killed),
        FILE_TEST(a_store_of_an_older_troth),
        FILE_TEST(a_store_that_is_empty),
        FILE_TEST(a_second_server_is_refused_and_a_tool_is_not),
        FILE_TEST(a_server_that_was_killed_is_no_hindrance),
        FILE_TEST(several_may_be_the_first),
        FILE_TEST(only_its_owner_may_read_it),
        FILE_TEST(a_file_that_may_only_be_read),
        FILE_TEST(a_folder_that_may_only_be_read),
        FILE_TEST(a_name_is_a_file_whatever_it_looks_like),
        FILE_TEST(a_name_that_is_too_long_or_none),
        FILE_TEST(damage_is_found_and_said),
        FILE_TEST(a_reference_to_nothing_is_found),
        FILE_TEST(a_schema_that_was_changed_is_damage),
        FILE_TEST(each_step_is_taken_whole_and_once),
        FILE_TEST(the_tables_are_as_strict_as_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
