/* routes.c -- see routes.h. */
#include "server/routes.h"

#include <stdlib.h>

#include "server/clock.h"
#include "server/log.h"

/* A route's columns stand in routes.h; allow is what the path's rows answer, all together. */
static const struct route routes[] = {
    {"root", HTTP_GET, "/", "GET, HEAD", WHO_ANYONE, RATE_OF_NONE, false, api_root},
    {"healthz", HTTP_GET, "/healthz", "GET, HEAD", WHO_ANYONE, RATE_OF_NONE, false, api_health},
    {"metrics", HTTP_GET, "/metrics", "GET, HEAD", WHO_ANYONE, RATE_OF_NONE, false, api_metrics},
    {"server", HTTP_GET, "/v1/server", "GET, HEAD", WHO_ANYONE, RATE_OF_CHALLENGE, false, api_server},
    {"challenge", HTTP_GET, "/v1/challenge", "GET, HEAD", WHO_ANYONE, RATE_OF_CHALLENGE, false, api_challenge},
    {"register", HTTP_POST, "/v1/accounts", "POST", WHO_ANYONE, RATE_OF_REGISTER, true, api_register},
    {"account", HTTP_GET, "/v1/account", "GET, HEAD, DELETE", WHO_SESSION, RATE_OF_READ, false, api_account},
    {"account_close", HTTP_DELETE, "/v1/account", "GET, HEAD, DELETE",
     WHO_SESSION, RATE_OF_READ, true, api_account_close},
    {"creds", HTTP_PUT, "/v1/account/creds", "PUT", WHO_SESSION, RATE_OF_READ, true, api_creds},
    {"login", HTTP_POST, "/v1/sessions", "POST, GET, HEAD, DELETE", WHO_ANYONE, RATE_OF_LOGIN, true, api_login},
    {"sessions", HTTP_GET, "/v1/sessions", "POST, GET, HEAD, DELETE", WHO_SESSION, RATE_OF_READ, false, api_sessions},
    {"sessions_end", HTTP_DELETE, "/v1/sessions", "POST, GET, HEAD, DELETE",
     WHO_SESSION, RATE_OF_READ, false, api_sessions_end},
    {"session_end", HTTP_DELETE, "/v1/sessions/:session", "DELETE", WHO_SESSION, RATE_OF_READ, false, api_session_end},
    {"circles", HTTP_GET, "/v1/circles", "GET, HEAD, POST", WHO_SESSION, RATE_OF_READ, false, api_circles},
    {"circle_create", HTTP_POST, "/v1/circles", "GET, HEAD, POST",
     WHO_SESSION, RATE_OF_APPEND, true, api_circle_create},
    {"entries", HTTP_GET, "/v1/circles/:circle/entries", "GET, HEAD, POST",
     WHO_VISITOR, RATE_OF_READ, false, api_entries},
    {"append", HTTP_POST, "/v1/circles/:circle/entries", "GET, HEAD, POST",
     WHO_SESSION, RATE_OF_APPEND, true, api_append},
    {"invite_open", HTTP_POST, "/v1/invites", "POST", WHO_ANYONE, RATE_OF_INVITE, true, api_invite_open},
    {"live", HTTP_GET, "/v1/live", "GET, HEAD", WHO_SESSION, RATE_OF_READ, false, api_live},
};
enum { ROUTE_N = sizeof routes / sizeof *routes };

/* Room for one request: its entries taken apart, and small things. The body is http's. */
enum { REQUEST_ARENA_BYTES = 256 * 1024 };

/* ---- finding ----------------------------------------------------------------------------------------- */

/* Bytes from exactly 2n lower-case hexadecimal digits. */
static bool hex_read(struct str text, uint8_t *bytes, size_t n)
{
    if (text.len != 2 * n) return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        bool is_digit = c >= '0' && c <= '9', is_letter = c >= 'a' && c <= 'f';
        if (!is_digit && !is_letter) return false;
        uint8_t half = (uint8_t)(is_digit ? c - '0' : c - 'a' + 10);
        bytes[i / 2] = (uint8_t)(i % 2 == 0 ? half << 4 : bytes[i / 2] | half);
    }
    return true;
}

enum { PARTS_MAX = 6 };

/* What stands between the slashes of a path; PARTS_MAX + 1 if there is more than any route has. */
static size_t split(struct str path, struct str part[static PARTS_MAX])
{
    size_t part_n = 0, start = 1;
    for (size_t i = 1; i <= path.len; i++) {
        if (i < path.len && path.at[i] != '/') continue;
        if (part_n == PARTS_MAX) return PARTS_MAX + 1;
        part[part_n++] = str_at(path.at + start, i - start);
        start = i + 1;
    }
    return part_n;
}

/* Whether a path may be the route's by how it begins: as far as the first part that has no fixed text. */
static bool begins_alike(const char *want, struct str path)
{
    size_t i = 0;
    while (i < path.len && want[i] != '\0' && (uint8_t)want[i] == path.at[i]) i++;
    return want[i] == ':' || (want[i] == '\0' && i == path.len);
}

/* Whether a path is the route's. Nothing is decoded: a path with a '%' or '..' in it fits none. */
static bool path_fits(const struct route *route, struct str path, struct request *r)
{
    struct str want[PARTS_MAX], part[PARTS_MAX];
    size_t part_n = split(path, part);
    if (part_n != split(str_of_text(route->path), want)) return false;
    for (size_t i = 0; i < part_n; i++) {
        bool fits = str_is(want[i], part[i]);
        if (str_is(want[i], STR(":circle"))) fits = hex_read(part[i], r->circle, HASH_BYTES);
        if (str_is(want[i], STR(":session"))) fits = hex_read(part[i], r->named, ID_BYTES);
        if (!fits) return false;
    }
    return true;
}

/* The route of a call; r->route is also one of its path's when only the method is wrong. */
static enum err route_find(struct request *r)
{
    struct str path = http_path(r->call);
    enum http_method method = http_method(r->call);
    if (method == HTTP_HEAD) method = HTTP_GET;
    for (size_t i = 0; i < ROUTE_N; i++) {
        if (!begins_alike(routes[i].path, path) || !path_fits(&routes[i], path, r)) continue;
        r->route = &routes[i];
        if (routes[i].method == method) return ERR_OK;
    }
    return r->route != NULL ? ERR_BAD_METHOD : ERR_NO_ROUTE;
}

/* ---- judging: what can be told from the headers ------------------------------------------------------- */

static bool is_cbor(struct str type)
{
    return str_is(type, STR("application/cbor")) || str_is(type, STR("application/cbor-seq"));
}

static enum err judge_body(struct request *r)
{
    struct str type;
    uint64_t length;
    if (!r->route->has_body) {
        http_limit_body(r->call, 0);
        return http_length(r->call, &length) && length > 0 ? ERR_TOO_LARGE : ERR_OK;
    }
    if (!http_header(r->call, "Content-Type", &type) || !is_cbor(type)) return ERR_BAD_TYPE;
    if (!http_length(r->call, &length)) return ERR_NO_LENGTH;
    return length > LIMIT_BODY_BYTES ? ERR_TOO_LARGE : ERR_OK;
}

/* The hash of the bearer token, if there is one in the form of ours. */
static bool token_hash(struct request *r, uint8_t hash[static HASH_BYTES])
{
    struct str header;
    uint8_t token[ACCOUNT_TOKEN_BYTES];
    if (!http_header(r->call, "Authorization", &header) || !str_starts(header, STR("Bearer "))) return false;
    bool is_token = hex_read(str_at(header.at + 7, header.len - 7), token, sizeof token);
    if (is_token) account_token_hash(hash, token);
    wipe(token, sizeof token);
    return is_token;
}

struct touching {
    struct write write;
    uint8_t id[ID_BYTES];
    uint64_t used_ms;
};

/* The last use of a session goes to the store once a day, along with whatever is written next. */
static enum err touch(struct write *write, const struct writer_desk *desk)
{
    struct touching *t = (struct touching *)(void *)write;
    enum err e = store_session_touch(desk->store, t->id, t->used_ms);
    return e == ERR_NOT_FOUND ? ERR_OK : e; /* revoked meanwhile */
}

static void touch_settle(struct write *write, enum err e)
{
    struct log_line line;
    if (e != ERR_OK && log_begin(&line, LOG_WARNING, "session_touch")) {
        log_text(&line, "error", err_code(e));
        log_end(&line);
    }
    free(write);
}

static void touch_later(struct server *server, const struct session *session)
{
    struct touching *t = malloc(sizeof *t);
    if (t == NULL) return; /* the next day's first use will write it */
    *t = (struct touching){.write = {.apply = touch, .settle = touch_settle}, .used_ms = session->row.used_ms};
    memcpy(t->id, session->row.id, ID_BYTES);
    writer_submit(server->writer, &t->write);
}

static enum err judge_who(struct request *r)
{
    struct server *server = r->server;
    uint8_t hash[HASH_BYTES];
    bool is_stale = false;
    if (r->route->who == WHO_ANYONE) return ERR_OK;
    if (!token_hash(r, hash)) return ERR_NO_SESSION;
    uint64_t now_ms = clock_now_ms();
    enum err e = sessions_use(&server->sessions, hash, now_ms, &r->session, &is_stale);
    r->has_session = e == ERR_OK;
    if (is_stale) touch_later(server, &r->session);
    if (r->has_session || r->route->who != WHO_VISITOR) return e;
    return visits_may_read(&server->visits, hash, r->circle, now_ms) ? ERR_OK : ERR_NO_SESSION;
}

/* Which rule and whose bucket. */
static enum err judge_rate(struct request *r, uint64_t *wait_ms)
{
    const struct config *c = r->server->config;
    const struct { enum rate_kind kind; const struct rate_rule *rule; } by_route[] = {
        [RATE_OF_CHALLENGE] = {RATE_CHALLENGE, &c->rate_challenge},
        [RATE_OF_LOGIN] = {RATE_LOGIN, &c->rate_login},
        [RATE_OF_REGISTER] = {RATE_REGISTER, &c->rate_register},
        [RATE_OF_INVITE] = {RATE_INVITE_OPEN, &c->rate_invite_open},
        [RATE_OF_APPEND] = {RATE_APPEND, &c->rate_append},
        [RATE_OF_READ] = {RATE_READ, &c->rate_read},
    };
    enum route_rate rate = r->route->rate;
    if (rate == RATE_OF_NONE) return ERR_OK;
    bool is_by_session = rate >= RATE_OF_APPEND && r->has_session;
    struct str key = is_by_session ? STR_OF(r->session.row.id) : ip_group(http_client(r->call));
    return rate_take(r->server->rate, by_route[rate].kind, by_route[rate].rule, key, clock_steady_us() / 1000, wait_ms);
}

static void refuse_method(struct request *r)
{
    struct http_answer answer = {.status = err_http(ERR_BAD_METHOD), .allow = r->route->allow};
    uint8_t memory[32];
    struct out o = OUT_OVER(memory);
    cbor_put_map(&o, 1);
    cbor_put_uint(&o, 1);
    cbor_put_text(&o, str_of_text(err_code(ERR_BAD_METHOD)));
    r->error = ERR_BAD_METHOD;
    request_answer_with(r, &answer, out_str(&o));
}

static void judge(void *of, struct http_call *call)
{
    struct request *r = calloc(1, sizeof *r);
    uint64_t wait_ms = 0;
    if (r == NULL) {
        http_refuse(call, ERR_NO_MEMORY, 0);
        return;
    }
    *http_slot(call, 0) = r;
    r->server = of;
    r->call = call;
    arena_init(&r->arena, REQUEST_ARENA_BYTES);
    enum err e = atomic_load(&r->server->is_ready) ? route_find(r) : ERR_BUSY;
    if (e == ERR_BAD_METHOD) {
        refuse_method(r);
        return;
    }
    if (e == ERR_OK) e = judge_body(r);
    if (e == ERR_OK) e = judge_who(r);
    if (e == ERR_OK) e = judge_rate(r, &wait_ms);
    if (e == ERR_OK) return;
    struct refusal refusal = {.code = e, .retry_after_s = e == ERR_SLOW_DOWN ? (unsigned)(wait_ms / 1000 + 1) : 0};
    request_refuse(r, &refusal);
}

static void run(void *of, struct http_call *call)
{
    struct request *r = *http_slot(call, 0);
    (void)of;
    r->route->run(r);
}

/* ---- done ------------------------------------------------------------------------------------------------ */

static void log_done(const struct request *r, const char *route, int status, uint64_t sent_bytes)
{
    struct log_line line;
    bool is_ours = status >= 500;
    if (!log_begin(&line, is_ours ? LOG_WARNING : LOG_DEBUG, "answer")) return;
    log_text(&line, "route", route);
    log_number(&line, "status", (uint64_t)status);
    if (r->error != ERR_OK) log_text(&line, "error", err_code(r->error));
    log_number(&line, "us", http_age_us(r->call));
    log_number(&line, "bytes", sent_bytes);
    log_ip(&line, "client", http_client(r->call));
    log_end(&line);
}

static void done(void *of, struct http_call *call, int status, uint64_t sent_bytes)
{
    struct server *server = of;
    struct request *r = *http_slot(call, 0);
    if (r == NULL) { /* http refused it by itself */
        metrics_count(server->metrics, METRICS_NO_ROUTE, status, ERR_OK, http_age_us(call), sent_bytes);
        return;
    }
    int place = METRICS_NO_ROUTE;
    if (r->route != NULL) place = (int)(r->route - routes);
    metrics_count(server->metrics, place, status, r->error, http_age_us(call), sent_bytes);
    log_done(r, r->route == NULL ? "none" : r->route->name, status, sent_bytes);
    hub_stream_close(r->stream);
    arena_fini(&r->arena);
    free(r);
}

struct http_owner routes_owner(struct server *server)
{
    return (struct http_owner){.of = server, .judge = judge, .run = run, .done = done};
}

size_t routes_names(const char *name[static ROUTES_MAX])
{
    _Static_assert((int)ROUTE_N <= (int)ROUTES_MAX, "routes.h leaves too little room");
    for (size_t i = 0; i < ROUTE_N; i++) name[i] = routes[i].name;
    return ROUTE_N;
}
