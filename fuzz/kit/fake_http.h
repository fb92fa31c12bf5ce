/* fake_http.h -- server/http.h without a network: a call is made by the fuzzer, and its answer handed back.
 *
 * Linked instead of http_mhd*.c. It holds the owner to its part of http.h: one answer for each call, from
 * judge, run, or after parking; one done.
 */
#ifndef KIT_FAKE_HTTP_H
#define KIT_FAKE_HTTP_H

#include "server/http.h"

enum { FAKE_HTTP_PAIRS = 8, FAKE_HTTP_STREAM_BYTES = 1 << 16 };

/* What is asked: borrowed. */
struct fake_http_ask {
    enum http_method method;
    struct str path, type, authorization; /* the last two: at NULL, no such header */
    struct str name[FAKE_HTTP_PAIRS], value[FAKE_HTTP_PAIRS]; /* of the query */
    size_t pair_n;
    struct str body; /* at NULL: none, and no Content-Length */
};

/* What is answered. */
struct fake_http_reply {
    int status; /* 200 also for a stream */
    const char *type;
    struct str body; /* until fake_http_end */
    unsigned retry_after_s;
    bool is_stream;
};

/* fake_http_server -- what stands for the server where one is wanted. */
struct http *fake_http_server(void);

/* fake_http_do -- a whole call, up to its answer or to the beginning of its stream. */
struct http_call *fake_http_do(const struct http_owner *owner, const struct fake_http_ask *ask,
                               struct fake_http_reply *reply) NONNULL;

/* fake_http_pull -- what a stream says, until it has nothing more to say for now, or ends. Waits for a first word. */
struct str fake_http_pull(struct http_call *call) NONNULL;

/* fake_http_end -- the answer has left, or the stream's client; the call is no more. */
void fake_http_end(struct http_call *call) NONNULL;

#endif
