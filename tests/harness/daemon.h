/* daemon.h -- the real server as a test needs it: on a free port, on a data file of its own, and gone at
 * the end, whatever happened.
 *
 * The program is the one that the environment variable TROTHD names. Its standard output and its log go
 * to files in the test's folder. When the test program dies the kernel ends the server.
 *
 * Threads  start a daemon on a thread that lives as long as it does: the kernel watches that thread
 */
#ifndef HARNESS_DAEMON_H
#define HARNESS_DAEMON_H

#include <sys/types.h>

#include "base/str.h"
#include "harness/scratch.h"

enum { DAEMON_FLAGS = 40, DAEMON_WAIT_MS = 10000, DAEMON_TEXT_BYTES = 16 * 1024 };

/* How a server is started. Zeros are the defaults. */
struct daemon_options {
    const char *flag[DAEMON_FLAGS]; /* further arguments, up to the first NULL                       */
    const char *env[8];             /* "NAME=value", up to the first NULL                            */
    const char *data;               /* an existing data file; NULL: a new one in a new folder        */
    const char *listen;             /* NULL: "127.0.0.1:0"                                           */
    uint64_t disk_bytes;            /* no file grows beyond this: then the disk is full. 0: no limit */
    bool is_read_only;              /* nothing can be opened for writing, as on a read-only disk       */
    unsigned file_n;                /* open files at most; 0: as it is                               */
    bool is_fast;                   /* without the rates that would slow a test down                 */
};

struct daemon {
    char folder[SCRATCH_PATH_BYTES]; /* where data, output and log are         */
    char data[SCRATCH_PATH_BYTES];   /* the data file                          */
    char output[SCRATCH_PATH_BYTES]; /* what it said on standard output        */
    char log[SCRATCH_PATH_BYTES];    /* and on standard error                  */
    unsigned port;
    char origin[64];                 /* http://127.0.0.1:PORT                  */
    char permit[64];                 /* the text of the first one, P1-…; empty */
    pid_t pid;                       /* 0 while it does not run                */
    int exit_code;                   /* of the last run; 128 + signal          */
    unsigned started_ms;             /* from the start until it listened       */
};

/* daemon_start -- starts the server and waits until it listens.
 *
 * Gives    true when it does; false when it ended instead: exit_code says how, daemon_log why
 */
bool daemon_start(struct daemon *d, const struct daemon_options *options) NONNULL;

/* daemon_run -- runs a command of the server (permit, backup, check) to its end: its exit code.
 *
 * Takes    argument   up to the first NULL
 * Gives    said       what it said, on both outputs, as text; may be NULL
 */
int daemon_run(const char *const *argument, char *said, size_t cap) __attribute__((nonnull(1)));

/* daemon_stop -- asks it to stop (SIGTERM) and waits; whether it ended with 0 in time. */
bool daemon_stop(struct daemon *d) NONNULL;

/* daemon_signal -- sends a signal, and waits for nothing.   daemon_wait -- until it has ended by itself, at
 * most wait_ms.   daemon_kill -- ends it at once (SIGKILL), as a power cut does for a program. */
void daemon_signal(const struct daemon *d, int signal_number) NONNULL;
bool daemon_wait(struct daemon *d, unsigned wait_ms) NONNULL;
void daemon_kill(struct daemon *d) NONNULL;

/* daemon_restart -- starts it again on the same data; on the same port unless options name a listen. */
bool daemon_restart(struct daemon *d, const struct daemon_options *options) NONNULL;

/* daemon_read -- the text of a file, as far as it fits; always ends with NUL. Gives its length. */
size_t daemon_read(const char *path, char *text, size_t cap) NONNULL;

/* daemon_says -- whether log or output hold these words; waits up to wait_ms for them. */
bool daemon_says(const struct daemon *d, const char *words, unsigned wait_ms) NONNULL;

/* daemon_free_port -- a port of this machine that nobody has now. */
unsigned daemon_free_port(void);

/* DAEMON_IS_WATCHED -- whether a sanitizer is built in, whose own memory and time would be measured. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DAEMON_IS_WATCHED true
#else
#define DAEMON_IS_WATCHED false
#endif

/* daemon_resident_bytes -- its resident memory now. */
uint64_t daemon_resident_bytes(const struct daemon *d) NONNULL;

#endif
