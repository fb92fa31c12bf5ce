/* help.h -- the table of commands, told to a person, to man, and to a shell. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/err.h"
#include "cli/say.h"
#include "cli/table.h"

/* help_all, help_group, help_command -- what `troth help` and --help say. */
void help_all(struct say *say) NONNULL;
void help_group(struct say *say, const struct group_row *group) NONNULL;
void help_command(struct say *say, enum command command) NONNULL;

/* help_name -- "promise make". Good until the next call. */
const char *help_name(enum command command);

/* man_write -- troth.1, and troth-GROUP.1 for each group, into a folder that is there.             [files | STORE]
 * completion_write -- troth for bash and _troth for zsh, into folders bash and zsh of it, which are made. */
MUST_USE enum err man_write(const char *folder) NONNULL;
MUST_USE enum err completion_write(const char *folder) NONNULL;

#endif
