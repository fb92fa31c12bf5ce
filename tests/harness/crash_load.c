/* crash_load.c -- see crash_load.h. */
#define _DEFAULT_SOURCE
#include "harness/crash_load.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_US = 500, CHECK_MS = 120000, ARGUMENTS = 16 };

/* ---- each of the eight ------------------------------------------------------------------------------ */

static enum lane_step recover(struct crash_client *c)
{
    enum lane_step step = lane_recover(&c->own);
    return step == LANE_ON ? lane_recover(&c->shared) : step;
}

static enum lane_step append(struct crash_client *c)
{
    struct lane *lane = random_is_one_in(&c->random, CRASH_SHARED_ONE_IN) ? &c->shared : &c->own;
    uint64_t promise_n = lane->promise_n, refused_n = lane->refused_n;
    enum lane_step step = lane_append(lane);
    pthread_mutex_lock(&c->load->_lock);
    c->load->_promise_n += lane->promise_n - promise_n;
    c->load->_refusal_n += lane->refused_n - refused_n;
    pthread_mutex_unlock(&c->load->_lock);
    return step;
}

/* All of it once more, when nothing was taken away. */
static enum lane_step look_at_all(struct crash_client *c)
{
    enum lane_step step = recover(c);
    if (step == LANE_ON) step = lane_reread(&c->own);
    if (step == LANE_ON) step = lane_reread(&c->shared);
    return step;
}

static void note_broken(struct crash_client *c)
{
    struct crash_load *load = c->load;
    const char *trouble = "the server was gone, and nobody had taken it away";
    if (c->own.trouble[0] != '\0') trouble = c->own.trouble;
    else if (c->shared.trouble[0] != '\0') trouble = c->shared.trouble;
    pthread_mutex_lock(&load->_lock);
    if (!load->_is_broken) (void)snprintf(load->_trouble, sizeof load->_trouble, "%s", trouble);
    load->_is_broken = true;
    pthread_mutex_unlock(&load->_lock);
}

/* Waits to be told to go; false when it is over. */
static bool next_round(struct crash_load *load, unsigned *seen_n)
{
    pthread_mutex_lock(&load->_lock);
    load->_waiting_n++;
    pthread_cond_broadcast(&load->_changed);
    while (load->_round_n == *seen_n && !load->_is_over) pthread_cond_wait(&load->_changed, &load->_lock);
    *seen_n = load->_round_n;
    bool is_on = !load->_is_over;
    pthread_mutex_unlock(&load->_lock);
    return is_on;
}

static bool is_resting(struct crash_load *load)
{
    pthread_mutex_lock(&load->_lock);
    bool is_so = load->_is_resting;
    pthread_mutex_unlock(&load->_lock);
    return is_so;
}

static void *run(void *of)
{
    struct crash_client *c = of;
    unsigned seen_n = 0;
    enum lane_step step = LANE_ON;
    while (next_round(c->load, &seen_n)) {
        if (step == LANE_BROKEN) continue; /* what it finds now says nothing new */
        step = recover(c);
        while (step == LANE_ON && !is_resting(c->load)) step = append(c);
        if (step == LANE_ON) step = look_at_all(c);
        if (step == LANE_GONE && is_resting(c->load)) step = LANE_BROKEN;
        if (step == LANE_BROKEN) note_broken(c);
    }
    return NULL;
}

/* ---- telling them ------------------------------------------------------------------------------------- */

static void tell(struct crash_load *load, bool is_to_rest)
{
    pthread_mutex_lock(&load->_lock);
    load->_is_resting = is_to_rest;
    if (load->_waiting_n == CRASH_CLIENTS) {
        load->_round_n++;
        load->_waiting_n = 0;
    }
    pthread_cond_broadcast(&load->_changed);
    pthread_mutex_unlock(&load->_lock);
}

void crash_go(struct crash_load *load)
{
    tell(load, false);
}

void crash_await(struct crash_load *load)
{
    pthread_mutex_lock(&load->_lock);
    while (load->_waiting_n < CRASH_CLIENTS) pthread_cond_wait(&load->_changed, &load->_lock);
    pthread_mutex_unlock(&load->_lock);
}

void crash_rest(struct crash_load *load)
{
    tell(load, true);
    crash_await(load);
}

bool crash_is_broken(struct crash_load *load)
{
    pthread_mutex_lock(&load->_lock);
    bool is_broken = load->_is_broken;
    pthread_mutex_unlock(&load->_lock);
    return is_broken;
}

const char *crash_trouble(struct crash_load *load)
{
    return crash_is_broken(load) ? load->_trouble : "";
}

uint64_t crash_promises(struct crash_load *load)
{
    pthread_mutex_lock(&load->_lock);
    uint64_t n = load->_promise_n;
    pthread_mutex_unlock(&load->_lock);
    return n;
}

void crash_may_refuse(struct crash_load *load, enum err e)
{
    for (size_t i = 0; i < CRASH_CLIENTS; i++) {
        load->client[i].own.may_refuse = load->client[i].shared.may_refuse = e;
    }
}

uint64_t crash_refusals(struct crash_load *load)
{
    pthread_mutex_lock(&load->_lock);
    uint64_t n = load->_refusal_n;
    pthread_mutex_unlock(&load->_lock);
    return n;
}

static void count(struct crash_figures *f, const struct lane *lane)
{
    f->promise_n += lane->promise_n;
    f->moved_n += lane->moved_n;
    f->refused_n += lane->refused_n;
    f->kept_n += lane->kept_n;
    f->lost_n += lane->lost_n;
}

struct crash_figures crash_figures(const struct crash_load *load)
{
    struct crash_figures f = {0};
    for (size_t i = 0; i < CRASH_CLIENTS; i++) {
        count(&f, &load->client[i].own);
        count(&f, &load->client[i].shared);
    }
    return f;
}

/* ---- the server's program ------------------------------------------------------------------------------- */

void crash_pause_us(uint64_t us)
{
    struct timespec t = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};
    (void)nanosleep(&t, NULL);
}

unsigned crash_n(unsigned standard)
{
    const char *text = getenv("TROTH_CRASHES");
    char *end = NULL;
    if (text == NULL) return standard;
    unsigned long n = strtoul(text, &end, 10);
    if (end != text && *end == '\0' && n > 0 && n <= 1000000) return (unsigned)n;
    fprintf(stderr, "TROTH_CRASHES is \"%s\"; a number of crashes was expected, such as 20.\n", text);
    exit(2);
}

static _Noreturn void become(char *const *argument, const char *said, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(127);
    int fd = open(said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0) _exit(127);
    for (int i = 3; i < 256; i++) (void)close(i);
    (void)execv(argument[0], argument);
    _exit(127);
}

pid_t crash_spawn(const char *const *argument, const char *said)
{
    char *all[ARGUMENTS] = {getenv("TROTHD")};
    size_t n = 1;
    for (; argument[n - 1] != NULL; n++) {
        EXPECT(n + 1 < ARGUMENTS);
        all[n] = (char *)(uintptr_t)argument[n - 1];
    }
    EXPECT(all[0] != NULL); /* the server was started by that name before */
    pid_t parent = getpid(), pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) become(all, said, parent);
    return pid;
}

int crash_end(pid_t pid, unsigned wait_ms)
{
    int status = 0;
    for (uint64_t waited_us = 0; waitpid(pid, &status, WNOHANG) == 0; waited_us += LOOK_US) {
        if (waited_us >= (uint64_t)wait_ms * 1000) (void)kill(pid, SIGKILL);
        crash_pause_us(LOOK_US);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int crash_check(struct crash_load *load, const char *data, uint64_t *entry_n, char said[static SCRATCH_PATH_BYTES])
{
    char text[1024];
    const char *argument[] = {"check", "--data", data, NULL};
    scratch_path(said, load->town.daemon.folder, "checked");
    int code = crash_end(crash_spawn(argument, said), CHECK_MS);
    (void)daemon_read(said, text, sizeof text);
    const char *at = strstr(text, " circles with ");
    *entry_n = at == NULL ? 0 : strtoull(at + strlen(" circles with "), NULL, 10);
    return code;
}

bool crash_restart(struct crash_load *load, const char *const *flag, const char *const *env)
{
    struct daemon_options o = load->town.options;
    size_t flag_n = 0;
    while (o.flag[flag_n] != NULL) flag_n++;
    for (size_t i = 0; flag != NULL && flag[i] != NULL; i++) o.flag[flag_n++] = flag[i];
    for (size_t i = 0; env != NULL && env[i] != NULL; i++) o.env[i] = env[i];
    return daemon_restart(&load->town.daemon, &o);
}

/* ---- opening and closing ---------------------------------------------------------------------------------- */

static void must(enum lane_step step, const struct lane *lane)
{
    if (step == LANE_ON) return;
    const char *why = lane->trouble[0] == '\0' ? "the server is gone" : lane->trouble;
    fprintf(stderr, "The crash tests cannot begin: %s\n", why);
    exit(3);
}

static void begin_client(struct crash_load *load, size_t i)
{
    struct crash_client *c = &load->client[i];
    c->load = load;
    random_init_seed(&c->random, random_u64(&load->random));
    lane_init(&c->own, &load->town.api[i], random_u64(&load->random));
    lane_init(&c->shared, &load->town.api[i], random_u64(&load->random));
    must(lane_begin(&c->own), &c->own);
    must(lane_share(&c->shared, town_circle(&load->town)), &c->shared);
}

void crash_open(struct crash_load *load, const char *what, const char *data)
{
    struct daemon_options options = {.data = data, .is_fast = true, .flag = {"--log-level=warning"}};
    *load = (struct crash_load){._is_over = false};
    random_init(&load->random, what);
    (void)pthread_mutex_init(&load->_lock, NULL);
    (void)pthread_cond_init(&load->_changed, NULL);
    town_open(&load->town, CRASH_CLIENTS, &options);
    town_gather(&load->town, CRASH_CLIENTS);
    for (size_t i = 0; i < CRASH_CLIENTS; i++) begin_client(load, i);
    for (size_t i = 0; i < CRASH_CLIENTS; i++) {
        EXPECT(pthread_create(&load->client[i].thread, NULL, run, &load->client[i]) == 0);
    }
    load->is_open = true;
    crash_await(load);
}

void crash_abandon(struct crash_load *load)
{
    if (!load->is_open) return;
    daemon_kill(&load->town.daemon);
    crash_close(load);
}

void crash_close(struct crash_load *load)
{
    pthread_mutex_lock(&load->_lock);
    load->_is_over = true;
    pthread_cond_broadcast(&load->_changed);
    pthread_mutex_unlock(&load->_lock);
    for (size_t i = 0; i < CRASH_CLIENTS; i++) {
        (void)pthread_join(load->client[i].thread, NULL);
        lane_fini(&load->client[i].own);
        lane_fini(&load->client[i].shared);
    }
    town_close(&load->town);
    load->is_open = false;
    (void)pthread_cond_destroy(&load->_changed);
    (void)pthread_mutex_destroy(&load->_lock);
}
