/* call.c -- what is typed behind `troth`: understood, or refused with a sentence that helps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/call.h"
#include "cli/near.h"

enum { WORDS = 12 };

static char trouble[CALL_TROUBLE_BYTES];

/* Takes a command line apart, cut at its blanks. */
static enum err read_line(struct call *call, const char *line)
{
    static char text[512];
    static char *argv[WORDS + 2];
    static char program[] = "troth";
    int argc = 1;
    size_t n = strlen(line);
    assert_true(n < sizeof text);
    memcpy(text, line, n + 1);
    argv[0] = program;
    for (char *at = text; *at != 0;) {
        assert_true(argc <= WORDS);
        argv[argc++] = at;
        while (*at != 0 && *at != ' ') at++;
        if (*at == ' ') *at++ = 0;
    }
    argv[argc] = NULL;
    trouble[0] = 0;
    return call_read(call, argc, argv, trouble);
}

static void commands_and_options_are_understood(void **state)
{
    (void)state;
    struct call call;
    assert_int_equal(read_line(&call, "promise make cook --by friday --costs-me --to=Ben"), ERR_OK);
    assert_int_equal(call.command, COMMAND_PROMISE_MAKE);
    assert_int_equal(call.operand_n, 1);
    assert_string_equal(call.operand[0], "cook");
    assert_string_equal(call.value[OPT_BY], "friday");
    assert_string_equal(call.value[OPT_TO], "Ben");
    assert_true(call_has(&call, OPT_COSTS_ME));
    assert_false(call_has(&call, OPT_JSON));
    assert_int_equal(read_line(&call, "--home there status --json"), ERR_OK);
    assert_int_equal(call.command, COMMAND_STATUS);
    assert_string_equal(call.value[OPT_HOME], "there");
    assert_int_equal(read_line(&call, "promise make -- --by"), ERR_OK);
    assert_string_equal(call.operand[0], "--by");
    assert_int_equal(read_line(&call, "--write-man somewhere"), ERR_OK);
    assert_int_equal(call.command, COMMAND_WRITE_MAN);
    assert_int_equal(read_line(&call, "log --last=-5"), ERR_OK);
    assert_string_equal(call.value[OPT_LAST], "-5");
}

static void nothing_and_a_group_alone_are_no_mistake(void **state)
{
    (void)state;
    struct call call;
    assert_int_equal(read_line(&call, ""), ERR_OK);
    assert_int_equal(call.command, COMMAND_N);
    assert_null(call.group);
    assert_int_equal(read_line(&call, "--json"), ERR_OK);
    assert_int_equal(read_line(&call, "circle"), ERR_OK);
    assert_int_equal(call.command, COMMAND_N);
    assert_string_equal(call.group->name, "circle");
}

static void help_is_given_also_where_the_rest_is_incomplete(void **state)
{
    (void)state;
    struct call call;
    static const char *const lines[] = {"--help",
                                        "-h",
                                        "promise --help",
                                        "promise make --help",
                                        "promise make -h --by friday",
                                        "circle join --help",
                                        "help promise make"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) assert_int_equal(read_line(&call, lines[i]), ERR_OK);
    assert_int_equal(read_line(&call, "promise make --help"), ERR_OK);
    assert_true(call.wants_help);
    assert_int_equal(call.command, COMMAND_PROMISE_MAKE);
}

static void what_is_mistyped_is_refused_and_the_nearest_suggested(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } tried[] = {
        {"promis", "There is no command \"promis\". Did you mean: troth promise"},
        {"statsu", "Did you mean: troth status"},
        {"promise mkae", "There is no command \"mkae\". Did you mean: troth promise make"},
        {"promise own", "Did you mean: troth promise own-up"},
        {"promise xylophone", "What there is: troth help promise"},
        {"xylophone", "What there is: troth help"},
        {"--agnet", "There is no option --agnet."},
        {"promise make cook --bye friday", "Did you mean --by?"},
        {"promise make cook --xylophone", "There is no option --xylophone."},
        {"status -j", "options begin with two dashes"},
        {"promise make cook --by", "--by needs something behind it: WHEN."},
        {"status --json=yes", "this option takes no value"},
        {"status --json --json", "stands there twice"},
        {"status --by friday", "--by makes no sense here."},
        {"promise make", "troth promise make needs: TEXT"},
        {"promise make cook on Friday", "\"on\" is one word too many"},
        {"status now", "\"now\" is one word too many"},
        {"a b c d e f g", "is one word too many"},
    };
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
        struct call call;
        assert_int_equal(read_line(&call, tried[i].line), ERR_BAD_FIELD);
        if (strstr(trouble, tried[i].says) == NULL) print_error("%s: %s\n", tried[i].line, trouble);
        assert_non_null(strstr(trouble, tried[i].says));
    }
}

static void what_was_typed_is_said_back_without_its_controls(void **state)
{
    (void)state;
    struct call call;
    assert_int_equal(read_line(&call, "st\033[31matus\007"), ERR_BAD_FIELD);
    assert_non_null(strstr(trouble, "st?[31matus?"));
    char line[400];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = 0;
    assert_int_equal(read_line(&call, line), ERR_BAD_FIELD);
    assert_true(strlen(trouble) < CALL_TROUBLE_BYTES - 1);
}

/* Every pair of words with the distance that counting by hand gives. */
static void slips_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t slips;
    } pairs[] = {{"", "", 0},        {"", "abc", 3},       {"kept", "kept", 0},     {"kept", "ketp", 1},
                 {"kept", "kpt", 1}, {"kept", "keept", 1}, {"kept", "kepp", 1},     {"done", "end", 3},
                 {"ca", "abc", 3},   {"list", "last", 1},  {"circle", "cricle", 1}, {"invite", "invtie", 1}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_int_equal(near_slips(str_of_text(pairs[i].a), str_of_text(pairs[i].b)), pairs[i].slips);
        assert_int_equal(near_slips(str_of_text(pairs[i].b), str_of_text(pairs[i].a)), pairs[i].slips);
    }
    char word[NEAR_WORD_BYTES + 1];
    memset(word, 'a', sizeof word);
    assert_int_equal(near_slips(STR("a"), str_at(word, sizeof word)), SIZE_MAX);
}

/* What the help, the man pages and the completions rely on. */
static void the_table_is_in_order(void **state)
{
    (void)state;
    assert_true(OPT_N <= 64);
    for (unsigned i = 0; i < COMMAND_N; i++) {
        const struct command_row *row = &table_commands[i];
        assert_true(row->least <= row->most && row->most <= CALL_OPERANDS);
        assert_int_equal(row->options & table_common_options, 0);
        assert_true(strlen(row->summary) > 0 && row->summary[strlen(row->summary) - 1] != '.');
        assert_int_equal(table_find_command(row->group, str_of_text(row->name)), i);
        if (row->group != NULL) assert_non_null(table_find_group(str_of_text(row->group)));
        if (!table_is_hidden(row)) assert_true(strlen(row->examples) > 0);
    }
    for (unsigned i = 0; i < OPT_N; i++) assert_int_equal(table_find_option(str_of_text(table_options[i].name)), i);
}

/* Every example is a command line that is understood. */
static void the_examples_are_understood(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COMMAND_N; i++) {
        char line[256];
        bool is_quoted = false;
        for (const char *at = table_commands[i].examples; *at != 0;) {
            size_t n = 0;
            for (; *at != 0 && *at != '\n' && *at != '|'; at++) {
                if (*at == '"')
                    is_quoted = !is_quoted;
                else
                    line[n++] = *at == ' ' && is_quoted ? '_' : *at;
            }
            while (n > 0 && line[n - 1] == ' ') n--;
            line[n] = 0;
            while (*at != 0 && *at++ != '\n') {
            }
            struct call call;
            enum err e = read_line(&call, line);
            if (e != ERR_OK) print_error("%s: %s\n", line, trouble);
            assert_int_equal(e, ERR_OK);
            assert_int_equal(call.command, i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_and_options_are_understood),
        cmocka_unit_test(nothing_and_a_group_alone_are_no_mistake),
        cmocka_unit_test(help_is_given_also_where_the_rest_is_incomplete),
        cmocka_unit_test(what_is_mistyped_is_refused_and_the_nearest_suggested),
        cmocka_unit_test(what_was_typed_is_said_back_without_its_controls),
        cmocka_unit_test(slips_are_counted),
        cmocka_unit_test(the_table_is_in_order),
        cmocka_unit_test(the_examples_are_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
