/* aborts.c -- see aborts.h. */
#define _DEFAULT_SOURCE /* fork, setrlimit */
#include "harness/aborts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void run_child(void (*call)(void))
{
    const struct rlimit no_core = {0, 0};
    int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0 || setrlimit(RLIMIT_CORE, &no_core) != 0) _exit(3);
    signal(SIGABRT, SIG_DFL);
    call();
    _exit(0);
}

bool aborts(void (*call)(void))
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) run_child(call);
    while (child > 0 && waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) child = -1;
    }
    if (child < 0) {
        perror("A child process was needed, to see it abort");
        exit(2);
    }
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
