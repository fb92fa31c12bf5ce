/* load.h -- many connections at once, each asking one request after the other: as fast as they are answered.
 *
 * One thread, one epoll. It shares the machine with the server, so it does as little as it can: requests are
 * made before the clock starts and sent in one piece; of an answer it compares the status and the body with
 * what they must be.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "timing.h"

enum { LOAD_CONNECTIONS = 128 };

struct load_ask {
    struct str bytes; /* the whole request                     */
    struct str body;  /* what the answer's body must be        */
};

struct load {
    unsigned port;
    size_t connection_n;
    int status; /* what every answer must have; others count as wrong */
    void *of;

    /* The next request of a connection; false: there is none left, and the run ends. */
    bool (*next)(void *of, size_t connection, struct load_ask *ask);

    /* The time that counts begins, or is over. */
    void (*mark)(void *of, bool is_over);

    /* Filled by load_go, for the times that count, all together. */
    uint64_t done_n, ns, own_cpu_ns;
    uint64_t wrong_n;         /* at any time */
    struct durations latency; /* from sending to having read the answer */
    bool has_run_out;
    char wrong[240]; /* the beginning of the first wrong answer */

    struct load_running *_running;
};

/* load_open -- connects.   load_close -- disconnects; the figures stay. */
void load_open(struct load *load) NONNULL;
void load_close(struct load *load) NONNULL;

/* load_go -- asks: for warm_ns, then, counting, for run_ns; then waits for the last answers. Can be called again. */
void load_go(struct load *load, uint64_t warm_ns, uint64_t run_ns) NONNULL;

/* load_fini -- gives the figures' memory back. */
void load_fini(struct load *load) NONNULL;

/* load_connect -- a connection to 127.0.0.1. */
int load_connect(unsigned port);

#endif
