/* http_mhd_call.c -- a call from its request line to its done. See http_mhd.h.
 *
 * The library asks call_on_data once when the headers are there, then with each piece of the body, then
 * once more when it is complete, and again after each resume. An answer queued at the first of these
 * costs the connection (it closes), so a refusal waits until a short body has passed by.
 */
#include <stdlib.h>
#include <strings.h>

#include "base/cbor.h"
#include "base/limits.h"
#include "server/clock.h"
#include "server/http_mhd.h"

/* ---- the call as the owner sees it ---------------------------------------------------------- */

enum http_method http_method(const struct http_call *call)
{
    return call->method;
}

struct str http_path(const struct http_call *call)
{
    return str_at(call->target, call->path_n);
}

/* The next piece of a query between two '&', and what is left behind it; false at the end. */
static bool next_piece(struct str *rest, struct str *piece)
{
    while (rest->len > 0) {
        const uint8_t *stop = memchr(rest->at, '&', rest->len);
        size_t n = stop ? (size_t)(stop - rest->at) : rest->len;
        *piece = str_at(rest->at, n);
        *rest = stop ? str_at(stop + 1, rest->len - n - 1) : (struct str){0};
        if (n > 0) return true;
    }
    return false;
}

bool http_query_at(const struct http_call *call, size_t i, struct str *name, struct str *value)
{
    bool has_query = call->target_n > call->path_n;
    struct str rest = has_query ? str_at(call->target + call->path_n + 1, call->target_n - call->path_n - 1)
                                : (struct str){0};
    struct str piece;
    do {
        if (!next_piece(&rest, &piece)) return false;
    } while (i-- > 0);
    const uint8_t *sign = memchr(piece.at, '=', piece.len);
    *name = sign ? str_at(piece.at, (size_t)(sign - piece.at)) : piece;
    *value = sign ? str_at(sign + 1, piece.len - name->len - 1) : (struct str){0};
    return true;
}

bool http_header(const struct http_call *call, const char *name, struct str *value)
{
    const char *at;
    size_t n;
    if (MHD_lookup_connection_value_n(call->mhd, MHD_HEADER_KIND, name, strlen(name), &at, &n) != MHD_YES || !at) {
        return false;
    }
    while (n > 0 && (at[n - 1] == ' ' || at[n - 1] == '\t')) n--;
    *value = str_at(at, n);
    return true;
}

bool http_length(const struct http_call *call, uint64_t *bytes)
{
    if (call->has_length) *bytes = call->length;
    return call->has_length;
}

struct str http_body(const struct http_call *call)
{
    return str_at(call->body, call->body_n);
}

const struct ip *http_client(const struct http_call *call)
{
    return &call->client;
}

bool http_is_local(const struct http_call *call)
{
    return !call->has_forwarder && ip_is_loopback(&call->client) && ip_is_loopback(&call->peer->ip);
}

uint64_t http_age_us(const struct http_call *call)
{
    return clock_steady_us() - call->began_us;
}

void **http_slot(struct http_call *call, unsigned i)
{
    EXPECT(i < HTTP_SLOTS);
    return &call->slot[i];
}

void http_limit_body(struct http_call *call, size_t bytes)
{
    if (bytes < call->body_most) call->body_most = bytes;
}

/* ---- answering ------------------------------------------------------------------------------ */

void http_park(struct http_call *call)
{
    EXPECT(call->stage == CALL_RUN);
    call->is_parked = true;
}

void http_stream(struct http_call *call, size_t (*pull)(void *pull_of, uint8_t *at, size_t cap), void *pull_of)
{
    EXPECT(call->stage == CALL_RUN && !call->is_parked && !call->has_answer);
    call->stage = CALL_STREAM;
    call->stream.pull = pull;
    call->stream.pull_of = pull_of;
}

void http_answer(struct http_call *call, const struct http_answer *answer)
{
    EXPECT(answer->status >= 200 && answer->status <= 599);
    EXPECT(call->stage <= CALL_RUN && !call->has_answer);
    struct http *server = call->server;
    struct MHD_Connection *mhd = call->mhd;
    bool is_run = call->stage == CALL_RUN;

    call->answer = *answer;
    call->has_answer = true;
    /* From here the call may be the http thread's, and gone; unless it is suspended and stays so. */
    bool is_suspended = atomic_exchange(&call->signal, SIGNAL_GIVEN) == SIGNAL_SUSPENDED;
    if (is_suspended && hold_take(call)) return;
    if (is_suspended) MHD_resume_connection(mhd);
    if (is_run) call_left_work(server, 1);
}

/* {1: code}, in memory of its own. */
static bool put_code(struct http_answer *answer, enum err e)
{
    struct str code = str_of_text(err_code(e));
    struct out body = {.cap = code.len + 8};
    body.at = malloc(body.cap);
    if (!body.at) return false;
    cbor_put_map(&body, 1);
    cbor_put_uint(&body, 1);
    cbor_put_text(&body, code);
    answer->type = "application/cbor";
    answer->body = out_str(&body);
    answer->release = free;
    answer->release_of = body.at;
    return true;
}

void http_refuse(struct http_call *call, enum err e, unsigned retry_after_s)
{
    struct http_answer answer = {.status = err_http(e), .retry_after_s = retry_after_s};
    EXPECT(e != ERR_OK);
    if (!put_code(&answer, e)) answer.closes = true; /* the status alone has to do */
    http_answer(call, &answer);
}

static void refuse_and_close(struct http_call *call, enum err e)
{
    http_refuse(call, e, 0);
    call->answer.closes = true;
}

/* ---- the body ------------------------------------------------------------------------------- */

void call_forget_body(struct http_call *call)
{
    free(call->body);
    call->body = NULL;
    call->body_n = call->body_cap = 0;
    atomic_fetch_sub(&call->server->body_bytes, call->reserved_bytes);
    call->reserved_bytes = 0;
}

static bool reserve_body(struct http_call *call)
{
    struct http *server = call->server;
    uint64_t before = atomic_fetch_add(&server->body_bytes, call->length);
    call->reserved_bytes = call->length;
    if (before + call->length <= server->options.bodies_bytes) return true;
    call_forget_body(call);
    return false;
}

static bool grow_body(struct http_call *call, size_t needed)
{
    size_t cap = call->body_cap > 0 ? call->body_cap : BODY_FIRST_BYTES;
    while (cap < needed) cap *= 2;
    if (cap > call->length) cap = (size_t)call->length;
    uint8_t *body = realloc(call->body, cap);
    if (!body) return false;
    call->body = body;
    call->body_cap = cap;
    return true;
}

static void take_body(struct http_call *call, const char *data, size_t n)
{
    if (call->stage != CALL_JUDGED) return;
    EXPECT(n <= call->length - call->body_n);
    if (n > call->body_cap - call->body_n && !grow_body(call, call->body_n + n)) {
        call_forget_body(call);
        http_refuse(call, ERR_NO_MEMORY, 0);
        call->stage = CALL_SKIPPING;
        return;
    }
    memcpy(call->body + call->body_n, data, n);
    call->body_n += n;
}

/* ---- the library's callbacks ---------------------------------------------------------------- */

void *call_on_line(void *of, const char *target, struct MHD_Connection *mhd)
{
    struct http *server = of;
    struct http_peer *peer = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    size_t target_n = target ? strlen(target) : 0;
    struct http_call *call = peer ? calloc(1, sizeof *call + target_n + 1) : NULL;
    if (!call) return NULL;

    call->server = server;
    call->mhd = mhd;
    call->peer = peer;
    call->body_most = server->options.body_bytes;
    call->target_n = target_n;
    memcpy(call->target, target ? target : "", target_n);
    const char *query = memchr(call->target, '?', target_n);
    call->path_n = query ? (size_t)(query - call->target) : target_n;

    uint64_t until = now_ms() + server->options.request_ms;
    if (atomic_load(&peer->until_ms) > until) atomic_store(&peer->until_ms, until);
    return call;
}

static void judge(struct http_call *call)
{
    struct http *server = call->server;
    if (call->is_preflight) {
        http_answer(call, &(struct http_answer){.status = 204});
        return;
    }
    server->owner.judge(server->owner.of, call);
    if (call->has_answer || !call->has_length) return;
    if (call->length > call->body_most) http_refuse(call, ERR_TOO_LARGE, 0);
    else if (!reserve_body(call)) http_refuse(call, ERR_NO_MEMORY, 1);
}

static enum MHD_Result on_headers(struct http_call *call, const char *method, const char *url, const char *version)
{
    struct http *server = call->server;
    call->is_counted = true;
    call->began_us = clock_steady_us();
    atomic_fetch_add(&server->call_n, 1);

    enum err e = gate_check(call, method, url, version);
    if (e == ERR_OK && atomic_load(&server->is_draining)) e = ERR_STOPPING;
    if (e) refuse_and_close(call, e);
    else judge(call);

    if (!call->has_answer) {
        call->stage = CALL_JUDGED;
        return MHD_YES;
    }
    if (e || (call->length > 0 && (call->length > SKIP_BYTES || call->expects))) {
        call->lingers = e == ERR_BAD_HTTP || call->length > 0;
        call->answer.closes = true;
        return answer_queue(call);
    }
    call->stage = CALL_SKIPPING;
    return MHD_YES;
}

/* Lets the library wait, unless the answer has come meanwhile. */
static enum MHD_Result suspend(struct http_call *call)
{
    int none = SIGNAL_NONE;
    struct MHD_Connection *mhd = call->mhd;
    if (atomic_load(&call->signal) == SIGNAL_GIVEN) return answer_queue(call);
    MHD_suspend_connection(mhd);
    /* Once the signal says suspended, the call may be resumed, answered and gone at any moment. */
    if (!atomic_compare_exchange_strong(&call->signal, &none, SIGNAL_SUSPENDED)) MHD_resume_connection(mhd);
    return MHD_YES;
}

static enum MHD_Result on_whole_body(struct http_call *call, void **slot)
{
    struct http *server = call->server;
    atomic_store(&call->peer->until_ms, 0);
    if (!call_starts_work(server)) {
        refuse_and_close(call, ERR_STOPPING);
        return answer_queue(call);
    }
    call->stage = CALL_RUN;
    server->owner.run(server->owner.of, call);
    if (call->stage == CALL_STREAM) return stream_begin(call, slot);
    if (call->is_parked) return suspend(call);
    EXPECT(call->has_answer);
    return answer_queue(call);
}

enum MHD_Result call_on_data(void *server, struct MHD_Connection *mhd, const char *url, const char *method,
                             const char *version, const char *data, size_t *data_n, void **slot)
{
    struct http_call *call = *slot;
    (void)server, (void)mhd;
    if (!call) return MHD_NO; /* there was no memory for it */
    if (call->stage == CALL_LINE) return on_headers(call, method, url, version);
    if (*data_n > 0) {
        take_body(call, data, *data_n);
        *data_n = 0;
        return MHD_YES;
    }
    if (call->stage == CALL_JUDGED) return on_whole_body(call, slot);
    hold_resume_rest(call);
    return answer_queue(call); /* the body was skipped, or the answer has come */
}

bool call_starts_work(struct http *server)
{
    pthread_mutex_lock(&server->work_lock);
    bool may = !atomic_load(&server->is_draining);
    if (may) atomic_fetch_add(&server->at_work_n, 1);
    pthread_mutex_unlock(&server->work_lock);
    return may;
}

void call_left_work(struct http *server, unsigned call_n)
{
    pthread_mutex_lock(&server->work_lock);
    if (atomic_fetch_sub(&server->at_work_n, call_n) == call_n && atomic_load(&server->is_draining)) {
        pthread_cond_broadcast(&server->calm);
    }
    pthread_mutex_unlock(&server->work_lock);
}

static void count_out(struct http *server)
{
    if (atomic_fetch_sub(&server->call_n, 1) != 1 || !atomic_load(&server->is_draining)) return;
    pthread_mutex_lock(&server->work_lock);
    pthread_cond_broadcast(&server->calm);
    pthread_mutex_unlock(&server->work_lock);
}

void call_end(struct http_call *call, int status, uint64_t sent_bytes)
{
    struct http *server = call->server;
    if (call->is_counted) server->owner.done(server->owner.of, call, status, sent_bytes);
    call_forget_body(call);
    answer_release(&call->answer);
    free(call->stream.unsent);
    bool was_counted = call->is_counted;
    free(call);
    if (was_counted) count_out(server);
}

static bool sends_body(const struct http_call *call)
{
    return call->method != HTTP_HEAD && call->answer.status != 204 && call->answer.status != 304;
}

void call_on_completed(void *of, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode why)
{
    struct http *server = of;
    struct http_call *call = *slot;
    bool is_whole = why == MHD_REQUEST_TERMINATED_COMPLETED_OK;
    if (!call) return; /* a stream that left, or there was no memory */
    *slot = NULL;
    hold_resume_rest(call);

    if (call->lingers && is_whole) {
        side_linger(server, MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    }
    atomic_store(&call->peer->until_ms, now_ms() + server->options.idle_ms + server->options.request_ms);
    if (call->stage == CALL_STREAM) {
        stream_stayed_ends(call);
        return;
    }
    uint64_t sent_bytes = is_whole && sends_body(call) ? call->answer.body.len : 0;
    call_end(call, call->has_answer ? call->answer.status : 0, sent_bytes);
}
