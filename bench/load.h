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
    uint64_t warm_ns, run_ns;
    void *of;

    /* The next request of a connection; false: there is none left, and the run ends. */
    bool (*next)(void *of, size_t connection, struct load_ask *ask);

    /* The time that counts begins, or is over. */
    void (*mark)(void *of, bool is_over);

    /* Filled by load_run, for the time that counts. */
    uint64_t done_n, ns, own_cpu_ns;
    uint64_t wrong_n; /* at any time */
    struct durations latency; /* from sending to having read the answer */
    bool has_run_out;
    char wrong[240]; /* the beginning of the first wrong answer */
};

/* load_run -- warms up, counts, waits for the last answers. */
void load_run(struct load *load) NONNULL;

/* load_connect -- a connection to 127.0.0.1. */
int load_connect(unsigned port);

#endif
