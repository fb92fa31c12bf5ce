/* http_mhd_answer.c -- answers. See http_mhd.h. */
#include <stdio.h>

#include "base/cbor.h"
#include "server/http_mhd.h"

#define ALLOW_ORIGIN  "Access-Control-Allow-Origin"
#define CACHE_CONTROL "Cache-Control"

/* On every answer. Any origin may ask: there is no cookie, so no page can ask on a visitor's behalf. */
static const struct {
    const char *name, *value;
} always[] = {
    {ALLOW_ORIGIN, "*"},
    {CACHE_CONTROL, "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Access-Control-Expose-Headers", "Retry-After"},
};

/* On the answer to a preflight, besides. */
static const struct {
    const char *name, *value;
} preflight[] = {
    {"Access-Control-Allow-Methods", "GET, POST, PUT, DELETE"},
    {"Access-Control-Allow-Headers", "Authorization, Content-Type"},
    {"Access-Control-Max-Age", "86400"},
};

void answer_release(struct http_answer *answer)
{
    if (answer->release) answer->release(answer->release_of);
    answer->release = NULL;
}

static bool add(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_always(struct MHD_Response *response)
{
    for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
        if (!add(response, always[i].name, always[i].value)) return false;
    }
    return true;
}

static bool add_headers(struct MHD_Response *response, const struct http_call *call)
{
    const struct http_answer *answer = &call->answer;
    char seconds[16];

    if (!add_always(response)) return false;
    for (size_t i = 0; call->is_preflight && i < sizeof preflight / sizeof *preflight; i++) {
        if (!add(response, preflight[i].name, preflight[i].value)) return false;
    }
    if (answer->type && !add(response, "Content-Type", answer->type)) return false;
    if (answer->allow && !add(response, "Allow", answer->allow)) return false;
    if (answer->retry_after_s > 0) {
        snprintf(seconds, sizeof seconds, "%u", answer->retry_after_s);
        if (!add(response, "Retry-After", seconds)) return false;
    }
    return !answer->closes || add(response, "Connection", "close");
}

/* The library's form of the answer; the body's memory is the library's from here on, whatever comes. */
static struct MHD_Response *response_of(struct http_call *call)
{
    struct http_answer *answer = &call->answer;
    void *body = (void *)(uintptr_t)answer->body.at; /* it is only read, whatever the library's type says */
    struct MHD_Response *response;

    if (answer->release) {
        response = MHD_create_response_from_buffer_with_free_callback_cls(answer->body.len, body, answer->release,
                                                                          answer->release_of);
        if (response) answer->release = NULL;
    } else {
        response = MHD_create_response_from_buffer(answer->body.len, body, MHD_RESPMEM_PERSISTENT);
    }
    if (!response || add_headers(response, call)) return response;
    MHD_destroy_response(response);
    return NULL;
}

enum MHD_Result answer_queue(struct http_call *call)
{
    struct http *server = call->server;
    call_forget_body(call);
    if (atomic_load(&server->is_draining)) call->answer.closes = true;

    struct MHD_Response *response = response_of(call);
    if (!response) return MHD_NO; /* no memory: the connection closes, and that is all there is to say */
    call->stage = CALL_QUEUED;
    uint64_t long_ms = call->answer.body.len / SLOWEST_BYTES_PER_MS;
    atomic_store(&call->peer->until_ms, now_ms() + server->options.request_ms + long_ms);
    enum MHD_Result taken = MHD_queue_response(call->mhd, (unsigned)call->answer.status, response);
    MHD_destroy_response(response);
    return taken;
}

enum MHD_Result answer_queue_stream(struct http_call *call)
{
    const size_t block_bytes = call->is_http10 ? HTTP_PULL_BYTES : 16; /* with 1.1 it stays unused */
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block_bytes, stream_pull, call, NULL);

    if (!response) return MHD_NO;
    enum MHD_Result taken = MHD_NO;
    if (add_always(response) && add(response, "Content-Type", "text/event-stream") &&
        add(response, "X-Accel-Buffering", "no")) {
        taken = MHD_queue_response(call->mhd, MHD_HTTP_OK, response);
    }
    MHD_destroy_response(response);
    return taken;
}

size_t answer_stream_head(const struct http_call *call, uint8_t *at, size_t cap)
{
    struct out head = out_over(at, cap);
    out_text(&head, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n");
    out_text(&head, call->is_http10 ? "Connection: close\r\n" : "Connection: close\r\nTransfer-Encoding: chunked\r\n");
    for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
        out_text(&head, always[i].name);
        out_text(&head, ": ");
        out_text(&head, always[i].value);
        out_text(&head, "\r\n");
    }
    out_text(&head, "\r\n");
    EXPECT(!head.is_full);
    return head.len;
}
