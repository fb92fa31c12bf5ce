/* writer.c -- requests that are written together: each by itself refused, none answered before the disk has
 * all, all told when it was lost.
 *
 * A request here adds a circle to the store. One that is held in the middle of its work keeps the writer busy
 * while others queue up; these are then the next group, and the test knows who is in it.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "harness/fault_alloc.h"
#include "harness/race.h"
#include "harness/store_rig.h"
#include "harness/vfs_shim.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/writer.h"
#include "store/store_sqlite.h"

enum { JOBS = 700, HELD = JOBS - 1, SLOW_US = 2000 };

struct job {
    struct write write; /* first */
    unsigned circle;    /* what it adds, where it adds something               */
    enum err says;      /* what apply gives, after having done its work        */
    bool is_held;       /* in the middle of apply, until it is let go           */
    bool is_settled;
    enum err e;         /* what it was told                                     */
    unsigned applied_at, settled_at; /* in which order                          */
    uint64_t seen_n;    /* circles that a reader saw when it was settled        */
    uint64_t head_seq;  /* of the circle that it found open                     */
};

static struct store_rig *rig;
static struct writer *writer;
static struct job job[JOBS];
static bool goes_unmarked; /* all of them */

/* What the threads share. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    unsigned applied_n, settled_n;
    unsigned held_n, let_go_n;
} course = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

/* ---- requests --------------------------------------------------------------------------------------- */

static struct job *job_of(struct write *write)
{
    return (struct job *)(void *)write;
}

static void hold_here(void)
{
    pthread_mutex_lock(&course.lock);
    unsigned mine = ++course.held_n;
    pthread_cond_broadcast(&course.moved);
    while (course.let_go_n < mine) pthread_cond_wait(&course.moved, &course.lock);
    pthread_mutex_unlock(&course.lock);
}

static void await_held(unsigned n)
{
    pthread_mutex_lock(&course.lock);
    while (course.held_n < n) pthread_cond_wait(&course.moved, &course.lock);
    pthread_mutex_unlock(&course.lock);
}

static void let_go(void)
{
    pthread_mutex_lock(&course.lock);
    course.let_go_n++;
    pthread_cond_broadcast(&course.moved);
    pthread_mutex_unlock(&course.lock);
}

static enum err apply_add(struct write *write, const struct writer_desk *desk)
{
    struct job *j = job_of(write);
    struct store_head head = rig_head(j->circle);
    uint64_t number;
    uint8_t id[HASH_BYTES] = {(uint8_t)j->circle, (uint8_t)(j->circle >> 8)};
    enum err e = store_circle_add(desk->store, id, &head, STR("state"), &number);
    pthread_mutex_lock(&course.lock);
    j->applied_at = course.applied_n++;
    pthread_mutex_unlock(&course.lock);
    if (j->is_held) hold_here();
    return e == ERR_OK ? j->says : e;
}

static void settle(struct write *write, enum err e)
{
    struct job *j = job_of(write);
    struct store_counts counts = {0};
    EXPECT(store_count(rig->reader, &counts) == ERR_OK);
    pthread_mutex_lock(&course.lock);
    EXPECT(!j->is_settled);
    j->is_settled = true;
    j->e = e;
    j->seen_n = counts.circle_n;
    j->settled_at = course.settled_n++;
    pthread_cond_broadcast(&course.moved);
    pthread_mutex_unlock(&course.lock);
}

static struct job *job_init(unsigned i, unsigned circle, enum err says)
{
    job[i] = (struct job){.circle = circle, .says = says};
    job[i].write = (struct write){.apply = apply_add, .settle = settle, .goes_unmarked = goes_unmarked};
    return &job[i];
}

static void submit(struct job *j)
{
    writer_submit(writer, &j->write);
}

static void await_settled(unsigned n)
{
    pthread_mutex_lock(&course.lock);
    while (course.settled_n < n) pthread_cond_wait(&course.moved, &course.lock);
    pthread_mutex_unlock(&course.lock);
}

static unsigned settled_n(void)
{
    pthread_mutex_lock(&course.lock);
    unsigned n = course.settled_n;
    pthread_mutex_unlock(&course.lock);
    return n;
}

/* Holds the writer, by a request that leaves nothing behind: what is submitted now is the next group. */
static void hold(void)
{
    struct job *j = job_init(HELD, 0xffff, ERR_NOT_MEMBER);
    j->is_held = true;
    j->write.goes_unmarked = false; /* held once, that is */
    submit(j);
    await_held(course.let_go_n + 1);
}

static void nap(long us)
{
    struct timespec t = {.tv_nsec = us * 1000};
    (void)nanosleep(&t, NULL);
}

static bool is_there(unsigned circle)
{
    struct store_circle row;
    uint8_t id[HASH_BYTES] = {(uint8_t)circle, (uint8_t)(circle >> 8)};
    enum err e = store_circle_by_id(rig->reader, id, &row, NULL);
    assert_true(e == ERR_OK || e == ERR_NOT_FOUND);
    return e == ERR_OK;
}

/* ---- a clock that stands still ------------------------------------------------------------------------ */

uint64_t __real_clock_steady_us(void);
uint64_t __wrap_clock_steady_us(void);

static atomic_uint_least64_t stopped_us; /* what it shows while it stands; 0: it goes */

uint64_t __wrap_clock_steady_us(void)
{
    uint64_t shown_us = atomic_load(&stopped_us);
    return shown_us == 0 ? __real_clock_steady_us() : shown_us;
}

/* ---- waits that the test sees ------------------------------------------------------------------------- */

int __real_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *until);

static struct {
    atomic_uint n;              /* how often the writer waited for company */
    bool is_played;             /* see play                                */
    unsigned at, first, come_n;
} waits;

int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *until)
{
    int64_t until_us = (int64_t)until->tv_sec * 1000000 + until->tv_nsec / 1000;
    EXPECT(until_us - (int64_t)clock_steady_us() <= 2000); /* however slow the disk is */
    unsigned n = atomic_fetch_add(&waits.n, 1) + 1;
    if (!waits.is_played) return __real_pthread_cond_timedwait(cond, lock, until);
    if (n != waits.at || waits.come_n == 0) return ETIMEDOUT;
    pthread_mutex_unlock(lock);
    for (unsigned i = 0; i < waits.come_n; i++) submit(&job[waits.first + i]);
    pthread_mutex_lock(lock);
    return 0;
}

/* ---- opening and closing ------------------------------------------------------------------------------ */

static int begin(void **state)
{
    rig = *state;
    course.applied_n = course.settled_n = course.held_n = course.let_go_n = 0;
    atomic_store(&waits.n, 0);
    atomic_store(&stopped_us, 0);
    waits.is_played = false;
    return writer_open(&writer, rig->writer) == ERR_OK ? 0 : -1;
}

static int setup_mem(void **state)
{
    return store_rig_setup_mem(state) == 0 ? begin(state) : -1;
}

static int setup_sqlite(void **state)
{
    return store_rig_setup_sqlite(state) == 0 ? begin(state) : -1;
}

static int setup_unmarked_mem(void **state)
{
    goes_unmarked = true;
    return setup_mem(state);
}

static int setup_unmarked_sqlite(void **state)
{
    goes_unmarked = true;
    return setup_sqlite(state);
}

static int teardown(void **state)
{
    goes_unmarked = false;
    writer_close(writer);
    writer = NULL;
    return store_rig_teardown(state);
}

/* ---- one group ------------------------------------------------------------------------------------------ */

static void what_one_may_not_do_takes_nothing_else_back(void **state)
{
    (void)state;
    static const struct {
        unsigned circle;
        enum err says, told;
        bool is_there;
    } row[] = {
        {1, ERR_OK, ERR_OK, true},
        {2, ERR_HEAD_MOVED, ERR_HEAD_MOVED, true}, /* refused after it was written ...       */
        {3, ERR_OK, ERR_OK, true},
        {3, ERR_OK, ERR_EXISTS, true},             /* refused by the store                   */
        {4, ERR_QUOTA, ERR_QUOTA, false},
        {2, ERR_OK, ERR_OK, true},                 /* ... so that another may write the same */
        {5, ERR_BUSY, ERR_BUSY, false},
    };
    enum { N = sizeof row / sizeof *row };
    hold();
    for (unsigned i = 0; i < N; i++) submit(job_init(i, row[i].circle, row[i].says));
    let_go();
    await_settled(N + 1);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(job[i].e, row[i].told);
        assert_int_equal(is_there(row[i].circle), row[i].is_there);
    }
    struct writer_figures f = writer_figures(writer);
    assert_int_equal(f.write_n, N + 1);
    assert_int_equal(f.group_n, 2);
}

/* Refuses before it writes. */
static enum err apply_nothing(struct write *write, const struct writer_desk *desk)
{
    struct job *j = job_of(write);
    (void)desk;
    j->applied_at = course.applied_n++;
    return ERR_NOT_MEMBER;
}

/* Without marks all begins anew with them, if somebody is refused who has written; and only then. */
static void who_has_written_nothing_is_refused_without_a_mark(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 2; k++) {
        unsigned settled_before_n = settled_n(), applied_before_n = course.applied_n + 1; /* the held one */
        hold();
        for (unsigned i = 0; i < 5; i++) (void)job_init(i, 10 * k + i, i == 3 && k == 1 ? ERR_QUOTA : ERR_OK);
        job[1].write.apply = apply_nothing;
        for (unsigned i = 0; i < 5; i++) submit(&job[i]);
        let_go();
        await_settled(settled_before_n + 6);
        for (unsigned i = 0; i < 5; i++) {
            bool is_refused = i == 1 || (i == 3 && k == 1);
            assert_int_equal(is_there(10 * k + i), !is_refused);
            assert_int_equal(job[i].e == ERR_OK, !is_refused);
        }
        assert_int_equal(course.applied_n - applied_before_n, k == 0 ? 5 : 4 + 5);
    }
}

static void they_are_applied_and_settled_in_their_order(void **state)
{
    (void)state;
    enum { N = 100 };
    hold();
    for (unsigned i = 0; i < N; i++) submit(job_init(i, i, i % 3 == 1 ? ERR_NOT_MEMBER : ERR_OK));
    let_go();
    await_settled(N + 1);
    assert_int_equal(job[HELD].settled_at, 0);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(job[i].applied_at, i + 1);
        assert_int_equal(job[i].settled_at, i + 1);
    }
}

/* Not even a refusal: it may name what is part of the same group. */
static void nobody_is_told_before_the_disk_has_it(void **state)
{
    (void)state;
    hold();
    for (unsigned i = 0; i < 3; i++) submit(job_init(i, i, i == 0 ? ERR_HEAD_MOVED : ERR_OK));
    let_go();
    await_settled(4);
    assert_int_equal(job[HELD].seen_n, 0);
    for (unsigned i = 0; i < 3; i++) assert_int_equal(job[i].seen_n, 2); /* the first one told sees the last */
}

static void nobody_is_told_while_one_of_them_is_at_work(void **state)
{
    (void)state;
    hold();
    for (unsigned i = 0; i < 3; i++) (void)job_init(i, i, i == 0 ? ERR_HEAD_MOVED : ERR_OK);
    job[2].is_held = true;
    for (unsigned i = 0; i < 3; i++) submit(&job[i]);
    let_go();
    await_held(2);
    assert_int_equal(settled_n(), 1);
    for (unsigned i = 0; i < 3; i++) assert_false(is_there(i));
    let_go();
    await_settled(4);
    for (unsigned i = 0; i < 3; i++) assert_int_equal(is_there(i), i > 0);
}

/* ---- circles kept open ------------------------------------------------------------------------------------ */

static enum err apply_open(struct write *write, const struct writer_desk *desk)
{
    struct job *j = job_of(write);
    struct circles_open *open;
    enum err e = circles_find(desk->circles, desk->store, rig_key(1), &open);
    if (e != ERR_OK) return e;
    j->head_seq = open->circle.head_seq;
    open->circle.head_seq = j->circle;
    return j->says;
}

/* Finds the circle open, sets its head in memory alone, and says so: the head that it found. */
static uint64_t open_and_set(unsigned head_seq, enum err says)
{
    unsigned before_n = settled_n();
    struct job *j = job_init(0, head_seq, says);
    j->write.apply = apply_open;
    submit(j);
    await_settled(before_n + 1);
    assert_int_equal(j->e, says);
    return j->head_seq;
}

static void add_real_circle(struct store *s)
{
    uint8_t memory[CIRCLE_SAVED_BYTES];
    struct out saved = OUT_OVER(memory);
    struct circle circle = {.is_begun = true, .member_n = 1};
    struct store_head head = rig_head(7);
    uint64_t number;
    memcpy(circle.id, rig_key(1), HASH_BYTES);
    circle_save(&saved, &circle);
    rig_begin(s);
    expect(store_circle_add(s, rig_key(1), &head, out_str(&saved), &number), ERR_OK);
    rig_commit(s);
}

static void what_is_open_is_kept_or_undone(void **state)
{
    (void)state;
    add_real_circle(rig->writer); /* the writer sleeps */
    assert_int_equal(open_and_set(8, ERR_OK), 7);
    const enum err undone[] = {ERR_NOT_MEMBER, ERR_STORE, ERR_DISK_FULL, ERR_STORE_DAMAGED, ERR_NO_MEMORY};
    for (size_t i = 0; i < sizeof undone / sizeof *undone; i++) assert_int_equal(open_and_set(9, undone[i]), 8);
    assert_int_equal(open_and_set(10, ERR_OK), 8);
    assert_int_equal(open_and_set(11, ERR_OK), 10);
}

/* ---- lost groups --------------------------------------------------------------------------------------------- */

/* Four requests of which the third meets trouble: it costs only that one. */
static void expect_only_the_third(unsigned first_circle, enum err trouble)
{
    unsigned before_n = settled_n();
    for (unsigned i = 0; i < 4; i++) {
        if (i != 2) (void)job_init(i, first_circle + i, i == 1 ? ERR_HEAD_MOVED : ERR_OK);
    }
    hold();
    for (unsigned i = 0; i < 4; i++) submit(&job[i]);
    let_go();
    await_settled(before_n + 5);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(job[i].e, i == 1 ? ERR_HEAD_MOVED : i == 2 ? trouble : ERR_OK);
        assert_int_equal(is_there(first_circle + i), i == 0 || i == 3);
        assert_int_equal(job[i].settled_at, before_n + 1 + i);
    }
}

static void what_one_meets_by_itself_costs_only_that_one(void **state)
{
    (void)state;
    const enum err met[] = {ERR_STORE_DAMAGED, ERR_NO_MEMORY, ERR_STORE};
    for (unsigned k = 0; k < 3; k++) {
        (void)job_init(2, 10 * k + 2, met[k]); /* after it has written */
        expect_only_the_third(10 * k, met[k]);
    }
}

/* Writes, and then looks at circle 1, which is damaged. */
static enum err apply_add_and_open(struct write *write, const struct writer_desk *desk)
{
    struct circles_open *open;
    enum err e = apply_add(write, desk);
    return e == ERR_OK ? circles_find(desk->circles, desk->store, rig_key(1), &open) : e;
}

static void a_damaged_circle_costs_only_who_asks_for_it(void **state)
{
    (void)state;
    static const char *const damage[] = {
        "UPDATE circle_state SET state = x'00' WHERE circle = 1", /* seen by who reads the state */
        "UPDATE circle SET head_hash = x'00' WHERE number = 1",   /* seen by the store itself    */
        "DELETE FROM circle_state WHERE circle = 1",
    };
    add_real_circle(rig->writer);
    for (unsigned k = 0; k < 3; k++) {
        sqlite3 *db = sqlite_of(rig->writer)->db; /* the writer sleeps */
        assert_int_equal(sqlite_set(db, "ignore_check_constraints", 1), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, damage[k], NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite_set(db, "ignore_check_constraints", 0), SQLITE_OK);
        job_init(2, 100 * k + 102, ERR_OK)->write.apply = apply_add_and_open;
        expect_only_the_third(100 * k + 100, ERR_STORE_DAMAGED);
    }
}

/* SQLite's memory, which the writer's thread does not get while is_starved. */
static sqlite3_mem_methods system_memory;
static _Thread_local bool is_starved;

static void *take(int n)
{
    return is_starved ? NULL : system_memory.xMalloc(n);
}

static void *resize(void *piece, int n)
{
    return is_starved ? NULL : system_memory.xRealloc(piece, n);
}

/* Before SQLite is used for the first time. */
static int stand_before_memory(void **state)
{
    (void)state;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory) != SQLITE_OK) return -1;
    sqlite3_mem_methods ours = system_memory;
    ours.xMalloc = take;
    ours.xRealloc = resize;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK ? 0 : -1;
}

static enum err apply_starved(struct write *write, const struct writer_desk *desk)
{
    is_starved = true;
    enum err e = apply_add(write, desk);
    is_starved = false;
    return e;
}

static void without_memory_sqlite_gives_up_the_transaction_but_not_the_others(void **state)
{
    (void)state;
    job_init(2, 12, ERR_OK)->write.apply = apply_starved;
    expect_only_the_third(10, ERR_NO_MEMORY);
    assert_int_equal(course.applied_n, 1 + 3 + 3); /* the held one; the first three; all but the third */
}

static void when_nobody_has_memory_all_are_told(void **state)
{
    (void)state;
    enum { STARVED = 5, N = 8 };
    hold();
    for (unsigned i = 0; i < N; i++) {
        struct job *j = job_init(i, i, ERR_OK);
        if (i < STARVED) j->write.apply = apply_starved;
        submit(j);
    }
    let_go();
    await_settled(N + 1);
    for (unsigned i = 0; i < N; i++) assert_int_equal(job[i].e, ERR_NO_MEMORY);
    for (unsigned i = 0; i < N; i++) assert_false(is_there(i));
    submit(job_init(0, 0, ERR_OK));
    await_settled(N + 2);
    assert_int_equal(job[0].e, ERR_OK);
    struct writer_figures f = writer_figures(writer); /* what was lost was not committed */
    assert_int_equal(f.write_n, 2);
    assert_int_equal(f.group_n, 2);
}

/* A disk that refuses the n-th time it is asked. */
static struct {
    atomic_uint what, n, at;
    atomic_int rc;
    atomic_bool has_refused;
    atomic_bool is_slow; /* each sync takes SLOW_US more */
} fault;

static int refuse(const struct vfs_act *act)
{
    if (act->what == VFS_SYNC && atomic_load(&fault.is_slow)) nap(SLOW_US);
    if (atomic_load(&fault.at) == 0 || (unsigned)act->what != atomic_load(&fault.what)) return SQLITE_OK;
    if (atomic_fetch_add(&fault.n, 1) + 1 != atomic_load(&fault.at)) return SQLITE_OK;
    atomic_store(&fault.has_refused, true);
    return atomic_load(&fault.rc);
}

static const struct vfs_watcher refusing = {.before = refuse};

static int setup_refusing(void **state)
{
    vfs_shim_open(&refusing);
    return setup_sqlite(state);
}

static int setup_unmarked_refusing(void **state)
{
    goes_unmarked = true;
    return setup_refusing(state);
}

static int teardown_refusing(void **state)
{
    int rc = teardown(state);
    vfs_shim_close();
    return rc;
}

/* A group of three and a refused one, on a disk that refuses the at-th time. False: it was not asked so often. */
static bool try_group(unsigned at, enum err right)
{
    hold();
    for (unsigned i = 0; i < 4; i++) submit(job_init(i, 4 * at + i, i == 2 ? ERR_HEAD_MOVED : ERR_OK));
    atomic_store(&fault.n, 0);
    atomic_store(&fault.has_refused, false);
    atomic_store(&fault.at, at);
    let_go();
    await_settled(6 * at - 1);
    atomic_store(&fault.at, 0);
    for (unsigned i = 0; i < 4; i++) {
        enum err wanted = job[0].e != ERR_OK ? right : i == 2 ? ERR_HEAD_MOVED : ERR_OK;
        if (job[i].e != wanted) fail_msg("time %u, job %u: %s, not %s", at, i, err_code(job[i].e), err_code(wanted));
        assert_int_equal(is_there(4 * at + i), job[i].e == ERR_OK);
    }
    if (job[HELD].e != ERR_NOT_MEMBER) assert_int_equal(job[HELD].e, right);
    assert_true(atomic_load(&fault.has_refused) || job[0].e == ERR_OK);
    return atomic_load(&fault.has_refused);
}

static void try_all(unsigned what, int rc, enum err right)
{
    unsigned lost_n = 0, at = 1;
    atomic_store(&fault.what, what);
    atomic_store(&fault.rc, rc);
    for (bool has_refused = true; has_refused; at++) {
        has_refused = try_group(at, right);
        if (job[0].e != ERR_OK) lost_n++;
        submit(job_init(5, 10000 + at, ERR_OK)); /* the next group works */
        await_settled(6 * at);
        assert_int_equal(job[5].e, ERR_OK);
        assert_true(is_there(10000 + at));
    }
    print_message("%s: refused %u times, %u groups lost\n", err_code(right), at - 2, lost_n);
    assert_true(lost_n > 0);
}

static void a_disk_that_fills_up_loses_whole_groups(void **state)
{
    (void)state;
    try_all(VFS_WRITE, SQLITE_FULL, ERR_DISK_FULL);
}

/* The disk may have dropped what it had taken: nothing is taken again, whatever it says of later syncs. */
static void after_a_sync_that_failed_every_group_is_lost(void **state)
{
    (void)state;
    atomic_store(&fault.what, VFS_SYNC);
    atomic_store(&fault.rc, SQLITE_IOERR_FSYNC);
    assert_int_equal(writer_figures(writer).last, ERR_OK);
    assert_true(try_group(1, ERR_STORE));
    for (unsigned i = 0; i < 4; i++) assert_int_equal(job[i].e, ERR_STORE);
    for (unsigned n = 0; n < 3; n++) {
        submit(job_init(5, 1000 + n, ERR_OK));
        await_settled(6 + n);
        assert_int_equal(job[5].e, ERR_STORE);
        assert_false(is_there(1000 + n));
        assert_int_equal(writer_figures(writer).last, ERR_STORE);
    }
    assert_true(store_is_unsure(rig->writer)); /* the writer sleeps */
}

static void what_is_open_is_forgotten_with_a_lost_group(void **state)
{
    (void)state;
    add_real_circle(rig->writer);
    assert_int_equal(open_and_set(8, ERR_OK), 7);
    atomic_store(&fault.what, VFS_WRITE);
    atomic_store(&fault.rc, SQLITE_FULL);
    atomic_store(&fault.n, 0);
    atomic_store(&fault.at, 1);
    submit(job_init(1, 20, ERR_OK));
    await_settled(2);
    atomic_store(&fault.at, 0);
    assert_int_equal(job[1].e, ERR_DISK_FULL);
    assert_int_equal(writer_figures(writer).last, ERR_DISK_FULL);
    assert_int_equal(open_and_set(9, ERR_OK), 7); /* as the store has it */
    assert_int_equal(writer_figures(writer).last, ERR_DISK_FULL); /* nothing was written, so nothing is known */
    submit(job_init(1, 21, ERR_OK));
    await_settled(4);
    assert_int_equal(writer_figures(writer).last, ERR_OK);
}

/* ---- forming groups ------------------------------------------------------------------------------------------ */

/* Asks again while it is being answered, so many times. */
struct client {
    struct job job;
    unsigned n, done_n;
};

static void settle_and_ask_again(struct write *write, enum err e)
{
    struct client *c = (struct client *)(void *)write;
    EXPECT(e == ERR_OK);
    c->job.circle++;
    c->done_n++;
    if (c->done_n < c->n) {
        writer_submit(writer, write);
        return;
    }
    pthread_mutex_lock(&course.lock);
    course.settled_n++;
    pthread_cond_broadcast(&course.moved);
    pthread_mutex_unlock(&course.lock);
}

static void a_client_alone_is_never_made_to_wait(void **state)
{
    (void)state;
    enum { N = 100 };
    struct client c = {.n = N};
    for (unsigned i = 0; i < N; i++) {
        submit(job_init(i, i, ERR_OK));
        await_settled(i + 1);
        assert_int_equal(writer_figures(writer).group_n, i + 1);
    }
    assert_int_equal(atomic_load(&waits.n), 0);
    c.job.write = (struct write){.apply = apply_add, .settle = settle_and_ask_again};
    c.job.circle = 1000;
    writer_submit(writer, &c.job.write);
    await_settled(N + 1);
    assert_int_equal(writer_figures(writer).group_n, 2 * N);
    assert_int_equal(atomic_load(&waits.n), 0);
}

/* A closed loop with a thread for each client, on a disk that takes two milliseconds for a sync. */
enum { CLIENTS = 16, WRITES = 20 };

struct looper {
    struct job job;
    pthread_cond_t answered;
    bool is_answered;
    unsigned number;
};

static void settle_looper(struct write *write, enum err e)
{
    struct looper *l = (struct looper *)(void *)write;
    EXPECT(e == ERR_OK);
    pthread_mutex_lock(&course.lock);
    l->is_answered = true;
    pthread_cond_signal(&l->answered);
    pthread_mutex_unlock(&course.lock);
}

static void loop(void *of)
{
    struct looper *l = of;
    for (unsigned i = 0; i < WRITES; i++) {
        l->job.write = (struct write){.apply = apply_add, .settle = settle_looper};
        l->job.circle = l->number * WRITES + i;
        l->is_answered = false;
        writer_submit(writer, &l->job.write);
        pthread_mutex_lock(&course.lock);
        while (!l->is_answered) pthread_cond_wait(&l->answered, &course.lock);
        pthread_mutex_unlock(&course.lock);
    }
}

static void many_clients_share_syncs(void **state)
{
    (void)state;
    struct looper looper[CLIENTS];
    void *of[CLIENTS];
    for (unsigned i = 0; i < CLIENTS; i++) {
        looper[i] = (struct looper){.number = i};
        pthread_cond_init(&looper[i].answered, NULL);
        of[i] = &looper[i];
    }
    atomic_store(&fault.is_slow, true);
    race_start(loop, of, CLIENTS);
    atomic_store(&fault.is_slow, false);
    struct writer_figures f = writer_figures(writer);
    print_message("%u writes in %u groups\n", (unsigned)f.write_n, (unsigned)f.group_n);
    assert_int_equal(f.write_n, CLIENTS * WRITES);
    assert_in_range(f.group_n, WRITES, CLIENTS * WRITES / 4);
    assert_true(f.commit_us >= f.group_n * SLOW_US);
    for (unsigned i = 0; i < CLIENTS; i++) pthread_cond_destroy(&looper[i].answered);
}

/* From here on nobody waits in earnest: at the wait with that number these jobs come, at others nobody. */
static void play(unsigned at, unsigned first, unsigned come_n)
{
    for (unsigned i = first; i < first + come_n; i++) (void)job_init(i, i, ERR_OK);
    waits.at = at;
    waits.first = first;
    waits.come_n = come_n;
    waits.is_played = true;
}

/* Who came together come together again: they are waited for. For who stays away nobody waits twice. */
static void as_many_are_waited_for_as_came_together(void **state)
{
    (void)state;
    hold();
    for (unsigned i = 0; i < 4; i++) submit(job_init(i, i, ERR_OK));
    play(2, 10, 3);
    let_go();
    await_settled(5);
    assert_int_equal(atomic_load(&waits.n), 1); /* for the one that was held */
    submit(job_init(20, 20, ERR_OK));
    await_settled(9);
    assert_int_equal(atomic_load(&waits.n), 2);
    for (unsigned i = 10; i < 13; i++) assert_int_equal(job[i].seen_n, job[20].seen_n); /* one group */
    submit(job_init(21, 21, ERR_OK));
    await_settled(10);
    assert_int_equal(atomic_load(&waits.n), 3);
    submit(job_init(22, 22, ERR_OK));
    await_settled(11);
    assert_int_equal(atomic_load(&waits.n), 3);
    assert_int_equal(writer_figures(writer).group_n, 5);
}

/* While half of them are written, the others can be checked; and for a few of these the writer waits. */
static void of_many_half_are_written_and_fewer_waited_for(void **state)
{
    (void)state;
    enum { N = 60, HALF = 30, FEW = 12 };
    atomic_store(&stopped_us, __real_clock_steady_us()); /* a disk that takes no time */
    hold();
    for (unsigned i = 0; i < N; i++) submit(job_init(i, i, ERR_OK));
    play(1, 100, FEW - 1);
    let_go();
    await_settled(N + 1);
    for (unsigned i = 0; i < N; i++) assert_int_equal(job[i].seen_n, i < HALF ? HALF : N);
    assert_int_equal(atomic_load(&waits.n), 0);
    submit(job_init(200, 200, ERR_OK));
    await_settled(N + 1 + FEW);
    assert_int_equal(atomic_load(&waits.n), 1);
    for (unsigned i = 100; i < 100 + FEW - 1; i++) assert_int_equal(job[i].seen_n, job[200].seen_n);
    atomic_store(&stopped_us, 0);
}

static void on_a_slow_disk_all_are_written_together(void **state)
{
    (void)state;
    enum { BEFORE = 60, N = 60 };
    atomic_store(&fault.is_slow, true);
    for (unsigned i = 0; i < BEFORE; i++) {
        submit(job_init(i, i, ERR_OK));
        await_settled(i + 1);
    }
    hold();
    for (unsigned i = 0; i < N; i++) submit(job_init(i, BEFORE + i, ERR_OK));
    let_go();
    await_settled(BEFORE + 1 + N);
    atomic_store(&fault.is_slow, false);
    for (unsigned i = 0; i < N; i++) assert_int_equal(job[i].seen_n, BEFORE + N);
}

static void a_group_has_its_largest_size(void **state)
{
    (void)state;
    enum { N = 600 };
    hold();
    for (unsigned i = 0; i < N; i++) submit(job_init(i, i, ERR_OK));
    play(1, 0, 0);
    let_go();
    await_settled(N + 1);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(job[i].e, ERR_OK);
        assert_int_equal(job[i].seen_n, i < 256 ? 256 : i < 512 ? 512 : N);
    }
}

/* ---- submitting and closing ------------------------------------------------------------------------------------ */

static void everything_submitted_is_settled_before_it_closes(void **state)
{
    (void)state;
    enum { N = 600 };
    hold();
    for (unsigned i = 0; i < N; i++) submit(job_init(i, i, i % 2 == 0 ? ERR_OK : ERR_HEAD_MOVED));
    assert_int_equal(settled_n(), 0);
    let_go();
    writer_close(writer);
    writer = NULL;
    for (unsigned i = 0; i < N; i++) {
        assert_true(job[i].is_settled);
        assert_int_equal(job[i].e, i % 2 == 0 ? ERR_OK : ERR_HEAD_MOVED);
        assert_int_equal(is_there(i), i % 2 == 0);
    }
}

static void one_that_waits_for_company_is_settled_when_it_closes(void **state)
{
    (void)state;
    hold();
    for (unsigned i = 0; i < 10; i++) submit(job_init(i, i, ERR_OK));
    let_go();
    await_settled(11);
    submit(job_init(20, 20, ERR_OK));
    writer_close(writer);
    writer = NULL;
    assert_true(job[20].is_settled);
    assert_true(is_there(20));
}

/* A request is gone with its settle. */
static void settle_and_free(struct write *write, enum err e)
{
    settle(write, e);
    memset(write, 0xee, sizeof(struct job));
    free(write);
}

static void nothing_is_touched_once_it_is_settled(void **state)
{
    (void)state;
    enum { N = 50 };
    hold();
    for (unsigned i = 0; i < N; i++) {
        struct job *j = calloc(1, sizeof *j);
        assert_non_null(j);
        *j = (struct job){.write = {.apply = apply_add, .settle = settle_and_free}, .circle = i};
        submit(j);
    }
    let_go();
    await_settled(N + 1);
    for (unsigned i = 0; i < N; i++) assert_true(is_there(i));
}

enum { THREADS = 6, EACH = 60 };

static void submit_many(void *of)
{
    unsigned me = *(const unsigned *)of;
    for (unsigned i = 0; i < EACH; i++) {
        unsigned n = me * EACH + i;
        submit(job_init(n, n, n % 3 == 2 ? ERR_HEAD_MOVED : ERR_OK));
        if (i % 8 == 7) (void)writer_figures(writer);
    }
}

static void many_threads_submit(void **state)
{
    (void)state;
    unsigned number[THREADS];
    void *of[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        number[i] = i;
        of[i] = &number[i];
    }
    race_start(submit_many, of, THREADS);
    writer_close(writer);
    writer = NULL;
    assert_int_equal(course.settled_n, THREADS * EACH);
    for (unsigned n = 0; n < THREADS * EACH; n++) {
        assert_int_equal(job[n].e, n % 3 == 2 ? ERR_HEAD_MOVED : ERR_OK);
        assert_int_equal(is_there(n), n % 3 != 2);
    }
}

static void without_memory_there_is_none(void **state)
{
    (void)state;
    struct writer *none = NULL;
    fault_alloc_arm(1, FAULT_ALL);
    enum err e = writer_open(&none, rig->writer);
    fault_alloc_disarm();
    assert_int_equal(e, ERR_NO_MEMORY);
    assert_null(none);
    writer_close(NULL);
}

#define SQLITE_WRITER_TEST(f) {#f, f, setup_sqlite, teardown, NULL}
#define WRITER_TEST(f)                                                                                                 \
    {#f " (mem)", f, setup_mem, teardown, NULL},                                                                       \
    {#f " (sqlite)", f, setup_sqlite, teardown, NULL}
#define UNMARKED_TEST(f)                                                                                               \
    {#f " (unmarked, mem)", f, setup_unmarked_mem, teardown, NULL},                                                    \
    {#f " (unmarked, sqlite)", f, setup_unmarked_sqlite, teardown, NULL}
#define UNMARKED_REFUSING_TEST(f) {#f " (unmarked)", f, setup_unmarked_refusing, teardown_refusing, NULL}
#define REFUSING_TEST(f) {#f, f, setup_refusing, teardown_refusing, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WRITER_TEST(what_one_may_not_do_takes_nothing_else_back),
        UNMARKED_TEST(what_one_may_not_do_takes_nothing_else_back),
        UNMARKED_TEST(who_has_written_nothing_is_refused_without_a_mark),
        WRITER_TEST(they_are_applied_and_settled_in_their_order),
        WRITER_TEST(nobody_is_told_before_the_disk_has_it),
        WRITER_TEST(nobody_is_told_while_one_of_them_is_at_work),
        WRITER_TEST(what_is_open_is_kept_or_undone),
        UNMARKED_TEST(what_is_open_is_kept_or_undone),
        UNMARKED_TEST(what_one_meets_by_itself_costs_only_that_one),
        {"a_damaged_circle_costs_only_who_asks_for_it (unmarked)", a_damaged_circle_costs_only_who_asks_for_it,
         setup_unmarked_sqlite, teardown, NULL},
        WRITER_TEST(what_one_meets_by_itself_costs_only_that_one),
        SQLITE_WRITER_TEST(a_damaged_circle_costs_only_who_asks_for_it),
        SQLITE_WRITER_TEST(without_memory_sqlite_gives_up_the_transaction_but_not_the_others),
        SQLITE_WRITER_TEST(when_nobody_has_memory_all_are_told),
        REFUSING_TEST(what_is_open_is_forgotten_with_a_lost_group),
        REFUSING_TEST(a_disk_that_fills_up_loses_whole_groups),
        REFUSING_TEST(after_a_sync_that_failed_every_group_is_lost),
        UNMARKED_REFUSING_TEST(a_disk_that_fills_up_loses_whole_groups),
        UNMARKED_REFUSING_TEST(after_a_sync_that_failed_every_group_is_lost),
        WRITER_TEST(a_client_alone_is_never_made_to_wait),
        REFUSING_TEST(many_clients_share_syncs),
        WRITER_TEST(as_many_are_waited_for_as_came_together),
        WRITER_TEST(of_many_half_are_written_and_fewer_waited_for),
        REFUSING_TEST(on_a_slow_disk_all_are_written_together),
        WRITER_TEST(a_group_has_its_largest_size),
        WRITER_TEST(everything_submitted_is_settled_before_it_closes),
        WRITER_TEST(one_that_waits_for_company_is_settled_when_it_closes),
        WRITER_TEST(nothing_is_touched_once_it_is_settled),
        WRITER_TEST(many_threads_submit),
        WRITER_TEST(without_memory_there_is_none),
    };
    log_set(LOG_NOTHING, LOG_AS_TEXT, 2); /* what befalls groups here is nobody's trouble */
    return cmocka_run_group_tests(tests, stand_before_memory, NULL);
}
