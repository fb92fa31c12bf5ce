/* batch.c -- what goes to the server next: judged, signed, whole groups, and the same items again where the record
 * went on without them. With plan.h, which makes the items, and owed.h, which finds out what is owed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/batch.h"
#include "device/owed.h"
#include "device/plan.h"
#include "harness/people.h"

#define NOON_MS UINT64_C(1770000000000)
enum { CEILING_BYTES = 32 * 1024 * 1024, ITEMS = 80 };

struct story {
    struct person ana, ben;
    struct room a, b;
    struct room *room[2];
    struct arena arena;
    struct copy copy; /* Ana's */
    struct batch batch;
    struct item item[ITEMS];
    size_t item_n;
};

/* Ana's copy has what the rooms have. */
static void follow(struct story *s)
{
    struct why why;
    for (uint64_t seq = copy_n(&s->copy); seq < s->a.chain.index.row_n; seq++) {
        assert_int_equal(copy_add(&s->copy, s->a.wire[seq], COPY_VERIFY, 0, NULL, &why), ERR_OK);
    }
    assert_int_equal(copy_fold(&s->copy), ERR_OK);
}

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
    copy_init(&s.copy, s.a.chain.circle.id, &s.ana.keys, CEILING_BYTES);
    follow(&s);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    struct story *s = *state;
    batch_fini(&s->batch);
    copy_fini(&s->copy);
    room_fini(&s->a);
    room_fini(&s->b);
    arena_fini(&s->arena);
    return 0;
}

static void put(struct story *s, enum item_kind kind, uint64_t group, struct str content)
{
    assert_true(s->item_n < ITEMS);
    struct item *item = &s->item[s->item_n++];
    *item = (struct item){.kind = kind, .group = group, .made_ms = NOON_MS, .content = content};
    random_fill(item->id, ID_BYTES);
}

static void put_plan(struct story *s, const struct plan *plan, uint64_t group)
{
    for (size_t i = 0; i < plan->item_n; i++) put(s, plan->item[i].kind, group, plan->item[i].content);
}

static struct str note(struct story *s, const char *words) { return people_note(&s->arena, words); }

/* A profile that no law allows: its colour is none. */
static struct str bad_profile(struct story *s)
{
    uint8_t memory[64];
    struct out text = OUT_OVER(memory);
    profile_put(&text, &(struct profile){.name = STR("Ana"), .colour = 1, .zone = STR("Europe/Madrid")});
    struct str copy = arena_copy(&s->arena, out_str(&text));
    for (size_t i = 0; i + 1 < copy.len; i++) {
        if (copy.at[i] == 3 && copy.at[i + 1] == 1) ((uint8_t *)(uintptr_t)copy.at)[i + 1] = 12;
    }
    return copy;
}

static void sign(struct story *s)
{
    batch_fini(&s->batch);
    assert_int_equal(batch_sign(&s->batch, &s->copy, s->item, s->item_n, NOON_MS + 1), ERR_OK);
}

/* The server takes it: everyone has it. */
static void send(struct story *s)
{
    struct why why;
    uint8_t *memory = arena_take(&s->arena, s->batch.wire_n);
    struct out wires = out_over(memory, s->batch.wire_n);
    batch_put(&s->batch, &wires);
    rooms_take(s->room, 2, out_str(&wires));
    assert_int_equal(batch_recorded(&s->copy, out_str(&wires), true, NOON_MS, &why), ERR_OK);
    assert_int_equal(s->copy.provisional_n, 0);
    assert_memory_equal(s->copy.chain.circle.head_hash, s->batch.head_hash, HASH_BYTES);
    assert_memory_equal(s->a.chain.circle.head_hash, s->batch.head_hash, HASH_BYTES);
    s->item_n = 0;
}

static void items_become_entries_with_their_ids(void **state)
{
    struct story *s = *state;
    put(s, ITEM_SAY, 1, note(s, "one"));
    put(s, ITEM_SAY, 2, note(s, "two"));
    uint64_t first = copy_n(&s->copy);
    sign(s);
    assert_true(s->batch.entry_n == 2 && s->batch.back_n == 0 && s->batch.entry[0].seq == first);
    assert_int_equal(s->copy.provisional_n, 2);
    uint8_t id[ID_BYTES];
    memcpy(id, s->item[1].id, ID_BYTES);
    send(s);
    assert_memory_equal(index_row(&s->a.chain.index, first + 1)->id, id, ID_BYTES);
    assert_true(str_is(copy_text(&s->copy, first + 1), note(s, "two")));
    assert_int_equal(state_row(&s->copy.state, first + 1)->time_ms, NOON_MS + 1);
}

static void a_group_is_whole_or_waits(void **state)
{
    struct story *s = *state;
    put(s, ITEM_SAY, 1, note(s, "good"));
    put(s, ITEM_SAY, 2, note(s, "good, but for its neighbour"));
    put(s, ITEM_SAY, 2, bad_profile(s));
    put(s, ITEM_SAY, 3, note(s, "behind it"));
    sign(s);
    assert_true(s->batch.entry_n == 1 && s->batch.back_n == 0);
    send(s);
    s->item[0] = s->item[1];
    s->item[1] = s->item[2];
    s->item[2] = s->item[3];
    s->item_n = 3;
    uint64_t n = state_row_n(&s->copy.state);
    sign(s);
    assert_true(s->batch.entry_n == 0 && s->batch.back_n == 2);
    assert_int_equal(s->batch.law, LAW_COLOUR);
    assert_int_equal(state_row_n(&s->copy.state), n); /* nothing of it stays in the fold */
}

static void what_the_automaton_refuses_goes_back_with_its_error(void **state)
{
    struct story *s = *state;
    const uint8_t hash[HASH_BYTES] = {1};
    put(s, ITEM_CONSENT, 1, STR_OF(hash));
    sign(s);
    assert_true(s->batch.entry_n == 0 && s->batch.back_n == 1 && s->batch.law == LAW_OK);
    assert_int_equal(s->batch.err, ERR_INVITE_VOID);
    s->item[0].content = STR("short");
    sign(s);
    assert_int_equal(s->batch.err, ERR_BAD_FIELD);
}

static void a_batch_has_an_end(void **state)
{
    struct story *s = *state;
    for (size_t i = 0; i < ITEMS; i++) put(s, ITEM_SAY, i, note(s, "one of many"));
    sign(s);
    assert_int_equal(s->batch.entry_n, LIMIT_BATCH_ENTRIES);
    send(s);
}

static void where_the_head_moved_it_is_signed_anew(void **state)
{
    struct story *s = *state;
    put(s, ITEM_SAY, 1, note(s, "mine"));
    sign(s);
    uint64_t seq = s->batch.entry[0].seq;
    uint8_t prev[HASH_BYTES];
    memcpy(prev, s->batch.entry[0].prev, HASH_BYTES);
    assert_true(batch_is_live(&s->copy, seq, prev));
    rooms_take(s->room, 2, room_rotate(&s->b, &s->arena, ROTATE_WISH));
    follow(s);
    assert_false(batch_is_live(&s->copy, seq, prev));
    assert_false(index_find_id(&s->copy.chain.index, s->item[0].id, NULL));
    sign(s);
    assert_int_equal(s->batch.entry[0].seq, seq + 1);
    send(s);
}

static void an_invitation_and_a_new_key_go_through(void **state)
{
    struct story *s = *state;
    uint8_t memory[128];
    const uint8_t secret[SECRET_BYTES] = {7};
    struct out profile = OUT_OVER(memory);
    struct plan plan;
    profile_put(&profile, &(struct profile){.name = STR("Ana"), .colour = 1, .zone = STR("Europe/Madrid")});
    struct str me = out_str(&profile);
    const uint64_t late = NOON_MS + (uint64_t)LIMIT_INVITE_DAYS * 86400000 + 1;
    assert_int_equal(plan_invite(&plan, &s->arena, &s->copy, secret, NOON_MS, me, NOON_MS), ERR_INVITE_EXPIRED);
    assert_int_equal(plan_invite(&plan, &s->arena, &s->copy, secret, late, me, NOON_MS), ERR_INVITE_EXPIRED);
    assert_int_equal(plan_invite(&plan, &s->arena, &s->copy, secret, NOON_MS + 9999, me, NOON_MS), ERR_OK);
    assert_int_equal(plan.item_n, 3); /* nobody said what the circle is called */
    put_plan(s, &plan, 1);
    sign(s);
    send(s);
    assert_int_equal(s->copy.chain.circle.invite_n, 1);
    assert_int_equal(plan_consent(&plan, &s->copy, s->copy.id, me), ERR_INVITE_VOID);
    assert_int_equal(plan_join(&plan, &s->copy, secret, me), ERR_ALREADY_MEMBER);
    assert_int_equal(plan_rotate(&plan, &s->copy), ERR_OK);
    put_plan(s, &plan, 2);
    sign(s);
    send(s);
    assert_int_equal(s->copy.chain.circle.invite_n, 0);
}

static void after_a_leave_the_key_is_owed_and_goes_first(void **state)
{
    struct story *s = *state;
    assert_int_equal(owed_rotate(&s->copy), 0);
    rooms_take(s->room, 2, room_leave(&s->b, &s->arena));
    follow(s);
    uint8_t reason = owed_rotate(&s->copy);
    assert_int_equal(reason, ROTATE_LEFT);
    assert_false(owed_keys_are_due(&s->copy));
    put(s, ITEM_SAY, 1, note(s, "alone"));
    sign(s);
    assert_int_equal(s->batch.err, ERR_ROTATE_REQUIRED);
    s->item_n = 0;
    put(s, ITEM_MEND, 1, str_at(&reason, 1));
    put(s, ITEM_SAY, 2, note(s, "alone"));
    sign(s);
    assert_int_equal(s->batch.entry_n, 2);
    send(s);
    assert_int_equal(owed_rotate(&s->copy), 0);
}

static void only_my_own_words_can_be_erased(void **state)
{
    struct story *s = *state;
    struct plan plan;
    rooms_take(s->room, 2, room_say(&s->b, &s->arena, note(s, "Ben's")));
    rooms_take(s->room, 2, room_say(&s->a, &s->arena, note(s, "Ana's")));
    follow(s);
    uint64_t mine = copy_n(&s->copy) - 1, bens = mine - 1, none = mine + 1, genesis = 0;
    assert_int_equal(plan_erase(&plan, &s->arena, &s->copy, &bens, 1), ERR_BAD_REDACT);
    assert_int_equal(plan_erase(&plan, &s->arena, &s->copy, &none, 1), ERR_BAD_REDACT);
    assert_int_equal(plan_erase(&plan, &s->arena, &s->copy, &genesis, 1), ERR_BAD_REDACT);
    assert_int_equal(plan_erase(&plan, &s->arena, &s->copy, &mine, 0), ERR_BAD_REDACT);
    assert_int_equal(plan_erase(&plan, &s->arena, &s->copy, &mine, 1), ERR_OK);
    put_plan(s, &plan, 1);
    sign(s);
    send(s);
    assert_int_equal(copy_row(&s->copy, mine)->how, OPENED_ERASED);
    assert_int_equal(plan_erase(&plan, &s->arena, &s->copy, &mine, 1), ERR_BAD_REDACT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(items_become_entries_with_their_ids, setup, teardown),
        cmocka_unit_test_setup_teardown(a_group_is_whole_or_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_automaton_refuses_goes_back_with_its_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_batch_has_an_end, setup, teardown),
        cmocka_unit_test_setup_teardown(where_the_head_moved_it_is_signed_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(an_invitation_and_a_new_key_go_through, setup, teardown),
        cmocka_unit_test_setup_teardown(after_a_leave_the_key_is_owed_and_goes_first, setup, teardown),
        cmocka_unit_test_setup_teardown(only_my_own_words_can_be_erased, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
