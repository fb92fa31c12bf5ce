/* man.c -- the man pages, in man(7)'s macros. See help.h. */
#include <stdio.h>

#include "cli/help.h"

/* Text for roff: a backslash, a hyphen, a quote that begins a line, a dot that does, mean something to it. */
static void put_text(FILE *to, const char *text)
{
    bool is_first = true;
    for (; *text != 0; text++) {
        if (is_first && (*text == '.' || *text == '\'')) (void)fputs("\\&", to);
        if (*text == '\\')
            (void)fputs("\\e", to);
        else if (*text == '-')
            (void)fputs("\\-", to);
        else
            (void)fputc(*text, to);
        is_first = *text == '\n';
    }
}

/* Paragraphs; lines that begin with blanks stay as they are. */
static void put_paragraphs(FILE *to, const char *text)
{
    bool is_example = false;
    struct str rest = str_of_text(text);
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.at, '\n', rest.len);
        size_t n = end == NULL ? rest.len : (size_t)(end - rest.at);
        bool is_indented = str_starts(rest, STR("    "));
        char line[4096];
        EXPECT(n < sizeof line);
        memcpy(line, rest.at, n);
        line[n] = 0;
        if (is_indented != is_example) (void)fputs(is_indented ? ".RS 4\n.nf\n" : ".fi\n.RE\n", to);
        is_example = is_indented;
        if (n == 0)
            (void)fputs(is_example ? "\n" : ".PP\n", to);
        else {
            put_text(to, is_indented ? line + 4 : line);
            (void)fputc('\n', to);
        }
        rest = str_at(rest.at + n + (end != NULL), rest.len - n - (end != NULL));
    }
    if (is_example) (void)fputs(".fi\n.RE\n", to);
}

static void put_options(FILE *to, uint64_t bits)
{
    for (unsigned i = 0; i < OPT_N; i++) {
        const struct option_row *row = &table_options[i];
        if ((bits >> i & 1) == 0) continue;
        (void)fputs(".TP\n.B \\-\\-", to);
        put_text(to, row->name);
        if (row->value != NULL) (void)fprintf(to, " \\fI%s\\fR", row->value);
        (void)fputc('\n', to);
        put_text(to, row->what);
        (void)fputc('\n', to);
    }
}

static void put_command(FILE *to, enum command command)
{
    const struct command_row *row = &table_commands[command];
    (void)fputs(".SS troth ", to);
    put_text(to, help_name(command));
    if (row->operands[0] != 0) (void)fprintf(to, " %s", row->operands);
    (void)fputc('\n', to);
    put_text(to, row->summary);
    (void)fputs(".\n", to);
    if (row->about[0] != 0) {
        (void)fputs(".PP\n", to);
        put_paragraphs(to, row->about);
    }
    put_options(to, row->options);
    if (row->examples[0] == 0) return;
    (void)fputs(".PP\n.RS 4\n.nf\n", to);
    struct str rest = str_of_text(row->examples);
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.at, '\n', rest.len);
        size_t n = end == NULL ? rest.len : (size_t)(end - rest.at);
        char line[512];
        (void)snprintf(line, sizeof line, "troth %.*s\n", (int)n, (const char *)rest.at);
        put_text(to, line);
        rest = str_at(rest.at + n + (end != NULL), rest.len - n - (end != NULL));
    }
    (void)fputs(".fi\n.RE\n", to);
}

static bool is_in(const struct command_row *row, const struct group_row *group)
{
    if (table_is_hidden(row) || (row->group == NULL) != (group == NULL)) return false;
    return group == NULL || str_is(str_of_text(row->group), str_of_text(group->name));
}

static void put_head(FILE *to, const struct group_row *group)
{
    (void)fprintf(
        to,
        ".\\\" Made from src/cli/table.def.\n.TH TROTH%s%s 1 \"\" Troth \"User commands\"\n.SH NAME\ntroth%s%s \\- ",
        group == NULL ? "" : "\\-", group == NULL ? "" : group->name, group == NULL ? "" : "\\-",
        group == NULL ? "" : group->name);
    put_text(to, group == NULL ? "keep promises between two or more people" : group->summary);
    (void)fprintf(to, "\n.SH SYNOPSIS\n.B troth%s%s\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n",
                  group == NULL ? "" : " ", group == NULL ? "" : group->name);
    put_paragraphs(to,
                   group == NULL
                       ? "A private record for two or more people: promises made, kept, changed and released. It is "
                         "signed by those whose words they are, and encrypted, so that not even whoever runs the "
                         "server can read it or quietly rewrite it.\n\ntroth alone says what waits for you and what to "
                         "type next."
                       : group->about);
}

static void put_tail(FILE *to, const struct group_row *group)
{
    (void)fputs(".SH OPTIONS OF EVERY COMMAND\n", to);
    put_options(to, table_common_options);
    (void)fputs(
        ".SH EXIT STATUS\n0 when it is done, also when it is kept here and sent later. 64: the command line is not "
        "understood. 65 to 78: as in\n.BR sysexits.h (3head),\nwith a sentence that says what happened and what to "
        "do.\n.SH ENVIRONMENT\n",
        to);
    (void)fputs(".TP\n.B TROTH_HOME\nThe home, unless \\-\\-home names one.\n"
                ".TP\n.B NO_COLOR\nNo colours, whatever it is set to.\n"
                ".TP\n.B TZ\nYour time zone, such as Europe/Madrid; else the machine's.\n"
                ".TP\n.B XDG_RUNTIME_DIR\nWhere the agent listens; else in the home.\n"
                ".TP\n.B TROTH_CA_FILE\nCertificates to trust besides the system's, for a server with one of its own.\n"
                ".TP\n.B TROTH_PROXY\nA proxy on the way to servers, such as socks5h://127.0.0.1:9050.\n"
                ".TP\n.B TROTH_PLAIN_HTTP\n1: http:// to a server on another machine is meant, though anybody on "
                "the way can then take over the session. What is written stays encrypted.\n"
                ".SH SEE ALSO\n",
                to);
    if (group != NULL) (void)fputs(".BR troth (1)\n", to);
    for (size_t i = 0; group == NULL && i < table_group_n; i++)
        (void)fprintf(to, ".BR troth\\-%s (1)%s\n", table_groups[i].name, i + 1 < table_group_n ? "," : "");
}

static enum err write_page(const char *folder, const struct group_row *group)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/troth%s%s.1", folder, group == NULL ? "" : "-",
                     group == NULL ? "" : group->name);
    if (n < 0 || (size_t)n >= sizeof path) return ERR_STORE;
    FILE *to = fopen(path, "w");
    if (to == NULL) return ERR_STORE;
    put_head(to, group);
    (void)fputs(".SH COMMANDS\n", to);
    for (unsigned i = 0; i < COMMAND_N; i++) {
        if (is_in(&table_commands[i], group)) put_command(to, i);
    }
    put_tail(to, group);
    bool is_written = ferror(to) == 0;
    return fclose(to) == 0 && is_written ? ERR_OK : ERR_STORE;
}

enum err man_write(const char *folder)
{
    enum err e = write_page(folder, NULL);
    for (size_t i = 0; e == ERR_OK && i < table_group_n; i++) e = write_page(folder, &table_groups[i]);
    return e;
}
