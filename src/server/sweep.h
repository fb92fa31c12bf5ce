/* sweep.h -- what is over is removed: sessions, in the store and in memory.
 */
#ifndef SERVER_SWEEP_H
#define SERVER_SWEEP_H

#include "server/server.h"

enum { SWEEP_SESSIONS = 256 }; /* at once; the next time the rest */

/* sweep_sessions -- has the sessions that are over removed, along with whatever is written next: from the
 * store, then from memory, and their streams end. What is not done now is done the next time.
 *
 * Threads  one; not after writer_close began
 * Law      Q5
 */
void sweep_sessions(struct server *server, uint64_t now_ms) NONNULL;

#endif
