/* session.h -- who is signed in, kept in memory so that no request waits for the store to know it.
 *
 * The store holds the same sessions and is written first; this table follows. A session is over when it was
 * revoked, 30 days after its last use, or 180 days after it began. From then on it lets nobody in, is not listed
 * and does not count; soon after it is removed, see sweep.h.
 */
#ifndef SERVER_SESSION_H
#define SERVER_SESSION_H

#include <pthread.h>

#include "store/store.h"

struct session {
    struct store_session row;
    uint8_t sign_pk[SIGN_PK_BYTES]; /* of its account */
};

struct session_node;

struct sessions {
    pthread_mutex_t _lock;
    struct session_node **_bucket;
    size_t _bucket_n, _session_n;
};

/* sessions_init -- an empty table.   sessions_fini -- and its end.   [NO_MEMORY] */
MUST_USE enum err sessions_init(struct sessions *s) NONNULL;
void sessions_fini(struct sessions *s) NONNULL;

/* sessions_load -- every session that the store holds. Once, at the start.        [store NO_MEMORY] */
MUST_USE enum err sessions_load(struct sessions *s, struct store *store) NONNULL;

/* sessions_add -- one more, already in the store.                                       [NO_MEMORY] */
MUST_USE enum err sessions_add(struct sessions *s, const struct session *session) NONNULL;

/* sessions_use -- the session of a bearer token, which is used now.                     [NO_SESSION]
 *
 * Takes    token_hash  as account_token_hash gives it
 * Gives    session     a copy
 *          is_stale    its last use in the store is a day old: to be written there
 */
MUST_USE enum err sessions_use(struct sessions *s, const uint8_t token_hash[static HASH_BYTES], uint64_t now_ms,
                               struct session *session, bool *is_stale) NONNULL;

/* sessions_has -- whether there is a session with that public id, however old. */
bool sessions_has(struct sessions *s, const uint8_t id[static ID_BYTES]) NONNULL;

/* sessions_remove -- forgets one, by its public id; account 0: whoever's.
 * Gives whether it was there. */
bool sessions_remove(struct sessions *s, const uint8_t id[static ID_BYTES]) NONNULL;

/* sessions_remove_of -- forgets all of an account but the one with the id keep (NULL: all). */
void sessions_remove_of(struct sessions *s, uint64_t account, const uint8_t *keep) __attribute__((nonnull(1)));

/* sessions_of -- copies the sessions of an account that are not over, oldest first; gives how many (at most
 * cap). */
size_t sessions_of(struct sessions *s, uint64_t account, uint64_t now_ms, struct session *list, size_t cap) NONNULL;

/* sessions_over -- the public ids of sessions that are over, of any account; gives how many (at most cap). */
size_t sessions_over(struct sessions *s, uint64_t now_ms, uint8_t (*id)[ID_BYTES], size_t cap) NONNULL;

#endif
