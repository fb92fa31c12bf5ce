/* readers.c -- see readers.h. */
#include "server/readers.h"

#include <pthread.h>
#include <stdlib.h>

struct reader {
    struct readers *all;
    struct store *store;
    pthread_t thread;
};

struct readers {
    pthread_mutex_t lock;
    pthread_cond_t came;
    struct read *first, **last;
    bool is_closing;
    unsigned reader_n; /* threads that were started */
    struct reader reader[];
};

void readers_submit(struct readers *r, struct read *read)
{
    read->_next = NULL;
    pthread_mutex_lock(&r->lock);
    *r->last = read;
    r->last = &read->_next;
    pthread_mutex_unlock(&r->lock);
    pthread_cond_signal(&r->came);
}

static void *run(void *of)
{
    struct reader *me = of;
    struct readers *r = me->all;
    pthread_mutex_lock(&r->lock);
    for (;;) {
        while (r->first == NULL && !r->is_closing) pthread_cond_wait(&r->came, &r->lock);
        struct read *read = r->first;
        if (read == NULL) break;
        r->first = read->_next;
        if (r->first == NULL) r->last = &r->first;
        pthread_mutex_unlock(&r->lock);
        read->run(read, me->store);
        pthread_mutex_lock(&r->lock);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

enum err readers_open(struct readers **readers, struct store *writer, unsigned reader_n)
{
    struct readers *r = calloc(1, sizeof *r + reader_n * sizeof r->reader[0]);
    if (r == NULL) return ERR_NO_MEMORY;
    enum err e = ERR_OK;
    r->last = &r->first;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->came, NULL);
    while (r->reader_n < reader_n && e == ERR_OK) {
        struct reader *one = &r->reader[r->reader_n];
        one->all = r;
        e = store_reader_open(writer, &one->store);
        if (e == ERR_OK && pthread_create(&one->thread, NULL, run, one) != 0) {
            store_close(one->store);
            e = ERR_NO_MEMORY;
        }
        if (e == ERR_OK) r->reader_n++;
    }
    if (e != ERR_OK) {
        readers_close(r);
        return e;
    }
    *readers = r;
    return ERR_OK;
}

void readers_close(struct readers *r)
{
    if (r == NULL) return;
    pthread_mutex_lock(&r->lock);
    r->is_closing = true;
    pthread_cond_broadcast(&r->came);
    pthread_mutex_unlock(&r->lock);
    for (unsigned i = 0; i < r->reader_n; i++) {
        pthread_join(r->reader[i].thread, NULL);
        store_close(r->reader[i].store);
    }
    pthread_cond_destroy(&r->came);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
