/* crowd.h -- people with accounts and sessions on the measured server, made through its API.
 *
 * Their permits are put into the data file before the server starts, as `trothd permit` would one by one.
 */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "harness/api_client.h"
#include "host.h"

struct crowd {
    struct person *person;
    struct api *api; /* each signed in */
    size_t n;
    char (*_permit)[64];
};

/* crowd_plan -- makes permits for n people in a file that no server serves yet. */
void crowd_plan(struct crowd *c, const char *path, size_t n) NONNULL;

/* crowd_settle -- they open their accounts and sign in. A large crowd restarts the server in between: it answers a few
 * thousand challenges within two minutes and no more, lest its memory of them grows. */
void crowd_settle(struct crowd *c, struct host *h) NONNULL;

void crowd_fini(struct crowd *c) NONNULL;

/* crowd_must -- ends the program with a sentence unless an answer has that status. */
void crowd_must(struct api_reply r, int status, const char *what) NONNULL;

#endif
