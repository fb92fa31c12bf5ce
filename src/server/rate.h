/* rate.h -- how often somebody may do something: a bucket of tries for each kind and key, that refills.
 *
 * The table has a fixed size. When a place is needed, the fullest bucket of its set goes: whoever it
 * belonged to has a new, full one then, and nobody ever has more than that. A set is found by a hash with a
 * secret of this start, so nobody can choose keys that push a certain bucket out.
 *
 * Time is any clock in ms that goes forward, the same one in every call (clock_steady_us() / 1000). One that
 * goes back makes nobody wait longer than an empty bucket takes to fill.
 *
 * Threads  every function may be called from any thread, rate_open and rate_close excepted
 */
#ifndef SERVER_RATE_H
#define SERVER_RATE_H

#include "base/err.h"
#include "base/str.h"

/* n tries at once, and n more in every per_ms, spread evenly. n 0: no limit. n at most 1,000,000; per_ms
 * 1 to 86,400,000. */
struct rate_rule {
    uint32_t n, per_ms;
};

/* What is counted. The same key under two kinds has two buckets. */
enum rate_kind {
    RATE_CHALLENGE, /* these four by ip_group */
    RATE_LOGIN,
    RATE_REGISTER,
    RATE_INVITE_OPEN,
    RATE_LOGIN_CRED, /* by cred_id; rate_login_may_try alone uses it */
    RATE_APPEND,     /* these two by session */
    RATE_READ,
};

enum {
    RATE_SEED_BYTES = 16,
    RATE_LOGIN_FREE = 2,         /* failed logins in a row that cost no delay                     */
    RATE_LOGIN_FIRST_MS = 1000,  /* the delay after the next one; each further one doubles it ... */
    RATE_LOGIN_MOST_MS = 60000,  /* ... up to this                                                */
    RATE_LOGIN_FORGET_MS = 15 * 60000, /* so long after it, if the bucket is full, they are forgotten */
};

struct rate;

/* rate_open -- a table in which every bucket is full. It takes 256 KiB at most, page by page as it is used.
 *                                                                                       [NO_MEMORY]
 * Takes    seed   random bytes that nobody outside knows
 */
MUST_USE enum err rate_open(struct rate **rate, const uint8_t seed[static RATE_SEED_BYTES]) NONNULL;

/* rate_close -- ends it; NULL is fine. */
void rate_close(struct rate *rate);

/* rate_take -- takes one try from the bucket.                                             [SLOW_DOWN]
 *
 * Takes    rule     the same one for a kind and key every time
 * Gives    wait_ms  on SLOW_DOWN: when there will be a try again, at least 1; untouched on OK
 */
MUST_USE enum err rate_take(struct rate *rate, enum rate_kind kind, const struct rate_rule *rule, struct str key,
                            uint64_t now_ms, uint64_t *wait_ms) NONNULL;

/* rate_login_may_try -- takes one try to sign in with a credential, before the signature is looked at.
 *                                                                                         [SLOW_DOWN]
 * Beyond the bucket's rule, each failure in a row makes the next try wait, longer and longer, but never
 * longer than RATE_LOGIN_MOST_MS. A try counts as failed until rate_login_tried says otherwise, so that
 * many at the same time are no way around. It is a delay and never a lock-out: the longest wait is the one
 * for the bucket's next try, and what was refused makes no wait longer.
 *
 * Gives    wait_ms  on SLOW_DOWN: when to come again, at least 1; untouched on OK
 */
MUST_USE enum err rate_login_may_try(struct rate *rate, const struct rate_rule *rule, struct str cred_id,
                                     uint64_t now_ms, uint64_t *wait_ms) NONNULL;

/* rate_login_tried -- how the try ended. A signature that fits forgets all failures: the bucket is full. */
void rate_login_tried(struct rate *rate, struct str cred_id, bool fits, uint64_t now_ms) NONNULL;

#endif
