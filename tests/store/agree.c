/* agree.c -- random sequences of calls: the store in memory and the one in SQLite give the same answer at
 * every step, show their readers the same, and hold the same in the end. TROTH_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/store_act.h"
#include "harness/store_rig.h"

enum { SEQUENCES = 30, STEPS = 1500 };

static void assert_same_text(struct store *a, struct store *b)
{
    char *text_a = rig_text(a), *text_b = rig_text(b);
    assert_string_equal(text_a, text_b);
    free(text_a);
    free(text_b);
}

/* Which answers came at all: a run in which every call was refused would prove little. */
struct tally {
    unsigned ok, refused;
};

static void run_sequence(struct random *r, struct store_rig *mem, struct store_rig *sqlite, struct tally *tally)
{
    static char said_mem[STORE_ACT_TEXT_BYTES], said_sqlite[STORE_ACT_TEXT_BYTES];
    struct store_act_course course = {.mark_n = 0};
    for (unsigned step = 0; step < STEPS; step++) {
        struct store_act act = store_act_draw(r, &course);
        enum err e = store_act_do(mem->writer, act, said_mem);
        (void)store_act_do(sqlite->writer, act, said_sqlite);
        if (strcmp(said_mem, said_sqlite) != 0) print_error("step %u\n", step);
        assert_string_equal(said_sqlite, said_mem);
        ++*(e == ERR_OK ? &tally->ok : &tally->refused);
        if (step % 100 == 0) assert_same_text(mem->reader, sqlite->reader);
        if (!course.is_in_transaction && random_is_one_in(r, 20)) rig_reopen(sqlite);
    }
    assert_same_text(mem->writer, sqlite->writer);
    store_abort(mem->writer);
    store_abort(sqlite->writer);
    assert_same_text(mem->reader, sqlite->reader);
}

static void both_kinds_agree_at_every_step(void **state)
{
    (void)state;
    struct random r;
    struct tally tally = {0};
    random_init(&r, "both kinds of store agree");
    for (unsigned sequence = 0; sequence < SEQUENCES; sequence++) {
        void *mem, *sqlite;
        assert_int_equal(store_rig_setup_mem(&mem), 0);
        assert_int_equal(store_rig_setup_sqlite(&sqlite), 0);
        run_sequence(&r, mem, sqlite, &tally);
        assert_int_equal(store_rig_teardown(&mem), 0);
        assert_int_equal(store_rig_teardown(&sqlite), 0);
    }
    print_message("%u calls succeeded, %u were refused\n", tally.ok, tally.refused);
    assert_true(tally.ok > SEQUENCES * STEPS / 4);
    assert_true(tally.refused > SEQUENCES * STEPS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_kinds_agree_at_every_step)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
