/* challenges.h -- which of this server's challenges were answered, so that none is answered twice.
 *
 * A challenge lives two minutes and names its own time, so it is enough to remember the answered ones of
 * two spans of that length. Answered is one by a statement that holds, by somebody who is known here: so a
 * stranger cannot fill what is remembered. The secret is made anew at every start, and when the clock was set back: then
 * older challenges are void.
 */
#ifndef SERVER_CHALLENGES_H
#define SERVER_CHALLENGES_H

#include <pthread.h>

#include "record/challenge.h"

enum { CHALLENGES_SLOTS = 8192 }; /* answered within one span; more than half of it full: slow down */

/* The random part of an answered challenge. */
struct challenges_answered {
    uint8_t random[8];
};

struct challenges {
    pthread_mutex_t _lock;
    uint8_t _secret[KEY_BYTES];
    struct challenges_answered *_slot[2]; /* open addressing; [0] this span, [1] the one before; made when first used */
    size_t _answered_n[2];
    uint64_t _span; /* now_ms / CHALLENGE_LIFE_MS of slot[0] */
};

void challenges_init(struct challenges *c) NONNULL;
void challenges_fini(struct challenges *c) NONNULL;

/* challenges_ask -- a new challenge. Any thread.                                            [random] */
void challenges_ask(struct challenges *c, uint64_t now_ms, uint8_t challenge[static CHALLENGE_BYTES]) NONNULL;

/* challenges_check -- whether the challenge may be answered, before anything else is looked at. Any thread.
 *                                                                                       [BAD_CHALLENGE]
 * Fails    BAD_CHALLENGE  not this server's, too old, or answered before
 */
MUST_USE enum err challenges_check(struct challenges *c, uint64_t now_ms,
                                   const uint8_t challenge[static CHALLENGE_BYTES]) NONNULL;

/* challenges_take -- the challenge counts, this once. Any thread.   [BAD_CHALLENGE SLOW_DOWN NO_MEMORY]
 *
 * Fails    BAD_CHALLENGE  as above: another thread may have been faster
 *          SLOW_DOWN      more answers within two minutes than it remembers
 */
MUST_USE enum err challenges_take(struct challenges *c, uint64_t now_ms,
                                  const uint8_t challenge[static CHALLENGE_BYTES]) NONNULL;

#endif
