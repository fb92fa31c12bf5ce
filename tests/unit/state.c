/* state.c -- a circle, folded: one row for each entry, who is in, what counts and what does not. [F1] to [F6],
 * [F17] to [F19] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/fold.h"
#include "record/redact.h"

static struct fold f;

static int open_fold(void **state)
{
    (void)state;
    fold_init_two(&f);
    return 0;
}

static int close_fold(void **state)
{
    (void)state;
    fold_fini(&f);
    return 0;
}

static const struct state_row *last_row(void)
{
    return state_row(&f.state, state_row_n(&f.state) - 1);
}

/* The record once more, each line as it stands now. */
static void refold(struct state *again)
{
    state_init(again, &f.arena);
    for (size_t i = 0; i < f.line_n; i++) assert_int_equal(fold_add(again, f.line[i]), ERR_OK);
}

static void F1_each_entry_has_its_row(void **state)
{
    (void)state;
    fold_control(&f, ANA, ENTRY_ROTATE);
    f.now_ms += 5;
    const struct promise *p = fold_make(&f, BEN, ANA, fold_days(1, 3));
    struct promise_act done = {.act = PROMISE_DONE, .promise = p->id, .turn = 2, .words = STR("Early, for once")};
    assert_int_equal(fold_act(&f, BEN, &done), LAW_OK);
    assert_int_equal(state_row_n(&f.state), 5);
    static const enum entry_kind kind[] = {ENTRY_GENESIS, ENTRY_JOIN, ENTRY_ROTATE, ENTRY_SEALED, ENTRY_SEALED};
    for (uint32_t seq = 0; seq < 5; seq++) {
        const struct state_row *row = state_row(&f.state, seq);
        assert_ptr_equal(row, state_find_row(&f.state, fold_id(&f, seq)));
        assert_memory_equal(row->id, fold_id(&f, seq), ID_BYTES);
        assert_true(row->seq == seq && row->kind == kind[seq] && row->law == LAW_OK);
        assert_int_equal(row->author, seq == 0 || seq == 2 ? 0 : 1);
        assert_int_equal(row->time_ms, seq < 3 ? FOLD_NOON_MS : FOLD_NOON_MS + 5);
    }
    assert_true(state_row(&f.state, 3)->act == PROMISE_MADE && state_row(&f.state, 3)->promise == 0);
    assert_true(last_row()->act == PROMISE_DONE && last_row()->promise == 0 && last_row()->turn == 2);
    assert_true(last_row()->type == PAYLOAD_PROMISE && str_is(last_row()->words, done.words));
    assert_null(state_find_row(&f.state, (const uint8_t *)"nobody's id here"));
    assert_null(state_find_promise(&f.state, fold_id(&f, 4)));
}

static void F1_what_is_not_valid_changes_nothing_but_its_row(void **state)
{
    (void)state;
    const struct promise *p = fold_make(&f, ANA, BEN, fold_moment(1));
    struct promise before = *p;
    struct promise_turn turn = p->turn[0];
    assert_int_equal(fold_say(&f, BEN, PROMISE_DONE, p, 0), LAW_NOT_PROMISER);
    assert_int_equal(last_row()->law, LAW_NOT_PROMISER);
    assert_true(last_row()->act == PROMISE_DONE && last_row()->promise == 0); /* the log can say what was tried */
    assert_memory_equal(p, &before, sizeof before);
    assert_memory_equal(p->turn, &turn, sizeof turn);
}

static void F2_F3_F4_what_cannot_be_read_is_void(void **state)
{
    (void)state;
    static const struct {
        enum opened_how how;
        enum law law;
    } row[] = {{OPENED_UNREADABLE, LAW_UNREADABLE}, {OPENED_ERASED, LAW_ERASED}, {OPENED_NO_KEY, LAW_NO_KEY}};
    for (size_t i = 0; i < 3; i++) {
        fold_unread(&f, ANA, row[i].how);
        assert_true(last_row()->law == row[i].law && last_row()->how == row[i].how && last_row()->type == 0);
    }
    assert_int_equal(fold_text(&f, ANA, STR("not CBOR")), LAW_UNREADABLE);
    assert_int_equal(fold_text(&f, ANA, STR("\xa1\x02\x02")), LAW_UNREADABLE);
    assert_int_equal(fold_text(&f, ANA, STR("")), LAW_UNREADABLE);
}

static void F5_a_type_that_is_not_known_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(fold_text(&f, ANA, STR("\xa1\x01\x18\x63")), LAW_OK);
    assert_int_equal(last_row()->type, 99);
    assert_int_equal(fold_text(&f, ANA, STR("\xa1\x01\x1b\x00\x00\x00\x01\x00\x00\x00\x00")), LAW_OK);
    assert_int_equal(last_row()->type, UINT32_MAX);
    assert_int_equal(fold_text(&f, ANA, STR("\xa2\x01\x02\x02\x61x")), LAW_OK); /* a note: nothing to fold */
    assert_int_equal(last_row()->type, PAYLOAD_NOTE);
    assert_int_equal(fold_text(&f, ANA, STR("\xa2\x01\x03\x02\x0e")), LAW_NEWER);
    assert_int_equal(fold_text(&f, ANA, STR("\xa2\x00\x00\x01\x03")), LAW_UNREADABLE); /* a promise's, but no act */
}

static void F6_only_who_is_in_is_heard(void **state)
{
    (void)state;
    assert_int_equal(fold_text(&f, CLEO, STR("\xa1\x01\x02")), LAW_NOT_MEMBER);
    assert_int_equal(last_row()->author, STATE_NONE);
    fold_control(&f, CLEO, ENTRY_JOIN);
    assert_int_equal(fold_text(&f, CLEO, STR("\xa1\x01\x02")), LAW_OK);
    fold_control(&f, CLEO, ENTRY_LEAVE);
    assert_int_equal(fold_text(&f, CLEO, STR("\xa1\x01\x02")), LAW_NOT_MEMBER);
}

static void F18_who_is_in_and_since_when(void **state)
{
    (void)state;
    f.now_ms += 7;
    fold_control(&f, CLEO, ENTRY_JOIN);
    f.now_ms += 7;
    fold_control(&f, BEN, ENTRY_LEAVE);
    assert_int_equal(f.state.in_n, 2);
    assert_int_equal(state_in(&f.state, 0)->index, 0);
    assert_int_equal(state_in(&f.state, 1)->index, 2);
    const struct member *ben = state_member(&f.state, 1);
    assert_null(state_find_member(&f.state, fold_pk(BEN)));
    assert_true(ben->has_left && ben->since_seq == 1 && ben->until_seq == 3);
    assert_true(ben->since_ms == FOLD_NOON_MS && ben->until_ms == FOLD_NOON_MS + 14);
    assert_int_equal(state_row(&f.state, 3)->author, 1);
    fold_control(&f, BEN, ENTRY_JOIN); /* comes back: the same person, another row */
    assert_int_equal(state_member_n(&f.state), 4);
    assert_int_equal(state_find_member(&f.state, fold_pk(BEN))->index, 3);
    assert_true(ben->has_left && !state_member(&f.state, 3)->has_left);
    assert_int_equal(last_row()->author, 3);
}

static void F18_a_journal_has_one_who_is_in(void **state)
{
    (void)state;
    struct fold own;
    fold_init(&own);
    struct fold_line line = {.how = OPENED_CONTROL};
    line.entry.kind = ENTRY_GENESIS;
    line.entry.id = line.id;
    line.entry.author = fold_pk(ANA);
    line.entry.body.genesis.is_sole = true;
    assert_false(own.state.is_begun);
    assert_int_equal(fold_add(&own.state, &line), ERR_OK);
    assert_true(own.state.is_begun && own.state.is_sole && own.state.in_n == 1);
    fold_fini(&own);
}

static void F19_erasing_makes_the_state_stale(void **state)
{
    (void)state;
    const struct promise *p = fold_make(&f, ANA, BEN, fold_moment(1));
    (void)p;
    fold_unread(&f, ANA, OPENED_ERASED);
    const uint64_t known[] = {3}, with_words[] = {3, 2};
    fold_redact(&f, ANA, known, 1);
    assert_false(state_is_stale(&f.state)); /* it was folded as erased */
    fold_redact(&f, ANA, with_words, 2);
    assert_true(state_is_stale(&f.state));
    f.line[2]->how = OPENED_ERASED;
    f.line[2]->text = (struct str){0};
    struct state again;
    refold(&again);
    assert_false(state_is_stale(&again));
    assert_int_equal(state_promise_n(&again), 0);
}

static void F19_who_has_left_erases_their_own(void **state)
{
    (void)state;
    (void)fold_make(&f, BEN, ANA, fold_open());
    const uint64_t seq[] = {2};
    fold_control(&f, BEN, ENTRY_LEAVE);
    fold_redact(&f, BEN, seq, 1);
    assert_true(state_is_stale(&f.state));
    assert_int_equal(last_row()->author, 1);
}

/* What stays of a line when its words go. */
static void scrub(uint64_t seq)
{
    static uint8_t room[PROMISE_TEXT_BYTES];
    struct out o = OUT_OVER(room);
    assert_int_equal(promise_act_scrub(&o, f.line[seq]->text), LAW_OK);
    f.line[seq]->text = arena_copy(&f.arena, out_str(&o));
    f.line[seq]->how = OPENED_RESIDUE;
}

static void F17_what_an_act_led_to_stays_without_its_words(void **state)
{
    (void)state;
    struct state again;
    const struct promise *p = fold_make(&f, ANA, BEN, fold_days(1, 3));
    struct promise_act kept = {.act = PROMISE_KEPT, .promise = p->id, .turn = 1, .words = STR("Thank you")};
    struct promise_act ask = {.act = PROMISE_CHANGE_ASKED, .promise = p->id, .turn = 2, .what = STR("Half")};
    assert_int_equal(fold_act(&f, BEN, &kept), LAW_OK);
    assert_int_equal(fold_act(&f, ANA, &ask), LAW_OK);
    assert_int_equal(fold_answer(&f, BEN, PROMISE_CHANGE_ACCEPTED, p, 4), LAW_OK);
    for (uint64_t seq = 2; seq < 6; seq++) scrub(seq);
    refold(&again);
    const struct promise *left = state_promise(&again, 0);
    assert_true(left->is_wordless && left->what.len == 0 && left->zone.len == 0);
    assert_int_equal(left->turn_n, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_memory_equal(&left->turn[i], &p->turn[i], sizeof p->turn[i]);
        assert_int_equal(promise_outcome(left, i, f.now_ms), fold_came_to(&f, p, i));
    }
    assert_true(left->change[0].is_reworded && left->change[0].what.len == 0);
    for (uint64_t seq = 2; seq < 6; seq++) {
        assert_true(state_row(&again, seq)->law == LAW_OK && state_row(&again, seq)->words.len == 0);
    }
}

static void F17_a_residue_with_words_or_of_nothing_known_is_void(void **state)
{
    (void)state;
    struct state again;
    (void)fold_make(&f, ANA, BEN, fold_open());
    f.line[2]->how = OPENED_RESIDUE; /* its words are all still there */
    refold(&again);
    assert_int_equal(state_row(&again, 2)->law, LAW_UNREADABLE);
    f.line[2]->text = STR("\xa4\x01\x01\x02\x63" "Ana\x03\x00\x04\x63UTC"); /* of a card nothing stays */
    refold(&again);
    assert_int_equal(state_row(&again, 2)->law, LAW_ERASED);
    assert_false(state_member(&again, 0)->has_profile);
    f.line[2]->text = (struct str){0};
    refold(&again);
    assert_int_equal(state_row(&again, 2)->law, LAW_UNREADABLE);
}

static void F17_a_residue_is_judged_like_the_act(void **state)
{
    (void)state;
    struct state again;
    const struct promise *p = fold_make(&f, ANA, BEN, fold_moment(1));
    assert_int_equal(fold_say(&f, CLEO, PROMISE_KEPT, p, 0), LAW_NOT_MEMBER);
    assert_int_equal(fold_say(&f, ANA, PROMISE_KEPT, p, 0), LAW_NOT_RECEIVER);
    scrub(4);
    refold(&again);
    assert_int_equal(state_row(&again, 4)->law, LAW_NOT_RECEIVER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fold, close_fold)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(F1_each_entry_has_its_row),
        TEST(F1_what_is_not_valid_changes_nothing_but_its_row),
        TEST(F2_F3_F4_what_cannot_be_read_is_void),
        TEST(F5_a_type_that_is_not_known_is_allowed),
        TEST(F6_only_who_is_in_is_heard),
        TEST(F17_what_an_act_led_to_stays_without_its_words),
        TEST(F17_a_residue_with_words_or_of_nothing_known_is_void),
        TEST(F17_a_residue_is_judged_like_the_act),
        TEST(F18_who_is_in_and_since_when),
        TEST(F18_a_journal_has_one_who_is_in),
        TEST(F19_erasing_makes_the_state_stale),
        TEST(F19_who_has_left_erases_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
