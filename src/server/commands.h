/* commands.h -- what `trothd` does beside serving; each may run beside a server on the same data. */
#ifndef SERVER_COMMANDS_H
#define SERVER_COMMANDS_H

#include "server/config.h"
#include "store/store.h"

/* command_permit -- makes a permit and prints it: as text, and as a link for each origin that is set.
 * command_backup -- writes a whole copy of the data to config->backup_to.
 * command_check  -- verifies everything that a server can: the file, and every circle's chain.
 * Each gives the exit code; what went wrong was said on standard error. */
int command_permit(const struct config *config) NONNULL;
int command_backup(const struct config *config) NONNULL;
int command_check(const struct config *config) NONNULL;

/* permit_make -- a new permit in the store, and its text.                                    [store BUSY]
 *
 * Takes    writer  outside a transaction
 *          text    CODE_TEXT_BYTES are appended
 */
MUST_USE enum err permit_make(struct store *writer, struct out *text) NONNULL;

/* command_failed -- says on standard error what happened and what helps. Gives the exit code. */
int command_failed(enum err e, const char *trouble) __attribute__((nonnull(2)));

#endif
