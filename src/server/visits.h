/* visits.h -- read tokens: whoever opened an invitation may read its circle's record for ten minutes.
 *
 * In memory only: after a restart the invitation is opened once more.
 */
#ifndef SERVER_VISITS_H
#define SERVER_VISITS_H

#include <pthread.h>

#include "record/account.h"

enum { VISITS_MAX = 256, VISIT_MS = 10 * 60 * 1000 };

struct visit {
    uint8_t token_hash[HASH_BYTES];
    uint8_t circle[HASH_BYTES];
    uint64_t until_ms;
};

struct visits {
    pthread_mutex_t _lock;
    struct visit _visit[VISITS_MAX];
};

void visits_init(struct visits *v) NONNULL;
void visits_fini(struct visits *v) NONNULL;

/* visits_add -- a new token for this circle. When there are too many, the oldest ends. Any thread.
 * Gives until when it is good, in ms. */
uint64_t visits_add(struct visits *v, const uint8_t circle[static HASH_BYTES], uint64_t now_ms,
                    uint8_t token[static ACCOUNT_TOKEN_BYTES]) NONNULL;

/* visits_may_read -- whether the token is good for this circle now. Any thread. */
bool visits_may_read(struct visits *v, const uint8_t token_hash[static HASH_BYTES],
                     const uint8_t circle[static HASH_BYTES], uint64_t now_ms) NONNULL;

#endif
