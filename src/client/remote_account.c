/* remote_account.c -- opening an account, its ways in, its sessions, and ending it. */
#include "client/remote.h"

#include "client/remote_ask.h"

static struct str built(const struct out *o)
{
    EXPECT(!o->is_full);
    return out_str(o);
}

/* ---- opening ------------------------------------------------------------------------------------------- */

enum err remote_register(struct remote *remote, const struct secret_identity *me, const struct account_cred *cred,
                         const struct remote_leave *leave, bool *was_there)
{
    uint8_t memory[BODY_BYTES], challenge[CHALLENGE_BYTES];
    struct out o = OUT_OVER(memory);
    struct body_to to;
    struct body_leave by = {leave->permit, leave->invite_secret};
    struct str body;
    int status = 0;
    enum err e = remote_body_to(remote, challenge, &to);
    if (e != ERR_OK) return e;
    body_register(&o, to, me, cred, &by);
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
    uint8_t memory[BODY_BYTES], challenge[CHALLENGE_BYTES];
    struct out o = OUT_OVER(memory);
    struct body_to to;
    struct str body;
    uint64_t version;
    enum err e = remote_body_to(remote, challenge, &to);
    if (e != ERR_OK) return e;
    body_creds(&o, to, me, creds);
    struct remote_ask ask = {.method = "PUT", .path = "/v1/account/creds", .who = REMOTE_SIGNED_IN,
                             .body = built(&o), .status = {200}};
    e = remote_ask(remote, &ask, NULL, &body);
    if (e == ERR_OK) e = remote_judged(remote, remote_read_creds_version(body, &version));
    if (e == ERR_OK && version != creds->version) e = remote_judged(remote, ERR_BAD_SERVER);
    return e;
}

enum err remote_close_account(struct remote *remote, const struct secret_identity *me)
{
    uint8_t memory[BODY_BYTES], challenge[CHALLENGE_BYTES];
    struct out o = OUT_OVER(memory);
    struct body_to to;
    struct str body;
    enum err e = remote_body_to(remote, challenge, &to);
    if (e != ERR_OK) return e;
    body_close(&o, to, me);
    struct remote_ask ask = {.method = "DELETE", .path = "/v1/account", .who = REMOTE_SIGNED_IN, .body = built(&o),
                             .status = {204}};
    return remote_ask(remote, &ask, NULL, &body);
}

/* ---- sessions ------------------------------------------------------------------------------------------ */

enum err remote_login(struct remote *remote, const struct secret_access *access, struct remote_login *login)
{
    uint8_t memory[BODY_BYTES], challenge[CHALLENGE_BYTES];
    struct out o = OUT_OVER(memory);
    struct body_to to;
    struct str body;
    enum err e = remote_body_to(remote, challenge, &to);
    if (e != ERR_OK) return e;
    body_login(&o, to, access);
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
