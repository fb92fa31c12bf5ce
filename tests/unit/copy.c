/* copy.c -- one circle in a device's memory: what opens of it, when, and that it folds the same however it came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/copy.h"
#include "harness/people.h"

#define NOON_MS UINT64_C(1770000000000)
enum { CEILING_BYTES = 32 * 1024 * 1024, ENTRIES = 64 };

/* Two people and their record. */
struct story {
    struct person ana, ben;
    struct room a, b;
    struct room *room[2];
    struct arena arena;
    struct copy copy;
};

static int setup(void **state)
{
    static struct story s;
    s = (struct story){0};
    assert_int_equal(record_open(), ERR_OK);
    person_init(&s.ana, "Ana", 1);
    person_init(&s.ben, "Ben", 2);
    room_init(&s.a, &s.ana, NOON_MS);
    room_init(&s.b, &s.ben, NOON_MS);
    s.room[0] = &s.a;
    s.room[1] = &s.b;
    arena_init(&s.arena, CEILING_BYTES);
    rooms_gather(s.room, 2, &s.arena);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    struct story *s = *state;
    room_fini(&s->a);
    room_fini(&s->b);
    arena_fini(&s->arena);
    return 0;
}

static void say(struct story *s, struct room *room, const char *words)
{
    rooms_take(s->room, 2, room_say(room, &s->arena, people_note(&s->arena, words)));
}

/* Adds the entries from a place on. */
static enum err add_from(struct copy *copy, const struct room *room, uint64_t first, enum copy_trust trust)
{
    enum err e = ERR_OK;
    struct why why;
    for (uint64_t seq = first; e == ERR_OK && seq < room->chain.index.row_n; seq++) {
        e = copy_add(copy, room->wire[seq], trust, seq + 1, NULL, &why);
    }
    return e;
}

static void copy_of(struct story *s, const struct person *me)
{
    copy_init(&s->copy, s->a.chain.circle.id, &me->keys, CEILING_BYTES);
    assert_int_equal(add_from(&s->copy, &s->a, 0, COPY_VERIFY), ERR_OK);
    assert_int_equal(copy_fold(&s->copy), ERR_OK);
}

static bool says(const struct copy *copy, uint64_t seq, struct arena *a, const char *words)
{
    return str_is(copy_text(copy, seq), people_note(a, words));
}

static void a_member_reads_all_since_the_beginning(void **state)
{
    struct story *s = *state;
    say(s, &s->a, "from Ana");
    say(s, &s->b, "from Ben");
    copy_of(s, &s->ana);
    uint64_t n = copy_n(&s->copy);
    assert_int_equal(state_row_n(&s->copy.state), n);
    assert_true(says(&s->copy, n - 2, &s->arena, "from Ana") && says(&s->copy, n - 1, &s->arena, "from Ben"));
    assert_int_equal(copy_row(&s->copy, n - 1)->first_seen_ms, n);
    assert_true(copy_is_in(&s->copy) && !copy_is_locked_out(&s->copy));
    for (uint64_t epoch = 0; epoch <= s->copy.chain.circle.epoch; epoch++) {
        assert_non_null(copy_key_of(&s->copy, epoch));
    }
    copy_fini(&s->copy);
}

static void who_came_later_reads_from_their_invitation_on(void **state)
{
    struct story *s = *state;
    say(s, &s->a, "for Ben");
    copy_of(s, &s->ben);
    assert_null(copy_key_of(&s->copy, 0));
    assert_non_null(copy_key_of(&s->copy, 1)); /* the invitation's */
    assert_int_equal(s->copy.closed_first, 1); /* the rotate dropped what was closed before it */
    assert_true(says(&s->copy, copy_n(&s->copy) - 1, &s->arena, "for Ben"));
    copy_fini(&s->copy);
}

static void what_was_said_for_whom_was_invited_opens_when_they_join(void **state)
{
    struct story *s = *state;
    uint8_t secret[SECRET_BYTES];
    struct person cleo;
    struct room c, *all[3] = {&s->a, &s->b, &c};
    person_init(&cleo, "Cleo", 3);
    room_init(&c, &cleo, NOON_MS);
    say(s, &s->a, "before Cleo");
    rooms_take(s->room, 2, room_invite(&s->a, &s->arena, secret));
    say(s, &s->a, "Cleo comes");
    uint64_t said = s->a.chain.circle.head_seq;
    rooms_take(s->room, 2, room_consent(&s->b, &s->arena, room_invite_of(&s->b, secret).hash));
    rooms_take(&all[2], 1, room_sequence(&s->a, &s->arena, 0));
    copy_of(s, &cleo);
    assert_int_equal(copy_row(&s->copy, said)->how, OPENED_NO_KEY);
    assert_true(copy_row(&s->copy, said)->closed.len > 0);
    uint64_t first = copy_n(&s->copy);
    rooms_take(all, 3, room_join(&c, &s->arena, secret));
    assert_int_equal(add_from(&s->copy, &s->a, first, COPY_VERIFY), ERR_OK);
    assert_int_equal(copy_fold(&s->copy), ERR_OK);
    assert_true(says(&s->copy, said, &s->arena, "Cleo comes"));
    assert_int_equal(state_row(&s->copy.state, said)->law, LAW_OK);
    assert_int_equal(state_row(&s->copy.state, said - 3)->law, LAW_NO_KEY);
    copy_fini(&s->copy);
    room_fini(&c);
}

static void kept_keys_are_not_new_and_foreign_ones_are_told(void **state)
{
    struct story *s = *state;
    struct copy again;
    uint64_t epoch = 0;
    uint8_t key[KEY_BYTES];
    size_t n = 0;
    copy_of(s, &s->ana);
    copy_init(&again, s->a.chain.circle.id, &s->ana.keys, CEILING_BYTES);
    for (; copy_next_new_key(&s->copy, &epoch, key); epoch++, n++) {
        assert_int_equal(copy_give_key(&again, epoch, key), ERR_OK);
    }
    assert_int_equal(n, s->copy.chain.circle.epoch + 1);
    assert_false(s->copy.has_new_key);
    assert_int_equal(add_from(&again, &s->a, 0, COPY_KNOWN), ERR_OK);
    assert_true(!again.has_new_key && !again.has_foreign_key && copy_key_of(&again, 0) != NULL);
    copy_fini(&again);
    copy_init(&again, s->a.chain.circle.id, &s->ana.keys, CEILING_BYTES);
    assert_int_equal(copy_give_key(&again, 0, key), ERR_OK); /* of another epoch */
    assert_int_equal(add_from(&again, &s->a, 0, COPY_KNOWN), ERR_OK);
    assert_true(again.has_foreign_key && again.has_new_key);
    copy_fini(&again);
    copy_fini(&s->copy);
}

static void erased_words_are_gone_and_the_fold_says_so(void **state)
{
    struct story *s = *state;
    say(s, &s->a, "to be erased");
    uint64_t seq = s->a.chain.circle.head_seq;
    copy_of(s, &s->ben);
    struct str text = copy_text(&s->copy, seq);
    assert_true(text.len > 0);
    uint64_t first = copy_n(&s->copy);
    rooms_take(s->room, 2, room_redact_bare(&s->a, &s->arena, &seq, 1));
    assert_int_equal(add_from(&s->copy, &s->a, first, COPY_VERIFY), ERR_OK);
    assert_false(copy_is_folded(&s->copy));
    assert_int_equal(copy_fold(&s->copy), ERR_OK);
    assert_int_equal(copy_text(&s->copy, seq).len, 0);
    for (size_t i = 0; i < text.len; i++) assert_int_equal(text.at[i], 0);
    assert_int_equal(state_row(&s->copy.state, seq)->law, LAW_ERASED);
    copy_fini(&s->copy);
}

static void what_waits_is_behind_what_is_confirmed(void **state)
{
    struct story *s = *state;
    uint8_t id[ID_BYTES] = {42};
    copy_of(s, &s->ana);
    uint64_t n = copy_n(&s->copy);
    struct entry e = {.circle = s->copy.id, .author = s->ana.keys.sign_pk, .id = id, .kind = ENTRY_SEALED,
                      .epoch = s->copy.chain.circle.epoch, .time_ms = NOON_MS};
    assert_int_equal(copy_say(&s->copy, &e, people_note(&s->arena, "not sent")), ERR_OK);
    assert_true(state_row_n(&s->copy.state) == n + 1 && copy_n(&s->copy) == n);
    assert_true(says(&s->copy, n, &s->arena, "not sent"));
    say(s, &s->b, "meanwhile");
    assert_int_equal(add_from(&s->copy, &s->a, n, COPY_VERIFY), ERR_OK);
    assert_int_equal(copy_fold(&s->copy), ERR_OK);
    assert_int_equal(s->copy.provisional_n, 0);
    assert_true(says(&s->copy, n, &s->arena, "meanwhile"));
    copy_fini(&s->copy);
}

static void another_circle_does_not_begin_it(void **state)
{
    struct story *s = *state;
    uint8_t id[HASH_BYTES] = {1};
    struct why why;
    copy_init(&s->copy, id, &s->ana.keys, CEILING_BYTES);
    assert_int_equal(copy_add(&s->copy, s->a.wire[0], COPY_VERIFY, 0, NULL, &why), ERR_WRONG_CIRCLE);
    assert_int_equal(copy_n(&s->copy), 0);
    copy_fini(&s->copy);
}

static void too_little_memory_breaks_it_and_nothing_else(void **state)
{
    struct story *s = *state;
    struct why why;
    enum err e = ERR_OK;
    copy_init(&s->copy, s->a.chain.circle.id, &s->ana.keys, 20000);
    for (uint64_t seq = 0; e == ERR_OK && seq < s->a.chain.index.row_n; seq++) {
        e = copy_add(&s->copy, s->a.wire[seq], COPY_KNOWN, 0, NULL, &why);
    }
    assert_int_equal(e, ERR_NO_MEMORY);
    assert_true(s->copy.is_broken);
    copy_fini(&s->copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_member_reads_all_since_the_beginning, setup, teardown),
        cmocka_unit_test_setup_teardown(who_came_later_reads_from_their_invitation_on, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_said_for_whom_was_invited_opens_when_they_join, setup, teardown),
        cmocka_unit_test_setup_teardown(kept_keys_are_not_new_and_foreign_ones_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(erased_words_are_gone_and_the_fold_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(what_waits_is_behind_what_is_confirmed, setup, teardown),
        cmocka_unit_test_setup_teardown(another_circle_does_not_begin_it, setup, teardown),
        cmocka_unit_test_setup_teardown(too_little_memory_breaks_it_and_nothing_else, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
