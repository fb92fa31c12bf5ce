/* remote_ask.h -- what the requests in remote_*.c share. Nobody else includes it. */
#ifndef CLIENT_REMOTE_ASK_H
#define CLIENT_REMOTE_ASK_H

#include "client/remote_read.h"
#include "device/body.h"

struct remote {
    struct fetch *fetch;
    uint8_t token[ACCOUNT_TOKEN_BYTES];
    bool has_token;
    struct remote_detail detail;
};

enum remote_who { REMOTE_ANYONE, REMOTE_SIGNED_IN };

/* One request: its address, who may, and which statuses are a success (the second one may be 0). */
struct remote_ask {
    const char *method, *path;
    enum remote_who who;
    const uint8_t *token; /* instead of the session's */
    struct str body;
    int status[2];
};

/* remote_ask -- asks; body is borrowed until the next call; status may be NULL.
 *
 * Fails    as remote.h says; the detail is that of this request
 */
MUST_USE enum err remote_ask(struct remote *remote, const struct remote_ask *ask, int *status, struct str *body)
    __attribute__((nonnull(1, 2, 4)));

/* remote_judged -- passes on what a reader said of an answer, and says so in the detail if it was bad. */
enum err remote_judged(struct remote *remote, enum err e) NONNULL;

/* remote_body_to -- asks for a challenge; to borrows from it and from the remote. */
MUST_USE enum err remote_body_to(struct remote *remote, uint8_t challenge[static CHALLENGE_BYTES], struct body_to *to)
    NONNULL;

#endif
