/* cmd_circle.h -- what several commands do with circles. */
#ifndef CLI_CMD_CIRCLE_H
#define CLI_CMD_CIRCLE_H

#include "cli/cli.h"

/* circle_make -- a new circle of that name, of the kind that --kind says.                 [BAD_FIELD, sentence] */
MUST_USE enum err circle_make(struct cli *cli, struct client_account *account, struct str name,
                              struct client_circle **circle) NONNULL;

/* circle_look -- reads an invitation's link, and tells who invites to what. The caller closes *look, and wipes.
 *
 * Gives    server   CLI_LINK_SERVER_BYTES, ends with NUL */
enum { CLI_LINK_SERVER_BYTES = ACCOUNT_ORIGIN_BYTES + 1 };
MUST_USE enum err circle_look(struct cli *cli, struct str link, uint8_t secret[static SECRET_BYTES],
                              char server[static CLI_LINK_SERVER_BYTES], struct client_look **look) NONNULL;

/* circle_join -- joins what was looked at; tells it. */
MUST_USE enum err circle_join(struct cli *cli, struct client_account *account, struct client_look *look) NONNULL;

#endif
