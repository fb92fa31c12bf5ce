/* check.c -- which signatures are needed before a record that was only linked by its hashes is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/check.h"
#include "harness/people.h"

#define NOON_MS UINT64_C(1770000000000)
enum { CEILING_BYTES = 32 * 1024 * 1024 };

struct story {
    struct person ana, ben, eve;
    struct room a, b;
    struct room *room[2];
    struct arena arena;
    struct copy copy;
    struct check check;
    uint64_t own; /* Ana's newest entry */
};

static void say(struct story *s, struct room *room, const char *words)
{
    rooms_take(s->room, 2, room_say(room, &s->arena, people_note(&s->arena, words)));
}

static int setup(void **state)
{
    static struct story s;
    s = (struct story){0};
    assert_int_equal(record_open(), ERR_OK);
    person_init(&s.ana, "Ana", 1);
    person_init(&s.ben, "Ben", 2);
    person_init(&s.eve, "Eve", 9);
    room_init(&s.a, &s.ana, NOON_MS);
    room_init(&s.b, &s.ben, NOON_MS);
    s.room[0] = &s.a;
    s.room[1] = &s.b;
    arena_init(&s.arena, CEILING_BYTES);
    rooms_gather(s.room, 2, &s.arena);
    say(&s, &s.a, "mine");
    s.own = s.a.chain.circle.head_seq;
    for (int i = 0; i < 3; i++) say(&s, &s.b, "Ben's");
    copy_init(&s.copy, s.a.chain.circle.id, &s.ana.keys, CEILING_BYTES);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    struct story *s = *state;
    copy_fini(&s->copy);
    room_fini(&s->a);
    room_fini(&s->b);
    arena_fini(&s->arena);
    return 0;
}

static void load(struct story *s, uint64_t n)
{
    struct why why;
    for (uint64_t seq = 0; seq < n; seq++) {
        assert_int_equal(copy_add(&s->copy, s->a.wire[seq], COPY_KNOWN, 0, NULL, &why), ERR_OK);
    }
}

static void up_to_a_pin_nothing_is_needed(void **state)
{
    struct story *s = *state;
    load(s, s->a.chain.index.row_n);
    struct chain_pin pin = copy_pin(&s->copy);
    assert_int_equal(check_begin(&s->check, &s->copy, &pin), ERR_OK);
    assert_true(check_is_done(&s->check, &s->copy));
    pin.hash[0] ^= 1;
    assert_int_equal(check_begin(&s->check, &s->copy, &pin), ERR_FORKED);
    pin.seq++;
    assert_int_equal(check_begin(&s->check, &s->copy, &pin), ERR_ROLLED_BACK);
}

static void without_one_all_from_my_own_newest_on_is_needed(void **state)
{
    struct story *s = *state;
    uint64_t n = s->a.chain.index.row_n;
    load(s, n);
    assert_int_equal(check_begin(&s->check, &s->copy, NULL), ERR_OK);
    assert_int_equal(s->check.tail_first, s->own);
    for (uint64_t seq = s->own; seq < n; seq++) {
        assert_false(check_is_done(&s->check, &s->copy));
        assert_int_equal(check_take(&s->check, &s->copy, s->a.wire[seq]), ERR_OK);
    }
    assert_true(check_is_done(&s->check, &s->copy) && !check_is_whole(&s->check));
    for (uint64_t seq = 0; seq < s->own; seq++) {
        assert_int_equal(check_take(&s->check, &s->copy, s->a.wire[seq]), ERR_OK);
    }
    assert_true(check_is_whole(&s->check));
}

static void who_never_wrote_needs_all(void **state)
{
    struct story *s = *state;
    copy_fini(&s->copy);
    copy_init(&s->copy, s->a.chain.circle.id, &s->eve.keys, CEILING_BYTES);
    load(s, s->a.chain.index.row_n);
    assert_int_equal(check_begin(&s->check, &s->copy, NULL), ERR_OK);
    assert_int_equal(s->check.tail_first, 0);
    assert_false(check_is_done(&s->check, &s->copy));
}

static void entries_out_of_turn_count_for_nothing(void **state)
{
    struct story *s = *state;
    load(s, s->a.chain.index.row_n);
    assert_int_equal(check_begin(&s->check, &s->copy, NULL), ERR_OK);
    assert_int_equal(check_take(&s->check, &s->copy, s->a.wire[s->own + 1]), ERR_OK);
    assert_int_equal(s->check.tail_next, s->own);
    struct str other = draft_erased(&s->arena, s->a.wire[s->own]);
    assert_int_equal(check_take(&s->check, &s->copy, other), ERR_OK); /* the same header and signature */
    assert_int_equal(check_take(&s->check, &s->copy, STR("\x80")), ERR_BAD_FIELD);
}

/* An entry in Ben's name, signed by somebody else: its hash links it, and its signature is not Ben's. */
static void a_forged_entry_is_found_before_anything_is_believed(void **state)
{
    struct story *s = *state;
    struct why why;
    struct entry draft = draft_sealed(&s->b, &s->arena, people_note(&s->arena, "I owe you everything"));
    struct str forged = draft_sign(&s->arena, &draft, &s->eve);
    uint64_t n = s->a.chain.index.row_n;
    load(s, n);
    assert_int_equal(copy_add(&s->copy, forged, COPY_VERIFY, 0, NULL, &why), ERR_BAD_SIGNATURE);
    assert_int_equal(copy_add(&s->copy, forged, COPY_KNOWN, 0, NULL, &why), ERR_OK);
    assert_int_equal(check_begin(&s->check, &s->copy, NULL), ERR_OK);
    for (uint64_t seq = s->own; seq < n; seq++) {
        assert_int_equal(check_take(&s->check, &s->copy, s->a.wire[seq]), ERR_OK);
    }
    assert_int_equal(check_take(&s->check, &s->copy, forged), ERR_BAD_SIGNATURE);
    assert_false(check_is_done(&s->check, &s->copy));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(up_to_a_pin_nothing_is_needed, setup, teardown),
        cmocka_unit_test_setup_teardown(without_one_all_from_my_own_newest_on_is_needed, setup, teardown),
        cmocka_unit_test_setup_teardown(who_never_wrote_needs_all, setup, teardown),
        cmocka_unit_test_setup_teardown(entries_out_of_turn_count_for_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_forged_entry_is_found_before_anything_is_believed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
