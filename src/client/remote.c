/* remote.c -- see remote.h: what all requests share, and what a server says of itself. */
#include "client/remote.h"

#include <stdlib.h>

#include "client/remote_ask.h"

enum err remote_open(const struct fetch_options *options, struct remote **remote)
{
    struct remote *r = calloc(1, sizeof *r);
    if (r == NULL) return ERR_NO_MEMORY;
    r->detail.text = "";
    enum err e = fetch_open(options, &r->fetch);
    if (e != ERR_OK) {
        free(r);
        return e;
    }
    *remote = r;
    return ERR_OK;
}

void remote_close(struct remote *remote)
{
    if (remote == NULL) return;
    fetch_close(remote->fetch);
    wipe(remote, sizeof *remote);
    free(remote);
}

void remote_use(struct remote *remote, const uint8_t token[static ACCOUNT_TOKEN_BYTES])
{
    memmove(remote->token, token, ACCOUNT_TOKEN_BYTES);
    remote->has_token = true;
}

void remote_forget(struct remote *remote)
{
    wipe(remote->token, sizeof remote->token);
    remote->has_token = false;
}

const struct remote_detail *remote_detail(const struct remote *remote)
{
    return &remote->detail;
}

/* ---- one request --------------------------------------------------------------------------------------- */

enum err remote_ask(struct remote *remote, const struct remote_ask *ask, int *status, struct str *body)
{
    const uint8_t *own = ask->who == REMOTE_SIGNED_IN && remote->has_token ? remote->token : NULL;
    const uint8_t *token = ask->token != NULL ? ask->token : own;
    struct fetch_answer answer;
    remote->detail = (struct remote_detail){.text = ""};
    if (ask->who == REMOTE_SIGNED_IN && token == NULL) return ERR_NO_SESSION;
    struct fetch_ask http = {.method = ask->method, .path = ask->path, .token = token, .body = ask->body};
    enum err e = fetch_ask(remote->fetch, &http, &answer);
    if (e != ERR_OK) {
        remote->detail.text = fetch_trouble(remote->fetch);
        return e;
    }
    remote->detail.status = answer.status;
    if (answer.status != ask->status[0] && answer.status != ask->status[1]) {
        remote->detail.retry_after_s = answer.retry_after_s;
        return remote_read_refusal(answer.status, answer.body, &remote->detail);
    }
    if (status != NULL) *status = answer.status;
    *body = answer.body;
    return ERR_OK;
}

enum err remote_judged(struct remote *remote, enum err e)
{
    if (e == ERR_BAD_SERVER) remote->detail.text = "It answered, and the answer makes no sense.";
    return e;
}

enum err remote_body_to(struct remote *remote, uint8_t challenge[static CHALLENGE_BYTES], struct body_to *to)
{
    uint64_t server_ms;
    enum err e = remote_challenge(remote, challenge, &server_ms);
    if (e == ERR_OK) *to = (struct body_to){.origin = fetch_origin(remote->fetch), .challenge = challenge};
    return e;
}

/* ---- the server ---------------------------------------------------------------------------------------- */

enum err remote_server(struct remote *remote, struct remote_server *server)
{
    struct str body;
    struct remote_ask ask = {.method = "GET", .path = "/v1/server", .status = {200}};
    enum err e = remote_ask(remote, &ask, NULL, &body);
    return e == ERR_OK ? remote_judged(remote, remote_read_server(body, server)) : e;
}

enum err remote_health(struct remote *remote)
{
    struct str body;
    struct remote_ask ask = {.method = "GET", .path = "/healthz", .status = {200}};
    enum err e = remote_ask(remote, &ask, NULL, &body);
    return e == ERR_OK ? remote_judged(remote, remote_read_health(body)) : e;
}

enum err remote_challenge(struct remote *remote, uint8_t challenge[static CHALLENGE_BYTES], uint64_t *server_ms)
{
    struct str body;
    struct remote_ask ask = {.method = "GET", .path = "/v1/challenge", .status = {200}};
    enum err e = remote_ask(remote, &ask, NULL, &body);
    return e == ERR_OK ? remote_judged(remote, remote_read_challenge(body, challenge, server_ms)) : e;
}
