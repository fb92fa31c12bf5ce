/* home_account.c -- accounts of a home: kept, told apart, locked and unlocked, moved, removed with all they had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/aborts.h"
#include "harness/home_rig.h"

static char folder[SCRATCH_PATH_BYTES];
static struct home *home;

static int setup(void **state)
{
    (void)state;
    scratch_folder(folder);
    home = home_rig_open(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    home_close(home);
    return 0;
}

static void open_again(void)
{
    home_close(home);
    home = home_rig_open(folder);
}

/* What a visit saw: copies. */
static struct seen {
    struct home_account account[4];
    char origin[4][80];
    unsigned n;
} seen;

static enum err see(void *ctx, const struct home_account *account)
{
    (void)ctx;
    assert_true(seen.n < 4 && account->origin.len < 80);
    memset(seen.origin[seen.n], 0, sizeof seen.origin[0]);
    memcpy(seen.origin[seen.n], account->origin.at, account->origin.len);
    seen.account[seen.n++] = *account;
    return ERR_OK;
}

static void see_all(void)
{
    seen.n = 0;
    home_expect(home_account_each(home, see, NULL), ERR_OK);
}

static void a_locked_home_tells_which_accounts_it_has(void **state)
{
    (void)state;
    uint64_t first = home_rig_add_account(home, 1), second = home_rig_add_account(home, 2);
    assert_true(first >= 1 && second > first);
    open_again();
    assert_false(home_is_unlocked(home, first));
    see_all();
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.account[0].number, first);
    assert_string_equal(seen.origin[1], "https://server-2.example");
    struct home_account right = home_rig_account(2);
    assert_memory_equal(seen.account[1].code, right.code, SECRET_BYTES);
    assert_memory_equal(seen.account[1].wrapped, right.wrapped, SECRET_WRAPPED_BYTES);
    assert_memory_equal(seen.account[1].sign_pk, right.sign_pk, SIGN_PK_BYTES);
    seen.n = 0;
    home_expect(home_account_get(home, second, see, NULL), ERR_OK);
    assert_int_equal(seen.account[0].number, second);
    home_expect(home_account_get(home, 99, see, NULL), ERR_NOT_FOUND);
}

static void one_identity_may_be_on_two_servers_but_not_twice_on_one(void **state)
{
    (void)state;
    struct home_account account = home_rig_account(1);
    uint64_t number = 4711;
    (void)home_rig_add_account(home, 1);
    home_expect(home_account_add(home, &account, home_rig_key(1), &number), ERR_EXISTS);
    assert_int_equal(number, 4711);
    account.origin = STR("https://elsewhere.example:8443");
    home_expect(home_account_add(home, &account, home_rig_key(1), &number), ERR_OK);
    home_expect(home_account_set_origin(home, number, STR("https://server-1.example")), ERR_EXISTS);
    see_all();
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.origin[1], "https://elsewhere.example:8443");
}

static void the_session_and_the_name_come_back_when_unlocked(void **state)
{
    (void)state;
    uint64_t n = home_rig_add_account(home, 1);
    struct home_session session = {.is_open = true}, found;
    uint8_t room[HOME_NAME_BYTES], longest[HOME_NAME_BYTES];
    struct out name = OUT_OVER(room);
    home_expect(home_session_get(home, n, &session), ERR_OK);
    assert_false(session.is_open);
    home_expect(home_account_name(home, n, &name), ERR_OK);
    assert_int_equal(name.len, 0);
    session.is_open = true;
    memcpy(session.token, home_rig_key(9), sizeof session.token);
    memset(longest, 'L', sizeof longest);
    home_expect(home_session_set(home, n, &session), ERR_OK);
    home_expect(home_account_set_name(home, n, STR_OF(longest)), ERR_OK);
    open_again();
    home_expect(home_unlock(home, n, home_rig_key(1)), ERR_OK);
    home_expect(home_session_get(home, n, &found), ERR_OK);
    assert_true(found.is_open);
    assert_memory_equal(found.token, home_rig_key(9), sizeof found.token);
    home_expect(home_account_name(home, n, &name), ERR_OK);
    assert_true(str_is(out_str(&name), STR_OF(longest)));
    home_expect(home_session_set(home, 99, &session), ERR_NOT_FOUND);
    home_expect(home_session_get(home, 99, &session), ERR_NOT_FOUND);
    home_expect(home_account_set_name(home, 99, STR("x")), ERR_NOT_FOUND);
}

static void a_token_goes_with_its_server_to_another_address(void **state)
{
    (void)state;
    uint64_t n = home_rig_add_account(home, 1);
    struct home_session session = {.is_open = true}, found;
    memcpy(session.token, home_rig_key(9), sizeof session.token);
    home_expect(home_session_set(home, n, &session), ERR_OK);
    home_expect(home_account_set_origin(home, n, STR("http://localhost:8080")), ERR_OK);
    open_again();
    home_expect(home_unlock(home, n, home_rig_key(1)), ERR_OK);
    home_expect(home_session_get(home, n, &found), ERR_OK);
    assert_memory_equal(found.token, session.token, sizeof found.token);
    see_all();
    assert_string_equal(seen.origin[0], "http://localhost:8080");
    home_expect(home_unlock(home, 99, home_rig_key(1)), ERR_NOT_FOUND);
}

static void another_passphrase_leaves_all_else(void **state)
{
    (void)state;
    uint64_t n = home_rig_add_account(home, 1);
    uint8_t code[SECRET_BYTES] = {7}, wrapped[SECRET_WRAPPED_BYTES] = {8};
    home_lock(home, n);
    home_expect(home_account_set_access(home, n, code, wrapped), ERR_OK); /* needs no key */
    home_expect(home_account_set_access(home, 99, code, wrapped), ERR_NOT_FOUND);
    see_all();
    assert_memory_equal(seen.account[0].code, code, sizeof code);
    assert_memory_equal(seen.account[0].wrapped, wrapped, sizeof wrapped);
    home_expect(home_unlock(home, n, home_rig_key(1)), ERR_OK);
}

/* All that an account had is gone, from the file too; and nothing of another one's. */
static void a_removed_account_is_gone_with_all_it_had(void **state)
{
    (void)state;
    uint64_t number, n[3];
    enum err e;
    struct str wire = STR("an entry that only this account has, which nobody will find again");
    (void)home_rig_add_account(home, 1);
    char *before = home_rig_all(home, &e);
    home_expect(e, ERR_OK);
    n[2] = home_rig_add_account(home, 2);
    for (unsigned i = 0; i < 2; i++) {
        n[i] = home_rig_add_circle(home, n[2], 40 + i);
        struct home_entry entry = {.wire = wire};
        struct home_pin pin = {.is_set = true};
        struct home_item item = home_rig_item(i);
        struct home_draft draft = home_rig_draft(i);
        struct home_alarm alarm = {.circle = i * n[i], .evidence = STR("forked")};
        home_expect(home_entries_add(home, n[i], &entry, 1, &pin), ERR_OK);
        home_expect(home_epoch_put(home, n[i], 0, home_rig_key(1)), ERR_OK);
        home_expect(home_item_add(home, n[i], &item), ERR_OK);
        home_expect(home_draft_put(home, n[i], &draft), ERR_OK);
        home_expect(home_alarm_add(home, n[2], &alarm, &number), ERR_OK);
        home_expect(home_note_put(home, n[2], i * n[i], STR("a note"), STR("kept")), ERR_OK);
    }
    struct home_account gone = home_rig_account(2);
    struct str code = STR_OF(gone.code);
    assert_true(home_rig_has(folder, wire) && home_rig_has(folder, code));
    home_expect(home_account_remove(home, n[2]), ERR_OK);
    assert_false(home_is_unlocked(home, n[2]));
    assert_false(home_rig_has(folder, wire));
    assert_false(home_rig_has(folder, code));
    assert_false(home_rig_has(folder, STR("a note")));
    char *after = home_rig_all(home, &e);
    home_expect(e, ERR_OK);
    assert_string_equal(after, before);
    free(after);
    free(before);
    home_expect(home_account_remove(home, n[2]), ERR_NOT_FOUND);
    assert_true(home_rig_add_account(home, 2) > n[2]); /* a number is never given twice */
}

static void removed_in_a_transaction_that_is_abandoned(void **state)
{
    (void)state;
    uint64_t n = home_rig_add_account(home, 1);
    (void)home_rig_add_circle(home, n, 1);
    home_expect(home_begin(home), ERR_OK);
    home_expect(home_account_remove(home, n), ERR_OK);
    home_abandon(home);
    see_all();
    assert_int_equal(seen.n, 1);
    home_expect(home_unlock(home, n, home_rig_key(1)), ERR_OK);
}

/* ---- misuse --------------------------------------------------------------------------------- */

static void read_while_locked(void)
{
    struct home_session session;
    home_lock(home, 1);
    (void)!home_session_get(home, 1, &session);
}

static void add_no_origin(void)
{
    struct home_account account = home_rig_account(3);
    uint64_t n;
    account.origin = STR("https://server.example/");
    (void)!home_account_add(home, &account, home_rig_key(3), &n);
}

static void name_too_long(void)
{
    (void)!home_account_set_name(home, 1, home_rig_text(HOME_NAME_BYTES + 1));
}

static void misuse_stops_the_program(void **state)
{
    (void)state;
    (void)home_rig_add_account(home, 1);
    assert_true(aborts(read_while_locked));
    assert_true(aborts(add_no_origin));
    assert_true(aborts(name_too_long));
}

#define ACCOUNT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ACCOUNT_TEST(a_locked_home_tells_which_accounts_it_has),
        ACCOUNT_TEST(one_identity_may_be_on_two_servers_but_not_twice_on_one),
        ACCOUNT_TEST(the_session_and_the_name_come_back_when_unlocked),
        ACCOUNT_TEST(a_token_goes_with_its_server_to_another_address),
        ACCOUNT_TEST(another_passphrase_leaves_all_else),
        ACCOUNT_TEST(a_removed_account_is_gone_with_all_it_had),
        ACCOUNT_TEST(removed_in_a_transaction_that_is_abandoned),
        ACCOUNT_TEST(misuse_stops_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
