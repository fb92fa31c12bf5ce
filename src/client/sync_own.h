/* sync_own.h -- what the two halves of sync share; for sync.c and sync_send.c.
 *
 * What one of their functions returns is this device's own failure. What the server or the record did wrong is
 * in news->err, and nothing more is done then: sync_may_go_on asks for both.
 */
#ifndef CLIENT_SYNC_OWN_H
#define CLIENT_SYNC_OWN_H

#include "client/sync.h"

/* One run. */
struct sync {
    struct ring *ring;
    struct held *held;
    struct remote *remote; /* NULL: no server can be asked; news->err says why */
    struct client_news *news;
    struct outbox_back *back;
    const uint8_t *read_token;          /* while one reads as somebody invited */
    uint8_t token[ACCOUNT_TOKEN_BYTES];
    bool has_uploaded;
};

static inline bool sync_may_go_on(const struct sync *s, enum err e)
{
    return e == ERR_OK && s->news->err == ERR_OK;
}

/* sync_asked -- what a request came to, as news, unless it failed for want of memory here. */
enum err sync_asked(struct sync *s, enum err e) NONNULL MUST_USE;

/* sync_known_of -- asks what the server says of the circle. */
enum err sync_known_of(struct sync *s, struct sync_known *known) NONNULL MUST_USE;

/* sync_read -- reads the record to its head. */
enum err sync_read(struct sync *s, const struct sync_known *known) NONNULL MUST_USE;

/* sync_upload -- a circle that begins here, if it waits.   sync_flush -- what is owed, and what waits. */
enum err sync_upload(struct sync *s) NONNULL MUST_USE;
enum err sync_flush(struct sync *s) NONNULL MUST_USE;

#endif
