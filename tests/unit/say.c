/* say.c -- text for a terminal: laid out, coloured where that is wanted, and harmless whatever people wrote. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/help.h"
#include "cli/json.h"
#include "cli/say.h"
#include "harness/random.h"

static struct say say;
static FILE *to;
static char *written;
static size_t written_n;

static void begin(unsigned columns, bool has_styles)
{
    const struct say_terminal terminal = {
        .columns = columns, .is_terminal = has_styles, .has_styles = has_styles, .has_256 = true};
    to = open_memstream(&written, &written_n);
    assert_non_null(to);
    say_init_as(&say, to, &terminal);
}

static const char *end(void)
{
    static char text[256 * 1024];
    assert_true(say_is_written(&say));
    assert_int_equal(fclose(to), 0);
    assert_true(written_n < sizeof text);
    memcpy(text, written, written_n);
    text[written_n] = 0;
    free(written);
    return text;
}

static void lines_break_at_blanks_and_hang(void **state)
{
    (void)state;
    begin(30, false);
    say_put(&say, "Ana promises Ben to fix the bike before Friday, if it does not rain.");
    say_lines(&say, 2, 6);
    assert_string_equal(end(), "  Ana promises Ben to fix the\n"
                               "      bike before Friday, if\n"
                               "      it does not rain.\n");
}

static void what_fits_exactly_is_not_broken(void **state)
{
    (void)state;
    begin(30, false);
    say_put(&say, "123456789 123456789 1234567890");
    say_lines(&say, 0, 0);
    say_put(&say, "123456789 123456789 1234567890 1");
    say_lines(&say, 0, 0);
    assert_string_equal(end(), "123456789 123456789 1234567890\n"
                               "123456789 123456789 1234567890\n1\n");
}

static void a_word_that_is_too_long_is_broken_anywhere_but_a_whole_line_never(void **state)
{
    (void)state;
    begin(30, false);
    say_put(&say, "https://troth.example/#J1-ABCD-EFGH-JKMN");
    say_lines(&say, 0, 2);
    say_put(&say, "https://troth.example/#J1-ABCD-EFGH-JKMN");
    say_whole(&say, 2);
    assert_string_equal(end(), "https://troth.example/#J1-ABCD\n  -EFGH-JKMN\n"
                               "  https://troth.example/#J1-ABCD-EFGH-JKMN\n");
}

static void lines_and_their_own_indents_stay(void **state)
{
    (void)state;
    begin(40, false);
    say_put(&say, "first\n\n    indented by four\nlast");
    say_lines(&say, 2, 2);
    say_put(&say, "first\nsecond");
    say_lines(&say, 0, 3);
    assert_string_equal(end(), "  first\n\n      indented by four\n  last\nfirst\n   second\n");
}

static void widths_are_those_of_unicode(void **state)
{
    (void)state;
    assert_int_equal(say_width(STR("Ana")), 3);
    assert_int_equal(say_width(STR("e\u0301")), 1);
    assert_int_equal(say_width(STR("\u6f22\u5b57")), 4);
    assert_int_equal(say_width(STR("\U0001f600")), 2);
    begin(30, false);
    say_quote(&say, STR("\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22"
                        "\u5b57\u6f22\u5b57"));
    say_lines(&say, 0, 0);
    assert_string_equal(end(),
                        "\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22"
                        "\n\u5b57\u6f22\u5b57\n");
}

static void what_people_wrote_can_not_act_on_the_terminal(void **state)
{
    (void)state;
    begin(80, true);
    say_quote(&say, STR("a\033[2Jb\033]0;title\007c\rd\be\x9b"
                        "f\xc2\x9bg\u202eh\u2066i\x01pj\tk\0l"));
    say_lines(&say, 0, 0);
    assert_string_equal(
        end(), "a\ufffd[2Jb\ufffd]0;title\ufffdc\ufffdd\ufffde\ufffdf\ufffdg\ufffdh\ufffdi\ufffdpj k\ufffdl\n");
    begin(80, false);
    say_quote_line(&say, STR("one\ntwo\u2028three"));
    say_lines(&say, 0, 0);
    assert_string_equal(end(), "one two\ufffdthree\n");
}

/* Whatever bytes come, what is written is UTF-8 without controls, and in lines of the right width. */
static void any_bytes_at_all_are_harmless(void **state)
{
    (void)state;
    struct random r;
    random_init(&r, "any bytes laid out");
    for (unsigned i = 0; i < 3000; i++) {
        uint8_t bytes[300];
        size_t n = random_below(&r, sizeof bytes);
        random_bytes(&r, bytes, n);
        unsigned columns = (unsigned)random_between(&r, 30, 80), indent = (unsigned)random_below(&r, 20);
        begin(columns, false);
        say_quote(&say, str_at(bytes, n));
        say_lines(&say, indent, indent);
        const char *text = end();
        assert_true(str_is_utf8(str_of_text(text)));
        for (const char *at = text; *at != 0;) {
            size_t len = strcspn(at, "\n");
            assert_true(say_width(str_at(at, len)) <= columns);
            for (size_t k = 0; k < len; k++) assert_true((unsigned char)at[k] >= 0x20 && at[k] != 0x7f);
            at += len + 1;
        }
    }
}

static void a_person_has_a_sign_and_only_on_a_terminal_a_colour(void **state)
{
    (void)state;
    begin(80, false);
    say_person(&say, 0, 0, STR("Ana"));
    say_put(&say, " ");
    say_person(&say, 5, 1, STR("Ben\033[0m"));
    say_lines(&say, 0, 0);
    assert_string_equal(end(), "\u25cf\u00a0Ana \u25c6\u00a0Ben\ufffd[0m\n");
    begin(80, true);
    say_person(&say, 0, 0, STR("Ana"));
    say_lines(&say, 0, 0);
    assert_string_equal(end(), "\033[38;5;31m\u25cf\u00a0Ana\033[0m\n\033[0m");
}

static void more_than_there_is_room_for_is_cut_and_says_so(void **state)
{
    (void)state;
    static char much[SAY_BYTES + 100];
    memset(much, 'x', sizeof much);
    begin(80, false);
    say_quote(&say, str_at(much, sizeof much));
    say_lines(&say, 0, 0);
    const char *text = end();
    assert_non_null(strstr(text, "\u2026"));
}

static void every_help_fits_its_columns(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COMMAND_N + table_group_n + 1; i++) {
        for (unsigned columns = 60; columns <= 80; columns += 20) {
            begin(columns, false);
            if (i < COMMAND_N)
                help_command(&say, i);
            else if (i < COMMAND_N + table_group_n)
                help_group(&say, &table_groups[i - COMMAND_N]);
            else
                help_all(&say);
            const char *text = end();
            assert_true(strlen(text) > 100);
            for (const char *at = text; columns == 80 && *at != 0;) {
                size_t len = strcspn(at, "\n");
                bool is_link = memmem(at, len, "#J1-", 4) != NULL;
                if (!is_link && say_width(str_at(at, len)) > columns) print_error("%.*s\n", (int)len, at);
                assert_true(is_link || say_width(str_at(at, len)) <= columns);
                at += len + 1;
            }
        }
    }
}

/* ---- JSON --------------------------------------------------------------------------------------------- */

static void json_is_one_line_and_strict(void **state)
{
    (void)state;
    struct json json;
    begin(80, false);
    json_init(&json, to);
    json_open(&json);
    json_put(&json, "text", STR("a\"b\\c\nd\033e\x80\u2028\u00e9"));
    json_put_number(&json, "n", UINT64_C(9007199254740991));
    json_put_bool(&json, "is", false);
    json_put_c(&json, "none", NULL);
    json_put_hex(&json, "id", STR("\x00\xff"));
    json_name(&json, "list");
    json_open_list(&json);
    json_number(&json, 1);
    json_open(&json);
    json_close(&json);
    json_open_list(&json);
    json_close(&json);
    json_bool(&json, true);
    json_null(&json);
    json_close(&json);
    json_close(&json);
    assert_false(json.has_failed);
    assert_string_equal(end(),
                        "{\"text\":\"a\\\"b\\\\c\\nd\\u001be\ufffd\\u2028\u00e9\",\"n\":9007199254740991,\"is\":false,"
                        "\"none\":null,\"id\":\"00ff\",\"list\":[1,{},[],true,null]}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_break_at_blanks_and_hang),
        cmocka_unit_test(what_fits_exactly_is_not_broken),
        cmocka_unit_test(a_word_that_is_too_long_is_broken_anywhere_but_a_whole_line_never),
        cmocka_unit_test(lines_and_their_own_indents_stay),
        cmocka_unit_test(widths_are_those_of_unicode),
        cmocka_unit_test(what_people_wrote_can_not_act_on_the_terminal),
        cmocka_unit_test(any_bytes_at_all_are_harmless),
        cmocka_unit_test(a_person_has_a_sign_and_only_on_a_terminal_a_colour),
        cmocka_unit_test(more_than_there_is_room_for_is_cut_and_says_so),
        cmocka_unit_test(every_help_fits_its_columns),
        cmocka_unit_test(json_is_one_line_and_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
