/* http.h -- HTTP as the server sees it: a call comes in, is judged, run and answered, and ends.
 *
 * Only http_mhd*.c knows which library reads the requests. What reaches the owner is plain HTTP/1.0 or
 * 1.1 with one Host, at most one Content-Length, and no Transfer-Encoding; everything else was answered
 * 400 bad_http and its connection closed, so that no second request can hide in the body of a first.
 *
 * A call, in this order, never two of these at once for one call:
 *
 *   judge    the headers are there, no byte of the body is read. http_answer refuses; nothing said goes on
 *   run      the body is there, whole. The owner says exactly one of
 *              http_answer   this is the answer
 *              http_park     the answer comes later, by http_answer from any thread
 *              http_stream   a stream of events; http_wake, from any thread, says that there is more
 *   done     the answer has left, or its connection broke. Then the call is no more
 *
 * Every call that was judged comes to its done, once. A call that http refused by itself (bad_http,
 * too_large, stopping, a preflight) comes to done without judge or run.
 *
 * Threads
 *   judge, run   on one of the http threads. They must not block: what takes long is parked
 *   pull         on the streams' thread, or with TLS on an http thread
 *   done         on an http thread or the streams' thread, with no lock of http's held
 *   http_answer  in judge and run; any thread once the call is parked
 *   http_wake    any thread, from http_stream until done returns: the owner keeps a lock of its own so
 *                that no wake begins after its done has returned. It may be held while waking
 *   accessors    judge, run and done; any thread as well while the call is parked or a stream, except
 *                http_header
 *
 * Deadlines (struct http_options) close the connection of whoever sends or reads too slowly, and
 * disturb nobody else. A parked call has none: whoever parked it answers it.
 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "base/err.h"
#include "base/str.h"
#include "server/ip.h"

struct http;      /* a server: a listening address and the threads behind it */
struct http_call; /* one request in work */

enum http_method {
    HTTP_GET,
    HTTP_HEAD, /* answered like GET; the body stays here */
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_OTHER, /* any other word. OPTIONS never reaches the owner */
};

enum {
    HTTP_SLOTS = 3,            /* pointers of the owner's in each call                                 */
    HTTP_PULL_BYTES = 2048,    /* pull is always offered at least so much room                         */
    HTTP_TROUBLE_BYTES = 400,  /* the longest sentence about a server that does not open, NUL included */
};
#define HTTP_END SIZE_MAX /* what pull gives when the stream is over */

/* ---- the owner's side ----------------------------------------------------------------------- */

struct http_owner {
    void *of; /* handed to each of them */
    void (*judge)(void *of, struct http_call *call);
    void (*run)(void *of, struct http_call *call);

    /* status      what was answered; 0 if the connection broke before there was an answer
     * sent_bytes  of its body */
    void (*done)(void *of, struct http_call *call, int status, uint64_t sent_bytes);
};

/* All memory of the options is borrowed until http_open returns. 0 or NULL means the default. */
struct http_options {
    const char *listen;           /* "127.0.0.1:8787", "[::1]:8787", "localhost:0"; "[::]:8787" takes IPv4
                                     as well. Port 0 is any free port. No default                          */
    unsigned thread_n;            /* threads that read and answer; 2                                       */
    unsigned connection_n;        /* at once, streams included; 10,000                                     */
    unsigned per_ip_n;            /* of one client (struct ip's group), trusted proxies excepted; no limit */
    size_t pool_bytes;            /* a request's line and headers, and each connection's memory; 8 KiB     */
    size_t body_bytes;            /* the largest body, unless judge lowers it; LIMIT_BODY_BYTES            */
    size_t bodies_bytes;          /* all bodies being received together; 256 MiB                           */
    unsigned idle_ms;             /* nothing sent and nothing read for so long; 15,000                     */
    unsigned request_ms;          /* from a request's first byte to the last of its body; 30,000           */
    unsigned beat_ms;             /* a stream with nothing to say sends a comment so often; 15,000         */
    const char *tls_cert;         /* PEM text: the certificate and those above it. HTTPS if it is there    */
    const char *tls_key;          /* PEM text                                                              */
    const char *proxy_header;     /* where a trusted proxy writes its client's address: "X-Forwarded-For"
                                     (its last address that is no trusted proxy) or one of its own         */
    const struct ip_range *proxy; /* the trusted proxies                                                   */
    size_t proxy_n;
};

/* What went wrong, for a person. Ends with NUL. */
struct http_trouble {
    char text[HTTP_TROUBLE_BYTES];
};

/* http_open -- listens, and serves from now on.                  [BUSY BAD_FIELD NO_MEMORY INTERNAL]
 *
 * The first one in a process raises its limit of open files as far as connection_n needs and the system
 * lets it. If that is not far enough, fewer connections are taken, and the log says so.
 *
 * Takes    owner    copied; of must outlive the server
 * Gives    server   to be closed with http_close
 *          trouble  a sentence that helps; only on failure
 * Fails    BUSY       the address is taken, or may not be used by this user
 *          BAD_FIELD  listen is no address, or certificate and key are not usable
 */
MUST_USE enum err http_open(struct http **server, const struct http_options *options,
                            const struct http_owner *owner, struct http_trouble *trouble) NONNULL;

/* http_port -- the port it listens on: the free one that was found, if 0 was asked for. */
unsigned http_port(const struct http *server) NONNULL;

/* http_drain -- no new connections; a new request is answered 503 stopping; every stream ends.
 *
 * Waits until all calls have come to their done, at most wait_ms. May be called again, to wait on.
 *
 * Gives    whether none is left
 */
bool http_drain(struct http *server, unsigned wait_ms) NONNULL;

/* http_close -- stops and frees the server; NULL is fine.
 *
 * Drains without waiting for slow readers, but waits as long as it takes for every parked call to be
 * answered: so the owner answers what it has parked first, or at the same time from another thread.
 * When it returns every done has returned. Not from within a callback.
 */
void http_close(struct http *server);

/* What a server is doing now, for its metrics. */
struct http_gauges {
    unsigned connection_n; /* open, streams included                          */
    unsigned stream_n;     /* of these, streams                               */
    unsigned call_n;       /* judged, or being answered by http, and not done */
    uint64_t body_bytes;   /* held for bodies being received or worked on     */
    uint64_t refused_n;    /* connections refused since the start: too many   */
    uint64_t overdue_n;    /* connections closed since the start: too slow    */
};

/* http_gauges -- the numbers of this moment. Any thread. */
struct http_gauges http_gauges(const struct http *server) NONNULL;

/* ---- what was asked ------------------------------------------------------------------------- */

enum http_method http_method(const struct http_call *call) NONNULL;

/* http_path -- what stands before the '?', as it was sent: nothing is decoded. Begins with '/'. */
struct str http_path(const struct http_call *call) NONNULL;

/* http_query_at -- the parameter at a place in the query, as it was sent; false if there are fewer.
 *
 * Gives    name, value   value is {NULL, 0} where there is no '='
 */
bool http_query_at(const struct http_call *call, size_t i, struct str *name, struct str *value) NONNULL;

/* http_header -- the value of a header; false if it is absent. In judge and run only, or while parked.
 *
 * Takes    name    any case
 * Gives    value   without blanks around it, until the call is answered. Host, Content-Length,
 *                  Content-Type and Authorization are there at most once; of others, the first
 */
bool http_header(const struct http_call *call, const char *name, struct str *value) NONNULL;

/* http_length -- whether the request says how long its body is, and how long. */
bool http_length(const struct http_call *call, uint64_t *bytes) NONNULL;

/* http_body -- the body, in run and until the call is answered; empty if there is none. */
struct str http_body(const struct http_call *call) NONNULL;

/* http_client -- who asks: the peer, or whom a trusted proxy names in its header. */
const struct ip *http_client(const struct http_call *call) NONNULL;

/* http_is_local -- whether it was asked on this machine and by no proxy: a loopback peer, and no header
 * with which a proxy says on whose behalf it asks. */
bool http_is_local(const struct http_call *call) NONNULL;

/* http_age_us -- microseconds since its headers were there. */
uint64_t http_age_us(const struct http_call *call) NONNULL;

/* http_slot -- a pointer of the owner's, NULL at first. i < HTTP_SLOTS. */
void **http_slot(struct http_call *call, unsigned i) NONNULL;

/* ---- what is answered ----------------------------------------------------------------------- */

/* Every answer carries Access-Control-Allow-Origin: *, Cache-Control: no-store,
 * X-Content-Type-Options: nosniff and Referrer-Policy: no-referrer. */
struct http_answer {
    int status;               /* 200 to 599                                                        */
    const char *type;         /* of the body, such as "application/cbor"; static; NULL if no body  */
    struct str body;
    void (*release)(void *);  /* called with release_of when the body is no longer needed, on any  */
    void *release_of;         /*   thread; NULL: the body is static                                */
    unsigned retry_after_s;   /* Retry-After; 0: none                                              */
    const char *allow;        /* Allow; static; NULL: none                                         */
    bool closes;              /* the connection ends with this answer                              */
};

/* http_answer -- answers the call; once, in judge, run, or after http_park. Takes the body over.
 *
 * In judge it refuses the request: a short rest of its body is skipped and the connection lives on; before
 * a long one, or one that waits for 100 Continue, the connection is closed after the answer.
 * Once a parked call is answered, it may be done with before this returns.
 */
void http_answer(struct http_call *call, const struct http_answer *answer) NONNULL;

/* http_hold -- answers given on this thread from here on leave together with http_let_go, which must follow soon: that
 * wakes each http thread once, and not once for each answer. http_close waits for it. */
void http_hold(void);
void http_let_go(void);

/* http_refuse -- answers with an error and nothing more: its status, and {1: its code} as CBOR.
 *
 * Takes    e              not OK
 *          retry_after_s  0: none
 */
void http_refuse(struct http_call *call, enum err e, unsigned retry_after_s) NONNULL;

/* http_limit_body -- in judge: a longer body is answered 413 too_large before it is read. */
void http_limit_body(struct http_call *call, size_t bytes) NONNULL;

/* http_park -- in run: the answer comes later. Another thread may give it before run has returned. */
void http_park(struct http_call *call) NONNULL;

/* http_stream -- in run: answers 200 text/event-stream, with what pull gives, until it gives HTTP_END.
 *
 * pull writes whole events into at[0..cap) and says how many bytes; or 0, nothing now: it is called again
 * after an http_wake, at once if that came in between. HTTP_PULL_BYTES fit always. It is called first by
 * itself. Between events http sends a comment every beat_ms. When the peer is gone, or reads nothing for
 * idle_ms while something waits for it, the stream is over: pull is not called again, and done is.
 *
 * Takes    pull_of   the owner's, until done
 */
void http_stream(struct http_call *call, size_t (*pull)(void *pull_of, uint8_t *at, size_t cap),
                 void *pull_of) __attribute__((nonnull(1, 2)));

/* http_wake -- there is more to pull. Never blocks; often in a row is as good as once. */
void http_wake(struct http_call *call) NONNULL;

#endif
