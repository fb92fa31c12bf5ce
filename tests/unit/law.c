/* law.c -- every law has a number of its own and a sentence that a person can be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "practice/law.h"

static void each_law_has_a_number_and_a_sentence(void **state)
{
    (void)state;
    for (enum law law = LAW_OK + 1; law < LAW_N; law++) {
        const char *number = law_number(law), *sentence = law_sentence(law);
        size_t n = strlen(sentence);
        assert_true(number[0] == 'F' || number[0] == 'P');
        assert_true(number[1] >= '1' && number[1] <= '9' && strlen(number) <= 3);
        assert_true(n >= 20 && n <= 160 && sentence[n - 1] == '.' && str_is_utf8(str_of_text(sentence)));
        assert_true(sentence[0] >= 'A' && sentence[0] <= 'Z');
        for (enum law other = LAW_OK + 1; other < law; other++) {
            assert_string_not_equal(number, law_number(other));
            assert_string_not_equal(sentence, law_sentence(other));
        }
    }
}

static void what_is_allowed_needs_no_sentence(void **state)
{
    (void)state;
    assert_string_equal(law_number(LAW_OK), "");
    assert_string_equal(law_sentence(LAW_OK), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_law_has_a_number_and_a_sentence),
        cmocka_unit_test(what_is_allowed_needs_no_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
