/* circles.c -- making a circle, the list of mine, reading the record page by page, and who may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "harness/expect.h"

static struct town town;
static struct arena *a = &town.arena;

/* One row of GET /v1/circles. */
struct row {
    bool is_there, has_left;
    uint64_t joined_seq, left_seq;
    struct api_head head;
};

/* The row of the circle in somebody's list; every row must have just the keys of a member or a former one. */
static struct row row_of(size_t who, const uint8_t *circle)
{
    struct row row = {0};
    struct api_reply r = expect_ok(api_get(&town.api[who], "/v1/circles"), 200);
    for (struct str left = r.body, item; left.len > 0;) {
        struct cbor_map map;
        struct str id;
        assert_int_equal(cbor_first(left, &item, &left), ERR_OK);
        assert_int_equal(cbor_map(item, &map), ERR_OK);
        bool is_member = cbor_map_is(&map, 0x1e, 0), was_member = cbor_map_is(&map, 0x26, 0);
        assert_true(is_member || was_member);
        assert_int_equal(cbor_bytes(map.item[1], &id), ERR_OK);
        if (!str_is(id, str_at(circle, HASH_BYTES))) continue;
        assert_false(row.is_there); /* one row a circle */
        row.is_there = true;
        row.has_left = was_member;
        assert_int_equal(cbor_uint(map.item[2], &row.joined_seq), ERR_OK);
        if (was_member) assert_int_equal(cbor_uint(map.item[5], &row.left_seq), ERR_OK);
        if (is_member) assert_int_equal(cbor_uint(map.item[3], &row.head.seq), ERR_OK);
        if (is_member) assert_int_equal(cbor_bytes_n(map.item[4], row.head.hash, HASH_BYTES), ERR_OK);
    }
    return row;
}

static struct api_reply read_page(size_t who, const char *tail)
{
    char path[API_PATH_BYTES];
    api_entries_path(path, town_circle(&town), tail);
    return api_get(&town.api[who], path);
}

static size_t count(struct str sequence)
{
    size_t n = 0;
    for (struct str item; sequence.len > 0; n++) assert_int_equal(cbor_first(sequence, &item, &sequence), ERR_OK);
    return n;
}

static struct str read_all(size_t who)
{
    struct str entries = {0};
    struct api_reply refusal;
    assert_true(api_entries(&town.api[who], a, town_circle(&town), 0, NULL, &entries, &refusal));
    return entries;
}

/* ---- making one -------------------------------------------------------------------------------- */

static void a_circle_begins_with_its_genesis(void **state)
{
    (void)state;
    struct api_head head;
    town_rooms(&town);
    struct str genesis = room_genesis(&town.room[0], a, false);
    struct api_reply r = expect_ok(api_create(&town.api[0], genesis), 201);
    assert_true(api_head_of_reply(&r, &head));
    rooms_take((struct room *const[]){&town.room[0]}, 1, genesis);
    assert_int_equal(head.seq, 0);
    assert_memory_equal(head.hash, town_circle(&town), HASH_BYTES);
    r = expect_ok(api_create(&town.api[0], genesis), 200); /* its answer was lost */
    assert_true(api_head_of_reply(&r, &head));
    assert_int_equal(head.seq, 0);
    assert_true(str_is(read_all(0), genesis));
    assert_false(row_of(1, town_circle(&town)).is_there);
}

static void a_whole_record_moves_in_as_it_was(void **state)
{
    (void)state;
    town_gather(&town, 3);
    struct str record = room_sequence(&town.room[0], a, 0);
    assert_true(str_is(read_all(0), record));
    assert_true(str_is(read_all(2), record));
    struct town_state before = town_look(&town, 0);
    (void)expect_ok(api_create(&town.api[1], record), 200); /* another member has it too */
    expect_same(&town, 0, before);
}

static void a_circle_begins_with_nothing_else_than_a_genesis(void **state)
{
    (void)state;
    town_rooms(&town);
    struct str genesis = room_genesis(&town.room[0], a, false);
    rooms_take((struct room *const[]){&town.room[0]}, 1, genesis);
    struct str note = room_say(&town.room[0], a, people_note(a, "first")),
               rotate = room_rotate(&town.room[0], a, ROTATE_WISH);
    struct api_reply r = expect_refused(api_create(&town.api[0], note), 400, "bad_entry");
    expect_detail(r, API_INDEX, API_FIELD);
    assert_int_equal(r.index, 0);
    (void)expect_refused(api_create(&town.api[0], draft_then(a, note, genesis)), 400, "bad_entry");
    (void)expect_refused(api_create(&town.api[0], rotate), 400, "bad_entry");
    assert_false(row_of(0, town_circle(&town)).is_there);
}

static void a_circle_is_made_by_who_is_in_it_at_the_end(void **state)
{
    (void)state;
    town_rooms(&town);
    struct room *rooms[] = {&town.room[0], &town.room[1]};
    rooms_gather(rooms, 2, a);
    struct str left = room_leave(&town.room[0], a);
    rooms_take(rooms, 2, left);
    struct str record = room_sequence(&town.room[0], a, 0);
    (void)expect_refused(api_create(&town.api[2], record), 403, "not_member"); /* a stranger */
    (void)expect_refused(api_create(&town.api[0], record), 403, "not_member"); /* who has left by then */
    assert_false(row_of(1, town_circle(&town)).is_there);
    (void)expect_ok(api_create(&town.api[1], record), 201);
    struct row ana = row_of(0, town_circle(&town)), ben = row_of(1, town_circle(&town));
    assert_true(ana.is_there && ana.has_left && ben.is_there && !ben.has_left);
}

static void a_broken_record_is_refused_where_it_breaks(void **state)
{
    (void)state;
    town_rooms(&town);
    struct room *rooms[] = {&town.room[0], &town.room[1]};
    rooms_gather(rooms, 2, a);
    for (size_t i = 0; i < 3; i++) rooms_take(rooms, 2, room_say(&town.room[i % 2], a, people_note(a, "words")));
    size_t n = (size_t)town.room[0].chain.index.row_n;
    for (size_t bad = 0; bad < n; bad++) {
        struct str record = {0};
        for (size_t i = 0; i < n; i++) {
            struct entry e = room_entry(&town.room[0], i);
            struct str wire = town.room[0].wire[i];
            if (i == bad) wire = draft_wrap_sig(a, e.header, str_at(e.sig, SIG_BYTES - 1), e.payload);
            record = record.len == 0 ? wire : draft_then(a, record, wire);
        }
        struct api_reply r = expect_refused(api_create(&town.api[0], record), 400, "bad_entry"); /* a byte is missing */
        assert_int_equal(r.index, bad);
    }
    assert_false(row_of(0, town_circle(&town)).is_there);
}

static void a_journal_is_a_circle_for_one(void **state)
{
    (void)state;
    town_rooms(&town);
    struct str genesis = room_genesis(&town.room[0], a, true);
    (void)expect_ok(api_create(&town.api[0], genesis), 201);
    rooms_take((struct room *const[]){&town.room[0]}, 1, genesis);
    (void)expect_ok(town_say(&town, 0, "for me alone"), 201);
    struct town_state before = town_look(&town, 0);
    uint8_t secret[SECRET_BYTES];
    expect_detail(expect_refused(town_post(&town, 0, room_invite(&town.room[0], a, secret)), 409, "sole_circle"),
                  API_INDEX, API_FIELD);
    (void)expect_refused(town_leave(&town, 0), 409, "sole_circle");
    expect_same(&town, 0, before);
}

/* ---- the list ---------------------------------------------------------------------------------- */

static void the_list_shows_joined_head_and_left(void **state)
{
    (void)state;
    town_gather(&town, 3);
    struct row ana = row_of(0, town_circle(&town)), cleo = row_of(2, town_circle(&town));
    const struct circle *c = &town.room[0].chain.circle;
    assert_int_equal(ana.joined_seq, 0);
    assert_int_equal(cleo.joined_seq, c->member[2].joined_seq);
    assert_int_equal(cleo.head.seq, c->head_seq);
    assert_memory_equal(cleo.head.hash, c->head_hash, HASH_BYTES);
    (void)expect_ok(town_leave(&town, 2), 201);
    uint64_t left_seq = c->head_seq;
    (void)expect_ok(town_rotate(&town, 0, ROTATE_LEFT), 201);
    (void)expect_ok(town_say(&town, 0, "without Cleo"), 201);
    cleo = row_of(2, town_circle(&town));
    assert_true(cleo.is_there && cleo.has_left);
    assert_int_equal(cleo.left_seq, left_seq);
    ana = row_of(0, town_circle(&town));
    assert_int_equal(ana.head.seq, c->head_seq);
    assert_memory_equal(ana.head.hash, c->head_hash, HASH_BYTES);
}

/* ---- reading ----------------------------------------------------------------------------------- */

static void a_record_is_read_in_pages_of_any_size(void **state)
{
    (void)state;
    town_gather(&town, 2);
    for (int i = 0; i < 20; i++) (void)expect_ok(town_say(&town, (size_t)i % 2, "one more"), 201);
    size_t n = (size_t)town.room[0].chain.index.row_n;
    struct str record = room_sequence(&town.room[0], a, 0);
    for (size_t limit = 1; limit <= n + 1; limit++) {
        struct str read = {0};
        char tail[64];
        (void)snprintf(tail, sizeof tail, "?limit=%zu", limit);
        for (size_t after = 0;;) {
            struct api_reply r = expect_ok(read_page(1, tail), 200);
            size_t got = count(r.body);
            if (got == 0) break;
            assert_true(got <= limit);
            read = read.len == 0 ? arena_copy(a, r.body) : draft_then(a, read, r.body);
            after += got;
            (void)snprintf(tail, sizeof tail, "?after=%zu&limit=%zu", after - 1, limit);
        }
        assert_true(str_is(read, record));
    }
}

static void a_page_holds_256_entries_at_most_and_1_MiB(void **state)
{
    (void)state;
    enum { NOTES = 300, BIG = 20, BIG_BYTES = 60000 };
    town_gather(&town, 1);
    for (int batch = 0; batch < NOTES / 60; batch++) {
        struct room later = town.room[0];
        struct str entries = {0};
        for (int i = 0; i < 60; i++) {
            struct str one = room_say(&later, a, people_note(a, "short"));
            room_assume(&later, one);
            entries = entries.len == 0 ? one : draft_then(a, entries, one);
        }
        (void)expect_ok(town_post(&town, 0, entries), 201);
    }
    assert_int_equal(count(expect_ok(read_page(0, ""), 200).body), LIMIT_PAGE_ENTRIES);
    assert_int_equal(count(expect_ok(read_page(0, "?after=255"), 200).body), NOTES + 1 - LIMIT_PAGE_ENTRIES);
    static char words[BIG_BYTES + 1];
    memset(words, 'x', BIG_BYTES);
    for (int i = 0; i < BIG; i++) (void)expect_ok(town_say(&town, 0, words), 201);
    struct api_reply r = expect_ok(read_page(0, "?after=300"), 200);
    assert_in_range(r.body.len, LIMIT_BODY_BYTES - LIMIT_PAYLOAD_BYTES, LIMIT_BODY_BYTES);
    assert_in_range(count(r.body), 10, BIG - 1);
    assert_true(str_is(read_all(0), room_sequence(&town.room[0], a, 0)));
}

static void a_query_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    town_gather(&town, 1);
    static const char *const bad[] = {"?limit=0", "?limit=257", "?limit=", "?limit", "?after=", "?after=-1", "?after=x",
                                      "?after=4294967296", "?after=99999999999999999999", "?from=1", "?after=1%30",
                                      "?after=0x1", "?limit=1&nonsense=1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct api_reply r = read_page(0, bad[i]);
        if (r.status != 400) print_error("%s\n", bad[i]);
        (void)expect_refused(r, 400, "bad_query");
    }
    char path[API_PATH_BYTES];
    api_entries_path(path, town_circle(&town), "?repair=2");
    struct str note = room_say(&town.room[0], a, people_note(a, "words"));
    (void)expect_refused(api_post(&town.api[0], path, note), 400, "bad_query");
    api_entries_path(path, town_circle(&town), "?after=1");
    (void)expect_refused(api_post(&town.api[0], path, note), 400, "bad_query");
    api_entries_path(path, town_circle(&town), "?repair=1&repair=1");
    (void)expect_refused(api_post(&town.api[0], path, note), 400, "bad_query");
    (void)expect_ok(read_page(0, "?after=4294967295"), 200);
}

static void who_never_was_in_sees_what_nobody_has(void **state)
{
    (void)state;
    char unknown[API_PATH_BYTES];
    uint8_t nobody[HASH_BYTES] = {1};
    town_gather(&town, 2);
    api_entries_path(unknown, nobody, "");
    struct api_reply hidden = expect_refused(read_page(2, ""), 404, "no_circle");
    struct str copy = arena_copy(a, hidden.body);
    struct api_reply none = expect_refused(api_get(&town.api[2], unknown), 404, "no_circle");
    assert_true(str_is(copy, none.body));
    struct str note = room_say(&town.room[0], a, people_note(a, "words"));
    hidden = expect_refused(api_append(&town.api[2], town_circle(&town), note), 404, "no_circle");
    copy = arena_copy(a, hidden.body);
    none = expect_refused(api_append(&town.api[2], nobody, note), 404, "no_circle");
    assert_true(str_is(copy, none.body));
}

static void who_has_left_reads_up_to_the_own_leave_and_writes_no_more(void **state)
{
    (void)state;
    town_gather(&town, 2);
    (void)expect_ok(town_say(&town, 0, "before"), 201);
    struct str leave = room_leave(&town.room[1], a);
    (void)expect_ok(town_post(&town, 1, leave), 201);
    struct str until = room_sequence(&town.room[0], a, 0);
    (void)expect_ok(town_rotate(&town, 0, ROTATE_LEFT), 201);
    (void)expect_ok(town_say(&town, 0, "after"), 201);
    assert_true(str_is(read_all(1), until));
    struct town_state before = town_look(&town, 0);
    struct api_reply r =
        expect_refused(town_post(&town, 1, room_rotate(&town.room[0], a, ROTATE_WISH)), 403, "not_member");
    expect_no_detail(r);
    (void)expect_ok(api_append(&town.api[1], town_circle(&town), leave), 200); /* the answer to it was lost */
    expect_same(&town, 0, before);
}

static void when_the_last_one_leaves_the_record_stays_readable(void **state)
{
    (void)state;
    town_gather(&town, 2);
    (void)expect_ok(town_leave(&town, 0), 201);
    (void)expect_ok(town_leave(&town, 1), 201);
    struct row ana = row_of(0, town_circle(&town)), ben = row_of(1, town_circle(&town));
    assert_true(ana.has_left && ben.has_left);
    assert_true(str_is(read_all(1), room_sequence(&town.room[0], a, 0)));
    assert_int_equal(count(read_all(0)), ana.left_seq + 1);
    struct entry rotate = draft_rotate(&town.room[0], a, ROTATE_LEFT);
    (void)expect_refused(api_append(&town.api[0], town_circle(&town), draft_sign(a, &rotate, &town.person[0])), 403,
                         "not_member");
}

static int open_town(void **state)
{
    (void)state;
    town_open(&town, 3, NULL);
    return 0;
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_circle_begins_with_its_genesis),
        cmocka_unit_test(a_whole_record_moves_in_as_it_was),
        cmocka_unit_test(a_circle_begins_with_nothing_else_than_a_genesis),
        cmocka_unit_test(a_circle_is_made_by_who_is_in_it_at_the_end),
        cmocka_unit_test(a_broken_record_is_refused_where_it_breaks),
        cmocka_unit_test(a_journal_is_a_circle_for_one),
        cmocka_unit_test(the_list_shows_joined_head_and_left),
        cmocka_unit_test(a_record_is_read_in_pages_of_any_size),
        cmocka_unit_test(a_page_holds_256_entries_at_most_and_1_MiB),
        cmocka_unit_test(a_query_that_makes_no_sense_is_refused),
        cmocka_unit_test(who_never_was_in_sees_what_nobody_has),
        cmocka_unit_test(who_has_left_reads_up_to_the_own_leave_and_writes_no_more),
        cmocka_unit_test(when_the_last_one_leaves_the_record_stays_readable),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
