/* store_mem_account.c -- accounts, sessions and permits in memory: every table is searched from its first row. */
#include "store/store_mem.h"

enum { NOWHERE = -1 }; /* no such row */

static bool is_same(const uint8_t *a, const uint8_t *b, size_t n)
{
    return memcmp(a, b, n) == 0;
}

/* ---- accounts ------------------------------------------------------------------------------- */

static const struct store_account *account_at(const struct mem_data *data, size_t at)
{
    return data->account.row[at];
}

static const struct mem_cred *cred_at(const struct mem_data *data, size_t at)
{
    return data->cred.row[at];
}

static ptrdiff_t find_account(const struct mem_data *data, uint64_t number)
{
    for (size_t i = 0; i < data->account.row_n; i++) {
        if (account_at(data, i)->number == number) return (ptrdiff_t)i;
    }
    return NOWHERE;
}

static ptrdiff_t find_sign_pk(const struct mem_data *data, const uint8_t *sign_pk)
{
    for (size_t i = 0; i < data->account.row_n; i++) {
        if (is_same(account_at(data, i)->sign_pk, sign_pk, SIGN_PK_BYTES)) return (ptrdiff_t)i;
    }
    return NOWHERE;
}

static ptrdiff_t find_cred(const struct mem_data *data, const uint8_t *cred_id)
{
    for (size_t i = 0; i < data->cred.row_n; i++) {
        if (is_same(cred_at(data, i)->cred.cred_id, cred_id, ID_BYTES)) return (ptrdiff_t)i;
    }
    return NOWHERE;
}

static enum err cred_append(struct store *s, uint64_t account, const struct store_cred *cred)
{
    struct mem_cred row = {.account = account, .cred = *cred};
    return mem_append(s, &mem_work(s)->cred, &row, sizeof row);
}

static enum err mem_account_add(struct store *s, const uint8_t *sign_pk, const uint8_t *box_pk,
                                const struct store_cred *first, uint64_t *number)
{
    struct mem_data *work = mem_work(s);
    if (find_sign_pk(work, sign_pk) != NOWHERE || find_cred(work, first->cred_id) != NOWHERE) return ERR_EXISTS;
    struct store_account row = {.number = work->last_account + 1, .creds_version = 1};
    memcpy(row.sign_pk, sign_pk, SIGN_PK_BYTES);
    memcpy(row.box_pk, box_pk, BOX_PK_BYTES);
    enum err e = mem_append(s, &work->account, &row, sizeof row);
    if (e == ERR_OK) e = cred_append(s, row.number, first);
    if (e != ERR_OK) return e;
    work->last_account = row.number;
    *number = row.number;
    return ERR_OK;
}

static enum err mem_account_by_number(struct store *s, uint64_t number, struct store_account *account)
{
    struct mem_data *view = mem_view(s);
    ptrdiff_t at = find_account(view, number);
    if (at != NOWHERE) *account = *account_at(view, (size_t)at);
    mem_view_end(s, view);
    return at != NOWHERE ? ERR_OK : ERR_NOT_FOUND;
}

static enum err mem_account_by_sign_pk(struct store *s, const uint8_t *sign_pk, struct store_account *account)
{
    struct mem_data *view = mem_view(s);
    ptrdiff_t at = find_sign_pk(view, sign_pk);
    if (at != NOWHERE) *account = *account_at(view, (size_t)at);
    mem_view_end(s, view);
    return at != NOWHERE ? ERR_OK : ERR_NOT_FOUND;
}

static enum err mem_account_by_cred(struct store *s, const uint8_t *cred_id, struct store_account *account,
                                    struct store_cred *cred)
{
    struct mem_data *view = mem_view(s);
    ptrdiff_t at = find_cred(view, cred_id);
    if (at != NOWHERE) {
        const struct mem_cred *row = cred_at(view, (size_t)at);
        *account = *account_at(view, (size_t)find_account(view, row->account));
        *cred = row->cred;
    }
    mem_view_end(s, view);
    return at != NOWHERE ? ERR_OK : ERR_NOT_FOUND;
}

static enum err mem_creds_of(struct store *s, uint64_t account, struct store_cred *cred, size_t *cred_n)
{
    struct mem_data *view = mem_view(s);
    bool is_there = find_account(view, account) != NOWHERE;
    size_t n = 0;
    for (size_t i = 0; i < view->cred.row_n; i++) {
        if (cred_at(view, i)->account == account) cred[n++] = cred_at(view, i)->cred;
    }
    mem_view_end(s, view);
    if (!is_there) return ERR_NOT_FOUND;
    *cred_n = n;
    return ERR_OK;
}

static void creds_remove(struct mem_data *work, uint64_t account)
{
    for (size_t i = work->cred.row_n; i-- > 0;) {
        if (cred_at(work, i)->account == account) mem_remove(&work->cred, i);
    }
}

static enum err mem_creds_replace(struct store *s, uint64_t account, uint64_t version, const struct store_cred *cred,
                                  size_t cred_n)
{
    struct mem_data *work = mem_work(s);
    for (size_t i = 0; i < cred_n; i++) {
        ptrdiff_t other = find_cred(work, cred[i].cred_id);
        if (other != NOWHERE && cred_at(work, (size_t)other)->account != account) return ERR_EXISTS;
    }
    creds_remove(work, account);
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < cred_n; i++) e = cred_append(s, account, &cred[i]);
    if (e != ERR_OK) return e;
    size_t at = (size_t)find_account(work, account);
    struct store_account row = *account_at(work, at);
    row.creds_version = version;
    return mem_replace(s, &work->account, at, &row, sizeof row);
}

static enum err mem_session_remove_of(struct store *s, uint64_t account, const uint8_t *keep, size_t *removed_n);

static enum err mem_account_remove(struct store *s, uint64_t account)
{
    struct mem_data *work = mem_work(s);
    ptrdiff_t at = find_account(work, account);
    if (at == NOWHERE) return ERR_NOT_FOUND;
    size_t session_n = 0;
    enum err e = mem_session_remove_of(s, account, NULL, &session_n);
    if (e != ERR_OK) return e;
    creds_remove(work, account);
    mem_remove(&work->account, (size_t)at);
    return ERR_OK;
}

/* ---- sessions ------------------------------------------------------------------------------- */

static const struct store_session *session_at(const struct mem_data *data, size_t at)
{
    return data->session.row[at];
}

static ptrdiff_t find_session(const struct mem_data *data, const uint8_t *id)
{
    for (size_t i = 0; i < data->session.row_n; i++) {
        if (is_same(session_at(data, i)->id, id, ID_BYTES)) return (ptrdiff_t)i;
    }
    return NOWHERE;
}

static enum err mem_session_add(struct store *s, const struct store_session *session)
{
    struct mem_data *work = mem_work(s);
    for (size_t i = 0; i < work->session.row_n; i++) {
        const struct store_session *row = session_at(work, i);
        if (is_same(row->id, session->id, ID_BYTES)) return ERR_EXISTS;
        if (is_same(row->token_hash, session->token_hash, HASH_BYTES)) return ERR_EXISTS;
    }
    if (find_account(work, session->account) == NOWHERE) return ERR_NOT_FOUND;
    return mem_append(s, &work->session, session, sizeof *session);
}

static enum err mem_session_each(struct store *s, store_session_visit *visit, void *ctx)
{
    struct mem_data *view = mem_view(s);
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < view->session.row_n; i++) e = visit(ctx, session_at(view, i));
    mem_view_end(s, view);
    return e;
}

static enum err mem_session_touch(struct store *s, const uint8_t *id, uint64_t used_ms)
{
    struct mem_data *work = mem_work(s);
    ptrdiff_t at = find_session(work, id);
    if (at == NOWHERE) return ERR_NOT_FOUND;
    struct store_session row = *session_at(work, (size_t)at);
    row.used_ms = used_ms;
    return mem_replace(s, &work->session, (size_t)at, &row, sizeof row);
}

static enum err mem_session_remove(struct store *s, const uint8_t *id)
{
    struct mem_data *work = mem_work(s);
    ptrdiff_t at = find_session(work, id);
    if (at == NOWHERE) return ERR_NOT_FOUND;
    mem_remove(&work->session, (size_t)at);
    return ERR_OK;
}

static enum err mem_session_remove_of(struct store *s, uint64_t account, const uint8_t *keep, size_t *removed_n)
{
    struct mem_data *work = mem_work(s);
    for (size_t i = work->session.row_n; i-- > 0;) {
        const struct store_session *row = session_at(work, i);
        if (row->account != account || (keep != NULL && is_same(row->id, keep, ID_BYTES))) continue;
        mem_remove(&work->session, i);
        ++*removed_n;
    }
    return ERR_OK;
}

/* ---- permits -------------------------------------------------------------------------------- */

static ptrdiff_t find_permit(const struct mem_data *data, const uint8_t *hash)
{
    for (size_t i = 0; i < data->permit.row_n; i++) {
        const struct store_permit *row = data->permit.row[i];
        if (is_same(row->hash, hash, HASH_BYTES)) return (ptrdiff_t)i;
    }
    return NOWHERE;
}

static enum err mem_permit_add(struct store *s, const uint8_t *hash, uint64_t made_ms)
{
    struct mem_data *work = mem_work(s);
    if (find_permit(work, hash) != NOWHERE) return ERR_EXISTS;
    struct store_permit row = {.made_ms = made_ms};
    memcpy(row.hash, hash, HASH_BYTES);
    return mem_append(s, &work->permit, &row, sizeof row);
}

static enum err mem_permit_find(struct store *s, const uint8_t *hash, struct store_permit *permit)
{
    struct mem_data *view = mem_view(s);
    ptrdiff_t at = find_permit(view, hash);
    if (at != NOWHERE) *permit = *(const struct store_permit *)view->permit.row[at];
    mem_view_end(s, view);
    return at != NOWHERE ? ERR_OK : ERR_NOT_FOUND;
}

static enum err mem_permit_use(struct store *s, const uint8_t *hash, const uint8_t *sign_pk)
{
    struct mem_data *work = mem_work(s);
    size_t at = (size_t)find_permit(work, hash); /* store.c saw that it is there, and not used */
    struct store_permit row = *(const struct store_permit *)work->permit.row[at];
    row.is_used = true;
    memcpy(row.used_by, sign_pk, SIGN_PK_BYTES);
    return mem_replace(s, &work->permit, at, &row, sizeof row);
}

const struct store_account_ops mem_account_ops = {
    .add = mem_account_add,
    .by_number = mem_account_by_number,
    .by_sign_pk = mem_account_by_sign_pk,
    .by_cred = mem_account_by_cred,
    .creds_of = mem_creds_of,
    .creds_replace = mem_creds_replace,
    .remove = mem_account_remove,
    .session_add = mem_session_add,
    .session_each = mem_session_each,
    .session_touch = mem_session_touch,
    .session_remove = mem_session_remove,
    .session_remove_of = mem_session_remove_of,
    .permit_add = mem_permit_add,
    .permit_find = mem_permit_find,
    .permit_use = mem_permit_use,
};
