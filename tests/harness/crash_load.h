/* crash_load.h -- eight people who write as fast as a server answers, each into a circle of their own and
 * all into one that they share, while a test takes the server away and brings it back.
 *
 *   crash_open(&load, "what is tested");
 *   crash_go(&load);            they recover, and write
 *   daemon_kill(&load.town.daemon);
 *   crash_await(&load);         everybody has noticed
 *   daemon_restart(…);          and so on
 *   crash_rest(&load);          the server runs: they recover, write no more, and look at all of it again
 *   crash_close(&load);
 *
 * What the server does that it may not is found and kept, with a sentence; it stops nothing by itself.
 *
 * Threads  a test calls all of this from the thread that opened it
 */
#ifndef HARNESS_CRASH_LOAD_H
#define HARNESS_CRASH_LOAD_H

#include <pthread.h>

#include "harness/crash_lane.h"
#include "harness/daemon.h"
#include "harness/town.h"

enum { CRASH_CLIENTS = 8, CRASH_SHARED_ONE_IN = 6 };

struct crash_load;

struct crash_client {
    struct crash_load *load;
    struct lane own, shared;
    struct random random;
    pthread_t thread;
};

struct crash_load {
    struct town town;
    struct random random; /* the test's own, from the seed that was said */
    struct crash_client client[CRASH_CLIENTS];
    bool is_open;

    pthread_mutex_t _lock;
    pthread_cond_t _changed;
    unsigned _round_n, _waiting_n; /* how often they were told to go; how many wait to be told again */
    bool _is_resting, _is_over, _is_broken;
    uint64_t _promise_n, _refusal_n;
    char _trouble[LANE_TROUBLE_BYTES];
};

/* crash_n -- how many crashes a test makes: the environment's TROTH_CRASHES, or else the test's own number. */
unsigned crash_n(unsigned standard);

/* crash_open -- a server that runs, eight people with accounts, their circles, and threads that wait.
 * crash_close -- ends all of it; the server, if it runs, must stop well.
 * crash_abandon -- ends what is open, the server by force: behind a test that failed.
 *
 * Takes    what   is tested, for the line that says the seed
 *          data   a path for the server's file; NULL: in its own folder
 */
void crash_open(struct crash_load *load, const char *what, const char *data) __attribute__((nonnull(1, 2)));
void crash_close(struct crash_load *load) NONNULL;
void crash_abandon(struct crash_load *load) NONNULL;

/* crash_go -- the server runs: everybody recovers, then writes until it is gone. */
void crash_go(struct crash_load *load) NONNULL;

/* crash_await -- waits until everybody has noticed that the server is gone. */
void crash_await(struct crash_load *load) NONNULL;

/* crash_rest -- the server runs: everybody recovers, and stops writing; then all that was read is read
 * again from the beginning. */
void crash_rest(struct crash_load *load) NONNULL;

/* crash_is_broken -- whether anybody found a broken promise.   crash_trouble -- the first one, as a sentence;
 * once nobody writes. */
bool crash_is_broken(struct crash_load *load) NONNULL;
const char *crash_trouble(struct crash_load *load) NONNULL;

/* crash_promises -- how many appends were acknowledged so far.   crash_refusals -- how many the disk did not let
 * through, see crash_may_refuse. */
uint64_t crash_promises(struct crash_load *load) NONNULL;
uint64_t crash_refusals(struct crash_load *load) NONNULL;

/* What happened, over all lanes; once nobody writes. */
struct crash_figures {
    uint64_t promise_n, moved_n, refused_n, kept_n, lost_n;
};
struct crash_figures crash_figures(const struct crash_load *load) NONNULL;

/* crash_may_refuse -- from now on the disk may be spoilt, so that an append is refused with this; before they are
 * told to go. */
void crash_may_refuse(struct crash_load *load, enum err e) NONNULL;

/* crash_restart -- the server runs again on the same file and port; false if it did not come up.
 *
 * Takes    flag, env   more arguments, and NAME=value, up to the first NULL; may be NULL
 */
bool crash_restart(struct crash_load *load, const char *const *flag, const char *const *env)
    __attribute__((nonnull(1)));

/* crash_spawn -- starts the server's program with these arguments, up to the first NULL, beside everything
 * else; what it says goes to the file said. Its process.
 * crash_end -- waits for its end, at most wait_ms, then kills it: its exit code, or 128 + signal. */
pid_t crash_spawn(const char *const *argument, const char *said) NONNULL;
int crash_end(pid_t pid, unsigned wait_ms);

/* crash_check -- `trothd check` of a file: its exit code.
 *
 * Gives    entry_n   how many entries it says it has checked; 0 if it does not
 *          said      the file with all that it said, in the load's folder
 */
int crash_check(struct crash_load *load, const char *data, uint64_t *entry_n,
                char said[static SCRATCH_PATH_BYTES]) NONNULL;

/* crash_pause_us -- about so long. */
void crash_pause_us(uint64_t us);

#endif
