/* cmd_account.h -- what several commands tell of an account. */
#ifndef CLI_CMD_ACCOUNT_H
#define CLI_CMD_ACCOUNT_H

#include "cli/cli.h"

/* account_say_code -- lays out the account code in a line of its own. */
void account_say_code(struct cli *cli, const struct client_account *account) NONNULL;

/* account_read_colour -- --colour as practice/profile.h has it; without it *colour stays.      [BAD_FIELD, sentence] */
MUST_USE enum err account_read_colour(struct cli *cli, uint64_t *colour) NONNULL;

/* account_json -- the account as members of the open object; never its code. */
void account_json(struct cli *cli, const struct client_account *account) NONNULL;

#endif
