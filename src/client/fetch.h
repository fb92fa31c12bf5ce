/* fetch.h -- HTTP to one server, as a member's own program needs it, and nothing more.
 *
 * One connection, kept open. HTTP/1.1; a certificate is checked with the system's list, and ca_file may add
 * to it. No redirect is followed; no cookie, no .netrc, no compression. The environment's proxies are not
 * used: a variable that somebody set for another program must not lead a record's traffic elsewhere. Who
 * wants one names it in the options; TLS is then still between this device and the server.
 *
 * Everything ends in time: connecting, silence and the whole answer have limits of their own, an answer
 * has a length. An answer is bytes and a status: what they mean is remote.h's and live.h's to say.
 *
 * Threads  one fetch belongs to one thread at a time
 */
#ifndef CLIENT_FETCH_H
#define CLIENT_FETCH_H

#include "base/err.h"
#include "base/limits.h"

enum {
    FETCH_CONNECT_MS = 10 * 1000, /* until there is a connection, TLS and all               */
    FETCH_QUIET_MS = 20 * 1000,   /* without a byte, in either direction                    */
    FETCH_TOTAL_MS = 120 * 1000,  /* for an answer, however slowly it comes                  */
    FETCH_ANSWER_BYTES = LIMIT_BODY_BYTES + 4096,
    FETCH_HEADER_BYTES = 16 * 1024, /* all headers of an answer                              */
    FETCH_STREAM_BYTES = 16 * 1024, /* of a stream, that came and were not taken yet         */
    FETCH_PATH_BYTES = 192,
    FETCH_TOKEN_BYTES = 32,
};

/* How a server is reached. Texts are copied. Zeros are the defaults. */
struct fetch_options {
    const char *origin;  /* "https://troth.example", as account_is_origin has it                  */
    const char *ca_file; /* certificates in PEM that are believed besides the system's, or NULL  */
    const char *proxy;   /* "http://127.0.0.1:3128", "socks5h://…": for https only; NULL: none   */
    bool may_be_plain;   /* http:// to another machine is meant: tokens travel unencrypted        */
    bool has_stop_fd;    /* stop_fd readable: whatever waits here gives up at once. Not read from */
    int stop_fd;
    unsigned connect_ms, quiet_ms, total_ms; /* 0: the numbers above */
};

struct fetch;

/* fetch_open -- makes ready; connects to nobody yet.
 *
 * Gives    fetch          fetch_close ends it (NULL is fine)
 * Fails    BAD_FIELD      the origin is none
 *          NOT_ENCRYPTED  http:// to another machine, and nobody said that this is meant. localhost,
 *                         127.0.0.1 and [::1] are this machine
 *          NO_MEMORY
 */
MUST_USE enum err fetch_open(const struct fetch_options *options, struct fetch **fetch) NONNULL;
void fetch_close(struct fetch *fetch);

/* fetch_origin -- the origin, as it was given. */
struct str fetch_origin(const struct fetch *fetch) NONNULL;

/* What is asked. path is ours alone and holds no secret. */
struct fetch_ask {
    const char *method, *path; /* path: "/v1/…", shorter than FETCH_PATH_BYTES           */
    const uint8_t *token;      /* FETCH_TOKEN_BYTES for Authorization: Bearer, or NULL    */
    struct str body;           /* CBOR; at NULL: none                                    */
};

/* What came; borrowed until the next request. */
struct fetch_answer {
    int status;
    struct str body;
    unsigned retry_after_s; /* 0: not told, or not in seconds; at most an hour */
};

/* fetch_ask -- a request and its whole answer.
 *
 * A connection that was kept and turns out to be closed is made anew before anything was answered.
 *
 * Fails    OFFLINE     no answer: not reached, not believed, too slow, broken off, stopped. fetch_trouble
 *                      says which. Whether the server got the request is not known
 *          BAD_SERVER  what came is not HTTP, or longer than an answer can be
 *          NO_MEMORY
 */
MUST_USE enum err fetch_ask(struct fetch *fetch, const struct fetch_ask *ask, struct fetch_answer *answer) NONNULL;

/* fetch_trouble -- what went wrong with the last request, for a person: a static sentence, "" if nothing. */
const char *fetch_trouble(const struct fetch *fetch) NONNULL;

/* ---- streams ------------------------------------------------------------------------------------ */

/* fetch_begin -- asks for a stream and waits for nothing: fetch_wait tells what comes of it. */
MUST_USE enum err fetch_begin(struct fetch *fetch, const struct fetch_ask *ask) NONNULL;

enum fetch_came {
    FETCH_NOTHING, /* the time is over                                                             */
    FETCH_STOPPED, /* stop_fd is readable                                                          */
    FETCH_BEGUN,   /* 200: there is a stream; once, before its bytes                                */
    FETCH_BYTES,   /* more of it                                                                   */
    FETCH_REFUSED, /* another status; there is no stream                                           */
    FETCH_OVER,    /* the stream, or the try to get one, has ended, broken or fallen silent        */
};

/* Borrowed until the next call. */
struct fetch_news {
    struct str bytes;           /* BYTES: all that came and was not taken           */
    struct fetch_answer answer; /* REFUSED                                          */
    enum err why;               /* OVER: OFFLINE BAD_SERVER NO_MEMORY; fetch_trouble */
};

/* fetch_wait -- waits at most wait_ms for the next. Silence counts for a stream, its total time does not.
 * Without a stream it only waits: NOTHING or STOPPED. */
enum fetch_came fetch_wait(struct fetch *fetch, uint64_t wait_ms, struct fetch_news *news) NONNULL;

/* fetch_end -- ends the stream and its connection. Nothing to end is fine. */
void fetch_end(struct fetch *fetch) NONNULL;

#endif
