/* ring.h -- an open circle as this library holds it: what the terminal sees, the record, and the outbox.
 *
 * For the files of src/client only: a struct client_circle * of ours is a struct ring *.
 */
#ifndef CLIENT_RING_H
#define CLIENT_RING_H

#include "client/held.h"
#include "client/outbox.h"
#include "client/seat.h"

/* What the home's list shows of a circle, so that it need not be loaded for that. Kept in homes. */
enum ring_standing { RING_UNKNOWN = 0, RING_JOURNAL = 1, RING_IN = 2, RING_OUT = 3 };

struct ring {
    struct client_circle face; /* first */
    struct held *held;
    struct outbox outbox;
    struct home_circle_about about; /* as the home has it */
    uint64_t number;  /* in the home                                                     */
    size_t shown_n;   /* so many of what waits are in the fold, and nothing else besides */
    struct client_alarm alarm[CLIENT_ALARMS]; /* as client_alarms gave them last */
    size_t alarm_n;
    struct arena drafts; /* texts that client_drafts gave out */
    uint8_t *read;    /* wire bytes that client_entry gave out */
    struct ring *next;
};

/* ring_of -- the ring behind a circle. */
static inline struct ring *ring_of(const struct client_circle *circle)
{
    return (struct ring *)circle;
}

static inline struct seat *ring_seat(const struct ring *ring)
{
    return seat_of(ring->face.account);
}

/* ring_open -- the open ring of a circle of the home, loaded if it is not open yet.
 * ring_close -- wiped and gone. */
MUST_USE enum err ring_open(struct seat *seat, uint64_t number, struct ring **ring) NONNULL;
void ring_close(struct ring *ring) NONNULL;

/* ring_ready -- loads the circle again if a failure of this device left it ahead of the home. */
MUST_USE enum err ring_ready(struct ring *ring) NONNULL;

/* ring_show -- the state with all that waits here folded behind it, and every field of face as it is now. */
MUST_USE enum err ring_show(struct ring *ring) NONNULL;

/* ring_saw -- the server has just shown its head, which was ours. */
MUST_USE enum err ring_saw(struct ring *ring, uint64_t now_ms) NONNULL;

/* ring_as_of -- when that was last. */
MUST_USE enum err ring_as_of(struct seat *seat, uint64_t number, uint64_t *ms) NONNULL;

#endif
