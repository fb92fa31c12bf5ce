/* entry.c -- the entries of the record: added, found, read in stretches, erased; in every kind of store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/store_rig.h"

struct seen {
    uint64_t seq[64];
    size_t n, stop_after;
};

static enum err see(void *ctx, const struct store_entry *entry)
{
    struct seen *seen = ctx;
    if (seen->n == 64) return ERR_FULL;
    seen->seq[seen->n++] = entry->seq;
    return seen->n == seen->stop_after ? ERR_STOPPING : ERR_OK;
}

/* Whether an entry is the one it should be, byte for byte; ctx is that one. */
static enum err compare(void *ctx, const struct store_entry *entry)
{
    const struct store_entry *expected = ctx;
    bool is_same = entry->seq == expected->seq && memcmp(entry->id, expected->id, ID_BYTES) == 0 &&
                   str_is(entry->header, expected->header) && str_is(entry->sig, expected->sig) &&
                   str_is(entry->payload, expected->payload) && entry->is_erased == expected->is_erased;
    return is_same ? ERR_OK : ERR_BROKEN_CHAIN;
}

static void assert_entry(struct store *s, uint64_t circle, struct store_entry expected)
{
    uint64_t seq = 0;
    expect(store_entry_get(s, circle, expected.seq, compare, &expected), ERR_OK);
    expect(store_entry_by_id(s, circle, expected.id, &seq), ERR_OK);
    assert_int_equal(seq, expected.seq);
}

static void an_entry_comes_back_byte_for_byte(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    static uint8_t longest[LIMIT_HEADER_BYTES];
    memset(longest, 0x77, sizeof longest);
    const unsigned size[] = {0, 1, 552, 4000, 4096, LIMIT_PAYLOAD_BYTES};
    rig_begin(s);
    uint64_t circle = rig_add_circle(s, 1);
    for (unsigned i = 0; i < sizeof size / sizeof *size; i++) {
        struct store_entry entry = rig_entry(i, size[i]);
        if (i == 2) entry.header = STR_OF(longest);
        if (i == 3) entry.header = STR("h");
        expect(store_entry_add(s, circle, &entry), ERR_OK);
    }
    rig_commit(s);
    struct store *both[] = {s, rig->reader};
    for (size_t b = 0; b < 2; b++) {
        for (unsigned i = 0; i < sizeof size / sizeof *size; i++) {
            struct store_entry entry = rig_entry(i, size[i]);
            if (i == 2) entry.header = STR_OF(longest);
            if (i == 3) entry.header = STR("h");
            assert_entry(both[b], circle, entry);
        }
    }
}

static void a_seq_and_an_id_are_taken_once_in_a_circle(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    uint64_t one = rig_add_circle(s, 1), two = rig_add_circle(s, 2);
    struct store_entry entry = rig_entry(4, 50);
    expect(store_entry_add(s, one, &entry), ERR_OK);
    expect(store_entry_add(s, one, &entry), ERR_HEAD_MOVED); /* both taken: the seq is what is looked at first */
    entry.seq = 5;
    expect(store_entry_add(s, one, &entry), ERR_ID_TAKEN);
    entry = rig_entry(4, 60);
    expect(store_entry_add(s, one, &entry), ERR_HEAD_MOVED);
    entry = rig_entry(4, 50);
    expect(store_entry_add(s, two, &entry), ERR_OK); /* another circle's are its own */
    const uint64_t none[] = {0, 3, STORE_NUMBER, STORE_NUMBER + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        expect(store_entry_add(s, none[i], &entry), ERR_NOT_FOUND);
    rig_commit(s);
    struct seen seen = {.n = 0};
    expect(store_entry_each(rig->reader, one, 0, LIMIT_SEQ, 99, see, &seen), ERR_OK);
    assert_int_equal(seen.n, 1);
    assert_entry(rig->reader, one, rig_entry(4, 50));
}

static void what_is_not_there_is_not_found(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    uint64_t number = 77;
    struct seen seen = {.n = 0};
    rig_begin(s);
    uint64_t one = rig_add_circle(s, 1), two = rig_add_circle(s, 2);
    rig_add_entries(s, one, 0, 3);
    expect(store_entry_erase(s, one, 4, &number), ERR_NOT_FOUND);
    expect(store_entry_erase(s, two, 0, &number), ERR_NOT_FOUND);
    expect(store_entry_erase(s, 0, 0, &number), ERR_NOT_FOUND);
    expect(store_entry_erase(s, one, UINT64_MAX, &number), ERR_NOT_FOUND);
    rig_commit(s);
    expect(store_entry_get(rig->reader, one, 4, see, &seen), ERR_NOT_FOUND);
    expect(store_entry_get(rig->reader, two, 0, see, &seen), ERR_NOT_FOUND);
    expect(store_entry_get(rig->reader, 0, 0, see, &seen), ERR_NOT_FOUND);
    expect(store_entry_get(rig->reader, 9, 0, see, &seen), ERR_NOT_FOUND);
    /* what a place of circle * 2^32 + seq would mean if seq were too long for it */
    expect(store_entry_get(rig->reader, 0, (UINT64_C(1) << 32) + 1, see, &seen), ERR_NOT_FOUND);
    expect(store_entry_get(rig->reader, one, LIMIT_SEQ + 1, see, &seen), ERR_NOT_FOUND);
    expect(store_entry_by_id(rig->reader, one, rig_id(9), &number), ERR_NOT_FOUND);
    expect(store_entry_by_id(rig->reader, two, rig_id(1), &number), ERR_NOT_FOUND);
    expect(store_entry_by_id(rig->reader, UINT64_MAX, rig_id(1), &number), ERR_NOT_FOUND);
    assert_int_equal(number, 77);
    assert_int_equal(seen.n, 0);
}

static void assert_range(struct store *s, uint64_t circle, uint64_t first, uint64_t last, size_t limit,
                         uint64_t seen_first, size_t seen_n)
{
    struct seen seen = {.n = 0};
    expect(store_entry_each(s, circle, first, last, limit, see, &seen), ERR_OK);
    assert_int_equal(seen.n, seen_n);
    for (size_t i = 0; i < seen_n; i++) assert_int_equal(seen.seq[i], seen_first + i);
}

static void a_stretch_has_a_first_a_last_and_a_limit(void **state)
{
    struct store_rig *rig = *state;
    rig_begin(rig->writer);
    for (unsigned n = 1; n <= 3; n++) rig_add_entries(rig->writer, rig_add_circle(rig->writer, n), 0, 20);
    rig_commit(rig->writer);
    struct store *s = rig->reader;
    assert_range(s, 2, 0, LIMIT_SEQ, SIZE_MAX, 0, 21);
    assert_range(s, 2, 0, UINT64_MAX, 64, 0, 21);
    assert_range(s, 2, 5, 9, 64, 5, 5);
    assert_range(s, 2, 5, 9, 3, 5, 3);
    assert_range(s, 2, 5, 5, 64, 5, 1);
    assert_range(s, 2, 20, 99, 64, 20, 1);
    assert_range(s, 2, 21, 99, 64, 0, 0);
    assert_range(s, 2, 9, 5, 64, 0, 0);
    assert_range(s, 2, 0, 20, 0, 0, 0);
    assert_range(s, 3, 0, LIMIT_SEQ, 64, 0, 21);
    assert_range(s, 4, 0, LIMIT_SEQ, 64, 0, 0);
    assert_range(s, 0, 0, UINT64_MAX, 64, 0, 0);
    assert_range(s, UINT64_MAX, 0, UINT64_MAX, 64, 0, 0);
    struct seen seen = {.stop_after = 4};
    expect(store_entry_each(s, 1, 0, LIMIT_SEQ, 64, see, &seen), ERR_STOPPING);
    assert_int_equal(seen.n, 4);
}

static void entries_may_have_gaps_and_come_in_any_order(void **state)
{
    struct store_rig *rig = *state;
    const uint64_t seq[] = {7, LIMIT_SEQ, 0, 3}, sorted[] = {0, 3, 7, LIMIT_SEQ};
    rig_begin(rig->writer);
    uint64_t circle = rig_add_circle(rig->writer, 1);
    for (unsigned i = 0; i < 4; i++) {
        struct store_entry entry = rig_entry(seq[i], 10 + i);
        expect(store_entry_add(rig->writer, circle, &entry), ERR_OK);
    }
    rig_commit(rig->writer);
    struct seen seen = {.n = 0};
    expect(store_entry_each(rig->reader, circle, 0, LIMIT_SEQ, 64, see, &seen), ERR_OK);
    assert_int_equal(seen.n, 4);
    assert_memory_equal(seen.seq, sorted, sizeof sorted);
}

static void an_erased_payload_is_gone_and_the_rest_stays(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    const unsigned size[] = {40, 0, LIMIT_PAYLOAD_BYTES};
    uint64_t bytes = 77;
    rig_begin(s);
    uint64_t circle = rig_add_circle(s, 1);
    for (unsigned i = 0; i < 3; i++) {
        struct store_entry entry = rig_entry(i, size[i]);
        expect(store_entry_add(s, circle, &entry), ERR_OK);
    }
    rig_commit(s);
    rig_begin(s);
    for (unsigned i = 0; i < 3; i++) {
        expect(store_entry_erase(s, circle, i, &bytes), ERR_OK);
        assert_int_equal(bytes, size[i]);
        expect(store_entry_erase(s, circle, i, &bytes), ERR_OK);
        assert_int_equal(bytes, 0);
    }
    rig_commit(s);
    for (unsigned i = 0; i < 3; i++) {
        struct store_entry entry = rig_entry(i, size[i]);
        entry.payload = STR("");
        entry.is_erased = true;
        assert_entry(rig->reader, circle, entry);
    }
}

static void an_entry_may_arrive_erased(void **state)
{
    struct store_rig *rig = *state;
    rig_begin(rig->writer);
    uint64_t circle = rig_add_circle(rig->writer, 1);
    struct store_entry entry = rig_entry(0, 5);
    entry.payload = STR("");
    entry.is_erased = true;
    expect(store_entry_add(rig->writer, circle, &entry), ERR_OK);
    struct store_entry empty = rig_entry(1, 6);
    empty.payload = (struct str){0}; /* none is not erased */
    expect(store_entry_add(rig->writer, circle, &empty), ERR_OK);
    rig_commit(rig->writer);
    entry = rig_entry(0, 5);
    entry.payload = STR("");
    entry.is_erased = true;
    assert_entry(rig->reader, circle, entry);
    empty = rig_entry(1, 6);
    empty.payload = STR("");
    assert_entry(rig->reader, circle, empty);
}

static void a_payload_that_was_missing_is_filled_in_once(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    uint64_t bytes = 0;
    rig_begin(s);
    uint64_t circle = rig_add_circle(s, 1);
    struct store_entry other = rig_entry(1, 5);
    expect(store_entry_add(s, circle, &other), ERR_OK);
    struct store_entry whole = rig_entry(0, 300), waiting = whole;
    waiting.payload = STR("");
    expect(store_entry_add(s, circle, &waiting), ERR_OK);
    rig_commit(s);
    rig_begin(s);
    expect(store_entry_fill(s, circle, 0, whole.payload), ERR_OK);
    expect(store_entry_fill(s, circle, 0, whole.payload), ERR_NOT_FOUND); /* it is there now */
    expect(store_entry_fill(s, circle, 1, whole.payload), ERR_NOT_FOUND); /* that one always was */
    expect(store_entry_fill(s, circle, 2, whole.payload), ERR_NOT_FOUND);
    expect(store_entry_fill(s, circle + 1, 0, whole.payload), ERR_NOT_FOUND);
    expect(store_entry_fill(s, circle, UINT64_MAX, whole.payload), ERR_NOT_FOUND);
    expect(store_entry_erase(s, circle, 1, &bytes), ERR_OK);
    expect(store_entry_fill(s, circle, 1, whole.payload), ERR_NOT_FOUND); /* what is erased stays so */
    rig_commit(s);
    assert_entry(rig->reader, circle, rig_entry(0, 300));
    other = rig_entry(1, 5);
    other.payload = STR("");
    other.is_erased = true;
    assert_entry(rig->reader, circle, other);
    rig_begin(s);
    expect(store_mark(s), ERR_OK);
    expect(store_entry_erase(s, circle, 0, &bytes), ERR_OK);
    expect(store_undo(s), ERR_OK);
    rig_commit(s);
    assert_entry(rig->reader, circle, rig_entry(0, 300));
}

static void a_check_finds_a_gap(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    struct store_trouble trouble;
    rig_begin(s);
    uint64_t whole = rig_add_circle(s, 1), other = rig_add_circle(s, 2);
    rig_add_entries(s, whole, 0, 9);
    rig_add_entries(s, other, 0, 0);
    rig_commit(s);
    expect(store_check(rig->reader, &trouble), ERR_OK);
    const uint64_t head_at[] = {8, 10, 0};
    for (size_t i = 0; i < 3; i++) { /* a head that is not the newest entry */
        struct store_head head = rig_head(head_at[i]);
        rig_begin(s);
        expect(store_circle_set_head(s, whole, &head, (struct str){0}), ERR_OK);
        rig_commit(s);
        memset(&trouble, 0, sizeof trouble);
        expect(store_check(rig->reader, &trouble), ERR_STORE_DAMAGED);
        assert_int_equal(trouble.code, ERR_STORE_DAMAGED);
        assert_non_null(strstr(trouble.text, "entries"));
    }
    rig_begin(s); /* the right number of them, but not all in a row */
    struct store_entry entry = rig_entry(12, 12);
    struct store_head head = rig_head(10);
    expect(store_entry_add(s, whole, &entry), ERR_OK);
    expect(store_circle_set_head(s, whole, &head, (struct str){0}), ERR_OK);
    rig_commit(s);
    expect(store_check(rig->reader, &trouble), ERR_STORE_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(an_entry_comes_back_byte_for_byte),
        STORE_TEST(a_seq_and_an_id_are_taken_once_in_a_circle),
        STORE_TEST(what_is_not_there_is_not_found),
        STORE_TEST(a_stretch_has_a_first_a_last_and_a_limit),
        STORE_TEST(entries_may_have_gaps_and_come_in_any_order),
        STORE_TEST(an_erased_payload_is_gone_and_the_rest_stays),
        STORE_TEST(an_entry_may_arrive_erased),
        STORE_TEST(a_payload_that_was_missing_is_filled_in_once),
        STORE_TEST(a_check_finds_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
