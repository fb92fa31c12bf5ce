/* http_client.h -- HTTP/1.1 as a test needs it: plain to see, allowed to be wrong, and never waiting for ever.
 *
 * Blocking, one connection, keep-alive. What is sent is made by http_client_ask, or written by the test
 * byte for byte (http_client_send). A reply is read with Content-Length, chunked, or until the connection
 * ends; a stream of events is read event by event. Whatever does not come within wait_ms is a failure.
 *
 * Threads  any; one client belongs to one thread at a time
 */
#ifndef HARNESS_HTTP_CLIENT_H
#define HARNESS_HTTP_CLIENT_H

#include "base/str.h"

enum { HTTP_CLIENT_WAIT_MS = 10000, HTTP_CLIENT_TEXT_BYTES = 256 };

/* How the body of the reply in work ends. */
enum http_client_framing { HTTP_CLIENT_COUNTED, HTTP_CLIENT_CHUNKED, HTTP_CLIENT_TO_THE_END };

struct http_client {
    unsigned port;
    unsigned wait_ms; /* for each reply and each event, from asking for it; the test may change it */
    int room_bytes;   /* of the system's buffer for what came and was not read; 0: as it is. Before connecting */
    unsigned connected_n; /* how many connections it has made so far                               */
    int _fd;
    bool _is_lent; /* the connection came from outside: there is no second one */
    bool _has_ended;
    struct http_client_room {
        uint8_t *at;
        size_t len, cap;
    } _in, _body; /* bytes as they came; the body without its framing */
    size_t _in_used;
    enum http_client_framing _framing;
    uint64_t _left;        /* bytes still to come: of the body, or of its chunk */
    bool _is_in_chunk, _is_over;
    size_t _events_used;
};

/* What is asked. A NULL means: not there. */
struct http_ask {
    const char *method, *path;
    const char *token; /* in hex, for Authorization: Bearer   */
    const char *type;  /* Content-Type; NULL with a body: application/cbor */
    struct str body;   /* at NULL: none, and no Content-Length */
    const char *more;  /* further header lines, each with \r\n */
};

struct http_reply {
    int status;         /* 0: there was no reply            */
    struct str headers; /* the lines behind the status line */
    struct str body;
    bool is_last; /* the server ends the connection with it */
};

/* One server-sent event; borrowed until the next call. */
struct http_event {
    struct str name, data; /* a comment has no name, and its text as data */
};

/* http_client_init -- a client of 127.0.0.1:port, not connected yet.
 * http_client_init_over -- a client over a connection that is there; it is closed with the client.
 * http_client_fini -- closes. */
void http_client_init(struct http_client *c, unsigned port) NONNULL;
void http_client_init_over(struct http_client *c, int fd) NONNULL;
void http_client_fini(struct http_client *c) NONNULL;

/* http_client_send -- these bytes, on the open connection or a new one. False: it broke. */
bool http_client_send(struct http_client *c, struct str bytes) NONNULL;

/* http_client_read -- the next reply, whole. Replies 100 Continue are passed over.
 * http_client_read_head -- its status and headers alone; the body follows by http_client_read_body, or, a
 * stream of events, by http_client_event.
 *
 * Takes    has_body   false for the reply to HEAD
 * Gives    reply      borrowed until the next call; status 0 and false when it did not come
 */
bool http_client_read(struct http_client *c, bool has_body, struct http_reply *reply) NONNULL;
bool http_client_read_head(struct http_client *c, bool has_body, struct http_reply *reply) NONNULL;
bool http_client_read_body(struct http_client *c, struct http_reply *reply) NONNULL;

/* http_client_ask -- sends a request and reads its reply. When a connection that was kept alive turns out
 * to be closed before a byte of the reply came, the request is sent once more on a new one. */
bool http_client_ask(struct http_client *c, const struct http_ask *ask, struct http_reply *reply) NONNULL;

/* http_client_put_ask -- the bytes of a request in room; how many, or 0 if they do not fit. */
size_t http_client_put_ask(char *room, size_t cap, const struct http_ask *ask, unsigned port) NONNULL;

/* http_client_event -- the next event or comment of the stream. False: the stream is over, or nothing
 * came in time (http_client_is_over tells which). */
bool http_client_event(struct http_client *c, struct http_event *event) NONNULL;
bool http_client_is_over(const struct http_client *c) NONNULL;

/* http_client_sees_end -- whether the server closes the connection within wait_ms; what comes before that
 * is dropped. */
bool http_client_sees_end(struct http_client *c) NONNULL;

/* http_client_drop -- closes the connection; the next request makes a new one. */
void http_client_drop(struct http_client *c) NONNULL;

/* http_reply_header -- the value of a header of a reply, any case; false if it is not there. */
bool http_reply_header(const struct http_reply *reply, const char *name, struct str *value) NONNULL;

#endif
