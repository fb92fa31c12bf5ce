/* circles.c -- see circles.h. */
#include "server/circles.h"

#include <stdlib.h>

void circles_init(struct circles *c)
{
    *c = (struct circles){._open_n = 0};
}

void circles_fini(struct circles *c)
{
    circles_forget(c);
}

void circles_forget(struct circles *c)
{
    for (size_t i = 0; i < CIRCLES_BUCKETS; i++) {
        while (c->_bucket[i] != NULL) {
            struct circles_open *next = c->_bucket[i]->_next;
            free(c->_bucket[i]);
            c->_bucket[i] = next;
        }
    }
    circles_init(c);
}

/* An id is a hash: its first byte spreads evenly. */
static struct circles_open **bucket_of(struct circles *c, const uint8_t *id)
{
    return &c->_bucket[id[0] % CIRCLES_BUCKETS];
}

static void link_in(struct circles *c, struct circles_open *open)
{
    struct circles_open **bucket = bucket_of(c, open->circle.id);
    open->_next = *bucket;
    *bucket = open;
    c->_open_n++;
}

static void unlink_and_free(struct circles *c, struct circles_open **at)
{
    struct circles_open *closed = *at;
    *at = closed->_next;
    free(closed);
    c->_open_n--;
}

/* Closes the one that was used longest ago: but never in the middle of a request, see circles_find. */
static void close_oldest(struct circles *c)
{
    struct circles_open **oldest = NULL;
    for (size_t i = 0; i < CIRCLES_BUCKETS; i++) {
        for (struct circles_open **at = &c->_bucket[i]; *at != NULL; at = &(*at)->_next) {
            if (oldest == NULL || (*at)->_used_at < (*oldest)->_used_at) oldest = at;
        }
    }
    if (oldest != NULL) unlink_and_free(c, oldest);
}

static enum err read_in(struct circles *c, struct store *writer, const uint8_t *id, struct circles_open **open)
{
    uint8_t memory[STORE_STATE_BYTES];
    struct out state = OUT_OVER(memory);
    struct store_circle row;
    enum err e = store_circle_by_id(writer, id, &row, &state);
    if (e != ERR_OK) return e == ERR_NOT_FOUND ? ERR_NO_CIRCLE : e;
    struct circles_open *read = calloc(1, sizeof *read);
    if (read == NULL) return ERR_NO_MEMORY;
    e = circle_load(&read->circle, out_str(&state), row.head.seq, row.head.hash);
    if (e == ERR_OK && memcmp(read->circle.id, id, HASH_BYTES) != 0) e = ERR_STORE_DAMAGED;
    if (e != ERR_OK) {
        free(read);
        return e;
    }
    read->number = row.number;
    read->payload_bytes = row.head.payload_bytes;
    read->heard_ms = row.head.heard_ms;
    link_in(c, read);
    *open = read;
    return ERR_OK;
}

enum err circles_find(struct circles *c, struct store *writer, const uint8_t id[static HASH_BYTES],
                      struct circles_open **open)
{
    struct circles_open *found = *bucket_of(c, id);
    while (found != NULL && memcmp(found->circle.id, id, HASH_BYTES) != 0) found = found->_next;
    if (found == NULL) {
        while (c->_open_n >= CIRCLES_OPEN && c->_changing == NULL) close_oldest(c);
        enum err e = read_in(c, writer, id, &found);
        if (e != ERR_OK) return e;
    }
    found->_used_at = ++c->_use;
    if (c->_changing == NULL) {
        c->_changing = found;
        c->_before = *found;
    }
    *open = found;
    return ERR_OK;
}

enum err circles_find_number(struct circles *c, struct store *writer, uint64_t number, struct circles_open **open)
{
    struct store_circle row;
    enum err e = store_circle_by_number(writer, number, &row, NULL);
    return e == ERR_OK ? circles_find(c, writer, row.id, open) : e;
}

enum err circles_begin(struct circles *c, uint64_t number, const uint8_t id[static HASH_BYTES],
                       struct circles_open **open)
{
    EXPECT(c->_changing == NULL);
    struct circles_open *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL) return ERR_NO_MEMORY;
    fresh->number = number;
    fresh->_used_at = ++c->_use;
    memcpy(fresh->circle.id, id, HASH_BYTES);
    link_in(c, fresh);
    c->_changing = fresh;
    c->_is_new = true;
    *open = fresh;
    return ERR_OK;
}

void circles_keep(struct circles *c)
{
    c->_changing = NULL;
    c->_is_new = false;
}

void circles_undo(struct circles *c)
{
    if (c->_changing == NULL) return;
    if (c->_is_new) {
        struct circles_open **at = bucket_of(c, c->_changing->circle.id);
        while (*at != c->_changing) at = &(*at)->_next;
        unlink_and_free(c, at);
    } else {
        struct circles_open *next = c->_changing->_next; /* others may have moved behind it since */
        *c->_changing = c->_before;
        c->_changing->_next = next;
    }
    circles_keep(c);
}
