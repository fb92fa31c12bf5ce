/* remote_account.c -- opening an account, its ways in, its sessions, and ending it. */
#include "client/remote.h"

#include "client/remote_ask.h"

/* The longest body of each. */
enum {
    REGISTER_BYTES = 2 * (SIGN_PK_BYTES + 3) + ACCOUNT_CRED_TEXT_BYTES + SIGN_PK_BYTES + SIG_BYTES + 16 +
                     REMOTE_STATEMENT_BYTES,
    LOGIN_BYTES = ID_BYTES + 3 + REMOTE_STATEMENT_BYTES + 1,
    CREDS_BYTES = ACCOUNT_CREDS_TEXT_BYTES + 2 + REMOTE_STATEMENT_BYTES,
    CLOSE_BYTES = REMOTE_STATEMENT_BYTES + 1,
};

static struct str built(const struct out *o)
{
    EXPECT(!o->is_full);
    return out_str(o);
}

/* ---- opening ------------------------------------------------------------------------------------------- */

enum { SIGN_PK = 1, BOX_PK, CRED, PERMIT, INVITE, REGISTER_STATEMENT };

static void put_leave(struct out *o, const struct remote_leave *leave, struct statement_to to,
                      const struct secret_identity *me)
{
    if (leave->permit != NULL) {
        remote_put_bytes(o, PERMIT, leave->permit, SECRET_BYTES);
        return;
    }
    struct invite_keys keys;
    uint8_t sig[SIG_BYTES];
    struct statement statement = statement_permit(to, me->sign_pk);
    invite_keys_init(&keys, leave->invite_secret);
    statement_sign(sig, &statement, keys.sk);
    cbor_put_uint(o, INVITE);
    cbor_put_list(o, 2);
    cbor_put_bytes(o, STR_OF(keys.pk));
    cbor_put_bytes(o, STR_OF(sig));
    invite_keys_fini(&keys);
}

enum err remote_register(struct remote *remote, const struct secret_identity *me, const struct account_cred *cred,
                         const struct remote_leave *leave, bool *was_there)
{
    uint8_t memory[REGISTER_BYTES], cred_memory[ACCOUNT_CRED_TEXT_BYTES], challenge[CHALLENGE_BYTES], sig[SIG_BYTES];
    struct out o = OUT_OVER(memory), cred_out = OUT_OVER(cred_memory);
    struct statement_to to;
    struct str body;
    int status = 0;
    EXPECT((leave->permit == NULL) != (leave->invite_secret == NULL));
    enum err e = remote_statement_to(remote, challenge, &to);
    if (e != ERR_OK) return e;
    account_cred_put(&cred_out, cred);
    struct statement statement = statement_register(to, me->sign_pk, me->box_pk, built(&cred_out));
    statement_sign(sig, &statement, me->sign_sk);
    cbor_put_map(&o, 7);
    remote_put_bytes(&o, SIGN_PK, me->sign_pk, SIGN_PK_BYTES);
    remote_put_bytes(&o, BOX_PK, me->box_pk, BOX_PK_BYTES);
    cbor_put_uint(&o, CRED);
    out_put(&o, built(&cred_out));
    put_leave(&o, leave, to, me);
    remote_put_statement(&o, REGISTER_STATEMENT, remote, challenge, sig);
    struct remote_ask ask = {.method = "POST", .path = "/v1/accounts", .body = built(&o), .status = {201, 200}};
    e = remote_ask(remote, &ask, &status, &body);
    wipe(memory, sizeof memory); /* the permit */
    if (e == ERR_OK) e = remote_judged(remote, remote_read_nothing(body));
    if (e == ERR_OK && was_there != NULL) *was_there = status == 200;
    return e;
}

/* ---- the account --------------------------------------------------------------------------------------- */

enum err remote_account(struct remote *remote, struct remote_account *account)
{
    struct str body;
    struct remote_ask ask = {.method = "GET", .path = "/v1/account", .who = REMOTE_SIGNED_IN, .status = {200}};
    enum err e = remote_ask(remote, &ask, NULL, &body);
    return e == ERR_OK ? remote_judged(remote, remote_read_account(body, account)) : e;
}

enum err remote_put_creds(struct remote *remote, const struct secret_identity *me, const struct account_creds *creds)
{
    uint8_t memory[CREDS_BYTES], list[ACCOUNT_CREDS_TEXT_BYTES], challenge[CHALLENGE_BYTES], sig[SIG_BYTES];
    struct out o = OUT_OVER(memory), list_out = OUT_OVER(list);
    struct statement_to to;
    struct str body;
    uint64_t version;
    enum err e = remote_statement_to(remote, challenge, &to);
    if (e != ERR_OK) return e;
    account_creds_put(&list_out, creds);
    struct statement statement = statement_creds(to, built(&list_out));
    statement_sign(sig, &statement, me->sign_sk);
    cbor_put_map(&o, 4);
    cbor_put_uint(&o, 1);
    out_put(&o, built(&list_out));
    remote_put_statement(&o, 2, remote, challenge, sig);
    struct remote_ask ask = {.method = "PUT", .path = "/v1/account/creds", .who = REMOTE_SIGNED_IN,
                             .body = built(&o), .status = {200}};
    e = remote_ask(remote, &ask, NULL, &body);
    if (e == ERR_OK) e = remote_judged(remote, remote_read_creds_version(body, &version));
    if (e == ERR_OK && version != creds->version) e = remote_judged(remote, ERR_BAD_SERVER);
    return e;
}

enum err remote_close_account(struct remote *remote, const struct secret_identity *me)
{
    uint8_t memory[CLOSE_BYTES], challenge[CHALLENGE_BYTES], sig[SIG_BYTES];
    struct out o = OUT_OVER(memory);
    struct statement_to to;
    struct str body;
    enum err e = remote_statement_to(remote, challenge, &to);
    if (e != ERR_OK) return e;
    struct statement statement = statement_close(to, me->sign_pk);
    statement_sign(sig, &statement, me->sign_sk);
    cbor_put_map(&o, 3);
    remote_put_statement(&o, 1, remote, challenge, sig);
    struct remote_ask ask = {.method = "DELETE", .path = "/v1/account", .who = REMOTE_SIGNED_IN, .body = built(&o),
                             .status = {204}};
    return remote_ask(remote, &ask, NULL, &body);
}

/* ---- sessions ------------------------------------------------------------------------------------------ */

enum err remote_login(struct remote *remote, const struct secret_access *access, struct remote_login *login)
{
    uint8_t memory[LOGIN_BYTES], challenge[CHALLENGE_BYTES], sig[SIG_BYTES];
    struct out o = OUT_OVER(memory);
    struct statement_to to;
    struct str body;
    enum err e = remote_statement_to(remote, challenge, &to);
    if (e != ERR_OK) return e;
    struct statement statement = statement_login(to, access->cred_id);
    statement_sign(sig, &statement, access->login_sk);
    cbor_put_map(&o, 4);
    remote_put_bytes(&o, 1, access->cred_id, ID_BYTES);
    remote_put_statement(&o, 2, remote, challenge, sig);
    struct remote_ask ask = {.method = "POST", .path = "/v1/sessions", .body = built(&o), .status = {201}};
    e = remote_ask(remote, &ask, NULL, &body);
    if (e == ERR_OK) e = remote_judged(remote, remote_read_login(body, login));
    if (e == ERR_OK) remote_use(remote, login->token);
    return e;
}

enum err remote_sessions(struct remote *remote, struct remote_rows *rows)
{
    struct str body;
    size_t n;
    struct remote_ask ask = {.method = "GET", .path = "/v1/sessions", .who = REMOTE_SIGNED_IN, .status = {200}};
    enum err e = remote_ask(remote, &ask, NULL, &body);
    if (e == ERR_OK) e = remote_judged(remote, remote_read_sessions(body, &n));
    if (e == ERR_OK) *rows = (struct remote_rows){._rest = body, .n = n};
    return e;
}

bool remote_next_session(struct remote_rows *rows, struct remote_session *session)
{
    struct str item;
    if (rows->_rest.len == 0) return false;
    EXPECT(cbor_first(rows->_rest, &item, &rows->_rest) == ERR_OK && remote_read_session(item, session) == ERR_OK);
    return true;
}

enum err remote_end_session(struct remote *remote, const uint8_t id[static ID_BYTES])
{
    char path[sizeof "/v1/sessions/" + 2 * ID_BYTES];
    struct out o = out_over(path, sizeof path - 1);
    struct str body;
    out_text(&o, "/v1/sessions/");
    out_put_hex(&o, str_at(id, ID_BYTES));
    EXPECT(!o.is_full);
    path[o.len] = '\0';
    struct remote_ask ask = {.method = "DELETE", .path = path, .who = REMOTE_SIGNED_IN, .status = {204}};
    return remote_ask(remote, &ask, NULL, &body);
}

enum err remote_end_others(struct remote *remote)
{
    struct str body;
    struct remote_ask ask = {.method = "DELETE", .path = "/v1/sessions", .who = REMOTE_SIGNED_IN, .status = {204}};
    return remote_ask(remote, &ask, NULL, &body);
}
