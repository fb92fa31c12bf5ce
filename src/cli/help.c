/* help.c -- see help.h. */
#include "cli/help.h"

enum { NAME_COLUMN = 2, SUMMARY_COLUMN = 22, OPTION_COLUMN = 26, ABOUT_COLUMN = 2 };

const char *help_name(enum command command)
{
    static char name[64];
    const struct command_row *row = &table_commands[command];
    (void)snprintf(name, sizeof name, "%s%s%s", row->group == NULL ? "" : row->group, row->group == NULL ? "" : " ",
                   row->name);
    return name;
}

static void heading(struct say *say, const char *text)
{
    say_gap(say);
    say_style(say, SAY_BOLD);
    say_put(say, "%s", text);
    say_style(say, SAY_PLAIN);
    say_lines(say, 0, 0);
}

static void name_and_summary(struct say *say, const char *name, const char *summary)
{
    say_put(say, "%s", name);
    say_pad(say, SUMMARY_COLUMN - NAME_COLUMN);
    say_put(say, "%s", summary);
    say_lines(say, NAME_COLUMN, SUMMARY_COLUMN);
}

void help_all(struct say *say)
{
    say_line(say,
             "Troth keeps promises between two or more people, in a private record that nobody can read or quietly "
             "rewrite, not even who runs the server.");
    heading(say, "To begin, and every day");
    for (unsigned i = 0; i < COMMAND_N; i++) {
        const struct command_row *row = &table_commands[i];
        if (row->group == NULL && !table_is_hidden(row)) name_and_summary(say, row->name, row->summary);
    }
    for (size_t g = 0; g < table_group_n; g++) {
        heading(say, table_groups[g].summary);
        for (unsigned i = 0; i < COMMAND_N; i++) {
            const struct command_row *row = &table_commands[i];
            if (row->group != NULL && str_is(str_of_text(row->group), str_of_text(table_groups[g].name)))
                name_and_summary(say, help_name(i), row->summary);
        }
    }
    say_gap(say);
    say_line(say, "troth alone says what waits for you. troth COMMAND --help explains a command, with examples.");
}

void help_group(struct say *say, const struct group_row *group)
{
    say_line(say, "%s", group->about);
    say_gap(say);
    for (unsigned i = 0; i < COMMAND_N; i++) {
        const struct command_row *row = &table_commands[i];
        if (row->group != NULL && str_is(str_of_text(row->group), str_of_text(group->name)))
            name_and_summary(say, help_name(i), row->summary);
    }
    say_gap(say);
    say_line(say, "troth %s COMMAND --help explains one of them.", group->name);
}

static void option_line(struct say *say, const struct option_row *row)
{
    say_put(say, "--%s%s%s", row->name, row->value == NULL ? "" : " ", row->value == NULL ? "" : row->value);
    say_pad(say, OPTION_COLUMN - NAME_COLUMN);
    say_put(say, "%s", row->what == NULL ? "" : row->what);
    say_lines(say, NAME_COLUMN, OPTION_COLUMN);
}

static void option_lines(struct say *say, const char *title, uint64_t bits)
{
    heading(say, title);
    for (unsigned i = 0; i < OPT_N; i++) {
        if ((bits >> i & 1) != 0) option_line(say, &table_options[i]);
    }
}

static void examples(struct say *say, const char *lines)
{
    heading(say, lines[0] == 0 || strchr(lines, '\n') == NULL ? "Example" : "Examples");
    struct str rest = str_of_text(lines);
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.at, '\n', rest.len);
        size_t n = end == NULL ? rest.len : (size_t)(end - rest.at);
        say_put(say, "troth %.*s", (int)n, (const char *)rest.at);
        say_whole(say, ABOUT_COLUMN);
        rest = str_at(rest.at + n + (end != NULL), rest.len - n - (end != NULL));
    }
}

void help_command(struct say *say, enum command command)
{
    const struct command_row *row = &table_commands[command];
    say_style(say, SAY_BOLD);
    say_put(say, "troth %s%s%s", help_name(command), row->operands[0] == 0 ? "" : " ", row->operands);
    say_style(say, SAY_PLAIN);
    say_lines(say, 0, 4);
    say_put(say, "%s.", row->summary);
    say_lines(say, 0, 0);
    if (row->about[0] != 0) {
        say_gap(say);
        say_line(say, "%s", row->about);
    }
    if (row->options != 0) option_lines(say, "Options", row->options);
    option_lines(say, "Of every command", table_common_options);
    if (row->examples[0] != 0) examples(say, row->examples);
}
