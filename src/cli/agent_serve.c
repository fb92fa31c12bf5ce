/* agent_serve.c -- the agent itself. See agent.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cli/agent_wire.h"
#include "cli/clock.h"

/* In a page of its own, which is never swapped out or dumped. */
struct held {
    struct {
        uint64_t until_ms; /* by clock_boot_ms; 0: free */
        uint8_t sign_pk[SIGN_PK_BYTES], seed[SEED_BYTES];
    } seed[AGENT_SEEDS];
    struct agent_ask ask;
    struct agent_answer answer;
};

enum { FIRST_WAIT_MS = 10 * 1000, QUESTION_WAIT_S = 1 };

static struct held *hold(void)
{
    const struct rlimit none = {0, 0};
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0) return NULL;
    struct held *held = mmap(NULL, sizeof *held, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (held == MAP_FAILED) return NULL;
    if (mlock(held, sizeof *held) == 0 && madvise(held, sizeof *held, MADV_DONTDUMP) == 0) return held;
    (void)munmap(held, sizeof *held);
    return NULL;
}

/* ---- seeds ------------------------------------------------------------------------------------------ */

/* Wipes what is over. Gives the moment when the next one is; 0: none is held. */
static uint64_t wipe_what_is_over(struct held *held, uint64_t now_ms)
{
    uint64_t next_ms = 0;
    for (size_t i = 0; i < AGENT_SEEDS; i++) {
        uint64_t until_ms = held->seed[i].until_ms;
        if (until_ms != 0 && until_ms <= now_ms)
            wipe(&held->seed[i], sizeof held->seed[i]);
        else if (until_ms != 0 && (next_ms == 0 || until_ms < next_ms))
            next_ms = until_ms;
    }
    return next_ms;
}

static size_t place_of(const struct held *held, const uint8_t *sign_pk)
{
    size_t best = 0;
    for (size_t i = 0; i < AGENT_SEEDS; i++) {
        if (held->seed[i].until_ms != 0 && memcmp(held->seed[i].sign_pk, sign_pk, SIGN_PK_BYTES) == 0) return i;
        if (held->seed[i].until_ms < held->seed[best].until_ms) best = i;
    }
    return best;
}

/* Answers the question in held->ask. Whether the agent goes on. */
static bool answer(struct held *held, uint64_t now_ms)
{
    const struct agent_ask *ask = &held->ask;
    struct agent_answer *to = &held->answer;
    size_t at = place_of(held, ask->sign_pk);
    bool is_held = held->seed[at].until_ms != 0 && memcmp(held->seed[at].sign_pk, ask->sign_pk, SIGN_PK_BYTES) == 0;
    wipe(to, sizeof *to);
    if (ask->question == AGENT_LOCK) return false;
    if (ask->question == AGENT_GET && is_held) {
        to->is_there = 1;
        to->left_ms = held->seed[at].until_ms - now_ms;
        memcpy(to->seed, held->seed[at].seed, SEED_BYTES);
    }
    if (ask->question == AGENT_PUT && ask->for_ms > 0) {
        uint64_t for_ms = ask->for_ms < AGENT_LONGEST_MS ? ask->for_ms : AGENT_LONGEST_MS;
        to->is_there = 1;
        held->seed[at].until_ms = now_ms + for_ms;
        memcpy(held->seed[at].sign_pk, ask->sign_pk, SIGN_PK_BYTES);
        memcpy(held->seed[at].seed, ask->seed, SEED_BYTES);
    }
    return true;
}

/* One caller. Whether the agent goes on. */
static bool take_call(struct held *held)
{
    const struct timeval wait = {.tv_sec = QUESTION_WAIT_S};
    bool goes_on = true;
    int fd = accept4(AGENT_LISTEN_FD, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return true;
    if (agent_is_mine(fd) && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0 &&
        agent_receive(fd, &held->ask, sizeof held->ask)) {
        goes_on = answer(held, clock_boot_ms());
        if (!goes_on) wipe(held, sizeof *held);                   /* before it is said that they are gone */
        (void)agent_send(fd, &held->answer, sizeof held->answer); /* a caller that went away asks again */
    }
    wipe(&held->ask, sizeof held->ask);
    wipe(&held->answer, sizeof held->answer);
    (void)close(fd);
    return goes_on;
}

/* ---- the process ------------------------------------------------------------------------------------- */

static int signals(void)
{
    sigset_t set;
    if (sigemptyset(&set) != 0 || sigaddset(&set, SIGTERM) != 0 || sigaddset(&set, SIGINT) != 0 ||
        sigaddset(&set, SIGHUP) != 0 || sigaddset(&set, SIGQUIT) != 0 || sigprocmask(SIG_SETMASK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static bool set_timer(int timer, uint64_t at_ms)
{
    const struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000 + 1}};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL) == 0;
}

static void serve(struct held *held, int timer, int signal_fd)
{
    uint64_t next_ms = clock_boot_ms() + FIRST_WAIT_MS;
    while (set_timer(timer, next_ms)) {
        struct pollfd on[] = {{.fd = AGENT_LISTEN_FD, .events = POLLIN},
                              {.fd = timer, .events = POLLIN},
                              {.fd = signal_fd, .events = POLLIN}};
        int n = poll(on, sizeof on / sizeof *on, -1);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 || on[2].revents != 0 || (on[0].revents & (POLLERR | POLLNVAL)) != 0) return;
        uint64_t first_ms = wipe_what_is_over(held, clock_boot_ms());
        if (on[0].revents != 0 && !take_call(held)) return;
        if (on[0].revents != 0) first_ms = wipe_what_is_over(held, clock_boot_ms());
        if (on[1].revents != 0 && first_ms == 0) return;
        if (first_ms != 0) next_ms = first_ms;
    }
}

int agent_serve(const char *name)
{
    int code = err_exit(ERR_INTERNAL);
    struct held *held = hold();
    int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC), signal_fd = signals();
    if (held != NULL && timer >= 0 && signal_fd >= 0 && chdir("/") == 0) {
        serve(held, timer, signal_fd);
        code = 0;
    }
    if (held != NULL) wipe(held, sizeof *held);
    (void)unlinkat(AGENT_FOLDER_FD, name, 0); /* whoever finds it closed removes it, too */
    return code;
}
