/* store_mem.h -- what the files of the store in memory share. Others see store.h.
 *
 * A row, once written, is never changed: to change it, another takes its place in the table. A table is
 * a list of pointers to rows, and the whole of the data is a handful of tables. So a copy of everything
 * is a copy of a few lists, and that is how all promises are kept: a transaction works on a copy, a mark
 * is a copy put aside, a commit puts the copy in the place of the old, and a reader looks at one copy
 * for as long as it likes. Rows are given back when the store is closed.
 */
#ifndef STORE_STORE_MEM_H
#define STORE_STORE_MEM_H

#include <pthread.h>

#include "store/store_ops.h"

struct mem_table {
    const void **row;
    size_t row_n;
};

/* The rows that have no struct of their own in store.h. */
struct mem_cred {
    uint64_t account;
    struct store_cred cred;
};
struct mem_circle {
    struct store_circle circle;
    struct str state;
};
struct mem_bringer {
    uint64_t circle;
    uint8_t sign_pk[SIGN_PK_BYTES];
};
struct mem_entry {
    uint64_t circle;
    struct store_entry entry;
};

/* All there is, at one moment. */
struct mem_data {
    struct mem_table account; /* struct store_account, by number                */
    struct mem_table cred;    /* struct mem_cred, as given                      */
    struct mem_table session; /* struct store_session, as added                 */
    struct mem_table permit;  /* struct store_permit, as added                  */
    struct mem_table circle;  /* struct mem_circle, by number                   */
    struct mem_table bringer; /* struct mem_bringer, as added                   */
    struct mem_table member;  /* struct store_member, as added                  */
    struct mem_table entry;   /* struct mem_entry, by circle and seq            */
    struct mem_table invite;  /* struct store_invite, as added                  */
    uint64_t last_account;    /* the highest number of an account given so far  */
    size_t holder_n;          /* handles that look at it; under the lock        */
};

/* Bytes that live as long as the store. */
struct mem_piece {
    struct mem_piece *older;
    _Alignas(16) uint8_t bytes[];
};

/* What all handles share. */
struct mem_shared {
    pthread_mutex_t lock; /* of committed, of every holder_n, and of handle_n */
    struct mem_data *committed;
    size_t handle_n;
    struct mem_piece *newest; /* the writer's */
};

struct mem_store {
    struct store base;
    struct mem_shared *shared;
    struct mem_data *held; /* what this handle works on or looks at for more than one call; or NULL */
    struct mem_data *mark[STORE_MARKS];
};

extern const struct store_account_ops mem_account_ops;
extern const struct store_circle_ops mem_circle_ops;

/* mem_of -- the handle as what it is. */
static inline struct mem_store *mem_of(struct store *s)
{
    return (struct mem_store *)s;
}

/* mem_work -- what the writer works on: its own copy. */
static inline struct mem_data *mem_work(struct store *s)
{
    return mem_of(s)->held;
}

/* mem_view, mem_view_end -- what this handle sees now, until mem_view_end. */
struct mem_data *mem_view(struct store *s);
void mem_view_end(struct store *s, struct mem_data *view);

/* mem_keep -- the same bytes, for as long as the store lives; NULL: no memory, and the transaction is lost. */
void *mem_keep(struct store *s, const void *bytes, size_t n) MUST_USE;

/* mem_insert -- a copy of the row (n bytes) at place `at`; what stood there and after moves up. [NO_MEMORY] */
MUST_USE enum err mem_insert(struct store *s, struct mem_table *table, size_t at, const void *row, size_t n);

/* mem_append, mem_replace -- the same, behind the last row; in the place of another.            [NO_MEMORY] */
MUST_USE enum err mem_append(struct store *s, struct mem_table *table, const void *row, size_t n);
MUST_USE enum err mem_replace(struct store *s, struct mem_table *table, size_t at, const void *row, size_t n);

/* mem_remove -- the row is no longer in the table. */
void mem_remove(struct mem_table *table, size_t at);

#endif
