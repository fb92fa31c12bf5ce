/* login_again.c -- sign-ins whose transaction another request breaks, so that they are applied once more: each
 * signs out whom it would have signed out the first time, and nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/store_rig.h"
#include "server/api_session.c"

enum { DEVICES = 3, LOGINS = 6, OLD = 2 };

static struct config config = {.session_n = DEVICES};
static struct server server = {.config = &config};
static struct request request[LOGINS];
static struct login login[LOGINS];

/* Session n of the account, used the later the higher n is. */
static struct store_session session_of(unsigned n, uint64_t account, uint64_t now_ms)
{
    struct store_session row = rig_session(n, account);
    row.created_ms = row.used_ms = now_ms - 1000 + n;
    return row;
}

/* An account with two devices, and six that sign in. */
static void open_account(struct store *s)
{
    uint64_t now_ms = clock_now_ms();
    assert_int_equal(sessions_init(&server.sessions), ERR_OK);
    rig_begin(s);
    uint64_t number = rig_add_account(s, 1);
    for (unsigned n = 0; n < OLD + LOGINS; n++) {
        struct session session = {.row = session_of(n, number, now_ms)};
        if (n < OLD) {
            expect(store_session_add(s, &session.row), ERR_OK);
            expect(sessions_add(&server.sessions, &session), ERR_OK);
            continue;
        }
        struct login *l = &login[n - OLD];
        *l = (struct login){.session = session};
        memcpy(l->cred_id, rig_cred(1).cred_id, ID_BYTES);
        expect(store_account_by_cred(s, l->cred_id, &l->account, &l->cred), ERR_OK);
        request[n - OLD] = (struct request){.server = &server, .work = l};
    }
    rig_commit(s);
}

static void apply_first(struct store *s, unsigned n)
{
    struct writer_desk desk = {.store = s};
    for (unsigned i = 0; i < n; i++) {
        expect(store_mark(s), ERR_OK);
        expect(login_apply(&request[i].write, &desk), ERR_OK);
        expect(store_keep(s), ERR_OK);
    }
}

/* Login i makes room by signing out the session that was used longest ago, once there are three. */
static void assert_evicted(void)
{
    for (unsigned i = 0; i < LOGINS; i++) {
        bool has_room = i < DEVICES - OLD;
        assert_int_equal(login[i].evicted_n, has_room ? 0 : 1);
        if (!has_room) assert_memory_equal(login[i].evicted[0], rig_id(i - (DEVICES - OLD)), ID_BYTES);
    }
}

static enum err expect_newest(void *ctx, const struct store_session *row)
{
    unsigned *n = ctx;
    assert_memory_equal(row->id, rig_id(OLD + LOGINS - DEVICES + (*n)++), ID_BYTES);
    return ERR_OK;
}

static void what_is_applied_once_more_is_as_the_first_time(void **state)
{
    struct store_rig *rig = *state;
    struct store *s = rig->writer;
    open_account(s);
    for (unsigned broken_at = 0; broken_at <= LOGINS; broken_at++) { /* after so many */
        rig_begin(s);
        apply_first(s, broken_at);
        store_abort(s);
    }
    rig_begin(s);
    apply_first(s, LOGINS);
    rig_commit(s);
    assert_evicted();
    unsigned n = 0;
    expect(store_session_each(s, expect_newest, &n), ERR_OK);
    assert_int_equal(n, DEVICES);
    for (unsigned i = 0; i < LOGINS; i++) applied_remove(&server, &login[i]);
    assert_null(server.signing_in);
    sessions_fini(&server.sessions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {STORE_TEST(what_is_applied_once_more_is_as_the_first_time)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
