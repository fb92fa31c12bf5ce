/* fake_http.c -- see fake_http.h, and server/http.h for what each function promises. */
#include "kit/fake_http.h"

#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

#include "base/cbor.h"
#include "kit/fuzz.h"

struct http {
    unsigned port;
};

enum stage { STAGE_JUDGE, STAGE_RUN, STAGE_PARKED, STAGE_ANSWERED, STAGE_STREAM };

struct http_call {
    struct http_owner owner;
    struct fake_http_ask ask;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    enum stage stage;
    struct http_answer answer;
    uint8_t refusal[64]; /* the body of a refusal by http_refuse */
    size_t body_most;
    size_t (*pull)(void *pull_of, uint8_t *at, size_t cap);
    void *pull_of;
    unsigned wakes_n;
    bool has_ended;
    uint8_t said[FAKE_HTTP_STREAM_BYTES];
    size_t said_n;
    void *slot[HTTP_SLOTS];
    struct ip client;
};

/* ---- what was asked ----------------------------------------------------------------------------------- */

enum http_method http_method(const struct http_call *call)
{
    return call->ask.method;
}

struct str http_path(const struct http_call *call)
{
    return call->ask.path;
}

bool http_query_at(const struct http_call *call, size_t i, struct str *name, struct str *value)
{
    if (i >= call->ask.pair_n) return false;
    *name = call->ask.name[i];
    *value = call->ask.value[i];
    return true;
}

bool http_header(const struct http_call *call, const char *name, struct str *value)
{
    struct str found = {NULL, 0};
    if (strcasecmp(name, "Content-Type") == 0) found = call->ask.type;
    if (strcasecmp(name, "Authorization") == 0) found = call->ask.authorization;
    if (found.at == NULL) return false;
    *value = found;
    return true;
}

bool http_length(const struct http_call *call, uint64_t *bytes)
{
    if (call->ask.body.at == NULL) return false;
    *bytes = call->ask.body.len;
    return true;
}

struct str http_body(const struct http_call *call)
{
    EXPECT(call->stage != STAGE_JUDGE);
    return call->ask.body;
}

const struct ip *http_client(const struct http_call *call)
{
    return &call->client;
}

bool http_is_local(const struct http_call *call)
{
    (void)call;
    return true;
}

uint64_t http_age_us(const struct http_call *call)
{
    (void)call;
    return 1;
}

void **http_slot(struct http_call *call, unsigned i)
{
    EXPECT(i < HTTP_SLOTS);
    return &call->slot[i];
}

struct http *fake_http_server(void)
{
    static struct http server = {.port = 8787};
    return &server;
}

unsigned http_port(const struct http *server)
{
    return server->port;
}

struct http_gauges http_gauges(const struct http *server)
{
    (void)server;
    return (struct http_gauges){.connection_n = 1, .call_n = 1};
}

/* ---- what is answered --------------------------------------------------------------------------------- */

void http_limit_body(struct http_call *call, size_t bytes)
{
    EXPECT(call->stage == STAGE_JUDGE);
    if (bytes < call->body_most) call->body_most = bytes;
}

void http_answer(struct http_call *call, const struct http_answer *answer)
{
    EXPECT(answer->status >= 200 && answer->status <= 599);
    EXPECT((answer->body.len == 0) == (answer->type == NULL) || answer->body.len == 0);
    pthread_mutex_lock(&call->lock);
    EXPECT(call->stage <= STAGE_PARKED);
    call->answer = *answer;
    call->stage = STAGE_ANSWERED;
    pthread_cond_signal(&call->moved);
    pthread_mutex_unlock(&call->lock);
}

/* Every answer goes at once here: what there is to see is that no thread holds twice, or lets go of nothing. */
static _Thread_local bool is_holding;

void http_hold(void)
{
    EXPECT(!is_holding);
    is_holding = true;
}

void http_let_go(void)
{
    EXPECT(is_holding);
    is_holding = false;
}

void http_refuse(struct http_call *call, enum err e, unsigned retry_after_s)
{
    struct out o = OUT_OVER(call->refusal);
    EXPECT(e != ERR_OK);
    cbor_put_map(&o, 1);
    cbor_put_uint(&o, 1);
    cbor_put_text(&o, str_of_text(err_code(e)));
    http_answer(call, &(struct http_answer){.status = err_http(e), .type = "application/cbor", .body = out_str(&o),
                                            .retry_after_s = retry_after_s});
}

void http_park(struct http_call *call)
{
    EXPECT(call->stage == STAGE_RUN);
    call->stage = STAGE_PARKED;
}

void http_stream(struct http_call *call, size_t (*pull)(void *pull_of, uint8_t *at, size_t cap), void *pull_of)
{
    pthread_mutex_lock(&call->lock);
    EXPECT(call->stage == STAGE_RUN);
    call->pull = pull;
    call->pull_of = pull_of;
    call->stage = STAGE_STREAM;
    pthread_mutex_unlock(&call->lock);
}

void http_wake(struct http_call *call)
{
    pthread_mutex_lock(&call->lock);
    EXPECT(call->stage == STAGE_STREAM || call->stage == STAGE_RUN);
    call->wakes_n++;
    pthread_cond_signal(&call->moved);
    pthread_mutex_unlock(&call->lock);
}

/* ---- a call, from its beginning to its end ------------------------------------------------------------ */

struct http_call *fake_http_do(const struct http_owner *owner, const struct fake_http_ask *ask,
                               struct fake_http_reply *reply)
{
    struct http_call *call = calloc(1, sizeof *call);
    EXPECT(call != NULL);
    *call = (struct http_call){.owner = *owner, .ask = *ask, .body_most = LIMIT_BODY_BYTES};
    call->client = (struct ip){.at = {127, 0, 0, 1}};
    pthread_mutex_init(&call->lock, NULL);
    pthread_cond_init(&call->moved, NULL);
    owner->judge(owner->of, call);
    if (call->stage == STAGE_JUDGE && ask->body.len > call->body_most) http_refuse(call, ERR_TOO_LARGE, 0);
    if (call->stage == STAGE_JUDGE) {
        call->stage = STAGE_RUN;
        owner->run(owner->of, call);
    }
    pthread_mutex_lock(&call->lock);
    while (call->stage == STAGE_PARKED) pthread_cond_wait(&call->moved, &call->lock);
    EXPECT(call->stage == STAGE_ANSWERED || call->stage == STAGE_STREAM);
    pthread_mutex_unlock(&call->lock);
    *reply = (struct fake_http_reply){.status = call->answer.status, .type = call->answer.type,
                                      .body = call->answer.body, .retry_after_s = call->answer.retry_after_s};
    reply->is_stream = call->stage == STAGE_STREAM;
    if (reply->is_stream) reply->status = 200;
    return call;
}

/* Waits for a wake that has not been answered by a pull yet. */
static void await_wake(struct http_call *call, unsigned seen_n)
{
    pthread_mutex_lock(&call->lock);
    while (call->wakes_n == seen_n) pthread_cond_wait(&call->moved, &call->lock);
    pthread_mutex_unlock(&call->lock);
}

struct str fake_http_pull(struct http_call *call)
{
    EXPECT(call->stage == STAGE_STREAM);
    while (!call->has_ended && sizeof call->said - call->said_n >= HTTP_PULL_BYTES) {
        pthread_mutex_lock(&call->lock);
        unsigned seen_n = call->wakes_n;
        pthread_mutex_unlock(&call->lock);
        size_t n = call->pull(call->pull_of, call->said + call->said_n, HTTP_PULL_BYTES);
        call->has_ended = n == HTTP_END;
        EXPECT(call->has_ended || n <= HTTP_PULL_BYTES);
        if (!call->has_ended) call->said_n += n;
        if (n == 0 && call->said_n > 0) break;
        if (n == 0) await_wake(call, seen_n);
    }
    return str_at(call->said, call->said_n);
}

void fake_http_end(struct http_call *call)
{
    bool is_stream = call->stage == STAGE_STREAM, sends_body = call->ask.method != HTTP_HEAD;
    uint64_t sent_bytes = is_stream ? call->said_n : sends_body ? call->answer.body.len : 0;
    call->owner.done(call->owner.of, call, is_stream ? 200 : call->answer.status, sent_bytes);
    if (call->answer.release != NULL) call->answer.release(call->answer.release_of);
    pthread_cond_destroy(&call->moved);
    pthread_mutex_destroy(&call->lock);
    free(call);
}
