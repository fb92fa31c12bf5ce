/* index.c -- what a reader remembers of a record [H6]: every id, every author, what is erased and what is
 * lacking; with ten thousand entries, and with ids that somebody chose to do harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "harness/aborts.h"
#include "harness/people.h"
#include "harness/random.h"

enum { MANY = 10000, CEILING_BYTES = 64 * 1024 * 1024 };

/* An entry of which only those fields are filled that an index looks at. */
static struct entry entry_at(uint64_t seq, const uint8_t *id, enum entry_kind kind)
{
    static uint8_t author[SIGN_PK_BYTES];
    struct entry e = {.kind = kind, .seq = seq, .id = id, .author = author, .payload = STR("words")};
    memset(author, (int)(seq % 7), sizeof author);
    for (size_t i = 0; i < 8; i++) e.hash[i] = (uint8_t)(seq >> 8 * i);
    if (!entry_has_payload(kind)) e.payload = (struct str){0};
    return e;
}

static void assert_added(struct index *index, const struct entry *e)
{
    assert_int_equal(index_add(index, e), ERR_OK);
}

/* Adds them all, and finds each at its place. */
static void assert_all_are_found(const uint8_t (*ids)[ID_BYTES], size_t n)
{
    struct arena a;
    struct index index;
    arena_init(&a, CEILING_BYTES);
    index_init(&index, &a);
    for (size_t i = 0; i < n; i++) {
        struct entry e = entry_at(i, ids[i], ENTRY_SEALED);
        assert_false(index_find_id(&index, ids[i], NULL));
        assert_added(&index, &e);
    }
    assert_int_equal(index.row_n, n);
    assert_int_equal(index.lacking_n, 0);
    for (size_t i = 0; i < n; i++) {
        uint64_t seq = UINT64_MAX;
        uint8_t other[ID_BYTES];
        assert_true(index_find_id(&index, ids[i], &seq));
        assert_true(seq == i);
        assert_true(index_find_id(&index, ids[i], NULL));
        struct entry e = entry_at(i, ids[i], ENTRY_SEALED);
        const struct index_row *row = index_row(&index, i);
        assert_memory_equal(row->id, ids[i], ID_BYTES);
        assert_memory_equal(row->hash, e.hash, HASH_BYTES);
        assert_memory_equal(row->author, e.author, SIGN_PK_BYTES);
        assert_int_equal(row->kind, ENTRY_SEALED);
        assert_true(row->has_payload && !row->is_erased);
        memcpy(other, ids[i], ID_BYTES);
        other[i % ID_BYTES] ^= 0x80; /* none of the sets below has such a pair */
        assert_false(index_find_id(&index, other, &seq));
        assert_true(seq == i);
    }
    arena_fini(&a);
}

static uint8_t ids[MANY][ID_BYTES];

static void H6_ten_thousand_ids_are_found(void **state)
{
    (void)state;
    struct random r;
    random_init(&r, "index");
    for (size_t i = 0; i < MANY; i++) random_bytes(&r, ids[i], ID_BYTES);
    assert_all_are_found((const uint8_t (*)[ID_BYTES])ids, MANY);
}

/* Ids that differ in two bytes only, wherever those stand: a careless table would put them all in one slot. */
static void H6_hostile_ids_are_found(void **state)
{
    (void)state;
    for (size_t at = 0; at + 1 < ID_BYTES; at += 7) {
        memset(ids, 0, sizeof ids);
        for (size_t i = 0; i < MANY; i++) {
            ids[i][at] = (uint8_t)(i & 0x7f);
            ids[i][at + 1] = (uint8_t)(i >> 7 & 0x7f);
        }
        assert_all_are_found((const uint8_t (*)[ID_BYTES])ids, MANY);
    }
}

/* Nobody can aim at one slot: where an id goes is another secret in each index. */
static void H6_two_indexes_place_ids_differently(void **state)
{
    (void)state;
    struct arena a;
    struct index one, two;
    arena_init(&a, CEILING_BYTES);
    index_init(&one, &a);
    index_init(&two, &a);
    memset(ids, 0, sizeof ids);
    for (size_t i = 0; i < 1000; i++) {
        ids[i][0] = (uint8_t)i;
        ids[i][1] = (uint8_t)(i >> 8);
        struct entry e = entry_at(i, ids[i], ENTRY_SEALED);
        assert_added(&one, &e);
        assert_added(&two, &e);
    }
    assert_int_equal(one._slot_n, two._slot_n);
    size_t same_n = 0, taken_n = 0;
    for (size_t i = 0; i < one._slot_n; i++) {
        taken_n += one._slot[i] != 0;
        same_n += one._slot[i] != 0 && one._slot[i] == two._slot[i];
    }
    assert_int_equal(taken_n, 1000);
    assert_true(same_n < 50); /* by chance, about one in a slot_n-th */
    arena_fini(&a);
}

static void H6_an_empty_index_has_nothing(void **state)
{
    (void)state;
    struct arena a;
    struct index index;
    uint64_t seq = 7;
    arena_init(&a, 0); /* takes no memory before the first entry */
    index_init(&index, &a);
    assert_false(index_find_id(&index, ids[0], &seq));
    assert_int_equal(seq, 7);
    assert_int_equal(index.row_n, 0);
    arena_fini(&a);
}

static void H6_rows_never_move(void **state)
{
    (void)state;
    struct arena a;
    struct index index;
    const struct index_row *row[MANY];
    struct random r;
    random_init_seed(&r, 1);
    arena_init(&a, CEILING_BYTES);
    index_init(&index, &a);
    for (size_t i = 0; i < MANY; i++) {
        random_bytes(&r, ids[i], ID_BYTES);
        struct entry e = entry_at(i, ids[i], ENTRY_ROTATE);
        assert_added(&index, &e);
        row[i] = index_row(&index, i);
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_ptr_equal(row[i], index_row(&index, i));
        assert_memory_equal(row[i]->id, ids[i], ID_BYTES);
    }
    printf("%d entries take %zu bytes each.\n", MANY, a._taken_bytes / MANY);
    assert_true(a._taken_bytes / MANY < 150);
    arena_fini(&a);
}

/* ---- what is erased and what is lacking ----------------------------------------------------------------- */

static void add(struct index *index, enum entry_kind kind, bool has_payload)
{
    uint8_t id[ID_BYTES] = {0};
    struct out o = out_over(id, ID_BYTES);
    out_put_be64(&o, index->row_n + 1);
    struct entry e = entry_at(index->row_n, id, kind);
    if (!has_payload) e.payload = (struct str){0};
    assert_added(index, &e);
}

static void add_redact(struct index *index, uint64_t first, uint64_t second)
{
    uint8_t id[ID_BYTES] = {0xff};
    struct out o = out_over(id + 8, 8);
    out_put_be64(&o, index->row_n);
    struct entry e = entry_at(index->row_n, id, ENTRY_REDACT);
    e.body.redact.seq[0] = first;
    e.body.redact.seq[1] = second;
    e.body.redact.seq_n = second == first ? 1 : 2;
    assert_added(index, &e);
}

static void H3_what_is_lacking_is_counted_until_a_redact_names_it(void **state)
{
    (void)state;
    struct arena a;
    struct index index;
    arena_init(&a, CEILING_BYTES);
    index_init(&index, &a);
    add(&index, ENTRY_GENESIS, false); /* kinds without payload lack nothing */
    add(&index, ENTRY_SEALED, true);
    add(&index, ENTRY_SEALED, false);
    add(&index, ENTRY_INVITE, true);
    add(&index, ENTRY_SEALED, false);
    add(&index, ENTRY_SEALED, false);
    assert_int_equal(index.lacking_n, 3);
    add_redact(&index, 1, 1); /* was there: nothing less is lacking */
    assert_int_equal(index.lacking_n, 3);
    add_redact(&index, 2, 5);
    assert_int_equal(index.lacking_n, 1);
    add_redact(&index, 4, 4);
    assert_int_equal(index.lacking_n, 0);
    static const bool erased[] = {false, true, true, false, true, true, false, false, false};
    static const bool there[] = {true, true, false, true, false, false, true, true, true};
    for (uint64_t seq = 0; seq < 9; seq++) {
        assert_int_equal(index_row(&index, seq)->is_erased, erased[seq]);
        assert_int_equal(index_row(&index, seq)->has_payload, there[seq]);
    }
    arena_fini(&a);
}

static void H6_the_past_tells_what_the_index_knows(void **state)
{
    (void)state;
    struct arena a;
    struct index index;
    arena_init(&a, CEILING_BYTES);
    index_init(&index, &a);
    add(&index, ENTRY_GENESIS, false);
    add(&index, ENTRY_SEALED, true);
    add_redact(&index, 1, 1);
    struct circle_past past = index_past(&index);
    static const enum entry_kind kinds[] = {ENTRY_GENESIS, ENTRY_SEALED, ENTRY_REDACT};
    for (uint64_t seq = 0; seq < 3; seq++) {
        struct circle_fact fact = {.is_erased = seq != 1};
        struct entry e = entry_at(seq, NULL, kinds[seq]);
        bool is_taken = false;
        assert_int_equal(past.fact_at(past.of, seq, &fact), ERR_OK);
        assert_int_equal(fact.kind, kinds[seq]);
        assert_int_equal(fact.is_erased, seq == 1);
        assert_memory_equal(fact.author, e.author, SIGN_PK_BYTES);
        assert_int_equal(past.id_is_taken(past.of, index_row(&index, seq)->id, &is_taken), ERR_OK);
        assert_true(is_taken);
    }
    bool is_taken = true;
    uint8_t other[ID_BYTES] = {1, 2, 3};
    assert_int_equal(past.id_is_taken(past.of, other, &is_taken), ERR_OK);
    assert_false(is_taken);
    arena_fini(&a);
}

/* ---- the ends ------------------------------------------------------------------------------------------- */

static void ask_past_the_end(void)
{
    struct arena a;
    struct index index;
    arena_init(&a, CEILING_BYTES);
    index_init(&index, &a);
    add(&index, ENTRY_GENESIS, false);
    (void)index_row(&index, 1);
}

static void add_out_of_turn(void)
{
    struct arena a;
    struct index index;
    arena_init(&a, CEILING_BYTES);
    index_init(&index, &a);
    struct entry e = entry_at(1, ids[0], ENTRY_SEALED);
    (void)!index_add(&index, &e);
}

static void H6_asking_past_the_end_is_misuse(void **state)
{
    (void)state;
    assert_true(aborts(ask_past_the_end));
    assert_true(aborts(add_out_of_turn));
}

/* A record may have 2^32 entries; one more than an index can number is bad luck, not misuse. */
static void H6_the_very_last_place_is_refused(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, CEILING_BYTES);
    struct index index = {._arena = &a, .row_n = UINT32_MAX}, before = index;
    struct entry e = entry_at(UINT32_MAX, ids[0], ENTRY_SEALED);
    assert_int_equal(index_add(&index, &e), ERR_NO_MEMORY);
    assert_memory_equal(&index, &before, sizeof index);
    arena_fini(&a);
}

static int open_record(void **state)
{
    (void)state;
    return record_open() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(H6_an_empty_index_has_nothing),
        cmocka_unit_test(H6_ten_thousand_ids_are_found),
        cmocka_unit_test(H6_hostile_ids_are_found),
        cmocka_unit_test(H6_two_indexes_place_ids_differently),
        cmocka_unit_test(H6_rows_never_move),
        cmocka_unit_test(H3_what_is_lacking_is_counted_until_a_redact_names_it),
        cmocka_unit_test(H6_the_past_tells_what_the_index_knows),
        cmocka_unit_test(H6_asking_past_the_end_is_misuse),
        cmocka_unit_test(H6_the_very_last_place_is_refused),
    };
    return cmocka_run_group_tests(tests, open_record, NULL);
}
