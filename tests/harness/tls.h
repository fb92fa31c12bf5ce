/* tls.h -- certificates made on the spot, and connections that check them: by the openssl command.
 *
 * The client is openssl's own, in a process of its own, so that nothing of the server's TLS is tested by itself.
 */
#ifndef HARNESS_TLS_H
#define HARNESS_TLS_H

#include <sys/types.h>

#include "base/str.h"
#include "harness/scratch.h"

struct tls_files {
    char cert[SCRATCH_PATH_BYTES], key[SCRATCH_PATH_BYTES];
};

/* tls_make -- a self-signed certificate for localhost and 127.0.0.1, and its key, in a new folder.
 * A machine without openssl ends the test program with a sentence. */
void tls_make(struct tls_files *files) NONNULL;

struct tls_link {
    int fd;    /* what is written and read here is encrypted on the way; closed by whoever takes it */
    pid_t pid; /* of openssl */
};

/* tls_connect -- a connection to 127.0.0.1:port that trusts this certificate and no other. What goes wrong with
 * it shows in that the connection ends.
 *
 * Takes    more   one further argument of openssl s_client, or NULL
 */
struct tls_link tls_connect(unsigned port, const char *cert, const char *more) __attribute__((nonnull(2)));

/* tls_close -- ends openssl; fd is not touched. */
void tls_close(struct tls_link *link) NONNULL;

#endif
