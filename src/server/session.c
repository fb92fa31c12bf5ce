/* session.c -- see session.h. */
#include "server/session.h"

#include <stdlib.h>

#define DAY_MS (UINT64_C(24) * 60 * 60 * 1000)
#define SLIDING_MS (30 * DAY_MS)
#define ABSOLUTE_MS (180 * DAY_MS)

struct session_node {
    struct session_node *next;
    struct session session;
    uint64_t written_ms; /* the last use that the store knows of */
};

enum { FIRST_BUCKETS = 64 };

enum err sessions_init(struct sessions *s)
{
    struct session_node **bucket = calloc(FIRST_BUCKETS, sizeof *bucket);
    if (bucket == NULL) return ERR_NO_MEMORY;
    *s = (struct sessions){._bucket = bucket, ._bucket_n = FIRST_BUCKETS};
    pthread_mutex_init(&s->_lock, NULL);
    return ERR_OK;
}

void sessions_fini(struct sessions *s)
{
    for (size_t i = 0; i < s->_bucket_n; i++) {
        while (s->_bucket[i] != NULL) {
            struct session_node *next = s->_bucket[i]->next;
            free(s->_bucket[i]);
            s->_bucket[i] = next;
        }
    }
    free(s->_bucket);
    pthread_mutex_destroy(&s->_lock);
}

/* The hash of a token is a hash already: its first bytes choose the bucket. */
static struct session_node **bucket_of(struct sessions *s, const uint8_t *token_hash)
{
    uint64_t start;
    memcpy(&start, token_hash, sizeof start);
    return &s->_bucket[start & (s->_bucket_n - 1)];
}

/* Twice the buckets when there are as many sessions as buckets. Without memory it stays as it is: slower,
 * and still right. */
static void grow(struct sessions *s)
{
    struct session_node **old = s->_bucket;
    size_t old_n = s->_bucket_n;
    struct session_node **bucket = calloc(2 * old_n, sizeof *bucket);
    if (bucket == NULL) return;
    s->_bucket = bucket;
    s->_bucket_n = 2 * old_n;
    for (size_t i = 0; i < old_n; i++) {
        while (old[i] != NULL) {
            struct session_node *node = old[i], **to = bucket_of(s, node->session.row.token_hash);
            old[i] = node->next;
            node->next = *to;
            *to = node;
        }
    }
    free(old);
}

enum err sessions_add(struct sessions *s, const struct session *session)
{
    struct session_node *node = malloc(sizeof *node);
    if (node == NULL) return ERR_NO_MEMORY;
    *node = (struct session_node){.session = *session, .written_ms = session->row.used_ms};
    pthread_mutex_lock(&s->_lock);
    if (s->_session_n == s->_bucket_n) grow(s);
    struct session_node **bucket = bucket_of(s, session->row.token_hash);
    node->next = *bucket;
    *bucket = node;
    s->_session_n++;
    pthread_mutex_unlock(&s->_lock);
    return ERR_OK;
}

struct loading {
    struct session *list;
    size_t n, cap;
};

static enum err load_one(void *ctx, const struct store_session *row)
{
    struct loading *l = ctx;
    if (l->n == l->cap) {
        size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
        struct session *list = realloc(l->list, cap * sizeof *list);
        if (list == NULL) return ERR_NO_MEMORY;
        l->list = list;
        l->cap = cap;
    }
    l->list[l->n++] = (struct session){.row = *row};
    return ERR_OK;
}

/* A visit may not call the store, so the rows are collected first and their accounts looked up after. */
enum err sessions_load(struct sessions *s, struct store *store)
{
    struct loading l = {0};
    struct store_account account;
    enum err e = store_session_each(store, load_one, &l);
    for (size_t i = 0; i < l.n && e == ERR_OK; i++) {
        e = store_account_by_number(store, l.list[i].row.account, &account);
        if (e != ERR_OK) break;
        memcpy(l.list[i].sign_pk, account.sign_pk, SIGN_PK_BYTES);
        e = sessions_add(s, &l.list[i]);
    }
    free(l.list);
    return e;
}

/* ---- finding ----------------------------------------------------------------------------------- */

static bool is_over(const struct store_session *row, uint64_t now_ms)
{
    return now_ms > row->used_ms + SLIDING_MS || now_ms > row->created_ms + ABSOLUTE_MS;
}

enum err sessions_use(struct sessions *s, const uint8_t token_hash[static HASH_BYTES], uint64_t now_ms,
                      struct session *session, bool *is_stale)
{
    enum err e = ERR_NO_SESSION;
    pthread_mutex_lock(&s->_lock);
    struct session_node *node = *bucket_of(s, token_hash);
    while (node != NULL && memcmp(node->session.row.token_hash, token_hash, HASH_BYTES) != 0) node = node->next;
    if (node != NULL && !is_over(&node->session.row, now_ms)) {
        node->session.row.used_ms = now_ms;
        *session = node->session;
        *is_stale = now_ms > node->written_ms + DAY_MS;
        if (*is_stale) node->written_ms = now_ms;
        e = ERR_OK;
    }
    pthread_mutex_unlock(&s->_lock);
    return e;
}

/* ---- removing, listing --------------------------------------------------------------------------- */

static bool is_named(const struct session_node *node, const uint8_t *id)
{
    return memcmp(node->session.row.id, id, ID_BYTES) == 0;
}

bool sessions_has(struct sessions *s, const uint8_t id[static ID_BYTES])
{
    bool is_there = false;
    pthread_mutex_lock(&s->_lock);
    for (size_t i = 0; i < s->_bucket_n && !is_there; i++) {
        struct session_node *node = s->_bucket[i];
        while (node != NULL && !is_named(node, id)) node = node->next;
        is_there = node != NULL;
    }
    pthread_mutex_unlock(&s->_lock);
    return is_there;
}

bool sessions_remove(struct sessions *s, const uint8_t id[static ID_BYTES])
{
    bool is_removed = false;
    pthread_mutex_lock(&s->_lock);
    for (size_t i = 0; i < s->_bucket_n && !is_removed; i++) {
        for (struct session_node **at = &s->_bucket[i]; *at != NULL; at = &(*at)->next) {
            if (!is_named(*at, id)) continue;
            struct session_node *node = *at;
            *at = node->next;
            free(node);
            s->_session_n--;
            is_removed = true;
            break;
        }
    }
    pthread_mutex_unlock(&s->_lock);
    return is_removed;
}

void sessions_remove_of(struct sessions *s, uint64_t account, const uint8_t *keep)
{
    pthread_mutex_lock(&s->_lock);
    for (size_t i = 0; i < s->_bucket_n; i++) {
        struct session_node **at = &s->_bucket[i];
        while (*at != NULL) {
            struct session_node *node = *at;
            bool goes = node->session.row.account == account && (keep == NULL || !is_named(node, keep));
            if (!goes) {
                at = &node->next;
                continue;
            }
            *at = node->next;
            free(node);
            s->_session_n--;
        }
    }
    pthread_mutex_unlock(&s->_lock);
}

static int by_age(const void *a, const void *b)
{
    const struct session *x = a, *y = b;
    return (x->row.created_ms > y->row.created_ms) - (x->row.created_ms < y->row.created_ms);
}

size_t sessions_of(struct sessions *s, uint64_t account, uint64_t now_ms, struct session *list, size_t cap)
{
    size_t n = 0;
    pthread_mutex_lock(&s->_lock);
    for (size_t i = 0; i < s->_bucket_n; i++) {
        for (struct session_node *node = s->_bucket[i]; node != NULL; node = node->next) {
            const struct store_session *row = &node->session.row;
            if (row->account == account && !is_over(row, now_ms) && n < cap) list[n++] = node->session;
        }
    }
    pthread_mutex_unlock(&s->_lock);
    qsort(list, n, sizeof *list, by_age);
    return n;
}

size_t sessions_over(struct sessions *s, uint64_t now_ms, uint8_t (*id)[ID_BYTES], size_t cap)
{
    size_t n = 0;
    pthread_mutex_lock(&s->_lock);
    for (size_t i = 0; i < s->_bucket_n && n < cap; i++) {
        for (struct session_node *node = s->_bucket[i]; node != NULL && n < cap; node = node->next) {
            if (is_over(&node->session.row, now_ms)) memcpy(id[n++], node->session.row.id, ID_BYTES);
        }
    }
    pthread_mutex_unlock(&s->_lock);
    return n;
}
