/* account.c -- accounts, the ways into them, sessions and permits, in every kind of store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/store_rig.h"

/* ---- accounts ------------------------------------------------------------------------------- */

static void assert_account(struct store *s, uint64_t number, unsigned n, uint64_t version)
{
    struct store_account account;
    expect(store_account_by_number(s, number, &account), ERR_OK);
    assert_int_equal(account.number, number);
    assert_memory_equal(account.sign_pk, rig_key(n), SIGN_PK_BYTES);
    assert_memory_equal(account.box_pk, rig_key(n + 1000), BOX_PK_BYTES);
    assert_int_equal(account.creds_version, version);
}

static void an_account_is_found_by_number_key_and_credential(void **state)
{
    struct store_rig *rig = *state;
    rig_begin(rig->writer);
    uint64_t ana = rig_add_account(rig->writer, 1), ben = rig_add_account(rig->writer, 2);
    rig_commit(rig->writer);
    assert_int_equal(ana, 1);
    assert_int_equal(ben, 2);
    struct store *both[] = {rig->writer, rig->reader};
    for (size_t i = 0; i < 2; i++) {
        struct store_account account;
        struct store_cred cred, expected = rig_cred(2);
        assert_account(both[i], ana, 1, 1);
        assert_account(both[i], ben, 2, 1);
        expect(store_account_by_sign_pk(both[i], rig_key(2), &account), ERR_OK);
        assert_int_equal(account.number, ben);
        expect(store_account_by_cred(both[i], rig_id(2), &account, &cred), ERR_OK);
        assert_int_equal(account.number, ben);
        assert_memory_equal(account.sign_pk, rig_key(2), SIGN_PK_BYTES);
        assert_memory_equal(&cred, &expected, sizeof cred);
    }
}

static void an_unknown_account_is_not_found_and_nothing_is_given(void **state)
{
    struct store_rig *rig = *state;
    rig_begin(rig->writer);
    (void)rig_add_account(rig->writer, 1);
    rig_commit(rig->writer);
    struct store_account account, before;
    struct store_cred cred[LIMIT_CREDENTIALS], cred_before;
    size_t cred_n = 77;
    memset(&account, 0x5a, sizeof account);
    memset(&cred[0], 0x5a, sizeof cred[0]);
    before = account;
    cred_before = cred[0];
    const uint64_t none[] = {0, 2, LIMIT_NUMBER, UINT64_MAX};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        expect(store_account_by_number(rig->reader, none[i], &account), ERR_NOT_FOUND);
        expect(store_creds_of(rig->reader, none[i], cred, &cred_n), ERR_NOT_FOUND);
    }
    expect(store_account_by_sign_pk(rig->reader, rig_key(2), &account), ERR_NOT_FOUND);
    expect(store_account_by_cred(rig->reader, rig_id(2), &account, cred), ERR_NOT_FOUND);
    assert_memory_equal(&account, &before, sizeof account);
    assert_memory_equal(&cred[0], &cred_before, sizeof cred[0]);
    assert_int_equal(cred_n, 77);
}

static void a_key_or_a_credential_makes_one_account_only(void **state)
{
    struct store_rig *rig = *state;
    rig_begin(rig->writer);
    (void)rig_add_account(rig->writer, 1);
    char *before = rig_text(rig->writer);
    struct store_cred known = rig_cred(1), fresh = rig_cred(2);
    uint64_t number = 77;
    expect(store_account_add(rig->writer, rig_key(1), rig_key(5), &fresh, &number), ERR_EXISTS);
    expect(store_account_add(rig->writer, rig_key(2), rig_key(5), &known, &number), ERR_EXISTS);
    expect(store_account_add(rig->writer, rig_key(1), rig_key(5), &known, &number), ERR_EXISTS);
    assert_int_equal(number, 77);
    char *after = rig_text(rig->writer);
    assert_string_equal(after, before);
    assert_int_equal(rig_add_account(rig->writer, 2), 2);
    rig_commit(rig->writer);
    free(before);
    free(after);
}

static void a_number_is_never_given_twice(void **state)
{
    struct store_rig *rig = *state;
    rig_begin(rig->writer);
    (void)rig_add_account(rig->writer, 1);
    uint64_t ben = rig_add_account(rig->writer, 2);
    expect(store_account_remove(rig->writer, ben), ERR_OK);
    assert_int_equal(rig_add_account(rig->writer, 3), ben + 1);
    rig_commit(rig->writer);
    rig_begin(rig->writer);
    expect(store_account_remove(rig->writer, ben + 1), ERR_OK);
    rig_commit(rig->writer);
    if (rig->kind == STORE_KIND_SQLITE) rig_reopen(rig);
    rig_begin(rig->writer);
    assert_int_equal(rig_add_account(rig->writer, 2), ben + 2);
    store_abort(rig->writer);
    rig_begin(rig->writer); /* an account that never was gave its number to nobody */
    assert_int_equal(rig_add_account(rig->writer, 4), ben + 2);
    rig_commit(rig->writer);
}

static void a_removed_account_leaves_no_way_in_and_no_session(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    uint64_t ana = rig_add_account(s, 1), ben = rig_add_account(s, 2), circle = rig_add_circle(s, 3);
    struct store_session mine = rig_session(5, ana), bens = rig_session(6, ben);
    expect(store_session_add(s, &mine), ERR_OK);
    expect(store_session_add(s, &bens), ERR_OK);
    expect(store_member_add(s, circle, rig_key(1), 0), ERR_OK);
    expect(store_account_remove(s, ana), ERR_OK);
    expect(store_account_remove(s, ana), ERR_NOT_FOUND);
    expect(store_account_remove(s, UINT64_MAX), ERR_NOT_FOUND);
    rig_commit(s);
    struct store_account account;
    struct store_cred cred;
    struct store_member member;
    expect(store_account_by_cred(s, rig_id(1), &account, &cred), ERR_NOT_FOUND);
    expect(store_account_by_sign_pk(s, rig_key(1), &account), ERR_NOT_FOUND);
    expect(store_member_find(s, circle, rig_key(1), &member), ERR_OK); /* that stays */
    rig_begin(s);
    expect(store_session_touch(s, mine.id, 9), ERR_NOT_FOUND);
    expect(store_session_touch(s, bens.id, 9), ERR_OK);
    assert_int_equal(rig_add_account(s, 1), 3); /* the same person may come back */
    rig_commit(s);
}

/* ---- credentials ---------------------------------------------------------------------------- */

static void assert_creds(struct store *s, uint64_t account, const unsigned *n, size_t n_n)
{
    struct store_cred cred[LIMIT_CREDENTIALS];
    size_t cred_n = 0;
    expect(store_creds_of(s, account, cred, &cred_n), ERR_OK);
    assert_int_equal(cred_n, n_n);
    for (size_t i = 0; i < n_n; i++) {
        struct store_cred expected = rig_cred(n[i]);
        assert_memory_equal(&cred[i], &expected, sizeof expected);
    }
}
#define ASSERT_CREDS(s, account, ...)                                                                                  \
    assert_creds(s, account, (const unsigned[]){__VA_ARGS__},                                                          \
                 sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned))

static void credentials_are_replaced_as_a_list(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    uint64_t ana = rig_add_account(s, 1);
    struct store_cred list[] = {rig_cred(12), rig_cred(1), rig_cred(11), rig_cred(10)};
    expect(store_creds_replace(s, ana, 2, list, 4), ERR_OK);
    ASSERT_CREDS(s, ana, 12, 1, 11, 10);
    expect(store_creds_replace(s, ana, 3, list + 2, 1), ERR_OK);
    rig_commit(s);
    ASSERT_CREDS(rig->reader, ana, 11);
    assert_account(rig->reader, ana, 1, 3);
    struct store_account account;
    struct store_cred cred;
    expect(store_account_by_cred(s, rig_id(1), &account, &cred), ERR_NOT_FOUND);
    expect(store_account_by_cred(s, rig_id(11), &account, &cred), ERR_OK);
}

static void credentials_move_one_version_at_a_time(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    uint64_t ana = rig_add_account(s, 1);
    struct store_cred fresh = rig_cred(10);
    const uint64_t wrong[] = {0, 1, 3, LIMIT_NUMBER, UINT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect(store_creds_replace(s, ana, wrong[i], &fresh, 1), ERR_CREDS_MOVED);
    ASSERT_CREDS(s, ana, 1);
    assert_account(s, ana, 1, 1);
    expect(store_creds_replace(s, ana, 2, &fresh, 1), ERR_OK);
    expect(store_creds_replace(s, ana, 2, &fresh, 1), ERR_CREDS_MOVED);
    expect(store_creds_replace(s, ana + 1, 2, &fresh, 1), ERR_NOT_FOUND);
    rig_commit(s);
}

static void a_credential_opens_one_account_only(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    uint64_t ana = rig_add_account(s, 1), ben = rig_add_account(s, 2);
    struct store_cred with_bens[] = {rig_cred(10), rig_cred(2)}, twice[] = {rig_cred(10), rig_cred(11), rig_cred(10)};
    expect(store_creds_replace(s, ana, 2, with_bens, 2), ERR_EXISTS);
    expect(store_creds_replace(s, ana, 2, twice, 3), ERR_EXISTS);
    ASSERT_CREDS(s, ana, 1);
    ASSERT_CREDS(s, ben, 2);
    assert_account(s, ana, 1, 1);
    rig_commit(s);
}

/* ---- sessions ------------------------------------------------------------------------------- */

struct seen {
    struct store_session session[8];
    size_t n, stop_after;
};

static enum err see_session(void *ctx, const struct store_session *session)
{
    struct seen *seen = ctx;
    if (seen->n == 8) return ERR_FULL;
    seen->session[seen->n++] = *session;
    return seen->n == seen->stop_after ? ERR_STOPPING : ERR_OK;
}

static void assert_sessions(struct store *s, const struct store_session *expected, size_t n)
{
    struct seen seen = {.n = 0};
    expect(store_session_each(s, see_session, &seen), ERR_OK);
    assert_int_equal(seen.n, n);
    for (size_t i = 0; i < n; i++) assert_memory_equal(&seen.session[i], &expected[i], sizeof expected[i]);
}

static void sessions_are_visited_in_the_order_they_came(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    uint64_t ana = rig_add_account(s, 1), ben = rig_add_account(s, 2);
    struct store_session list[] = {rig_session(9, ben), rig_session(3, ana), rig_session(7, ben), rig_session(5, ana)};
    for (size_t i = 0; i < 4; i++) expect(store_session_add(s, &list[i]), ERR_OK);
    rig_commit(s);
    assert_sessions(rig->reader, list, 4);
    rig_begin(s);
    expect(store_session_remove(s, list[0].id), ERR_OK);
    expect(store_session_remove(s, list[0].id), ERR_NOT_FOUND);
    expect(store_session_touch(s, list[2].id, LIMIT_NUMBER), ERR_OK);
    expect(store_session_touch(s, list[0].id, 1), ERR_NOT_FOUND);
    list[2].used_ms = LIMIT_NUMBER;
    assert_sessions(s, list + 1, 3);
    expect(store_session_add(s, &list[0]), ERR_OK); /* and now it is the last */
    struct store_session after[] = {list[1], list[2], list[3], list[0]};
    assert_sessions(s, after, 4);
    rig_commit(s);
}

static void a_session_has_a_name_a_token_and_an_account(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    uint64_t ana = rig_add_account(s, 1);
    struct store_session one = rig_session(1, ana), other = rig_session(2, ana), nobodys = rig_session(3, ana + 1);
    expect(store_session_add(s, &one), ERR_OK);
    expect(store_session_add(s, &one), ERR_EXISTS);
    struct store_session same_name = other, same_token = other;
    memcpy(same_name.id, one.id, ID_BYTES);
    memcpy(same_token.token_hash, one.token_hash, HASH_BYTES);
    expect(store_session_add(s, &same_name), ERR_EXISTS);
    expect(store_session_add(s, &same_token), ERR_EXISTS);
    expect(store_session_add(s, &nobodys), ERR_NOT_FOUND);
    nobodys.account = UINT64_MAX;
    expect(store_session_add(s, &nobodys), ERR_NOT_FOUND);
    assert_sessions(s, &one, 1);
    rig_commit(s);
}

static void all_sessions_of_an_account_end_but_the_one_to_keep(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    uint64_t ana = rig_add_account(s, 1), ben = rig_add_account(s, 2);
    struct store_session list[] = {rig_session(1, ana), rig_session(2, ben), rig_session(3, ana), rig_session(4, ana)};
    for (size_t i = 0; i < 4; i++) expect(store_session_add(s, &list[i]), ERR_OK);
    size_t removed_n = 77;
    expect(store_session_remove_of(s, ana, list[2].id, &removed_n), ERR_OK);
    assert_int_equal(removed_n, 2);
    assert_sessions(s, list + 1, 2);
    expect(store_session_remove_of(s, ana, list[1].id, &removed_n), ERR_OK); /* Ben's name keeps none of Ana's */
    assert_int_equal(removed_n, 1);
    assert_sessions(s, list + 1, 1);
    expect(store_session_remove_of(s, ben, NULL, &removed_n), ERR_OK);
    assert_int_equal(removed_n, 1);
    expect(store_session_remove_of(s, ben, NULL, &removed_n), ERR_OK);
    assert_int_equal(removed_n, 0);
    expect(store_session_remove_of(s, UINT64_MAX, NULL, &removed_n), ERR_OK);
    assert_int_equal(removed_n, 0);
    assert_sessions(s, NULL, 0);
    rig_commit(s);
}

static void a_visit_ends_when_the_visitor_says_so(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    rig_begin(s);
    uint64_t ana = rig_add_account(s, 1);
    for (unsigned i = 0; i < 4; i++) {
        struct store_session session = rig_session(i, ana);
        expect(store_session_add(s, &session), ERR_OK);
    }
    struct seen seen = {.stop_after = 2};
    expect(store_session_each(s, see_session, &seen), ERR_STOPPING);
    assert_int_equal(seen.n, 2);
    rig_commit(s); /* a visitor's error is not the store's */
    seen = (struct seen){.stop_after = 1};
    expect(store_session_each(rig->reader, see_session, &seen), ERR_STOPPING);
    assert_int_equal(seen.n, 1);
}

/* ---- permits -------------------------------------------------------------------------------- */

static void a_permit_is_used_once_and_again_by_the_same_key(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    struct store_permit permit;
    rig_begin(s);
    expect(store_permit_add(s, rig_key(1), 123), ERR_OK);
    expect(store_permit_add(s, rig_key(1), 124), ERR_EXISTS);
    expect(store_permit_add(s, rig_key(2), LIMIT_NUMBER), ERR_OK);
    expect(store_permit_find(s, rig_key(3), &permit), ERR_NOT_FOUND);
    expect(store_permit_use(s, rig_key(3), rig_key(7)), ERR_NOT_FOUND);
    expect(store_permit_find(s, rig_key(1), &permit), ERR_OK);
    assert_memory_equal(permit.hash, rig_key(1), HASH_BYTES);
    assert_int_equal(permit.made_ms, 123);
    assert_false(permit.is_used);
    const uint8_t zeros[SIGN_PK_BYTES] = {0};
    assert_memory_equal(permit.used_by, zeros, sizeof zeros);
    expect(store_permit_use(s, rig_key(1), rig_key(7)), ERR_OK);
    rig_commit(s);
    rig_begin(s);
    expect(store_permit_use(s, rig_key(1), rig_key(7)), ERR_OK);
    expect(store_permit_use(s, rig_key(1), rig_key(8)), ERR_NO_PERMIT);
    rig_commit(s);
    expect(store_permit_find(rig->reader, rig_key(1), &permit), ERR_OK);
    assert_true(permit.is_used);
    assert_memory_equal(permit.used_by, rig_key(7), SIGN_PK_BYTES);
    expect(store_permit_find(rig->reader, rig_key(2), &permit), ERR_OK);
    assert_false(permit.is_used);
    assert_int_equal(permit.made_ms, LIMIT_NUMBER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(an_account_is_found_by_number_key_and_credential),
        STORE_TEST(an_unknown_account_is_not_found_and_nothing_is_given),
        STORE_TEST(a_key_or_a_credential_makes_one_account_only),
        STORE_TEST(a_number_is_never_given_twice),
        STORE_TEST(a_removed_account_leaves_no_way_in_and_no_session),
        STORE_TEST(credentials_are_replaced_as_a_list),
        STORE_TEST(credentials_move_one_version_at_a_time),
        STORE_TEST(a_credential_opens_one_account_only),
        STORE_TEST(sessions_are_visited_in_the_order_they_came),
        STORE_TEST(a_session_has_a_name_a_token_and_an_account),
        STORE_TEST(all_sessions_of_an_account_end_but_the_one_to_keep),
        STORE_TEST(a_visit_ends_when_the_visitor_says_so),
        STORE_TEST(a_permit_is_used_once_and_again_by_the_same_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
