/* table.h -- the one table of all that `troth` can be told. Help, man pages, completions, and the reading of
 * the command line are all made from it; adding a command is a row in table.def and a function in cmd_*.c.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "base/str.h"

/* Options, wherever they may stand. OPTION(ID, name, value's name or NULL, what it does) */
enum option {
#define OPTION(id, name, value, what) OPT_##id,
#define GROUP(name, summary, about)
#define COMMAND(id, group, name, operands, least, most, completes, options, summary, about, examples)
#include "cli/table.def"
#undef OPTION
#undef GROUP
#undef COMMAND
    OPT_N
};

enum command {
#define OPTION(id, name, value, what)
#define GROUP(name, summary, about)
#define COMMAND(id, group, name, operands, least, most, completes, options, summary, about, examples) COMMAND_##id,
#include "cli/table.def"
#undef OPTION
#undef GROUP
#undef COMMAND
    COMMAND_N
};

#define OPTION_BIT(id) (UINT64_C(1) << OPT_##id)

struct option_row {
    const char *name;  /* without the dashes                             */
    const char *value; /* what stands behind it, in capitals; NULL: none */
    const char *what;
};

/* What a shell may offer for a command's operands. */
enum completes { COMPLETES_NOTHING, COMPLETES_CIRCLE, COMPLETES_PROMISE, COMPLETES_COMMAND };

struct command_row {
    const char *group;    /* "circle"; NULL for a command that stands alone                */
    const char *name;     /* "new"                                                          */
    const char *operands; /* "NAME", "[CIRCLE]", ""                                         */
    unsigned least, most; /* how many of them                                               */
    enum completes completes;
    uint64_t options;     /* OPTION_BIT of each that it knows, beside those of all commands */
    const char *summary;  /* one line, no period                                            */
    const char *about;    /* paragraphs, an empty line between them                         */
    const char *examples; /* lines, without "troth " in front; may be ""                    */
};

struct group_row {
    const char *name, *summary, *about;
};

extern const struct option_row table_options[OPT_N];
extern const struct command_row table_commands[COMMAND_N];
extern const struct group_row table_groups[];
extern const size_t table_group_n;

/* Options that every command knows. */
extern const uint64_t table_common_options;

/* table_is_hidden -- whether a command is for programs, not for people: its name begins with "--". */
bool table_is_hidden(const struct command_row *row) NONNULL;

/* table_find_group, table_find_command, table_find_option -- by name; NULL, COMMAND_N, OPT_N if there is none.
 *
 * Takes    group    NULL for a command that stands alone
 */
const struct group_row *table_find_group(struct str name);
enum command table_find_command(const char *group, struct str name);
enum option table_find_option(struct str name);

/* table_near_command -- the command or group that somebody who mistyped its name may have meant; NULL if none
 * is near. Within a group, or, with NULL, among what stands alone and the groups. */
const char *table_near_command(const char *group, struct str name);

/* table_near_option -- the option of those in bits that is nearest to a mistyped name; NULL if none is near. */
const char *table_near_option(uint64_t bits, struct str name);

#endif
