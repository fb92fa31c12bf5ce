/* visits.c -- see visits.h. */
#include "server/visits.h"

void visits_init(struct visits *v)
{
    memset(v, 0, sizeof *v);
    pthread_mutex_init(&v->_lock, NULL);
}

void visits_fini(struct visits *v)
{
    pthread_mutex_destroy(&v->_lock);
}

uint64_t visits_add(struct visits *v, const uint8_t circle[static HASH_BYTES], uint64_t now_ms,
                    uint8_t token[static ACCOUNT_TOKEN_BYTES])
{
    struct visit visit = {.until_ms = now_ms + VISIT_MS};
    random_fill(token, ACCOUNT_TOKEN_BYTES);
    account_token_hash(visit.token_hash, token);
    memcpy(visit.circle, circle, HASH_BYTES);
    pthread_mutex_lock(&v->_lock);
    struct visit *oldest = &v->_visit[0];
    for (size_t i = 1; i < VISITS_MAX; i++) {
        if (v->_visit[i].until_ms < oldest->until_ms) oldest = &v->_visit[i];
    }
    *oldest = visit;
    pthread_mutex_unlock(&v->_lock);
    return visit.until_ms;
}

bool visits_may_read(struct visits *v, const uint8_t token_hash[static HASH_BYTES],
                     const uint8_t circle[static HASH_BYTES], uint64_t now_ms)
{
    bool may_read = false;
    pthread_mutex_lock(&v->_lock);
    for (size_t i = 0; i < VISITS_MAX; i++) {
        const struct visit *visit = &v->_visit[i];
        if (visit->until_ms > now_ms && memcmp(visit->token_hash, token_hash, HASH_BYTES) == 0) {
            may_read = memcmp(visit->circle, circle, HASH_BYTES) == 0;
        }
    }
    pthread_mutex_unlock(&v->_lock);
    return may_read;
}
