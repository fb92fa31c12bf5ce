/* home.c -- a home is made, opened, locked and refused: whose folder it is, which file, who else has it open; and
 * that transactions are all or nothing. */
#define _DEFAULT_SOURCE /* flock's relatives, setgroups */
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
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

#include "client/clock.h"
#include "harness/aborts.h"
#include "harness/home_rig.h"

/* A folder of the test's own; the home in it; the home's file. */
static char outside[SCRATCH_PATH_BYTES], folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES];

static int setup(void **state)
{
    (void)state;
    scratch_folder(outside);
    scratch_path(folder, outside, "home");
    scratch_path(path, outside, "home/troth.db");
    return 0;
}

static void make_home(void)
{
    struct home *home = home_rig_open(folder);
    (void)home_rig_add_account(home, 1);
    home_close(home);
}

static void run_sql(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static mode_t mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(name, &st), 0);
    return st.st_mode & 07777;
}

struct content {
    uint8_t bytes[256 * 1024];
    size_t n;
};

static void read_whole(const char *name, struct content *c)
{
    FILE *from = fopen(name, "rb");
    assert_non_null(from);
    c->n = fread(c->bytes, 1, sizeof c->bytes, from);
    assert_true(c->n < sizeof c->bytes);
    assert_int_equal(fclose(from), 0);
}

static void write_whole(const char *name, const void *bytes, size_t n)
{
    FILE *to = fopen(name, "wb");
    assert_non_null(to);
    assert_int_equal(fwrite(bytes, 1, n, to), n);
    assert_int_equal(fclose(to), 0);
}

static struct content before, after;

static void assert_untouched(void)
{
    read_whole(path, &after);
    assert_int_equal(after.n, before.n);
    assert_memory_equal(after.bytes, before.bytes, before.n);
}

/* Gives how many accounts there are, as somebody who is locked out sees it. */
static enum err count(void *ctx, const struct home_account *account)
{
    (void)account;
    ++*(unsigned *)ctx;
    return ERR_OK;
}

static unsigned accounts_in(struct home *home)
{
    unsigned n = 0;
    home_expect(home_account_each(home, count, &n), ERR_OK);
    return n;
}

/* ---- made ----------------------------------------------------------------------------------- */

static void folders_and_file_are_for_their_owner_whatever_the_umask(void **state)
{
    (void)state;
    static const mode_t masks[] = {0, 022, 0777};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        setup(NULL);
        char deep[SCRATCH_PATH_BYTES], name[SCRATCH_PATH_BYTES];
        scratch_path(deep, outside, "a/b//c/");
        mode_t was = umask(masks[i]);
        struct home *home = home_rig_open(deep);
        (void)home_rig_add_account(home, 1);
        (void)umask(was);
        static const char *const folders[] = {"a", "a/b", "a/b/c"};
        static const char *const files[] = {"a/b/c/troth.db", "a/b/c/troth.db-wal"};
        for (size_t f = 0; f < 3; f++) {
            scratch_path(name, outside, folders[f]);
            assert_int_equal(mode_of(name), 0700);
        }
        for (size_t f = 0; f < 2; f++) {
            scratch_path(name, outside, files[f]);
            assert_int_equal(mode_of(name), 0600);
        }
        scratch_path(name, outside, "a/b/c/troth.db-shm");
        assert_int_equal(access(name, F_OK), -1); /* nothing is shared */
        home_close(home);
    }
}

static void a_file_that_others_could_read_is_theirs_no_more(void **state)
{
    (void)state;
    make_home();
    assert_int_equal(chmod(path, 0644), 0);
    struct home *home = home_rig_open(folder);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(accounts_in(home), 1);
    home_close(home);
}

static void a_name_that_looks_like_something_else(void **state)
{
    (void)state;
    char was[SCRATCH_PATH_BYTES];
    assert_non_null(getcwd(was, sizeof was));
    assert_int_equal(chdir(outside), 0);
    static const char *const names[] = {"file:home?mode=ro", ":memory:", "plain", "./dot", "50% of it"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct home *home = home_rig_open(names[i]);
        (void)home_rig_add_account(home, 1);
        home_close(home);
        home = home_rig_open(names[i]);
        assert_int_equal(accounts_in(home), 1);
        home_close(home);
    }
    assert_int_equal(access("file:home?mode=ro/troth.db", F_OK), 0);
    assert_int_equal(chdir(was), 0);
}

/* ---- refused -------------------------------------------------------------------------------- */

static void a_folder_that_others_may_write_into(void **state)
{
    (void)state;
    make_home();
    static const mode_t modes[] = {0777, 0770, 0702, 01777};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(folder, modes[i]), 0);
        home_rig_wrong(folder, ERR_STORE, "chmod 700");
    }
    assert_int_equal(chmod(folder, 0755), 0); /* read they may: the file is 0600 */
    home_close(home_rig_open(folder));
}

static void what_is_no_folder_or_no_file(void **state)
{
    (void)state;
    write_whole(folder, "x", 1);
    home_rig_wrong(folder, ERR_STORE, "not a folder");
    scratch_path(path, folder, "below");
    home_rig_wrong(path, ERR_STORE, "not a folder");
    home_rig_wrong("", ERR_STORE, "no name");
    char *endless = calloc(1, 6000);
    assert_non_null(endless);
    memset(endless, 'a', 5999);
    home_rig_wrong(endless, ERR_STORE, "too long");
    memset(endless, 'a', 300);
    endless[300] = '\0';
    home_rig_wrong(endless, ERR_STORE, "too long");
    free(endless);
    setup(NULL);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    home_rig_wrong(folder, ERR_STORE, "not a file");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    home_rig_wrong(folder, ERR_STORE, "not a file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/nowhere/troth.db", path), 0);
    home_rig_wrong(folder, ERR_STORE, "link");
}

static void what_is_no_home_is_not_touched(void **state)
{
    (void)state;
    static const char letter[] = "Dear Ben, this is no database, but it is longer than the hundred bytes that a "
                                 "database begins with, and has nothing in common with them.";
    const size_t sizes[] = {1, 50, 99, 100, sizeof letter};
    assert_int_equal(mkdir(folder, 0700), 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        write_whole(path, letter, sizes[i]);
        read_whole(path, &before);
        home_rig_wrong(folder, ERR_STORE_DAMAGED, "not a file of Troth's");
        assert_untouched();
    }
    static const char *const others[] = {
        "CREATE TABLE recipe (name TEXT)",
        "PRAGMA application_id = 77",
        "PRAGMA user_version = 1",
        "PRAGMA application_id = 1416787048", /* a server's store */
        "PRAGMA journal_mode = WAL; CREATE TABLE account (number INTEGER)",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        (void)unlink(path);
        run_sql(others[i]);
        read_whole(path, &before);
        home_rig_wrong(folder, ERR_STORE_DAMAGED, "another program");
        assert_untouched();
    }
}

static void a_home_of_a_newer_troth_is_not_touched(void **state)
{
    (void)state;
    make_home();
    run_sql("PRAGMA user_version = 2; CREATE TABLE later (thing TEXT)");
    read_whole(path, &before);
    home_rig_wrong(folder, ERR_STORE_NEWER, "newer Troth");
    assert_untouched();
}

static void a_newer_troth_that_was_killed(void **state)
{
    (void)state;
    make_home();
    int status = 0;
    pid_t child = fork();
    if (child == 0) { /* leaves its change in the log */
        sqlite3 *db;
        bool is_done = sqlite3_open(path, &db) == SQLITE_OK &&
                       sqlite3_exec(db, "PRAGMA user_version = 2", NULL, NULL, NULL) == SQLITE_OK;
        _exit(is_done ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    read_whole(path, &before);
    home_rig_wrong(folder, ERR_STORE_NEWER, "newer Troth");
    assert_untouched();
}

static void an_empty_file_and_a_half_made_home_are_finished(void **state)
{
    (void)state;
    assert_int_equal(mkdir(folder, 0700), 0);
    write_whole(path, "", 0);
    make_home();
    setup(NULL);
    assert_int_equal(mkdir(folder, 0700), 0);
    run_sql("PRAGMA journal_mode = WAL"); /* when the power went right after that */
    make_home();
    struct home *home = home_rig_open(folder);
    assert_int_equal(accounts_in(home), 1);
    home_close(home);
}

static void a_file_whose_middle_is_damaged(void **state)
{
    (void)state;
    make_home();
    read_whole(path, &before);
    memset(before.bytes + 100, 0x5a, before.n - 100);
    write_whole(path, before.bytes, before.n);
    home_rig_wrong(folder, ERR_STORE_DAMAGED, "does not fit together");
    assert_untouched();
}

/* Runs as somebody without rights. Gives how it ended. */
static int as_nobody(void (*call)(void))
{
    int status = -1;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)) _exit(9);
        call();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void say_if_refused(enum err wanted, const char *words)
{
    struct home *home = NULL;
    struct why why = {0};
    enum err e = home_open(folder, 0, &home, &why);
    if (e != wanted || strstr(why.text, words) == NULL) {
        fprintf(stderr, "%s: %s\n", err_code(e), why.text != NULL ? why.text : "");
        _exit(1);
    }
}

static void open_as_another(void)
{
    say_if_refused(ERR_STORE, "another user");
}

static void open_what_may_not_be_made(void)
{
    scratch_path(folder, outside, "shut/home");
    say_if_refused(ERR_STORE, "may not be used by you");
}

static void open_what_cannot_be_written(void)
{
    say_if_refused(ERR_STORE, "may not be used by you");
}

static void open_under_a_shut_folder(void)
{
    char name[SCRATCH_PATH_BYTES];
    scratch_path(name, outside, "mine");
    (void)snprintf(folder, sizeof folder, "%s", name);
    struct home *home = NULL;
    struct why why;
    if (home_open(folder, 0, &home, &why) != ERR_OK) _exit(1);
    home_close(home);
    scratch_path(path, folder, "troth.db");
    if (chmod(folder, 0500) != 0) _exit(2); /* SQLite has to make a log */
    scratch_path(name, folder, "troth.db-wal");
    if (access(name, F_OK) == 0) return;
    say_if_refused(ERR_STORE, "");
}

static void folders_of_others(void **state)
{
    (void)state;
    char name[SCRATCH_PATH_BYTES];
    if (geteuid() != 0) skip(); /* needs somebody else to be */
    make_home();
    (void)snprintf(name, sizeof name, "%s", outside);
    *strrchr(name, '/') = '\0';
    assert_int_equal(chmod(name, 0755), 0);
    assert_int_equal(chmod(outside, 0755), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(as_nobody(open_as_another), 0);
    scratch_path(name, outside, "shut");
    assert_int_equal(mkdir(name, 0755), 0);
    assert_int_equal(as_nobody(open_what_may_not_be_made), 0);
    assert_int_equal(chown(folder, 65534, 65534), 0); /* the folder is theirs, the file is not */
    assert_int_equal(as_nobody(open_what_cannot_be_written), 0);
    assert_int_equal(chmod(outside, 0777), 0);
    assert_int_equal(as_nobody(open_under_a_shut_folder), 0);
}

/* ---- one at a time -------------------------------------------------------------------------- */

static void a_second_one_is_told_who_has_it(void **state)
{
    (void)state;
    struct home *home = home_rig_open(folder);
    home_rig_wrong(folder, ERR_BUSY, "Another troth");
    uint64_t from_ms = clock_steady_ms();
    struct home *second = NULL;
    struct why why;
    home_expect(home_open(folder, 120, &second, &why), ERR_BUSY);
    uint64_t took_ms = clock_steady_ms() - from_ms;
    assert_true(took_ms >= 120);
    home_close(home);
    home_close(home_rig_open(folder));
}

/* A process that has the home open: says so, and closes it when it is told to. */
static pid_t open_in_a_child(int *say, int *hear)
{
    int down[2], up[2];
    char byte;
    assert_int_equal(pipe(down), 0);
    assert_int_equal(pipe(up), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct home *home = NULL;
        struct why why;
        struct home_account account = home_rig_account(3);
        uint64_t number;
        if (record_open() != ERR_OK || home_open(folder, 0, &home, &why) != ERR_OK) _exit(1);
        if (home_account_add(home, &account, home_rig_key(3), &number) != ERR_OK) _exit(2);
        if (home_begin(home) != ERR_OK || home_account_remove(home, number) != ERR_OK) _exit(3);
        if (write(up[1], "o", 1) != 1 || read(down[0], &byte, 1) != 1) _exit(4);
        home_close(home);
        (void)usleep(300 * 1000); /* the home is free, though the process lives */
        _exit(0);
    }
    assert_int_equal(close(down[0]) | close(up[1]), 0);
    assert_int_equal(read(up[0], &byte, 1), 1);
    *say = down[1];
    *hear = up[0];
    return child;
}

static void another_process_is_waited_for(void **state)
{
    (void)state;
    int say, hear, status = -1;
    pid_t child = open_in_a_child(&say, &hear);
    home_rig_wrong(folder, ERR_BUSY, "Another troth");
    assert_int_equal(write(say, "c", 1), 1);
    struct home *home = home_rig_open(folder);
    assert_int_equal(accounts_in(home), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    home_close(home);
    assert_int_equal(close(say) | close(hear), 0);
}

static void a_process_that_was_killed_leaves_no_lock_and_no_half_transaction(void **state)
{
    (void)state;
    int say, hear, status = -1;
    pid_t child = open_in_a_child(&say, &hear);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    struct home *home = home_rig_open(folder);
    assert_int_equal(accounts_in(home), 1); /* added, and the removal was never committed */
    home_close(home);
    assert_int_equal(close(say) | close(hear), 0);
}

static void a_forked_child_does_not_keep_a_home_that_was_closed(void **state)
{
    (void)state;
    struct home *home = home_rig_open(folder);
    int status;
    pid_t child = fork();
    if (child == 0) {
        (void)sleep(20);
        _exit(0);
    }
    home_close(home);
    home_close(home_rig_open(folder));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
}

static void another_program_that_looks_into_the_file(void **state)
{
    (void)state;
    make_home();
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM account", NULL, NULL, NULL), SQLITE_OK);
    home_rig_wrong(folder, ERR_BUSY, "Another program");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    home_close(home_rig_open(folder));
}

/* ---- transactions --------------------------------------------------------------------------- */

static void what_is_abandoned_never_was(void **state)
{
    (void)state;
    struct home *home = home_rig_open(folder);
    uint64_t account = home_rig_add_account(home, 1);
    home_expect(home_begin(home), ERR_OK);
    (void)home_rig_add_account(home, 2);
    (void)home_rig_add_circle(home, account, 3);
    home_abandon(home);
    assert_int_equal(accounts_in(home), 1);
    home_expect(home_begin(home), ERR_OK);
    (void)home_rig_add_account(home, 2);
    home_close(home); /* abandons */
    home = home_rig_open(folder);
    assert_int_equal(accounts_in(home), 1);
    home_expect(home_begin(home), ERR_OK);
    (void)home_rig_add_account(home, 2);
    home_expect(home_commit(home), ERR_OK);
    home_close(home);
    home = home_rig_open(folder);
    assert_int_equal(accounts_in(home), 2);
    home_abandon(home); /* fine without a transaction */
    home_close(home);
    home_close(NULL);
}

static void a_question_without_an_answer_breaks_no_transaction(void **state)
{
    (void)state;
    struct home *home = home_rig_open(folder);
    struct home_account account = home_rig_account(1);
    uint64_t number;
    home_expect(home_begin(home), ERR_OK);
    (void)home_rig_add_account(home, 1);
    home_expect(home_account_add(home, &account, home_rig_key(1), &number), ERR_EXISTS);
    home_expect(home_circle_remove(home, 77), ERR_NOT_FOUND);
    assert_int_equal(home_why(home).code, ERR_NOT_FOUND);
    home_expect(home_commit(home), ERR_OK);
    assert_int_equal(accounts_in(home), 1);
    home_close(home);
}

static enum err no_note(void *ctx, struct str name, struct str value)
{
    (void)ctx, (void)name, (void)value;
    return ERR_OK;
}

/* Whoever overlooks an error on the way is told by home_commit; and nothing is kept in part meanwhile. */
static void a_transaction_that_met_an_error_is_lost_as_a_whole(void **state)
{
    (void)state;
    make_home();
    run_sql("UPDATE account SET name = randomblob(length(name))");
    uint8_t room[HOME_NAME_BYTES];
    struct out name = OUT_OVER(room);
    struct home *home = home_rig_open(folder);
    home_expect(home_unlock(home, 1, home_rig_key(1)), ERR_OK);
    home_expect(home_begin(home), ERR_OK);
    home_expect(home_setting_put(home, STR("before"), STR("x")), ERR_OK);
    home_expect(home_account_name(home, 1, &name), ERR_STORE_DAMAGED);
    home_expect(home_setting_put(home, STR("after"), STR("x")), ERR_STORE_DAMAGED);
    home_expect(home_commit(home), ERR_STORE_DAMAGED);
    home_expect(home_setting_get(home, STR("before"), no_note, NULL), ERR_NOT_FOUND);
    home_expect(home_setting_get(home, STR("after"), no_note, NULL), ERR_NOT_FOUND);
    home_expect(home_setting_put(home, STR("later"), STR("x")), ERR_OK); /* the next one is another */
    home_expect(home_begin(home), ERR_OK);
    home_expect(home_commit(home), ERR_OK);
    home_close(home);
}

static struct home *misused;

static void begin_twice(void)
{
    if (home_begin(misused) == ERR_OK) (void)!home_begin(misused);
}

static void commit_nothing(void)
{
    (void)!home_commit(misused);
}

static enum err write_in_a_visit(void *ctx, const struct home_account *account)
{
    (void)ctx;
    return home_account_set_access(misused, account->number, account->code, account->wrapped);
}

static void visit_and_write(void)
{
    (void)!home_account_each(misused, write_in_a_visit, NULL);
}

static enum err ask_again(void *ctx, const struct home_account *account)
{
    (void)account;
    return home_account_each(misused, count, ctx);
}

static void visit_and_ask_again(void)
{
    unsigned n = 0;
    (void)!home_account_each(misused, ask_again, &n);
}

static void misuse_stops_the_program(void **state)
{
    (void)state;
    misused = home_rig_open(folder);
    (void)home_rig_add_account(misused, 1);
    assert_true(aborts(begin_twice));
    assert_true(aborts(commit_nothing));
    assert_true(aborts(visit_and_write));
    assert_true(aborts(visit_and_ask_again));
    home_close(misused);
}

/* All that a home can do, once, and again from its file. */
static void everything_is_there_again(void **state)
{
    (void)state;
    char *text[HOME_RIG_COURSE + 1];
    enum err e;
    home_rig_learn(text);
    struct home *home = home_rig_open(folder);
    for (unsigned k = 0; k < HOME_RIG_COURSE; k++) {
        home_expect(home_rig_work(home, k), ERR_OK);
        home_close(home);
        home = home_rig_open(folder);
        char *all = home_rig_all(home, &e);
        home_expect(e, ERR_OK);
        if (strcmp(all, text[k + 1]) != 0) print_error("transaction %u\n", k);
        assert_string_equal(all, text[k + 1]);
        free(all);
    }
    home_close(home);
    for (unsigned k = 0; k <= HOME_RIG_COURSE; k++) free(text[k]);
}

#define HOME_TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOME_TEST(folders_and_file_are_for_their_owner_whatever_the_umask),
        HOME_TEST(a_file_that_others_could_read_is_theirs_no_more),
        HOME_TEST(a_name_that_looks_like_something_else),
        HOME_TEST(a_folder_that_others_may_write_into),
        HOME_TEST(what_is_no_folder_or_no_file),
        HOME_TEST(what_is_no_home_is_not_touched),
        HOME_TEST(a_home_of_a_newer_troth_is_not_touched),
        HOME_TEST(a_newer_troth_that_was_killed),
        HOME_TEST(an_empty_file_and_a_half_made_home_are_finished),
        HOME_TEST(a_file_whose_middle_is_damaged),
        HOME_TEST(folders_of_others),
        HOME_TEST(a_second_one_is_told_who_has_it),
        HOME_TEST(another_process_is_waited_for),
        HOME_TEST(a_process_that_was_killed_leaves_no_lock_and_no_half_transaction),
        HOME_TEST(a_forked_child_does_not_keep_a_home_that_was_closed),
        HOME_TEST(another_program_that_looks_into_the_file),
        HOME_TEST(what_is_abandoned_never_was),
        HOME_TEST(a_question_without_an_answer_breaks_no_transaction),
        HOME_TEST(a_transaction_that_met_an_error_is_lost_as_a_whole),
        HOME_TEST(misuse_stops_the_program),
        HOME_TEST(everything_is_there_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
