/* disk_spoilt.h -- a server's disk that begins to refuse while it runs, and may be well again later.
 *
 * trothd-spoilt is the server with linked/disk_spoilt.c between it and the system. Both programs map one small
 * file, named by the environment variable DISK_SPOILT, in which the test says what is to be refused from now on.
 */
#ifndef HARNESS_DISK_SPOILT_H
#define HARNESS_DISK_SPOILT_H

#include <stdatomic.h>

struct disk_spoilt {
    atomic_int write;      /* errno of every write and change of length; 0: they work            */
    atomic_int sync;       /* errno of the syncs that are refused                                */
    atomic_int sync_left;  /* so many more are refused, and the next ones work; below 0: all are */
    atomic_uint refused_n; /* how often something was refused                                    */
};

/* disk_spoilt_open -- makes the file at path, with nothing refused, and maps it for as long as the test runs. */
struct disk_spoilt *disk_spoilt_open(const char *path);

#endif
