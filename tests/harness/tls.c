/* tls.c -- see tls.h. */
#define _GNU_SOURCE /* execvp with PDEATHSIG beside it, SOCK_CLOEXEC */
#include "harness/tls.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void become(const char *const *argument, int in_out, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(127);
    int none = open("/dev/null", O_RDWR);
    int io = in_out >= 0 ? in_out : none;
    if (none < 0 || dup2(io, STDIN_FILENO) < 0 || dup2(io, STDOUT_FILENO) < 0 || dup2(none, STDERR_FILENO) < 0) {
        _exit(127);
    }
    for (int fd = 3; fd < 256; fd++) (void)close(fd);
    (void)execvp(argument[0], (char *const *)(uintptr_t)argument);
    _exit(127);
}

void tls_make(struct tls_files *files)
{
    char folder[SCRATCH_PATH_BYTES];
    int status = 0;
    scratch_folder(folder);
    scratch_path(files->cert, folder, "cert.pem");
    scratch_path(files->key, folder, "key.pem");
    const char *const argument[] = {"openssl",
                                    "req",
                                    "-x509",
                                    "-newkey",
                                    "ec",
                                    "-pkeyopt",
                                    "ec_paramgen_curve:prime256v1",
                                    "-nodes",
                                    "-days",
                                    "2",
                                    "-subj",
                                    "/CN=localhost",
                                    "-addext",
                                    "subjectAltName=DNS:localhost,IP:127.0.0.1",
                                    "-keyout",
                                    files->key,
                                    "-out",
                                    files->cert,
                                    NULL};
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) become(argument, -1, parent);
    if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    fprintf(stderr, "openssl could not make a certificate (is the package openssl installed?).\n");
    exit(2);
}

struct tls_link tls_connect(unsigned port, const char *cert, const char *more)
{
    int end[2];
    char address[32];
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", port);
    const char *const argument[] = {
        "openssl",    "s_client",  "-quiet",      "-connect",  address, "-CAfile", cert, "-verify_return_error",
        "-verify_ip", "127.0.0.1", "-servername", "localhost", more,    NULL};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end) != 0) misuse("tls: socketpair");
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) misuse("tls: fork");
    if (pid == 0) become(argument, end[1], parent);
    (void)close(end[1]);
    return (struct tls_link){end[0], pid};
}

void tls_close(struct tls_link *link)
{
    if (link->pid <= 0) return;
    (void)kill(link->pid, SIGKILL);
    (void)waitpid(link->pid, NULL, 0);
    link->pid = 0;
}
