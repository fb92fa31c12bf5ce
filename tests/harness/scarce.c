/* scarce.c -- see scarce.h. */
#define _DEFAULT_SOURCE /* fork, setrlimit */
#include "harness/scarce.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MORE_BYTES = 32 * 1024 * 1024, NOT_LIMITED = 100, NOT_ENDED = 101 };

/* How much address space the process has mapped: under the sanitizers far more than it will ever use, so a
 * fixed limit would not do. 0 if the system does not say. */
static rlim_t mapped_bytes(void)
{
    char line[128];
    rlim_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fgets(line, sizeof line, file) != NULL) pages = (rlim_t)strtoull(line, NULL, 10);
    fclose(file);
    return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static int run_limited(int (*job)(void))
{
    rlim_t mapped = mapped_bytes();
    struct rlimit limit = {mapped + MORE_BYTES, mapped + MORE_BYTES};
    if (mapped == 0 || setrlimit(RLIMIT_AS, &limit) != 0) return NOT_LIMITED;
    return job();
}

int scarce_run(int (*job)(void))
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) _exit(run_limited(job));
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return NOT_ENDED;
    return WEXITSTATUS(status);
}
