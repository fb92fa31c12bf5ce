/* session.c -- who is signed in: found by their token, for so long and no longer, listed and removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "harness/fault_alloc.h"
#include "harness/race.h"
#include "harness/store_rig.h"
#include "server/session.h"

#define DAY (UINT64_C(24) * 60 * 60 * 1000)
#define BEGAN (UINT64_C(20000) * DAY)

enum { ANA = 1, BEN = 2, MANY = 5000 };

static struct sessions sessions;

static struct session session_of(unsigned n, uint64_t account)
{
    struct session session = {.row = rig_session(n, account)};
    session.row.created_ms = session.row.used_ms = BEGAN;
    memcpy(session.sign_pk, rig_key((unsigned)account), SIGN_PK_BYTES);
    return session;
}

static void add(unsigned n, uint64_t account)
{
    struct session session = session_of(n, account);
    expect(sessions_add(&sessions, &session), ERR_OK);
}

/* What using session n gives at that time after it began. */
static enum err use(unsigned n, uint64_t after_ms, bool *is_stale)
{
    struct session wanted = session_of(n, 0), session;
    enum err e = sessions_use(&sessions, wanted.row.token_hash, BEGAN + after_ms, &session, is_stale);
    if (e == ERR_OK) {
        assert_memory_equal(session.row.id, wanted.row.id, ID_BYTES);
        assert_int_equal(session.row.used_ms, BEGAN + after_ms);
    }
    return e;
}

static bool is_in(unsigned n)
{
    bool is_stale;
    return use(n, 1, &is_stale) == ERR_OK;
}

static size_t list(uint64_t account, struct session *rows, size_t cap)
{
    return sessions_of(&sessions, account, BEGAN, rows, cap);
}

static int setup(void **state)
{
    (void)state;
    return sessions_init(&sessions) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    sessions_fini(&sessions);
    return 0;
}

/* ---- finding -------------------------------------------------------------------------------------- */

static void a_session_is_found_by_its_token(void **state)
{
    (void)state;
    struct session session, unknown = session_of(3, ANA);
    bool is_stale = true;
    add(1, ANA);
    add(2, BEN);
    expect(sessions_use(&sessions, session_of(2, BEN).row.token_hash, BEGAN + 5, &session, &is_stale), ERR_OK);
    assert_false(is_stale);
    struct session wanted = session_of(2, BEN);
    wanted.row.used_ms = BEGAN + 5;
    assert_memory_equal(&session.row, &wanted.row, sizeof wanted.row);
    assert_memory_equal(session.sign_pk, rig_key(BEN), SIGN_PK_BYTES);

    session = unknown;
    is_stale = true;
    expect(sessions_use(&sessions, unknown.row.token_hash, BEGAN, &session, &is_stale), ERR_NO_SESSION);
    assert_memory_equal(&session, &unknown, sizeof session); /* untouched */
    assert_true(is_stale);
    unknown = session_of(1, ANA);
    unknown.row.token_hash[HASH_BYTES - 1] ^= 1; /* where it is looked for, and yet another */
    expect(sessions_use(&sessions, unknown.row.token_hash, BEGAN, &session, &is_stale), ERR_NO_SESSION);
}

static void tokens_that_begin_alike_are_told_apart(void **state)
{
    (void)state;
    struct session found, session[3];
    bool is_stale;
    for (unsigned i = 0; i < 3; i++) {
        session[i] = session_of(i, ANA);
        memset(session[i].row.token_hash, 0x77, HASH_BYTES - 1);
        expect(sessions_add(&sessions, &session[i]), ERR_OK);
    }
    assert_true(sessions_remove(&sessions, session[1].row.id));
    for (unsigned i = 0; i < 3; i++) {
        enum err e = sessions_use(&sessions, session[i].row.token_hash, BEGAN, &found, &is_stale);
        assert_int_equal(e, i == 1 ? ERR_NO_SESSION : ERR_OK);
        if (e == ERR_OK) assert_memory_equal(found.row.id, session[i].row.id, ID_BYTES);
    }
}

static void it_ends_thirty_days_after_its_last_use(void **state)
{
    (void)state;
    bool is_stale;
    for (unsigned n = 1; n <= 3; n++) add(n, ANA);
    expect(use(1, 30 * DAY, &is_stale), ERR_OK);
    expect(use(1, 60 * DAY, &is_stale), ERR_OK); /* each use begins anew */
    expect(use(1, 90 * DAY + 1, &is_stale), ERR_NO_SESSION);
    expect(use(2, 30 * DAY + 1, &is_stale), ERR_NO_SESSION);
    expect(use(2, 30 * DAY, &is_stale), ERR_OK); /* what was refused is no use */
    expect(use(3, 1000 * DAY, &is_stale), ERR_NO_SESSION);
    assert_true(sessions_has(&sessions, session_of(3, ANA).row.id)); /* it may still be removed */
}

static void it_ends_a_hundred_and_eighty_days_after_it_began(void **state)
{
    (void)state;
    bool is_stale;
    add(1, ANA);
    for (uint64_t day = 20; day <= 180; day += 20) expect(use(1, day * DAY, &is_stale), ERR_OK);
    expect(use(1, 180 * DAY + 1, &is_stale), ERR_NO_SESSION);
}

static void the_store_hears_of_its_use_once_a_day(void **state)
{
    (void)state;
    bool is_stale;
    const struct {
        uint64_t after_ms;
        bool is_stale;
    } use_at[] = {
        {0, false},       {DAY, false},         {DAY + 1, true},       {DAY + 2, false},
        {2 * DAY, false}, {2 * DAY + 1, false}, {2 * DAY + 2, true},   {2 * DAY + 3, false},
        {9 * DAY, true},  {9 * DAY, false},     {10 * DAY + 1, true},
    };
    add(1, ANA);
    for (size_t i = 0; i < sizeof use_at / sizeof *use_at; i++) {
        expect(use(1, use_at[i].after_ms, &is_stale), ERR_OK);
        if (is_stale != use_at[i].is_stale) fail_msg("case %zu", i);
    }
}

/* A clock that was set back ends no session, and writes nothing. */
static void a_clock_set_back_ends_nothing(void **state)
{
    (void)state;
    bool is_stale;
    add(1, ANA);
    expect(use(1, 10 * DAY, &is_stale), ERR_OK);
    assert_true(is_stale);
    expect(use(1, 0, &is_stale), ERR_OK);
    assert_false(is_stale);
}

/* Who is over is as if they were not there, wherever somebody looks; but for who removes them. */
static void what_is_over_is_not_listed(void **state)
{
    (void)state;
    struct session rows[LIMIT_SESSIONS];
    uint8_t id[8][ID_BYTES];
    bool is_stale;
    for (unsigned n = 1; n <= 4; n++) add(n, ANA);
    add(5, BEN);
    expect(use(2, 20 * DAY, &is_stale), ERR_OK);
    for (uint64_t day = 20; day <= 180; day += 20) expect(use(3, day * DAY, &is_stale), ERR_OK);
    const struct {
        uint64_t after_ms;
        size_t ana_n, over_n;
    } row[] = {
        {0, 4, 0}, {30 * DAY, 4, 0}, {30 * DAY + 1, 2, 3}, {50 * DAY, 2, 3}, {50 * DAY + 1, 1, 4}, {180 * DAY, 1, 4},
        {180 * DAY + 1, 0, 5}, /* although it was used a moment ago */
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        uint64_t now_ms = BEGAN + row[i].after_ms;
        assert_int_equal(sessions_of(&sessions, ANA, now_ms, rows, LIMIT_SESSIONS), row[i].ana_n);
        assert_int_equal(sessions_over(&sessions, now_ms, id, 8), row[i].over_n);
    }
    assert_int_equal(sessions_over(&sessions, BEGAN + 50 * DAY, id, 2), 2); /* as many as there is room for */
    assert_int_equal(sessions_over(&sessions, BEGAN + 50 * DAY + 1, id, 8), 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_memory_not_equal(id[i], session_of(3, ANA).row.id, ID_BYTES);
        assert_true(sessions_remove(&sessions, id[i]));
    }
    assert_int_equal(sessions_over(&sessions, BEGAN + 50 * DAY + 1, id, 8), 0);
}

/* ---- loading -------------------------------------------------------------------------------------- */

static void what_the_store_holds_is_loaded(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    struct session rows[LIMIT_SESSIONS];
    bool is_stale;
    uint64_t account[3];
    rig_begin(s);
    for (unsigned i = 0; i < 3; i++) account[i] = rig_add_account(s, 10 + i);
    for (unsigned n = 1; n <= 200; n++) {
        struct store_session row = rig_session(n, account[n % 2]);
        row.created_ms = BEGAN - 1000;
        row.used_ms = BEGAN;
        expect(store_session_add(s, &row), ERR_OK);
    }
    rig_commit(s);
    expect(sessions_load(&sessions, s), ERR_OK);
    for (unsigned n = 1; n <= 200; n++) {
        struct session found;
        expect(sessions_use(&sessions, rig_session(n, 0).token_hash, BEGAN + DAY, &found, &is_stale), ERR_OK);
        assert_false(is_stale);
        expect(sessions_use(&sessions, rig_session(n, 0).token_hash, BEGAN + DAY + 1, &found, &is_stale), ERR_OK);
        assert_int_equal(found.row.account, account[n % 2]);
        assert_memory_equal(found.sign_pk, rig_key(10 + n % 2), SIGN_PK_BYTES);
        assert_int_equal(found.row.created_ms, BEGAN - 1000);
        assert_true(is_stale); /* a day since the use that the store knows of */
    }
    assert_int_equal(list(account[0], rows, LIMIT_SESSIONS), LIMIT_SESSIONS);
    assert_int_equal(list(account[2], rows, LIMIT_SESSIONS), 0);
}

static void without_memory_nothing_is_loaded_by_half_unseen(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    rig_begin(s);
    uint64_t account = rig_add_account(s, 10);
    for (unsigned n = 1; n <= 70; n++) {
        struct store_session row = rig_session(n, account);
        expect(store_session_add(s, &row), ERR_OK);
    }
    rig_commit(s);
    size_t live_before = fault_alloc_live();
    for (size_t n = 1;; n++) {
        struct sessions table;
        expect(sessions_init(&table), ERR_OK);
        fault_alloc_arm(n, FAULT_ONE);
        enum err e = sessions_load(&table, s);
        bool has_failed = fault_alloc_has_failed();
        fault_alloc_disarm();
        sessions_fini(&table);
        assert_int_equal(fault_alloc_live(), live_before);
        if (e == ERR_OK) { /* but for the larger list of buckets, which it can do without */
            if (!has_failed) break;
            continue;
        }
        assert_int_equal(e, ERR_NO_MEMORY);
        assert_true(n < 200);
    }
}

/* ---- removing, listing ------------------------------------------------------------------------------ */

static void one_is_removed_by_its_id(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 4; n++) add(n, n % 2 == 0 ? ANA : BEN);
    assert_true(sessions_has(&sessions, session_of(2, 0).row.id));
    assert_true(sessions_remove(&sessions, session_of(2, 0).row.id));
    assert_false(sessions_has(&sessions, session_of(2, 0).row.id));
    assert_false(sessions_remove(&sessions, session_of(2, 0).row.id));
    assert_false(sessions_remove(&sessions, session_of(9, 0).row.id));
    assert_false(is_in(2));
    assert_true(is_in(1) && is_in(3) && is_in(4));
}

static void all_of_an_account_are_removed_but_one_or_none(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 100; n++) add(n, n % 3 == 0 ? ANA : BEN);
    struct session keep = session_of(33, ANA), of_ben = session_of(34, BEN);
    sessions_remove_of(&sessions, ANA, keep.row.id);
    for (unsigned n = 1; n <= 100; n++) assert_int_equal(is_in(n), n % 3 != 0 || n == 33);
    sessions_remove_of(&sessions, ANA, of_ben.row.id); /* another's: nothing of hers is kept */
    assert_false(is_in(33));
    assert_true(is_in(34));
    sessions_remove_of(&sessions, 7, NULL);
    sessions_remove_of(&sessions, BEN, NULL);
    for (unsigned n = 1; n <= 100; n++) assert_false(is_in(n));
}

static void they_are_listed_oldest_first(void **state)
{
    (void)state;
    struct session rows[LIMIT_SESSIONS];
    for (unsigned n = 0; n < 9; n++) {
        struct session session = session_of(n, ANA);
        session.row.created_ms = BEGAN + (n * 7 + 3) % 9;
        expect(sessions_add(&sessions, &session), ERR_OK);
    }
    add(50, BEN);
    assert_int_equal(list(ANA, rows, LIMIT_SESSIONS), 9);
    for (unsigned i = 0; i < 9; i++) {
        assert_int_equal(rows[i].row.created_ms, BEGAN + i);
        assert_int_equal(rows[i].row.account, ANA);
        assert_memory_equal(rows[i].sign_pk, rig_key(ANA), SIGN_PK_BYTES);
    }
    bool is_stale;
    expect(use(50, 77, &is_stale), ERR_OK);
    assert_int_equal(list(BEN, rows, LIMIT_SESSIONS), 1);
    assert_int_equal(rows[0].row.used_ms, BEGAN + 77);
    assert_int_equal(list(3, rows, LIMIT_SESSIONS), 0);
}

static void no_more_are_listed_than_there_is_room(void **state)
{
    (void)state;
    struct session rows[5];
    for (unsigned n = 0; n < 10; n++) add(n, ANA);
    memset(rows, 0xaa, sizeof rows);
    assert_int_equal(list(ANA, rows, 4), 4);
    for (size_t i = 0; i < sizeof rows[4]; i++) assert_int_equal(((const uint8_t *)&rows[4])[i], 0xaa);
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < i; k++) assert_memory_not_equal(rows[i].row.id, rows[k].row.id, ID_BYTES);
    }
    assert_int_equal(list(ANA, rows, 0), 0);
}

/* ---- many, and threads --------------------------------------------------------------------------------- */

static void many_are_all_found_and_all_removed(void **state)
{
    (void)state;
    size_t live_before = fault_alloc_live();
    for (unsigned n = 0; n < MANY; n++) add(n, n % 1000);
    for (unsigned n = 0; n < MANY; n++) assert_true(is_in(n));
    assert_false(is_in(MANY));
    for (unsigned n = 0; n < MANY; n += 2) assert_true(sessions_remove(&sessions, session_of(n, 0).row.id));
    for (unsigned n = 0; n < MANY; n++) assert_int_equal(is_in(n), n % 2 == 1);
    for (uint64_t account = 0; account < 1000; account++) sessions_remove_of(&sessions, account, NULL);
    assert_int_equal(fault_alloc_live(), live_before);
}

static void without_memory_one_more_is_refused_and_the_rest_go_on(void **state)
{
    (void)state;
    struct session session = session_of(1, ANA);
    struct sessions none, untouched;
    memset(&none, 0x55, sizeof none);
    untouched = none;
    fault_alloc_arm(1, FAULT_ALL);
    expect(sessions_init(&none), ERR_NO_MEMORY);
    expect(sessions_add(&sessions, &session), ERR_NO_MEMORY);
    fault_alloc_disarm();
    assert_memory_equal(&none, &untouched, sizeof none);
    assert_false(sessions_has(&sessions, session.row.id));
    for (unsigned n = 0; n < 1000; n++) { /* the buckets never become more */
        session = session_of(n, ANA);
        fault_alloc_arm(2, FAULT_ALL);
        expect(sessions_add(&sessions, &session), ERR_OK);
        fault_alloc_disarm();
    }
    for (unsigned n = 0; n < 1000; n++) assert_true(is_in(n));
}

enum { THREADS = 4, EACH = 300 };

/* Its own sessions come and go, while it looks at everybody's. */
static void come_and_go(void *of)
{
    unsigned me = *(const unsigned *)of;
    struct session rows[LIMIT_SESSIONS], mine[EACH], found;
    bool is_stale;
    for (unsigned i = 0; i < EACH; i++) {
        mine[i] = (struct session){.row = {.account = 100 + me, .created_ms = BEGAN + i, .used_ms = BEGAN}};
        memset(mine[i].row.token_hash, (int)(me + 1), HASH_BYTES);
        memcpy(mine[i].row.token_hash, &i, sizeof i);
        memcpy(mine[i].row.id, mine[i].row.token_hash, ID_BYTES);
        EXPECT(sessions_add(&sessions, &mine[i]) == ERR_OK);
        EXPECT(sessions_use(&sessions, mine[i].row.token_hash, BEGAN + 1, &found, &is_stale) == ERR_OK);
        EXPECT(memcmp(found.row.id, mine[i].row.id, ID_BYTES) == 0);
        for (unsigned k = i; k + 20 > i && k > 0; k--) { /* what is used most, most of the time */
            bool is_gone = (k - 1) % 3 == 1 && k < i;
            enum err e = sessions_use(&sessions, mine[k - 1].row.token_hash, BEGAN + 1, &found, &is_stale);
            EXPECT(e == (is_gone ? ERR_NO_SESSION : ERR_OK));
        }
        (void)sessions_of(&sessions, 100 + (me + 1) % THREADS, BEGAN, rows, LIMIT_SESSIONS);
        if (i % 3 == 2) EXPECT(sessions_remove(&sessions, mine[i - 1].row.id));
    }
    for (unsigned i = 0; i < EACH; i++) EXPECT(sessions_has(&sessions, mine[i].row.id) == (i % 3 != 1));
    sessions_remove_of(&sessions, 100 + me, mine[EACH - 1].row.id);
}

static void threads_do_not_disturb_each_other(void **state)
{
    (void)state;
    unsigned number[THREADS];
    void *of[THREADS];
    struct session rows[LIMIT_SESSIONS];
    for (unsigned i = 0; i < THREADS; i++) {
        number[i] = i;
        of[i] = &number[i];
    }
    race_start(come_and_go, of, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(list(100 + i, rows, LIMIT_SESSIONS), 1);
        assert_int_equal(rows[0].row.created_ms, BEGAN + EACH - 1);
    }
}

/* ---- running ----------------------------------------------------------------------------------------------- */

static int setup_mem(void **state)
{
    return setup(state) == 0 ? store_rig_setup_mem(state) : -1;
}

static int setup_sqlite(void **state)
{
    return setup(state) == 0 ? store_rig_setup_sqlite(state) : -1;
}

static int teardown_both(void **state)
{
    (void)teardown(state);
    return store_rig_teardown(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_is_found_by_its_token),
        TEST(tokens_that_begin_alike_are_told_apart),
        TEST(it_ends_thirty_days_after_its_last_use),
        TEST(it_ends_a_hundred_and_eighty_days_after_it_began),
        TEST(the_store_hears_of_its_use_once_a_day),
        TEST(a_clock_set_back_ends_nothing),
        TEST(what_is_over_is_not_listed),
        {"what_the_store_holds_is_loaded (mem)", what_the_store_holds_is_loaded, setup_mem, teardown_both, NULL},
        {"what_the_store_holds_is_loaded (sqlite)", what_the_store_holds_is_loaded, setup_sqlite, teardown_both, NULL},
        {"without_memory_nothing_is_loaded_by_half_unseen", without_memory_nothing_is_loaded_by_half_unseen,
         setup_sqlite, teardown_both, NULL},
        TEST(one_is_removed_by_its_id),
        TEST(all_of_an_account_are_removed_but_one_or_none),
        TEST(they_are_listed_oldest_first),
        TEST(no_more_are_listed_than_there_is_room),
        TEST(many_are_all_found_and_all_removed),
        TEST(without_memory_one_more_is_refused_and_the_rest_go_on),
        TEST(threads_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
