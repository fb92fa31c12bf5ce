/* base_alloc.c -- the 1st, 2nd, 3rd allocation fails, until the job succeeds: the answer is all or NULL,
 * what was there stays as it was, and nothing leaks. The arena is what takes memory in base; everything
 * else there takes none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/cbor.h"
#include "base/limits.h"
#include "harness/fault_alloc.h"

enum { PIECES = 40, ROOMY_BYTES = 1024 * 1024 };

/* What is already in the arena; each piece is filled with its own number. */
struct held {
    uint8_t *at[PIECES];
    size_t bytes[PIECES], n;
};

static void keep(struct held *held, uint8_t *piece, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) assert_int_equal(piece[i], 0);
    memset(piece, (int)held->n + 1, bytes);
    held->at[held->n] = piece;
    held->bytes[held->n++] = bytes;
}

static void assert_unharmed(const struct held *held)
{
    for (size_t i = 0; i < held->n; i++) {
        for (size_t j = 0; j < held->bytes[i]; j++) assert_int_equal(held->at[i][j], i + 1);
    }
}

/* Half a block, a whole one, one and a half: some share, some stand alone. */
static size_t size_of_piece(size_t i)
{
    return ARENA_BLOCK_BYTES / 2 * (i % 4) + i;
}

/* A request that gives up at the first NULL, as every function of record does. */
static bool job_that_gives_up(void)
{
    struct arena a;
    struct held held = {.n = 0};
    arena_init(&a, ROOMY_BYTES);
    uint8_t *piece = NULL;
    for (size_t i = 0; i < PIECES; i++) {
        piece = arena_take(&a, size_of_piece(i));
        if (piece == NULL) break;
        keep(&held, piece, size_of_piece(i));
    }
    assert_unharmed(&held);
    arena_fini(&a);
    return piece != NULL;
}

/* A job that asks again: a NULL must have changed nothing, not even what is left of the ceiling. */
static bool job_that_asks_again(void)
{
    struct arena a;
    struct held held = {.n = 0};
    size_t needed_bytes = 0;
    for (size_t i = 0; i < PIECES; i++) needed_bytes += (size_of_piece(i) + 15) / 16 * 16;
    arena_init(&a, needed_bytes);
    bool is_first_try = true;
    for (size_t i = 0; i < PIECES; i++) {
        uint8_t *piece = arena_take(&a, size_of_piece(i));
        if (piece == NULL) {
            assert_true(is_first_try);
            is_first_try = false;
            assert_unharmed(&held);
            piece = arena_take(&a, size_of_piece(i));
        }
        assert_non_null(piece);
        keep(&held, piece, size_of_piece(i));
    }
    assert_null(arena_take(&a, 1));
    assert_unharmed(&held);
    arena_fini(&a);
    return is_first_try;
}

static bool job_that_copies(void)
{
    static const uint8_t words[3 * ARENA_BLOCK_BYTES] = {'h', 'e', 'a', 'r', 'd'};
    struct arena a;
    arena_init(&a, ROOMY_BYTES);
    a.holds_secrets = true;
    bool is_done = true;
    for (size_t i = 0; i < PIECES && is_done; i++) {
        struct str s = str_at(words, i * sizeof words / PIECES), copy = arena_copy(&a, s);
        is_done = copy.at != NULL;
        if (is_done) assert_true(str_is(copy, s));
        if (!is_done) assert_int_equal(copy.len, 0);
    }
    arena_fini(&a);
    return is_done;
}

/* Lets the n-th allocation fail until the job needs fewer than n. Gives how many it needs. */
static size_t torture(bool (*job)(void), enum fault_span span)
{
    for (size_t n = 1;; n++) {
        size_t live = fault_alloc_live();
        fault_alloc_arm(n, span);
        bool is_done = job();
        bool has_failed = fault_alloc_has_failed();
        size_t calls = fault_alloc_calls();
        fault_alloc_disarm();
        assert_int_equal(fault_alloc_live(), live);
        assert_int_equal(is_done, !has_failed);
        if (!has_failed) {
            assert_int_equal(calls, n - 1);
            return calls;
        }
    }
}

static void giving_up_leaks_nothing(void **state)
{
    (void)state;
    size_t calls = torture(job_that_gives_up, FAULT_ONE);
    printf("%d pieces need %zu allocations.\n", PIECES, calls);
    assert_true(calls > 10);
    assert_int_equal(torture(job_that_gives_up, FAULT_ALL), calls);
}

static void asking_again_finds_the_arena_unharmed(void **state)
{
    (void)state;
    assert_true(torture(job_that_asks_again, FAULT_ONE) > 10);
}

static void a_copy_is_whole_or_absent(void **state)
{
    (void)state;
    size_t calls = torture(job_that_copies, FAULT_ONE);
    assert_true(calls > 3);
    assert_int_equal(torture(job_that_copies, FAULT_ALL), calls);
}

static void nothing_else_of_base_takes_memory(void **state)
{
    (void)state;
    fault_alloc_arm(1, FAULT_ALL);
    uint8_t room[64];
    struct out o = OUT_OVER(room);
    cbor_put_map(&o, 2);
    cbor_put_uint(&o, 1);
    cbor_put_text(&o, STR("Ana"));
    cbor_put_uint(&o, 2);
    cbor_put_list(&o, 1);
    cbor_put_uint(&o, 1000);
    struct cbor_map map;
    struct cbor_list list;
    struct str text;
    uint64_t number = 0;
    assert_int_equal(cbor_map(out_str(&o), &map), ERR_OK);
    assert_int_equal(cbor_text(map.item[1], &text), ERR_OK);
    assert_int_equal(cbor_list(map.item[2], &list), ERR_OK);
    assert_int_equal(cbor_uint(list.item[0], &number), ERR_OK);
    assert_int_equal(number, 1000);
    assert_string_equal(err_code(err_from_code(STR("head_moved"))), "head_moved");
    assert_int_equal(fault_alloc_calls(), 0);
    fault_alloc_disarm();
}

/* The tool itself: a leak and a failure must be seen, or the tests above prove nothing. */
static void the_allocator_of_this_test_sees_leaks_and_fails_when_told(void **state)
{
    (void)state;
    size_t live = fault_alloc_live();
    struct arena forgotten;
    arena_init(&forgotten, ROOMY_BYTES);
    assert_non_null(arena_take(&forgotten, 1));
    assert_int_equal(fault_alloc_live(), live + 1);
    arena_fini(&forgotten);
    assert_int_equal(fault_alloc_live(), live);

    struct arena a;
    arena_init(&a, ROOMY_BYTES);
    static const bool one[] = {true, false, true, true}, all[] = {true, false, false, false};
    for (int span = 0; span < 2; span++) {
        fault_alloc_arm(2, span == 0 ? FAULT_ONE : FAULT_ALL);
        for (size_t i = 0; i < 4; i++) {
            bool is_there = arena_take(&a, ARENA_BLOCK_BYTES) != NULL;
            assert_int_equal(is_there, (span == 0 ? one : all)[i]);
            assert_int_equal(fault_alloc_calls(), i + 1);
            assert_int_equal(fault_alloc_has_failed(), i > 0);
        }
    }
    fault_alloc_disarm();
    assert_false(fault_alloc_has_failed());
    assert_int_equal(fault_alloc_calls(), 0);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_allocator_of_this_test_sees_leaks_and_fails_when_told),
        cmocka_unit_test(giving_up_leaks_nothing),
        cmocka_unit_test(asking_again_finds_the_arena_unharmed),
        cmocka_unit_test(a_copy_is_whole_or_absent),
        cmocka_unit_test(nothing_else_of_base_takes_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
