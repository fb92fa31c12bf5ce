/* sync.h -- one circle and its server: reading what is new, sending what waits, noticing what cannot be.
 *
 *   1. A circle that begins here is uploaded.
 *   2. The server's head is held against the pin. Behind it, or another entry in its place: an alarm.
 *   3. What follows the pin is read page by page to the head, verified in full and kept.
 *   4. What is owed is done (a rotate, keys), then what waits is sent, batch by batch (outbox.h). A refusal
 *      that says the head has moved leads back to 2.
 *
 * A circle in which an alarm stands is read, as far as it is whole, and not written to.
 *
 * For the files of src/client only.
 */
#ifndef CLIENT_SYNC_H
#define CLIENT_SYNC_H

#include "client/ring.h"

/* What the server says of a circle: as remote_circles has it, or that it does not name it. */
struct sync_known {
    bool is_listed;
    struct remote_circle circle;
};

/* sync_ring -- all four steps. What the server or the record does wrong is in news->err.
 *
 * Takes    known     NULL: it is asked
 *          back      counts what went to the drafts, and why the first did
 * Fails    with what this device could not do: STORE DISK_FULL NO_MEMORY STORE_DAMAGED
 */
MUST_USE enum err sync_ring(struct ring *ring, const struct sync_known *known, struct client_news *news,
                            struct outbox_back *back) __attribute__((nonnull(1, 3, 4)));

/* sync_send -- only step 4: what waits is sent on top of what is known, and the rest follows if that turns out
 * to be old. */
MUST_USE enum err sync_send(struct ring *ring, struct client_news *news, struct outbox_back *back) NONNULL;

/* sync_is_ours -- whether an error is this device's own, and not the server's or the record's. */
bool sync_is_ours(enum err e);

#endif
