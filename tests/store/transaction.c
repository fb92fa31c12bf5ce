/* transaction.c -- what is committed stays, what is undone or aborted never was, and who may see it when; in
 * every kind of store. And misuse of a store stops the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/aborts.h"
#include "harness/store_rig.h"
#include "store/store_sqlite.h"

/* ---- seen by whom, and when ----------------------------------------------------------------- */

static bool is_seen(struct store *s, unsigned circle)
{
    struct store_circle found;
    enum err e = store_circle_by_id(s, rig_key(circle), &found, NULL);
    if (e != ERR_NOT_FOUND) expect(e, ERR_OK);
    return e == ERR_OK;
}

static void a_reader_sees_what_is_committed_and_nothing_else(void **state)
{
    struct store_rig *rig = *state;
    rig_begin(rig->writer);
    (void)rig_add_circle(rig->writer, 1);
    assert_true(is_seen(rig->writer, 1));
    assert_false(is_seen(rig->reader, 1));
    rig_commit(rig->writer);
    assert_true(is_seen(rig->writer, 1));
    assert_true(is_seen(rig->reader, 1));
}

static void an_aborted_transaction_never_was(void **state)
{
    struct store_rig *rig = *state;
    rig_begin(rig->writer);
    rig_add_entries(rig->writer, rig_add_circle(rig->writer, 1), 0, 5);
    rig_commit(rig->writer);
    char *before = rig_text(rig->reader);
    rig_begin(rig->writer);
    rig_add_entries(rig->writer, 1, 6, 30);
    uint64_t bytes;
    expect(store_entry_erase(rig->writer, 1, 3, &bytes), ERR_OK);
    (void)rig_add_account(rig->writer, 1);
    store_abort(rig->writer);
    store_abort(rig->writer); /* fine without one */
    char *after = rig_text(rig->writer);
    assert_string_equal(after, before);
    free(after);
    if (rig->kind == STORE_KIND_SQLITE) rig_reopen(rig);
    after = rig_text(rig->reader);
    assert_string_equal(after, before);
    free(before);
    free(after);
}

static void a_closed_transaction_never_was(void **state)
{
    struct store_rig *rig = *state;
    rig_begin(rig->writer);
    (void)rig_add_circle(rig->writer, 1);
    expect(store_mark(rig->writer), ERR_OK);
    (void)rig_add_circle(rig->writer, 2);
    rig_reopen(rig);
    assert_false(is_seen(rig->reader, 1));
}

static void a_reader_may_hold_on_to_one_moment(void **state)
{
    struct store_rig *rig = *state;
    struct store *other;
    expect(store_reader_open(rig->writer, &other), ERR_OK);
    expect(store_begin_read(rig->reader), ERR_OK);
    char *before = rig_text(rig->reader);
    for (unsigned n = 1; n <= 3; n++) {
        rig_begin(rig->writer);
        rig_add_entries(rig->writer, rig_add_circle(rig->writer, n), 0, 20);
        rig_commit(rig->writer);
        char *still = rig_text(rig->reader);
        assert_string_equal(still, before);
        free(still);
        assert_true(is_seen(other, n));
    }
    store_end_read(rig->reader);
    store_end_read(rig->reader); /* fine without one */
    assert_true(is_seen(rig->reader, 3));
    expect(store_begin_read(rig->reader), ERR_OK);
    assert_true(is_seen(rig->reader, 3));
    store_close(other);
    free(before);
}

static void the_moment_is_that_of_begin_read_not_of_the_first_look(void **state)
{
    struct store_rig *rig = *state;
    expect(store_begin_read(rig->reader), ERR_OK);
    rig_begin(rig->writer);
    (void)rig_add_circle(rig->writer, 1);
    rig_commit(rig->writer);
    assert_false(is_seen(rig->reader, 1));
    store_end_read(rig->reader);
    assert_true(is_seen(rig->reader, 1));
}

/* Commits one more entry in the middle of a visit through another handle. */
struct between {
    struct store *writer;
    uint64_t n;
};

static enum err commit_between(void *ctx, const struct store_entry *entry)
{
    struct between *between = ctx;
    if (entry->seq == 1) {
        rig_begin(between->writer);
        rig_add_entries(between->writer, 1, 6, 9);
        rig_commit(between->writer);
    }
    between->n++;
    return ERR_OK;
}

static void one_visit_sees_one_moment(void **state)
{
    struct store_rig *rig = *state;
    rig_begin(rig->writer);
    rig_add_entries(rig->writer, rig_add_circle(rig->writer, 1), 0, 5);
    rig_commit(rig->writer);
    struct between between = {.writer = rig->writer};
    expect(store_entry_each(rig->reader, 1, 0, LIMIT_SEQ, 64, commit_between, &between), ERR_OK);
    assert_int_equal(between.n, 6);
    between.n = 0;
    expect(store_entry_each(rig->reader, 1, 2, LIMIT_SEQ, 64, commit_between, &between), ERR_OK);
    assert_int_equal(between.n, 8);
}

/* ---- marks ---------------------------------------------------------------------------------- */

static void a_mark_undone_leaves_the_rest(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    uint64_t circle = rig_add_circle(s, 1);
    for (unsigned request = 0; request < 10; request++) { /* a group commit: every third request is refused */
        struct store_head head = rig_head(request);
        struct store_entry entry = rig_entry(request, request);
        expect(store_mark(s), ERR_OK);
        enum err e = store_entry_add(s, circle, &entry);
        if (e == ERR_OK) e = store_circle_set_head(s, circle, &head, STR("moved"));
        expect(e, ERR_OK);
        expect(request % 3 == 1 ? store_undo(s) : store_keep(s), ERR_OK);
    }
    rig_commit(s);
    uint64_t seq;
    for (unsigned request = 0; request < 10; request++) {
        enum err wanted = request % 3 == 1 ? ERR_NOT_FOUND : ERR_OK;
        expect(store_entry_by_id(rig->reader, circle, rig_id(request), &seq), wanted);
    }
    struct store_circle found;
    expect(store_circle_by_number(rig->reader, circle, &found, NULL), ERR_OK);
    assert_int_equal(found.head.seq, 9);
}

static void marks_nest(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    for (unsigned depth = 0; depth < STORE_MARKS; depth++) { /* circle n is written under n marks */
        (void)rig_add_circle(s, depth);
        expect(store_mark(s), ERR_OK);
    }
    (void)rig_add_circle(s, STORE_MARKS);
    expect(store_undo(s), ERR_OK); /* forgets 4 */
    expect(store_keep(s), ERR_OK); /* 3 is now under the same mark as 2 */
    expect(store_undo(s), ERR_OK); /* forgets 2 and 3 */
    expect(store_mark(s), ERR_OK);
    (void)rig_add_circle(s, 7);
    expect(store_keep(s), ERR_OK);
    expect(store_keep(s), ERR_OK);
    rig_commit(s);
    const bool expected[] = {true, true, false, false, false, false, false, true};
    for (unsigned n = 0; n < 8; n++) assert_int_equal(is_seen(rig->reader, n), expected[n]);
}

static void a_refusal_leaves_the_transaction_whole(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    uint64_t circle = rig_add_circle(s, 1), number;
    struct store_entry entry = rig_entry(0, 5);
    struct store_head head = rig_head(0);
    expect(store_entry_add(s, circle, &entry), ERR_OK);
    expect(store_mark(s), ERR_OK);
    expect(store_entry_add(s, circle, &entry), ERR_HEAD_MOVED);
    expect(store_circle_add(s, rig_key(1), &head, STR("x"), &number), ERR_EXISTS);
    expect(store_member_leave(s, circle, rig_key(1), 1), ERR_NOT_FOUND);
    expect(store_keep(s), ERR_OK);
    (void)rig_add_circle(s, 2);
    rig_commit(s);
    assert_true(is_seen(rig->reader, 1));
    assert_true(is_seen(rig->reader, 2));
}

static void an_aborted_transaction_takes_its_marks_along(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    for (unsigned round = 0; round < 3; round++) {
        rig_begin(s);
        for (unsigned depth = 0; depth < STORE_MARKS; depth++) {
            expect(store_mark(s), ERR_OK);
            (void)rig_add_circle(s, depth);
        }
        store_abort(s);
    }
    rig_begin(s);
    rig_commit(s);
    for (unsigned n = 0; n < STORE_MARKS; n++) assert_false(is_seen(s, n));
}

static enum err sum_bytes(void *ctx, const struct store_entry *entry)
{
    struct store_entry expected = rig_entry(entry->seq, (unsigned)(60000 + entry->seq));
    *(uint64_t *)ctx += entry->payload.len;
    return str_is(entry->payload, expected.payload) ? ERR_OK : ERR_BROKEN_CHAIN;
}

static enum err add_large(struct store *s, uint64_t circle, unsigned first, unsigned last)
{
    enum err e = ERR_OK;
    for (unsigned seq = first; e == ERR_OK && seq <= last; seq++) {
        struct store_entry entry = rig_entry(seq, 60000 + seq);
        e = store_entry_add(s, circle, &entry);
    }
    return e;
}

/* More than SQLite keeps in memory, so that pages go to the log before the commit, and are read back. */
static void a_transaction_larger_than_the_cache(void **state)
{
    enum { ENTRIES = 250 };
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    uint64_t bytes;
    rig_begin(s);
    uint64_t circle = rig_add_circle(s, 1);
    rig_commit(s);
    for (unsigned round = 0; round < 3; round++) { /* aborted, undone, and then for good */
        rig_begin(s);
        expect(store_mark(s), ERR_OK);
        expect(add_large(s, circle, 0, ENTRIES - 1), ERR_OK);
        bytes = 0;
        expect(store_entry_each(s, circle, 0, LIMIT_SEQ, SIZE_MAX, sum_bytes, &bytes), ERR_OK);
        assert_int_equal(bytes, ENTRIES * 60000 + ENTRIES * (ENTRIES - 1) / 2);
        bytes = 0;
        expect(store_entry_each(rig->reader, circle, 0, LIMIT_SEQ, SIZE_MAX, sum_bytes, &bytes), ERR_OK);
        assert_int_equal(bytes, 0);
        expect(round == 1 ? store_undo(s) : store_keep(s), ERR_OK);
        if (round == 0) store_abort(s);
        else rig_commit(s);
    }
    if (rig->kind == STORE_KIND_SQLITE) rig_reopen(rig);
    bytes = 0;
    expect(store_entry_each(rig->reader, circle, 0, LIMIT_SEQ, SIZE_MAX, sum_bytes, &bytes), ERR_OK);
    assert_int_equal(bytes, ENTRIES * 60000 + ENTRIES * (ENTRIES - 1) / 2);
}

/* ---- what outlives the handles -------------------------------------------------------------- */

static void what_was_committed_is_there_when_opened_again(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    uint64_t ana = rig_add_account(s, 1), circle = rig_add_circle(s, 2);
    struct store_session session = rig_session(3, ana);
    expect(store_session_add(s, &session), ERR_OK);
    expect(store_permit_add(s, rig_key(4), 5), ERR_OK);
    expect(store_member_add(s, circle, rig_key(1), 0), ERR_OK);
    rig_add_entries(s, circle, 0, 40);
    expect(store_invite_add(s, rig_key(6), circle, 3), ERR_OK);
    rig_commit(s);
    char *before = rig_text(rig->reader);
    for (unsigned times = 0; times < 3; times++) {
        rig_reopen(rig);
        char *after = rig_text(times == 1 ? rig->writer : rig->reader);
        assert_string_equal(after, before);
        free(after);
    }
    free(before);
}

/* ---- damage ----------------------------------------------------------------------------------- */

/* A refusal may have tried something; what was only read leaves the count as it stood. */
static void whoever_only_read_is_not_counted_as_writing(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    struct store_circle found;
    struct store_entry entry = rig_entry(0, 0);
    rig_begin(s);
    uint64_t circle = rig_add_circle(s, 1), before_n = store_write_n(s), seq;
    expect(store_circle_by_number(s, circle, &found, NULL), ERR_OK);
    expect(store_circle_by_number(s, circle + 1, &found, NULL), ERR_NOT_FOUND);
    expect(store_entry_by_id(s, circle, entry.id, &seq), ERR_NOT_FOUND);
    assert_int_equal(store_write_n(s), before_n);
    expect(store_entry_add(s, circle, &entry), ERR_OK);
    assert_true(store_write_n(s) > before_n);
    before_n = store_write_n(s);
    expect(store_entry_add(s, circle, &entry), ERR_HEAD_MOVED);
    assert_true(store_write_n(s) > before_n);
    rig_commit(s);
}

static void damage_met_since_a_mark_is_undone_with_it(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    struct store_circle found;
    struct store_counts counts;
    rig_begin(s);
    for (unsigned n = 1; n <= 3; n++) rig_add_entries(s, rig_add_circle(s, n), 0, 2);
    rig_commit(s);
    assert_int_equal(sqlite_set(sqlite_of(s)->db, "ignore_check_constraints", 1), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite_of(s)->db, "UPDATE circle SET head_hash = x'00' WHERE number = 2", NULL, NULL,
                                  NULL), SQLITE_OK);
    assert_int_equal(sqlite_set(sqlite_of(s)->db, "ignore_check_constraints", 0), SQLITE_OK);
    rig_begin(s);
    for (unsigned n = 1; n <= 3; n++) {
        struct store_entry entry = rig_entry(3, 3);
        expect(store_mark(s), ERR_OK);
        expect(store_entry_add(s, n, &entry), ERR_OK);
        enum err e = store_circle_by_number(s, n, &found, NULL);
        expect(e, n == 2 ? ERR_STORE_DAMAGED : ERR_OK);
        if (e != ERR_OK) expect(store_count(s, &counts), ERR_STORE_DAMAGED); /* lost, until it is undone */
        expect(e == ERR_OK ? store_keep(s) : store_undo(s), ERR_OK);
    }
    rig_commit(s);
    for (unsigned n = 1; n <= 3; n++) {
        uint64_t seq;
        struct store_entry entry = rig_entry(3, 3);
        expect(store_entry_by_id(rig->reader, n, entry.id, &seq), n == 2 ? ERR_NOT_FOUND : ERR_OK);
    }
}

static void damage_without_a_mark_loses_the_transaction(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    struct store_circle found;
    rig_begin(s);
    (void)rig_add_circle(s, 1);
    rig_commit(s);
    assert_int_equal(sqlite3_exec(sqlite_of(s)->db, "UPDATE circle SET head_seq = -1", NULL, NULL, NULL), SQLITE_OK);
    rig_begin(s);
    expect(store_circle_by_number(s, 1, &found, NULL), ERR_STORE_DAMAGED);
    expect(store_undo(s), ERR_STORE_DAMAGED);
    expect(store_mark(s), ERR_STORE_DAMAGED);
    expect(store_commit(s), ERR_STORE_DAMAGED);
    store_abort(s);
}

/* ---- misuse --------------------------------------------------------------------------------- */

static struct store_rig *misused; /* a rig for the call that must stop the program */

/* What the call would have given does not matter: it must not return. */
static void call(enum err e)
{
    (void)e;
}

static void write_outside(void)
{
    call(store_permit_add(misused->writer, rig_key(1), 1));
}
static void write_by_a_reader(void)
{
    call(store_begin(misused->reader));
}
static void begin_twice(void)
{
    if (store_begin(misused->writer) == ERR_OK) call(store_begin(misused->writer));
}
static void commit_without_begin(void)
{
    call(store_commit(misused->writer));
}
static void keep_without_mark(void)
{
    if (store_begin(misused->writer) == ERR_OK) call(store_keep(misused->writer));
}
static void mark_too_often(void)
{
    if (store_begin(misused->writer) != ERR_OK) return;
    for (unsigned i = 0; i <= STORE_MARKS; i++) {
        if (store_mark(misused->writer) != ERR_OK) return;
    }
}
static void commit_with_a_mark(void)
{
    if (store_begin(misused->writer) == ERR_OK && store_mark(misused->writer) == ERR_OK)
        call(store_commit(misused->writer));
}
static void read_of_a_reader(void)
{
    struct store *another;
    call(store_reader_open(misused->reader, &another));
}
static void too_long_a_payload(void)
{
    struct store_entry entry = rig_entry(0, 1);
    entry.payload.len = LIMIT_PAYLOAD_BYTES + 1;
    if (store_begin(misused->writer) == ERR_OK) call(store_entry_add(misused->writer, 1, &entry));
}
static void an_erased_entry_with_a_payload(void)
{
    struct store_entry entry = rig_entry(0, 1);
    entry.is_erased = true;
    if (store_begin(misused->writer) == ERR_OK) call(store_entry_add(misused->writer, 1, &entry));
}
static enum err visit_that_writes(void *ctx, const struct store_session *session)
{
    (void)session;
    return store_permit_add(ctx, rig_key(9), 1);
}
static void write_in_a_visit(void)
{
    if (store_begin(misused->writer) != ERR_OK) return;
    struct store_session session = rig_session(1, rig_add_account(misused->writer, 1));
    if (store_session_add(misused->writer, &session) == ERR_OK)
        call(store_session_each(misused->writer, visit_that_writes, misused->writer));
}

static void misuse_stops_the_program(void **state)
{
    misused = *state;
    assert_true(aborts(write_outside));
    assert_true(aborts(write_by_a_reader));
    assert_true(aborts(begin_twice));
    assert_true(aborts(commit_without_begin));
    assert_true(aborts(keep_without_mark));
    assert_true(aborts(mark_too_often));
    assert_true(aborts(commit_with_a_mark));
    assert_true(aborts(read_of_a_reader));
    assert_true(aborts(too_long_a_payload));
    assert_true(aborts(an_erased_entry_with_a_payload));
    assert_true(aborts(write_in_a_visit));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_reader_sees_what_is_committed_and_nothing_else),
        STORE_TEST(an_aborted_transaction_never_was),
        SQLITE_TEST(a_closed_transaction_never_was),
        STORE_TEST(a_reader_may_hold_on_to_one_moment),
        STORE_TEST(the_moment_is_that_of_begin_read_not_of_the_first_look),
        STORE_TEST(one_visit_sees_one_moment),
        STORE_TEST(a_mark_undone_leaves_the_rest),
        STORE_TEST(marks_nest),
        STORE_TEST(a_refusal_leaves_the_transaction_whole),
        STORE_TEST(an_aborted_transaction_takes_its_marks_along),
        STORE_TEST(a_transaction_larger_than_the_cache),
        SQLITE_TEST(what_was_committed_is_there_when_opened_again),
        STORE_TEST(whoever_only_read_is_not_counted_as_writing),
        SQLITE_TEST(damage_met_since_a_mark_is_undone_with_it),
        SQLITE_TEST(damage_without_a_mark_loses_the_transaction),
        STORE_TEST(misuse_stops_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
