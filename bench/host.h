/* host.h -- the server that is measured: started, looked at from outside, stopped.
 *
 * It runs as it is, with these flags more: no rates, no limit of connections for one address (this program
 * is one address), and a log of warnings only. Its syncs are counted by preload/sync_count.c.
 */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include "harness/daemon.h"
#include "timing.h"

struct host {
    struct daemon daemon;
    char path[SCRATCH_PATH_BYTES]; /* of its data */
    struct sync_count *_syncs;
    char _env[2][512];
    pid_t _watcher; /* 0: none */
};

/* What it has used so far. Differences of two are what a run cost. */
struct host_cost {
    uint64_t cpu_ns;          /* processor time, all threads                        */
    double user_s, system_s;  /* the same in two parts, to a hundredth of a second  */
    uint64_t sync_n, sync_ns; /* fsync and fdatasync; the time spent in them        */
    uint64_t switch_n;        /* how often a thread went to sleep                   */
};

/* host_open -- starts it on a data file, which may be there already.   host_close -- stops it. */
void host_open(struct host *h, const char *folder, const char *name) NONNULL;
void host_close(struct host *h) NONNULL;

/* host_restart -- stops it and starts it again, on the same data and port. */
void host_restart(struct host *h) NONNULL;

struct host_cost host_cost(const struct host *h) NONNULL;

/* host_cost_add -- what was used between before and now, added to sum. */
void host_cost_add(struct host_cost *sum, const struct host_cost *before, const struct host_cost *now) NONNULL;

/* host_resident_mb -- resident memory in MB of 10^6 bytes. */
double host_resident_mb(const struct host *h) NONNULL;

/* host_threads -- prints, on standard error, what each of its threads has used. */
void host_threads(const struct host *h) NONNULL;

/* host_watch -- while something is counted, a command of the caller's looks on: BENCH_WATCH with the server's
 * process id behind it, such as BENCH_WATCH="perf record -g -p". host_watch_over interrupts it and waits. */
void host_watch(struct host *h) NONNULL;
void host_watch_over(struct host *h) NONNULL;

/* host_first_answer_ms -- starts a server, asks GET /healthz until it answers, stops it: from just before the start to
 * the answer's end. Gives resident_mb, a second later. */
double host_first_answer_ms(const char *path, double *resident_mb) NONNULL;

#endif
