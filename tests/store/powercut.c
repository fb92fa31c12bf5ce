/* powercut.c -- the power goes while a store is written, 50 times, at any point of a commit: no acknowledged
 * transaction is lost, none is there in part or twice, and every circle's entries are there without a gap.
 *
 * And the test of the test: a store that never waits for the disk must be caught losing something.
 */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "harness/random.h"
#include "harness/store_rig.h"
#include "harness/vfs_powercut.h"
#include "store/store_sqlite.h"

enum { CUTS = 50, CIRCLES = 5, TRANSACTIONS = 400, STEPS_TO_CUT = 600, STORES = 10 };

/* ---- the load ------------------------------------------------------------------------------- */

/* What transaction k does follows from k alone, and so does all that must be there after it. Transaction 1
 * makes the circles. A later one adds this many entries to a circle: */
static unsigned entries_in(unsigned k, unsigned circle)
{
    return (k * 7 + circle * 3) % 4;
}

/* How many entries a circle has after transaction k. */
static unsigned entries_after(unsigned k, unsigned circle)
{
    unsigned n = k > 0 ? 1 : 0;
    for (unsigned i = 2; i <= k; i++) n += entries_in(i, circle);
    return n;
}

/* Every third transaction erases the first payload that is left in one circle: */
static bool is_erased_after(unsigned k, unsigned circle, unsigned seq)
{
    unsigned erased = 0;
    for (unsigned i = 2; i <= k; i++) erased += i % 3 == 0 && i % CIRCLES == circle;
    return seq < erased;
}

static struct store_entry entry_of(unsigned circle, unsigned seq)
{
    return rig_entry(seq, (seq * 977 + circle * 131) % (seq % 10 == 0 ? 20000 : 900));
}

/* An id is unique in its circle only; entry_of has it from the payload's length, which is not. */
static void name_entry(struct store_entry *entry)
{
    memset(entry->id, 0, ID_BYTES);
    memcpy(entry->id, &entry->seq, sizeof entry->seq);
}

static enum err add_to(struct store *s, unsigned circle, unsigned first, unsigned n)
{
    enum err e = ERR_OK;
    for (unsigned seq = first; e == ERR_OK && seq < first + n; seq++) {
        struct store_entry entry = entry_of(circle, seq);
        name_entry(&entry);
        e = store_entry_add(s, circle + 1, &entry);
    }
    struct store_head head = rig_head(first + n - 1);
    return e == ERR_OK ? store_circle_set_head(s, circle + 1, &head, n > 2 ? STR("moved") : (struct str){0}) : e;
}

static enum err work_one_circle(struct store *s, unsigned k, unsigned circle)
{
    unsigned before = entries_after(k - 1, circle), n = entries_in(k, circle);
    uint64_t bytes;
    enum err e = store_mark(s); /* a request that is refused in the middle of the group */
    if (e == ERR_OK) e = add_to(s, circle, before, 2);
    if (e == ERR_OK) e = store_undo(s);
    if (e == ERR_OK) e = store_mark(s);
    if (e == ERR_OK && n > 0) e = add_to(s, circle, before, n);
    if (e == ERR_OK && k % 3 == 0 && k % CIRCLES == circle) {
        unsigned seq = 0;
        while (is_erased_after(k - 1, circle, seq)) seq++;
        if (seq < before) e = store_entry_erase(s, circle + 1, seq, &bytes);
    }
    return e == ERR_OK ? store_keep(s) : e;
}

static enum err transact(struct store *s, unsigned k)
{
    enum err e = store_begin(s);
    for (unsigned circle = 0; e == ERR_OK && circle < CIRCLES; circle++) {
        struct store_head head = rig_head(0);
        uint64_t number;
        if (k == 1) e = store_circle_add(s, rig_key(circle), &head, STR("at first"), &number);
        if (e == ERR_OK) e = k == 1 ? add_to(s, circle, 0, 1) : work_one_circle(s, k, circle);
    }
    return e == ERR_OK ? store_commit(s) : e;
}

/* Another thread that looks and tidies while the writer writes. */
static void *keep_tidying(void *reader)
{
    for (;;) {
        enum err e = store_tidy(reader);
        if (e != ERR_OK && e != ERR_BUSY) _exit(4);
        (void)usleep(3000);
    }
    return NULL;
}

/* The process that loses its power: says each transaction that was acknowledged, until then. */
static _Noreturn void live(const char *path, unsigned flags, unsigned done, int to, uint64_t seed, uint64_t after)
{
    struct store *s, *reader;
    struct store_trouble trouble;
    pthread_t tidying;
    powercut_open(seed, after);
    if (store_open_sqlite(path, flags, &s, &trouble) != ERR_OK) {
        fprintf(stderr, "%s\n", trouble.text);
        _exit(2);
    }
    sqlite_of(s)->log_pages_most = seed % 2 == 0 ? 30 : 4000;
    if (store_reader_open(s, &reader) != ERR_OK) _exit(3);
    if (seed % 3 == 0 && pthread_create(&tidying, NULL, keep_tidying, reader) != 0) _exit(3);
    for (unsigned k = done + 1; k <= done + TRANSACTIONS; k++) {
        enum err e = transact(s, k);
        if (e != ERR_OK) {
            fprintf(stderr, "transaction %u: %s\n", k, err_code(e));
            _exit(5);
        }
        if (write(to, &k, sizeof k) != (ssize_t)sizeof k) _exit(6);
    }
    powercut_now();
}

/* Lets a process live until its power goes. Gives the last transaction it acknowledged; 0 for none. */
static unsigned live_and_lose_power(const char *path, unsigned flags, unsigned done, uint64_t seed, uint64_t after)
{
    int ends[2], status = -1;
    unsigned k, last = 0;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) live(path, flags, done, ends[1], seed, after);
    assert_int_equal(close(ends[1]), 0);
    while (read(ends[0], &k, sizeof k) == (ssize_t)sizeof k) last = k;
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), POWERCUT_STATUS);
    return last;
}

/* ---- what is left --------------------------------------------------------------------------- */

struct expected {
    unsigned k, circle, next;
};

static enum err compare(void *ctx, const struct store_entry *entry)
{
    struct expected *expected = ctx;
    struct store_entry right = entry_of(expected->circle, expected->next);
    right.seq = expected->next++;
    name_entry(&right);
    right.is_erased = is_erased_after(expected->k, expected->circle, (unsigned)right.seq);
    if (right.is_erased) right.payload = STR("");
    bool is_same = entry->seq == right.seq && memcmp(entry->id, right.id, ID_BYTES) == 0 &&
                   str_is(entry->header, right.header) && str_is(entry->sig, right.sig) &&
                   str_is(entry->payload, right.payload) && entry->is_erased == right.is_erased;
    return is_same ? ERR_OK : ERR_BROKEN_CHAIN;
}

/* Whether the store holds just what is there after transaction k. */
static bool is_after(struct store *s, unsigned k)
{
    struct store_counts n;
    if (store_count(s, &n) != ERR_OK || n.circle_n != (k > 0 ? CIRCLES : 0)) return false;
    for (unsigned circle = 0; k > 0 && circle < CIRCLES; circle++) {
        struct store_circle found;
        struct expected expected = {.k = k, .circle = circle};
        if (store_circle_by_id(s, rig_key(circle), &found, NULL) != ERR_OK) return false;
        if (found.head.seq != entries_after(k, circle) - 1) return false;
        if (store_entry_each(s, circle + 1, 0, LIMIT_SEQ, SIZE_MAX, compare, &expected) != ERR_OK) return false;
        if (expected.next != found.head.seq + 1) return false;
    }
    return true;
}

/* What is wrong with the store after the cut, or NULL; found: the transaction that it is after. */
static const char *look(const char *path, unsigned flags, unsigned acknowledged, unsigned *found)
{
    struct store *s;
    struct store_trouble trouble;
    if (store_open_sqlite(path, flags, &s, &trouble) != ERR_OK) return "it does not open";
    const char *wrong = NULL;
    if (store_check(s, &trouble) != ERR_OK) wrong = "it is damaged";
    else if (is_after(s, acknowledged)) *found = acknowledged;
    else if (is_after(s, acknowledged + 1)) *found = acknowledged + 1; /* on the disk, only not yet said so */
    else wrong = "a transaction is lost, or there in part";
    store_close(s);
    return wrong;
}

/* Cuts the power again and again, on a few stores one after the other. What went wrong first, or NULL. */
static const char *cut_often(struct random *r, unsigned flags, unsigned *cut_n)
{
    const char *wrong = NULL;
    unsigned acknowledged_n = 0;
    for (unsigned store = 0; wrong == NULL && store < STORES; store++) {
        char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES];
        unsigned done = 0;
        scratch_folder(folder);
        scratch_path(path, folder, "troth.db");
        for (unsigned i = 0; wrong == NULL && i < CUTS / STORES; i++) {
            uint64_t seed = random_u64(r), after = random_between(r, 1, i == 0 ? 60 : STEPS_TO_CUT);
            unsigned last = live_and_lose_power(path, flags, done, seed, after);
            acknowledged_n += last > 0 ? last - done : 0;
            wrong = look(path, flags, last > 0 ? last : done, &done);
            ++*cut_n;
        }
    }
    print_message("%u cuts, %u transactions acknowledged: %s\n", *cut_n, acknowledged_n,
                  wrong != NULL ? wrong : "all of them are there");
    return wrong;
}

static void nothing_acknowledged_is_lost(void **state)
{
    (void)state;
    struct random r;
    unsigned cut_n = 0;
    random_init(&r, "a power cut loses nothing");
    assert_null(cut_often(&r, STORE_CREATES | STORE_SERVES, &cut_n));
    assert_int_equal(cut_n, CUTS);
}

static void a_store_that_was_being_made_is_made_again(void **state)
{
    (void)state;
    struct random r;
    enum { TRIES = 6 };
    unsigned acknowledged_n = 0, after = 0;
    random_init(&r, "a store is made in spite of power cuts");
    while (acknowledged_n < 10) { /* at the 1st, 2nd, 3rd ... step, until it is done and in use */
        char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES];
        unsigned found;
        scratch_folder(folder);
        scratch_path(path, folder, "troth.db");
        unsigned last = live_and_lose_power(path, STORE_CREATES | STORE_SERVES, 0, random_u64(&r), 1 + after++ / TRIES);
        const char *wrong = look(path, STORE_CREATES | STORE_SERVES, last, &found);
        if (wrong != NULL) print_error("step %u: %s\n", after / TRIES, wrong);
        assert_null(wrong);
        if (last > 0) acknowledged_n++;
    }
    print_message("%u steps\n", after / TRIES);
    assert_true(after / TRIES > 15);
}

static void a_store_that_does_not_wait_for_the_disk_is_caught(void **state)
{
    (void)state;
    struct random r;
    unsigned cut_n = 0;
    random_init(&r, "a power cut is noticed");
    assert_non_null(cut_often(&r, STORE_CREATES | STORE_SERVES | STORE_UNSYNCED, &cut_n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost),
        cmocka_unit_test(a_store_that_was_being_made_is_made_again),
        cmocka_unit_test(a_store_that_does_not_wait_for_the_disk_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
