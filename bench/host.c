/* host.c -- see host.h. */
#define _GNU_SOURCE
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/http_client.h"
#include "preload/sync_count.h"

extern char **environ;

static void must(bool is_so, const char *what)
{
    if (is_so) return;
    perror(what);
    exit(2);
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    if (value != NULL && value[0] != '\0') return value;
    (void)fprintf(stderr, "%s is not set; bench/run.sh sets it.\n", name);
    exit(2);
}

/* ---- started and stopped --------------------------------------------------------------------- */

static struct sync_count *map_counts(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0 && ftruncate(fd, sizeof(struct sync_count)) == 0, path);
    void *at = mmap(NULL, sizeof(struct sync_count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    must(at != MAP_FAILED, "mmap");
    (void)close(fd);
    return at;
}

static struct daemon_options options_of(const struct host *h)
{
    return (struct daemon_options){
        .flag = {"--connections-per-ip=0", "--connections=12000", "--log-level=warning"},
        .env = {h->_env[0], h->_env[1]},
        .data = h->path,
        .is_fast = true,
    };
}

static void must_run(struct host *h, bool does)
{
    char log[4096];
    if (does) return;
    (void)daemon_read(h->daemon.log, log, sizeof log);
    (void)fprintf(stderr, "The server did not start:\n%s\n", log);
    exit(2);
}

void host_open(struct host *h, const char *folder, const char *name)
{
    char counts[SCRATCH_PATH_BYTES];
    scratch_path(h->path, folder, name);
    scratch_path(counts, folder, "syncs");
    h->_syncs = map_counts(counts);
    (void)snprintf(h->_env[0], sizeof h->_env[0], "SYNC_COUNT=%s", counts);
    (void)snprintf(h->_env[1], sizeof h->_env[1], "LD_PRELOAD=%s", environment("BENCH_SYNC_COUNT"));
    struct daemon_options options = options_of(h);
    must_run(h, daemon_start(&h->daemon, &options));
}

void host_restart(struct host *h)
{
    struct daemon_options options = options_of(h);
    must_run(h, daemon_stop(&h->daemon) && daemon_restart(&h->daemon, &options));
}

void host_close(struct host *h)
{
    if (h->daemon.pid != 0 && !daemon_stop(&h->daemon)) (void)fprintf(stderr, "The server did not stop well.\n");
    (void)munmap(h->_syncs, sizeof *h->_syncs);
}

/* ---- looked at --------------------------------------------------------------------------------- */

static size_t read_proc(const struct host *h, const char *name, char *text, size_t cap)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/proc/%ld/%s", (long)h->daemon.pid, name);
    return daemon_read(path, text, cap);
}

/* Calls look for each of its threads. */
static void each_thread(const struct host *h, void (*look)(void *of, const struct host *h, const char *thread),
                        void *of)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/proc/%ld/task", (long)h->daemon.pid);
    DIR *folder = opendir(path);
    must(folder != NULL, path);
    for (struct dirent *row = readdir(folder); row != NULL; row = readdir(folder)) {
        if (row->d_name[0] != '.') look(of, h, row->d_name);
    }
    (void)closedir(folder);
}

static void count_switches(void *of, const struct host *h, const char *thread)
{
    char name[64], text[8192];
    (void)snprintf(name, sizeof name, "task/%.16s/status", thread);
    (void)read_proc(h, name, text, sizeof text);
    const char *at = strstr(text, "\nvoluntary_ctxt_switches:");
    if (at != NULL) *(uint64_t *)of += strtoull(strchr(at, ':') + 1, NULL, 10);
}

/* utime and stime: the 14th and 15th word, where the second may hold blanks and stands in parentheses. */
static void read_times(const char *stat, double *user_s, double *system_s)
{
    const char *at = strrchr(stat, ')');
    must(at != NULL, "stat");
    for (int word = 2; word < 14; word++) at = strchr(at + 1, ' ');
    char *end;
    double tick = (double)sysconf(_SC_CLK_TCK);
    *user_s = (double)strtoull(at, &end, 10) / tick;
    *system_s = (double)strtoull(end, NULL, 10) / tick;
}

struct host_cost host_cost(const struct host *h)
{
    struct host_cost cost = {0};
    char stat[4096];
    clockid_t clock;
    struct timespec t;
    must(clock_getcpuclockid(h->daemon.pid, &clock) == 0 && clock_gettime(clock, &t) == 0, "The server's clock");
    cost.cpu_ns = (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
    (void)read_proc(h, "stat", stat, sizeof stat);
    read_times(stat, &cost.user_s, &cost.system_s);
    cost.sync_n = atomic_load(&h->_syncs->n);
    cost.sync_ns = atomic_load(&h->_syncs->ns);
    each_thread(h, count_switches, &cost.switch_n);
    return cost;
}

void host_cost_add(struct host_cost *sum, const struct host_cost *before, const struct host_cost *now)
{
    sum->cpu_ns += now->cpu_ns - before->cpu_ns;
    sum->user_s += now->user_s - before->user_s;
    sum->system_s += now->system_s - before->system_s;
    sum->sync_n += now->sync_n - before->sync_n;
    sum->sync_ns += now->sync_ns - before->sync_ns;
    sum->switch_n += now->switch_n - before->switch_n;
}

double host_resident_mb(const struct host *h)
{
    return (double)daemon_resident_bytes(&h->daemon) / 1e6;
}

static void say_thread(void *of, const struct host *h, const char *thread)
{
    char name[64], stat[4096];
    double user_s, system_s;
    (void)of;
    (void)snprintf(name, sizeof name, "task/%.16s/stat", thread);
    (void)read_proc(h, name, stat, sizeof stat);
    read_times(stat, &user_s, &system_s);
    (void)fprintf(stderr, "    thread %s: user %.2f s, system %.2f s\n", thread, user_s, system_s);
}

void host_threads(const struct host *h)
{
    each_thread(h, say_thread, NULL);
}

void host_watch(struct host *h)
{
    char command[1024];
    const char *watch = getenv("BENCH_WATCH");
    if (watch == NULL || watch[0] == '\0') return;
    (void)snprintf(command, sizeof command, "exec %s %ld", watch, (long)h->daemon.pid);
    const char *argument[] = {"sh", "-c", command, NULL};
    errno = posix_spawnp(&h->_watcher, argument[0], NULL, NULL, (char **)(uintptr_t)argument, environ);
    must(errno == 0, command);
}

void host_watch_over(struct host *h)
{
    if (h->_watcher == 0) return;
    (void)kill(h->_watcher, SIGINT);
    must(waitpid(h->_watcher, NULL, 0) == h->_watcher, "BENCH_WATCH");
    h->_watcher = 0;
}

/* ---- from nothing to the first answer ------------------------------------------------------------ */

/* Below the ports that the system gives to clients: among those, whoever knocks until somebody listens could one
 * day be given the very port that it knocks at, and be its own server. */
static unsigned free_port(void)
{
    enum { FIRST = 20000, LAST = 30000 };
    for (unsigned port = FIRST + (unsigned)getpid() % 5000; port < LAST; port++) {
        struct sockaddr_in at = {
            .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(fd >= 0, "socket");
        bool is_free = bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
        (void)close(fd);
        if (is_free) return port;
    }
    must(false, "Finding a free port");
    return 0;
}

static pid_t spawn(const char *path, unsigned port)
{
    char listen[32];
    pid_t pid;
    posix_spawn_file_actions_t quiet;
    const char *argument[] = {environment("TROTHD"), "serve", "--data", path, "--listen", listen, NULL};
    (void)snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
    must(posix_spawn_file_actions_init(&quiet) == 0, "posix_spawn");
    must(posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0) == 0, "posix_spawn");
    must(posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0) == 0, "posix_spawn");
    errno = posix_spawn(&pid, argument[0], &quiet, NULL, (char **)(uintptr_t)argument, environ);
    must(errno == 0, argument[0]);
    (void)posix_spawn_file_actions_destroy(&quiet);
    return pid;
}

/* A connection, as soon as somebody listens. */
static int connect_soon(unsigned port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    for (uint64_t from_ns = timing_ns();;) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(fd >= 0, "socket");
        if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
        (void)close(fd);
        must(timing_s(from_ns) < 10, "Nobody listens");
        timing_pause(100000);
    }
}

double host_first_answer_ms(const char *path, double *resident_mb)
{
    struct http_client client;
    struct http_reply reply;
    unsigned port = free_port();
    uint64_t from_ns = timing_ns();
    struct host h = {.daemon.pid = spawn(path, port)};
    http_client_init_over(&client, connect_soon(port));
    must(http_client_ask(&client, &(struct http_ask){.method = "GET", .path = "/healthz"}, &reply) &&
             reply.status == 200,
         "GET /healthz");
    double ms = timing_s(from_ns) * 1000;
    timing_pause(NS_PER_S);
    *resident_mb = host_resident_mb(&h);
    http_client_fini(&client);
    must(kill(h.daemon.pid, SIGTERM) == 0 && waitpid(h.daemon.pid, NULL, 0) == h.daemon.pid, "Stopping the server");
    return ms;
}
