/* agent.c -- whoever asks the agent. See agent.h; what it does itself is in agent_serve.c. */
#define _GNU_SOURCE
#include "cli/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/agent_wire.h"

enum { WAIT_S = 2, SPARE_FD = 10, FOLDER_BYTES = 4096 };

/* ---- where it is ---------------------------------------------------------------------------------- */

/* Opens a folder if it is this user's, and closed to everybody else. */
static int open_safe(const char *path)
{
    struct stat is;
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -1;
    if (fstat(fd, &is) == 0 && is.st_uid == geteuid() && (is.st_mode & 077) == 0) return fd;
    (void)close(fd);
    return -1;
}

static int open_runtime_folder(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    char path[FOLDER_BYTES];
    if (runtime == NULL || runtime[0] != '/') return -1;
    int n = snprintf(path, sizeof path, "%s/troth", runtime);
    if (n < 0 || (size_t)n >= sizeof path) return -1;
    int outer = open_safe(runtime);
    if (outer < 0) return -1;
    (void)close(outer);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) return -1;
    return open_safe(path);
}

void agent_init(struct agent *agent, const char *home)
{
    struct stat is;
    *agent = (struct agent){._folder = open_runtime_folder()};
    if (agent->_folder >= 0 && stat(home, &is) == 0) {
        (void)snprintf(agent->_name, sizeof agent->_name, "agent-%llx-%llx", (unsigned long long)is.st_dev,
                       (unsigned long long)is.st_ino);
        return;
    }
    if (agent->_folder >= 0) (void)close(agent->_folder);
    agent->_folder = open_safe(home);
    (void)snprintf(agent->_name, sizeof agent->_name, "agent");
}

void agent_fini(struct agent *agent)
{
    if (agent->_folder >= 0) (void)close(agent->_folder);
    agent->_folder = -1;
}

/* By way of the folder's descriptor, so that no path is too long for a socket. */
static void put_address(const struct agent *agent, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", agent->_folder, agent->_name);
    EXPECT(n > 0 && (size_t)n < sizeof address->sun_path);
}

/* ---- talking --------------------------------------------------------------------------------------- */

bool agent_is_mine(int socket)
{
    struct ucred peer;
    socklen_t n = sizeof peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && peer.uid == geteuid();
}

bool agent_receive(int socket, void *at, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = recv(socket, (uint8_t *)at + done, n - done, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        done += (size_t)got;
    }
    return true;
}

bool agent_send(int socket, const void *at, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t sent = send(socket, (const uint8_t *)at + done, n - done, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        done += (size_t)sent;
    }
    return true;
}

/* A connection to the agent, or -1 when there is none. */
static int reach(const struct agent *agent)
{
    struct sockaddr_un address;
    const struct timeval wait = {.tv_sec = WAIT_S};
    if (agent->_folder < 0) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    put_address(agent, &address);
    bool is_there = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
                    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0 &&
                    connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 && agent_is_mine(fd);
    if (is_there) return fd;
    (void)close(fd);
    return -1;
}

/* Asks one question; wipes it. Whether there was an answer. */
static bool ask(int fd, struct agent_ask *question, struct agent_answer *answer)
{
    bool is_answered = agent_send(fd, question, sizeof *question) && agent_receive(fd, answer, sizeof *answer);
    wipe(question, sizeof *question);
    (void)close(fd);
    return is_answered;
}

bool agent_get(const struct agent *agent, const uint8_t *sign_pk, uint8_t seed[static SEED_BYTES], uint64_t *left_ms)
{
    struct agent_ask question = {.question = AGENT_GET};
    struct agent_answer answer;
    int fd = reach(agent);
    if (fd < 0) return false;
    memcpy(question.sign_pk, sign_pk, SIGN_PK_BYTES);
    bool is_there = ask(fd, &question, &answer) && answer.is_there == 1;
    if (is_there) memcpy(seed, answer.seed, SEED_BYTES);
    if (is_there) *left_ms = answer.left_ms;
    wipe(&answer, sizeof answer);
    return is_there;
}

bool agent_lock(const struct agent *agent)
{
    struct agent_ask question = {.question = AGENT_LOCK};
    struct agent_answer answer;
    int fd = reach(agent);
    return fd >= 0 && ask(fd, &question, &answer);
}

/* ---- starting it ------------------------------------------------------------------------------------ */

/* A socket that listens in the agent's place; what a dead agent left there goes. */
static int listen_there(const struct agent *agent)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    put_address(agent, &address);
    (void)unlinkat(agent->_folder, agent->_name, 0); /* not there, as a rule */
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        fchmodat(agent->_folder, agent->_name, 0600, 0) == 0 && listen(fd, 8) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static bool prepare(posix_spawn_file_actions_t *to, int listening, int folder)
{
    bool is_done = posix_spawn_file_actions_addopen(to, 0, "/dev/null", O_RDWR, 0) == 0 &&
                   posix_spawn_file_actions_adddup2(to, 0, 1) == 0 && posix_spawn_file_actions_adddup2(to, 0, 2) == 0 &&
                   posix_spawn_file_actions_adddup2(to, listening, AGENT_LISTEN_FD) == 0 &&
                   posix_spawn_file_actions_adddup2(to, folder, AGENT_FOLDER_FD) == 0 &&
                   posix_spawn_file_actions_addclosefrom_np(to, AGENT_FOLDER_FD + 1) == 0;
    return is_done;
}

/* The program again, as an agent: in a session of its own, with nothing open but what it needs. */
static bool spawn(const struct agent *agent, const char *program, int listening, int folder)
{
    char name[] = "troth", mode[] = "--agent", socket_name[sizeof agent->_name];
    char *argv[] = {name, mode, socket_name, NULL}, *env[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t pid;
    bool is_started = false;
    memcpy(socket_name, agent->_name, sizeof socket_name);
    if (posix_spawn_file_actions_init(&actions) != 0) return false;
    if (posix_spawnattr_init(&attributes) == 0) {
        is_started = prepare(&actions, listening, folder) &&
                     posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID) == 0 &&
                     posix_spawn(&pid, program, &actions, &attributes, argv, env) == 0;
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return is_started;
}

static bool start(const struct agent *agent, const char *program)
{
    int listening = agent->_folder < 0 ? -1 : listen_there(agent);
    if (listening < 0) return false;
    /* Out of the way of the numbers that they get in the agent. */
    int high = fcntl(listening, F_DUPFD_CLOEXEC, SPARE_FD), folder = fcntl(agent->_folder, F_DUPFD_CLOEXEC, SPARE_FD);
    bool is_started = high >= 0 && folder >= 0 && spawn(agent, program, high, folder);
    if (high >= 0) (void)close(high);
    if (folder >= 0) (void)close(folder);
    (void)close(listening);
    if (!is_started) (void)unlinkat(agent->_folder, agent->_name, 0);
    return is_started;
}

bool agent_put(const struct agent *agent, const char *program, const uint8_t *sign_pk,
               const uint8_t seed[static SEED_BYTES], uint64_t for_ms)
{
    struct agent_ask question = {.question = AGENT_PUT, .for_ms = for_ms};
    struct agent_answer answer;
    int fd = reach(agent);
    if (fd < 0 && start(agent, program)) fd = reach(agent);
    if (fd < 0) return false;
    memcpy(question.sign_pk, sign_pk, SIGN_PK_BYTES);
    memcpy(question.seed, seed, SEED_BYTES);
    return ask(fd, &question, &answer) && answer.is_there == 1;
}
