/* home_account.c -- see home_account.h.
 *
 *   account.session = 1 byte: 0 or 1 for a token, then ACCOUNT_TOKEN_BYTES   row: the origin's hash
 *   account.name    = length (2 bytes), the name, zeros up to HOME_NAME_BYTES
 */
#include "client/home_own.h"

#define SESSION "account.session"
#define NAME "account.name"

static bool is_whole(const struct home_account *account)
{
    return account->origin.len <= ACCOUNT_ORIGIN_BYTES && account_is_origin(account->origin);
}

/* ---- sealed fields --------------------------------------------------------------------------- */

static enum err seal_session(struct home *home, const struct home_scope *scope, struct str origin,
                             const struct home_session *session, struct home_sealing *sealing)
{
    static const uint8_t none[ACCOUNT_TOKEN_BYTES];
    uint8_t row[HASH_BYTES];
    enum err e = home_sealing_init(home, sealing, 1 + ACCOUNT_TOKEN_BYTES, 1);
    if (e != ERR_OK) return e;
    out_put_byte(&sealing->text, session->is_open);
    out_put(&sealing->text, session->is_open ? STR_OF(session->token) : STR_OF(none));
    home_origin_row(origin, row);
    (void)home_seal(sealing, scope, SESSION, STR_OF(row));
    return ERR_OK;
}

static enum err seal_name(struct home *home, const struct home_scope *scope, struct str name,
                          struct home_sealing *sealing)
{
    EXPECT(name.len <= HOME_NAME_BYTES);
    enum err e = home_sealing_init(home, sealing, 2 + HOME_NAME_BYTES, 1);
    if (e != ERR_OK) return e;
    home_put_number(&sealing->text, name.len, 2);
    out_put(&sealing->text, name);
    (void)home_seal(sealing, scope, NAME, STR(""));
    return ERR_OK;
}

static struct str sealed(const struct home_sealing *sealing)
{
    return str_at(sealing->at, sealing->n);
}

/* What is in the row that home_find found, which ends it. */
static enum err open_field(struct home *home, enum home_sql which, const struct home_scope *scope,
                           const char *column, struct str row_key, struct home_opened *opened)
{
    struct home_row row = home_row(home, which);
    enum err e = home_open_field(home, &row, scope, column, row_key, opened);
    home_done(home, which);
    return e;
}

/* ---- accounts ------------------------------------------------------------------------------- */

static enum err add(struct home *home, const struct home_account *account, const uint8_t *local_key)
{
    struct home_scope scope = {.key = local_key};
    struct home_sealing session = {0}, name = {0};
    random_fill(scope.account_id, sizeof scope.account_id);
    enum err e = seal_session(home, &scope, account->origin, &(struct home_session){0}, &session);
    if (e == ERR_OK) e = seal_name(home, &scope, STR(""), &name);
    if (e == ERR_OK)
        e = home_run(home, HOME_account_add,
                     VALUES(BYTES(STR_OF(scope.account_id)), BYTES(account->origin), BYTES(STR_OF(account->sign_pk)),
                            BYTES(STR_OF(account->code)), BYTES(STR_OF(account->wrapped)), BYTES(sealed(&session)),
                            BYTES(sealed(&name))));
    home_sealing_fini(&session);
    home_sealing_fini(&name);
    return e;
}

enum err home_account_add(struct home *home, const struct home_account *account,
                          const uint8_t local_key[static KEY_BYTES], uint64_t *number)
{
    EXPECT(is_whole(account));
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    e = add(home, account, local_key);
    uint64_t added = e == ERR_OK ? (uint64_t)sqlite3_last_insert_rowid(home->db) : 0;
    if (e == ERR_OK) e = home_key_keep(home, added, local_key);
    e = home_changed(home, e);
    if (e == ERR_OK) *number = added;
    else if (added != 0) home_lock(home, added);
    return e;
}

static enum err show(struct home *home, enum home_sql which, home_account_visit *visit, void *ctx)
{
    struct home_row row = home_row(home, which);
    struct home_account account = {.number = home_row_number(&row), .origin = home_row_bytes(&row)};
    home_row_bytes_n(&row, account.sign_pk, sizeof account.sign_pk);
    home_row_bytes_n(&row, account.code, sizeof account.code);
    home_row_bytes_n(&row, account.wrapped, sizeof account.wrapped);
    enum err e = row.is_damaged || !is_whole(&account) ? home_damaged(home) : ERR_OK;
    if (e == ERR_OK) {
        home->visit_n++;
        e = visit(ctx, &account);
        home->visit_n--;
    }
    wipe(account.code, sizeof account.code);
    return e;
}

enum err home_account_get(struct home *home, uint64_t number, home_account_visit *visit, void *ctx)
{
    enum err e = home_find(home, HOME_account_get, VALUES(NUMBER(number)));
    if (e == ERR_OK) e = show(home, HOME_account_get, visit, ctx);
    home_done(home, HOME_account_get);
    return e;
}

enum err home_account_each(struct home *home, home_account_visit *visit, void *ctx)
{
    bool is_row = false;
    enum err e = home_start(home, HOME_account_each, NO_VALUES, &is_row);
    while (e == ERR_OK && is_row) {
        e = show(home, HOME_account_each, visit, ctx);
        if (e == ERR_OK) e = home_step(home, HOME_account_each, &is_row);
    }
    home_done(home, HOME_account_each);
    return e;
}

enum err home_account_set_access(struct home *home, uint64_t number, const uint8_t code[static SECRET_BYTES],
                                 const uint8_t wrapped[static SECRET_WRAPPED_BYTES])
{
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    e = home_run_one(home, HOME_account_set_access,
                     VALUES(NUMBER(number), BYTES(str_at(code, SECRET_BYTES)),
                            BYTES(str_at(wrapped, SECRET_WRAPPED_BYTES))));
    if (e == ERR_OK) home->must_overwrite = true; /* the code before it */
    return home_changed(home, e);
}

enum err home_account_set_origin(struct home *home, uint64_t number, struct str origin)
{
    struct home_scope scope;
    struct home_session session = {0};
    struct home_sealing sealing = {0};
    EXPECT(origin.len <= ACCOUNT_ORIGIN_BYTES && account_is_origin(origin));
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    e = home_session_get(home, number, &session);
    if (e == ERR_OK) e = home_scope_account(home, number, &scope);
    if (e == ERR_OK) e = seal_session(home, &scope, origin, &session, &sealing);
    if (e == ERR_OK)
        e = home_run_one(home, HOME_account_set_origin,
                         VALUES(NUMBER(number), BYTES(origin), BYTES(sealed(&sealing))));
    wipe(&session, sizeof session);
    home_sealing_fini(&sealing);
    return home_changed(home, e);
}

enum err home_account_remove(struct home *home, uint64_t number)
{
    uint64_t circle = 0;
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    while (e == ERR_OK) {
        e = home_find_number(home, HOME_circle_of_account, VALUES(NUMBER(number)), &circle);
        if (e == ERR_OK) e = home_circle_drop(home, number, circle);
    }
    if (e == ERR_NOT_FOUND) e = home_run(home, HOME_alarm_remove_of, VALUES(NUMBER(number)));
    if (e == ERR_OK) e = home_run(home, HOME_note_remove_of, VALUES(NUMBER(number)));
    if (e == ERR_OK) e = home_run_one(home, HOME_account_remove, VALUES(NUMBER(number)));
    if (e == ERR_OK) home->must_overwrite = true;
    e = home_changed(home, e);
    if (e == ERR_OK) home_lock(home, number);
    return e;
}

/* ---- unlocking ------------------------------------------------------------------------------ */

enum err home_unlock(struct home *home, uint64_t number, const uint8_t local_key[static KEY_BYTES])
{
    struct home_session session;
    bool was_unlocked = home_is_unlocked(home, number);
    if (was_unlocked) home_lock(home, number);
    enum err e = home_key_keep(home, number, local_key);
    if (e == ERR_OK) e = home_session_get(home, number, &session);
    if (e == ERR_OK) wipe(&session, sizeof session);
    else home_lock(home, number);
    return e;
}

/* ---- session and name ----------------------------------------------------------------------- */

/* The row key of the session: of the origin that is in the row now. */
static enum err session_row(struct home *home, uint64_t number, uint8_t key[static HASH_BYTES])
{
    enum err e = home_find(home, HOME_account_scope, VALUES(NUMBER(number)));
    if (e != ERR_OK) return e;
    struct home_row row = home_row(home, HOME_account_scope);
    (void)home_row_bytes(&row);
    struct str origin = home_row_bytes(&row);
    bool is_origin = !row.is_damaged && origin.len <= ACCOUNT_ORIGIN_BYTES && account_is_origin(origin);
    if (is_origin) home_origin_row(origin, key);
    home_done(home, HOME_account_scope);
    return is_origin ? ERR_OK : home_damaged(home);
}

enum err home_session_get(struct home *home, uint64_t number, struct home_session *session)
{
    struct home_scope scope;
    struct home_opened opened;
    uint8_t key[HASH_BYTES];
    enum err e = home_scope_account(home, number, &scope);
    if (e == ERR_OK) e = session_row(home, number, key);
    if (e == ERR_OK) e = home_find(home, HOME_session_get, VALUES(NUMBER(number)));
    if (e == ERR_OK) e = open_field(home, HOME_session_get, &scope, SESSION, STR_OF(key), &opened);
    if (e != ERR_OK) return e;
    bool fits = opened.text.len == 1 + ACCOUNT_TOKEN_BYTES && opened.text.at[0] <= 1;
    if (fits) {
        session->is_open = opened.text.at[0] == 1;
        memcpy(session->token, opened.text.at + 1, ACCOUNT_TOKEN_BYTES);
    }
    home_opened_fini(&opened);
    return fits ? ERR_OK : home_damaged(home);
}

/* Gives the account's origin to a copy of the caller's. */
struct origin {
    uint8_t bytes[ACCOUNT_ORIGIN_BYTES];
    size_t n;
};

static enum err copy_origin(void *ctx, const struct home_account *account)
{
    struct origin *origin = ctx;
    memcpy(origin->bytes, account->origin.at, account->origin.len);
    origin->n = account->origin.len;
    return ERR_OK;
}

enum err home_session_set(struct home *home, uint64_t number, const struct home_session *session)
{
    struct home_scope scope;
    struct origin origin;
    struct home_sealing sealing = {0};
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    e = home_scope_account(home, number, &scope);
    if (e == ERR_OK) e = home_account_get(home, number, copy_origin, &origin);
    if (e == ERR_OK) e = seal_session(home, &scope, str_at(origin.bytes, origin.n), session, &sealing);
    if (e == ERR_OK) e = home_run_one(home, HOME_session_set, VALUES(NUMBER(number), BYTES(sealed(&sealing))));
    home_sealing_fini(&sealing);
    return home_changed(home, e);
}

enum err home_account_name(struct home *home, uint64_t number, struct out *o)
{
    struct home_scope scope;
    struct home_opened opened;
    enum err e = home_scope_account(home, number, &scope);
    if (e == ERR_OK) e = home_find(home, HOME_name_get, VALUES(NUMBER(number)));
    if (e == ERR_OK) e = open_field(home, HOME_name_get, &scope, NAME, STR(""), &opened);
    if (e != ERR_OK) return e;
    struct home_reader r = {.rest = opened.text};
    struct str name = home_read_bytes(&r, home_read_number(&r, 2));
    if (!r.is_short) out_put(o, name);
    home_opened_fini(&opened);
    return r.is_short ? home_damaged(home) : ERR_OK;
}

enum err home_account_set_name(struct home *home, uint64_t number, struct str name)
{
    struct home_scope scope;
    struct home_sealing sealing = {0};
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    e = home_scope_account(home, number, &scope);
    if (e == ERR_OK) e = seal_name(home, &scope, name, &sealing);
    if (e == ERR_OK) e = home_run_one(home, HOME_name_set, VALUES(NUMBER(number), BYTES(sealed(&sealing))));
    home_sealing_fini(&sealing);
    return home_changed(home, e);
}
