/* daemon.c -- see daemon.h. */
#define _DEFAULT_SOURCE
#include "harness/daemon.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 2, ARGUMENTS = DAEMON_FLAGS + 8, PERMIT_TEXT_BYTES = 47 };

static const char *program(void)
{
    const char *path = getenv("TROTHD");
    if (path != NULL && path[0] != '\0') return path;
    fprintf(stderr, "TROTHD does not name the server; the tests run it: TROTHD=build/trothd %s\n", "…");
    exit(2);
}

static uint64_t steady_ms(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) misuse("daemon: no clock");
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void pause_ms(unsigned ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

/* ---- in the child, before it becomes the server ------------------------------------------------ */

static void filter(struct sock_filter *rule, size_t rule_n)
{
    struct sock_fprog rules = {.len = (unsigned short)rule_n, .filter = rule};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &rules) == 0) return;
    perror("The disk cannot be made to look full or read-only");
    _exit(127);
}

/* From now on a write behind the limit says that the disk is full, as it would on a full disk. A limit on
 * the size of files (RLIMIT_FSIZE) says something else, and mounting a small disk takes root. */
static void fill_disk(uint64_t bytes)
{
    if (bytes > UINT32_MAX) misuse("daemon: disk_bytes does not fit into 32 bits");
    struct sock_filter rule[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_pwrite64, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3])), /* the lower half of the offset */
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)bytes, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSPC),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    filter(rule, sizeof rule / sizeof *rule);
}

/* From now on what is opened for writing says that the file system is read-only; also to root. */
static void write_protect(void)
{
    struct sock_filter rule[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EROFS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    filter(rule, sizeof rule / sizeof *rule);
}

static void redirect(const char *path, int to)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || dup2(fd, to) < 0) _exit(127);
    if (fd != to) (void)close(fd);
}

/* Nothing that the test has open reaches the server. */
static void close_the_rest(void)
{
    for (int fd = 3; fd < 256; fd++) (void)close(fd);
}

static _Noreturn void become(const struct daemon *d, const struct daemon_options *o, char **argument, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(127);
    redirect("/dev/null", STDIN_FILENO);
    redirect(d->output, STDOUT_FILENO);
    redirect(d->log, STDERR_FILENO);
    close_the_rest();
    for (size_t i = 0; i < sizeof o->env / sizeof *o->env && o->env[i] != NULL; i++) {
        (void)putenv((char *)(uintptr_t)o->env[i]);
    }
    if (o->file_n > 0) {
        struct rlimit limit = {.rlim_cur = o->file_n, .rlim_max = o->file_n};
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) _exit(127);
    }
    if (o->disk_bytes > 0) fill_disk(o->disk_bytes);
    if (o->is_read_only) write_protect();
    execv(argument[0], argument);
    perror(argument[0]);
    _exit(127);
}

/* ---- what runs, so that nothing stays behind --------------------------------------------------- */

enum { RUNNING_MOST = 64 };
static pid_t running[RUNNING_MOST];
static pid_t owner;

static void kill_all(void)
{
    if (getpid() != owner) return;
    for (size_t i = 0; i < RUNNING_MOST; i++) {
        if (running[i] > 0) (void)kill(running[i], SIGKILL);
    }
}

static void note_running(pid_t pid, pid_t instead_of)
{
    if (owner == 0) {
        owner = getpid();
        (void)atexit(kill_all);
    }
    for (size_t i = 0; i < RUNNING_MOST; i++) {
        if (running[i] != instead_of) continue;
        running[i] = pid;
        return;
    }
    misuse("daemon: too many servers at once");
}

/* Takes note of the end of the server, if it has ended. */
static bool has_ended(struct daemon *d, int flags)
{
    int status = 0;
    if (d->pid == 0) return true;
    pid_t pid = waitpid(d->pid, &status, flags);
    if (pid == 0 || (pid < 0 && errno == EINTR)) return false;
    d->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    note_running(0, d->pid);
    d->pid = 0;
    return true;
}

/* ---- what it says ------------------------------------------------------------------------------ */

size_t daemon_read(const char *path, char *text, size_t cap)
{
    FILE *f = fopen(path, "r");
    size_t n = f == NULL ? 0 : fread(text, 1, cap - 1, f);
    if (f != NULL) (void)fclose(f);
    text[n] = '\0';
    return n;
}

bool daemon_says(const struct daemon *d, const char *words, unsigned wait_ms)
{
    uint64_t until_ms = steady_ms() + wait_ms;
    size_t cap = 1024 * 1024;
    char *text = malloc(cap);
    if (text == NULL) misuse("daemon: no memory");
    bool is_said = false;
    for (;;) {
        is_said = daemon_read(d->log, text, cap) > 0 && strstr(text, words) != NULL;
        if (!is_said) is_said = daemon_read(d->output, text, cap) > 0 && strstr(text, words) != NULL;
        if (is_said || steady_ms() >= until_ms) break;
        pause_ms(LOOK_MS);
    }
    free(text);
    return is_said;
}

/* The port behind the last colon of an address, or of the first origin in a text that is of this machine; 0
 * if there is none. */
static unsigned port_of(const char *listen)
{
    const char *colon = strrchr(listen, ':');
    return colon == NULL ? 0 : (unsigned)strtoul(colon + 1, NULL, 10);
}

static unsigned find_port(const char *text)
{
    static const char *const host[] = {"://127.0.0.1:", "://localhost:"};
    for (size_t i = 0; i < sizeof host / sizeof *host; i++) {
        const char *at = strstr(text, host[i]);
        if (at != NULL) return (unsigned)strtoul(at + strlen(host[i]), NULL, 10);
    }
    return 0;
}

/* Reads that it listens, where, and the first permit, from what it said, which it says at once. */
static bool read_output(struct daemon *d, const char *listen)
{
    char text[DAEMON_TEXT_BYTES];
    size_t n = daemon_read(d->output, text, sizeof text);
    if (n == 0 || text[n - 1] != '\n' || strstr(text, "Troth is running at") == NULL) return false;
    const char *permit = strstr(text, "#P1-"), *scheme = strstr(text, "https://") != NULL ? "https" : "http";
    d->port = port_of(listen) != 0 ? port_of(listen) : find_port(text);
    (void)snprintf(d->origin, sizeof d->origin, "%s://127.0.0.1:%u", scheme, d->port);
    if (permit != NULL) (void)snprintf(d->permit, sizeof d->permit, "%.*s", PERMIT_TEXT_BYTES, permit + 1);
    return true;
}

unsigned daemon_free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t at_n = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_found = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
                    getsockname(fd, (struct sockaddr *)&at, &at_n) == 0;
    if (!is_found) misuse("daemon: no free port");
    (void)close(fd);
    return ntohs(at.sin_port);
}

/* ---- starting and stopping --------------------------------------------------------------------- */

/* Rates that no test reaches by being quick; a test of the rates sets its own. */
static const char *const fast[] = {
    "--rate-challenge=0",  "--rate-login=0",  "--rate-register=0", "--rate-invite-open=0",
    "--rate-login-cred=0", "--rate-append=0", "--rate-read=0",     "--circles=1000", NULL,
};

static const char *listen_of(const struct daemon_options *o)
{
    return o->listen == NULL ? "127.0.0.1:0" : o->listen;
}

static size_t put_arguments(char **argument, const struct daemon *d, const struct daemon_options *o)
{
    const char *first[] = {program(), "serve", "--data", d->data, "--listen", listen_of(o)};
    size_t n = 0;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) argument[n++] = (char *)(uintptr_t)first[i];
    for (size_t i = 0; o->is_fast && fast[i] != NULL; i++) argument[n++] = (char *)(uintptr_t)fast[i];
    for (size_t i = 0; i < DAEMON_FLAGS && o->flag[i] != NULL; i++) argument[n++] = (char *)(uintptr_t)o->flag[i];
    argument[n] = NULL;
    return n;
}

static bool launch(struct daemon *d, const struct daemon_options *o)
{
    char *argument[ARGUMENTS + sizeof fast / sizeof *fast];
    EXPECT(put_arguments(argument, d, o) < sizeof argument / sizeof *argument);
    if (truncate(d->output, 0) != 0 && errno != ENOENT) misuse("daemon: its output cannot be emptied");
    uint64_t from_ms = steady_ms();
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) misuse("daemon: fork");
    if (pid == 0) become(d, o, argument, parent);
    d->pid = pid;
    note_running(pid, 0);
    while (steady_ms() - from_ms < DAEMON_WAIT_MS) {
        if (read_output(d, listen_of(o))) {
            d->started_ms = (unsigned)(steady_ms() - from_ms);
            return true;
        }
        if (has_ended(d, WNOHANG)) return false;
        pause_ms(LOOK_MS);
    }
    fprintf(stderr, "The server did not say within %d ms where it listens.\n", DAEMON_WAIT_MS);
    daemon_kill(d);
    return false;
}

bool daemon_start(struct daemon *d, const struct daemon_options *o)
{
    *d = (struct daemon){0};
    scratch_folder(d->folder);
    scratch_path(d->output, d->folder, "output");
    scratch_path(d->log, d->folder, "log");
    if (o->data == NULL) scratch_path(d->data, d->folder, "data");
    else (void)snprintf(d->data, sizeof d->data, "%s", o->data);
    return launch(d, o);
}

bool daemon_restart(struct daemon *d, const struct daemon_options *o)
{
    struct daemon_options same = *o;
    char listen[32];
    (void)snprintf(listen, sizeof listen, "127.0.0.1:%u", d->port);
    if (same.listen == NULL) same.listen = listen;
    EXPECT(d->pid == 0);
    return launch(d, &same);
}

bool daemon_wait(struct daemon *d, unsigned wait_ms)
{
    uint64_t until_ms = steady_ms() + wait_ms;
    while (!has_ended(d, WNOHANG)) {
        if (steady_ms() >= until_ms) return false;
        pause_ms(LOOK_MS);
    }
    return true;
}

void daemon_signal(const struct daemon *d, int signal_number)
{
    if (d->pid > 0 && kill(d->pid, signal_number) != 0) misuse("daemon: kill");
}

bool daemon_stop(struct daemon *d)
{
    if (d->pid == 0) return false;
    daemon_signal(d, SIGTERM);
    if (daemon_wait(d, DAEMON_WAIT_MS)) return d->exit_code == 0;
    fprintf(stderr, "The server did not stop within %d ms.\n", DAEMON_WAIT_MS);
    daemon_kill(d);
    return false;
}

void daemon_kill(struct daemon *d)
{
    if (d->pid == 0) return;
    daemon_signal(d, SIGKILL);
    while (!has_ended(d, 0)) continue;
}

/* ---- commands ---------------------------------------------------------------------------------- */

int daemon_run(const char *const *argument, char *said, size_t cap)
{
    struct daemon d = {0};
    struct daemon_options none = {0};
    char *all[ARGUMENTS] = {(char *)(uintptr_t)program()};
    size_t n = 1;
    for (; argument[n - 1] != NULL; n++) {
        EXPECT(n + 1 < ARGUMENTS);
        all[n] = (char *)(uintptr_t)argument[n - 1];
    }
    scratch_folder(d.folder);
    scratch_path(d.output, d.folder, "said");
    scratch_path(d.log, d.folder, "said");
    pid_t parent = getpid();
    d.pid = fork();
    if (d.pid < 0) misuse("daemon: fork");
    if (d.pid == 0) become(&d, &none, all, parent);
    note_running(d.pid, 0);
    if (!daemon_wait(&d, DAEMON_WAIT_MS)) {
        fprintf(stderr, "The command did not end within %d ms.\n", DAEMON_WAIT_MS);
        daemon_kill(&d);
    }
    if (said != NULL) (void)daemon_read(d.output, said, cap);
    return d.exit_code;
}

uint64_t daemon_resident_bytes(const struct daemon *d)
{
    char path[64], text[4096];
    (void)snprintf(path, sizeof path, "/proc/%ld/status", (long)d->pid);
    (void)daemon_read(path, text, sizeof text);
    const char *line = strstr(text, "VmRSS:");
    return line == NULL ? 0 : strtoull(line + 6, NULL, 10) * 1024;
}
