/* hub.c -- see hub.h.
 *
 * Three kinds of things: streams, circles that some stream follows, and a tie for each pair of the two.
 * One lock over all of it: nothing here blocks, and a broadcast to a circle's few members is short.
 */
#include "server/hub.h"

#include <pthread.h>
#include <stdlib.h>

struct hub_circle {
    struct hub_circle *next; /* in its bucket                     */
    struct hub_tie *first;   /* of those who follow it            */
    size_t _ref_n;           /* ties; at none the circle is freed */
    uint64_t seq;
    uint8_t id[HASH_BYTES], hash[HASH_BYTES];
};

struct hub_tie {
    struct hub_tie *next_of_stream, *next_of_circle;
    struct hub_stream *stream;
    struct hub_circle *circle;
    uint64_t heard_seq;
    unsigned count; /* the stream's, when it was last followed */
    bool has_heard;
};

struct hub_stream {
    struct hub_stream *next; /* in its bucket */
    struct hub *hub;
    struct http_call *call;
    struct hub_tie *first;
    struct hub_tie *turn;    /* whose turn it is to be told; NULL: the first one's */
    size_t tie_n, _ref_n;
    unsigned count;          /* how often it counted anew              */
    bool is_pulled;          /* from here on its call may be woken     */
    bool is_ready;           /* the ties are what they should be       */
    bool is_count_old;       /* not yet ready, and something was left since it counted anew */
    bool is_list_due, is_ending, is_closed;
    uint8_t sign_pk[SIGN_PK_BYTES], session[ID_BYTES];
};

enum { BUCKETS = 1024 };

struct hub {
    pthread_mutex_t lock;
    struct hub_stream *stream[BUCKETS]; /* by the signing key  */
    struct hub_circle *circle[BUCKETS]; /* by the circle's id  */
};

/* Keys and ids spread evenly; somebody who aims at a bucket slows down nobody but the hub's lists, and
 * only by as many accounts or circles as they may have. */
static size_t bucket_of(const uint8_t *key)
{
    return (size_t)(key[0] | key[1] << 8) % BUCKETS;
}

enum err hub_open(struct hub **hub)
{
    struct hub *h = calloc(1, sizeof *h);
    if (h == NULL) return ERR_NO_MEMORY;
    pthread_mutex_init(&h->lock, NULL);
    *hub = h;
    return ERR_OK;
}

void hub_close(struct hub *hub)
{
    if (hub == NULL) return;
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}

/* ---- circles and ties: with the lock held ------------------------------------------------------- */

static struct hub_circle *circle_find(struct hub *h, const uint8_t *id)
{
    struct hub_circle *c = h->circle[bucket_of(id)];
    while (c != NULL && memcmp(c->id, id, HASH_BYTES) != 0) c = c->next;
    return c;
}

static struct hub_circle *circle_ref(struct hub *h, const uint8_t *id)
{
    struct hub_circle *c = circle_find(h, id);
    if (c == NULL) {
        c = calloc(1, sizeof *c);
        if (c == NULL) return NULL;
        memcpy(c->id, id, HASH_BYTES);
        c->next = h->circle[bucket_of(id)];
        h->circle[bucket_of(id)] = c;
    }
    c->_ref_n++;
    return c;
}

static void circle_unref(struct hub *h, struct hub_circle *c)
{
    if (--c->_ref_n > 0) return;
    struct hub_circle **at = &h->circle[bucket_of(c->id)];
    while (*at != c) at = &(*at)->next;
    *at = c->next;
    free(c);
}

static void wake(struct hub_stream *s)
{
    if (s->is_pulled && !s->is_closed) http_wake(s->call);
}

static struct hub_tie *tie_find(struct hub_stream *s, const uint8_t *circle)
{
    struct hub_tie *t = s->first;
    while (t != NULL && memcmp(t->circle->id, circle, HASH_BYTES) != 0) t = t->next_of_stream;
    return t;
}

/* Everything is said anew: how many circles, and each one's head. */
static void say_anew(struct hub_stream *s)
{
    s->is_list_due = true;
    for (struct hub_tie *t = s->first; t != NULL; t = t->next_of_stream) t->has_heard = false;
    wake(s);
}

static void head_raise(struct hub_circle *c, uint64_t seq, const uint8_t *hash, bool is_first)
{
    if (!is_first && seq <= c->seq) return;
    c->seq = seq;
    memcpy(c->hash, hash, HASH_BYTES);
    for (struct hub_tie *t = c->first; t != NULL; t = t->next_of_circle) wake(t->stream);
}

static enum err follow(struct hub_stream *s, const uint8_t *circle, uint64_t seq, const uint8_t *hash)
{
    if (s->is_closed) return ERR_OK;
    struct hub_tie *t = tie_find(s, circle);
    if (t != NULL) {
        t->count = s->count;
        head_raise(t->circle, seq, hash, false);
        return ERR_OK;
    }
    t = calloc(1, sizeof *t);
    struct hub_circle *c = t == NULL ? NULL : circle_ref(s->hub, circle);
    if (c == NULL) {
        free(t);
        return ERR_NO_MEMORY;
    }
    *t = (struct hub_tie){
        .stream = s, .circle = c, .next_of_stream = s->first, .next_of_circle = c->first, .count = s->count,
    };
    s->first = t;
    c->first = t;
    s->tie_n++;
    head_raise(c, seq, hash, c->_ref_n == 1);
    say_anew(s);
    return ERR_OK;
}

static void unfollow(struct hub_stream *s, struct hub_tie *t)
{
    struct hub_tie **at = &s->first;
    while (*at != t) at = &(*at)->next_of_stream;
    *at = t->next_of_stream;
    if (s->turn == t) s->turn = t->next_of_stream;
    at = &t->circle->first;
    while (*at != t) at = &(*at)->next_of_circle;
    *at = t->next_of_circle;
    circle_unref(s->hub, t->circle);
    free(t);
    s->tie_n--;
}

/* ---- streams -------------------------------------------------------------------------------------- */

enum err hub_stream_open(struct hub *hub, const uint8_t sign_pk[static SIGN_PK_BYTES],
                         const uint8_t session[static ID_BYTES], unsigned stream_n, struct http_call *call,
                         struct hub_stream **stream)
{
    struct hub_stream *s = calloc(1, sizeof *s);
    if (s == NULL) return ERR_NO_MEMORY;
    *s = (struct hub_stream){.hub = hub, .call = call, ._ref_n = 1, .is_list_due = true};
    memcpy(s->sign_pk, sign_pk, SIGN_PK_BYTES);
    memcpy(s->session, session, ID_BYTES);
    pthread_mutex_lock(&hub->lock);
    struct hub_stream **bucket = &hub->stream[bucket_of(sign_pk)];
    unsigned open_n = 0;
    for (struct hub_stream *at = *bucket; at != NULL; at = at->next) {
        if (memcmp(at->sign_pk, sign_pk, SIGN_PK_BYTES) == 0 && !at->is_ending) open_n++;
    }
    bool is_one_too_many = open_n >= stream_n;
    if (!is_one_too_many) {
        s->next = *bucket;
        *bucket = s;
    }
    pthread_mutex_unlock(&hub->lock);
    if (is_one_too_many) {
        free(s);
        return ERR_SLOW_DOWN;
    }
    *stream = s;
    return ERR_OK;
}

void hub_stream_ref(struct hub_stream *s)
{
    pthread_mutex_lock(&s->hub->lock);
    s->_ref_n++;
    pthread_mutex_unlock(&s->hub->lock);
}

void hub_stream_unref(struct hub_stream *s)
{
    struct hub *hub = s->hub;
    pthread_mutex_lock(&hub->lock);
    bool is_last = --s->_ref_n == 0;
    pthread_mutex_unlock(&hub->lock);
    if (is_last) free(s);
}

void hub_stream_close(struct hub_stream *s)
{
    if (s == NULL) return;
    struct hub *hub = s->hub;
    pthread_mutex_lock(&hub->lock);
    struct hub_stream **at = &hub->stream[bucket_of(s->sign_pk)];
    while (*at != s) at = &(*at)->next;
    *at = s->next;
    while (s->first != NULL) unfollow(s, s->first);
    s->is_closed = true;
    pthread_mutex_unlock(&hub->lock);
    hub_stream_unref(s);
}

void hub_stream_count_anew(struct hub_stream *s)
{
    pthread_mutex_lock(&s->hub->lock);
    s->count++;
    s->is_count_old = false;
    pthread_mutex_unlock(&s->hub->lock);
}

bool hub_stream_ready(struct hub_stream *s)
{
    pthread_mutex_lock(&s->hub->lock);
    bool is_ready = s->is_closed || !s->is_count_old;
    struct hub_tie *next;
    for (struct hub_tie *t = s->first; t != NULL && is_ready; t = next) {
        next = t->next_of_stream;
        if (t->count != s->count) unfollow(s, t);
    }
    if (is_ready) {
        s->is_ready = true;
        wake(s);
    }
    pthread_mutex_unlock(&s->hub->lock);
    return is_ready;
}

static void end_stream(struct hub_stream *s)
{
    s->is_ending = true;
    wake(s);
}

void hub_stream_end(struct hub_stream *s)
{
    pthread_mutex_lock(&s->hub->lock);
    end_stream(s);
    pthread_mutex_unlock(&s->hub->lock);
}

enum err hub_stream_follow(struct hub_stream *stream, const uint8_t circle[static HASH_BYTES], uint64_t seq,
                           const uint8_t hash[static HASH_BYTES])
{
    pthread_mutex_lock(&stream->hub->lock);
    enum err e = follow(stream, circle, seq, hash);
    pthread_mutex_unlock(&stream->hub->lock);
    return e;
}

/* ---- telling --------------------------------------------------------------------------------------- */

static bool tell_list(struct out *o, const struct hub_stream *s)
{
    out_text(o, "event: list\ndata: ");
    out_put_decimal(o, s->tie_n);
    out_text(o, "\n\n");
    return !o->is_full;
}

static bool tell_head(struct out *o, const struct hub_circle *c)
{
    out_text(o, "event: head\ndata: ");
    out_put_hex(o, STR_OF(c->id));
    out_text(o, " ");
    out_put_decimal(o, c->seq);
    out_text(o, " ");
    out_put_hex(o, STR_OF(c->hash));
    out_text(o, "\n\n");
    return !o->is_full;
}

/* Tells heads until there is no room for one more, which then comes first the next time: so that circles which
 * always move leave their turn to the others. */
static void tell_heads(struct out *o, struct hub_stream *s, size_t *told_bytes)
{
    struct hub_tie *t = s->turn != NULL ? s->turn : s->first;
    for (size_t i = 0; i < s->tie_n; i++) {
        if (!t->has_heard || t->heard_seq != t->circle->seq) {
            s->turn = t;
            if (!tell_head(o, t->circle)) return;
            t->has_heard = true;
            t->heard_seq = t->circle->seq;
            *told_bytes = o->len;
        }
        t = t->next_of_stream != NULL ? t->next_of_stream : s->first;
    }
    s->turn = NULL;
}

size_t hub_pull(void *stream, uint8_t *at, size_t cap)
{
    struct hub_stream *s = stream;
    struct out o = out_over(at, cap);
    size_t told_bytes = 0; /* whole events only: what did not fit comes with the next pull */
    pthread_mutex_lock(&s->hub->lock);
    s->is_pulled = true;
    bool is_over = s->is_ending, tells = s->is_ready && !is_over;
    if (tells && s->is_list_due && tell_list(&o, s)) {
        s->is_list_due = false;
        told_bytes = o.len;
    }
    if (tells && !s->is_list_due) tell_heads(&o, s, &told_bytes);
    pthread_mutex_unlock(&s->hub->lock);
    return is_over ? HTTP_END : told_bytes;
}

/* ---- news ------------------------------------------------------------------------------------------- */

void hub_moved(struct hub *hub, const uint8_t circle[static HASH_BYTES], uint64_t seq,
               const uint8_t hash[static HASH_BYTES])
{
    pthread_mutex_lock(&hub->lock);
    struct hub_circle *c = circle_find(hub, circle);
    if (c != NULL) head_raise(c, seq, hash, false);
    pthread_mutex_unlock(&hub->lock);
}

void hub_joined(struct hub *hub, const uint8_t sign_pk[static SIGN_PK_BYTES], const uint8_t circle[static HASH_BYTES],
                uint64_t seq, const uint8_t hash[static HASH_BYTES])
{
    pthread_mutex_lock(&hub->lock);
    for (struct hub_stream *s = hub->stream[bucket_of(sign_pk)]; s != NULL; s = s->next) {
        if (memcmp(s->sign_pk, sign_pk, SIGN_PK_BYTES) != 0) continue;
        /* Without memory the stream ends: its client connects again and hears everything anew. */
        if (follow(s, circle, seq, hash) != ERR_OK) end_stream(s);
    }
    pthread_mutex_unlock(&hub->lock);
}

void hub_left(struct hub *hub, const uint8_t sign_pk[static SIGN_PK_BYTES], const uint8_t circle[static HASH_BYTES])
{
    pthread_mutex_lock(&hub->lock);
    for (struct hub_stream *s = hub->stream[bucket_of(sign_pk)]; s != NULL; s = s->next) {
        if (memcmp(s->sign_pk, sign_pk, SIGN_PK_BYTES) != 0) continue;
        /* Whoever counts may do so from a moment before this, and follow the circle once more. */
        s->is_count_old = !s->is_ready;
        struct hub_tie *t = tie_find(s, circle);
        if (t == NULL) continue;
        unfollow(s, t);
        say_anew(s);
    }
    pthread_mutex_unlock(&hub->lock);
}

void hub_end_session(struct hub *hub, const uint8_t session[static ID_BYTES])
{
    pthread_mutex_lock(&hub->lock);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct hub_stream *s = hub->stream[i]; s != NULL; s = s->next) {
            if (memcmp(s->session, session, ID_BYTES) == 0) end_stream(s);
        }
    }
    pthread_mutex_unlock(&hub->lock);
}

void hub_end_account(struct hub *hub, const uint8_t sign_pk[static SIGN_PK_BYTES], const uint8_t *keep)
{
    pthread_mutex_lock(&hub->lock);
    for (struct hub_stream *s = hub->stream[bucket_of(sign_pk)]; s != NULL; s = s->next) {
        bool is_kept = keep != NULL && memcmp(s->session, keep, ID_BYTES) == 0;
        if (!is_kept && memcmp(s->sign_pk, sign_pk, SIGN_PK_BYTES) == 0) end_stream(s);
    }
    pthread_mutex_unlock(&hub->lock);
}
