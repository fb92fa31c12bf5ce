/* snapshot.c -- readers in threads of their own beside a writer: each sees whole transactions only. */
#define _DEFAULT_SOURCE /* usleep */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/store_rig.h"

/* Every transaction takes each of these circles one entry further. */
enum { CIRCLES = 3, TRANSACTIONS = 400, READERS = 3 };

static atomic_bool is_over;

/* One reader's thread: what it found wrong (a sentence, or NULL), and how much it saw. */
struct watch {
    struct store *reader;
    const char *wrong;
    atomic_uint looks;
    uint64_t newest;
};

static enum err count_in_row(void *ctx, const struct store_entry *entry)
{
    uint64_t *next = ctx;
    return entry->seq == (*next)++ ? ERR_OK : ERR_BROKEN_CHAIN;
}

/* A whole look between begin_read and end_read: all circles are equally far, and hold all entries. */
static const char *look_at_all(struct watch *watch)
{
    struct store_circle circle[CIRCLES];
    struct store *s = watch->reader;
    for (unsigned i = 0; i < CIRCLES; i++) {
        uint64_t next = 0;
        if (store_circle_by_number(s, i + 1, &circle[i], NULL) != ERR_OK) return "a circle is missing";
        if (store_entry_each(s, i + 1, 0, LIMIT_SEQ, SIZE_MAX, count_in_row, &next) != ERR_OK) return "a gap";
        if (next != circle[i].head.seq + 1) return "the head and the entries are of different moments";
        if (circle[i].head.seq != circle[0].head.seq) return "one circle is further than another";
    }
    if (circle[0].head.seq < watch->newest) return "time went backwards";
    watch->newest = circle[0].head.seq;
    return NULL;
}

/* A single call: whatever else happens, it sees a row without a gap, and at least what was seen before. */
static const char *look_at_one(struct watch *watch)
{
    uint64_t next = 0;
    if (store_entry_each(watch->reader, CIRCLES, 0, LIMIT_SEQ, SIZE_MAX, count_in_row, &next) != ERR_OK) return "a gap";
    if (next < watch->newest + 1) return "a committed entry is gone";
    return NULL;
}

static void *keep_watching(void *ctx)
{
    struct watch *watch = ctx;
    bool was_over = false;
    while (watch->wrong == NULL && !was_over) {
        was_over = atomic_load(&is_over); /* one more look after the last commit */
        if (store_begin_read(watch->reader) != ERR_OK) {
            watch->wrong = "begin_read failed";
            break;
        }
        watch->wrong = look_at_all(watch);
        store_end_read(watch->reader);
        if (watch->wrong == NULL) watch->wrong = look_at_one(watch);
        atomic_fetch_add(&watch->looks, 1);
    }
    return NULL;
}

static bool has_everybody_looked(struct watch *watch)
{
    for (unsigned i = 0; i < READERS; i++) {
        if (atomic_load(&watch[i].looks) < 3) return false;
    }
    return true;
}

/* One more thread, that tidies all the time; gives the first error that is more than having to wait. */
static void *keep_tidying(void *reader)
{
    while (!atomic_load(&is_over)) {
        enum err e = store_tidy(reader);
        if (e != ERR_OK && e != ERR_BUSY) return "tidying failed";
        (void)usleep(200);
    }
    return NULL;
}

static void readers_see_whole_transactions(void **state)
{
    struct store_rig *rig = *state;
    struct watch watch[READERS] = {{.newest = 0}};
    pthread_t thread[READERS], tidying;
    void *wrong_with_tidying = NULL;
    struct store *tidier;
    rig_begin(rig->writer);
    for (unsigned i = 0; i < CIRCLES; i++) rig_add_entries(rig->writer, rig_add_circle(rig->writer, i), 0, 0);
    rig_commit(rig->writer);
    atomic_store(&is_over, false);
    for (unsigned i = 0; i < READERS; i++) {
        expect(store_reader_open(rig->writer, &watch[i].reader), ERR_OK);
        assert_int_equal(pthread_create(&thread[i], NULL, keep_watching, &watch[i]), 0);
    }
    expect(store_reader_open(rig->writer, &tidier), ERR_OK);
    assert_int_equal(pthread_create(&tidying, NULL, keep_tidying, tidier), 0);
    unsigned n = 0;
    while (n < TRANSACTIONS || (n < 100 * TRANSACTIONS && !has_everybody_looked(watch))) {
        n++;
        rig_begin(rig->writer);
        for (unsigned i = 0; i < CIRCLES; i++) {
            expect(store_mark(rig->writer), ERR_OK);
            rig_add_entries(rig->writer, i + 1, n, n);
            expect(n % 3 == 0 ? store_undo(rig->writer) : store_keep(rig->writer), ERR_OK);
            if (n % 3 == 0) rig_add_entries(rig->writer, i + 1, n, n);
        }
        if (n % 5 == 0) { /* never mind, once more */
            store_abort(rig->writer);
            rig_begin(rig->writer);
            for (unsigned i = 0; i < CIRCLES; i++) rig_add_entries(rig->writer, i + 1, n, n);
        }
        rig_commit(rig->writer);
    }
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < READERS; i++) assert_int_equal(pthread_join(thread[i], NULL), 0);
    assert_int_equal(pthread_join(tidying, &wrong_with_tidying), 0);
    assert_null(wrong_with_tidying);
    store_close(tidier);
    for (unsigned i = 0; i < READERS; i++) {
        if (watch[i].wrong != NULL) print_error("reader %u: %s\n", i, watch[i].wrong);
        assert_null(watch[i].wrong);
        assert_int_equal(watch[i].newest, n);
        store_close(watch[i].reader);
    }
    struct store_trouble trouble;
    expect(store_check(rig->writer, &trouble), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {STORE_TEST(readers_see_whole_transactions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
