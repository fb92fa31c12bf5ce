/* hub.h -- who is listening, and which heads they have not heard of yet.
 *
 * A stream belongs to one account and follows all circles of its signing key. It hears first of how many
 * circles there are and of each one's head, then of a head whenever it moves, and of everything anew when
 * a circle is gained or lost. What it has not read yet is never queued: a slow reader hears of the newest
 * head only, so a stream's memory does not grow with what happens. Circles are told in turn, so that some
 * which move all the time do not keep it from hearing of the others.
 *
 *   event: list            event: head
 *   data: <count>          data: <circle, hex> <seq> <hash, hex>
 *
 * Threads  every function may be called from any thread
 * Source   docs/protocol.md, "Live"
 */
#ifndef SERVER_HUB_H
#define SERVER_HUB_H

#include "record/hash.h"
#include "server/http.h"

struct hub;
struct hub_stream;

/* hub_open, hub_close -- an empty hub; and its end, when every stream is closed and nobody holds on to one.
 *                                                                                          [NO_MEMORY] */
MUST_USE enum err hub_open(struct hub **hub) NONNULL;
void hub_close(struct hub *hub);

/* hub_stream_open -- a stream of an account, which has nothing to tell until it is ready.
 *                                                                              [NO_MEMORY SLOW_DOWN]
 * Takes    session    its public id: when it is revoked the stream ends
 *          stream_n   how many streams one account may have at once: SLOW_DOWN for one more
 *          call       woken when there is something to tell, from its first hub_pull on
 * Gives    stream     to be closed with hub_stream_close when its call is done
 */
MUST_USE enum err hub_stream_open(struct hub *hub, const uint8_t sign_pk[static SIGN_PK_BYTES],
                                  const uint8_t session[static ID_BYTES], unsigned stream_n, struct http_call *call,
                                  struct hub_stream **stream) NONNULL;

/* hub_pull -- the events that the stream has not told, as far as they fit, from where the last pull came to; for
 * http_stream. */
size_t hub_pull(void *stream, uint8_t *at, size_t cap);

/* hub_stream_close -- the stream is over; NULL is fine. After this no wake comes for its call. */
void hub_stream_close(struct hub_stream *stream);

/* hub_stream_ref, hub_stream_unref -- keeps the stream's memory, also beyond its close, for whoever finds
 * out which circles it is to follow. What is done to a closed stream has no effect. */
void hub_stream_ref(struct hub_stream *stream) NONNULL;
void hub_stream_unref(struct hub_stream *stream) NONNULL;

/* hub_stream_follow -- it follows this circle, whose head is at least this; a newer one that the hub knows
 * of stays.   hub_stream_count_anew -- what is not followed once more from here on is dropped when it gets
 * ready.                                                                                  [NO_MEMORY] */
MUST_USE enum err hub_stream_follow(struct hub_stream *stream, const uint8_t circle[static HASH_BYTES], uint64_t seq,
                                    const uint8_t hash[static HASH_BYTES]) NONNULL;
void hub_stream_count_anew(struct hub_stream *stream) NONNULL;

/* hub_stream_ready -- it follows what it should, and begins to tell.
 *
 * Gives    false, and nothing was done: a circle was left since it last counted anew, and what it was made to
 *          follow may be older than that. It is to be counted once more
 * hub_stream_end -- it ends. */
MUST_USE bool hub_stream_ready(struct hub_stream *stream) NONNULL;
void hub_stream_end(struct hub_stream *stream) NONNULL;

/* ---- news, as soon as they are on disk --------------------------------------------------------- */

/* hub_moved -- a circle's head is there now. */
void hub_moved(struct hub *hub, const uint8_t circle[static HASH_BYTES], uint64_t seq,
               const uint8_t hash[static HASH_BYTES]) NONNULL;

/* hub_joined -- somebody is in a circle: their streams follow it.  hub_left -- and is out. */
void hub_joined(struct hub *hub, const uint8_t sign_pk[static SIGN_PK_BYTES], const uint8_t circle[static HASH_BYTES],
                uint64_t seq, const uint8_t hash[static HASH_BYTES]) NONNULL;
void hub_left(struct hub *hub, const uint8_t sign_pk[static SIGN_PK_BYTES],
              const uint8_t circle[static HASH_BYTES]) NONNULL;

/* hub_end_session, hub_end_account -- the streams of a session, or of a key, end (but those of the
 * session keep; NULL: all). */
void hub_end_session(struct hub *hub, const uint8_t session[static ID_BYTES]) NONNULL;
void hub_end_account(struct hub *hub, const uint8_t sign_pk[static SIGN_PK_BYTES], const uint8_t *keep)
    __attribute__((nonnull(1, 2)));

#endif
