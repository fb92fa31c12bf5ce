/* http_rig.h -- a small HTTP server in the test's own process, with an owner that does what its paths say.
 *
 *   GET  /hello          200 "hello", static
 *   GET  /big?N          200, N bytes 'b', released after use (http_rig_released_n counts)
 *   POST /echo           200, the body
 *   POST /drop           200, no body; the request's body is looked at nowhere
 *   GET  /who            200 "192.0.2.0/24 local" or "... remote": whom http_client and http_is_local name
 *   GET  /query          200, each parameter as "name=value;" or "name;"
 *   GET  /header         200, the value of X-Probe, or "-"
 *   GET  /park           parked; another thread answers 200 "parked"
 *   GET  /race           parked, and answered by another thread before run returns
 *   GET  /hold           parked until http_rig_release
 *   GET  /events         a stream; http_rig_say reaches every one
 *   GET  /flood          a stream that always has more
 *   POST /refuse         judge refuses: 401 no_session
 *   POST /bye            judge refuses, and closes the connection
 *   POST /small          judge allows a body of 100 bytes, run answers 200
 *   anything else        judge refuses: 404 no_route
 */
#ifndef HARNESS_HTTP_RIG_H
#define HARNESS_HTTP_RIG_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/http.h"

struct http_rig_stream {
    struct http_rig_stream *before, *behind;
    struct http_call *call;
    struct http_rig *rig;
    uint64_t next; /* the number of the next thing said that it has not told */
    bool floods;
};

enum { HTTP_RIG_SAYINGS = 16 * 1024, HTTP_RIG_SAYING_BYTES = 64, HTTP_RIG_HELD = 4096 };

struct http_rig {
    struct http *server;
    unsigned port;
    pthread_t parker;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t has_work;
    struct http_call *parked[HTTP_RIG_HELD], *held[HTTP_RIG_HELD];
    size_t parked_n, held_n;
    bool stops;
    struct http_rig_stream *streams;
    char said[HTTP_RIG_SAYINGS][HTTP_RIG_SAYING_BYTES];
    uint64_t said_n;

    atomic_uint judged_n, ran_n, done_n, stream_done_n, broken_n, released_n; /* broken: done without an answer */
    atomic_int last_status;
    atomic_uint_fast64_t last_sent_bytes;
};

/* http_rig_open -- starts it on 127.0.0.1 and a free port; options may be NULL. Stops the test if it cannot. */
void http_rig_open(struct http_rig *rig, const struct http_options *options);

/* http_rig_close -- lets go what is held, closes the server, and stops the test if a call is left. */
void http_rig_close(struct http_rig *rig);

/* http_rig_say -- an event for every stream: "data: text\n\n". Text of at most 40 characters. */
void http_rig_say(struct http_rig *rig, const char *text);

/* http_rig_release -- answers 200 "held" to all that are held; how many. */
size_t http_rig_release(struct http_rig *rig);

/* http_rig_connect -- a plain connection to it, closed by the test. */
int http_rig_connect(const struct http_rig *rig);

/* http_rig_exchange -- sends bytes on a new connection, and takes down what comes until it ends.
 *
 * Gives    said      ends with NUL
 *          whether it ended by itself within wait_ms
 */
bool http_rig_exchange(const struct http_rig *rig, struct str bytes, unsigned wait_ms, char *said, size_t cap);

/* http_rig_now_ms, http_rig_pause -- a clock for tests, and waiting. */
uint64_t http_rig_now_ms(void);
void http_rig_pause(unsigned ms);

/* http_rig_wait -- waits until a count is at least n; false after 10 s. */
bool http_rig_wait(const atomic_uint *count, unsigned n);

#endif
