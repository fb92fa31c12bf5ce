/* who.c -- by which words a member is meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/who.h"

static bool is_called(const char *name, const char *wanted)
{
    return who_is_called(str_of_text(name), str_of_text(wanted), false);
}

static bool begins(const char *name, const char *wanted)
{
    return who_is_called(str_of_text(name), str_of_text(wanted), true);
}

static void case_counts_for_nothing_in_any_script(void **state)
{
    (void)state;
    assert_true(is_called("Ana", "ana"));
    assert_true(is_called("\u00c7em", "\u00e7em"));
    assert_true(is_called("\u0391\u03bd\u03bd\u03b1", "\u03b1\u03bd\u03bd\u03b1"));
    assert_true(is_called("Stra\u00dfer", "STRASSER"));
    assert_false(is_called("Ana", "Ann"));
    assert_false(is_called("Ana", "Anab"));
    assert_false(is_called("Anab", "Ana"));
}

static void letters_with_marks_are_the_same_however_they_are_typed(void **state)
{
    (void)state;
    assert_true(is_called("Zo\u00eb", "Zoe\u0308"));
    assert_false(is_called("Zo\u00eb", "Zoe"));
}

static void the_beginning_will_do(void **state)
{
    (void)state;
    assert_true(begins("Benedikta", "ben"));
    assert_true(begins("\u00c9lodie", "\u00e9l"));
    assert_true(begins("Ben", "Ben"));
    assert_false(begins("Ben", "Benedikta"));
    assert_false(begins("Ruben", "ben"));
}

static void nothing_and_what_is_no_text_mean_nobody(void **state)
{
    (void)state;
    assert_false(is_called("", ""));
    assert_false(begins("Ana", ""));
    assert_false(begins("Ana", "\xff"));
    assert_false(is_called("\xc3", "\xc3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_counts_for_nothing_in_any_script),
        cmocka_unit_test(letters_with_marks_are_the_same_however_they_are_typed),
        cmocka_unit_test(the_beginning_will_do),
        cmocka_unit_test(nothing_and_what_is_no_text_mean_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
