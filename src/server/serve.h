/* serve.h -- `trothd serve`: from settings to a running server, and down again. */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

#include "server/config.h"

/* serve -- serves until it is told to stop (SIGTERM, SIGINT).
 *
 * Prints on standard output where it is reached, and, while nobody has an account and no permit is open, a
 * link that opens the first one. Everything else goes to the log.
 *
 * Takes    env     as main got it: for systemd
 * Gives    the exit code; what went wrong was said on standard error
 * Threads  the first; no other may run yet
 */
int serve(const struct config *config, char *const env[]) NONNULL;

#endif
