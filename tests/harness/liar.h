/* liar.h -- a server that says whatever the test wants, byte by byte: for programs that must believe nothing.
 *
 * It listens on a free port of this machine and serves one connection after the other on a thread of its own.
 * For each request that came whole (headers, and a body as long as Content-Length says) it calls play, which
 * sends what it likes. Whatever is asked, the test can read afterwards.
 *
 *   static bool play(struct liar *liar, struct str request) { return liar_say(liar, STR("HTTP/1.1 200 …")); }
 *   liar_open(&liar, play, NULL);
 *
 * Threads  play runs on the liar's thread; what the test reads, it reads after liar_close or liar_asked_n
 */
#ifndef HARNESS_LIAR_H
#define HARNESS_LIAR_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/str.h"

enum { LIAR_REQUEST_BYTES = 64 * 1024 };

struct liar;

/* Answers a request; false closes the connection. */
typedef bool liar_play(struct liar *liar, struct str request);

struct liar {
    unsigned port;
    char origin[64]; /* http://127.0.0.1:PORT */
    liar_play *play;
    void *ctx;            /* the test's */
    atomic_uint asked_n;  /* requests so far    */
    atomic_uint called_n; /* connections so far */
    atomic_bool is_over;
    int _listen_fd, _fd, _end_fd[2];
    pthread_t _thread;
    uint8_t _request[LIAR_REQUEST_BYTES];
    size_t _request_len;
};

/* liar_open -- listens.   liar_close -- ends what play is at, and the thread. */
void liar_open(struct liar *liar, liar_play *play, void *ctx) __attribute__((nonnull(1, 2)));
void liar_close(struct liar *liar) NONNULL;

/* liar_say -- sends bytes; false when the other side is gone or the test is over. */
bool liar_say(struct liar *liar, struct str bytes) NONNULL;
bool liar_say_text(struct liar *liar, const char *text) NONNULL;

/* liar_answer -- a proper answer with that status and body. */
bool liar_answer(struct liar *liar, int status, struct str body) NONNULL;

/* liar_wait -- does nothing for that long; false when the test is over. */
bool liar_wait(struct liar *liar, unsigned ms) NONNULL;

/* liar_is_asked -- whether a request begins with this, such as "GET /v1/server ". */
bool liar_is_asked(struct str request, const char *line) NONNULL;

#endif
