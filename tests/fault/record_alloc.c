/* record_alloc.c -- the 1st, 2nd, 3rd allocation fails, in everything of record that takes memory: the chain
 * and its index, and sealing and opening. The answer is success or NO_MEMORY; what was there stays as it
 * was; the same call succeeds when there is memory again; nothing leaks.
 *
 * What libsodium takes for itself (64 MiB for a passphrase or a safety phrase) is tried in the unit tests
 * of secret.c and phrase.c: this allocator stands between our own objects only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "harness/fault_alloc.h"
#include "harness/people.h"

enum { ENTRIES = 400, ROWS = 9000, ROOMY_BYTES = 64 * 1024 * 1024, LONG_BYTES = 60000 };

#define NOW_MS UINT64_C(1767225600000)

/* A true record, made before anything fails. */
static struct arena made;
static struct person ana;
static struct str wire[ENTRIES], whole;
static uint8_t head_hash[ENTRIES][HASH_BYTES];

/* ---- the chain ------------------------------------------------------------------------------------------ */

static void assert_is_prefix(const struct chain *chain, uint64_t n)
{
    assert_int_equal(chain->index.row_n, n);
    if (n == 0) {
        assert_false(chain->circle.is_begun);
        return;
    }
    assert_int_equal(chain->circle.head_seq, n - 1);
    assert_memory_equal(chain->circle.head_hash, head_hash[n - 1], HASH_BYTES);
    assert_memory_equal(index_row(&chain->index, n - 1)->hash, head_hash[n - 1], HASH_BYTES);
}

/* The id of an entry that was not taken is not there; those before it are. */
static void assert_ids(const struct chain *chain, uint64_t n)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry e;
        struct why why;
        uint64_t seq = 0;
        assert_int_equal(entry_read(wire[i], &e, &why), ERR_OK);
        assert_int_equal(index_find_id(&chain->index, e.id, &seq), i < n);
        if (i < n) assert_int_equal(seq, i);
    }
}

/* Reads entry by entry. What fails for want of memory is asked for again. */
static enum err chain_that_asks_again(size_t ceiling_bytes)
{
    struct arena a;
    struct chain chain;
    enum err first = ERR_OK;
    arena_init(&a, ceiling_bytes);
    chain_init(&chain, &a);
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry e = {.seq = 77};
        struct why why = {.field = "before", .at = 77};
        enum err err = chain_add(&chain, wire[i], &e, &why);
        if (err == ERR_OK) continue;
        assert_int_equal(err, ERR_NO_MEMORY);
        assert_int_equal(first, ERR_OK); /* one failure was asked for, so there is no second */
        assert_int_equal(why.code, ERR_NO_MEMORY);
        assert_null(why.field);
        assert_int_equal(e.seq, 77);
        assert_is_prefix(&chain, i);
        assert_ids(&chain, i);
        first = err;
        assert_int_equal(chain_add(&chain, wire[i], &e, &why), ERR_OK);
    }
    assert_is_prefix(&chain, ENTRIES);
    assert_ids(&chain, ENTRIES);
    arena_fini(&a);
    return first;
}

/* Reads all at once, and gives up where it fails. */
static enum err chain_that_gives_up(size_t ceiling_bytes)
{
    struct arena a;
    struct chain chain;
    struct why why = {.at = 0};
    size_t added_n = 0;
    arena_init(&a, ceiling_bytes);
    chain_init(&chain, &a);
    enum err e = chain_add_all(&chain, whole, &added_n, &why);
    assert_true(e == ERR_OK || e == ERR_NO_MEMORY);
    assert_int_equal(e == ERR_OK, added_n == ENTRIES);
    if (e != ERR_OK) assert_true(why.code == ERR_NO_MEMORY && why.at == added_n);
    assert_is_prefix(&chain, added_n);
    assert_ids(&chain, added_n);
    arena_fini(&a);
    return e;
}

/* ---- the index: long enough that its list of pages has to grow, too ------------------------------------- */

static void row_fill(struct entry *e, uint8_t id[static ID_BYTES], uint64_t seq)
{
    struct out o = out_over(id, ID_BYTES);
    out_put_be64(&o, seq);
    out_put_be64(&o, ~seq);
    *e = (struct entry){.kind = ENTRY_ROTATE, .seq = seq, .id = id, .author = ana.keys.sign_pk};
}

static enum err index_that_asks_again(size_t ceiling_bytes)
{
    struct arena a;
    struct index index;
    struct entry e;
    uint8_t id[ID_BYTES];
    enum err first = ERR_OK;
    arena_init(&a, ceiling_bytes);
    index_init(&index, &a);
    for (uint64_t seq = 0; seq < ROWS; seq++) {
        row_fill(&e, id, seq);
        enum err err = index_add(&index, &e);
        if (err == ERR_OK) continue;
        assert_int_equal(err, ERR_NO_MEMORY);
        assert_int_equal(first, ERR_OK);
        assert_int_equal(index.row_n, seq);
        assert_false(index_find_id(&index, id, NULL));
        first = err;
        assert_int_equal(index_add(&index, &e), ERR_OK);
    }
    for (uint64_t seq = 0; seq < ROWS; seq++) {
        uint64_t found = 0;
        row_fill(&e, id, seq);
        assert_true(index_find_id(&index, id, &found) && found == seq);
    }
    arena_fini(&a);
    return first;
}

/* ---- sealing and opening -------------------------------------------------------------------------------- */

static struct str short_text, long_text;

/* Seals and opens a short text and a long one. */
static enum err seal_and_open(size_t ceiling_bytes)
{
    static const uint8_t key[KEY_BYTES] = {1};
    static const uint8_t nothing[1];
    const struct payload_place place = {head_hash[0], ana.keys.sign_pk, head_hash[1], 3};
    const struct str text[] = {short_text, long_text};
    struct arena a;
    enum err e = ERR_OK;
    arena_init(&a, ceiling_bytes);
    for (size_t i = 0; i < 2 && e == ERR_OK; i++) {
        struct str payload = {nothing, 0}, opened = {nothing, 0};
        e = payload_seal(&a, &place, key, text[i], &payload);
        if (e != ERR_OK) assert_true(payload.at == nothing && payload.len == 0);
        if (e == ERR_OK) e = payload_open(&a, &place, key, payload, &opened);
        if (e != ERR_OK) assert_true(opened.at == nothing && opened.len == 0);
        else assert_true(str_is(opened, text[i]));
    }
    arena_fini(&a);
    return e;
}

/* ---- the torture ---------------------------------------------------------------------------------------- */

/* Lets the n-th allocation fail until the job needs fewer than n; gives how many it needs. */
static size_t torture(enum err (*job)(size_t ceiling_bytes), enum fault_span span)
{
    for (size_t n = 1;; n++) {
        size_t live = fault_alloc_live();
        fault_alloc_arm(n, span);
        enum err e = job(ROOMY_BYTES);
        bool has_failed = fault_alloc_has_failed();
        size_t calls = fault_alloc_calls();
        fault_alloc_disarm();
        assert_int_equal(fault_alloc_live(), live);
        assert_int_equal(e, has_failed ? ERR_NO_MEMORY : ERR_OK);
        if (!has_failed) {
            assert_int_equal(calls, n - 1);
            return calls;
        }
    }
}

/* Every ceiling from nothing up, until there is enough. */
static size_t enough_bytes(enum err (*job)(size_t ceiling_bytes), size_t step_bytes)
{
    size_t ceiling_bytes = 0;
    while (job(ceiling_bytes) == ERR_NO_MEMORY) ceiling_bytes += step_bytes;
    return ceiling_bytes;
}

static void a_chain_that_runs_out_of_memory_is_as_before(void **state)
{
    (void)state;
    size_t calls = torture(chain_that_asks_again, FAULT_ONE);
    printf("%d entries need %zu allocations.\n", ENTRIES, calls);
    assert_true(calls >= 5);
    assert_int_equal(torture(chain_that_gives_up, FAULT_ONE), calls);
    assert_int_equal(torture(chain_that_gives_up, FAULT_ALL), calls);
}

static void a_chain_that_reaches_its_ceiling_is_as_before(void **state)
{
    (void)state;
    size_t bytes = enough_bytes(chain_that_gives_up, 3000);
    printf("%d entries need %zu bytes.\n", ENTRIES, bytes);
    assert_true(bytes > ENTRIES * sizeof(struct index_row) && bytes < 300 * ENTRIES);
}

static void an_index_that_runs_out_of_memory_is_as_before(void **state)
{
    (void)state;
    assert_true(torture(index_that_asks_again, FAULT_ONE) > 20);
}

static void sealing_and_opening_give_out_nothing_without_memory(void **state)
{
    (void)state;
    assert_true(torture(seal_and_open, FAULT_ONE) >= 3);
    assert_true(torture(seal_and_open, FAULT_ALL) >= 3);
    assert_true(enough_bytes(seal_and_open, 16) > LONG_BYTES);
}

/* What takes no arena takes no memory at all: one look at the rest of an entry's way. */
static void reading_and_judging_take_no_memory(void **state)
{
    (void)state;
    struct entry e;
    struct why why;
    struct circle c = {.is_begun = false}, loaded;
    uint8_t saved[CIRCLE_SAVED_BYTES];
    struct out o = OUT_OVER(saved);
    struct circle_past past = {NULL, NULL, NULL}; /* not asked about a genesis */
    fault_alloc_arm(1, FAULT_ALL);
    assert_int_equal(entry_read(wire[0], &e, &why), ERR_OK);
    struct circle_terms terms = {.is_signed = entry_is_signed(&e), .payload_fits = entry_payload_fits(&e)};
    assert_int_equal(circle_judge(&c, &e, &past, &terms, &why), ERR_OK);
    (void)circle_advance(&c, &e);
    circle_save(&o, &c);
    assert_int_equal(circle_load(&loaded, out_str(&o), 0, e.hash), ERR_OK);
    size_t calls = fault_alloc_calls();
    fault_alloc_disarm();
    assert_int_equal(calls, 0);
}

static int make_all(void **state)
{
    (void)state;
    struct room room;
    if (record_open() != ERR_OK) return -1;
    arena_init(&made, 1024 * 1024 * 1024);
    person_init(&ana, "Ana", 1);
    room_init(&room, &ana, NOW_MS);
    for (size_t i = 0; i < ENTRIES; i++) {
        wire[i] = i == 0 ? room_genesis(&room, &made, false) : room_say(&room, &made, people_note(&made, "words"));
        room_assume(&room, wire[i]);
        memcpy(head_hash[i], room.at.head_hash, HASH_BYTES);
    }
    struct out o = out_over(arena_take(&made, ENTRIES * 1024), ENTRIES * 1024);
    for (size_t i = 0; i < ENTRIES; i++) out_put(&o, wire[i]);
    whole = out_str(&o);
    short_text = people_note(&made, "short");
    char *words = arena_take(&made, LONG_BYTES + 1);
    memset(words, 'w', LONG_BYTES);
    long_text = people_note(&made, words);
    room_fini(&room);
    return whole.at == NULL ? -1 : 0;
}

static int drop_all(void **state)
{
    (void)state;
    person_fini(&ana);
    arena_fini(&made);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_that_runs_out_of_memory_is_as_before),
        cmocka_unit_test(a_chain_that_reaches_its_ceiling_is_as_before),
        cmocka_unit_test(an_index_that_runs_out_of_memory_is_as_before),
        cmocka_unit_test(sealing_and_opening_give_out_nothing_without_memory),
        cmocka_unit_test(reading_and_judging_take_no_memory),
    };
    return cmocka_run_group_tests(tests, make_all, drop_all);
}
