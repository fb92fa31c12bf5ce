/* circle.c -- circles, their heads and states, who is in them, and invites, in every kind of store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/store_rig.h"

static uint8_t room[STORE_STATE_BYTES];

static void assert_circle(struct store *s, uint64_t number, unsigned n, const struct store_head *head, struct str state)
{
    struct store_circle circle, same;
    struct out found = OUT_OVER(room);
    expect(store_circle_by_id(s, rig_key(n), &circle, &found), ERR_OK);
    assert_int_equal(circle.number, number);
    assert_memory_equal(circle.id, rig_key(n), HASH_BYTES);
    assert_int_equal(circle.head.seq, head->seq);
    assert_int_equal(circle.head.payload_bytes, head->payload_bytes);
    assert_int_equal(circle.head.is_closed, head->is_closed);
    assert_int_equal(circle.head.heard_ms, head->heard_ms);
    assert_memory_equal(circle.head.hash, head->hash, HASH_BYTES);
    assert_true(str_is(out_str(&found), state));
    found.len = 0;
    expect(store_circle_by_number(s, number, &same, &found), ERR_OK);
    assert_memory_equal(same.id, circle.id, HASH_BYTES);
    assert_true(str_is(out_str(&found), state));
    expect(store_circle_by_id(s, rig_key(n), &same, NULL), ERR_OK);
    assert_int_equal(same.head.seq, head->seq);
    expect(store_circle_by_number(s, number, &same, NULL), ERR_OK);
    assert_int_equal(same.number, number);
}

static void a_circle_is_found_by_id_and_number(void **state)
{
    struct store_rig *rig = *state;
    rig_begin(rig->writer);
    uint64_t one = rig_add_circle(rig->writer, 1), two = rig_add_circle(rig->writer, 2);
    rig_commit(rig->writer);
    assert_int_equal(one, 1);
    assert_int_equal(two, 2);
    struct store_head head = rig_head(0);
    assert_circle(rig->writer, one, 1, &head, STR("at first"));
    assert_circle(rig->reader, two, 2, &head, STR("at first"));
    struct store_circle circle;
    struct out found = OUT_OVER(room);
    expect(store_circle_by_id(rig->reader, rig_key(3), &circle, &found), ERR_NOT_FOUND);
    const uint64_t none[] = {0, 3, STORE_NUMBER, STORE_NUMBER + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        expect(store_circle_by_number(rig->reader, none[i], &circle, &found), ERR_NOT_FOUND);
    assert_int_equal(found.len, 0);
}

static void a_circle_is_added_once(void **state)
{
    struct store_rig *rig = *state;
    struct store_head head = rig_head(5);
    uint64_t number = 77;
    rig_begin(rig->writer);
    (void)rig_add_circle(rig->writer, 1);
    expect(store_circle_add(rig->writer, rig_key(1), &head, STR("other"), &number), ERR_EXISTS);
    assert_int_equal(number, 77);
    head = rig_head(0);
    assert_circle(rig->writer, 1, 1, &head, STR("at first"));
    assert_int_equal(rig_add_circle(rig->writer, 2), 2);
    rig_commit(rig->writer);
}

static void a_number_of_a_circle_undone_is_free_again(void **state)
{
    struct store_rig *rig = *state;
    rig_begin(rig->writer);
    expect(store_mark(rig->writer), ERR_OK);
    assert_int_equal(rig_add_circle(rig->writer, 1), 1);
    expect(store_undo(rig->writer), ERR_OK);
    assert_int_equal(rig_add_circle(rig->writer, 2), 1);
    rig_commit(rig->writer);
}

static void a_head_moves_and_the_state_only_if_given(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    static uint8_t longest[STORE_STATE_BYTES];
    memset(longest, 0xab, sizeof longest);
    rig_begin(s);
    uint64_t circle = rig_add_circle(s, 1), other = rig_add_circle(s, 2);
    struct store_head head = {
        .seq = LIMIT_SEQ, .payload_bytes = LIMIT_NUMBER, .is_closed = true, .heard_ms = LIMIT_NUMBER};
    memcpy(head.hash, rig_key(9), HASH_BYTES);
    expect(store_circle_set_head(s, circle, &head, (struct str){0}), ERR_OK);
    assert_circle(s, circle, 1, &head, STR("at first"));
    head = rig_head(7);
    expect(store_circle_set_head(s, circle, &head, STR_OF(longest)), ERR_OK);
    assert_circle(s, circle, 1, &head, STR_OF(longest));
    head = rig_head(8);
    expect(store_circle_set_head(s, circle, &head, (struct str){0}), ERR_OK);
    assert_circle(s, circle, 1, &head, STR_OF(longest));
    expect(store_circle_set_head(s, circle, &head, STR("")), ERR_OK); /* empty is not absent */
    assert_circle(s, circle, 1, &head, STR(""));
    const uint64_t none[] = {0, 3, STORE_NUMBER + 1};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        expect(store_circle_set_head(s, none[i], &head, STR("x")), ERR_NOT_FOUND);
    rig_commit(s);
    assert_circle(rig->reader, circle, 1, &head, STR(""));
    head = rig_head(0);
    assert_circle(rig->reader, other, 2, &head, STR("at first"));
}

struct seen {
    uint64_t number[8];
    struct store_member member[8];
    size_t n, stop_after, state_bytes;
};

static enum err see_circle(void *ctx, const struct store_circle *circle, struct str found)
{
    struct seen *seen = ctx;
    seen->number[seen->n++] = circle->number;
    seen->state_bytes += found.len;
    return seen->n == seen->stop_after ? ERR_STOPPING : ERR_OK;
}

static void circles_are_visited_by_number(void **state)
{
    struct store_rig *rig = *state;
    rig_begin(rig->writer);
    for (unsigned i = 0; i < 5; i++) (void)rig_add_circle(rig->writer, 10 - i);
    rig_commit(rig->writer);
    struct seen seen = {.n = 0};
    expect(store_circle_each(rig->reader, see_circle, &seen), ERR_OK);
    assert_int_equal(seen.n, 5);
    for (size_t i = 0; i < 5; i++) assert_int_equal(seen.number[i], i + 1);
    assert_int_equal(seen.state_bytes, 5 * sizeof "at first" - 5);
    seen = (struct seen){.stop_after = 3};
    expect(store_circle_each(rig->reader, see_circle, &seen), ERR_STOPPING);
    assert_int_equal(seen.n, 3);
}

/* ---- memberships ---------------------------------------------------------------------------- */

static void assert_member(struct store *s, uint64_t circle, unsigned n, uint64_t joined_seq, bool has_left,
                          uint64_t left_seq)
{
    struct store_member member;
    expect(store_member_find(s, circle, rig_key(n), &member), ERR_OK);
    assert_int_equal(member.circle, circle);
    assert_memory_equal(member.sign_pk, rig_key(n), SIGN_PK_BYTES);
    assert_int_equal(member.joined_seq, joined_seq);
    assert_int_equal(member.has_left, has_left);
    assert_int_equal(member.left_seq, left_seq);
}

static void somebody_comes_goes_and_comes_back(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    struct store_member member;
    rig_begin(s);
    uint64_t circle = rig_add_circle(s, 1);
    expect(store_member_find(s, circle, rig_key(1), &member), ERR_NOT_FOUND);
    expect(store_member_leave(s, circle, rig_key(1), 3), ERR_NOT_FOUND);
    expect(store_member_add(s, circle, rig_key(1), 0), ERR_OK);
    expect(store_member_add(s, circle, rig_key(1), 0), ERR_EXISTS);
    expect(store_member_add(s, circle, rig_key(1), 5), ERR_EXISTS);
    assert_member(s, circle, 1, 0, false, 0);
    expect(store_member_leave(s, circle, rig_key(1), 5), ERR_OK);
    expect(store_member_leave(s, circle, rig_key(1), 6), ERR_NOT_FOUND);
    assert_member(s, circle, 1, 0, true, 5);
    expect(store_member_add(s, circle, rig_key(1), 0), ERR_EXISTS);
    expect(store_member_add(s, circle, rig_key(1), LIMIT_SEQ - 1), ERR_OK);
    assert_member(s, circle, 1, LIMIT_SEQ - 1, false, 0);
    expect(store_member_leave(s, circle, rig_key(1), LIMIT_SEQ), ERR_OK);
    rig_commit(s);
    assert_member(rig->reader, circle, 1, LIMIT_SEQ - 1, true, LIMIT_SEQ);
    expect(store_member_find(rig->reader, circle, rig_key(2), &member), ERR_NOT_FOUND);
}

static void membership_needs_a_circle(void **state)
{
    struct store_rig *rig = *state;
    struct store_member member;
    rig_begin(rig->writer);
    const uint64_t none[] = {0, 1, STORE_NUMBER, UINT64_MAX};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        expect(store_member_add(rig->writer, none[i], rig_key(1), 0), ERR_NOT_FOUND);
        expect(store_member_leave(rig->writer, none[i], rig_key(1), 0), ERR_NOT_FOUND);
        expect(store_member_find(rig->writer, none[i], rig_key(1), &member), ERR_NOT_FOUND);
        expect(store_invite_add(rig->writer, rig_key(1), none[i], 0), ERR_NOT_FOUND);
        expect(store_invite_use(rig->writer, none[i], 0, rig_key(1)), ERR_NOT_FOUND);
    }
    rig_commit(rig->writer);
}

static enum err see_member(void *ctx, const struct store_circle *circle, const struct store_member *member)
{
    struct seen *seen = ctx;
    if (circle->number != member->circle) return ERR_BROKEN_CHAIN;
    if (memcmp(circle->id, rig_key((unsigned)circle->number), HASH_BYTES) != 0) return ERR_BROKEN_CHAIN;
    seen->number[seen->n] = circle->head.seq;
    seen->member[seen->n++] = *member;
    return seen->n == seen->stop_after ? ERR_STOPPING : ERR_OK;
}

static void the_circles_of_somebody_come_once_each_by_number(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    struct store_head head = rig_head(4);
    uint64_t circle_n = 77;
    rig_begin(s);
    for (unsigned i = 1; i <= 5; i++) (void)rig_add_circle(s, i);
    expect(store_circle_set_head(s, 4, &head, (struct str){0}), ERR_OK);
    expect(store_member_add(s, 4, rig_key(1), 0), ERR_OK); /* in */
    expect(store_member_add(s, 2, rig_key(1), 0), ERR_OK); /* gone */
    expect(store_member_leave(s, 2, rig_key(1), 9), ERR_OK);
    expect(store_member_add(s, 1, rig_key(1), 2), ERR_OK); /* gone and back */
    expect(store_member_leave(s, 1, rig_key(1), 3), ERR_OK);
    expect(store_member_add(s, 1, rig_key(1), 6), ERR_OK);
    expect(store_member_add(s, 3, rig_key(2), 0), ERR_OK); /* somebody else */
    rig_commit(s);
    struct seen seen = {.n = 0};
    expect(store_member_each(rig->reader, rig_key(1), see_member, &seen), ERR_OK);
    assert_int_equal(seen.n, 3);
    assert_int_equal(seen.member[0].circle, 1);
    assert_int_equal(seen.member[0].joined_seq, 6);
    assert_false(seen.member[0].has_left);
    assert_int_equal(seen.member[1].circle, 2);
    assert_true(seen.member[1].has_left);
    assert_int_equal(seen.member[1].left_seq, 9);
    assert_int_equal(seen.member[2].circle, 4);
    assert_int_equal(seen.number[2], 4);
    expect(store_member_count(rig->reader, rig_key(1), &circle_n), ERR_OK);
    assert_int_equal(circle_n, 2);
    expect(store_member_count(rig->reader, rig_key(9), &circle_n), ERR_OK);
    assert_int_equal(circle_n, 0);
    seen = (struct seen){.stop_after = 2};
    expect(store_member_each(rig->reader, rig_key(1), see_member, &seen), ERR_STOPPING);
    assert_int_equal(seen.n, 2);
    seen = (struct seen){.n = 0};
    expect(store_member_each(rig->reader, rig_key(9), see_member, &seen), ERR_OK);
    assert_int_equal(seen.n, 0);
}

/* Who brings circles here and leaves them has brought them here all the same. */
static void a_circle_counts_for_who_is_in_and_for_who_brought_it(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    struct store_trouble trouble;
    uint64_t circle_n = 77;
    rig_begin(s);
    for (unsigned i = 1; i <= 4; i++) rig_add_entries(s, rig_add_circle(s, i), 0, 0);
    expect(store_circle_bring(s, 1, rig_key(1)), ERR_OK);
    expect(store_circle_bring(s, 1, rig_key(1)), ERR_EXISTS);
    expect(store_circle_bring(s, 1, rig_key(2)), ERR_EXISTS);
    expect(store_circle_bring(s, 5, rig_key(1)), ERR_NOT_FOUND);
    expect(store_circle_bring(s, UINT64_MAX, rig_key(1)), ERR_NOT_FOUND);
    expect(store_circle_bring(s, 2, rig_key(1)), ERR_OK);
    expect(store_circle_bring(s, 3, rig_key(2)), ERR_OK);
    rig_commit(s);
    rig_begin(s);
    expect(store_member_add(s, 1, rig_key(1), 0), ERR_OK); /* brought, left, and in again */
    expect(store_member_leave(s, 1, rig_key(1), 1), ERR_OK);
    expect(store_member_add(s, 1, rig_key(1), 2), ERR_OK);
    expect(store_member_add(s, 2, rig_key(1), 0), ERR_OK); /* brought, and left           */
    expect(store_member_leave(s, 2, rig_key(1), 4), ERR_OK);
    expect(store_member_add(s, 3, rig_key(1), 5), ERR_OK); /* brought by another, and in  */
    expect(store_member_add(s, 4, rig_key(1), 5), ERR_OK); /* brought by nobody, and left */
    expect(store_member_leave(s, 4, rig_key(1), 6), ERR_OK);
    rig_commit(s);
    expect(store_member_count(rig->reader, rig_key(1), &circle_n), ERR_OK);
    assert_int_equal(circle_n, 3);
    expect(store_member_count(rig->reader, rig_key(2), &circle_n), ERR_OK);
    assert_int_equal(circle_n, 1); /* brought, and never in */
    struct seen seen = {.n = 0};
    expect(store_member_each(rig->reader, rig_key(2), see_member, &seen), ERR_OK);
    assert_int_equal(seen.n, 0);
    expect(store_check(rig->reader, &trouble), ERR_OK);
}

/* ---- invites -------------------------------------------------------------------------------- */

static void an_invite_is_found_by_its_key_the_first_one_first(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    struct store_invite invite;
    rig_begin(s);
    (void)rig_add_circle(s, 1);
    (void)rig_add_circle(s, 2);
    expect(store_invite_find(s, rig_key(5), &invite), ERR_NOT_FOUND);
    expect(store_invite_add(s, rig_key(5), 2, 7), ERR_OK);
    expect(store_invite_add(s, rig_key(5), 1, 3), ERR_OK); /* copied: the key is no secret to members */
    expect(store_invite_add(s, rig_key(6), 2, 7), ERR_EXISTS);
    expect(store_invite_add(s, rig_key(6), 2, LIMIT_SEQ), ERR_OK);
    rig_commit(s);
    expect(store_invite_find(rig->reader, rig_key(5), &invite), ERR_OK);
    assert_memory_equal(invite.invite_pk, rig_key(5), SIGN_PK_BYTES);
    assert_int_equal(invite.circle, 2);
    assert_int_equal(invite.seq, 7);
    assert_false(invite.is_used);
    expect(store_invite_find(rig->reader, rig_key(6), &invite), ERR_OK);
    assert_int_equal(invite.seq, LIMIT_SEQ);
}

static void an_invite_permits_one_key(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    struct store_invite invite;
    rig_begin(s);
    (void)rig_add_circle(s, 1);
    expect(store_invite_add(s, rig_key(5), 1, 3), ERR_OK);
    expect(store_invite_use(s, 1, 4, rig_key(1)), ERR_NOT_FOUND);
    expect(store_invite_use(s, 1, LIMIT_SEQ + 1, rig_key(1)), ERR_NOT_FOUND);
    expect(store_invite_use(s, 1, 3, rig_key(1)), ERR_OK);
    expect(store_invite_use(s, 1, 3, rig_key(1)), ERR_OK);
    expect(store_invite_use(s, 1, 3, rig_key(2)), ERR_NO_PERMIT);
    rig_commit(s);
    expect(store_invite_find(rig->reader, rig_key(5), &invite), ERR_OK);
    assert_true(invite.is_used);
    assert_memory_equal(invite.used_by, rig_key(1), SIGN_PK_BYTES);
}

/* ---- counting ------------------------------------------------------------------------------- */

static void everything_is_counted(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    struct store_counts n;
    expect(store_count(rig->reader, &n), ERR_OK);
    const struct store_counts none = {0};
    assert_memory_equal(&n, &none, sizeof n);
    rig_begin(s);
    uint64_t ana = rig_add_account(s, 1);
    struct store_session session = rig_session(1, ana);
    expect(store_session_add(s, &session), ERR_OK);
    (void)rig_add_account(s, 2);
    for (unsigned i = 1; i <= 3; i++) (void)rig_add_circle(s, i);
    struct store_head head = {.seq = 4, .payload_bytes = 1000};
    expect(store_circle_set_head(s, 2, &head, (struct str){0}), ERR_OK);
    for (unsigned i = 0; i < 3; i++) expect(store_permit_add(s, rig_key(i), 1), ERR_OK);
    expect(store_permit_use(s, rig_key(1), rig_key(9)), ERR_OK);
    rig_commit(s);
    expect(store_count(rig->reader, &n), ERR_OK);
    assert_int_equal(n.account_n, 2);
    assert_int_equal(n.session_n, 1);
    assert_int_equal(n.circle_n, 3);
    assert_int_equal(n.entry_n, 1 + 5 + 1);
    assert_int_equal(n.payload_bytes, 1000);
    assert_int_equal(n.open_permit_n, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_circle_is_found_by_id_and_number),
        STORE_TEST(a_circle_is_added_once),
        STORE_TEST(a_number_of_a_circle_undone_is_free_again),
        STORE_TEST(a_head_moves_and_the_state_only_if_given),
        STORE_TEST(circles_are_visited_by_number),
        STORE_TEST(somebody_comes_goes_and_comes_back),
        STORE_TEST(membership_needs_a_circle),
        STORE_TEST(the_circles_of_somebody_come_once_each_by_number),
        STORE_TEST(a_circle_counts_for_who_is_in_and_for_who_brought_it),
        STORE_TEST(an_invite_is_found_by_its_key_the_first_one_first),
        STORE_TEST(an_invite_permits_one_key),
        STORE_TEST(everything_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
