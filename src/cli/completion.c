/* completion.c -- completions for bash and zsh. See help.h.
 *
 * Both are one table, "words of the command line so far" to "what may follow", and a few lines that look things up in
 * it. Names of circles and numbers of promises come from `troth --names`, which never asks for a passphrase.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/help.h"

static void put_options(FILE *to, uint64_t bits)
{
    for (unsigned i = 0; i < OPT_N; i++) {
        if ((bits >> i & 1) != 0) (void)fprintf(to, " --%s", table_options[i].name);
    }
}

/* The commands of a group, or those that stand alone and the groups. */
static void put_commands(FILE *to, const struct group_row *group)
{
    for (unsigned i = 0; i < COMMAND_N; i++) {
        const struct command_row *row = &table_commands[i];
        bool is_in = group == NULL ? row->group == NULL
                                   : row->group != NULL && str_is(str_of_text(row->group), str_of_text(group->name));
        if (is_in && !table_is_hidden(row)) (void)fprintf(to, " %s", row->name);
    }
    for (size_t i = 0; group == NULL && i < table_group_n; i++) (void)fprintf(to, " %s", table_groups[i].name);
}

static const char *operand_words(enum completes completes)
{
    switch (completes) {
    case COMPLETES_CIRCLE: return "$(troth --names circles 2>/dev/null)";
    case COMPLETES_PROMISE: return "$(troth --names promises 2>/dev/null)";
    case COMPLETES_COMMAND:
    case COMPLETES_NOTHING: break;
    }
    return "";
}

/* A case of the shell for each command: sets "options" and "offered". */
static void put_cases(FILE *to)
{
    (void)fputs("    case $typed in\n    '')\n        offered='", to);
    put_commands(to, NULL);
    (void)fputs("' ;;\n    help)\n        offered='", to);
    put_commands(to, NULL);
    (void)fputs("' ;;\n", to);
    for (size_t i = 0; i < table_group_n; i++) {
        (void)fprintf(to, "    '%s' | 'help %s')\n        offered='", table_groups[i].name, table_groups[i].name);
        put_commands(to, &table_groups[i]);
        (void)fputs("' ;;\n", to);
    }
    for (unsigned i = 0; i < COMMAND_N; i++) {
        const struct command_row *row = &table_commands[i];
        if (table_is_hidden(row) || i == COMMAND_HELP) continue;
        (void)fprintf(to, "    '%s')\n        options=\"$options", help_name(i));
        put_options(to, row->options);
        (void)fprintf(to, "\"\n        offered=\"%s\" ;;\n", operand_words(row->completes));
    }
    (void)fputs("    esac\n", to);
}

/* Options whose value is a file, a circle, a kind; of the others nothing can be guessed. */
static void put_values(FILE *to, const char *files)
{
    (void)fprintf(to,
                  "    case $before in\n    --home | --passphrase-file | --new-file | --code-file)\n"
                  "        %s ;;\n",
                  files);
    (void)fputs("    --circle)\n        options= offered=\"$(troth --names circles 2>/dev/null)\" ;;\n"
                "    --kind)\n        options= offered='couple friends family team' ;;\n"
                "    --by)\n        options= offered='today tomorrow monday tuesday wednesday thursday friday saturday "
                "sunday open' ;;\n",
                to);
    (void)fputs("    ", to);
    bool is_first = true;
    for (unsigned i = 0; i < OPT_N; i++) {
        bool is_known = i == OPT_HOME || i == OPT_PASSPHRASE_FILE || i == OPT_NEW_FILE ||
                        i == OPT_CODE_FILE || i == OPT_CIRCLE ||
                        i == OPT_KIND || i == OPT_BY;
        if (table_options[i].value == NULL || is_known) continue;
        (void)fprintf(to, "%s--%s", is_first ? "" : " | ", table_options[i].name);
        is_first = false;
    }
    (void)fputs(")\n        return ;;\n    esac\n", to);
}

/* Which options take a value, as a pattern of case: such a value is no word of the command. */
static void put_typed(FILE *to, const char *first, const char *last)
{
    (void)fprintf(to, "    local i\n    for ((i = %s; i < %s; i++)); do\n        case ${words_typed[i]} in\n        ",
                  first, last);
    bool is_first = true;
    for (unsigned i = 0; i < OPT_N; i++) {
        if (table_options[i].value == NULL) continue;
        (void)fprintf(to, "%s--%s", is_first ? "" : " | ", table_options[i].name);
        is_first = false;
    }
    (void)fputs(") i=$((i + 1)) ;;\n        -*) ;;\n        *) [ $n -lt 2 ] && typed=\"${typed:+$typed "
                "}${words_typed[i]}\" n=$((n + 1)) ;;\n"
                "        esac\n    done\n"
                "    case $typed in\n    help*) ;;\n",
                to);
    for (size_t i = 0; i < table_group_n; i++) (void)fprintf(to, "    %s*) ;;\n", table_groups[i].name);
    (void)fputs("    *) typed=${typed%% *} ;;\n    esac\n", to);
}

static void put_bash(FILE *to)
{
    (void)fputs(
        "# bash completion for troth; made from src/cli/table.def.\n_troth() {\n"
        "    local typed= n=0 before=${COMP_WORDS[COMP_CWORD-1]} now=${COMP_WORDS[COMP_CWORD]} options= offered=\n"
        "    local words_typed=(\"${COMP_WORDS[@]}\")\n    options='",
        to);
    put_options(to, table_common_options);
    (void)fputs("'\n", to);
    put_typed(to, "1", "COMP_CWORD");
    put_cases(to);
    put_values(to, "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$now\"); return");
    (void)fputs("    case $now in\n    -*) offered=$options ;;\n    esac\n    local IFS=$' \\n'\n"
                "    mapfile -t COMPREPLY < <(compgen -W \"$offered\" -- \"$now\")\n}\ncomplete -F _troth troth\n",
                to);
}

static void put_zsh(FILE *to)
{
    (void)fputs("#compdef troth\n# zsh completion for troth; made from src/cli/table.def.\n_troth() {\n"
                "    setopt localoptions ksharrays\n"
                "    local typed= n=0 before=${words[CURRENT-2]} now=${words[CURRENT-1]} options=\n"
                "    local -a words_typed; words_typed=(\"${words[@]}\")\n    local last=$((CURRENT - 1))\n"
                "    local offered=\n    options='",
                to);
    put_options(to, table_common_options);
    (void)fputs("'\n", to);
    put_typed(to, "1", "last");
    put_cases(to);
    put_values(to, "_files; return");
    (void)fputs("    case $now in\n    -*) offered=$options ;;\n    esac\n    unsetopt ksharrays\n"
                "    compadd -- ${=offered}\n}\n_troth \"$@\"\n",
                to);
}

static enum err write_file(const char *folder, const char *part, const char *name, void (*put)(FILE *))
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", folder, part);
    if (n < 0 || (size_t)n >= sizeof path || (mkdir(path, 0755) != 0 && errno != EEXIST)) return ERR_STORE;
    n = snprintf(path, sizeof path, "%s/%s/%s", folder, part, name);
    if (n < 0 || (size_t)n >= sizeof path) return ERR_STORE;
    FILE *to = fopen(path, "w");
    if (to == NULL) return ERR_STORE;
    put(to);
    bool is_written = ferror(to) == 0;
    return fclose(to) == 0 && is_written ? ERR_OK : ERR_STORE;
}

enum err completion_write(const char *folder)
{
    enum err e = write_file(folder, "bash", "troth", put_bash);
    return e == ERR_OK ? write_file(folder, "zsh", "_troth", put_zsh) : e;
}
