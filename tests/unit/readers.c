/* readers.c -- readings are run, each once, each with a handle that no other thread has at that moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "harness/fault_alloc.h"
#include "harness/race.h"
#include "harness/store_rig.h"
#include "server/readers.h"

enum { READERS = 3, READINGS = 400, SUBMITTERS = 4 };

static struct readers *readers;

/* What a reading needs to find out. */
struct reading {
    struct read read; /* first */
    uint64_t circle;
    atomic_uint run_n;
    enum err e;
    uint64_t head_seq;
    struct store *store;
};

static struct reading reading[READINGS];
static atomic_uint order;
static unsigned came[READINGS]; /* which reading was run at which place */

/* ---- a gate that holds readings back ---------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    unsigned waiting_n;
    bool is_open;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static void gate_pass(struct read *read, struct store *reader)
{
    ((struct reading *)(void *)read)->store = reader;
    pthread_mutex_lock(&gate.lock);
    gate.waiting_n++;
    pthread_cond_broadcast(&gate.moved);
    while (!gate.is_open) pthread_cond_wait(&gate.moved, &gate.lock);
    gate.waiting_n--;
    pthread_mutex_unlock(&gate.lock);
}

static void gate_await(unsigned waiting_n)
{
    pthread_mutex_lock(&gate.lock);
    while (gate.waiting_n < waiting_n) pthread_cond_wait(&gate.moved, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

static void gate_set(bool is_open)
{
    pthread_mutex_lock(&gate.lock);
    gate.is_open = is_open;
    pthread_cond_broadcast(&gate.moved);
    pthread_mutex_unlock(&gate.lock);
}

/* ---- readings ------------------------------------------------------------------------------------ */

static void run_reading(struct read *read, struct store *reader)
{
    struct reading *r = (struct reading *)(void *)read;
    struct store_circle row = {.number = 0};
    r->store = reader;
    r->e = store_begin_read(reader); /* two threads on one handle would be misuse */
    if (r->e == ERR_OK) {
        r->e = store_circle_by_number(reader, r->circle, &row, NULL);
        store_end_read(reader);
    }
    r->head_seq = row.head.seq;
    came[atomic_fetch_add(&order, 1)] = (unsigned)(r - reading);
    atomic_fetch_add(&r->run_n, 1);
}

static void begin_readings(struct store *writer)
{
    gate_set(false);
    atomic_store(&order, 0);
    rig_begin(writer);
    uint64_t circle = rig_add_circle(writer, 1);
    rig_add_entries(writer, circle, 0, 7);
    rig_commit(writer);
    for (unsigned i = 0; i < READINGS; i++) {
        reading[i] = (struct reading){.read = {.run = run_reading}, .circle = circle};
        atomic_init(&reading[i].run_n, 0);
    }
}

static void assert_all_were_run(unsigned first)
{
    for (unsigned i = first; i < READINGS; i++) {
        assert_int_equal(atomic_load(&reading[i].run_n), 1);
        assert_int_equal(reading[i].e, ERR_OK);
        assert_int_equal(reading[i].head_seq, 7);
    }
}

static void submit_some(void *of)
{
    unsigned first = *(const unsigned *)of;
    for (unsigned i = first; i < READINGS; i += SUBMITTERS) readers_submit(readers, &reading[i].read);
}

static void each_reading_is_run_once(void **state)
{
    struct store *writer = ((struct store_rig *)*state)->writer;
    unsigned first[SUBMITTERS];
    void *of[SUBMITTERS];
    begin_readings(writer);
    expect(readers_open(&readers, writer, READERS), ERR_OK);
    for (unsigned i = 0; i < SUBMITTERS; i++) {
        first[i] = i;
        of[i] = &first[i];
    }
    race_start(submit_some, of, SUBMITTERS);
    readers_close(readers);
    assert_all_were_run(0);
    readers_close(NULL);
}

static void everything_submitted_is_run_before_they_close(void **state)
{
    struct store *writer = ((struct store_rig *)*state)->writer;
    begin_readings(writer);
    reading[0].read.run = gate_pass;
    expect(readers_open(&readers, writer, 1), ERR_OK);
    for (unsigned i = 0; i < READINGS; i++) readers_submit(readers, &reading[i].read);
    gate_await(1);
    assert_int_equal(atomic_load(&order), 0);
    gate_set(true);
    readers_close(readers);
    assert_all_were_run(1);
    for (unsigned i = 1; i < READINGS; i++) assert_int_equal(came[i - 1], i); /* one alone keeps their order */
}

/* While all but one are held up, the last one does the work of all; and each has a handle of its own. */
static void one_that_waits_holds_up_nobody_else(void **state)
{
    struct store *writer = ((struct store_rig *)*state)->writer;
    begin_readings(writer);
    expect(readers_open(&readers, writer, READERS), ERR_OK);
    for (unsigned i = 0; i < READERS - 1; i++) {
        reading[i].read.run = gate_pass;
        readers_submit(readers, &reading[i].read);
    }
    gate_await(READERS - 1);
    for (unsigned i = READERS - 1; i < READINGS - 1; i++) readers_submit(readers, &reading[i].read);
    reading[READINGS - 1].read.run = gate_pass; /* when this one is reached, those before it were run */
    readers_submit(readers, &reading[READINGS - 1].read);
    gate_await(READERS);
    for (unsigned i = READERS - 1; i < READINGS - 1; i++) assert_int_equal(atomic_load(&reading[i].run_n), 1);
    for (unsigned i = READERS - 1; i < READINGS - 1; i++) assert_ptr_equal(reading[i].store, reading[READINGS - 1].store);
    for (unsigned i = 0; i < READERS - 1; i++) {
        assert_ptr_not_equal(reading[i].store, reading[READINGS - 1].store);
        for (unsigned k = 0; k < i; k++) assert_ptr_not_equal(reading[i].store, reading[k].store);
        assert_ptr_not_equal(reading[i].store, writer);
    }
    gate_set(true);
    readers_close(readers);
}

static void what_is_given_up_half_way_is_given_back(void **state)
{
    struct store *writer = ((struct store_rig *)*state)->writer;
    size_t live_before = fault_alloc_live();
    struct readers *none = NULL;
    for (size_t n = 1;; n++) {
        fault_alloc_arm(n, FAULT_ONE);
        enum err e = readers_open(&none, writer, READERS);
        bool has_failed = fault_alloc_has_failed();
        fault_alloc_disarm();
        if (e == ERR_OK) {
            readers_close(none);
            if (!has_failed) break;
            none = NULL;
            continue;
        }
        assert_int_equal(e, ERR_NO_MEMORY);
        assert_null(none);
        assert_int_equal(fault_alloc_live(), live_before);
        assert_true(n < 100);
    }
    assert_int_equal(fault_alloc_live(), live_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(each_reading_is_run_once),
        STORE_TEST(everything_submitted_is_run_before_they_close),
        STORE_TEST(one_that_waits_holds_up_nobody_else),
        STORE_TEST(what_is_given_up_half_way_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
