/* scratch.c -- see scratch.h. */
#define _XOPEN_SOURCE 700 /* nftw, mkdtemp */
#include "harness/scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[SCRATCH_PATH_BYTES]; /* of this program; empty while it has none */
static unsigned folder_n;
static pid_t owner; /* a child that ends by exit() leaves what is its parent's */

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(2);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    (void)remove(path); /* what cannot be removed is left: it is the system's folder for such things */
    return 0;
}

static void remove_all(void)
{
    if (root[0] != '\0' && getpid() == owner) (void)nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Waits until nobody holds the other end of the pipe, which only the test program does. */
static _Noreturn void keep_watch(int from)
{
    char byte;
    (void)setsid(); /* a signal to the test's group is not meant for this process */
    for (int fd = 0; fd < 3; fd++) (void)close(fd);
    while (read(from, &byte, 1) > 0) continue;
    owner = getpid();
    remove_all();
    _exit(0);
}

static void make_root(void)
{
    int end[2];
    int n = snprintf(root, sizeof root, "%s/troth-test-XXXXXX", P_tmpdir);
    EXPECT(n > 0 && (size_t)n + 80 < sizeof root);
    if (mkdtemp(root) == NULL) give_up(root);
    if (pipe(end) != 0) give_up("pipe");
    (void)fcntl(end[1], F_SETFD, FD_CLOEXEC);
    owner = getpid();
    pid_t guard = fork();
    if (guard < 0) give_up("fork");
    if (guard == 0) {
        (void)close(end[1]);
        keep_watch(end[0]);
    }
    (void)close(end[0]);
    (void)atexit(remove_all);
}

void scratch_folder(char path[static SCRATCH_PATH_BYTES])
{
    char name[16];
    if (root[0] == '\0') make_root();
    (void)snprintf(name, sizeof name, "%u", ++folder_n);
    scratch_path(path, root, name);
    if (mkdir(path, 0700) != 0) give_up(path);
}

void scratch_path(char path[static SCRATCH_PATH_BYTES], const char *folder, const char *name)
{
    int n = snprintf(path, SCRATCH_PATH_BYTES, "%s/%s", folder, name);
    EXPECT(n > 0 && n < SCRATCH_PATH_BYTES);
}
