/* sweep.c -- what is over is removed from the store and from memory, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/fault_alloc.h"
#include "harness/store_rig.h"
#include "server/sweep.h"

#define DAY (UINT64_C(24) * 60 * 60 * 1000)
#define BEGAN (UINT64_C(20000) * DAY)
#define LATER (BEGAN + 31 * DAY)

static struct store_rig *rig;
static struct server server;
static uint64_t account;

/* Sessions first..last, in the store and in memory, last used then. */
static void add(unsigned first, unsigned last, uint64_t used_ms)
{
    rig_begin(rig->writer);
    for (unsigned n = first; n <= last; n++) {
        struct session session = {.row = rig_session(n, account)};
        session.row.created_ms = BEGAN;
        session.row.used_ms = used_ms;
        expect(store_session_add(rig->writer, &session.row), ERR_OK);
        expect(sessions_add(&server.sessions, &session), ERR_OK);
    }
    rig_commit(rig->writer);
}

static uint64_t stored_n(void)
{
    struct store_counts n;
    expect(store_count(rig->reader, &n), ERR_OK);
    return n.session_n;
}

static bool is_there(unsigned n)
{
    return sessions_has(&server.sessions, rig_session(n, account).id);
}

/* One sweep, settled. */
static void sweep(uint64_t now_ms)
{
    expect(writer_open(&server.writer, rig->writer), ERR_OK);
    sweep_sessions(&server, now_ms);
    writer_close(server.writer);
}

static int setup(void **state)
{
    void *of = NULL;
    if (record_open() != ERR_OK || store_rig_setup_sqlite(&of) != 0) return -1;
    *state = rig = of;
    server = (struct server){.config = NULL};
    if (sessions_init(&server.sessions) != ERR_OK || hub_open(&server.hub) != ERR_OK) return -1;
    rig_begin(rig->writer);
    account = rig_add_account(rig->writer, 1);
    rig_commit(rig->writer);
    return 0;
}

static int teardown(void **state)
{
    hub_close(server.hub);
    sessions_fini(&server.sessions);
    return store_rig_teardown(state);
}

static void Q5_what_is_over_goes_from_store_and_memory(void **state)
{
    (void)state;
    add(1, 3, BEGAN);
    add(4, 5, BEGAN + 5 * DAY);
    sweep(BEGAN + 30 * DAY); /* a tick of the clock before they are over */
    assert_int_equal(stored_n(), 5);
    sweep(LATER);
    assert_int_equal(stored_n(), 2);
    for (unsigned n = 1; n <= 5; n++) assert_int_equal(is_there(n), n >= 4);
    struct sessions loaded; /* as after the next start */
    expect(sessions_init(&loaded), ERR_OK);
    expect(sessions_load(&loaded, rig->writer), ERR_OK);
    for (unsigned n = 1; n <= 5; n++) assert_int_equal(sessions_has(&loaded, rig_session(n, account).id), n >= 4);
    sessions_fini(&loaded);
}

static void one_that_was_signed_out_meanwhile_hinders_nothing(void **state)
{
    (void)state;
    add(1, 3, BEGAN);
    rig_begin(rig->writer);
    expect(store_session_remove(rig->writer, rig_session(2, account).id), ERR_OK);
    rig_commit(rig->writer);
    sweep(LATER);
    assert_int_equal(stored_n(), 0);
    assert_false(is_there(1) || is_there(2) || is_there(3));
}

static void of_very_many_the_rest_goes_the_next_time(void **state)
{
    (void)state;
    add(1, SWEEP_SESSIONS + 7, BEGAN);
    sweep(LATER);
    assert_int_equal(stored_n(), 7);
    sweep(LATER);
    assert_int_equal(stored_n(), 0);
}

static void without_memory_it_is_done_the_next_time(void **state)
{
    (void)state;
    add(1, 2, BEGAN);
    fault_alloc_arm(1, FAULT_ALL);
    sweep_sessions(&server, LATER); /* there is no writer to hand it to, either */
    fault_alloc_disarm();
    assert_int_equal(stored_n(), 2);
    assert_true(is_there(1) && is_there(2));
    sweep(LATER);
    assert_int_equal(stored_n(), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(Q5_what_is_over_goes_from_store_and_memory),
        TEST(one_that_was_signed_out_meanwhile_hinders_nothing),
        TEST(of_very_many_the_rest_goes_the_next_time),
        TEST(without_memory_it_is_done_the_next_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
