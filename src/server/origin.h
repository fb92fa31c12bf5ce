/* origin.h -- the addresses under which people reach this server: what their statements are made to. */
#ifndef SERVER_ORIGIN_H
#define SERVER_ORIGIN_H

#include "record/account.h"
#include "server/config.h"

enum { ORIGINS = CONFIG_LIST };

struct origin {
    char text[ACCOUNT_ORIGIN_BYTES + 1]; /* such as "https://troth.example"; ends with NUL */
    uint8_t hash[HASH_BYTES];            /* that statements are signed over                */
};

/* origins_of -- those that are set; where none is, localhost and 127.0.0.1 with the port.
 *
 * Takes    port   that the server listens on; origin_port says it before, unless any free one is wanted
 * Gives    how many; at least 1
 */
size_t origins_of(const struct config *config, unsigned port, struct origin origin[static ORIGINS]) NONNULL;

/* origin_port -- the port that config->listen names; 0 where any free one is asked for. */
unsigned origin_port(const struct config *config) NONNULL;

#endif
