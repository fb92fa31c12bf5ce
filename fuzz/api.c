/* api.c -- what strangers, members and former members may send to the server's routes, lawful or not: every
 * request has one answer, in the form that it should have; one that is refused changes nothing; and in the end
 * all that is kept fits together and proves itself.
 *
 * The input is a list of requests: a route, who asks, and choices for all that is in it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kit/api_body.h"
#include "kit/fake_clock.h"
#include "kit/fake_http.h"
#include "server/routes.h"

enum { REQUESTS = 12, STREAMS = 4, PATH_BYTES = 256 };

void fuzz_open(void)
{
    api_fixed_init();
}

/* ---- one input ---------------------------------------------------------------------------------------- */

struct trial {
    struct fuzz_in in;
    struct arena arena;
    struct api_world world;
    struct http_call *stream[STREAMS];
    size_t stream_n, good_n, refused_n;
};

/* One request in the making. */
struct asking {
    struct fake_http_ask ask;
    const uint8_t *circle; /* of the path, or one that is to begin */
    size_t who;            /* whose token, or whose keys           */
    uint8_t path[PATH_BYTES];
};

typedef struct str make_body(struct api_world *w, struct arena *a, size_t who, struct fuzz_in *in);

static const struct row {
    enum http_method method;
    const char *before, *behind; /* of the path; a circle or a session stands in between */
    enum { MIDDLE_NONE, MIDDLE_CIRCLE, MIDDLE_SESSION } middle;
    enum { BODY_NONE, BODY_MAP, BODY_ENTRIES } body;
    make_body *make;
} rows[] = {
    {HTTP_GET, "/", "", MIDDLE_NONE, BODY_NONE, NULL},
    {HTTP_GET, "/healthz", "", MIDDLE_NONE, BODY_NONE, NULL},
    {HTTP_GET, "/metrics", "", MIDDLE_NONE, BODY_NONE, NULL},
    {HTTP_GET, "/v1/server", "", MIDDLE_NONE, BODY_NONE, NULL},
    {HTTP_GET, "/v1/challenge", "", MIDDLE_NONE, BODY_NONE, NULL},
    {HTTP_POST, "/v1/accounts", "", MIDDLE_NONE, BODY_MAP, api_body_register},
    {HTTP_GET, "/v1/account", "", MIDDLE_NONE, BODY_NONE, NULL},
    {HTTP_DELETE, "/v1/account", "", MIDDLE_NONE, BODY_MAP, api_body_close},
    {HTTP_PUT, "/v1/account/creds", "", MIDDLE_NONE, BODY_MAP, api_body_creds},
    {HTTP_POST, "/v1/sessions", "", MIDDLE_NONE, BODY_MAP, api_body_login},
    {HTTP_GET, "/v1/sessions", "", MIDDLE_NONE, BODY_NONE, NULL},
    {HTTP_DELETE, "/v1/sessions", "", MIDDLE_NONE, BODY_NONE, NULL},
    {HTTP_DELETE, "/v1/sessions/", "", MIDDLE_SESSION, BODY_NONE, NULL},
    {HTTP_GET, "/v1/circles", "", MIDDLE_NONE, BODY_NONE, NULL},
    {HTTP_POST, "/v1/circles", "", MIDDLE_NONE, BODY_ENTRIES, NULL},
    {HTTP_GET, "/v1/circles/", "/entries", MIDDLE_CIRCLE, BODY_NONE, NULL},
    {HTTP_POST, "/v1/circles/", "/entries", MIDDLE_CIRCLE, BODY_ENTRIES, NULL},
    {HTTP_POST, "/v1/circles/", "/entries", MIDDLE_CIRCLE, BODY_ENTRIES, NULL}, /* the likeliest */
    {HTTP_POST, "/v1/invites", "", MIDDLE_NONE, BODY_MAP, api_body_open},
    {HTTP_GET, "/v1/live", "", MIDDLE_NONE, BODY_NONE, NULL},
};
enum { ROW_N = sizeof rows / sizeof *rows };

/* ---- making a request --------------------------------------------------------------------------------- */

/* The owner of a token asks; now and then somebody without one, or with one that nobody has. */
static void choose_who(struct trial *t, struct asking *k)
{
    static const uint8_t nobody[ACCOUNT_TOKEN_BYTES];
    size_t i = fuzz_below(&t->in, t->world.token_n + 3);
    bool has_token = i < t->world.token_n;
    const uint8_t *token = has_token ? t->world.token[i].token : nobody;
    k->who = has_token ? t->world.token[i].who : fuzz_below(&t->in, ACTS_PEOPLE);
    if (i == t->world.token_n) return;       /* no token at all */
    uint8_t *memory = arena_take(&t->arena, 2 * ACCOUNT_TOKEN_BYTES + 8);
    EXPECT(memory != NULL);
    struct out o = out_over(memory, 2 * ACCOUNT_TOKEN_BYTES + 8);
    out_text(&o, "Bearer ");
    out_put_hex(&o, str_at(token, ACCOUNT_TOKEN_BYTES));
    if (i == t->world.token_n + 2) memory[fuzz_byte(&t->in) % o.len] = fuzz_byte(&t->in);
    k->ask.authorization = out_str(&o);
}

static void put_middle(struct trial *t, struct asking *k, const struct row *row, struct out *path)
{
    struct session own[LIMIT_SESSIONS];
    static const uint8_t unknown[HASH_BYTES] = {7};
    size_t choice = fuzz_below(&t->in, 8);
    k->circle = choice < 5 ? api_fixed.circle : choice < 7 ? api_fixed.journal : unknown;
    if (row->middle == MIDDLE_CIRCLE) out_put_hex(path, str_at(k->circle, HASH_BYTES));
    if (row->middle != MIDDLE_SESSION) return;
    uint64_t account = t->world.account[choice % API_PEOPLE];
    size_t n = sessions_of(&t->world.server.sessions, account, clock_now_ms(), own, LIMIT_SESSIONS);
    out_put_hex(path, str_at(n > 0 ? own[0].row.id : unknown, ID_BYTES));
}

static void put_query(struct trial *t, struct asking *k, const struct row *row)
{
    static const struct str name[] = {{(const uint8_t *)"after", 5}, {(const uint8_t *)"limit", 5},
                                      {(const uint8_t *)"repair", 6}};
    struct fake_http_ask *ask = &k->ask;
    size_t choice = fuzz_below(&t->in, 16);
    if (choice > 3 || row->middle != MIDDLE_CIRCLE) return;
    if (choice == 0) {
        ask->name[0] = name[2];
        ask->value[0] = STR("1");
        ask->pair_n = 1;
        return;
    }
    for (ask->pair_n = 0; ask->pair_n < choice; ask->pair_n++) {
        ask->name[ask->pair_n] = name[fuzz_below(&t->in, 3)];
        ask->value[ask->pair_n] = fuzz_bytes(&t->in, 1 + fuzz_below(&t->in, 4));
    }
}

static void put_body(struct trial *t, struct asking *k, const struct row *row)
{
    struct str body = STR("");
    static const uint8_t none[HASH_BYTES];
    bool begins = row->middle == MIDDLE_NONE;
    if (row->body == BODY_MAP) body = row->make(&t->world, &t->arena, k->who, &t->in);
    if (row->body == BODY_ENTRIES) {
        body = api_body_entries(&t->world, &t->arena, begins ? none : k->circle, k->who, &t->in);
    }
    body = api_body_spoil(&t->arena, body, &t->in);
    bool has_body = row->body != BODY_NONE || body.len > 0;
    static const uint8_t at[1];
    if (has_body) k->ask.body = body.len > 0 ? body : str_at(at, 0);
    k->ask.type = STR("application/cbor");
    if (fuzz_below(&t->in, 32) == 1) k->ask.type = STR("text/plain");
}

static void make_request(struct trial *t, struct asking *k)
{
    const struct row *row = &rows[fuzz_below(&t->in, ROW_N)];
    struct out path = OUT_OVER(k->path);
    *k = (struct asking){.ask = {.method = row->method}};
    choose_who(t, k);
    out_text(&path, row->before);
    put_middle(t, k, row, &path);
    out_text(&path, row->behind);
    if (fuzz_below(&t->in, 32) == 1) k->ask.method = (enum http_method)fuzz_below(&t->in, HTTP_OTHER + 1);
    if (fuzz_below(&t->in, 32) == 1) k->path[fuzz_byte(&t->in) % path.len] = (uint8_t)(0x21 + fuzz_below(&t->in, 94));
    k->path[0] = '/';
    k->ask.path = out_str(&path);
    put_query(t, k, row);
    put_body(t, k, row);
}

/* ---- what came back ----------------------------------------------------------------------------------- */

static bool is_type(const struct fake_http_reply *reply, const char *type)
{
    return reply->type != NULL && strcmp(reply->type, type) == 0;
}

static void expect_sequence(struct str body)
{
    while (body.len > 0) {
        struct str item;
        EXPECT(cbor_first(body, &item, &body) == ERR_OK);
    }
}

/* {1: code, ? 2: detail}, and the status that belongs to the code; nothing that is the server's own fault. */
static void expect_refusal(const struct fake_http_reply *reply)
{
    struct cbor_map map, detail;
    struct str code;
    EXPECT(is_type(reply, "application/cbor") && cbor_map(reply->body, &map) == ERR_OK);
    EXPECT(cbor_map_is(&map, CBOR_KEY(1), CBOR_KEY(2)) && cbor_text(map.item[1], &code) == ERR_OK);
    enum err e = err_from_code(code);
    if (e == ERR_QUOTA) EXPECT(reply->status == err_http(e) || reply->status == err_http(ERR_TOO_MANY_CIRCLES));
    else EXPECT(reply->status == err_http(e) && reply->status < 500);
    EXPECT((reply->retry_after_s > 0) == (reply->status == 429));
    if (!cbor_map_has(&map, 2)) return;
    EXPECT(cbor_map(map.item[2], &detail) == ERR_OK && detail.keys != 0 && (detail.keys & ~0xfeu) == 0);
}

static void expect_good(const struct fake_http_reply *reply)
{
    if (is_type(reply, "application/cbor")) EXPECT(cbor_check(reply->body) == ERR_OK);
    else if (is_type(reply, "application/cbor-seq")) expect_sequence(reply->body);
    else if (reply->type != NULL) EXPECT(strncmp(reply->type, "text/plain", 10) == 0 && str_is_utf8(reply->body));
    else EXPECT(reply->status == 204 && reply->body.len == 0);
}

/* A token that was given is used from then on. */
static void keep_token(struct trial *t, const struct asking *k, const struct fake_http_reply *reply)
{
    struct cbor_map map;
    struct api_world *w = &t->world;
    bool is_login = reply->status == 201 && str_is(k->ask.path, STR("/v1/sessions"));
    bool is_visit = reply->status == 200 && str_is(k->ask.path, STR("/v1/invites"));
    if ((!is_login && !is_visit) || w->token_n == API_TOKENS) return;
    struct api_token *token = &w->token[w->token_n++];
    EXPECT(cbor_map(reply->body, &map) == ERR_OK);
    EXPECT(cbor_bytes_n(map.item[is_login ? 1 : 3], token->token, ACCOUNT_TOKEN_BYTES) == ERR_OK);
    token->who = is_login && k->who < API_PEOPLE ? k->who : DORA; /* a visitor is whoever was invited */
}

/* With FUZZ_TELLS in the environment: what was asked by whom, and the beginning of what was answered. */
static void tell(const struct asking *k, const struct fake_http_reply *reply)
{
    static const char *const word[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OTHER"};
    if (getenv("FUZZ_TELLS") == NULL) return;
    fprintf(stderr, "  person %zu: %s %.*s, %zu bytes -> %d ", k->who, word[k->ask.method], (int)k->ask.path.len,
            (const char *)k->ask.path.at, k->ask.body.len, reply->status);
    for (size_t i = 0; i < reply->body.len && i < 60; i++) {
        uint8_t c = reply->body.at[i];
        fputc(c >= ' ' && c < 0x7f ? c : '.', stderr);
    }
    fputc('\n', stderr);
}

static void do_request(struct trial *t)
{
    struct asking k;
    struct fake_http_reply reply;
    uint8_t before[HASH_BYTES], after[HASH_BYTES];
    make_request(t, &k);
    api_world_digest(&t->world, before);
    struct http_call *call = fake_http_do(&t->world.owner, &k.ask, &reply);
    api_world_digest(&t->world, after);
    tell(&k, &reply);
    bool is_asking = k.ask.method == HTTP_GET || k.ask.method == HTTP_HEAD;
    EXPECT((reply.status < 400 && !is_asking) || memcmp(before, after, sizeof before) == 0);
    if (reply.is_stream && t->stream_n < STREAMS) {
        t->stream[t->stream_n++] = call;
        t->good_n++;
        return;
    }
    if (reply.status >= 400) expect_refusal(&reply);
    else if (!reply.is_stream) expect_good(&reply);
    ++*(reply.status < 400 ? &t->good_n : &t->refused_n);
    keep_token(t, &k, &reply);
    fake_http_end(call);
}

/* A stream says first how many circles there are, and of each where it is. */
static void end_stream(struct http_call *call)
{
    struct str said = fake_http_pull(call);
    EXPECT(said.len == 0 || str_starts(said, STR("event: list\ndata: ")));
    EXPECT(said.len == 0 || str_is(str_at(said.at + said.len - 2, 2), STR("\n\n")));
    fake_http_end(call);
}

void fuzz_one(struct str input)
{
    static struct trial t;
    uint8_t before[HASH_BYTES], after[HASH_BYTES];
    memset(&t, 0, sizeof t);
    t.in.left = input;
    arena_init(&t.arena, 1 << 26);
    api_world_open(&t.world);
    api_world_digest(&t.world, before);
    for (size_t i = 0; i < REQUESTS && !fuzz_is_over(&t.in); i++) do_request(&t);
    api_world_digest(&t.world, after);
    for (size_t i = 0; i < t.stream_n; i++) end_stream(t.stream[i]);
    bool has_changed = memcmp(before, after, sizeof before) != 0;
    if (has_changed) api_world_expect_whole(&t.world); /* it was whole before */
    api_world_close(&t.world);
    arena_fini(&t.arena);
    if (t.good_n > 0 && t.refused_n == 0) fuzz_good();
}
