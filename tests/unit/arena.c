/* arena.c -- memory taken piece by piece: aligned, zeroed, apart, within its ceiling, given back, wiped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/limits.h"
#include "harness/fault_alloc.h"

enum { ROOMY_BYTES = 16 * 1024 * 1024 };

static bool is_all(const uint8_t *at, size_t n, uint8_t byte)
{
    for (size_t i = 0; i < n; i++) {
        if (at[i] != byte) return false;
    }
    return true;
}

/* Every test must give back all it took. */
static size_t live_before;

static int setup(void **state)
{
    (void)state;
    fault_alloc_disarm();
    live_before = fault_alloc_live();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fault_alloc_on_free(NULL);
    return fault_alloc_live() == live_before ? 0 : -1;
}

static void an_empty_arena_takes_no_memory(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, ROOMY_BYTES);
    assert_int_equal(fault_alloc_calls(), 0);
    assert_false(a.holds_secrets);
    arena_fini(&a);
    arena_fini(&a);
    assert_int_equal(fault_alloc_calls(), 0);
}

static void pieces_are_aligned_zeroed_and_apart(void **state)
{
    (void)state;
    enum { PIECES = 600 };
    uint8_t *piece[PIECES];
    struct arena a;
    arena_init(&a, ROOMY_BYTES);
    for (size_t n = 0; n < PIECES; n++) {
        piece[n] = arena_take(&a, n);
        assert_non_null(piece[n]);
        assert_int_equal((uintptr_t)piece[n] % 16, 0);
        assert_true(is_all(piece[n], n, 0));
        memset(piece[n], (int)(n % 251), n);
    }
    for (size_t n = 0; n < PIECES; n++) assert_true(is_all(piece[n], n, (uint8_t)(n % 251)));
    assert_true(fault_alloc_calls() > 10);
    arena_fini(&a);
    assert_int_equal(fault_alloc_live(), live_before);
}

static void small_pieces_share_a_block(void **state)
{
    (void)state;
    enum { PIECES = 5000, IN_A_BLOCK = ARENA_BLOCK_BYTES / 16 };
    struct arena a;
    arena_init(&a, ROOMY_BYTES);
    for (size_t i = 0; i < PIECES; i++) assert_non_null(arena_take(&a, 1 + i % 16));
    assert_int_equal(fault_alloc_calls(), (PIECES + IN_A_BLOCK - 1) / IN_A_BLOCK);
    arena_fini(&a);
}

static void a_piece_larger_than_a_block_has_its_own(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, ROOMY_BYTES);
    const size_t bytes = 5 * ARENA_BLOCK_BYTES + 1;
    uint8_t *small = arena_take(&a, 16), *large = arena_take(&a, bytes), *after = arena_take(&a, 16);
    assert_non_null(small);
    assert_non_null(large);
    assert_non_null(after);
    assert_true(is_all(large, bytes, 0));
    memset(small, 1, 16);
    memset(large, 2, bytes);
    memset(after, 3, 16);
    assert_true(is_all(small, 16, 1));
    assert_true(is_all(large, bytes, 2));
    arena_fini(&a);
}

static void the_ceiling_holds_to_the_byte(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1024);
    for (int i = 0; i < 64; i++) assert_non_null(arena_take(&a, i % 2 == 0 ? 16 : 1));
    assert_null(arena_take(&a, 1));
    assert_null(arena_take(&a, 1024));
    assert_non_null(arena_take(&a, 0));
    arena_fini(&a);

    arena_init(&a, 1024);
    assert_null(arena_take(&a, 1025));
    assert_non_null(arena_take(&a, 1008)); /* a refusal costs nothing */
    assert_null(arena_take(&a, 17));
    assert_non_null(arena_take(&a, 16));
    assert_null(arena_take(&a, 1));
    arena_fini(&a);

    arena_init(&a, 1023); /* the last incomplete step of 16 is out of reach */
    assert_null(arena_take(&a, 1009));
    assert_non_null(arena_take(&a, 1008));
    assert_null(arena_take(&a, 1));
    arena_fini(&a);

    arena_init(&a, 0);
    assert_null(arena_take(&a, 1));
    assert_non_null(arena_take(&a, 0));
    arena_fini(&a);
}

static void after_fini_it_may_be_used_again(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 4096);
    a.holds_secrets = true;
    for (int round = 0; round < 3; round++) {
        uint8_t *piece = arena_take(&a, 4096);
        assert_non_null(piece);
        assert_true(is_all(piece, 4096, 0));
        memset(piece, 0xff, 4096);
        assert_null(arena_take(&a, 1));
        arena_fini(&a);
        assert_int_equal(fault_alloc_live(), live_before);
        assert_true(a.holds_secrets);
    }
}

static void huge_sizes_do_not_wrap(void **state)
{
    (void)state;
    static const size_t ceilings[] = {1 << 20, SIZE_MAX / 2, SIZE_MAX - 15, SIZE_MAX - 1, SIZE_MAX};
    for (size_t c = 0; c < sizeof ceilings / sizeof *ceilings; c++) {
        struct arena a;
        arena_init(&a, ceilings[c]);
        for (int taken = 0; taken < 2; taken++) { /* with and without a block to look at */
            for (size_t less = 0; less < 100; less++) assert_null(arena_take(&a, SIZE_MAX - less));
            assert_null(arena_take(&a, SIZE_MAX / 2));
            assert_null(arena_take(&a, SIZE_MAX / 2 + 1));
            assert_non_null(arena_take(&a, 100));
        }
        arena_fini(&a);
    }
}

static void no_memory_costs_nothing_of_the_ceiling(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 2 * ARENA_BLOCK_BYTES);
    fault_alloc_arm(1, FAULT_ONE);
    assert_null(arena_take(&a, ARENA_BLOCK_BYTES));
    assert_true(fault_alloc_has_failed());
    uint8_t *first = arena_take(&a, ARENA_BLOCK_BYTES);
    assert_non_null(first);
    memset(first, 7, ARENA_BLOCK_BYTES);
    fault_alloc_arm(1, FAULT_ONE);
    assert_null(arena_take(&a, ARENA_BLOCK_BYTES));
    assert_non_null(arena_take(&a, ARENA_BLOCK_BYTES));
    assert_true(is_all(first, ARENA_BLOCK_BYTES, 7));
    arena_fini(&a);
}

static void a_copy_is_the_same_bytes_elsewhere(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 64);
    char words[] = "I will, by Friday.";
    struct str copy = arena_copy(&a, str_of_text(words));
    assert_ptr_not_equal(copy.at, words);
    words[0] = 'U';
    assert_true(str_is(copy, STR("I will, by Friday.")));
    struct str empty = arena_copy(&a, (struct str){0});
    assert_non_null(empty.at);
    assert_int_equal(empty.len, 0);
    struct str none = arena_copy(&a, STR("This is more than what is left of it."));
    assert_null(none.at);
    assert_int_equal(none.len, 0);
    arena_fini(&a);
}

/* ---- wiping ---------------------------------------------------------------------------------- */

enum { SECRETS = 3 };
static const size_t secret_bytes[SECRETS] = {5, 32, 3 * ARENA_BLOCK_BYTES};
static const uint8_t *secret[SECRETS];
static size_t seen_n, wiped_n;

static void look_for_secrets(const void *piece, size_t bytes)
{
    for (size_t i = 0; i < SECRETS; i++) {
        uintptr_t at = (uintptr_t)secret[i], from = (uintptr_t)piece;
        if (at < from || at - from >= bytes) continue;
        seen_n++;
        if (is_all(secret[i], secret_bytes[i], 0)) wiped_n++;
    }
}

static void take_secrets_and_end(bool holds_secrets)
{
    struct arena a;
    arena_init(&a, ROOMY_BYTES);
    a.holds_secrets = holds_secrets;
    for (size_t i = 0; i < SECRETS; i++) {
        uint8_t *piece = arena_take(&a, secret_bytes[i]);
        assert_non_null(piece);
        memset(piece, 's', secret_bytes[i]);
        secret[i] = piece;
    }
    seen_n = wiped_n = 0;
    fault_alloc_on_free(look_for_secrets);
    arena_fini(&a);
    fault_alloc_on_free(NULL);
    assert_int_equal(seen_n, SECRETS);
}

static void secrets_are_wiped_before_they_are_freed(void **state)
{
    (void)state;
    take_secrets_and_end(true);
    assert_int_equal(wiped_n, SECRETS);
}

/* So that the test above could fail. */
static void what_is_no_secret_is_freed_as_it_is(void **state)
{
    (void)state;
    take_secrets_and_end(false);
    assert_int_equal(wiped_n, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_arena_takes_no_memory),
        TEST(pieces_are_aligned_zeroed_and_apart),
        TEST(small_pieces_share_a_block),
        TEST(a_piece_larger_than_a_block_has_its_own),
        TEST(the_ceiling_holds_to_the_byte),
        TEST(after_fini_it_may_be_used_again),
        TEST(huge_sizes_do_not_wrap),
        TEST(no_memory_costs_nothing_of_the_ceiling),
        TEST(a_copy_is_the_same_bytes_elsewhere),
        TEST(secrets_are_wiped_before_they_are_freed),
        TEST(what_is_no_secret_is_freed_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
