/* listen.h -- an address to listen on, in text, and the socket that does. */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "server/http.h"

/* Where to listen. */
struct listen_at {
    struct ip ip;
    unsigned port; /* 0: any free one */
};

/* listen_parse -- "192.0.2.7:8787", "[2001:db8::7]:8787", "localhost:8787", "*:8787".  [pure | BAD_FIELD]
 *
 * "localhost" is 127.0.0.1; "*" is every address of the machine, as "[::]" is.
 */
MUST_USE enum err listen_parse(struct str text, struct listen_at *at) NONNULL;

/* listen_open -- a listening socket that does not block, closed by the caller.  [BUSY BAD_FIELD INTERNAL]
 *
 * Gives    fd       the socket
 *          port     the one it is
 *          trouble  only on failure
 */
MUST_USE enum err listen_open(const char *text, int *fd, unsigned *port, struct http_trouble *trouble) NONNULL;

#endif
