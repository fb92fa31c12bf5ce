/* err.c -- the list of errors: no number and no name twice, and every sentence fit to be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "harness/aborts.h"

static const struct row {
    enum err e;
    const char *name;
    int number;
    const char *code;
    int http, exit;
    const char *happened, *next;
} rows[] = {
#define ERR(name, number, code, http, exit, happened, next) \
    {ERR_##name, #name, number, code, http, exit, happened, next},
#include "base/err.def"
#undef ERR
};

enum { ROWS = sizeof rows / sizeof *rows };

static void done_is_zero_and_stands_first(void **state)
{
    (void)state;
    assert_int_equal(ERR_OK, 0);
    assert_int_equal(rows[0].e, ERR_OK);
    assert_int_equal(err_http(ERR_OK), 200);
    assert_int_equal(err_exit(ERR_OK), 0);
    assert_string_equal(err_code(ERR_OK), "ok");
}

static void every_function_tells_its_column(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        assert_int_equal(rows[i].e, rows[i].number);
        assert_string_equal(err_code(rows[i].e), rows[i].code);
        assert_int_equal(err_http(rows[i].e), rows[i].http);
        assert_int_equal(err_exit(rows[i].e), rows[i].exit);
        assert_string_equal(err_happened(rows[i].e), rows[i].happened);
        assert_string_equal(err_next(rows[i].e), rows[i].next);
    }
}

static void numbers_ascend_so_none_comes_twice(void **state)
{
    (void)state;
    for (size_t i = 1; i < ROWS; i++) {
        if (rows[i].number <= rows[i - 1].number) fail_msg("%s has number %d", rows[i].name, rows[i].number);
    }
}

/* 403 for an account that has too many circles, 507 for a circle that has too much in it: one word for
 * the reader of the protocol, two sentences for a person. */
static bool may_share_a_code(enum err a, enum err b)
{
    return a == ERR_QUOTA && b == ERR_TOO_MANY_CIRCLES;
}

static void no_two_share_a_code_but_quota(void **state)
{
    (void)state;
    size_t shared_n = 0;
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = i + 1; j < ROWS; j++) {
            if (strcmp(rows[i].code, rows[j].code) != 0) continue;
            if (!may_share_a_code(rows[i].e, rows[j].e)) fail_msg("%s and %s", rows[i].name, rows[j].name);
            assert_int_not_equal(rows[i].http, rows[j].http);
            shared_n++;
        }
    }
    assert_int_equal(shared_n, 1);
    assert_string_equal(err_code(ERR_QUOTA), "quota");
}

static void codes_are_lower_case_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const char *code = rows[i].code;
        size_t n = strlen(code);
        if (n == 0 || n != strspn(code, "abcdefghijklmnopqrstuvwxyz_")) fail_msg("%s: \"%s\"", rows[i].name, code);
        assert_true(code[0] != '_' && code[n - 1] != '_');
    }
}

static void a_code_finds_its_error_again(void **state)
{
    (void)state;
    for (size_t i = 1; i < ROWS; i++) {
        enum err back = err_from_code(str_of_text(rows[i].code));
        if (back != rows[i].e && !may_share_a_code(back, rows[i].e)) fail_msg("%s", rows[i].name);
    }
    assert_int_equal(err_from_code(STR("quota")), ERR_QUOTA);
}

static void what_is_no_code_is_internal(void **state)
{
    (void)state;
    const struct str unknown[] = {
        {NULL, 0},          STR(""),           STR("head"),         STR("ead_moved"),
        STR("head_moved_"), STR("HEAD_MOVED"), STR("head_moved\0"), STR("head_move\xff"),
        STR("Done."),
    };
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_int_equal(err_from_code(unknown[i]), ERR_INTERNAL);
    }
}

static void no_answer_of_another_turns_into_success(void **state)
{
    (void)state;
    assert_int_equal(err_from_code(STR("ok")), ERR_INTERNAL);
}

static void assert_sentence(const struct row *row, const char *s)
{
    size_t n = strlen(s);
    if (n < 5 || s[n - 1] != '.' || s[n - 2] == '.' || s[n - 2] == ' ') fail_msg("%s: \"%s\"", row->name, s);
    if (s[0] < 'A' || s[0] > 'Z' || strstr(s, "  ") != NULL) fail_msg("%s: \"%s\"", row->name, s);
    for (size_t i = 0; i < n; i++) {
        if (s[i] < ' ' || s[i] > '~') fail_msg("%s: byte %zu of \"%s\"", row->name, i, s);
    }
}

static void every_error_says_what_happened_and_what_next(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        assert_sentence(&rows[i], rows[i].happened);
        assert_sentence(&rows[i], rows[i].next);
    }
}

static bool is_one_of(int n, const int *of)
{
    while (*of != 0 && *of != n) of++;
    return *of == n;
}

static void statuses_and_exit_codes_are_known_ones(void **state)
{
    (void)state;
    static const int http[] = {400, 401, 403, 404, 405, 409, 410, 411, 413, 415, 422, 429, 500, 502, 503, 507, 0};
    static const int exits[] = {64, 65, 69, 70, 73, 74, 75, 76, 77, 78, 0};
    for (size_t i = 1; i < ROWS; i++) {
        if (!is_one_of(rows[i].http, http)) fail_msg("%s: HTTP status %d", rows[i].name, rows[i].http);
        if (!is_one_of(rows[i].exit, exits)) fail_msg("%s: exit code %d", rows[i].name, rows[i].exit);
    }
}

static void ask_for_an_error_that_is_none(void)
{
    (void)err_code((enum err)9999);
}

static void ask_for_an_error_that_is(void)
{
    (void)err_code(ERR_INTERNAL);
}

static void a_number_that_is_no_error_is_misuse(void **state)
{
    (void)state;
    assert_true(aborts(ask_for_an_error_that_is_none));
    assert_false(aborts(ask_for_an_error_that_is));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(done_is_zero_and_stands_first),
        cmocka_unit_test(every_function_tells_its_column),
        cmocka_unit_test(numbers_ascend_so_none_comes_twice),
        cmocka_unit_test(no_two_share_a_code_but_quota),
        cmocka_unit_test(codes_are_lower_case_words),
        cmocka_unit_test(a_code_finds_its_error_again),
        cmocka_unit_test(what_is_no_code_is_internal),
        cmocka_unit_test(no_answer_of_another_turns_into_success),
        cmocka_unit_test(every_error_says_what_happened_and_what_next),
        cmocka_unit_test(statuses_and_exit_codes_are_known_ones),
        cmocka_unit_test(a_number_that_is_no_error_is_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
