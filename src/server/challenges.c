/* challenges.c -- see challenges.h. */
#include "server/challenges.h"

#include <stdlib.h>

void challenges_init(struct challenges *c)
{
    *c = (struct challenges){._span = 0};
    pthread_mutex_init(&c->_lock, NULL);
    random_fill(c->_secret, sizeof c->_secret);
}

void challenges_fini(struct challenges *c)
{
    free(c->_slot[0]);
    free(c->_slot[1]);
    wipe(c->_secret, sizeof c->_secret);
    pthread_mutex_destroy(&c->_lock);
}

/* When a span is over, what it remembers becomes the span before, and that one is forgotten.
 *
 * A time in the span before is nothing unusual: another thread has come first. But a clock that was set back
 * makes challenges good again whose answers are forgotten; so then all of them are void. */
static void turn_span(struct challenges *c, uint64_t span)
{
    if (span == c->_span || span + 1 == c->_span) return;
    struct challenges_answered *oldest = c->_slot[1];
    bool is_next = span == c->_span + 1;
    c->_slot[1] = is_next ? c->_slot[0] : NULL;
    c->_answered_n[1] = is_next ? c->_answered_n[0] : 0;
    if (!is_next) free(c->_slot[0]);
    free(oldest);
    c->_slot[0] = NULL;
    c->_answered_n[0] = 0;
    if (span < c->_span) random_fill(c->_secret, sizeof c->_secret);
    c->_span = span;
}

void challenges_ask(struct challenges *c, uint64_t now_ms, uint8_t challenge[static CHALLENGE_BYTES])
{
    pthread_mutex_lock(&c->_lock);
    turn_span(c, now_ms / CHALLENGE_LIFE_MS);
    challenge_make(challenge, c->_secret, now_ms);
    pthread_mutex_unlock(&c->_lock);
}

/* The slot that holds it, or the empty one where it belongs; the random part spreads by itself, and is
 * this server's own, so nobody can aim. */
static struct challenges_answered *slot_of(struct challenges_answered *slot, const uint8_t *random)
{
    static const uint8_t empty[8];
    size_t i = (size_t)(random[0] | random[1] << 8) % CHALLENGES_SLOTS;
    while (memcmp(slot[i].random, empty, 8) != 0 && memcmp(slot[i].random, random, 8) != 0) {
        i = (i + 1) % CHALLENGES_SLOTS;
    }
    return &slot[i];
}

static bool is_answered(struct challenges_answered *slot, const uint8_t *random)
{
    return slot != NULL && memcmp(slot_of(slot, random)->random, random, 8) == 0;
}

static enum err check(struct challenges *c, uint64_t now_ms, const uint8_t *challenge)
{
    turn_span(c, now_ms / CHALLENGE_LIFE_MS);
    enum err e = challenge_check(challenge, c->_secret, now_ms);
    if (e != ERR_OK) return e;
    bool was_answered = is_answered(c->_slot[0], challenge + 8) || is_answered(c->_slot[1], challenge + 8);
    return was_answered ? ERR_BAD_CHALLENGE : ERR_OK;
}

static enum err remember(struct challenges *c, const uint8_t *random)
{
    if (c->_answered_n[0] >= CHALLENGES_SLOTS / 2) return ERR_SLOW_DOWN;
    if (c->_slot[0] == NULL) c->_slot[0] = calloc(CHALLENGES_SLOTS, sizeof *c->_slot[0]);
    if (c->_slot[0] == NULL) return ERR_NO_MEMORY;
    memcpy(slot_of(c->_slot[0], random)->random, random, 8);
    c->_answered_n[0]++;
    return ERR_OK;
}

enum err challenges_check(struct challenges *c, uint64_t now_ms, const uint8_t challenge[static CHALLENGE_BYTES])
{
    pthread_mutex_lock(&c->_lock);
    enum err e = check(c, now_ms, challenge);
    pthread_mutex_unlock(&c->_lock);
    return e;
}

enum err challenges_take(struct challenges *c, uint64_t now_ms, const uint8_t challenge[static CHALLENGE_BYTES])
{
    pthread_mutex_lock(&c->_lock);
    enum err e = check(c, now_ms, challenge);
    if (e == ERR_OK) e = remember(c, challenge + 8);
    pthread_mutex_unlock(&c->_lock);
    return e;
}
