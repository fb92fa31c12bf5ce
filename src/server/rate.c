/* rate.c -- see rate.h.
 *
 * A bucket is known by the moment at which it will be full again: how much is missing now follows from
 * the time until then, and nothing has to be done while time passes. A place that was never used is a
 * bucket that has been full for ever.
 */
#define _POSIX_C_SOURCE 200809L
#include "server/rate.h"

#include <pthread.h>
#include <stdlib.h>

#include "record/hash.h"

enum {
#ifdef TROTH_HOSTILE
    SHARDS = 2, /* each with a lock of its own */
    SETS = 1,   /* of a shard                  */
    WAYS = 2,   /* places of a set             */
#else
    SHARDS = 16,
    SETS = 64,
    WAYS = 8,
#endif
    TAG_BYTES = 16,
};
#define NS_PER_MS UINT64_C(1000000)
#define NOW_MOST_MS UINT64_C(10000000000000) /* the year 2286; in ns it still fits, with a day to spare */

struct bucket {
    uint64_t tag;        /* of kind and key                                            */
    uint64_t full_at_ns; /* when nothing will be missing                               */
    uint64_t until_ms;   /* no login before; 0 for all other kinds                     */
    uint32_t per_ms;     /* of its rule: by it, buckets of different rules are compared */
    uint32_t failed_n;   /* logins in a row that failed                                */
};

struct rate {
    uint8_t seed[RATE_SEED_BYTES];
    pthread_mutex_t lock[SHARDS];
    struct bucket *bucket; /* [SHARDS][SETS][WAYS] */
};

/* Where a bucket is, or could be. */
struct place {
    uint64_t tag;
    pthread_mutex_t *lock;
    struct bucket *set; /* WAYS of them */
};

enum err rate_open(struct rate **rate, const uint8_t seed[static RATE_SEED_BYTES])
{
    struct rate *r = calloc(1, sizeof *r);
    if (r == NULL) return ERR_NO_MEMORY;
    r->bucket = calloc((size_t)SHARDS * SETS * WAYS, sizeof *r->bucket);
    if (r->bucket == NULL) {
        free(r);
        return ERR_NO_MEMORY;
    }
    memcpy(r->seed, seed, sizeof r->seed);
    for (size_t i = 0; i < SHARDS; i++) EXPECT(pthread_mutex_init(&r->lock[i], NULL) == 0);
    *rate = r;
    return ERR_OK;
}

void rate_close(struct rate *rate)
{
    if (rate == NULL) return;
    for (size_t i = 0; i < SHARDS; i++) pthread_mutex_destroy(&rate->lock[i]);
    free(rate->bucket);
    wipe(rate->seed, sizeof rate->seed);
    free(rate);
}

/* ---- places --------------------------------------------------------------------------------- */

static struct place place_of(struct rate *rate, enum rate_kind kind, struct str key)
{
    uint8_t hash[TAG_BYTES], kind_byte = (uint8_t)kind;
    uint64_t half[2];
    hash_keyed(hash, sizeof hash, STR_OF(rate->seed), CTX_RATE, PARTS(str_at(&kind_byte, 1), key));
    memcpy(half, hash, sizeof half);
    size_t shard = half[1] % SHARDS, set = half[1] / SHARDS % SETS;
    return (struct place){half[0], &rate->lock[shard], rate->bucket + (shard * SETS + set) * WAYS};
}

static uint64_t missing_ns(const struct bucket *b, uint64_t now_ns)
{
    return b->full_at_ns > now_ns ? b->full_at_ns - now_ns : 0;
}

static struct bucket *find(const struct place *place)
{
    for (size_t i = 0; i < WAYS; i++) {
        if (place->set[i].tag == place->tag) return &place->set[i];
    }
    return NULL;
}

/* What of a bucket is missing, in millionths: its time to fill is per_ms, and a millionth of a ms is a ns. */
static uint64_t missing_ppm(const struct bucket *b, uint64_t now_ns)
{
    return b->per_ms == 0 ? 0 : missing_ns(b, now_ns) / b->per_ms;
}

/* The bucket of the place, or a full one instead of the fullest. */
static struct bucket *find_or_make(const struct place *place, uint64_t now_ns)
{
    struct bucket *b = find(place);
    if (b != NULL) return b;
    b = place->set;
    for (size_t i = 1; i < WAYS; i++) {
        if (missing_ppm(&place->set[i], now_ns) < missing_ppm(b, now_ns)) b = &place->set[i];
    }
    *b = (struct bucket){.tag = place->tag};
    return b;
}

/* ---- buckets -------------------------------------------------------------------------------- */

/* How long one try takes to come back. Rounded up: never more than n tries in per_ms. */
static uint64_t try_ns(const struct rate_rule *rule)
{
    return (rule->per_ms * NS_PER_MS + rule->n - 1) / rule->n;
}

static uint64_t to_ns(uint64_t now_ms)
{
    EXPECT(now_ms < NOW_MOST_MS);
    return now_ms * NS_PER_MS;
}

static void expect_rule(const struct rate_rule *rule)
{
    EXPECT(rule->n <= 1000000 && rule->per_ms >= 1 && rule->per_ms <= 24 * 60 * 60 * 1000);
}

/* How long until a try is in the bucket, in ms; 0: there is one. A clock that went back leaves a bucket with
 * more missing than it holds: from then on it counts as empty. */
static uint64_t wait_for_try_ms(struct bucket *b, const struct rate_rule *rule, uint64_t now_ns)
{
    uint64_t each_ns = try_ns(rule), whole_ns = each_ns * rule->n;
    b->per_ms = rule->per_ms;
    if (missing_ns(b, now_ns) > whole_ns) b->full_at_ns = now_ns + whole_ns;
    uint64_t with_it_ns = missing_ns(b, now_ns) + each_ns;
    return with_it_ns <= whole_ns ? 0 : (with_it_ns - whole_ns + NS_PER_MS - 1) / NS_PER_MS;
}

static void take_try(struct bucket *b, const struct rate_rule *rule, uint64_t now_ns)
{
    b->full_at_ns = now_ns + missing_ns(b, now_ns) + try_ns(rule);
}

enum err rate_take(struct rate *rate, enum rate_kind kind, const struct rate_rule *rule, struct str key,
                   uint64_t now_ms, uint64_t *wait_ms)
{
    if (rule->n == 0) return ERR_OK;
    expect_rule(rule);
    struct place place = place_of(rate, kind, key);
    uint64_t now_ns = to_ns(now_ms);

    EXPECT(pthread_mutex_lock(place.lock) == 0);
    struct bucket *b = find_or_make(&place, now_ns);
    uint64_t wait = wait_for_try_ms(b, rule, now_ns);
    if (wait == 0) take_try(b, rule, now_ns);
    pthread_mutex_unlock(place.lock);
    if (wait == 0) return ERR_OK;
    *wait_ms = wait;
    return ERR_SLOW_DOWN;
}

/* ---- signing in ----------------------------------------------------------------------------- */

static uint64_t delay_ms(uint32_t failed_n)
{
    uint64_t delay = RATE_LOGIN_FIRST_MS;
    if (failed_n <= RATE_LOGIN_FREE) return 0;
    for (uint32_t i = RATE_LOGIN_FREE + 1; i < failed_n && delay < RATE_LOGIN_MOST_MS; i++) delay *= 2;
    return delay < RATE_LOGIN_MOST_MS ? delay : RATE_LOGIN_MOST_MS;
}

/* How long the delay after the last failure still is. A clock that went back does not make it longer. */
static uint64_t wait_for_delay_ms(struct bucket *b, uint64_t now_ms)
{
    uint64_t most_ms = now_ms + delay_ms(b->failed_n);
    if (b->until_ms > most_ms) b->until_ms = most_ms;
    return b->until_ms > now_ms ? b->until_ms - now_ms : 0;
}

static uint64_t wait_for_login_ms(struct bucket *b, const struct rate_rule *rule, uint64_t now_ms)
{
    uint64_t delay = wait_for_delay_ms(b, now_ms), wait = wait_for_try_ms(b, rule, to_ns(now_ms));
    bool is_long_ago = now_ms >= b->until_ms + RATE_LOGIN_FORGET_MS;
    if (is_long_ago && missing_ns(b, to_ns(now_ms)) == 0) b->failed_n = 0;
    return delay > wait ? delay : wait;
}

enum err rate_login_may_try(struct rate *rate, const struct rate_rule *rule, struct str cred_id, uint64_t now_ms,
                            uint64_t *wait_ms)
{
    if (rule->n == 0) return ERR_OK;
    expect_rule(rule);
    struct place place = place_of(rate, RATE_LOGIN_CRED, cred_id);

    EXPECT(pthread_mutex_lock(place.lock) == 0);
    struct bucket *b = find_or_make(&place, to_ns(now_ms));
    uint64_t wait = wait_for_login_ms(b, rule, now_ms);
    if (wait == 0) {
        take_try(b, rule, to_ns(now_ms));
        b->failed_n++;
        b->until_ms = now_ms + delay_ms(b->failed_n);
    }
    pthread_mutex_unlock(place.lock);
    if (wait == 0) return ERR_OK;
    *wait_ms = wait;
    return ERR_SLOW_DOWN;
}

void rate_login_tried(struct rate *rate, struct str cred_id, bool fits, uint64_t now_ms)
{
    struct place place = place_of(rate, RATE_LOGIN_CRED, cred_id);

    EXPECT(pthread_mutex_lock(place.lock) == 0);
    struct bucket *b = find(&place);
    if (b != NULL && fits) *b = (struct bucket){.tag = place.tag};
    if (b != NULL && !fits) b->until_ms = now_ms + delay_ms(b->failed_n);
    pthread_mutex_unlock(place.lock);
}
