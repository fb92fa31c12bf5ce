/* store_sqlite_account.c -- accounts, sessions and permits in SQLite. */
#include "store/store_sqlite.h"

/* ---- accounts ------------------------------------------------------------------------------- */

static void take_account(struct sql_row *row, struct store_account *account)
{
    account->number = sql_number(row);
    sql_bytes_n(row, account->sign_pk, SIGN_PK_BYTES);
    sql_bytes_n(row, account->box_pk, BOX_PK_BYTES);
    account->creds_version = sql_number(row);
}

static void take_cred(struct sql_row *row, struct store_cred *cred)
{
    sql_bytes_n(row, cred->cred_id, ID_BYTES);
    sql_bytes_n(row, cred->login_pk, SIGN_PK_BYTES);
    sql_bytes_n(row, cred->wrapped, STORE_WRAPPED_BYTES);
}

/* The one account that a statement finds; with its credential, if cred is not NULL. */
static enum err find_account(struct sqlite *q, enum sql which, const struct sql_value *value, size_t value_n,
                             struct store_account *account, struct store_cred *cred)
{
    enum err e = sql_find(q, which, value, value_n);
    if (e == ERR_OK) {
        struct sql_row row = sql_row(q, which);
        struct store_account found;
        struct store_cred found_cred;
        take_account(&row, &found);
        if (cred != NULL) take_cred(&row, &found_cred);
        e = sql_taken(q, &row);
        if (e == ERR_OK) *account = found;
        if (e == ERR_OK && cred != NULL) *cred = found_cred;
    }
    sql_done(q, which);
    return e;
}

static enum err sqlite_account_by_number(struct store *s, uint64_t number, struct store_account *account)
{
    return find_account(sqlite_of(s), SQL_account_by_number, VALUES(NUMBER(number)), account, NULL);
}

static enum err sqlite_account_by_sign_pk(struct store *s, const uint8_t *sign_pk, struct store_account *account)
{
    return find_account(sqlite_of(s), SQL_account_by_sign_pk, VALUES(BYTES(sign_pk, SIGN_PK_BYTES)), account, NULL);
}

static enum err sqlite_account_by_cred(struct store *s, const uint8_t *cred_id, struct store_account *account,
                                       struct store_cred *cred)
{
    return find_account(sqlite_of(s), SQL_account_by_cred, VALUES(BYTES(cred_id, ID_BYTES)), account, cred);
}

/* EXISTS when the credential belongs to an account other than this one. */
static enum err expect_cred_free(struct sqlite *q, const uint8_t *cred_id, uint64_t account)
{
    enum err e = sql_find(q, SQL_cred_owner, VALUES(BYTES(cred_id, ID_BYTES)));
    if (e == ERR_OK) {
        struct sql_row row = sql_row(q, SQL_cred_owner);
        uint64_t owner = sql_number(&row);
        e = sql_taken(q, &row);
        if (e == ERR_OK && owner != account) e = ERR_EXISTS;
    } else if (e == ERR_NOT_FOUND) {
        e = ERR_OK;
    }
    sql_done(q, SQL_cred_owner);
    return e;
}

static enum err cred_add(struct sqlite *q, uint64_t account, const struct store_cred *cred)
{
    return sql_run(q, SQL_cred_add,
                   VALUES(NUMBER(account), BYTES(cred->cred_id, ID_BYTES), BYTES(cred->login_pk, SIGN_PK_BYTES),
                          BYTES(cred->wrapped, STORE_WRAPPED_BYTES)));
}

static enum err sqlite_account_add(struct store *s, const uint8_t *sign_pk, const uint8_t *box_pk,
                                   const struct store_cred *first, uint64_t *number)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = expect_cred_free(q, first->cred_id, 0);
    if (e != ERR_OK) return e;
    e = sql_run(q, SQL_account_add, VALUES(BYTES(sign_pk, SIGN_PK_BYTES), BYTES(box_pk, BOX_PK_BYTES)));
    if (e != ERR_OK) return e;
    uint64_t made = (uint64_t)sqlite3_last_insert_rowid(q->db);
    e = cred_add(q, made, first);
    if (e == ERR_OK) *number = made;
    return e;
}

static enum err sqlite_creds_of(struct store *s, uint64_t account, struct store_cred *cred, size_t *cred_n)
{
    struct sqlite *q = sqlite_of(s);
    struct store_cred found[LIMIT_CREDENTIALS];
    size_t n = 0;
    enum err e = sql_find(q, SQL_creds_of, VALUES(NUMBER(account)));
    while (e == ERR_OK) {
        struct sql_row row = sql_row(q, SQL_creds_of);
        if (n < LIMIT_CREDENTIALS) take_cred(&row, &found[n++]);
        else row.is_damaged = true;
        e = sql_taken(q, &row);
        if (e != ERR_OK) break;
        int rc = sqlite3_step(row.stmt);
        if (rc == SQLITE_DONE) break;
        e = sql_err(q, rc);
    }
    sql_done(q, SQL_creds_of);
    if (e != ERR_OK) return e;
    memcpy(cred, found, n * sizeof *cred);
    *cred_n = n;
    return ERR_OK;
}

static enum err sqlite_creds_replace(struct store *s, uint64_t account, uint64_t version,
                                     const struct store_cred *cred, size_t cred_n)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < cred_n; i++) e = expect_cred_free(q, cred[i].cred_id, account);
    if (e == ERR_OK) e = sql_run(q, SQL_creds_remove, VALUES(NUMBER(account)));
    for (size_t i = 0; e == ERR_OK && i < cred_n; i++) e = cred_add(q, account, &cred[i]);
    if (e == ERR_OK) e = sql_run(q, SQL_account_set_version, VALUES(NUMBER(account), NUMBER(version)));
    return e;
}

static enum err sqlite_session_remove_of(struct store *s, uint64_t account, const uint8_t *keep, size_t *removed_n)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = sql_run(q, SQL_session_remove_of,
                         VALUES(NUMBER(account), keep != NULL ? BYTES(keep, ID_BYTES) : NOTHING));
    if (e == ERR_OK) *removed_n = (size_t)sqlite3_changes64(q->db);
    return e;
}

static enum err sqlite_account_remove(struct store *s, uint64_t account)
{
    struct sqlite *q = sqlite_of(s);
    size_t session_n = 0;
    enum err e = sqlite_session_remove_of(s, account, NULL, &session_n);
    if (e == ERR_OK) e = sql_run(q, SQL_creds_remove, VALUES(NUMBER(account)));
    return e != ERR_OK ? e : sql_run_one(q, SQL_account_remove, VALUES(NUMBER(account)));
}

/* ---- sessions ------------------------------------------------------------------------------- */

static enum err sqlite_session_add(struct store *s, const struct store_session *session)
{
    return sql_run(sqlite_of(s), SQL_session_add,
                   VALUES(BYTES(session->id, ID_BYTES), BYTES(session->token_hash, HASH_BYTES),
                          NUMBER(session->account), NUMBER(session->created_ms), NUMBER(session->used_ms)));
}

static void take_session(struct sql_row *row, struct store_session *session)
{
    sql_bytes_n(row, session->id, ID_BYTES);
    sql_bytes_n(row, session->token_hash, HASH_BYTES);
    session->account = sql_number(row);
    session->created_ms = sql_number(row);
    session->used_ms = sql_number(row);
}

static enum err sqlite_session_each(struct store *s, store_session_visit *visit, void *ctx)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = ERR_OK;
    int rc = sql_start(q, SQL_session_each, NO_VALUES);
    while (e == ERR_OK && rc == SQLITE_ROW) {
        struct sql_row row = sql_row(q, SQL_session_each);
        struct store_session session;
        take_session(&row, &session);
        e = sql_taken(q, &row);
        if (e == ERR_OK) e = visit(ctx, &session);
        if (e == ERR_OK) rc = sqlite3_step(row.stmt);
    }
    if (e == ERR_OK) e = sql_err(q, rc);
    sql_done(q, SQL_session_each);
    return e;
}

static enum err sqlite_session_touch(struct store *s, const uint8_t *id, uint64_t used_ms)
{
    return sql_run_one(sqlite_of(s), SQL_session_touch, VALUES(BYTES(id, ID_BYTES), NUMBER(used_ms)));
}

static enum err sqlite_session_remove(struct store *s, const uint8_t *id)
{
    return sql_run_one(sqlite_of(s), SQL_session_remove, VALUES(BYTES(id, ID_BYTES)));
}

/* ---- permits -------------------------------------------------------------------------------- */

static enum err sqlite_permit_add(struct store *s, const uint8_t *hash, uint64_t made_ms)
{
    return sql_run(sqlite_of(s), SQL_permit_add, VALUES(BYTES(hash, HASH_BYTES), NUMBER(made_ms)));
}

static enum err sqlite_permit_find(struct store *s, const uint8_t *hash, struct store_permit *permit)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = sql_find(q, SQL_permit_find, VALUES(BYTES(hash, HASH_BYTES)));
    if (e == ERR_OK) {
        struct sql_row row = sql_row(q, SQL_permit_find);
        struct store_permit found = {0};
        sql_bytes_n(&row, found.hash, HASH_BYTES);
        found.made_ms = sql_number(&row);
        found.is_used = sqlite3_column_type(row.stmt, row.column) != SQLITE_NULL;
        if (found.is_used) sql_bytes_n(&row, found.used_by, SIGN_PK_BYTES);
        e = sql_taken(q, &row);
        if (e == ERR_OK) *permit = found;
    }
    sql_done(q, SQL_permit_find);
    return e;
}

static enum err sqlite_permit_use(struct store *s, const uint8_t *hash, const uint8_t *sign_pk)
{
    return sql_run_one(sqlite_of(s), SQL_permit_use, VALUES(BYTES(hash, HASH_BYTES), BYTES(sign_pk, SIGN_PK_BYTES)));
}

const struct store_account_ops sqlite_account_ops = {
    .add = sqlite_account_add,
    .by_number = sqlite_account_by_number,
    .by_sign_pk = sqlite_account_by_sign_pk,
    .by_cred = sqlite_account_by_cred,
    .creds_of = sqlite_creds_of,
    .creds_replace = sqlite_creds_replace,
    .remove = sqlite_account_remove,
    .session_add = sqlite_session_add,
    .session_each = sqlite_session_each,
    .session_touch = sqlite_session_touch,
    .session_remove = sqlite_session_remove,
    .session_remove_of = sqlite_session_remove_of,
    .permit_add = sqlite_permit_add,
    .permit_find = sqlite_permit_find,
    .permit_use = sqlite_permit_use,
};
