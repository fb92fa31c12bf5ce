/* store_mem.c -- the store in memory: the specification by example. See store_mem.h for how it works.
 *
 * Here: tables, handles, transactions. What stands in the tables: store_mem_account.c, store_mem_circle.c.
 */
#include <stdlib.h>

#include "store/store_mem.h"

/* ---- tables --------------------------------------------------------------------------------- */

void *mem_keep(struct store *s, const void *bytes, size_t n)
{
    struct mem_piece *piece = malloc(sizeof *piece + n);
    if (piece == NULL) {
        (void)store_lost(s, ERR_NO_MEMORY);
        return NULL;
    }
    struct mem_shared *shared = mem_of(s)->shared;
    piece->older = shared->newest;
    shared->newest = piece;
    if (n > 0) memcpy(piece->bytes, bytes, n);
    return piece->bytes;
}

enum err mem_insert(struct store *s, struct mem_table *table, size_t at, const void *row, size_t n)
{
    const void *kept = mem_keep(s, row, n);
    if (kept == NULL) return ERR_NO_MEMORY;
    const void **grown = realloc(table->row, (table->row_n + 1) * sizeof *grown);
    if (grown == NULL) return store_lost(s, ERR_NO_MEMORY);
    memmove(grown + at + 1, grown + at, (table->row_n - at) * sizeof *grown);
    grown[at] = kept;
    table->row = grown;
    table->row_n++;
    return ERR_OK;
}

enum err mem_append(struct store *s, struct mem_table *table, const void *row, size_t n)
{
    return mem_insert(s, table, table->row_n, row, n);
}

enum err mem_replace(struct store *s, struct mem_table *table, size_t at, const void *row, size_t n)
{
    const void *kept = mem_keep(s, row, n);
    if (kept == NULL) return ERR_NO_MEMORY;
    table->row[at] = kept;
    return ERR_OK;
}

void mem_remove(struct mem_table *table, size_t at)
{
    table->row_n--;
    memmove(table->row + at, table->row + at + 1, (table->row_n - at) * sizeof *table->row);
}

/* ---- the whole ------------------------------------------------------------------------------ */

enum { TABLE_N = 9 };

/* All tables of the data, for what is done to each of them. */
static void tables_of(struct mem_data *data, struct mem_table *table[static TABLE_N])
{
    struct mem_table *all[TABLE_N] = {&data->account, &data->cred,   &data->session, &data->permit, &data->circle,
                                      &data->bringer, &data->member, &data->entry,   &data->invite};
    memcpy(table, all, sizeof all);
}

static void data_close(struct mem_data *data)
{
    if (data == NULL) return;
    struct mem_table *table[TABLE_N];
    tables_of(data, table);
    for (size_t i = 0; i < TABLE_N; i++) free(table[i]->row);
    free(data);
}

/* A copy that nobody holds yet; NULL when there is no memory. */
static struct mem_data *data_copy(struct mem_data *from)
{
    struct mem_data *copy = calloc(1, sizeof *copy);
    if (copy == NULL) return NULL;
    struct mem_table *table[TABLE_N], *old_table[TABLE_N];
    tables_of(copy, table);
    tables_of(from, old_table);
    for (size_t i = 0; i < TABLE_N; i++) {
        size_t bytes = old_table[i]->row_n * sizeof *table[i]->row;
        if (bytes == 0) continue;
        table[i]->row = malloc(bytes);
        if (table[i]->row == NULL) {
            data_close(copy);
            return NULL;
        }
        memcpy(table[i]->row, old_table[i]->row, bytes);
        table[i]->row_n = old_table[i]->row_n;
    }
    copy->last_account = from->last_account;
    return copy;
}

/* ---- looking -------------------------------------------------------------------------------- */

/* Holds what is committed, so that it stays. */
static struct mem_data *committed_hold(struct mem_shared *shared)
{
    pthread_mutex_lock(&shared->lock);
    struct mem_data *data = shared->committed;
    data->holder_n++;
    pthread_mutex_unlock(&shared->lock);
    return data;
}

/* Gives up what committed_hold gave; the last to do so closes it, unless it is what is committed. */
static void committed_drop(struct mem_shared *shared, struct mem_data *data)
{
    pthread_mutex_lock(&shared->lock);
    data->holder_n--;
    bool is_over = data->holder_n == 0 && data != shared->committed;
    pthread_mutex_unlock(&shared->lock);
    if (is_over) data_close(data);
}

struct mem_data *mem_view(struct store *s)
{
    struct mem_store *m = mem_of(s);
    return m->held != NULL ? m->held : committed_hold(m->shared);
}

void mem_view_end(struct store *s, struct mem_data *view)
{
    struct mem_store *m = mem_of(s);
    if (view != m->held) committed_drop(m->shared, view);
}

static enum err mem_begin_read(struct store *s)
{
    mem_of(s)->held = committed_hold(mem_of(s)->shared);
    return ERR_OK;
}

static void mem_end_read(struct store *s)
{
    committed_drop(mem_of(s)->shared, mem_of(s)->held);
    mem_of(s)->held = NULL;
}

/* ---- writing -------------------------------------------------------------------------------- */

static enum err mem_begin(struct store *s)
{
    struct mem_store *m = mem_of(s);
    m->held = data_copy(m->shared->committed); /* only this handle ever puts another there */
    return m->held != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err mem_commit(struct store *s)
{
    struct mem_store *m = mem_of(s);
    pthread_mutex_lock(&m->shared->lock);
    struct mem_data *old = m->shared->committed;
    m->shared->committed = m->held;
    bool is_over = old->holder_n == 0;
    pthread_mutex_unlock(&m->shared->lock);
    m->held = NULL;
    if (is_over) data_close(old);
    s->kept_n++; /* nothing here can fail, so what changed nothing counts, too */
    return ERR_OK;
}

static void mem_abort(struct store *s)
{
    struct mem_store *m = mem_of(s);
    for (unsigned i = 0; i < s->mark_n; i++) data_close(m->mark[i]);
    data_close(m->held);
    m->held = NULL;
}

static enum err mem_mark(struct store *s)
{
    struct mem_store *m = mem_of(s);
    struct mem_data *copy = data_copy(m->held);
    if (copy == NULL) return store_lost(s, ERR_NO_MEMORY);
    m->mark[s->mark_n] = copy;
    return ERR_OK;
}

static enum err mem_keep_mark(struct store *s)
{
    data_close(mem_of(s)->mark[s->mark_n - 1]);
    return ERR_OK;
}

static enum err mem_undo(struct store *s)
{
    struct mem_store *m = mem_of(s);
    data_close(m->held);
    m->held = m->mark[s->mark_n - 1];
    return ERR_OK;
}

/* ---- care ----------------------------------------------------------------------------------- */

static enum err mem_count(struct store *s, struct store_counts *counts)
{
    struct mem_data *view = mem_view(s);
    struct store_counts n = {
        .account_n = view->account.row_n,
        .session_n = view->session.row_n,
        .circle_n = view->circle.row_n,
    };
    for (size_t i = 0; i < view->circle.row_n; i++) {
        const struct mem_circle *row = view->circle.row[i];
        n.entry_n += row->circle.head.seq + 1;
        n.payload_bytes += row->circle.head.payload_bytes;
    }
    for (size_t i = 0; i < view->permit.row_n; i++) {
        const struct store_permit *row = view->permit.row[i];
        if (!row->is_used) n.open_permit_n++;
    }
    mem_view_end(s, view);
    *counts = n;
    return ERR_OK;
}

static enum err mem_tidy(struct store *s)
{
    (void)s;
    return ERR_OK;
}

static enum err mem_backup(struct store *s, const char *path, struct store_trouble *trouble)
{
    (void)s;
    return store_say(trouble, ERR_STORE, "A store in memory cannot be copied to ", path, ".");
}

/* Every circle has the entries 0..head and no others. (Of what SQLite checks, nothing else can break here.) */
static enum err mem_check(struct store *s, struct store_trouble *trouble)
{
    struct mem_data *view = mem_view(s);
    size_t seen = 0;
    bool is_whole = true;
    for (size_t i = 0; i < view->circle.row_n; i++) {
        const struct mem_circle *circle = view->circle.row[i];
        for (uint64_t seq = 0; is_whole && seq <= circle->circle.head.seq; seq++, seen++) {
            const struct mem_entry *entry = seen < view->entry.row_n ? view->entry.row[seen] : NULL;
            is_whole = entry != NULL && entry->circle == circle->circle.number && entry->entry.seq == seq;
        }
    }
    is_whole = is_whole && seen == view->entry.row_n;
    mem_view_end(s, view);
    if (is_whole) return ERR_OK;
    return store_say(trouble, ERR_STORE_DAMAGED, "A circle's entries do not go from 0 to its head", "", ".");
}

/* ---- handles -------------------------------------------------------------------------------- */

static void mem_close(struct store *s)
{
    struct mem_shared *shared = mem_of(s)->shared;
    free(s);
    pthread_mutex_lock(&shared->lock);
    bool is_last = --shared->handle_n == 0;
    pthread_mutex_unlock(&shared->lock);
    if (!is_last) return;
    while (shared->newest != NULL) {
        struct mem_piece *older = shared->newest->older;
        free(shared->newest);
        shared->newest = older;
    }
    data_close(shared->committed);
    pthread_mutex_destroy(&shared->lock);
    free(shared);
}

static enum err mem_reader_open(struct store *s, struct store **reader);

static const struct store_handle_ops mem_handle_ops = {
    .close = mem_close,
    .reader_open = mem_reader_open,
    .begin = mem_begin,
    .commit = mem_commit,
    .abort = mem_abort,
    .mark = mem_mark,
    .keep = mem_keep_mark,
    .undo = mem_undo,
    .begin_read = mem_begin_read,
    .end_read = mem_end_read,
    .count = mem_count,
    .tidy = mem_tidy,
    .backup = mem_backup,
    .check = mem_check,
};

/* One more handle on what is shared; NULL when there is no memory. */
static struct store *handle_open(struct mem_shared *shared, bool is_reader)
{
    struct mem_store *m = calloc(1, sizeof *m);
    if (m == NULL) return NULL;
    m->base.handle = &mem_handle_ops;
    m->base.account = &mem_account_ops;
    m->base.circle = &mem_circle_ops;
    m->base.is_reader = is_reader;
    m->shared = shared;
    pthread_mutex_lock(&shared->lock);
    shared->handle_n++;
    pthread_mutex_unlock(&shared->lock);
    return &m->base;
}

static enum err mem_reader_open(struct store *s, struct store **reader)
{
    struct store *opened = handle_open(mem_of(s)->shared, true);
    if (opened == NULL) return ERR_NO_MEMORY;
    *reader = opened;
    return ERR_OK;
}

enum err store_open_mem(struct store **store)
{
    struct mem_shared *shared = calloc(1, sizeof *shared);
    if (shared == NULL) return ERR_NO_MEMORY;
    shared->committed = calloc(1, sizeof *shared->committed);
    if (shared->committed == NULL || pthread_mutex_init(&shared->lock, NULL) != 0) goto fail;
    struct store *opened = handle_open(shared, false);
    if (opened == NULL) goto fail_lock;
    *store = opened;
    return ERR_OK;
fail_lock:
    pthread_mutex_destroy(&shared->lock);
fail:
    free(shared->committed);
    free(shared);
    return ERR_NO_MEMORY;
}
