/* table.c -- see table.h. */
#include "cli/table.h"

#include "cli/near.h"

const struct option_row table_options[OPT_N] = {
#define OPTION(id, option_name, value_name, text) [OPT_##id] = {option_name, value_name, text},
#define GROUP(name, summary, about)
#define COMMAND(id, group, name, operands, least, most, completes, options, summary, about, examples)
#include "cli/table.def"
#undef OPTION
#undef GROUP
#undef COMMAND
};

const struct group_row table_groups[] = {
#define OPTION(id, name, value, what)
#define GROUP(name, summary, about) {name, summary, about},
#define COMMAND(id, group, name, operands, least, most, completes, options, summary, about, examples)
#include "cli/table.def"
#undef OPTION
#undef GROUP
#undef COMMAND
};
const size_t table_group_n = sizeof table_groups / sizeof *table_groups;

const struct command_row table_commands[COMMAND_N] = {
#define OPTION(id, name, value, what)
#define GROUP(name, summary, about)
#define COMMAND(id, group, name, operands, least, most, completes, options, summary, about, examples)                  \
    [COMMAND_##id] = {group, name, operands, least, most, completes, options, summary, about, examples},
#include "cli/table.def"
#undef OPTION
#undef GROUP
#undef COMMAND
};

const uint64_t table_common_options = OPTION_BIT(HELP) | OPTION_BIT(JSON) | OPTION_BIT(HOME) |
                                      OPTION_BIT(PASSPHRASE_FILE) | OPTION_BIT(NO_AGENT) | OPTION_BIT(NO_COLOR) |
                                      OPTION_BIT(YES);

bool table_is_hidden(const struct command_row *row)
{
    return str_starts(str_of_text(row->name), STR("--"));
}

const struct group_row *table_find_group(struct str name)
{
    for (size_t i = 0; i < table_group_n; i++) {
        if (str_is(str_of_text(table_groups[i].name), name)) return &table_groups[i];
    }
    return NULL;
}

static bool is_in_group(const struct command_row *row, const char *group)
{
    if (row->group == NULL || group == NULL) return row->group == group;
    return str_is(str_of_text(row->group), str_of_text(group));
}

enum command table_find_command(const char *group, struct str name)
{
    for (unsigned i = 0; i < COMMAND_N; i++) {
        if (is_in_group(&table_commands[i], group) && str_is(str_of_text(table_commands[i].name), name)) return i;
    }
    return COMMAND_N;
}

enum option table_find_option(struct str name)
{
    for (unsigned i = 0; i < OPT_N; i++) {
        if (str_is(str_of_text(table_options[i].name), name)) return i;
    }
    return OPT_N;
}

const char *table_near_command(const char *group, struct str name)
{
    struct near near = {0};
    for (unsigned i = 0; i < COMMAND_N; i++) {
        const struct command_row *row = &table_commands[i];
        if (is_in_group(row, group) && !table_is_hidden(row)) near_try(&near, name, row->name);
    }
    for (size_t i = 0; group == NULL && i < table_group_n; i++) near_try(&near, name, table_groups[i].name);
    return near.best;
}

const char *table_near_option(uint64_t bits, struct str name)
{
    struct near near = {0};
    for (unsigned i = 0; i < OPT_N; i++) {
        if ((bits >> i & 1) != 0) near_try(&near, name, table_options[i].name);
    }
    return near.best;
}
