/* api_account.c -- opening an account, its ways in, and ending it. */
#include "record/epoch.h"
#include "server/clock.h"
#include "server/invitation.h"
#include "server/routes.h"

/* ---- POST /v1/accounts ------------------------------------------------------------------------------- */

/* Leave to open an account: a permit of the host's, or an open invitation. */
enum permit_kind { PERMIT_OF_HOST, PERMIT_OF_INVITE };

struct registration {
    uint8_t sign_pk[SIGN_PK_BYTES], box_pk[BOX_PK_BYTES], sig[SIG_BYTES];
    struct account_cred cred;
    enum permit_kind permit_kind;
    uint8_t permit_hash[HASH_BYTES];
    uint8_t invite_pk[SIGN_PK_BYTES], invite_sig[SIG_BYTES];
    bool is_signed, is_invite_signed, has_bad_key;
    bool has_challenge; /* it is this request's by now                     */
    bool was_there;     /* the same permit registered the same keys before */
};

enum { SIGN_PK = 1, BOX_PK, CRED, PERMIT, INVITE, ORIGIN, CHALLENGE, SIG };

static enum err permit_read(const struct cbor_map *body, struct registration *g)
{
    uint8_t secret[SECRET_BYTES];
    struct cbor_list pair;
    if (cbor_map_has(body, PERMIT) == cbor_map_has(body, INVITE)) return ERR_BAD_FIELD; /* just one of them */
    if (cbor_map_has(body, PERMIT)) {
        enum err e = cbor_bytes_n(body->item[PERMIT], secret, sizeof secret);
        g->permit_kind = PERMIT_OF_HOST;
        if (e == ERR_OK) account_permit_hash(g->permit_hash, secret);
        wipe(secret, sizeof secret);
        return e;
    }
    g->permit_kind = PERMIT_OF_INVITE;
    enum err e = cbor_list(body->item[INVITE], &pair);
    if (e == ERR_OK && pair.item_n != 2) e = ERR_BAD_FIELD;
    if (e == ERR_OK) e = cbor_bytes_n(pair.item[0], g->invite_pk, SIGN_PK_BYTES);
    if (e == ERR_OK) e = cbor_bytes_n(pair.item[1], g->invite_sig, SIG_BYTES);
    return e;
}

static enum err registration_read(struct request *r, struct registration *g)
{
    uint32_t needed = CBOR_KEY(SIGN_PK) | CBOR_KEY(BOX_PK) | CBOR_KEY(CRED) | CBOR_KEY(ORIGIN) | CBOR_KEY(CHALLENGE) |
                      CBOR_KEY(SIG);
    struct cbor_map body;
    struct statement_to to;
    enum err e = request_body(r, needed, CBOR_KEY(PERMIT) | CBOR_KEY(INVITE), &body);
    if (e == ERR_OK) e = cbor_bytes_n(body.item[SIGN_PK], g->sign_pk, SIGN_PK_BYTES);
    if (e == ERR_OK) e = cbor_bytes_n(body.item[BOX_PK], g->box_pk, BOX_PK_BYTES);
    if (e == ERR_OK) e = cbor_bytes_n(body.item[SIG], g->sig, SIG_BYTES);
    if (e == ERR_OK) e = permit_read(&body, g);
    if (e == ERR_OK) e = account_cred_read(body.item[CRED], &g->cred);
    g->has_bad_key = e == ERR_BAD_KEY || !account_pk_is_usable(g->sign_pk) || !epoch_box_pk_is_usable(g->box_pk);
    if (e == ERR_BAD_KEY) e = ERR_OK; /* said last, see registration_apply */
    if (e == ERR_OK) e = request_statement(r, body.item[ORIGIN], body.item[CHALLENGE], &to);
    if (e != ERR_OK) return e;
    struct statement statement = statement_register(to, g->sign_pk, g->box_pk, body.item[CRED]);
    struct statement leave = statement_permit(to, g->sign_pk);
    g->is_signed = statement_fits(g->sig, &statement, g->sign_pk);
    g->is_invite_signed = g->permit_kind == PERMIT_OF_INVITE && statement_fits(g->invite_sig, &leave, g->invite_pk);
    return ERR_OK;
}

static bool is_same_key(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, SIGN_PK_BYTES) == 0;
}

static enum err judge_permit(const struct writer_desk *desk, const struct registration *g, bool *is_used_by_me)
{
    struct store_permit permit;
    enum err e = store_permit_find(desk->store, g->permit_hash, &permit);
    if (e != ERR_OK) return e == ERR_NOT_FOUND ? ERR_NO_PERMIT : e;
    *is_used_by_me = permit.is_used && is_same_key(permit.used_by, g->sign_pk);
    return permit.is_used && !*is_used_by_me ? ERR_NO_PERMIT : ERR_OK;
}

/* An invitation permits one account, while it is open and agreed on; who it permitted may ask again. */
static enum err judge_invite(const struct writer_desk *desk, const struct registration *g, struct store_invite *invite,
                             bool *is_used_by_me)
{
    struct circles_open *open;
    if (!g->is_invite_signed) return ERR_NO_PERMIT;
    enum err e = store_invite_find(desk->store, g->invite_pk, invite);
    if (e != ERR_OK) return e == ERR_NOT_FOUND ? ERR_NO_PERMIT : e;
    *is_used_by_me = invite->is_used && is_same_key(invite->used_by, g->sign_pk);
    if (*is_used_by_me) return ERR_OK;
    if (invite->is_used) return ERR_NO_PERMIT;
    e = circles_find_number(desk->circles, desk->store, invite->circle, &open);
    if (e != ERR_OK) return e;
    e = invitation_judge(&open->circle, invite->seq, clock_now_ms());
    return e == ERR_NO_INVITE ? ERR_NO_PERMIT : e;
}

/* Somebody whose permit was used by the same key before: is all of it the same? */
static enum err judge_again(const struct writer_desk *desk, struct registration *g)
{
    struct store_account account;
    struct store_cred cred;
    enum err e = store_account_by_cred(desk->store, g->cred.cred_id, &account, &cred);
    if (e != ERR_OK) return e == ERR_NOT_FOUND ? ERR_EXISTS : e;
    g->was_there = is_same_key(account.sign_pk, g->sign_pk) && memcmp(account.box_pk, g->box_pk, BOX_PK_BYTES) == 0 &&
                   memcmp(cred.login_pk, g->cred.login_pk, SIGN_PK_BYTES) == 0 &&
                   memcmp(cred.wrapped, g->cred.wrapped, STORE_WRAPPED_BYTES) == 0;
    return g->was_there ? ERR_OK : ERR_EXISTS;
}

static enum err account_add(const struct writer_desk *desk, const struct registration *g)
{
    struct store_cred cred;
    uint64_t number;
    memcpy(cred.cred_id, g->cred.cred_id, ID_BYTES);
    memcpy(cred.login_pk, g->cred.login_pk, SIGN_PK_BYTES);
    memcpy(cred.wrapped, g->cred.wrapped, STORE_WRAPPED_BYTES);
    return store_account_add(desk->store, g->sign_pk, g->box_pk, &cred, &number);
}

/* Once, also where it is applied once more, see writer.h. */
static enum err take_challenge(struct request *r, struct registration *g)
{
    enum err e = g->has_challenge ? ERR_OK : request_take_challenge(r);
    g->has_challenge = e == ERR_OK;
    return e;
}

static enum err registration_apply(struct write *write, const struct writer_desk *desk)
{
    struct request *r = request_of_write(write);
    struct registration *g = r->work;
    struct store_invite invite;
    struct store_account known;
    bool is_used_by_me = false, is_invited = g->permit_kind == PERMIT_OF_INVITE;
    enum err e = is_invited ? judge_invite(desk, g, &invite, &is_used_by_me) : judge_permit(desk, g, &is_used_by_me);
    if (e != ERR_OK) return e;
    if (!g->is_signed) return ERR_BAD_SIGNATURE;
    e = take_challenge(r, g);
    if (e != ERR_OK) return e;
    e = store_account_by_sign_pk(desk->store, g->sign_pk, &known);
    if (e == ERR_OK) return is_used_by_me ? judge_again(desk, g) : ERR_EXISTS;
    if (e != ERR_NOT_FOUND) return e;
    if (is_used_by_me) return ERR_NO_PERMIT; /* its account was closed: a permit opens one, once */
    if (g->has_bad_key) return ERR_BAD_KEY;
    e = account_add(desk, g);
    if (e != ERR_OK) return e;
    return is_invited ? store_invite_use(desk->store, invite.circle, invite.seq, g->sign_pk)
                      : store_permit_use(desk->store, g->permit_hash, g->sign_pk);
}

static void answer_empty_map(struct request *r, int status)
{
    uint8_t memory[1];
    struct out o = OUT_OVER(memory);
    cbor_put_map(&o, 0);
    request_answer(r, status, out_str(&o));
}

static void registration_settle(struct write *write, enum err e)
{
    struct request *r = request_of_write(write);
    struct registration *g = r->work;
    if (e == ERR_OK) answer_empty_map(r, g->was_there ? 200 : 201);
    else request_refuse_code(r, e);
}

void api_register(struct request *r)
{
    struct registration *g = arena_take(&r->arena, sizeof *g);
    enum err e = g == NULL ? ERR_NO_MEMORY : registration_read(r, g);
    if (e != ERR_OK) {
        request_refuse_code(r, e);
        return;
    }
    r->work = g;
    request_write(r, registration_apply, registration_settle);
}

/* ---- GET /v1/account --------------------------------------------------------------------------------- */

static void account_run(struct read *read, struct store *reader)
{
    struct request *r = request_of_read(read);
    struct store_account account;
    struct store_cred cred[LIMIT_CREDENTIALS];
    size_t cred_n = 0;
    uint8_t memory[256];
    struct out o = OUT_OVER(memory);
    enum err e = store_account_by_number(reader, r->session.row.account, &account);
    if (e == ERR_OK) e = store_creds_of(reader, account.number, cred, &cred_n);
    if (e != ERR_OK) {
        request_refuse_code(r, e == ERR_NOT_FOUND ? ERR_NO_SESSION : e); /* closed meanwhile */
        return;
    }
    cbor_put_map(&o, 4);
    cbor_put_uint(&o, 1);
    cbor_put_bytes(&o, STR_OF(account.sign_pk));
    cbor_put_uint(&o, 2);
    cbor_put_bytes(&o, STR_OF(account.box_pk));
    cbor_put_uint(&o, 3);
    cbor_put_uint(&o, account.creds_version);
    cbor_put_uint(&o, 4);
    cbor_put_list(&o, cred_n);
    for (size_t i = 0; i < cred_n; i++) cbor_put_bytes(&o, STR_OF(cred[i].cred_id));
    request_answer(r, 200, out_str(&o));
}

void api_account(struct request *r)
{
    request_read(r, account_run);
}

/* ---- PUT /v1/account/creds ---------------------------------------------------------------------------- */

static enum err creds_read(struct request *r, struct account_creds *creds)
{
    enum { LIST = 1, TO_ORIGIN, TO_CHALLENGE, SIGNATURE };
    uint32_t needed = CBOR_KEY(LIST) | CBOR_KEY(TO_ORIGIN) | CBOR_KEY(TO_CHALLENGE) | CBOR_KEY(SIGNATURE);
    uint8_t sig[SIG_BYTES];
    struct cbor_map body;
    struct statement_to to;
    enum err e = request_body(r, needed, 0, &body);
    if (e == ERR_OK) e = cbor_bytes_n(body.item[SIGNATURE], sig, sizeof sig);
    enum err list_error = e == ERR_OK ? account_creds_read(body.item[LIST], creds) : ERR_OK;
    if (e == ERR_OK) e = request_statement(r, body.item[TO_ORIGIN], body.item[TO_CHALLENGE], &to);
    if (e != ERR_OK) return e;
    struct statement statement = statement_creds(to, body.item[LIST]);
    if (!statement_fits(sig, &statement, r->session.sign_pk)) return ERR_BAD_SIGNATURE;
    e = request_take_challenge(r);
    return e == ERR_OK ? list_error : e;
}

static enum err creds_apply(struct write *write, const struct writer_desk *desk)
{
    struct request *r = request_of_write(write);
    const struct account_creds *creds = r->work;
    struct store_cred cred[LIMIT_CREDENTIALS];
    size_t removed_n;
    for (size_t i = 0; i < creds->cred_n; i++) {
        memcpy(cred[i].cred_id, creds->cred[i].cred_id, ID_BYTES);
        memcpy(cred[i].login_pk, creds->cred[i].login_pk, SIGN_PK_BYTES);
        memcpy(cred[i].wrapped, creds->cred[i].wrapped, STORE_WRAPPED_BYTES);
    }
    enum err e = store_creds_replace(desk->store, r->session.row.account, creds->version, cred, creds->cred_n);
    if (e != ERR_OK) return e == ERR_NOT_FOUND ? ERR_NO_SESSION : e;
    return store_session_remove_of(desk->store, r->session.row.account, r->session.row.id, &removed_n);
}

static void creds_settle(struct write *write, enum err e)
{
    struct request *r = request_of_write(write);
    const struct account_creds *creds = r->work;
    uint8_t memory[16];
    struct out o = OUT_OVER(memory);
    if (e != ERR_OK) {
        request_refuse_code(r, e);
        return;
    }
    sessions_remove_of(&r->server->sessions, r->session.row.account, r->session.row.id);
    hub_end_account(r->server->hub, r->session.sign_pk, r->session.row.id);
    cbor_put_map(&o, 1);
    cbor_put_uint(&o, 1);
    cbor_put_uint(&o, creds->version);
    request_answer(r, 200, out_str(&o));
}

void api_creds(struct request *r)
{
    struct account_creds *creds = arena_take(&r->arena, sizeof *creds);
    enum err e = creds == NULL ? ERR_NO_MEMORY : creds_read(r, creds);
    if (e != ERR_OK) {
        request_refuse_code(r, e);
        return;
    }
    r->work = creds;
    request_write(r, creds_apply, creds_settle);
}

/* ---- DELETE /v1/account -------------------------------------------------------------------------------- */

static enum err close_read(struct request *r)
{
    enum { TO_ORIGIN = 1, TO_CHALLENGE, SIGNATURE };
    uint8_t sig[SIG_BYTES];
    struct cbor_map body;
    struct statement_to to;
    enum err e = request_body(r, CBOR_KEY(TO_ORIGIN) | CBOR_KEY(TO_CHALLENGE) | CBOR_KEY(SIGNATURE), 0, &body);
    if (e == ERR_OK) e = cbor_bytes_n(body.item[SIGNATURE], sig, sizeof sig);
    if (e == ERR_OK) e = request_statement(r, body.item[TO_ORIGIN], body.item[TO_CHALLENGE], &to);
    if (e != ERR_OK) return e;
    struct statement statement = statement_close(to, r->session.sign_pk);
    return statement_fits(sig, &statement, r->session.sign_pk) ? request_take_challenge(r) : ERR_BAD_SIGNATURE;
}

static enum err close_apply(struct write *write, const struct writer_desk *desk)
{
    enum err e = store_account_remove(desk->store, request_of_write(write)->session.row.account);
    return e == ERR_NOT_FOUND ? ERR_NO_SESSION : e;
}

static void close_settle(struct write *write, enum err e)
{
    struct request *r = request_of_write(write);
    if (e != ERR_OK) {
        request_refuse_code(r, e);
        return;
    }
    sessions_remove_of(&r->server->sessions, r->session.row.account, NULL);
    hub_end_account(r->server->hub, r->session.sign_pk, NULL);
    request_answer(r, 204, (struct str){0});
}

void api_account_close(struct request *r)
{
    enum err e = close_read(r);
    if (e == ERR_OK) request_write(r, close_apply, close_settle);
    else request_refuse_code(r, e);
}
