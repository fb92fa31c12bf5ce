/* facts.c -- what a circle is called, by anybody; and what kind it is, once and for all. [F13], [F14], [F16] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/fold.h"

static uint8_t room[512];

static struct str put(struct str name, enum facts_kind kind, uint64_t written_ms)
{
    struct out o = OUT_OVER(room);
    struct facts facts = {.name = name, .kind = kind, .written_ms = written_ms};
    facts_put(&o, &facts);
    assert_false(o.is_full);
    return out_str(&o);
}

static void what_is_put_comes_back(void **state)
{
    (void)state;
    for (enum facts_kind kind = FACTS_COUPLE; kind <= FACTS_TEAM; kind++) {
        struct facts read;
        assert_int_equal(facts_read(put(STR("Us two"), kind, 9), &read), LAW_OK);
        assert_true(str_is(read.name, STR("Us two")) && read.kind == kind && read.written_ms == 9);
        assert_int_equal(facts_read(put(STR("Us two"), kind, 0), &read), LAW_OK);
        assert_int_equal(read.written_ms, 0);
    }
}

static void F13_there_are_four_kinds(void **state)
{
    (void)state;
    struct facts facts = {.name = STR("Us"), .kind = FACTS_NONE}, read = {.kind = FACTS_TEAM};
    assert_int_equal(facts_check(&facts), LAW_KIND);
    facts.kind = (enum facts_kind)5;
    assert_int_equal(facts_check(&facts), LAW_KIND);
    facts = (struct facts){.kind = FACTS_TEAM};
    assert_int_equal(facts_check(&facts), LAW_NAME);
    assert_int_equal(facts_read(STR("\xa3\x01\x0f\x02\x61" "A\x03\x05"), &read), LAW_KIND);
    assert_int_equal(facts_read(STR("\xa3\x01\x0f\x02\x61" "A\x03\x00"), &read), LAW_KIND);
    assert_int_equal(facts_read(STR("\xa4\x01\x0f\x02\x61" "A\x03\x01\x04\x00"), &read), LAW_NEWER);
    assert_int_equal(facts_read(STR("\xa2\x01\x0f\x02\x61" "A"), &read), LAW_UNREADABLE);
    assert_int_equal(facts_read(STR("\xa3\x01\x0f\x02\x41" "A\x03\x01"), &read), LAW_UNREADABLE);
    assert_int_equal(read.kind, FACTS_TEAM);
}

static void F14_the_kind_stays_and_F16_the_last_name_counts(void **state)
{
    (void)state;
    struct fold f;
    fold_init_two(&f);
    assert_int_equal(f.state.facts.kind, FACTS_NONE);
    assert_int_equal(fold_text(&f, BEN, put(STR("Us"), FACTS_COUPLE, 0)), LAW_OK);
    assert_int_equal(fold_text(&f, ANA, put(STR("Us two"), FACTS_COUPLE, 0)), LAW_OK);
    assert_int_equal(fold_text(&f, BEN, put(STR("The office"), FACTS_TEAM, 0)), LAW_KIND_STAYS);
    assert_int_equal(f.state.facts.kind, FACTS_COUPLE);
    assert_true(str_is(f.state.facts.name, STR("Us two")));
    fold_fini(&f);
}

static void F14_the_first_facts_that_one_can_read_say_the_kind(void **state)
{
    (void)state;
    struct fold f;
    fold_init_two(&f);
    fold_unread(&f, ANA, OPENED_NO_KEY);
    assert_int_equal(fold_text(&f, ANA, put(STR("Us"), FACTS_FRIENDS, 0)), LAW_OK);
    assert_int_equal(f.state.facts.kind, FACTS_FRIENDS);
    fold_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_comes_back),
        cmocka_unit_test(F13_there_are_four_kinds),
        cmocka_unit_test(F14_the_kind_stays_and_F16_the_last_name_counts),
        cmocka_unit_test(F14_the_first_facts_that_one_can_read_say_the_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
