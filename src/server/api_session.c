/* api_session.c -- signing in, and which devices are signed in. */
#include <stdlib.h>

#include "server/clock.h"
#include "server/routes.h"

/* ---- POST /v1/sessions --------------------------------------------------------------------------- */

struct login {
    uint8_t cred_id[ID_BYTES], sig[SIG_BYTES];
    struct statement statement;
    struct store_account account;
    struct store_cred cred;
    uint8_t token[ACCOUNT_TOKEN_BYTES];
    struct session session;
    uint8_t evicted[LIMIT_SESSIONS][ID_BYTES]; /* the sessions that made room for this one */
    size_t evicted_n;
    struct login *next; /* of those that are applied and not settled yet */
    bool is_applied;
};

static enum err login_read(struct request *r, struct login *l)
{
    enum { CRED_ID = 1, ORIGIN, CHALLENGE, SIG };
    uint32_t needed = CBOR_KEY(CRED_ID) | CBOR_KEY(ORIGIN) | CBOR_KEY(CHALLENGE) | CBOR_KEY(SIG);
    struct cbor_map body;
    struct statement_to to;
    enum err e = request_body(r, needed, 0, &body);
    if (e == ERR_OK) e = cbor_bytes_n(body.item[CRED_ID], l->cred_id, ID_BYTES);
    if (e == ERR_OK) e = cbor_bytes_n(body.item[SIG], l->sig, SIG_BYTES);
    if (e == ERR_OK) e = request_statement(r, body.item[ORIGIN], body.item[CHALLENGE], &to);
    if (e == ERR_OK) l->statement = statement_login(to, l->cred_id);
    return e;
}

/* The way in was looked at outside the writer: since then it may have been changed or taken away. */
static enum err judge_cred(const struct writer_desk *desk, const struct login *l)
{
    struct store_account account;
    struct store_cred cred;
    enum err e = store_account_by_cred(desk->store, l->cred_id, &account, &cred);
    if (e != ERR_OK) return e == ERR_NOT_FOUND ? ERR_BAD_LOGIN : e;
    bool is_same = account.number == l->account.number && memcmp(cred.login_pk, l->cred.login_pk, SIGN_PK_BYTES) == 0;
    return is_same ? ERR_OK : ERR_BAD_LOGIN;
}

static size_t drop(struct session *list, size_t n, const uint8_t *id)
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(list[i].row.id, id, ID_BYTES) == 0) list[i--] = list[--n];
    }
    return n;
}

/* The sessions of the account as they will be when everything applied so far is settled: how many. */
static size_t devices_of(const struct request *r, uint64_t account, struct session list[static LIMIT_SESSIONS])
{
    struct server *server = r->server;
    size_t n = sessions_of(&server->sessions, account, clock_now_ms(), list, LIMIT_SESSIONS);
    for (const struct login *p = server->signing_in; p != NULL; p = p->next) {
        if (p->account.number != account) continue;
        for (size_t i = 0; i < p->evicted_n; i++) n = drop(list, n, p->evicted[i]);
        EXPECT(n < LIMIT_SESSIONS);
        list[n++] = p->session;
    }
    return n;
}

/* Behind those that are applied already: they are settled in this order. */
static void applied_add(struct server *server, struct login *l)
{
    struct login **at = &server->signing_in;
    while (*at != NULL) at = &(*at)->next;
    *at = l;
    l->is_applied = true;
}

static void applied_remove(struct server *server, struct login *l)
{
    struct login **at = &server->signing_in;
    while (*at != l) at = &(*at)->next;
    *at = l->next;
    l->next = NULL;
    l->is_applied = false;
}

/* Where a transaction is done anew (see writer.h), the first sign-in of those that were applied comes first
 * once more: neither it nor those behind it are in the store now. */
static void applied_forget(struct server *server, struct login *first)
{
    struct login *next = first;
    for (struct login *l = first; next != NULL; l = next) {
        next = l->is_applied ? l->next : NULL;
        l->evicted_n = 0;
        if (l->is_applied) applied_remove(server, l);
    }
}

/* One more device; when there are too many, those that were not used for longest are signed out. */
static enum err login_apply(struct write *write, const struct writer_desk *desk)
{
    struct request *r = request_of_write(write);
    struct login *l = r->work;
    struct session list[LIMIT_SESSIONS];
    applied_forget(r->server, l);
    enum err judged = judge_cred(desk, l);
    if (judged != ERR_OK) return judged;
    size_t n = devices_of(r, l->account.number, list), most = r->server->config->session_n;
    while (n >= most) {
        size_t oldest = 0;
        for (size_t i = 1; i < n; i++) {
            if (list[i].row.used_ms < list[oldest].row.used_ms) oldest = i;
        }
        enum err e = store_session_remove(desk->store, list[oldest].row.id);
        if (e != ERR_OK && e != ERR_NOT_FOUND) return e;
        memcpy(l->evicted[l->evicted_n++], list[oldest].row.id, ID_BYTES);
        list[oldest] = list[--n];
    }
    enum err e = store_session_add(desk->store, &l->session.row);
    if (e == ERR_OK) applied_add(r->server, l);
    return e == ERR_NOT_FOUND ? ERR_BAD_LOGIN : e; /* the account was closed meanwhile */
}

static void login_answer(struct request *r, const struct login *l)
{
    uint8_t memory[512];
    struct out o = OUT_OVER(memory);
    const struct str field[] = {
        STR_OF(l->token), STR_OF(l->cred.wrapped), STR_OF(l->account.sign_pk), STR_OF(l->account.box_pk),
        STR_OF(l->session.row.id),
    };
    enum { FIELD_N = sizeof field / sizeof *field };
    cbor_put_map(&o, FIELD_N + 1);
    for (size_t i = 0; i < FIELD_N; i++) {
        cbor_put_uint(&o, i + 1);
        cbor_put_bytes(&o, field[i]);
    }
    cbor_put_uint(&o, FIELD_N + 1);
    cbor_put_uint(&o, l->account.creds_version);
    request_answer(r, 201, out_str(&o));
    wipe(memory, sizeof memory);
}

static void login_settle(struct write *write, enum err e)
{
    struct request *r = request_of_write(write);
    struct login *l = r->work;
    if (l->is_applied) applied_remove(r->server, l);
    for (size_t i = 0; e == ERR_OK && i < l->evicted_n; i++) {
        sessions_remove(&r->server->sessions, l->evicted[i]);
        hub_end_session(r->server->hub, l->evicted[i]);
    }
    if (e == ERR_OK) e = sessions_add(&r->server->sessions, &l->session);
    if (e == ERR_OK) login_answer(r, l);
    else request_refuse_code(r, e);
}

static void login_begin_session(struct login *l)
{
    struct store_session *row = &l->session.row;
    random_fill(l->token, sizeof l->token);
    random_fill(row->id, sizeof row->id);
    account_token_hash(row->token_hash, l->token);
    row->account = l->account.number;
    row->created_ms = row->used_ms = clock_now_ms();
    memcpy(l->session.sign_pk, l->account.sign_pk, SIGN_PK_BYTES);
}

/* Known or not, the same work is done and the same answer given. */
static void login_check(struct read *read, struct store *reader)
{
    struct request *r = request_of_read(read);
    struct login *l = r->work;
    enum err e = store_account_by_cred(reader, l->cred_id, &l->account, &l->cred);
    if (e != ERR_OK && e != ERR_NOT_FOUND) {
        request_refuse_code(r, e);
        return;
    }
    const uint8_t *login_pk = e == ERR_OK ? l->cred.login_pk : NULL;
    bool fits = account_login_fits(l->sig, &l->statement, login_pk, r->server->dummy_pk);
    rate_login_tried(r->server->rate, str_at(l->cred_id, ID_BYTES), fits, clock_steady_us() / 1000);
    e = fits ? request_take_challenge(r) : ERR_BAD_LOGIN;
    if (e != ERR_OK) {
        request_refuse_code(r, e);
        return;
    }
    login_begin_session(l);
    request_write(r, login_apply, login_settle);
}

void api_login(struct request *r)
{
    struct login *l = arena_take(&r->arena, sizeof *l);
    uint64_t wait_ms = 0;
    r->arena.holds_secrets = true;
    enum err e = l == NULL ? ERR_NO_MEMORY : login_read(r, l);
    if (e == ERR_OK) {
        e = rate_login_may_try(r->server->rate, &r->server->config->rate_login_cred, str_at(l->cred_id, ID_BYTES),
                               clock_steady_us() / 1000, &wait_ms);
    }
    if (e != ERR_OK) {
        struct refusal refusal = {.code = e, .has_origins = e == ERR_WRONG_ORIGIN};
        refusal.retry_after_s = e == ERR_SLOW_DOWN ? (unsigned)(wait_ms / 1000 + 1) : 0;
        request_refuse(r, &refusal);
        return;
    }
    r->work = l;
    request_read(r, login_check);
}

/* ---- GET, DELETE /v1/sessions ---------------------------------------------------------------------- */

void api_sessions(struct request *r)
{
    enum { ROW_BYTES = 48 };
    struct session list[LIMIT_SESSIONS];
    size_t n = sessions_of(&r->server->sessions, r->session.row.account, clock_now_ms(), list, LIMIT_SESSIONS);
    struct out o = {.at = malloc(LIMIT_SESSIONS * ROW_BYTES), .cap = LIMIT_SESSIONS * ROW_BYTES};
    if (o.at == NULL) {
        request_refuse_code(r, ERR_NO_MEMORY);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        cbor_put_map(&o, 4);
        cbor_put_uint(&o, 1);
        cbor_put_bytes(&o, STR_OF(list[i].row.id));
        cbor_put_uint(&o, 2);
        cbor_put_uint(&o, list[i].row.created_ms);
        cbor_put_uint(&o, 3);
        cbor_put_uint(&o, list[i].row.used_ms);
        cbor_put_uint(&o, 4);
        cbor_put_uint(&o, memcmp(list[i].row.id, r->session.row.id, ID_BYTES) == 0 ? 1 : 0);
    }
    EXPECT(!o.is_full);
    request_answer_list(r, &o);
}

static enum err end_others_apply(struct write *write, const struct writer_desk *desk)
{
    struct request *r = request_of_write(write);
    size_t removed_n;
    return store_session_remove_of(desk->store, r->session.row.account, r->session.row.id, &removed_n);
}

static void end_others_settle(struct write *write, enum err e)
{
    struct request *r = request_of_write(write);
    if (e != ERR_OK) {
        request_refuse_code(r, e);
        return;
    }
    sessions_remove_of(&r->server->sessions, r->session.row.account, r->session.row.id);
    hub_end_account(r->server->hub, r->session.sign_pk, r->session.row.id);
    request_answer(r, 204, (struct str){0});
}

void api_sessions_end(struct request *r)
{
    request_write(r, end_others_apply, end_others_settle);
}

/* ---- DELETE /v1/sessions/:session ------------------------------------------------------------------- */

static bool is_own(struct request *r)
{
    struct session list[LIMIT_SESSIONS];
    size_t n = sessions_of(&r->server->sessions, r->session.row.account, clock_now_ms(), list, LIMIT_SESSIONS);
    for (size_t i = 0; i < n; i++) {
        if (memcmp(list[i].row.id, r->named, ID_BYTES) == 0) return true;
    }
    return false;
}

static enum err end_apply(struct write *write, const struct writer_desk *desk)
{
    return store_session_remove(desk->store, request_of_write(write)->named);
}

static void end_settle(struct write *write, enum err e)
{
    struct request *r = request_of_write(write);
    if (e != ERR_OK) {
        request_refuse_code(r, e);
        return;
    }
    sessions_remove(&r->server->sessions, r->named);
    hub_end_session(r->server->hub, r->named);
    request_answer(r, 204, (struct str){0});
}

void api_session_end(struct request *r)
{
    if (is_own(r)) request_write(r, end_apply, end_settle);
    else request_refuse_code(r, ERR_NOT_FOUND);
}
