/* vfs_shim.h -- SQLite's view of the file system with somebody in between, who sees and may refuse.
 *
 * Everything is done by the system's own files ("unix"); what changes a file is shown before and after.
 */
#ifndef HARNESS_VFS_SHIM_H
#define HARNESS_VFS_SHIM_H

#include <stdbool.h>
#include <stdint.h>

enum vfs_what {
    VFS_OPEN,     /* flags as SQLite's xOpen; is_new after it: it was not there before */
    VFS_READ,     /* bytes_n at offset                                                */
    VFS_WRITE,    /* bytes, bytes_n at offset                                         */
    VFS_TRUNCATE, /* to offset                                                        */
    VFS_SYNC,
    VFS_DELETE,   /* flags: whether the folder is synced too                          */
    VFS_SHARE,    /* more of the memory that handles share (path-shm)                 */
};

struct vfs_act {
    enum vfs_what what;
    const char *path; /* NULL for a nameless temporary file */
    const void *bytes;
    int64_t offset;
    int bytes_n, flags;
    bool is_new;
};

/* Who stands in between. Calls come from any thread that uses SQLite. */
struct vfs_watcher {
    int (*before)(const struct vfs_act *act); /* SQLITE_OK: it is done; SQLITE_DONE: it is not done, and SQLite is
                                                 told that it was; else: the error it is told. May be NULL */
    void (*after)(const struct vfs_act *act, int rc); /* it was tried, and gave this; may be NULL */
};

/* vfs_shim_open -- from now on, files that SQLite opens by its default are watched. One watcher at a time.
 * vfs_shim_close -- not any more; all watched files are closed by then. */
void vfs_shim_open(const struct vfs_watcher *watcher);
void vfs_shim_close(void);

#endif
