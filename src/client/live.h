/* live.h -- hears from a server at once when one of an account's circles moves.
 *
 * The stream is kept up: when it breaks, falls silent for LIVE_SILENT_MS or is refused, it is asked for again
 * after a while, from 1 s up to 60 s, never at the same moment as everybody else, and not before a server's
 * Retry-After is over. There is no resuming: a new stream begins with the list and all heads.
 *
 * What it says is a hint to look, and nothing else: whoever hears of a head reads the entries and verifies them.
 *
 * Threads  one live belongs to one thread at a time. It has a connection of its own
 */
#ifndef CLIENT_LIVE_H
#define CLIENT_LIVE_H

#include "client/remote.h"

enum {
    LIVE_SILENT_MS = 45 * 1000, /* a server says something every 15 s */
    LIVE_LINE_BYTES = 256,      /* of one line of the stream; a longer one ends it */
    LIVE_BACK_OFF_LEAST_MS = 1000,
    LIVE_BACK_OFF_MOST_MS = 60 * 1000,
};

enum live_kind {
    LIVE_NOTHING, /* the deadline came first                                                    */
    LIVE_STOPPED, /* stop_fd of the options became readable                                     */
    LIVE_UP,      /* there is a stream (again); the list and all heads follow                   */
    LIVE_LIST,    /* so many circles; the head of each follows. Also when one is gained or left */
    LIVE_HEAD,    /* a circle's head                                                            */
    LIVE_DOWN,    /* the stream broke, or could not be had; once for each time it is tried      */
};

struct live_event {
    enum live_kind kind;
    uint64_t circle_n;          /* LIST */
    uint8_t circle[HASH_BYTES]; /* HEAD */
    struct remote_head head;    /* HEAD */
    enum err why;               /* DOWN: OFFLINE, BAD_SERVER, SLOW_DOWN …               */
    const char *text;           /* DOWN: one more sentence about it, static, or ""       */
    uint64_t again_ms;          /* DOWN: so long from now it is tried again by itself   */
};

struct live;

/* live_open -- gets ready to follow the circles of the session; connects with the first live_next.
 *
 * Takes    options   as for remote_open; quiet_ms 0: LIVE_SILENT_MS
 *          token     of the session; it is copied
 * Fails    as fetch_open does
 */
MUST_USE enum err live_open(const struct fetch_options *options, const uint8_t token[static ACCOUNT_TOKEN_BYTES],
                            struct live **live) NONNULL;

/* live_close -- ends the stream and wipes the token (NULL is fine). */
void live_close(struct live *live);

/* live_next -- waits at most wait_ms for the next event. Call it again and again: in between, nothing happens
 * but that the system keeps some of what comes.
 *
 * Fails    NO_SESSION  the session was ended: this live is over, and says so each time it is asked
 *          NO_MEMORY   the next call tries again
 */
MUST_USE enum err live_next(struct live *live, uint64_t wait_ms, struct live_event *event) NONNULL;

#endif
